"""A figure in a brief: drawn from a Released table only, with its alt text, its files and its data."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from curv_eval.disclosure import Released
from curv_eval.errors import DisclosureError
from curv_eval.report.bundle import plain


def add_figure(
    folder: Path,
    name: str,
    released: Released,
    *,
    words: dict[str, str],
    caption: str,
) -> str:
    """Draw chart `name` from `released` into release/figures and return the markdown that shows it.

    Raises DisclosureError when the table did not come through the gate.
    """
    from curv_eval.report.figure_files import write_figure

    if not isinstance(released, Released):
        raise DisclosureError(f"figure {name}: got {type(released).__name__}, expected a Released table")
    chart = import_module(f"curv_eval.report.charts.{name}")
    table = released.table[list(chart.COLUMNS)]
    alt = chart.alt_text(table, words=words)
    write_figure(name, chart.draw(table, words=words), table, alt=alt, folder=folder / "release" / "figures")
    return figure_markdown(name, alt, caption)


def figure_markdown(name: str, alt: str, caption: str) -> str:
    """Return the figure as Quarto markdown, and a line that says where its data are."""
    label, quoted = name.replace("_", "-"), plain(alt).replace('"', "'")
    image = f'![{plain(caption)}](bundle/figures/{name}.svg){{#fig-{label} fig-alt="{quoted}"}}'
    data = f"[Data behind this figure (CSV)](bundle/figures/{name}.csv)"
    return f'{image}\n\n::: {{.content-visible when-format="html"}}\n{data}\n:::'
