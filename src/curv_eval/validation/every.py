"""Every breach of a contract in one DuckDB table: which row, which column, which rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from curv_eval.breach import DUPLICATE, Breach, column_breaches, keyed, remedy
from curv_eval.breach_sql import Condition, Key, conditions, keys, quoted, text
from curv_eval.contract import Contract

if TYPE_CHECKING:
    import duckdb

EVERY = "every_breach"
_MARKS, _ROWS, _ALIKE = "every_breach_marks", "every_breach_rows", "every_breach_alike"
HASH, _BITS = "hash", 60
_NAMED = 3


@dataclass(frozen=True)
class Promise:
    """A rule on a column, or on the columns of a key joined by ", "."""

    column: str
    rule: str


@dataclass(frozen=True)
class Found:
    """Every breach of one table.

    promises: all that were looked at, in the contract's order. rows: of the table; broken: with a breach. columns:
    breaches of the table as a whole. The breaches of rows are in the view `EVERY` of the connection: source_file,
    source_row, promise (its place in `promises`, 0 = first), column and rule; no value is in it.
    """

    promises: tuple[Promise, ...]
    rows: int
    broken: int
    columns: tuple[Breach, ...]


def find_every_breach(
    con: duckdb.DuckDBPyConnection, table: str, contract: Contract, *, today: date | None = None
) -> Found:
    """Put every breach of `contract` in `table` into the view `EVERY` of the connection.

    table: a table or a view, with every column as text under the contract's names, and source_file, source_row. It is
    read once, and once more for each key that repeats; what is kept of a row is which promises it breaks and a hash of
    each key. today: nothing may be dated later (default: the day of the call).
    """
    present = {row[0] for row in con.execute(f"DESCRIBE {quoted(table)}").fetchall()}
    rules = [rule for rule in conditions(contract, today or date.today()) if present.issuperset(rule.needs)]
    unique = [key for key in keys(contract) if present.issuperset(key.names)]
    promises = [Promise(rule.column.name, rule.rule) for rule in rules]
    promises += [Promise(", ".join(key.names), DUPLICATE) for key in unique]
    _mark(con, table, rules, unique)
    _start(con, promises)
    _insert_broken(con, len(rules))
    for number, key in enumerate(unique):
        _insert_alike(con, table, key, number=number, place=len(rules) + number)
    rows, broken = con.execute(f"""
        SELECT (SELECT count(*) FROM {_MARKS}),
            (SELECT count(*) FROM (SELECT DISTINCT source_file, source_row FROM {_ROWS}))""").fetchall()[0]
    con.execute(f"DROP TABLE {_MARKS}").fetchall()
    return Found(tuple(promises), rows, broken, tuple(column_breaches(contract, present)))


def summary(
    con: duckdb.DuckDBPyConnection, found: Found, *, shown: Callable[[int], int] = lambda row: row
) -> list[Breach]:
    """Return the breaches of the columns, then one for each promise that rows break, without an example.

    shown: the number to name a row by.
    """
    rows = con.execute(f"""
        SELECT promise, count(*), min(struct_pack(f := source_file, r := source_row), {_NAMED})
        FROM {_ROWS} GROUP BY 1 ORDER BY 1""").fetchall()
    places = {place: [f"{row['f']} row {shown(row['r']):,}" for row in first] for place, _, first in rows}
    return [*found.columns, *(_breach(found.promises[place], n, places[place]) for place, n, _ in rows)]


def _breach(promise: Promise, count: int, places: Iterable[str]) -> Breach:
    return Breach(promise.column, promise.rule, count, tuple(places), remedy(promise.rule))


def _mark(con: duckdb.DuckDBPyConnection, table: str, rules: Sequence[Condition], unique: Sequence[Key]) -> None:
    """Keep of each row one bit for each rule, 1 where it is broken, and a hash of each key."""
    bits = [f"CASE WHEN {r.broken} THEN {1 << i % _BITS}::UBIGINT ELSE 0::UBIGINT END" for i, r in enumerate(rules)]
    marks = [f"{' | '.join(group)} AS m{i}" for i, group in enumerate(_groups(bits))]
    marks += [
        f"CASE WHEN {key.whole} THEN {HASH}({', '.join(key.parts)}) END AS h{number}"
        for number, key in enumerate(unique)
    ]
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE {_MARKS} AS
        SELECT {", ".join(["source_file", "source_row", *marks])} FROM {quoted(table)}""").fetchall()


def _groups(bits: Sequence[str]) -> list[Sequence[str]]:
    return [bits[start : start + _BITS] for start in range(0, len(bits), _BITS)]


def _start(con: duckdb.DuckDBPyConnection, promises: Sequence[Promise]) -> None:
    columns, rules = (
        f"list_value({', '.join(map(text, names))})[promise + 1]"
        for names in ([promise.column for promise in promises], [promise.rule for promise in promises])
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {_ROWS} (source_file VARCHAR, source_row BIGINT, promise USMALLINT)"
    ).fetchall()
    con.execute(f"""
        CREATE OR REPLACE TEMP VIEW {EVERY} AS
        SELECT *, {columns} AS "column", {rules} AS "rule" FROM {_ROWS}""").fetchall()


def _insert_broken(con: duckdb.DuckDBPyConnection, rules: int) -> None:
    if rules == 0:
        return
    places = ", ".join(
        f"CASE WHEN m{place // _BITS} & {1 << place % _BITS}::UBIGINT <> 0 THEN {place}::USMALLINT END"
        for place in range(rules)
    )
    some = " OR ".join(f"m{i} <> 0" for i in range(len(_groups(range(rules)))))
    con.execute(f"""
        INSERT INTO {_ROWS} SELECT source_file, source_row, unnest(list_filter([{places}], lambda x: x IS NOT NULL))
        FROM {_MARKS} WHERE {some}""").fetchall()


def _insert_alike(con: duckdb.DuckDBPyConnection, table: str, key: Key, *, number: int, place: int) -> None:
    """Add the rows that share a key. Only keys of the same hash are compared, and for that the table is read again."""
    names = ", ".join(map(quoted, key.names))
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE {_ALIKE} AS SELECT source_file, source_row FROM {_MARKS} SEMI JOIN (
            SELECT h{number} FROM {_MARKS} WHERE h{number} IS NOT NULL GROUP BY 1 HAVING count(*) > 1)
        USING (h{number})""").fetchall()
    if con.execute(f"SELECT count(*) FROM {_ALIKE}").fetchall()[0][0]:
        con.execute(f"""
            INSERT INTO {_ROWS} SELECT source_file, source_row, {place} FROM (
                SELECT source_file, source_row, count(*) OVER (PARTITION BY {names}) AS n
                FROM ({keyed(table, key)}) SEMI JOIN {_ALIKE} USING (source_file, source_row))
            WHERE n > 1""").fetchall()
