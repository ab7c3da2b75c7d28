"""The effects that a randomisation test of a difference-in-differences does not reject."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from curv_eval.stats.inversion import ends
from curv_eval.stats.randomisation import Assignments, p_value
from curv_eval.stats.randomised_did import Contrasts, average, influence, shifted, sums


@dataclass(frozen=True)
class Result:
    """A randomisation test and its inversion; values as the statistic: counts, or logs of ratios."""

    observed: float
    p_value: float
    conf_low: float
    conf_high: float


@dataclass(frozen=True)
class Data:
    """Contrasts of the outcome and of its treated part: y and treated. actual: (C,) the real labels.

    treated: with additive trends of 1 for each unit where and when it was treated; with proportional trends of the
    outcome there, and 0 elsewhere.
    """

    y: Contrasts
    treated: Contrasts
    actual: np.ndarray
    trends: str


def randomised(data: Data, held: Assignments, *, studentised: bool, alpha: float) -> Result:
    """Return the test of no effect and the constant effects not rejected (a count, or a log rate ratio).

    Exact for the additive difference; else ends are found by halving, to 1e-6 of the spread of the statistic.
    """
    own = data.actual[None, :]
    if data.trends == "additive" and not studentised:
        a = float(average(sums(data.y, own), data.y.periods, trends="additive")[0])
        big = average(sums(data.y, held.labels), data.y.periods, trends="additive")
        share = average(sums(data.treated, held.labels), data.y.periods, trends="additive")
        p = p_value(big, a, enumerated=held.enumerated)
        return Result(a, p, *_exact(a, big, share, held=held, alpha=alpha))
    by_effect = _additive(data, held) if data.trends == "additive" else _proportional(data, held)
    centre = float(average(sums(data.y, own), data.y.periods, trends=data.trends)[0])

    def chance(effect: float) -> float:
        statistics, observed = by_effect(effect)
        return p_value(statistics, observed, enumerated=held.enumerated)

    plain = average(sums(data.y, held.labels), data.y.periods, trends=data.trends)
    step = float(np.nanstd(plain[np.isfinite(plain)])) or 1.0
    wide = held.floor > alpha
    low, high = (-np.inf, np.inf) if wide else ends(chance, centre=centre, step=step, alpha=alpha)
    return Result(centre, chance(0.0), low, high)


def _additive(data: Data, held: Assignments) -> Callable[[float], tuple[np.ndarray, float]]:
    """Return the studentised statistics with an effect c taken off: A - c B over the root of a square in c."""
    parts = []
    for labels in (held.labels, data.actual[None, :]):
        found, taken = sums(data.y, labels), sums(data.treated, labels)
        psi = influence(data.y, found, labels)
        less = influence(data.treated, taken, labels)
        value = average(found, data.y.periods, trends="additive")
        share = average(taken, data.y.periods, trends="additive")
        parts.append((value, share, (psi**2).sum(axis=1), (psi * less).sum(axis=1), (less**2).sum(axis=1)))

    def at(c: float) -> tuple[np.ndarray, float]:
        drawn, own = (
            _over(a - c * b, np.sqrt(np.maximum(v0 - 2 * c * v1 + c**2 * v2, 0.0))) for a, b, v0, v1, v2 in parts
        )
        return drawn, float(own[0])

    return at


def _proportional(data: Data, held: Assignments) -> Callable[[float], tuple[np.ndarray, float]]:
    """Return the statistics with the log rate ratio c taken off the treated part of the outcome."""
    both = [(sums(data.y, labels), sums(data.treated, labels)) for labels in (held.labels, data.actual[None, :])]

    def at(c: float) -> tuple[np.ndarray, float]:
        drawn, own = (
            average(shifted(whole, part, np.exp(c)), data.y.periods, trends="proportional") for whole, part in both
        )
        return drawn, float(own[0])

    return at


def _over(value: np.ndarray, error: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(error > 0, value / error, np.inf)


def _exact(a: float, big: np.ndarray, share: np.ndarray, *, held: Assignments, alpha: float) -> tuple[float, float]:
    """Return the lowest and highest constant additive effect c that the test does not reject, exactly.

    With c taken off, the statistic is A - c B under an assignment, big and share (A,), and a - c under the real one. An
    assignment is at least as extreme between the roots of (A - c B)^2 = (a - c)^2, or outside them where |B| > 1. The
    share of assignments is a step function of c; the ends are its outermost steps above alpha.
    """
    scale = max(float(np.abs(big).max()), abs(a), 1e-300)
    alike, opposed = np.abs(share - 1) < 1e-12, np.abs(share + 1) < 1e-12
    same = (alike & (np.abs(big - a) < 1e-9 * scale)) | (opposed & (np.abs(big + a) < 1e-9 * scale))
    with np.errstate(divide="ignore", invalid="ignore"):
        one, two = (a - big) / (1 - share), (a + big) / (1 + share)
    one = np.where(alike, np.where(a > big, np.inf, -np.inf), one)
    two = np.where(opposed, np.where(a > -big, np.inf, -np.inf), two)
    low, high = np.minimum(one, two)[~same], np.maximum(one, two)[~same]
    outside = (np.abs(share) > 1 + 1e-12)[~same]
    always = same.sum() + (not held.enumerated)
    return _steps(low, high, outside, always=int(always), needed=alpha * (len(big) + (not held.enumerated)))


def _steps(
    low: np.ndarray, high: np.ndarray, outside: np.ndarray, *, always: int, needed: float
) -> tuple[float, float]:
    """Return the lowest and highest c with more than `needed` counts: `always`, and those between (or outside) ends."""
    at_minus = always + outside.sum() + (np.isneginf(low) & ~outside).sum()
    at_plus = always + outside.sum() + (np.isposinf(high) & ~outside).sum()
    lowest = -np.inf if at_minus > needed + 1e-9 else _first(low, high, outside, start=at_minus, needed=needed)
    highest = np.inf if at_plus > needed + 1e-9 else -_first(-high, -low, outside, start=at_plus, needed=needed)
    return float(lowest), float(highest)


def _first(low: np.ndarray, high: np.ndarray, outside: np.ndarray, *, start: int, needed: float) -> float:
    """Return the first c, from below, at which the count passes `needed`."""
    up = np.concatenate([low[~outside], high[outside]])
    down = np.concatenate([high[~outside], low[outside]])
    up, down = up[np.isfinite(up)], down[np.isfinite(down)]
    at = np.concatenate([up, down])
    step = np.concatenate([np.ones(len(up)), -np.ones(len(down))])
    order = np.lexsort((-step, at))  # closed intervals: those that begin come before those that end
    count = start + np.cumsum(step[order])
    return float(at[order][np.flatnonzero(count > needed + 1e-9)[0]])
