"""A made-up extract of a force's own system: the violent crimes of the street files, with what the force knows of them.

Every violent row of the street files is here as one crime that was not cancelled, in the same month and LSOA; those of
other districts and of no place are here too. Crimes cancelled since are in the extract only. Classes and codes look
like those of the Home Office; which belong together, and how often they occur, is made up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.made_up.codes import CRIME_TYPES, VIOLENCE
from curv_eval.made_up.columns import as_text, blanked, booleans, minutes, years_old
from curv_eval.made_up.people import SEXES, People
from curv_eval.made_up.police import NOWHERE, Crimes
from curv_eval.made_up.process import MONTHS, World, draw
from curv_eval.made_up.victims import SHARP, Happened

HEADER = (
    *("crime_ref", "recorded_date", "committed_from", "committed_to", "ho_class", "ho_code", "knife_flag"),
    *("domestic_flag", "location_type", "lsoa", "beat", "victim_ref", "victim_age", "victim_sex"),
    *("victim_ethnicity_self_defined", "suspect_age", "outcome_code", "cancelled_flag", "freeze_date"),
)
FREEZE = "2025-01-31"
WITH_INJURY = {"8/6 8N": 0.88, "5/1 5D": 0.08, "5/2 5E": 0.04}
WITHOUT_INJURY = {
    "105/1 105A": 0.55,
    "8/30 8L": 0.18,
    "8/66 8R": 0.14,
    "8/71 8Q": 0.07,
    "3/2 3B": 0.04,
    "19/8 19C": 0.02,
}
INJURED_IF_NOT_TREATED, FLAGGED_IF_SHARP, DOMESTIC, CANCELLED = 0.28, 0.9, 0.33, 0.015
OUTCOME_CODES = {"15": 0.3, "16": 0.38, "18": 0.18, "1": 0.08, "10": 0.02, "8": 0.02, "": 0.02}
LOCATIONS = {"dwelling": 0.45, "street": 0.25, "licensed premises": 0.1, "school": 0.05, "shop": 0.05, "": 0.1}
SUSPECT, TO_KNOWN = 0.6, 0.2
MISSING = {"victim_age": 0.05, "victim_sex": 0.02, "victim_ethnicity_self_defined": 0.45, "beat": 0.03}


@dataclass(frozen=True)
class Recorded:
    """One entry per recorded crime. area: NOWHERE if not placed. victim: index into everyone, -1 if not known."""

    area: np.ndarray
    time: np.ndarray
    victim: np.ndarray
    sharp: np.ndarray
    injured: np.ndarray
    cancelled: np.ndarray


def draw_recorded(rng: np.random.Generator, happened: Happened, crimes: Crimes, *, n_studied: int) -> Recorded:
    """Return the violent crimes of the street files, and some recorded by mistake, by the time they were committed."""
    which = np.flatnonzero(happened.incidents.by_police)
    injured = happened.incidents.by_hospital[which] | (rng.random(which.size) < INJURED_IF_NOT_TREATED)
    sharp = injured & (happened.method[which] == SHARP)
    studied = (happened.incidents.area[which], happened.time[which], happened.victim[which], sharp, injured)
    elsewhere = (crimes.kind == CRIME_TYPES.index(VIOLENCE)) & ((crimes.area == NOWHERE) | (crimes.area >= n_studied))
    others = _nobody(crimes.area[elsewhere], _some_time(rng, crimes.month[elsewhere]))
    twice = np.flatnonzero(rng.random(which.size) < CANCELLED)
    mistaken = _nobody(studied[0][twice], studied[1][twice])
    parts = [(*studied, np.zeros(which.size, bool)), (*others, np.zeros(len(others[0]), bool))]
    parts.append((*mistaken, np.ones(twice.size, bool)))
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.argsort(columns[1], kind="stable")
    return Recorded(*(column[order] for column in columns))


def _nobody(area: np.ndarray, time: np.ndarray) -> tuple[np.ndarray, ...]:
    no = np.zeros(area.size, bool)
    return area, time, np.full(area.size, -1), no, no


def _some_time(rng: np.random.Generator, month: np.ndarray) -> np.ndarray:
    start = np.array(MONTHS, dtype="datetime64[M]")[month].astype("datetime64[m]")
    return start + rng.integers(0, 28 * 24 * 60, month.size)


def recorded_rows(
    rng: np.random.Generator, world: World, recorded: Recorded, *, everyone: People, ids: tuple[list[str], list[str]]
) -> list[tuple]:
    """Return one row per crime in the order of HEADER. ids: the reference of each crime, and of each victim."""
    n, (crimes, victims) = recorded.area.size, ids
    offence = np.where(recorded.injured, draw(rng, WITH_INJURY, n), draw(rng, WITHOUT_INJURY, n))
    knife = recorded.sharp & (rng.random(n) < FLAGGED_IF_SHARP)
    places = [None if i == NOWHERE else world.areas[i] for i in recorded.area.tolist()]
    domestic = (rng.random(n) < DOMESTIC).tolist()
    columns = (
        crimes,
        _recorded_on(rng, recorded.time),
        minutes(recorded.time),
        _until(rng, recorded.time),
        *(list(part) for part in zip(*(words.split() for words in offence.tolist()), strict=True)),
        booleans(knife),
        booleans(np.array(domestic)),
        draw(rng, LOCATIONS, n),
        [place.code21 if place else "" for place in places],
        blanked(rng, [place.ward_code if place else "" for place in places], MISSING["beat"]),
        victims,
        *_about_victims(rng, recorded, everyone),
        _suspects(rng, n),
        draw(rng, OUTCOME_CODES, n),
        booleans(recorded.cancelled),
        [FREEZE] * n,
    )
    return list(zip(*columns, strict=True))


def _recorded_on(rng: np.random.Generator, time: np.ndarray) -> list[str]:
    """Most on the day, some days later; in the month of the crime, which is the month of the street files."""
    late = np.where(rng.random(time.size) < 0.3, rng.integers(1, 15, time.size), 0)
    last = (time.astype("datetime64[M]") + 1).astype("datetime64[D]") - 1
    return as_text(np.minimum(time.astype("datetime64[D]") + late, last))


def _until(rng: np.random.Generator, time: np.ndarray) -> list[str]:
    spread = time + rng.integers(10, 24 * 60, time.size)
    return minutes(np.where(rng.random(time.size) < TO_KNOWN, spread, np.datetime64("NaT")))


def _about_victims(rng: np.random.Generator, recorded: Recorded, everyone: People) -> list[list[str]]:
    known = recorded.victim >= 0
    person = np.where(known, recorded.victim, 0)
    age = years_old(everyone.birth[person], recorded.time.astype("datetime64[D]")).astype(str)
    found = (age, np.array(SEXES)[everyone.sex[person]], everyone.ethnicity[person])
    shares = [MISSING[name] for name in ("victim_age", "victim_sex", "victim_ethnicity_self_defined")]
    return [
        blanked(rng, np.where(known, values, "").tolist(), share) for values, share in zip(found, shares, strict=True)
    ]


def _suspects(rng: np.random.Generator, n: int) -> list[str]:
    age = (10 + 60 * rng.beta(1.4, 2.6, n)).astype(int)
    return np.where(rng.random(n) < SUSPECT, age.astype(str), "").tolist()
