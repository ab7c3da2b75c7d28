"""Rings around treated areas, on a row of areas where each touches the next."""

import numpy as np
import pytest

from curv_eval.stats.contiguity import first_reached, order_of_contiguity

NONE = np.nan


def row(n):
    touch = np.zeros((n, n), dtype=bool)
    touch[np.arange(n - 1), np.arange(1, n)] = True
    return touch | touch.T


def test_rings_by_hand():
    treated = np.array([True, False, False, False, False, False])
    assert order_of_contiguity(row(6), treated, most=1).tolist() == [0, 1, 2, 2, 2, 2]
    assert order_of_contiguity(row(6), treated, most=3).tolist() == [0, 1, 2, 3, 4, 4]


def test_the_nearest_treated_area_decides():
    treated = np.array([True, False, False, False, True, False])
    assert order_of_contiguity(row(6), treated, most=2).tolist() == [0, 1, 2, 1, 0, 1]


def test_an_island_is_never_reached():
    touch = row(4)
    touch[2, 3] = touch[3, 2] = False
    assert order_of_contiguity(touch, np.array([True, False, False, False]), most=3).tolist() == [0, 1, 2, 4]


def test_the_first_start_near_by_hand():
    cohort = np.array([5, NONE, NONE, NONE, 3, NONE])
    assert first_reached(row(6), cohort, most=1).tolist() == [5, 5, np.inf, 3, 3, 3]
    assert first_reached(row(6), cohort, most=2).tolist() == [5, 5, 3, 3, 3, 3]
    # two borders from the early start, and treated itself only later
    assert first_reached(row(3), np.array([9, NONE, 2]), most=2).tolist() == [2, 2, 2]


def test_no_ring_leaves_only_own_starts():
    cohort = np.array([5, NONE, 7.0])
    assert first_reached(row(3), cohort, most=0).tolist() == [5, np.inf, 7]


@pytest.mark.parametrize("seed", range(5))
def test_both_agree_on_who_is_reached(seed):
    draw = np.random.default_rng(seed)
    touch = draw.random((40, 40)) < 0.05
    touch = (touch | touch.T) & ~np.eye(40, dtype=bool)
    cohort = np.where(draw.random(40) < 0.15, draw.integers(1, 5, 40), np.nan)
    for most in (1, 2, 3):
        reached = np.isfinite(first_reached(touch, cohort, most=most))
        assert (reached == (order_of_contiguity(touch, ~np.isnan(cohort), most=most) <= most)).all()


@pytest.mark.parametrize("seed", range(5))
def test_the_first_start_is_the_earliest_cohort_whose_rings_hold_the_area(seed):
    draw = np.random.default_rng(100 + seed)
    touch = draw.random((30, 30)) < 0.07
    touch = (touch | touch.T) & ~np.eye(30, dtype=bool)
    cohort = np.where(draw.random(30) < 0.2, draw.integers(1, 6, 30), np.nan)
    slow = np.full(30, np.inf)
    for g in sorted(set(cohort[~np.isnan(cohort)]), reverse=True):
        slow[order_of_contiguity(touch, cohort == g, most=2) <= 2] = g
    # areas in the rings of an earlier cohort come first
    assert first_reached(touch, cohort, most=2).tolist() == slow.tolist()
