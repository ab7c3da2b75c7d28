"""Displacement by hand: the difference, the quotient, the dispersion and the permutation test."""

from math import comb

import numpy as np
import pytest

from curv_eval.errors import DesignError
from curv_eval.stats.displacement import (
    Difference,
    Weights,
    dispersion,
    displacement_quotient,
    weighted_displacement_difference,
)
from curv_eval.stats.displacement_test import Assignments, assign, permutation, statistic


def test_the_difference_by_hand():
    found = weighted_displacement_difference((50, 30), (40, 38), buffer=(20, 25), buffer_comparison=(22, 21))
    assert found.local == Difference(-18.0, np.sqrt(158))
    assert found.displacement == Difference(6.0, np.sqrt(88))
    assert found.total.value == -12.0
    assert found.total.std_error == pytest.approx(np.sqrt(246))


def test_overdispersion_widens_by_its_root():
    plain = weighted_displacement_difference((50, 30), (40, 38))
    wide = weighted_displacement_difference((50, 30), (40, 38), weights=Weights(dispersion=4.0))
    assert wide.total.std_error == pytest.approx(2 * plain.total.std_error)
    assert wide.total.value == plain.total.value


def test_twice_the_time_halves_the_rate():
    found = weighted_displacement_difference((100, 50), (80, 40), weights=Weights(time=(2.0, 1.0)))
    assert found.total.value == 0.0
    assert found.total.std_error == pytest.approx(np.sqrt(100 / 4 + 50 + 80 / 4 + 40))


@pytest.mark.parametrize("alpha", [0.05, 0.1, 0.32])
def test_the_interval_is_normal(alpha):
    low, high = Difference(10.0, 2.0).interval(alpha)
    assert (low + high) / 2 == pytest.approx(10)
    assert (high - low) / 4 == pytest.approx({0.05: 1.959964, 0.1: 1.644854, 0.32: 0.994458}[alpha], abs=1e-6)


@pytest.mark.parametrize(
    ("treated", "weights", "fault"),
    [
        ((-1, 3), Weights(), "counts: expected numbers of 0 or more"),
        ((np.nan, 3), Weights(), "counts: expected numbers of 0 or more"),
        ((1, 3), Weights(time=(0.0, 1.0)), "weights: expected times and areas above 0"),
        ((1, 3), Weights(areas=(1, -1, 1, 1)), "weights: expected times and areas above 0"),
    ],
)
def test_counts_and_weights_that_make_no_sense_are_refused(treated, weights, fault):
    with pytest.raises(DesignError) as refusal:
        weighted_displacement_difference(treated, (4, 5), weights=weights)
    assert fault in refusal.value.breaches


def test_the_coverage_of_the_poisson_interval():
    draw = np.random.default_rng(3)
    held = 0
    for _ in range(2000):
        t, c, d = draw.poisson([40, 30]), draw.poisson([60, 60]), draw.poisson([30, 34])
        low, high = weighted_displacement_difference(t, c, buffer=d, buffer_comparison=(0, 0)).total.interval()
        held += low <= -6 <= high
    assert 0.94 < held / 2000 < 0.96


def test_a_benefit_that_spread_is_above_0_and_one_that_moved_below():
    spread = displacement_quotient((200, 100), (100, 80), (400, 400))
    moved = displacement_quotient((200, 100), (100, 120), (400, 400))
    assert spread.value == pytest.approx(0.2)
    assert moved.value == pytest.approx(-0.2)
    assert displacement_quotient((200, 100), (100, 250), (400, 400)).value == pytest.approx(-1.5)


@pytest.mark.parametrize(("after", "reason"), [(200, "no change"), (230, "a rise")])
def test_without_success_there_is_no_quotient(after, reason):
    found = displacement_quotient((200, after), (100, 80), (400, 400))
    assert found.value is None, reason
    assert found.std_error is None
    assert (found.conf_low, found.conf_high) == (None, None)
    assert not found.stable
    assert found.gross.value == 200 - after


