"""Permutation tests of a meta-regression: counts by hand, a loop over single fits, and chance that is what it says."""

from itertools import permutations, product

import numpy as np
import pytest
from evidence_levels_support import bcg, columns, made_up

from curv_eval.errors import DesignError
from curv_eval.stats.meta_permutation import arrangements, permutation_test
from curv_eval.stats.meta_regression import meta_regression

Y, V, HELD = bcg()
LATITUDE = np.array(HELD["data"]["inline"]["ablat"], float)
RANDOM = np.array(HELD["data"]["inline"]["alloc"]) == "random"


def draws(many=999, seed=1):
    return many, np.random.default_rng(seed)


def statistic(y, v, x, test="knapp-hartung"):
    found = meta_regression(y, v, x, test=test)
    return np.abs(found.coefficients / found.std_error)


# ---- how many arrangements there are


@pytest.mark.parametrize(
    ("x", "count"),
    [
        (np.ones((5, 1)), 32),
        (columns([1, 2, 3, 4]), 24),
        (columns([0, 0, 1, 1, 1]), 10),
        (columns([0, 0, 1, 1], [5, 5, 5, 6]), 12),
        (columns(np.repeat([0, 1, 2], 2)), 90),
    ],
)
def test_arrangements_by_hand(x, count):
    assert arrangements(x) == count


# ---- exact tests


def test_all_orders_of_five_studies_by_a_loop():
    y, v, x = Y[:5], V[:5], columns(LATITUDE[:5])
    seen = statistic(y, v, x)[1]
    every = [statistic(y, v, x[list(order)])[1] for order in permutations(range(5))]
    found = permutation_test(y, v, x)
    assert found.exact
    assert found.count == 120
    assert found.p_value[1] == pytest.approx(np.mean([one >= seen - 1e-9 for one in every]), abs=1e-12)
    assert np.isnan(found.p_value[0])
    assert found.smallest == 1 / 120


@pytest.mark.parametrize("test", ["knapp-hartung", "normal"])
def test_groups_are_dealt_in_every_different_way(test):
    y, v, x = Y[:5], V[:5], columns([0, 1, 0, 1, 1])
    seen = statistic(y, v, x, test)[1]
    every = [statistic(y, v, x[list(order)], test)[1] for order in permutations(range(5))]
    found = permutation_test(y, v, x, test=test)
    assert found.count == 10
    # every different way stands 2! 3! times among the orders
    assert found.p_value[1] == pytest.approx(np.mean([one >= seen - 1e-9 for one in every]), abs=1e-12)


def test_all_signs_of_six_effects_by_a_loop():
    y, v = Y[:6], V[:6]
    seen = statistic(y, v, np.ones((6, 1)))[0]
    every = [statistic(np.array(signs) * y, v, np.ones((6, 1)))[0] for signs in product([1, -1], repeat=6)]
    found = permutation_test(y, v)
    assert found.count == 64
    assert found.p_value[0] == pytest.approx(np.mean([one >= seen - 1e-9 for one in every]), abs=1e-12)
    assert np.isnan(found.qm_p)


def test_effects_of_one_sign_have_the_smallest_p_value_there_is():
    # both all plus and all minus are as far out as the data
    found = permutation_test(np.array([0.5, 0.6, 0.4, 0.7, 0.5]), np.full(5, 0.01))
    assert found.p_value[0] == 2 * found.smallest == 2 / 32


def test_allocation_of_trials_is_tested_exactly():
    found = permutation_test(Y, V, columns(RANDOM))
    assert (found.exact, found.count) == (True, 1716)
    # one moderator: its own test is the joint one
    assert found.p_value[1] == found.qm_p
    assert found.p_value[1] == pytest.approx(meta_regression(Y, V, columns(RANDOM)).p_value[1], abs=0.05)


# ---- drawn tests


def test_nothing_is_drawn_where_all_can_be_taken():
    y, v, x = Y[:6], V[:6], columns(LATITUDE[:6] + np.arange(6) / 10)
    found, drawn = permutation_test(y, v, x), permutation_test(y, v, x, draws=draws(10))
    assert (drawn.exact, drawn.count) == (True, 720)
    assert drawn.p_value[1] == found.p_value[1]


def test_draws_of_groups_have_the_chance_of_all_ways():
    x = columns(np.repeat([0.0, 1.0], [9, 9]))
    y, v, _, _ = made_up(2, studies=18, most=1)
    found = [permutation_test(y, v, x, draws=draws(seed=seed)).p_value[1] for seed in (1, 2)]
    assert found[0] == pytest.approx(found[1], abs=0.06)
    assert found[0] != found[1]
    assert found[0] == pytest.approx(meta_regression(y, v, x).p_value[1], abs=0.08)


