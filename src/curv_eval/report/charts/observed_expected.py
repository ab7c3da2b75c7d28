"""Monthly counts observed, beside those expected without the programme: two lines, an interval band, the start marked.

Columns: period ('YYYY-MM'), observed, expected, expected_low, expected_high (counts per month). A month that has no
row was not supplied. An empty `observed`, or an empty expected value from the first start on, is suppressed; before the
first start nothing is expected, so an empty value is not applicable.

Words: `unit_label` (what the y axis counts), `starts` ('patrols begin'), `start_periods` ('2023-08,2023-10');
optional `what` (for the text alternative), `observed`, `expected`, `interval` (the direct labels).
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

COLUMNS = ("period", "observed", "expected", "expected_low", "expected_high")
_KEYS = ("unit_label", "starts", "start_periods")
_HEIGHT, _LABEL_WIDTH, _PAD = 4.3, 1.3, 0.1
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class _Series:
    """Every calendar month from first to last, counted from year 0; values are NaN where there is none to draw."""

    months: np.ndarray
    values: Mapping[str, np.ndarray]
    gaps: tuple[tuple[int, int], ...]
    starts: tuple[int, ...]
    not_applicable: frozenset[tuple[int, str]]
    withheld: int


def draw(table: DataFrame, *, words: dict[str, str]) -> Figure:
    """Return the chart; raises PublishError naming every fault of `table` and `words`."""
    series = _read(table, words)
    with cs.style():
        figure = cs.blank_figure(_HEIGHT)
        ticks = cs.value_ticks(0, float(_finite(series).max()) or 1)
        margins, notes = _layout(figure, series, words=words, ticks=ticks)
        axes = cs.add_axes(figure, margins)
        cs.draw_value_axis(axes, ticks)
        _draw_months(figure, axes, series)
        _draw_gaps(figure, axes, series)
        _draw_lines(axes, series)
        _write_line_labels(figure, axes, series, words=words)
        _mark_starts(figure, axes, series, words=words)
        _write_around(figure, words, notes)
        cs.declare_not_applicable(figure, series.not_applicable)
    return figure


def alt_text(table: DataFrame, *, words: dict[str, str]) -> str:
    """Return the text alternative: months covered, the range observed, and the last month against its expectation."""
    series = _read(table, words)
    observed = series.values["observed"]
    low, high = (cs.number(extreme(observed[observed == observed])) for extreme in (min, max))
    covered = f"{_label(series.months[0])} to {_label(series.months[-1])}{_gap_words(series)}"
    sentences = [f"Months: {covered}.", f"Observed: {low} to {high} a month.", _last_comparison(series)]
    sentences.append(cs.withheld_note(series.withheld))
    return cs.alternative(f"Line chart of {words.get('what', words['unit_label'])}", sentences)


def _gap_words(series: _Series) -> str:
    if not series.gaps:
        return ""
    if len(series.gaps) > 1:
        return f", no data supplied for {sum(last - first + 1 for first, last in series.gaps)} of them"
    first, last = series.gaps[0]
    return f", no data supplied {_label(first)}" + (f" to {_label(last)}" if last > first else "")


def _last_comparison(series: _Series) -> str:
    import numpy as np

    both = np.flatnonzero(np.isfinite(np.vstack(list(series.values.values()))).all(axis=0))
    if not len(both):
        return ""
    observed, expected, low, high = (cs.number(series.values[name][both[-1]]) for name in COLUMNS[1:])
    return f"In {_label(series.months[both[-1]])}: {observed} observed, {expected} expected ({low} to {high})."


def _month(period: object) -> int | None:
    year, _, month = str(period).partition("-")
    good = len(year) == 4 and len(month) == 2 and (year + month).isdecimal() and 1 <= int(month) <= 12
    return int(year) * 12 + int(month) - 1 if good else None


def _label(month: int) -> str:
    return f"{_MONTHS[month % 12]} {month // 12}"


def _read(table: DataFrame, words: Mapping[str, str]) -> _Series:
    import numpy as np

    cs.require("observed_expected", table, columns=COLUMNS, words=words, keys=_KEYS)
    months = [_month(period) for period in table["period"]]
    starts = [_month(period.strip()) for period in words["start_periods"].split(",")]
    values = cs.numbers("observed_expected", table[list(COLUMNS[1:])])
    cs.refuse("observed_expected", _faults(table, months, starts=starts, values=values))
    first, last = min(months), max(months)
    every = {name: np.full(last - first + 1, np.nan) for name in values}
    for name, given in values.items():
        every[name][np.array(months) - first] = given
    empty = np.isnan(np.vstack([values[name] for name in COLUMNS[2:]])).any(axis=0)
    before = np.array(months) < min(starts)
    return _Series(
        months=np.arange(first, last + 1),
        values=every,
        gaps=_gaps(sorted(months)),
        starts=tuple(sorted({start for start in starts if first <= start <= last})),
        not_applicable=frozenset((int(row), name) for row in np.flatnonzero(before) for name in COLUMNS[2:]),
        withheld=int(np.isnan(values["observed"]).sum() + (empty & ~before).sum()),
    )


def _faults(
    table: DataFrame, months: list[int | None], *, starts: list[int | None], values: Mapping[str, np.ndarray]
) -> list[str]:
    import numpy as np

    faults = [f"period: got {p!r}, expected YYYY-MM" for p, m in zip(table["period"], months, strict=True) if m is None]
    faults += [
        f"period {p} stands there more than once" for p in table["period"][table["period"].duplicated()].unique()
    ]
    faults += ["start_periods: expected YYYY-MM, separated by commas"] if None in starts else []
    faults += [] if np.isfinite(values["observed"]).any() else ["observed: every value is withheld"]
    faults += [f"{name}: a value is infinite" for name, given in values.items() if np.isinf(given).any()]
    faults += [f"{name}: a count is below 0" for name in COLUMNS[1:3] if (values[name] < 0).any()]
    bare = np.isnan(values["expected"]) & ~(np.isnan(values["expected_low"]) & np.isnan(values["expected_high"]))
    given = table["period"][bare]
    return faults + [f"period {p}: expected is withheld, but its interval is not" for p in given]


def _gaps(months: list[int]) -> tuple[tuple[int, int], ...]:
    return tuple((here + 1, later - 1) for here, later in itertools.pairwise(months) if later - here > 1)


def _finite(series: _Series) -> np.ndarray:
    import numpy as np

    values = np.concatenate(list(series.values.values()))
    return values[np.isfinite(values)]


def _layout(figure: Figure, series: _Series, *, words: Mapping[str, str], ticks: list[float]) -> tuple[cs.Margins, str]:
    left = max(cs.size(figure, label)[0] for label in cs.tick_labels(ticks)) + _PAD
    right = _LABEL_WIDTH + 2 * _PAD
    notes = _notes(figure, series, (cs.WIDTH - left - right) / len(series.months))
    above = (cs.size(figure, text)[1] for text in (_unit_words(figure, words), _start_words(figure, series, words)))
    bottom = 0.35 + (cs.size(figure, notes, SMALL)[1] + _PAD if notes else 0)
    return cs.Margins(left, right, bottom, sum(above) + 3 * _PAD), notes


def _unit_words(figure: Figure, words: Mapping[str, str]) -> str:
    return cs.wrap(figure, words["unit_label"], cs.WIDTH - _PAD)


def _start_words(figure: Figure, series: _Series, words: Mapping[str, str]) -> str:
    if not series.starts:
        return ""
    months = [_label(start) for start in series.starts]
    when = ", ".join(months) if len(months) < 4 else f"{months[0]} to {months[-1]}"
    return cs.wrap(figure, f"{words['starts']} {when}", cs.WIDTH / 2)


def _notes(figure: Figure, series: _Series, month_width: float) -> str:
    narrow = any(not _fits(figure, gap, month_width) for gap in series.gaps)
    said = ["Grey strip: no data supplied." if narrow else "", cs.withheld_note(series.withheld)]
    return cs.wrap(figure, " ".join(filter(None, said)), cs.WIDTH - _PAD, SMALL)


def _fits(figure: Figure, gap: tuple[int, int], month_width: float) -> bool:
    return (gap[1] - gap[0] + 1) * month_width > cs.size(figure, "supplied")[0] + _PAD


def _month_width(axes: Axes, series: _Series) -> float:
    return axes.get_position().width * cs.WIDTH / len(series.months)


def _draw_months(figure: Figure, axes: Axes, series: _Series) -> None:
    first, last = series.months[[0, -1]]
    axes.set_xlim(first - 0.5, last + 0.5)
    room = cs.size(figure, "Nov 2000")[0] + _PAD
    step = next(s for s in (1, 2, 3, 6, 12, 24, 60, 120, 1200) if s * _month_width(axes, series) >= room)
    ticks = [month for month in series.months if month % step == 0]
    axes.set_xticks(ticks, [_label(tick) for tick in ticks])
    axes.tick_params(axis="x", length=4)


def _draw_gaps(figure: Figure, axes: Axes, series: _Series) -> None:
    for first, last in series.gaps:
        axes.axvspan(first - 0.5, last + 0.5, color=cs.PALE_GREY, linewidth=0, zorder=0)
        if _fits(figure, (first, last), _month_width(axes, series)):
            text = cs.wrap(figure, "no data supplied", (last - first + 1) * _month_width(axes, series) - _PAD)
            ground = {"facecolor": cs.PALE_GREY, "edgecolor": "none", "pad": 1}
            where = {"transform": axes.get_xaxis_transform(), "ha": "center", "va": "center"}
            axes.text((first + last) / 2, 0.5, text, bbox=ground, linespacing=1.2, **where)


def _draw_lines(axes: Axes, series: _Series) -> None:
    import numpy as np

    low, high = series.values["expected_low"], series.values["expected_high"]
    axes.fill_between(series.months, low, high, color=cs.PALE_ORANGE, linewidth=0, zorder=1)
    alone = _alone(low + high)
    axes.vlines(series.months[alone], low[alone], high[alone], color=cs.PALE_ORANGE, linewidth=5, zorder=1)
    looks = {"expected": (cs.ORANGE, (0, (4, 1.6)), "D"), "observed": (cs.DARK_BLUE, "solid", "o")}
    for name, (colour, dash, marker) in looks.items():
        at = [int(i) for i in np.flatnonzero(_alone(series.values[name]))]
        given = {"marker": marker, "markevery": at, "markersize": 4} if at else {}
        axes.plot(series.months, series.values[name], color=colour, linestyle=dash, linewidth=2, label=name, **given)


def _alone(values: np.ndarray) -> np.ndarray:
    """Return where a value has no neighbour, so that a line through it would be invisible."""
    import numpy as np

    known = np.concatenate([[False], np.isfinite(values), [False]])
    return known[1:-1] & ~known[:-2] & ~known[2:]


def _write_line_labels(figure: Figure, axes: Axes, series: _Series, *, words: Mapping[str, str]) -> None:
    import numpy as np

    interval = f"{words.get('interval', '95% interval')} shaded"
    expected = f"{words.get('expected', 'Expected without the programme')} (dashed), {interval}"
    given = {"observed": (words.get("observed", "Observed"), cs.DARK_BLUE), "expected": (expected, cs.ORANGE_TEXT)}
    shown = [name for name in given if np.isfinite(series.values[name]).any()]
    texts = [cs.wrap(figure, given[name][0], _LABEL_WIDTH) for name in shown]
    ends = [series.values[name][np.isfinite(series.values[name])][-1] for name in shown]
    box, height = axes.get_position(), figure.get_figheight()
    at = [(box.y0 + box.height * end / axes.get_ylim()[1]) * height for end in ends]
    at = cs.spread(at, [cs.size(figure, text)[1] + 0.06 for text in texts], box.y0 * height, box.y1 * height)
    for name, text, y in zip(shown, texts, at, strict=True):
        cs.write(figure, box.x1 * cs.WIDTH + _PAD, y, text, va="center", color=given[name][1])


def _mark_starts(figure: Figure, axes: Axes, series: _Series, *, words: Mapping[str, str]) -> None:
    if not series.starts:
        return
    box, height = axes.get_position(), figure.get_figheight()
    top = 1 + _PAD / (box.height * height)
    for start in series.starts:
        where = {"transform": axes.get_xaxis_transform(), "clip_on": False, "zorder": 1.5}
        axes.plot([start - 0.5] * 2, [0, top], color=cs.GREY, linewidth=1, label="start", **where)
    text = _start_words(figure, series, words)
    width = cs.size(figure, text)[0]
    middle = (series.starts[0] + series.starts[-1] - 1) / 2
    x = box.x0 * cs.WIDTH + (middle - axes.get_xlim()[0]) * _month_width(axes, series) - width / 2
    x = min(max(x, box.x0 * cs.WIDTH), cs.WIDTH - _PAD - width)
    cs.write(figure, x, box.y1 * height + 1.2 * _PAD, text)


def _write_around(figure: Figure, words: Mapping[str, str], notes: str) -> None:
    height = figure.get_figheight()
    cs.write(figure, _PAD / 2, height - _PAD / 2, _unit_words(figure, words), va="top")
    if notes:
        cs.write(figure, _PAD / 2, _PAD / 2, notes, fontsize=SMALL)
