"""curv-eval data: datasets against their contracts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

data_app = typer.Typer(no_args_is_help=True, help="Check data against their contracts.")

Params = Annotated[Path, typer.Argument(help="a study file, such as params/demo.yaml")]
DataFolder = Annotated[Path | None, typer.Option("--data", help="the data folder (else CURV_EVAL_DATA)")]


@data_app.command("check")
def data_check(params: Params, data: DataFolder = None) -> None:
    """Check every dataset of a study against its contract and list every breach at once."""
    from curv_eval.data import load_data
    from curv_eval.run.preflight import preflight
    from curv_eval.study import load_study

    study = load_study(params)
    preflight(study)
    typer.echo(repr(load_data(study, data)))
