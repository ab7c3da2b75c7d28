"""Fixing a plan, and logging a change of it."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from importlib import metadata

from curv_eval.errors import StudyError
from curv_eval.registration.looks import seen
from curv_eval.registration.plan import plan, plan_beside, plan_differences
from curv_eval.registration.record import Record, records
from curv_eval.study import Difference, Study


def draft(study: Study, *, by: str, deviation: str | None = None) -> Record | None:
    """Return the record that registers a plan, or logs its change; None where it is registered and was not changed.

    by: who registers, as it shall be printed. deviation: why the plan was changed. Raises StudyError for a blank name
    or reason, for a changed plan without a reason, for a reason where nothing changed, and for a registration that was
    tampered with.
    """
    _refuse_blank(by, deviation)
    held = records(study)
    changes = plan_differences(held[-1].plan, plan_beside(study, held[-1].plan)) if held else []
    _refuse_misfit(study, held, changes, deviation)
    if held and not changes:
        return None
    return Record(
        study=study.study, number=len(held) + 1, at=datetime.now(UTC).isoformat(timespec="seconds"), by=_line(by),
        reason=_line(deviation or ""), differences=tuple(changes), seen=seen(study),
        version=metadata.version("curv-eval"), commit=_commit(study), plan=plan(study),
        previous=held[-1].sha256 if held else "",
    )  # fmt: skip


def _refuse_blank(by: str, deviation: str | None) -> None:
    faults = [] if by.strip() else ["--by is blank; expected the name of who registers the plan"]
    if deviation is not None and not deviation.strip():
        faults.append("--deviation is blank; expected why the plan was changed")
    if faults:
        raise StudyError("a registration is signed and its changes are explained", faults)


def _refuse_misfit(study: Study, held: tuple[Record, ...], changes: list[Difference], deviation: str | None) -> None:
    if not held and deviation is not None:
        do = "register it first, without --deviation"
        raise StudyError(f"{study.study} was not registered, so nothing deviates from its plan", do=do)
    if deviation is not None and not changes:
        what = f"the plan of {study.study} is as it was registered; there is nothing to log"
        raise StudyError(what, do="change the study file first, or leave --deviation out")
    if changes and deviation is None:
        do = (
            'give --deviation "why it was changed": the change is logged, the first registration stays, and the brief '
            "shows both; or change the study back"
        )
        when = held[-1].at[:10]
        raise StudyError(f"the plan of {study.study} was changed since {when}", [str(c) for c in changes], do)


def _line(text: str) -> str:
    return " ".join(text.split())


def _commit(study: Study) -> str:
    """Return the git commit that holds the study file as it is now, "" where there is none."""
    git = ["git", "-C", str(study.path.resolve().parent)]
    name = study.path.name

    def said(*words: str) -> str:
        return subprocess.run([*git, *words], capture_output=True, text=True, check=True).stdout.strip()

    try:
        kept = said("ls-files", "--", name) and not said("status", "--porcelain", "--", name)
        return said("rev-parse", "HEAD") if kept else ""
    except (OSError, subprocess.CalledProcessError):
        return ""
