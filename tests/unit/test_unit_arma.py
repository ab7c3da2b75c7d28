"""Regression with seasonal ARIMA errors, by hand and against statsmodels."""

import numpy as np
import pytest
from statsmodels.tsa.arima_process import arma_acovf
from statsmodels.tsa.statespace.sarimax import SARIMAX

from curv_eval.errors import DesignError
from curv_eval.stats.arma import Orders, arma_regression, autocovariances


def walked(phi=0.6, n=120, seed=3):
    draw = np.random.default_rng(seed)
    e = np.zeros(n)
    for t in range(1, n):
        e[t] = phi * e[t - 1] + draw.normal()
    x = np.column_stack([np.ones(n), np.arange(n) >= n // 2])
    return x @ [5.0, -2.0] + e, x


def test_autocovariances_by_hand():
    assert autocovariances(np.array([1, -0.5]), np.array([1.0]), 4) == pytest.approx(
        np.array([1, 0.5, 0.25, 0.125]) * 4 / 3
    )
    assert autocovariances(np.array([1.0]), np.array([1, 0.5]), 4) == pytest.approx([1.25, 0.5, 0, 0])
    assert autocovariances(np.array([1.0]), np.array([1.0]), 3) == pytest.approx([1, 0, 0])


@pytest.mark.parametrize(
    ("ar", "ma"),
    [([1, -0.5, 0.2], [1, 0.4, 0.3, 0.2, 0.1]), ([1, -0.3, 0, 0.2], [1, 0.9]), ([1] + [0] * 11 + [-0.7], [1, -0.2])],
)
def test_autocovariances_are_those_of_statsmodels(ar, ma):
    ar, ma = np.array(ar, dtype=float), np.array(ma, dtype=float)
    assert autocovariances(ar, ma, 30) == pytest.approx(arma_acovf(ar, ma, 30), abs=1e-10)


@pytest.mark.parametrize(
    ("orders", "order", "seasonal"),
    [
        (Orders(ar=1), (1, 0, 0), (0, 0, 0, 0)),
        (Orders(ma=1), (0, 0, 1), (0, 0, 0, 0)),
        (Orders(ar=1, seasonal_ma=1, length=4), (1, 0, 0), (0, 0, 1, 4)),
    ],
)
def test_the_fit_is_that_of_statsmodels(orders, order, seasonal):
    y, x = walked()
    found = arma_regression(y, x, orders)
    expected = SARIMAX(y, exog=x, order=order, seasonal_order=seasonal).fit(disp=False, maxiter=500)
    assert found.log_likelihood == pytest.approx(expected.llf, abs=1e-3)
    assert found.log_likelihood >= expected.llf - 1e-6
    assert found.coefficients == pytest.approx(expected.params[:2], abs=1e-2)
    assert found.arma == pytest.approx(expected.params[2:-1], abs=1e-2)
    assert found.variance == pytest.approx(expected.params[-1], rel=1e-2)


def test_without_arma_terms_it_is_least_squares():
    y, x = walked(phi=0.0)
    found = arma_regression(y, x, Orders())
    b = np.linalg.lstsq(x, y, rcond=None)[0]
    assert found.coefficients == pytest.approx(b)
    assert found.variance == pytest.approx(((y - x @ b) ** 2).mean())
    assert found.coefficients_error == pytest.approx(
        np.sqrt(found.variance * np.diag(np.linalg.inv(x.T @ x))), rel=1e-4
    )


def test_the_response_is_linear_in_the_counts():
    y, x = walked()
    found = arma_regression(y, x, Orders(ar=1))
    assert found.response @ y == pytest.approx(found.coefficients)
    assert found.response @ x == pytest.approx(np.eye(2), abs=1e-10)
    direct = found.response @ found.covariance @ found.response.T
    assert np.sqrt(np.diag(direct)) == pytest.approx(found.coefficients_error, rel=0.05)


def test_differences_are_taken_of_both_sides():
    y, x = walked()
    walk = np.cumsum(y)
    found = arma_regression(walk, np.cumsum(x, axis=0), Orders(ar=1, differences=1))
    expected = arma_regression(y[1:], x[1:], Orders(ar=1))
    assert found.coefficients == pytest.approx(expected.coefficients)
    assert found.log_likelihood == pytest.approx(expected.log_likelihood)


def test_seasonal_differences_take_a_season_out():
    draw = np.random.default_rng(0)
    season = np.tile([10.0, -5, 3, -8], 20)
    step = (np.arange(80) >= 40).astype(float)
    y = season + 2 * step + 0.1 * draw.normal(size=80)
    found = arma_regression(y, step[:, None], Orders(seasonal_ma=1, seasonal_differences=1, length=4))
    assert found.coefficients[0] == pytest.approx(2.0, abs=0.2)


def test_autoregression_is_recovered_and_stays_stationary():
    y, x = walked(phi=0.6, n=300)
    found = arma_regression(y, x, Orders(ar=1))
    assert found.arma[0] == pytest.approx(0.6, abs=4 * found.arma_error[0])
    assert found.arma_error[0] == pytest.approx(np.sqrt((1 - 0.36) / 300), rel=0.2)
    wild = arma_regression(np.cumsum(y - y.mean()), x[:, :1], Orders(ar=2))
    assert np.abs(np.roots([1, *-wild.arma])).max() < 1


def test_too_short_a_series_is_refused():
    with pytest.raises(DesignError, match="got 3 periods after differencing for 3 coefficients"):
        arma_regression(np.arange(4.0), np.ones((4, 2)), Orders(ar=1, differences=1))


def test_errors_follow_the_unit_of_what_is_measured():
    y, x = walked()
    small, large = arma_regression(y, x, Orders(ar=1)), arma_regression(1e6 * y, x, Orders(ar=1))
    assert large.coefficients_error == pytest.approx(1e6 * small.coefficients_error, rel=1e-4)
    assert large.arma_error == pytest.approx(small.arma_error, rel=1e-4)
