"""How many borders lie between an area and the nearest treated one."""

from __future__ import annotations

import numpy as np


def order_of_contiguity(neighbours: np.ndarray, treated: np.ndarray, *, most: int) -> np.ndarray:
    """Return 0 for treated areas, k for those k borders away, and most + 1 for all farther ones: (n,) int.

    neighbours: (n, n) bool, which areas touch. treated: (n,) bool.
    """
    order, borders = np.where(treated, 0, most + 1), np.nonzero(neighbours)
    for k in range(1, most + 1):
        touched = _touched(borders, order == k - 1)
        order[touched & (order > most)] = k
    return order


def first_reached(neighbours: np.ndarray, cohort: np.ndarray, *, most: int) -> np.ndarray:
    """Return the first start among the areas treated at most `most` borders away: (n,), inf where there is none.

    cohort: (n,) first treated period, NaN if never. An area's own start counts too.
    """
    first = np.where(np.isnan(cohort), np.inf, cohort)
    starts, borders = np.unique(first[np.isfinite(first)]), np.nonzero(neighbours)
    for _ in range(most):
        reached = first.copy()
        for g in starts[::-1]:
            reached[_touched(borders, first <= g) & (reached >= g)] = g
        first = reached
    return first


def _touched(borders: tuple[np.ndarray, np.ndarray], members: np.ndarray) -> np.ndarray:
    """Return who touches a member: (n,) bool; borders: the pairs of areas that touch, in both directions."""
    touched = np.zeros(len(members), dtype=bool)
    touched[borders[0][members[borders[1]]]] = True
    return touched
