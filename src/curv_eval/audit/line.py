"""One line of the audit log: what it says, its hash, and how it is written and read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

Detail = Mapping[str, str | int]
_KINDS = {"number": int, "time": str, "who": str, "of": str, "run": str, "before": str}


class What(StrEnum):
    """What was done. TORN marks bytes that a power cut left; EXPIRING says what is about to be removed."""

    LOADED = "loaded"
    KEYED = "key made"
    ENCODED = "encoded"
    LINKED = "linked"
    RELEASED = "released"
    APPROVED = "approved"
    REVISED = "revised"
    REFUSED = "refused"
    GRANTED = "granted"
    WITHDRAWN = "withdrawn"
    PUBLISHED = "published"
    EXPORTED = "exported"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    TORN = "torn"


@dataclass(frozen=True)
class Line:
    """One act. of: the study or contract. run: its key, "" where there is none. before: hash of the line before.

    detail: names, hashes and counts of files; never a value of a person, never a secret.
    """

    number: int
    time: str
    who: str
    what: What
    of: str
    run: str = ""
    detail: Detail = field(default_factory=dict)
    before: str = ""

    @property
    def hash(self) -> str:
        """The SHA-256 of the canonical JSON of everything else in the line."""
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def written(self) -> bytes:
        """Return the line as it stands in the log, with its end."""
        return json.dumps({**asdict(self), "hash": self.hash}).encode() + b"\n"


@dataclass(frozen=True)
class Read:
    """A line as it was found. whole: whether it says what its hash says. hash: as it is written there."""

    line: Line
    hash: str
    whole: bool


def read_line(raw: bytes) -> Read | None:
    """Return a line of the log, without its end, or None where `raw` is none."""
    try:
        held = json.loads(raw)
        stated = held.pop("hash")
        line = Line(**{**held, "what": What(held["what"])})
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    if not isinstance(stated, str) or not _fits(line):
        return None
    return Read(line, stated, whole=line.written() == raw + b"\n" and line.hash == stated)


def _fits(line: Line) -> bool:
    kinds: dict[str, Any] = {name: getattr(line, name) for name in _KINDS}
    return isinstance(line.detail, dict) and all(isinstance(held, _KINDS[name]) for name, held in kinds.items())
