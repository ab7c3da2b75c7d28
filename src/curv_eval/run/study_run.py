"""One study, from its file to a finished run folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from curv_eval import manifest
from curv_eval.data import VARIABLE, contract_files, existing_data_folder
from curv_eval.report.bundle import add_part
from curv_eval.run.folders import staged
from curv_eval.run.notebooks import Progress, environment, execute
from curv_eval.run.preflight import preflight
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
    where = existing_data_folder(study, data)
    found = manifest.inputs(study, data=where, contracts=contract_files(study))
    times = {"started": manifest.now()}
    here = environment({VARIABLE: str(where)})
    with here, staged(study, manifest.key(found), replace=again) as (work, final):
        shutil.copyfile(study.path, work / "study.yaml")
        (work / "restricted").mkdir()
        for name in NOTEBOOKS:
            execute(
                shipped("notebooks") / f"{name}.ipynb", params=study.path.resolve(), folder=work,
                keep=work / "restricted" / f"{name}.ipynb", progress=progress,
            )  # fmt: skip
        add_part(work, "reproduce", _reproduce(study, found))
        manifest.write(work, study=study, found=found, times={**times, "finished": manifest.now()})
    return final


def _reproduce(study: Study, found: dict) -> str:
    return (
        f"Run {manifest.key(found)}, study {study.study}, random seed {study.seed}, "
        f"curv-eval {found['environment']['curv-eval']}. "
        f"Fingerprints (SHA-256, first 16 characters): study file {found['study'][:16]}, "
        f"program {found['code'][:16]}, data {manifest.digest(found['data'])[:16]}."
    )
