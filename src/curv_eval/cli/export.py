"""curv-eval export: a finished run for somebody who will check it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curv_eval.cli.runs import DataFolder, Run, near
from curv_eval.cli.say import say

if TYPE_CHECKING:
    from curv_eval.export import Asked


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
    from curv_eval.export import Asked
    from curv_eval.run.folders import find

    asked = Asked(agent, licence, url, with_data, data)
    say(f"{kind.value}: {near(_exported(find(run, Path.cwd()), to, kind, asked))}")


def _exported(run: Path, to: Path, kind: Kind, asked: Asked) -> Path:
    """Export a run, and record that and what it is."""
    from curv_eval import audit, manifest
    from curv_eval.export import export_crate, export_package

    make = export_crate if kind is Kind.CRATE else export_package
    whose = manifest.read(run)["study"]
    with audit.recorded(audit.home_of(run), audit.What.EXPORTED, of=whose, run=run.name) as made:
        target = make(run, to, asked)
        made.files.append(target)
        held = manifest.sha256(target) if target.is_file() else manifest.digest(manifest.tree(target))
        made.detail |= {"as": kind.value, "with open data": "yes" if asked.with_data else "no", target.name: held}
    return target
