"""Made-up assault attendances at two emergency departments, in the fields of Information Sharing to Tackle Violence."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from curv_eval.made_up.codes import (
    ASSAULT_LOCATION_TYPE,
    ASSAULT_METHOD,
    ASSAULT_METHOD_OTHER,
    HOUR_WEIGHTS,
    SITES,
)
from curv_eval.made_up.process import HOSPITAL_PLACED, MONTHS, Incidents, World, draw

HEADER = (
    "REPORTING PERIOD START DATE",
    "REPORTING PERIOD END DATE",
    "SITE CODE (OF TREATMENT)",
    "ARRIVAL DATE AND TIME AT A&E",
    "ASSAULT DATE AND TIME",
    "ASSAULT METHOD",
    "ASSAULT METHOD OTHER DESCRIPTION",
    "ASSAULT LOCATION TYPE",
    "ASSAULT LOCATION DESCRIPTION",
    "LSOA OF ASSAULT (LOCAL)",
)


def attendances(rng: np.random.Generator, world: World, incidents: Incidents) -> list[tuple]:
    """Return one row per attendance, in the order of HEADER and of arrival."""
    area, month = incidents.area[incidents.by_hospital], incidents.month[incidents.by_hospital]
    first, last, assault, arrival = _times(rng, month)
    method = draw(rng, ASSAULT_METHOD, area.size)
    lsoa = [world.areas[i].code21 for i in area.tolist()]
    placed = (rng.random(area.size) < HOSPITAL_PLACED).tolist()
    rows = zip(
        first,
        last,
        draw(rng, SITES, area.size),
        arrival,
        assault,
        method,
        ["made-up method" if code == ASSAULT_METHOD_OTHER else "" for code in method],
        draw(rng, ASSAULT_LOCATION_TYPE, area.size),
        [f"made-up place {number}" for number in rng.integers(1, 400, area.size).tolist()],
        [code if known else "" for code, known in zip(lsoa, placed, strict=True)],
        strict=True,
    )
    return sorted(rows, key=lambda row: row[3])


def _times(rng: np.random.Generator, month: np.ndarray) -> Iterator[list[str]]:
    """First and last day of the reporting month, assault, and arrival 10 to 180 minutes later in the same month."""
    start = np.array(MONTHS, dtype="datetime64[M]")[month]
    begin, end = start.astype("datetime64[m]"), (start + 1).astype("datetime64[m]")
    days = (end - begin).astype(int) // (24 * 60)
    weight = np.array(HOUR_WEIGHTS) / sum(HOUR_WEIGHTS)
    hour, minute = rng.choice(24, month.size, p=weight), rng.integers(0, 60, month.size)
    assault = begin + (np.floor(rng.random(month.size) * days).astype(int) * 24 + hour) * 60 + minute
    # The reporting month is that of both times, so the few who would arrive after its last minute arrive in it.
    arrival = np.minimum(assault + rng.integers(10, 181, month.size), end - 1)
    dates = (np.datetime_as_string(day.astype("datetime64[D]")).tolist() for day in (begin, end - 1))
    clocks = (np.char.replace(np.datetime_as_string(time), "T", " ").tolist() for time in (assault, arrival))
    return iter([*dates, *clocks])
