"""All detectors of text together."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Callable, Iterator

from curv_eval.disclosure.scan import codes, contacts, official, persons, places
from curv_eval.disclosure.scan.found import Found, clean

Detector = Callable[[str], Iterator[Found]]
DETECTORS: tuple[Detector, ...] = (
    places.postcodes, places.addresses, places.coordinates, official.nhs_numbers, official.ni_numbers,
    official.pupil_numbers, official.police_numbers, official.vehicles, contacts.emails, contacts.phones, codes.codes,
    persons.names, persons.births,
)  # fmt: skip
# a number with too few figures before its point to be anybody's
_NUMBER = re.compile(r"[-+]?\d{0,8}(?:\.\d*)?(?:e[-+]?\d+)?%?", re.IGNORECASE)
_INLINE = re.compile(
    r"</?(?:a|abbr|b|code|em|font|i|mark|s|small|span|strong|sub|sup|tspan|u|wbr)\b[^<>]*>|\*+|`|\[(?=[^\]\n]*\]\{)|\]\{[^}\n]*\}"
)
_SHORTEST = 5


def detect(text: str) -> tuple[tuple[Found, str], ...]:
    """Return everything found in a text, each with the text in which its span stands (cleaned).

    Marks that part a value, such as <b> and **, are seen through; what stands in attributes is found too.
    """
    if len(text) < _SHORTEST or _NUMBER.fullmatch(text):
        return ()
    return _detected(text)


@functools.lru_cache(maxsize=20_000)
def _detected(text: str) -> tuple[tuple[Found, str], ...]:
    seen = clean(text)
    bare = _INLINE.sub("", seen)
    found = _run(seen)
    if bare == seen:
        return found
    through = _run(bare)
    most = Counter(one.kind for one, _ in found), Counter(one.kind for one, _ in through)
    return tuple(one for one in (*found, *through) if (most[1][one[0].kind] > most[0][one[0].kind]) == (one[1] is bare))


def _run(text: str) -> tuple[tuple[Found, str], ...]:
    return tuple((found, text) for detector in DETECTORS for found in detector(text))
