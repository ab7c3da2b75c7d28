"""Made-up hospital admissions in the fields of HES: assaults, and what looks like them and has to be left out.

Left out are planned stays, second episodes of a stay, self-harm (X78), accidents with knives and glass (W25, W26),
undetermined intent (Y28) and sequelae (Y87.1). Codes are as in the WHO's ICD-10; which occur how often is made up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from curv_eval.made_up.codes import ETHNIC_CATEGORY
from curv_eval.made_up.columns import as_text, blanked, years_old
from curv_eval.made_up.people import People
from curv_eval.made_up.process import FIRST_DAY, LAST_DAY, World, draw
from curv_eval.made_up.victims import SHARP, Happened

POSITIONS = 20
HEADER = (
    *("PATIENT_ID", "ADMIDATE", "ADMIMETH", "EPIORDER", "STARTAGE", "SEX", "ETHNOS", "LSOA11", "LSOA21"),
    *(f"DIAG_{i:02d}" for i in range(1, POSITIONS + 1)),
    "CAUSE",
)
# The external cause of an assault by method 01 to 06, and the injuries that may come with it.
CAUSES = ("Y049", "Y009", "X999", "Y099", "Y089", "Y089")
INJURIES = {"S019": 0.3, "S009": 0.2, "S0240": 0.2, "S060": 0.2, "S299": 0.1}
CUTS = {"S219": 0.3, "S311": 0.2, "S419": 0.2, "S619": 0.2, "S719": 0.1}
OTHER_CAUSES = {"X789": 0.40, "W260": 0.22, "W259": 0.18, "Y289": 0.05, "Y871": 0.03, "": 0.12}
BESIDE = {"F101": 0.3, "Z590": 0.1, "Z720": 0.4, "F329": 0.2}
# Others per admission after an assault; shares of emergency among the others, and of a second episode.
OTHERS, EMERGENCY, SECOND_EPISODE, NO_LSOA, ETHNICITY_MISSING = 1.6, 0.85, 0.08, 0.02, 0.08
PLANNED_AFTER_ASSAULT = 0.05
_SEX = ("1", "2", "9")


@dataclass(frozen=True)
class Admissions:
    """One entry per episode. person: index into everyone. cause: external cause, blank without one."""

    person: np.ndarray
    day: np.ndarray
    method: np.ndarray
    order: np.ndarray
    injury: np.ndarray
    cause: np.ndarray


def draw_admissions(rng: np.random.Generator, happened: Happened, n_young: int) -> Admissions:
    """Return the admissions among those treated after an assault, and admissions of young people for other reasons."""
    which = np.flatnonzero(happened.admitted)
    person, sharp = happened.victim[which], happened.method[which] == SHARP
    injury = np.where(sharp, draw(rng, CUTS, which.size), draw(rng, INJURIES, which.size))
    cause = np.array(CAUSES)[happened.method[which]]
    assaults = _stays(rng, person, happened.arrival[which].astype("datetime64[D]"), injury, cause)
    n = round(OTHERS * which.size)
    day = FIRST_DAY + rng.integers(0, (LAST_DAY - FIRST_DAY).astype(int) + 1, n)
    others = _stays(rng, rng.integers(0, n_young, n), day, np.array(draw(rng, CUTS, n)), _other_causes(rng, n))
    emergency = rng.random(n) < EMERGENCY
    others.method[~emergency] = "11"
    return _by_day(_with_second(rng, _joined([assaults, others, _planned_again(rng, assaults)])))


def _stays(
    rng: np.random.Generator, person: np.ndarray, day: np.ndarray, injury: Sequence[str], cause: np.ndarray
) -> Admissions:
    method = np.array(draw(rng, {"21": 0.9, "22": 0.04, "28": 0.06}, person.size), dtype="<U2")
    return Admissions(person, day, method, np.ones(person.size, int), np.asarray(injury), cause)


def _other_causes(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.array(draw(rng, OTHER_CAUSES, n), dtype="<U4")


def _planned_again(rng: np.random.Generator, stays: Admissions) -> Admissions:
    """Some come back by appointment, with the assault still among the diagnoses: not a second assault."""
    again = np.flatnonzero(rng.random(stays.person.size) < PLANNED_AFTER_ASSAULT)
    back = _taken(stays, again)
    day = np.minimum(back.day + rng.integers(7, 60, again.size), LAST_DAY)
    return Admissions(back.person, day, np.full(again.size, "11"), back.order, back.injury, back.cause)


def _with_second(rng: np.random.Generator, stays: Admissions) -> Admissions:
    """Add the stays that go on under another consultant as a second episode of the same admission."""
    again = _taken(stays, np.flatnonzero(rng.random(stays.person.size) < SECOND_EPISODE))
    second = Admissions(again.person, again.day, again.method, again.order + 1, again.injury, again.cause)
    return _joined([stays, second])


def _taken(stays: Admissions, which: np.ndarray) -> Admissions:
    return Admissions(*(column[which] for column in vars(stays).values()))


def _joined(parts: list[Admissions]) -> Admissions:
    return Admissions(*(np.concatenate(columns) for columns in zip(*(vars(p).values() for p in parts), strict=True)))


def _by_day(stays: Admissions) -> Admissions:
    return _taken(stays, np.argsort(stays.day, kind="stable"))


def admission_rows(
    rng: np.random.Generator, world: World, stays: Admissions, *, everyone: People, ids: list[str]
) -> list[tuple]:
    """Return one row per episode in the order of HEADER and of admission. ids: the patient of each."""
    person, n = stays.person, stays.person.size
    areas = [world.areas[i] for i in everyone.area[person].tolist()]
    placed = (rng.random(n) >= NO_LSOA).tolist()
    category = [ETHNIC_CATEGORY[code] for code in everyone.ethnicity[person].tolist()]
    columns = (
        ids,
        as_text(stays.day),
        stays.method.tolist(),
        stays.order.tolist(),
        years_old(everyone.birth[person], stays.day).tolist(),
        [_SEX[sex] for sex in everyone.sex[person].tolist()],
        blanked(rng, category, ETHNICITY_MISSING),
        [area.codes11[0] if yes else "" for area, yes in zip(areas, placed, strict=True)],
        [area.code21 if yes else "" for area, yes in zip(areas, placed, strict=True)],
        *_diagnoses(rng, stays),
        stays.cause.tolist(),
    )
    return list(zip(*columns, strict=True))


def _diagnoses(rng: np.random.Generator, stays: Admissions) -> list[list[str]]:
    """The injury first, the external cause anywhere after it, and a few more beside them."""
    n = stays.person.size
    filled = np.full((POSITIONS, n), "", "<U5")
    beside = rng.random((3, n)) < 0.35
    more = np.array([draw(rng, BESIDE, n) for _ in range(3)])
    at, every = np.ones(n, int), np.arange(n)
    filled[0] = stays.injury
    turn = rng.integers(0, 4, n)
    for step in range(4):
        now = np.where(turn == step, stays.cause, "")
        filled[at, every] = now
        at += now != ""
        if step < 3:
            filled[at, every] = np.where(beside[step], more[step], "")
            at += beside[step]
    return filled.tolist()
