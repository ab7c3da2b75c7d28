"""Cells of a worksheet that cannot be read as they stand: every one counted and named by place, never by its value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from curv_eval.contract import Contract
from curv_eval.errors import ContractError
from curv_eval.sources._cells import Reading, Taken, days_swapped
from curv_eval.sources._layout import Layout
from curv_eval.sources._repairs import counted, joined, listed
from curv_eval.sources._rows import Block
from curv_eval.sources._sheet import Broken, Raw, letters

_PLACES = 5
_FAULTS = {
    "error": ("holds an Excel error", "hold an Excel error", "put the value in, or leave the cell empty"),
    "no result": (
        "holds a formula whose result is not in the file",
        "hold formulas whose results are not in the file",
        "open it in Excel and save it",
    ),
    "date": (
        "holds a date where none belongs",
        "hold dates where none belong",
        "Excel takes what looks like a date, as 10-12, for one: format the column as Text and enter the values again",
    ),
    "long number": (
        "holds a number of more than 15 digits, of which Excel has lost the last",
        "hold numbers of more than 15 digits, of which Excel has lost the last",
        "format the column as Text and enter the numbers again",
    ),
}
_SWAPPED = (
    "every real date falls on days 1 to 12 and every date written as text on a later day, as happens when a file is "
    "opened where {} come first; do: get the file again as it left its system, or write dates like 31 January 2023"
)


def refuse_empty(where: str, layout: Layout, block: Block) -> None:
    if not block.numbers:
        left = [*block.notes, *block.totals, *block.headings]
        found = [f"{listed(sorted(left))} passed over"] if left else []
        what = f"{where}: there are no rows of data below the names in row {layout.header}"
        raise ContractError(what, found, "get the file again from where it came")


def refuse_cells(where: str, block: Block, columns: Sequence[Taken], *, contract: Contract) -> None:
    """Raise ContractError with every cell that cannot be read as it stands."""
    faults = [fault for slot, taken in enumerate(columns) for fault in _cell_faults(block, slot, taken.readings)]
    for taken in columns:
        if taken.rules.column.type in ("date", "timestamp") and days_swapped(taken):
            first = "months" if taken.rules.day_first else "days"
            faults.append(f"{taken.rules.column.name}: {_SWAPPED.format(first)}")
    faults += list(_place_faults(block, contract))
    if faults:
        raise ContractError(f"{where} has cells that cannot be read as they stand", faults)


def _cell_faults(block: Block, slot: int, known: Mapping[Raw, Reading]) -> Iterator[str]:
    wrong = {raw: reading.fault for raw, reading in known.items() if reading.fault}
    for kind in dict.fromkeys(wrong.values()):
        rows = [n for n, raw in zip(block.numbers, block.columns[slot], strict=True) if wrong.get(raw) == kind]
        one, several, do = _FAULTS[kind]
        codes = sorted({raw.code for raw in wrong if isinstance(raw, Broken) and raw.kind == kind and raw.code})
        of = f" ({', '.join(codes)})" if codes else ""
        column = block.rules[slot].column
        at = _places([f"{letters(block.at[slot])}{row}" for row in rows])
        yield f"{column.name}: {counted(len(rows), f'cell {one}', f'cells {several}')}{of}: {at}; do: {do}"


def _place_faults(block: Block, contract: Contract) -> Iterator[str]:
    if block.merged:
        ranges = [f"{letters(m.left)}{m.top}:{letters(m.right)}{m.bottom}" for m in block.merged]
        cells = counted(len(ranges), "range of cells is", "ranges of cells are")
        yield f"{cells} merged: {_places(ranges)}; do: unmerge {_places(ranges)} and fill in each row"
    if block.beside and contract.options["extra_columns"] == "refuse":
        at = _places([f"{letters(column)}{row}" for row, column in block.beside])
        stand = counted(len(block.beside), "cell stands", "cells stand")
        yield f"{stand} in columns without a name: {at}; do: name the column if the contract has it, else clear it"


def _places(places: Sequence[str]) -> str:
    more = len(places) - _PLACES
    return joined([*places[:_PLACES], f"{more:,} more"] if more > 0 else places)
