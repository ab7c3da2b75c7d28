"""Tables of few events by Mantel-Haenszel and Peto: against metafor, books, statsmodels and arithmetic."""

import numpy as np
import pytest
from hypothesis import assume, given
from meta_cases import BCG, PUBLISHED, archive_values, bcg_counts, half_a_last_digit, rows
from meta_cases import tables as some_tables
from scipy.stats import chi2, norm
from statsmodels.stats.contingency_tables import StratifiedTable

from curv_eval.errors import DesignError
from curv_eval.stats.meta_sparse import MEASURES, mantel_haenszel, peto, tables

COUNTS = bcg_counts()
ROTHMAN = PUBLISHED["rothman2008"]
TOLBUTAMIDE, SPERMICIDE = np.array(ROTHMAN["tolbutamide"]), np.array(ROTHMAN["spermicide"])


def stratified(counts):
    """The same tables for statsmodels: rows are arms, columns events and others."""
    return StratifiedTable([np.array([[a, n1 - a], [c, n2 - c]]) for a, n1, c, n2 in counts])


def test_the_risk_ratio_of_the_thirteen_trials_is_metafor_s():
    found, expected = mantel_haenszel(COUNTS, measure="rr"), BCG["expected"]["MH_RR"]
    assert found.estimate == pytest.approx(expected["b"], abs=1e-9)
    assert found.std_error == pytest.approx(expected["se"], abs=1e-9)
    assert (found.conf_low, found.conf_high) == pytest.approx((expected["ci_lb"], expected["ci_ub"]), abs=1e-8)


@pytest.mark.parametrize(("name", "method"), [("mh_rr", lambda c: mantel_haenszel(c, measure="rr")), ("peto", peto)])
def test_without_the_first_trial_all_numbers_are_metafor_s(name, method):
    found, expected = method(COUNTS[1:]), PUBLISHED["bcg_without_the_first"]["expected"][name]
    for key, value in expected.items():
        assert getattr(found, key) == pytest.approx(value, rel=1e-11), key


def test_programmes_are_metafor_s():
    held = []
    for row in rows("dat.landenberger2005.csv"):
        number = {key: float(row[key]) for key in ("n.cbt.non", "n.cbt.rec", "n.ctrl.non", "n.ctrl.rec")}
        treated, control = number["n.cbt.non"], number["n.ctrl.non"]
        held.append([treated, treated + number["n.cbt.rec"], control, control + number["n.ctrl.rec"]])
    found, expected = mantel_haenszel(np.array(held)), archive_values("dat.landenberger2005", "rma.mh")
    assert found.estimate == pytest.approx(expected["estimate"], abs=1e-12)
    assert found.std_error == pytest.approx(expected["se"], abs=1e-12)
    assert found.q == pytest.approx(expected["Q"], abs=1e-9)
    assert found.q_p_value == pytest.approx(expected["Qp"], rel=1e-9)
    assert found.i2 == pytest.approx(expected["I2"], abs=1e-10)


@pytest.mark.parametrize(
    ("name", "counts", "measure"),
    [
        ("rd", TOLBUTAMIDE, "rd"),
        ("rr", TOLBUTAMIDE, "rr"),
        ("or", TOLBUTAMIDE, "or"),
        ("spermicide_or", SPERMICIDE, "or"),
    ],
)
def test_the_tables_of_modern_epidemiology(name, counts, measure):
    found = mantel_haenszel(counts, measure=measure, alpha=0.1)
    for key, value in ROTHMAN["expected"][name].items():
        assert getattr(found, key) == pytest.approx(value, abs=1.0001e-4), key


def test_peto_s_odds_ratio_of_beta_blockers_is_the_printed_one():
    case = PUBLISHED["yusuf1985"]
    found, expected = peto(case["counts"]), case["expected"]
    assert np.exp(found.estimate) == pytest.approx(
        expected["odds_ratio"], abs=half_a_last_digit(expected["odds_ratio"])
    )
    assert np.exp(found.conf_low) == pytest.approx(expected["low"], abs=half_a_last_digit(expected["low"]))
    assert np.exp(found.conf_high) == pytest.approx(expected["high"], abs=half_a_last_digit(expected["high"]))
    assert (found.studies, found.used) == (21, 18)
    assert "3 of 21 studies have no event" in found.notes[0]
    assert "left out" in found.notes[0]


def test_statsmodels_agrees():
    for counts in (COUNTS, TOLBUTAMIDE):
        other = stratified(counts)
        found = mantel_haenszel(counts)
        assert found.estimate == pytest.approx(other.logodds_pooled, rel=1e-10)
        assert found.std_error == pytest.approx(other.logodds_pooled_se, rel=1e-8)
        assert np.exp(mantel_haenszel(counts, measure="rr").estimate) == pytest.approx(
            other.riskratio_pooled, rel=1e-10
        )


