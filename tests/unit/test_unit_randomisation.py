"""Randomisation inference, by hand, against group_time, and against brute force."""

from dataclasses import replace
from itertools import combinations, permutations

import numpy as np
import pytest

from curv_eval.errors import DesignError
from curv_eval.estimate.averages import overall
from curv_eval.methods import fit
from curv_eval.stats.cluster import cluster_sums
from curv_eval.stats.group_time import Rule, group_time
from curv_eval.stats.inversion import line_ends
from curv_eval.stats.randomisation import (
    Assignments,
    assignments,
    difference_in_means,
    p_value,
    regression_coefficient,
)
from curv_eval.stats.randomised_did import (
    Plan,
    average,
    cell_contrasts,
    contrasts,
    effects,
    influence,
    sums,
    sums_of,
)
from curv_eval.stats.randomised_interval import Data, randomised
from curv_eval.study import Design, Span
from panels import known

WINDOW = Span("2000-01", "2001-12")


def design(**options):
    return Design(method="randomisation_inference", window=WINDOW, options=options)


# assignments


@pytest.mark.parametrize("labels", [[1, 0, 0, 0], [1, 1, 0, 0, 0], [1, 2, 0, 0], [1, 1, 2, 2, 0], [1, 2, 3]])
def test_enumerated_assignments_are_the_distinct_arrangements(labels):
    found = assignments(np.array(labels))
    assert found.enumerated
    assert sorted(map(tuple, found.labels.tolist())) == sorted(set(permutations(labels)))
    assert found.floor == 1 / len(found.labels)


def test_strata_keep_their_numbers():
    labels, stratum = np.array([1, 0, 0, 1, 1, 0]), np.array(["a", "b", "a", "b", "b", "a"])
    found = assignments(labels, stratum=stratum)
    assert len(found.labels) == 3 * 3
    assert len(np.unique(found.labels, axis=0)) == 9
    for name in "ab":
        assert (found.labels[:, stratum == name].sum(axis=1) == labels[stratum == name].sum()).all()


def test_too_many_assignments_are_drawn_with_a_seed():
    labels = np.repeat([1, 0], 20)
    one, two = (assignments(labels, draws=50, seed=seed) for seed in (1, 2))
    assert not one.enumerated
    assert one.labels.shape == (50, 40)
    assert (one.labels.sum(axis=1) == 20).all()
    assert (one.labels != two.labels).any()
    assert (assignments(labels, draws=50, seed=1).labels == one.labels).all()
    assert one.floor == pytest.approx(1 / 51)


def test_drawn_strata_keep_their_numbers_too():
    labels, stratum = np.tile([1, 0, 0, 0], 12), np.repeat([0, 1], 24)
    found = assignments(labels, stratum=stratum, draws=60)
    assert not found.enumerated
    assert (found.labels[:, :24].sum(axis=1) == 6).all()
    assert (found.labels[:, 24:].sum(axis=1) == 6).all()


def test_every_cluster_is_drawn_as_often():
    found = assignments(np.repeat([1, 0, 0], 12), draws=4000)
    assert found.labels.mean(axis=0) == pytest.approx(np.full(36, 1 / 3), abs=0.035)


def test_p_counts_ties_and_what_cannot_be_worked_out():
    statistics = np.array([1.0, -2.0, 2.0 * (1 - 1e-13), np.nan, np.inf])
    assert p_value(statistics, 2.0, enumerated=True) == pytest.approx(4 / 5)
    assert p_value(statistics, 2.0, enumerated=False) == pytest.approx(5 / 6)


# tests of means and coefficients


def test_difference_in_means_by_hand():
    # 1 treated of 4: differences of each value from the mean of the other three
    found = difference_in_means(np.array([9.0, 1.0, 2.0, 3.0]), np.array([True, False, False, False]))
    assert found.observed == pytest.approx(7.0)
    assert found.p_value == found.floor == 0.25


