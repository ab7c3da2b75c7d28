"""Difference and Kind: frozen nouns."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """Whom a change of a contract concerns, the gravest first."""

    PRIVACY = "breaking: privacy"
    USERS = "breaking: users"
    COMPATIBLE = "compatible"
    WORDING = "wording"


# what a rule says of one change
Finding = tuple[Kind, str]


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same in two versions of a contract. where: the term, or `column.promise`."""

    where: str
    kind: Kind
    what: str

    def __str__(self) -> str:
        return f"{self.kind.value}: {self.where}: {self.what}"


def short(value: object) -> str:
    """Return a value as it may stand in a sentence: in quotes, on one line, and not endless."""
    text = "none" if value in (None, "", ()) else " ".join(str(value).split())
    return f"'{text}'" if len(text) <= 80 else f"'{text[:77]}...'"


def plain(value: object) -> str:
    """Return a text as it is compared where only its meaning counts: without case and without doubled spaces."""
    return " ".join(str(value).split()).casefold()
