"""The search for a break in level: finds a planted one, and keeps its false alarms to what it says."""

import numpy as np
import pytest

from curv_eval.stats.break_scan import largest_break

TIME = np.arange(60.0)
X = np.column_stack([np.ones(60), TIME])


def correlated(rho, seed):
    root = np.linalg.cholesky(rho ** np.abs(np.subtract.outer(TIME, TIME)))
    return root @ np.random.default_rng(seed).normal(size=60)


@pytest.mark.parametrize("at", [12, 30, 45])
def test_finds_a_planted_break(at):
    found = largest_break(correlated(0.0, 1) + 5.0 * (at <= TIME), X, margin=9)
    assert found.position == at
    assert found.p_value < 0.01
    assert abs(found.change - 5.0) < 4 * found.std_error


def test_the_statistic_is_the_largest_f_of_all_dates():
    y = correlated(0.0, 3)
    found = largest_break(y, X, margin=9)
    best = []
    for date in range(9, 52):
        full = np.column_stack([X, date <= TIME])
        best.append(((y - full @ np.linalg.lstsq(full, y, rcond=None)[0]) ** 2).sum())
    assert found.position == 9 + int(np.argmin(best))
    full = np.column_stack([X, found.position <= TIME])
    assert found.change == pytest.approx(np.linalg.lstsq(full, y, rcond=None)[0][-1])


def test_a_trend_and_a_season_are_not_breaks():
    season = np.sin(2 * np.pi * TIME / 12)
    found = largest_break(0.1 * TIME + season + 0.3 * correlated(0.0, 5), np.column_stack([X, season]), margin=9)
    assert found.p_value > 0.05


@pytest.mark.parametrize("rho", [0.0, 0.5])
def test_false_alarms_are_as_rare_as_they_should_be(rho):
    alarms = [
        largest_break(correlated(rho, seed), X, margin=9, draws=199, seed=seed).p_value < 0.05 for seed in range(120)
    ]
    assert np.mean(alarms) <= 0.05 + 2.5 * np.sqrt(0.05 * 0.95 / 120)


def test_dates_near_the_ends_are_not_searched():
    found = largest_break(correlated(0.0, 1) + 9.0 * (TIME >= 57), X, margin=9)
    assert 9 <= found.position <= 51


def test_it_is_the_same_twice_and_leaves_its_input_alone():
    y = correlated(0.3, 2)
    before = y.copy()
    assert largest_break(y, X, margin=9, seed=4) == largest_break(y, X, margin=9, seed=4)
    assert (y == before).all()
