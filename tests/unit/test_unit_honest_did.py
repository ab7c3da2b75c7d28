"""Drift as large as before: the conditional test against linear programs, its sets against their symmetries."""

import itertools
from time import perf_counter

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.stats import norm, truncnorm

from curv_eval.errors import DesignError
from curv_eval.stats import honest_did_conditional as conditional
from curv_eval.stats.honest_did import RESTRICTIONS, EventStudy, allows, breakdown, relative_magnitudes
from curv_eval.stats.honest_did_blocks import blocks
from curv_eval.stats.honest_did_conditional import dual_vertices, interval, least_favourable, linear_test, pair_vertices
from curv_eval.stats.honest_did_search import largest


def study(*, seed=1, n_pre=3, n_post=2, weights=None, effect=4.0):
    """An event study with correlated errors, no drift and an effect of `effect` standard errors."""
    draw = np.random.default_rng(seed)
    t = n_pre + n_post
    root = np.eye(t) + 0.3 * draw.normal(size=(t, t))
    beta = root @ draw.normal(size=t) + np.where(np.arange(t) < n_pre, 0.0, effect)
    weights = np.full(n_post, 1.0 / n_post) if weights is None else np.array(weights, dtype=float)
    return EventStudy(beta, root @ root.T, n_pre, weights)


def violation(y, x, spread):
    """The least e with y - x u <= e spread for some u, by a linear program."""
    rows = np.column_stack([-spread, -x])
    found = linprog(np.eye(x.shape[1] + 1)[0], A_ub=rows, b_ub=-y, bounds=[(None, None)] * rows.shape[1])
    assert found.success
    return found.fun


def inequalities(held, bar, before, sign, theta):
    """A beta, X and the standard errors for one step before the start and its sign, written out."""
    steps = held.differences(1)
    rows = np.vstack(
        [steps[held.n_pre :] - sign * bar * steps[before], -steps[held.n_pre :] - sign * bar * steps[before]]
    )
    post, w = rows[:, held.n_pre :], held.weights
    free = np.linalg.svd(w[None, :])[2][1:].T
    y = rows @ held.beta - post @ w / (w @ w) * theta
    return y, post @ free, np.sqrt(np.diag(rows @ held.sigma @ rows.T)), rows


CASES = [(seed, theta) for seed in range(3) for theta in (-1.0, 2.0, 8.0)]


@pytest.mark.parametrize(("seed", "theta"), CASES)
def test_the_statistic_is_that_of_the_linear_program(seed, theta):
    held = study(seed=seed, n_post=3)
    for before in range(3):
        for sign in (1.0, -1.0):
            y, x, spread, rows = inequalities(held, 0.7, before, sign, theta)
            pairs = pair_vertices(x)
            scaled = pairs / (pairs @ spread)[:, None]
            assert scaled @ x == pytest.approx(np.zeros((len(pairs), x.shape[1])), abs=1e-9)
            assert (scaled @ y).max() == pytest.approx(violation(y, x, spread), abs=1e-7)
            assert (dual_vertices(x, spread) @ y).max() == pytest.approx(violation(y, x, spread), abs=1e-7)
            assert len(rows) == 6


def ends(y, x, spread, sigma):
    """Where the best vertex's value may go before another becomes the maximum: bisection on the linear program."""
    vertices = dual_vertices(x, spread)
    best = vertices[(vertices @ y).argmax()]
    variance = best @ sigma @ best
    eta, direction = best @ y, sigma @ best / variance
    rest = y - direction * eta

    def at_best(c):
        return violation(rest + direction * c, x, spread) <= c + 1e-7

    found = []
    for far in (-60.0, 60.0):
        inside, outside = eta, far
        if at_best(far):
            found.append(far)
            continue
        while abs(inside - outside) > 1e-6:
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if at_best(middle) else (inside, middle)
        found.append(inside)
    return eta, found, np.sqrt(variance)


