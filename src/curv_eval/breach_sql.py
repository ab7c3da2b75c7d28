"""A contract's promises as DuckDB conditions over the raw table, in which every column is text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from curv_eval.contract import Column, Contract

SQL_TYPES = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "boolean": "BOOLEAN",
}
# The casts alone would round 1.5 to 2, take 2023-3-1 for a date and drop an offset from UTC without a word.
_TIME = "[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?"
_FORMS = {
    "integer": "[+-]?[0-9]+",
    "number": "[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?",
    "date": "[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "timestamp": f"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[ T]{_TIME}(Z|[+]00:?00)?",
    "boolean": "(?i:true|false)",
}
_MONTH = "[0-9]{4}-(0[1-9]|1[0-2])"


@dataclass(frozen=True)
class Condition:
    """One promise: `broken` is SQL that is true for a row that breaks it, and NULL or false for the others."""

    column: Column
    rule: str
    broken: str


def quoted(name: str) -> str:
    """Return a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """Return a value as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def filled(name: str) -> str:
    """Return SQL for a column's text, NULL where it is empty."""
    return f"nullif({quoted(name)}, '')"


def typed(column: Column) -> str:
    """Return SQL for a column in its own type, NULL where it is empty or does not read as that type."""
    value = filled(column.name)
    return value if column.type == "string" else f"TRY_CAST({value} AS {SQL_TYPES[column.type]})"


def conditions(contract: Contract, today: date) -> list[Condition]:
    """Return the conditions of every column. today: no date or month of the data may lie after it."""
    found = []
    for column in contract.columns:
        for rule, broken in _broken(column, column.name == contract.period_column, today).items():
            found += [Condition(column, rule, broken)] if broken else []
    return found


def _broken(column: Column, is_period: bool, today: date) -> dict[str, str]:
    value = filled(column.name)
    return {
        "required": f"coalesce(trim({quoted(column.name)}), '') = ''" if column.required else "",
        "type": _wrong_type(column),
        "pattern": f"NOT regexp_matches({value}, {text(column.pattern)})" if column.pattern else "",
        "value not allowed": f"{value} NOT IN ({', '.join(map(text, column.values))})" if column.values else "",
        "below range": f"{typed(column)} < {column.minimum!r}" if column.minimum is not None else "",
        "above range": f"{typed(column)} > {column.maximum!r}" if column.maximum is not None else "",
        "future": _in_future(column, is_period, today),
    }


def _wrong_type(column: Column) -> str:
    if column.type == "string":
        return ""
    form = f"NOT regexp_full_match({filled(column.name)}, {text(_FORMS[column.type])})"
    unread = f"({filled(column.name)} IS NOT NULL AND {typed(column)} IS NULL)"
    endless = f" OR NOT isfinite({typed(column)})" if column.type == "number" else ""
    return f"{form} OR {unread}{endless}"


def _in_future(column: Column, is_period: bool, today: date) -> str:
    if column.type in ("date", "timestamp"):
        return f"CAST({typed(column)} AS DATE) > DATE {text(today.isoformat())}"
    if is_period and column.type == "string":
        month = f"regexp_full_match({filled(column.name)}, {text(_MONTH)})"
        return f"{month} AND {filled(column.name)} > {text(today.strftime('%Y-%m'))}"
    return ""
