"""Hashing a run's outputs and inputs again."""

from __future__ import annotations

from pathlib import Path

from curv_eval import manifest
from curv_eval.data import contract_files, data_folder, existing_data_folder
from curv_eval.errors import CurvError
from curv_eval.study import Study, load_study


def verify_run(run: Path, data: Path | None) -> tuple[list[manifest.Moved], str]:
    """Return what moved, and the sentence that says what was compared.

    The study is looked for as params/<name> of the project that holds the run. Without it only the outputs are
    compared, without its data all but them, and the sentence says so.
    """
    path = run.parents[2] / "params" / manifest.read(run)["params"]
    if not path.is_file():
        return manifest.verify(run), f"outputs only: params/{path.name} is not here"
    try:
        study = load_study(path)
    except CurvError:
        return [*manifest.verify(run), manifest.Moved("study", path.name, "changed, and cannot be read")], "outputs"
    where = _data(study, data)
    moved = manifest.verify(run, manifest.inputs(study, data=where, contracts=contract_files(study)))
    if where is None:
        return moved, "outputs, study, contracts, code, notebooks and environment; the data folder is not here"
    return moved, "outputs, study, contracts, data, code, notebooks and environment"


def _data(study: Study, given: Path | None) -> Path | None:
    """Return the data folder, or None. Data that were asked for by name must be there."""
    where = existing_data_folder(study, given) if given else data_folder(study)
    return where if where.is_dir() else None
