"""Curves of an outcome over the dose that people received: straight or bent, with or without a step at the start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.errors import DesignError

SHAPES = ("linear", "spline")
# where Harrell (2015, table 2.3) puts three, four and five knots
QUANTILES = {3: (0.1, 0.5, 0.9), 4: (0.05, 0.35, 0.65, 0.95), 5: (0.05, 0.275, 0.5, 0.725, 0.95)}


@dataclass(frozen=True)
class DoseCurve:
    """What a dose is turned into: itself, terms that bend it (none without knots), and a step where it is above 0."""

    knots: tuple[float, ...] = ()
    step: bool = True

    def terms(self, dose: np.ndarray) -> np.ndarray:
        """Return the terms of each dose, (n, m); 0 for a dose of 0."""
        columns = [dose[:, None], bent(dose, self.knots)]
        return np.column_stack([*columns, (dose > 0).astype(float)[:, None]] if self.step else columns)

    def slopes(self, dose: np.ndarray) -> np.ndarray:
        """Return how each term grows with one more of the dose, at each dose above 0, (n, m)."""
        columns = [np.ones((len(dose), 1)), bent(dose, self.knots, slope=True)]
        return np.column_stack([*columns, np.zeros((len(dose), 1))] if self.step else columns)


def bent(x: np.ndarray, knots: tuple[float, ...], *, slope: bool = False) -> np.ndarray:
    """Return the k - 2 bending terms of a restricted cubic spline of x (n,) with k knots, (n, k - 2), or their slopes.

    With knots t_1 < ... < t_k and (u)+ = max(u, 0), term j is [(x - t_j)+^3 - (x - t_(k-1))+^3 (t_k - t_j) / (t_k -
    t_(k-1)) + (x - t_k)+^3 (t_(k-1) - t_j) / (t_k - t_(k-1))] / (t_k - t_1)^2: a straight line before the first knot
    and after the last (Harrell 2015, section 2.4.5).
    """
    if not knots:
        return np.empty((len(x), 0))
    t = np.asarray(knots, dtype=float)
    left = np.maximum(x[:, None] - t, 0.0)
    cube = 3 * left**2 if slope else left**3
    gap, j = t[-1] - t[-2], np.arange(len(t) - 2)
    inner = cube[:, j] - cube[:, [-2]] * (t[-1] - t[j]) / gap + cube[:, [-1]] * (t[-2] - t[j]) / gap
    return inner / (t[-1] - t[0]) ** 2


def knots(x: np.ndarray, number: int) -> tuple[float, ...]:
    """Return where `number` (3 to 5) knots lie among x (n,). Raises DesignError for too few different values."""
    if number not in QUANTILES:
        raise DesignError(f"knots: got {number}, expected 3, 4 or 5")
    found = np.quantile(x, QUANTILES[number])
    if (np.diff(found) <= 0).any():
        raise DesignError(
            f"doses have too few different values for a curve with {number} knots",
            do="use fewer `knots`, or `shape: linear`",
        )
    return tuple(map(float, found))
