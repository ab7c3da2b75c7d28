"""Which rows of a worksheet are data, and which are notes, totals or headings: none is left out uncounted."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from curv_eval.contract import Contract
from curv_eval.sources._cells import Rules, column_rules, fits, read_cell
from curv_eval.sources._layout import Layout
from curv_eval.sources._names import clean, plain
from curv_eval.sources._sheet import Extras, Merged, Raw, Row, sheet_rows
from curv_eval.sources._workbook import Workbook

# a row that starts with one of these is no row of its own, however full; with one of the others only if it lacks much
TOTALS = ("total", "totals", "grand total", "overall total", "sub total", "subtotal")
SUMMARIES = (*TOTALS, "sum", "average", "mean", "median", "count", "number")


@dataclass(frozen=True)
class Block:
    """The rows below the names. numbers, columns: of the data rows, columns in the order of `rules`, standing `at`.

    merged: merged cells within the data. beside: places (row, column) of data rows in columns without a name. hidden,
    blank: how many rows are hidden, and blank between data. notes, totals, headings: rows that were passed over.
    """

    rules: tuple[Rules, ...]
    at: list[int]
    numbers: list[int]
    columns: list[tuple[Raw | None, ...]]
    merged: list[Merged]
    beside: list[tuple[int, int]]
    hidden: int
    blank: int
    notes: list[int]
    totals: list[int]
    headings: list[int]


class _Found(NamedTuple):
    """A row below the names that has anything in it. beside: its columns without a name that are filled."""

    number: int
    values: list[Raw | None]
    beside: list[int]
    hidden: bool
    sums: bool


def read_block(workbook: Workbook, layout: Layout, contract: Contract) -> Block:
    """Return the rows below the names, told apart.

    Data is a row that fills a required column, or one of the key, with what could be a value of it. At the end, what
    stands alone and apart is a note all the same. Raises ContractError for a damaged file.
    """
    columns, extras = {column.source_name: column for column in contract.columns}, Extras()
    rules = tuple(column_rules(contract, columns[name], workbook.epoch) for name in layout.columns)
    slots, known = list(layout.columns.values()), {*layout.columns.values(), *layout.extra}
    rows = sheet_rows(workbook, layout.sheet, extras)
    found = [_found(row, slots, known) for row in rows if row.number > layout.header]
    kinds = _settled(found, _Judge(rules, layout, contract), layout.header)
    told = {kind: [one for one, this in zip(found, kinds, strict=True) if this == kind] for kind in _KINDS}
    data = told["data"]
    numbers = [one.number for one in data]
    until = numbers[-1] if numbers else layout.header
    return Block(
        rules,
        slots,
        numbers,
        list(zip(*(one.values for one in data), strict=True)),
        [merged for merged in sorted(extras.merged) if _within(merged, data, slots, numbers)],
        [(one.number, column) for one in data for column in one.beside],
        sum(one.hidden for one in data),
        until - layout.header - sum(one.number <= until for one in found),
        *([one.number for one in told[kind]] for kind in ("note", "total", "heading")),
    )


_KINDS = ("data", "note", "total", "heading")


def _found(row: Row, slots: Sequence[int], known: set[int]) -> _Found:
    beside = [column for column in row.cells if column not in known]
    return _Found(row.number, [row.cells.get(slot) for slot in slots], beside, row.hidden, row.sums)


class _Judge:
    """Tells what a row is, looked at by itself."""

    def __init__(self, rules: Sequence[Rules], layout: Layout, contract: Contract) -> None:
        self._rules, self._names = rules, list(layout.written)
        self._order = sorted(range(len(rules)), key=list(layout.columns.values()).__getitem__)
        self._needed = [i for i, r in enumerate(rules) if r.column.required or r.column.name in contract.key]
        self._notes = contract.options.get("notes_below", True)

    def kind(self, row: _Found) -> str:
        """Return one of _KINDS; "alone": data unless it stands apart at the end; "none": data unless at the end."""
        values = row.values
        filled = [slot for slot in self._order if values[slot] is not None]
        if len(filled) > 1 and values[filled[0]] == self._names[filled[0]] and self._is_heading(values):
            return "heading"
        if not self._notes:
            return "data"
        if not filled:
            return "note"
        if self._starts(values, filled[0], TOTALS):
            return "total"
        if len(filled) > 1 and self._needed and all(values[slot] is not None for slot in self._needed):
            return "data"
        return self._of_incomplete(row, filled)

    def _of_incomplete(self, row: _Found, filled: list[int]) -> str:
        fitting = [slot for slot in self._needed if slot in filled and self._fits(row.values[slot], slot)]
        columns = [self._rules[slot].column for slot in fitting]
        summed = row.sums and all(column.type in ("integer", "number") for column in columns)
        if summed or self._starts(row.values, filled[0], SUMMARIES):
            return "total"
        if self._needed and not fitting:
            # a row that has most of its cells is data, however wrong they are
            most = 2 * len(filled) > len(self._rules)
            return "data" if most else "note" if filled == self._order[:1] else "none"
        others = len(self._needed) if self._needed else len(self._rules)
        sure = any(column.pattern or column.values for column in columns)
        return "alone" if len(filled) == 1 and others > 1 and not sure else "data"

    def _fits(self, raw: Raw, slot: int) -> bool:
        return fits(read_cell(raw, self._rules[slot]), self._rules[slot].column)

    def _is_heading(self, values: Sequence[Raw | None]) -> bool:
        pairs = zip(values, self._names, strict=True)
        return all(value is None or (isinstance(value, str) and clean(value) == name) for value, name in pairs)

    def _starts(self, values: Sequence[Raw | None], slot: int, words: Sequence[str]) -> bool:
        first, allowed = values[slot], self._rules[slot].column.values
        return isinstance(first, str) and first not in allowed and plain(first.rstrip(" :")) in words


def _settled(found: Sequence[_Found], judge: _Judge, header: int) -> list[str]:
    """Return the kind of every row; what depends on where it stands is settled from the last row that must be data."""
    kinds = [judge.kind(row) for row in found]
    end = next((i + 1 for i in range(len(kinds) - 1, -1, -1) if kinds[i] == "data"), 0)
    before, apart = found[end - 1].number if end else header, False
    for i in range(end, len(found)):
        apart, before = apart or found[i].number > before + 1, found[i].number
        kinds[i] = {"none": "note", "alone": "note" if apart else "data"}.get(kinds[i], kinds[i])
    return [{"none": "data", "alone": "data"}.get(kind, kind) for kind in kinds]


def _within(merged: Merged, data: Sequence[_Found], slots: Sequence[int], numbers: Sequence[int]) -> bool:
    """Return whether merged cells lie within the data and hold something."""
    first, last = bisect_left(numbers, merged.top), bisect_right(numbers, merged.bottom)
    columns = [slot for slot, column in enumerate(slots) if merged.left <= column <= merged.right]
    one = merged.top == merged.bottom and merged.left == merged.right
    if one or first == last or not columns:
        return False
    own = numbers[first] == merged.top and merged.left in slots
    return not own or data[first].values[slots.index(merged.left)] is not None
