"""A forest plot: the effect of each study with its interval, the average of all, and the range for a new place.

Columns: label, kind ("study", "pooled", or "prediction": where a new study's effect would lie, without an estimate),
estimate, conf_low, conf_high (ratios, or differences), weight (per cent; empty for a prediction). An empty estimate or
interval of a study is suppressed. More studies than have room for a name each are drawn from the lowest to the highest.

Words: `effect_label` (what the axis measures), `scale` ("ratio": a log axis with no effect at 1; "difference": at 0),
`fewer` and `more` (what lies on each side); optional `what` (for the text alternative).
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

COLUMNS = ("label", "kind", "estimate", "conf_low", "conf_high", "weight")
KINDS, SCALES = ("study", "pooled", "prediction"), ("ratio", "difference")
_ROW, _NAMED, _TALL, _CROWD = 0.24, 58, 8.75, 6.0
_NUMBERS, _PAD, _HEAD, _FOOT = 1.72, 0.1, 0.62, 0.45
_PALE = "#8FA9C4"


@dataclass(frozen=True)
class _Rows:
    """Rows from the top down; arrays of one length. y: where each stands, inches above the axis. step: of a study.

    named: whether studies have room for their names and numbers.
    """

    label: list[str]
    kind: np.ndarray
    values: Mapping[str, np.ndarray]
    scale: str
    y: np.ndarray
    step: float
    named: bool

    @property
    def height(self) -> float:
        """Inches that all rows take."""
        return float(self.y[0] + self.step / 2 + 0.04)

    @property
    def none(self) -> float:
        """No effect."""
        return 1.0 if self.scale == "ratio" else 0.0

    def of(self, kind: str) -> np.ndarray:
        """Which rows are of a kind and have their interval: bool."""
        import numpy as np

        known = np.isfinite(self.values["conf_low"]) & np.isfinite(self.values["conf_high"])
        return (self.kind == kind) & known


def draw(table: DataFrame, *, words: dict[str, str]) -> Figure:
    """Return the chart; raises PublishError naming every fault of `table` and `words`."""
    rows = _read(table, words)
    with cs.style():
        note = cs.withheld_note(_withheld(rows))
        foot = _FOOT + (0.25 if note else 0)
        head = _HEAD + cs.size(cs.blank_figure(1), _label(cs.blank_figure(1), words))[1] - cs.LINE
        figure = cs.blank_figure(rows.height + head + foot)
        wide = max(cs.size(figure, f"{text}  ", _font(rows, i))[0] for i, text in enumerate(rows.label))
        axes = cs.add_axes(figure, cs.Margins(min(2.6, wide + _PAD), _NUMBERS, foot, head))
        _draw_axis(axes, rows)
        _draw_studies(axes, rows)
        _draw_together(axes, rows)
        _write_rows(figure, axes, rows)
        _write_around(figure, axes, words=words)
        cs.write(figure, _PAD / 2, _PAD / 2, note, fontsize=SMALL)
        cs.declare_not_applicable(figure, _never_meant(table))
    return figure


def alt_text(table: DataFrame, *, words: dict[str, str]) -> str:
    """Return the text alternative: how many studies, where they lie, the average, and the range for a new place."""
    rows = _read(table, words)
    estimates = rows.values["estimate"][rows.of("study")]
    sides = (int((estimates < rows.none).sum()), int((estimates > rows.none).sum()))
    sentences = [
        f"{cs.counted(int((rows.kind == 'study').sum()), 'study').replace('studys', 'studies')}: {sides[0]} below "
        f"{rows.none:g}, {sides[1]} above.",
        *(f"Average {_said(rows, i)}." for i in rows.of("pooled").nonzero()[0]),
        *(f"New place {_ends(rows, i)}." for i in rows.of("prediction").nonzero()[0]),
        cs.withheld_note(_withheld(rows)),
    ]
    return cs.alternative(f"Forest plot of {words.get('what', words['effect_label'])}", sentences)


def _read(table: DataFrame, words: Mapping[str, str]) -> _Rows:
    keys = ("effect_label", "scale", "fewer", "more")
    cs.require("forest", table, columns=COLUMNS, words=words, keys=keys)
    values = cs.numbers("forest", table[list(COLUMNS[2:])])
    cs.refuse("forest", _faults(table, values, words["scale"]))
    rows = _placed(table, values, words["scale"])
    cs.refuse("forest", [] if rows.of("study").any() else ["every study is withheld; leave the chart out"])
    return rows


def _placed(table: DataFrame, values: Mapping[str, np.ndarray], scale: str) -> _Rows:
    """Return the rows in their order: studies by weight, or without room for a name from the lowest to the highest."""
    import numpy as np

    kind, texts = table["kind"].to_numpy(str), table["label"].astype(str).to_numpy()
    studies = kind == "study"
    named = int(studies.sum()) <= _NAMED
    first = -np.nan_to_num(values["weight"], nan=-1.0) if named else np.nan_to_num(values["estimate"], nan=np.inf)
    order = np.lexsort((texts, np.where(studies, first, 0.0), [KINDS.index(one) for one in kind]))
    step = float(min(_ROW, _TALL / max(studies.sum(), 1)) if named else _CROWD / studies.sum())
    heights = np.where(studies[order], step, _ROW)
    label = [_short(texts[i], 32) if named or not studies[i] else "" for i in order]
    held = {name: one[order] for name, one in values.items()}
    y = heights.sum() - heights.cumsum() + heights / 2
    return _Rows(label, kind[order], held, scale, y, step=step, named=named)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _faults(table: DataFrame, values: Mapping[str, np.ndarray], scale: str) -> list[str]:
    import numpy as np

    faults = [f"scale: got {scale!r}, expected ratio or difference"] if scale not in SCALES else []
    for kind in sorted({*table["kind"].astype(str)} - {*KINDS}):
        faults.append(f"kind: got {kind!r}, expected one of {', '.join(KINDS)}")
    faults += [f"{name}: a value is infinite" for name in values if np.isinf(values[name]).any()]
    low, middle, high = (values[name] for name in ("conf_low", "estimate", "conf_high"))
    faults += [f"{table['label'].iloc[i]}: its interval does not hold its estimate"
               for i in ((low > middle) | (high < middle)).nonzero()[0]]  # fmt: skip
    if scale == "ratio" and any((values[name] <= 0).any() for name in ("estimate", "conf_low", "conf_high")):
        faults.append("a ratio is 0 or less; ratios are above 0 (was a logarithm given?)")
    return faults


def _withheld(rows: _Rows) -> int:
    import numpy as np

    empty = np.isnan([rows.values[name] for name in ("estimate", "conf_low", "conf_high")]).any(axis=0)
    return int((empty & (rows.kind != "prediction")).sum())


def _never_meant(table: DataFrame) -> frozenset[tuple[int, str]]:
    new = (table["kind"].to_numpy(str) == "prediction").nonzero()[0]
    return frozenset((int(i), name) for i in new for name in ("estimate", "weight"))


def _font(rows: _Rows, i: int) -> float:
    return SMALL if rows.kind[i] != "study" else min(SMALL, 0.8 * 72 * rows.step)


def _extent(rows: _Rows) -> tuple[float, float]:
    """Return ends that hold every estimate and the bulk of intervals; what is cut off ends in an arrow."""
    import numpy as np

    v, held = rows.values, rows.of("study") | rows.of("pooled") | rows.of("prediction")
    inner = v["estimate"][np.isfinite(v["estimate"])]
    low, high = (np.quantile(v[name][held], q) for name, q in (("conf_low", 0.04), ("conf_high", 0.96)))
    whole = v["conf_low"][rows.kind != "study"], v["conf_high"][rows.kind != "study"]
    ends = [*inner, low, high, rows.none, *(x for one in whole for x in one[np.isfinite(one)])]
    return float(min(ends)), float(max(ends))


def _draw_axis(axes: Axes, rows: _Rows) -> None:
    low, high = _extent(rows)
    if rows.scale == "ratio":
        axes.set_xscale("log")
        axes.minorticks_off()
        ticks = cs.ratio_ticks(low, high)
        axes.set_xlim(min(low * 0.93, ticks[0]), max(high * 1.07, ticks[-1]))
        axes.set_xticks(ticks, [f"{one:,g}" for one in ticks])
    else:
        ticks = cs.value_ticks(low, high)
        axes.set_xlim(ticks[0], ticks[-1])
        axes.set_xticks(ticks, cs.tick_labels(ticks))
    axes.set_ylim(0, rows.height)
    axes.set_yticks([])
    axes.vlines(ticks, 0, rows.height, color=cs.GRID, linewidth=0.6, zorder=0.5)
    axes.axvline(rows.none, color=cs.INK, linewidth=1, zorder=1.5)


def _label(figure: Figure, words: Mapping[str, str]) -> str:
    return cs.wrap(figure, words["effect_label"], cs.WIDTH - _PAD)


def _one_line(figure: Figure, text: str, room: float) -> str:
    """Return text cut so that it stands in one line beside the line of no effect."""
    while cs.size(figure, text, SMALL)[0] > room and len(text) > 4:
        text = text.rstrip("\N{HORIZONTAL ELLIPSIS}")[:-1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"
    return text


def _draw_studies(axes: Axes, rows: _Rows) -> None:
    import numpy as np

    shown, v, y = rows.of("study"), rows.values, rows.y
    left, right = axes.get_xlim()
    low, high = (np.clip(v[name][shown], left, right) for name in ("conf_low", "conf_high"))
    colour = cs.DARK_BLUE if rows.named else _PALE
    axes.hlines(y[shown], low, high, color=colour, linewidth=1.1 if rows.named else 0.8, zorder=2)
    for cut, at, mark in ((v["conf_low"] < left, left, "<"), (v["conf_high"] > right, right, ">")):
        gone = shown & cut
        look = {"color": colour, "markersize": 4 if rows.named else 2, "clip_on": False}
        axes.plot(np.full(int(gone.sum()), at), y[gone], mark, **look)
    weight = np.nan_to_num(v["weight"][shown], nan=0.0)
    share = weight / max(float(weight.max(initial=0.0)), 1e-9)
    area = np.maximum((72 * max(rows.step, 0.06) * 0.62) ** 2 * share, 5 if rows.named else 2)
    axes.scatter(v["estimate"][shown], y[shown], s=area, marker="s", color=cs.DARK_BLUE, linewidths=0, zorder=3)


def _draw_together(axes: Axes, rows: _Rows) -> None:
    v, y = rows.values, rows.y
    for i in rows.of("pooled").nonzero()[0]:
        middle, up = v["estimate"][i], [y[i], y[i] + 0.085, y[i], y[i] - 0.085]
        axes.fill([v["conf_low"][i], middle, v["conf_high"][i], middle], up, color=cs.ORANGE, linewidth=0, zorder=3)
        dashes = {"color": cs.ORANGE, "linewidth": 1, "linestyle": (0, (4, 3))}
        axes.plot([middle] * 2, [y[i], rows.height], zorder=1.4 if rows.named else 4, **dashes)
    for i in rows.of("prediction").nonzero()[0]:
        axes.hlines(y[i], v["conf_low"][i], v["conf_high"][i], color=cs.ORANGE, linewidth=3, zorder=3)


def _number(x: float) -> str:
    return f"{x:.2f}".replace("-", "\N{MINUS SIGN}")


def _ends(rows: _Rows, i: int) -> str:
    return f"{_number(rows.values['conf_low'][i])} to {_number(rows.values['conf_high'][i])}"


def _said(rows: _Rows, i: int) -> str:
    return f"{_number(rows.values['estimate'][i])} ({_ends(rows, i)})"


def _write_rows(figure: Figure, axes: Axes, rows: _Rows) -> None:
    right, known = axes.get_xlim()[1], rows.of("study") | rows.of("pooled")
    new, studies = rows.of("prediction"), rows.kind == "study"
    for i in range(len(rows.label)):
        if studies[i] and not rows.named:
            continue
        across, up = cs.inches(figure, axes, right, rows.y[i])
        font = {"fontsize": _font(rows, i), "va": "center"} | ({} if studies[i] else {"fontweight": "bold"})
        cs.write(figure, _PAD / 2, up, rows.label[i], **font)
        said = _said(rows, i) if known[i] else f"({_ends(rows, i)})" if new[i] else "withheld"
        cs.write(figure, across + _NUMBERS - _PAD / 2, up, said, ha="right", **font)
    if not rows.named:
        across, up = cs.inches(figure, axes, axes.get_xlim()[0], rows.height)
        text = cs.wrap(figure, f"{int(studies.sum())} studies, lowest first", across - 2 * _PAD, SMALL)
        cs.write(figure, _PAD / 2, up - 0.1, text, va="top", fontsize=SMALL)


def _write_around(figure: Figure, axes: Axes, *, words: Mapping[str, str]) -> None:
    none, top = cs.inches(figure, axes, 1.0 if words["scale"] == "ratio" else 0.0, axes.get_ylim()[1])
    cs.write(figure, _PAD / 2, figure.get_figheight() - _PAD / 2, _label(figure, words), va="top")
    room = cs.WIDTH - none - _PAD
    fewer, more = f"\N{LEFTWARDS ARROW} {words['fewer']}", f"{words['more']} \N{RIGHTWARDS ARROW}"
    cs.write(figure, none - _PAD, top + 0.04, _one_line(figure, fewer, none - 2 * _PAD), ha="right", fontsize=SMALL)
    cs.write(figure, none + _PAD, top + 0.04, _one_line(figure, more, room), fontsize=SMALL)
