"""One notebook of a run: executed in a kernel of its own, and held to what it declares."""

from __future__ import annotations

import difflib
import fnmatch
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from curv_eval import manifest
from curv_eval.data import VARIABLE
from curv_eval.errors import RunError
from curv_eval.kernels import Limits, Setting, execute
from curv_eval.run.left_alone import look, refuse_touched
from curv_eval.run.planning import Planned, Step
from curv_eval.run.records import write_record
from curv_eval.shipped import shipped
from curv_eval.study import Study

if TYPE_CHECKING:
    from nbformat import NotebookNode

Tell = Callable[[dict], None]
MARK = "CURV_EVAL_RUN"
_QUIET = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "MPLBACKEND": "agg", MARK: "1"}


@dataclass(frozen=True)
class How:
    """How runs are made. warm: kernels forked from one process that has imported everything once. again: although a
    finished run is there. limits: time and memory of each notebook."""

    warm: bool = True
    again: bool = False
    limits: Limits = field(default_factory=Limits)


def make(planned: Planned, step: Step, *, work: Path, how: How, tell: Tell) -> dict:
    """Run one notebook into the working folder `work`, write its run.json there, and return that record.

    Raises the library's own error when a cell raised one, and RunError for what is not declared or was not made.
    """
    import nbformat

    notebook = nbformat.read(shipped("notebooks") / f"{step.notebook}.ipynb", as_version=4)
    declared = notebook.metadata.get("curv_eval", {}).get("outputs", [])
    study, home = planned.study, step.folder.parents[1]
    before, started, clock, seen = look(work, home), manifest.now(), time.monotonic(), _Seen(tell)
    parameters = {"params": str(Path(study.reference).absolute()), "folder": str(work)}
    setting = Setting(work, env={**_QUIET, VARIABLE: str(planned.data)}, warm=how.warm, limits=how.limits)
    done = execute(notebook, name=step.notebook, parameters=parameters, setting=setting, tell=seen)
    _show_places(done, study.project, step)
    nbformat.write(done, work / "restricted" / f"{step.notebook}.ipynb")
    refuse_undeclared(
        work, [*declared, f"restricted/{step.notebook}.ipynb"], before={*before.made}, notebook=step.notebook
    )
    refuse_touched(work, home, before=before, declared=declared, notebook=step.notebook)
    refuse_secrets(work, study, notebook=step.notebook)
    return write_record(work, {
        "notebook": step.notebook, "key": step.key, "seconds": round(time.monotonic() - clock, 3),
        "peak_memory": seen.peak, "attempts": seen.attempts, "started": started, "finished": manifest.now(),
        "kernel": "warm" if how.warm else "cold", "cells": seen.cells,
    })  # fmt: skip


class _Seen:
    """Listens to a kernel on the way to the journal: cells, peak of memory, attempts."""

    def __init__(self, tell: Tell) -> None:
        self.tell, self.peak, self.attempts, self.cells = tell, 0, 1, []

    def __call__(self, event: dict) -> None:
        self.peak = max(self.peak, event.get("peak_memory") or 0)
        if event["event"] == "retry":
            self.attempts, self.cells = self.attempts + 1, []
        elif event["event"] == "cell-finished":
            self.cells.append(round(event["seconds"], 3))
        self.tell(event)


def _show_places(done: NotebookNode, project: Path, step: Step) -> None:
    """Let the executed notebook name its places as seen from the project: no machine's folders, the same bytes."""
    import nbformat

    shown = step.folder.relative_to(project).as_posix() if step.folder.is_relative_to(project) else step.folder.name
    for cell in done.cells:
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.source = f'# Parameters\nparams = "study.yaml"\nfolder = "{shown}"\n'
    nbformat.validate(done)


def _files(work: Path) -> set[str]:
    return {path.relative_to(work).as_posix() for path in work.rglob("*") if path.is_file()}


def refuse_undeclared(work: Path, declared: list[str], *, before: set[str], notebook: str) -> None:
    """Refuse files that the notebook does not declare in its metadata, and declared ones that it did not make.

    declared: names, which must be made, or patterns, which may be, as in `release/tables/*.csv`. before: what was
    there when it started.
    """
    now = _files(work)
    stray = sorted(name for name in now - before if not any(fnmatch.fnmatch(name, one) for one in declared))
    faults = [f"{name} is not declared{_near(name, declared)}" for name in stray]
    faults += [f"{one} was not made" for one in declared if "*" not in one and one not in now]
    if faults:
        do = f"declare outputs in the metadata of notebooks/{notebook}.ipynb (curv_eval.outputs), or do not write them"
        raise RunError(f"the {notebook} notebook did not make what it declares", faults, do)


def refuse_secrets(work: Path, study: Study, *, notebook: str) -> None:
    """Refuse files that hold a secret of the study: the value of a variable that its `key:` names."""
    named = {use.key.removeprefix("env:") for use in study.contracts.values() if use.key}
    held = {name: os.environ[name].encode() for name in sorted(named) if os.environ.get(name)}
    files = sorted(path for path in work.rglob("*") if path.is_file()) if held else []
    faults = [
        f"{path.relative_to(work).as_posix()} holds what is in {name}"
        for path in files
        for name, value in held.items()
        if value in path.read_bytes()
    ]
    if faults:
        do = f"take out what prints or writes it in notebooks/{notebook}.ipynb; nothing of this run was kept"
        raise RunError(f"the {notebook} notebook wrote a secret", faults, do)


def _near(name: str, declared: list[str]) -> str:
    close = difflib.get_close_matches(name, declared, 1)
    return f"; did you mean {close[0]}?" if close else ""


def jobs_that_fit(asked: int | None, studies: int) -> int:
    """Return how many runs go side by side: as asked, else as many as cores and free memory allow."""
    import psutil

    if asked is not None:
        if asked < 1:
            raise RunError(f"--jobs: got {asked}, expected 1 or more")
        return min(asked, max(studies, 1))
    fit = psutil.virtual_memory().available // 500_000_000
    return int(max(1, min(os.cpu_count() or 1, fit, studies)))
