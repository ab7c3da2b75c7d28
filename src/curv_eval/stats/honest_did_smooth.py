"""How far an effect stands when trends were not quite parallel: drift that bends slowly (Rambachan & Roth 2023)."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from curv_eval.errors import DesignError
from curv_eval.stats.honest_did import EventStudy
from curv_eval.stats.honest_did_search import largest


def smoothness(study: EventStudy, bend: float, *, alpha: float = 0.05) -> tuple[float, float]:
    """Return the fixed-length confidence interval for theta when the drift's slope changes by at most `bend` a period.

    The set is Delta^SD(M) = {delta: |delta_{t+1} - 2 delta_t + delta_{t-1}| <= M}; M = 0 is a straight line. The
    interval is c'beta +- s cv(b / s), with c = (v, weights), s its standard error, b its largest bias over the set and
    cv(x) the 1 - alpha quantile of |N(x, 1)|; v makes it shortest (Rambachan & Roth 2023, section 4; Armstrong &
    Kolesar 2018). With D the second differences, the bias is finite only for c = D'w, and is then M |w|_1.
    """
    if bend < 0:
        raise DesignError(f"got a bend of {bend}, expected 0 or more")
    estimator, half = _shortest(study, bend, alpha)
    middle = float(estimator @ study.beta)
    return middle - half, middle + half


def smoothness_breakdown(study: EventStudy, *, alpha: float = 0.05) -> float:
    """Return the largest bend up to which 0 lies outside the interval of `smoothness`, 0 if it never does."""

    def excluded(bend: float) -> bool:
        low, high = smoothness(study, bend, alpha=alpha)
        return low > 0 or high < 0

    if not excluded(0.0):
        return 0.0
    # the interval is at least as wide as its largest bias, which grows without end, so that some bend lets 0 in
    most = next(most for most in study.std_error * 2.0 ** np.arange(-10, 60) if not excluded(most))
    return largest(excluded, most, steps=4)


def _shortest(study: EventStudy, bend: float, alpha: float) -> tuple[np.ndarray, float]:
    """Return the estimator c, (T,), and half the length of its interval."""
    second, scale = study.differences(2), study.std_error
    spread, m = second @ study.root / scale, bend / scale
    post = second[:, study.n_pre :].T
    start = _least_variance(spread, post, study.weights)
    if bend == 0:
        return second.T @ start, scale * float(np.linalg.norm(start @ spread) * norm.ppf(1 - alpha / 2))
    w, half = _least_length(start, spread, (post, study.weights), (m, alpha))
    return second.T @ w, scale * half


def _least_variance(spread: np.ndarray, post: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the w with post w = weights whose estimator varies least."""
    fixed = np.linalg.lstsq(post, weights, rcond=None)[0]
    free = np.linalg.svd(post)[2][len(post) :].T
    if not free.shape[1]:
        return fixed
    return fixed - free @ np.linalg.lstsq(spread.T @ free, spread.T @ fixed, rcond=None)[0]


def _least_length(start: np.ndarray, spread: np.ndarray, equal: tuple, given: tuple) -> tuple[np.ndarray, float]:
    """Return the w with post w = weights that makes s cv(m |w|_1 / s) least, and that length (a convex problem)."""
    from scipy.optimize import minimize

    post, weights = equal
    split = np.hstack([np.eye(len(start)), -np.eye(len(start))])
    found = minimize(
        lambda x: _length(x, split.T @ spread, given), np.concatenate([np.maximum(start, 0), np.maximum(-start, 0)]),
        jac=True, method="SLSQP", bounds=[(0, None)] * split.shape[1], options={"maxiter": 1000, "ftol": 1e-12},
        constraints={"type": "eq", "fun": lambda x: post @ split @ x - weights, "jac": lambda x: post @ split},
    )  # fmt: skip
    if not found.success:
        raise DesignError(f"the shortest interval was not found: {found.message}")
    return split @ found.x, float(found.fun)


def _length(x: np.ndarray, spread: np.ndarray, given: tuple[float, float]) -> tuple[float, np.ndarray]:
    """Return s cv(b / s) and its gradient at x = (w+, w-), both non-negative."""
    m, alpha = given
    error = x @ spread
    s, b = float(np.linalg.norm(error)), m * float(x.sum())
    c, slope = critical(b / s, alpha)
    return s * c, (c - b / s * slope) * (spread @ error) / s + slope * m


def critical(bias: float, alpha: float) -> tuple[float, float]:
    """Return the 1 - alpha quantile c of |N(bias, 1)|, and its derivative, tanh(bias c), by Newton's method."""
    c = bias + norm.ppf(1 - alpha) if bias > 1 else norm.ppf(1 - alpha / 2)
    for _ in range(50):
        step = (norm.cdf(c - bias) - norm.cdf(-c - bias) - 1 + alpha) / (norm.pdf(c - bias) + norm.pdf(c + bias))
        c -= step
        if abs(step) < 1e-13:
            break
    return float(c), float(np.tanh(bias * c))
