"""The rows of one worksheet as they stand in its XML, one after the other."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.parsers import expat

from curv_eval.sources._workbook import CHUNK, Sheet, Workbook, filled, refuse_types

# results over a column, as they stand under one
_OVER = re.compile(r"\s*=?\s*(?:SUM|SUBTOTAL|AGGREGATE|COUNT|COUNTA|AVERAGE|MEDIAN)\(", re.IGNORECASE)
_DIGITS, _LETTERS, _COLUMNS = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", 16_384
# what stands in a cell with an error is shown in messages, so it must be Excel's own word
_ERRORS = ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA")


class Shown(NamedTuple):
    """A number that is shown as something else: a date, datetime, time, duration, percent or boolean."""

    kind: str
    number: float


class Broken(NamedTuple):
    """A cell without a value that could be used: "error" with Excel's code for it, or "no result" of a formula."""

    kind: str
    code: str = ""


Raw = str | float | Shown | Broken


class Row(NamedTuple):
    """A row of a worksheet. number: as Excel shows it. cells: by column, from 0. sums: it has results over a column."""

    number: int
    hidden: bool
    cells: dict[int, Raw]
    sums: bool


class Merged(NamedTuple):
    """Merged cells: first and last row as Excel shows them, first and last column from 0."""

    top: int
    bottom: int
    left: int
    right: int


@dataclass
class Extras:
    """What a worksheet says about its cells after its rows."""

    merged: list[Merged] = field(default_factory=list)


def letters(column: int) -> str:
    """Return how Excel names a column, counted here from 0."""
    name, rest = "", column + 1
    while rest:
        rest, digit = divmod(rest - 1, 26)
        name = chr(65 + digit) + name
    return name


def column_of(name: str) -> int:
    """Return the column, from 0, of a cell like AB12. Raises ValueError where there is no such column in Excel."""
    number = 0
    for letter in name.rstrip(_DIGITS):
        number = number * 26 + _LETTERS.index(letter) + 1
    if not 1 <= number <= _COLUMNS:
        raise ValueError("no such column")
    return number - 1


def sheet_rows(workbook: Workbook, sheet: Sheet, extras: Extras | None = None) -> Iterator[Row]:
    """Yield the rows of `sheet` that have cells; `extras` is filled once all were taken. Raises ContractError."""
    reader = _Reader(workbook)
    with workbook.open(sheet) as stream:
        while chunk := stream.read(CHUNK):
            reader.parser.Parse(chunk)
            yield from reader.taken()
        reader.parser.Parse(b"", True)
        yield from reader.taken()
    if extras is not None:
        extras.merged += reader.merged


class _Reader:
    """Takes the events of a worksheet's XML apart into rows."""

    def __init__(self, workbook: Workbook) -> None:
        self._strings, self._shown, self._stale = workbook.strings, workbook.shown, workbook.stale
        self._rows: list[Row] = []
        self._columns: dict[str, int] = {}
        self.merged: list[Merged] = []
        self._number, self._column, self._hidden = 0, -1, False
        self._cells: dict[int, Raw] = {}
        self._type, self._style, self._sums = "n", "0", False
        self._formula = self._aside = False
        # what is taken of the text: the value of a cell, the code of its formula, or nothing
        self._take, self._value, self._code = "", "", ""
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text, self.parser.StartDoctypeDeclHandler = True, refuse_types
        self.parser.StartElementHandler = self._first

    def taken(self) -> list[Row]:
        """Return the rows that are whole, once."""
        rows, self._rows = self._rows, []
        return rows

    def _first(self, tag: str, _: dict[str, str]) -> None:
        """Learn the namespace, of which there are two, from the outermost element."""
        space = tag.rpartition(" ")[0]
        names = ("c", "v", "t", "f", "row", "is", "rPh", "mergeCell")
        self._c, self._v, self._t, self._f, self._row, self._is, self._ph, self._merge = (
            f"{space} {name}" for name in names
        )
        self.parser.StartElementHandler, self.parser.EndElementHandler = self._start, self._end
        self.parser.CharacterDataHandler = self._text

    def _start(self, tag: str, given: dict[str, str]) -> None:
        if tag == self._c:
            self._start_cell(given)
        elif tag == self._v:
            # some programs write a text twice, beside itself
            self._take = "" if self._type == "inlineStr" else "value"
        elif tag == self._t:
            self._take = "" if self._aside else "value"
        elif tag == self._row:
            self._number = int(given["r"]) if "r" in given else self._number + 1
            self._hidden = given.get("hidden") in ("1", "true")
            self._column, self._cells, self._sums = -1, {}, False
        elif tag == self._f:
            self._formula, self._take = True, "code"
        elif tag == self._ph:
            self._aside = True
        elif tag == self._merge:
            self._add_merged(given["ref"])

    def _start_cell(self, given: dict[str, str]) -> None:
        place = given.get("r")
        if place is None:
            self._column += 1
        else:
            name = place.rstrip(_DIGITS)
            column = self._columns.get(name)
            self._column = self._columns.setdefault(name, column_of(name)) if column is None else column
        self._type, self._style = given.get("t", "n"), given.get("s") or "0"
        self._formula = self._aside = False
        self._value = self._code = ""

    def _text(self, piece: str) -> None:
        if self._take == "value":
            self._value += piece
        elif self._take:
            self._code += piece

    def _end(self, tag: str) -> None:
        self._take = ""
        if tag == self._c:
            raw = self._raw()
            if raw is not None:
                self._cells[self._column] = raw
        elif tag == self._row and self._cells:
            self._rows.append(Row(self._number, self._hidden, self._cells, self._sums))

    def _raw(self) -> Raw | None:
        value, kind = self._value, self._type
        if self._formula:
            self._sums = self._sums or _OVER.match(self._code) is not None
            if self._stale or (not value and kind == "n"):
                return Broken("no result")
        if not value:
            return None
        if kind == "n":
            return self._of_number(value)
        if kind == "s":
            return self._strings[int(value)]
        if kind == "b":
            return Shown("boolean", float(value))
        if kind == "e":
            return Broken("error", value if value in _ERRORS else "")
        return filled(value)

    def _of_number(self, value: str) -> Raw:
        number = float(value)
        if not math.isfinite(number):
            return Broken("error", "#NUM!")
        shown = self._shown[int(self._style)] if self._shown else None
        return number if shown is None else Shown(shown, number)

    def _add_merged(self, reference: str) -> None:
        first, _, last = reference.partition(":")
        (left, top), (right, bottom) = _place(first), _place(last or first)
        self.merged.append(Merged(top, bottom, left, right))


def _place(cell: str) -> tuple[int, int]:
    name = cell.replace("$", "")
    return column_of(name), int(name[len(name.rstrip(_DIGITS)) :])
