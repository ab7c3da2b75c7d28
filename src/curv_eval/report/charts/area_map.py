"""A map of areas by group, such as the month a programme began there: fill and hatching, with the key in a line above.

Columns: area (code), group (text), geometry (JSON text of a GeoJSON Polygon or MultiPolygon, degrees east and north).
An empty group is suppressed: the area keeps its outline and no fill. Groups named as months ('August 2023') come first
and in order of time, the others after them by their areas' codes; an ordered category keeps its own order. The last
group is palest.

`table.attrs["labels"]`: places to name, a frame or records with name, lon, lat; `table.attrs["outlines"]`: GeoJSON
texts of larger areas to draw as lines. Both may be left out. Words: `what` (for the text alternative); optional
`unit_label` (what the key tells: 'Month patrols began (number of areas)') and `areas` ('areas').
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from curv_eval.report import chart_style as cs
from curv_eval.report.chart_style import LINE

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.path import Path
    from pandas import DataFrame

COLUMNS = ("area", "group", "geometry")
_LOWEST, _TALLEST, _PAD, _EDGE = 2.5, 7.0, 0.1, 0.05
_SWATCH = 0.16
_NAMED = 4  # groups that a text alternative of 300 characters has room for
# Fill, hatching and its colour, darkest first: they differ in lightness too, so that black and white print is enough.
# Lines only: a pattern of dots makes the SVG half a megabyte larger.
_LOOKS = (
    (cs.DARK_BLUE, "", "white"),
    ("#4A86BF", "//////", "white"),
    ("#A9CBE8", "----", cs.DARK_BLUE),
    (cs.DARK_PINK, "xxxxxx", "white"),
    ("#DDB3CB", "||||", cs.DARK_PINK),
)
_PALEST = ("#E6E6E6", "", "white")
_WITHHELD, _NO_FILL = "withheld", ("white", "", "white")


@dataclass(frozen=True)
class _Entry:
    """One entry of the key: its left edge, and its swatch's lower edge below the top of the figure, inches."""

    group: str
    text: str
    x: float
    depth: float


@dataclass(frozen=True)
class _Box:
    """A name's centre and size, and how far it lies from its place, inches."""

    x: float
    y: float
    width: float
    height: float
    away: float


def draw(table: DataFrame, *, words: dict[str, str]) -> Figure:
    """Return the map, as wide as every chart and as high as its areas ask for; raises PublishError for every fault."""
    table = table.sort_values("area") if "area" in table else table
    paths = _read(table, words)
    looks = _looks(table)
    extent = _extent(paths)
    with cs.style():
        figure = cs.blank_figure(_TALLEST)
        heading = cs.wrap(figure, words.get("unit_label", ""), cs.WIDTH - _PAD)
        entries, key_height = _place_key(figure, _key(table), cs.size(figure, heading)[1])
        height = min(max(cs.WIDTH / _width_over_height(extent), _LOWEST), _TALLEST)
        figure.set_size_inches(cs.WIDTH, height + key_height)
        axes = _map_axes(figure, extent, cs.Margins(_EDGE, _EDGE, _EDGE, key_height))
        _draw_areas(axes, table, paths=paths, looks=looks)
        _draw_outlines(axes, table)
        _write_names(figure, axes, table, marked=_marked(table, paths))
        _draw_key(figure, entries, looks)
        cs.write(figure, _PAD / 2, figure.get_figheight() - _PAD / 2, heading, va="top")
    return figure


def alt_text(table: DataFrame, *, words: dict[str, str]) -> str:
    """Return the text alternative: how many areas there are, and how many in each of the first groups."""
    _read(table, words)
    counts = table["group"].value_counts()
    ordered = [group for group in _groups(table) if counts[group]]
    named = "; ".join(f"{group}, {cs.number(counts[group])}" for group in ordered[:_NAMED])
    named += f"; {cs.counted(len(ordered) - _NAMED, 'other group')}" if len(ordered) > _NAMED else ""
    areas = words.get("areas", "areas")
    sentences = [f"Of {cs.number(len(table))} {areas}: {named}.", cs.withheld_note(_count_withheld(table))]
    return cs.alternative(f"Map of {words['what']}", sentences)


def _count_withheld(table: DataFrame) -> int:
    return int(table["group"].isna().sum())


def _group_of(table: DataFrame) -> list[str]:
    return table["group"].astype("string").fillna(_WITHHELD).to_list()


def _groups(table: DataFrame) -> list[str]:
    """Return the groups in the order of their key."""
    given = table.sort_values("area")["group"].dropna()
    if getattr(given.dtype, "ordered", False):
        return [str(group) for group in given.cat.categories if (given == group).any()]
    return sorted(dict.fromkeys(map(str, given)), key=lambda group: _month(group) or datetime.max)


