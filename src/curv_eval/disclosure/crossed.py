"""Counts by several dimensions with every margin and level, in one or several tables that share them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from scipy import sparse

from curv_eval.disclosure.cells import Cells
from curv_eval.errors import DisclosureError

ALL = "All"


@dataclass(frozen=True, eq=False)
class Dimension:
    """One dimension with all its codes: the finest, those above them, and ALL.

    above: hierarchies, each a mapping from a code to the one above it; a code without one lies below ALL. codes: all
    codes, the finest first and ALL last. sums: (m, n), each row those below a code in one hierarchy, minus the code.
    made: (n, f), which of the f finest codes each code is made of.
    """

    name: str
    codes: tuple[str, ...]
    sums: sparse.csr_array
    made: sparse.csr_array

    @classmethod
    def of(cls, name: str, finest: Sequence[str], above: Sequence[Mapping[str, str]] = ()) -> Dimension:
        """Return a dimension. Raises DisclosureError for codes above themselves and for ALL among the finest."""
        higher = dict.fromkeys(code for one in above for code in one.values())
        codes = (*finest, *(code for code in higher if code not in set(finest)), ALL)
        place = {code: number for number, code in enumerate(codes)}
        faults = [f"{name}: {ALL!r} stands among the codes"] if ALL in {*finest, *higher} else []
        faults += [
            f"{name}: {code} has another above it and is not among the codes"
            for one in above
            for code in one
            if code not in place
        ]
        if faults:
            raise DisclosureError(f"the dimension {name} does not hold together", faults)
        groups = [_groups(one, finest) for one in above or [{}]]
        rows = dict.fromkeys(
            (place[whole], *sorted(place[part] for part in parts)) for group in groups for whole, parts in group.items()
        )
        return cls(name, codes, _sums(list(rows), len(codes)), _made(list(rows), len(finest), len(codes)))


def _groups(above: Mapping[str, str], finest: Sequence[str]) -> dict[str, list[str]]:
    """Return for each code of a hierarchy which lie right below it."""
    groups: dict[str, list[str]] = {}
    for code in [*finest, *dict.fromkeys(code for code in above.values() if code not in set(finest))]:
        groups.setdefault(above.get(code, ALL), []).append(code)
    return groups


def _sums(rows: list[tuple[int, ...]], size: int) -> sparse.csr_array:
    at = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    signs = [sign for row in rows for sign in (-1.0, *[1.0] * (len(row) - 1))]
    return sparse.csr_array((signs, (at, [place for row in rows for place in row])), shape=(len(rows), size))


def _made(rows: list[tuple[int, ...]], finest: int, size: int) -> sparse.csr_array:
    """Return which of the finest codes each code is made of; codes are settled from below."""
    parts = {number: frozenset([number]) for number in range(finest)}
    waiting = {whole: below for whole, *below in reversed(rows)}
    while waiting:
        ready = [whole for whole, below in waiting.items() if all(part in parts for part in below)]
        if not ready:
            raise DisclosureError("a code lies above itself", do="look at what lies above what")
        for whole in ready:
            parts[whole] = frozenset().union(*(parts[part] for part in waiting.pop(whole)))
    at = [(number, part) for number in range(size) for part in sorted(parts[number])]
    return sparse.csr_array((np.ones(len(at)), tuple(zip(*at, strict=True))), shape=(size, finest))


@dataclass(frozen=True, eq=False)
class Crossed:
    """Several tables as one set of cells: a margin that two tables share is one cell.

    places: for each table the number of the cell for each of its rows, in the order of `keys`.
    """

    cells: Cells
    keys: dict[str, pd.DataFrame]
    places: dict[str, np.ndarray]


def crossed(
    counts: pd.DataFrame, *, count: str, tables: Mapping[str, Sequence[str]], above: Mapping[str, Sequence[Mapping]]
) -> Crossed:
    """Return tables of the sums of `count`, with margins and levels, and everything that ties their cells.

    counts: long, a row for each combination of the finest codes that occurs. tables: for each its dimensions, columns
    of `counts`. above: for a dimension its hierarchies, see Dimension.
    """
    names = dict.fromkeys(name for dims in tables.values() for name in dims)
    dims = {name: Dimension.of(name, sorted(counts[name].astype(str).unique()), above.get(name, ())) for name in names}
    number: dict[tuple, int] = {}
    keys, places, values, rows = {}, {}, {}, []
    for table, asked in tables.items():
        held = [dims[name] for name in asked]
        keys[table] = pd.DataFrame(product(*(one.codes for one in held)), columns=list(asked))
        at = [number.setdefault(_shared(asked, row), len(number)) for row in keys[table].itertuples(index=False)]
        places[table] = np.array(at)
        values |= dict(zip(at, _summed(counts, held, count).ravel(), strict=True))
        rows.append((_ties(held), places[table]))
    joined = sparse.vstack([_moved(ties, at, len(number)) for ties, at in rows], format="csr")
    found = np.array([values[n] for n in range(len(number))]).round().astype(np.int64)
    return Crossed(Cells(found, sparse.csr_array(joined), np.zeros(len(found), bool)), keys, places)


def _shared(asked: Sequence[str], row: tuple) -> tuple:
    return tuple(sorted(pair for pair in zip(asked, row, strict=True) if pair[1] != ALL))


def _summed(counts: pd.DataFrame, dims: list[Dimension], count: str) -> np.ndarray:
    """Return the sum for every combination of codes: one axis for each dimension."""
    shape = tuple(one.made.shape[1] for one in dims)
    place = {one.name: {code: n for n, code in enumerate(one.codes)} for one in dims}
    found = np.zeros(shape)
    np.add.at(found, tuple(counts[one.name].astype(str).map(place[one.name]) for one in dims), counts[count])
    for axis, one in enumerate(dims):
        found = np.moveaxis(np.tensordot(one.made.toarray(), found, axes=(1, axis)), 0, axis)
    return found


def _ties(dims: list[Dimension]) -> sparse.csr_array:
    """Return the sums of a table along each of its dimensions, for all combinations of the others."""
    sizes = [len(one.codes) for one in dims]
    held = []
    for axis, one in enumerate(dims):
        before, after = int(np.prod(sizes[:axis])), int(np.prod(sizes[axis + 1 :]))
        held.append(sparse.kron(sparse.kron(sparse.eye_array(before), one.sums), sparse.eye_array(after), format="csr"))
    return sparse.vstack(held, format="csr")


def _moved(rows: sparse.csr_array, places: np.ndarray, size: int) -> sparse.csr_array:
    """Return sums over a table's rows as sums over the cells of all tables."""
    held = sparse.coo_array(rows)
    return sparse.csr_array((held.data, (held.coords[0], places[held.coords[1]])), shape=(rows.shape[0], size))
