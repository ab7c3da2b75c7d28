"""Errors by cluster: sums, CR2 against its definition, simultaneous bands, few clusters."""

import numpy as np
import pytest
from scipy import stats

from curv_eval.errors import DesignError
from curv_eval.methods import difference_in_differences, fit
from curv_eval.panel import Panel
from curv_eval.stats.cluster import bias_reduced, cluster_sums, sup_t
from curv_eval.stats.few_clusters import inflation, satterthwaite
from curv_eval.stats.two_way import within, within_weighted
from curv_eval.study import Design, Span


def test_sums_within_clusters_in_the_order_of_their_names():
    found = cluster_sums(np.array([[1.0, 10], [2, 20], [4, 40], [8, 80]]), np.array(["b", "a", "b", "c"]))
    assert found.tolist() == [[2, 20], [5, 50], [8, 80]]


def test_taking_out_unit_and_period_means_by_hand():
    # row means 1.5 and 5.5, column means 2 and 5, mean 3.5
    assert within(np.array([[1.0, 2], [3, 8]])).tolist() == [[1, -1], [-1, 1]]


def test_equal_weights_are_no_weights():
    x = np.random.default_rng(1).normal(size=(5, 4))
    assert within_weighted(x, np.full((5, 4), 3.0)) == pytest.approx(within(x), abs=1e-10)


def test_weighted_residuals_are_those_of_weighted_least_squares():
    draw = np.random.default_rng(2)
    x, weight = draw.normal(size=(6, 4)), draw.gamma(2, size=(6, 4))
    dummies = np.column_stack([np.repeat(np.eye(6), 4, axis=0), np.tile(np.eye(4), (6, 1))])
    root = np.sqrt(weight.ravel())
    fitted = dummies @ np.linalg.lstsq(dummies * root[:, None], x.ravel() * root, rcond=None)[0]
    assert within_weighted(x, weight).ravel() == pytest.approx(x.ravel() - fitted, abs=1e-9)


def test_weights_that_do_not_settle_are_refused():
    draw = np.random.default_rng(2)
    with pytest.raises(DesignError, match="did not converge in 1 rounds"):
        within_weighted(draw.normal(size=(6, 4)), draw.gamma(2, size=(6, 4)), most=1)


def brute_force(x, y, cluster):
    """CR2 as it is defined: every dummy written out, (I - H) per cluster taken to the power -1/2."""
    bread = np.linalg.pinv(x.T @ x)
    hat = x @ bread @ x.T
    rest = np.eye(len(y)) - hat
    residual = rest @ y
    scores, columns = [], []
    for name in np.unique(cluster):
        c = cluster == name
        values, vectors = np.linalg.eigh(rest[np.ix_(c, c)])
        power = np.where(values > 1e-9, 1 / np.sqrt(np.maximum(values, 1e-300)), 0.0)
        weights = (vectors * power) @ vectors.T @ x[c] @ bread[:, 0]
        scores.append(weights @ residual[c])
        columns.append(rest[:, c] @ weights)
    p = np.array(columns) @ np.array(columns).T
    return np.array(scores), np.trace(p) ** 2 / (p**2).sum()


@pytest.mark.parametrize("sizes", [(2, 2, 2, 2, 2), (1, 2, 3, 1, 4), (5, 1, 1, 2, 2, 3)])
def test_cr2_is_its_definition(sizes):
    # unequal clusters, some of one unit, treatment in the first two
    draw = np.random.default_rng(sum(sizes))
    cluster, n, t = np.repeat(np.arange(len(sizes)), sizes), sum(sizes), 4
    d = ((cluster < 2)[:, None] & (np.arange(t) >= 2)).astype(float)
    y = draw.normal(size=(n, t)) + 2 * d + draw.normal(size=(n, 1)) + np.arange(t)
    x = np.column_stack([d.ravel(), np.repeat(np.eye(n), t, axis=0), np.tile(np.eye(t)[:, 1:], (n, 1))])
    scores, df = brute_force(x, y.ravel(), np.repeat(cluster, t))
    found = difference_in_differences.fit(y, d, cluster)
    assert np.abs(found.scores) == pytest.approx(np.abs(scores), abs=1e-8)
    assert found.df == pytest.approx(df, rel=1e-6)


