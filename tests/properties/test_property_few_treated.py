"""What must hold for every panel with few treated units: invariances, exact sizes, and agreement between methods."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as distributions

from curv_eval.estimate.averages import overall
from curv_eval.methods import difference_in_differences, fit
from curv_eval.panel import Panel
from curv_eval.stats.few_clusters import true_size
from curv_eval.stats.inversion import ends, line_ends
from curv_eval.stats.randomisation import assignments, difference_in_means
from curv_eval.stats.synthetic import fit as synthetic
from curv_eval.stats.synthetic_simplex import ridge_simplex, simplex_weights
from curv_eval.stats.wild_bootstrap import Rule, wild_cluster
from curv_eval.study import Design, Span

WINDOW = Span("2000-01", "2001-12")
many = settings(max_examples=60, deadline=None, derandomize=True)
few = settings(max_examples=15, deadline=None, derandomize=True)
seeds = st.integers(0, 10_000)


def panel(seed, clusters=12, treated=3, per=2, shock=0.4, effect=0.0):
    """Counts in clusters that drift apart by a shock of their own after period 8 of 14."""
    draw = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(clusters), per)
    drift = np.outer(draw.normal(size=clusters) * shock, np.arange(14) >= 8)[cluster]
    mean = 6 + 2 * drift + draw.gamma(4, 0.5, len(cluster))[:, None]
    y = draw.poisson(np.maximum(mean, 0.1)).astype(float)
    y[:, 8:] += effect * (cluster < treated)[:, None]
    return Panel(
        units=np.arange(len(cluster)), periods=np.arange(14), cohort=np.where(cluster < treated, 8.0, np.nan),
        cluster=np.array([f"w{c:02d}" for c in cluster]), outcomes={"y": y}, frequency="year",
    )  # fmt: skip


def design(method, alpha=0.1, **options):
    return Design(method=method, window=WINDOW, options=options, alpha=alpha)


# weights


@many
@given(seeds, st.integers(2, 25), st.integers(1, 8), st.sampled_from([0.0, 0.5, 20.0]))
def test_weights_are_a_minimum_on_the_simplex(seed, donors, periods, penalty):
    draw = np.random.default_rng(seed)
    y, pool = draw.poisson(2, periods).astype(float), draw.poisson(2, (donors, periods)).astype(float)
    w = simplex_weights(y, pool) if penalty == 0 else ridge_simplex(y, pool, penalty=penalty)
    slope = pool @ (w @ pool - y) + penalty * w
    assert w.min() >= 0
    assert w.sum() == pytest.approx(1)
    assert slope[w > 1e-7] == pytest.approx(slope.min(), abs=1e-6)


@many
@given(seeds, st.integers(2, 15))
def test_weights_of_counts_go_with_their_donors(seed, donors):
    draw = np.random.default_rng(seed)
    y, pool = draw.poisson(1, 5).astype(float), draw.poisson(1, (donors, 5)).astype(float)
    order = draw.permutation(donors)
    assert simplex_weights(y, pool[order]) == pytest.approx(simplex_weights(y, pool)[order], abs=1e-6)


@many
@given(seeds, st.integers(2, 12))
def test_donors_that_repeat_each_other_share_their_weight(seed, donors):
    draw = np.random.default_rng(seed)
    y, pool = draw.normal(size=6), draw.normal(size=(donors, 6))
    once, twice = simplex_weights(y, pool), simplex_weights(y, np.vstack([pool, pool]))
    assert twice[:donors] == pytest.approx(twice[donors:], abs=1e-6)
    assert 2 * twice[:donors] == pytest.approx(once, abs=1e-6)


@many
@given(seeds)
def test_an_intercept_never_fits_worse(seed):
    draw = np.random.default_rng(seed)
    rows, before = draw.normal(size=(7, 12)).cumsum(axis=1), np.arange(12) < 8
    plain, free = (synthetic(rows[0], rows[1:], before, intercept=yes) for yes in (False, True))
    assert free.pre_rmspe <= plain.pre_rmspe + 1e-9


# tests


@many
@given(seeds, st.integers(1, 4))
def test_a_randomisation_test_of_a_shifted_outcome_is_the_same(seed, treated):
    y = np.random.default_rng(seed).normal(size=8)
    on = np.arange(8) < treated
    one, two = difference_in_means(y, on), difference_in_means(3 * y + 5, on)
    assert two.p_value == one.p_value
    assert two.observed == pytest.approx(3 * one.observed)
    assert one.p_value >= one.floor


@many
@given(seeds, st.integers(2, 6))
def test_the_wild_bootstrap_does_not_care_for_scale_nor_for_the_names_of_clusters(seed, clusters):
    draw = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(clusters), 4)
    x = np.column_stack([(np.arange(len(cluster)) % 3 == 0) * 1.0, np.ones(len(cluster))])
    y = draw.normal(size=len(cluster))
    one = wild_cluster(y, x, cluster)
    two = wild_cluster(7 * y, x, np.array(list("fedcba"))[cluster])
    assert two.p_value == one.p_value
    assert two.statistic == pytest.approx(one.statistic)


@many
@given(seeds)
def test_exact_ends_are_those_of_halving_where_p_falls_all_the_way(seed):
    draw = np.random.default_rng(seed)
    a, big = float(draw.normal()), draw.normal(size=39)
    share = draw.uniform(-0.3, 0.3, size=39)

    def chance(c):
        return (1 + (np.abs(big - share * c) >= abs(a - c) * (1 - 1e-12)).sum()) / 40

    low, high = line_ends(a, big, share, extra=1, alpha=0.1)
    for end, way in ((low, -1), (high, 1)):
        assert chance(end - way * 1e-7) > 0.1 >= chance(end + way * 1e-7)
    near = ends(chance, centre=a, step=0.1, alpha=0.1)
    assert low <= near[0] + 1e-6
    assert high >= near[1] - 1e-6


EFFECTS = ("randomisation_inference", "wild_cluster_bootstrap", "synthetic_control")


@few
@given(seeds, st.sampled_from(EFFECTS), st.floats(-4, 4))
def test_intervals_move_with_the_effect(seed, method, effect):
    one, two = (overall(fit(panel(seed, effect=e), outcome="y", design=design(method))).iloc[0] for e in (0.0, effect))
    for column in ("estimate", "conf_low", "conf_high"):
        assert two[column] == pytest.approx(one[column] + effect, abs=1e-4)
    assert two["std_error"] == pytest.approx(one["std_error"], rel=1e-5)


@few
@given(seeds, st.sampled_from(EFFECTS))
def test_intervals_hold_the_estimate_and_agree_with_p(seed, method):
    found = fit(panel(seed), outcome="y", design=design(method))
    row = overall(found).iloc[0]
    assert row["conf_low"] <= row["estimate"] <= row["conf_high"]
    if found.tested.p_value > 0.1:
        assert row["conf_low"] <= 0 <= row["conf_high"]


@few
@given(seeds)
def test_additive_randomisation_inference_has_the_effect_of_difference_in_differences(seed):
    # one cohort, all periods before as the base: the same comparison of four means
    one, two = (
        overall(fit(panel(seed), outcome="y", design=design(m))).iloc[0]["estimate"]
        for m in ("randomisation_inference", "difference_in_differences")
    )
    assert one == pytest.approx(two)


# sizes


def rejected(method, treated, draws=200, **options):
    found = [
        fit(panel(seed, treated=treated), outcome="y", design=design(method, **options)).tested.p_value <= 0.1
        for seed in range(draws)
    ]
    return np.mean(found)


SIZES = [
    ("randomisation_inference", 1, {}), ("randomisation_inference", 3, {}),
    ("randomisation_inference", 3, {"trends": "proportional"}),
    ("randomisation_inference", 3, {"statistic": "studentised"}),
    ("wild_cluster_bootstrap", 6, {}), ("synthetic_control", 1, {}), ("synthetic_control", 3, {"draws": 99}),
    ("synthetic_control", 6, {"draws": 99, "intercept": "yes"}),
]  # fmt: skip


@pytest.mark.parametrize(("method", "treated", "options"), SIZES, ids=str)
def test_a_true_null_is_rejected_as_often_as_alpha_says(method, treated, options):
    # 0.1 with a Monte Carlo standard error of 0.021; with one treated of twelve p comes in twelfths, so 1/12 at most
    assert 0.02 <= rejected(method, treated, **options) <= 0.165


def test_strata_keep_the_size_where_districts_differ():
    p, stratum = [], np.repeat([0, 1], 5)
    labels = np.array([1, 1, 1, 0, 0, 1, 0, 0, 0, 0])
    held = assignments(labels, stratum=stratum).labels
    for seed in range(200):
        y = np.random.default_rng(seed).normal(size=10) + 4 * stratum
        means = (held * y).sum(axis=1) / 4 - ((1 - held) * y).sum(axis=1) / 6
        own, middle = y[labels == 1].mean() - y[labels == 0].mean(), means.mean()
        p.append((np.abs(means - middle) >= abs(own - middle) - 1e-12).mean())
    assert np.mean(np.array(p) <= 0.1) == pytest.approx(0.1, abs=0.065)


def test_the_guard_simulates_the_statistic_of_difference_in_differences():
    # clusters of one size: CR2 is Welch's statistic of the clusters' changes, with the df of variances that are alike
    one = panel(3, clusters=9, treated=3)
    d = (one.treated[:, None] & (one.periods >= 8)).astype(float)
    found = difference_in_differences.fit(one.outcomes["y"], d, one.cluster)
    y = one.outcomes["y"].reshape(9, 2, 14).mean(axis=1)
    change = y[:, 8:].mean(axis=1) - y[:, :8].mean(axis=1)
    welch = distributions.ttest_ind(change[:3], change[3:], equal_var=False)
    t = found.value / np.sqrt((found.scores**2).sum())
    assert t == pytest.approx(welch.statistic)
    assert found.df == pytest.approx((1 / 3 + 1 / 6) ** 2 / (1 / 3**2 / 2 + 1 / 6**2 / 5))


@many
@given(st.integers(2, 12), st.integers(2, 20))
def test_simulated_sizes_are_in_order(treated, others):
    sizes = [true_size(treated + others, treated, rule) for rule in ("CR0", "CR1", "CR2 per cohort")]
    assert sizes == sorted(sizes, reverse=True)
    assert true_size(treated + others, others, "CR1") == pytest.approx(sizes[1], abs=0.01)


def test_more_draws_come_nearer_to_all_of_them():
    draw = np.random.default_rng(5)
    cluster = np.repeat(np.arange(13), 4)
    x = np.column_stack([cluster < 5, np.ones(52)]).astype(float)
    y = draw.normal(size=13)[cluster] + draw.normal(size=52)
    p = [wild_cluster(y, x, cluster, rule=Rule(draws=4000, seed=seed)).p_value for seed in (1, 2, 3)]
    assert np.ptp(p) < 0.03


def test_an_area_that_nobody_resembles_is_answered_widely():
    far = panel(1, treated=1)
    y = far.outcomes["y"].copy()
    y[far.treated] += 40
    found = fit(replace(far, outcomes={"y": y}), outcome="y", design=design("synthetic_control"))
    assert any("lies outside" in note for note in found.notes)
    assert found.tested.p_value > 0.1
