"""What was not read of a workbook and what was put right in it, as sentences without values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence, Sized

from curv_eval.contract import Contract
from curv_eval.sources._cells import Taken
from curv_eval.sources._layout import Layout
from curv_eval.sources._repairs import Repair, counted, in_order, listed
from curv_eval.sources._rows import Block
from curv_eval.sources._workbook import Workbook


def passed_over(workbook: Workbook, layout: Layout, block: Block) -> Iterator[str]:
    """Say what of the workbook was not read as data, and what was although it could not be seen."""
    if layout.header > 1:
        yield f"the names of the columns stand in row {layout.header}; what is above them was passed over"
    if layout.loose:
        yield f"{counted(layout.loose, 'column is', 'columns are')} named a little differently from the contract"
    if layout.extra:
        yield f"{counted(len(layout.extra), 'column')} that the contract does not name {_was(layout.extra)} not read"
    if block.beside:
        yield f"{counted(len(block.beside), 'cell')} in columns without a name {_was(block.beside)} not read"
    if block.blank:
        yield f"{counted(block.blank, 'blank row')} between the others {_was(range(block.blank))} passed over"
    for rows, one, several in (
        (block.notes, "a note", "notes"),
        (block.totals, "a total", "totals"),
        (block.headings, "a repeated heading", "repeated headings"),
    ):
        if rows:
            yield f"{listed(rows)} {_was(rows)} taken for {one if len(rows) == 1 else several}"
    if block.hidden:
        yield f"{counted(block.hidden, 'hidden row')} {_was(range(block.hidden))} read like the others"
    yield from _around(workbook, layout)


def _around(workbook: Workbook, layout: Layout) -> Iterator[str]:
    if layout.sheet.hidden:
        yield "the worksheet is hidden"
    if others := workbook.sheets[1:]:
        yield f"{counted(len(others), 'other worksheet')} {_was(others)} not read"
    if any("pivotcache/" in part.lower() for part in workbook.archive.namelist()):
        yield "a pivot table in the workbook carries a copy of its data, which was not read"


def _was(things: Sized) -> str:
    return "was" if len(things) == 1 else "were"


def put_right(contract: Contract, columns: Sequence[Taken]) -> Iterator[str]:
    """Say what was put right in the cells, by column."""
    tally: Counter[tuple[str, str]] = Counter()
    for taken in columns:
        for raw, reading in taken.readings.items():
            for kind in reading.repairs:
                tally[kind, taken.rules.column.name] += taken.counts[raw]
    yield from map(str, in_order((Repair(kind, column, n) for (kind, column), n in tally.items()), contract))