def test_near_no_success_the_quotient_is_not_to_be_reported():
    found = displacement_quotient((200, 190), (100, 80), (400, 400))
    assert found.value == pytest.approx(2.0)
    assert not found.stable
    assert abs(found.success.value / found.success.std_error) < 1.96


def test_with_a_strong_success_fieller_and_delta_agree():
    found = displacement_quotient((20000, 12000), (10000, 9000), (40000, 38000))
    low, high = found.value - 1.96 * found.std_error, found.value + 1.96 * found.std_error
    assert found.conf_low == pytest.approx(low, abs=0.01)
    assert found.conf_high == pytest.approx(high, abs=0.01)


def test_gradients_are_those_of_small_steps():
    counts = np.array([200, 120, 100, 90, 400, 380.0])

    def measures(x):
        r0, r1, d0, d1, c0, c1 = x
        success, moved = r1 / c1 - r0 / c0, d1 / c1 - d0 / c0
        return np.array([success, moved, moved / success, r0 - r1, r0 * c1 / c0 - r1 + d0 * c1 / c0 - d1])

    step = 1e-4
    jacobian = np.column_stack(
        [(measures(counts + step * e) - measures(counts - step * e)) / (2 * step) for e in np.eye(6)]
    )
    errors = np.sqrt((jacobian**2) @ counts)
    found = displacement_quotient(counts[:2], counts[2:4], counts[4:])
    shown = [found.success.std_error, found.buffer.std_error, found.std_error, found.gross.std_error]
    assert [*shown, found.total_net.std_error] == pytest.approx(errors, rel=1e-6)
    assert found.net.std_error == found.success.std_error


def test_a_given_covariance_is_used():
    counts = ((200, 120), (100, 90), (400, 380))
    plain = displacement_quotient(*counts)
    flat = np.concatenate([np.array(x, dtype=float) for x in counts])
    wide = displacement_quotient(*counts, covariance=9 * np.diag(flat))
    assert wide.gross.std_error == pytest.approx(3 * plain.gross.std_error)
    assert not wide.stable


def test_a_comparison_without_incidents_is_refused():
    with pytest.raises(DesignError, match="no incidents before or after"):
        displacement_quotient((20, 10), (5, 5), (0, 10))


def test_the_dispersion_of_poisson_counts_is_about_1_and_never_less():
    draw = np.random.default_rng(4)
    level = draw.gamma(3, 5, 400)
    found = dispersion(draw.poisson(level), draw.poisson(level), np.arange(400) % 3)
    assert 1.0 <= found < 1.15
    assert dispersion(np.full(10, 20.0), np.full(10, 20.0), np.zeros(10)) == 1.0


def test_the_dispersion_by_hand():
    # group share after is 1/2, so each area expects half of 20 with variance 5
    before, after = np.array([5.0, 15, 10, 10]), np.array([15.0, 5, 10, 10])
    assert dispersion(before, after, np.zeros(4)) == pytest.approx((25 / 5 + 25 / 5) / 3)


def test_areas_whose_counts_jump_raise_the_dispersion():
    draw = np.random.default_rng(4)
    level = draw.gamma(3, 5, 400)
    jump = draw.gamma(4, 1 / 4, (2, 400))
    assert dispersion(draw.poisson(level * jump[0]), draw.poisson(level * jump[1]), np.zeros(400)) > 2


def row(n):
    touch = np.zeros((n, n), dtype=bool)
    touch[np.arange(n - 1), np.arange(1, n)] = True
    return touch | touch.T


def test_the_permuted_statistic_by_hand():
    change = np.array([-6.0, -2, 1, 3])
    treated = np.array([[1.0, 0, 0, 0], [0, 0, 0, 1]])
    local = statistic(change, Assignments(treated, row(4), 1, net=False))
    # the neighbour is in nobody's comparison
    assert local == pytest.approx([-6 - (1 + 3) / 2, 3 - (-6 - 2) / 2])
    net = statistic(change, Assignments(treated, row(4), 1, net=True))
    assert net == pytest.approx([-8 + (-2 - 2), 7 + (1 + 4)])


def test_an_assignment_that_leaves_nobody_to_compare_with_has_no_statistic():
    treated = np.array([[0.0, 1, 0]])
    assert np.isnan(statistic(np.array([1.0, 2, 3]), Assignments(treated, row(3), 1, net=False))).all()


