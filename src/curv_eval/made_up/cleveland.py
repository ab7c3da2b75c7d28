"""Cleveland as the ground for made-up people: its real areas, wards, boundaries, populations and levels of violence.

Only what is public is read, from the folder of public data that the tests and the Cleveland study use. Who lives there
and what happens to them is made up: an area has its real mean of recorded violence, and nothing else of its crime.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from curv_eval.errors import RunError
from curv_eval.made_up.codes import OTHER_CRIME, VIOLENCE
from curv_eval.made_up.country import Area, Facts
from curv_eval.made_up.process import POLICE_SHARE, World, draw_starts

DISTRICTS = ("E06000001", "E06000002", "E06000003", "E06000004")
# A few areas of a neighbouring district, in which a force's files always have some crimes.
NEIGHBOUR, OUTSIDE_AREAS = "E06000005", 4
FORCE, SINCE = "Cleveland Police", "2024-01"
YOUNG_AGES = tuple(str(age) for age in range(10, 25))
_WIDE = "geography-england-wales/"
FILES = {
    "wards": f"{_WIDE}lookup_lsoa21_ward24_ltla24.csv.gz",
    "vintages": f"{_WIDE}lookup_lsoa11_lsoa21_ltla22.csv.gz",
    "population": f"{_WIDE}population_lsoa11_mid2017_mid2019_mid2020_totals.csv.gz",
    "deprived_2019": f"{_WIDE}imd2019_england_lsoa11.csv.gz",
    "deprived_2025": f"{_WIDE}imd2025_england_lsoa21.csv.gz",
    "boundaries": "geography-tees-valley/boundaries_lsoa21.geojson",
    "ages": "geography-tees-valley/population20_lsoa11_single_year_of_age.csv.gz",
    "counts": "police-uk-all-forces-counts/lsoa_month_crimetype_counts_8forces.parquet",
}
LEAST, CANDIDATES = 0.02, 14


@dataclass(frozen=True)
class Outline:
    """The real boundary of an area, and points on a grid inside it."""

    held: Mapping[str, Any]
    inside: tuple[tuple[float, float], ...]

    def geometry(self) -> dict[str, Any]:
        """Return the boundary as it was published."""
        return dict(self.held)

    def point(self, number: int, of: int, reach: float) -> tuple[float, float]:
        """Return one of the grid's points; the numbers take a stretch each, from west to east."""
        return self.inside[int((number + reach) / of * len(self.inside))]


def missing_files(folder: Path) -> list[str]:
    """Return the public files that are not in `folder`."""
    return [name for name in FILES.values() if not (folder / name).is_file()]


def make_cleveland(rng: np.random.Generator, folder: Path) -> World:
    """Return the world of Cleveland with made-up starts of mentoring; areas by ward, those of the neighbour last.

    Raises RunError naming every public file that is missing.
    """
    missing = missing_files(folder)
    if missing:
        do = "give the folder that holds the public data of the Cleveland study"
        raise RunError(f"{folder} does not hold the public data that are needed", missing, do)
    areas = _areas(folder, sorted(_places(folder), key=_place_order))
    studied = [area for area in areas if area.district_code in DISTRICTS]
    mean = _crime(folder)
    violence = np.array([max(mean[area.code21, VIOLENCE], LEAST) for area in studied])
    other = {kind: sum(mean[area.code21, kind] for area in studied) / len(studied) for kind in OTHER_CRIME}
    ward = np.array([area.ward for area in studied])
    level = violence / violence.mean()
    _, start = draw_starts(rng, ward, level)
    return World(tuple(areas), level, start, float(violence.mean() / POLICE_SHARE), other)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def _places(folder: Path) -> Iterator[dict[str, str]]:
    beside = 0
    for row in _rows(folder / FILES["wards"]):
        beside += row["ltla24_code"] == NEIGHBOUR
        if row["ltla24_code"] in DISTRICTS or (row["ltla24_code"] == NEIGHBOUR and beside <= OUTSIDE_AREAS):
            yield row


def _place_order(row: dict[str, str]) -> tuple:
    return row["ltla24_code"] == NEIGHBOUR, row["ward24_code"], row["lsoa21_code"]


