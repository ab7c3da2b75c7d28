"""One comma-separated file with a header, UTF-8, plain or packed (.gz, .xz, or .zip with one file inside)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from curv_eval.contract import Contract
from curv_eval.sources import SourceFile
from curv_eval.sources._delimited import read_one

if TYPE_CHECKING:
    import duckdb


def read(con: duckdb.DuckDBPyConnection, path: Path, contract: Contract) -> tuple[SourceFile, ...]:
    """Read the file at `path` into the table raw_<contract>; see read_one."""
    return read_one(con, path, contract)
