"""Where in a workbook the contract's columns stand: the worksheet, the row of their names, and the columns."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from curv_eval.contract import Contract
from curv_eval.errors import ContractError
from curv_eval.sources._delimited import layout_faults
from curv_eval.sources._names import clean, plain_name
from curv_eval.sources._repairs import joined
from curv_eval.sources._sheet import Raw, letters, sheet_rows
from curv_eval.sources._workbook import Sheet, Workbook

# names stand in one of the first rows, or up to two rows above the others where cells are merged downwards
LAST_HEADER, _ABOVE = 20, 2
_DO = "check that it is the right file; remove columns the agreement does not cover before sharing, hidden ones too"

Cells = Mapping[int, Raw]


@dataclass(frozen=True)
class Layout:
    """A worksheet with names in the row `header`. columns: source name to column, from 0. written: how those names
    stand there. extra: columns named otherwise. twice: source names that several columns have."""

    sheet: Sheet
    header: int
    columns: dict[str, int]
    written: tuple[str, ...]
    extra: dict[int, str]
    twice: dict[str, tuple[int, ...]]

    @property
    def loose(self) -> int:
        """How many names are not written as in the contract."""
        return sum(name != text for name, text in zip(self.columns, self.written, strict=True))

    def missing(self, contract: Contract) -> list[str]:
        """Return the names of the columns that have to be there and are not."""
        return [c.source_name for c in contract.columns if not c.optional and c.source_name not in self.columns]


def find_layout(workbook: Workbook, contract: Contract) -> Layout:
    """Return where the columns of `contract` stand in `workbook`.

    Names are compared without case, spaces, underscores, line breaks, marks and hints like (dd/mm/yyyy). Raises
    ContractError when no worksheet, or more than one with rows, has them all, or columns are not in the contract.
    """
    found = [
        (layout, has_rows)
        for sheet in _asked(workbook, contract)
        for layout, has_rows in _of(workbook, sheet, contract)
    ]
    whole = [(layout, has_rows) for layout, has_rows in found if not layout.missing(contract)]
    used = [layout for layout, has_rows in whole if has_rows] or [layout for layout, _ in whole]
    if len(used) > 1:
        _refuse_several(workbook, contract, used)
    if not used and not found:
        _refuse_none(workbook, contract)
    chosen = used[0] if used else max((layout for layout, _ in found), key=lambda one: len(one.columns))
    faults = list(_faults(chosen, contract))
    if faults:
        where = f"{place(workbook, chosen.sheet, contract)}, with names in row {chosen.header},"
        raise ContractError(f"{where} does not have the layout of {contract.name} v{contract.version}", faults, _DO)
    return chosen


def place(workbook: Workbook, sheet: Sheet, contract: Contract) -> str:
    """Return how messages call a worksheet; not by its name where data are not public: that may be a person's."""
    if len(workbook.sheets) == 1:
        return workbook.name
    return f"{workbook.name}, {_tab(sheet, contract)}"


def _tab(sheet: Sheet, contract: Contract) -> str:
    hidden = " (hidden)" if sheet.hidden else ""
    return f"worksheet {sheet.place}{f' {sheet.name!r}' if contract.public else ''}{hidden}"


def _asked(workbook: Workbook, contract: Contract) -> Sequence[Sheet]:
    wanted = contract.options.get("sheet")
    if wanted is None:
        return workbook.sheets
    same = [sheet for sheet in workbook.sheets if plain_name(sheet.name) == plain_name(wanted)]
    exact = [sheet for sheet in workbook.sheets if sheet.name == wanted]
    if not same:
        has = f": {joined([repr(s.name) for s in workbook.sheets])}" if contract.public else ""
        what = f"{workbook.name} has no worksheet {wanted!r} among its {len(workbook.sheets)}{has}"
        raise ContractError(what, do="name it so, or change the option sheet of the contract")
    return exact or same


