"""curv-eval download: a table's counts with noise, for the open web."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from curv_eval.cli.runs import Run, near
from curv_eval.cli.say import say


def download(  # noqa: PLR0913 - every option of a command is an argument
    run: Run,
    table: Annotated[str, typer.Argument(help="a table of counts, by its name in the evidence record")],
    to: Annotated[Path, typer.Argument(help="a new folder")],
    epsilon: Annotated[float, typer.Option(help="how much this may tell of one person: 0.1 little, 1 much")],
    budget: Annotated[float, typer.Option(help="how much all downloads of the study together may tell")] = 1.0,
    per_person: Annotated[int, typer.Option(help="how many events one person has at most in a cell")] = 1,
) -> None:
    """Write a table's counts with noise (differential privacy), and note in the ledger what that cost."""
    from curv_eval import audit, manifest
    from curv_eval import budget as kept
    from curv_eval.export.download import Wanted, write_download
    from curv_eval.run.folders import find

    found = find(run, Path.cwd())
    whose = manifest.read(found)["study"]
    with audit.recorded(audit.home_of(found), audit.What.EXPORTED, of=whose, run=found.name) as noted:
        made = write_download(found, Wanted(table, epsilon, budget, per_person), to)
        noted.files.append(to)
        noted.detail |= {"table": table, "epsilon": f"{epsilon:g}", "as": "noised counts"}
    used = sum(one.epsilon for one in kept.spent(found))
    say(f"{len(made.counts)} counts, 95 of 100 within {made.within} of the true ones: {near(to)}")
    say(f"spent: {used:g} of {budget:g}")
