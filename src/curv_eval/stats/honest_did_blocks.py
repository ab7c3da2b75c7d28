"""Periods put together into blocks, so that drift is measured between few, less noisy points."""

from __future__ import annotations

import numpy as np


def blocks(before: int, after: int, *, most: int) -> tuple[list[np.ndarray], list[np.ndarray], int]:
    """Return which of `before` and of `after` periods go together, oldest first, and the length aimed at.

    The length is the smallest that leaves at most `most` blocks on either side, so that a step before the start takes
    as long as one after it; each side is then cut into round(periods / length) parts of nearly equal length, two at
    least before the start. Where no side has more than `most` periods each stands alone.
    """
    length = max(1, -(-max(before, after) // most))
    sides = [(before, max(2, round(before / length))), (after, max(1, round(after / length)))]
    return *(np.array_split(np.arange(n), min(parts, most)) for n, parts in sides), length
