"""A run as a replication package: the program, the plan, the data that may be handed on, and what must come out."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from curv_eval import granted, registration
from curv_eval.data import data_folder
from curv_eval.errors import RunError
from curv_eval.export.appearing import appearing, copy, files_below, refuse_leaks
from curv_eval.export.finished import IN_A_PACKAGE, Asked, Finished, dataset_files, finished, is_open, open_files
from curv_eval.export.package_readme import Shown, readme
from curv_eval.made_up import make_up

_ROOT = Path(__file__).parents[3]
_NEEDED = ("pyproject.toml", "requirements.lock", "LICENSE", "CITATION.cff")
_FOLDERS = ("notebooks", "data_contracts", "briefs")
_APART = {"__pycache__", "_shipped", "bundle", ".ipynb_checkpoints", "tutorials", "_output", ".quarto"}
_PARTS = Path(__file__).with_name("replicate")


def export_package(run: Path, target: Path, asked: Asked) -> Path:
    """Write the replication package of a run to `target`, a folder or a .zip, and return that.

    Open data are put in if `asked.with_data`. In place of data that may not be handed on stand made-up ones, where the
    program can make them. Raises RunError when anything the run was made with is not as it was, where there is no
    checkout to copy the program from, and when `target` is there already.
    """
    if missing := [name for name in _NEEDED if not (_ROOT / name).is_file()]:
        do = "export from a checkout of curv-eval; a package that was installed has not all of it"
        raise RunError("there is no checkout to copy the program from", [f"{name} is missing" for name in missing], do)
    done = finished(run, same=IN_A_PACKAGE)
    with appearing(target, top=f"{done.study.study}-replication") as work:
        _put_program(done, work)
        _put_plan(done, work)
        shown = _put_data(done, asked, work)
        _put_expected(done, work)
        (work / "README.md").write_text(readme(done, asked, shown), "utf-8", newline="\n")
        refuse_leaks(work, run)
    return target


def _put_program(done: Finished, work: Path) -> None:
    """Copy the program as it was run: the same bytes, so that a run there has the same key."""
    for name in _NEEDED:
        copy(_ROOT / name, work / name)
    for folder in ("src", *_FOLDERS):
        for file in files_below(_ROOT / folder):
            if not _APART & {*file.relative_to(_ROOT).parts}:
                copy(file, work / file.relative_to(_ROOT))
    for name, path in done.files.items():
        copy(path, work / "data_contracts" / f"{name}.yaml")
    for name in ("Makefile", "check_release.py"):
        copy(_PARTS / name, work / name)


def _put_plan(done: Finished, work: Path) -> None:
    copy(done.run / "study.yaml", work / "params" / f"{done.study.study}.yaml")
    for path in registration.files(done.study).values():
        copy(path, work / "registrations" / done.study.study / path.name)
    # what was behind a cell of real people never leaves; made-up data have nobody to protect
    for path in granted.files(done.study).values() if done.study.made_up else ():
        copy(path, work / "outputs" / granted.FOLDER / done.study.study / path.name)


def _put_expected(done: Finished, work: Path) -> None:
    """Write what must come out, the hash of every released file, and the manifest of the run."""
    copy(done.run / "manifest.json", work / "manifest.json")
    released = {name: found for name, found in done.held["outputs"].items() if name.startswith("release/")}
    expected = {"study": done.study.study, "run": done.run.name, "release": released}
    (work / "expected.json").write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n", "utf-8", newline="\n")


def _put_data(done: Finished, asked: Asked, work: Path) -> Shown:
    """Copy or make up the data of the package, and return which dataset is there as what."""
    names = sorted(done.contracts)
    if done.study.made_up:
        return Shown(seeded=names)
    if done.held["made_up"]:
        copy_datasets(done, asked, work, names=names)
        return Shown(copied=names)
    here = sorted(open_files(done, asked)) if asked.with_data else []
    copy_datasets(done, asked, work, names=here)
    left = [name for name in names if name not in here]
    stand_in = _stand_in(done, [name for name in left if not is_open(done.contracts[name])], work)
    return Shown(copied=here, stand_in=stand_in, absent=[name for name in left if name not in stand_in])


def copy_datasets(done: Finished, asked: Asked, work: Path, *, names: list[str]) -> None:
    """Copy datasets to where the study looks for them, with the mark of made-up data if they have it."""
    where = data_folder(done.study, asked.data)
    for name in names:
        location = where / done.study.contracts[name].location
        for file in dataset_files(location):
            copy(file, work / "data" / file.relative_to(where))
    mark = where / "MADE_UP.json"
    if names and mark.is_file():
        copy(mark, work / "data" / mark.name)


def _stand_in(done: Finished, names: list[str], work: Path) -> list[str]:
    """Make up datasets in place of those that may not leave, and return which; the folder then says so of all in it."""
    if not names:
        return []
    made = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "data"
        make_up(folder, seed=done.study.seed % 2**31, effect=0.0)
        for name in names:
            if (source := folder / f"{name}.csv").is_file():
                copy(source, work / "data" / Path(done.study.contracts[name].location).with_suffix(".csv"))
                made.append(name)
        if made:
            copy(folder / "MADE_UP.json", work / "data" / "MADE_UP.json")
    return made
