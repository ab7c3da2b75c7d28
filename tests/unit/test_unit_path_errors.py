"""Regressions on paths: coefficients, clustered errors and degrees of freedom against every dummy written out."""

import dense
import numpy as np
import pytest

from curv_eval.errors import DesignError
from curv_eval.stats.conditional_poisson import conditional_poisson
from curv_eval.stats.path_errors import robust
from curv_eval.stats.path_regression import least_squares, paths
from curv_eval.stats.sums import Groups, groups, pairs, sum_rows

T = 5
# the clusters of eleven units: of unequal size, one alone
CLUSTER = np.array([0, 0, 1, 1, 1, 2, 3, 4, 4, 5, 5])
N = len(CLUSTER)
WHOLE = np.array([0, 0, 1, 1, 1, 2, 2, 2, 2, 2, 2])  # cohorts that hold whole clusters: 0, 1 and 2 to 5
SPLIT = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 2])  # cohorts spread over the clusters
STARTS = np.array([2, 3, 99])


def outcome(seed=1):
    draw = np.random.default_rng(seed)
    return draw.normal(size=(N, T)) + draw.normal(size=(N, 1)) + np.arange(T)


def regressors():
    """Whether treated, and for how long: two regressors that depend on the cohort alone, (cohorts, T, 2)."""
    since = np.arange(T) - STARTS[:, None]
    return np.stack([since >= 0, np.maximum(since, 0)], axis=2).astype(float)


def written_out(y, x, path, *, used=None, weight=None):
    """Coefficients, regressors and residuals (times root weights) and clusters of the rows used."""
    keep = np.ones((N, T), bool) if used is None else used[path]
    full = np.column_stack([x[path].reshape(N * T, -1), dense.dummies(N, T)])[keep.ravel()]
    rows = None if weight is None else np.repeat(weight, T)[keep.ravel()]
    found, xw, left = dense.least_squares(full, y.ravel()[keep.ravel()], rows)
    return found, xw, left, np.repeat(CLUSTER, T)[keep.ravel()]


def contrasts(xw, k=2):
    return np.eye(xw.shape[1])[:, :k]


@pytest.mark.parametrize("weight", [None, np.linspace(0.5, 3, N)], ids=["alike", "weighted"])
@pytest.mark.parametrize("path", [WHOLE, SPLIT], ids=["whole clusters", "spread"])
def test_coefficients_and_plain_errors_are_those_with_every_dummy(path, weight):
    y, x = outcome(), regressors()
    found = least_squares(y, x, path, weight=weight)
    value, xw, left, of = written_out(y, x, path, weight=weight)
    assert found.value == pytest.approx(value[:2], abs=1e-10)
    plain = robust(found, CLUSTER, rule="cr0")
    for j, one in enumerate(contrasts(xw).T):
        assert plain.scores[:, j] == pytest.approx(dense.cr0(xw, left, of, one), abs=1e-10)
    assert np.isinf(plain.df).all()


@pytest.mark.parametrize("weight", [None, np.linspace(0.5, 3, N)], ids=["alike", "weighted"])
def test_cr2_is_its_definition_when_cohorts_are_spread_over_clusters(weight):
    y, x = outcome(2), regressors()
    found = robust(least_squares(y, x, SPLIT, weight=weight), CLUSTER)
    _, xw, left, of = written_out(y, x, SPLIT, weight=weight)
    for j, one in enumerate(contrasts(xw).T):
        scores, df = dense.cr2(xw, left, of, one)
        assert found.scores[:, j] == pytest.approx(scores, abs=1e-9)
        assert found.df[j] == pytest.approx(df, rel=1e-7)


def test_cr2_is_its_definition_when_clusters_lie_in_one_cohort():
    path = np.array([0, 0, 1, 1, 1, 2, 0, 1, 1, 2, 2])
    y, x = outcome(3), regressors()
    found = robust(least_squares(y, x, path), CLUSTER)
    _, xw, left, of = written_out(y, x, path)
    for j, one in enumerate(contrasts(xw).T):
        scores, df = dense.cr2(xw, left, of, one)
        assert found.scores[:, j] == pytest.approx(scores, abs=1e-9)
        assert found.df[j] == pytest.approx(df, rel=1e-7)


