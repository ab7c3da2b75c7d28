"""Hashing a run's outputs and inputs again."""

from __future__ import annotations

from pathlib import Path

from curv_eval import manifest
from curv_eval.data import contract_files, data_folder
from curv_eval.errors import CurvError
from curv_eval.study import Study, load_study


def verify_run(run: Path, data: Path | None) -> tuple[list[manifest.Moved], str]:
    """Return what moved, and the sentence that says what was compared.

    The study is looked for as params/<name> of the project that holds the run; without it, or without its data, only
    the outputs are compared, and the sentence says so.
    """
    held = manifest.read(run)
    study = _study(run, held["params"])
    if study is None:
        return manifest.verify(run), "outputs only: the study file is not here"
    where = data_folder(study, data)
    if not where.exists():
        return manifest.verify(run), "outputs only: the data folder is not here"
    moved = manifest.verify(run, manifest.inputs(study, data=where, contracts=contract_files(study)))
    return moved, "outputs, study, contracts, data, code, notebooks and environment"


def _study(run: Path, name: str) -> Study | None:
    path = run.parents[2] / "params" / name
    try:
        return load_study(path)
    except CurvError:
        return None
