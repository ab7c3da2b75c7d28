"""Errors of numbers worked out from one or two short autocorrelated series, with their degrees of freedom."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from curv_eval.stats.hac import bartlett

_GRID = np.linspace(-0.9, 0.98, 189)
_MOST = 0.99  # correlation of two series; 1 would leave their difference without error


@dataclass(frozen=True)
class Layout:
    """Counts of one series, or of two stacked: the period (n,) and the series (n,) of each, and the projector (n, n).

    projector: I - W^(1/2) X (X' W X)^-1 X' W^(1/2), which takes errors of standard deviation 1 to residuals.
    """

    time: np.ndarray
    series: np.ndarray
    projector: np.ndarray


@dataclass(frozen=True)
class Errors:
    """A root of the covariance of the counts: root' root, (rows, n), where the rows are periods; its df and scale.

    rho: the first-order autocorrelation. across: the correlation of two series in the same period. lag: how many
    periods apart errors may go together. modelled: whether the model gives the covariance, rather than the residuals.
    """

    root: np.ndarray
    df: float
    rho: float
    across: float = 0.0
    lag: int = 0
    modelled: bool = True


def layout(time: np.ndarray, series: np.ndarray, *, x: np.ndarray, weight: np.ndarray) -> Layout:
    """Return the layout of a regression on x (n, k) with working weights (n,): with a log link mean^2 / variance."""
    q, _ = np.linalg.qr(x * np.sqrt(weight)[:, None])
    return Layout(time, series, np.eye(len(time)) - q @ q.T)


def autoregressive(held: Layout, standardised: np.ndarray, spread: np.ndarray) -> Errors:
    """Return errors of first-order autocorrelation, freed from the bias that fitting brings.

    standardised: (n,) residuals over `spread` (n,). Residuals of a regression look less autocorrelated than errors are.
    rho solves E[u' A u] / E[u' u] = its observed value, where u = M e with e of correlation rho^|s - t|, A takes
    neighbouring periods and M is the projector; likewise for the correlation of two series, and for each series'
    variance. A negative rho counts as 0. df = tr(M R)^2 / tr(M R M R) (Satterthwaite 1946), the least over the series.
    """
    rho = max(autocorrelation(held, standardised), 0.0)
    own = _correlation(held, rho)
    across = _across(held, standardised, rho)
    whole = own + across * _correlation(held, rho, crossed=True)
    passed = held.projector @ whole
    scale, df = np.ones(len(spread)), []
    for one in np.unique(held.series):
        mine = held.series == one
        left = passed[np.ix_(mine, np.full(len(mine), True))] @ held.projector[:, mine]
        scale[mine] = np.sqrt((standardised[mine] ** 2).sum() / np.trace(left))
        df.append(np.trace(left) ** 2 / (left**2).sum())
    return Errors(np.linalg.cholesky(whole).T * (spread * scale), float(min(df)), rho, across)


def independent(spread: np.ndarray, df: float) -> Errors:
    """Return errors as the model has them: independent, with standard deviations `spread` (n,)."""
    return Errors(np.diag(spread), df, 0.0)


def newey_west(held: Layout, residual: np.ndarray, *, lag: int) -> Errors:
    """Return errors that hold under any autocorrelation up to `lag` (Newey & West 1987), times T / (T - k).

    residual: (n,). Two series are taken together, so that whatever moves both in the same period is allowed for.
    k is the number of coefficients per series.
    """
    periods, position = np.unique(held.time, return_inverse=True)
    root = np.zeros((len(periods), len(residual)))
    root[position, np.arange(len(residual))] = residual
    n, df = len(residual), float(np.trace(held.projector))
    return Errors(
        np.sqrt(n / df) * (np.linalg.cholesky(bartlett(periods, lag)).T @ root),
        df * len(periods) / n, autocorrelation(held, residual), lag=lag, modelled=False,
    )  # fmt: skip


def freed(errors: Errors, held: Layout, gradient: np.ndarray, *, spread: np.ndarray) -> Errors:
    """Return Newey-West errors without their bias for one number, and with its degrees of freedom.

    gradient: (n,) derivative of the number by each count. Its variance is a quadratic form u' Q u of residuals, Q =
    diag(g s) K diag(g s) with Bartlett weights K. If errors were independent, E = tr(M Q) where sum (g s)^2 is wanted:
    the root is multiplied by the root of their ratio, and df = tr(M Q)^2 / tr(M Q M Q). This is the reasoning of Bell &
    McCaffrey (2002) with a kernel in place of clusters; without it nominal 95% intervals of short series hold 80%.
    """
    a = gradient * spread
    form = a[:, None] * bartlett(held.time, errors.lag) * a
    passed = held.projector @ form
    expected = float(np.trace(passed))
    n, left = len(spread), float(np.trace(held.projector))
    scale = np.sqrt((a @ a) / expected * left / n)
    return replace(errors, root=scale * errors.root, df=expected**2 / float((passed * passed.T).sum()))


def autocorrelation(held: Layout, residual: np.ndarray) -> float:
    """Return the first-order autocorrelation of the errors behind residuals (n,), freed from the bias of fitting."""
    near = _same(held) * (_apart(held) == 1) * 0.5
    if not near.any() or not residual.any():
        return 0.0
    numerator = held.projector @ near @ held.projector
    powers = _GRID[:, None] ** np.arange(_apart(held).max() + 1)
    expected = (powers @ _by_distance(held, numerator)) / (powers @ _by_distance(held, held.projector))
    rising = np.maximum.accumulate(expected)
    return float(np.interp((residual @ near @ residual) / (residual @ residual), rising, _GRID))


def _by_distance(held: Layout, matrix: np.ndarray) -> np.ndarray:
    """Return the sums of a matrix (n, n) over pairs of the same series, by how many periods they are apart."""
    return np.bincount(_apart(held).ravel(), weights=(matrix * _same(held)).ravel())


def _across(held: Layout, u: np.ndarray, rho: float) -> float:
    """Return the correlation of two series in the same period, 0 for one series."""
    if len(np.unique(held.series)) < 2:
        return 0.0
    m, pairs = held.projector, 0.5 * (_apart(held) == 0) * ~_same(held)
    own, crossed = _correlation(held, rho), _correlation(held, rho, crossed=True)
    through = m @ pairs @ m
    seen = (u @ pairs @ u) / (u @ u)
    top, below = seen * (m * own).sum() - (through * own).sum(), (through * crossed).sum() - seen * (m * crossed).sum()
    return float(np.clip(top / below, -_MOST, _MOST)) if below > 0 else 0.0


def _correlation(held: Layout, rho: float, *, crossed: bool = False) -> np.ndarray:
    return np.where(_same(held) != crossed, float(rho) ** _apart(held), 0.0)


def _apart(held: Layout) -> np.ndarray:
    return np.abs(np.subtract.outer(held.time, held.time)).astype(int)


def _same(held: Layout) -> np.ndarray:
    return np.equal.outer(held.series, held.series)
