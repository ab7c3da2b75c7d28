"""Tables of references as Zotero, EndNote, Scopus and Web of Science write them: CSV, or with tabs or semicolons."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from curv_eval.errors import StudyError
from curv_eval.evidence.screening.build import Entry, build
from curv_eval.evidence.screening.nouns import Export

# the heads of each field in small letters, the preferred first
_HEADS = {
    "title": ("title", "article title", "document title", "primary title", "ti"),
    "authors": ("authors", "author", "author full names", "author(s)", "au", "af"),
    "year": ("year", "publication year", "year published", "py", "publication date", "date"),
    "journal": (
        "source title", "publication title", "journal", "journal title", "secondary title", "so", "source",
        "journal/book", "book title",
    ),
    "doi": ("doi", "doi link", "di"),
    "abstract": ("abstract", "abstract note", "ab"),
    "type": ("document type", "item type", "reference type", "publication type", "type", "dt"),
    "pages": ("pages", "page range"),
    "url": ("url", "link"),
}  # fmt: skip
_FIRST = ("page start", "start page", "beginning page", "bp")
_LAST = ("page end", "end page", "ending page", "ep")


def read_table(text: str, database: str) -> Export:
    """Return the references of a table with one head line, with every fault by line.

    text: the file, lines ending in \\n. Cells are text, whatever they begin with. Raises StudyError where no head is a
    title, or a head that is read stands twice.
    """
    mark = _mark(text.split("\n", 1)[0])
    rows = cells_of(text, mark)
    heads = next((cells for _, cells, _ in rows if cells), [])
    where = _where([head.strip().strip("\ufeff").casefold() for head in heads], database)
    return build([_entry(row, heads, where) for row in rows if row[1] or row[2]], database)


def _mark(head: str) -> str:
    """Return what parts the cells: the mark that gives most heads we know."""
    known = {name for names in _HEADS.values() for name in names}
    return max(",\t;", key=lambda mark: sum(cell.strip(' "\ufeff').casefold() in known for cell in head.split(mark)))


def cells_of(text: str, mark: str) -> Iterator[tuple[int, list[str], str]]:
    """Yield the line on which each row begins, its cells, and why it cannot be read."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            yield line, next(reader), ""
        except StopIteration:
            return
        except csv.Error as fault:
            yield line, [], _said(str(fault), line, reader.line_num)


def _said(fault: str, line: int, last: int) -> str:
    if "unexpected end" in fault:
        return f"a quotation mark is not closed; lines {line:,} to {last:,} hold no row that can be read"
    if "field limit" in fault:
        return f"a cell has more than {csv.field_size_limit():,} characters"
    return "a quotation mark stands within a cell; it must be doubled"


def _where(heads: Sequence[str], database: str) -> dict[str, list[int]]:
    """Return the columns of each field."""
    every = {**_HEADS, "first": _FIRST, "last": _LAST}
    found = {name: [heads.index(one) for one in names if one in heads] for name, names in every.items()}
    read = {heads[at] for columns in found.values() for at in columns}
    twice = [f"{head!r} stands {n} times" for head, n in Counter(heads).items() if n > 1 and head in read]
    if not found["title"]:
        got = ", ".join(repr(head) for head in heads[:20]) or "none"
        twice.append(f"no column is a title: got {got}; expected one of {', '.join(_HEADS['title'][:4])}")
    if twice:
        raise StudyError(f"{database}: this table cannot be read", twice, "export it again with a line of heads")
    return found


def _entry(row: tuple[int, list[str], str], heads: list[str], where: dict[str, list[int]]) -> Entry:
    line, cells, fault = row
    if fault:
        return Entry(line, {}, lost=fault)
    if len(cells) != len(heads):
        return Entry(line, {}, lost=f"got {len(cells)} cells, expected {len(heads)}")
    held = {name: tuple(cells[at] for at in columns if cells[at].strip()) for name, columns in where.items()}
    pages = [part[0].strip() for part in (held.pop("first"), held.pop("last")) if part]
    held["pages"] = held["pages"][:1] or (("-".join(pages),) if pages else ())
    held["title"], held["abstract"] = held["title"][:1], held["abstract"][:1]
    held["authors"] = tuple(_people(held["authors"][0])) if held["authors"] else ()
    return Entry(line, held)


def _people(text: str) -> list[str]:
    """Return the people of a cell: parted by semicolons, or by commas where each part has a name and initials."""
    parts = [part.strip() for part in text.split(";") if part.strip()]
    names = [part.strip() for part in text.split(",") if part.strip()]
    if len(parts) == 1 and len(names) > 1 and all(re.search(r"\w\S* (?:[A-Z]\.?-?)+$", name) for name in names):
        return names
    return parts
