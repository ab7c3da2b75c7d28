"""One Excel workbook (.xlsx) as partners send it: the worksheet and the row of the names are found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from curv_eval.contract import Contract
from curv_eval.sources import SourceFile
from curv_eval.sources._arrived import require_file
from curv_eval.sources._spread import read_spreadsheet

if TYPE_CHECKING:
    import duckdb


def read(con: duckdb.DuckDBPyConnection, path: Path, contract: Contract) -> tuple[SourceFile, ...]:
    """Read the workbook at `path` into the table raw_<contract>; see read_spreadsheet.

    Raises ContractError when there is no such file, or it is not a workbook with the contract's columns.
    """
    require_file(path, contract, "an Excel workbook (.xlsx)")
    return read_spreadsheet(con, path, contract)
