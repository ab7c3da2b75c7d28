"""The record of a release in the layout of ACRO, which SACRO's viewer reads: results.json, files, checksums.

The layout is that of `acro.record.Records.finalise_json` (ACRO 1.0); nothing of ACRO is needed to write it.
"""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from curv_eval import manifest
from curv_eval.errors import RunError
from curv_eval.report.asked import standings
from curv_eval.report.evidence import Table, read_evidence
from curv_eval.study import Asked

VERSION = "1.0.2"
_KINDS = ("negative", "missing", "threshold", "p-ratio", "nk-rule", "all-values-are-same")
_KIND_OF = {"withheld: small number": "threshold", "withheld: a few give nearly all of it": "p-ratio"}


def write_acro(run: Path, to: Path) -> Path:
    """Write the record of a run into the new folder `to`, and return its results.json.

    Each released table is an output: its CSV as released, with the cells that a rule withheld, as positions in it.
    Status: pass where nothing is withheld, else review, for withheld cells are marked and no number of theirs is in it.
    Raises RunError when `to` is there already.
    """
    if to.exists():
        raise RunError(f"{to} is there already", do="give a new folder")
    held, tables = manifest.read(run), read_evidence(run)
    (to / "checksums").mkdir(parents=True)
    results = {f"output_{n}": _output(n, table, run=run, to=to, held=held) for n, table in enumerate(tables)}
    path = to / "results.json"
    path.write_text(json.dumps({"version": VERSION, "results": results}, indent=4) + "\n", "utf-8", newline="\n")
    for file in sorted(to.iterdir()):
        if file.is_file():
            (to / "checksums" / f"{file.name}.txt").write_text(manifest.sha256(file), "utf-8", newline="\n")
    return path


def _output(number: int, table: Table, *, run: Path, to: Path, held: dict) -> dict:
    name = f"output_{number}_0.csv"
    (to / name).write_bytes((run / "release" / "tables" / f"{table.name}.csv").read_bytes())
    shown = pd.read_csv(to / name, keep_default_na=False)
    sdc = _sdc(table, list(shown.columns), len(shown))
    few = sum(len(cells) for cells in sdc["cells"].values())
    exception = _exception(table, held)
    status = "review" if few or exception else "pass"
    return {
        "uid": f"output_{number}", "status": status, "type": "table", "properties": {"method": table.name},
        "files": [{"name": name, "sdc": sdc}], "outcome": _outcome(table, list(shown.columns), len(shown)),
        "command": f"curv-eval run {held['params']}", "timestamp": held["times"]["finished"],
        "summary": f"{status}; {few} cells withheld; " if few else status, "exception": exception,
        "comments": [table.title, f"Rule {table.rule}: {table.says}"],
    }  # fmt: skip


def _exception(table: Table, held: dict) -> str:
    """Return what the analyst asked for in this table, and what a review let out of it."""
    asked = [Asked(**one) for one in held["parameters"].get("exceptions", []) if one["table"] == table.name]
    return "; ".join(
        f"{one.asked.row}, {one.asked.column} ({one.decision or 'no such cell'}): {one.asked.reason} ({one.asked.by})"
        for one in standings(asked, [table])
    )


def _sdc(table: Table, columns: list[str], rows: int) -> dict:
    cells: dict[str, list] = {kind: [] for kind in _KINDS}
    for row, column, decision in _decisions(table, rows):
        if decision.startswith("withheld"):
            # as the viewer counts them: without the first column, which is the index of ACRO's own tables
            cells[_KIND_OF.get(decision, "threshold")].append([row, columns.index(column) - 1])
    counted = {kind: len(found) for kind, found in cells.items()}
    return {"summary": {"suppressed": any(counted.values()), **counted}, "cells": cells}


def _outcome(table: Table, columns: list[str], rows: int) -> dict:
    """Return by column and row what was decided: `ok`, or why a cell is withheld."""
    found = {column: {str(row): "ok" for row in range(rows)} for column in columns}
    for row, column, decision in _decisions(table, rows):
        found[column][str(row)] = f"{decision}; " if decision.startswith("withheld") else "ok"
    return found


def _decisions(table: Table, rows: int) -> list[tuple[int, str, str]]:
    """Return row number, column and decision of each cell: the record lists them column by column."""
    listed = zip(table.records["column"], table.records["decision"], strict=True)
    return [(number % rows, column, decision) for number, (column, decision) in enumerate(listed)]
