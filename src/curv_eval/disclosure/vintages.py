"""Areas whose boundaries were drawn anew: tables by codes of two years, as one for whoever keeps both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from scipy import sparse

from curv_eval.disclosure.cells import Cells
from curv_eval.disclosure.nouns import Attackable, Released

_PARTS, _COLUMN = " · ", " | "


def across_vintages(released: Released, united: Mapping[str, str]) -> Released:
    """Return a released table whose attacker knows which codes of an area became which: only its evidence changes.

    united: for each code of any year the united area in which it lies, whose borders all years share (see
    `curv_eval.linkage`). An area of 2011 that was cut in two shows 12 one year, and one of its halves 9 the next: the
    other half is 3. With this the ledger sees it, for the sum of the halves and the old area are the same cell.
    """
    held = released.evidence.attackable
    if held is None or not united:
        return released
    return replace(released, evidence=replace(released.evidence, attackable=_with_sums(held, united)))


def _with_sums(held: Attackable, united: Mapping[str, str]) -> Attackable:
    """Return the cells with one more for each united area: the sum of those that lie in it, shown nowhere."""
    groups: dict[str, list[int]] = {}
    for place, label in enumerate(held.labels):
        whole = _united(label, united)
        if whole != label:
            groups.setdefault(whole, []).append(place)
    size, more = len(held.labels), len(groups)
    rows = np.repeat(np.arange(more), [len(places) + 1 for places in groups.values()])
    columns = [c for n, places in enumerate(groups.values()) for c in (size + n, *places)]
    signs = [s for places in groups.values() for s in (-1.0, *[1.0] * len(places))]
    ties = sparse.csr_array((signs, (rows, columns)), shape=(more, size + more))
    values = np.array([held.cells.values[places].sum() for places in groups.values()], dtype=np.int64)
    wider = sparse.hstack([held.cells.ties, sparse.csr_array((held.cells.ties.shape[0], more))])
    cells = Cells(
        np.concatenate([held.cells.values, values]), sparse.csr_array(sparse.vstack([wider, ties])),
        np.concatenate([held.cells.known, np.zeros(more, bool)]),
    )  # fmt: skip
    return replace(
        held, cells=cells, labels=[*held.labels, *groups], hidden=np.concatenate([held.hidden, values > 0]),
        primary=np.concatenate([held.primary, np.zeros(more, bool)]),
        wanted=np.vstack([held.wanted, np.tile([1.0, np.inf], (more, 1))]),
    )  # fmt: skip


def _united(label: str, united: Mapping[str, str]) -> str:
    """Return the name of the cell of the united area: that of the cell, its code changed."""
    row, mark, column = label.rpartition(_COLUMN)
    parts = [f"united {united[part]}" if part in united else part for part in row.split(_PARTS)]
    return f"{_PARTS.join(parts)}{mark}{column}"
