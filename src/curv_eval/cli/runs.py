"""curv-eval plan | run | status | verify."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curv_eval.cli.say import say
from curv_eval.errors import RunError

if TYPE_CHECKING:
    from curv_eval.run.notebooks import How, Tell
    from curv_eval.run.planning import Planned
    from curv_eval.run.pool import Ended

Studies = Annotated[list[Path], typer.Argument(help="study files, such as params/demo.yaml")]
DataFolder = Annotated[Path | None, typer.Option("--data", help="the folder of the datasets; else CURV_EVAL_DATA")]
Run = Annotated[str, typer.Argument(help="a study (its latest run), study/key, or a run folder")]
AsJson = Annotated[bool, typer.Option("--json", help="for programs: JSON, one object per line")]
_SHOWN = 40


def plan(studies: Studies, data: DataFolder = None, as_json: AsJson = False) -> None:
    """Say for every study of the files whether it is fresh, or why it will run, and about how long that takes."""
    from curv_eval.run.planning import plan as planned

    made = planned(studies, data=data)
    if as_json:
        for one in made:
            say(json.dumps(_as_json(one)))
        return
    waiting = [one for one in made if not one.fresh]
    for one in [*waiting, *(one for one in made if one.fresh)][:_SHOWN]:
        say("\n".join(_lines(one)))
    if len(made) > _SHOWN:
        say(f"... and {len(made) - _SHOWN:,} more; --json lists them all")
    say(_total(made, waiting))


def _as_json(one: Planned) -> dict:
    return {
        "study": one.study.study, "key": one.folder.name, "fresh": one.fresh, "because": list(one.because),
        "seconds": one.seconds, "left": [step.notebook for step in one.steps if not step.done],
    }  # fmt: skip


def _lines(one: Planned) -> list[str]:
    if one.fresh:
        return [f"{one.study.study}: fresh ({one.folder.name})"]
    return [f"{one.study.study}: will run because", *(f"  {line}" for line in one.because)]


def _total(made: list[Planned], waiting: list[Planned]) -> str:
    from curv_eval.run.progress import spell

    if not waiting:
        return f"{len(made):,} of {len(made):,} fresh; nothing needs to be run"
    known = [one.seconds for one in waiting if one.seconds is not None]
    time = f", about {spell(sum(known))} with one job" if len(known) == len(waiting) else ", for a time not known yet"
    return f"{len(made) - len(waiting):,} of {len(made):,} fresh; {len(waiting):,} will run{time}"


def run(  # noqa: PLR0913 - every option of a command is an argument
    studies: Studies,
    data: DataFolder = None,
    again: Annotated[bool, typer.Option("--again", help="run once more although this run exists")] = False,
    brief: Annotated[bool, typer.Option(help="render the brief of a single study")] = True,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", help="runs at once; else what cores and memory allow")
    ] = None,
    keep_going: Annotated[bool, typer.Option("--keep-going", help="go on with the others when a run fails")] = False,
    cold: Annotated[bool, typer.Option("--cold", help="start every kernel from nothing")] = False,
    cell_minutes: Annotated[float | None, typer.Option(help="stop a cell that takes longer")] = None,
    minutes: Annotated[float | None, typer.Option(help="stop a notebook that takes longer")] = None,
    memory: Annotated[float | None, typer.Option(help="stop a notebook that needs more than so many GB")] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="a Dask scheduler, as tcp://host:8786, for many machines")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run what is not fresh: data, power and effect of each study, then the draft brief of a single one."""
    how = _how(again=again, cold=cold, limits=(cell_minutes, minutes, memory))
    ended = _run(studies, data, _Asked(how, jobs, keep_going, as_json, scheduler))
    _report(ended, as_json=as_json, brief=brief)


def _how(*, again: bool, cold: bool, limits: tuple[float | None, float | None, float | None]) -> How:
    from curv_eval.kernels import Limits
    from curv_eval.run.notebooks import How

    names = ("--cell-minutes", "--minutes", "--memory")
    wrong = [
        f"{name}: got {given:g}" for name, given in zip(names, limits, strict=True) if given is not None and given <= 0
    ]
    if wrong:
        raise RunError("a limit is more than 0", wrong, "leave it out for no limit")
    cell, whole, memory = limits
    held = Limits(
        cell_seconds=cell and 60 * cell, run_seconds=whole and 60 * whole, memory=memory and round(memory * 1e9)
    )
    return How(warm=not cold, again=again, limits=held)


@dataclass(frozen=True)
class _Asked:
    """What was asked for beside the studies."""

    how: How
    jobs: int | None
    keep_going: bool
    as_json: bool
    scheduler: str | None = None


