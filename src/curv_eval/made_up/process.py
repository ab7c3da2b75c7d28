"""The process behind made-up violence: how much is expected where and when, and what happens.

Expected violence of area i in month t is  MEAN x level_i x season_t x decline_t, times (1 + effect) from the month in
which mentoring starts in the area's ward. Treated and untreated areas differ in level, so their trends are parallel in
proportion, not in numbers. Around that expectation lie gamma shocks shared by a ward in a month (wards are clusters)
and negative-binomial noise of each area and month.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from curv_eval.made_up.codes import OTHER_CRIME
from curv_eval.made_up.country import Area
from curv_eval.made_up.geography import Place, name_areas, outside_places, studied_places

MONTHS = tuple(f"{year}-{month:02d}" for year in (2022, 2023, 2024) for month in range(1, 13))
STARTS = ("2023-07", "2023-10", "2024-01")
WARDS_PER_START = 4
NEVER = len(MONTHS)
FIRST_DAY, LAST_DAY = np.datetime64("2022-01-01"), np.datetime64("2024-12-31")

# What police and hospitals each see of an incident, independently: so their counts overlap in part.
POLICE_SHARE, HOSPITAL_SHARE, HOSPITAL_PLACED = 0.45, 0.20, 0.92
PLACED_SHARE = {"police_violence": POLICE_SHARE, "ae_assaults": HOSPITAL_SHARE * HOSPITAL_PLACED}
MEAN = 6.0 / POLICE_SHARE
LEVEL_SHAPE, WARD_SHAPE, NOISE_SHAPE = 3.0, 80.0, 15.0
SEASON, DECLINE = 0.12, 0.003


@dataclass(frozen=True)
class World:
    """All that stands before the first month: areas (the studied ones first), level and start.

    level: float (n_studied,), mean 1. start: int (n_studied,), index into MONTHS, NEVER where nothing starts.
    mean: violent incidents per studied LSOA and month. other_crime: the same for every other type, as police record it.
    """

    areas: tuple[Area, ...]
    level: np.ndarray
    start: np.ndarray
    mean: float = MEAN
    other_crime: Mapping[str, float] = field(default_factory=lambda: OTHER_CRIME)

    @property
    def studied(self) -> tuple[Area, ...]:
        """The areas of the four districts, in the order of `level` and `start`."""
        return self.areas[: len(self.level)]


@dataclass(frozen=True)
class Incidents:
    """One entry per violent incident: area and month indices, and which of the two sources recorded it."""

    area: np.ndarray
    month: np.ndarray
    by_police: np.ndarray
    by_hospital: np.ndarray


def make_world(rng: np.random.Generator) -> World:
    """Draw levels, the twelve mentored wards among the sixteen most violent, and the boundaries that changed."""
    places = studied_places()
    ward = np.array([place.ward for place in places])
    level = rng.gamma(LEVEL_SHAPE, 1.0, len(places))
    level /= level.mean()
    treated, start = draw_starts(rng, ward, level)
    changes = _changed_boundaries(places, treated, np.setdiff1d(np.unique(ward), treated))
    areas = name_areas([*places, *outside_places()], changes)
    return World(tuple(areas), level, start)


def draw_starts(rng: np.random.Generator, ward: np.ndarray, level: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Draw the mentored wards among the more violent half. ward, level: of each area, wards numbered from 0.

    Returns the mentored wards and, for each area, the month in which mentoring starts (index, or NEVER).
    """
    mean = np.bincount(ward, level) / np.bincount(ward)
    violent = np.argsort(-mean)[: mean.size // 2]
    treated = rng.permutation(violent)[: WARDS_PER_START * len(STARTS)]
    start = np.full(mean.size, NEVER)
    start[treated] = np.repeat([MONTHS.index(month) for month in STARTS], WARDS_PER_START)
    return treated, start[ward]


def _changed_boundaries(places: list[Place], treated: np.ndarray, untreated: np.ndarray) -> dict[int, str]:
    """Both kinds of change inside and outside mentoring, so that a wrong mapping cannot hide."""
    changed = {treated[0]: "S", treated[5]: "S", untreated[0]: "S", treated[9]: "M"}
    return {_first_pair(places, ward): change for ward, change in changed.items()}


def _first_pair(places: list[Place], ward: int) -> int:
    """The first place of a ward whose successor lies in the same row, that is, touches it."""
    return next(i for i, place in enumerate(places) if place.ward == ward and places[i + 1].y == place.y)


def united(world: World) -> np.ndarray:
    """Return, per studied LSOA, the number of its united area: sisters of a split count as one."""
    return np.unique([area.codes11[0] for area in world.studied], return_inverse=True)[1]


def expected_violence(world: World, effect: float) -> np.ndarray:
    """Return expected incidents, (n_studied, n_months), given the areas' levels, averaged over shocks and noise."""
    month = np.arange(len(MONTHS))
    common = (1 + SEASON * np.cos(2 * np.pi * (month % 12 - 6) / 12)) * np.exp(-DECLINE * (month - month.mean()))
    return world.mean * np.outer(world.level, common) * np.where(is_mentored(world), 1 + effect, 1)


def is_mentored(world: World) -> np.ndarray:
    """Return where and when mentoring runs, bool (n_studied, n_months)."""
    return np.arange(len(MONTHS)) >= world.start[:, None]


def draw_incidents(rng: np.random.Generator, world: World, effect: float) -> Incidents:
    """Draw what happens, and for each incident on its own which sources record it."""
    expected = expected_violence(world, effect)
    ward = np.array([area.ward for area in world.studied])
    shock = rng.gamma(WARD_SHAPE, 1 / WARD_SHAPE, (ward.max() + 1, len(MONTHS)))
    noise = rng.gamma(NOISE_SHAPE, 1 / NOISE_SHAPE, expected.shape)
    count = rng.poisson(expected * shock[ward] * noise)
    area, month = (np.repeat(index.ravel(), count.ravel()) for index in np.indices(count.shape))
    sees = rng.random((2, area.size)) < [[POLICE_SHARE], [HOSPITAL_SHARE]]
    return Incidents(area, month, sees[0], sees[1])


def draw(rng: np.random.Generator, weights: dict[str, float], size: int) -> list[str]:
    """Draw `size` keys with probabilities proportional to their weights."""
    share = np.array(list(weights.values()))
    chosen = rng.choice(len(share), size, p=share / share.sum())
    words = list(weights)
    return [words[i] for i in chosen.tolist()]
