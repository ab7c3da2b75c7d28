"""The lists of people that partners keep in clear, with the slips that real ones have.

Who is on a list is true; how they are written down is not always. Each partner has its own habits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from curv_eval.made_up.columns import as_text, blanked
from curv_eval.made_up.names import NICKNAMES, SURNAMES
from curv_eval.made_up.people import POSTCODES, SEXES, People, postcode_text
from curv_eval.made_up.process import draw
from curv_eval.made_up.registers import Register

HEADER = ("record_id", "given_name", "surname", "date_of_birth", "sex", "postcode", "first_contact_date")
# Shares of records. A typing slip is in each of the two names and in the postcode; missing is each of three fields.
TYPO, MISSING, NAME_MISSING, SWAPPED, OTHER_SURNAME, HALVES, SPACES = 0.03, 0.04, 0.01, 0.015, 0.02, 0.6, 0.01
BLANKS = {"": 0.7, "not known": 0.2, "n/a": 0.1}
# each letter and the one to its right on the keyboard, or to its left at the end of a row
_KEYS = dict(zip("qwertyuiopasdfghjklzxcvbnm", "wertyuioposdfghjklkxcvbnmn", strict=True))


@dataclass(frozen=True)
class Habits:
    """How one partner keeps its list. moved: share with an old address. short: share under a short name.

    upper, lower: shares of surnames in capitals and of names in small letters. closed: share of postcodes without a
    space.
    """

    moved: float
    short: float
    upper: float
    lower: float
    closed: float


HABITS = {
    "vcse": Habits(moved=0.10, short=0.20, upper=0.05, lower=0.04, closed=0.25),
    "hospital": Habits(moved=0.25, short=0.03, upper=1.0, lower=0.0, closed=0.02),
    "police": Habits(moved=0.15, short=0.05, upper=0.9, lower=0.0, closed=0.05),
}


def people_rows(
    rng: np.random.Generator, register: Register, everyone: People, *, habits: Habits, contact: np.ndarray
) -> list[tuple]:
    """Return one row per record in the order of HEADER and of record id. contact: day of first contact, or NaT."""
    person, n = register.person, register.person.size
    surname = _surnames(rng, everyone.surname[person].tolist(), habits)
    given = _given(rng, everyone.given[person].tolist(), habits)
    sex = np.where(rng.random(n) < MISSING, "not stated", np.array(SEXES)[everyone.sex[person]])
    columns = (
        register.raw,
        _spaced(rng, _lost(rng, given, NAME_MISSING)),
        _spaced(rng, _lost(rng, surname, NAME_MISSING)),
        blanked(rng, _births(rng, everyone.birth[person]), MISSING),
        sex.tolist(),
        _lost(rng, _postcodes(rng, everyone.postcode[person], int(everyone.area.max()) + 1, habits), MISSING),
        as_text(contact),
    )
    return sorted(zip(*columns, strict=True))


def slip(word: str, *, kind: int, place: float) -> str:
    """Return a word as a hasty hand types it. kind: 0 a letter beside, 1 one left out, 2 two swapped, 3 one doubled.

    place: 0 to 1, where in the word, after its first letter.
    """
    if len(word) < 3:
        return word
    at = 1 + int(place * (len(word) - 2))
    letter = word[at]
    instead = {0: _KEYS.get(letter.lower(), letter), 1: "", 2: word[at + 1] + letter, 3: letter + letter}[kind]
    return word[:at] + instead + word[at + 1 + (kind == 2) :]


def _changed(rng: np.random.Generator, words: list[str], share: float, change: Callable[[str], str]) -> list[str]:
    chosen = (rng.random(len(words)) < share).tolist()
    return [change(word) if yes else word for word, yes in zip(words, chosen, strict=True)]


def _slips(rng: np.random.Generator, words: list[str]) -> list[str]:
    chosen = (rng.random(len(words)) < TYPO).tolist()
    kind, place = rng.integers(0, 4, len(words)).tolist(), rng.random(len(words)).tolist()
    return [
        slip(word, kind=k, place=at) if yes else word
        for word, yes, k, at in zip(words, chosen, kind, place, strict=True)
    ]


def _lost(rng: np.random.Generator, words: list[str], share: float) -> list[str]:
    gone, said = (rng.random(len(words)) < share).tolist(), draw(rng, BLANKS, len(words))
    return [blank if yes else word for word, yes, blank in zip(words, gone, said, strict=True)]


def _spaced(rng: np.random.Generator, words: list[str]) -> list[str]:
    return _changed(rng, words, SPACES, lambda word: f" {word} " if word else word)


def _given(rng: np.random.Generator, words: list[str], habits: Habits) -> list[str]:
    short = _changed(rng, words, habits.short, lambda word: NICKNAMES.get(word, word))
    return _changed(rng, _slips(rng, short), habits.lower, str.lower)


def _surnames(rng: np.random.Generator, words: list[str], habits: Habits) -> list[str]:
    """Some have another surname since, and those with two are asked for one, or parted by a space."""
    other = rng.choice(SURNAMES, len(words)).tolist()
    new = (rng.random(len(words)) < OTHER_SURNAME).tolist()
    words = [instead if yes else word for word, instead, yes in zip(words, other, new, strict=True)]
    way = (rng.random(len(words)) / HALVES).tolist()
    words = [_halved(word, how) if "-" in word or "'" in word else word for word, how in zip(words, way, strict=True)]
    words = _changed(rng, _slips(rng, words), habits.upper, str.upper)
    return _changed(rng, words, habits.lower, str.lower)


def _halved(word: str, how: float) -> str:
    """how below 1: only the first part, only the second, or both with another mark."""
    if "'" in word and how < 1:
        word = word.replace("'", "" if how < 0.5 else " ")
    if how >= 1:
        return word
    first, _, second = word.partition("-")
    return word if not second else first if how < 0.25 else second if how < 0.4 else f"{first} {second}"


def _births(rng: np.random.Generator, birth: np.ndarray) -> list[str]:
    """Day and month the wrong way round where that makes a date, or one figure of the year wrong."""
    days, luck = as_text(birth), rng.random((2, birth.size))
    swap = (luck[0] < SWAPPED).tolist()
    days = [f"{d[:4]}-{d[8:]}-{d[5:7]}" if yes and int(d[8:]) <= 12 else d for d, yes in zip(days, swap, strict=True)]
    wrong, step = (luck[1] < TYPO / 3).tolist(), rng.integers(0, 2, birth.size).tolist()
    return [
        f"{int(day[:4]) + 2 * up - 1}{day[4:]}" if yes and day[5:] != "02-29" else day
        for day, yes, up in zip(days, wrong, step, strict=True)
    ]


def _postcodes(rng: np.random.Generator, number: np.ndarray, n_areas: int, habits: Habits) -> list[str]:
    elsewhere = rng.integers(0, n_areas * POSTCODES, number.size)
    held = np.where(rng.random(number.size) < habits.moved, elsewhere, number)
    texts = [postcode_text(one) for one in held.tolist()]
    wrong, figure = (rng.random(number.size) < TYPO).tolist(), rng.integers(0, 10, number.size).tolist()
    texts = [f"{text[:-3]}{n}{text[-2:]}" if yes else text for text, yes, n in zip(texts, wrong, figure, strict=True)]
    return _changed(rng, texts, habits.closed, lambda text: text.replace(" ", ""))
