"""Imputed effects, additive and proportional: by hand on five units, by moving weights, against every dummy."""

from dataclasses import replace

import dense
import numpy as np
import pytest
from five_units import COHORT, Y, panel, slope

from curv_eval.errors import DesignError, StudyError
from curv_eval.estimate.averages import average, by, overall
from curv_eval.methods import fit, require_options
from curv_eval.stats.conditional_poisson import conditional_poisson
from curv_eval.stats.imputation import imputed, leads
from curv_eval.stats.path_errors import robust
from curv_eval.stats.poisson_imputation import expected_counts
from curv_eval.stats.saturated import lift
from curv_eval.study import Design, Span
from panels import known

WINDOW = Span("2000-01", "2001-12")
CODES = np.array([0, 0, 1, 2, 2])  # cohorts 3, 4 and never
BEGUN = np.array([[0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0]], bool)
BOTH = ["imputation", "poisson_staggered"]


def design(method, **changes):
    return Design(method=method, window=WINDOW, **changes)


def cells(found, effect):
    return {(int(g), int(t)): e for g, t, e in zip(found.cohort, found.time, effect, strict=True)}


def test_one_cohort_compares_means_before_and_after():
    # without cohort 4: a and b against d and e; period 3 changed by 7 - (6+8)/2 = 0 against 12 - 15 = -3
    keep = [0, 1, 3, 4]
    found = imputed(Y[keep], np.array([0, 0, 1, 1]), BEGUN[[0, 2]], cluster=np.array(keep), rule="cr0")
    assert cells(found, found.effect) == pytest.approx({(0, 2): 0 + 3, (0, 3): (4 - 7) + 5})
    assert found.n_untreated.tolist() == [2, 2]


def test_one_cohort_scales_the_time_before_by_the_growth_elsewhere():
    # (6 + 8) / 2 = 7 before, and d and e fell from 15 to 12 and 10
    keep = [0, 1, 3, 4]
    found = expected_counts(Y[keep], np.array([0, 0, 1, 1]), BEGUN[[0, 2]])
    assert cells(found, found.expected) == pytest.approx({(0, 2): 7 * 12 / 15, (0, 3): 7 * 10 / 15})


def dense_imputation(y, log):
    """Unit and period effects written out, fitted where nobody is treated."""
    n, t = y.shape
    before, full = ~BEGUN[CODES].ravel(), dense.dummies(n, t)
    if not log:
        return (full @ np.linalg.lstsq(full[before], y.ravel()[before], rcond=None)[0]).reshape(n, t)
    import statsmodels.api as sm

    model = sm.GLM(y.ravel()[before], full[before], family=sm.families.Poisson())
    return np.exp(full @ model.fit(tol=1e-13).params).reshape(n, t)


@pytest.mark.parametrize("log", [False, True], ids=["additive", "proportional"])
def test_two_cohorts_are_what_every_dummy_leads_one_to_expect(log):
    mean = dense_imputation(Y, log)
    found = expected_counts(Y, CODES, BEGUN) if log else imputed(Y, CODES, BEGUN, cluster=np.arange(5), rule="cr0")
    for (g, t), value in cells(found, found.expected if log else found.effect).items():
        members = g == CODES
        wanted = mean[members, t].mean() if log else (Y - mean)[members, t].mean()
        assert value == pytest.approx(wanted, abs=1e-8)


def of_copies(times, log):
    of = np.repeat(np.arange(5), times)
    if log:
        return expected_counts(Y[of], CODES[of], BEGUN).expected
    return imputed(Y[of], CODES[of], BEGUN, cluster=np.arange(len(of)), rule="cr0").effect


@pytest.mark.parametrize("log", [False, True], ids=["additive", "proportional"])
def test_influence_is_what_one_units_weight_does(log):
    whole = expected_counts(Y, CODES, BEGUN) if log else imputed(Y, CODES, BEGUN, cluster=np.arange(5), rule="cr0")
    assert whole.influence.sum(axis=0) == pytest.approx(np.zeros(whole.influence.shape[1]), abs=1e-9)
    assert slope(lambda times: of_copies(times, log), times=200) == pytest.approx(whole.influence, abs=1e-3)


def test_influence_with_a_changing_exposure_is_what_one_units_weight_does():
    people = np.random.default_rng(1).uniform(0.5, 2, Y.shape)
    whole = expected_counts(Y, CODES, BEGUN, exposure=people)

    def moved(times):
        of = np.repeat(np.arange(5), times)
        return expected_counts(Y[of], CODES[of], BEGUN, exposure=people[of]).expected

    assert slope(moved, times=200) == pytest.approx(whole.influence, abs=1e-3)


