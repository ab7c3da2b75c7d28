"""Conformal inference for a synthetic control: a test that moves the residuals through time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.stats.inversion import ends
from curv_eval.stats.synthetic import Fitter


@dataclass(frozen=True)
class Conformal:
    """The p-value of no effect, the smallest there can be (1 / T), and the effects not rejected at alpha."""

    p_value: float
    floor: float
    conf_low: float
    conf_high: float


def p_value(series: np.ndarray, donors: np.ndarray, after: np.ndarray, *, effect: float, fitter: Fitter) -> float:
    """Return the p-value of a constant `effect` in the periods `after` (T,) bool, which are the last.

    The effect is taken off, the synthetic control is fitted on all T periods, and the absolute average of its residuals
    after the start is ranked among those of the T cyclic shifts of the residuals (Chernozhukov, Wuthrich & Zhu 2021,
    moving blocks). Exact where the residuals are exchangeable over shifts, good where they are stationary.
    """
    clean = series - np.where(after, effect, 0.0)
    left = fitter(clean, donors, np.full(len(series), True)).gap
    length = int(after.sum())
    total = np.abs(np.convolve(np.concatenate([left, left[: length - 1]]), np.ones(length), mode="valid"))
    own = total[np.flatnonzero(after)[0]]
    return float((total >= own * (1 - 1e-10)).mean())


def conformal(series: np.ndarray, donors: np.ndarray, after: np.ndarray, *, alpha: float, fitter: Fitter) -> Conformal:
    """Return the conformal test of no effect and its inversion over constant effects."""
    periods = len(series)
    gap = fitter(series, donors, ~after).gap
    centre, step = float(gap[after].mean()), float(np.sqrt((gap**2).mean())) or 1.0

    def chance(effect: float) -> float:
        return p_value(series, donors, after, effect=effect, fitter=fitter)

    low, high = (-np.inf, np.inf) if 1 / periods > alpha else ends(chance, centre=centre, step=step, alpha=alpha)
    return Conformal(chance(0.0), 1 / periods, low, high)
