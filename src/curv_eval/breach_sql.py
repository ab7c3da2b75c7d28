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
    "timestamp": f"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[ T]{_TIME}(Z|[+]00:?00)?",
    "boolean": "(?i:true|false)",
}
WITHOUT_CONSENT, BEFORE = "without consent", "before "
# what looks empty in a spreadsheet: space, tab, line ends and the no-break space
_SPACES = "' ' || chr(9) || chr(10) || chr(13) || chr(160)"
_DAY = len("2023-03-31")
_MONTH = "[0-9]{4}-(0[1-9]|1[0-2])"


@dataclass(frozen=True)
class Condition:
    """One promise: `broken` is SQL that is true for a row that breaks it, and NULL or false for the others.

    needs: the columns that `broken` reads.
    """

    column: Column
    rule: str
    broken: str
    needs: tuple[str, ...]


@dataclass(frozen=True)
class Key:
    """Columns that together may not repeat. A row in which one of `required` is empty is blank, not repeated."""

    names: tuple[str, ...]
    required: tuple[str, ...]

    @property
    def parts(self) -> list[str]:
        """SQL for the value of each column; an empty one is like any other."""
        return [f"coalesce({quoted(name)}, '')" for name in self.names]

    @property
    def whole(self) -> str:
        """SQL that is true for a row that has what the key requires."""
        return " AND ".join(f"{filled(name)} IS NOT NULL" for name in self.required) or "true"


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
    """Return the conditions of every column, then consent, then orders. today: nothing may be dated later."""
    found = []
    for column in contract.columns:
        for rule, broken in _broken(column, column.name == contract.period_column, today).items():
            found += [Condition(column, rule, broken, (column.name,))] if broken else []
    columns = {column.name: column for column in contract.columns}
    return found + _consent(contract, columns) + [_order(columns[a], columns[b]) for a, b in contract.orders]


def keys(contract: Contract) -> list[Key]:
    """Return what may not repeat: each unique column, and the contract's key."""
    required = {column.name for column in contract.columns if column.required}
    unique = [Key((column.name,), (column.name,)) for column in contract.columns if column.unique]
    whole = Key(contract.key, tuple(name for name in contract.key if name in required))
    return unique + ([whole] if contract.key and contract.key not in [key.names for key in unique] else [])


def _broken(column: Column, is_period: bool, today: date) -> dict[str, str]:
    value = filled(column.name)
    return {
        "required": _blank(column) if column.required else "",
        "type": _wrong_type(column),
        "pattern": f"NOT regexp_matches({value}, {text(column.pattern)})" if column.pattern else "",
        "value not allowed": f"{value} NOT IN ({', '.join(map(text, column.values))})" if column.values else "",
        "below range": f"{typed(column)} < {column.minimum!r}{_formed(column)}" if column.minimum is not None else "",
        "above range": f"{typed(column)} > {column.maximum!r}{_formed(column)}" if column.maximum is not None else "",
        "future": _in_future(column, is_period, today),
    }


def _blank(column: Column) -> str:
    value = quoted(column.name)
    # trimming is slow, so only what begins like a blank is trimmed
    may_be = f"({value} IS NULL OR {value} < '!' OR starts_with({value}, chr(160)))"
    return f"{may_be} AND trim(coalesce({value}, ''), {_SPACES}) = ''"


def _formed(*columns: Column) -> str:
    """SQL: and the values read as their type. What is not a date cannot lie in the future as well."""
    ends = [f"isfinite({typed(column)})" for column in columns if column.type == "number"]
    return "".join(f" AND {one}" for one in [*(_form(c) for c in columns if c.type != "string"), *ends])


def _form(column: Column) -> str:
    """SQL that is true where a value is written as its type is; of a date, also where there is such a day."""
    value = filled(column.name)
    if column.type == "date":
        # quicker than looking at each character
        return f"(length({value}) = {_DAY} AND CAST({typed(column)} AS VARCHAR) = {value})"
    return f"regexp_full_match({value}, {text(_FORMS[column.type])})"


def _wrong_type(column: Column) -> str:
    if column.type == "string":
        return ""
    unread = f"({filled(column.name)} IS NOT NULL AND {typed(column)} IS NULL)"
    endless = f" OR NOT isfinite({typed(column)})" if column.type == "number" else ""
    return f"NOT {_form(column)} OR {unread}{endless}"


def _in_future(column: Column, is_period: bool, today: date) -> str:
    if column.type in ("date", "timestamp"):
        return f"CAST({typed(column)} AS DATE) > DATE {text(today.isoformat())}{_formed(column)}"
    if is_period and column.type == "string":
        month = f"regexp_full_match({filled(column.name)}, {text(_MONTH)})"
        return f"{month} AND {filled(column.name)} > {text(today.strftime('%Y-%m'))}"
    return ""


def _consent(contract: Contract, columns: dict[str, Column]) -> list[Condition]:
    if contract.consent_column is None:
        return []
    column = columns[contract.consent_column]
    broken = f"NOT coalesce({typed(column)}{_formed(column)}, false)"
    return [Condition(column, WITHOUT_CONSENT, broken, (column.name,))]


def _order(earlier: Column, later: Column) -> Condition:
    broken = f"{typed(later)} < {typed(earlier)}{_formed(earlier, later)}"
    return Condition(later, f"{BEFORE}{earlier.name}", broken, (earlier.name, later.name))
