"""Codes that stand for a person or an incident: pseudonyms, identifiers of crimes, and unique ids."""

from __future__ import annotations

import re
from collections.abc import Iterator

from curv_eval.disclosure.scan.found import Found

CRIME, PSEUDONYM, UNIQUE = "identifier of a crime", "code like a pseudonym", "unique id (UUID)"
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:0x)?[0-9a-fA-F]{16,}(?![0-9A-Za-z])")
_UUID = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9A-Za-z])", re.I)
_BASE64 = re.compile(r"(?<![0-9A-Za-z+/=])[0-9A-Za-z+/_-]{22,}={0,2}(?![0-9A-Za-z+/=])")
_BASE32 = re.compile(r"(?<![0-9A-Za-z])[A-Z2-7]{26,}={0,6}(?![0-9A-Za-z])")
_JOINED = re.compile(r"[A-Z]?[a-z]{3,}|[-/_]")
# what a brief says of its own inputs, in words that nothing else uses
_FINGERPRINTS = re.compile(
    r"\(SHA-256,\s+first\s+16\s+characters\):"
    r"(?:\s*(?:(?:study|program|data)\s+)?[0-9a-f]{16}\b[,;]?)+"
)


def codes(text: str) -> Iterator[Found]:
    """Find runs of hexadecimal figures of 16 or more, UUIDs, and runs that look like base64 or base32.

    The brief's own fingerprints, which say that they are ones, are left alone.
    """
    text = _FINGERPRINTS.sub(lambda found: " " * len(found[0]), text)
    for match in _HEX.finditer(text):
        digits = match[0].removeprefix("0x")
        if len(digits) >= 32 or _mixed(digits):
            yield Found(CRIME if len(digits) == 64 else PSEUDONYM, match.start(), match.end())
    for match in _UUID.finditer(text):
        yield Found(UNIQUE, match.start(), match.end())
    yield from _packed(text)


def _packed(text: str) -> Iterator[Found]:
    """Find base64 and base32 by how capitals, small letters and figures are mixed."""
    for match in _BASE64.finditer(text):
        if not _HEX.fullmatch(match[0]) and not _UUID.search(match[0]) and _jumbled(match[0]):
            yield Found(PSEUDONYM, match.start(), match.end())
    for match in _BASE32.finditer(text):
        if sum(one.isdigit() for one in match[0]) >= 3 and not _HEX.fullmatch(match[0]):
            yield Found(PSEUDONYM, match.start(), match.end())


def _mixed(digits: str) -> bool:
    return any(one.isdigit() for one in digits) and any(one.isalpha() for one in digits)


def _jumbled(run: str) -> bool:
    """Whether capitals, small letters and figures are all there, and most of it could not be words joined together."""
    words = sum(len(word) for word in _JOINED.findall(run))
    mixed = all(any(kind(one) for one in run) for kind in (str.isupper, str.islower, str.isdigit))
    return mixed and 2 * words < len(run)