def _of(workbook: Workbook, sheet: Sheet, contract: Contract) -> Iterator[tuple[Layout, bool]]:
    """Yield the layout of a sheet if it has any of the names, and whether there are rows under them."""
    rows = ((row.number, row.cells) for row in sheet_rows(workbook, sheet) if row.cells)
    # one row past the last place for names tells whether there are rows under them
    top, last = {}, 0
    for last, cells in rows:
        if last > LAST_HEADER:
            break
        top[last] = cells
    layouts = [_layout(sheet, number, top, contract) for number in top]
    named = [layout for layout in layouts if layout is not None]
    if named:
        best = max(named, key=lambda layout: len(layout.columns))
        yield best, last > best.header


def _layout(sheet: Sheet, number: int, top: Mapping[int, Cells], contract: Contract) -> Layout | None:
    """Return the layout of a sheet if its names stand in the row `number`, or None where there is none of them."""
    known = _Known(contract)
    own = {column: text for column, raw in top[number].items() if (text := _name(raw))}
    matched = {column: name for column, text in own.items() if (name := known.source_name(text))}
    if not matched:
        return None
    written = dict(own)
    for column, text in _above(number, top, own):
        name = known.source_name(text)
        if name is not None and name not in matched.values():
            matched[column], written[column] = name, text
    counts = Counter(matched.values())
    twice = {name: tuple(c for c, n in matched.items() if n == name) for name in counts if counts[name] > 1}
    columns = {name: column for column, name in matched.items()}
    extra = {column: text for column, text in own.items() if column not in matched}
    return Layout(sheet, number, columns, tuple(written[column] for column in columns.values()), extra, twice)


class _Known:
    """The names of a contract's columns, as they are and as they compare."""

    def __init__(self, contract: Contract) -> None:
        self._exact = {column.source_name: column.source_name for column in contract.columns}
        self._plain: dict[str, set[str]] = {}
        for column, name in itertools.product(contract.columns, ("source_name", "name")):
            self._plain.setdefault(plain_name(getattr(column, name)), set()).add(column.source_name)

    def source_name(self, text: str) -> str | None:
        """Return the name in the contract that `text` can only mean, or None."""
        meant = self._plain.get(plain_name(text), set())
        return self._exact.get(text) or (next(iter(meant)) if len(meant) == 1 else None)


def _name(raw: Raw) -> str:
    return clean(raw) if isinstance(raw, str) else f"{raw:g}" if isinstance(raw, float) else ""


def _above(number: int, top: Mapping[int, Cells], own: Mapping[int, str]) -> Iterator[tuple[int, str]]:
    """Yield the texts above cells without any: names in cells that are merged downwards."""
    seen = set(own)
    for row in range(number - 1, number - 1 - _ABOVE, -1):
        for column, raw in top.get(row, {}).items():
            if column not in seen and isinstance(raw, str):
                seen.add(column)
                yield column, clean(raw)


def _faults(layout: Layout, contract: Contract) -> Iterator[str]:
    # a row that has few of the names may be a row of data, whose values are nobody's business
    sure = contract.public or 2 * len(layout.columns) >= len(contract.columns)
    extra = [text if sure else f"column {letters(column)}" for column, text in layout.extra.items()]
    yield from layout_faults(contract, [*layout.columns, *extra])
    for name, columns in layout.twice.items():
        yield f"columns given twice: {name} (in {joined([f'{letters(c)}{layout.header}' for c in columns])})"


def _refuse_several(workbook: Workbook, contract: Contract, layouts: Sequence[Layout]) -> None:
    tabs = [_tab(layout.sheet, contract) for layout in layouts]
    what = f"{workbook.name} has {len(tabs)} worksheets with the columns of {contract.name} v{contract.version}"
    do = "put all rows into one worksheet, or name the right one in the contract (options: sheet)"
    raise ContractError(what, tabs, do)


def _refuse_none(workbook: Workbook, contract: Contract) -> None:
    columns = f"the columns of {contract.name} v{contract.version}"
    what = f"{workbook.name} has {columns} in none of the first {LAST_HEADER} rows"
    names = ", ".join(column.source_name for column in contract.columns)
    raise ContractError(what, [f"expected one row with the names {names}"], _DO)
