"""Whether data keep their contract: every breach at once, with where it is and what to do, never a personal value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from curv_eval.breach_sql import BEFORE, WITHOUT_CONSENT, Condition, Key, conditions, filled, keys, quoted
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
    rules = [rule for rule in conditions(contract, today or date.today()) if present.issuperset(rule.needs)]
    broken = [rule for rule, n in zip(rules, _counts(con, table, rules), strict=True) if n]
    return [
        *column_breaches(contract, present),
        *_row_breaches(con, table, broken),
        *_repeats(con, table, contract, present),
    ]


def raise_breaches(breaches: Sequence[Breach], contract: Contract, where: str, *, do: str = "") -> None:
    """Raise ContractError with one line for each breach, if there are any. where: what the message calls the data."""
    if breaches:
        columns = {column.name: column for column in contract.columns}
        lines = [f"{b.column}: {_sentence(b, columns.get(b.column))}; do: {b.remedy}" for b in breaches]
        raise ContractError(f"{where} does not keep {contract.name} v{contract.version}", lines, do)


def column_breaches(contract: Contract, present: Iterable[str]) -> list[Breach]:
    """Return the columns that are missing from `present`, and those of it that the contract does not know."""
    names = [column.name for column in contract.columns]
    missing = [Breach(name, MISSING, 0, (), remedy(MISSING)) for name in names if name not in present]
    return missing + [
        Breach(name, UNKNOWN, 0, (), remedy(UNKNOWN)) for name in sorted({*present}.difference(names, ORIGIN))
    ]


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
    return Breach(rule.column.name, rule.rule, count, _places(first), remedy(rule.rule), first[0]["v"])


def _repeats(con: duckdb.DuckDBPyConnection, table: str, contract: Contract, present: set[str]) -> list[Breach]:
    """Rows that share a key or a unique value."""
    found = [_repeat(con, table, key) for key in keys(contract) if present.issuperset(key.names)]
    return [breach for breach in found if breach.count]


def _repeat(con: duckdb.DuckDBPyConnection, table: str, key: Key) -> Breach:
    names = ", ".join(map(quoted, key.names))
    count, first = con.execute(f"""
        WITH keyed AS ({keyed(table, key)}),
        repeated AS (SELECT {names} FROM keyed GROUP BY {names} HAVING count(*) > 1)
        SELECT count(*), {_first_of("NULL::VARCHAR")} FROM keyed SEMI JOIN repeated USING ({names})""").fetchall()[0]
    return Breach(", ".join(key.names), DUPLICATE, count, _places(first or ()), remedy(DUPLICATE))


def keyed(table: str, key: Key) -> str:
    """Return SQL for the key and the origin of every row that has what the key requires."""
    parts = ", ".join(f"{part} AS {quoted(name)}" for part, name in zip(key.parts, key.names, strict=True))
    return f"SELECT {parts}, source_file, source_row FROM {quoted(table)} WHERE {key.whole}"


MISSING, UNKNOWN, DUPLICATE = "column missing", "column not in the contract", "duplicate"
_DO = {
    MISSING: "send the file with this column, blank where nothing is known",
    UNKNOWN: "remove it before sharing; this dataset's agreement does not cover it",
    "required": "fill it in at the source; a row without it cannot be used",
    "type": "write the value in the form expected",
    "pattern": "send the codes as the publisher writes them",
    "value not allowed": "map it to an allowed value, or have the contract changed if the publisher has added one",
    "below range": "correct it at the source",
    "above range": "correct it at the source",
    DUPLICATE: "find out which row is right at the source; do not just drop one",
    "future": "check the day and month, and the date of the extract",
    WITHOUT_CONSENT: "the young person has not agreed; remove the row before sharing",
    BEFORE: "find out at the source which of the two is wrong",
}
_FORM = {
    "integer": "a whole number",
    "number": "a number",
    "date": "a date like 2023-03-31",
    "timestamp": "a date and time like 2023-03-31 14:05",
    "boolean": "true or false",
}


def remedy(rule: str) -> str:
    """Return what to do about a breach of `rule`."""
    return _DO[BEFORE if rule.startswith(BEFORE) else rule]


def _sentence(breach: Breach, column: Column | None) -> str:
    if not breach.first_rows:
        return breach.rule
    one = breach.count == 1
    counted = (
        f"{breach.count:,} {_noun(breach)}{'' if one else 's'} {said(breach.rule, breach.column, column, one=one)}"
    )
    found = f", {_short(breach.example)}" if breach.example is not None else ""
    return f"{counted} ({'' if one else 'first '}at {breach.first_rows[0]}{found})"


def _noun(breach: Breach) -> str:
    return "row" if breach.rule in (DUPLICATE, WITHOUT_CONSENT) else "value"


def _short(example: str) -> str:
    return repr(example if len(example) <= _LONGEST_EXAMPLE else example[:_LONGEST_EXAMPLE] + "…")


def said(rule: str, name: str, column: Column | None, *, one: bool = True) -> str:
    """Return what a value or row that breaks `rule` does, as in "is blank".

    name: the column, or the names of a key joined by ", ". column: None for a key of several. one: not "are blank".
    """
    is_, do, share = ("is", "does", "shares its") if one else ("are", "do", "share their")
    fixed = {
        "required": f"{is_} blank",
        DUPLICATE: f"{share} {name} with another row",
        "future": f"{'lies' if one else 'lie'} in the future",
        WITHOUT_CONSENT: f"{is_} without consent",
    }
    if rule.startswith(BEFORE):
        return f"{is_} {rule}"
    return fixed[rule] if rule in fixed or column is None else _of_column(rule, column, is_, do)


def _of_column(rule: str, column: Column, is_: str, do: str) -> str:
    if rule == "type":
        return f"{is_} not {_FORM.get(column.type, column.type)}"
    if rule == "pattern":
        return f"{do} not look like {' or '.join(column.examples) or column.pattern}"
    if rule == "value not allowed":
        return f"{is_} not {_allowed(column.values)}"
    bound = column.minimum if rule == "below range" else column.maximum
    return f"{is_} {rule.split()[0]} {bound:g}"


def _allowed(values: tuple[str, ...]) -> str:
    return f"one of the {len(values)} allowed" if len(values) > _VALUES_NAMED else " or ".join(values)
