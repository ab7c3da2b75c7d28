"""The geography files that belong to made-up data: lookups, population, boundaries, and where mentoring runs."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from curv_eval.made_up.codes import INTERVENTION
from curv_eval.made_up.geography import Area, district_code, district_name, hexagon, ward_code, ward_name
from curv_eval.made_up.process import MONTHS, NEVER, World

LSOA_HEADER = (
    "lsoa11_name",
    "lsoa11_code",
    "change_code",
    "lsoa21_name",
    "lsoa21_code",
    "ltla22_name",
    "ltla22_code",
)
WARD_HEADER = ("lsoa21_name", "lsoa21_code", "ward24_name", "ward24_code", "ltla24_name", "ltla24_code")
YEARS = (2017, 2019, 2020)
POPULATION_HEADER = ("lsoa11_code", *(f"total_population_mid{year}" for year in YEARS))
REGISTER_HEADER = (
    "lsoa21_code",
    "lsoa21_name",
    "ward24_code",
    "ward24_name",
    "ltla24_code",
    "ltla24_name",
    "start_month",
    "intervention_id",
)


def lsoa_lookup(world: World) -> list[tuple[str, ...]]:
    """Return one row per pair of a 2011 and a 2021 LSOA that overlap, in the order of LSOA_HEADER."""
    return sorted(
        (name, code, area.change, area.name21, area.code21, district_name(area.place), district_code(area.place))
        for area in world.areas
        for name, code in set(zip(area.names11, area.codes11, strict=True))
    )


def ward_lookup(world: World) -> list[tuple[str, ...]]:
    """Return one row per 2021 LSOA, in the order of WARD_HEADER."""
    return [
        (area.name21, area.code21, ward_name(place), ward_code(place), district_name(place), district_code(place))
        for area in world.areas
        for place in [area.place]
    ]


def population(rng: np.random.Generator, world: World) -> list[tuple]:
    """Return one row per 2011 LSOA, in the order of POPULATION_HEADER; split ones are large, merged ones small."""
    size = {"U": 1600, "S": 3100, "M": 900}
    of_code = {code: size[area.change] for area in world.areas for code in area.codes11}
    centre = np.array(list(of_code.values())) * rng.uniform(0.8, 1.2, len(of_code))
    growth = 1 + np.outer(rng.normal(0.004, 0.008, len(of_code)), [0, 2, 3])
    people = np.rint(centre[:, None] * growth).astype(int).tolist()
    return sorted((code, *row) for code, row in zip(of_code, people, strict=True))


def register(world: World) -> list[tuple[str, ...]]:
    """Return one row per mentored 2021 LSOA, in the order of REGISTER_HEADER."""
    mentored = [(area, start) for area, start in zip(world.studied, world.start.tolist(), strict=True) if start < NEVER]
    return [
        (
            area.code21,
            area.name21,
            ward_code(area.place),
            ward_name(area.place),
            district_code(area.place),
            district_name(area.place),
            MONTHS[start],
            INTERVENTION,
        )
        for area, start in mentored
    ]


def boundaries(world: World) -> str:
    """Return the studied 2021 LSOAs as GeoJSON text, one feature a line, WGS84 degrees."""
    features = ",\n".join(json.dumps(_feature(area)) for area in world.studied)
    head = '{\n"type": "FeatureCollection",\n"name": "lsoa_boundaries_made_up",\n"features": [\n'
    return f"{head}{features}\n]\n}}\n"


def _feature(area: Area) -> dict[str, Any]:
    geometry = {"type": "Polygon", "coordinates": [hexagon(area.place)]}
    properties = {"lsoa21_name": area.name21, "lsoa21_code": area.code21}
    return {"type": "Feature", "properties": properties, "geometry": geometry}
