"""A funnel plot: each study's effect and how precise it is, with what chance alone would give where there is no effect.

Columns: label, estimate (a ratio, or a difference), std_error (on the log scale, or of the difference). A row with an
empty value is suppressed.

Words: `effect_label` (what the axis measures), `scale` ("ratio" or "difference"), `pooled` (the average, a number);
optional `what` (for the text alternative).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from curv_eval.report import chart_style as cs
from curv_eval.report.chart_style import SMALL

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

COLUMNS = ("label", "estimate", "std_error")
SCALES = ("ratio", "difference")
_HEIGHT, _PAD = 4.6, 0.1
_FARTHEST = 14.0  # the log of a ratio of a million
# two-sided p from the outermost region inwards, with the quantile of the normal at which each begins
_CONTOURS = ((0.01, 2.5758293), (0.05, 1.9599640), (0.1, 1.6448536))
_SHADES = (cs.PALE_GREY, cs.GRID, "#C4C4C4")


@dataclass(frozen=True)
class _Points:
    """Effects on the scale of analysis (logs of ratios) and their errors; withheld: how many studies are not shown."""

    y: np.ndarray
    error: np.ndarray
    pooled: float
    scale: str
    withheld: int


def draw(table: DataFrame, *, words: dict[str, str]) -> Figure:
    """Return the chart; raises PublishError naming every fault of `table` and `words`."""
    points = _read(table, words)
    with cs.style():
        more = cs.size(cs.blank_figure(1), cs.wrap(cs.blank_figure(1), words["effect_label"], cs.WIDTH - 2 * _PAD))[1]
        figure = cs.blank_figure(_HEIGHT + more)
        axes = cs.add_axes(figure, cs.Margins(0.75, 1.5, 0.7 + more, 0.55))
        _draw_axes(axes, points)
        _draw_contours(figure, axes)
        _draw_points(figure, axes, points)
        _write_around(figure, axes, points, words=words)
    return figure


def alt_text(table: DataFrame, *, words: dict[str, str]) -> str:
    """Return the text alternative: how many studies, how precise, and on which side of the average small ones lie."""
    import numpy as np

    points = _read(table, words)
    small = points.error > np.median(points.error)
    below, above = int((points.y[small] < points.pooled).sum()), int((points.y[small] > points.pooled).sum())
    sentences = [
        f"{len(points.y)} studies, standard errors {cs.number(points.error.min())} to {cs.number(points.error.max())}.",
        f"Of the less precise half, {below} lie below the average and {above} above it.",
        cs.withheld_note(points.withheld),
    ]
    return cs.alternative(f"Funnel plot of {words.get('what', words['effect_label'])}", sentences)


def _read(table: DataFrame, words: Mapping[str, str]) -> _Points:
    import numpy as np

    cs.require("funnel", table, columns=COLUMNS, words=words, keys=("effect_label", "scale", "pooled"))
    values = cs.numbers("funnel", table[list(COLUMNS[1:])])
    cs.refuse("funnel", _faults(values, words))
    known = np.isfinite(values["estimate"]) & np.isfinite(values["std_error"])
    cs.refuse("funnel", [] if known.any() else ["every study is withheld; leave the chart out"])
    turn = np.log if words["scale"] == "ratio" else np.asarray
    y, pooled = turn(values["estimate"][known]), float(turn(float(words["pooled"])))
    error = values["std_error"][known]
    order = np.lexsort((y, error))
    return _Points(y[order], error[order], pooled, words["scale"], int((~known).sum()))


def _faults(values: Mapping[str, np.ndarray], words: Mapping[str, str]) -> list[str]:
    import numpy as np

    scale = words["scale"]
    faults = [f"scale: got {scale!r}, expected ratio or difference"] if scale not in SCALES else []
    faults += [f"{name}: a value is infinite" for name in values if np.isinf(values[name]).any()]
    faults += ["std_error: expected numbers above 0"] if (values["std_error"] <= 0).any() else []
    try:
        pooled = float(words["pooled"])
    except ValueError:
        return [*faults, f"pooled: got {words['pooled']!r}, expected a number"]
    if scale == "ratio" and (pooled <= 0 or (values["estimate"] <= 0).any()):
        faults.append("a ratio is 0 or less; ratios are above 0 (was a logarithm given?)")
    return faults


def _draw_axes(axes: Axes, points: _Points) -> None:
    import numpy as np

    deepest = 1.06 * float(points.error.max())
    reach = max(float(np.abs(points.y).max()), 2.7 * deepest, abs(points.pooled)) * 1.04
    reach = min(reach, _FARTHEST) if points.scale == "ratio" else reach
    axes.set_xlim(-reach, reach)
    if points.scale == "ratio":
        ticks = [one for one in cs.ratio_ticks(np.exp(-reach), np.exp(reach)) if abs(np.log(one)) <= reach]
        axes.set_xticks([float(np.log(one)) for one in ticks], [f"{one:,g}" for one in ticks])
    else:
        ticks = [one for one in cs.value_ticks(-reach, reach) if abs(one) <= reach]
        axes.set_xticks(ticks, cs.tick_labels(ticks))
    errors = [one for one in cs.value_ticks(0, deepest) if one <= deepest]
    axes.set_yticks(errors, cs.tick_labels(errors))
    axes.set_ylim(deepest, 0)
    axes.tick_params(axis="x", length=4)


def _draw_contours(figure: Figure, axes: Axes) -> None:
    """Shade where a study alone would have p below 0.01, 0.05 and 0.1 of no effect, the lightest furthest out."""
    (left, right), deepest = axes.get_xlim(), axes.get_ylim()[0]
    axes.set_facecolor(_SHADES[0])
    for (_, z), shade in zip(_CONTOURS, (_SHADES[1], _SHADES[2], "white"), strict=True):
        axes.fill([0, -z * deepest, z * deepest], [0, deepest, deepest], color=shade, linewidth=0, zorder=0.5)
    names = ("below 1 in 100", "1 to 5 in 100", "5 to 10 in 100", "above 10 in 100")
    across, top = cs.inches(figure, axes, right, 0)
    for i, (name, shade) in enumerate(zip(names, (*_SHADES, "white"), strict=True)):
        y = top - 0.75 - 0.27 * i
        patch = {"facecolor": shade, "edgecolor": cs.GREY, "pad": 2.5}
        cs.write(figure, across + 0.16, y, "   ", fontsize=6, bbox=patch)
        cs.write(figure, across + 0.4, y - 0.03, name, fontsize=SMALL)
    heading = cs.wrap(figure, "Chance of it if there were no effect:", 1.3, SMALL)
    cs.write(figure, across + 0.1, top, heading, va="top", fontsize=SMALL)
    axes.set_xlim(left, right)


def _draw_points(figure: Figure, axes: Axes, points: _Points) -> None:
    deepest = axes.get_ylim()[0]
    axes.plot([0, 0], [0, deepest], color=cs.INK, linewidth=1, zorder=1.5)
    look = {"color": cs.ORANGE_TEXT, "linewidth": 1.4, "linestyle": (0, (4, 3)), "zorder": 1.6}
    axes.plot([points.pooled] * 2, [0, deepest], **look)
    axes.scatter(points.y, points.error, s=26, color=cs.DARK_BLUE, edgecolors="white", linewidths=0.6, zorder=3)
    across, up = cs.inches(figure, axes, points.pooled, 0)
    cs.write(figure, across, up + 0.05, "average", ha="center", fontsize=SMALL, color=cs.ORANGE_TEXT)


def _write_around(figure: Figure, axes: Axes, points: _Points, *, words: Mapping[str, str]) -> None:
    (left, right), deepest = axes.get_xlim(), axes.get_ylim()[0]
    x, bottom = cs.inches(figure, axes, (left + right) / 2, deepest)
    label = cs.wrap(figure, words["effect_label"], cs.WIDTH - 2 * _PAD)
    cs.write(figure, x, bottom - 0.33, label, ha="center", va="top")
    cs.write(
        figure, _PAD / 2, figure.get_figheight() - _PAD / 2, "Standard error: the higher up, the more precise", va="top"
    )
    cs.write(figure, _PAD / 2, _PAD / 2, cs.withheld_note(points.withheld), fontsize=SMALL)