def test_cr2_of_two_groups_is_welchs_error_with_bell_and_mccaffreys_degrees_of_freedom():
    # singleton clusters: variance s1^2/n1 + s2^2/n2; df = (1/n1 + 1/n2)^2 / (1/(n1^2 (n1-1)) + 1/(n2^2 (n2-1)))
    y = np.array([3.0, 5, 10, 2, 4, 4, 7, 1])
    d = np.array([1.0, 1, 1, 0, 0, 0, 0, 0])
    x = np.column_stack([d, np.ones(8)])
    residual = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    found = bias_reduced(x, residual, np.arange(8))
    assert (found.scores**2).sum() == pytest.approx(y[:3].var(ddof=1) / 3 + y[3:].var(ddof=1) / 5)
    assert found.df == pytest.approx((1 / 3 + 1 / 5) ** 2 / (1 / (9 * 2) + 1 / (25 * 4)))


def test_cr2_does_not_care_about_the_order_of_rows():
    draw = np.random.default_rng(4)
    x, residual, cluster = draw.normal(size=(30, 3)), draw.normal(size=30), draw.integers(0, 6, 30)
    order = draw.permutation(30)
    first, second = bias_reduced(x, residual, cluster), bias_reduced(x[order], residual[order], cluster[order])
    assert first.scores == pytest.approx(second.scores)
    assert first.df == pytest.approx(second.df)


def did(y, cohort, cluster):
    design = Design(method="difference_in_differences", window=Span("2000-01", "2000-12"))
    panel = Panel(
        units=np.arange(len(y)).astype(str), periods=np.arange(1, y.shape[1] + 1), cohort=np.asarray(cohort, float),
        cluster=np.asarray(cluster), outcomes={"y": np.asarray(y, float)}, frequency="year",
    )  # fmt: skip
    return fit(panel, outcome="y", design=design)


def test_two_by_two_by_hand():
    # treated 10 -> 6 and 20 -> 12 (mean change -6), comparison 5 -> 7 and 9 -> 9 (mean change +1): -7
    y = np.array([[10, 6], [20, 12], [5, 7], [9, 9]])
    found = did(y, [2, 2, np.nan, np.nan], ["a", "b", "c", "d"])
    assert found.cells["estimate"].tolist() == pytest.approx([-7])
    # HC2 of two groups of two changes: s1^2/2 + s2^2/2 with changes (-4, -8) and (2, 0)
    assert (found.influence**2).sum() == pytest.approx(8 / 2 + 2 / 2)


def test_long_panels_compare_means_before_and_after():
    y = np.random.default_rng(5).poisson(20, (6, 7))
    found = did(y, [4, 4, 4, np.nan, np.nan, np.nan], list("abcdef"))
    change = y[:, 3:].mean(axis=1) - y[:, :3].mean(axis=1)
    assert found.cells["estimate"].tolist() == pytest.approx([change[:3].mean() - change[3:].mean()] * 4)
    assert found.cells["event_time"].tolist() == [0, 1, 2, 3]
    assert found.cells["events"].tolist() == y[:3, 3:].sum(axis=0).tolist()


def test_one_row_needs_hardly_more_than_the_normal_value():
    influence = np.random.default_rng(1).normal(size=(400, 1))
    critical, draws = sup_t(influence, alpha=0.05, seed=1, draws=4000)
    assert critical == pytest.approx(stats.norm.ppf(0.975), abs=0.1)
    assert draws.shape == (4000,)
    assert (draws >= critical).mean() == pytest.approx(0.05, abs=0.005)


