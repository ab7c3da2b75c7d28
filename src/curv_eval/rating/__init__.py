"""How secure is a finding? CURV's own rating, after the way the Youth Endowment Fund rates; never theirs.

A rating looks at how a study was made, not at what it found. What was not examined scores 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from curv_eval.errors import RunError
from curv_eval.estimate import Estimate
from curv_eval.methods import load
from curv_eval.panel import month_text
from curv_eval.rating import parts
from curv_eval.rating.level import level
from curv_eval.rating.nouns import CRITICAL, HIGHEST, Answered, Checked, Part, Rating
from curv_eval.registration import standing
from curv_eval.study import Study

__all__ = ["CRITICAL", "HIGHEST", "Part", "Rating", "confirm", "rate"]


def rate(
    study: Study,
    estimate: Estimate,
    checks: Iterable[Answered],
    *,
    power: float | None = None,
    periods: int | None = None,
) -> Rating:
    """Return the rating that the facts of a study give, still to be confirmed.

    checks: those that were run, as the checks return them. power: the smallest effect that the study could see, in the
    units of `study.smallest_worthwhile`, None where nobody asked. periods: how many months the panel of areas has.
    Whether the plan was kept is read from the study's registration. The
    security is the mean of the seven parts, rounded down, and no higher than the weakest critical part (design, power,
    attrition, balance, outcome measure), as the Centre for Homelessness Impact does it. Without anybody to compare
    with, the level is at most 2 and the security at most 1.
    """
    checked = Checked.of(checks)
    found = level(study, estimate, checked)
    made = (
        parts.design(estimate, found), parts.power(study, power), parts.attrition(study, checked, estimate),
        parts.balance(study, checked), parts.outcome_measure(study, checked),
        parts.registration(study, standing(study), _start(study, estimate)),
        parts.missing_data(study, checked, periods),
    )  # fmt: skip
    weakest = min(part.score for part in made if part.critical)
    mean = sum(part.score for part in made) // len(made)
    security = min(mean, weakest)
    capped = tuple(part.name for part in made if part.critical and part.score == weakest < HIGHEST)
    return Rating(found.number, found.reason, security, made, capped if security == weakest else ())


def _start(study: Study, estimate: Estimate) -> str | None:
    """Return the month of the first start of areas."""
    if load(study.design.method).TAKES == "people":
        return None
    return month_text(int(estimate.cells["cohort"].min()))


def confirm(rating: Rating, reviewer: str) -> Rating:
    """Return the rating as confirmed by a named reviewer. Raises RunError for a blank name."""
    if not reviewer.strip():
        raise RunError("got a blank reviewer", ["expected the name of who confirms the rating"])
    return replace(rating, confirmed_by=reviewer.strip())