def test_one_table_gives_its_own_effect():
    # 10 of 50 against 20 of 50
    table = np.array([[10, 50, 20, 50]])
    odds, risk, gap = (mantel_haenszel(table, measure=m) for m in MEASURES)
    assert np.exp(odds.estimate) == pytest.approx(10 * 30 / (40 * 20))
    assert odds.std_error == pytest.approx(np.sqrt(1 / 10 + 1 / 40 + 1 / 20 + 1 / 30))
    assert np.exp(risk.estimate) == pytest.approx(0.5)
    assert risk.std_error == pytest.approx(np.sqrt(1 / 10 - 1 / 50 + 1 / 20 - 1 / 50))
    assert gap.estimate == pytest.approx(-0.2)
    assert gap.std_error == pytest.approx(np.sqrt(0.2 * 0.8 / 50 + 0.4 * 0.6 / 50))
    assert (odds.q, odds.df, odds.q_p_value, odds.i2) == (0, 0, 1, 0)


def test_peto_by_hand():
    # one table: O - E = 10 - 15, V = 50 50 30 70 / (100^2 99)
    found = peto(np.array([[10, 50, 20, 50]]))
    v = 50 * 50 * 30 * 70 / (100**2 * 99)
    assert found.estimate == pytest.approx(-5 / v)
    assert found.std_error == pytest.approx(v**-0.5)
    assert found.p_value == pytest.approx(2 * norm.sf(5 / v**0.5))


def test_peto_s_q_is_a_sum_of_squares_about_the_estimate():
    a, n1, c, n2 = COUNTS.T
    m, size = a + c, n1 + n2
    v = n1 * n2 * m * (size - m) / (size**2 * (size - 1))
    each, found = (a - n1 * m / size) / v, peto(COUNTS)
    assert found.q == pytest.approx((v * (each - found.estimate) ** 2).sum(), rel=1e-10)
    assert found.q_p_value == pytest.approx(chi2.sf(found.q, 12), rel=1e-8)


SOME = np.array([[2, 40, 5, 38], [0, 25, 1, 30], [1, 60, 3, 61]], dtype=float)
BARE = np.vstack([SOME, [[0, 30, 0, 28]]])


@pytest.mark.parametrize("measure", ["or", "rr", "peto"])
def test_a_study_without_events_tells_nothing_about_ratios(measure):
    def method(counts):
        return peto(counts) if measure == "peto" else mantel_haenszel(counts, measure=measure)

    with_it, without = method(BARE), method(SOME)
    for name in ("estimate", "std_error", "q", "df"):
        assert getattr(with_it, name) == pytest.approx(getattr(without, name), rel=1e-12), name
    assert (with_it.studies, with_it.used, without.used) == (4, 3, 3)
    assert (
        "1 of 4 studies have no event, or nothing but events, in both arms: 1 of them carry nothing" in with_it.notes[0]
    )
    assert without.notes == ()


def test_a_study_without_events_counts_for_the_risk_difference():
    with_it, without = mantel_haenszel(BARE, measure="rd"), mantel_haenszel(SOME, measure="rd")
    assert abs(with_it.estimate) < abs(without.estimate)
    assert with_it.used == 4
    assert "count as no difference" in with_it.notes[0]
    shares = (BARE[:, 1] * BARE[:, 3] / (BARE[:, 1] + BARE[:, 3])).sum()
    kept = (SOME[:, 1] * SOME[:, 3] / (SOME[:, 1] + SOME[:, 3])).sum()
    assert with_it.estimate == pytest.approx(without.estimate * kept / shares, rel=1e-12)


def test_a_study_of_nothing_but_events_counts_for_the_risk_ratio_and_not_for_the_odds_ratio():
    full = np.vstack([SOME, [[12, 12, 15, 15]]])
    assert mantel_haenszel(full, measure="or").estimate == pytest.approx(mantel_haenszel(SOME).estimate, rel=1e-12)
    risk = mantel_haenszel(full, measure="rr")
    assert abs(risk.estimate) < abs(mantel_haenszel(SOME, measure="rr").estimate)
    assert risk.used == 4


def test_nothing_is_added_to_zeros_of_the_pooled_effect():
    a, n1, c, n2 = SOME.T
    size = n1 + n2
    ratio = (a * (n2 - c) / size).sum() / ((n1 - a) * c / size).sum()
    assert np.exp(mantel_haenszel(SOME).estimate) == pytest.approx(ratio, rel=1e-12)


