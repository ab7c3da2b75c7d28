"""Counts that are published together, what ties them to one another, and what a reader knows of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from scipy import sparse

from curv_eval.disclosure.rules import Rule


@dataclass(frozen=True, eq=False)
class Cells:
    """Counts with the sums that tie them.

    values: (n,) whole numbers. ties: (m, n), each row a sum that is 0 whatever the counts are, such as a whole minus
    its parts. known: (n,) bool, counts that a reader knows exactly from elsewhere, so that withholding them is no use.
    """

    values: np.ndarray
    ties: sparse.csr_array
    known: np.ndarray

    def __post_init__(self) -> None:
        broken = np.flatnonzero(self.ties @ self.values)
        if len(broken):
            raise ValueError(f"{len(broken)} sums do not hold: the cells do not belong together")

    def __repr__(self) -> str:
        return f"<Cells: {len(self.values)} counts, {self.ties.shape[0]} sums>"

    @property
    def candidates(self) -> np.ndarray:
        """Which counts can be withheld: (n,) bool. A zero is shown, because the rule for small numbers shows it."""
        return (self.values > 0) & ~self.known


def small(cells: Cells, rule: Rule) -> np.ndarray:
    """Return which counts the rule withholds for being small: (n,) bool."""
    return cells.candidates & (cells.values < rule.events_below)


def knowledge(cells: Cells, hidden: np.ndarray, rule: Rule) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and the most that each count can be for one who sees what is shown and knows the rule.

    A withheld count is at least 1, since zeros are shown; a rounded one lies as far from what is shown as rounding
    moves a count, and is no count that the rule withholds. What sums add to this is not in it.
    """
    low, high = shown_reach(cells.values, rule)
    exact = cells.known | (cells.values == 0)
    low, high = np.where(exact, cells.values, low), np.where(exact, cells.values, high)
    return np.where(hidden, 1, low).astype(float), np.where(hidden, ceiling(cells, rule), high).astype(float)


def shown_reach(values: np.ndarray, rule: Rule) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and the most that counts of 1 and more can be which are shown as these are."""
    base, shown = rule.round_to, rule.rounded(values)
    low, high = shown - base // 2, shown + (base - 1) // 2
    return np.maximum(low, np.minimum(rule.events_below, values)), high


def ceiling(cells: Cells, rule: Rule) -> int:
    """Return a count that none of these could come near to: what stands for no upper bound."""
    return int(4 * cells.values.max(initial=0) + 10 * rule.events_below)


def line_cells(counts: np.ndarray, rule: Rule) -> Cells:
    """Return the cells of a table of which every total is known from elsewhere. counts: (rows, columns).

    Totals of columns are known where there are several rows, and those of rows where there are several columns. A total
    that is a small count itself is not: it is withheld wherever it stands.
    """
    rows, columns = counts.shape
    numbers = np.arange(counts.size).reshape(counts.shape)
    lines = [numbers[:, j] for j in range(columns) if rows > 1] + [numbers[i] for i in range(rows) if columns > 1]
    values = np.concatenate([counts.ravel(), [counts.ravel()[line].sum() for line in lines]]).astype(np.int64)
    known = (np.arange(len(values)) >= counts.size) & ~((values > 0) & (values < rule.events_below))
    return Cells(values, ties(lines, range(counts.size, len(values)), len(values)), known)


def grouped_cells(counts: np.ndarray, grouping: np.ndarray) -> Cells:
    """Return the cells of a table whose rows divide the same whole in several ways. counts: (rows, columns).

    grouping: (rows,), what divides. In each column the rows of one grouping add up to those of any other; the whole
    itself is not known, unless it is a grouping of one row. Raises ValueError where they do not add up.
    """
    rows, columns = counts.shape
    parts = [np.flatnonzero(grouping == one) for one in dict.fromkeys(grouping)]
    sums = np.zeros((max(len(parts) - 1, 0) * columns, rows * columns))
    for number, (part, column) in enumerate(product(parts[1:], range(columns))):
        sums[number, part * columns + column] = 1
        sums[number, parts[0] * columns + column] = -1
    return Cells(counts.ravel().astype(np.int64), sparse.csr_array(sums), np.zeros(counts.size, bool))


def known_to_all(cells: Cells, places: Sequence[int]) -> Cells:
    """Return the cells with some that everybody knows: those that a review let out of the rule."""
    known = cells.known.copy()
    known[list(places)] = True
    return replace(cells, known=known)


def ties(parts: list, wholes, size: int) -> sparse.csr_array:
    """Return the sums as a matrix: for each whole its parts. parts: lists of positions; wholes: a position for each."""
    rows = np.repeat(np.arange(len(parts)), [len(part) + 1 for part in parts])
    columns = [place for part, whole in zip(parts, wholes, strict=True) for place in (whole, *part)]
    signs = [sign for part in parts for sign in (-1, *[1] * len(part))]
    return sparse.csr_array((np.array(signs, dtype=float), (rows, columns)), shape=(len(parts), size))
