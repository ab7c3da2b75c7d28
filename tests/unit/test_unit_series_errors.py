"""Errors under autocorrelation: freed from the bias of fitting, with degrees of freedom, and what they promise."""

import numpy as np
import pytest
from scipy.stats import t as student

from curv_eval.stats.hac import long_run
from curv_eval.stats.series_errors import autocorrelation, autoregressive, freed, independent, layout, newey_west

T = 40
TIME = np.arange(float(T))
X = np.column_stack([np.ones(T), TIME, TIME >= 25])
RESPONSE = np.linalg.pinv(X)


def held(x=X, time=TIME):
    return layout(time, np.zeros(len(time)), x=x, weight=np.ones(len(time)))


def correlated(rho, draws, seed=1, n=T):
    root = np.linalg.cholesky(rho ** np.abs(np.subtract.outer(np.arange(n), np.arange(n))))
    return root @ np.random.default_rng(seed).normal(size=(n, draws))


def fitted(y, x=X):
    residual = y - x @ (np.linalg.pinv(x) @ y)
    return residual, np.full(len(y), np.sqrt(residual @ residual / (len(y) - x.shape[1])))


def test_the_projector_takes_out_what_is_fitted():
    m = held().projector
    assert m @ X == pytest.approx(np.zeros_like(X), abs=1e-10)
    assert m @ m == pytest.approx(m, abs=1e-12)
    assert np.trace(m) == pytest.approx(T - 3)


def test_weights_go_into_the_projector():
    weight = np.linspace(1, 5, T)
    m = layout(TIME, np.zeros(T), x=X, weight=weight).projector
    assert m @ (X * np.sqrt(weight)[:, None]) == pytest.approx(np.zeros_like(X), abs=1e-10)


@pytest.mark.parametrize("rho", [-0.3, 0.0, 0.3, 0.6])
def test_autocorrelation_is_freed_from_the_bias_of_fitting(rho):
    months = np.eye(12)[np.arange(T) % 12][:, 1:]
    x = np.column_stack([X, months])
    layout_ = held(x)
    residuals = layout_.projector @ correlated(rho, 400)
    found = [autocorrelation(layout_, r) for r in residuals.T]
    naive = [(r[1:] @ r[:-1]) / (r @ r) for r in residuals.T]
    assert np.mean(found) == pytest.approx(rho, abs=0.07)
    assert abs(np.mean(found) - rho) < abs(np.mean(naive) - rho) + 0.02
    if rho > 0:
        assert np.mean(naive) < rho - 0.1


def test_autocorrelation_of_nothing_and_of_a_single_period_is_zero():
    assert autocorrelation(held(), np.zeros(T)) == 0.0
    apart = np.arange(T) * 2.0  # no two periods are neighbours
    assert autocorrelation(held(time=apart), np.ones(T)) == 0.0


def test_independent_errors_are_those_of_the_textbook():
    y = np.random.default_rng(3).normal(size=T)
    _, spread = fitted(y)
    errors = independent(spread, T - 3.0)
    covariance = RESPONSE @ errors.root.T @ errors.root @ RESPONSE.T
    assert covariance == pytest.approx(spread[0] ** 2 * np.linalg.inv(X.T @ X))
    assert errors.modelled
    assert errors.df == T - 3


def test_without_autocorrelation_the_two_agree():
    # residuals that are negatively autocorrelated count as not autocorrelated
    y = np.where(np.arange(T) % 2, 1.0, -1.0) * np.linspace(1, 2, T)
    residual, spread = fitted(y)
    errors = autoregressive(held(), residual / spread, spread)
    assert errors.rho == 0.0
    assert errors.df == pytest.approx(T - 3)
    assert errors.root == pytest.approx(np.diag(spread), abs=1e-9)


def test_autocorrelation_widens_and_takes_degrees_of_freedom():
    y = correlated(0.8, 1, seed=5)[:, 0]
    residual, spread = fitted(y)
    errors, plain = autoregressive(held(), residual / spread, spread), independent(spread, T - 3.0)
    level = RESPONSE[2]
    assert errors.rho > 0.3
    assert np.linalg.norm(errors.root @ level) > np.linalg.norm(plain.root @ level)
    assert errors.df < T - 3


def test_newey_west_is_the_sandwich():
    residual, _ = fitted(correlated(0.5, 1, seed=8)[:, 0])
    errors = newey_west(held(), residual, lag=4)
    ours = RESPONSE @ errors.root.T @ errors.root @ RESPONSE.T
    bread = np.linalg.inv(X.T @ X)
    assert ours == pytest.approx(bread @ long_run(X * residual[:, None], lag=4, adjust=True) @ bread, rel=1e-9)
    assert errors.df == pytest.approx(T - 3)
    assert not errors.modelled
    assert errors.lag == 4


