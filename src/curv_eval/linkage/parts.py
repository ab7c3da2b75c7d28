"""Parts of a normalised value that survive a slip of the pen: what blocking tokens are made of."""

from __future__ import annotations

from collections.abc import Callable

_SOUNDS = {
    letter: digit for digit, letters in enumerate(["bfpv", "cgjkqsxz", "dt", "l", "mn", "r"], 1) for letter in letters
}
_TEXT = ("name", "text")
_ANY = ("name", "date", "postcode", "text", "code")


def soundex(name: str) -> str:
    """Return the American Soundex code of a normalised name, such as r163 for robert.

    Letters outside a to z are passed over; a name with none of them is its own code.
    Source: US National Archives, "Soundex System" (2007), with the rule that h and w part no two letters of one sound.
    """
    letters = [letter for letter in name if "a" <= letter <= "z"]
    if not letters:
        return name
    code, last = letters[0], _SOUNDS.get(letters[0])
    for letter in letters[1:]:
        sound = _SOUNDS.get(letter)
        if sound and sound != last:
            code += str(sound)
        if letter not in "hw":
            last = sound
    return code[:4].ljust(4, "0")


def _whole(value: str) -> str:
    return value


def _first3(value: str) -> str:
    return value[:3]


def _year(day: str) -> str:
    return day[:4]


def _month_day(day: str) -> str:
    return day[5:]


def _outward(postcode: str) -> str:
    return postcode[:-3]


# the name in a scheme -> the kinds of field it can be taken of, and how
PARTS: dict[str, tuple[tuple[str, ...], Callable[[str], str]]] = {
    "whole": (_ANY, _whole),
    "soundex": (_TEXT, soundex),
    "first3": ((*_TEXT, "code"), _first3),
    "year": (("date",), _year),
    "month_day": (("date",), _month_day),
    "outward": (("postcode",), _outward),
}
