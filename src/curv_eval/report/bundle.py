"""The bundle a run leaves: values, tables and parts in markdown; made from Released tables only."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from curv_eval.disclosure import WITHHELD, Released
from curv_eval.errors import DisclosureError
from curv_eval.report.evidence import add_evidence
from curv_eval.visible import unrun, visible

Format = Callable[[object], str]


@dataclass(frozen=True)
class Column:
    """One column of a printed table: where it comes from, its heading, how a value is written, and its alignment."""

    source: str
    heading: str
    write: Format = field(default_factory=lambda: plain)
    right: bool = False


def add_facts(folder: Path, **facts: str | bool | int) -> None:
    """Set top-level facts of release/results.json: study, title, made_up, unit, and how many periods there are."""
    path, held = _held(folder)
    write_json(path, {**held, **facts})


def add_values(folder: Path, values: Mapping[str, str]) -> None:
    """Add named texts to release/results.json and rewrite release/_variables.yml, which briefs read."""
    path, held = _held(folder)
    held["values"].update(values)
    write_json(path, held)
    lines = [f"{key}: {json.dumps(text, ensure_ascii=False)}" for key, text in sorted(held["values"].items())]
    (path.parent / "_variables.yml").write_text("\n".join(lines) + "\n", "utf-8", newline="\n")


def add_table(folder: Path, released: Released) -> None:
    """Add a released table to release/results.json and write release/tables/<name>.csv; its evidence stays inside."""
    _only_released(released)
    add_evidence(folder, released)
    path, held = _held(folder)
    held["tables"][released.name] = {
        "title": released.title,
        "rule": released.rule.name,
        "withheld": released.suppressed,
        "rows": json.loads(released.table.drop(columns="geometry", errors="ignore").to_json(orient="records")),
    }
    write_json(path, held)
    write_csv(folder / "release" / "tables" / f"{released.name}.csv", released)


def write_csv(path: Path, released: Released) -> None:
    """Write a released table as CSV: withheld cells say so, and text that a spreadsheet would run is neutralised."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        table = released.table.drop(columns="geometry", errors="ignore")
        writer.writerow(unrun(str(name)) for name in table.columns)
        hidden = released.hidden.reindex(columns=table.columns, fill_value=False)
        for row, gone in zip(table.itertuples(index=False), hidden.itertuples(index=False), strict=True):
            writer.writerow([_cell(value, withheld) for value, withheld in zip(row, gone, strict=True)])


def markdown(released: Released, columns: tuple[Column, ...], *, label: str, widths: str = "") -> str:
    """Return a pipe table with caption and `#tbl-` label; NaN cells read "withheld".

    widths: the columns' shares of the page in per cent, such as "30,70"; without it columns are as wide as their text.
    """
    _only_released(released)
    rule = ["---:" if column.right else ":---" for column in columns]
    rows = [[_written(row[c.source], c) for c in columns] for row in released.table.to_dict("records")]
    lines = ["| " + " | ".join(cells) + " |" for cells in [[c.heading for c in columns], rule, *rows]]
    shares = f' tbl-colwidths="[{widths}]"' if widths else ""
    return "\n".join([*lines, "", f": {plain(released.title)} {{#tbl-{label}{shares}}}"])


def add_part(folder: Path, name: str, text: str) -> None:
    """Write release/parts/_<name>.md, which a brief includes."""
    path = folder / "release" / "parts" / f"_{name}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.strip() + "\n", "utf-8", newline="\n")


def plain(text: object) -> str:
    """Return data text that cannot be read as markdown, HTML or a shortcode, nor turn the direction of reading."""
    safe = visible(" ".join(str(text).split()))
    for mark in "\\`*_{}[]<>#|$@~^&":
        safe = safe.replace(mark, "\\" + mark)
    # a list or a block begins with these only where a line does
    return _BEGINS.sub(r"\1\\\2 ", safe.replace(":::", "\\:::"))


_BEGINS = re.compile(r"^(\(?(?:\d+|[A-Za-z]|[ivxIVX]+)?)([-+:.)]) ")


def write_json(path: Path, held: object) -> None:
    """Write JSON with sorted keys and no platform differences."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(held, indent=1, sort_keys=True, ensure_ascii=False) + "\n", "utf-8", newline="\n")


def _held(folder: Path) -> tuple[Path, dict]:
    path = folder / "release" / "results.json"
    return path, json.loads(path.read_text("utf-8")) if path.exists() else {"values": {}, "tables": {}}


def _only_released(released: object) -> None:
    if not isinstance(released, Released):
        raise DisclosureError(
            f"got {type(released).__name__}, expected a Released table", do="pass it through release() first"
        )


def _written(value: object, column: Column) -> str:
    return WITHHELD if pd.isna(value) else column.write(value)


def _cell(value: object, withheld: bool) -> str:
    if pd.isna(value):
        return WITHHELD if withheld else "not applicable"
    if isinstance(value, float):
        return f"{value:.6g}" if value % 1 else f"{value:.0f}"
    return unrun(value.replace("\r", " ")) if isinstance(value, str) else str(value)
