"""Tables of histories, and totals from two lists or from how often people were seen."""

import numpy as np
import pytest
from scipy.stats import norm

from curv_eval.errors import DesignError
from curv_eval.stats.captures import chao_lower_bound, chapman, lincoln_petersen, tabulate
from curv_eval.stats.closed_population import MODELS, closed_population
from curv_eval.stats.poisson import deviance, fit_poisson

TWO = tabulate([(1, 1), (1, 0), (0, 1)], [30, 170, 120])


def test_people_are_counted_by_the_lists_they_are_on():
    found = tabulate([(1, 0, 1), (1, 0, 1), (0, 1, 0), (1, 1, 1)])
    assert found.lists == 3
    assert found.seen == 4
    counts = {"".join(str(int(x)) for x in h): n for h, n in zip(found.histories, found.counts, strict=True)}
    assert counts == {"111": 1, "110": 0, "101": 2, "100": 0, "011": 0, "010": 1, "001": 0}


def test_counts_of_the_same_history_are_added_up():
    found = tabulate([(1, 0), (1, 0), (0, 1)], [3, 4, 5])
    assert found.counts.tolist() == [0, 7, 5]


def test_overlaps_by_hand():
    found = tabulate([(1, 1, 0), (0, 1, 1), (1, 1, 1), (1, 0, 0)], [5, 2, 1, 10])
    assert found.overlap.tolist() == [[16, 6, 1], [6, 8, 3], [1, 3, 3]]
    assert found.times.tolist() == [3, 2, 2, 1, 2, 1, 1]


def test_the_repr_holds_no_counts():
    assert repr(TWO) == "<Captures: 2 lists>"


@pytest.mark.parametrize(
    ("histories", "counts", "fault"),
    [
        ([[1], [1]], None, "lists: got 1, expected 2 to 12"),
        (np.ones((2, 13)), None, "lists: got 13, expected 2 to 12"),
        ([(1, 2)], None, "expected 0 (not on the list) and 1 (on it)"),
        ([(1, 0), (0, 0)], None, "1 rows are on no list"),
        ([(1, 0), (0, 1)], [3], "expected a number of 0 or more for each history"),
        ([(1, 0), (0, 1)], [3, -1], "expected a number of 0 or more for each history"),
        ([(1, 0), (0, 1)], [3, np.nan], "expected a number of 0 or more for each history"),
    ],
)
def test_lists_that_say_nothing_are_refused(histories, counts, fault):
    with pytest.raises(DesignError) as refusal:
        tabulate(histories, counts)
    assert any(fault in breach for breach in refusal.value.breaches)


def test_every_fault_is_named_at_once():
    with pytest.raises(DesignError) as refusal:
        tabulate([[2], [1]], [1])
    assert len(refusal.value.breaches) == 3


def test_lincoln_and_petersen_by_hand():
    found = lincoln_petersen(200, 150, 30)
    assert found.value == 1000
    assert found.std_error == pytest.approx(np.sqrt(200 * 150 * 170 * 120 / 27000))


def test_chapman_by_hand():
    found = chapman(9, 9, 4)
    assert found.value == 10 * 10 / 5 - 1
    assert found.std_error == pytest.approx(np.sqrt(10 * 10 * 5 * 5 / (25 * 6)))


def test_chapman_stands_just_below_lincoln_and_petersen():
    for both in (7, 20, 100):
        assert chapman(200, 150, both).value < lincoln_petersen(200, 150, both).value


def test_the_interval_never_falls_below_those_seen():
    found = chapman(40, 30, 2)
    assert found.value - 1.96 * found.std_error < 68
    assert 68 < found.conf_low < found.value < found.conf_high


def test_the_interval_is_log_normal_in_those_not_seen():
    found = lincoln_petersen(200, 150, 30, alpha=0.1)
    unseen = 1000 - 320
    ratio = np.exp(norm.ppf(0.95) * np.sqrt(np.log(1 + (found.std_error / unseen) ** 2)))
    assert found.conf_low == pytest.approx(320 + unseen / ratio)
    assert found.conf_high == pytest.approx(320 + unseen * ratio)


