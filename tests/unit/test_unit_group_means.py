"""Differences of group means: CR2 in closed form against its definition."""

import numpy as np
import pytest
from scipy import stats

from curv_eval.errors import DesignError
from curv_eval.stats.cluster import bias_reduced
from curv_eval.stats.group_means import contrast


def sample(seed=1, clusters=12, groups=3):
    draw = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(clusters), draw.integers(2, 6, clusters))
    group = np.where(draw.random(len(cluster)) < 0.25, draw.integers(0, groups, len(cluster)), cluster % groups)
    return draw.normal(size=(len(cluster), 2)), group, cluster


def by_definition(y, group, cluster, loads):
    """Every dummy written out, I - H per cluster to the power -1/2, and the Satterthwaite moments of the whole form."""
    x = np.eye(group.max() + 1)[group]
    bread = np.linalg.inv(x.T @ x)
    rest = np.eye(len(y)) - x @ bread @ x.T
    residual = rest @ y
    scores, columns = [], []
    for name in np.unique(cluster):
        c = cluster == name
        values, vectors = np.linalg.eigh(rest[np.ix_(c, c)])
        power = (vectors / np.sqrt(values)) @ vectors.T
        weights = power @ x[c] @ bread @ loads
        scores.append(weights @ residual[c])
        columns.append(rest[:, c] @ weights)
    p = np.array(columns) @ np.array(columns).T
    return loads @ bread @ x.T @ y, np.array(scores), np.trace(p) ** 2 / (p**2).sum()


@pytest.mark.parametrize("loads", [(1.0, -1.0, 0.0), (1.0, 0.5, -1.5), (0.0, 1.0, -1.0), (3.0, 2.0, 1.0)])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_is_cr2_by_its_definition(loads, seed):
    y, group, cluster = sample(seed)
    value, scores, df = by_definition(y, group, cluster, np.array(loads))
    found = contrast(y, group, cluster, loads=np.array(loads))
    assert found.value == pytest.approx(value, abs=1e-12)
    assert found.scores == pytest.approx(scores, abs=1e-12)
    assert found.df == pytest.approx(df, rel=1e-10)


def test_it_is_the_house_rule_of_a_regression_on_one_dummy():
    y, group, cluster = sample(groups=2)
    x = np.column_stack([(group == 0).astype(float), np.ones(len(group))])
    b = np.linalg.lstsq(x, y[:, 0], rcond=None)[0]
    house = bias_reduced(x, y[:, 0] - x @ b, cluster)
    found = contrast(y[:, :1], group, cluster, loads=np.array([1.0, -1.0]))
    assert found.value[0] == pytest.approx(b[0], abs=1e-12)
    assert found.scores[:, 0] == pytest.approx(house.scores, abs=1e-10)
    assert found.df == pytest.approx(house.df, rel=1e-8)


def test_with_every_unit_its_own_cluster_it_is_welch():
    draw = np.random.default_rng(5)
    a, b = draw.normal(size=9), draw.normal(2, 3, size=6)
    y, group = np.concatenate([a, b])[:, None], np.repeat([0, 1], [9, 6])
    found = contrast(y, group, np.arange(15), loads=np.array([1.0, -1.0]))
    welch = stats.ttest_ind(a, b, equal_var=False)
    error = np.linalg.norm(found.scores)
    assert found.value[0] / error == pytest.approx(welch.statistic, rel=1e-10)
    # Satterthwaite under the working model of equal variances, as Bell & McCaffrey do; Welch estimates them
    spread = (1 / 9 + 1 / 6) ** 2 / ((1 / 9) ** 2 / 8 + (1 / 6) ** 2 / 5)
    assert found.df == pytest.approx(spread, rel=1e-10)


def test_a_group_within_one_cluster_is_refused():
    y, group, cluster = sample()
    with pytest.raises(DesignError, match="1 of 3 groups of areas lie within one cluster"):
        contrast(y, group, np.where(group == 1, 99, cluster), loads=np.array([1.0, -1.0, 0.0]))


def test_a_group_that_does_not_count_may_lie_within_one_cluster():
    y, group, cluster = sample()
    lonely = np.where(group == 1, 99, cluster)
    found = contrast(y, group, lonely, loads=np.array([1.0, 0.0, -1.0]))
    assert np.isfinite(found.scores).all()
    assert found.value == pytest.approx(y[group == 0].mean(axis=0) - y[group == 2].mean(axis=0))


def test_the_order_of_rows_does_not_matter():
    y, group, cluster = sample()
    order = np.random.default_rng(1).permutation(len(y))
    a = contrast(y, group, cluster, loads=np.array([1.0, -1.0, 0.0]))
    b = contrast(y[order], group[order], cluster[order], loads=np.array([1.0, -1.0, 0.0]))
    assert b.scores == pytest.approx(a.scores, abs=1e-13)
    assert b.df == pytest.approx(a.df)
