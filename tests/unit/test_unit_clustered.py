"""Errors of least squares, worked by hand and held to what they promise."""

import numpy as np
import pytest

from curv_eval.errors import DesignError
from curv_eval.stats.cluster import bias_reduced
from curv_eval.stats.clustered import CLUSTER_RULES, PEOPLE_RULES, independent, least_squares, robust

Y = np.array([1.0, 3.0, 2.0, 6.0, 10.0])
D = np.array([0.0, 0.0, 0.0, 1.0, 1.0])
TWO = np.column_stack([D, np.ones(5)])


def drawn(n=60, groups=12, seed=1):
    draw = np.random.default_rng(seed)
    cluster = draw.integers(0, groups, n)
    x = np.column_stack([draw.normal(size=n), np.ones(n), draw.normal(size=n)])
    return x, x @ [1.0, 2.0, -1.0] + draw.normal(size=n) + draw.normal(size=groups)[cluster], cluster


# two groups of 3 and 2: means 2 and 8, sums of squares 2 and 8
BY_HAND = {
    "HC0": 2 / 9 + 8 / 4,
    "HC1": (2 / 9 + 8 / 4) * 5 / 3,
    "HC2": (2 / 2) / 3 + (8 / 1) / 2,
    "HC3": 2 / 9 / (2 / 3) ** 2 + 8 / 4 / (1 / 2) ** 2,
    "iid": (2 + 8) / 3 * (1 / 3 + 1 / 2),
}


@pytest.mark.parametrize("rule", BY_HAND)
def test_variances_of_a_difference_in_means_by_hand(rule):
    found = least_squares(TWO, Y, rule=rule)
    assert found.coefficients == pytest.approx([6.0, 2.0])
    assert found.robust.covariance[0, 0] == pytest.approx(BY_HAND[rule])


def test_degrees_of_freedom_of_a_difference_in_means_by_hand():
    # under alike errors: (1/3 + 1/2)^2 / (1/(9 x 2) + 1/(4 x 1))
    assert least_squares(TWO, Y, rule="HC2").robust.df[0] == pytest.approx((5 / 6) ** 2 / (1 / 18 + 1 / 4))
    assert least_squares(TWO, Y, rule="HC3").robust.df.tolist() == [3.0, 3.0]
    assert least_squares(TWO, Y, rule="iid").robust.df.tolist() == [3.0, 3.0]


def test_clusters_of_a_difference_in_means_by_hand():
    # means of clusters a: 2, b: 2 (one person each side), treated c: 6, d: 10; every cluster of one size
    y, d = np.array([1.0, 3.0, 2.0, 4.0, 6.0, 6.0, 10.0, 12.0]), np.repeat([0.0, 1.0], 4)
    cluster = np.repeat(["a", "b", "c", "d"], 2)
    found = least_squares(np.column_stack([d, np.ones(8)]), y, cluster=cluster)
    means = np.array([2.0, 3.0, 6.0, 11.0])
    assert found.coefficients[0] == pytest.approx(means[2:].mean() - means[:2].mean())
    assert found.robust.covariance[0, 0] == pytest.approx(means[:2].var(ddof=1) / 2 + means[2:].var(ddof=1) / 2)
    assert found.robust.df[0] == pytest.approx(2.0)


@pytest.mark.parametrize("rule", CLUSTER_RULES)
def test_factors_between_rules_for_clusters(rule):
    x, y, cluster = drawn()
    plain = least_squares(x, y, rule="CR0", cluster=cluster).robust.errors
    found = least_squares(x, y, rule=rule, cluster=cluster).robust.errors
    factor = {"CR0": 1.0, "CR1": 12 / 11, "CR1S": 12 / 11 * 59 / 57}.get(rule)
    if factor:
        assert found == pytest.approx(plain * np.sqrt(factor))
    else:
        assert (found > plain).all()


@pytest.mark.parametrize(("people", "clusters"), [("HC0", "CR0"), ("HC2", "CR2"), ("HC3", "CR3")])
def test_people_are_clusters_of_one(people, clusters):
    x, y, _ = drawn()
    alone = np.random.default_rng(2).permutation(len(y))
    one = least_squares(x, y, rule=people).robust
    other = least_squares(x, y, rule=clusters, cluster=alone).robust
    assert other.errors == pytest.approx(one.errors, rel=1e-10)
    assert other.scores[alone] == pytest.approx(one.scores, abs=1e-12)
    if people == "HC2":
        assert other.df == pytest.approx(one.df, rel=1e-8)


def test_the_first_coefficient_is_that_of_the_rule_used_for_areas():
    x, y, cluster = drawn()
    fitted = least_squares(x, y, cluster=cluster)
    held = bias_reduced(x, fitted.residual, cluster)
    assert fitted.robust.scores[:, 0] == pytest.approx(held.scores, rel=1e-7)
    assert fitted.robust.df[0] == pytest.approx(held.df, rel=1e-7)