@pytest.mark.parametrize("seed", range(4))
def test_the_conditional_test_is_that_of_its_definition(seed):
    held = study(seed=seed, n_post=2)
    y, x, spread, rows = inequalities(held, 1.0, 1, 1.0, 2.5)
    eta, (low, high), error = ends(y, x, spread, rows @ held.sigma @ rows.T)
    w = held.weights
    direction = rows[:, held.n_pre :] @ w / (w @ w)
    test = linear_test(rows @ held.beta, rows @ held.root, direction=direction, vertices=pair_vertices(x), alpha=0.05)
    top = min(high, test.critical)
    value = test.base[:, None] - np.outer(test.slope, [2.5])
    tail = test._tail(value, value.argmax(axis=0), value.max(axis=0))[0]
    assert value.max() == pytest.approx(eta, abs=1e-6)
    if low < eta < top:
        expected = truncnorm.sf(eta / error, low / error, top / error)
        assert tail == pytest.approx(expected, abs=1e-4)
    size = (0.05 - 0.005) / (1 - 0.005)
    assert test.accepts(np.array([2.5]))[0] == (eta <= 0 or (eta <= test.critical and tail >= size))


def test_pairs_give_the_same_set_as_every_basis():
    held = study(seed=5, n_post=3)
    found = []
    for vertices in (pair_vertices, None):
        tests = []
        for before in range(3):
            for sign in (1.0, -1.0):
                _, x, spread, rows = inequalities(held, 1.0, before, sign, 0.0)
                given = pair_vertices(x) if vertices else dual_vertices(x, spread)
                w = held.weights
                direction = rows[:, 3:] @ w / (w @ w)
                made = linear_test(rows @ held.beta, rows @ held.root, direction=direction, vertices=given, alpha=0.05)
                tests.append(made)
        found.append(interval(tests, held.estimate, held.std_error))
    assert found[0] == pytest.approx(found[1], abs=1e-4)
    assert found[0] == pytest.approx(relative_magnitudes(held, 1.0), abs=1e-9)


def test_extreme_rays_of_pairs_by_hand():
    # one free direction that moves the second row only: w must be the first row, and each pair stands by itself
    found = pair_vertices(np.array([[0.0], [1.0], [0.0], [-1.0]]))
    assert np.abs(found[0]).tolist() in ([1, 0, 0, 0], [0, 0, 1, 0])
    assert found[2:].tolist() == [[1, 0, 1, 0], [0, 1, 0, 1]]
    assert pair_vertices(np.empty((2, 0))).tolist() == [[1, 0], [0, 1], [1, 1]]


def test_first_stage_of_one_and_of_two_opposite_inequalities_is_a_normal_quantile():
    one = np.array([[0.6, 0.8]])
    assert least_favourable(one, 0.005) == pytest.approx(norm.isf(0.005), abs=2e-3)
    assert least_favourable(np.vstack([one, -one]), 0.005) == pytest.approx(norm.isf(0.0025), abs=2e-3)


def test_first_stage_is_the_quantile_of_the_largest_of_many():
    draw = np.random.default_rng(3)
    loading = draw.normal(size=(7, 6))
    loading /= np.linalg.norm(loading, axis=1, keepdims=True)
    drawn = (loading @ draw.standard_normal((6, 400_000))).max(axis=0)
    assert least_favourable(loading, 0.01) == pytest.approx(np.quantile(drawn, 0.99), abs=0.015)


def test_without_any_drift_the_set_is_the_two_sided_hybrid_interval():
    held = EventStudy(np.array([0.3, 5.0]), np.diag([1.0, 4.0]), 1, np.array([1.0]))
    low, high = relative_magnitudes(held, 0.0)
    # |t| given that it is below the first stage's value c rejects beyond the point where 4.52% of what is left lies
    c = norm.isf(0.0025)
    size = 0.045 / 0.995
    t = norm.isf(norm.sf(c) + size * (0.5 - norm.sf(c)))
    assert (low, high) == pytest.approx((5 - 2 * t, 5 + 2 * t), abs=0.01)


