"""curv-eval lab: the project in JupyterLab."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from curv_eval.cli.say import say


def lab(
    more: Annotated[list[str] | None, typer.Argument(help="after --: options of JupyterLab, as --port 8899")] = None,
    set_up: Annotated[bool, typer.Option("--set-up", help="set up, say what was done, start nothing")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="take back what was set up; notebooks stay")] = False,
) -> None:
    """Open this project in JupyterLab: notebooks, kernel, settings, and a git that strips outputs on commit."""
    from curv_eval import lab as labs

    project = labs.find_project(Path.cwd())
    if undo:
        say("\n".join(labs.undo(project) or ["nothing was set up here"]))
        return
    say("\n".join(labs.set_up(project)))
    if not set_up:
        raise typer.Exit(labs.start(project, more or []))
