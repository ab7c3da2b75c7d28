"""Synthetic control: the weighted average of donors that comes nearest to a series before its start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from curv_eval.stats.synthetic_simplex import simplex_weights

PERFECT = 1e-6  # relative to the size of the series: a fit this near is exact, and its size is rounding


@dataclass(frozen=True)
class Fit:
    """One synthetic control. weights: (J,), adding up to 1. gap: (T,) the series less its synthetic control, in every
    period. pre_rmspe: root of the mean squared gap over the periods it was fitted on. penalty: that of a ridge, or 0.
    """

    weights: np.ndarray
    gap: np.ndarray
    pre_rmspe: float
    penalty: float = 0.0


Fitter = Callable[[np.ndarray, np.ndarray, np.ndarray], Fit]


def fit(series: np.ndarray, donors: np.ndarray, before: np.ndarray, *, intercept: bool = False) -> Fit:
    """Return the synthetic control of `series` (T,) from `donors` (J, T), fitted on the periods `before`, (T,) bool.

    The weights minimise the sum over `before` of (y_t - a - sum_j w_j Y_jt)^2 subject to w >= 0 and sum w = 1. Without
    an intercept a = 0 (Abadie, Diamond & Hainmueller 2010, on outcomes alone); with one a is free, which is the same
    as to take every series' mean over `before` off first (Doudchenko & Imbens 2016; Ferman & Pinto 2021).
    """
    if intercept:
        series, donors = centred(series, donors, before)
    weights = simplex_weights(series[before], donors[:, before])
    return fitted(series, donors, before, weights=weights)


def centred(series: np.ndarray, donors: np.ndarray, before: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the series (T,) and the donors (J, T) less their own means over `before`, (T,) bool."""
    return series - series[before].mean(), donors - donors[:, before].mean(axis=1, keepdims=True)


def fitted(
    series: np.ndarray, donors: np.ndarray, before: np.ndarray, *, weights: np.ndarray, penalty: float = 0.0
) -> Fit:
    """Return the Fit that given weights (J,) make of a series (T,) and its donors (J, T)."""
    gap = series - weights @ donors
    return Fit(weights, gap, float(np.sqrt((gap[before] ** 2).mean())), penalty)


def in_time(series: np.ndarray, donors: np.ndarray, before: np.ndarray, *, pretended: int, fitter: Fitter = fit) -> Fit:
    """Return the fit with a start pretended `pretended` periods before the real one, on data before the real one.

    The gap (T0,) of its last `pretended` periods should be near 0 (Abadie, Diamond & Hainmueller 2015, section 4).
    before: (T,) bool. Raises ValueError where fewer than 2 periods would be left to fit on.
    """
    left = int(before.sum()) - pretended
    if pretended < 1 or left < 2:
        raise ValueError(f"pretended: got {pretended}, expected 1 to {int(before.sum()) - 2}")
    return fitter(series[before], donors[:, before], np.arange(int(before.sum())) < left)


def leave_one_donor_out(
    series: np.ndarray, donors: np.ndarray, before: np.ndarray, *, fitter: Fitter = fit
) -> tuple[np.ndarray, np.ndarray]:
    """Return the donors with weight (k,) and the gaps (k, T) of the fit without each of them in turn.

    Leaving out a donor without weight changes nothing (Abadie, Diamond & Hainmueller 2015, section 4). Needs at least
    2 donors; raises ValueError otherwise.
    """
    if len(donors) < 2:
        raise ValueError("donors: got 1, expected at least 2 to leave one out")
    used = np.flatnonzero(np.abs(fitter(series, donors, before).weights) > 1e-10)
    gaps = [fitter(series, np.delete(donors, j, axis=0), before).gap for j in used]
    return used, np.array(gaps)
