"""Where somebody lives: full postcodes, a house in a street, coordinates as fine as a doorstep."""

from __future__ import annotations

import re
from collections.abc import Iterator

from curv_eval.disclosure.scan.found import Found, all_of

POSTCODE, ADDRESS, COORDINATES = "full postcode", "house and street", "coordinates as fine as a doorstep"
# Royal Mail's postcode areas, and ZY, which made-up people have
_AREAS_TEXT = """
AB AL B BA BB BD BF BH BL BN BR BS BT BX CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN EX FK FY
G GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG NN NP NR NW OL
OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA WC WD WF WN
WR WS WV YO ZE ZY
"""
_AREAS = frozenset(_AREAS_TEXT.split())
_GAP = r"(?:[\s\-_+]|%20){0,3}"
_POSTCODE = re.compile(
    rf"(?<![A-Z0-9])(?:GIR{_GAP}0AA|(?P<area>[A-Z]{{1,2}})(?:\d{{1,2}}|\d[A-HJKMNPR-Y])"
    rf"{_GAP}\d(?P<unit>[ABD-HJLNP-UW-Z]{{2}}))(?![A-Z0-9])",
    re.IGNORECASE,
)
_ORDINAL = {"st", "nd", "rd", "th"}
_STREETS = (
    "Road|Rd|Street|St|Avenue|Ave|Lane|Ln|Drive|Dr|Close|Crescent|Cres|Court|Grove|Terrace|Gardens|Way|Place|Square|"
    "Walk|Row|Mews|View|Rise|Green|Parade|Villas|Croft|Dene|Garth|Wynd|Hill|Park"
)
_NUMBER = r"(?<![\w.,/£%-])(?!(?:19|20)\d\d\b)[1-9]\d{0,3}[A-Za-z]?,?"
_ADDRESS = re.compile(rf"{_NUMBER}[ \t]+(?:[A-Z][A-Za-z.'’-]+[ \t]+){{1,3}}(?:{_STREETS})\b(?!\w)")
_WHOLE = re.compile(
    rf"(?:flat \S+,? *)?[1-9]\d{{0,3}}[a-z]?,? +(?:[a-z.'’-]+ +){{1,3}}(?:{_STREETS})\b.*", re.IGNORECASE
)
_LAT, _LON = r"(?:49|5\d|60)\.\d{5,}", r"-?[0-8]\.\d{5,}"
_PAIR = re.compile(rf"(?<![\d.])(?:{_LAT}[\s,;/]{{1,4}}{_LON}|{_LON}[\s,;/]{{1,4}}{_LAT})(?!\d)")
# a grid reference of ten figures names a square metre
_GRID = re.compile(r"\b[HJNOST][A-HJ-Z][ -]?\d{5}[ -]?\d{5}\b")
_WORDS = re.compile(r"(?<![/:\w])///[a-z]{3,}\.[a-z]{3,}\.[a-z]{3,}\b")


def postcodes(text: str) -> Iterator[Found]:
    """Find full UK postcodes. Codes of areas and outward parts alone, such as TS1, are not ones."""
    for match in _POSTCODE.finditer(text):
        if _real(match):
            yield Found(POSTCODE, match.start(), match.end())


def _real(match: re.Match[str]) -> bool:
    """Whether the area is one, and the end is not that of 1st, 2nd or 3rd."""
    if match["area"] is None:
        return True
    return match["area"].upper() in _AREAS and match["unit"] not in _ORDINAL


def addresses(text: str) -> Iterator[Found]:
    """Find a house number with a street; a street alone is not one. Small letters count where they are all there is."""
    whole = _WHOLE.fullmatch(text.strip()) if len(text) < 120 else None
    if whole and not re.match(r"(?:19|20)\d\d\b", text.strip()):
        yield Found(ADDRESS, 0, len(text))
        return
    yield from all_of(ADDRESS, _ADDRESS.finditer(text))


def coordinates(text: str) -> Iterator[Found]:
    """Find latitude with longitude of five decimals or more, grid references of ten figures, and three-word places."""
    for pattern in (_PAIR, _GRID, _WORDS):
        yield from all_of(COORDINATES, pattern.finditer(text))
