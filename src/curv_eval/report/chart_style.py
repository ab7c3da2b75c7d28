"""One look and one way of placing words for every published chart.

Source: the UK Government Analysis Function's guidance on charts and colour: all text horizontal, sans serif, at most
ten light grey gridlines, lines labelled directly, counts from zero, colour never alone. The two titles stand in the
page as text, so an image has none. Lengths are inches from the bottom left of the figure unless a name says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from curv_eval.errors import PublishError

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text
    from pandas import DataFrame

DARK_BLUE, TURQUOISE, DARK_PINK, ORANGE = "#12436D", "#28A197", "#801650", "#F46A25"
# Orange has a contrast of 3.0 with white: enough for a mark, too little for words.
ORANGE_TEXT, PALE_ORANGE = "#B34A10", "#FBD7C4"
INK, GREY, PALE_GREY, GRID, PALE_BLUE = "#3D3D3D", "#6B6B6B", "#EFEFEF", "#D9D9D9", "#C7D6E6"

WIDTH = 7.0  # at 700 px wide, 10 points are 13.9 px
TEXT, SMALL = 10, 9
LINE = 0.19  # one line of text
SHORTEST_ALT, LONGEST_ALT = 30, 300

_SETTINGS = {
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "sans-serif"],
    "font.size": TEXT,
    "hatch.linewidth": 0.7,
    "savefig.facecolor": "white",
    "svg.fonttype": "none",
    "text.color": INK,
    "text.parse_math": False,  # a dollar sign in a name is a dollar sign
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": TEXT,
    "ytick.labelsize": TEXT,
}


@contextmanager
def style() -> Iterator[None]:
    """Draw or write inside this; the reader's own matplotlib settings neither reach the chart nor are changed by it."""
    import matplotlib.style
    import seaborn

    with matplotlib.rc_context():
        matplotlib.style.use("default")
        colours = [DARK_BLUE, ORANGE, TURQUOISE, DARK_PINK]
        seaborn.set_theme(style="ticks", palette=colours, rc=_SETTINGS)
        yield


def blank_figure(height: float) -> Figure:
    """Return an empty white figure, `WIDTH` by `height`, that no window system and no pyplot knows about."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height), dpi=100, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


@dataclass(frozen=True)
class Margins:
    """Room kept around the axes, inches."""

    left: float
    right: float
    bottom: float
    top: float


def add_axes(figure: Figure, margins: Margins) -> Axes:
    """Return axes that fill the figure up to `margins`, without top and right lines."""
    import seaborn

    width, height = figure.get_size_inches()
    inner = (width - margins.left - margins.right, height - margins.bottom - margins.top)
    axes = figure.add_axes((margins.left / width, margins.bottom / height, inner[0] / width, inner[1] / height))
    seaborn.despine(ax=axes, left=True)
    axes.tick_params(length=0)
    axes.set_axisbelow(True)
    return axes


def write(figure: Figure, x: float, y: float, text: str, **font: object) -> Text:
    """Write `text` with its bottom left corner at (`x`, `y`) inches, horizontally."""
    font = {"fontsize": TEXT, "va": "bottom", "ha": "left", "linespacing": 1.2} | font
    return figure.text(x, y, text, transform=figure.dpi_scale_trans, **font)


def size(figure: Figure, text: str, fontsize: float = TEXT) -> tuple[float, float]:
    """Return the width and height that `text` takes, inches."""
    drawn = write(figure, 0, 0, text, fontsize=fontsize)
    box = drawn.get_window_extent(figure.canvas.get_renderer())
    drawn.remove()
    return box.width / figure.dpi, box.height / figure.dpi


def wrap(figure: Figure, text: str, width: float, fontsize: float = TEXT) -> str:
    """Return `text` broken into lines no wider than `width` inches, where its words allow that."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and size(figure, longer, fontsize)[0] <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return "\n".join(lines)


def rule(figure: Figure, x: Sequence[float], y: Sequence[float]) -> None:
    """Draw a thin grey line through these points (inches), to lead the eye from a mark to its label."""
    from matplotlib.lines import Line2D

    figure.add_artist(Line2D(x, y, color=GREY, linewidth=0.6, transform=figure.dpi_scale_trans))


def inches(figure: Figure, axes: Axes, x: float, y: float) -> tuple[float, float]:
    """Return where the axes' point (`x`, `y`) lies in the figure, inches."""
    across, up = figure.dpi_scale_trans.inverted().transform(axes.transData.transform((x, y)))
    return float(across), float(up)


def spread(centres: Sequence[float], heights: Sequence[float], low: float, high: float) -> list[float]:
    """Return new centres, as near as can be to the old, at which labels of these heights do not overlap in low..high.

    When the labels together are taller than the room, they keep their order and run out of it at the bottom.
    """
    order = sorted(range(len(centres)), key=lambda i: centres[i])
    placed: dict[int, float] = {}
    floor = low
    for i in order:
        placed[i] = max(centres[i], floor + heights[i] / 2)
        floor = placed[i] + heights[i] / 2
    ceiling = high
    for i in reversed(order):
        placed[i] = min(placed[i], ceiling - heights[i] / 2)
        ceiling = placed[i] - heights[i] / 2
    return [placed[i] for i in range(len(centres))]


