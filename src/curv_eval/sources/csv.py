"""One comma-separated file with a header, UTF-8, plain or packed (.gz, .xz, or .zip with one file inside)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from curv_eval.contract import Contract
from curv_eval.errors import ContractError
from curv_eval.sources import SourceFile
from curv_eval.sources._delimited import read_delimited
from curv_eval.sources._unpacked import Arrived

if TYPE_CHECKING:
    import duckdb


def read(con: duckdb.DuckDBPyConnection, path: Path, contract: Contract) -> tuple[SourceFile, ...]:
    """Read the file at `path` into the table raw_<contract>; see read_delimited.

    Raises ContractError when there is no such file, or it is not a whole CSV file in the contract's layout.
    """
    if not path.is_file():
        found = "got a folder; expected a CSV file" if path.is_dir() else "there is no such file"
        raise ContractError(f"{path}: {found}", do=contract.obtain)
    return read_delimited(con, contract, [Arrived(path.name, path)])
