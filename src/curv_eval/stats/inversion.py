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
