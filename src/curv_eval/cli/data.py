"""curv-eval data: datasets against their contracts."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from curv_eval.cli.say import say
from curv_eval.visible import one_line

data_app = typer.Typer(no_args_is_help=True, help="Check data against their contracts.")

Params = Annotated[Path, typer.Argument(help="a study file, such as params/demo.yaml")]
DataFolder = Annotated[Path | None, typer.Option("--data", help="the data folder (else CURV_EVAL_DATA)")]


@data_app.command("check")
def data_check(params: Params, data: DataFolder = None) -> None:
    """Check every dataset of a study against its contract and list every breach at once."""
    from curv_eval import audit
    from curv_eval.data import contract_files, load_data
    from curv_eval.inputs import inputs
    from curv_eval.run.preflight import preflight
    from curv_eval.run.recording import home, record_loaded
    from curv_eval.study import load_study

    study = load_study(params)
    preflight(study)
    audit.ready(home(study))
    loaded = load_data(study, data)
    record_loaded(study, inputs(study, data=loaded.folder, contracts=contract_files(study)), run="", by="data check")
    say(repr(loaded))


@data_app.command("validate")
def data_validate(  # noqa: PLR0913 (one parameter for each option)
    contract: Annotated[str, typer.Argument(help="the name of a contract, such as vcse_referrals")],
    file: Annotated[Path, typer.Argument(help="the file to check")],
    contracts: Annotated[Path | None, typer.Option(help="the folder of the contract (else data_contracts/)")] = None,
    quarantine: Annotated[
        Path | None, typer.Option(help="a new folder: breaching rows apart, the rest to keep")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="an error list to open in a browser")] = None,
    csv: Annotated[Path | None, typer.Option(help="every breach: row, column, rule, what to do; no values")] = None,
) -> None:
    """Check one file against a contract before it is shared, and list every breach. Leaves with 3 if there are any.

    Needs no study and no purpose, and does not look at the agreement or when it ends: it says whether the data keep
    their promises, not whether anyone may use them. Contracts come from data_contracts/ here, else with the program.
    """
    from curv_eval.breach import raise_breaches
    from curv_eval.contract import load_contract
    from curv_eval.validation import Outputs, advice, validate, written

    here = Path("data_contracts")
    folder = contracts or (here if (here / f"{contract}.yaml").is_file() else None)
    wanted = Outputs(quarantine, html, csv)
    try:
        found = validate(file, load_contract(contract, folder), outputs=wanted, progress=_stage)
    finally:
        _stage("")
    for line in written(found, wanted):
        say(line)
    raise_breaches(found.breaches, found.contract, found.name, do=advice(found, wanted))
    say(f"{found.name}: {found.rows:,} rows keep {found.contract.name} v{found.contract.version}")


def _stage(said: str) -> None:
    if sys.stderr.isatty():
        # written over the line before
        width = shutil.get_terminal_size().columns - 1
        sys.stderr.write("\r" + one_line(said)[:width].ljust(width) + "\r")
        sys.stderr.flush()
