"""Whether the audit log is as it was written: which lines were altered, taken out, moved, put in or cut off."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from curv_eval.audit.line import Line, Read, What, read_line
from curv_eval.audit.places import HEAD, LOG, Head, read_head
from curv_eval.errors import RunError

SHORTEST = 16
_TRIES = 50


@dataclass(frozen=True)
class Found:
    """What a log is like. faults: what is not as it was written, each with its line. notes: what a reader should know.

    lines: how many. head: number and hash of the last whole line, None where there is none.
    """

    lines: int
    head: Head | None
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _At:
    """A line that can be read. place: in the file, counted from 1. number: its own, or, if altered, what it was."""

    place: int
    read: Read
    number: int


def lines(home: Path) -> list[Line]:
    """Return the lines of the log that can be read, the first first; whether they are true is for `verify_log`."""
    return [found.line for raw in _split(_content(home)) if (found := read_line(raw))]


def verify_log(home: Path, noted: str = "") -> Found:
    """Return what is not as it was written in the log of the folder `home`. noted: a head that was kept elsewhere."""
    content, head = _still(home)
    raw = _split(content)
    read = [read_line(one) for one in raw]
    at = _places(read)
    last = at[-1].read if at else None
    torn, strange = _unread(raw, read, ended=content.endswith(b"\n"))
    faults = [*strange, *_altered(at), *_order(at), *_links(at), *_kept(head, last), *_noted(at, noted)]
    notes = [*torn, *_runs(home, [one.read.line for one in at])]
    return Found(len(at), Head(last.line.number, last.hash) if last else None, tuple(faults), tuple(notes))


def _content(home: Path) -> bytes:
    path = home / LOG
    return path.read_bytes() if path.exists() else b""


def _split(content: bytes) -> list[bytes]:
    return content.removesuffix(b"\n").split(b"\n") if content else []


def _still(home: Path) -> tuple[bytes, Head | str | None]:
    """Return the log and its head as they were at one moment, although others may be writing. A text is a fault."""
    for _ in range(_TRIES):
        before = _head(home)
        content = _content(home)
        if _head(home) == before:
            break
    return content, before


def _head(home: Path) -> Head | str | None:
    try:
        return read_head(home)
    except RunError as fault:
        return fault.what


def _places(read: Sequence[Read | None]) -> list[_At]:
    at: list[_At] = []
    for place, one in enumerate(read, start=1):
        if one:
            follows = at[-1].number + 1 if at else 1
            at.append(_At(place, one, one.line.number if one.whole else follows))
    return at


def _altered(at: Sequence[_At]) -> Iterator[str]:
    for one in at:
        if not one.read.whole:
            yield f"line {one.place} was altered: what it says does not fit its hash"


def _order(at: Sequence[_At]) -> Iterator[str]:
    """Lines that are gone, stand twice, or stand where they were not written."""
    numbers = [one.number for one in at]
    for number in sorted(set(range(1, max(numbers, default=0) + 1)) - set(numbers)):
        after = max((one.place for one in at if one.number < number), default=0)
        where = f"after what is line {after} now" if after else "at the beginning"
        yield f"line {number} was removed: no line has this number; it stood {where}"
    seen: dict[int, int] = {}
    for one in at:
        if one.number in seen:
            both = f"lines {seen[one.number]} and {one.place}"
            yield f"{both} have the same number, {one.number}: one of them was inserted"
        elif one.number < max(seen, default=0):
            yield f"line {one.place} was moved: its number, {one.number}, belongs before line {one.place - 1}"
        seen.setdefault(one.number, one.place)


def _links(at: Sequence[_At]) -> Iterator[str]:
    """Lines that have the right number and do not repeat the hash of the line before them."""
    if at and at[0].number == 1 and at[0].read.line.before:
        yield "line 1 was altered: it says that there was a line before it"
    for first, second in itertools.pairwise(at):
        if second.number == first.number + 1 and second.read.line.before != first.read.hash:
            one = "one of them was put in place of another"
            yield f"line {second.place} does not follow from line {first.place}: {one}"


def _kept(head: Head | str | None, last: Read | None) -> Iterator[str]:
    """What the head says that is kept beside the log. It may be one line behind, after a power cut."""
    number, held = (last.line.number, last.hash) if last else (0, "")
    if isinstance(head, str):
        yield head
    elif head is None:
        if number > 1:
            yield f"{HEAD} is gone, so nothing here shows whether lines were cut off the end"
    elif number < head.number:
        places = f"line {head.number} was" if head.number == number + 1 else f"lines {number + 1} to {head.number} were"
        yield f"{places} cut off the end: {HEAD} says that there are {head.number}"
    elif number == head.number and held != head.hash:
        yield f"the last line, number {number}, is not the one that {HEAD} names"
    elif number > head.number + 1 or (number == head.number + 1 and last and last.line.before != head.hash):
        yield f"lines were put in at the end: {HEAD} says that there are {head.number}"


def _noted(at: Sequence[_At], noted: str) -> Iterator[str]:
    if noted and not any(one.read.hash.startswith(noted) for one in at):
        yield "no line has the hash that was noted: lines were cut off, or the log was written anew"


def _unread(raw: Sequence[bytes], read: Sequence[Read | None], *, ended: bool) -> tuple[list[str], list[str]]:
    """Return notes on what a power cut left of lines and was marked, and faults for all else that is no line."""
    notes, faults, i = [], [], 0
    while i < len(raw):
        if read[i]:
            i += 1
            continue
        end = next((j for j in range(i, len(raw)) if read[j]), len(raw))
        places = f"line {i + 1}" if end == i + 1 else f"lines {i + 1} to {end}"
        if end == len(raw) and not ended:
            notes.append(f"{places}: torn off while it was written; the next line will say so")
        elif end < len(raw) and _marks(read[end], b"\n".join(raw[i:end])):
            notes.append(f"{places}: torn off while it was written, and marked by line {end + 1}")
        else:
            faults.append(f"{places} cannot be read: altered, or not written by this program")
        i = end
    return notes, faults


def _marks(after: Read | None, torn: bytes) -> bool:
    """Whether a line says of exactly these bytes that they were torn off."""
    if not after or after.line.what is not What.TORN:
        return False
    hashes = {hashlib.sha256(held).hexdigest() for held in (torn, torn + b"\n")}
    return after.line.detail.get("sha256") in hashes


def _runs(home: Path, held: Sequence[Line]) -> Iterator[str]:
    """Finished runs whose release stands in no line: older than the log, brought here, or its lines are gone."""
    released = {(line.of, line.run) for line in held if line.what is What.RELEASED}
    there = [path.parent for path in sorted(home.glob("*/*/manifest.json")) if not path.parent.name.startswith(".")]
    names = [f"{run.parent.name}/{run.name}" for run in there if (_study(run), run.name) not in released]
    if names:
        more = f" and {len(names) - 5:,} more" if len(names) > 5 else ""
        why = "they are older than the log, were brought here, or their lines are gone"
        yield f"runs that no line tells of: {', '.join(names[:5])}{more}; {why}"


def _study(run: Path) -> str:
    try:
        return str(json.loads((run / "manifest.json").read_text("utf-8"))["study"])
    except (OSError, ValueError, KeyError, TypeError):
        return run.parent.name
