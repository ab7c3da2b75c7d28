"""Made-up school records of all in years 9 to 11: suspensions and absence, which mentoring does not change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.made_up.columns import blanked, years_old
from curv_eval.made_up.people import People
from curv_eval.made_up.process import draw

EXCLUSIONS_HEADER = ("pseudo_upn", "academic_year", "permanent_exclusion", "suspension_sessions", "fsm", "sen")
ABSENCE_HEADER = ("pseudo_upn", "academic_year", "term", "sessions_possible", "absence_rate")
YEARS = {"2022/23": "2022-09-01", "2023/24": "2023-09-01"}
AGES = (13, 15)
TERMS = {"autumn": 140, "spring": 120, "summer": 118}
# Suspensions and permanent exclusions a year and pupil of mean risk; a suspension is 2 to 10 half days.
SUSPENSIONS, PERMANENT, FREE_MEALS = 0.25, 0.003, 0.30
SEN = {"N": 0.80, "K": 0.15, "E": 0.05}
ABSENCE_SHAPE, ABSENCE, FSM_MISSING, SEN_MISSING, ABSENCE_MISSING = 1.2, 6.5, 0.01, 0.02, 0.015


@dataclass(frozen=True)
class Pupils:
    """One entry per pupil and year. person: index into the young. year: index into YEARS."""

    person: np.ndarray
    year: np.ndarray
    suspended: np.ndarray
    excluded: np.ndarray


def draw_pupils(rng: np.random.Generator, young: People) -> Pupils:
    """Return everyone on roll in years 9 to 11, with half days of suspension and permanent exclusions."""
    ages = [years_old(young.birth, np.array(day, "datetime64[D]")) for day in YEARS.values()]
    on_roll = [np.flatnonzero((age >= AGES[0]) & (age <= AGES[1])) for age in ages]
    person = np.concatenate(on_roll)
    year = np.repeat(np.arange(len(on_roll)), [part.size for part in on_roll])
    times = rng.poisson(SUSPENSIONS * young.risk[person])
    suspended = np.minimum(times * rng.integers(2, 11, person.size), 90)
    return Pupils(person, year, suspended, (rng.random(person.size) < PERMANENT * young.risk[person]).astype(int))


def exclusion_rows(rng: np.random.Generator, pupils: Pupils, ids: list[str]) -> list[tuple]:
    """Return one row per pupil and year in the order of EXCLUSIONS_HEADER. ids: the pseudonym of each row's pupil."""
    people = int(pupils.person.max()) + 1
    meals = np.where(rng.random(people) < FREE_MEALS, "true", "false")[pupils.person].tolist()
    needs = np.array(draw(rng, SEN, people))[pupils.person].tolist()
    columns = (
        ids,
        [list(YEARS)[i] for i in pupils.year.tolist()],
        pupils.excluded.tolist(),
        pupils.suspended.tolist(),
        blanked(rng, meals, FSM_MISSING),
        blanked(rng, needs, SEN_MISSING),
    )
    return list(zip(*columns, strict=True))


def absence_rows(rng: np.random.Generator, pupils: Pupils, ids: list[str]) -> list[tuple]:
    """Return three rows per pupil and year in the order of ABSENCE_HEADER; a suspension counts as absence."""
    n = pupils.person.size
    usual = rng.gamma(ABSENCE_SHAPE, ABSENCE / ABSENCE_SHAPE, n)
    rate = np.empty((n, len(TERMS)))
    for term, possible in enumerate(TERMS.values()):
        missed = rng.binomial(possible, np.minimum(usual, 95) / 100) + pupils.suspended / len(TERMS)
        rate[:, term] = np.minimum(100 * missed / possible, 100)
    kept = (rng.random(n * len(TERMS)) >= ABSENCE_MISSING).tolist()
    years = [list(YEARS)[i] for i in pupils.year.tolist()]
    rows = (
        (own, year, term, possible, f"{percent:.1f}")
        for own, year, percents in zip(ids, years, rate.tolist(), strict=True)
        for (term, possible), percent in zip(TERMS.items(), percents, strict=True)
    )
    return [row for row, there in zip(rows, kept, strict=True) if there]
