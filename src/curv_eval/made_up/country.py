"""What a made-up country is made of: areas with codes of both censuses, wards, districts and a shape on the ground."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np


class Shape(Protocol):
    """Where an area lies, in degrees (WGS84)."""

    def geometry(self) -> dict[str, Any]:
        """Return the boundary as a GeoJSON geometry."""
        ...

    def point(self, number: int, of: int, reach: float) -> tuple[float, float]:
        """Return longitude and latitude of one of `of` points inside; reach: 0 to 1, which of many it is."""
        ...


@dataclass(frozen=True)
class Area:
    """One 2021 LSOA with the 2011 codes and names of its parts, and where it belongs.

    change is the code of the official lookup: U the parts and the LSOA are one and the same; S this and its sisters
    were one 2011 LSOA; M the parts were several 2011 LSOAs. ward: a number of its own for each ward.
    """

    change: str
    code21: str
    name21: str
    codes11: tuple[str, ...]
    names11: tuple[str, ...]
    ward: int
    ward_code: str
    ward_name: str
    district_code: str
    district_name: str
    shape: Shape


@dataclass(frozen=True)
class Facts:
    """What statistics offices know of a country.

    population: per 2011 LSOA its code and people in mid-2017, mid-2019 and mid-2020. young: (n_studied,) people of 10
    to 24 years living in each studied area. deprived_2019, deprived_2025: header and rows of the two indices, by 2011
    and by 2021 LSOA.
    """

    population: list[tuple]
    young: np.ndarray
    deprived_2019: tuple[tuple[str, ...], list[tuple]]
    deprived_2025: tuple[tuple[str, ...], list[tuple]]
