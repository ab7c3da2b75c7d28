"""The plan of a review, fixed before the search: its question, who may enter, and where it looks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from curv_eval.study.fields import STRICT, Day, Name, Text, Texts

# the word of a screening table for a report that nobody could get; no reason to leave one out may be called so
NOT_RETRIEVED = "not_retrieved"
DesignName = Literal[
    "randomised trial", "cluster randomised trial", "difference in differences", "regression discontinuity",
    "instrumental variable", "interrupted time series", "matched comparison", "synthetic control", "before and after",
]  # fmt: skip


@dataclass(frozen=True, config=STRICT)
class Question:
    """What a review asks: for whom, what is done, compared with what, what should change, and by which designs."""

    population: Text
    intervention: Text
    comparison: Text
    outcomes: Annotated[tuple[Text, ...], Field(strict=False, min_length=1)]
    designs: Annotated[tuple[DesignName, ...], Field(strict=False, min_length=1)]

    @property
    def text(self) -> str:
        """The question in one sentence."""
        what = (
            self.outcomes[0] if len(self.outcomes) == 1 else f"{', '.join(self.outcomes[:-1])} and {self.outcomes[-1]}"
        )
        return f"For {self.population}, does {self.intervention} change {what}, compared with {self.comparison}?"


@dataclass(frozen=True, config=STRICT)
class Exclusion:
    """A reason to leave a study out: the short name that a screening table uses, and what it means."""

    name: Name
    meaning: Text


@dataclass(frozen=True, config=STRICT)
class Eligibility:
    """What a study must be to enter, and the reasons for which one is left out."""

    include: Annotated[tuple[Text, ...], Field(strict=False, min_length=1)]
    exclude: Annotated[tuple[Exclusion, ...], Field(strict=False, min_length=1)]

    def __post_init__(self) -> None:
        names = [one.name for one in self.exclude]
        if len({*names}) < len(names) or NOT_RETRIEVED in names:
            raise ValueError(f"reasons with names of their own, other than {NOT_RETRIEVED}")

    @property
    def reasons(self) -> tuple[str, ...]:
        """The names of the reasons, as a screening table uses them."""
        return tuple(one.name for one in self.exclude)


@dataclass(frozen=True, config=STRICT)
class Search:
    """One search: the database, the day, the words as they were typed, and limits."""

    database: Text
    day: Day
    query: Text
    limits: Texts = ()


@dataclass(frozen=True, config=STRICT)
class Protocol:
    """The plan of a review. screeners: the two people who decide. registered: where, as "OSF", or None."""

    title: Text
    question: Question
    eligibility: Eligibility
    searches: Annotated[tuple[Search, ...], Field(strict=False, min_length=1)]
    screeners: Annotated[tuple[Text, ...], Field(strict=False, min_length=2)]
    synthesis: Text
    fixed: Day
    registered: Text | None = None

    def __post_init__(self) -> None:
        if len({one.strip().casefold() for one in self.screeners}) < len(self.screeners):
            raise ValueError("screeners with names of their own")
