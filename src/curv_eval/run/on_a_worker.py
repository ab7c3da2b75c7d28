"""What a worker of a Dask cluster does: says what it lacks, makes one run of a plan, and stops when it is told to."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from curv_eval import audit, inputs
from curv_eval.errors import CurvError, RunError
from curv_eval.kernels import stop_kernels
from curv_eval.run.folders import busy
from curv_eval.run.notebooks import How, Tell
from curv_eval.run.planning import Planned, plan_study
from curv_eval.run.study_run import run_planned
from curv_eval.study import load_study

DO = "give each worker the project and the data at the same paths, the same program and packages; then start it anew"
# how long a lock is waited for: of a worker that is lost but not dead, or, over NFS, of a machine that is gone
PATIENCE = 120.0
_CALLED = {
    "code": "the program", "notebooks": "the notebooks", "environment": "the environment", "study": "the study",
    "registration": "the registration", "exceptions": "what a review let out", "contracts": "the contracts",
    "data": "the data",
}  # fmt: skip
_SHOWN = 5
# the program as this process imported it, which may have changed on the disk since
_IMPORTED = inputs.code()


@dataclass(frozen=True, repr=False)
class Needed:
    """What every worker must have before the first run.

    command: a name of its own for the command that asks. marks: files that hold this name and were written just now,
    one in the outputs of each project. paths: files and folders to be read. same: hashes of who asks, of program,
    notebooks and environment.
    """

    command: str
    marks: tuple[Path, ...]
    paths: tuple[Path, ...]
    same: dict


@dataclass(frozen=True, repr=False)
class Order:
    """One run to be made. reference: its study file, within a sweep with #name. found: its inputs, of who asks.

    who: the label of who asks, for the audit log.
    """

    needed: Needed
    study: str
    reference: str
    data: Path | None
    found: dict
    how: How
    who: str


def everywhere() -> dict:
    """Return what must be the same on every machine, whatever the study: program, notebooks and environment."""
    return {"code": inputs.code(), "notebooks": inputs.notebooks(inputs.NOTEBOOKS), "environment": inputs.environment()}


def look(needed: Needed) -> list[str]:
    """Return everything that keeps this worker from making the runs, [] where nothing does."""
    lacks = [line for mark in needed.marks for line in _outputs(mark, needed.command)]
    lacks += [f"cannot read {path} ({why})" for one in needed.paths for path, why in _unread(one)]
    here = everywhere()
    lacks += ["it was started before the program on its disk was changed"] if here["code"] != _IMPORTED else []
    return [*lacks, *differing(needed.same, here)]


def _outputs(mark: Path, command: str) -> Iterator[str]:
    """Yield why this worker and who asks do not share the outputs of a project, or why it cannot write there."""
    home = mark.parents[1]
    try:
        shared = mark.read_text("utf-8") == command
    except OSError:
        shared = False
    if not shared:
        yield f"{home} is another folder there" if home.is_dir() else f"there is no folder {home}"
        return
    try:
        tempfile.TemporaryFile(dir=home).close()
    except OSError as fault:
        yield f"cannot write to {home} ({fault.strerror})"


def _unread(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield each file and folder at a path that cannot be read, and why."""
    faults: list[OSError] = []
    below = [Path(at, name) for at, _, names in os.walk(path, onerror=faults.append) for name in names]
    for one in below if path.is_dir() else [path]:
        try:
            one.open("rb").close()
        except OSError as fault:
            yield one, fault.strerror
    if path.is_dir():
        yield from ((Path(fault.filename), fault.strerror) for fault in faults)


def differing(asked: dict, here: dict) -> Iterator[str]:
    """Yield what of a run's inputs is not here as it is where the run was asked for: which files, which packages."""
    for part, called in _CALLED.items():
        old, new = asked.get(part), here.get(part)
        if old is None or old == new:
            continue
        if isinstance(old, str):
            yield f"{called} differs"
            continue
        names = [name for name in dict.fromkeys([*old, *new]) if old.get(name) != new.get(name)]
        said = [_version(name, old, new) if part == "environment" else name for name in names[:_SHOWN]]
        more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
        yield f"{called}: other {', '.join(said)}{more}"


def _version(name: str, asked: dict, here: dict) -> str:
    return f"{name} ({here.get(name, 'none')} instead of {asked.get(name, 'none')})"


def work(order: Order) -> Path | CurvError:
    """Make one run and return its folder, or its fault. What finished before is not repeated, here or elsewhere."""
    from distributed import get_worker

    worker, command = get_worker(), order.needed.command

    def tell(event: dict) -> None:
        _refuse_stopped(command)
        worker.log_event(command, event)

    try:
        planned = _planned(order, tell)
        with _at_work(command, planned.folder.parent), audit.on_behalf_of(order.who):
            return run_planned(planned, how=order.how, tell=tell)
    except CurvError as fault:
        return fault


def _planned(order: Order, tell: Tell) -> Planned:
    """Return the plan of a run as it is on this worker, once nobody else is at work on it. Raises CurvError."""
    began = time.monotonic()
    try:
        memo = _memo(order.needed)
        while True:
            planned = plan_study(load_study(order.reference), data=order.data, memo=memo)
            _refuse_other(order, planned)
            if time.monotonic() - began > PATIENCE or not _busy(planned):
                return planned
            _refuse_stopped(order.needed.command)
            time.sleep(1)
    except CurvError as fault:
        taken = time.monotonic() - began
        tell({"event": "run-failed", "study": order.study, "error": type(fault).__name__, "seconds": taken})
        raise


_LOCK = threading.Lock()
_MEMOS: dict[str, inputs.Memo] = {}


def _memo(needed: Needed) -> inputs.Memo:
    """Return the hashes that the runs of one command share. A worker that came later is looked at now."""
    with _LOCK:
        if needed.command not in _MEMOS:
            if lacks := look(needed):
                raise RunError("a worker that came later cannot take these runs", lacks, DO)
            _MEMOS.clear()
            _MEMOS[needed.command] = {}
        return _MEMOS[needed.command]


def _refuse_other(order: Order, planned: Planned) -> None:
    """Refuse a run whose inputs are not here what they are where it was asked for: its key would be another."""
    if inputs.key(planned.found) != inputs.key(order.found):
        lacks = list(differing(order.found, planned.found))
        raise RunError("a worker does not find the same inputs", lacks, DO)


def _busy(planned: Planned) -> bool:
    """Whether another process is at work on a run."""
    return any(busy(folder) for folder in (planned.folder, *(step.folder for step in planned.steps)))


_AT_WORK: list[tuple[str, Path]] = []
_STOPPED: set[str] = set()


@contextmanager
def _at_work(command: str, home: Path) -> Iterator[None]:
    _AT_WORK.append((command, home))
    try:
        yield
    finally:
        _AT_WORK.remove((command, home))


def _refuse_stopped(command: str) -> None:
    if command in _STOPPED:
        raise RunError("stopped by who asked for it")


def stop(command: str) -> bool:
    """End the runs of a command on this worker, and their kernels; return whether some are still ending."""
    _STOPPED.add(command)
    homes = [home for name, home in _AT_WORK if name == command]
    if homes:
        stop_kernels(homes)
    return bool(homes)
