"""A made-up country of hexagons: four districts side by side, and a fifth next to them that is not studied.

Every 2021 LSOA is one hexagon. Its corners lie on a whole-number lattice, so that neighbours share their corners
exactly. Where an LSOA changed between the censuses, the 2011 codes of its eastern and western half differ.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from curv_eval.made_up.country import Area

DISTRICTS = ("Northwick", "Easterby", "Southam Vale", "Westhaven")
OUTSIDE = "Outer Moor"
WARD_NAMES = ("Abbey", "Beacon", "Chapel", "Dene", "Ferry", "Grange", "Harbour", "Market")
WARD_SIZES = (5, 5, 5, 5, 5, 5, 6, 6)
COLUMNS, ROWS = 6, 7
OUTSIDE_AREAS = 4
# Open sea, so that nobody's home lies under a made-up crime; the steps make hexagons about 700 m wide at this latitude.
WEST, SOUTH, STEP_EAST, STEP_NORTH = 0.6, 54.9, 0.005400, 0.001800
CORNERS = ((0, 2), (-1, 1), (-1, -1), (0, -2), (1, -1), (1, 1))


class Place(NamedTuple):
    """Where a hexagon is: centre on the lattice, district and ward counted from 0, and its position in the ward."""

    x: int
    y: int
    district: int
    ward: int
    position: int


@dataclass(frozen=True)
class Hexagon:
    """The shape of one made-up area: a hexagon around a centre on the lattice."""

    x: int
    y: int

    def geometry(self) -> dict[str, Any]:
        """Return the closed anticlockwise ring of 7 pairs of degrees as a polygon."""
        ring = [degrees(self.x + x, self.y + y) for x, y in CORNERS]
        return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}

    def point(self, number: int, of: int, reach: float) -> tuple[float, float]:
        """The first half of the points lies east of the centre, the second west; reach: share of the inner radius."""
        angle = math.pi * ((number + 0.5) / (of // 2) - 0.5)
        return degrees(self.x + reach * math.cos(angle), self.y + math.sqrt(3) * reach * math.sin(angle))


def district_name(place: Place) -> str:
    """Return the name of the district a place is in."""
    return (*DISTRICTS, OUTSIDE)[place.district]


def district_code(place: Place) -> str:
    """Return the district's code, E06999001 and on."""
    return f"E06999{place.district + 1:03d}"


def ward_name(place: Place) -> str:
    """Return the name of the ward a place is in."""
    return f"{district_name(place)} {WARD_NAMES[place.ward % len(WARD_NAMES)]}"


def ward_code(place: Place) -> str:
    """Return the ward's code, E05999001 and on."""
    return f"E05999{place.ward + 1:03d}"


def studied_places() -> list[Place]:
    """Return the 168 places of the four districts, ward by ward; each ward is a connected patch of 5 or 6 hexagons."""
    return [place for district in range(len(DISTRICTS)) for place in _district_places(district)]


def outside_places() -> list[Place]:
    """Return the few places of the fifth district, which touches the fourth."""
    district, ward = len(DISTRICTS), len(DISTRICTS) * len(WARD_SIZES)
    cells = [(district * COLUMNS, row) for row in range(OUTSIDE_AREAS)]
    return [Place(*_centre(column, row), district, ward, i) for i, (column, row) in enumerate(cells)]


def _district_places(district: int) -> Iterator[Place]:
    cells = iter(_path(district * COLUMNS))
    for number, size in enumerate(WARD_SIZES):
        for position in range(size):
            column, row = next(cells)
            yield Place(*_centre(column, row), district, district * len(WARD_SIZES) + number, position)


def _path(first_column: int) -> list[tuple[int, int]]:
    """Walk two columns up, the next two down, and so on: any stretch of it hangs together."""
    pairs = range(COLUMNS // 2)
    rows = [range(ROWS) if pair % 2 == 0 else range(ROWS - 1, -1, -1) for pair in pairs]
    return [(first_column + 2 * pair + side, row) for pair in pairs for row in rows[pair] for side in (0, 1)]


def _centre(column: int, row: int) -> tuple[int, int]:
    return 2 * column + row % 2, 3 * row


def degrees(x: float, y: float) -> tuple[float, float]:
    """Return longitude and latitude of a point of the lattice, to 6 decimals as data.police.uk prints them."""
    return round(WEST + x * STEP_EAST, 6), round(SOUTH + y * STEP_NORTH, 6)


def name_areas(places: list[Place], changes: Mapping[int, str]) -> list[Area]:
    """Return one Area per place; `changes`: index of a place -> "S" (it and the next were one) or "M" (it was two)."""
    return [_name_area(places, i, changes) for i in range(len(places))]


def _name_area(places: list[Place], i: int, changes: Mapping[int, str]) -> Area:
    sister = i not in changes and changes.get(i - 1) == "S"
    change = "S" if sister else changes.get(i, "U")
    own = _lsoa(places[i - sister], i - sister)
    # Letters and codes used for one boundary are never used again for another.
    new = own if change == "U" else _lsoa(places[i], 200 + i, letter=6 + sister)
    other = _lsoa(places[i], 400 + i, letter=8) if change == "M" else own
    place = places[i]
    belongs = place.ward, ward_code(place), ward_name(place), district_code(place), district_name(place)
    return Area(change, *new, (own[0], other[0]), (own[1], other[1]), *belongs, Hexagon(place.x, place.y))


def _lsoa(place: Place, index: int, letter: int | None = None) -> tuple[str, str]:
    position = place.position if letter is None else letter
    number, letters = place.ward % len(WARD_SIZES) + 1, "ABCDEFGHI"
    return f"E01999{index + 1:03d}", f"{district_name(place)} {number:03d}{letters[position]}"
