"""Workbooks as partners send them, small contracts, and what the readers make of them."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from curv_eval.contract import Column, Contract, load_contract
from curv_eval.errors import ContractError
from curv_eval.sources import Dataset, SourceFile, csv, load_dataset, parquet, table, xlsx

READERS = {"csv": csv, "parquet": parquet, "xlsx": xlsx, "table": table}
PURPOSE, TODAY = "violence reduction evaluation", date(2026, 11, 23)
NAMES = ["person_id", "Session date", "Session type", "minutes", "notes"]
FIRST = ["AB0001", date(2023, 1, 31), "mentoring", 60, "came early"]
SECOND = ["AB0002", date(2023, 2, 1), "group work", 45, None]


def column(name: str, kind: str = "string", **rules) -> Column:
    """A column about persons unless `classification` says otherwise."""
    return Column(name, **{"source_name": name, "type": kind, "classification": "confidential", **rules})


def contract_of(*columns: Column, key: Sequence[str] = (), period: str | None = None, **options) -> Contract:
    """A contract named `sessions` with these columns and options, for the format xlsx."""
    return replace(
        load_contract("lsoa_population"),
        name="sessions",
        format="xlsx",
        key=tuple(key),
        period_column=period,
        area_column=None,
        columns=columns,
        options={"extra_columns": "refuse", "made_up_only": False, **options},
    )


SESSION_COLUMNS = (
    column("person_id", required=True, pattern="^[A-Z]{2}[0-9]{4}$", examples=("AB0001",)),
    column("session_date", "date", source_name="Session date", required=True),
    column("session_type", source_name="Session type", required=True, values=("mentoring", "group work", "in_person")),
    column("minutes", "integer", minimum=0),
    column("notes"),
)


def sessions(**options) -> Contract:
    """What most tests read: one row per person and session."""
    return contract_of(*SESSION_COLUMNS, **options)


def one_column(kind: str = "string", **rules) -> Contract:
    """A contract with an identifier, so that every row is known as data, and the column `value`."""
    options = {name: rules.pop(name) for name in ("blanks", "day_first") if name in rules}
    period = "value" if rules.pop("is_period", False) else None
    identifier = column("id", "integer", required=True, classification="public")
    return contract_of(identifier, column("value", kind, **rules), period=period, **options)


def book(folder: Path, rows: Iterable[Sequence], *, name: str = "outcomes.xlsx", then: Callable | None = None) -> Path:
    """Write rows, the first of which is row 1, into a workbook with one worksheet, and let `then` change that."""
    return books(folder, {"Data": rows}, name=name, then=then)


def books(folder: Path, sheets: dict[str, Iterable[Sequence]], *, name="outcomes.xlsx", then=None) -> Path:
    """Write a workbook with several worksheets; `then` gets the first, or the workbook if it wants the argument."""
    whole = Workbook()
    whole.remove(whole.active)
    for title, rows in sheets.items():
        sheet = whole.create_sheet(title)
        for number, row in enumerate(rows, 1):
            fill(sheet, number, row)
    if then is not None:
        then(whole.worksheets[0])
    whole.save(folder / name)
    return folder / name


def fill(sheet: Worksheet, number: int, row: Sequence) -> None:
    for place, value in enumerate(row, 1):
        if value is not None:
            sheet.cell(number, place, value)


def values_book(folder: Path, values: Sequence, *, formats: str | None = None, name: str = "outcomes.xlsx") -> Path:
    """Write a workbook of `one_column`: a number in the first column and each value in the second."""

    def shown(sheet: Worksheet) -> None:
        for number in range(2, len(values) + 2):
            sheet.cell(number, 2).number_format = formats or sheet.cell(number, 2).number_format

    return book(folder, [["id", "value"], *([i, value] for i, value in enumerate(values, 1))], name=name, then=shown)


def patched(path: Path, changes: dict[str, Callable[[str], str]], drop: Sequence[str] = ()) -> Path:
    """Change the XML of parts of a workbook, as other programs than openpyxl write it."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist() if name not in drop}
    for name, change in changes.items():
        before = parts[name].decode()
        parts[name] = change(before).encode()
        assert parts[name] != before.encode(), f"nothing was changed in {name}"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


SHEET, BOOK, STRINGS = "xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/sharedStrings.xml"
SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_INLINE = re.compile(r' t="inlineStr"><is>(.*?)</is></c>', re.DOTALL)


def shared(path: Path) -> Path:
    """Put the texts of the first worksheet into a table of shared strings, as Excel does and openpyxl does not."""
    found: list[str] = []

    def refer(match: re.Match) -> str:
        found.append(match[1])
        return f' t="s"><v>{len(found) - 1}</v></c>'

    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    link = f'<Relationship Id="rId99" Type="{relation}" Target="sharedStrings.xml"/></Relationships>'
    stated = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    changes = {
        SHEET: lambda text: _INLINE.sub(refer, text),
        "xl/_rels/workbook.xml.rels": swap("</Relationships>", link),
        "[Content_Types].xml": swap("</Types>", f'<Override PartName="/{STRINGS}" ContentType="{stated}"/></Types>'),
    }
    patched(path, changes)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(STRINGS, f'<sst xmlns="{SPACE}">{"".join(f"<si>{text}</si>" for text in found)}</sst>')
    return path


def swap(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new)


def read(contract: Contract, path: Path) -> tuple[duckdb.DuckDBPyConnection, SourceFile]:
    con = duckdb.connect()
    (file,) = READERS[contract.format].read(con, path, contract)
    return con, file


def rows_of(contract: Contract, path: Path) -> list[tuple]:
    """Return the rows of the raw table without the name of the file."""
    con, _ = read(contract, path)
    return con.execute(f"SELECT * EXCLUDE (source_file) FROM raw_{contract.name}").fetchall()


def values_of(contract: Contract, path: Path) -> list[str | None]:
    """Return the column `value`."""
    con, _ = read(contract, path)
    return [value for (value,) in con.execute(f"SELECT value FROM raw_{contract.name}").fetchall()]


def repairs_of(contract: Contract, path: Path) -> tuple[str, ...]:
    return read(contract, path)[1].repairs


def refusal(contract: Contract, path: Path) -> str:
    con = duckdb.connect()
    with pytest.raises(ContractError) as caught:
        READERS[contract.format].read(con, path, contract)
    return str(caught.value)


def load(contract: Contract, path: Path, con: duckdb.DuckDBPyConnection | None = None) -> Dataset:
    return load_dataset(con or duckdb.connect(), contract, path, purpose=PURPOSE, today=TODAY)
