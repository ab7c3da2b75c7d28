"""Which counts must be withheld beside the small ones, so that no sum gives a small one back.

First, one small count after the other is opened by the cheapest change of other counts that keeps every sum (the
network heuristic of Castro 2007, here for any sums). In a table of moderate size the least costly pattern of all is
then found by an integer programme with the attacker's duals as cuts (Fischetti and Salazar 2001).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from curv_eval.disclosure.attack import Attacker, exposed, holds
from curv_eval.disclosure.cells import Cells, ceiling, knowledge, small
from curv_eval.disclosure.programme import solved, solver
from curv_eval.disclosure.rules import Rule

# up to so many counts the least costly pattern is looked for, and up to so many the pattern is thinned out
OPTIMAL, THINNED = 400, 2500
# more than so many closed counts are opened together
ONE_BY_ONE = 40
_MOVED = 1e-6


@dataclass(frozen=True, eq=False)
class Pattern:
    """What is withheld.

    primary: withheld for being small. hidden: these, and those withheld beside them. wanted: (n, 2), the range that
    an attacker must be left with, for each small count: from 1 to events_below - 1, or less where even withholding
    everything would not leave that. optimal: whether no pattern costs less.
    """

    primary: np.ndarray
    hidden: np.ndarray
    wanted: np.ndarray
    optimal: bool = False

    @property
    def beside(self) -> np.ndarray:
        """Which counts are withheld though they are not small."""
        return self.hidden & ~self.primary


def suppress(cells: Cells, rule: Rule, *, cost: np.ndarray | None = None, start: np.ndarray | None = None) -> Pattern:
    """Return what to withhold of some cells under a rule.

    cost: what withholding each count loses; the count itself unless given, so that as few events as can be go unseen.
    start: (n,) bool, what is withheld in any case; then what is withheld beyond it is not the least that would do.
    """
    primary = small(cells, rule)
    hidden = primary.copy() if start is None else primary | start
    pattern = Pattern(primary, hidden, np.tile([1.0, rule.events_below - 1.0], (len(primary), 1)))
    if not primary.any():
        return replace(pattern, optimal=start is None)
    cost = cells.values.astype(float) if cost is None else cost
    pattern = _opened(cells, rule, pattern, cost)
    if start is not None or cells.candidates.sum() > THINNED:
        return pattern
    pattern = _thinned(cells, rule, pattern, cost)
    if not pattern.beside.any():
        return replace(pattern, optimal=True)
    if cells.candidates.sum() > OPTIMAL:
        return pattern
    from curv_eval.disclosure.optimal import least_costly

    return least_costly(cells, rule, pattern, cost=cost)


def _opened(cells: Cells, rule: Rule, pattern: Pattern, cost: np.ndarray) -> Pattern:
    """Withhold more until every small count is open."""
    wanted, opener = pattern.wanted.copy(), _Opener(cells, rule, pattern.hidden, cost)
    places = np.flatnonzero(pattern.primary)
    while len(left := exposed(Attacker(cells, opener.hidden, rule), places, wanted)):
        before = opener.hidden.sum(), wanted.sum()
        _open_left(opener, left, wanted)
        if (opener.hidden.sum(), wanted.sum()) == before:
            _settle(cells, rule, opener, left, wanted=wanted)
    return Pattern(pattern.primary, opener.hidden, wanted)


def _open_left(opener: _Opener, left: np.ndarray, wanted: np.ndarray) -> None:
    """Open the counts at `left`: many at once, half of them upwards and half downwards, or else one by one."""
    if len(left) > ONE_BY_ONE:
        up = np.random.default_rng(len(left)).permutation(len(left)) % 2
        before = opener.hidden.sum()
        for side in (up, 1 - up):
            opener.open(left, wanted[left, side])
        if opener.hidden.sum() > before:
            return
    for cell in left[np.argsort(-opener.values[left], kind="stable")]:
        for side in (0, 1):
            wanted[cell, side] = opener.open(np.array([cell]), wanted[[cell], side])[0]


def _settle(cells: Cells, rule: Rule, opener: _Opener, left: np.ndarray, *, wanted: np.ndarray) -> None:
    """Open what only whole numbers close: withhold the cheapest count nearby, or else take the range as it is."""
    near = np.unique(cells.ties[cells.ties[:, left].tocsc().indices].indices)
    can = near[cells.candidates[near] & ~opener.hidden[near]]
    if not len(can):
        can = np.flatnonzero(cells.candidates & ~opener.hidden)
    if len(can):
        opener.withhold(can[np.argmin(opener.cost[can])])
        return
    attacker = Attacker(cells, opener.hidden, rule)
    low, high = np.array([attacker.range(cell) for cell in left]).T
    wanted[left] = np.column_stack([np.maximum(wanted[left, 0], low), np.minimum(wanted[left, 1], high)])


def _thinned(cells: Cells, rule: Rule, pattern: Pattern, cost: np.ndarray) -> Pattern:
    """Show again, the most costly first, what is withheld without need."""
    hidden, places = pattern.hidden.copy(), np.flatnonzero(pattern.primary)
    beside = np.flatnonzero(pattern.beside)
    for cell in beside[np.argsort(-cost[beside], kind="stable")]:
        hidden[cell] = False
        hidden[cell] = not holds(Attacker(cells, hidden, rule), places, pattern.wanted)
    return Pattern(pattern.primary, hidden, pattern.wanted)


class _Opener:
    """Finds the cheapest change that brings a small count to an end of its range, and withholds what it moved.

    Every count moves by three parts: freely as far as what is public allows, and up and down at a cost.
    """

    def __init__(self, cells: Cells, rule: Rule, hidden: np.ndarray, cost: np.ndarray) -> None:
        self.hidden, self.cost, self.values, self._n = hidden.copy(), cost, cells.values, len(hidden)
        self._most, can = ceiling(cells, rule), cells.candidates & ~hidden
        low, high = knowledge(cells, hidden, rule)
        up = np.where(can, rule.events_below, 0)
        down = np.minimum(up, np.maximum(cells.values - 1, 0))
        self._low = np.concatenate([low - cells.values, np.zeros(2 * self._n)])
        self._high = np.concatenate([high - cells.values, up, down])
        none, matrix = np.zeros(cells.ties.shape[0]), sparse.hstack([cells.ties, cells.ties, -cells.ties], format="csc")
        self._solver = solver(sparse.csc_array(matrix), self._low, self._high, low_rows=none, high_rows=none)
        price = np.concatenate([np.zeros(self._n), cost + _MOVED, cost + _MOVED])
        self._solver.changeColsCost(len(price), np.arange(len(price), dtype=np.int32), price)
        self._dear = 10.0 * (price.sum() + 1)

    def open(self, at: np.ndarray, wanted: np.ndarray) -> np.ndarray:
        """Withhold what the counts at `at` need to be `wanted` all at once, and return how near to that they come."""
        aims = wanted - self.values[at]
        places = at.astype(np.int32)
        self._solver.changeColsBounds(len(at), places, np.minimum(aims, 0.0), np.maximum(aims, 0.0))
        self._solver.changeColsCost(len(at), places, -np.sign(aims) * self._dear)
        moved = solved(self._solver)
        self._solver.changeColsCost(len(at), places, np.zeros(len(at)))
        self._solver.changeColsBounds(len(at), places, self._low[at], self._high[at])
        for other in np.unique(np.flatnonzero(moved[self._n :] > _MOVED) % self._n):
            self.withhold(other)
        return self.values[at] + np.sign(aims) * np.floor(np.abs(moved[at]) + _MOVED)

    def withhold(self, cell: int) -> None:
        """Take a count for withheld: it moves freely from now on, down to 1."""
        self.hidden[cell] = True
        self._low[cell], self._high[cell] = 1.0 - self.values[cell], self._most - self.values[cell]
        self._solver.changeColBounds(cell, self._low[cell], self._high[cell])
        for column in (cell + self._n, cell + 2 * self._n):
            self._solver.changeColBounds(column, 0.0, 0.0)