def test_the_observed_arrangement_is_counted_among_drawn_ones():
    y, v, _, x = made_up(3, studies=25, most=1, slope=3.0)
    found = permutation_test(y, v, x, draws=draws(99))
    assert found.count == 100
    assert found.p_value[1] == 1 / 100
    assert not found.exact


def test_the_same_generator_gives_the_same_test():
    y, v, _, x = made_up(4, studies=25, most=1)
    one, other = (permutation_test(y, v, x, draws=draws()) for _ in range(2))
    assert one.p_value[1] == other.p_value[1]


def test_more_draws_than_a_part_holds_are_all_made():
    found = permutation_test(Y, V, columns(LATITUDE), draws=draws(5000))
    assert found.count == 5001
    assert found.p_value[1] < 0.02


def test_signs_are_drawn_where_they_are_too_many():
    y, v, _, _ = made_up(5, studies=20, most=1)
    found = permutation_test(y, v, draws=draws())
    assert (found.count, found.exact) == (1000, False)
    assert found.p_value[0] == pytest.approx(meta_regression(y, v, np.ones((20, 1))).p_value[0], abs=0.05)


def test_three_moderators_are_tested_each_and_together():
    y, v, _, x = made_up(6, studies=58, most=1, slope=0.5)
    draw = np.random.default_rng(60)
    x = np.column_stack([x, draw.normal(size=58), draw.integers(0, 2, 58)])
    found = permutation_test(y, v, x, draws=draws())
    parametric = meta_regression(y, v, x)
    assert found.p_value[1:] == pytest.approx(parametric.p_value[1:], abs=0.06)
    assert found.qm_p == pytest.approx(parametric.qm_p, abs=0.06)


def test_a_joint_statistic_is_counted_by_a_loop():
    y, v = Y[:5], V[:5]
    x = columns(LATITUDE[:5] + np.arange(5), [0.0, 1.0, 0.0, 1.0, 1.0])
    seen = meta_regression(y, v, x).qm
    every = [meta_regression(y, v, x[list(order)]).qm for order in permutations(range(5))]
    found = permutation_test(y, v, x)
    assert found.qm_p == pytest.approx(np.mean([one >= seen * (1 - 1e-8) for one in every]), abs=1e-12)


# ---- chance is what it says


def test_p_values_are_no_smaller_than_chance_allows():
    # 200 reviews in which the moderator does nothing: 5% may be at or below 0.05
    small = []
    for seed in range(200):
        y, v, _, _ = made_up(seed, studies=8, most=1)
        small.append(permutation_test(y, v, columns(np.repeat([0, 1], 4))).p_value[1] <= 0.05)
    assert np.mean(small) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)


def test_an_effect_that_is_there_is_found():
    small = [
        permutation_test(
            *made_up(seed, studies=16, most=1, slope=1.5)[:2], made_up(seed, studies=16, most=1)[3], draws=draws(199)
        ).p_value[1]
        for seed in range(10)
    ]
    assert np.mean(np.array(small) <= 0.05) >= 0.8


def test_order_and_unit_do_not_matter_to_an_exact_test():
    x = columns(RANDOM)
    order = np.random.default_rng(1).permutation(13)
    found, again = permutation_test(Y, V, x), permutation_test(-3 * Y[order], 9 * V[order], x[order])
    assert again.p_value[1] == pytest.approx(found.p_value[1], abs=1e-12)


# ---- what it refuses


def test_too_many_arrangements_without_draws_are_refused():
    with pytest.raises(DesignError, match="more than 10"):
        permutation_test(Y, V, columns(LATITUDE + np.arange(13)))
    with pytest.raises(DesignError, match=r"more than 10\^"):
        permutation_test(*made_up(1, studies=200, most=1)[:2], made_up(1, studies=200, most=1)[3])


def test_no_draws_are_refused():
    with pytest.raises(DesignError, match="draws="):
        permutation_test(Y, V, columns(LATITUDE + np.arange(13)), draws=(0, np.random.default_rng(1)))


def test_an_unknown_test_is_refused():
    with pytest.raises(DesignError, match="expected knapp-hartung or normal"):
        permutation_test(Y, V, columns(LATITUDE), test="exact")


def test_wrong_effects_are_refused():
    with pytest.raises(DesignError, match="above 0"):
        permutation_test(Y, -V, columns(LATITUDE))
