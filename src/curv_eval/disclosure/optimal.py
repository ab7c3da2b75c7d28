"""The least costly pattern of withheld counts, by cutting planes (Fischetti and Salazar 2001).

A master programme chooses what to withhold; the attacker tries every small count; where one is closed, the duals of his
programme say which counts would have opened it, which is a cut for the master.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse

from curv_eval.disclosure.attack import Attacker, holds
from curv_eval.disclosure.cells import Cells, ceiling, knowledge
from curv_eval.disclosure.programme import make_whole, solved, solver
from curv_eval.disclosure.rules import Rule
from curv_eval.disclosure.suppress import Pattern

# the same number of steps on every machine, so that the same table gives the same pattern
ROUNDS = 200
_CLOSE = 1e-6


def least_costly(cells: Cells, rule: Rule, pattern: Pattern, *, cost: np.ndarray) -> Pattern:
    """Return the least costly pattern that leaves every small count as open as `pattern` does.

    pattern: a pattern that holds. It is returned as it is where no better one is found in ROUNDS steps.
    """
    master, attacker = _Master(cells, pattern, cost), _Duals(cells, rule, pattern)
    for _ in range(ROUNDS):
        hidden = master.chosen()
        if cost[hidden].sum() >= cost[pattern.hidden].sum() - _CLOSE:
            return replace(pattern, optimal=True)
        cuts = attacker.cuts(hidden)
        if not cuts and not _closed(cells, rule, replace(pattern, hidden=hidden)):
            return replace(pattern, hidden=hidden, optimal=True)
        # only whole numbers close it: every pattern that opens it withholds something else as well
        for weights, least in cuts or [((~hidden & cells.candidates).astype(float), 1.0)]:
            master.add(weights, least)
    return pattern


def _closed(cells: Cells, rule: Rule, pattern: Pattern) -> bool:
    return not holds(Attacker(cells, pattern.hidden, rule), np.flatnonzero(pattern.primary), pattern.wanted)


class _Master:
    """Chooses the least costly of the patterns that no cut forbids."""

    def __init__(self, cells: Cells, pattern: Pattern, cost: np.ndarray) -> None:
        n, empty = len(cost), sparse.csc_array((0, len(cost)))
        self._solver = solver(
            empty, pattern.primary.astype(float), (pattern.primary | cells.candidates).astype(float),
            low_rows=np.zeros(0), high_rows=np.zeros(0),
        )  # fmt: skip
        self._solver.changeColsCost(n, np.arange(n, dtype=np.int32), cost + _CLOSE)
        make_whole(self._solver, n)

    def chosen(self) -> np.ndarray:
        return solved(self._solver) > 0.5

    def add(self, weights: np.ndarray, least: float) -> None:
        """Forbid every pattern whose weights sum to less than `least`."""
        places = np.flatnonzero(weights)
        self._solver.addRow(float(least), np.inf, len(places), places.astype(np.int32), weights[places])


class _Duals:
    """The attacker's linear programmes, and what their duals say about a closed count."""

    def __init__(self, cells: Cells, rule: Rule, pattern: Pattern) -> None:
        self._cells, self._pattern, values = cells, pattern, cells.values
        low, high = knowledge(cells, np.zeros(len(values), bool), rule)
        self._down, self._up = values - low, high - values
        # how much further a count moves once it is withheld; no count needs to move more often than once for each step
        self._deeper = np.where(cells.candidates, values - 1 - self._down, 0.0)
        self._higher = np.where(cells.candidates, ceiling(cells, rule) - high, 0.0)
        none = np.zeros(cells.ties.shape[0])
        self._solver = solver(cells.ties.tocsc(), -self._down, self._up, low_rows=none, high_rows=none)

    def cuts(self, hidden: np.ndarray) -> list[tuple[np.ndarray, float]]:
        """Return for each end of a small count that is closed which weights must sum to how much."""
        places = np.arange(len(hidden), dtype=np.int32)
        low, high = -self._down - self._deeper * hidden, self._up + self._higher * hidden
        self._solver.changeColsBounds(len(places), places, low, high)
        found = [
            self._cut(cell, sign)
            for cell in np.flatnonzero(self._pattern.primary)
            for sign in (-1.0, 1.0)
        ]  # fmt: skip
        return [cut for cut in found if cut is not None]

    def _cut(self, cell: int, sign: float) -> tuple[np.ndarray, float] | None:
        need = abs(self._pattern.wanted[cell, int(sign > 0)] - self._cells.values[cell])
        self._solver.changeColCost(int(cell), -sign)
        reached = sign * solved(self._solver)[cell]
        duals = np.array(self._solver.getSolution().row_dual)
        self._solver.changeColCost(int(cell), 0.0)
        if reached >= need - _CLOSE:
            return None
        pull = self._cells.ties.T @ duals
        pull[cell] += sign
        pull[np.abs(pull) < 1e-9] = 0.0
        least = need - np.maximum(pull, 0) @ self._up - np.maximum(-pull, 0) @ self._down
        weights = np.maximum(pull, 0) * self._higher + np.maximum(-pull, 0) * self._deeper
        return np.minimum(weights, least), least