@pytest.mark.parametrize("bar", [0.0, 0.5, 1.5])
@pytest.mark.parametrize("weights", [(1.0, 0.0), (0.5, 0.5), (0.2, 0.8)])
def test_sets_scale_turn_over_and_move_with_the_effects(bar, weights):
    held = study(weights=weights)
    low, high = relative_magnitudes(held, bar)
    shift = np.array([0, 0, 0, 1.7, -0.4])
    larger = EventStudy(3 * held.beta, 9 * held.sigma, 3, held.weights)
    turned = EventStudy(-held.beta, held.sigma, 3, held.weights)
    moved = EventStudy(held.beta + shift, held.sigma, 3, held.weights)
    assert relative_magnitudes(larger, bar) == pytest.approx((3 * low, 3 * high), rel=1e-4)
    assert relative_magnitudes(turned, bar) == pytest.approx((-high, -low), rel=1e-4, abs=1e-4)
    by = held.weights @ shift[3:]
    assert relative_magnitudes(moved, bar) == pytest.approx((low + by, high + by), rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_more_drift_and_more_confidence_widen_the_set(seed):
    held = study(seed=seed)
    sets = [relative_magnitudes(held, bar) for bar in (0.0, 0.5, 1.0, 2.0, 4.0)]
    for (low, high), (wider_low, wider_high) in itertools.pairwise(sets):
        assert wider_low <= low + 1e-6
        assert wider_high >= high - 1e-6
    low, high = relative_magnitudes(held, 1.0, alpha=0.2)
    assert sets[2][0] < low < high < sets[2][1]


def test_a_step_before_the_start_carries_over_in_full_where_nothing_is_random():
    # a step of 2 before, hardly any error: drift adds 2 a period, so that the average of two periods may be off by 3
    held = EventStudy(np.array([2.0, 2.0, 10.0, 10.0]), 1e-10 * np.eye(4), 2, np.array([0.5, 0.5]))
    assert relative_magnitudes(held, 1.0) == pytest.approx((7, 13), abs=1e-3)
    assert relative_magnitudes(held, 0.5) == pytest.approx((8.5, 11.5), abs=1e-3)


def test_a_direction_takes_the_drift_off_on_one_side_where_nothing_is_random():
    held = EventStudy(np.array([2.0, 2.0, 10.0, 10.0]), 1e-10 * np.eye(4), 2, np.array([0.5, 0.5]))
    for restriction in ("positive", "increasing"):
        assert relative_magnitudes(held, 1.0, restriction=restriction) == pytest.approx((7, 10), abs=1e-3)
    for restriction in ("negative", "decreasing"):
        assert relative_magnitudes(held, 1.0, restriction=restriction) == pytest.approx((10, 13), abs=1e-3)


def test_restrictions_turn_over_with_the_effects():
    held = study(n_post=3)
    turned = EventStudy(-held.beta, held.sigma, 3, held.weights)
    for one, other in (("positive", "negative"), ("increasing", "decreasing")):
        low, high = relative_magnitudes(held, 1.0, restriction=one)
        assert relative_magnitudes(turned, 1.0, restriction=other) == pytest.approx((-high, -low), abs=5e-3)


def test_the_set_holds_the_truth_where_drift_is_as_large_as_allowed():
    draw = np.random.default_rng(4)
    root = np.linalg.cholesky(0.5 * np.eye(4) + 0.5)
    delta = np.array([-1.0, 1.5, 1.5, 3.0])  # steps of 2.5 and -1.5 before, then 1.5 each
    largest_step = np.abs(np.diff(np.insert(delta, 2, 0.0)))[:2].max()
    bar = np.abs(np.diff(np.insert(delta, 2, 0.0)))[2:].max() / largest_step
    truth, held = 2.0, 0
    for _ in range(300):
        beta = delta + np.array([0, 0, truth, truth]) + root @ draw.normal(size=4)
        found = EventStudy(beta, root @ root.T, 2, np.array([0.5, 0.5]))
        held += allows(found, bar, value=truth)
    assert held / 300 >= 0.92


def test_breakdown_lies_where_0_comes_in():
    held = study(effect=8.0)
    bar = breakdown(held)
    assert 0 < bar < 5
    assert not allows(held, bar)
    assert allows(held, bar + 0.003)
    low, high = relative_magnitudes(held, bar)
    assert min(abs(low), abs(high)) < 0.05


def test_breakdown_is_0_without_a_finding_and_the_most_where_nothing_breaks_it():
    assert breakdown(study(effect=0.0, seed=3)) == 0.0
    still = EventStudy(np.array([0.0, 50.0]), 1e-4 * np.eye(2), 1, np.array([1.0]))
    assert breakdown(still, most=3.0) == 3.0


def test_largest_by_hand():
    assert largest(lambda x: x <= 1.234, 5.0) == pytest.approx(1.234, abs=1e-3)
    assert largest(lambda x: x < 0, 5.0) == 0.0
    assert largest(lambda x: True, 5.0) == 5.0
    # the first time it falls counts, not that it stands again later
    assert largest(lambda x: x <= 1 or x >= 3, 5.0) == pytest.approx(1.0, abs=2e-3)


def test_five_periods_before_and_after_are_quick():
    held = study(n_pre=5, n_post=5, effect=8.0)
    relative_magnitudes(held, 1.0)
    start = perf_counter()
    for bar in (0.5, 1.0, 2.0):
        relative_magnitudes(held, bar)
    breakdown(held)
    assert perf_counter() - start < 10  # 1 s where nothing else runs


def test_many_periods_need_no_list_of_bases():
    held = study(n_pre=12, n_post=16, effect=3.0)
    low, high = relative_magnitudes(held, 1.0)
    assert low < held.estimate < high


REFUSED = {
    "shapes": {"sigma": np.eye(4)},
    "weights of another length": {"weights": np.ones(3)},
    "weights of 0": {"weights": np.zeros(2)},
    "nothing before the base": {"n_pre": 0, "weights": np.ones(5)},
    "a singular covariance": {"sigma": np.ones((5, 5))},
    "an effect without error": {"sigma": np.diag([1.0, 1, 1, 1, 0])},
    "a covariance that is not symmetric": {"sigma": np.eye(5) + np.triu(np.ones((5, 5)), 1)},
    "an error that is not a number": {"sigma": np.diag([1.0, 1, 1, 1, np.nan])},
}


@pytest.mark.parametrize("fault", REFUSED)
def test_effects_that_cannot_be_tested_are_refused(fault):
    given = {"beta": np.zeros(5), "sigma": np.eye(5), "n_pre": 3, "weights": np.ones(2)} | REFUSED[fault]
    with pytest.raises(DesignError, match="cannot be tested for drift"):
        EventStudy(**given)


def test_questions_without_an_answer_are_refused():
    held = study()
    with pytest.raises(DesignError, match="expected 0 or more"):
        relative_magnitudes(held, -1.0)
    with pytest.raises(DesignError, match="one of none, positive"):
        relative_magnitudes(held, 1.0, restriction="upwards")
    with pytest.raises(DesignError, match="too many"):
        relative_magnitudes(study(n_post=12), 1.0, restriction="positive")
    with pytest.raises(DesignError, match="never bind"):
        dual_vertices(np.array([[1.0], [2.0]]), np.ones(2))
    assert set(RESTRICTIONS) >= {"none", "increasing"}


def test_drift_that_the_data_reject_and_a_set_without_end_are_refused():
    never = linear_test(np.array([9.0, 9.0]), np.eye(2), direction=np.zeros(2), vertices=np.eye(2), alpha=0.05)
    with pytest.raises(DesignError, match="reject every drift"):
        interval([never], 0.0, 1.0)
    always = linear_test(np.array([-9.0, -9.0]), np.eye(2), direction=np.zeros(2), vertices=np.eye(2), alpha=0.05)
    with pytest.raises(DesignError, match="has no end"):
        interval([always], 0.0, 1.0)


def test_a_maximum_without_error_rejects_above_0_and_not_below():
    known = conditional.LinearTest(
        np.zeros(2), np.array([1.0, -9.0]), np.array([[0.0, 0.0], [0.6, 0.8]]), 0.005, 0.0452
    )
    # the first vertex has value -theta and no error, the second is far below it
    assert known.accepts(np.array([-0.5])).tolist() == [False]
    assert known.accepts(np.array([0.0])).tolist() == [True]


def test_far_tails_keep_their_digits():
    far = conditional._truncated_tail(np.array([40.0]), np.array([39.9]), np.array([np.inf]))[0]
    assert far == pytest.approx(np.exp(-(40**2 - 39.9**2) / 2) * 39.9 / 40, rel=1e-2)
    assert conditional._truncated_tail(np.array([1.0]), np.array([1.0]), np.array([1.0]))[0] == 0.0


@pytest.mark.parametrize(
    ("before", "after", "most", "sizes"),
    [
        (5, 4, 5, ([1] * 5, [1] * 4, 1)),
        (12, 12, 3, ([4, 4, 4], [4, 4, 4], 4)),
        (12, 16, 3, ([6, 6], [6, 5, 5], 6)),
        (2, 12, 3, ([1, 1], [4, 4, 4], 4)),
        (26, 28, 5, ([7, 7, 6, 6], [6, 6, 6, 5, 5], 6)),
        (12, 1, 3, ([4, 4, 4], [1], 4)),
    ],
)
def test_blocks_by_hand(before, after, most, sizes):
    early, late, length = blocks(before, after, most=most)
    assert ([len(part) for part in early], [len(part) for part in late], length) == sizes
    assert np.concatenate(early).tolist() == list(range(before))
    assert np.concatenate(late).tolist() == list(range(after))
