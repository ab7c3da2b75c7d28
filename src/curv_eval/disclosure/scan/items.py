"""What a reader of a format yields: pieces of text, columns of a table, and what it cannot read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from curv_eval.disclosure.scan.detectors import detect

UNKNOWN = "not readable, so nobody can say what it holds"
_LABEL = re.compile(r"[A-Za-z_][\w .&()/+-]{0,60}")


@dataclass(frozen=True)
class Piece:
    """Text in one place. line: the number of its first line, 0 where lines say nothing.

    heading: it is the name of a column. strict: names that many tables use for other things count too.
    """

    place: str
    text: str
    line: int = 0
    heading: bool = False
    strict: bool = True


@dataclass(frozen=True)
class Column:
    """The values of one column."""

    place: str
    name: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Refused:
    """Something that cannot be read, and why."""

    place: str
    why: str


Item = Piece | Column | Refused


def within(label: str, items: Iterable[Item]) -> Iterator[Item]:
    """Yield items as parts of something larger."""
    for item in items:
        place = f"line {item.line}" if isinstance(item, Piece) and item.line else item.place
        yield replace(
            item, place=f"{label}, {place}" if place else label, **({"line": 0} if place != item.place else {})
        )


def label(kind: str, name: str, number: int) -> str:
    """Return how a message calls a column or a key: by its name where that can be nobody's, else by its number."""
    return f"{kind} {name}" if speakable(name) else f"{kind} number {number}"


def speakable(name: str) -> bool:
    """Whether a name may stand in a message."""
    if not _LABEL.fullmatch(name) or re.search(r"\d{5}", name):
        return False
    return not detect(name) and not detect(re.sub(r"[\W_]+", " ", name))
