"""The two weightings of robust variance estimation: correlated and hierarchical effects (Hedges et al. 2010)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.stats.meta_checks import checked, studies_of
from curv_eval.stats.meta_covariance import rows_of
from curv_eval.stats.meta_robust import Robust, WorkingModel, robust


@dataclass(frozen=True, eq=False)
class RobustMeta:
    """A robust fit with its moment estimates: tau2 between studies, omega2 within (NaN for correlated effects)."""

    fit: Robust
    tau2: float
    omega2: float


def correlated_effects(
    y: np.ndarray, v: np.ndarray, study: np.ndarray, *, x: np.ndarray | None = None, rho: float = 0.8
) -> RobustMeta:
    """Return the synthesis for effects of the same people: weights 1 / (k_s (mean v_s + tau2)), CR2 errors.

    y, v, study: (n,), x: (n, p) with a column of 1, alone where not given. tau2 by moments with correlation `rho` of
    the sampling errors within a study (Hedges, Tipton & Johnson 2010, sec. 4.1):
    tau2 = [Q - S + sum (w_s/k_s) ((1 - rho) tr(M X'X) + rho tr(M X'JX))] / [sum k_s w_s - sum w_s^2 tr(M X'JX)],
    w_s = 1 / (k_s mean v_s), M = (X'WX)^-1. Working model for the correction: diagonal, the inverse of the weights.
    Raises DesignError for data that are wrong or rho outside 0 to 1.
    """
    if not 0 <= rho <= 1:
        raise DesignError(f"rho: got {rho}, expected 0 to 1", do="try 0.6, 0.8 and 1")
    code, y, v, x = _given(y, v, study, x)
    size = np.bincount(code)
    mean = np.bincount(code, v) / size
    tau2 = max(0.0, _correlated(y, x, code, mean=mean, rho=rho))
    return RobustMeta(_weighted(y, x, code, variance=(size * (mean + tau2))[code]), tau2, np.nan)


def _correlated(y: np.ndarray, x: np.ndarray, code: np.ndarray, *, mean: np.ndarray, rho: float) -> float:
    size = np.bincount(code)
    w = 1.0 / (size * mean)
    q, bread = _start(y, x, w[code])
    square = np.array([np.sum(bread * (x[at].T @ x[at])) for at in rows_of(code)])
    joint = np.array([s @ bread @ s for s in _sums(x, code)])
    excess = q - len(size) + (w / size) @ ((1 - rho) * square + rho * joint)
    return float(excess / (size @ w - (w**2) @ joint))


def hierarchical_effects(
    y: np.ndarray, v: np.ndarray, study: np.ndarray, *, x: np.ndarray | None = None
) -> RobustMeta:  # fmt: skip
    """Return the synthesis for effects of different people in one study: weights 1 / (v + tau2 + omega2), CR2 errors.

    tau2 (between studies) and omega2 (within) solve E(r'Wr) and E(sum_s (sum r_s)^2) of the fit with W = 1 / v
    (Hedges, Tipton & Johnson 2010, sec. 4.2), omega2 first, each at least 0. Shapes and errors as `correlated_effects`.
    """
    code, y, v, x = _given(y, v, study, x)
    omega2, tau2 = _hierarchical(y, v, x, code=code)
    return RobustMeta(_weighted(y, x, code, variance=v + tau2 + omega2), tau2, omega2)


def _hierarchical(y: np.ndarray, v: np.ndarray, x: np.ndarray, *, code: np.ndarray) -> tuple[float, float]:
    w, size = 1.0 / v, np.bincount(code)
    q, bread = _start(y, x, w)
    residual = y - x @ (bread @ (x.T @ (w * y)))
    spread = float((np.bincount(code, residual) ** 2).sum())
    plain, weighted = _sums(x, code), _sums(w[:, None] * x, code)
    squares = (w[:, None] * x).T @ (w[:, None] * x)
    m = bread @ (plain.T @ plain)  # of every tr(A M X'JX)
    # rows: expectations of q and of spread; columns: tau2, omega2, constant
    first = [w.sum() - _trace(bread, weighted.T @ weighted), w.sum() - _trace(bread, squares), len(y) - x.shape[1]]
    second = [
        (size**2).sum() - 2 * _trace(bread, weighted.T @ (size[:, None] * plain))
        + _trace(bread @ weighted.T @ weighted, m),
        size.sum() - 2 * _trace(bread, weighted.T @ plain) + _trace(bread @ squares, m),
        v.sum() - np.trace(m),
    ]  # fmt: skip
    one, two = q - first[2], spread - second[2]
    omega2 = max(0.0, float((two * first[0] - one * second[0]) / (second[1] * first[0] - first[1] * second[0])))
    return omega2, max(0.0, float((one - omega2 * first[1]) / first[0]))


def _trace(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.sum(a * b.T))


def _start(y: np.ndarray, x: np.ndarray, w: np.ndarray) -> tuple[float, np.ndarray]:
    """Return Q = r'Wr and M of weighted least squares."""
    bread = np.linalg.inv(x.T @ (w[:, None] * x))
    residual = y - x @ (bread @ (x.T @ (w * y)))
    return float(residual @ (w * residual)), bread


def _sums(x: np.ndarray, code: np.ndarray) -> np.ndarray:
    return np.array([x[at].sum(axis=0) for at in rows_of(code)])


def _given(
    y: np.ndarray, v: np.ndarray, study: np.ndarray, x: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    y, v, x = checked(y, v, x)
    return studies_of(study, len(y)), y, v, x


def _weighted(y: np.ndarray, x: np.ndarray, code: np.ndarray, *, variance: np.ndarray) -> Robust:
    rows = rows_of(code)
    covariance = tuple(np.diag(variance[at]) for at in rows)
    return robust(WorkingModel(y, x, code, covariance, tuple(np.diag(1.0 / variance[at]) for at in rows)))
