"""The nouns of a study file that are about people whom no list shows."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from curv_eval.study.fields import STRICT, Month, Name, Text


@dataclass(frozen=True, config=STRICT)
class SeenBy:
    """One list: rows of a contract between the months, of people under its pseudonyms.

    name: what it is called, as in "A&E". person: the column with the pseudonym. on: that with the date. where: columns
    and the value they must have. positive: a column that must be more than 0, such as incidents told to a worker.
    """

    name: Annotated[str, Field(min_length=1, max_length=40)]
    contract: Name
    person: Name
    on: Name
    where: dict[Name, str] = Field(default_factory=dict)
    positive: Name | None = None


@dataclass(frozen=True, config=STRICT)
class Pairs:
    """The contract with pairs of pseudonyms of two lists: left_id is of the list `left`, right_id of `right`."""

    left: Text
    right: Text
    contract: Name


@dataclass(frozen=True, config=STRICT)
class HiddenNeed:
    """How many people there are of whom each list sees some. who: what they are called, as in "people hurt by
    violence". first, last: the months in which they were seen; short, so that few come or go."""

    who: Text
    first: Month
    last: Month
    lists: Annotated[tuple[SeenBy, ...], Field(strict=False, min_length=2, max_length=5)]
    links: Annotated[tuple[Pairs, ...], Field(strict=False, min_length=1)]

    def __post_init__(self) -> None:
        names = [one.name for one in self.lists]
        if len(set(names)) < len(names) or {"people", "list"} & {*names}:
            raise ValueError('lists with names of their own, other than "people" and "list"')
        if self.last < self.first:
            raise ValueError(f"a last month that is not before the first ({self.first} to {self.last})")
        asked = [frozenset((one.left, one.right)) for one in self.links]
        if any(len(pair) < 2 or not pair <= {*names} for pair in asked) or len({*asked}) < len(asked):
            raise ValueError(f"links between two of the lists ({', '.join(names)}), each pair once")

    def contracts_of(self, pair: Pairs) -> tuple[str, str]:
        """Return the contracts of the two lists that a pair joins."""
        of = {one.name: one.contract for one in self.lists}
        return of[pair.left], of[pair.right]
