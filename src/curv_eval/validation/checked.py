"""A file that was checked: what was found in it, and the file still open to be asked for rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from curv_eval.breach import Breach
from curv_eval.contract import Contract
from curv_eval.sources import SourceFile, is_made_up
from curv_eval.validation.every import Found, find_every_breach, summary
from curv_eval.validation.reading import Opened, counted

if TYPE_CHECKING:
    import duckdb

    from curv_eval.validation.halves import Halves


@dataclass(frozen=True)
class Outputs:
    """What to write. quarantine: a new folder. page, listing: an HTML and a CSV file; older ones are written over."""

    quarantine: Path | None = None
    page: Path | None = None
    listing: Path | None = None


@dataclass(frozen=True)
class Validation:
    """What was found in a file.

    files, rows: what was read. made_up: it is labelled as made up. numbered: rows have the numbers a spreadsheet shows;
    else the first is row 1. broken: how many rows have a breach. total: how many breaches there are, each row and rule
    by itself. breaches: one for each column and rule. halves: the files of the quarantine, None where none was asked
    for or the file is wrong as a whole.
    """

    name: str
    contract: Contract
    files: tuple[SourceFile, ...]
    made_up: bool
    numbered: bool
    broken: int
    total: int
    breaches: tuple[Breach, ...]
    halves: Halves | None = None

    @property
    def rows(self) -> int:
        """How many rows of data there are."""
        return sum(file.rows for file in self.files)

    @property
    def repairs(self) -> tuple[str, ...]:
        """What was put right or passed over while reading, as sentences without values."""
        return tuple(said for file in self.files for said in file.repairs)

    @property
    def whole(self) -> tuple[Breach, ...]:
        """The breaches of the file as a whole: columns that are missing or not covered."""
        return tuple(breach for breach in self.breaches if not breach.first_rows)


@dataclass(frozen=True)
class Checked:
    """An open file and what was found in it; the breaches themselves are in a view of `con`."""

    con: duckdb.DuckDBPyConnection
    source: Opened
    found: Found
    validation: Validation

    @property
    def contract(self) -> Contract:
        """The contract the file was held against."""
        return self.validation.contract


def check(
    con: duckdb.DuckDBPyConnection, source: Opened, contract: Contract, *, path: Path, today: date | None
) -> Checked:
    """Find every breach of `contract` in the open file at `path`. Raises ContractError when it is not a whole file."""
    found = find_every_breach(con, source.relation, contract, today=today)
    source = counted(source, found.rows)
    breaches = (*source.unknown, *summary(con, found, shown=source.shown))
    total = sum(breach.count or 1 for breach in breaches)
    said = Validation(
        path.name, contract, source.files, is_made_up(path), source.numbered, found.broken, total, breaches
    )
    return Checked(con, source, found, said)