def test_peto_says_when_it_is_biased():
    lopsided = peto(np.array([[2, 400, 3, 40], [1, 300, 2, 35]]))
    assert any("more than 3 to 1" in note for note in lopsided.notes)
    strong = peto(np.array([[1, 50, 20, 50], [2, 40, 18, 40]]))
    assert any("biased towards 1" in note for note in strong.notes)
    assert peto(SOME).notes == ()


def can(counts):
    """Whether both arms have events and others somewhere in one study."""
    a, n1, c, n2 = counts.T
    return (a * (n2 - c)).sum() > 0 and ((n1 - a) * c).sum() > 0


@given(some_tables())
def test_swapping_the_arms_turns_the_effect_round(counts):
    assume(can(counts))
    other = counts[:, [2, 3, 0, 1]]
    for method in (peto, *(lambda c, m=m: mantel_haenszel(c, measure=m) for m in MEASURES)):
        plain, turned = method(counts), method(other)
        assert turned.estimate == pytest.approx(-plain.estimate, rel=1e-9, abs=1e-9)
        assert turned.std_error == pytest.approx(plain.std_error, rel=1e-9)
        assert turned.q == pytest.approx(plain.q, rel=1e-6, abs=1e-8)


@given(some_tables())
def test_counting_others_as_events_turns_odds_ratios_and_differences_round(counts):
    assume(can(counts))
    a, n1, c, n2 = counts.T
    other = np.column_stack([n1 - a, n1, n2 - c, n2])
    for method in (peto, mantel_haenszel, lambda x: mantel_haenszel(x, measure="rd")):
        plain, turned = method(counts), method(other)
        assert turned.estimate == pytest.approx(-plain.estimate, rel=1e-9, abs=1e-9)
        assert turned.std_error == pytest.approx(plain.std_error, rel=1e-8)


@given(some_tables())
def test_order_does_not_matter_and_intervals_hold_their_effects(counts):
    assume(can(counts))
    turned = counts[::-1].copy()
    for method in (peto, *(lambda c, m=m: mantel_haenszel(c, measure=m) for m in MEASURES)):
        plain, other = method(counts), method(turned)
        assert other.estimate == pytest.approx(plain.estimate, rel=1e-9, abs=1e-10)
        assert plain.conf_low <= plain.estimate <= plain.conf_high
        assert 0 <= plain.q_p_value <= 1
        assert 0 <= plain.i2 < 100
        assert plain.used <= plain.studies


def test_many_times_the_people_give_the_same_ratio_and_a_smaller_error():
    for measure in MEASURES:
        plain, large = (mantel_haenszel(scale * SOME, measure=measure) for scale in (1, 100))
        assert large.estimate == pytest.approx(plain.estimate, rel=1e-10)
        assert large.std_error == pytest.approx(plain.std_error / 10, rel=1e-10)


def test_every_study_that_cannot_be_is_named_at_once():
    wrong = [[1, 10, 2, 10], [1.5, 10, 2, 10], [11, 10, 2, 10], [0, 0, 2, 10], [1, 10, np.nan, 10], [-1, 10, 2, 10]]
    with pytest.raises(DesignError) as raised:
        tables(wrong)
    assert raised.value.breaches == (
        "study 2, 5: counts are whole numbers",
        "study 4: an arm has no people",
        "study 3, 6: events are not between 0 and the people of the arm",
    )


@pytest.mark.parametrize("shape", [(4,), (2, 3), (0, 4)])
def test_another_shape_is_refused(shape):
    with pytest.raises(DesignError, match="events and people, treated and control"):
        peto(np.ones(shape))


@pytest.mark.parametrize("measure", ["or", "rr"])
def test_an_arm_without_any_event_has_no_ratio(measure):
    with pytest.raises(DesignError, match="an arm has no event") as raised:
        mantel_haenszel(np.array([[0, 20, 3, 20], [0, 30, 1, 30]]), measure=measure)
    assert "say that the studies cannot tell" in raised.value.do


def test_no_events_at_all_are_refused_by_all():
    none = np.array([[0, 20, 0, 20], [0, 30, 0, 30]])
    with pytest.raises(DesignError, match="no odds ratio"):
        peto(none)
    with pytest.raises(DesignError, match="the risk difference has no error"):
        mantel_haenszel(none, measure="rd")
    with pytest.raises(DesignError, match="everybody had the event"):
        mantel_haenszel(np.array([[20, 20, 20, 20]]), measure="rr")


def test_another_measure_is_refused():
    with pytest.raises(DesignError, match="choose one of or, rr, rd"):
        mantel_haenszel(SOME, measure="irr")
