"""What somebody can work out about withheld counts from all that is public, by linear and integer programming.

The attacker knows the rule, that counts are whole numbers, that a withheld one is at least 1, and every sum that ties
the counts (Fischetti and Salazar 2001, and the SDC Handbook, chapter 4, take the attacker without the whole numbers).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from curv_eval.disclosure.cells import Cells, ceiling, knowledge
from curv_eval.disclosure.programme import Programme
from curv_eval.disclosure.rules import Rule

_CLOSE = 1e-6


class Attacker:
    """One who knows what is public about some cells: asks for the range of each.

    seen: (n, 2), the least and the most that each count was found to be able to be, in solutions in whole numbers.
    """

    def __init__(self, cells: Cells, hidden: np.ndarray, rule: Rule) -> None:
        self.cells, self.hidden, self.rule = cells, hidden, rule
        self.low, self.high = knowledge(cells, hidden, rule)
        self.most = ceiling(cells, rule)
        self._linear = Programme(cells.ties, self.low, self.high)
        self._whole: Programme | None = None
        self.seen = np.column_stack([cells.values, cells.values]).astype(float)

    def range(self, cell: int) -> tuple[float, float]:
        """Return the least and the most that a count can be; what has no upper bound is np.inf."""
        low, high = self.end(cell, least=True), self.end(cell, least=False)
        # a bound that sums give lies near a count that is shown: what lies further off comes from the ceiling alone
        return low, high if high < self.most / 2 else np.inf

    def end(self, cell: int, *, least: bool) -> float:
        """Return one end of the range of a count, in whole numbers."""
        aim = np.zeros(len(self.low))
        aim[cell] = 1.0
        found = self._linear.best(aim, least=least)
        if self._note(found):
            return round(found[cell])
        if self._whole is None:
            self._whole = Programme(self.cells.ties, self.low, self.high, whole=True)
        found = self._whole.best(aim, least=least)
        self._note(found)
        return round(found[cell])

    def sweep(self, of: np.ndarray, *, least: bool, most: float) -> int:
        """Ask for many ends at once, and return how many of the counts at `of` were seen to reach further than before.

        least: their sum is made small, else large, none above `most`, so that all take their share.
        """
        before = self.seen.copy()
        high = self.high.copy()
        high[of] = np.minimum(high[of], np.maximum(most, self.cells.values[of]))
        aim = np.zeros(len(high))
        aim[of] = np.random.default_rng(len(of)).uniform(1, 2, len(of))
        self._linear.bound(self.low, high)
        self._note(self._linear.best(aim, least=least))
        self._linear.bound(self.low, self.high)
        return int((self.seen[of] != before[of]).any(axis=1).sum())

    def _note(self, found: np.ndarray) -> bool:
        """Keep what a solution shows, if it is one in whole numbers; return whether it is."""
        near = np.round(found)
        if np.abs(found - near).max(initial=0) > _CLOSE:
            return False
        np.minimum(self.seen[:, 0], near, out=self.seen[:, 0])
        np.maximum(self.seen[:, 1], near, out=self.seen[:, 1])
        return True


def exposed(attacker: Attacker, of: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return which of the counts at `of` cannot be everything from the least to the most of `wanted`.

    of: positions. wanted: (n, 2) for all cells, such as 1 and events_below - 1.
    """
    return np.fromiter(_exposed(attacker, of, wanted), dtype=int)


def holds(attacker: Attacker, of: np.ndarray, wanted: np.ndarray) -> bool:
    """Whether none of the counts at `of` is exposed: quicker than to name all that are."""
    return next(_exposed(attacker, of, wanted), None) is None


def _exposed(attacker: Attacker, of: np.ndarray, wanted: np.ndarray) -> Iterator[int]:
    closed = alone(attacker) & (wanted[:, 0] < wanted[:, 1])
    yield from of[closed[of]]
    of = of[~closed[of]]
    for side in (0, 1):
        _sweep(attacker, of, wanted, side=side)
    yield from (cell for cell in of if not _open(attacker, cell, wanted))


def alone(attacker: Attacker) -> np.ndarray:
    """Return which counts that are not shown follow from sums in which nothing else is open, one after the other."""
    ties, open_ = abs(attacker.cells.ties), attacker.high > attacker.low
    closed = np.zeros(len(open_), bool)
    while True:
        lonely = np.flatnonzero(ties @ (open_ & ~closed).astype(float) == 1)
        found = (ties[lonely].sum(axis=0) > 0) & open_ & ~closed
        if not found.any():
            return closed
        closed |= found


def _sweep(attacker: Attacker, of: np.ndarray, wanted: np.ndarray, *, side: int) -> None:
    """Ask for many at once for as long as that settles more than asking one by one would."""
    while len(left := _unseen(attacker, of, wanted, side=side)) > 4:
        attacker.sweep(left, least=side == 0, most=wanted[:, 1].max())
        if len(_unseen(attacker, of, wanted, side=side)) > 0.9 * len(left):
            return


def _unseen(attacker: Attacker, of: np.ndarray, wanted: np.ndarray, *, side: int) -> np.ndarray:
    seen = attacker.seen[of, side]
    return of[seen > wanted[of, 0]] if side == 0 else of[seen < wanted[of, 1]]


def _open(attacker: Attacker, cell: int, wanted: np.ndarray) -> bool:
    """Whether a count can be both ends of what is wanted; what was seen already is not asked for again."""
    low, high = wanted[cell]
    if attacker.seen[cell, 0] > low and attacker.end(cell, least=True) > low:
        return False
    return attacker.seen[cell, 1] >= high or attacker.end(cell, least=False) >= high


def ranges(cells: Cells, hidden: np.ndarray, rule: Rule) -> np.ndarray:
    """Return the range of every withheld count, in their order: (k, 2), np.inf where there is no upper bound."""
    attacker = Attacker(cells, hidden, rule)
    return np.array([attacker.range(cell) for cell in np.flatnonzero(hidden)]).reshape(-1, 2)
