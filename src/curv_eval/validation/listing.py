"""Every breach, row by row: as a CSV file without any value, and as a short list with what anyone may see."""

from __future__ import annotations

import csv
import functools
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from curv_eval.breach import Breach
from curv_eval.breach_sql import filled, quoted
from curv_eval.contract import Contract
from curv_eval.validation.checked import Checked
from curv_eval.validation.every import EVERY, Promise
from curv_eval.validation.words import heading, problem, shows_value, to_do
from curv_eval.visible import unrun

if TYPE_CHECKING:
    import duckdb

HEADER = ("file", "source_row", "spreadsheet_row", "column", "rule", "problem", "what_to_do")
_FETCHED = 10_000


@dataclass(frozen=True)
class Line:
    """One breach of one row. row: the number a spreadsheet shows. value: None unless the column is public."""

    file: str
    row: int
    promise: Promise
    value: str | None = None


def write_listing(path: Path, checked: Checked) -> None:
    """Write every breach to a CSV file, those of the file as a whole first. No value is in it.

    source_row: 1 = first row of data. spreadsheet_row: as a spreadsheet shows it, empty where none would.
    """
    contract, source = checked.contract, checked.source
    about = [_line(heading(p, contract), p.rule, problem(p, contract), to_do(p)) for p in checked.found.promises]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        file.write(_line(*HEADER))
        file.writelines(_line("", "", "", *_of_file(breach, contract)) for breach in checked.validation.whole)
        # there can be millions, so what they share is written out once
        named = functools.cache(lambda name: _line(name).rstrip("\r\n"))
        for name, row, place in _all(checked.con):
            file.write(f"{named(name)},{row},{source.shown(row) if source.numbered else ''},{about[place]}")


def first_lines(checked: Checked, most: int) -> list[Line]:
    """Return the first `most` breaches of rows, with their values where the column is public."""
    found = checked.con.execute(f"{_ORDERED} LIMIT {most}").fetchall()
    promises = [checked.found.promises[place] for *_, place in found]
    wanted = {promise.column for promise in promises if shows_value(promise, checked.contract)}
    values = _values(checked, sorted(wanted), {row for _, row, _ in found}) if wanted else {}
    return [
        Line(name, checked.source.shown(row), promise, _value(promise, values.get((name, row), {}), checked.contract))
        for (name, row, _), promise in zip(found, promises, strict=True)
    ]


_ORDERED = f"SELECT source_file, source_row, promise FROM {EVERY} ORDER BY 1, 2, 3"


def _all(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, int, int]]:
    con.execute(_ORDERED)
    while rows := con.fetchmany(_FETCHED):
        yield from rows


def _of_file(breach: Breach, contract: Contract) -> tuple[str, str, str, str]:
    name = heading(Promise(breach.column, breach.rule), contract)
    return name, breach.rule, breach.rule, breach.remedy


def _value(promise: Promise, values: dict[str, str], contract: Contract) -> str | None:
    return values.get(promise.column) if shows_value(promise, contract) else None


def _values(checked: Checked, columns: list[str], rows: set[int]) -> dict[tuple[str, int], dict[str, str]]:
    """Return the values of public columns in some rows. No other column is asked for."""
    names = ", ".join(f"{filled(name)} AS {quoted(name)}" for name in columns)
    found = checked.con.execute(f"""
        SELECT source_file, source_row, {names} FROM {quoted(checked.source.relation)}
        WHERE source_row IN ({", ".join(map(str, sorted(rows)))})""").fetchall()
    return {(file, row): dict(zip(columns, values, strict=True)) for file, row, *values in found}


def _line(*cells: str) -> str:
    """Return a line of CSV in which a spreadsheet runs nothing."""
    held = io.StringIO()
    csv.writer(held).writerow(map(unrun, cells))
    return held.getvalue()
