"""Made-up records of youth justice and of probation: more often about those at more risk; mentoring changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.made_up.columns import as_text, blanked, years_old
from curv_eval.made_up.people import People
from curv_eval.made_up.process import FIRST_DAY, LAST_DAY, draw

YOUTH_HEADER = ("ypid", "disposal_date", "offence_gravity", "first_time_entrant", "reoffended_12m")
PROBATION_HEADER = (
    *("person_id", "sentence_date", "sentence_type", "supervision_end_date", "age_at_sentence"),
    *("risk_of_serious_harm", "reoffended_12m"),
)
# Disposals, and sentences to supervision, a year and person of mean risk; at which ages they can be.
DISPOSALS, SENTENCES = 0.012, 0.010
CHILD, ADULT = (10, 17), (18, 24)
GRAVITY = {"1": 0.05, "2": 0.22, "3": 0.38, "4": 0.17, "5": 0.09, "6": 0.06, "7": 0.02, "8": 0.01}
SENTENCE_TYPES = {
    "community order": 0.5,
    "suspended sentence order": 0.27,
    "licence": 0.12,
    "post-sentence supervision": 0.08,
    "other": 0.03,
}
HARM = {"low": 0.3, "medium": 0.5, "high": 0.18, "very high": 0.02}
GRAVITY_MISSING, HARM_MISSING, REOFFENDED, KNOWN_UNTIL = 0.03, 0.10, 0.32, np.datetime64("2023-10-01")


@dataclass(frozen=True)
class Decisions:
    """One entry per disposal or sentence, by day. person: index into the young. first: none of theirs came before."""

    person: np.ndarray
    day: np.ndarray
    first: np.ndarray


def draw_decisions(rng: np.random.Generator, young: People, rate: float, *, ages: tuple[int, int]) -> Decisions:
    """Draw decisions on any day of the period. rate: a year and person of mean risk, at `ages` (whole years)."""
    days = (LAST_DAY - FIRST_DAY).astype(int) + 1
    person = np.repeat(np.arange(young.risk.size), rng.poisson(rate * young.risk * days / 365.25))
    day = FIRST_DAY + rng.integers(0, days, person.size)
    age = years_old(young.birth[person], day)
    order = np.argsort(day, kind="stable")
    order = order[(age[order] >= ages[0]) & (age[order] <= ages[1])]
    first = np.zeros(order.size, bool)
    first[np.unique(person[order], return_index=True)[1]] = True
    return Decisions(person[order], day[order], first)


def youth_rows(rng: np.random.Generator, decisions: Decisions, ids: list[str]) -> list[tuple]:
    """Return one row per disposal in the order of YOUTH_HEADER and of day. ids: the pseudonym of each child."""
    n = decisions.day.size
    # those who were dealt with before the period began are no first-time entrants either
    first = decisions.first & (rng.random(n) < 0.8)
    columns = (
        ids,
        as_text(decisions.day),
        blanked(rng, draw(rng, GRAVITY, n), GRAVITY_MISSING),
        np.where(first, "true", "false").tolist(),
        _reoffended(rng, decisions.day),
    )
    return list(zip(*columns, strict=True))


def probation_rows(rng: np.random.Generator, decisions: Decisions, *, young: People, ids: list[str]) -> list[tuple]:
    """Return one row per sentence in the order of PROBATION_HEADER and of day. ids: the pseudonym of each person."""
    n = decisions.day.size
    end = decisions.day + 30 * rng.integers(6, 25, n)
    columns = (
        ids,
        as_text(decisions.day),
        draw(rng, SENTENCE_TYPES, n),
        as_text(np.where(end <= LAST_DAY, end, np.datetime64("NaT"))),
        years_old(young.birth[decisions.person], decisions.day).tolist(),
        blanked(rng, draw(rng, HARM, n), HARM_MISSING),
        _reoffended(rng, decisions.day),
    )
    return list(zip(*columns, strict=True))


def _reoffended(rng: np.random.Generator, day: np.ndarray) -> list[str]:
    """Blank until a year has passed and the courts have caught up."""
    said = np.where(rng.random(day.size) < REOFFENDED, "true", "false")
    return np.where(day <= KNOWN_UNTIL, said, "").tolist()
