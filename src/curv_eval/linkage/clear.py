"""Two lists of people in clear, linked where both agreements allow it; the pairs name nobody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from curv_eval.contract import Contract, permit, permit_linkage
from curv_eval.errors import ContractError
from curv_eval.linkage.encode import record_ids
from curv_eval.linkage.keys import Key
from curv_eval.linkage.match import Matching, match_clear
from curv_eval.linkage.people import ROW, read_people
from curv_eval.linkage.scheme import UK, Scheme
from curv_eval.sources import is_made_up

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from curv_eval.linkage.links import Links

PURPOSE = "record linkage"
_ID = "record_id"
_TABLES = ("clear_left", "clear_right")


@dataclass(frozen=True)
class Clear:
    """A list of people in clear and the contract it is under; the contract's name is the partner's label."""

    path: Path
    contract: Contract


@dataclass(frozen=True)
class Told:
    """What the account of a linkage says of one list: where it is from, by which scheme and key, whether made up."""

    source: str
    scheme: Scheme
    fingerprint: str
    purpose: str
    made_up: bool


def link_clear(
    con: duckdb.DuckDBPyConnection,
    lists: tuple[Clear, Clear],
    *,
    key: Key,
    matching: Matching,
    today: date | None = None,
) -> tuple[Links, Told, Told]:
    """Return the links of two lists, by keyed ids as `encode` and `pseudonymise` make them, and what to say of each.

    Only columns that the contracts name are read. Raises ContractError, with every reason, unless both contracts allow
    PURPOSE on `today` and each other, and for lists that cannot be read; nothing is read before that.
    """
    if reasons := list(_reasons(lists, today or date.today())):
        what = f"{lists[0].contract.name} and {lists[1].contract.name} may not be linked in clear"
        raise ContractError(
            what, reasons, "settle it with both stewards, or link encoded files (`curv-eval link match`)"
        )
    for one, table in zip(lists, _TABLES, strict=True):
        con.register(table, _read(one, key))
    try:
        links = match_clear(con, *_TABLES, scheme=UK, matching=matching)
    finally:
        for table in _TABLES:
            con.unregister(table)
    told = (Told(one.contract.name, UK, key.fingerprint, PURPOSE, is_made_up(one.path)) for one in lists)
    return links, *told


def _reasons(lists: tuple[Clear, Clear], today: date) -> Iterator[str]:
    asked = [lambda one=one: permit(one.contract, PURPOSE, today) for one in lists]
    asked.append(lambda: permit_linkage(*(one.contract for one in lists)))
    for ask in asked:
        try:
            ask()
        except ContractError as fault:
            yield from (f"{fault.what}: {breach}" for breach in fault.breaches)
    for one in lists:
        if one.contract.options["made_up_only"] and not is_made_up(one.path):
            yield f"{one.contract.name} covers made-up data only: no agreement stands behind it"
        if _ID not in {column.name for column in one.contract.columns}:
            yield f"{one.contract.name} has no column {_ID}, so it is no contract for a list of people"


def _read(one: Clear, key: Key) -> pa.Table:
    """Return the fields of the scheme as text, with keyed ids in place of the partner's own."""
    import pyarrow as pa

    named = {column.name: column.source_name for column in one.contract.columns}
    wanted = {_ID: named[_ID]} | {field.name: named.get(field.name, "") for field in UK.fields}
    held = read_people(one.path, wanted)
    ids = record_ids(one.path, held, key, source=one.contract.name)
    return held.table.drop_columns([_ID, ROW]).add_column(0, _ID, pa.array(ids, pa.string()))