def test_an_exposure_that_does_not_change_is_absorbed():
    people = np.repeat(np.array([[100.0], [200], [50], [400], [30]]), 4, axis=1)
    with_people, without = expected_counts(Y, CODES, BEGUN, exposure=people), expected_counts(Y, CODES, BEGUN)
    assert with_people.expected == pytest.approx(without.expected, rel=1e-9)
    assert with_people.influence == pytest.approx(without.influence, abs=1e-9)
    doubled = expected_counts(Y, CODES, BEGUN, exposure=people * np.array([1, 1, 2, 2]))
    assert doubled.expected == pytest.approx(without.expected, rel=1e-9)  # period effects take what is common


def test_cr2_of_the_imputation_is_that_of_every_dummy():
    draw = np.random.default_rng(3)
    code, n, t = np.repeat([0, 1, 2], [5, 4, 6]), 15, 4
    cluster = np.repeat(np.arange(8), [2, 3, 1, 3, 2, 1, 2, 1])
    y = draw.normal(size=(n, t)) + draw.normal(size=(n, 1))
    found = imputed(y, code, BEGUN, cluster=cluster, rule="cr2")
    treated = np.zeros((n, t, len(found.effect)))
    for k, (g, s) in enumerate(zip(found.cohort, found.time, strict=True)):
        treated[code == g, s, k] = 1.0
    full = np.column_stack([treated.reshape(n * t, -1), dense.dummies(n, t)])
    value, xw, left = dense.least_squares(full, y.ravel())
    assert found.effect == pytest.approx(value[: len(found.effect)])
    for k in range(len(found.effect)):
        scores, _ = dense.cr2(xw, left, np.repeat(cluster, t), np.eye(full.shape[1])[k])
        assert found.influence[:, k] == pytest.approx(scores, abs=1e-9)


def test_the_papers_error_measures_treated_residuals_from_their_cell():
    # Borusyak, Jaravel & Spiess, equation 7, with its weights and residuals written out
    code, n, t = np.repeat([0, 1, 2], [5, 4, 6]), 15, 4
    y = np.random.default_rng(4).normal(size=(n, t))
    before = ~BEGUN[code].ravel()
    full = dense.dummies(n, t)
    mean = (full @ np.linalg.lstsq(full[before], y.ravel()[before], rcond=None)[0]).reshape(n, t)
    found = imputed(y, code, BEGUN, cluster=np.arange(n), rule="cr0")
    for k, (g, s) in enumerate(zip(found.cohort, found.time, strict=True)):
        weight = np.zeros((n, t))
        weight[code == g, s] = 1 / (code == g).sum()
        after = weight.ravel()[~before] @ full[~before]
        weight.ravel()[before] = -full[before] @ np.linalg.pinv(full[before].T @ full[before]) @ after
        residual = y - mean
        for h in range(3):
            for q in np.flatnonzero(BEGUN[h]):
                residual[code == h, q] -= residual[code == h, q].mean()
        assert found.influence[:, k] == pytest.approx((weight * residual).sum(axis=1), abs=1e-9)


def test_leads_are_gaps_against_the_periods_before_them():
    # one cohort starting in period 5 of 6: gaps in periods 3 and 4 against the mean of periods 1 and 2
    y = np.random.default_rng(5).normal(size=(6, 6))
    code = np.array([0, 0, 0, 1, 1, 1])
    time = np.array([np.arange(6) - 4.0, np.full(6, np.nan)])
    time[time < -2] = np.nan
    found = leads(y, code, time, cluster=np.arange(6), rule="cr0")
    assert found.event_time.tolist() == [-2, -1]
    gap = y[:, 2:4] - y[:, :2].mean(axis=1, keepdims=True)
    assert found.effect == pytest.approx(gap[:3].mean(axis=0) - gap[3:].mean(axis=0))
    assert found.influence[:3] == pytest.approx((gap[:3] - gap[:3].mean(axis=0)) / 3)
    assert found.influence[3:] == pytest.approx(-(gap[3:] - gap[3:].mean(axis=0)) / 3)


def test_leads_leave_a_period_to_be_measured_against():
    y = np.random.default_rng(6).normal(size=(6, 4))
    time = np.array([np.arange(4) - 2.0, np.full(4, np.nan)])
    found = leads(y, np.array([0, 0, 0, 1, 1, 1]), time, cluster=np.arange(6))
    assert found.event_time.tolist() == [-1]
    none = leads(y, np.array([0, 0, 0, 1, 1, 1]), time + 1, cluster=np.arange(6))
    assert len(none.effect) == 0
    assert none.influence.shape == (6, 0)


