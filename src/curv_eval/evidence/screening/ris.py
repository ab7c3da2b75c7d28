"""RIS: lines of a tag of two characters, two spaces, a hyphen and a value; TY begins an entry and ER ends it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from curv_eval.evidence.screening.build import Entry, build
from curv_eval.evidence.screening.nouns import Export, Fault

_TAG = re.compile(r"^([A-Z][A-Z0-9])( {1,2})-(?: (.*)|)$")
# the tags of each field, the preferred first; databases differ in which they use
_FIELDS = {
    "title": ("TI", "T1", "BT", "CT"),
    "authors": ("AU", "A1"),
    "year": ("PY", "Y1", "YR", "DA"),
    "journal": ("T2", "JF", "JO", "JA", "J2", "J1", "T3"),
    "doi": ("DO", "DI"),
    "abstract": ("AB", "N2"),
    "type": ("TY",),
    "url": ("UR", "LK", "L3", "M3"),
}
_KNOWN = {*(tag for tags in _FIELDS.values() for tag in tags), "ER", "SP", "EP", "VL", "IS", "SN", "KW", "PB", "N1"}
_ONE = ("abstract", "journal")


def read_ris(text: str, database: str) -> Export:
    """Return the references of a RIS export, with every fault by line.

    text: the file, lines ending in \\n. A line without a tag goes on the line before it. An entry without ER ends where
    the next begins, which is noted. Text outside entries is a fault.
    """
    outside: list[Fault] = []
    return build(list(_entries(text, outside)), database, outside)


def _entries(text: str, outside: list[Fault]) -> Iterator[Entry]:
    begun: list[tuple[int, str, str]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        tag, value = _parts(line)
        if tag == "TY":
            if begun:
                yield _entry(begun, closed=False)
            begun = [(number, tag, value)]
        elif tag == "ER" and begun:
            yield _entry(begun, closed=True)
            begun = []
        elif begun:
            _add(begun, number, tag, value)
        elif line.strip():
            _stray(outside, number, "ER without TY" if tag == "ER" else "text outside an entry (no TY before it)")
    if begun:
        yield _entry(begun, closed=False)


def _parts(line: str) -> tuple[str, str]:
    """Return the tag and the value of a line, "" and the line where it has no tag."""
    found = _TAG.match(line.strip("\ufeff").rstrip())
    # "UK - wide" begins a line of prose as easily as a tag with one space does
    if not found or (found[2] == " " and found[1] not in _KNOWN):
        return "", line
    return found[1], found[3] or ""


def _add(begun: list[tuple[int, str, str]], number: int, tag: str, value: str) -> None:
    if tag:
        begun.append((number, tag, value))
    elif value.strip():
        begun.append((number, "", value))


def _stray(outside: list[Fault], number: int, what: str) -> None:
    """Note text that is in no entry, once for lines that follow each other."""
    if not outside or outside[-1].what != what or number - outside[-1].line > 50:
        outside.append(Fault(number, what))


def _entry(lines: list[tuple[int, str, str]], *, closed: bool) -> Entry:
    held: dict[str, list[list[str]]] = {}
    last: list[str] = []
    for _, tag, value in lines:
        if tag:
            last = [value]
            held.setdefault(tag, []).append(last)
        else:
            last.append(value)
    values = {tag: [" ".join(parts) for parts in found] for tag, found in held.items()}
    line = lines[0][0]
    notes = () if closed else (Fault(line, "no ER line; the entry ends where the next begins", kept=True),)
    return Entry(line, _fields(values), notes)


def _fields(values: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    found = {name: tuple(one for tag in tags for one in values.get(tag, ())) for name, tags in _FIELDS.items()}
    for name in _ONE:
        tag = next((tag for tag in _FIELDS[name] if any(map(str.strip, values.get(tag, ())))), None)
        found[name] = tuple(values.get(tag, ())) if tag else ()
    pages = [part.strip() for tag in ("SP", "EP") for part in values.get(tag, ())[:1] if part.strip()]
    return found | {"pages": ("-".join(pages),) if pages else ()}
