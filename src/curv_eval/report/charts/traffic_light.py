"""Risk of bias, study by study and domain by domain: a sign in each cell, so that colour is never alone.

Columns: label (the study), domain ("overall" last), judgement (a level of RoB 2 or ROBINS-I; empty: not rated). More
studies than have room for a row each are drawn as shares of studies by domain.

Words: `what` (for the text alternative).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from curv_eval.report import chart_style as cs
from curv_eval.report.chart_style import SMALL

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

COLUMNS = ("label", "domain", "judgement")
_PINK = "#DDABC2"
# colour and sign from best to worst; grey for what nobody knows. All signs are dark: they are text
LOOKS = {
    "low": (cs.PALE_BLUE, "+"), "some_concerns": (cs.PALE_ORANGE, "\N{EN DASH}"),
    "moderate": (cs.PALE_ORANGE, "\N{EN DASH}"), "high": (_PINK, "\N{MULTIPLICATION SIGN}"),
    "serious": (_PINK, "\N{MULTIPLICATION SIGN}"), "critical": (_PINK, "!"), "no_information": (cs.PALE_GREY, "?"),
    "not_rated": ("white", ""),
}  # fmt: skip
_DOMAINS = (
    "randomisation", "confounding", "selection", "classification", "deviations", "missing_data", "measurement",
    "reporting", "overall",
)  # fmt: skip
_MOST, _ROW, _PAD, _LEFT = 30, 0.3, 0.1, 2.0


@dataclass(frozen=True)
class _Cells:
    """levels: by study and domain."""

    studies: list[str]
    domains: list[str]
    levels: Mapping[tuple[str, str], str]

    def of(self, study: str, domain: str) -> str:
        """The level of a cell."""
        return self.levels.get((study, domain), "not_rated")

    @property
    def present(self) -> list[str]:
        """The levels that occur, best first."""
        seen = {self.of(study, domain) for study in self.studies for domain in self.domains}
        return [level for level in LOOKS if level in seen]


def draw(table: DataFrame, *, words: dict[str, str]) -> Figure:
    """Return the chart; raises PublishError naming every fault of `table` and `words`."""
    cells = _read(table, words)
    with cs.style():
        one_each = len(cells.studies) <= _MOST
        rows = len(cells.studies) if one_each else len(cells.domains)
        head = 0.75 if one_each else 0.1
        figure = cs.blank_figure(rows * _ROW + head + 0.75)
        axes = cs.add_axes(figure, cs.Margins(_LEFT, 0.15, 0.7, head))
        axes.set_axis_off()
        (_draw_cells if one_each else _draw_shares)(figure, axes, cells)
        _write_key(figure, cells)
    return figure


def alt_text(table: DataFrame, *, words: dict[str, str]) -> str:
    """Return the text alternative: how many studies are at each level over all, or in the last domain."""
    cells = _read(table, words)
    last = cells.domains[-1]
    counts = {level: sum(cells.of(study, last) == level for study in cells.studies) for level in cells.present}
    said = ", ".join(f"{n} {_spoken(level)}" for level, n in counts.items() if n)
    count = len(cells.studies)
    about = f"Risk of bias of {words['what']}"
    return cs.alternative(about, [f"{count} {'study' if count == 1 else 'studies'}, {_spoken(last)}: {said}."])


def _spoken(name: str) -> str:
    return name.replace("_", " ")


def _read(table: DataFrame, words: Mapping[str, str]) -> _Cells:
    cs.require("traffic_light", table, columns=COLUMNS, words=words, keys=("what",))
    held = table.astype(object).where(table.notna(), "not_rated").astype(str)
    faults = [f"judgement: got {level!r}, expected one of {', '.join(LOOKS)}"
              for level in sorted({*held["judgement"]} - {*LOOKS, ""})]  # fmt: skip
    twice = held.duplicated(["label", "domain"])
    faults += [f"{row.label}, {row.domain}: judged more than once" for row in held[twice].itertuples()]
    cs.refuse("traffic_light", faults)
    levels = {(r.label, r.domain): r.judgement or "not_rated" for r in held.itertuples()}
    rated = any(level != "not_rated" for level in levels.values())
    cs.refuse("traffic_light", [] if rated else ["every judgement is withheld or missing; leave the chart out"])
    return _Cells(sorted({*held["label"]}), sorted({*held["domain"]}, key=_order), levels)


def _order(domain: str) -> tuple[int, str]:
    return (_DOMAINS.index(domain) if domain in _DOMAINS else len(_DOMAINS) - 2, domain)


def _draw_cells(figure: Figure, axes: Axes, cells: _Cells) -> None:
    columns, rows = len(cells.domains), len(cells.studies)
    axes.set_xlim(0, columns)
    axes.set_ylim(0, rows)
    for j, domain in enumerate(cells.domains):
        # every other heading stands higher: they are wider than their columns
        x, y = cs.inches(figure, axes, j + 0.5, rows)
        cs.write(figure, x, y + 0.06 + 0.2 * (j % 2), _spoken(domain), ha="center", fontsize=SMALL)
    for i, study in enumerate(cells.studies):
        y = rows - i - 0.5
        cs.write(figure, _PAD / 2, cs.inches(figure, axes, 0, y)[1], _cut(figure, study), va="center", fontsize=SMALL)
        for j, domain in enumerate(cells.domains):
            colour, sign = LOOKS[cells.of(study, domain)]
            axes.scatter([j + 0.5], [y], s=190, color=colour, edgecolors=cs.GREY, linewidths=0.7, zorder=2)
            axes.text(j + 0.5, y, sign, ha="center", va="center_baseline", color=cs.INK, fontsize=10, fontweight="bold")


def _cut(figure: Figure, text: str) -> str:
    while cs.size(figure, text, SMALL)[0] > _LEFT - 2 * _PAD:
        text = text.rstrip("…")[:-1].rstrip() + "…"
    return text


def _draw_shares(figure: Figure, axes: Axes, cells: _Cells) -> None:
    rows, count = len(cells.domains), len(cells.studies)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, rows)
    for i, domain in enumerate(cells.domains):
        y, left = rows - i - 0.5, 0.0
        cs.write(figure, _PAD / 2, cs.inches(figure, axes, 0, y)[1], _spoken(domain), va="center", fontsize=SMALL)
        for level in cells.present:
            colour, sign = LOOKS[level]
            share = sum(cells.of(study, domain) == level for study in cells.studies) / count
            axes.barh([y], [share], left=[left], height=0.7, color=colour, edgecolor=cs.GREY, linewidth=0.7)
            if share > 0.06:
                axes.text(
                    left + share / 2, y, f"{sign} {share:.0%}", ha="center", va="center", color=cs.INK, fontsize=SMALL
                )
            left += share


def _write_key(figure: Figure, cells: _Cells) -> None:
    x = _PAD
    for level in cells.present:
        colour, sign = LOOKS[level]
        ground = {"boxstyle": "circle,pad=0.25", "facecolor": colour, "edgecolor": cs.GREY, "linewidth": 0.7}
        cs.write(
            figure,
            x + 0.08,
            0.22,
            sign or "  ",
            color=cs.INK,
            fontsize=SMALL,
            fontweight="bold",
            ha="center",
            bbox=ground,
        )
        cs.write(figure, x + 0.26, 0.2, _spoken(level), fontsize=SMALL)
        x += 0.45 + cs.size(figure, _spoken(level), SMALL)[0] + 0.15
