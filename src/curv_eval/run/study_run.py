"""One study, from its plan to a finished run folder; what was finished before is not repeated."""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from pathlib import Path

from curv_eval import audit, inputs, manifest
from curv_eval.data import contract_files
from curv_eval.errors import RunError
from curv_eval.registration import standing
from curv_eval.report.asked_page import asked_part
from curv_eval.report.bundle import add_part
from curv_eval.report.evidence import write_page
from curv_eval.report.registration_parts import write_registration
from curv_eval.run.folders import name_latest, staged, tidy
from curv_eval.run.leaving import refuse_identifiers
from curv_eval.run.left_alone import refuse_earlier
from curv_eval.run.notebooks import How, Tell, make
from curv_eval.run.planning import Planned, Step
from curv_eval.run.recording import home, record_loaded, record_released
from curv_eval.run.records import NAME, read_record
from curv_eval.study import Study, load_study


def run_planned(planned: Planned, *, how: How, tell: Tell) -> Path:
    """Make the run that was planned and return its folder: only the notebooks that are missing are run.

    What was read and what is released stands in the audit log before it is kept. Raises CurvError; after an error
    finished notebooks stay, and nothing half-written does.
    """
    study, clock = planned.study, time.monotonic()

    def told(event: dict) -> None:
        tell({"study": study.study, **event})

    if planned.fresh and not how.again:
        told({"event": "run-fresh", "folder": planned.folder.name})
        return planned.folder
    told({"event": "run-started", "because": list(planned.because), "notebooks": len(planned.steps)})
    try:
        with suppress(OSError):
            tidy(planned.folder.parent)
        records = _steps(planned, how, told)
        _compose(planned, records)
    except BaseException as fault:
        told({"event": "run-failed", "error": type(fault).__name__, "seconds": time.monotonic() - clock})
        raise
    told({"event": "run-finished", "folder": planned.folder.name, "seconds": time.monotonic() - clock})
    return planned.folder


def _steps(planned: Planned, how: How, tell: Tell) -> list[dict]:
    records: list[dict] = []
    before: Step | None = None
    recorded = False
    held: list[dict] = []
    for step in planned.steps:
        done = None if how.again else read_record(step.folder)
        if done is None:
            tell({"event": "notebook-started", "notebook": step.notebook})
            with staged(step.folder) as work:
                audit.ready(home(planned.study))
                _start(work, before)
                done = make(planned, step, work=work, how=how, tell=_of(step, tell))
                refuse_moved(planned, step.notebook)
                if not recorded:
                    _record_loaded(planned)
                    recorded = True
                refuse_earlier([one.folder for one in planned.steps[: len(held)]], held, notebook=step.notebook)
        tell({"event": "notebook-finished", "notebook": step.notebook, "seconds": done["seconds"]})
        records.append({name: held for name, held in done.items() if name not in ("outputs", "bytes")})
        held.append(done)
        before = step
    return records


def refuse_moved(planned: Planned, notebook: str) -> None:
    """Raise RunError when what the run depends on is no longer what was planned: its result would have a wrong name."""
    study = load_study(planned.study.reference)
    now = inputs.inputs(study, data=planned.data, contracts=contract_files(study))
    if inputs.key(now) == inputs.key(planned.found):
        return
    kinds = [kind for kind in now if isinstance(now[kind], dict)]
    moved = [str(one) for kind in kinds for one in manifest.moved_between(kind, planned.found[kind], now[kind])]
    moved = [*moved, *(["study: changed"] if now["study"] != planned.found["study"] else [])]
    do = f"nothing of the {notebook} notebook was kept; give the same command again, and leave these alone meanwhile"
    raise RunError(f"what the {notebook} notebook depends on changed while it ran", moved[:_SHOWN], do)


_SHOWN = 12


def _record_loaded(planned: Planned) -> None:
    """Record once for a run what it read, before anything that was made of it is kept."""
    by = "run" if planned.folder.is_relative_to(home(planned.study)) else "verify"
    record_loaded(planned.study, planned.found, run=planned.folder.name, by=by)


def _of(step: Step, tell: Tell) -> Tell:
    return lambda event: tell({"notebook": step.notebook, **event})


def _start(work: Path, before: Step | None) -> None:
    """Begin where the notebook before ended: its files are copied, so that each folder is whole by itself."""
    if before is not None:
        # one by one: copytree would hide in a text what a full disk says
        for path in sorted(before.folder.rglob("*")):
            target = work / path.relative_to(before.folder)
            if path.is_dir():
                target.mkdir(exist_ok=True)
            elif path.name != NAME:
                shutil.copy2(path, target)
    (work / "restricted").mkdir(exist_ok=True)


def _compose(planned: Planned, records: list[dict]) -> None:
    """Put the finished run together from its last notebook's folder."""
    study, found = planned.study, planned.found
    times = {"started": records[0]["started"], "finished": records[-1]["finished"]}
    with staged(planned.folder) as work:
        _start(work, planned.steps[-1])
        write_study(study, work / "study.yaml")
        write_registration(work, standing(study))
        add_part(work, "reproduce", _reproduce(study, found))
        write_page(work, study.title, asked=asked_part(study, work))
        refuse_identifiers(work / "release", study)
        manifest.write(work, study=study, found=found, times=times, steps=records)
        record_released(planned, work)
    name_latest(planned.folder)


def write_study(study: Study, path: Path) -> None:
    """Write the study as it was run: the file itself, or, of a sweep, this one study written out."""
    from curv_eval.study.reading import member_text

    path.write_text(member_text(study) if study.family else study.path.read_text("utf-8-sig"), "utf-8", newline="\n")


def _reproduce(study: Study, found: dict) -> str:
    return (
        f"Run {inputs.key(found)}, study {study.study}, random seed {study.seed}, "
        f"curv-eval {found['environment']['curv-eval']}. "
        f"Fingerprints (SHA-256, first 16 characters): study {found['study'][:16]}, "
        f"program {inputs.digest(found['code'])[:16]}, data {inputs.digest(found['data'])[:16]}."
    )
