"""A table's counts with noise, in a new folder that may be put on the open web: a CSV, and what it is."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from curv_eval import budget, manifest
from curv_eval.disclosure.noise import Noised, noised
from curv_eval.errors import DisclosureError, RunError
from curv_eval.report.evidence import Table, read_evidence
from curv_eval.review import approved
from curv_eval.visible import unrun


@dataclass(frozen=True)
class Wanted:
    """A download: of which table, at what epsilon out of which budget, and how many events one person has at most."""

    table: str
    epsilon: float
    budget: float
    per_person: int = 1


def write_download(run: Path, wanted: Wanted, to: Path) -> Noised:
    """Write counts.csv and README.md into the new folder `to`, spend the budget, and return the noised counts.

    One person may be in every cell of the table, each time with `per_person` events; the noise hides that much.
    Raises RunError for a run that is not approved or a folder that is there, DisclosureError for a table without
    counts and where too little of the budget is left.
    """
    if to.exists():
        raise RunError(f"{to} is there already", do="give a new folder")
    if not approved(run):
        do = f"curv-eval review {run.name} --reviewer NAME --decision approve"
        raise RunError(f"{run.name} is not approved, so nothing of it may be downloaded", do=do)
    table, held = _table(run, wanted.table), manifest.read(run)
    cells = table.records[table.records["count"].notna()]
    budget.refuse_overspent(run, table.name, epsilon=wanted.epsilon, budget=wanted.budget)
    most = len(cells) * wanted.per_person
    made = noised(cells["count"].astype(int).tolist(), epsilon=wanted.epsilon, most=most)
    budget.spend(run, table.name, epsilon=wanted.epsilon, budget=wanted.budget)
    to.mkdir(parents=True)
    _write_counts(to / "counts.csv", cells, made)
    text = _words(table, wanted, made, made_up=bool(held["made_up"]))
    (to / "README.md").write_text(text, "utf-8", newline="\n")
    return made


def _table(run: Path, name: str) -> Table:
    tables = {table.name: table for table in read_evidence(run) if table.records["count"].notna().any()}
    if name not in tables:
        do = f"give one of {', '.join(tables)}" if tables else "this run has none"
        raise DisclosureError(f"{name} is no table of counts", do=do)
    return tables[name]


def _write_counts(path: Path, cells: pd.DataFrame, made: Noised) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["row", "column", "noised_count"])
        named = zip(cells["row"], cells["column"], made.counts, strict=True)
        writer.writerows([unrun(str(row)), unrun(str(column)), count] for row, column, count in named)


def _words(table: Table, wanted: Wanted, made: Noised, *, made_up: bool) -> str:
    mark = "**MADE-UP DATA.** These numbers describe nobody.\n\n" if made_up else ""
    events = "one event" if wanted.per_person == 1 else f"{wanted.per_person} events"
    return (
        f"# {table.title}\n\n{mark}Every count in counts.csv was changed by chance, so that nobody can tell from them "
        f"whether one person is in the data. 95 of 100 lie within {made.within} of the true count; none is exact, and "
        f"small ones may be far off. Sums of them do not fit other published totals.\n\n"
        f"Noise: discrete Laplace, scale {made.scale:g} (epsilon {made.epsilon:g}; a person is taken to have at most "
        f"{events} in each cell). The promise is about these numbers alone: other figures of the same data that were "
        f"published are not part of it. The noise was drawn once and cannot be drawn again.\n"
    )
