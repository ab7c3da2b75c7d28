"""How secure the finding of a review is: CURV's own rating of 0 to 5, with every lost point named.

Made as the rating of a single study: the mean of the parts, rounded down, and no higher than the weakest critical part.
What was not examined scores 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pandas as pd

from curv_eval.errors import StudyError
from curv_eval.evidence.judgement.asked import listed, unknown
from curv_eval.evidence.judgement.bias import Assessed, share_high
from curv_eval.evidence.judgement.pooled import FEW, Pooled, both_ways
from curv_eval.evidence.judgement.suggestions import EGGER_P, EGGER_STUDIES

HIGHEST = 5
CRITICAL = ("design", "number of studies", "risk of bias", "differences between places")
# CURV's own cut-offs. From so many studies on, the score beside it; up to each share, the score beside it
NUMBER = ((10, 5), (7, 4), (5, 3), (3, 2), (2, 1))
BIAS = ((0.0, 4), (0.25, 3), (0.5, 2), (0.75, 1))
SPREAD = ((0.25, 5), (0.5, 4), (0.75, 3))
INDIRECT = ((0.0, 5), (0.1, 4), (0.25, 3), (0.5, 2))
PLANS = {
    "registered": (5, "the plan was registered before the search and kept"),
    "registered_changed": (4, "the plan was registered before the search, and every change is explained"),
    "written": (3, "the plan was written before the search, but that is the review's own word"),
    "registered_late": (2, "the plan was registered after the search"),
    "unexplained": (1, "the plan was changed, and not every change is explained"),
    "none": (0, "there was no plan before the search"),
}


@dataclass(frozen=True)
class ReviewFacts:
    """What of a review its security rests on.

    randomised, compared, alone: how many studies are trials, have a comparison group, or are before and after alone;
    together they are the pooled effect's studies. assessed: each study's risk of bias. egger_p: of Egger's test, None
    where none was made. indirect: how many studies differ from the review's question in people, approach, comparison or
    outcome, None where nobody looked. plan: a key of PLANS. Raises StudyError with every fault.
    """

    pooled: Pooled
    randomised: int
    compared: int
    alone: int
    assessed: tuple[Assessed, ...] = ()
    egger_p: float | None = None
    indirect: int | None = None
    plan: str = "none"

    def __post_init__(self) -> None:
        if faults := list(_faults(self)):
            raise StudyError(f"{self.pooled.outcome}: the security of the review cannot be rated", faults)


@dataclass(frozen=True)
class ReviewPart:
    """One part of the security of a review: its score of 0 to 5 and why."""

    name: str
    score: int
    reason: str

    @property
    def lost(self) -> int:
        """The points lost."""
        return HIGHEST - self.score


@dataclass(frozen=True)
class Security:
    """CURV's own rating of how secure the finding of a review is, whatever the finding says. confirmed_by: or None."""

    level: int
    parts: tuple[ReviewPart, ...]
    capped_by: tuple[str, ...]
    confirmed_by: str | None = None

    @property
    def lost(self) -> tuple[str, ...]:
        """Every point lost, one sentence for each part that lost any."""
        return tuple(
            f"{part.name}: {part.lost} {'point' if part.lost == 1 else 'points'} lost, because {part.reason}"
            for part in self.parts
            if part.lost
        )

    @property
    def text(self) -> str:
        """The rating in plain words, and what it is not."""
        status = (
            f"confirmed by {self.confirmed_by}" if self.confirmed_by else "proposed; a named person has to confirm it"
        )
        capped = (
            f" It can be no higher than its weakest critical part: {listed(self.capped_by)}." if self.capped_by else ""
        )
        return (
            f"Security of the review {self.level} of {HIGHEST} ({status}).{capped} This is CURV's own rating; no other "
            "body has given or checked it, and it takes no account of whether the finding is welcome."
        )

    @property
    def table(self) -> pd.DataFrame:
        """One row per part: part, score, critical, reason."""
        rows = [(part.name, part.score, part.name in CRITICAL, part.reason) for part in self.parts]
        return pd.DataFrame(rows, columns=["part", "score", "critical", "reason"])


def secure(facts: ReviewFacts) -> Security:
    """Return the security that the facts of a review give, still to be confirmed.

    The level is the mean of seven parts (design of the studies, number of studies, risk of bias, differences between
    places, publication bias, directness, registration), rounded down, and no higher than the weakest of the first four.
    """
    parts = (
        _design(facts), _number(facts), _bias(facts), _places(facts), _publication(facts), _directness(facts),
        ReviewPart("registration", *PLANS[facts.plan]),
    )  # fmt: skip
    weakest = min(part.score for part in parts if part.name in CRITICAL)
    mean = sum(part.score for part in parts) // len(parts)
    named = tuple(part.name for part in parts if part.name in CRITICAL and part.score == weakest < HIGHEST)
    return Security(min(mean, weakest), parts, named if weakest <= mean else ())


