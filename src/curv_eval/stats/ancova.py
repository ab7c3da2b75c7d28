"""Regressors of a randomised comparison: difference in means, covariance adjustment, and Lin's interactions."""

from __future__ import annotations

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.stats.clustered import independent

ADJUST = ("lin", "ancova", "none")


def regressors(
    d: np.ndarray, x: np.ndarray | None = None, *, adjust: str = "lin", weights: np.ndarray | None = None
) -> np.ndarray:
    """Return the columns of the regression of an outcome on treatment: [d, 1, x - m, d (x - m)], (n, k).

    d: (n,) 0 or 1, or (n, arms) one column per arm other than the comparison arm. x: (n, p) measured before.
    The first columns' coefficients are the effects.
    "none": d and 1 alone, the difference in means (Neyman 1923).
    "ancova": with x, one slope for all (Fisher 1932).
    "lin": with x less its mean m and its product with d, so that each arm has slopes of its own; never less precise in
    large samples than the difference in means (Lin 2013, Annals of Applied Statistics 7(1)). m is weighted by
    `weights` (n,) where given. Columns of x that follow from others are left out.
    Raises DesignError for an unknown `adjust`, or an arm that nobody or everybody is in.
    """
    if adjust not in ADJUST:
        raise DesignError(f"adjust: got {adjust!r}, expected one of {', '.join(ADJUST)}")
    arms = np.asarray(d, dtype=float).reshape(len(d), -1)
    if (np.ptp(arms, axis=0) == 0).any():
        raise DesignError("an arm of the trial has nobody or everybody in it")
    base = np.column_stack([arms, np.ones(len(arms))])
    if adjust == "none" or x is None or not x.size:
        return base
    centred = centre(x, weights)
    if adjust == "ancova":
        return _kept(base, centred)
    products = [arms[:, [j]] * centred for j in range(arms.shape[1])]
    return _kept(base, np.column_stack([centred, *products]))


def centre(x: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Return x (n, p) less its (weighted) mean."""
    return x - np.average(x, axis=0, weights=weights)


def _kept(base: np.ndarray, more: np.ndarray) -> np.ndarray:
    every = np.column_stack([base, more])
    kept = independent(every)
    kept[: base.shape[1]] = True
    return every[:, kept]
