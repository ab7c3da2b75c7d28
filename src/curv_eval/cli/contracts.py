"""curv-eval data lint | register | diff: the contracts themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from curv_eval.cli.data import data_app
from curv_eval.cli.say import say
from curv_eval.errors import ContractError, CurvError

Contracts = Annotated[
    Path | None,
    typer.Option("--contracts", help="a folder of contracts (else data_contracts here, else those shipped)"),
]


@data_app.command("lint")
def data_lint(
    files: Annotated[list[Path] | None, typer.Argument(help="contract files (else every one of the folder)")] = None,
    contracts: Contracts = None,
) -> None:
    """Hold contract files to the standard, to our profile and to themselves; name every fault with its line."""
    from curv_eval.contract import lint_contract

    faults = []
    for path in files or sorted(contract_folder(contracts).glob("*.yaml")):
        try:
            found = lint_contract(path)
        except CurvError as fault:
            faults += [fault.what, *(f"  {line}" for line in fault.breaches)]
        else:
            say(f"ok  {found.name} v{found.version}: {len(found.columns)} columns, {found.title}")
    if faults:
        raise ContractError("not every contract can be used", faults, "mend what is named and lint again")


def contract_folder(given: Path | None) -> Path:
    """Return the folder of contracts: `given`, else data_contracts here, else those that came with the package."""
    from curv_eval.shipped import shipped

    here = Path("data_contracts")
    folder = given or (here if here.is_dir() else shipped("data_contracts"))
    if not folder.is_dir():
        raise ContractError(f"there is no folder {folder}", do="give a folder of contract files with --contracts")
    if not any(folder.glob("*.yaml")):
        do = "put contracts there, as files that end in .yaml, or name another folder with --contracts"
        raise ContractError(f"there are no contracts in {folder}", do=do)
    return folder


@data_app.command("register")
def data_register(
    out: Annotated[Path, typer.Argument(help="the folder to write the register into")] = Path("register"),
    contracts: Contracts = None,
) -> None:
    """Write the information-sharing register: who shares what with whom, why, until when, and what needs a person."""
    from datetime import date

    from curv_eval.register import FILES, notices, write_register

    here = Path("data_contracts")
    if contracts:
        contract_folder(contracts)
    found = write_register(contracts or (here if here.is_dir() else None), out, date.today())
    for name in FILES:
        say(out / name)
    waiting = len(notices(found))
    say(f"{len(found.entries)} datasets, {len(found.broken)} broken contracts, {waiting} things need a person")


@data_app.command("diff")
def data_diff(
    old: Annotated[Path, typer.Argument(help="the contract in use")],
    new: Annotated[Path, typer.Argument(help="the contract that is to take its place")],
) -> None:
    """Say what a new version of a contract changes, for whom, and whether it may take the old one's place.

    What shares more, keeps longer or protects less needs a named approver in the new contract. Leaves with 3 without.
    """
    from curv_eval.contract_diff import decide, differences

    found = differences(old, new)
    for one in found:
        say(str(one))
    reasons = decide(found, old, new)
    if reasons:
        raise ContractError(f"{new.name} may not take the place of {old.name} yet", reasons, "settle what is named")
    say(f"{len(found)} differences; {new.name} may take the place of {old.name}")
