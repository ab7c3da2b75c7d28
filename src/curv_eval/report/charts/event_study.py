"""Effects by time from the start: a point and a thin interval for each period, over the band that covers them all.

Columns: event_time (whole periods from the start, 0 = first period with the programme; may jump over a gap), estimate,
conf_low, conf_high (interval of one period), band_low, band_high (simultaneous band of all periods), in the unit of
`unit_label`. An empty value is suppressed, except the interval of a base period, which has none, and a band that is
empty throughout.

Words: `unit_label` (what the y axis measures); optional `what` (for the text alternative), `period_label` ('Months from
the start'), `before`, `after`, `interval`, `band`, `base` (the direct labels), `base_periods` ('-1' or '-2,-1').
"""

from __future__ import annotations

import itertools
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

COLUMNS = ("event_time", "estimate", "conf_low", "conf_high", "band_low", "band_high")
_HEIGHT, _LABEL_WIDTH, _PAD = 4.5, 1.35, 0.1
_START = -0.5  # between the last period before and the first with the programme
_DEFAULTS = {
    "period_label": "Months from the start",
    "before": "before",
    "after": "after",
    "estimate": "Estimate",
    "interval": "95% interval of one month",
    "band": "95% band of all months together",
    "base": "base period, set to 0",
    "zero": "no difference",
    "base_periods": "",
}


@dataclass(frozen=True)
class _Effects:
    """Arrays of one length, ordered by event time; `shown` says which rows are drawn as a point with its interval."""

    time: np.ndarray
    values: Mapping[str, np.ndarray]
    shown: np.ndarray
    base_times: tuple[int, ...]
    has_band: bool
    withheld: int
    not_applicable: frozenset[tuple[int, str]]


def draw(table: DataFrame, *, words: dict[str, str]) -> Figure:
    """Return the chart; raises PublishError naming every fault of `table` and `words`."""
    effects, words = _read(table, words), _DEFAULTS | words
    with cs.style():
        figure = cs.blank_figure(_HEIGHT)
        ticks = cs.value_ticks(*_extent(effects))
        axes = cs.add_axes(figure, _margins(figure, effects, words=words, ticks=ticks))
        cs.draw_value_axis(axes, ticks)
        _draw_times(figure, axes, effects)
        _draw_effects(axes, effects)
        _draw_zero_and_start(axes)
        _write_sides(figure, axes, effects, words=words)
        _write_key(figure, axes, effects, words=words)
        _draw_base(figure, axes, effects, words)
        _write_around(figure, axes, effects, words=words)
        cs.declare_not_applicable(figure, effects.not_applicable)
    return figure


def alt_text(table: DataFrame, *, words: dict[str, str]) -> str:
    """Return the text alternative: periods covered, ranges before and after, and how often the interval excludes 0."""
    effects, words = _read(table, words), _DEFAULTS | words
    covered = f"{words['period_label']}: {cs.number(effects.time[0])} to {cs.number(effects.time[-1])}"
    after = effects.shown & (effects.time >= 0)
    parts = [_range_words("before", effects, effects.shown & ~after), _range_words("after", effects, after)]
    ranges = f"Estimates run from {', and from '.join(filter(None, parts))}."
    sentences = [
        f"{covered}{_gap_words(effects)}.",
        ranges,
        _clear_words(effects, after),
        cs.withheld_note(effects.withheld),
    ]
    return cs.alternative(f"Point chart of {words.get('what', words['unit_label'])}", sentences)


def _gap_words(effects: _Effects) -> str:
    every = sorted({*effects.time.tolist(), *effects.base_times})
    gaps = [(here + 1, later - 1) for here, later in itertools.pairwise(every) if later - here > 1]
    spans = [cs.number(a) if a == b else f"{cs.number(a)} to {cs.number(b)}" for a, b in gaps]
    return f", no estimate for {', '.join(spans)}" if 0 < len(spans) < 3 else ", with gaps" if spans else ""


def _notes(effects: _Effects) -> str:
    gaps = _gap_words(effects).removeprefix(", ")
    return " ".join(filter(None, [f"{gaps.capitalize()}." if gaps else "", cs.withheld_note(effects.withheld)]))


def _range_words(side: str, effects: _Effects, rows: np.ndarray) -> str:
    estimates = effects.values["estimate"][rows]
    return f"{cs.number(min(estimates))} to {cs.number(max(estimates))} {side} the start" if len(estimates) else ""


def _clear_words(effects: _Effects, after: np.ndarray) -> str:
    low, high = effects.values["conf_low"][after], effects.values["conf_high"][after]
    clear = int(((low > 0) | (high < 0)).sum())
    return f"Intervals that exclude no difference after it: {clear} of {len(low)}." if len(low) else ""


