"""Writes a chart as the four files a brief needs, with the same bytes on every run.

The table is the chart's download, so it says in words what may not be shown: 'suppressed', never 0 and never nothing.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING

from curv_eval.errors import PublishError
from curv_eval.report import chart_style as cs
from curv_eval.visible import unrun

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

SUPPRESSED, NOT_APPLICABLE = "suppressed", "not applicable"
DOTS_PER_INCH = 200
_GEOMETRY = "geometry"


def write_figure(name: str, figure: Figure, table: DataFrame, *, alt: str, folder: Path) -> dict[str, Path]:
    """Write <name>.svg, .png, .csv and .alt.txt into `folder` and return their paths under svg, png, csv and alt.

    The figure is emptied. Raises PublishError, before anything is written, for a name that is no file name, a text
    alternative that is not 30 to 300 characters on one line, and an infinite value.
    """
    _check(name, table, alt)
    download = _csv(table, cs.not_applicable(figure))
    folder.mkdir(parents=True, exist_ok=True)
    paths = {kind: folder / f"{name}.{ending}" for kind, ending in _ENDINGS.items()}
    with cs.style():
        paths["svg"].write_bytes(_svg(name, figure))
        paths["png"].write_bytes(_png(figure))
    paths["csv"].write_bytes(download.encode())
    paths["alt"].write_bytes(f"{alt}\n".encode())
    _close(figure)
    return paths


_ENDINGS = {"svg": "svg", "png": "png", "csv": "csv", "alt": "alt.txt"}


def _check(name: str, table: DataFrame, alt: str) -> None:
    breaches = []
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name):
        breaches.append(f"name: got {name!r}, expected small letters, digits, - and _")
    if not cs.SHORTEST_ALT <= len(alt) <= cs.LONGEST_ALT or not alt.isprintable():
        breaches.append(f"text alternative: got {len(alt)} characters, expected 30 to 300 on one line")
    floats = table.select_dtypes("number")
    breaches += [f"{column}: a value is infinite" for column in floats if floats[column].abs().eq(float("inf")).any()]
    if breaches:
        raise PublishError(f"figure {name} cannot be written", breaches, "correct them where the chart is made")


def _svg(name: str, figure: Figure) -> bytes:
    import matplotlib

    # The salt carries the name, so that two charts placed in one page share no id by chance.
    matplotlib.rcParams["svg.hashsalt"] = f"curv-eval {name}"
    file = io.BytesIO()
    figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return file.getvalue()


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    return file.getvalue()


def _close(figure: Figure) -> None:
    from matplotlib import pyplot

    figure.clear()
    pyplot.close(figure)


def _csv(table: DataFrame, not_applicable: frozenset[tuple[int, str]]) -> str:
    columns = [column for column in table.columns if column != _GEOMETRY]
    file = io.StringIO()
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(unrun(str(column)) for column in columns)
    for position, row in enumerate(table[columns].itertuples(index=False, name=None)):
        rows.writerow(_cells(row, [(position, column) in not_applicable for column in columns]))
    return file.getvalue()


def _cells(row: Iterable[object], blank: Iterable[bool]) -> Iterable[str]:
    return [_cell(value, NOT_APPLICABLE if none else SUPPRESSED) for value, none in zip(row, blank, strict=True)]


def _cell(value: object, empty: str) -> str:
    import pandas

    if pandas.isna(value):
        return empty
    if isinstance(value, Real) and not isinstance(value, (bool, Integral)):
        return _rounded(float(value))
    return str(value) if isinstance(value, Integral) else unrun(str(value))


def _rounded(value: float) -> str:
    """Return six significant digits: differences between machines lie far below them."""
    rounded = float(f"{value:.6g}") + 0.0
    return str(int(rounded)) if rounded.is_integer() else repr(rounded)
