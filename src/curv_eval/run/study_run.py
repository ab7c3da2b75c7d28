"""One study, from its file to a finished run folder."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from curv_eval import checks, manifest, methods
from curv_eval.data import VARIABLE, contract_files, data_folder, study_contract
from curv_eval.errors import CurvError, StudyError
from curv_eval.report.bundle import add_part
from curv_eval.run.folders import staged
from curv_eval.run.notebooks import Progress, execute
from curv_eval.shipped import shipped
from curv_eval.study import Study, load_study

NOTEBOOKS = ("data", "power", "effect")


def run_study(params: Path, *, data: Path | None = None, again: bool = False, progress: Progress) -> Path:
    """Run the study's notebooks in order and return the finished run folder.

    Everything that can be known to be wrong before data are read is refused first. Raises CurvError; after an error
    nothing is left in outputs/.
    """
    study = load_study(params)
    preflight(study)
    progress("inputs", 0, 1)
    where = data_folder(study, data).resolve()
    found = manifest.inputs(study, data=where, contracts=contract_files(study))
    times = {"started": manifest.now()}
    with staged(study, manifest.key(found), replace=again) as (work, final):
        shutil.copyfile(study.path, work / "study.yaml")
        (work / "restricted").mkdir()
        os.environ[VARIABLE] = str(where)
        for name in NOTEBOOKS:
            execute(
                shipped("notebooks") / f"{name}.ipynb", params=study.path.resolve(), folder=work,
                keep=work / "restricted" / f"{name}.ipynb", progress=progress,
            )  # fmt: skip
        add_part(work, "reproduce", _reproduce(study, found))
        manifest.write(work, study=study, found=found, times={**times, "finished": manifest.now()})
    return final


def preflight(study: Study) -> None:
    """Refuse a study that names an unknown method, option, check, contract or column, with every fault at once."""
    faults: list[str] = []
    for attempt in (
        lambda: methods.require_options(study.design),
        *(lambda name=name: checks.load(name) for name in study.checks),
        *(lambda name=name: study_contract(study, name) for name in study.contracts),
        lambda: _columns(study),
    ):
        try:
            attempt()
        except CurvError as fault:
            faults += [fault.what, *(f"  {breach}" for breach in fault.breaches)]
    if faults:
        raise StudyError(f"{study.path.name} cannot be run", list(dict.fromkeys(faults)))


def _columns(study: Study) -> None:
    faults = []
    for outcome in study.outcomes:
        try:
            contract = study_contract(study, outcome.contract)
        except CurvError:
            continue
        known = [column.name for column in contract.columns]
        faults += [
            f"outcomes.{outcome.name}.where: {contract.name} has no column `{name}` (it has {', '.join(known)})"
            for name in outcome.where
            if name not in known
        ]
        if not contract.area_column or not contract.period_column:
            faults.append(f"outcomes.{outcome.name}: {contract.name} has no area and month to count by")
    if faults:
        raise StudyError("columns", faults)


def _reproduce(study: Study, found: dict) -> str:
    return (
        f"Run {manifest.key(found)}, study {study.study}, random seed {study.seed}, "
        f"curv-eval {found['environment']['curv-eval']}. "
        f"Fingerprints (SHA-256, first 16 characters): study file {found['study'][:16]}, "
        f"program {found['code'][:16]}, data {manifest.digest(found['data'])[:16]}."
    )
