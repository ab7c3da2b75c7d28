"""One Parquet file, or a folder of part files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from curv_eval.contract import Contract
from curv_eval.sources import SourceFile
from curv_eval.sources._parquet import read_parts

if TYPE_CHECKING:
    import duckdb


def read(con: duckdb.DuckDBPyConnection, path: Path, contract: Contract) -> tuple[SourceFile, ...]:
    """Read the Parquet file or files at `path` into the table raw_<contract>; see read_parts."""
    return read_parts(con, path, contract)
