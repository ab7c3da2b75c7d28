"""Controlled rounding: every count to a multiple of a base beside it, so that all sums still hold."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from curv_eval.disclosure.cells import Cells
from curv_eval.disclosure.programme import make_whole, solved, solver

# how many bases further than the nearest a count may be taken, where nothing nearer keeps every sum
FURTHEST = 3


def rounded_together(cells: Cells, base: int) -> np.ndarray:
    """Return each count as a multiple of `base`, with every sum kept and as near to the counts as can be: (n,).

    A count goes to the multiple just below or just above it, and one that is a multiple stays (zero-restricted, SDC
    Handbook, chapter 5.5); where no such rounding keeps every sum, as can happen in three dimensions, one base further.
    Among all of these the sum of absolute changes is the least. Raises ValueError where FURTHEST bases do not suffice.
    """
    for further in range(FURTHEST + 1):
        found = _nearest(cells, base, further)
        if found is not None:
            return found
    raise ValueError(f"no rounding to multiples of {base} keeps every sum")


def _nearest(cells: Cells, base: int, further: int) -> np.ndarray | None:
    """Minimise the sum of |base * y - count| over whole y with ties @ y = 0; None where there is no such y."""
    low = np.maximum(cells.values // base - further, 0)
    high = -(-cells.values // base) + further
    n = len(low)
    both = sparse.eye_array(n)
    rows = sparse.vstack([
        sparse.hstack([cells.ties, sparse.csr_array(cells.ties.shape)]),
        sparse.hstack([-base * both, both]), sparse.hstack([base * both, both]),
    ], format="csc")  # fmt: skip
    zero = np.zeros(cells.ties.shape[0])
    low_rows = np.concatenate([zero, -cells.values, cells.values])
    high_rows = np.concatenate([zero, np.full(2 * n, np.inf)])
    ends = np.concatenate([low, np.zeros(n)]), np.concatenate([high, np.full(n, np.inf)])
    made = solver(sparse.csc_array(rows), *ends, low_rows=low_rows, high_rows=high_rows)
    made.changeColsCost(n, np.arange(n, 2 * n, dtype=np.int32), np.ones(n))
    make_whole(made, n)
    try:
        return (base * np.round(solved(made)[:n])).astype(np.int64)
    except RuntimeError:
        return None
