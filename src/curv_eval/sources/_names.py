"""Names and words compared as a reader would: without case, spaces and the hints people put beside them."""

from __future__ import annotations

import re
import unicodedata

_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_DASHES = re.compile("[\u2010-\u2015\u2212]")
_APART = re.compile(r"[\s_\-]+")
# hints on how to fill a column in; other words in brackets may tell two columns apart
_HINT = re.compile(
    r"\s*[(\[](?:[dmyhs]{1,4}(?:[/:.\- ][dmyhs]{1,4})+|y/n|yes/no|required|optional|mandatory|please select)[)\]]\s*$"
)
_MARKS = "*:?. "


def clean(text: str) -> str:
    """Return `text` without spaces around it and without characters nobody can see; no-break spaces are spaces."""
    if text.isascii():
        return text.strip()
    return text.translate(_INVISIBLE).replace("\u00a0", " ").replace("\u202f", " ").strip()


def hyphened(text: str) -> str:
    """Return `text` with a hyphen for every dash."""
    return text if text.isascii() else _DASHES.sub("-", text)


def plain(text: str) -> str:
    """Return `text` as it is compared: small letters; spaces, underscores and dashes of every length one space."""
    folded = unicodedata.normalize("NFKC", clean(text)).casefold()
    return _APART.sub(" ", hyphened(folded)).strip()


def plain_name(text: str) -> str:
    """Return a column's name as it is compared: as `plain`, without marks (*, :, ?) and hints like (dd/mm/yyyy)."""
    folded, before = plain(text), None
    while folded != before:
        before, folded = folded, _HINT.sub("", folded.rstrip(_MARKS))
    return folded


def packed(text: str) -> str:
    """Return `text` without case and without any space, as words for "not known" are compared."""
    return "".join(hyphened(clean(text)).casefold().split())
