"""curv-eval export: a finished run for somebody who will check it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from curv_eval.cli.runs import DataFolder, Run, near


class Kind(StrEnum):
    """What a run is exported as."""

    CRATE = "crate"
    PACKAGE = "package"


def export(  # noqa: PLR0913 - every option of a command is an argument
    run: Run,
    to: Annotated[Path, typer.Argument(help="a new folder, or a new file that ends in .zip")],
    kind: Annotated[Kind, typer.Option("--as", help="crate: RO-Crate; package: to make the run again")] = Kind.CRATE,
    agent: Annotated[str, typer.Option(help="who ran it, as it shall be written")] = "",
    licence: Annotated[str, typer.Option(help="the licence of what is released, as an https:// address")] = "",
    url: Annotated[str, typer.Option(help="a page of those who answer for the study")] = "",
    with_data: Annotated[bool, typer.Option("--with-data", help="put in the datasets that are open to anyone")] = False,
    data: DataFolder = None,
) -> None:
    """Write a finished run as an RO-Crate, or as a package that makes it again. No restricted file is in either."""
    from curv_eval.export import Asked, export_crate, export_package
    from curv_eval.run.folders import find

    asked = Asked(agent, licence, url, with_data, data)
    make = export_crate if kind is Kind.CRATE else export_package
    typer.echo(f"{kind.value}: {near(make(find(run, Path.cwd()), to, asked))}")
