"""curv-eval toolkit and curv-eval changed: evidence reviews side by side, and one beside itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from curv_eval.cli.runs import Run, near
from curv_eval.cli.say import say


def toolkit(
    to: Annotated[Path, typer.Argument(help="a new folder")],
    reviews: Annotated[list[str], typer.Argument(help="reviews, each by its name: its latest run")],
    engine: Annotated[str, typer.Option(help="auto, quarto or builtin")] = "auto",
) -> None:
    """Write one page with a table across approaches, and a page for each, from the results of reviews."""
    from curv_eval.publish.toolkit import publish_toolkit
    from curv_eval.run.folders import find

    runs = [find(name, Path.cwd()) for name in reviews]
    say(f"toolkit: {near(publish_toolkit(runs, to, engine=engine))}")


def changed(
    run: Run, since: Annotated[str | None, typer.Option(help="the run to compare with; else the one before")] = None
) -> None:
    """Say what a review finds now that it did not find before: which studies came, and what became of its answer."""
    from curv_eval.run.folders import find
    from curv_eval.run.review_changes import before_of
    from curv_eval.run.review_changes import changed as compare

    now = find(run, Path.cwd())
    before = find(since, Path.cwd()) if since else before_of(now)
    say(f"{now.parent.name}: {before.name} and {now.name}")
    for line in compare(before, now).lines:
        say(line)
