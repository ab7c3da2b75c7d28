"""What somebody can work out about withheld counts who knows all the others, and the total of every row and column."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


def width(counts: np.ndarray, hidden: np.ndarray, cell: tuple[int, int]) -> float:
    """Return how many whole numbers the hidden count in `cell` could be, by linear programming.

    counts: (rows, columns). hidden: bool, same shape; a hidden count is known to be at least 1. The totals of columns
    are known where there are several rows, those of rows where there are several columns.
    """
    from scipy.optimize import linprog

    places = np.argwhere(hidden)
    lines = np.array([line for line in _lines(places, counts.shape) if line.any()], dtype=float)
    aim = (places == cell).all(axis=1).astype(float)
    if not lines.size:
        return np.inf
    totals, bounds = lines @ counts[hidden], [(1, None)] * len(places)
    low, high = (linprog(sign * aim, A_eq=lines, b_eq=totals, bounds=bounds) for sign in (1, -1))
    return np.floor(-high.fun + 1e-6) - np.ceil(low.fun - 1e-6) + 1 if low.status == high.status == 0 else np.inf


def _lines(places: np.ndarray, shape: tuple[int, ...]) -> Iterator[np.ndarray]:
    """Yield for every row and column with a known total which hidden cells it holds."""
    for axis in (0, 1):
        if shape[1 - axis] > 1:
            yield from (places[:, axis] == number for number in range(shape[axis]))