def test_lists_that_hold_the_same_people_have_seen_everybody():
    found = lincoln_petersen(50, 50, 50)
    assert (found.value, found.std_error, found.conf_low, found.conf_high) == (50, 0, 50, 50)


@pytest.mark.parametrize(("first", "second", "both"), [(20, 30, 0), (20, 30, 21), (-1, 3, 1)])
def test_overlaps_that_cannot_be_are_refused(first, second, both):
    for method in (chapman, lincoln_petersen):
        with pytest.raises(DesignError, match="two lists cannot say"):
            method(first, second, both)


def test_coverage_of_chapman_with_independent_lists():
    draw = np.random.default_rng(1)
    held, values = 0, []
    for _ in range(1000):
        a, b = draw.random(500) < 0.3, draw.random(500) < 0.25
        found = chapman(a.sum(), b.sum(), (a & b).sum())
        held += found.conf_low <= 500 <= found.conf_high
        values.append(found.value)
    assert 0.93 < held / 1000 < 0.98
    assert np.mean(values) == pytest.approx(500, abs=6)


def test_chao_by_hand():
    found = chao_lower_bound(tabulate([(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (0, 1, 1)], [4, 3, 3, 2, 3]))
    assert found.value == pytest.approx(15 + (2 / 3) * 10 * 9 / (2 * 6))
    assert 15 < found.conf_low < found.value < found.conf_high


def test_chao_without_anybody_seen_once_is_those_seen():
    found = chao_lower_bound(tabulate([(1, 1), (1, 1)], [5, 3]))
    assert (found.value, found.std_error) == (8, 0)


def test_chao_stays_below_the_truth_where_people_differ():
    draw = np.random.default_rng(2)
    chance = draw.beta(0.6, 3, (400, 1))
    values = []
    for _ in range(50):
        seen = draw.random((400, 4)) < chance
        values.append(chao_lower_bound(tabulate(seen[seen.any(axis=1)].astype(int))).value)
    assert np.mean(values) < 400


# closed populations


def test_mt_with_two_lists_is_lincoln_and_petersen():
    found = closed_population(TWO, "Mt")
    assert found.total == pytest.approx(1000, rel=1e-9)
    assert (found.df, round(found.deviance, 9)) == (0, 0)
    # the Poisson error, which Rcapture prints too, is that of Sekar and Deming (1949)
    assert found.std_error == pytest.approx(np.sqrt(200 * 150 * 170 * 120 / 30**3), rel=1e-6)


def test_seber_s_example_with_two_lists_as_rcapture_prints_it():
    # Seber (1982), page 107: abundance and stderr of M0, Mt and Mb
    found = tabulate([(1, 1), (1, 0), (0, 1)], [167, 781, 254])
    expected = {"M0": (2805.6, 164.1), "Mt": (2389.9, 130.4), "Mb": (1295.0, 17.3)}
    for model, (total, error) in expected.items():
        one = closed_population(found, model)
        assert (round(one.total, 1), round(one.rcapture_std_error, 1)) == (total, error)


@pytest.mark.parametrize("model", ["Mh Chao (LB)", "Mth Darroch", "Mbh"])
def test_two_lists_do_not_show_that_people_differ(model):
    with pytest.raises(DesignError, match="got 2 lists, expected at least 3"):
        closed_population(TWO, model)


def test_unknown_models_are_refused_with_those_there_are():
    with pytest.raises(DesignError, match="there is no closed-population model Mx") as refusal:
        closed_population(TWO, "Mx")
    assert "Mth Gamma3.5" in refusal.value.breaches[0]


def simulated(n, chances, seed):
    draw = np.random.default_rng(seed)
    seen = draw.random((n, len(chances))) < np.asarray(chances)
    return tabulate(seen[seen.any(axis=1)].astype(int))


def test_m0_and_mt_find_the_truth_where_they_hold():
    totals = {"M0": [], "Mt": []}
    for seed in range(60):
        for model, chances in (("M0", [0.3] * 4), ("Mt", [0.1, 0.2, 0.4, 0.5])):
            totals[model].append(closed_population(simulated(600, chances, seed), model).total)
    assert np.mean(totals["M0"]) == pytest.approx(600, rel=0.02)
    assert np.mean(totals["Mt"]) == pytest.approx(600, rel=0.02)


def test_mb_finds_the_truth_where_being_seen_makes_shy():
    draw, totals = np.random.default_rng(3), []
    for _ in range(60):
        seen, before = np.zeros((800, 5), dtype=int), np.zeros(800, dtype=bool)
        for k in range(5):
            seen[:, k] = draw.random(800) < np.where(before, 0.1, 0.35)
            before |= seen[:, k] > 0
        totals.append(closed_population(tabulate(seen[before]), "Mb").total)
    assert np.mean(totals) == pytest.approx(800, rel=0.02)


def test_the_order_of_lists_matters_only_for_behaviour():
    counts = simulated(300, [0.2, 0.3, 0.4, 0.3], 5)
    rows = np.repeat(counts.histories, counts.counts.astype(int), axis=0)
    turned = tabulate(rows[:, ::-1])
    for model in MODELS:
        same = closed_population(counts, model).total == pytest.approx(closed_population(turned, model).total, rel=1e-6)
        assert same == (model not in ("Mb", "Mbh"))


def test_negative_bends_are_taken_out_of_the_lower_bound():
    # a curve that bends down everywhere leaves no bend, so that the bound is M0
    counts = tabulate(
        [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (1, 0, 1), (0, 1, 1), (1, 1, 1)], [30, 30, 30, 12, 12, 12, 1]
    )
    bound, plain = closed_population(counts, "Mh Chao (LB)"), closed_population(counts, "M0")
    assert bound.total == pytest.approx(plain.total)
    assert bound.df == plain.df


def test_nobody_on_all_lists_is_no_obstacle_to_the_lower_bound():
    counts = tabulate([(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0)], [30, 30, 30, 12])
    assert np.isfinite(closed_population(counts, "Mth Chao (LB)").total)


# the regression under them


def test_a_poisson_mean_by_hand():
    found = fit_poisson(np.ones((3, 1)), np.array([1.0, 2.0, 6.0]))
    assert found.coefficients == pytest.approx([np.log(3)])
    assert found.covariance[0, 0] == pytest.approx(1 / 9)
    assert found.deviance == pytest.approx(2 * (np.log(1 / 3) + 2 * np.log(2 / 3) + 6 * np.log(2)))


def test_the_fit_is_that_of_statsmodels():
    import statsmodels.api as sm

    draw = np.random.default_rng(1)
    x = np.column_stack([np.ones(50), draw.normal(size=(50, 3))])
    y = draw.poisson(np.exp(x @ [1.0, 0.3, -0.5, 0.1])).astype(float)
    theirs = sm.GLM(y, x, family=sm.families.Poisson()).fit(tol=1e-14)
    ours = fit_poisson(x, y)
    assert ours.coefficients == pytest.approx(theirs.params, abs=1e-8)
    assert ours.covariance == pytest.approx(theirs.cov_params(), rel=1e-6)
    assert ours.deviance == pytest.approx(theirs.deviance, rel=1e-10)
    assert ours.aic == pytest.approx(theirs.aic, rel=1e-10)


def test_columns_that_repeat_each_other_are_refused():
    with pytest.raises(DesignError, match="more parameters than these counts can tell apart"):
        fit_poisson(np.ones((4, 2)), np.array([1.0, 2, 3, 4]))


def test_a_fit_that_runs_out_of_steps_is_refused():
    with pytest.raises(DesignError, match="did not converge"):
        fit_poisson(np.column_stack([np.ones(3), [1.0, 2, 3]]), np.array([1.0, 5.0, 9.0]), most=1)


def test_the_deviance_of_a_perfect_fit_is_0_even_with_zeros():
    assert deviance(np.array([0.0, 3.0]), np.array([0.0, 3.0])) == 0.0
    assert deviance(np.array([0.0]), np.array([2.0])) == 4.0
