"""What agreement on each field weighs, and how the weights of a pair add up, drawn for whoever checks a linkage.

It stands beside the published charts and not among them: those have a value axis that rises and rows that are periods
or places, and a brief has no room for a model's insides. Nobody's name is in it: levels and weights are what was
learnt from all pairs together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from curv_eval.report import chart_style as cs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

_ROW, _PAD, _LABELS = 0.3, 0.1, 2.9
_UNIT = "Weight: each whole number doubles the odds that two records are one person"


@dataclass(frozen=True)
class _Bar:
    """One row: what it is called, where its bar begins and ends, and what is written beside it."""

    label: str
    start: float
    end: float
    said: str


def draw_weights(weights: DataFrame) -> Figure:
    """Return a bar for every level of every field: to the right it speaks for one person, to the left against.

    weights: field, level and weight, as `weight_table` returns them. Raises PublishError where one is missing.
    """
    _require(weights, ("field", "level", "weight"))
    rows = zip(weights["field"], weights["level"], weights["weight"], strict=True)
    return _draw([_Bar(f"{_plain(field)}: {level}", 0.0, weight, _signed(weight)) for field, level, weight in rows])


def draw_waterfall(steps: DataFrame) -> Figure:
    """Return the steps from the odds before comparing to those after: each bar begins where the one above ended.

    steps: step, level, weight, total and probability, as `waterfall` returns them. Raises PublishError where one is
    missing.
    """
    _require(steps, ("step", "level", "weight", "total", "probability"))
    rows = zip(steps["step"], steps["level"], steps["weight"], steps["total"], strict=True)
    bars = [_Bar(_step(step, level), total - weight, total, _signed(weight)) for step, level, weight, total in rows]
    last = steps.iloc[-1]
    bars.append(_Bar(_probability(last["probability"]), 0.0, last["total"], _signed(last["total"])))
    return _draw(bars)


def weights_alt_text(weights: DataFrame) -> str:
    """Return the text alternative of `draw_weights`: which level says most for, and which most against."""
    _require(weights, ("field", "level", "weight"))
    ends = [weights.loc[place] for place in (weights["weight"].idxmax(), weights["weight"].idxmin())]
    most, least = (f"{_plain(row['field'])}, {row['level']} ({cs.number(row['weight'])})" for row in ends)
    sentences = [f"Most for one person: {most}.", f"Most against: {least}."]
    return cs.alternative("Bar chart of what agreement on each field weighs", sentences)


def waterfall_alt_text(steps: DataFrame) -> str:
    """Return the text alternative of `draw_waterfall`: where it starts, where it ends, and the probability there."""
    _require(steps, ("step", "level", "weight", "total", "probability"))
    first, last = cs.number(steps["total"].iloc[0]), cs.number(steps["total"].iloc[-1])
    said = _probability(steps["probability"].iloc[-1])
    sentences = [f"From {first} before comparing to {last} after {len(steps) - 1} fields: {said}."]
    return cs.alternative("Waterfall of the weights of one pattern of agreement", sentences)


def _require(table: DataFrame, columns: Sequence[str]) -> None:
    breaches = [f"column missing: {name}" for name in columns if name not in table]
    if not len(table):
        breaches.append("the table has no rows")
    if not breaches and table[list(columns)].isna().any(axis=None):
        breaches.append("a value is missing")
    cs.refuse("match_weights", breaches)


def _plain(field: str) -> str:
    return field.replace("_", " ")


def _step(step: str, level: str) -> str:
    return f"{_plain(step)}: {level}" if level else step


def _signed(weight: float) -> str:
    return f"{weight:+.1f}".replace("-", "\N{MINUS SIGN}")


def _probability(share: float) -> str:
    if 0.01 <= share < 0.995:
        return f"{share:.0%} likely to be one person"
    return "almost certainly one person" if share >= 0.995 else "almost certainly not one person"


def _draw(bars: list[_Bar]) -> Figure:
    with cs.style():
        figure = cs.blank_figure(_ROW * len(bars) + 0.95)
        axes = cs.add_axes(figure, cs.Margins(_LABELS, 0.35, 0.4, 0.5))
        _draw_bars(axes, bars)
        _write_labels(figure, axes, bars)
        cs.write(figure, _PAD / 2, figure.get_figheight() - _PAD, cs.wrap(figure, _UNIT, cs.WIDTH - _PAD), va="top")
    return figure


def _draw_bars(axes: Axes, bars: list[_Bar]) -> None:
    ends = [end for bar in bars for end in (bar.start, bar.end)]
    span = max(*ends, 0.0) - min(*ends, 0.0) or 1.0
    # room for what is written at the ends of the bars
    ticks = cs.value_ticks(min(*ends, 0.0) - 0.2 * span, max(*ends, 0.0) + 0.2 * span)
    axes.set_xlim(ticks[0], ticks[-1])
    axes.set_ylim(len(bars) - 0.5, -0.5)
    _write_ticks(axes, ticks)
    axes.set_yticks([])
    axes.axvline(0, color=cs.INK, linewidth=1, zorder=3)
    for place, bar in enumerate(bars):
        colour = cs.DARK_BLUE if bar.end >= bar.start else cs.ORANGE
        axes.barh(place, bar.end - bar.start, height=0.62, left=bar.start, color=colour, linewidth=0, zorder=2)


def _write_ticks(axes: Axes, ticks: list[float]) -> None:
    labels = cs.tick_labels(ticks)
    room = axes.get_position().width * cs.WIDTH / (len(ticks) - 1)
    widest = max(cs.size(axes.figure, label)[0] for label in labels) + _PAD
    every = -int(-widest // room)
    axes.set_xticks(ticks[::every], labels[::every])


def _write_labels(figure: Figure, axes: Axes, bars: list[_Bar]) -> None:
    for place, bar in enumerate(bars):
        _, y = cs.inches(figure, axes, 0, place)
        label = _shortened(figure, bar.label)
        cs.write(figure, _LABELS - _PAD, y, label, va="center", ha="right", fontsize=cs.SMALL)
        left, right = (cs.inches(figure, axes, end, place)[0] for end in sorted((bar.start, bar.end)))
        width = cs.size(figure, bar.said, cs.SMALL)[0] + _PAD
        # beside the bar on the side it points to, or on the other where there is no room
        to_right = (bar.end >= bar.start and right + width < cs.WIDTH) or left - width < _LABELS
        x, ha = (right + _PAD / 2, "left") if to_right else (left - _PAD / 2, "right")
        ground = {"facecolor": "white", "edgecolor": "none", "pad": 1}
        cs.write(figure, x, y, bar.said, va="center", ha=ha, fontsize=cs.SMALL, bbox=ground)


def _shortened(figure: Figure, label: str) -> str:
    """Return the label cut to the room that there is, with an ellipsis where it was cut."""
    room = _LABELS - 2 * _PAD
    if cs.size(figure, label, cs.SMALL)[0] <= room:
        return label
    while label and cs.size(figure, f"{label}…", cs.SMALL)[0] > room:
        label = label[:-1]
    return f"{label.rstrip()}…"
