"""Which areas touch."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable

import numpy as np


def adjacency(areas: list[str], shapes: Iterable[tuple[str, str]]) -> np.ndarray:
    """Return which of the areas share at least two boundary points: (n, n) bool, diagonal False.

    shapes: (area, GeoJSON geometry as text); an area may have several. Boundaries from one publication share their
    vertices exactly; two shared points are a shared edge, one is a corner.
    """
    at: dict[tuple[float, float], set[int]] = defaultdict(set)
    place = {area: i for i, area in enumerate(areas)}
    for area, geometry in shapes:
        for point in _points(json.loads(geometry)):
            at[point].add(place[area])
    shared = np.zeros((len(areas), len(areas)), dtype=int)
    for members in at.values():
        if len(members) > 1:
            shared[np.ix_(sorted(members), sorted(members))] += 1
    touch = shared >= 2
    np.fill_diagonal(touch, False)
    return touch


def _points(geometry: dict) -> set[tuple[float, float]]:
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return {(point[0], point[1]) for polygon in polygons for ring in polygon for point in ring}