def _areas(folder: Path, places: list[dict[str, str]]) -> list[Area]:
    old: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in _rows(folder / FILES["vintages"]):
        old[row["lsoa21_code"]].append(row)
    features = json.loads((folder / FILES["boundaries"]).read_text(encoding="utf-8"))["features"]
    outline = {feature["properties"]["lsoa21_code"]: feature["geometry"] for feature in features}
    wards = list(dict.fromkeys(row["ward24_code"] for row in places))
    return [_area(row, old[row["lsoa21_code"]], wards.index(row["ward24_code"]), outline) for row in places]


def _area(row: dict[str, str], old: list[dict[str, str]], ward: int, outline: Mapping[str, Any]) -> Area:
    geometry = outline[row["lsoa21_code"]]
    return Area(
        old[0]["change_code"],
        row["lsoa21_code"],
        row["lsoa21_name"],
        tuple(one["lsoa11_code"] for one in old),
        tuple(one["lsoa11_name"] for one in old),
        ward,
        row["ward24_code"],
        row["ward24_name"],
        row["ltla24_code"],
        row["ltla24_name"],
        Outline(geometry, _inside(geometry)),
    )


def _inside(geometry: Mapping[str, Any]) -> tuple[tuple[float, float], ...]:
    """Return points of a grid over the largest part of an area that lie inside it, from west to east."""
    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    ring = np.array(max((polygon[0] for polygon in polygons), key=len))
    for fineness in (CANDIDATES, 4 * CANDIDATES, 16 * CANDIDATES):
        axes = [np.linspace(low, high, fineness + 2)[1:-1] for low, high in zip(ring.min(0), ring.max(0), strict=True)]
        grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
        found = grid[_within(grid, ring)]
        if len(found) >= CANDIDATES:
            break
    return tuple((round(x, 6), round(y, 6)) for x, y in found.tolist())


def _within(points: np.ndarray, ring: np.ndarray) -> np.ndarray:
    """Whether points lie within a closed ring: a ray to the east crosses it an odd number of times."""
    (ax, ay), (bx, by) = ring[:-1].T, ring[1:].T
    x, y = points[:, :1], points[:, 1:]
    crosses = (ay > y) != (by > y)
    slope = np.divide(bx - ax, by - ay, out=np.zeros_like(bx), where=by != ay)
    return (crosses & (x < ax + (y - ay) * slope)).sum(axis=1) % 2 == 1


def _crime(folder: Path) -> Mapping[tuple[str, str], float]:
    """Return the mean number a month by 2021 LSOA and crime type, over the months that have 2021 codes only."""
    import duckdb

    with duckdb.connect() as con:
        where = 'FROM read_parquet($path) WHERE "Falls within" = $force AND Month >= $since'
        given = {"path": str(folder / FILES["counts"]), "force": FORCE, "since": SINCE}
        (months,) = con.execute(f"SELECT count(DISTINCT Month) {where}", given).fetchall()[0]
        rows = con.execute(f'SELECT "LSOA code", "Crime type", sum(n) {where} GROUP BY ALL', given).fetchall()
    return Counter({(code, kind): float(n) / months for code, kind, n in rows})


def cleveland_facts(world: World, folder: Path) -> Facts:
    """Return what the statistics offices published about the areas of `world`; a split LSOA's people in equal parts."""
    codes11 = {code for area in world.areas for code in area.codes11}
    names = ("lsoa11_code", *(f"total_population_mid{year}" for year in (2017, 2019, 2020)))
    population = [
        (row[names[0]], *(int(row[name]) for name in names[1:]))
        for row in _rows(folder / FILES["population"])
        if row["lsoa11_code"] in codes11
    ]
    young = {row["lsoa11_code"]: sum(int(row[age]) for age in YOUNG_AGES) for row in _rows(folder / FILES["ages"])}
    parts = Counter(code for area in world.areas for code in area.codes11)
    here = [round(sum(young[code] / parts[code] for code in area.codes11)) for area in world.studied]
    codes21 = {area.code21 for area in world.areas}
    of_old, of_new = _rows(folder / FILES["deprived_2019"]), _rows(folder / FILES["deprived_2025"])
    return Facts(sorted(population), np.array(here), _table(of_old, codes11), _table(of_new, codes21))


def _table(rows: Iterable[dict[str, str]], codes: set[str]) -> tuple[tuple[str, ...], list[tuple]]:
    """Return header and rows of the file whose first column is one of `codes`."""
    kept = [row for row in rows if next(iter(row.values())) in codes]
    return tuple(kept[0]), [tuple(row.values()) for row in kept]
