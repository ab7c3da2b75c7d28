"""Who stands on which list: records of several datasets joined into people by the linkers' pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from curv_eval.breach_sql import quoted
from curv_eval.contract import Contract
from curv_eval.errors import DesignError
from curv_eval.study import HiddenNeed, SeenBy

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, repr=False)
class Captured:
    """One row per person, without pseudonyms: histories (people, lists) of 0 and 1.

    several: people with more than one record of a list, joined by a pair with the same record elsewhere. wrong: how
    many of 100 pairs the linkers expect to be wrong, from their probabilities.
    """

    histories: np.ndarray
    several: int
    wrong: float

    def __repr__(self) -> str:
        return f"<Captured: {self.histories.shape[1]} lists>"


def captured(con: duckdb.DuckDBPyConnection, asked: HiddenNeed, contracts: dict[str, Contract]) -> Captured:
    """Return the people whom the lists saw between the months, each once.

    Records are one person if a pair joins them, directly or through a third record. Raises DesignError for a list
    without a row in these months, and a date that was received too coarsely.
    """
    _require_dates(asked, contracts)
    seen = [_seen(con, asked, one) for one in asked.lists]
    empty = [
        f"{one.name}: no row of {one.contract}" for one, ids in zip(asked.lists, seen, strict=True) if not len(ids)
    ]
    if empty:
        raise DesignError(
            f"a list saw nobody from {asked.first} to {asked.last}", empty, "check `where` and the months"
        )
    starts = np.concatenate([[0], np.cumsum([len(ids) for ids in seen])])
    place = [{person: start + i for i, person in enumerate(ids)} for start, ids in zip(starts, seen, strict=False)]
    person = _components(_edges(con, asked, place), int(starts[-1]))
    found = np.zeros((person.max() + 1, len(seen)), dtype=int)
    for k in range(len(seen)):
        np.add.at(found[:, k], person[starts[k] : starts[k + 1]], 1)
    return Captured((found > 0).astype(int), int((found > 1).any(axis=1).sum()), _wrong(con, asked))


def _seen(con: duckdb.DuckDBPyConnection, asked: HiddenNeed, one: SeenBy) -> list[str]:
    """Return the pseudonyms on a list, in their order."""
    month = f"strftime(CAST({quoted(one.on)} AS DATE), '%Y-%m')"
    kept = [f"{month} BETWEEN ? AND ?", f"{quoted(one.person)} IS NOT NULL"]
    kept += [f"CAST({quoted(name)} AS VARCHAR) = ?" for name in one.where]
    kept += [f"{quoted(one.positive)} > 0"] if one.positive else []
    query = f"SELECT DISTINCT {quoted(one.person)} FROM {quoted(one.contract)} WHERE {' AND '.join(kept)} ORDER BY 1"
    return [row[0] for row in con.execute(query, [asked.first, asked.last, *one.where.values()]).fetchall()]


def _edges(con: duckdb.DuckDBPyConnection, asked: HiddenNeed, place: list[dict[str, int]]) -> list[tuple[int, int]]:
    of = {one.name: held for one, held in zip(asked.lists, place, strict=True)}
    pairs = [
        (of[one.left].get(left), of[one.right].get(right))
        for one in asked.links
        for left, right in con.execute(f"SELECT left_id, right_id FROM {quoted(one.contract)}").fetchall()
    ]
    return [(left, right) for left, right in pairs if left is not None and right is not None]


def _components(edges: list[tuple[int, int]], records: int) -> np.ndarray:
    """Return which person each record is of."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    left, right = np.array(edges, dtype=int).reshape(-1, 2).T
    joined = coo_array((np.ones(len(left)), (left, right)), shape=(records, records))
    return connected_components(joined, directed=False)[1]


def _wrong(con: duckdb.DuckDBPyConnection, asked: HiddenNeed) -> float:
    tables = " UNION ALL ".join(f"SELECT probability FROM {quoted(one.contract)}" for one in asked.links)
    ((share,),) = con.execute(f"SELECT avg(1 - probability) FROM ({tables})").fetchall()
    return float("nan") if share is None else 100 * share


def _require_dates(asked: HiddenNeed, contracts: dict[str, Contract]) -> None:
    faults = []
    for one in asked.lists:
        kinds = {column.name: column.type for column in contracts[one.contract].columns}
        if kinds.get(one.on) not in ("date", "timestamp"):
            faults.append(f"hidden.lists.{one.name}.on: expected a date, as it was given")
    if faults:
        raise DesignError("people cannot be placed in time", faults, "ask for the dates themselves in `contracts:`")
