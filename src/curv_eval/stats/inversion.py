"""The interval of all values that a test does not reject."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

FARTHEST = 40  # doublings of the first step after which an end counts as infinite


def ends(
    p_value: Callable[[float], float], *, centre: float, step: float, alpha: float, tolerance: float = 1e-6
) -> tuple[float, float]:
    """Return the lowest and highest value whose p-value is above alpha, around `centre`, where it is.

    Each end is bracketed by steps that double from `step`, then halved until it is known to `tolerance` steps. An end
    that no step reaches is infinite. A p-value that goes up again farther out is not looked for.
    """
    return (
        _end(p_value, centre, -step, alpha=alpha, tolerance=tolerance),
        _end(p_value, centre, step, alpha=alpha, tolerance=tolerance),
    )


def _end(p_value: Callable[[float], float], centre: float, step: float, *, alpha: float, tolerance: float) -> float:
    inside, width = centre, step
    for _ in range(FARTHEST):
        if p_value(centre + width) <= alpha:
            return _halved(p_value, inside, centre + width, alpha=alpha, tolerance=tolerance * abs(step))
        inside, width = centre + width, 2 * width
    return float(np.copysign(np.inf, step))


def _halved(
    p_value: Callable[[float], float], inside: float, outside: float, *, alpha: float, tolerance: float
) -> float:
    while abs(outside - inside) > max(tolerance, 1e-14 * abs(inside)):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if p_value(middle) > alpha else (inside, middle)
    return (inside + outside) / 2


def line_ends(a: float, big: np.ndarray, share: np.ndarray, *, extra: int, alpha: float) -> tuple[float, float]:
    """Return the lowest and highest constant additive effect c that the test does not reject, exactly.

    With c taken off, the statistic is A - c B under an assignment, big and share (A,), and a - c under the real one. An
    assignment is at least as extreme between the roots of (A - c B)^2 = (a - c)^2, or outside them where |B| > 1. The
    share of assignments is a step function of c; the ends are its outermost steps above alpha. extra: 1 where the real
    assignment is counted besides, 0 where it is among them.
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
    return _steps(low, high, outside, always=int(same.sum()) + extra, needed=alpha * (len(big) + extra))


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
