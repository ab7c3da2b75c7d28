"""Made-up street files in the layout of data.police.uk: all crime types, snap points for places, months for times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from curv_eval.made_up.codes import ANTISOCIAL, CRIME_TYPES, FORCE, OTHER_CRIME, OUTCOMES, VIOLENCE
from curv_eval.made_up.process import MONTHS, Incidents, World, draw

HEADER = (
    *("Crime ID", "Month", "Reported by", "Falls within", "Longitude", "Latitude", "Location", "LSOA code"),
    *("LSOA name", "Crime type", "Last outcome category", "Context"),
)
POINTS = 8
# Months before MIXED carry 2011 codes only, months of MIXED some of each, later months 2021 codes only.
MIXED = ("2023-03", "2023-04")
NOWHERE = -1
UNPLACED_PER_MONTH, OUTSIDE_PER_MONTH = 8.0, 6.0


@dataclass(frozen=True)
class Crimes:
    """One entry per row: indices of area (NOWHERE if not placed), month, crime type and snap point of the area."""

    area: np.ndarray
    month: np.ndarray
    kind: np.ndarray
    point: np.ndarray


def draw_crimes(rng: np.random.Generator, world: World, incidents: Incidents) -> Crimes:
    """Put the violence the police recorded beside other crime, crime of another district and crime of no place."""
    violence = incidents.area[incidents.by_police], incidents.month[incidents.by_police]
    kind = np.full(violence[0].size, CRIME_TYPES.index(VIOLENCE))
    parts = [(*violence, kind), _other_crime(rng, world), _elsewhere(rng, world)]
    area, month, kind = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    point = rng.integers(0, POINTS, area.size)
    # NOWHERE sorts last, where data.police.uk has its rows without a place.
    order = np.lexsort((point, kind, np.where(area == NOWHERE, len(world.areas), area), month))
    return Crimes(area[order], month[order], kind[order], point[order])


def _other_crime(rng: np.random.Generator, world: World) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rate = np.array([world.other_crime[kind] for kind in OTHER_CRIME])[None, None, :] * world.level[:, None, None]
    fall = np.where(np.array(CRIME_TYPES[:-1]) == ANTISOCIAL, 0.006, 0.0)
    month = np.arange(len(MONTHS))[None, :, None]
    count = rng.poisson(rate * np.exp(-fall * month)).ravel()
    indices = np.indices((len(world.level), len(MONTHS), rate.shape[2]))
    area, month, kind = (np.repeat(index.ravel(), count) for index in indices)
    return area, month, kind


def _elsewhere(rng: np.random.Generator, world: World) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    unplaced, outside = (rng.poisson(mean, len(MONTHS)) for mean in (UNPLACED_PER_MONTH, OUTSIDE_PER_MONTH))
    month = np.repeat(np.arange(len(MONTHS)), unplaced + outside)
    first = np.repeat(np.cumsum(unplaced + outside) - unplaced - outside, unplaced + outside)
    is_outside = np.arange(month.size) - first >= unplaced[month]
    area = np.where(is_outside, rng.integers(len(world.level), len(world.areas), month.size), NOWHERE)
    weight = np.array([*OTHER_CRIME.values(), 6.0])
    return area, month, rng.choice(weight.size, month.size, p=weight / weight.sum())


def street_files(rng: np.random.Generator, world: World, crimes: Crimes) -> Iterator[tuple[str, list[tuple]]]:
    """Yield each month with the rows of its file, in the order of HEADER."""
    rows = _rows(rng, world, crimes)
    bounds = np.searchsorted(crimes.month, np.arange(len(MONTHS) + 1)).tolist()
    for month, first, end in zip(MONTHS, bounds[:-1], bounds[1:], strict=True):
        yield month, rows[first:end]


def _rows(rng: np.random.Generator, world: World, crimes: Crimes) -> list[tuple]:
    n, kind = crimes.area.size, crimes.kind.tolist()
    key = rng.bytes(32 * n).hex()
    keys = ["" if k == 0 else key[64 * i : 64 * (i + 1)] for i, k in enumerate(kind)]
    outcomes = ["" if k == 0 else outcome for k, outcome in zip(kind, draw(rng, OUTCOMES, n), strict=True)]
    months = [MONTHS[month] for month in crimes.month.tolist()]
    old = _in_2011_codes(rng, crimes).tolist()
    table = _places(rng, world)
    places = [table[place] for place in zip(crimes.area.tolist(), crimes.point.tolist(), old, strict=True)]
    rows = zip(keys, months, places, kind, outcomes, strict=True)
    return [(k, m, FORCE, FORCE, *place, CRIME_TYPES[t], outcome, "") for k, m, place, t, outcome in rows]


def _in_2011_codes(rng: np.random.Generator, crimes: Crimes) -> np.ndarray:
    first, last = (MONTHS.index(month) for month in MIXED)
    return (crimes.month < first) | ((crimes.month <= last) & (rng.random(crimes.month.size) < 0.5))


def _places(rng: np.random.Generator, world: World) -> dict[tuple[int, int, bool], tuple]:
    """Longitude to LSOA name for every area, snap point and vintage."""
    shape = len(world.areas), POINTS
    table: dict[tuple[int, int, bool], tuple] = {}
    reach = rng.uniform(0.2, 0.75, shape)
    for i, area in enumerate(world.areas):
        for point in range(POINTS):
            longitude, latitude = area.shape.point(point, POINTS, reach[i, point])
            street = f"On or near Made-up Street {i * POINTS + point + 1}"
            known = f"{longitude:.6f}", f"{latitude:.6f}", street
            part = point * len(area.codes11) // POINTS
            table[i, point, True] = *known, area.codes11[part], area.names11[part]
            table[i, point, False] = *known, area.code21, area.name21
    return table | {(NOWHERE, point, old): ("", "", "No location", "", "") for point in range(POINTS) for old in (0, 1)}
