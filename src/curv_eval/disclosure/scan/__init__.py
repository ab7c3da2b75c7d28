"""A scan of everything that would leave for what names or finds a person: the last look before a release is final.

`curv-eval scan` and the run engine use it. It reads every file, or refuses it. A message says where and what
kind, never the value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from curv_eval.disclosure.scan import columns, contacts, persons, places
from curv_eval.disclosure.scan.detectors import detect
from curv_eval.disclosure.scan.formats import items, name_items
from curv_eval.disclosure.scan.found import Found, clean
from curv_eval.disclosure.scan.items import UNKNOWN, Column, Item, Piece, Refused, speakable
from curv_eval.errors import DisclosureError, RunError

__all__ = ["Finding", "Known", "refuse_findings", "scan"]

_SIGNED_KINDS = {persons.NAME, contacts.EMAIL, contacts.PHONE, places.POSTCODE, places.ADDRESS}
_SHOWN = 40
_DO = (
    "reword or rename what is named, where it is made, and run again; a value that is right but looks like one of "
    "these must be written in another way, for nothing is let through"
)


@dataclass(frozen=True)
class Known:
    """What a study says of itself. signed: texts in which people sign with name and address. written: its words."""

    signed: str = ""
    written: str = ""


@dataclass(frozen=True)
class Finding:
    """Something that may name or find a person: in which file, where in it, what kind, and how many there."""

    file: str
    place: str
    kind: str
    count: int


def scan(path: Path, known: Known | None = None) -> tuple[Finding, ...]:
    """Return everything in a file, or in every file below a folder, that may name or find a person.

    What cannot be read is a finding too. Raises RunError where nothing is there.
    """
    if not path.exists():
        raise RunError(f"there is nothing at {path}", do="give a run, a release folder or a file")
    known, found = known or Known(), []
    for number, file in enumerate(_files(path), 1):
        inner = file.relative_to(path).as_posix() if path.is_dir() else file.name
        found += _findings(_called(inner, number), inner, file, known)
    return tuple(found)


def refuse_findings(path: Path, known: Known | None = None) -> None:
    """Raise DisclosureError naming every place where `scan` finds something, and no value."""
    found = scan(path, known)
    if found:
        raise DisclosureError("this may not leave, for it may name or find a person", _grouped(found), _DO)


def _files(path: Path) -> list[Path]:
    """Return the files to be read, and links, which are refused."""
    return [path] if not path.is_dir() else sorted(p for p in path.rglob("*") if p.is_symlink() or not p.is_dir())


def _called(inner: str, number: int) -> str:
    """Return how a message calls a file: by its name, unless that may name a person."""
    parts = inner.split("/")
    return "/".join(
        [
            *(p if speakable(p) else "..." for p in parts[:-1]),
            parts[-1] if speakable(parts[-1]) else f"file number {number}",
        ]
    )


def _findings(called: str, inner: str, file: Path, known: Known) -> list[Finding]:
    most: dict[tuple[str, str], int] = {}
    for item in _items(inner, file):
        here: dict[tuple[str, str], int] = {}
        for place, kind, count in _of_item(item, known):
            here[place, kind] = here.get((place, kind), 0) + count
        for at, count in here.items():
            # a cell and the text around it are read both, and are one finding
            most[at] = max(most.get(at, 0), count)
    return [Finding(called, place, kind, count) for (place, kind), count in most.items()]


def _items(inner: str, file: Path) -> Iterator[Item]:
    yield from name_items(inner)
    if file.is_symlink() or not file.is_file():
        yield Refused("", "a link, not a file")
        return
    yield from items(file.name, file.read_bytes())


def _of_item(item: Item, known: Known) -> Iterator[tuple[str, str, int]]:
    if isinstance(item, Refused):
        yield item.place, f"{UNKNOWN}: {item.why}", 1
    elif isinstance(item, Column):
        fine, long = columns.points(item.name, item.values), columns.free_text(item.values, known.written)
        yield from ((item.place, kind, n) for kind, n in ((columns.POINTS, fine), (columns.FREE_TEXT, long)) if n)
    else:
        if item.heading and columns.promises(item.text, strict=item.strict):
            yield item.place, columns.PROMISES, 1
        for found, text in detect(item.text):
            if not _signed(found, text, known):
                yield _place(item, text, found), found.kind, 1


def _signed(found: Found, text: str, known: Known) -> bool:
    value = text[found.start : found.end].casefold()
    return found.kind in _SIGNED_KINDS and value in clean(known.signed).casefold()


def _place(item: Piece, text: str, found: Found) -> str:
    return f"line {item.line + text[: found.start].count(chr(10))}" if item.line else item.place


def _grouped(found: Iterable[Finding]) -> list[str]:
    """Return a line for each kind in each file: how many, and where the first is."""
    held: dict[tuple[str, str], list[Finding]] = {}
    for one in found:
        held.setdefault((one.file, one.kind), []).append(one)
    lines = [_line(file, kind, ones) for (file, kind), ones in held.items()]
    return lines if len(lines) <= _SHOWN else [*lines[:_SHOWN], f"... and {len(lines) - _SHOWN:,} more"]


def _line(file: str, kind: str, ones: list[Finding]) -> str:
    count, first = sum(one.count for one in ones), ones[0].place
    times = "" if count == 1 else f", {count:,} times" + (", first" if first else "")
    return f"{file}: {kind}{times}" + (f" in {first}" if first else "")
