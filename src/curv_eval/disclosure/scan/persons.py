"""A person by name, and the day somebody was born."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator

from curv_eval.disclosure.scan.found import Found, all_of
from curv_eval.made_up.names import BOYS, GIRLS, NICKNAMES, SURNAMES

NAME, BORN = "name of a person", "date of birth"
_GIVEN = {name.casefold() for name in (*BOYS, *GIRLS, *NICKNAMES.values())}
_SURNAMES = {name.casefold() for name in SURNAMES}
# given names after which places are called, or that are words; with the surnames below they are mostly places
_PLACE_GIVEN_TEXT = """
albert alexander alice amber anna arthur beth charles charlotte dean edward elizabeth florence frederick george
georgia grace grant harper heidi henry holly iris ivy james jude lily luna mark martha martin mary max olive owen
poppy robin rose ruby scarlett skye stanley summer thomas victoria violet will william willow
"""
_PLACE_GIVEN = frozenset(_PLACE_GIVEN_TEXT.split())
_PLACE_SURNAMES_TEXT = """
bell bird black brooks brown burns chapman cook cross day field fields fleming fletcher ford forest fox frost grant
gray green grove hall hammond hart hill hills hope hunt king lane law lee mason mills moor park porter price reed rose
shah stone street sutton todd ward watts webb wells west white winter wood woods young
"""
_PLACE_SURNAMES = frozenset(_PLACE_SURNAMES_TEXT.split())
# every other ward of England and Wales that is called like a person (ONS lookup of wards, December 2024)
_WARDS = frozenset(
    ("brandon west", "cam west", "hayley green", "holly hayes", "isaac newton", "lacey green", "lee green", "lee west")
) | {"penny lane", "ross west", "william morris"}
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
# two or three words and nothing else, as in a cell or in the name of a file
_ALONE = re.compile(rf"[\s._-]*{_WORD.pattern}(?:[\s._,-]+{_WORD.pattern}){{1,2}}[\s._-]*")
_BETWEEN = re.compile(r"[ \t\n\u00a0]{1,3}(?:[A-Z]\.?[ \t]{1,2}){0,2}|,[ \t]{0,2}")
_TITLE = re.compile(
    r"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Cllr|Councillor|Sgt|Sergeant|DCI|Insp|Inspector|Rev)\b\.?"
    r"[ \t\u00a0]{1,2}"
    r"(?:[A-Z]\.?[ \t]?){0,3}[A-Z][a-z'’]*[a-z][A-Za-z'’-]*"
)
# what follows the names of authors
_YEAR = re.compile(r"\(\s?(?:19|20)\d\d[a-z]?\s?\)|\bet al\b|,\s(?:19|20)\d\d[a-z]?\b")
_MONTHS = "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
_MONTHS += "|nov(?:ember)?|dec(?:ember)?"
_DATE = (
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/. ]\d{1,2}[-/. ]\d{2,4}|\d{8}"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?(?: of)?[ -](?:{_MONTHS})\.?,?[ -]\d{{2,4}}"
    rf"|(?:{_MONTHS})\.? \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}})"
)
_BIRTH = r"(?<![A-Za-z])(?:born|birth(?:day|date)?s?|dob|d\.o\.b\.?)(?![A-Za-z])"
_WORDS = re.compile(_BIRTH, re.IGNORECASE)
_BORN = re.compile(rf"{_BIRTH}[^\n\d]{{0,25}}\b{_DATE}\b|\b{_DATE}\b[^\n\d]{{0,15}}{_BIRTH}", re.IGNORECASE)
_REFERENCE, _SENTENCE = 60, 8


def names(text: str) -> Iterator[Found]:
    """Find a common given name beside a common surname, in either order, and a title before a name.

    Names of authors before a year are not findings, nor are pairs that are mostly names of places.
    """
    # an initial may stand between the two
    words, whole = [word for word in _WORD.finditer(text) if len(word[0]) > 1], bool(_ALONE.fullmatch(text))
    for first, second in itertools.pairwise(words):
        if _named(text, first, second, whole=whole) and not _authors(text, second.end()):
            yield Found(NAME, first.start(), second.end())
    yield from all_of(NAME, _TITLE.finditer(text))


def _named(text: str, first: re.Match[str], second: re.Match[str], *, whole: bool) -> bool:
    """Whether two words that follow each other are a name. whole: there is nothing else in the text."""
    between = text[first.end() : second.start()]
    given, family = (second[0], first[0]) if "," in between else (first[0], second[0])
    if not (_is_given(given) and _is_surname(family)):
        return False
    if f"{given} {family}".casefold() in _WARDS:
        return False
    if given.casefold() in _PLACE_GIVEN and family.casefold() in _PLACE_SURNAMES:
        return False
    written = given[0].isupper() and family[0].isupper() and bool(_BETWEEN.fullmatch(between))
    return written or (whole and bool(re.fullmatch(r"[\s._,-]+", between)))


@functools.lru_cache(maxsize=20_000)
def _is_given(word: str) -> bool:
    return any(part in _GIVEN for part in (word.casefold(), word.casefold().split("-")[0]))


@functools.lru_cache(maxsize=20_000)
def _is_surname(word: str) -> bool:
    plain = word.casefold().replace("’", "'")
    return plain in _SURNAMES or ("-" in plain and bool(_SURNAMES & set(plain.split("-"))))


def _authors(text: str, end: int) -> bool:
    """Whether a name is in a sentence that goes on with the year of a work; never so in a cell of few words."""
    return len(text.split()) >= _SENTENCE and bool(_YEAR.search(text[end : end + _REFERENCE]))


def births(text: str) -> Iterator[Found]:
    """Find a full date beside a word that says somebody was born; a year or a month is not one."""
    if _WORDS.search(text):
        yield from all_of(BORN, _BORN.finditer(text))
