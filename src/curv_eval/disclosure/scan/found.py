"""What a detector returns, and how text is made ready for one. A detector is a function: text -> findings."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# characters that nobody sees and that would part a value in two
_UNSEEN = dict.fromkeys((0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))
_DASHES = dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2212), "-")
_ESCAPED = re.compile(r"\\([^\w\s]|_)")
# works and researchers that anybody may look up: a DOI, and an ORCID
_PUBLIC = re.compile(
    r"\b10\.\d{4,9}/[^\s\"'<>|]+|\borcid\.org/[\dX-]{19}|\bISBN(?:-1[03])?:? [\dX -]{10,17}", re.IGNORECASE
)


@dataclass(frozen=True)
class Found:
    """One thing in a text that may name or find a person: what kind, and where it stands in the text."""

    kind: str
    start: int
    end: int


def clean(text: str) -> str:
    """Return text as a reader sees it: one way to write each character, no escapes, and public references blanked.

    Lines keep their number.
    """
    seen = unicodedata.normalize("NFKC", html.unescape(text)).translate(_UNSEEN).translate(_DASHES)
    return _PUBLIC.sub(lambda found: " " * len(found[0]), _ESCAPED.sub(r"\1", seen))


def all_of(kind: str, matches: Iterable[re.Match[str]]) -> Iterator[Found]:
    """Yield a finding for each match."""
    for match in matches:
        yield Found(kind, match.start(), match.end())
