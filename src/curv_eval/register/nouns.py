"""Register, Entry, Broken and Notice: frozen nouns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from curv_eval.contract import Contract


@dataclass(frozen=True)
class Entry:
    """One dataset. own: the project has its own contract for it; else the one that came with the package."""

    contract: Contract
    own: bool


@dataclass(frozen=True)
class Broken:
    """A contract file that cannot be read as one, with its faults."""

    file: str
    faults: tuple[str, ...]
    own: bool


@dataclass(frozen=True)
class Notice:
    """Something that needs a person: which dataset or file, what kind of thing, and a sentence."""

    dataset: str
    kind: str
    what: str


@dataclass(frozen=True)
class Register:
    """Every dataset of a project on one day. ignored: files that look like contracts and are not read as ones."""

    today: date
    entries: tuple[Entry, ...]
    broken: tuple[Broken, ...]
    ignored: tuple[str, ...]
