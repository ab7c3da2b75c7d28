"""Sign flips of whole clusters, drawn and multiplied a few at a time."""

from __future__ import annotations

import numpy as np

_CELLS = 400_000  # signs held at once


def largest_t(influence: np.ndarray, *, draws: int, seed: int) -> np.ndarray:
    """Return the largest |t| over k numbers in each draw, (draws,).

    influence: (clusters, k), numbers without any influence are left out. Each draw flips the sign of whole clusters
    (Rademacher multipliers). The signs are those of np.random.default_rng(seed).integers(0, 2, (draws, clusters)),
    taken as single bits of the generator's words, so that memory does not grow with the draws.
    """
    se = np.sqrt((influence**2).sum(axis=0))
    scaled = np.ascontiguousarray(influence[:, se > 0] / se[se > 0])
    clusters, source = len(scaled), _Bits(seed)
    step = max(1, _CELLS // max(clusters, 1))
    largest = np.zeros(draws)
    for start in range(0, draws, step):
        rows = min(step, draws - start)
        signs = source.take(rows * clusters).reshape(rows, clusters) * 2.0 - 1.0
        largest[start : start + rows] = np.abs(signs @ scaled).max(axis=1, initial=0.0)
    return largest


class _Bits:
    """The stream of integers(0, 2): the top bit of each half of the generator's 64-bit words, low half first."""

    def __init__(self, seed: int) -> None:
        self._source = np.random.default_rng(seed).bit_generator
        self._left = np.empty(0, dtype=np.uint32)

    def take(self, count: int) -> np.ndarray:
        """Return the next `count` bits, (count,) of 0 and 1."""
        words = self._source.random_raw(max(0, (count - len(self._left) + 1) // 2))
        halves = np.concatenate([self._left, words.astype("<u8", copy=False).view("<u4")])
        self._left = halves[count:]
        return halves[:count] >> 31
