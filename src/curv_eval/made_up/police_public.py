"""More made-up files in the layout of data.police.uk: outcomes, stop and search; and counts of several forces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from curv_eval.made_up.codes import (
    ANTISOCIAL,
    CRIME_TYPES,
    FORCE,
    OFFICER_ETHNICITY,
    SEARCH_AGES,
    SEARCH_LAWS,
    SEARCH_LINKED,
    SEARCH_OUTCOMES,
    SEARCH_SEXES,
    SEARCH_TYPES,
    SELF_ETHNICITY,
    VIOLENCE,
)
from curv_eval.made_up.police import HEADER as STREET
from curv_eval.made_up.police import POINTS
from curv_eval.made_up.process import MONTHS, POLICE_SHARE, World, draw

OUTCOMES_HEADER = (*STREET[:9], "Outcome type")
SEARCH_HEADER = (
    *("Type", "Date", "Part of a policing operation", "Policing operation", "Latitude", "Longitude", "Gender"),
    *("Age range", "Self-defined ethnicity", "Officer-defined ethnicity", "Legislation", "Object of search", "Outcome"),
    *("Outcome linked to object of search", "Removal of more than just outer clothing"),
)
COUNTS_HEADER = ("Month", "Falls within", "ltla24_code", "ltla24_name", "Crime type", "n")
# Outcomes are published for these months only, as happens in reality; searches from the first of SEARCHED on.
WITH_OUTCOMES, SEARCHED = ("2024-01", "2024-12"), "2023-01"
HAS_OUTCOME, SECOND_OUTCOME, SEARCHES_PER_AREA = 0.96, 0.02, 1.9
# A last outcome that stands in the street files for another one.
_PUBLISHED_AS = {"Court result unavailable": "Suspect charged", "Status update unavailable": ""}
# Forces that are not studied: name, districts, level against the studied ones, and the share supplied from SHORT on.
NEIGHBOURS = (
    ("Made-up Moor Police", 5, 0.9, 0.08),
    ("Made-up Coast Police", 6, 1.1, 1.0),
    ("Made-up Dale Police", 5, 0.7, 1.0),
)
SHORT = "2024-01", "2024-04"


def outcome_files(rng: np.random.Generator, street: dict[str, list[tuple]]) -> Iterator[tuple[str, list[tuple]]]:
    """Yield each month of WITH_OUTCOMES with its rows. street: the rows of the street files by month."""
    first, last = (MONTHS.index(month) for month in WITH_OUTCOMES)
    found: dict[int, list[tuple]] = {month: [] for month in range(first, last + 1)}
    for month in range(first - 6, last + 1):
        rows = [row for row in street[MONTHS[month]] if row[0] and _PUBLISHED_AS.get(row[10], row[10])]
        lag, luck = rng.geometric(0.45, len(rows)) - 1, rng.random((2, len(rows)))
        for row, late, has, second in zip(rows, lag.tolist(), *luck.tolist(), strict=True):
            for when in [month + late] * (has < HAS_OUTCOME) + [month + late + 1] * (second < SECOND_OUTCOME):
                if when in found:
                    found[when].append((row[0], MONTHS[when], *row[2:9], _PUBLISHED_AS.get(row[10], row[10])))
    for month, rows in found.items():
        yield MONTHS[month], rows


def search_files(rng: np.random.Generator, world: World) -> Iterator[tuple[str, list[tuple]]]:
    """Yield each month from SEARCHED on with its rows: a day without a time, midnight in London, given in UTC."""
    weight = world.level / world.level.sum()
    for month in MONTHS[MONTHS.index(SEARCHED) :]:
        n = rng.poisson(SEARCHES_PER_AREA * world.level.size)
        area = rng.choice(world.level.size, n, p=weight)
        yield month, _searches(rng, world, month, area)


def _searches(rng: np.random.Generator, world: World, month: str, area: np.ndarray) -> list[tuple]:
    n, start = area.size, np.datetime64(month)
    days = (np.datetime64(month, "M") + 1).astype("datetime64[D]") - start.astype("datetime64[D]")
    day = np.sort(start.astype("datetime64[D]") + rng.integers(0, days.astype(int), n))
    # British Summer Time, near enough: the last Sunday of March and of October are not worked out
    summer = "04" <= month[5:] <= "10"
    stamp = [f"{text}T23:00:00+00:00" if summer else f"{text}T00:00:00+00:00" for text in (day - summer).astype(str)]
    reach, number = rng.uniform(0.2, 0.75, n).tolist(), rng.integers(0, POINTS, n).tolist()
    points = [world.areas[i].shape.point(k, POINTS, r) for i, k, r in zip(area.tolist(), number, reach, strict=True)]
    columns = (
        draw(rng, SEARCH_TYPES, n),
        stamp,
        [""] * n,
        [""] * n,
        [f"{latitude:.6f}" for _, latitude in points],
        [f"{longitude:.6f}" for longitude, _ in points],
        draw(rng, SEARCH_SEXES, n),
        *(draw(rng, words, n) for words in (SEARCH_AGES, SELF_ETHNICITY, OFFICER_ETHNICITY)),
        *zip(*(words.split("|") for words in draw(rng, SEARCH_LAWS, n)), strict=True),
        draw(rng, SEARCH_OUTCOMES, n),
        draw(rng, SEARCH_LINKED, n),
        [""] * n,
    )
    return list(zip(*columns, strict=True))


def counts(rng: np.random.Generator, world: World, street: dict[str, list[tuple]]) -> list[tuple]:
    """Return the rows of COUNTS_HEADER: the studied force as in its street files, and three forces beside it."""
    district = {area.code21: (area.district_code, area.district_name) for area in world.areas}
    district |= {code: district[area.code21] for area in world.areas for code in area.codes11}
    rows = (row for month in street.values() for row in month)
    found = Counter((row[1], FORCE, *district.get(row[7], ("", "")), row[9]) for row in rows)
    return sorted((*key, n) for key, n in found.items()) + _neighbours(rng, world)


def _neighbours(rng: np.random.Generator, world: World) -> list[tuple]:
    """Districts of forces beside the studied one; the first of them supplied a fraction of its records for a while."""
    lsoas = world.level.size / 4
    rates = {**world.other_crime, VIOLENCE: world.mean * POLICE_SHARE}
    mean = np.array([rates[kind] for kind in CRIME_TYPES])
    month = np.arange(len(MONTHS))
    fall = np.exp(-np.where(np.array(CRIME_TYPES) == ANTISOCIAL, 0.006, 0.003) * month[:, None])
    short = (np.array(MONTHS) >= SHORT[0]) & (np.array(MONTHS) <= SHORT[1])
    rows, number = [], 10
    for force, districts, level, supplied in NEIGHBOURS:
        for _ in range(districts):
            number += 1
            expected = mean * fall * lsoas * level * rng.uniform(0.7, 1.4) * np.where(short, supplied, 1.0)[:, None]
            rows += _counted(rng.poisson(expected), force, number)
    return sorted(rows)


def _counted(count: np.ndarray, force: str, number: int) -> list[tuple]:
    place = force, f"E06999{number:03d}", f"Made-up District {number}"
    return [(MONTHS[t], *place, CRIME_TYPES[k], n) for (t, k), n in np.ndenumerate(count) if n]
