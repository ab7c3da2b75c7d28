"""How much of something an answer withstands."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def largest(stands: Callable[[float], bool], most: float, *, steps: int = 50, within: float = 1e-3) -> float:
    """Return the largest x up to which `stands(x)` is true: 0 if it never is, `most` if it still is there.

    Searched upwards in `steps` equal steps, then by bisection to `within` x `most` / 5.
    """
    grid = np.linspace(0.0, most, steps + 1)
    first = next((i for i, x in enumerate(grid) if not stands(x)), None)
    if first is None:
        return float(most)
    low, high = (grid[first - 1], grid[first]) if first else (0.0, 0.0)
    while high - low > within * most / 5:
        middle = (low + high) / 2
        low, high = (middle, high) if stands(middle) else (low, middle)
    return float(low)
