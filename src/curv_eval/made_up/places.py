"""The geography files that belong to made-up data: lookups, population, boundaries, and where mentoring runs."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import numpy as np

from curv_eval.made_up.codes import INTERVENTION
from curv_eval.made_up.country import Area, Facts
from curv_eval.made_up.people import POSTCODES, postcode_text
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
POSTCODE_HEADER = (
    *("pcds", "dointr", "doterm", "usertype", "oa11cd", "lsoa11cd", "lsoa21cd", "msoa11cd"),
    *("ladcd", "ladnm"),
)
DOMAINS = ("IMD", "Income", "Employment", "Education", "Health", "Crime", "Housing", "Environment")
# How many LSOAs of England were ranked; what share of people are 10 to 24; what share of postcodes has ended.
RANKS, YOUNG, ENDED = {2019: 32844, 2025: 33755}, 0.17, 0.04
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
        (name, code, area.change, area.name21, area.code21, area.district_name, area.district_code)
        for area in world.areas
        for name, code in set(zip(area.names11, area.codes11, strict=True))
    )


def ward_lookup(world: World) -> list[tuple[str, ...]]:
    """Return one row per 2021 LSOA, in the order of WARD_HEADER."""
    return [
        (area.name21, area.code21, area.ward_name, area.ward_code, area.district_name, area.district_code)
        for area in world.areas
    ]


def facts(rng: np.random.Generator, world: World) -> Facts:
    """Return made-up statistics of a made-up country: populations, the young among them, and deprivation."""
    population = _population(rng, world)
    people = {code: row[-1] for code, *row in population}
    parts = Counter(code for area in world.areas for code in dict.fromkeys(area.codes11))
    young = [YOUNG * sum(people[code] / parts[code] for code in dict.fromkeys(area.codes11)) for area in world.studied]
    return Facts(population, np.rint(young).astype(int), *_deprivation(rng, world))


def _population(rng: np.random.Generator, world: World) -> list[tuple]:
    """One row per 2011 LSOA, in the order of POPULATION_HEADER; split ones are large, merged ones small."""
    size = {"U": 1600, "S": 3100, "M": 900}
    of_code = {code: size[area.change] for area in world.areas for code in area.codes11}
    centre = np.array(list(of_code.values())) * rng.uniform(0.8, 1.2, len(of_code))
    growth = 1 + np.outer(rng.normal(0.004, 0.008, len(of_code)), [0, 2, 3])
    people = np.rint(centre[:, None] * growth).astype(int).tolist()
    return sorted((code, *row) for code, row in zip(of_code, people, strict=True))


def _deprivation(rng: np.random.Generator, world: World) -> list[tuple[tuple[str, ...], list[tuple]]]:
    """The two indices by 2011 and by 2021 LSOA: the more violence, the more deprived, more or less."""
    level = np.concatenate([world.level, np.ones(len(world.areas) - world.level.size)])
    score = np.log(level + 0.05)
    old = {code: score[i] for i, area in enumerate(world.areas) for code in area.codes11}
    new = {area.code21: score[i] for i, area in enumerate(world.areas)}
    return [
        (("lsoa11_code", *_names(2019)), _ranked(rng, old, RANKS[2019], scores=False)),
        (("lsoa21_code", *_names(2025)), _ranked(rng, new, RANKS[2025], scores=True)),
    ]


def _names(year: int) -> list[str]:
    domains = [*DOMAINS[:-2], "Housing_and_Access" if year == 2019 else "Housing_and_Services", DOMAINS[-1]]
    words = ("decile", "rank") if year == 2019 else ("decile", "rank", "score")
    return [f"{domain}_{word}" for word in words for domain in domains]


def _ranked(rng: np.random.Generator, score: dict[str, float], ranks: int, *, scores: bool) -> list[tuple]:
    """Ranks are unlike, as national ones are; rank 1 and decile 1 are the most deprived."""
    codes, n = sorted(score), len(score)
    deprived = np.array([score[code] for code in codes])[:, None] + rng.normal(0, 0.6, (n, len(DOMAINS)))
    place = (1 + np.argsort(np.argsort(-deprived, axis=0), axis=0)) / (n + 1)
    rank = np.ceil(place**1.6 * ranks).astype(int)
    shown = np.round(60 * (1 - place) + 0.5, 3)
    parts = [np.ceil(10 * rank / ranks).astype(int).tolist(), rank.tolist(), shown.tolist()]
    return [(code, *(value for part in parts[: 2 + scores] for value in part[i])) for i, code in enumerate(codes)]


def postcodes(rng: np.random.Generator, world: World) -> list[tuple]:
    """Return one row per made-up postcode of the studied areas, in the order of POSTCODE_HEADER."""
    rows = []
    ended = rng.random(len(world.studied) * POSTCODES) < ENDED
    for i, area in enumerate(world.studied):
        for k in range(POSTCODES):
            text, part = postcode_text(i * POSTCODES + k), k * len(area.codes11) // POSTCODES
            until = "202112" if ended[i * POSTCODES + k] else ""
            codes = f"E00999{i + 1:03d}", area.codes11[part], area.code21, f"E02999{i // 5 + 1:03d}"
            rows.append((text, "199601", until, "0", *codes, area.district_code, area.district_name))
    return rows


def register(world: World) -> list[tuple[str, ...]]:
    """Return one row per mentored 2021 LSOA, in the order of REGISTER_HEADER."""
    mentored = [(area, start) for area, start in zip(world.studied, world.start.tolist(), strict=True) if start < NEVER]
    return [
        (
            area.code21,
            area.name21,
            area.ward_code,
            area.ward_name,
            area.district_code,
            area.district_name,
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
    properties = {"lsoa21_name": area.name21, "lsoa21_code": area.code21}
    return {"type": "Feature", "properties": properties, "geometry": area.shape.geometry()}
