"""Whether a run still is what it was: by hash, by running it again, and by doing so in a fresh environment."""

from __future__ import annotations

from pathlib import Path

from curv_eval import inputs, manifest
from curv_eval.data import contract_files, data_folder, existing_data_folder
from curv_eval.errors import CurvError, RunError
from curv_eval.run.notebooks import How, Tell
from curv_eval.study import Study, load_study


def study_file(run: Path) -> str:
    """Return where the study of a run is: params/<name> of the project that holds the run."""
    return str(run.parents[2] / "params" / manifest.read(run)["params"])


def _is_there(reference: str) -> bool:
    return Path(reference.partition("#")[0]).is_file() or Path(reference).is_file()


def verify_run(run: Path, data: Path | None) -> tuple[list[manifest.Moved], str]:
    """Return what moved, and the sentence that says what was compared.

    The study is looked for as params/<name> of the project that holds the run. Without it only the outputs are
    compared, without its data all but them, and the sentence says so.
    """
    path = study_file(run)
    if not _is_there(path):
        return manifest.verify(run), f"outputs only: params/{Path(path).name} is not here"
    try:
        study = load_study(path)
    except CurvError:
        unread = manifest.Moved("study", Path(path).name, "changed, and cannot be read")
        return [*manifest.verify(run), unread], "outputs"
    where = _data(study, data)
    moved = manifest.verify(run, inputs.inputs(study, data=where, contracts=contract_files(study)))
    if where is None:
        return moved, "outputs, study, contracts, code, notebooks and environment; the data folder is not here"
    return moved, "outputs, study, contracts, data, code, notebooks and environment"


def _data(study: Study, given: Path | None) -> Path | None:
    """Return the data folder, or None. Data that were asked for by name must be there."""
    where = existing_data_folder(study, given) if given else data_folder(study)
    return where if where.is_dir() else None


def rerun(run: Path, data: Path | None, *, how: How, tell: Tell) -> list[manifest.Moved]:
    """Make the run once more in a folder of its own, in fresh kernels, and return what of its release differs.

    Raises RunError when its study is not here.
    """
    import tempfile
    from dataclasses import replace

    from curv_eval.run.planning import moved_to, plan_study
    from curv_eval.run.study_run import run_planned

    path = study_file(run)
    if not _is_there(path):
        raise RunError(f"params/{Path(path).name} is not here", do="bring the study back to make its run again")
    planned = plan_study(load_study(path), data=data)
    with tempfile.TemporaryDirectory(prefix="curv-eval-") as place:
        again = run_planned(moved_to(planned, Path(place)), how=replace(how, again=True), tell=tell)
        return compare(run, again)


def compare(run: Path, again: Path) -> list[manifest.Moved]:
    """Return which released files of two runs differ."""
    before, after = inputs.tree(run / "release"), inputs.tree(again / "release")
    return manifest.moved_between("release", before, after)
