"""Delimited tables and workbooks as pieces and columns."""

from __future__ import annotations

import csv
import io
import re
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator, Sequence

from curv_eval.disclosure.scan.items import Column, Item, Piece, Refused, label

_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
_LONGEST_FIELD = 2**24


def delimited_items(text: str, *, tabs: bool = False) -> Iterator[Item]:
    """Yield every cell of a delimited table, its columns, and the names of those."""
    try:
        rows = _rows(text, "\t" if tabs else _delimiter(text))
    except csv.Error as fault:
        yield Refused("", f"not readable as a table ({fault})")
        return
    yield from table_items([row for row in rows if row])


def _rows(text: str, delimiter: str) -> list[list[str]]:
    # the limit belongs to the whole process, so it is given back
    before = csv.field_size_limit(_LONGEST_FIELD)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    finally:
        csv.field_size_limit(before)


def _delimiter(text: str) -> str:
    """Return the delimiter of a table: a comma, unless the first line has more of another."""
    first = text.split("\n", 1)[0]
    return max(",;|\t", key=first.count)


def table_items(rows: Sequence[Sequence[str]]) -> Iterator[Item]:
    """Yield the cells, the columns and the names of the columns of a table, whose first row has those names."""
    if not rows:
        return
    header = [str(name) for name in rows[0]]
    labels = [label("column", name, i + 1) for i, name in enumerate(header)]
    for i, name in enumerate(header):
        yield Piece(f"row 1, {labels[i]}", name, heading=True)
    for number, row in enumerate(rows[1:], 2):
        for i, cell in enumerate(row):
            if cell:
                yield Piece(f"row {number}, {labels[i] if i < len(labels) else f'column number {i + 1}'}", cell)
    for i, name in enumerate(header):
        yield Column(labels[i], name, tuple(row[i] for row in rows[1:] if i < len(row) and row[i]))


def sheets(held: zipfile.ZipFile) -> Iterator[tuple[str, list[list[str]]]]:
    """Yield each sheet of a workbook as rows of text. Raises ET.ParseError for one that is not XML."""
    names = held.namelist()
    shared = _shared(held.read("xl/sharedStrings.xml")) if "xl/sharedStrings.xml" in names else []
    for number, name in enumerate(sorted(filter(_SHEET.fullmatch, names)), 1):
        yield f"sheet {number}", [_row(row, shared) for row in ET.fromstring(held.read(name)).iter() if _is(row, "row")]


def _shared(raw: bytes) -> list[str]:
    return [_text(one) for one in ET.fromstring(raw) if _is(one, "si")]


def _is(element: ET.Element, tag: str) -> bool:
    return element.tag.rpartition("}")[2] == tag


def _text(element: ET.Element) -> str:
    return "".join(one.text or "" for one in element.iter() if _is(one, "t"))


def _row(row: ET.Element, shared: list[str]) -> list[str]:
    cells: list[str] = []
    for cell in (one for one in row if _is(one, "c")):
        at = _position(cell.get("r", ""))
        cells += [""] * (at - len(cells)) if at is not None else []
        cells.append(_cell(cell, shared))
    return cells


def _position(reference: str) -> int | None:
    """Return the number of the column in a reference such as AB12, None where there is none."""
    letters = re.match(r"[A-Z]{1,3}", reference)
    if letters is None:
        return None
    number = 0
    for letter in letters[0]:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _cell(cell: ET.Element, shared: list[str]) -> str:
    value = next((one.text or "" for one in cell if _is(one, "v")), "")
    if cell.get("t") == "s":
        return shared[int(value)] if value.isdigit() and int(value) < len(shared) else value
    return _text(cell) or value
