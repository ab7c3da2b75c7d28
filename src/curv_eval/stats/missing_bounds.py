"""Bounds on a difference of means when outcomes are missing: the worst that could be, and Lee's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Bounds:
    """The lowest and highest difference of means, and the share of known outcomes left out to get there."""

    low: float
    high: float
    trimmed: float = 0.0


def worst_case(y: np.ndarray, treated: np.ndarray, *, low: float, high: float) -> Bounds:
    """Return Manski's bounds on the difference of means of y (n,), NaN where missing.

    Outcomes lie between low and high. The lowest difference gives every missing treated person `low` and every missing
    other `high`, the highest the reverse (Manski 1990, American Economic Review 80(2)).
    """
    ends = [filled_worst(y, treated, low=low, high=high, up=up) for up in (False, True)]
    return Bounds(*(float(one[treated].mean() - one[~treated].mean()) for one in ends))


def round_ends(y: np.ndarray) -> tuple[float, float]:
    """Return round numbers at or beyond the lowest and the highest of y (n,), NaN where missing.

    They are multiples of the first of 1, 2 and 5 times a power of 10 that is a tenth of the range or more: 0 and 1
    remain 0 and 1, and a score between 3.5 and 41 lies between 0 and 45. Raises ValueError where nothing is known.
    """
    known = y[np.isfinite(y)]
    if not len(known):
        raise ValueError("no outcome is known")
    low, high = float(known.min()), float(known.max())
    if low == high:
        return low, high
    power = 10.0 ** np.floor(np.log10((high - low) / 10))
    step = power * next(k for k in (1, 2, 5, 10) if k * power * 10 >= (high - low) * (1 - 1e-12))
    # a step such as 0.1 has no exact binary form: what lies on it to 12 digits is on it
    return float(np.floor(low / step + 1e-9) * step), float(np.ceil(high / step - 1e-9) * step)


def filled_worst(y: np.ndarray, treated: np.ndarray, *, low: float, high: float, up: bool) -> np.ndarray:
    """Return y with its gaps filled as makes the effect largest (up) or smallest."""
    return np.where(np.isnan(y), np.where(treated == up, high, low), y)


def lee(y: np.ndarray, treated: np.ndarray) -> Bounds:
    """Return Lee's bounds on the difference of means of y (n,), NaN where missing.

    Where more outcomes are known in one group, the surplus is left out there: its highest, or its lowest values. They
    hold for people whose outcome would be known either way, if treatment moves that in one direction only and was
    assigned at random (Lee 2009, Review of Economic Studies 76(3)).
    """
    found = [trimmed(y, treated, highest=which) for which in (True, False)]
    values = [y[kept & treated].mean() - y[kept & ~treated].mean() for kept in found]
    return Bounds(float(min(values)), float(max(values)), surplus(y, treated)[1])


def surplus(y: np.ndarray, treated: np.ndarray) -> tuple[bool, float]:
    """Return the group with more outcomes known (True: treated), and which share of those is too many."""
    known = [np.isfinite(y[treated]).mean(), np.isfinite(y[~treated]).mean()]
    if max(known) == 0:
        return True, 0.0
    return bool(known[0] >= known[1]), float(1 - min(known) / max(known))


def trimmed(y: np.ndarray, treated: np.ndarray, *, highest: bool) -> np.ndarray:
    """Return who is left, (n,) bool, when the group with more outcomes known loses its highest or lowest ones.

    As many as the surplus, to the nearest whole person; equal values are left out from the first row on.
    """
    which, share = surplus(y, treated)
    known = np.isfinite(y)
    rows = np.flatnonzero(known & (treated == which))
    count = round(share * len(rows))
    ranked = rows[np.argsort(-y[rows] if highest else y[rows], kind="stable")]
    kept = known.copy()
    kept[ranked[:count]] = False
    return kept