def test_a_coefficient_is_that_of_least_squares_under_every_assignment():
    draw = np.random.default_rng(2)
    cluster = np.repeat(np.arange(6), 3)
    y, x = draw.normal(size=18), np.column_stack([np.ones(18), draw.normal(size=18)])
    treated = np.isin(cluster, [0, 3]).astype(float)
    found = regression_coefficient(y, treated, controls=x, cluster=cluster)
    values = [
        np.linalg.lstsq(np.column_stack([np.isin(cluster, pair).astype(float), x]), y, rcond=None)[0][0]
        for pair in combinations(range(6), 2)
    ]
    own = np.linalg.lstsq(np.column_stack([treated, x]), y, rcond=None)[0][0]
    assert found.observed == pytest.approx(own)
    assert found.p_value == pytest.approx(np.mean(np.abs(values) >= abs(own) - 1e-12))


def test_a_cluster_treated_in_part_is_refused():
    with pytest.raises(DesignError, match="treated as a whole"):
        difference_in_means(np.arange(4.0), np.array([True, False, False, False]), cluster=np.array([1, 1, 2, 2]))


def test_the_test_has_its_exact_size_on_an_enumerated_toy():
    # under the sharp null every assignment is as likely: p of each of the 20 has the exact distribution
    y = np.random.default_rng(4).normal(size=6)
    p = [difference_in_means(y, np.isin(np.arange(6), chosen)).p_value for chosen in combinations(range(6), 3)]
    for alpha in (0.1, 0.2, 0.5, 1.0):
        assert np.mean(np.array(p) <= alpha + 1e-12) == pytest.approx(alpha)


# difference-in-differences under every assignment


def toy(starts=(5,), clusters=6, seed=1, size=2):
    draw = np.random.default_rng(seed)
    cohort = np.full(clusters, np.nan)
    cohort[: len(starts)] = starts
    cohort = np.repeat(cohort, size)
    return draw.poisson(6, size=(clusters * size, 9)).astype(float), cohort, np.repeat(np.arange(clusters), size)


RULES = [
    Rule(comparison, base, trends, anticipation)
    for comparison in ("never_treated", "not_yet_treated")
    for base in ("mean", "universal")
    for trends in ("additive", "proportional")
    for anticipation in (0, 1)
]


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("starts", [(5,), (4, 6)], ids=str)
def test_effects_are_those_of_group_time_under_every_assignment(rule, starts):
    y, _, cluster = toy(starts)
    periods, units = np.arange(9), np.full(6, 2.0)
    plan = Plan(periods, np.array(starts, dtype=float), True, rule)
    summed = cluster_sums(y, cluster)
    held = assignments(np.array([*range(1, len(starts) + 1), *[0] * (6 - len(starts))]))
    cells, whole = cell_contrasts(summed, units, plan=plan), contrasts(summed, units, plan=plan)
    each = effects(sums(cells, held.labels), trends=rule.trends)
    overall_ = average(sums(whole, held.labels), whole.periods, trends=rule.trends)
    by_label = np.array([np.nan, *starts])
    for labels, own, one in zip(held.labels, each, overall_, strict=True):
        found = group_time(y, by_label[labels][cluster], periods, rule=rule)
        assert own == pytest.approx(found.effect)
        after = found.period >= found.cohort
        mean = np.average(found.effect[after], weights=found.n_treated[after])
        seen = np.average(found.observed[after], weights=found.n_treated[after])
        expected = mean if rule.trends == "additive" else np.log(seen / (seen - mean))
        assert one == pytest.approx(expected)


def test_influence_is_that_of_group_time_with_the_small_sample_factor():
    y, cohort, cluster = toy((5,), clusters=8)
    cohort = np.where(cluster < 3, 5.0, np.nan)
    rule = Rule("never_treated", "mean")
    plan = Plan(np.arange(9), np.array([5.0]), True, rule)
    held, labels = contrasts(cluster_sums(y, cluster), np.full(8, 2.0), plan=plan), np.array([[1, 1, 1, 0, 0, 0, 0, 0]])
    found = group_time(y, cohort, np.arange(9), rule=rule)
    after = found.period >= 5
    psi = cluster_sums(found.influence[:, after].mean(axis=1, keepdims=True), cluster)[:, 0]
    scale = np.where(np.arange(8) < 3, np.sqrt(3 / 2), np.sqrt(5 / 4))
    assert influence(held, sums(held, labels), labels)[0] == pytest.approx(scale * psi)


