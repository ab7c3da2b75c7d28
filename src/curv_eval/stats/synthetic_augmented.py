"""Augmented synthetic control: a ridge regression takes off what the weights leave of the gap before the start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.stats.synthetic import Fit, centred, fitted
from curv_eval.stats.synthetic_simplex import simplex_weights

PENALTIES = 21  # from the largest squared singular value of the donors down to SMALLEST of it, evenly on the log scale
SMALLEST = 1e-8


@dataclass(frozen=True)
class Ridge:
    """How the ridge is chosen.

    intercept: whether each series' mean before the start is taken off first. penalty: a fixed one, or None for
    leave-one-period-out. choice: "one_se" (the largest penalty within one standard error of the least error) or
    "least" (that of the least error).
    """

    intercept: bool = False
    penalty: float | None = None
    choice: str = "one_se"


CHOSEN = Ridge()


def fit_augmented(series: np.ndarray, donors: np.ndarray, before: np.ndarray, *, ridge: Ridge = CHOSEN) -> Fit:
    """Return the ridge-augmented synthetic control (Ben-Michael, Feller & Rothstein 2021, section 3).

    With X (J, T0) the donors' outcomes before the start less their means over donors, x those of the series, and w the
    weights of the synthetic control, the augmented weights are w + X (X'X + penalty I)^-1 (x - X'w). They add up to 1
    and may be negative: they leave the convex hull as far as the fit asks for. A penalty that grows without bound gives
    the synthetic control, one that shrinks to 0 an exact fit. series: (T,). donors: (J, T). before: (T,) bool.
    """
    if ridge.intercept:
        series, donors = centred(series, donors, before)
    y, pool = series[before], donors[:, before]
    penalty = chosen_penalty(y, pool, ridge=ridge) if ridge.penalty is None else ridge.penalty
    middle = pool.mean(axis=0)
    weights, spread = simplex_weights(y, pool), pool - middle
    values, vectors = np.linalg.eigh(spread.T @ spread)
    left = vectors.T @ (y - middle - spread.T @ weights)
    shift = spread @ (vectors @ (_shrunk(values, np.array([penalty]))[:, 0] * left))
    return fitted(series, donors, before, weights=weights + shift, penalty=float(penalty))


def chosen_penalty(y: np.ndarray, pool: np.ndarray, *, ridge: Ridge = CHOSEN) -> float:
    """Return the penalty whose fit without a period predicts that period best, over all T0 periods before the start.

    y: (T0,). pool: (J, T0). Grid and rule are those of R augsynth (21 values; the largest within one standard error).
    Needs at least 3 periods.
    """
    spread = pool - pool.mean(axis=0)
    gram = spread.T @ spread
    penalties = np.linalg.eigvalsh(gram)[-1] * SMALLEST ** (np.arange(PENALTIES) / (PENALTIES - 1))
    squares = np.array([_left_out(y, pool, t, ridge=ridge, penalties=penalties) for t in range(len(y))]) ** 2
    mean = squares.mean(axis=0)
    best = int(mean.argmin())
    if ridge.choice == "least":
        return float(penalties[best])
    error = squares[:, best].std(ddof=1) / np.sqrt(len(squares))
    return float(penalties[mean <= mean[best] + error].max())


def _left_out(y: np.ndarray, pool: np.ndarray, t: int, *, ridge: Ridge, penalties: np.ndarray) -> np.ndarray:
    """Return the error in period t of the fits without it, one for each of the penalties (k,)."""
    kept = np.arange(len(y)) != t
    if ridge.intercept:
        y, pool = centred(y, pool, kept)
    middle = pool.mean(axis=0)
    weights, spread, x = simplex_weights(y[kept], pool[:, kept]), pool - middle, y - middle
    values, vectors = np.linalg.eigh(spread[:, kept].T @ spread[:, kept])
    left = vectors.T @ (x[kept] - spread[:, kept].T @ weights)
    reach = (spread[:, t] @ spread[:, kept]) @ vectors
    return x[t] - spread[:, t] @ weights - (reach * left) @ _shrunk(values, penalties)


def _shrunk(values: np.ndarray, penalties: np.ndarray) -> np.ndarray:
    """Return 1 / (value + penalty), (m, k); 0 for directions in which the donors do not differ."""
    values = np.maximum(values, 0.0)[:, None]
    some = values + penalties > 1e-14 * max(float(values.max()), 1e-300)
    return np.where(some, 1.0 / np.where(some, values + penalties, 1.0), 0.0)
