"""curv-eval results: what the studies of a sweep found, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from curv_eval.cli.runs import DataFolder, Studies
from curv_eval.cli.say import say
from curv_eval.errors import RunError

_SHOWN = 40


def results(
    studies: Studies,
    data: DataFolder = None,
    to: Annotated[Path | None, typer.Option("--csv", help="a new file with a row for each study")] = None,
) -> None:
    """Say what the studies of the files found, one line each: only finished runs whose inputs are those of today."""
    from curv_eval.run.planning import plan
    from curv_eval.run.results import line, summed_up, write_results
    from curv_eval.run.results import results as rows_of

    if to and to.exists():
        raise RunError(f"{to} is there already", do="give a new file")
    if to and not to.parent.is_dir():
        raise RunError(f"there is no folder {to.parent}", do="make it, or give another file")
    rows = rows_of(plan(studies, data=data))
    for row in rows[:_SHOWN]:
        say(line(row))
    if len(rows) > _SHOWN:
        say(f"... and {len(rows) - _SHOWN:,} more; --csv FILE writes them all")
    say(summed_up(rows))
    if to:
        write_results(rows, to)
        say(f"written: {to}")
