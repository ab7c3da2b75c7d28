"""How somebody is reached: addresses for mail, and telephone numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from curv_eval.disclosure.scan.found import Found, all_of

EMAIL, PHONE = "e-mail address", "telephone number"
_AT, _DOT = r"(?:@|\s?[(\[]\s?at\s?[)\]]\s?|%40)", r"(?:\.|\s?[(\[]\s?dot\s?[)\]]\s?)"
_HINT = re.compile(_AT, re.IGNORECASE)
_EMAIL = re.compile(rf"[\w.+'-]*\w{_AT}(?:[\w-]+{_DOT})+[a-z]{{2,}}\b", re.IGNORECASE)
# names of this kind belong to nobody (RFC 2606)
_NOBODY = re.compile(r"(?:[@.]|%40)example(?:\.(?:com|org|net))?$|\.(?:invalid|test|example)$", re.IGNORECASE)
_GAP = r"[ \t.\-/]?\)?[ \t]?"
_GROUPS = "|".join(
    rf"\d{{{first}}}{_GAP}{_GAP.join(rf'{chr(92)}d{{{n}}}' for n in others)}"
    for first, others in (
        (4, ("5,6",)), (4, ("3", "2,3")), (4, ("2", "2", "2")), (3, ("3", "3,4")), (3, ("6,7",)), (2, ("4", "4")),
        (2, ("8",)), (3, ("2", "2", "3")),
    )
)  # fmt: skip
# a letter right behind is that of a fingerprint in hexadecimal figures, unless it begins an extension
_END = r"(?!\d|\.\d|(?!x|ext)[A-Za-z])"
_PHONE = re.compile(rf"(?<![\w.,£])(?:(?:\+|00)44[ \t.\-]?(?:\(0\))?[ \t]?|\(?0)(?=[1-357-9])(?:{_GROUPS}){_END}")


def emails(text: str) -> Iterator[Found]:
    """Find e-mail addresses, written with @ or with (at); not those of example.org and its like."""
    if not _HINT.search(text):
        return  # most texts hold none, and this is quicker to see
    for match in _EMAIL.finditer(text):
        if not _NOBODY.search(match[0]):
            yield Found(EMAIL, match.start(), match.end())


def phones(text: str) -> Iterator[Found]:
    """Find UK telephone numbers, with 0 or +44 before them, in the groups in which they are written."""
    yield from all_of(PHONE, _PHONE.finditer(text))
