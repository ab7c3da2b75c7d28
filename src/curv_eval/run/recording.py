"""What a run did, for the audit log: which data it read, and what it released."""

from __future__ import annotations

import json
from pathlib import Path

from curv_eval import audit, inputs
from curv_eval.data import full_contract
from curv_eval.run.planning import Planned
from curv_eval.study import Study


def home(study: Study) -> Path:
    """Return the folder that holds the audit log of a study's project."""
    return study.project / "outputs"


def record_loaded(study: Study, found: dict, *, run: str, by: str) -> None:
    """Record which data were read, by contract: its version and the hash of what lay there. by: the command.

    found: the inputs of the run. Where a dataset is several files, the hash is that of their names and hashes. Raises
    RunError where it cannot be recorded.
    """
    files: dict[str, dict[str, str]] = {name: {} for name in study.contracts}
    for path, held in found["data"].items():
        name, _, file = path.partition("/")
        files[name][file] = held
    detail = {f"{name} {full_contract(study, name).version}": _told(held) for name, held in files.items()}
    audit.record(home(study), audit.What.LOADED, of=study.study, run=run, detail={"by": by, **detail})


def _told(files: dict[str, str]) -> str:
    if len(files) == 1:
        return next(iter(files.values()))
    return f"{inputs.digest(files)} ({len(files):,} files)"


def record_released(planned: Planned, work: Path) -> None:
    """Record that a run is about to appear: how many tables, how many cells withheld, and its manifest's hash.

    work: the whole run, before it has its name. A run that is made elsewhere, to be compared, is no release. Raises
    RunError where it cannot be recorded.
    """
    study = planned.study
    if not planned.folder.is_relative_to(home(study)):
        return
    held = json.loads((work / "release" / "results.json").read_text("utf-8"))
    tables = held["tables"].values()
    detail = {
        "tables": len(tables), "cells withheld": sum(table["withheld"] for table in tables),
        "made up": "yes" if held["made_up"] else "no", "manifest": inputs.sha256(work / "manifest.json"),
    }  # fmt: skip
    audit.record(home(study), audit.What.RELEASED, of=study.study, run=planned.folder.name, detail=detail)
