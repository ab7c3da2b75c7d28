"""Which records are taken to be one person, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

MODES = ("clear", "encoded", "exact")
# above this many cells a group of contested records is settled strongest pair first
_MOST_CELLS = 4_000_000


@dataclass(frozen=True, repr=False)
class Links:
    """Pairs of records taken to be one person.

    pairs: record_id_l, record_id_r, probability (that the two are one person; missing in mode "exact") and weight
    (log2 of the odds; in mode "exact" the number of pseudonyms in common), in the order of the ids. threshold: the
    least probability of a pair; None in mode "exact". conflicts: pairs dropped because a record cannot be two people.
    n_left, n_right: records that could have been linked. model: what was learnt and counted, no value of anybody.
    """

    pairs: pd.DataFrame
    threshold: float | None
    mode: str
    n_left: int
    n_right: int
    conflicts: int = 0
    model: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.pairs)

    def __repr__(self) -> str:
        return f"<Links: {len(self.pairs)} between {self.n_left} and {self.n_right} records, {self.mode}>"


def one_to_one(left: np.ndarray, right: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """Return which pairs to keep, (n,) bool, so that no record is in two and the sum of `gain` is the largest.

    left, right: (n,) numbers of records, a pair at most once. gain: (n,) 0 or more; with weights log2(m / u) the
    largest sum is the most probable set of links (Jaro 1989, "Advances in Record-Linkage Methodology", JASA 84).
    Of equally good choices the one with the smallest numbers is taken, whatever the order of the pairs.
    """
    left, right, gain = np.asarray(left), np.asarray(right), np.asarray(gain, dtype=float)
    keep = np.zeros(len(left), dtype=bool)
    if not len(left):
        return keep
    group = _groups(left, right)
    order = np.argsort(group, kind="stable")
    bounds = np.flatnonzero(np.diff(group[order], prepend=-1, append=-1))
    contested = np.diff(bounds) > 1
    keep[order[bounds[:-1][~contested]]] = True
    for start, end in zip(bounds[:-1][contested], bounds[1:][contested], strict=True):
        rows = order[start:end]
        keep[rows[_best(left[rows], right[rows], gain[rows])]] = True
    return keep


def _groups(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return for each pair the number of its group; pairs that share a record, also through others, are one group."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    a, b = np.unique(left, return_inverse=True)[1], np.unique(right, return_inverse=True)[1]
    size = a.max() + b.max() + 2
    graph = coo_array((np.ones(len(a), dtype=bool), (a, b + a.max() + 1)), shape=(size, size))
    return connected_components(graph, directed=False)[1][a]


def _best(left: np.ndarray, right: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """Return the places of the best pairs of one group."""
    from scipy.optimize import linear_sum_assignment

    (lefts, a), (rights, b) = np.unique(left, return_inverse=True), np.unique(right, return_inverse=True)
    if len(lefts) * len(rights) > _MOST_CELLS:
        return _strongest_first(a, b, gain)
    table = np.zeros((len(lefts), len(rights)))
    # above nothing, so that a pair with no gain is still kept where no other wants its records
    table[a, b] = gain + 1e-9
    place = np.full(table.shape, -1)
    place[a, b] = np.arange(len(gain))
    chosen = place[linear_sum_assignment(table, maximize=True)]
    return chosen[chosen >= 0]


def _strongest_first(a: np.ndarray, b: np.ndarray, gain: np.ndarray) -> np.ndarray:
    used_a, used_b, chosen = set(), set(), []
    for place in np.lexsort((b, a, -gain)):
        if a[place] not in used_a and b[place] not in used_b:
            used_a.add(a[place])
            used_b.add(b[place])
            chosen.append(place)
    return np.array(chosen)
