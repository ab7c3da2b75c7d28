"""One pass over the rows of a source: how many there are by place, month, supplier and kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pandas as pd

from curv_eval.breach_sql import quoted, text
from curv_eval.contract import Contract
from curv_eval.errors import StudyError
from curv_eval.study import Outcome

SUPPLIER = "reported_by"  # data.police.uk's word for who supplied a row
KINDS = 4  # values a column needs to be taken for the kind of event
A_MONTH = "regexp_full_match(month, '[0-9]{4}-[0-9]{2}')"  # SQL: a quarter or a year cannot be judged as a month


@dataclass(frozen=True)
class Tally:
    """The counts of one source, in a temporary table `table` of the connection.

    Rows with by_place true: code, supplier, month, n (all rows) and n_<outcome>; the others: supplier, month, kind, n.
    kind_column: what kind is, or None.
    """

    contract: Contract
    table: str
    outcomes: tuple[Outcome, ...]
    kind_column: str | None


def tally(con: duckdb.DuckDBPyConnection, contract: Contract, outcomes: Sequence[Outcome]) -> Tally:
    """Count all rows of `contract` in one pass, for the outcomes that rest on it. Raises StudyError."""
    present = [name for name, *_ in con.execute(f"DESCRIBE {quoted(contract.name)}").fetchall()]
    kind = kind_column(contract, outcomes, present)
    wanted = [f"coalesce({_condition(outcome, contract)}, false) AS {quoted(outcome.name)}" for outcome in outcomes]
    counts = [f"count(*) FILTER (WHERE {quoted(o.name)}) AS {quoted(f'n_{o.name}')}" for o in outcomes]
    table = quoted(f"tally_{contract.name}")
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE {table} AS
        SELECT grouping(kind) = 1 AS by_place, code, supplier, month, kind, {", ".join(["count(*) AS n", *counts])}
        FROM (
            SELECT {quoted(contract.area_column) if contract.area_column else "NULL"} AS code,
                {quoted(SUPPLIER) if SUPPLIER in present else text(contract.name)} AS supplier,
                {month_sql(contract)} AS month, {quoted(kind) if kind else "NULL"} AS kind, {", ".join(wanted)}
            FROM {quoted(contract.name)})
        GROUP BY GROUPING SETS ((code, supplier, month), (supplier, month, kind))""").fetchall()
    return Tally(contract, table, tuple(outcomes), kind)


def monthly_rows(con: duckdb.DuckDBPyConnection, counted: Tally) -> pd.DataFrame:
    """Return supplier, month, kind and rows of the whole source, as `find_incomplete` takes them."""
    return con.execute(f"""
        SELECT supplier, month, kind, n AS rows FROM {counted.table}
        WHERE NOT by_place AND {A_MONTH} ORDER BY ALL""").df()


def kind_column(contract: Contract, outcomes: Sequence[Outcome], present: Sequence[str]) -> str | None:
    """Return the column that says what kind of event a row is: the one outcomes are chosen by, else the first column
    that is never blank and has at least four values; None where there is none.
    """
    listed = [c for c in contract.columns if c.name in present and len(c.values) >= KINDS]
    chosen = [c.name for c in listed if any(c.name in outcome.where for outcome in outcomes)]
    return next(iter([*chosen, *(c.name for c in listed if c.required)]), None)


def month_sql(contract: Contract) -> str:
    """Return SQL for a row's month as YYYY-MM."""
    column = next(c for c in contract.columns if c.name == contract.period_column)
    timed = column.type in ("date", "timestamp")
    return f"strftime({quoted(column.name)}, '%Y-%m')" if timed else quoted(column.name)


def _condition(outcome: Outcome, contract: Contract) -> str:
    columns = {column.name: column for column in contract.columns}
    faults = [
        f"outcomes.{outcome.name}.where: {contract.name} has no column {name}"
        for name in outcome.where
        if name not in columns
    ]
    faults += [
        f"outcomes.{outcome.name}.where.{name}: {value!r} is not a value of that column"
        for name, value in outcome.where.items()
        if name in columns and columns[name].values and value not in columns[name].values
    ]
    if faults:
        raise StudyError("an outcome does not fit its contract", faults)
    return " AND ".join(f"{quoted(name)} = {text(value)}" for name, value in outcome.where.items()) or "true"