def test_unit_periods_that_are_not_used_say_nothing():
    used = np.array([[1, 1, 0, 0, 1], [1, 1, 1, 0, 1], [1, 1, 1, 1, 1]], bool)
    x = np.stack([[[0, 1, 0, 0, 1], [0, 0, 1, 0, 0], [0, 0, 0, 0, 0]]], axis=2).astype(float)
    y = outcome(4)
    found = least_squares(y, x, SPLIT, used=used)
    value, xw, left, of = written_out(y, x, SPLIT, used=used)
    assert found.value == pytest.approx(value[:1], abs=1e-10)
    assert found.rows == len(xw)
    moved = np.where(used[SPLIT], y, 1e6)
    assert least_squares(moved, x, SPLIT, used=used).value == pytest.approx(found.value, abs=1e-8)
    scores, df = dense.cr2(xw, left, of, contrasts(xw, 1)[:, 0])
    reduced = robust(found, CLUSTER)
    assert reduced.scores[:, 0] == pytest.approx(scores, abs=1e-9)
    assert reduced.df[0] == pytest.approx(df, rel=1e-7)


def test_contrasts_are_combinations_of_the_coefficients():
    found = least_squares(outcome(5), regressors(), SPLIT)
    both, mean = robust(found, CLUSTER), robust(found, CLUSTER, contrast=np.array([[0.5], [0.5]]))
    assert mean.scores[:, 0] == pytest.approx(both.scores.mean(axis=1))
    _, xw, left, of = written_out(outcome(5), regressors(), SPLIT)
    _, df = dense.cr2(xw, left, of, contrasts(xw) @ [0.5, 0.5])
    assert mean.df[0] == pytest.approx(df, rel=1e-7)


def test_cr1_counts_the_coefficients_and_the_periods():
    found = least_squares(outcome(6), regressors(), SPLIT)
    plain, corrected = robust(found, CLUSTER, rule="cr0"), robust(found, CLUSTER, rule="cr1")
    factor = np.sqrt(6 / 5 * (N * T - 1) / (N * T - 2 - T))
    assert corrected.std_error == pytest.approx(factor * plain.std_error)
    assert corrected.df.tolist() == [5, 5]


def test_the_order_of_units_does_not_matter():
    order = np.random.default_rng(1).permutation(N)
    y, x = outcome(7), regressors()
    first = robust(least_squares(y, x, SPLIT), CLUSTER)
    second = robust(least_squares(y[order], x, SPLIT[order]), CLUSTER[order])
    assert second.scores == pytest.approx(first.scores)
    assert second.df == pytest.approx(first.df)


def test_a_cohort_of_one_cluster_has_no_error():
    # cohort 0 is cluster 0 alone, so that cluster's residuals are 0 by construction
    with pytest.raises(DesignError, match="1 clusters stand alone in their cohort") as refusal:
        x = np.zeros((3, T, 1))
        x[0, 3, 0] = 1.0
        robust(least_squares(outcome(), x, WHOLE), CLUSTER)
    assert "smaller area" in refusal.value.do


def test_regressors_that_cannot_be_told_apart_are_refused():
    x = np.repeat(regressors()[:, :, :1], 2, axis=2)
    with pytest.raises(DesignError, match="2 effects and the periods cannot be told apart"):
        least_squares(outcome(), x, SPLIT)
    everybody = np.ones((3, T, 1))  # constant: unit effects take all of it
    with pytest.raises(DesignError, match="cannot be told apart"):
        least_squares(outcome(), everybody, SPLIT)
    same_for_all = np.tile((np.arange(T) >= 2)[None, :, None], (3, 1, 1)).astype(float)  # period effects take it
    with pytest.raises(DesignError, match="cannot be told apart"):
        least_squares(outcome(), same_for_all, SPLIT)


def test_paths_are_the_distinct_rows():
    x, path = paths(np.array([[0.0, 1], [0, 0], [-0.0, 1], [1, 1]]))
    assert x.shape == (3, 2, 1)
    assert path[0] == path[2]
    assert len(set(path.tolist())) == 3
    assert x[path[3], :, 0].tolist() == [1, 1]
    found = least_squares(outcome(), *paths(regressors()[SPLIT][:, :, 0]))
    assert found.value == pytest.approx(least_squares(outcome(), regressors()[:, :, :1], SPLIT).value)