@pytest.mark.parametrize("trends", ["additive", "proportional"])
def test_units_count_once_where_clusters_differ_in_size(trends):
    draw = np.random.default_rng(3)
    cluster = np.repeat(np.arange(6), [1, 5, 2, 3, 1, 4])
    y, periods, rule = draw.poisson(5, size=(16, 9)) + 1.0, np.arange(9), Rule("not_yet_treated", "mean", trends)
    plan = Plan(periods, np.array([4.0, 6.0]), True, rule)
    held = assignments(np.array([1, 2, 0, 0, 0, 0]))
    whole = contrasts(cluster_sums(y, cluster), np.bincount(cluster).astype(float), plan=plan)
    for labels, one in zip(held.labels, average(sums(whole, held.labels), whole.periods, trends=trends), strict=True):
        found = group_time(y, np.array([np.nan, 4.0, 6.0])[labels][cluster], periods, rule=rule)
        after = found.period >= found.cohort
        mean = np.average(found.effect[after], weights=found.n_treated[after])
        seen = np.average(found.observed[after], weights=found.n_treated[after])
        assert one == pytest.approx(mean if trends == "additive" else np.log(seen / (seen - mean)))


@pytest.mark.parametrize("seed", range(30))
def test_exact_ends_hold_for_any_statistics_that_are_lines_in_the_effect(seed):
    # slopes of 1, -1 and beyond them too, which staggered starts can give
    draw = np.random.default_rng(seed)
    a, share = float(draw.normal()), draw.choice([-1.6, -1.0, -0.5, 0.0, 0.3, 1.0, 1.4], size=24)
    big = draw.normal(size=24)
    big[0], share[0] = a, 1.0
    low, high = line_ends(a, big, share, extra=0, alpha=0.4)
    grid = np.linspace(-60, 60, 24001)
    large = np.abs(big[:, None] - share[:, None] * grid) >= np.abs(a - grid) * (1 - 1e-12)
    kept = grid[large.mean(axis=0) > 0.4 + 1e-9]
    for end, edge, way in ((low, kept.min(), -1), (high, kept.max(), 1)):
        if abs(edge) > 59.9:
            assert way * end > 59
        else:
            assert end == pytest.approx(edge, abs=0.011)


def data_of(y, cohort, cluster, trends="additive", starts=(5,)):
    periods, units = np.arange(y.shape[1]), np.unique(cluster, return_counts=True)[1].astype(float)
    plan = Plan(periods, np.array(starts, dtype=float), True, Rule("never_treated", "mean", trends))
    on = (cohort[:, None] <= periods).astype(float)
    part = on if trends == "additive" else on * y
    first = np.unique(cluster, return_index=True)[1]
    label = np.where(np.isnan(cohort), 0, np.searchsorted(starts, cohort) + 1)[first]
    held = contrasts(cluster_sums(y, cluster), units, plan=plan)
    return Data(held, contrasts(cluster_sums(part, cluster), units, plan=plan), label, trends), on


def p_without(y, on, cohort, cluster, c, trends, studentised=False):
    """The p-value with an effect c taken off, by starting from the outcome itself."""
    clean = y - c * on if trends == "additive" else np.where(on > 0, y / np.exp(c), y)
    data, _ = data_of(clean, cohort, cluster, trends)
    held = assignments(data.actual)
    return randomised(data, held, studentised=studentised, alpha=0.2).p_value


@pytest.mark.parametrize(("trends", "studentised"), [("additive", False), ("additive", True), ("proportional", False)])
@pytest.mark.parametrize("seed", range(4))
def test_the_interval_ends_where_p_passes_alpha(trends, studentised, seed):
    y, cohort, cluster = toy((5, 5), clusters=8, seed=seed)
    data, on = data_of(y, cohort, cluster, trends)
    found = randomised(data, assignments(data.actual), studentised=studentised, alpha=0.2)
    assert found.conf_low < found.observed < found.conf_high
    for end, way in ((found.conf_low, -1), (found.conf_high, 1)):
        inside, outside = (
            p_without(y, on, cohort, cluster, end + side * way * 1e-3, trends, studentised) for side in (-1, 1)
        )
        assert inside > 0.2 >= outside


