"""Counts with a log link: Poisson, quasi-Poisson and negative binomial."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import nbinom

from curv_eval.errors import DesignError
from curv_eval.stats.log_linear import log_linear
from curv_eval.stats.negative_binomial import negative_binomial


def drawn(seed=1, n=200, theta=4.0):
    draw = np.random.default_rng(seed)
    x = np.column_stack([np.ones(n), draw.normal(size=n), draw.integers(0, 2, n)])
    mean = np.exp(x @ [1.5, 0.3, -0.4])
    return draw.negative_binomial(theta, theta / (theta + mean)).astype(float), x


def test_two_groups_give_the_log_of_the_ratio_of_means():
    y, x = np.array([2.0, 4, 9, 9]), np.column_stack([np.ones(4), [0, 0, 1, 1]])
    found = log_linear(y, x)
    assert found.coefficients == pytest.approx([np.log(3), np.log(3)])
    assert found.mean == pytest.approx([3, 3, 9, 9])
    # the log of a ratio of two Poisson totals has variance 1/6 + 1/18
    assert found.bread[1, 1] == pytest.approx(1 / 6 + 1 / 18)
    # residuals -1, 1, 0, 0 over root 3: (1/3 + 1/3) / (4 - 2)
    assert found.dispersion == pytest.approx(1 / 3)


def test_poisson_is_that_of_statsmodels():
    y, x = drawn()
    offset = np.linspace(0, 1, len(y))
    expected = sm.GLM(y, x, family=sm.families.Poisson(), offset=offset).fit(tol=1e-12)
    found = log_linear(y, x, offset=offset)
    assert found.coefficients == pytest.approx(expected.params, abs=1e-9)
    assert found.bread == pytest.approx(expected.cov_params(), rel=1e-7)
    assert found.deviance == pytest.approx(expected.deviance, rel=1e-9)
    assert found.dispersion == pytest.approx(expected.pearson_chi2 / expected.df_resid, rel=1e-9)


def test_negative_binomial_for_a_given_theta_is_that_of_statsmodels():
    y, x = drawn()
    expected = sm.GLM(y, x, family=sm.families.NegativeBinomial(alpha=0.25)).fit(tol=1e-12)
    found = log_linear(y, x, theta=4.0)
    assert found.coefficients == pytest.approx(expected.params, abs=1e-8)
    assert found.bread == pytest.approx(expected.cov_params(), rel=1e-6)
    assert found.deviance == pytest.approx(expected.deviance, rel=1e-8)


@pytest.mark.parametrize("theta", [np.inf, 3.0])
def test_the_response_is_the_derivative_of_the_coefficients(theta):
    y, x = drawn(n=60)
    found, step = log_linear(y, x, theta=theta), 1e-4
    for place in (0, 7, 33):
        moved = y.copy()
        moved[place] += step
        change = (log_linear(moved, x, theta=theta).coefficients - found.coefficients) / step
        if np.isinf(theta):
            assert change == pytest.approx(found.response[:, place], rel=1e-3, abs=1e-8)
        else:  # by the expected information, as everywhere: of the same size as the derivative
            assert change == pytest.approx(found.response[:, place], rel=0.6, abs=5e-3)


def test_an_offset_moves_only_the_intercept_when_it_is_constant():
    y, x = drawn()
    plain, moved = log_linear(y, x), log_linear(y, x, offset=2.0)
    assert moved.coefficients[0] == pytest.approx(plain.coefficients[0] - 2.0)
    assert moved.coefficients[1:] == pytest.approx(plain.coefficients[1:])


def test_negative_binomial_is_the_maximum_of_the_likelihood():
    y, x = drawn()
    found = negative_binomial(y, x)
    # a gradient of 1e-10 is below rounding on some processors, where the search would never say that it has ended
    joint = sm.NegativeBinomial(y, x).fit(disp=False, maxiter=500, gtol=1e-7)
    assert found.fit.coefficients == pytest.approx(joint.params[:3], abs=1e-5)
    assert found.theta == pytest.approx(1 / joint.params[3], rel=1e-4)
    assert found.log_likelihood == pytest.approx(joint.llf, abs=1e-6)


def test_the_likelihood_is_that_of_scipy():
    y, x = drawn()
    found = negative_binomial(y, x)
    mean = found.fit.mean
    assert found.log_likelihood == pytest.approx(
        nbinom.logpmf(y, found.theta, found.theta / (found.theta + mean)).sum()
    )


def test_theta_error_is_that_of_the_curvature():
    y, x = drawn()
    found, h = negative_binomial(y, x), 1e-2

    def value(theta):
        return nbinom.logpmf(y, theta, theta / (theta + found.fit.mean)).sum()

    curvature = (value(found.theta + h) - 2 * value(found.theta) + value(found.theta - h)) / h**2
    assert found.theta_error == pytest.approx(1 / np.sqrt(-curvature), rel=1e-3)


def test_theta_is_recovered():
    y, x = drawn(seed=3, n=4000, theta=2.0)
    found = negative_binomial(y, x)
    assert abs(found.theta - 2.0) < 4 * found.theta_error
    assert found.fit.coefficients == pytest.approx([1.5, 0.3, -0.4], abs=0.1)


@pytest.mark.parametrize("seed", range(6))
def test_negative_binomial_converges_or_refuses(seed):
    # barely overdispersed counts: theta is large or infinite, and either way there is an end
    draw = np.random.default_rng(seed)
    y, x = draw.poisson(5, 40).astype(float), np.ones((40, 1))
    over = ((y - y.mean()) ** 2 - y).sum()
    if over > 0:
        found = negative_binomial(y, x)
        assert found.theta > 5
        assert found.fit.mean == pytest.approx(y.mean())
    else:
        with pytest.raises(DesignError, match="no finite theta"):
            negative_binomial(y, x)


def test_counts_without_overdispersion_are_refused_with_the_remedy():
    y = np.array([5.0, 5, 6, 5, 6, 5])
    with pytest.raises(DesignError, match="expected clearly more than once") as refusal:
        negative_binomial(y, np.ones((6, 1)))
    assert "quasi_poisson" in refusal.value.do


def test_a_group_without_any_event_is_refused():
    x = np.column_stack([np.ones(6), [0, 0, 0, 1, 1, 1]])
    with pytest.raises(DesignError, match="no finite answer"):
        log_linear(np.array([3.0, 4, 5, 0, 0, 0]), x)


def test_negative_counts_too_many_columns_and_repeats_are_refused():
    with pytest.raises(DesignError, match="numbers of 0 or more"):
        log_linear(np.array([1.0, -1, 2]), np.ones((3, 1)))
    with pytest.raises(DesignError, match="got 2 counts for 2 coefficients"):
        log_linear(np.array([1.0, 2]), np.eye(2))
    with pytest.raises(DesignError, match="repeat one another"):
        log_linear(np.array([1.0, 2, 3, 4]), np.ones((4, 2)))


def test_large_counts_and_small_ones_both_converge():
    for size in (1e-2, 1.0, 1e6):
        y, x = drawn()
        found = log_linear(size * y, x)
        assert found.coefficients[1:] == pytest.approx(log_linear(y, x).coefficients[1:], abs=1e-8)