def _run(studies: list[Path], data: Path | None, asked: _Asked) -> list[Ended]:
    from curv_eval.run.journal import journal
    from curv_eval.run.notebooks import jobs_that_fit
    from curv_eval.run.planning import plan as planned
    from curv_eval.run.progress import shown

    if asked.scheduler and asked.jobs:
        raise RunError("--jobs is for this machine; with --scheduler the workers decide", do="leave one of them out")
    made, how = planned(studies, data=data), asked.how
    jobs = jobs_that_fit(asked.jobs, sum(not one.fresh or how.again for one in made))
    expected = sum(one.seconds or 0 for one in made if not one.fresh) or None
    project = made[0].study.project
    with shown(as_json=asked.as_json, expected=expected, jobs=jobs) as show, journal(project, show) as tell:
        return _made(made, asked, jobs, tell)


def _made(made: list[Planned], asked: _Asked, jobs: int, tell: Tell) -> list[Ended]:
    """Make the runs here, or on a cluster."""
    if asked.scheduler is None:
        from curv_eval.run.pool import run_all

        return run_all(made, how=asked.how, jobs=jobs, keep_going=asked.keep_going, tell=tell)
    from curv_eval.run.many_machines import run_on

    return run_on(asked.scheduler, made, how=asked.how, keep_going=asked.keep_going, tell=tell)


def _report(ended: list[Ended], *, as_json: bool, brief: bool) -> None:
    from curv_eval.run.pool import refuse_failed

    if as_json:
        refuse_failed(ended)
        return
    for one in ended[:_SHOWN]:
        if one.folder:
            say(f"run: {near(one.folder)}{' (fresh)' if one.state == 'fresh' else ''}")
    if len(ended) > 1:
        say(
            ", ".join(
                f"{sum(one.state == s for one in ended):,} {s}" for s in ("finished", "fresh", "failed", "not begun")
            )
        )
    refuse_failed(ended)
    if brief and len(ended) == 1 and ended[0].folder:
        render(ended[0].folder)


def status(as_json: AsJson = False) -> None:
    """Say where the runs of the last command stand: waiting, running, finished, failed."""
    from curv_eval.run.journal import last_journal, states
    from curv_eval.run.progress import headline

    events, runs = last_journal(Path.cwd())
    found = states(events)
    if as_json:
        say(json.dumps({"running": runs, "studies": found}))
        return
    if not found:
        say("nothing was run in this folder yet")
        return
    say(headline(found, began=events[0]["time"], expected=None, jobs=events[0].get("jobs", 1)))
    say("at work" if runs else "no longer at work; `curv-eval run` goes on with what is missing")
    for name, held in [(n, h) for n, h in found.items() if h["state"] not in ("finished", "fresh")][:_SHOWN]:
        state = held["state"] if runs or held["state"] != "running" else "stopped"
        where = f" in {held['notebook']}, cell {held['cell']} of {held['cells']}" if held["cells"] else ""
        say(f"{name}: {state}{where}" + (f" ({held['error']})" if held.get("error") else ""))


def verify(
    run: Run,
    data: DataFolder = None,
    level: Annotated[
        int, typer.Option(help="1: hashes; 2: run again; 3: run again in an environment from the lock")
    ] = 1,
    cold: Annotated[bool, typer.Option("--cold", help="at level 2: start every kernel from nothing")] = False,
) -> None:
    """Say whether a run still is what it was: 1 hashes of what is there, 2 run again, 3 in a fresh environment."""
    from curv_eval.run.folders import find
    from curv_eval.run.verifying import verify_run

    if level not in (1, 2, 3):
        raise RunError(f"--level: got {level}, expected 1, 2 or 3")
    found = find(run, Path.cwd())
    moved, compared = verify_run(found, data)
    if moved:
        do = "bring back what moved, or run the study again; a review of this run no longer holds"
        raise RunError(f"{found.name} is not as it was made", [str(m) for m in moved], do)
    say(f"{found.name}: nothing moved ({compared})")
    if level > 1:
        _again(found, data, level=level, cold=cold)


def _again(found: Path, data: Path | None, *, level: int, cold: bool) -> None:
    from curv_eval.run.fresh import rerun_fresh
    from curv_eval.run.notebooks import How
    from curv_eval.run.progress import shown
    from curv_eval.run.verifying import rerun

    if level == 3:
        say(rerun_fresh(found, data, say=lambda text: say(text, err=True)).splitlines()[-1])
        return
    with shown() as tell:
        moved = rerun(found, data, how=How(warm=not cold), tell=tell)
    if moved:
        do = "a difference in numbers needs an explanation before this run is relied on"
        raise RunError(f"{found.name} came out differently when it was run again", [str(m) for m in moved], do)
    say(f"{found.name}: run again, every released file is the same")


def render(found: Path, engine: str = "auto") -> None:
    """Render the brief of a run and say where its documents are."""
    from curv_eval.publish import publish_brief

    for kind, path in publish_brief(found, engine=engine).items():
        say(f"{kind}: {near(path)}")


def near(path: Path) -> str:
    """Return a path as seen from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def attach(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    for command in (plan, run, status, verify):
        app.command()(command)
