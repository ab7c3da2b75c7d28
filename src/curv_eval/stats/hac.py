"""Errors that hold under autocorrelation (Newey and West), and the tests that look for it."""

from __future__ import annotations

import numpy as np
from scipy.special import chdtrc


def newey_west_lag(scores: np.ndarray, *, weights: np.ndarray | None = None, prewhite: bool = False) -> int:
    """Return the lag that Newey & West (1994) choose from the data, for the Bartlett kernel.

    scores: (T, k) in order of time. weights: (k,) how the columns are added up (the authors give an intercept 0). With
    h = scores @ weights, m = 4 (T / 100)^(2/9) (3 with `prewhite`), s_j its autocovariances,
    lag = 1.1447 [(sum 2 j s_j)^2 / (s_0 + sum 2 s_j)^2]^(1/3) T^(1/3), rounded down; it is what R sandwich takes.
    """
    n, k = scores.shape
    m = int((3 if prewhite else 4) * (n / 100) ** (2 / 9))
    left = _whitened(scores)[0] if prewhite else scores
    h = left @ (np.ones(k) if weights is None else weights)
    s = np.array([h[: len(h) - j] @ h[j:] for j in range(min(m, len(h) - 1) + 1)]) / len(h)
    level, slope = s[0] + 2 * s[1:].sum(), 2 * (np.arange(1, len(s)) * s[1:]).sum()
    if level == 0:
        return 0
    return min(int(1.1447 * ((slope / level) ** 2) ** (1 / 3) * n ** (1 / 3)), n - 1)


def long_run(scores: np.ndarray, *, lag: int, adjust: bool = False, prewhite: bool = False) -> np.ndarray:
    """Return the covariance of the sum of scores, (k, k), by Newey & West (1987): weights 1 - j / (lag + 1).

    scores: (T, k) in order of time. adjust: times T / (T - k). prewhite: a first-order vector autoregression is taken
    out before and put back after (Andrews & Monahan 1992). With M = (X'X)^-1 and scores x_t e_t, the covariance of
    least-squares coefficients is M @ long_run @ M, which is R sandwich's NeweyWest.
    """
    n, k = scores.shape
    left, transition = _whitened(scores) if prewhite else (scores, None)
    total = left.T @ left
    for j in range(1, min(lag, len(left) - 1) + 1):
        cross = left[:-j].T @ left[j:]
        total += (1 - j / (lag + 1)) * (cross + cross.T)
    if transition is not None:
        back = np.linalg.inv(np.eye(k) - transition)
        total = back @ total @ back.T
    return total * (n / (n - k) if adjust else 1.0)


def bartlett(time: np.ndarray, lag: int) -> np.ndarray:
    """Return the weights max(0, 1 - |s - t| / (lag + 1)), (T, T); time: (T,), where gaps count as time passed."""
    return np.maximum(0.0, 1 - np.abs(np.subtract.outer(time, time)) / (lag + 1.0))


def durbin_watson(residual: np.ndarray) -> float:
    """Return sum (e_t - e_{t-1})^2 / sum e_t^2: about 2 without, towards 0 with positive autocorrelation.

    2 where nothing is left over at all.
    """
    total = (residual**2).sum()
    return float((np.diff(residual) ** 2).sum() / total) if total else 2.0


def ljung_box(residual: np.ndarray, lags: int) -> tuple[float, float]:
    """Return the statistic n (n + 2) sum r_j^2 / (n - j) of Ljung & Box (1978) and its p-value, chi2 with `lags`."""
    n, e = len(residual), residual - residual.mean()
    if not e.any():
        return 0.0, 1.0
    r = np.array([e[:-j] @ e[j:] for j in range(1, lags + 1)]) / (e @ e)
    statistic = float(n * (n + 2) * (r**2 / (n - np.arange(1, lags + 1))).sum())
    return statistic, float(chdtrc(lags, statistic))


def breusch_godfrey(x: np.ndarray, residual: np.ndarray, lags: int) -> tuple[float, float]:
    """Return n R^2 of residuals (T,) on x (T, k) and their own lags (0 before the start), and its p-value.

    Source: Breusch (1978), Godfrey (1978); the lagrange multiplier form with zeros is R lmtest's bgtest.
    """
    n = len(residual)
    earlier = [np.concatenate([np.zeros(j), residual[:-j]]) for j in range(1, lags + 1)]
    design = np.column_stack([x, *earlier])
    fitted = design @ np.linalg.lstsq(design, residual, rcond=None)[0]
    statistic = float(n * (fitted @ fitted) / (residual @ residual))
    return statistic, float(chdtrc(lags, statistic))


def _whitened(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the residuals (T - 1, k) of a first-order vector autoregression without intercept, and its matrix."""
    transition = np.linalg.lstsq(scores[:-1], scores[1:], rcond=None)[0].T
    return scores[1:] - scores[:-1] @ transition.T, transition
