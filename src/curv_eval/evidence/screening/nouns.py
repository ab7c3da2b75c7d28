"""Reference, Fault and Export: what a database gave, and what of it could not be read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

import pandas as pd

from curv_eval.errors import StudyError
from curv_eval.visible import one_line, unrun


@dataclass(frozen=True)
class Reference:
    """One reference as a database gave it.

    id: the database and the place in its export, as "scopus-12". authors: as written, in their order. doi: without
    "https://doi.org/", in small letters. type: "article", "book", "chapter", "conference", "report", "thesis",
    "preprint", "web" or "other". line: where it begins in the file. What was not given is "" or None.
    """

    id: str
    title: str
    authors: tuple[str, ...] = ()
    year: int | None = None
    journal: str = ""
    doi: str = ""
    abstract: str = ""
    database: str = ""
    type: str = "other"
    pages: str = ""
    line: int = 0


@dataclass(frozen=True)
class Fault:
    """One fault of an export: the line it stands on, what it is, and whether the reference was kept all the same."""

    line: int
    what: str
    kept: bool = False

    def __str__(self) -> str:
        return one_line(f"line {self.line:,}: {self.what}" + (" (reference kept)" if self.kept else ""))


@dataclass(frozen=True)
class Export:
    """What one file of one database gave: its references, and every fault found, with line numbers.

    entries: how many references the file holds, readable or not, so that none goes missing on the way.
    """

    database: str
    references: tuple[Reference, ...]
    faults: tuple[Fault, ...]
    entries: int

    def __repr__(self) -> str:
        return f"<Export: {self.database}, {len(self.references):,} of {self.entries:,} references read>"

    @property
    def broken(self) -> tuple[Fault, ...]:
        """The faults for which a reference, or some text, was not kept."""
        return tuple(fault for fault in self.faults if not fault.kept)


def whole(export: Export) -> tuple[Reference, ...]:
    """Return the references of an export in which nothing was lost. Raises StudyError with every broken entry."""
    if export.broken:
        what = f"{export.database}: {len(export.broken):,} parts of the export could not be read"
        raise StudyError(what, [str(fault) for fault in export.broken], "mend those lines, or export them again")
    return export.references


def reference_table(references: Iterable[Reference]) -> pd.DataFrame:
    """Return one row per reference, authors joined by "; ". A cell that a spreadsheet would run begins with an
    apostrophe, so that it stays text."""
    names = [field.name for field in fields(Reference)]
    rows = [{name: _cell(getattr(one, name)) for name in names} for one in references]
    return pd.DataFrame(rows, columns=names)


def _cell(value: object) -> object:
    text = "; ".join(value) if isinstance(value, tuple) else value
    return unrun(text) if isinstance(text, str) else text