@pytest.mark.parametrize(("trends", "studentised"), [("additive", False), ("additive", True), ("proportional", False)])
def test_assignments_gone_through_a_few_at_a_time_give_the_same(trends, studentised, monkeypatch):
    y, cohort, cluster = toy((5, 5, 7), clusters=9)
    data, _ = data_of(y, cohort, cluster, trends, starts=(5, 7))
    held = assignments(data.actual)
    whole = randomised(data, held, studentised=studentised, alpha=0.2)
    for module in ("randomised_did", "randomised_interval"):
        monkeypatch.setattr(f"curv_eval.stats.{module}.AT_ONCE", 100)
    parts = randomised(data, held, studentised=studentised, alpha=0.2)
    assert vars(parts) == pytest.approx(vars(whole), rel=1e-12)


def test_two_outcomes_summed_together_are_as_each_alone():
    y, cohort, cluster = toy((5, 5, 7), clusters=9)
    data, _ = data_of(y, cohort, cluster, "proportional", starts=(5, 7))
    labels = assignments(data.actual).labels
    for held, together in zip((data.y, data.treated), sums_of((data.y, data.treated), labels), strict=True):
        alone = sums(held, labels)
        for name, value in vars(together).items():
            assert value == pytest.approx(getattr(alone, name), rel=1e-12), name
        assert together.after[:, 0] == pytest.approx((labels == held.cohort[0]) @ held.after[:, 0])


@pytest.mark.parametrize("seed", range(6))
def test_the_exact_interval_is_that_of_a_fine_grid(seed):
    y, cohort, cluster = toy((5, 5, 5), clusters=6, seed=seed)  # halves: the opposite assignment is there too
    data, on = data_of(y, cohort, cluster)
    found = randomised(data, assignments(data.actual), studentised=False, alpha=0.3)
    grid = np.arange(-12, 12, 0.05)
    kept = [c for c in grid if p_without(y, on, cohort, cluster, c, "additive") > 0.3]
    assert found.conf_low == pytest.approx(min(kept), abs=0.051)
    assert found.conf_high == pytest.approx(max(kept), abs=0.051)


def test_an_interval_that_no_assignment_can_close_is_open():
    y, cohort, cluster = toy()
    data, _ = data_of(y, cohort, cluster)
    found = randomised(data, assignments(data.actual), studentised=False, alpha=0.05)  # 6 assignments
    assert (found.conf_low, found.conf_high) == (-np.inf, np.inf)


def test_drawn_assignments_count_the_real_one():
    y, cohort, cluster = toy((5, 5, 5), clusters=8)
    data, _ = data_of(y, cohort, cluster)
    labels = assignments(data.actual).labels
    found = randomised(data, Assignments(labels[:39], False), studentised=False, alpha=0.05)
    assert found.p_value >= 1 / 40
    assert np.isfinite([found.conf_low, found.conf_high]).all()


# the method


def test_one_treated_cluster_is_answered_with_the_floor():
    panel = known()
    one = panel.with_cohort(np.where(panel.cluster == "ward 00", 12.0, np.nan))
    found = fit(one, outcome="y", design=design())
    assert found.tested.draws == 30
    assert found.tested.floor == pytest.approx(1 / 30)
    assert "p cannot be below 0.0333" in found.notes[0]
    assert "every way" in found.notes[0]