def value_ticks(low: float, high: float) -> list[float]:
    """Return four to ten round values, evenly spaced, that enclose low..high."""
    from matplotlib.ticker import MaxNLocator

    ticks = list(MaxNLocator(nbins=7, steps=[1, 2, 2.5, 5, 10], min_n_ticks=4).tick_values(low, high))
    step = ticks[1] - ticks[0]
    # where values are many times larger than their range, the locator rounds an end to the inside
    below = [ticks[0] - step] if ticks[0] > low + 1e-6 * step else []
    above = [ticks[-1] + step] if ticks[-1] < high - 1e-6 * step else []
    return [*below, *ticks, *above]


def ratio_ticks(low: float, high: float) -> list[float]:
    """Return two to eight of 1, 2 and 5 times powers of ten, or powers of ten alone, that lie about low..high."""
    import numpy as np

    powers = range(int(np.floor(np.log10(low))) - 1, int(np.ceil(np.log10(high))) + 2)
    for times in ((1, 2, 5), (1, 3), (1,)):
        every = [float(f"{k * 10.0**p:.12g}") for p in powers for k in times]
        ticks = [one for one in every if low * 0.7 <= one <= high * 1.45]
        if len(ticks) <= 8:
            ends = [max(x for x in every if x <= low), min(x for x in every if x >= high)]
            return ticks if len(ticks) > 1 else sorted({*ticks, *ends})
    return ticks[:: -(-len(ticks) // 8)]


def tick_labels(ticks: Sequence[float]) -> list[str]:
    """Return the values as text with thousands separators, all with the same number of decimals."""
    steps = [f"{tick:.6g}" for tick in ticks]
    decimals = max((len(step.partition(".")[2]) for step in steps if "e" not in step), default=0)
    return [f"{tick + 0.0:,.{decimals}f}".replace("-", "\N{MINUS SIGN}") for tick in ticks]


def draw_value_axis(axes: Axes, ticks: Sequence[float]) -> None:
    """Put right-aligned values and light grey gridlines at `ticks`, the first and last of which bound the axes."""
    axes.set_yticks(ticks, tick_labels(ticks))
    axes.set_ylim(ticks[0], ticks[-1])
    axes.grid(axis="y", color=GRID, linewidth=0.7)


def number(value: float) -> str:
    """Return a value as read aloud: 1,234 or 56.7 or 1.23, with a true minus sign."""
    decimals = 0 if float(value).is_integer() or abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{round(value, decimals) + 0.0:,.{decimals}f}".replace("-", "\N{MINUS SIGN}")


def counted(count: int, noun: str) -> str:
    """Return '1 month' or '2 months'."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def withheld_note(count: int) -> str:
    """Return what is said of `count` suppressed values, or nothing when there are none."""
    return f"{counted(count, 'value')} withheld." if count else ""


def alternative(about: str, sentences: Sequence[str]) -> str:
    """Return the text alternative: `about` cut to whole words so that all `sentences` fit, 300 characters at most."""
    rest = " ".join(sentence for sentence in sentences if sentence)
    words = about.split()
    while len(words) > 1 and len(" ".join(words)) + 2 + len(rest) > LONGEST_ALT:
        words.pop()
    return f"{' '.join(words).rstrip(',;:')}. {rest}"


def require(
    chart: str, table: DataFrame, *, columns: Sequence[str], words: Mapping[str, str], keys: Sequence[str]
) -> None:
    """Raise PublishError naming every column and word that `chart` lacks, and every column it does not draw.

    A column that is not drawn is refused because the table is also the chart's download.
    """
    breaches = [f"column missing: {name}" for name in columns if name not in table.columns]
    breaches += [f"column that the chart does not draw: {name}" for name in table.columns if name not in columns]
    breaches += [f"word missing: {key}" for key in keys if not words.get(key, "").strip()]
    if not len(table):
        breaches.append("the table has no rows")
    refuse(chart, breaches)


def numbers(chart: str, table: DataFrame) -> dict[str, np.ndarray]:
    """Return every column as floats, NaN where it is empty; raises PublishError naming the columns that hold text."""
    import numpy as np

    values, breaches = {}, []
    for name in table.columns:
        try:
            values[name] = table[name].to_numpy(dtype=float, na_value=np.nan)
        except (TypeError, ValueError):
            breaches.append(f"{name}: expected numbers, and empty where a value is suppressed")
    refuse(chart, breaches)
    return values


def refuse(chart: str, breaches: Sequence[str]) -> None:
    """Raise PublishError with `breaches`, if there are any."""
    if breaches:
        raise PublishError(f"{chart} cannot be drawn", breaches, "correct the released table or its words")


def declare_not_applicable(figure: Figure, cells: frozenset[tuple[int, str]]) -> None:
    """Note on the figure which empty cells (row position, column) of its table were never meant to hold a value.

    Every other empty cell counts as suppressed, also for a chart that declares nothing.
    """
    figure.curv_not_applicable = cells


def not_applicable(figure: Figure) -> frozenset[tuple[int, str]]:
    """Return what `declare_not_applicable` noted, or nothing."""
    return getattr(figure, "curv_not_applicable", frozenset())