def test_two_series_are_added_up_within_each_period():
    # what is the same in both series in every period leaves their difference without error
    time, number = np.tile(TIME, 2), np.repeat([0, 1], T)
    x = np.kron(np.eye(2), X)
    both = layout(time, number, x=x, weight=np.ones(2 * T))
    residual = np.tile(fitted(np.random.default_rng(2).normal(size=T))[0], 2)
    errors = newey_west(both, residual, lag=2)
    response = np.linalg.pinv(x)
    difference = response[2] - response[5]
    assert errors.root.shape == (T, 2 * T)
    assert np.linalg.norm(errors.root @ difference) == pytest.approx(0, abs=1e-10)
    assert np.linalg.norm(errors.root @ response[2]) > 0


def test_the_correlation_of_two_series_is_recovered():
    draw = np.random.default_rng(6)
    time, number = np.tile(np.arange(200.0), 2), np.repeat([0, 1], 200)
    x = np.kron(np.eye(2), np.column_stack([np.ones(200), np.arange(200.0)]))
    both = layout(time, number, x=x, weight=np.ones(400))
    shared, own = draw.normal(size=200), draw.normal(size=(2, 200))
    y = np.concatenate([0.8 * shared + 0.6 * own[0], 2 * (0.8 * shared + 0.6 * own[1])])
    residual = both.projector @ y
    spread = np.repeat([residual[:200].std(), residual[200:].std()], 200)
    errors = autoregressive(both, residual / spread, spread)
    assert errors.across == pytest.approx(0.64, abs=0.1)
    covariance = errors.root.T @ errors.root
    assert covariance[0, 200] / np.sqrt(covariance[0, 0] * covariance[200, 200]) == pytest.approx(errors.across)
    assert np.sqrt(covariance[200, 200] / covariance[0, 0]) == pytest.approx(2.0, rel=0.2)


def test_freeing_undoes_the_bias_for_independent_errors():
    gradient = RESPONSE[2]
    truth = float(gradient @ gradient)
    plain, corrected = [], []
    for y in correlated(0.0, 500, seed=9).T:
        residual, _ = fitted(y)
        errors = newey_west(held(), residual, lag=5)
        plain.append(np.sum((errors.root @ gradient) ** 2))
        fixed = freed(errors, held(), gradient, spread=np.ones(T))
        corrected.append(np.sum((fixed.root @ gradient) ** 2))
    assert np.mean(corrected) == pytest.approx(truth, rel=0.08)
    assert np.mean(plain) < 0.85 * truth
    assert fixed.df < T - 3


def test_freeing_with_lag_zero_and_one_mean_is_the_textbook():
    # HC errors of a mean: E[sum u^2] / n^2 = (n - 1) / n of the truth; the correction is n / (n - 1)
    x = np.ones((10, 1))
    layout_ = layout(np.arange(10.0), np.zeros(10), x=x, weight=np.ones(10))
    residual = np.arange(10.0) - 4.5
    errors = freed(newey_west(layout_, residual, lag=0), layout_, np.full(10, 0.1), spread=np.ones(10))
    assert np.sum((errors.root @ np.full(10, 0.1)) ** 2) == pytest.approx((residual @ residual) / 100 * 10 / 9)
    assert errors.df == pytest.approx(9)


@pytest.mark.parametrize(("rule", "low", "high"), [("ar1", 0.92, 0.99), ("freed", 0.90, 0.99), ("plain", 0.6, 0.90)])
def test_what_intervals_hold_at_autocorrelation_of_three_tenths(rule, low, high):
    gradient, inside = RESPONSE[2], []
    for y in correlated(0.3, 400, seed=12).T:
        residual, spread = fitted(y)
        if rule == "ar1":
            errors = autoregressive(held(), residual / spread, spread)
        else:
            errors = newey_west(held(), residual, lag=6)
            errors = freed(errors, held(), gradient, spread=spread) if rule == "freed" else errors
        width = student.ppf(0.975, errors.df) * np.linalg.norm(errors.root @ gradient)
        inside.append(abs(gradient @ y) <= width)
    assert low <= np.mean(inside) <= high


def test_gaps_count_as_time_passed():
    gap = np.concatenate([np.arange(20.0), np.arange(40.0, 60)])
    residual = np.ones(40)
    close, far = newey_west(held(), residual, lag=3), newey_west(held(time=gap), residual, lag=3)
    assert np.sum((far.root @ np.ones(40)) ** 2) < np.sum((close.root @ np.ones(40)) ** 2)
