"""Taking unit and period effects out of arrays."""

from __future__ import annotations

import numpy as np

from curv_eval.errors import DesignError


def within(x: np.ndarray) -> np.ndarray:
    """Return x (n, T) with unit and period means taken out (balanced panel, exact in one step)."""
    return x - x.mean(axis=1, keepdims=True) - x.mean(axis=0, keepdims=True) + x.mean()


def within_weighted(x: np.ndarray, weight: np.ndarray, *, tolerance: float = 1e-12, most: int = 10_000) -> np.ndarray:
    """Return x (n, T) less its weighted projection on unit and period effects, by alternating projections.

    weight: (n, T), positive row and column sums. Raises DesignError when `most` rounds do not reach `tolerance`
    (relative to the largest value).
    """
    rows, columns = weight.sum(axis=1, keepdims=True), weight.sum(axis=0, keepdims=True)
    left = x.astype(float)
    for _ in range(most):
        before = left
        left = left - (weight * left).sum(axis=1, keepdims=True) / rows
        left = left - (weight * left).sum(axis=0, keepdims=True) / columns
        if np.abs(left - before).max() <= tolerance * max(np.abs(x).max(), 1e-300):
            return left
    raise DesignError(f"taking out area and period effects did not converge in {most:,} rounds")
