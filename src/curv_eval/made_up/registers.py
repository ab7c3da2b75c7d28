"""The numbers that partners give to people: each partner its own, and now and then two to one person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Pseudonym = Callable[[str, str], str]


@dataclass(frozen=True)
class Register:
    """The records of one partner about people, one entry each.

    source: the partner. person: index into everyone. raw: the partner's own number for the record. table: the
    pseudonym that stands in its place in tables for analysts.
    """

    source: str
    person: np.ndarray
    raw: list[str]
    table: list[str]

    def record_of(self, rng: np.random.Generator, person: np.ndarray) -> np.ndarray:
        """Return a record for each entry of `person`; somebody with two records comes under either."""
        order = np.argsort(self.person, kind="stable")
        held = self.person[order]
        first, last = (np.searchsorted(held, person, side=side) for side in ("left", "right"))
        return order[first + (rng.random(person.size) * (last - first)).astype(int)]


def number(rng: np.random.Generator, source: str, person: np.ndarray, *, pseudonym: Pseudonym) -> Register:
    """Return one record for each entry of `person`, in that order, under numbers that say nothing about it."""
    drawn = rng.permutation(9 * person.size)[: person.size] + 100_000
    raw = [f"{source[:2].upper()}-{n:07d}" for n in drawn.tolist()]
    return Register(source, person, raw, [pseudonym(source, own) for own in raw])


def register(
    rng: np.random.Generator, source: str, person: np.ndarray, *, twice: float, pseudonym: Pseudonym
) -> Register:
    """Return one record for everyone in `person`, whose repeats are one, and a second one for a share `twice`."""
    once = np.unique(person)
    again = once[rng.random(once.size) < twice]
    return number(rng, source, np.concatenate([once, again]), pseudonym=pseudonym)
