"""Months without a single row: not supplied, or truly zero."""

from __future__ import annotations

import numpy as np

SEASON = 3  # months in a row; a longer empty stretch is no season


def absent_months(counts: np.ndarray, minimum: float) -> np.ndarray:
    """Return which months of one series were not supplied: empty ones that should have held `minimum` rows in a row.

    counts: (T,) rows of every month. What a run of empty months should have held is its length times the mean of the
    other months between the first and the last that have rows.
    """
    absent = np.zeros(counts.shape, dtype=bool)
    for run in _runs(counts == 0):
        others = np.trim_zeros(np.delete(counts, run))
        if others.size and (run.stop - run.start) * others.mean() >= minimum:
            absent[run] = True
    return absent


def usual_months(counts: np.ndarray, months: np.ndarray) -> np.ndarray:
    """Return which empty months are a season, such as a school's August: (T,) bool.

    counts: (T,) rows. months: (T,) month numbers. At most three in a row, each empty in every other year as well.
    """
    usual, filled = np.zeros(counts.shape, dtype=bool), np.flatnonzero(counts > 0)
    if not filled.size:
        return usual
    inside = np.zeros(counts.shape, dtype=bool)
    inside[filled[0] : filled[-1] + 1] = True
    for run in _runs(counts == 0):
        short = run.stop - run.start <= SEASON
        usual[run] = short and all(_always(t, counts, inside, months) for t in range(run.start, run.stop))
    return usual


def _runs(empty: np.ndarray) -> list[slice]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], empty.astype(int), [0]])))
    return [slice(int(first), int(stop)) for first, stop in edges.reshape(-1, 2)]


def _always(t: int, counts: np.ndarray, inside: np.ndarray, months: np.ndarray) -> bool:
    same = inside & (months % 12 == months[t] % 12) & (months != months[t])
    return bool(same.any() and not counts[same].any())
