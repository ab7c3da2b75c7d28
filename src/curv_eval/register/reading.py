"""The contracts of a project, its own before those that came with the package; a broken one stops nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from curv_eval.contract import contract_names, load_contract
from curv_eval.errors import ContractError
from curv_eval.register.nouns import Broken, Entry, Register
from curv_eval.shipped import shipped


def read_register(folder: Path | None, today: date) -> Register:
    """Return the register of the contracts in `folder` and, where it has none of that name, of those that ship.

    folder: the project's data_contracts folder, None for those that ship alone. Raises ContractError where it is
    named and is not there.
    """
    if folder is not None and not folder.is_dir():
        raise ContractError(f"there is no folder {folder}", do="give the data_contracts folder of your project")
    own = set(contract_names(folder)) if folder else set()
    read = [_read(name, folder if name in own else None) for name in sorted(own.union(contract_names()))]
    return Register(
        today=today,
        entries=tuple(one for one in read if isinstance(one, Entry)),
        broken=tuple(one for one in read if isinstance(one, Broken)),
        ignored=tuple(sorted(path.name for path in folder.glob("*.yml"))) if folder else (),
    )


def _read(name: str, folder: Path | None) -> Entry | Broken:
    own = folder is not None and folder.resolve() != shipped("data_contracts").resolve()
    try:
        return Entry(load_contract(name, folder), own)
    except ContractError as fault:
        return Broken(f"{name}.yaml", fault.breaches or (fault.what,), own)
