"""A value as both sides must see it before anything is keyed: one letter apart here is another pseudonym there."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from enum import Enum

from curv_eval.linkage.scheme import Field


class Missing(Enum):
    """Why there is no value: BLANK, nothing was said; UNREADABLE, something was said that cannot be this field."""

    BLANK = "blank"
    UNREADABLE = "unreadable"


DATE_FORMATS = ("iso", "day-first")

# letters that Unicode does not take apart, written as a clerk without them would
_PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t", "ŋ": "n"}
)
# an apostrophe joins (o'neill), any other mark parts
_APOSTROPHE = re.compile(r"['’‘ʼ`]")
_WORD = re.compile(r"[^\W_]+")
_UNSAID = """na none null nil nan nat unknown unkn unk notknown notstated notrecorded notgiven notprovided
    notapplicable notdisclosed notcollected dontknow didnotsay prefernottosay refused declined withheld missing blank
    tbc tba anon anonymous"""
_UNNAMED = "baby babyboy babygirl infant newborn noname nofirstname nosurname nofixedname"
_BLANKS, _NO_NAMES = frozenset(_UNSAID.split()), frozenset(_UNNAMED.split())
_TITLES = frozenset(("mr", "mrs", "ms", "miss", "mx", "dr", "master", "sir", "rev", "prof"))
_SUFFIXES = frozenset(("jr", "jnr", "sr", "snr", "esq"))
_CALENDAR = "january february march april may june july august september october november december"
_MONTHS = {name: i for i, month in enumerate(_CALENDAR.split(), 1) for name in (month, month[:3])} | {"sept": 9}
_TIME = r"(?:[T ]\d{1,2}:\d{2}\S*(?: [AP]M)?)?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}}){_TIME}", re.A | re.I)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})", re.A)
_DAY_FIRST = re.compile(rf"(\d{{1,2}})([-/. ])(\d{{1,2}})\2(\d{{4}}){_TIME}", re.A | re.I)
_WRITTEN = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[-/. ]([a-z]{3,9})[-/., ]{1,2}(\d{4})", re.A | re.I)
# what systems write for a day they do not know: their own zero, or the first and last day they can hold
_FILLERS = """1753-01-01 1800-01-01 1899-12-30 1899-12-31 1900-01-01 1900-01-02 1901-01-01 1904-01-01 1970-01-01
    1111-11-11 2099-12-31 2999-12-31 9999-01-01 9999-12-31"""
_NO_DAYS = frozenset(_FILLERS.split())
_POSTCODE = re.compile(
    r"(gir0aa|[a-pr-uwyz]([0-9]{1,2}|[a-hk-y][0-9][0-9abehmnprv-y]?|[0-9][a-hjkps-uw])[0-9][abd-hjlnp-uw-z]{2})"
)
_NO_PLACE = "zz99"


def normalise(raw: str | None, field: Field, *, dates: str = "iso") -> str | Missing:
    """Return `raw` as every partner writes it, or why there is nothing to write. Never raises.

    Names, texts and codes lose case, accents and punctuation; names also titles and spaces. A date is YYYY-MM-DD,
    a postcode small letters without a space. dates: "iso" or "day-first", the order of numbers in this file; years
    have four figures. What is returned is returned unchanged when normalised again.
    """
    words = _WORD.findall(_APOSTROPHE.sub("", _plain(raw or "")))
    if not words or "".join(words) in _BLANKS:
        return Missing.BLANK
    if field.kind == "date":
        return _day(" ".join(unicodedata.normalize("NFKC", raw or "").split()), dates)
    return {"name": _name, "postcode": _postcode, "text": _text, "code": _code}[field.kind](words, field)


def _plain(raw: str) -> str:
    """Return small letters without accents; taken apart twice, since folding case can put a letter together again."""
    if raw.isascii():
        return raw.lower()
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", raw).casefold())
    return "".join(c for c in folded if unicodedata.category(c) != "Mn").translate(_PLAIN)


def _name(words: list[str], field: Field) -> str | Missing:
    letters = ["".join(c for c in word if c.isalpha()) for word in words]
    letters = [word for word in letters if word]
    while len(letters) > 1 and letters[0] in _TITLES:
        del letters[0]
    while len(letters) > 1 and letters[-1] in _SUFFIXES:
        del letters[-1]
    name = "".join(letters)
    if not name:
        return Missing.UNREADABLE
    unsaid = name in _BLANKS or name in _NO_NAMES or letters[:2] == ["baby", "of"] or set(name) == {"x"}
    return Missing.BLANK if unsaid else name


def _text(words: list[str], field: Field) -> str | Missing:
    return " ".join(words)


def _code(words: list[str], field: Field) -> str | Missing:
    code = "".join(words)
    if not field.words:
        return code
    known = dict(field.words)
    return known[code] or Missing.BLANK if code in known else Missing.UNREADABLE


def _postcode(words: list[str], field: Field) -> str | Missing:
    code = "".join(words)
    if code.startswith(_NO_PLACE):
        return Missing.BLANK
    return code if _POSTCODE.fullmatch(code) else Missing.UNREADABLE


def _day(raw: str, dates: str) -> str | Missing:
    found = _numbers(raw, dates)
    if found is None:
        return Missing.UNREADABLE
    year, month, day = found
    written = f"{year:04d}-{month:02d}-{day:02d}"
    if written in _NO_DAYS or not (year or month or day):
        return Missing.BLANK
    try:
        date(year, month, day)
    except ValueError:
        return Missing.UNREADABLE
    return written if 1900 <= year <= 2100 else Missing.UNREADABLE


def _numbers(raw: str, dates: str) -> tuple[int, int, int] | None:
    """Return year, month and day of a date as written, possible or not; None where the form is unknown."""
    if found := _YEAR_FIRST.fullmatch(raw):
        return int(found[1]), int(found[3]), int(found[4])
    if (found := _WRITTEN.fullmatch(raw)) and found[2].lower() in _MONTHS:
        return int(found[3]), _MONTHS[found[2].lower()], int(found[1])
    if dates == "day-first":
        found = _DAY_FIRST.fullmatch(raw)
        return (int(found[4]), int(found[3]), int(found[1])) if found else None
    found = _COMPACT.fullmatch(raw)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None
