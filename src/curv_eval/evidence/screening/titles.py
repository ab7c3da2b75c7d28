"""Titles, authors and pages in a form in which two spellings of the same are equal."""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise

from curv_eval.evidence.screening.nouns import Reference

# words that make a piece a notice about another, or a part of the same work, and so never that other one
_NOTICES = (
    "erratum", "errata", "correction", "corrigendum", "corrigenda", "retraction", "retracted", "reply",
    "comment", "commentary", "protocol", "addendum", "update", "updated", "rejoinder",
)  # fmt: skip
_ROMAN = {
    "i": "1",
    "ii": "2",
    "iii": "3",
    "iv": "4",
    "v": "5",
    "vi": "6",
    "vii": "7",
    "viii": "8",
    "ix": "9",
    "x": "10",
}
_NUMBERS = {"one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "first": "1", "second": "2", "third": "3"}
_PARTS = {"part", "study", "phase", "volume", "wave", "report", "paper", "chapter", "stage", "experiment", "trial"}
_SMALL = {"a", "an", "the", "of", "in", "on", "and", "for", "to", "amp"}
_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l"}
)


def plain(text: str) -> str:
    """Return text in small letters without accents, marks of layout and punctuation, with single spaces."""
    bare = re.sub(r"</?[a-zA-Z]{1,6}>|&[a-z]{2,6};", " ", text).translate(_LETTERS)
    apart = unicodedata.normalize("NFKD", bare).casefold()
    letters = "".join(sign for sign in apart if not unicodedata.combining(sign))
    return " ".join(re.sub(r"[^\w\s]|_", " ", re.sub("['\u2019\u2018`]", "", letters)).split())


def head(title: str) -> str:
    """Return a title without its subtitle: what stands before a colon, a dash between spaces, or a question mark."""
    return re.split(r":|\?|\s[-\u2013\u2014]\s|\u2014|\. ", title, maxsplit=1)[0]


def surname(author: str) -> str:
    """Return an author's surname, plain: before the comma, before initials, or the last word."""
    if "," in author:
        return plain(author.split(",", 1)[0])
    words = author.split()
    names = list(words)
    while len(names) > 1 and re.fullmatch(r"(?:[A-Z]\.?-?){1,3}", names[-1]):
        names.pop()
    return plain(" ".join(names) if len(names) < len(words) else author.split()[-1]) if words else ""


def first_page(pages: str) -> str:
    """Return the first page, or the number of an article, "" where there is none."""
    return re.split(r"[-\u2010-\u2015,;]", pages.strip().casefold(), maxsplit=1)[0].strip(" p.").lstrip("0")


@dataclass(frozen=True)
class Known:
    """What of a reference is compared: all plain. parts: what number of a series the title says it is; numbers: those
    and any other digits; notices: words such as erratum."""

    at: int
    title: str
    head: str
    author: str
    year: int | None
    page: str
    doi: str
    parts: tuple[str, ...]
    numbers: tuple[str, ...]
    notices: tuple[str, ...]
    type: str


def known(reference: Reference, at: int) -> Known:
    """Return what of a reference is compared; `at` is its place in the list."""
    title = plain(reference.title)
    words = title.split()
    series = _series(words)
    return Known(
        at=at, title=title, head=plain(head(reference.title)),
        author=surname(reference.authors[0]) if reference.authors else "",
        year=reference.year, page=first_page(reference.pages), doi=reference.doi,
        parts=series,
        numbers=(*series, *(word for word in words if word.isdigit())),
        notices=tuple(sorted({word for word in words if word in _NOTICES})), type=reference.type,
    )  # fmt: skip


def _series(words: list[str]) -> tuple[str, ...]:
    """Return the numbers that follow a word such as "part", and a Roman one at the end of a title."""
    after = [word for before, word in pairwise(words) if before in _PARTS]
    found = [_ROMAN.get(word, _NUMBERS.get(word, word)) for word in after]
    last = [_ROMAN[words[-1]]] if len(words) > 1 and words[-1] in _ROMAN and words[-2] not in _PARTS else []
    return tuple(number for number in (*found, *last) if number.isdigit())


def alike(left: str, right: str, *, least: float) -> float:
    """Return how alike two plain titles are, 0 to 1: 2 M / T, with M letters in matching blocks of T in both.

    The same whichever comes first. Source: Ratcliff and Metzener (1988), as in Python's difflib. 0 where it is surely
    below `least`.
    """
    if left == right:
        return 1.0
    first, second = sorted((left, right))
    found = difflib.SequenceMatcher(None, first, second, autojunk=False)
    if found.real_quick_ratio() < least or found.quick_ratio() < least:
        return 0.0
    return found.ratio()


def misspelt(left: str, right: str) -> bool:
    """Whether every difference between two plain titles is a slip of the pen: at most 3, each of one letter (two in
    long words with the same first letter), a space, or a small word such as "the" left out.

    "boys" and "girls", or "increase" and "decrease", are other words.
    """
    first, second = left.split(), right.split()
    found = difflib.SequenceMatcher(None, first, second, autojunk=False).get_opcodes()
    apart = [(first[a:b], second[c:d]) for same, a, b, c, d in found if same != "equal"]
    return len(apart) <= 3 and all(_slip(*both) for both in apart)


def _slip(left: list[str], right: list[str]) -> bool:
    first, second = ("".join(word for word in words if word not in _SMALL) for words in (left, right))
    if first == second:
        return True
    if not first or not second:
        return False
    most = 2 if min(len(first), len(second)) >= 8 and first[0] == second[0] else 1
    return min(len(first), len(second)) >= 3 and _edits(first, second, most) <= most


def _edits(left: str, right: str, most: int) -> int:
    """Return how many letters differ, swapped neighbours counted once; anything above `most` where it is more.

    Source: Damerau (1964), as the restricted distance.
    """
    if abs(len(left) - len(right)) > most:
        return most + 1
    before, row = [], list(range(len(right) + 1))
    for i, one in enumerate(left, start=1):
        older, before, row = before, row, [i]
        for j, other in enumerate(right, start=1):
            cost = min(before[j] + 1, row[-1] + 1, before[j - 1] + (one != other))
            if i > 1 and j > 1 and one == right[j - 2] and left[i - 2] == other:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]
