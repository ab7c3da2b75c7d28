"""Datasets as they arrive: read by the module that has the name of the contract's format, checked, and typed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from curv_eval.contract import Contract, permit
from curv_eval.errors import ContractError

if TYPE_CHECKING:
    import duckdb

MADE_UP = "MADE_UP.json"


@dataclass(frozen=True)
class SourceFile:
    """One file that was read. name: below the location. rows: data rows in it.

    sha256, bytes: of the file as it stands on disk; of the unpacked content where the file is a member of an archive.
    repairs: what the reader passed over or put right, as sentences without values.
    """

    name: str
    sha256: str
    bytes: int
    rows: int
    repairs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dataset:
    """A dataset that kept its contract. made_up: a file MADE_UP.json stands beside or above it."""

    contract: Contract
    rows: int
    files: tuple[SourceFile, ...]
    made_up: bool


def formats() -> tuple[str, ...]:
    """Return the formats that can be read: the modules of this folder."""
    return tuple(sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py")))


def load_dataset(
    con: duckdb.DuckDBPyConnection, contract: Contract, path: Path, *, purpose: str, today: date
) -> Dataset:
    """Read the dataset at `path` into a typed table named like its contract, once it is permitted and keeps it.

    path: file or folder, as the format needs. Empty text becomes NULL; months stay text YYYY-MM; rows keep the order
    of the files and are never dropped. Raises ContractError: use not permitted, files not readable, contract not kept.
    """
    from curv_eval.breach import find_breaches, raise_breaches

    permit(contract, purpose, today)
    made_up = is_made_up(path)
    _refuse_without_agreement(contract, made_up)
    raw = f"raw_{contract.name}"
    try:
        files = _reader(contract).read(con, path, contract)
        raise_breaches(find_breaches(con, raw, contract, today=today), contract, path.name)
        return Dataset(contract, _type(con, contract, raw), files, made_up)
    finally:
        # data that broke their contract are not left lying about
        con.execute(f'DROP TABLE IF EXISTS "{raw}"').fetchall()


def is_made_up(path: Path) -> bool:
    """Return whether a file MADE_UP.json stands at `path` or in a folder above it."""
    place = path.resolve()
    return any((folder / MADE_UP).is_file() for folder in (place, *place.parents))


def _refuse_without_agreement(contract: Contract, made_up: bool) -> None:
    if contract.options["made_up_only"] and not made_up:
        what = f"{contract.name} v{contract.version} covers made-up data only: no agreement stands behind it"
        do = (
            f"copy {contract.name}.yaml into the data_contracts folder beside your study, "
            "put in your agreement's reference and end date, and take madeUpOnly out"
        )
        raise ContractError(what, do=do)


def _reader(contract: Contract) -> ModuleType:
    if contract.format not in formats():
        known = ", ".join(formats())
        raise ContractError(f"{contract.name}: format: got {contract.format!r}; expected one of {known}")
    return import_module(f"{__name__}.{contract.format}")


def _type(con: duckdb.DuckDBPyConnection, contract: Contract, raw: str) -> int:
    """Make the typed table of the checked raw one, and return its number of rows."""
    from curv_eval.breach_sql import quoted, typed

    columns = ", ".join(f"{typed(column)} AS {quoted(column.name)}" for column in contract.columns)
    name = quoted(contract.name)
    con.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT {columns} FROM {quoted(raw)}").fetchall()
    return con.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0]
