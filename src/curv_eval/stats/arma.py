"""Regression with seasonal ARIMA errors, by exact maximum likelihood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.errors import DesignError

_NEAR_ONE = 0.999


@dataclass(frozen=True)
class Orders:
    """(p, d, q) (P, D, Q) with `length` periods in a season."""

    ar: int = 0
    differences: int = 0
    ma: int = 0
    seasonal_ar: int = 0
    seasonal_differences: int = 0
    seasonal_ma: int = 0
    length: int = 12

    @property
    def count(self) -> int:
        """How many ARMA coefficients there are."""
        return self.ar + self.ma + self.seasonal_ar + self.seasonal_ma


@dataclass(frozen=True)
class Arma:
    """A fitted regression with ARMA errors.

    arma: coefficients in the order ar, ma, seasonal ar, seasonal ma, with signs as in R's arima; arma_error: theirs.
    coefficients and coefficients_error: (k,) of the regression. variance: of the innovations. log_likelihood: its
    maximum. covariance:
    (T', T') of the errors after differencing, T' periods of which are left. response: (k, T') derivative of the
    regression coefficients by each differenced count.
    """

    arma: np.ndarray
    arma_error: np.ndarray
    coefficients: np.ndarray
    coefficients_error: np.ndarray
    variance: float
    log_likelihood: float
    covariance: np.ndarray
    response: np.ndarray


def arma_regression(y: np.ndarray, x: np.ndarray, orders: Orders) -> Arma:
    """Return the fit of y (T,) on x (T, k) with errors phi(B) Phi(B^s) (1-B)^d (1-B^s)^D e = theta(B) Theta(B^s) a.

    Both are differenced first; the likelihood of what is left is exact (Box, Jenkins, Reinsel & Ljung 2015, chapter 7),
    maximised over stationary and invertible coefficients, regression coefficients and variance concentrated out. Errors
    come from the second derivatives. No intercept is added. Raises DesignError when the search does not end.
    """
    from scipy.optimize import minimize

    z, w = (_differenced(a, orders) for a in (y, x))
    if len(z) < w.shape[1] + orders.count + 2:
        raise DesignError(
            f"ARIMA errors: got {len(z)} periods after differencing for {w.shape[1] + orders.count} coefficients",
            do="use a longer window or fewer terms",
        )

    def minus(free: np.ndarray) -> float:
        return -_profile(_bounded(free, orders), z, w, orders)[0]

    if not orders.count:
        return _finished(np.empty(0), z, w, orders)
    starts = [np.full(orders.count, start) for start in (0.0, 0.4, -0.4)]
    found = [minimize(minus, start, method="BFGS", options={"gtol": 1e-4}) for start in starts]
    best = min(found, key=lambda r: r.fun).x
    polished = minimize(minus, best, method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-10, "maxiter": 4000})
    if not polished.success or not np.isfinite(polished.fun):
        raise DesignError("the ARIMA model did not converge", do="use a model with fewer terms")
    return _finished(_bounded(polished.x, orders), z, w, orders)


def _differenced(a: np.ndarray, orders: Orders) -> np.ndarray:
    for _ in range(orders.differences):
        a = a[1:] - a[:-1]
    for _ in range(orders.seasonal_differences):
        a = a[orders.length :] - a[: -orders.length]
    return a


def _bounded(free: np.ndarray, orders: Orders) -> np.ndarray:
    """Return coefficients whose polynomials have all roots outside the unit circle (Monahan 1984)."""
    sizes = (orders.ar, orders.ma, orders.seasonal_ar, orders.seasonal_ma)
    parts = np.split(_NEAR_ONE * np.tanh(free), np.cumsum(sizes)[:-1])
    signs = (1, -1, 1, -1)
    return np.concatenate([s * _from_partial(p) for s, p in zip(signs, parts, strict=True)])


def _from_partial(partial: np.ndarray) -> np.ndarray:
    """Return autoregressive coefficients from partial autocorrelations (Durbin's recursion)."""
    phi = np.empty(0)
    for r in partial:
        phi = np.append(phi - r * phi[::-1], r)
    return phi


def _polynomials(arma: np.ndarray, orders: Orders) -> tuple[np.ndarray, np.ndarray]:
    """Return the multiplied out polynomials 1 - phi_1 B - ... and 1 + theta_1 B + ..., lowest power first."""
    sizes = (orders.ar, orders.ma, orders.seasonal_ar, orders.seasonal_ma)
    ar, ma, sar, sma = np.split(arma, np.cumsum(sizes)[:-1])
    stretched = [np.zeros(len(a) * orders.length + 1) for a in (sar, sma)]
    for long, a, sign in zip(stretched, (sar, sma), (-1, 1), strict=True):
        long[0] = 1
        long[orders.length :: orders.length] = sign * a
    return np.convolve(np.r_[1, -ar], stretched[0]), np.convolve(np.r_[1, ma], stretched[1])


def autocovariances(ar: np.ndarray, ma: np.ndarray, n: int) -> np.ndarray:
    """Return gamma_0 .. gamma_{n-1} for an innovation variance of 1 (Brockwell & Davis 1991, section 3.3).

    ar: (p + 1,) 1, -phi_1, ...; ma: (q + 1,) 1, theta_1, ....
    """
    p, q = len(ar) - 1, len(ma) - 1
    psi = np.zeros(q + 1)
    for j in range(q + 1):
        psi[j] = ma[j] - sum(ar[i] * psi[j - i] for i in range(1, min(j, p) + 1))
    right = np.array([ma[k:] @ psi[: q + 1 - k] if k <= q else 0.0 for k in range(max(p, q) + 1)])
    left = np.zeros((p + 1, p + 1))
    for k in range(p + 1):
        np.add.at(left[k], np.abs(k - np.arange(p + 1)), ar)
    first = np.linalg.solve(left, right[: p + 1])
    gamma = np.concatenate([first, right[p + 1 :], np.zeros(n)])[: max(n, p + 1)]
    back = ar[:0:-1]
    for k in range(p + 1, n if p else 0):
        gamma[k] -= back @ gamma[k - p : k]
    return gamma[:n]


def _profile(arma: np.ndarray, z: np.ndarray, w: np.ndarray, orders: Orders) -> tuple:
    """Return the log likelihood with regression and variance at their best, those, and the root of the covariance."""
    from scipy.linalg import solve_triangular, toeplitz

    n = len(z)
    try:
        root = np.linalg.cholesky(toeplitz(autocovariances(*_polynomials(arma, orders), n)))
    except np.linalg.LinAlgError:
        return -np.inf, None, np.nan, None, None
    white = solve_triangular(root, np.column_stack([z, w]), lower=True)
    b = np.linalg.lstsq(white[:, 1:], white[:, 0], rcond=None)[0]
    variance = float(((white[:, 0] - white[:, 1:] @ b) ** 2).mean())
    value = -0.5 * n * (np.log(2 * np.pi * variance) + 1) - np.log(np.diag(root)).sum()
    return float(value), b, variance, root, white


def _finished(arma: np.ndarray, z: np.ndarray, w: np.ndarray, orders: Orders) -> Arma:
    from scipy.linalg import solve_triangular

    value, b, variance, root, white = _profile(arma, z, w, orders)
    bread = np.linalg.inv(white[:, 1:].T @ white[:, 1:])
    response = bread @ solve_triangular(root, white[:, 1:], lower=True, trans="T").T

    # steps of the derivatives are in units of the coefficients' errors, so that the unit of y does not matter
    own = np.sqrt(variance * np.diag(bread))
    unit = np.concatenate([np.ones(len(arma)), np.where(own > 0, own, 1.0)])

    def minus(both: np.ndarray) -> float:
        changed = both * unit
        return -_profile(changed[: len(arma)], z - w @ changed[len(arma) :], w[:, :0], orders)[0]

    error = unit * np.sqrt(np.diag(np.linalg.inv(_hessian(minus, np.concatenate([arma, b]) / unit))))
    return Arma(arma, error[: len(arma)], b, error[len(arma) :], variance, value, variance * (root @ root.T), response)


def _hessian(function, at: np.ndarray, step: float = 1e-3) -> np.ndarray:
    """Return second derivatives by central differences."""
    k = len(at)
    out, eye = np.empty((k, k)), step * np.eye(k)
    for i in range(k):
        for j in range(k):
            signs = ((1, 1), (1, -1), (-1, 1), (-1, -1))
            out[i, j] = sum(a * b * function(at + a * eye[i] + b * eye[j]) for a, b in signs) / (4 * step**2)
    return out
