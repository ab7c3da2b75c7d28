"""The questionnaires as a provider sends them: a workbook with a title, dates in several forms and notes underneath."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from curv_eval.made_up.columns import blanked
from curv_eval.made_up.process import draw

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

TITLE = "Street mentoring: questionnaires (MADE-UP DATA, nobody in it exists)"
NOTES = (
    "Notes",
    "Items are on the instrument's own scale. n/a and - mean that the young person left the item out.",
    "Made up from a random seed by curv-eval.",
)
DATE_FORMS = {"cell": 0.6, "numbers": 0.2, "words": 0.1, "iso": 0.1}
# not from the locale of whoever runs this
MONTH_NAMES = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
MADE = datetime(2025, 1, 31)
_STAMP = (2025, 1, 31, 0, 0, 0)
_NUMBERED = re.compile(r"item_\d+|score")


def write_workbook(path: Path, rng: np.random.Generator, *, header: Sequence[str], rows: Sequence[Sequence]) -> None:
    """Write `rows` under `header` to the workbook `path`; the same rows and stream give the same bytes."""
    from openpyxl import Workbook

    book = Workbook()
    book.properties.creator, book.properties.created = "curv-eval", MADE
    sheet = book.active
    sheet.title = "Outcomes"
    _head(sheet, header)
    forms = draw(rng, DATE_FORMS, len(rows))
    gaps = blanked(rng, ["n/a"] * len(rows), 0.7, blank="-")
    for row, form, gap in zip(rows, forms, gaps, strict=True):
        sheet.append([_cell(name, value, form, gap) for name, value in zip(header, row, strict=True)])
    _number_dates(sheet, list(header).index("date") + 1, len(rows))
    sheet.append([])
    for note in NOTES:
        sheet.append([note])
    _save(book, path)


def _head(sheet: Worksheet, header: Sequence[str]) -> None:
    sheet.append([TITLE])
    sheet.append(["Exported for the evaluation on 31 January 2025"])
    sheet.append([])
    sheet.append(list(header))
    sheet.merge_cells("A1:H1")
    sheet.merge_cells("A2:H2")


def _cell(name: str, value: Any, form: str, gap: str) -> Any:
    if name == "date":
        return _dated(date.fromisoformat(value), form)
    if _NUMBERED.fullmatch(name):
        # only some of the blanks are said to be blanks
        return int(value) if value != "" else gap if name == "item_3" else None
    return {"true": True, "false": False}.get(value, value)


def _dated(day: date, form: str) -> Any:
    words = f"{day.day} {MONTH_NAMES[day.month - 1]} {day.year}"
    return {"numbers": day.strftime("%d/%m/%Y"), "words": words, "iso": day.isoformat()}.get(form, day)


def _number_dates(sheet: Worksheet, column: int, rows: int) -> None:
    for (cell,) in sheet.iter_rows(min_row=5, max_row=4 + rows, min_col=column, max_col=column):
        if isinstance(cell.value, date):
            cell.number_format = "dd/mm/yyyy"


def _save(book: Any, path: Path) -> None:
    """Save without the clock: neither in the properties nor in the archive."""
    held = io.BytesIO()
    book.save(held)
    clock = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")
    with zipfile.ZipFile(held) as given, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name in given.namelist():
            part = clock.sub(rb"\g<1>" + MADE.strftime("%Y-%m-%dT%H:%M:%SZ").encode(), given.read(name))
            out.writestr(zipfile.ZipInfo(name, _STAMP), part, zipfile.ZIP_DEFLATED)