def test_cells_before_the_start_are_the_leads_and_their_average_is_the_number_itself():
    found = fit(known(starts=(10, 14)), outcome="y", design=design("imputation", options={"leads": 4}))
    rows = by(found, "event_time", seed=1).set_index("event_time")
    assert rows.index.min() == -4
    before = found.cells[found.cells["event_time"] == -2]
    assert before["estimate"].nunique() == 1
    assert rows.loc[-2, "estimate"] == pytest.approx(before["estimate"].iloc[0])
    error = np.linalg.norm(found.influence[:, before.index[0]])
    assert rows.loc[-2, "std_error"] == pytest.approx(error)
    none = fit(known(starts=(10, 14)), outcome="y", design=design("imputation", options={"leads": 0}))
    assert none.after.all()


def test_the_average_of_the_imputation_is_over_the_very_areas_treated():
    found = fit(known(starts=(10, 14)), outcome="y", design=design("imputation"))
    assert all((influence == 0).all() for _, influence in found.shares.values())
    staggered = fit(known(starts=(10, 14)), outcome="y", design=design("poisson_staggered"))
    assert any((influence != 0).any() for _, influence in staggered.shares.values())


@pytest.mark.parametrize("method", BOTH)
def test_rules_of_small_samples_only_widen(method):
    panel = known(starts=(10, 14))
    reduced = overall(fit(panel, outcome="y", design=design(method))).iloc[0]
    plain = overall(fit(panel, outcome="y", design=design(method, options={"small_sample": "none"}))).iloc[0]
    assert reduced["estimate"] == plain["estimate"]
    assert plain["std_error"] < reduced["std_error"] < 1.2 * plain["std_error"]
    assert reduced["conf_high"] - reduced["conf_low"] > plain["conf_high"] - plain["conf_low"]


def test_cr2_of_a_ratio_is_that_of_the_saturated_poisson_regression():
    # log observed less log expected moves as the coefficient of a cell does, with the lift of cr2 as without
    draw = np.random.default_rng(7)
    code, cluster = np.repeat([0, 1, 2], [6, 6, 8]), np.repeat(np.arange(8), [2, 4, 1, 3, 2, 4, 1, 3])
    y = draw.poisson(draw.uniform(10, 60, (20, 1)) * np.ones(4)).astype(float)
    found = expected_counts(y, code, BEGUN)
    x = np.zeros((3, 4, len(found.expected)))
    x[found.cohort, found.time, np.arange(len(found.expected))] = 1.0
    model = conditional_poisson(y, x, code)
    stretch = {"cr0": np.ones(20), "cr2": lift(code, cluster, size=y.sum(axis=1))}
    for rule, each in stretch.items():
        scores = robust(model, cluster, rule=rule, df=False).scores
        for k, (g, t) in enumerate(zip(found.cohort, found.time, strict=True)):
            members, observed = code == g, y[code == g, t].mean()
            moved = np.where(members, y[:, t] - observed, 0) / members.sum() / observed
            moved = each * (moved - found.influence[:, k] / found.expected[k])
            sums = np.bincount(cluster, moved)
            if rule == "cr0":
                assert sums == pytest.approx(scores[:, k], abs=1e-8)
            else:  # a profile of its own for each cohort is the freer model, and its lift the larger
                assert (sums**2).sum() >= 0.95 * (scores[:, k] ** 2).sum()


def test_one_cohort_has_the_numbers_and_errors_of_group_time_effects_against_the_mean_before():
    # with one cohort both are comparisons of totals before and after, and so are their errors
    panel = known()
    for method, trends in (("imputation", "additive"), ("poisson_staggered", "proportional")):
        ours = fit(panel, outcome="y", design=design(method, options={"small_sample": "none"}))
        given = design("callaway_santanna", options={"base": "mean", "trends": trends})
        theirs = fit(panel, outcome="y", design=given)
        ours_after, theirs_after = ours.cells[ours.after], theirs.cells[theirs.after]
        assert ours_after["estimate"].to_numpy() == pytest.approx(theirs_after["estimate"].to_numpy(), abs=1e-9)
        assert ours_after["observed"].tolist() == pytest.approx(theirs_after["observed"].tolist())
        assert ours.influence[:, ours.after] == pytest.approx(theirs.influence[:, theirs.after], abs=1e-9)
        assert overall(ours)["conf_low"].to_numpy() == pytest.approx(overall(theirs)["conf_low"].to_numpy(), abs=1e-9)