def test_more_rows_need_a_larger_value():
    influence = np.random.default_rng(2).normal(size=(300, 10))
    values = [sup_t(influence[:, :k], alpha=0.05, seed=1)[0] for k in (1, 3, 10)]
    assert values == sorted(values)
    # ten independent rows: each at the level 1 - 0.95^(1/10)
    assert values[2] == pytest.approx(stats.norm.ppf(1 - (1 - 0.95**0.1) / 2), abs=0.15)


def test_rows_that_repeat_each_other_cost_nothing():
    column = np.random.default_rng(3).normal(size=(100, 1))
    one, many = (sup_t(np.repeat(column, k, axis=1), alpha=0.1, seed=7)[0] for k in (1, 5))
    assert one == pytest.approx(many)


def test_bands_are_the_same_for_the_same_seed_only():
    influence = np.random.default_rng(4).normal(size=(20, 3))
    first, again, other = (sup_t(influence, alpha=0.05, seed=s)[1] for s in (1, 1, 2))
    assert first.tolist() == again.tolist()
    assert first.tolist() != other.tolist()


def test_a_row_without_error_is_left_aside():
    influence = np.random.default_rng(4).normal(size=(20, 3)) * [1, 0, 1]
    assert sup_t(influence, alpha=0.05, seed=1)[0] == sup_t(influence[:, [0, 2]], alpha=0.05, seed=1)[0]


@pytest.mark.parametrize("seed", [0, 1])
def test_one_row_never_needs_less_than_the_normal_value(seed):
    influence = np.random.default_rng(seed).normal(size=(12, 1)) ** 3
    assert sup_t(influence, alpha=0.05, seed=1)[0] >= stats.norm.ppf(0.975)


def test_a_group_of_g_clusters_counts_as_g_minus_one():
    assert inflation(np.array([3, 0, 3, 0, 0])) == pytest.approx(np.sqrt([2, 1.5, 2, 1.5, 1.5]))


def test_one_cluster_has_no_error_of_its_own():
    with pytest.raises(DesignError, match=r"1 cohort\(s\) have one cluster") as refusal:
        inflation(np.array([0, 0, 3]))
    assert "design.cohorts" in refusal.value.do


def test_degrees_of_freedom_are_welchs_by_hand():
    # x: 1, 2, 6 (n 3, s^2 7); y: 2, 4, 4, 6, 9 (n 5, s^2 7): parts 7/3 and 7/5,
    # df = (7/3 + 7/5)^2 / ((7/3)^2 / 2 + (7/5)^2 / 4)
    x, y = np.array([1.0, 2, 6]), np.array([2.0, 4, 4, 6, 9])
    group = np.repeat([3, 0], [3, 5])
    influence = inflation(group) * np.concatenate([(x - x.mean()) / 3, -(y - y.mean()) / 5])
    assert (influence**2).sum() == pytest.approx(7 / 3 + 7 / 5)
    df = satterthwaite(influence, group)
    assert df == pytest.approx((7 / 3 + 7 / 5) ** 2 / ((7 / 3) ** 2 / 2 + (7 / 5) ** 2 / 4))
    assert df == pytest.approx(stats.ttest_ind(x, y, equal_var=False).df)


def test_without_any_spread_there_is_no_limit():
    assert satterthwaite(np.zeros(4), np.array([0, 0, 3, 3])) == np.inf


def test_a_root_of_a_covariance_is_drawn_from_the_normal_and_not_flipped():
    """Two rows have four patterns of signs, from which no band can be worked out; normal draws have the right one."""
    from scipy.stats import norm

    root = np.eye(2)
    flipped, _ = sup_t(root, alpha=0.05, seed=1, draws=20_000)
    normal, draws = sup_t(root, alpha=0.05, seed=1, draws=20_000, clusters=False)
    assert flipped == pytest.approx(norm.ppf(0.975))  # every pattern has |t| = 1
    assert normal == pytest.approx(norm.ppf((1 + 0.95**0.5) / 2), abs=0.03)
    assert len(np.unique(draws)) > 10_000
