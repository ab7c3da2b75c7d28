"""Does a series change its level somewhere? A search over all dates, with chance worked out by simulation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.stats.series_errors import autocorrelation, autoregressive, layout


@dataclass(frozen=True)
class Break:
    """The date at which a change of level fits best.

    position: the first period after it. change: of level, in the units of the series. std_error: allowing for
    autocorrelation, but not for the search. p_value: how often a series without any break shows one as large.
    """

    position: int
    change: float
    std_error: float
    df: float
    p_value: float


def largest_break(y: np.ndarray, x: np.ndarray, *, margin: int, draws: int = 999, seed: int = 0) -> Break:
    """Return the largest break in level of y (T,) beside the columns x (T, k), such as trend and season.

    The statistic is the largest F of a step at any date at least `margin` periods from either end (Andrews 1993). Its
    distribution without a break is simulated with the first-order autocorrelation of the series, freed from the bias of
    fitting (Diebold & Chen 1996), because neighbouring periods that go together look like breaks.
    """
    time = np.arange(len(y), dtype=float)
    held = layout(time, np.zeros(len(y)), x=x, weight=np.ones(len(y)))
    dates = np.arange(margin, len(y) - margin + 1)
    steps = held.projector @ (time[:, None] >= dates)
    sizes = (steps**2).sum(axis=0)
    steps, dates, sizes = steps[:, sizes > 1e-8], dates[sizes > 1e-8], sizes[sizes > 1e-8]
    df = len(y) - x.shape[1] - 1
    residual = held.projector @ y
    best = int(np.argmax(_largest(residual[:, None], steps, sizes, df)[1]))
    seen = _largest(residual[:, None], steps, sizes, df)[0][0]
    rho = max(autocorrelation(held, residual), 0.0)
    root = np.linalg.cholesky(rho ** np.abs(np.subtract.outer(time, time)))
    made = held.projector @ (root @ np.random.default_rng(seed).standard_normal((len(y), draws)))
    chance = _largest(made, steps, sizes, df)[0]
    return _described(
        y, np.column_stack([x, time >= dates[best]]), dates[best], (1 + (chance >= seen).sum()) / (1 + draws)
    )


def _largest(residual: np.ndarray, steps: np.ndarray, sizes: np.ndarray, df: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the largest F over dates for each column of residuals (T, m), and the F of the first column by date."""
    explained = (steps.T @ residual) ** 2 / sizes[:, None]
    f = df * explained / np.maximum((residual**2).sum(axis=0) - explained, 1e-300)
    return f.max(axis=0), f[:, 0]


def _described(y: np.ndarray, x: np.ndarray, position: int, p: float) -> Break:
    held = layout(np.arange(len(y), dtype=float), np.zeros(len(y)), x=x, weight=np.ones(len(y)))
    response = np.linalg.pinv(x)
    residual = y - x @ (response @ y)
    spread = np.full(len(y), np.sqrt((residual**2).sum() / (len(y) - x.shape[1])))
    errors = autoregressive(held, residual / spread, spread)
    error = float(np.linalg.norm(errors.root @ response[-1]))
    return Break(int(position), float(response[-1] @ y), error, errors.df, float(p))
