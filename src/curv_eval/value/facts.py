"""The tables of facts beside this file: every number with where it comes from and how sure that is."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from curv_eval.errors import DesignError


@dataclass(frozen=True)
class Fact:
    """A number taken from a table: what it is, its source, and its confidence as the table marks it."""

    what: str
    value: float
    source: str
    confidence: str

    @property
    def checked(self) -> bool:
        """Whether it was read in its source, or in one that quotes it; "unverified" facts were recalled."""
        return not self.confidence.startswith("unverified")


@cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    """Return the rows of facts/<name>.csv."""
    text = files("curv_eval.value").joinpath("facts", f"{name}.csv").read_text("utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def nearest(got: str, known: Iterable[str]) -> str:
    """Return " (did you mean X?)" for the name nearest to what was given, or nothing."""
    names = {name.lower(): name for name in known}
    close = difflib.get_close_matches(got.lower(), names, 1, cutoff=0.4)
    return f"; did you mean {names[close[0]]}?" if close else ""


def refuse_unknown(what: str, got: str, known: Iterable[str]) -> None:
    """Raise DesignError with the nearest name where `got` is not known."""
    known = list(dict.fromkeys(known))
    if got not in known:
        raise DesignError(f"there is no {what} {got!r}{nearest(got, known)}", [f"there are {', '.join(known)}"])


def unverified(facts: Iterable[Fact]) -> list[str]:
    """Return what must be said of facts that nobody has read in their source; one sentence each."""
    names = dict.fromkeys(fact.what for fact in facts if not fact.checked)
    return [f"{name}: unverified, recalled and not read in its source; check it before it is printed" for name in names]
