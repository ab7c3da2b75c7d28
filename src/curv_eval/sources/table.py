"""One table as CSV, Parquet or a workbook, told by the ending of the file's name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from curv_eval.contract import Contract
from curv_eval.errors import ContractError
from curv_eval.sources import SourceFile
from curv_eval.sources._arrived import require_file
from curv_eval.sources._delimited import read_one
from curv_eval.sources._parquet import read_parts
from curv_eval.sources._spread import read_spreadsheet

if TYPE_CHECKING:
    import duckdb

_PACKED = (".gz", ".xz", ".zip")
_KNOWN = ".csv (also .csv.gz, .csv.xz, .csv.zip), .parquet and .xlsx"


def read(con: duckdb.DuckDBPyConnection, path: Path, contract: Contract) -> tuple[SourceFile, ...]:
    """Read the file at `path` as its ending says into the table raw_<contract>.

    Raises ContractError for another ending, and what the readers of CSV, Parquet and workbooks raise.
    """
    ending, before = path.suffix.lower(), Path(path.stem).suffix.lower()
    if ending == ".parquet":
        return read_parts(con, path, contract)
    if ending == ".xlsx":
        require_file(path, contract, "an Excel workbook (.xlsx)")
        return read_spreadsheet(con, path, contract)
    if ending == ".csv" or (path.suffix in _PACKED and before not in (".parquet", ".xlsx")):
        return read_one(con, path, contract)
    require_file(path, contract, "a file")
    do = "unpack it first" if before in (".parquet", ".xlsx") else "save it as one of these"
    raise ContractError(f"{path.name}: this kind of file is not read; expected one of {_KNOWN}", do=do)