def _month(group: str) -> datetime | None:
    try:
        return datetime.strptime(group, "%B %Y")
    except ValueError:
        return None


def _looks(table: DataFrame) -> dict[str, tuple[str, str, str]]:
    groups = _groups(table)
    looks = [*_LOOKS[: len(groups) - 1], _PALEST] if len(groups) > 1 else _LOOKS[:1]
    return dict(zip(groups, looks, strict=False)) | {_WITHHELD: _NO_FILL}


def _key(table: DataFrame) -> dict[str, str]:
    """Return the words beside each swatch, by group."""
    counts = table["group"].astype("string").value_counts()
    key = {group: f"{group} ({counts[group]:,})" for group in _groups(table)}
    return key | ({_WITHHELD: f"{_WITHHELD} ({_count_withheld(table):,})"} if _count_withheld(table) else {})


def _read(table: DataFrame, words: Mapping[str, str]) -> list[Path]:
    """Return one path per row."""
    cs.require("area_map", table, columns=COLUMNS, words=words, keys=("what",))
    faults = [f"area {area} stands there more than once" for area in table["area"][table["area"].duplicated()].unique()]
    most = len(_LOOKS) + 1
    faults += [f"group: got {n} groups, expected at most {most}" for n in [len(_groups(table))] if n > most]
    faults += [] if table["group"].notna().any() else ["group: every value is withheld; leave the map out"]
    faults += [f"group: {_WITHHELD!r} is the word for a suppressed group"] if _WITHHELD in _groups(table) else []
    labels = _labels(table)
    if len(labels) and not {"name", "lon", "lat"} <= set(labels):
        faults.append("labels: expected the columns name, lon, lat")
    paths = [_path(text) for text in table["geometry"]]
    faults += [
        f"area {area}: geometry is not the JSON text of a GeoJSON Polygon or MultiPolygon"
        for area, path in zip(table["area"], paths, strict=True)
        if path is None
    ]
    cs.refuse("area_map", faults)
    return [path for path in paths if path is not None]


def _labels(table: DataFrame) -> DataFrame:
    import pandas

    labels = pandas.DataFrame(table.attrs.get("labels", ()))
    return labels if len(labels) else pandas.DataFrame(columns=["name", "lon", "lat"])


def _path(geometry: object) -> Path | None:
    from matplotlib.path import Path

    try:
        rings = list(_rings(json.loads(str(geometry))))
        return Path.make_compound_path(*rings) if rings else None
    except (KeyError, TypeError, ValueError, IndexError):
        return None


def _rings(geometry: Mapping[str, object]) -> Iterator[Path]:
    """Yield the rings, outer ones anticlockwise and holes clockwise, which is what makes a hole a hole when filled."""
    import numpy as np
    from matplotlib.path import Path

    polygons = {"Polygon": lambda c: [c], "MultiPolygon": lambda c: c}[str(geometry["type"])](geometry["coordinates"])
    for polygon in polygons:
        for position, ring in enumerate(polygon):
            xy = np.asarray(ring, dtype=float)[:, :2]
            turn = np.cross(np.pad(xy, ((0, 0), (0, 1)))[:-1], np.pad(xy, ((0, 0), (0, 1)))[1:])[:, 2].sum()
            yield Path(xy if (turn > 0) == (position == 0) else xy[::-1], closed=True)


def _extent(paths: Sequence[Path]) -> tuple[float, float, float, float]:
    """Return west, east, south, north in degrees."""
    import numpy as np

    corners = np.vstack([path.vertices for path in paths])
    (west, south), (east, north) = corners.min(axis=0), corners.max(axis=0)
    return float(west), float(east), float(south), float(north)


def _width_over_height(extent: tuple[float, float, float, float]) -> float:
    west, east, south, north = extent
    return (east - west) * math.cos(math.radians((south + north) / 2)) / (north - south)


def _map_axes(figure: Figure, extent: tuple[float, float, float, float], margins: cs.Margins) -> Axes:
    axes = cs.add_axes(figure, margins)
    west, east, south, north = extent
    axes.set(xlim=(west, east), ylim=(south, north))
    # A degree east is shorter than a degree north by the cosine of the latitude.
    axes.set_aspect((east - west) / (north - south) / _width_over_height(extent))
    axes.set_axis_off()
    axes.apply_aspect()
    return axes


def _draw_areas(axes: Axes, table: DataFrame, *, paths: Sequence[Path], looks: Mapping[str, tuple]) -> None:
    from matplotlib.collections import PathCollection

    for group, (fill, hatch, ink) in looks.items():
        chosen = [path for path, own in zip(paths, _group_of(table), strict=True) if own == group]
        edge = cs.GREY if group == _WITHHELD else "white"
        look = {"facecolors": fill, "edgecolors": edge, "linewidths": 0.4, "hatch": hatch, "hatchcolors": ink}
        axes.add_collection(PathCollection(chosen, label=group, transform=axes.transData, clip_on=False, **look))


