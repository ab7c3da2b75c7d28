"""The effects that a randomisation test of a difference-in-differences does not reject."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from curv_eval.stats.inversion import ends, line_ends
from curv_eval.stats.randomisation import Assignments, p_value
from curv_eval.stats.randomised_did import AT_ONCE, Contrasts, average, influence, shifted, sums, sums_of


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
        both = sums_of((data.y, data.treated), held.labels)
        big, share = (average(one, data.y.periods, trends="additive") for one in both)
        p = p_value(big, a, enumerated=held.enumerated)
        extra = 0 if held.enumerated else 1
        return Result(a, p, *line_ends(a, big, share, extra=extra, alpha=alpha))
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
    parts = [_squares(data, labels) for labels in (held.labels, data.actual[None, :])]

    def at(c: float) -> tuple[np.ndarray, float]:
        drawn, own = (
            _over(a - c * b, np.sqrt(np.maximum(v0 - 2 * c * v1 + c**2 * v2, 0.0))) for a, b, v0, v1, v2 in parts
        )
        return drawn, float(own[0])

    return at


def _squares(data: Data, labels: np.ndarray) -> np.ndarray:
    """Return, by (5, A) for labels (A, C): the averages of outcome and treated part, and what their variance is of."""
    rows, found = max(1, AT_ONCE // labels.shape[1]), []
    for some in (labels[i : i + rows] for i in range(0, len(labels), rows)):
        both = (data.y, data.treated)
        added = sums_of(both, some)
        psi, less = (influence(held, one, some) for held, one in zip(both, added, strict=True))
        value, share = (average(one, data.y.periods, trends="additive") for one in added)
        found.append([value, share, (psi**2).sum(axis=1), (psi * less).sum(axis=1), (less**2).sum(axis=1)])
    return np.concatenate(found, axis=1)


def _proportional(data: Data, held: Assignments) -> Callable[[float], tuple[np.ndarray, float]]:
    """Return the statistics with the log rate ratio c taken off the treated part of the outcome."""
    both = [sums_of((data.y, data.treated), labels) for labels in (held.labels, data.actual[None, :])]

    def at(c: float) -> tuple[np.ndarray, float]:
        drawn, own = (
            average(shifted(whole, part, np.exp(c)), data.y.periods, trends="proportional") for whole, part in both
        )
        return drawn, float(own[0])

    return at


def _over(value: np.ndarray, error: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(error > 0, value / error, np.inf)