def _read(table: DataFrame, words: Mapping[str, str]) -> _Effects:
    import numpy as np

    cs.require("event_study", table, columns=COLUMNS, words=words, keys=("unit_label",))
    given = cs.numbers("event_study", table[list(COLUMNS)])
    listed = [part.strip() for part in words.get("base_periods", "").split(",") if part.strip()]
    cs.refuse("event_study", _faults(given, listed))
    base = np.isin(given["event_time"], [int(part) for part in listed]) | _fixed_at_zero(given)
    has_band = bool(np.isfinite([given["band_low"], given["band_high"]]).any())
    shown = np.isfinite([given[name] for name in COLUMNS[1:4]]).all(axis=0) & ~base
    whole = shown & (np.isfinite([given["band_low"], given["band_high"]]).all(axis=0) | (not has_band))
    cs.refuse("event_study", [] if shown.any() else ["every estimate is withheld; leave the chart out"])
    order = np.argsort(given["event_time"])
    return _Effects(
        time=given["event_time"][order].astype(int),
        values={name: given[name][order] for name in COLUMNS[1:]},
        shown=shown[order],
        base_times=tuple(sorted({int(t) for t in given["event_time"][base]} | {int(part) for part in listed})),
        has_band=has_band,
        withheld=int((~whole & ~base).sum()),
        not_applicable=_never_meant(base, has_band),
    )


def _fixed_at_zero(given: Mapping[str, np.ndarray]) -> np.ndarray:
    import numpy as np

    no_interval = np.nan_to_num(given["conf_low"]) == np.nan_to_num(given["conf_high"])
    return (given["estimate"] == 0) & no_interval & (np.nan_to_num(given["conf_low"]) == 0)


def _never_meant(base: np.ndarray, has_band: bool) -> frozenset[tuple[int, str]]:
    cells = {(row, name) for row in range(len(base)) if base[row] for name in COLUMNS[2:]}
    return frozenset(cells | {(row, name) for row in range(len(base)) if not has_band for name in COLUMNS[4:]})


def _faults(given: Mapping[str, np.ndarray], listed: list[str]) -> list[str]:
    import numpy as np

    time, estimate = given["event_time"], given["estimate"]
    faults = [f"{name}: a value is infinite" for name in COLUMNS if np.isinf(given[name]).any()]
    faults += ["event_time: expected a whole number in every row"] if (np.mod(time, 1) != 0).any() else []
    faults += ["event_time: a value stands there more than once"] if len(set(time)) < len(time) else []
    faults += [f"base_periods: got {part!r}, expected a whole number" for part in listed if not _whole(part)]
    for low, high in (COLUMNS[2:4], COLUMNS[4:]):
        wrong = (given[low] > estimate) | (given[high] < estimate)
        faults += [f"{low} to {high} does not hold the estimate at event_time {t:g}" for t in time[wrong]]
        bare = np.isnan(estimate) & ~(np.isnan(given[low]) & np.isnan(given[high]))
        faults += [f"event_time {t:g}: estimate is withheld, but its {low} or {high} is not" for t in time[bare]]
    return faults


def _whole(text: str) -> bool:
    return text.removeprefix("-").isdecimal()


def _extent(effects: _Effects) -> tuple[float, float]:
    import numpy as np

    every = np.concatenate([values[effects.shown] for values in effects.values.values()])
    low, high = min(np.nanmin(every), 0), max(np.nanmax(every), 0)
    # The words about the base period stand under everything drawn, and its mark is not cut off at the top.
    return low - (0.14 * (high - low) if effects.base_times else 0), high + 0.03 * (high - low)


def _margins(figure: Figure, effects: _Effects, *, words: Mapping[str, str], ticks: list[float]) -> cs.Margins:
    left = max(cs.size(figure, label)[0] for label in cs.tick_labels(ticks)) + _PAD
    top = cs.size(figure, _unit_words(figure, words))[1] + cs.LINE + 3 * _PAD
    return cs.Margins(left, _LABEL_WIDTH + 3 * _PAD, 0.6 + (0.25 if _notes(effects) else 0), top)


def _unit_words(figure: Figure, words: Mapping[str, str]) -> str:
    return cs.wrap(figure, words["unit_label"], cs.WIDTH - _PAD)


def _draw_times(figure: Figure, axes: Axes, effects: _Effects) -> None:
    # The start is always shown, and with it which side of it the periods lie on.
    first, last = min(0, *effects.time, *effects.base_times), max(-1, *effects.time, *effects.base_times)
    axes.set_xlim(first - 0.6, last + 0.6)
    unit = axes.get_position().width * cs.WIDTH / (last - first + 1.2)
    room = cs.size(figure, cs.number(-100))[0] + _PAD
    step = next(s for s in (1, 2, 3, 6, 12, 24, 60, 120, 1200) if s * unit >= room)
    ticks = [time for time in range(first, last + 1) if time % step == 0]
    axes.set_xticks(ticks, [cs.number(tick) for tick in ticks])
    axes.tick_params(axis="x", length=4)