def confirmed(security: Security, by: str) -> Security:
    """Return the rating as confirmed by a named person. Raises StudyError for a blank name."""
    if not by.strip():
        raise StudyError("got a blank name", ["expected the name of who confirms the rating"])
    return replace(security, confirmed_by=by.strip())


def _faults(held: ReviewFacts) -> Iterator[str]:
    counts = {"randomised": held.randomised, "compared": held.compared, "alone": held.alone, "indirect": held.indirect}
    for name, n in counts.items():
        if n is not None and (isinstance(n, bool) or not isinstance(n, int) or not 0 <= n <= held.pooled.studies):
            yield f"{name}: got {n!r}, expected a whole number of 0 to {held.pooled.studies}"
    total = held.randomised + held.compared + held.alone
    if total != held.pooled.studies:
        yield f"designs: got {total} studies, expected the {held.pooled.studies} that were pooled"
    if held.assessed and len({one.study for one in held.assessed}) != held.pooled.studies:
        names = len({one.study for one in held.assessed})
        yield f"assessed: got {names} studies, expected all {held.pooled.studies}, or none"
    if held.egger_p is not None and not 0 <= held.egger_p <= 1:
        yield f"egger_p: got {held.egger_p!r}, expected a number of 0 to 1"
    if held.plan not in PLANS:
        yield unknown("plan", held.plan, PLANS)


def _upto(value: float, bounds: tuple[tuple[float, int], ...], least: int) -> int:
    return next((score for bound, score in bounds if value <= bound + 1e-9), least)


def _design(held: ReviewFacts) -> ReviewPart:
    n = held.pooled.studies
    said = f"{held.randomised} of {n} are trials and {held.alone} have nobody to compare with"
    if held.alone:
        return ReviewPart("design", 2 if held.alone * 2 < n else 1, said)
    return ReviewPart("design", 5 if held.randomised == n else 4 if held.randomised * 2 >= n else 3, said)


def _number(held: ReviewFacts) -> ReviewPart:
    n = held.pooled.studies
    score = next((score for least, score in NUMBER if n >= least), 0)
    return ReviewPart("number of studies", score, "there is one study" if n == 1 else f"there are {n} studies")


def _bias(held: ReviewFacts) -> ReviewPart:
    if not held.assessed:
        return ReviewPart("risk of bias", 0, "not examined (judge each study with `assess`)")
    share = share_high(held.assessed)
    if all(one.overall == "low" for one in held.assessed):
        return ReviewPart("risk of bias", HIGHEST, "every study is at low risk of bias")
    if share == 0:
        return ReviewPart("risk of bias", 4, "no study is at high risk of bias, but not all are at low risk")
    return ReviewPart("risk of bias", _upto(share, BIAS, 0), f"{share:.0%} of the studies are at high risk of bias")


def _places(held: ReviewFacts) -> ReviewPart:
    name, pooled = "differences between places", held.pooled
    if pooled.studies < FEW or pooled.new_place is None or pooled.i2 is None:
        return ReviewPart(name, 0, "not examined (work out I2 and a prediction interval, from 3 studies on)")
    if both_ways(pooled.new_place, pooled.smallest):
        return ReviewPart(name, 1, "in a new place both worthwhile benefit and worthwhile harm are possible")
    return ReviewPart(name, _upto(pooled.i2, SPREAD, 2), f"{pooled.i2:.0%} of the spread is not chance")


def _publication(held: ReviewFacts) -> ReviewPart:
    if held.pooled.studies < EGGER_STUDIES:
        return ReviewPart(
            "publication bias", 2, f"fewer than {EGGER_STUDIES} studies cannot show what was not published"
        )
    if held.egger_p is None:
        return ReviewPart("publication bias", 0, "not examined (make Egger's test)")
    if held.egger_p < EGGER_P:
        return ReviewPart("publication bias", 2, f"small studies differ from large ones (p = {held.egger_p:.2f})")
    return ReviewPart(
        "publication bias", 5, f"small studies do not clearly differ from large ones (p = {held.egger_p:.2f})"
    )


def _directness(held: ReviewFacts) -> ReviewPart:
    if held.indirect is None:
        return ReviewPart("directness", 0, "not examined (say how many studies differ from the question)")
    share = held.indirect / held.pooled.studies
    return ReviewPart("directness", _upto(share, INDIRECT, 1), f"{share:.0%} of the studies differ from the question")
