"""From records to studies: the boxes of a PRISMA 2020 flow, what goes on below what, and what is left out beside it.

Columns: column (where the records come from, or "included"), box, detail (empty for the whole box, else one of its
parts), n (a whole number; empty: suppressed). They are those of `Flow.table` of a review's screening.

Words: `what` (for the text alternative).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from curv_eval.report import chart_style as cs
from curv_eval.report.chart_style import SMALL

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

COLUMNS = ("column", "box", "detail", "n")
# boxes that leave the flow, and the box after which each leaves it
_LEAVES = {
    "records removed before screening": "records identified", "records excluded": "records screened",
    "reports not retrieved": "reports sought for retrieval", "reports excluded": "reports assessed for eligibility",
}  # fmt: skip
_LAST = "included"
_BOXES = (
    "records identified", "records removed before screening", "records screened", "records excluded",
    "reports sought for retrieval", "reports not retrieved", "reports assessed for eligibility", "reports excluded",
    "studies included", "reports included",
)  # fmt: skip
_WIDE, _SIDE, _GAP, _PAD, _SPACE = 3.1, 3.1, 0.7, 0.12, 0.26


@dataclass(frozen=True)
class _Box:
    """One box: its text, and that of what leaves the flow after it; heading: where its records come from, if new."""

    text: str
    beside: str
    heading: str


def draw(table: DataFrame, *, words: dict[str, str]) -> Figure:
    """Return the chart; raises PublishError naming every fault of `table` and `words`."""
    boxes = _read(table, words)
    with cs.style():
        ruler = cs.blank_figure(1)
        heights = [_height(ruler, one) for one in boxes]
        heads = sum(0.3 for one in boxes if one.heading)
        figure = cs.blank_figure(sum(heights) + _SPACE * (len(boxes) - 1) + heads + 2 * _PAD)
        top = figure.get_figheight() - _PAD
        for i, (one, height) in enumerate(zip(boxes, heights, strict=True)):
            if one.heading:
                cs.write(figure, _PAD, top, one.heading, va="top", fontweight="bold")
                top -= 0.3
            _draw_box(figure, one, top, height)
            top -= height
            if i + 1 < len(boxes):
                if not boxes[i + 1].heading:
                    _arrow(figure, (_PAD + _WIDE / 2, top), (_PAD + _WIDE / 2, top - _SPACE))
                top -= _SPACE
    return figure


def alt_text(table: DataFrame, *, words: dict[str, str]) -> str:
    """Return the text alternative: each box that goes on with its number, in order."""
    boxes = _read(table, words)
    lines = [one.text.split("\n")[0].replace(": ", " ") for one in boxes]
    return cs.alternative(f"Flow chart of {words['what']}", [f"{'; '.join(lines)}."])


def _read(table: DataFrame, words: Mapping[str, str]) -> list[_Box]:
    cs.require("review_flow", table, columns=COLUMNS, words=words, keys=("what",))
    held = table.assign(n=cs.numbers("review_flow", table[["n"]])["n"], detail=table["detail"].fillna(""))
    wrong = ((held["n"] < 0) | (held["n"] % 1 > 0)).to_numpy().nonzero()[0]
    faults = [f"row {i + 1}: expected a whole number of 0 or more" for i in wrong]
    cs.refuse("review_flow", faults)
    cs.refuse("review_flow", [] if held["n"].notna().any() else ["every count is withheld; leave the chart out"])
    boxes, before = [], ""
    for column in sorted({*held["column"]}, key=lambda name: (name == _LAST, name)):
        rows = held[held["column"] == column].sort_values(["n", "detail"], ascending=[False, True], kind="stable")
        names = sorted({*rows["box"]}, key=_order)
        for name in (name for name in names if name not in _LEAVES):
            beside = [_text(rows, out) for out, after in _LEAVES.items() if after == name and out in names]
            heading = "" if column in (before, _LAST) else f"From {column}"
            boxes.append(_Box(_text(rows, name), "\n".join(beside), heading))
            before = column
    return _joined(boxes)


def _order(name: str) -> tuple[int, str]:
    return (_BOXES.index(name) if name in _BOXES else len(_BOXES), name)


def _joined(boxes: list[_Box]) -> list[_Box]:
    """Return the boxes with the last two, studies and the reports of them, as one."""
    if len(boxes) < 2 or not boxes[-1].text.startswith("Reports included"):
        return boxes
    return [*boxes[:-2], _Box(f"{boxes[-2].text}\n{boxes[-1].text}", "", "")]


def _text(rows: DataFrame, name: str) -> str:
    held = rows[rows["box"] == name]
    whole, parts = held[held["detail"] == ""], held[held["detail"] != ""]
    lines = [f"{name[0].upper()}{name[1:]}: {_count(n)}" for n in whole["n"]]
    named = zip(parts["detail"].str.replace("_", " "), parts["n"], strict=True)
    lines += [f"   {detail}: {_count(n)}" for detail, n in named]
    return "\n".join(lines)


def _count(n: float) -> str:
    return "withheld" if n != n else f"{n:,.0f}"


def _wrapped(figure: Figure, text: str, width: float) -> str:
    """Return text broken to fit a box; what belongs to a part stays indented."""
    made = []
    for line in text.split("\n"):
        indent = "   " if line.startswith(" ") else ""
        wrapped = cs.wrap(figure, line.strip(), width - 2 * _PAD - 0.05 * len(indent), SMALL)
        made.append("\n".join(indent + part for part in wrapped.split("\n")))
    return "\n".join(made)


def _height(figure: Figure, one: _Box) -> float:
    texts = [_wrapped(figure, one.text, _WIDE), *([_wrapped(figure, one.beside, _SIDE)] if one.beside else [])]
    return max(cs.size(figure, text, SMALL)[1] for text in texts) + 2 * _PAD


def _draw_box(figure: Figure, one: _Box, top: float, height: float) -> None:
    _frame(figure, (_PAD, top - height), (_WIDE, height), cs.PALE_BLUE)
    cs.write(figure, 2 * _PAD, top - height / 2, _wrapped(figure, one.text, _WIDE), va="center", fontsize=SMALL)
    if one.beside:
        left = _PAD + _WIDE + _GAP
        _arrow(figure, (_PAD + _WIDE, top - height / 2), (left, top - height / 2))
        _frame(figure, (left, top - height), (_SIDE - 0.15, height), cs.PALE_GREY)
        text = _wrapped(figure, one.beside, _SIDE - 0.15)
        cs.write(figure, left + _PAD, top - height / 2, text, va="center", fontsize=SMALL)


def _frame(figure: Figure, corner: tuple[float, float], size: tuple[float, float], colour: str) -> None:
    from matplotlib.patches import Rectangle

    look = {"facecolor": colour, "edgecolor": cs.GREY, "linewidth": 0.8, "transform": figure.dpi_scale_trans}
    figure.add_artist(Rectangle(corner, *size, **look))


def _arrow(figure: Figure, start: tuple[float, float], end: tuple[float, float]) -> None:
    from matplotlib.patches import FancyArrowPatch

    look = {"arrowstyle": "-|>", "mutation_scale": 9, "color": cs.GREY, "linewidth": 1.0, "shrinkA": 0, "shrinkB": 0}
    figure.add_artist(FancyArrowPatch(start, end, transform=figure.dpi_scale_trans, **look))