def test_few_assignments_are_all_enumerated():
    treated = np.array([True, True, False, False, False, False])
    cluster = np.array(["a", "a", "b", "b", "c", "c"])
    found = assign(treated, cluster, draws=999, seed=1)
    assert found[0].tolist() == treated.astype(float).tolist()
    assert len(found) == 1 + comb(3, 1)
    assert sorted(map(tuple, found[1:])) == [(0, 0, 0, 0, 1, 1), (0, 0, 1, 1, 0, 0), (1, 1, 0, 0, 0, 0)]


def test_many_assignments_are_drawn_with_as_many_clusters():
    cluster = np.arange(40)
    found = assign(cluster < 10, cluster, draws=200, seed=1)
    assert found.shape == (201, 40)
    assert (found.sum(axis=1) == 10).all()
    assert (found == assign(cluster < 10, cluster, draws=200, seed=1)).all()
    assert (found[1:] != assign(cluster < 10, cluster, draws=200, seed=2)[1:]).any()


def far_apart(n=60, effect=-5.0, seed=1):
    change = np.random.default_rng(seed).normal(size=n)
    treated = np.arange(n) < 12
    return change + effect * treated, treated


def test_the_interval_holds_the_effect_and_leaves_out_none():
    change, treated = far_apart()
    sets = Assignments(assign(treated, np.arange(60), draws=999, seed=1), np.zeros((60, 60), dtype=bool), 1, net=False)
    found = permutation(change, sets, alpha=0.05)
    assert found.conf_low < -5 < found.conf_high < 0
    assert found.p_value == pytest.approx(1 / 1000)
    # near the interval of a t test, which these normal changes allow
    a, b = change[treated], change[~treated]
    error = np.sqrt(a.var(ddof=1) / 12 + b.var(ddof=1) / 48)
    middle = a.mean() - b.mean()
    assert [found.conf_low, found.conf_high] == pytest.approx([middle - 2.05 * error, middle + 2.05 * error], abs=0.25)


def test_at_the_ends_of_the_interval_the_test_is_at_its_level():
    change, treated = far_apart(effect=-1.0)
    draws = assign(treated, np.arange(60), draws=999, seed=2)
    sets = Assignments(draws, np.zeros((60, 60), dtype=bool), 1, net=False)
    found = permutation(change, sets, alpha=0.1)
    for end in (found.conf_low, found.conf_high):
        there = permutation(change - end * treated, sets, alpha=0.1)
        assert there.p_value == pytest.approx(0.1, abs=0.004)


def test_too_few_assignments_are_refused_with_the_number():
    change, treated = np.arange(6.0), np.array([True, False, False, False, False, False])
    sets = Assignments(assign(treated, np.arange(6), draws=99, seed=1), np.zeros((6, 6), dtype=bool), 1, net=False)
    with pytest.raises(DesignError, match=r"got 6 other sets of areas that could be treated, expected at least 20"):
        permutation(change, sets, alpha=0.05)


@pytest.mark.parametrize("net", [False, True])
def test_the_size_of_the_test_under_no_effect(net):
    rejected = 0
    for seed in range(200):
        draw = np.random.default_rng([seed, 11])
        change, treated = draw.normal(size=60), np.isin(np.arange(60), draw.choice(60, 12, replace=False))
        sets = Assignments(assign(treated, np.arange(60), draws=199, seed=seed), row(60), 1, net=net)
        rejected += permutation(change, sets, alpha=0.1).p_value <= 0.1
    assert 10 <= rejected <= 32


def test_treated_areas_that_lie_together_make_the_net_test_cautious():
    # they have fewer neighbours than areas drawn anywhere, whose net effect varies more
    rejected = 0
    for seed in range(100):
        change, treated = far_apart(effect=0.0, seed=seed)
        sets = Assignments(assign(treated, np.arange(60), draws=199, seed=seed), row(60), 1, net=True)
        rejected += permutation(change, sets, alpha=0.1).p_value <= 0.1
    assert rejected <= 10
