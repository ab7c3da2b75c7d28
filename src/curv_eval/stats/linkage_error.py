"""What missed and false links between lists do to the overlaps, undone."""

from __future__ import annotations

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.stats.captures import Captures


def corrected(captures: Captures, *, missed: float = 0.0, false: float = 0.0) -> Captures:
    """Return the counts that would have been seen without errors of linkage, to first order (Ding & Fienberg 1994).

    missed: the share of true links that the linker did not make. false: the share of links made that are not true. Of
    c people linked in a history, c (1 - false) / (1 - missed) truly stand there; each one more or less is one record
    joined to, or parted from, the rest, taken in equal parts from every list of the history, so that the number on
    each list stays as it is. Exact for two lists. Raises DesignError for shares outside 0 to 1, and where a list
    would have fewer people of its own than none.
    """
    shares = {"missed": missed, "false": false}
    faults = [f"{name}: got {x:g}, expected at least 0 and below 1" for name, x in shares.items() if not 0 <= x < 1]
    if faults:
        raise DesignError("the error of linkage is a share", faults)
    more = np.where(captures.times > 1, captures.counts * ((1 - false) / (1 - missed) - 1), 0.0)
    found = captures.with_counts(captures.counts + _moved(captures) @ more)
    if (found.counts < -1e-9).any():
        raise DesignError(
            f"with {missed:.0%} of links missed and {false:.0%} false, a list would have fewer people than were linked",
            do="try smaller errors",
        )
    return found.with_counts(np.maximum(found.counts, 0.0))


def _moved(captures: Captures) -> np.ndarray:
    """Return what one more person in each history (column) takes from and adds to every history (row): (H, H)."""
    h, lists = captures.histories.astype(int), captures.lists
    value = 2 ** np.arange(lists)[::-1]
    place = {int(code): row for row, code in enumerate(h @ value)}
    move = np.zeros((len(h), len(h)))
    for column, history in enumerate(h):
        on = np.flatnonzero(history)
        move[column, column] += 1.0
        for j in on:
            alone = int(value[j])
            for part in (alone, int(history @ value) - alone):
                if part:
                    move[place[part], column] -= 1.0 / len(on)
    return move
