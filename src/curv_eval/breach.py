"""Whether data keep their contract: every breach at once, with where it is and what to do, never a personal value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from curv_eval.breach_sql import Condition, conditions, filled, quoted
from curv_eval.contract import Column, Contract
from curv_eval.errors import ContractError

if TYPE_CHECKING:
    import duckdb

ORIGIN = ("source_file", "source_row")
_ROWS_NAMED, _VALUES_NAMED, _LONGEST_EXAMPLE = 3, 6, 60


@dataclass(frozen=True)
class Breach:
    """One promise that was not kept.

    column: its name, or the names of a key joined by ", ". count: rows that break it, 0 where the column as such is
    at fault. first_rows: the first few, like "2023-03-cleveland-street.csv row 4,101". example: the first value that
    breaks it, only from a column that is public.
    """

    column: str
    rule: str
    count: int
    first_rows: tuple[str, ...]
    remedy: str
    example: str | None = None


def find_breaches(
    con: duckdb.DuckDBPyConnection, table: str, contract: Contract, *, today: date | None = None
) -> list[Breach]:
    """Return every breach of `contract` in `table`, or [].

    table: every column as text under the contract's names, and source_file, source_row. today: nothing may be dated
    later (default: the day of the call).
    """
    present = {row[0] for row in con.execute(f"DESCRIBE {quoted(table)}").fetchall()}
    rules = [rule for rule in conditions(contract, today or date.today()) if rule.column.name in present]
    broken = [rule for rule, n in zip(rules, _counts(con, table, rules), strict=True) if n]
    return [
        *_column_breaches(contract, present),
        *_row_breaches(con, table, broken),
        *_repeats(con, table, contract, present),
    ]


def raise_breaches(breaches: Sequence[Breach], contract: Contract, where: str) -> None:
    """Raise ContractError with one line for each breach, if there are any. where: what the message calls the data."""
    if breaches:
        columns = {column.name: column for column in contract.columns}
        lines = [f"{b.column}: {_sentence(b, columns.get(b.column))}; do: {b.remedy}" for b in breaches]
        raise ContractError(f"{where} does not keep {contract.name} v{contract.version}", lines)


def _column_breaches(contract: Contract, present: set[str]) -> list[Breach]:
    names = [column.name for column in contract.columns]
    missing = [Breach(name, "column missing", 0, (), _DO["column missing"]) for name in names if name not in present]
    extra = sorted(present.difference(names, ORIGIN))
    rule = "column not in the contract"
    return missing + [Breach(name, rule, 0, (), _DO[rule]) for name in extra]


def _counts(con: duckdb.DuckDBPyConnection, table: str, rules: Sequence[Condition]) -> list[int]:
    """Count the rows that break each rule, all rules in one scan of the table and in constant memory."""
    if not rules:
        return []
    counts = ", ".join(f"count(*) FILTER (WHERE {rule.broken})" for rule in rules)
    return list(con.execute(f"SELECT {counts} FROM {quoted(table)}").fetchall()[0])


def _row_breaches(con: duckdb.DuckDBPyConnection, table: str, broken: Sequence[Condition]) -> list[Breach]:
    if not broken:
        return []
    found = ", ".join(f"count(*) FILTER (WHERE {rule.broken}), {_first(rule)}" for rule in broken)
    row = con.execute(f"SELECT {found} FROM {quoted(table)}").fetchall()[0]
    return [_breach(rule, n, first) for rule, n, first in zip(broken, row[::2], row[1::2], strict=True)]


def _first(rule: Condition) -> str:
    """SQL for the first rows that break a rule. The value of a column that is not public is never asked for."""
    value = filled(rule.column.name) if rule.column.classification == "public" else "NULL::VARCHAR"
    return f"{_first_of(value)} FILTER (WHERE {rule.broken})"


def _first_of(value: str) -> str:
    return f"min(struct_pack(f := source_file, r := source_row, v := {value}), {_ROWS_NAMED})"


def _places(first: Iterable[dict]) -> tuple[str, ...]:
    return tuple(f"{row['f']} row {row['r']:,}" for row in first)


def _breach(rule: Condition, count: int, first: list[dict]) -> Breach:
    return Breach(rule.column.name, rule.rule, count, _places(first), _DO[rule.rule], first[0]["v"])


def _repeats(con: duckdb.DuckDBPyConnection, table: str, contract: Contract, present: set[str]) -> list[Breach]:
    """Rows that share a key or a unique value. Rows without a required part of it are blank, not repeated."""
    required = {column.name for column in contract.columns if column.required}
    unique = [((column.name,), {column.name}) for column in contract.columns if column.unique]
    keys = [*unique, *([(contract.key, required)] if contract.key else [])]
    found = [_repeat(con, table, key, needed) for key, needed in keys if present.issuperset(key)]
    return [breach for breach in found if breach.count]


def _repeat(con: duckdb.DuckDBPyConnection, table: str, key: tuple[str, ...], needed: set[str]) -> Breach:
    parts = ", ".join(f"coalesce({quoted(name)}, '') AS {quoted(name)}" for name in key)
    whole = " AND ".join(f"{filled(name)} IS NOT NULL" for name in key if name in needed) or "true"
    rows = f"SELECT {parts}, source_file, source_row FROM {quoted(table)} WHERE {whole}"
    names = ", ".join(map(quoted, key))
    count, first = con.execute(f"""
        WITH keyed AS ({rows}),
        repeated AS (SELECT {names} FROM keyed GROUP BY {names} HAVING count(*) > 1)
        SELECT count(*), {_first_of("NULL::VARCHAR")} FROM keyed SEMI JOIN repeated USING ({names})""").fetchall()[0]
    return Breach(", ".join(key), "duplicate", count, _places(first or ()), _DO["duplicate"])


_DO = {
    "column missing": "send the file with this column, blank where nothing is known",
    "column not in the contract": "remove it before sharing; this dataset's agreement does not cover it",
    "required": "fill it in at the source; a row without it cannot be used",
    "type": "write the value in the form expected",
    "pattern": "send the codes as the publisher writes them",
    "value not allowed": "map it to an allowed value, or have the contract changed if the publisher has added one",
    "below range": "correct it at the source",
    "above range": "correct it at the source",
    "duplicate": "find out which row is right at the source; do not just drop one",
    "future": "check the day and month, and the date of the extract",
}
_FORM = {
    "integer": "a whole number",
    "number": "a number",
    "date": "a date like 2023-03-31",
    "timestamp": "a date and time like 2023-03-31 14:05",
    "boolean": "true or false",
}


def _sentence(breach: Breach, column: Column | None) -> str:
    if not breach.first_rows:
        return breach.rule
    one = breach.count == 1
    counted = f"{breach.count:,} {_noun(breach)}{'' if one else 's'} {_verb(breach, column, one)}"
    found = f", {_short(breach.example)}" if breach.example is not None else ""
    return f"{counted} ({'' if one else 'first '}at {breach.first_rows[0]}{found})"


def _noun(breach: Breach) -> str:
    return "row" if breach.rule == "duplicate" else "value"


def _short(example: str) -> str:
    return repr(example if len(example) <= _LONGEST_EXAMPLE else example[:_LONGEST_EXAMPLE] + "…")


def _verb(breach: Breach, column: Column | None, one: bool) -> str:
    is_, do, share = ("is", "does", "shares its") if one else ("are", "do", "share their")
    said = {"required": f"{is_} blank", "duplicate": f"{share} {breach.column} with another row"}
    said["future"] = f"{'lies' if one else 'lie'} in the future"
    if column is not None:
        said["type"] = f"{is_} not {_FORM.get(column.type, column.type)}"
        said["pattern"] = f"{do} not look like {' or '.join(column.examples) or column.pattern}"
        said["value not allowed"] = f"{is_} not {_allowed(column.values)}"
        said["below range"] = f"{is_} below {column.minimum:g}" if column.minimum is not None else ""
        said["above range"] = f"{is_} above {column.maximum:g}" if column.maximum is not None else ""
    return said[breach.rule]


def _allowed(values: tuple[str, ...]) -> str:
    return f"one of the {len(values)} allowed" if len(values) > _VALUES_NAMED else " or ".join(values)
