"""From searches to included studies: references, duplicates, screening by two people, and the PRISMA 2020 flow."""

from __future__ import annotations

from pathlib import Path

from curv_eval.errors import StudyError
from curv_eval.evidence.screening.agreeing import Agreement, agreement, agreement_table
from curv_eval.evidence.screening.bibtex import read_bibtex
from curv_eval.evidence.screening.decisions import Conflict, Decision, Screening, read_decisions, screen, settled
from curv_eval.evidence.screening.duplicates import Duplicates, Pair, find_duplicates, unique
from curv_eval.evidence.screening.flow_boxes import Flow, Reports, flow, flow_of
from curv_eval.evidence.screening.nouns import Export, Fault, Reference, reference_table, whole
from curv_eval.evidence.screening.prisma import Item, checklist, items, parts
from curv_eval.evidence.screening.ris import read_ris
from curv_eval.evidence.screening.tables import read_table
from curv_eval.evidence.screening.text import read_text
from curv_eval.study.protocol import Eligibility, Exclusion, Protocol, Question, Search

__all__ = [
    "Agreement",
    "Conflict",
    "Decision",
    "Duplicates",
    "Eligibility",
    "Exclusion",
    "Export",
    "Fault",
    "Flow",
    "Item",
    "Pair",
    "Protocol",
    "Question",
    "Reference",
    "Reports",
    "Screening",
    "Search",
    "agreement",
    "agreement_table",
    "checklist",
    "find_duplicates",
    "flow",
    "flow_of",
    "items",
    "parts",
    "read_decisions",
    "read_references",
    "reference_table",
    "screen",
    "settled",
    "unique",
    "whole",
]

_READERS = {
    ".ris": read_ris,
    ".txt": read_ris,
    ".bib": read_bibtex,
    ".bibtex": read_bibtex,
    ".csv": read_table,
    ".tsv": read_table,
}


def read_references(path: str | Path, *, database: str) -> Export:
    """Return what a database exported, by the end of the file's name: RIS, BibTeX, or a table.

    database: its name, as the flow diagram will print it. Broken entries stand in `faults` with their lines. Raises
    StudyError where the file as a whole cannot be read, or the database has no name.
    """
    file = Path(path)
    faults = [] if database.strip() else ["database: got a blank name, expected one such as Scopus"]
    if file.suffix.lower() not in _READERS:
        faults.append(f"{file.name}: got the ending {file.suffix!r}, expected one of {', '.join(_READERS)}")
    if faults:
        raise StudyError("this export cannot be read", faults, "name the database, and export as RIS where you can")
    return _READERS[file.suffix.lower()](read_text(file), database.strip())