def test_periods_in_which_everybody_is_treated_have_no_cells():
    panel = known(starts=(10, 14, 18))
    late = panel.with_cohort(np.where(np.isnan(panel.cohort), 18.0, panel.cohort))
    for method in BOTH:
        found = fit(late, outcome="y", design=design(method))
        assert found.cells["period"].max() == 17
        assert any("from 18 on every area is treated" in note for note in found.notes)
        assert 18 not in found.cells.loc[found.after, "cohort"].to_numpy()


@pytest.mark.parametrize("method", BOTH)
def test_anticipation_begins_the_cells_earlier(method):
    found = fit(known(), outcome="y", design=design(method, anticipation=2))
    cells = found.cells[found.cells["event_time"] >= -2]
    assert cells["event_time"].tolist() == list(range(-2, 12))
    # the panel in which treatment began two periods earlier has the same numbers, cell by cell
    plain = fit(known().with_cohort(known().cohort - 2), outcome="y", design=design(method))
    again = plain.cells[plain.after]
    assert cells["period"].tolist() == again["period"].tolist()
    assert cells["estimate"].to_numpy() == pytest.approx(again["estimate"].to_numpy())
    before = found.cells[found.cells["event_time"] < -2]
    assert before["estimate"].tolist() == pytest.approx(plain.cells.loc[~plain.after, "estimate"].tolist())
    assert average(found, found.after).unit_periods < average(plain, plain.after).unit_periods


@pytest.mark.parametrize("method", BOTH)
def test_only_never_treated_areas_cannot_be_asked_for(method):
    asked = design(method, comparison="never_treated")
    with pytest.raises(DesignError, match="every area-period not yet treated") as refusal:
        fit(known(starts=(10, 14)), outcome="y", design=asked)
    assert "callaway_santanna" in refusal.value.do
    assert len(fit(known(), outcome="y", design=asked).cells) >= 12  # with one cohort there are no others


@pytest.mark.parametrize("method", BOTH)
def test_a_cohort_of_one_cluster_needs_another_rule(method):
    panel = known(starts=(10, 14))
    one = panel.with_cohort(np.where((panel.cohort == 14) & (panel.cluster != "ward 01"), np.nan, panel.cohort))
    with pytest.raises(DesignError, match="one cluster"):
        fit(one, outcome="y", design=design(method))
    found = fit(one, outcome="y", design=design(method, options={"small_sample": "none"}))
    assert any("(1 cluster)" in note for note in found.notes)


@pytest.mark.parametrize(
    ("rows", "columns", "said"),
    [
        ("never", [3], "1 periods have no event"),
        ("first", [0, 1], "1 cohorts have no event before their start"),
    ],
)
def test_ratios_of_nothing_are_refused(rows, columns, said):
    y = Y.copy()
    y[np.ix_({"never": 2, "first": 0}[rows] == CODES, columns)] = 0
    with pytest.raises(DesignError, match=said):
        expected_counts(y, CODES, BEGUN)


def test_nobody_to_compare_with_is_refused():
    for one in (imputed, expected_counts):
        given = {"cluster": np.arange(3)} if one is imputed else {}
        with pytest.raises(DesignError, match="no period has both"):
            one(Y[:3], np.zeros(3, int), BEGUN[:1], **given)


def test_a_cohort_treated_throughout_is_refused():
    begun = BEGUN.copy()
    begun[0] = True
    with pytest.raises(DesignError, match="after one in which none was"):
        imputed(Y, CODES, begun, cluster=np.arange(5))


def test_leads_are_a_whole_number():
    for wrong in (-1, 61, 2.5, True):
        with pytest.raises(StudyError, match="leads"):
            require_options(design("imputation", options={"leads": wrong}))


def test_an_area_without_events_before_its_start_is_expected_to_have_none():
    y = Y.copy()
    y[0, :2] = 0
    whole, without = expected_counts(y, CODES, BEGUN), expected_counts(y[1:], CODES[1:], BEGUN)
    assert whole.expected[:2] == pytest.approx(without.expected[:2] / 2)


def test_five_units_make_a_panel_that_both_methods_answer():
    # every cohort of five_units has clusters of one unit; cohort 4 has one, so only the plain rule can speak
    for method in BOTH:
        found = fit(panel(), outcome="y", design=replace(design(method), options={"small_sample": "none"}))
        after = found.cells[found.after]
        assert after["cohort"].tolist() == [3, 3, 4]
        assert after["n_comparison"].tolist() == [3, 2, 2]
        assert np.isnan(COHORT).sum() == 2
