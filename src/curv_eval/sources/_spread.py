"""A partner's workbook into one raw table: found, told apart, put right in the open, or refused with its places."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from curv_eval.breach_sql import quoted
from curv_eval.contract import Contract
from curv_eval.sources import SourceFile
from curv_eval.sources._cells import Taken, take_column
from curv_eval.sources._faults import refuse_cells, refuse_empty
from curv_eval.sources._layout import find_layout, place
from curv_eval.sources._report import passed_over, put_right
from curv_eval.sources._rows import Block, read_block
from curv_eval.sources._workbook import open_workbook

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


def read_spreadsheet(con: duckdb.DuckDBPyConnection, path: Path, contract: Contract) -> tuple[SourceFile, ...]:
    """Read the .xlsx file at `path` into the table raw_<contract>, and return it with what was put right.

    The table holds the contract's columns as text, source_file, and source_row, which is the row as Excel shows it.
    Raises ContractError for a file that is no whole workbook, has not the contract's columns, or has cells that cannot
    be read as they stand: these are named by place, never by what they hold.
    """
    with open_workbook(path) as workbook:
        layout = find_layout(workbook, contract)
        block = read_block(workbook, layout, contract)
        where = place(workbook, layout.sheet, contract)
        refuse_empty(where, layout, block)
        columns = [take_column(cells, rules) for cells, rules in zip(block.columns, block.rules, strict=True)]
        refuse_cells(where, block, columns, contract=contract)
        said = (*passed_over(workbook, layout, block), *put_right(contract, columns))
    _store(con, contract, _table(contract, block, columns, path.name))
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return (SourceFile(path.name, digest, path.stat().st_size, len(block.numbers), said),)


def _table(contract: Contract, block: Block, taken: Sequence[Taken], name: str) -> pa.Table:
    import pyarrow as pa

    rows = len(block.numbers)
    columns = {column.name: pa.nulls(rows, pa.string()) for column in contract.columns}
    for cells, one in zip(block.columns, taken, strict=True):
        texts = {None: None, **{raw: reading.text for raw, reading in one.readings.items()}}
        columns[one.rules.column.name] = pa.array(list(map(texts.__getitem__, cells)), pa.string())
    columns["source_file"] = pa.array([name] * rows, pa.string())
    columns["source_row"] = pa.array(block.numbers, pa.int64())
    return pa.table(columns)


def _store(con: duckdb.DuckDBPyConnection, contract: Contract, table: pa.Table) -> None:
    con.register("arrived_cells", table)
    try:
        name = quoted(f"raw_{contract.name}")
        con.execute("SET preserve_insertion_order = true").fetchall()
        con.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM arrived_cells").fetchall()
    finally:
        con.unregister("arrived_cells")