def counts(seed=1):
    draw = np.random.default_rng(seed)
    return draw.poisson(draw.uniform(5, 40, (N, 1)) * np.linspace(1, 2, T)).astype(float)


def working(y, x, path):
    """The weighted working regression at the Poisson solution, every dummy written out."""
    found = conditional_poisson(y, x, path)
    mean = found.size[:, None] * (found.root**2)[path]
    full = np.column_stack([x[path].reshape(N * T, -1), dense.dummies(N, T)])
    value, xw, left = dense.least_squares(full, (np.log(mean) + (y - mean) / mean).ravel(), mean.ravel())
    return found, value, xw, left


@pytest.mark.parametrize("path", [SPLIT, np.array([0, 0, 1, 1, 1, 2, 0, 1, 1, 2, 2])], ids=["spread", "whole"])
def test_poisson_is_where_its_working_regression_stands_still_and_so_are_its_errors(path):
    x = regressors()
    found, value, xw, left = working(counts(), x, path)
    assert found.value == pytest.approx(value[:2], abs=1e-9)
    of = np.repeat(CLUSTER, T)
    reduced, plain = robust(found, CLUSTER), robust(found, CLUSTER, rule="cr0")
    for j, one in enumerate(contrasts(xw).T):
        scores, df = dense.cr2(xw, left, of, one)
        assert reduced.scores[:, j] == pytest.approx(scores, abs=1e-9)
        assert reduced.df[j] == pytest.approx(df, rel=1e-6)
        assert plain.scores[:, j] == pytest.approx(dense.cr0(xw, left, of, one), abs=1e-9)


def test_poisson_means_keep_the_totals_of_units_and_periods():
    y = counts(2)
    found = conditional_poisson(y, regressors(), SPLIT)
    mean = y - found.residual
    assert mean.sum(axis=0) == pytest.approx(y.sum(axis=0))
    assert mean.sum(axis=1) == pytest.approx(y.sum(axis=1))
    assert (regressors()[SPLIT] * found.residual[:, :, None]).sum(axis=(0, 1)) == pytest.approx(np.zeros(2), abs=1e-8)


def test_poisson_refuses_a_ratio_of_nothing():
    y = counts(3)
    x = np.zeros((3, T, 1))
    x[0, 3:, 0] = 1.0
    y[np.ix_(SPLIT == 0, [3, 4])] = 0
    with pytest.raises(DesignError, match=r"did not converge|told apart"):
        conditional_poisson(y, x, SPLIT)


def test_sums_are_in_the_order_of_the_names():
    known = groups(np.array(["b", "a", "b"]))
    assert sum_rows(np.array([1.0, 2, 4]), known).tolist() == [2, 5]
    assert sum_rows(np.array([[1.0, 10], [2, 20], [4, 40]]), known).tolist() == [[2, 20], [5, 50]]
    alone = groups(np.array([3, 5, 7]))
    assert alone.alone
    assert sum_rows(np.array([1.0, 2, 4]), alone).tolist() == [1, 2, 4]
    assert not groups(np.array([5, 3])).alone
    assert sum_rows(np.array([1.0, 2]), groups(np.array([5, 3]))).tolist() == [2, 1]


def test_a_group_without_rows_sums_to_nothing():
    known = Groups(np.array([3, 0, 3]), 5)
    assert sum_rows(np.array([[1.0], [2], [4]]), known).ravel().tolist() == [2, 0, 0, 5, 0]
    assert sum_rows(np.array([1.0, 2, 4]), known).tolist() == [2, 0, 0, 5, 0]


def test_pairs_are_the_groups_of_two_codes():
    both, first, second = pairs(np.array([0, 1, 0, 0]), np.array([1, 0, 1, 2]))
    assert both.count == 3
    assert first.tolist() == [0, 0, 1]
    assert second.tolist() == [1, 2, 0]
    assert both.code.tolist() == [0, 2, 0, 1]
