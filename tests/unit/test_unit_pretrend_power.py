"""What a test of trends before the start lets through, against closed forms and simulation."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm, truncnorm

from curv_eval.errors import DesignError
from curv_eval.stats.pretrend_power import PreTest, bayes_factor, likelihood_ratio

SIGMA = np.array([[1.0, 0.5, 0.2, 0.3], [0.5, 2.0, 0.4, 0.1], [0.2, 0.4, 1.5, 0.6], [0.3, 0.1, 0.6, 3.0]])


def test_power_of_one_effect_is_that_of_a_z_test():
    test = PreTest(np.array([[2.0]]), 1)
    expected = norm.sf(1.96 - 1.5) + norm.cdf(-1.96 - 1.5)
    assert PreTest(np.array([[2.0]]), 1, 1.96).power(np.array([3.0])) == pytest.approx(expected, abs=1e-6)
    assert test.power(np.zeros(1)) == pytest.approx(0.05, abs=1e-6)


def test_power_of_independent_effects_is_that_of_each():
    test = PreTest(np.eye(3), 3, 2.0)
    trend = np.array([-1.5, -1.0, -0.5])
    passing = np.prod(norm.cdf(2.0 - trend) - norm.cdf(-2.0 - trend))
    assert test.power(trend) == pytest.approx(1 - passing, abs=1e-6)


@pytest.mark.parametrize("n_pre", [2, 3, 4])
def test_power_of_correlated_effects_is_the_chance_of_a_box(n_pre):
    test = PreTest(np.linalg.cholesky(SIGMA), n_pre, 2.2)
    trend = np.linspace(1.5, 0.5, n_pre)
    box, covariance = 2.2 * np.sqrt(np.diag(SIGMA))[:n_pre], SIGMA[:n_pre, :n_pre]
    passing = multivariate_normal.cdf(box, trend, covariance, lower_limit=-box, abseps=1e-7, maxpts=10**6)
    assert test.power(trend) == pytest.approx(1 - passing, abs=2e-4)


def test_any_root_of_the_covariance_gives_the_same_power():
    root = np.linalg.cholesky(SIGMA)
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(9, 9)))[0][:4]
    trend = np.array([1.0, 0.5, 0.3, 0.0])
    assert PreTest(root @ turn, 3).power(trend) == pytest.approx(PreTest(root, 3).power(trend), abs=1e-10)


def test_an_effect_that_repeats_another_adds_nothing():
    once = PreTest(np.array([[1.0, 0.0], [0.3, 0.8]]), 2, 2.0)
    twice = PreTest(np.array([[1.0, 0.0], [0.3, 0.8], [1.0, 0.0]]), 3, 2.0)
    assert twice.power(np.array([0.7, 0.4, 0.7])) == pytest.approx(once.power(np.array([0.7, 0.4])), abs=2e-4)


def test_fewer_clusters_than_periods_are_no_obstacle():
    root = np.random.default_rng(2).normal(size=(6, 3))
    drawn = root @ np.random.default_rng(3).standard_normal((3, 400_000))
    errors = np.linalg.norm(root, axis=1)
    passing = (np.abs(drawn[:5]) <= 1.96 * errors[:5, None]).all(axis=0).mean()
    assert PreTest(root, 5, 1.96).power(np.zeros(6)) == pytest.approx(1 - passing, abs=5e-3)


def test_power_is_the_same_for_a_rise_and_a_fall_and_grows():
    test, shape = PreTest(np.linalg.cholesky(SIGMA), 3), np.array([-3.0, -2, -1, 1])
    powers = [test.power(c * shape) for c in (0.0, 0.2, 0.5, 1.0, 3.0)]
    assert (np.diff(powers) > 0).all()
    assert test.power(-0.5 * shape) == pytest.approx(powers[2], abs=5e-4)


@pytest.mark.parametrize("chance", [0.3, 0.5, 0.8, 0.99])
def test_the_slope_has_the_power_it_was_asked_for(chance):
    test, shape = PreTest(np.linalg.cholesky(SIGMA), 3), np.array([-3.0, -2, -1, 1])
    slope = test.slope(shape, chance)
    assert slope > 0
    assert test.power(slope * shape) == pytest.approx(chance, abs=1e-6)


def test_the_slope_of_one_effect_by_hand():
    # |Z + 3 c| > 1.96 half of the time at about 3 c = 1.96
    test = PreTest(np.array([[1.0], [0.0]]), 1, 1.96)
    assert test.slope(np.array([-3.0, 1.0]), 0.5) == pytest.approx(1.96 / 3, abs=1e-3)


def test_a_slope_scales_with_the_errors():
    root, shape = np.linalg.cholesky(SIGMA), np.array([-3.0, -2, -1, 1])
    assert PreTest(5 * root, 3).slope(shape, 0.6) == pytest.approx(5 * PreTest(root, 3).slope(shape, 0.6), rel=1e-6)


def test_estimates_after_passing_by_hand_with_one_effect_before():
    # before: N(m, 1) within +-1.96; after: 0.5 of its error carried over
    test = PreTest(np.array([[1.0, 0.0], [0.5, 0.8]]), 1, 1.96)
    m, trend = 1.2, np.array([1.2, -0.4])
    kept = truncnorm.mean(-1.96 - m, 1.96 - m)
    assert test.after_passing(trend) == pytest.approx([m + kept, -0.4 + 0.5 * kept], abs=1e-4)


def test_estimates_after_passing_are_those_of_simulation():
    test, trend = PreTest(np.linalg.cholesky(SIGMA), 3, 1.96), np.array([-1.5, -1.0, -0.5, 0.5])
    drawn = trend[:, None] + np.linalg.cholesky(SIGMA) @ np.random.default_rng(4).standard_normal((4, 400_000))
    passed = (np.abs(drawn[:3]) <= 1.96 * test.errors[:, None]).all(axis=0)
    assert test.after_passing(trend) == pytest.approx(drawn[:, passed].mean(axis=1), abs=0.01)


def test_passing_without_a_trend_leaves_no_bias():
    test = PreTest(np.linalg.cholesky(SIGMA), 3)
    assert test.after_passing(np.zeros(4)) == pytest.approx(np.zeros(4), abs=2e-3)


def test_a_test_that_sees_nothing_says_nothing():
    test = PreTest(np.linalg.cholesky(SIGMA), 3)
    assert bayes_factor(test, np.zeros(4)) == pytest.approx(1.0)
    assert bayes_factor(test, np.array([9.0, 9, 9, 0])) < 1e-3


def test_likelihood_ratio_of_one_effect_by_hand():
    found = likelihood_ratio(np.array([1.0]), np.array([[4.0]]), np.array([2.0]))
    assert found == pytest.approx(np.exp(-((1 - 2) ** 2) / 8 + 1 / 8))


def test_what_cannot_be_answered_is_refused():
    test = PreTest(np.eye(3), 2)
    with pytest.raises(DesignError, match="no steady trend"):
        test.slope(np.array([0.0, 0.0, 1.0]), 0.5)
    with pytest.raises(DesignError, match="no steady trend"):
        test.slope(np.array([-2.0, -1.0, 1.0]), 0.05)
    with pytest.raises(DesignError, match="no steady trend"):
        test.slope(np.array([-2.0, -1.0, 1.0]), 1.0)
    with pytest.raises(DesignError, match="hardly ever pass"):
        test.after_passing(np.array([30.0, 0.0, 0.0]))
    with pytest.raises(DesignError, match="at least one effect"):
        PreTest(np.eye(2), 0)
    with pytest.raises(DesignError, match="at least one effect"):
        PreTest(np.array([[0.0], [1.0]]), 1)