def _draw_effects(axes: Axes, effects: _Effects) -> None:
    looks = {"before": (cs.GREY, cs.GRID, "white"), "after": (cs.DARK_BLUE, cs.PALE_BLUE, cs.DARK_BLUE)}
    for side, (colour, pale, face) in looks.items():
        rows = effects.shown & ((effects.time >= 0) == (side == "after"))
        time, v = effects.time[rows], {name: values[rows] for name, values in effects.values.items()}
        heights = v["band_high"] - v["band_low"]
        known = heights == heights
        axes.bar(time[known], heights[known], _bar(axes)[0], v["band_low"][known], color=pale, linewidth=0, zorder=1)
        axes.vlines(time, v["conf_low"], v["conf_high"], color=colour, linewidth=1.2, zorder=2)
        look = {"marker": "o", "markersize": 5, "markeredgecolor": colour, "markerfacecolor": face}
        axes.plot(time, v["estimate"], linestyle="none", zorder=3, label=side, **look)


def _draw_zero_and_start(axes: Axes) -> None:
    axes.axhline(0, color=cs.INK, linewidth=1, zorder=1.5)
    where = {"transform": axes.get_xaxis_transform(), "clip_on": False, "zorder": 1.5}
    axes.plot([_START, _START], [0, 1.07], color=cs.GREY, linewidth=1, label="start", **where)


def _write_sides(figure: Figure, axes: Axes, effects: _Effects, *, words: Mapping[str, str]) -> None:
    start, y = cs.inches(figure, axes, _START, axes.get_ylim()[1])
    if effects.time[-1] >= 0:
        cs.write(figure, start + _PAD, y + 0.6 * _PAD, words["after"])
    if effects.time[0] < 0:
        cs.write(figure, start - _PAD, y + 0.6 * _PAD, words["before"], ha="right")


def _write_key(figure: Figure, axes: Axes, effects: _Effects, *, words: Mapping[str, str]) -> None:
    """Label the parts of the last period drawn, and the zero line, in the right margin."""
    last = [i for i, shown in enumerate(effects.shown) if shown][-1]
    ends = {"zero": 0.0, "estimate": effects.values["estimate"][last], "interval": effects.values["conf_high"][last]}
    if effects.has_band and effects.values["band_low"][last] == effects.values["band_low"][last]:
        ends["band"] = effects.values["band_low"][last]
    texts = [cs.wrap(figure, words[name], _LABEL_WIDTH, SMALL) for name in ends]
    right, top = cs.inches(figure, axes, axes.get_xlim()[1], axes.get_ylim()[1])
    marks = {name: cs.inches(figure, axes, effects.time[last], end) for name, end in ends.items()}
    clear = {"zero": right - marks["zero"][0], "estimate": 0.07, "interval": 0.03, "band": _bar(axes)[1] / 2}
    from_ = [(x + clear[name], y) for name, (x, y) in marks.items()]
    heights = [cs.size(figure, text, SMALL)[1] + 0.08 for text in texts]
    at = cs.spread([y for _, y in from_], heights, cs.inches(figure, axes, 0, axes.get_ylim()[0])[1], top)
    for (x, y), label_y, text in zip(from_, at, texts, strict=True):
        cs.rule(figure, [x, right + 0.02, right + 2 * _PAD], [y, y, label_y])
        cs.write(figure, right + 2.3 * _PAD, label_y, text, va="center", fontsize=SMALL)


def _bar(axes: Axes) -> tuple[float, float]:
    """Return the width of the band's bars, in periods and in inches."""
    period = axes.get_position().width * cs.WIDTH / (axes.get_xlim()[1] - axes.get_xlim()[0])
    width = min(0.8 * period, 0.3)
    return width / period, width


def _draw_base(figure: Figure, axes: Axes, effects: _Effects, words: Mapping[str, str]) -> None:
    if not effects.base_times:
        return
    bottom = cs.inches(figure, axes, 0, axes.get_ylim()[0])[1] + 0.5 * _PAD
    at = [cs.inches(figure, axes, time, 0) for time in effects.base_times]
    for time, (x, y) in zip(effects.base_times, at, strict=True):
        look = {"marker": "D", "markersize": 5, "color": cs.INK, "markerfacecolor": "white"}
        axes.plot(time, 0, zorder=3, label="base", **look)
        cs.rule(figure, [x, x], [y - 0.06, bottom + cs.LINE])
    half = cs.size(figure, words["base"], SMALL)[0] / 2
    west, east = axes.get_xlim()
    left, start, right = (cs.inches(figure, axes, edge, 0)[0] for edge in (west, _START, east))
    right = start - 0.05 if start - left > 2 * half + 0.05 else right
    x = min(max((at[0][0] + at[-1][0]) / 2, left + half), right - half)
    ground = {"facecolor": "white", "edgecolor": "none", "pad": 1}
    cs.write(figure, x, bottom, words["base"], ha="center", fontsize=SMALL, bbox=ground)


def _write_around(figure: Figure, axes: Axes, effects: _Effects, *, words: Mapping[str, str]) -> None:
    cs.write(figure, _PAD / 2, figure.get_figheight() - _PAD / 2, _unit_words(figure, words), va="top")
    middle, bottom = cs.inches(figure, axes, sum(axes.get_xlim()) / 2, axes.get_ylim()[0])
    cs.write(figure, middle, bottom - 0.5, words["period_label"], ha="center")
    cs.write(figure, _PAD / 2, _PAD / 2, _notes(effects), fontsize=SMALL)
