"""From the fields of an entry, whatever its format, to a Reference."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from curv_eval.evidence.screening.nouns import Export, Fault, Reference
from curv_eval.evidence.screening.text import MOST_CHARACTERS, tidy, unseen

_DOI = re.compile(r"10\.\d{4,9}/[^\s\"<>]+")
_YEAR = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)")
# the words by which formats and databases call a type, the first that fits
_TYPES = (
    ("preprint", ("preprint", "unpb", "unpublished")),
    ("chapter", ("chap", "inbook", "incollection", "booksection", "book section")),
    ("conference", ("conf", "cpaper", "proceeding")),
    ("thesis", ("thes", "dissertation")),
    ("report", ("rprt", "report", "techreport", "govdoc")),
    ("book", ("book",)),
    ("web", ("elec", "web", "online", "blog")),
    ("article", ("jour", "article", "journal", "mgzn", "ejour", "review")),
)


@dataclass(frozen=True)
class Entry:
    """One entry as its format gave it: where it begins, its fields under our names, and faults found on the way.

    fields: each value of "title", "authors", "year", "journal", "doi", "abstract", "type", "pages", "url". lost: why
    the entry as a whole cannot be used, "" where it can.
    """

    line: int
    fields: Mapping[str, tuple[str, ...]]
    faults: tuple[Fault, ...] = ()
    lost: str = ""


def build(entries: Sequence[Entry], database: str, outside: Iterable[Fault] = ()) -> Export:
    """Return the export that entries make; `outside`: faults of text that belongs to no entry."""
    references, faults = [], list(outside)
    stem = re.sub(r"[^a-z0-9]+", "-", database.casefold()).strip("-") or "export"
    for number, entry in enumerate(entries, start=1):
        problem = entry.lost or _problem(entry)
        faults.extend(entry.faults)
        if problem:
            faults.append(Fault(entry.line, problem))
        else:
            found, notes = _reference(entry, f"{stem}-{number}", database)
            references.append(found)
            faults.extend(notes)
    return Export(database, tuple(references), tuple(sorted(faults, key=lambda one: one.line)), len(entries))


def _problem(entry: Entry) -> str:
    """Return why an entry is no reference, "" where it is one."""
    giant = [name for name, values in entry.fields.items() if sum(map(len, values)) > MOST_CHARACTERS]
    if giant:
        return f"{', '.join(giant)} has more than {MOST_CHARACTERS:,} characters"
    return "" if any(map(tidy, entry.fields.get("title", ()))) else "no title"


def _reference(entry: Entry, name: str, database: str) -> tuple[Reference, list[Fault]]:
    held = {key: [tidy(value) for value in values if tidy(value)] for key, values in entry.fields.items()}
    doi, year = _doi(held), _year(held)
    made = Reference(
        id=name, title=held["title"][0], authors=tuple(held.get("authors", ())), year=year, doi=doi,
        journal=_first(held, "journal"), abstract=" ".join(held.get("abstract", ())), database=database,
        type=kind(_first(held, "type")),
        pages=_first(held, "pages").replace("--", "-").replace("\u2013", "-"), line=entry.line,
    )  # fmt: skip
    return made, [Fault(entry.line, note, kept=True) for note in _notes(entry, held, made)]


def _notes(entry: Entry, held: Mapping[str, list[str]], made: Reference) -> Iterable[str]:
    if held.get("year") and made.year is None:
        yield f"no year can be read from {held['year'][0][:40]!r}"
    if held.get("doi") and not made.doi:
        yield f"no DOI can be read from {held['doi'][0][:60]!r}"
    if len({title.casefold() for title in held["title"]}) > 1:
        yield f"{len(held['title'])} titles, of which the first was taken"
    hidden = [key for key, values in entry.fields.items() if any(map(unseen, values))]
    if hidden:
        yield f"characters that nobody sees were taken out of {', '.join(hidden)}"


def _first(held: Mapping[str, list[str]], key: str) -> str:
    return next(iter(held.get(key, ())), "")


def _year(held: Mapping[str, list[str]]) -> int | None:
    found = [_YEAR.search(text) for text in held.get("year", ())]
    return next((int(one[1]) for one in found if one), None)


def _doi(held: Mapping[str, list[str]]) -> str:
    given = [*held.get("doi", ()), *(url for url in held.get("url", ()) if "doi" in url.casefold())]
    return next((found for found in map(plain_doi, given) if found), "")


def plain_doi(text: str) -> str:
    """Return the DOI in text, in small letters, without resolver, escapes or closing punctuation; "" without one."""
    found = _DOI.search(unquote(text).strip())
    if not found:
        return ""
    doi = found[0].rstrip(".,;:'")
    # an old publisher's DOI may itself end in a bracket
    while doi.endswith((")", "]")) and doi.count("(") + doi.count("[") < doi.count(")") + doi.count("]"):
        doi = doi[:-1].rstrip(".,;")
    return doi.casefold()


def kind(text: str) -> str:
    """Return our word for the type of a reference, "other" where there is none."""
    said = text.casefold()
    return next((ours for ours, theirs in _TYPES if any(word in said for word in theirs)), "other")
