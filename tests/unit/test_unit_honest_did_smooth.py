"""Drift that bends slowly: the shortest interval against its definition."""

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.stats import foldnorm, norm

from curv_eval.errors import DesignError
from curv_eval.stats.honest_did import EventStudy
from curv_eval.stats.honest_did_smooth import _shortest, critical, smoothness, smoothness_breakdown


def study(*, seed=1, n_pre=3, n_post=2, effect=4.0):
    draw = np.random.default_rng(seed)
    t = n_pre + n_post
    root = np.eye(t) + 0.3 * draw.normal(size=(t, t))
    beta = root @ draw.normal(size=t) + np.where(np.arange(t) < n_pre, 0.0, effect)
    return EventStudy(beta, root @ root.T, n_pre, np.full(n_post, 1.0 / n_post))


def largest_bias(held, estimator, bend):
    """The largest (c'delta) over second differences of at most `bend`, by a linear program; inf without bound."""
    second = held.differences(2)
    rows = np.vstack([second, -second])
    found = linprog(-estimator, A_ub=rows, b_ub=np.full(len(rows), bend), bounds=[(None, None)] * len(estimator))
    return -found.fun if found.success else np.inf


@pytest.mark.parametrize("bias", [0.0, 0.3, 1.0, 2.5, 9.0])
@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.3])
def test_critical_value_is_the_quantile_of_a_folded_normal(bias, alpha):
    value, slope = critical(bias, alpha)
    assert value == pytest.approx(foldnorm.ppf(1 - alpha, bias), abs=1e-8)
    step = (critical(bias + 1e-5, alpha)[0] - critical(max(bias - 1e-5, 0.0), alpha)[0]) / (1e-5 + min(bias, 1e-5))
    assert slope == pytest.approx(step, abs=1e-3)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("bend", [0.1, 1.0, 5.0])
def test_the_interval_is_as_long_as_its_error_and_its_largest_bias_make_it(seed, bend):
    held = study(seed=seed)
    estimator, half = _shortest(held, bend, 0.05)
    bias = largest_bias(held, estimator, bend)
    error = float(np.sqrt(estimator @ held.sigma @ estimator))
    assert estimator[held.n_pre :] == pytest.approx(held.weights, abs=1e-8)
    assert half == pytest.approx(error * critical(bias / error, 0.05)[0], rel=1e-6)
    assert smoothness(held, bend) == pytest.approx((estimator @ held.beta - half, estimator @ held.beta + half))


@pytest.mark.parametrize("bend", [0.05, 0.5, 3.0])
def test_no_other_estimator_is_shorter(bend):
    held = study(n_pre=4, n_post=3)
    _, half = _shortest(held, bend, 0.05)
    draw, second = np.random.default_rng(2), held.differences(2)
    free = np.linalg.svd(second[:, held.n_pre :].T)[2][3:].T
    fixed = np.linalg.lstsq(second[:, held.n_pre :].T, held.weights, rcond=None)[0]
    for _ in range(500):
        w = fixed + free @ draw.normal(scale=draw.choice([0.01, 0.1, 1.0]), size=free.shape[1])
        error, bias = float(np.linalg.norm(w @ second @ held.root)), bend * float(np.abs(w).sum())
        assert error * critical(bias / error, 0.05)[0] >= half - 1e-7


def test_a_straight_line_is_taken_off_by_weighted_least_squares():
    # under M = 0 the drift is a line through 0 at the base: beta = slope x time + (0, tau)
    held = study(n_pre=4, n_post=2)
    times = np.array([-4.0, -3, -2, -1, 1, 2])
    x = np.column_stack([times, np.vstack([np.zeros((4, 2)), np.eye(2)])])
    inverse = np.linalg.inv(held.sigma)
    covariance = np.linalg.inv(x.T @ inverse @ x)
    effect = (covariance @ x.T @ inverse @ held.beta)[1:] @ held.weights
    error = np.sqrt(held.weights @ covariance[1:, 1:] @ held.weights)
    z = norm.ppf(0.975)
    assert smoothness(held, 0.0) == pytest.approx((effect - z * error, effect + z * error), abs=1e-8)


def test_one_period_before_leaves_one_way_to_take_a_line_off():
    # theta = beta_1 + beta_-1, since the line through the base rises after it as much as before
    held = EventStudy(np.array([0.5, 3.0]), np.diag([1.0, 4.0]), 1, np.array([1.0]))
    low, high = smoothness(held, 0.0)
    assert (low + high) / 2 == pytest.approx(3.5)
    assert (high - low) / 2 == pytest.approx(norm.ppf(0.975) * np.sqrt(5.0))
    low, high = smoothness(held, 2.0)
    assert (high - low) / 2 == pytest.approx(np.sqrt(5.0) * critical(2.0 / np.sqrt(5.0), 0.05)[0], rel=1e-6)


@pytest.mark.parametrize("bend", [0.0, 0.4, 2.0])
def test_intervals_scale_turn_over_and_move_with_the_effects(bend):
    held = study()
    low, high = smoothness(held, bend)
    larger = EventStudy(3 * held.beta, 9 * held.sigma, 3, held.weights)
    turned = EventStudy(-held.beta, held.sigma, 3, held.weights)
    line = np.array([-3.0, -2, -1, 1, 2])
    drifted = EventStudy(held.beta + 0.7 * line, held.sigma, 3, held.weights)
    assert smoothness(larger, 3 * bend) == pytest.approx((3 * low, 3 * high), rel=1e-5)
    assert smoothness(turned, bend) == pytest.approx((-high, -low), rel=1e-5)
    # a straight line of any slope is allowed, so that adding one changes nothing
    assert smoothness(drifted, bend) == pytest.approx((low, high), rel=1e-5)


def test_more_bend_widens_the_interval():
    held = study()
    lengths = [np.diff(smoothness(held, bend))[0] for bend in (0.0, 0.1, 0.5, 1.0, 4.0)]
    assert (np.diff(lengths) > 0).all()


def test_breakdown_lies_where_0_comes_in():
    held = study(effect=9.0)
    bend = smoothness_breakdown(held)
    assert bend > 0
    assert min(np.abs(smoothness(held, bend))) < 0.02 * held.std_error
    low, high = smoothness(held, 1.01 * bend)
    assert low <= 0 <= high
    assert smoothness_breakdown(study(effect=0.0, seed=3)) == 0.0


def test_a_bend_below_0_is_refused():
    with pytest.raises(DesignError, match="expected 0 or more"):
        smoothness(study(), -0.1)


def test_the_interval_holds_the_truth_under_the_largest_bend():
    draw, bend, held = np.random.default_rng(3), 0.5, 0
    root = np.linalg.cholesky(0.5 * np.eye(4) + 0.5)
    # a parabola bends by the same amount everywhere, which is the worst that is allowed
    delta = 0.5 * bend * np.array([-2.0, -1, 1, 2]) ** 2
    for _ in range(200):
        beta = delta + np.array([0, 0, 2.0, 2.0]) + root @ draw.normal(size=4)
        low, high = smoothness(EventStudy(beta, root @ root.T, 2, np.array([0.5, 0.5])), bend)
        held += low <= 2.0 <= high
    assert held / 200 >= 0.92
