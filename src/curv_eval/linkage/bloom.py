"""Keyed Bloom filters: values that look alike set mostly the same bits, and only the key says which."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from curv_eval.linkage.scheme import Field

if TYPE_CHECKING:
    import numpy as np

# tokens kept between calls; names and dates have a few thousand, codes can have as many as there are people
_KEPT = 100_000


def tokens(value: str, field: Field) -> tuple[str, ...]:
    """Return the tokens of a normalised value, each once.

    A name, postcode or text: its q-grams, with `_` before and after. A date: its parts and their figures, each with
    its place, so that near dates share most. A code: itself, since codes that differ by a letter are not alike.
    """
    if field.kind == "code":
        return (value,)
    if field.kind == "date":
        return _date_tokens(value)
    pad = "_" * (field.q - 1)
    padded = f"{pad}{value}{pad}"
    return tuple(dict.fromkeys(padded[i : i + field.q] for i in range(len(padded) - field.q + 1)))


def _date_tokens(day: str) -> tuple[str, ...]:
    year, month, number = day.split("-")
    places = (f"{place}{figure}" for place, figure in zip("cdefgh", day[2:4] + month + number, strict=True))
    return (f"Y{year}", f"M{month}", f"D{number}", *places)


def positions(key: bytes, token: str, *, count: int, bits: int) -> list[int]:
    """Return the `count` bits of 0 to `bits` - 1 that a token sets, each drawn on its own from HMAC-SHA-256.

    Positions are independent: with double hashing, the usual way, a token sets a single bit with probability 1 / bits,
    and there are so few patterns that they can be told apart (Niedermeyer, Steinmetzer, Kroll and Schnell 2014,
    "Cryptanalysis of basic Bloom filters used for privacy preserving record linkage"; data61/clkhash issue 33).
    bits must be a power of two, or low positions would be favoured.
    """
    said = token.encode()
    rounds = range(-(-count // 16))
    stream = b"".join(hmac.digest(key, turn.to_bytes(1, "big") + said, "sha256") for turn in rounds)
    return [int.from_bytes(stream[2 * i : 2 * i + 2], "big") % bits for i in range(count)]


class Filters:
    """The filters of one field under one key; what a token sets is worked out once."""

    def __init__(self, field: Field, key: bytes, bits: int, *, fold: bool) -> None:
        self._field, self._key, self._fold = field, key, fold
        self._bytes, self._bits = bits // 8, 2 * bits if fold else bits
        self._forget()

    def __repr__(self) -> str:
        return f"<Filters of {self._field.name}>"

    def of(self, values: Sequence[str]) -> np.ndarray:
        """Return one filter per value, shape (values, bits / 8) of bytes; bit 0 is the highest of the first byte."""
        import numpy as np

        if not values:
            return np.zeros((0, self._bytes), np.uint8)
        if len(self._places) > _KEPT:
            self._forget()
        found = [[self._place(token) for token in tokens(value, self._field)] for value in values]
        starts = [0, *accumulate(map(len, found))][:-1]
        masks = np.frombuffer(b"".join(self._masks), np.uint64).reshape(len(self._masks), -1)
        every = np.bitwise_or.reduceat(masks[[place for row in found for place in row]], starts, axis=0)
        half = every.shape[1] // 2
        folded = every[:, :half] ^ every[:, half:] if self._fold else every
        return np.ascontiguousarray(folded).view(np.uint8)

    def _forget(self) -> None:
        self._places: dict[str, int] = {}
        self._masks: list[bytes] = []

    def _place(self, token: str) -> int:
        place = self._places.get(token)
        if place is None:
            place = self._places[token] = len(self._masks)
            self._masks.append(self._mask(token))
        return place

    def _mask(self, token: str) -> bytes:
        mask = bytearray(self._bits // 8)
        for position in positions(self._key, token, count=self._field.positions, bits=self._bits):
            mask[position >> 3] |= 0x80 >> (position & 7)
        return bytes(mask)