def test_four_districts_are_answered_without_an_interval():
    panel = known()
    district = np.array(["a", "b", "c", "d"])[np.arange(120) // 30]
    four = replace(panel, cluster=district).with_cohort(np.where(district == "a", 12.0, np.nan))
    found = fit(four, outcome="y", design=design())
    assert found.tested.floor == 0.25
    assert np.isinf([found.tested.conf_low, found.tested.conf_high]).all()
    assert "no 95% interval exists" in found.notes[1]
    assert np.isfinite(overall(found)["std_error"]).all()


@pytest.mark.parametrize("trends", ["additive", "proportional"])
def test_interval_of_the_average_holds_it_and_agrees_with_p(trends):
    for effect in (-0.3, 0.0):
        found = fit(known(effect=effect), outcome="y", design=design(trends=trends))
        row = overall(found).iloc[0]
        assert row["conf_low"] < row["estimate"] < row["conf_high"]
        assert (row["conf_low"] <= 0 <= row["conf_high"]) == (found.tested.p_value > 0.05)


def test_proportional_intervals_are_rate_ratios():
    found = fit(known(), outcome="y", design=design(trends="proportional"))
    rows = overall(found).set_index("term")
    assert rows.loc["relative", "conf_low"] < -0.25 < rows.loc["relative", "conf_high"] < 0


def test_within_districts_draws_fewer_ways():
    panel = known(n=40)
    ten, wide = fit(panel, outcome="y", design=design()), fit(panel, outcome="y", design=design(within="district"))
    assert wide.tested.draws < ten.tested.draws == 252
    with pytest.raises(DesignError, match="which district"):
        fit(replace(panel, district=None), outcome="y", design=design(within="district"))


def test_the_seed_matters_only_where_draws_are_drawn():
    panel = known()
    one, two = (fit(panel, outcome="y", design=design(seed=seed, draws=199)).tested for seed in (1, 2))
    assert one.conf_low != two.conf_low
    small = known(n=40)
    one, two = (fit(small, outcome="y", design=design(seed=seed)).tested for seed in (1, 2))
    assert one == replace(two, rule=one.rule)


REFUSED = {
    "mixed clusters": (lambda p: p.with_cohort(np.where(np.arange(120) == 0, 12.0, np.nan)), {}, "start at different"),
    "studentised ratio": (lambda p: p, {"trends": "proportional", "statistic": "studentised"}, "additive trends"),
    "studentised, one treated": (
        lambda p: p.with_cohort(np.where(p.cluster == "ward 00", 12.0, np.nan)),
        {"statistic": "studentised"},
        "one cluster",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_drawn_is_refused(name):
    change, options, words = REFUSED[name]
    with pytest.raises(DesignError) as refusal:
        fit(change(known()), outcome="y", design=design(**options))
    assert words in f"{refusal.value}"


def test_the_error_does_not_hold_the_effect():
    # the spread of assignments is worked out with the estimated effect taken off
    panel = known(effect=0.0)
    on = panel.treated[:, None] & (panel.periods >= 12)
    moved = replace(panel, outcomes={"y": panel.outcomes["y"] + 50.0 * on})
    one, two = (overall(fit(p, outcome="y", design=design())).iloc[0] for p in (panel, moved))
    assert two["std_error"] == pytest.approx(one["std_error"])
    assert two["conf_low"] == pytest.approx(one["conf_low"] + 50)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, bool, float])
@pytest.mark.parametrize("stratum", [None, np.arange(1200) % 2, np.arange(1200) > 1150])
def test_long_labels_keep_their_numbers_and_kind(dtype, stratum):
    labels = (np.arange(1200) % 5 == 0).astype(dtype)
    found = assignments(labels, stratum=stratum, draws=40)
    again = assignments(labels, stratum=stratum, draws=40)
    assert found.labels.dtype == labels.dtype
    for some in [np.arange(1200) >= 0] if stratum is None else [stratum == s for s in np.unique(stratum)]:
        assert (found.labels[:, some].sum(axis=1) == labels[some].sum()).all()
    assert (found.labels == again.labels).all()
    assert len(np.unique(found.labels, axis=0)) == 40


@pytest.mark.parametrize("labels", [[1, 0, 0, 0, 0], [1, 1, 1, 0, 0], [2, 1, 1, 0, 0], [1, 1, 1, 1, 0], [3, 2, 1, 0]])
def test_long_labels_are_drawn_in_every_order_as_often(labels, monkeypatch):
    every = assignments(np.array(labels)).labels
    monkeypatch.setattr("curv_eval.stats.randomisation.LONG", 2)
    monkeypatch.setattr("curv_eval.stats.randomisation.ENUMERATED", 0)
    found, counts = np.unique(assignments(np.array(labels), draws=30_000).labels, axis=0, return_counts=True)
    assert len(found) == len(every)
    share, n = 1 / len(every), len(every)
    # chi-squared of n - 1 degrees of freedom, by far below one in a million
    distance = ((counts - 30_000 * share) ** 2).sum() / (30_000 * share)
    assert distance < n - 1 + 6 * np.sqrt(2 * (n - 1)) + 10


def test_long_labels_are_drawn_from_each_place_as_often():
    labels = np.zeros(700, dtype=np.uint8)
    labels[:3] = 1
    found = assignments(labels, draws=20_000).labels
    assert (found.sum(axis=1) == 3).all()
    assert found.mean(axis=0) == pytest.approx(np.full(700, 3 / 700), abs=6 * np.sqrt(3 / 700 / 20_000))