def _draw_outlines(axes: Axes, table: DataFrame) -> None:
    from matplotlib.collections import PathCollection

    outlines = [path for path in map(_path, table.attrs.get("outlines", ())) if path is not None]
    look = {"facecolors": "none", "edgecolors": cs.INK, "linewidths": 0.8}
    axes.add_collection(PathCollection(outlines, label="outlines", transform=axes.transData, clip_on=False, **look))


def _marked(table: DataFrame, paths: Sequence[Path]) -> list[Path]:
    """Return the areas of every group but the palest: those a reader looks for."""
    sought = _groups(table)[:-1]
    return [path for path, group in zip(paths, _group_of(table), strict=True) if group in sought]


def _write_names(figure: Figure, axes: Axes, table: DataFrame, *, marked: Sequence[Path]) -> None:
    """Write each name near its place, where it covers no other name and as little as can be of the areas marked."""
    import numpy as np

    corners = [(*cs.inches(figure, axes, x, y), 1 / len(path.vertices)) for path in marked for x, y in path.vertices]
    marks = np.array(corners).reshape(-1, 3)
    taken: list[_Box] = []
    for name, lon, lat in _labels(table)[["name", "lon", "lat"]].itertuples(index=False, name=None):
        width, height = cs.size(figure, str(name))
        boxes = _candidates(figure, axes, cs.inches(figure, axes, lon, lat), size=(width + _PAD, height + 0.04))
        best = min(boxes, key=lambda box: _cost(box, taken, marks))
        taken.append(best)
        ground = {"facecolor": "white", "edgecolor": "none", "pad": 1, "alpha": 0.85}
        cs.write(figure, best.x, best.y, str(name), ha="center", va="center", bbox=ground)


def _candidates(figure: Figure, axes: Axes, place: tuple[float, float], *, size: tuple[float, float]) -> list[_Box]:
    steps = [step / 10 for step in range(-10, 11)]
    (width, height), (bottom, top) = size, (cs.inches(figure, axes, 0, edge)[1] for edge in axes.get_ylim())
    boxes = []
    for right, up in ((right, up) for right in steps for up in steps):
        x = min(max(place[0] + right, width / 2), cs.WIDTH - width / 2)
        y = min(max(place[1] + up, bottom + height / 2), top - height / 2)
        boxes.append(_Box(x, y, width, height, math.hypot(x - place[0], y - place[1])))
    return boxes


def _cost(box: _Box, taken: Sequence[_Box], marks: np.ndarray) -> float:
    """Return how bad a place is: another name covered weighs most; a marked area covered is worth an inch or two.

    marks: x, y (inches) and share of its area's corners, one row per corner of a marked area.
    """
    near = (abs(marks[:, 0] - box.x) < box.width / 2) & (abs(marks[:, 1] - box.y) < box.height / 2)
    clashes = [
        abs(other.x - box.x) < (other.width + box.width) / 2 and abs(other.y - box.y) < (other.height + box.height) / 2
        for other in taken
    ]
    return 1000 * sum(clashes) + 1.5 * float(marks[near, 2].sum()) + box.away


def _place_key(figure: Figure, key: Mapping[str, str], top: float) -> tuple[list[_Entry], float]:
    """Return the entries, set in lines under a heading `top` high, and the height of heading and entries."""
    entries, x, row = [], _PAD / 2, 1
    for group, text in key.items():
        width = 1.5 * _SWATCH + _PAD + cs.size(figure, text)[0]
        if x > _PAD and x + width > cs.WIDTH:
            x, row = _PAD / 2, row + 1
        entries.append(_Entry(group, text, x, top + row * 1.5 * LINE))
        x += width + 1.8 * _PAD
    return entries, top + row * 1.5 * LINE + 2 * _PAD


def _draw_key(figure: Figure, entries: Sequence[_Entry], looks: Mapping[str, tuple]) -> None:
    from matplotlib.patches import Rectangle

    for entry in entries:
        fill, hatch, ink = looks[entry.group]
        x, y = entry.x, figure.get_figheight() - entry.depth
        look = {"facecolor": fill, "hatch": hatch, "hatchcolor": ink, "edgecolor": cs.GREY, "linewidth": 0.6}
        box = Rectangle((x, y), _SWATCH * 1.5, _SWATCH, transform=figure.dpi_scale_trans, **look)
        figure.add_artist(box)
        cs.write(figure, x + 1.5 * _SWATCH + 0.7 * _PAD, y + _SWATCH / 2, entry.text, va="center")
