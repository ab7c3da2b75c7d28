"""Numbers that the state gives to a person, a case or a vehicle."""

from __future__ import annotations

import re
from collections.abc import Iterator

from curv_eval.disclosure.scan.found import Found, all_of

NHS, NI, UPN = "NHS number", "National Insurance number", "unique pupil number"
PNC, CRO, CASE = "Police National Computer id", "criminal record number", "reference of a crime or a case"
VEHICLE = "vehicle registration"

# .0 is how a table writes a whole number beside a missing one
_NHS = re.compile(
    r"(?:(?<![A-Za-z\d.])|(?<=NHS)|(?<=nhs))(\d{3})[ \t\-.]?(\d{3})[ \t\-.]?(\d{4})(?:\.0+)?(?!\d|[.,]\d|[A-Za-z])"
)
_NI = re.compile(
    r"(?<![A-Z0-9])(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]"
    r"[ \-]?\d{2}[ \-]?\d{2}[ \-]?\d{2}[ \-]?[A-D](?![A-Z0-9])",
    re.IGNORECASE,
)
_NI_SAID = re.compile(
    r"\b(?:NI|NINO|national insurance)\b[^\w\n]{0,3}(?:number|no\.?)?[^\w\n]{0,4}[A-Z]{2} ?\d{2} ?\d{2} ?\d{2}\b", re.I
)
_UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
_UPN = re.compile(rf"(?<![A-Z0-9])([{_UPN_LETTERS}])(\d{{11}})([\d{_UPN_LETTERS}])(?![A-Z0-9])", re.IGNORECASE)
_PNC = re.compile(r"(?<![\w/.])(?:\d{2}|(?:19|20)\d{2})/\d{4,7}[A-HJ-NP-RT-Z](?!\w)", re.IGNORECASE)
_CRO = re.compile(r"(?<![\w/.])\d{4,6}/\d{2}[A-HJ-NP-RT-Z](?!\w)", re.IGNORECASE)
_CASE = re.compile(
    r"\b(?:crime|incident|custody|occurrence|offence|case|referral)\s+(?:ref(?:erence)?|number|no|id)\b\.?"
    r"(?:\s+(?:number|no)\.?)?\s*(?:is|was)?[\s:#=-]*(?=[A-Z0-9/-]*\d{4})[A-Z0-9][A-Z0-9/-]{4,}",
    re.IGNORECASE,
)
_VEHICLE = re.compile(
    r"(?<![A-Z0-9])[A-HK-PR-Y][A-HJ-PR-Y](?:0[2-9]|1\d|2[0-9]|5[1-9]|6\d|7\d)(?P<gap> ?)(?P<end>[A-HJ-PR-Z]{3})"
    r"(?![A-Za-z0-9])"
)
# words and offices in capitals that may stand after the first half of a postcode
_NOT_PLATES = {"AND", "THE", "FOR", "NOT", "ALL", "ANY", "ARE", "WAS", "HAS", "BUT", "PER", "NHS", "PCC", "VRU", "YEF"}


def nhs_numbers(text: str) -> Iterator[Found]:
    """Find ten figures, together or as 3, 3 and 4, whose last one is right by modulus 11."""
    for match in _NHS.finditer(text):
        figures = match[1] + match[2] + match[3]
        # a number of millions is money or people, not a person
        if nhs_valid(figures) and not figures.endswith("000000"):
            yield Found(NHS, match.start(), match.end())


def nhs_valid(figures: str) -> bool:
    """Whether the last of ten figures is the check of the others (modulus 11). Ten equal figures are nobody's."""
    rest = 11 - sum(int(figure) * (10 - i) for i, figure in enumerate(figures[:9])) % 11
    return rest != 10 and int(figures[9]) == rest % 11 and len(set(figures)) > 1


def ni_numbers(text: str) -> Iterator[Found]:
    """Find National Insurance numbers; one without its last letter only where the text says what it is."""
    yield from all_of(NI, _NI.finditer(text))
    yield from all_of(NI, _NI_SAID.finditer(text))


def pupil_numbers(text: str) -> Iterator[Found]:
    """Find unique pupil numbers, permanent and temporary, whose first letter is right."""
    for match in _UPN.finditer(text):
        if upn_letter(match[2] + match[3]) == match[1].upper():
            yield Found(UPN, match.start(), match.end())


def upn_letter(after: str) -> str:
    """Return the letter that begins the unique pupil number with these twelve characters after it."""
    values = [int(one) if one.isdigit() else _UPN_LETTERS.index(one.upper()) for one in after]
    return _UPN_LETTERS[sum(value * weight for value, weight in zip(values, range(2, 14), strict=True)) % 23]


def police_numbers(text: str) -> Iterator[Found]:
    """Find PNC ids such as 04/123456A, CRO numbers such as 123456/04A, and what is called a reference of a case."""
    yield from all_of(PNC, _PNC.finditer(text))
    yield from all_of(CRO, _CRO.finditer(text))
    yield from all_of(CASE, _CASE.finditer(text))


def vehicles(text: str) -> Iterator[Found]:
    """Find registrations of the kind given since 2001, in capitals; older kinds look too much like other codes."""
    for match in _VEHICLE.finditer(text):
        if match["end"] not in _NOT_PLATES:
            yield Found(VEHICLE, match.start(), match.end())
