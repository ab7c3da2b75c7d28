"""curv-eval register: fix a plan, log a change of it, show it, export it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curv_eval.cli.say import say
from curv_eval.errors import StudyError

if TYPE_CHECKING:
    from curv_eval.registration import Record, Standing
    from curv_eval.study import Study

_SHOWN = 20


def register(
    study: Annotated[Path, typer.Argument(help="a study file, such as params/demo.yaml")],
    by: Annotated[str | None, typer.Option(help="who registers the plan, as it shall be printed")] = None,
    deviation: Annotated[str | None, typer.Option(help="why a registered plan was changed")] = None,
    show: Annotated[bool, typer.Option("--show", help="print what is registered, and write nothing")] = False,
    osf: Annotated[list[Path] | None, typer.Option(help="also write it for the OSF form: NAME.md or NAME.json")] = None,
) -> None:
    """Fix the plan of a study before its results are seen, or log with --deviation that and why it was changed.

    The plan is everything in the study file but its prose. It is written to registrations/, with its hash, and a brief
    then says whether it was kept.
    """
    from curv_eval.report.osf import check_export
    from curv_eval.run.preflight import preflight
    from curv_eval.study import Review, load_studies

    studies = _named(study, load_studies)
    for path in osf or ():
        check_export(path)
    if osf and isinstance(studies[0], Review):
        do = "PROSPERO is the register of reviews; its form is filled in by hand"
        raise StudyError(f"{study.name} is a review; --osf is for studies of places and people", do=do)
    if osf and len(studies) > 1:
        raise StudyError(f"{study.name} is a sweep of {len(studies):,} studies; --osf is for one", do=_one(studies))
    if not show:
        for one in studies:
            preflight(one)
    if show:
        _show(studies)
    elif by is not None or not osf:
        _register(studies, by, deviation)
    for path in osf or ():
        _export(path, studies[0])


def _named(path: Path, load_studies) -> tuple[Study, ...]:
    """Return the studies of a file, or the one of a sweep that is named after #."""
    from curv_eval.study import load_study

    if "#" in path.name and not path.exists():
        return (load_study(path),)
    return load_studies(path)


def _one(studies: tuple[Study, ...]) -> str:
    return f"name one, such as {studies[0].path}#{studies[0].study}"


def _register(studies: tuple[Study, ...], by: str | None, deviation: str | None) -> None:
    """Register every study, or none: what is refused for one is refused before anything is written."""
    from curv_eval.registration import draft, write

    if by is None:
        raise StudyError("nobody is named who registers the plan", do="give --by NAME; it is printed in the brief")
    drafts = [(one, draft(one, by=by, deviation=deviation)) for one in studies]
    made = [(one, record, write(one, record)) for one, record in drafts if record is not None]
    for one, record, path in made[:_SHOWN]:
        say("\n".join([_said(record), f"  {_near(path, one)}"]))
    if len(made) > _SHOWN:
        say(f"... and {len(made) - _SHOWN:,} more")
    if len(made) < len(studies):
        kept = [one.study for one, record in drafts if record is None]
        say(f"{_names(kept)}: registered before and not changed since; nothing was written")
    if made:
        say("Keep what was written in version control, and publish the hash where others can see its date.")


def _names(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1:,} more"


def _said(record: Record) -> str:
    what = "registered" if record.number == 1 else "change logged"
    look = (
        f"after a first look: results were there ({_names(list(record.seen))})" if record.seen else "before any result"
    )
    lines = [f"{record.study}: {what} {record.at} by {record.by}, {look}"]
    lines += [f"  reason: {record.reason}"] if record.reason else []
    lines += [f"  {one}" for one in record.differences]
    return "\n".join([*lines, f"  plan (SHA-256): {record.plan_sha256}"])


def _near(path: Path, study: Study) -> str:
    return path.relative_to(study.project).as_posix()


def _show(studies: tuple[Study, ...]) -> None:
    import yaml

    from curv_eval.registration import standing

    for one in studies:
        found = standing(one)
        say(f"{one.study}: {_stands(found)}")
        for record in found.records:
            say(_said(record))
        for change in found.unexplained:
            say(f"  not logged: {change}")
        if found.first and len(studies) == 1:
            say(yaml.safe_dump(found.first.plan, allow_unicode=True, sort_keys=False).rstrip())


def _stands(found: Standing) -> str:
    if found.first is None:
        return "not registered"
    return f"{found.status.value}{', registered after a first look' if found.after_a_look else ''}"


def _export(path: Path, study: Study) -> None:
    from curv_eval.registration import standing
    from curv_eval.report.osf import export

    found = standing(study)
    if not found.records:
        raise StudyError(f"{study.study} is not registered yet", do="register it with --by NAME and --osf together")
    if found.unexplained:
        changed = [str(one) for one in found.unexplained]
        raise StudyError("the study was changed since it was registered", changed, "log it with --deviation first")
    export(path, study, found.records[-1])
    say(f"{path}: for the OSF Preregistration form")
