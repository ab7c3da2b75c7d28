"""BibTeX: @type{key, field = value, ...}, values in braces or quotes, joined by #, with names from @string."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from curv_eval.evidence.screening.build import Entry, build
from curv_eval.evidence.screening.latex import unlatex
from curv_eval.evidence.screening.nouns import Export, Fault
from curv_eval.evidence.screening.text import MOST_CHARACTERS

_BEGIN = re.compile(r"@\s*([A-Za-z]+)\s*([{(])")
# within a value a line that begins like an entry means that a brace before it was never closed
_NEXT = re.compile(r"^[ \t]*@[A-Za-z]+[ \t]*[{(]", re.M)
_KEY, _NAME = re.compile(r"\s*([^\s,={}()\"]*)\s*"), re.compile(r"\s*([A-Za-z][\w:.+/-]*)\s*=\s*")
_NUMBER, _MACRO = re.compile(r"\d+"), re.compile(r"[A-Za-z][\w:.+/-]*")
_MONTHS = {name: name for name in ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")}
_FIELDS = {
    "title": ("title",),
    "year": ("year", "date"),
    "journal": ("journal", "journaltitle", "booktitle", "institution", "school", "publisher"),
    "doi": ("doi",),
    "abstract": ("abstract",),
    "pages": ("pages",),
    "url": ("url", "note", "howpublished"),
}


class _BrokenError(ValueError):
    """An entry that cannot be read, and where."""


@dataclass(frozen=True)
class _Text:
    """The text, and where its lines begin."""

    whole: str
    starts: tuple[int, ...]

    def line(self, at: int) -> int:
        return bisect_right(self.starts, at)

    def limit(self, at: int) -> int:
        """Where the next entry begins after `at`, which none before it can reach."""
        found = _NEXT.search(self.whole, at)
        return found.start() if found else len(self.whole)


def read_bibtex(text: str, database: str) -> Export:
    """Return the references of a BibTeX export, with every fault by line.

    text: the file, lines ending in \\n. `@comment`, `@preamble` and lines that begin with % are passed over. An entry
    that cannot be read ends where the next one begins. Text between entries is a fault, and so is a name that no
    `@string` gives.
    """
    held = _Text(text, (0, *(found.end() for found in re.finditer("\n", text))))
    outside: list[Fault] = []
    return build(list(_entries(held, outside)), database, outside)


def _entries(held: _Text, outside: list[Fault]) -> Iterator[Entry]:
    strings, at = dict(_MONTHS), 0
    while found := _BEGIN.search(held.whole, at):
        _between(held, at, found.start(), outside)
        name, limit = found[1].lower(), held.limit(found.end())
        if name in ("comment", "preamble"):
            at = _skipped(held, found, limit)
            continue
        try:
            fields, notes, key, at = _body(held, found, limit, strings)
        except _BrokenError as fault:
            place, what = fault.args
            if name == "string":
                outside.append(Fault(held.line(place), f"@string cannot be read: {what}"))
            else:
                yield Entry(held.line(found.start()), {}, lost=f"{what} (line {held.line(place):,})")
            at = limit
            continue
        if name == "string":
            strings.update({field.lower(): value for field, value in fields.items()})
            outside.extend(notes)
        else:
            yield _entry(held.line(found.start()), name, fields, notes=notes, key=key)
    _between(held, at, len(held.whole), outside)


def _between(held: _Text, begin: int, end: int, outside: list[Fault]) -> None:
    """Note text between entries that is no comment line."""
    for found in re.finditer(r"[^\n]+", held.whole[begin:end]):
        if (said := found[0].strip(" \t\ufeff,;")) and not said.startswith("%"):
            outside.append(Fault(held.line(begin + found.start()), f"text outside an entry: {said[:40]!r}"))
            return


def _skipped(held: _Text, found: re.Match, limit: int) -> int:
    try:
        return _braced(held.whole, found.end(), limit, close="}" if found[2] == "{" else ")")
    except _BrokenError:
        return limit


def _body(held: _Text, found: re.Match, limit: int, strings: dict[str, str]) -> tuple[dict, tuple, str, int]:
    """Return the fields, notes, key and end of an entry whose opening was found."""
    text, close = held.whole, "}" if found[2] == "{" else ")"
    fields, notes, at, key = {}, [], found.end(), ""
    if found[1].lower() != "string":
        named = _KEY.match(text, at, limit)
        key, at = named[1], named.end()
        at = at + 1 if text[at : at + 1] == "," else at
    while True:
        at = _past(text, at, limit)
        if text[at : at + 1] == close and at < limit:
            return fields, tuple(notes), key, at + 1
        name = _NAME.match(text, at, limit)
        if not name:
            raise _BrokenError(
                min(at, len(text) - 1), "the entry is not closed" if at >= limit else "expected `name = value`"
            )
        value, at, unknown = _value(text, name.end(), limit, strings)
        line = held.line(name.start(1))
        notes += [Fault(line, f"{one} is given by no @string; taken as text", kept=True) for one in unknown]
        if name[1].lower() in fields:
            notes.append(Fault(line, f"{name[1]} stands twice, of which the first was taken", kept=True))
        fields.setdefault(name[1].lower(), value)


def _past(text: str, at: int, limit: int) -> int:
    while at < limit and text[at] in " \t\n,":
        at += 1
    return at


def _value(text: str, at: int, limit: int, strings: dict[str, str]) -> tuple[str, int, list[str]]:
    """Return a value, parts joined by #, where it ends, and the names in it that nobody defined."""
    parts, unknown = [], []
    while True:
        part, at = _part(text, at, limit)
        if part[0] == "name" and part[1].lower() not in strings:
            unknown.append(part[1])
        parts.append(strings.get(part[1].lower(), part[1]) if part[0] == "name" else part[1])
        if sum(map(len, parts)) > MOST_CHARACTERS:
            raise _BrokenError(at - 1, f"a value has more than {MOST_CHARACTERS:,} characters")
        while at < limit and text[at].isspace():
            at += 1
        if text[at : at + 1] != "#":
            return "".join(parts), at, unknown
        at += 1
        while at < limit and text[at].isspace():
            at += 1


