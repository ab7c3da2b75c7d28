"""curv-eval demo | new | data | link | safes | plan | run | release | scan | review | brief | verify | audit | ..."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from curv_eval.cli import contracts as contracts
from curv_eval.cli import expire as expire
from curv_eval.cli import linking as linking
from curv_eval.cli import runs
from curv_eval.cli.audit import audit_app
from curv_eval.cli.data import data_app
from curv_eval.cli.download import download
from curv_eval.cli.export import export
from curv_eval.cli.lab import lab
from curv_eval.cli.link import link_app
from curv_eval.cli.register import register
from curv_eval.cli.release import release
from curv_eval.cli.results import results
from curv_eval.cli.reviews import changed, toolkit
from curv_eval.cli.runs import Run, render
from curv_eval.cli.safes import safes
from curv_eval.cli.say import say
from curv_eval.cli.scan import scan
from curv_eval.errors import CurvError, RunError
from curv_eval.visible import STEERS, visible

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)
app.add_typer(data_app, name="data")
app.add_typer(link_app, name="link")
app.add_typer(audit_app, name="audit")
app.command()(register)
app.command()(release)
app.command()(results)
app.command()(safes)
app.command()(scan)
app.command()(toolkit)
app.command()(changed)
app.command()(export)
app.command()(download)
app.command()(lab)

runs.attach(app)


@app.command()
def demo() -> None:
    """Run the example study on made-up data, end to end, and compare the answer with the truth."""
    from curv_eval.demo import demonstrate
    from curv_eval.run.progress import shown

    with shown() as tell:
        demonstrate(tell)


@app.command()
def new(name: str, example: str = typer.Option("demo", help="the example study to start from")) -> None:
    """Write params/NAME.yaml from an example study."""
    from curv_eval.shipped import shipped
    from curv_eval.study import STUDY

    known = {path.stem: path for path in sorted(shipped("params").glob("*.yaml"))}
    target = Path("params") / f"{name}.yaml"
    if example not in known:
        raise RunError(f"there is no example study {example!r}", [f"there are {', '.join(known)}"], "give --example")
    if not re.fullmatch(STUDY, name):
        breach = "expected 3 to 60 small letters, digits and -"
        raise RunError(f"got the name {name!r}", [breach], "choose another name")
    if target.exists():
        raise RunError(f"{target} already exists", do="choose another name")
    target.parent.mkdir(exist_ok=True)
    text = known[example].read_text("utf-8").replace(f"\nstudy: {example}\n", f"\nstudy: {name}\n", 1)
    target.write_text(text, "utf-8")
    say(f"{target} written; change it, then: curv-eval run {target}")


@app.command()
def review(  # noqa: PLR0913 - every option of a command is an argument
    run: Run,
    reviewer: Annotated[str, typer.Option(help="the reviewer's name")],
    decision: Annotated[str, typer.Option(help="approve, revise or refuse")],
    findings: Annotated[str, typer.Option(help="what was found")] = "",
    grant: Annotated[list[int] | None, typer.Option(help="number of an exception that is granted")] = None,
    withdraw: Annotated[list[int] | None, typer.Option(help="number of an exception that holds no more")] = None,
) -> None:
    """Record who checked a run and what they decided."""
    from curv_eval.review import Decision, Exceptions, write_review
    from curv_eval.run.folders import find

    allowed = [d.value for d in Decision]
    if decision not in allowed:
        raise RunError(f"got the decision {decision!r}", do=f"give --decision {' or '.join(allowed)}")
    found = find(run, Path.cwd())
    change = Exceptions(tuple(grant or ()), tuple(withdraw or ()))
    made = write_review(found, reviewer=reviewer, decision=Decision(decision), findings=findings, change=change)
    say(f"{made.reviewer}: {made.decision} run {made.run}")
    if made.granted or made.withdrawn:
        say("what was decided about exceptions holds from the next run on: give `curv-eval run` again")


@app.command()
def brief(run: Run, engine: str = typer.Option("auto", help="auto, quarto or builtin")) -> None:
    """Render the brief of a run to HTML, PDF and DOCX; it stays DRAFT until a review approves exactly this run."""
    from curv_eval.run.folders import find

    render(find(run, Path.cwd()), engine)


@app.command()
def doctor() -> None:
    """Say what this machine has and what is missing."""
    from curv_eval.doctor import findings

    problems = 0
    for name, fine, text in findings():
        problems += not fine
        say(f"{'ok ' if fine else 'NO '} {name}: {text}")
    raise typer.Exit(1 if problems else 0)


def main() -> None:
    """Run the command line; every fault of ours is one message and an exit code, never a traceback."""
    try:
        _refuse_unseen(sys.argv[1:])
        app(standalone_mode=True)
    except CurvError as fault:
        _leave(str(fault), fault.exit_code)
    except SystemExit as left:
        if left.code == _STOPPED:
            _leave("stopped; nothing half-written was left, and what was finished is not repeated", _STOPPED)
        raise
    except Exception as fault:
        if os.environ.get("CURV_EVAL_DEBUG"):
            raise
        _leave(_unforeseen(fault), RunError.exit_code if isinstance(fault, OSError) else 70)


def _refuse_unseen(words: list[str]) -> None:
    """Refuse a word with characters that cannot be seen: it was not typed, and messages would repeat it."""
    unseen = [visible(word) for word in words if STEERS.search(word)]
    if unseen:
        raise RunError("the command holds characters that cannot be seen", unseen, "type it again without them")


# what typer makes of Ctrl-C
_STOPPED = 130


def _leave(message: str, code: int) -> NoReturn:
    sys.stderr.write(f"{visible(message)}\n")
    raise SystemExit(code) from None


def _unforeseen(fault: Exception) -> str:
    if isinstance(fault, OSError) and fault.filename:
        do = "check the path, your rights to it, the space left and whether another program holds it"
        return str(RunError(f"cannot use {fault.filename} ({fault.strerror})", do=do))
    return f"{type(fault).__name__}: a fault of the program; CURV_EVAL_DEBUG=1 shows where"