def test_two_people_of_one_cluster_alike_are_one():
    x, y, _ = drawn()
    once = least_squares(x, y, rule="CR0", cluster=np.arange(len(y))).robust.errors
    twice = least_squares(np.repeat(x, 2, axis=0), np.repeat(y, 2), rule="CR0", cluster=np.repeat(np.arange(60), 2))
    assert twice.robust.errors == pytest.approx(once)


@pytest.mark.parametrize("rule", [*PEOPLE_RULES, *CLUSTER_RULES])
def test_the_order_of_rows_does_not_matter(rule):
    x, y, cluster = drawn()
    order = np.random.default_rng(5).permutation(len(y))
    one = least_squares(x, y, rule=rule, cluster=cluster).robust
    other = least_squares(x[order], y[order], rule=rule, cluster=cluster[order]).robust
    assert other.errors == pytest.approx(one.errors, rel=1e-10)
    assert other.df == pytest.approx(one.df, rel=1e-8)


@pytest.mark.parametrize("rule", [*PEOPLE_RULES, *CLUSTER_RULES])
def test_units_of_measurement_do_not_matter(rule):
    x, y, cluster = drawn()
    scale = np.array([1e-4, 1.0, 1e5])
    one = least_squares(x, y, rule=rule, cluster=cluster)
    other = least_squares(x * scale, 1000 * y, rule=rule, cluster=cluster)
    assert other.coefficients * scale == pytest.approx(1000 * one.coefficients, rel=1e-8)
    assert other.robust.errors * scale == pytest.approx(1000 * one.robust.errors, rel=1e-7)
    assert other.robust.df == pytest.approx(one.robust.df, rel=1e-6)


def test_a_cluster_with_a_column_of_its_own_adds_nothing_and_does_not_break():
    x, y, cluster = drawn()
    with_own = np.column_stack([x, cluster == 3])
    found = least_squares(with_own, y, cluster=cluster).robust
    rest = cluster != 3
    without = least_squares(x[rest], y[rest], cluster=cluster[rest]).robust
    assert np.isfinite(found.errors).all()
    assert found.scores[3, 0] ** 2 < 0.05 * found.covariance[0, 0]
    assert found.df[0] == pytest.approx(without.df[0], rel=0.3)


def test_weights_that_are_whole_numbers_repeat_people():
    x, y, _ = drawn()
    weights = 1.0 + np.arange(60) % 3
    often = np.repeat(np.arange(60), weights.astype(int))
    one = least_squares(x, y, rule="HC0", weights=weights)
    other = least_squares(x[often], y[often], rule="CR0", cluster=often)
    assert one.coefficients == pytest.approx(other.coefficients)
    assert one.robust.errors == pytest.approx(other.robust.errors)


def test_ten_thousand_clusters_take_no_square_of_memory():
    x, y, _ = drawn(n=30_000)
    found = least_squares(x, y, cluster=np.arange(30_000) // 3)
    assert found.robust.scores.shape == (10_000, 3)
    assert found.robust.df[0] > 1000


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ([[1, 1, 1], [1, 2, 3]], [True, True]),
        ([[1, 1, 1], [2, 2, 2]], [True, False]),
        ([[1, 0, 0], [0, 1, 1], [1, 1, 1]], [True, True, False]),
        ([[0, 0, 0], [1, 2, 3]], [False, True]),
        ([[1, 1, 1], [1, 2, 3], [1, 4, 9], [1, 8, 27]], [True, True, True, False]),
        ([[1e9, 2e9, 3e9], [1e-9, 1e-9, 1e-9]], [True, True]),
    ],
)
def test_which_columns_follow_from_those_before(columns, expected):
    assert independent(np.array(columns, dtype=float).T).tolist() == expected


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rule": "HC7"}, "expected one of iid, HC0"),
        ({"rule": "CR1"}, "need clusters"),
        ({"rule": "CR2", "cluster": np.zeros(5)}, "got 1, expected at least 2"),
    ],
)
def test_rules_that_cannot_be_are_refused(given, said):
    with pytest.raises(DesignError, match=said):
        robust(TWO, Y, **given)


def test_columns_that_repeat_others_are_refused():
    with pytest.raises(DesignError, match="1 of 3 terms"):
        least_squares(np.column_stack([TWO, 1 - D]), Y)


def test_as_many_terms_as_people_are_refused():
    with pytest.raises(DesignError, match="5 people cannot say how 5 terms vary"):
        least_squares(np.vander(np.arange(5.0)), Y)


def test_where_every_cluster_fits_itself_there_are_no_degrees_of_freedom():
    cluster = np.repeat([0, 1, 2], 4)
    x = (cluster[:, None] == [0, 1, 2]).astype(float)
    found = least_squares(x, np.arange(12.0), cluster=cluster).robust
    assert found.df.tolist() == [0, 0, 0]