def _part(text: str, at: int, limit: int) -> tuple[tuple[str, str], int]:
    if at < limit and text[at] == "{":
        end = _braced(text, at + 1, limit, close="}")
        return ("text", text[at + 1 : end - 1]), end
    if at < limit and text[at] == '"':
        end = _braced(text, at + 1, limit, close='"')
        return ("text", text[at + 1 : end - 1]), end
    if found := _NUMBER.match(text, at, limit):
        return ("text", found[0]), found.end()
    if found := _MACRO.match(text, at, limit):
        return ("name", found[0]), found.end()
    raise _BrokenError(min(at, len(text) - 1), "expected a value in braces or quotes, a number or a name")


def _braced(text: str, begin: int, limit: int, *, close: str) -> int:
    """Return where text ends that was opened before `begin`: after `close` outside all braces."""
    depth = 0
    for found in re.compile(r'\\.|[{}")]', re.S).finditer(text, begin, limit):
        sign = found[0]
        if sign == close and depth == 0:
            return found.end()
        depth += (sign == "{") - (sign == "}")
        if depth < 0:
            raise _BrokenError(found.start(), "a brace is closed that was not opened")
    raise _BrokenError(begin - 1, "a brace or quotation mark is not closed")


def _entry(line: int, name: str, fields: dict[str, str], *, notes: tuple[Fault, ...], key: str) -> Entry:
    held = {ours: tuple(unlatex(fields[one]) for one in theirs if one in fields) for ours, theirs in _FIELDS.items()}
    # addresses are not prose: their underscores and tildes are meant
    for ours in ("doi", "url"):
        held[ours] = tuple(re.sub(r"\\([_%&#~])", r"\1", fields[one]) for one in _FIELDS[ours] if one in fields)
    held["authors"] = tuple(unlatex(one) for one in _people(fields.get("author", "")))
    held["type"] = (name if name != "misc" else fields.get("howpublished", "misc"),)
    if not key:
        notes = (*notes, Fault(line, "the entry has no key", kept=True))
    return Entry(line, held, notes)


def _people(text: str) -> list[str]:
    """Return the people of an author field: parted by "and" outside braces; "others" is nobody."""
    people, depth, begun = [], 0, 0
    for found in re.finditer(r"[{}]|\s+and\s+", text):
        if found[0] in "{}":
            depth += 1 if found[0] == "{" else -1
        elif depth == 0:
            people.append(text[begun : found.start()])
            begun = found.end()
    return [one.strip() for one in (*people, text[begun:]) if one.strip() not in ("", "others")]
