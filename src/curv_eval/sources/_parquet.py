"""Parquet files into one raw table: every column as the text the contract expects, without loading a file whole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from curv_eval.breach_sql import quoted, text
from curv_eval.contract import Column, Contract
from curv_eval.errors import ContractError
from curv_eval.sources import SourceFile
from curv_eval.sources._arrived import require_file, require_readable
from curv_eval.sources._cells import takes_months
from curv_eval.sources._delimited import refuse_layouts
from curv_eval.sources._kinds import SAID, kind_of
from curv_eval.sources._sealed import describe, has_key

if TYPE_CHECKING:
    import duckdb

_AGAIN = "get it again from where it came, whole"
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_AS_THEY_ARE = {"BOOLEAN", "DATE", "TIME", "TIME_NS", "UUID", '"NULL"', *_INTEGERS, *(f"U{name}" for name in _INTEGERS)}
_MOMENTS = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")
# whole numbers up to here are exact in a column of doubles
_EXACT = 2**53
_ROW_NUMBER = "file_row_number"


@dataclass(frozen=True)
class _Part:
    """One Parquet file. header: the names of its columns, as they are. rows: as it says itself. key: its key's name."""

    name: str
    path: Path
    header: tuple[str, ...]
    rows: int
    key: str = ""


def read_parts(con: duckdb.DuckDBPyConnection, path: Path, contract: Contract) -> tuple[SourceFile, ...]:
    """Read the Parquet file at `path`, or the *.parquet files in the folder `path` by name, into raw_<contract>.

    The table holds the contract's columns as text (dates 2023-03-31, times 2023-03-31 14:05:00, months 2023-03),
    source_file, and source_row (1 = first row). Raises ContractError for a file that is not whole, has not the
    contract's columns, or has columns that are nested, hold bytes or times with a zone.
    """
    parts = [_unsealed(con, file, contract) for file in _files(path, contract)]
    refuse_layouts(contract, [part.name for part in parts], [part.header for part in parts])
    types = [_types(con, part) for part in parts]
    _refuse_types(contract, parts, types)
    columns = ", ".join(f"{quoted(column.name)} VARCHAR" for column in contract.columns)
    table = quoted(f"raw_{contract.name}")
    con.execute("SET preserve_insertion_order = true").fetchall()
    con.execute(f"CREATE OR REPLACE TABLE {table} ({columns}, source_file VARCHAR, source_row BIGINT)").fetchall()
    for part, of in zip(parts, types, strict=True):
        _fill(con, contract, part, of)
    return tuple(SourceFile(part.name, _sha256(part.path), part.path.stat().st_size, part.rows) for part in parts)


def _files(path: Path, contract: Contract) -> list[Path]:
    if not path.is_dir():
        require_file(path, contract, "a Parquet file")
        return [path]
    # other programs leave marks and logs beside the parts, named with a dot or a line in front
    found = [
        file for file in sorted(path.rglob("*.parquet")) if file.is_file() and not file.name.startswith((".", "_"))
    ]
    if not found:
        raise ContractError(f"{path}: there are no Parquet files in this folder", do=contract.obtain)
    if any(file.parent != path for file in found):
        what = f"{path.name} has Parquet files in folders within it, whose names may say what the files do not"
        raise ContractError(what, do="write the rows into one file, or into files beside each other, with every column")
    return found


def _unsealed(con: duckdb.DuckDBPyConnection, path: Path, contract: Contract) -> _Part:
    """Return one Parquet file; an encrypted one through the key that goes by the contract's name."""
    require_readable(path)
    if kind_of(path) != "sealed parquet" or not has_key(con, contract.name):
        return _opened(path, sealed=_NAME_A_KEY.format(contract.name))
    part = _Part(path.name, path, (), 0, key=contract.name)
    header, rows = describe(con, _scan(part), contract=contract.name, file=path.name)
    return _Part(path.name, path, header[:-1], rows, key=contract.name)


_NAME_A_KEY = "name the variable that holds its key, as in `key: env:VCSE_KEY` under contracts.{} in the study"
_PLAIN = "write it without encryption and send it by a secure way"


def _opened(path: Path, *, sealed: str = _PLAIN) -> _Part:
    import pyarrow as pa
    import pyarrow.parquet as pq

    require_readable(path)
    kind = kind_of(path)
    if kind != "parquet":
        do = sealed if kind == "sealed parquet" else _AGAIN
        raise ContractError(f"{path.name} is {SAID[kind]}; expected a Parquet file", do=do)
    try:
        with pq.ParquetFile(path) as file:
            header, rows = tuple(file.schema_arrow.names), file.metadata.num_rows
    except (pa.ArrowException, OSError, ValueError):
        raise _damaged(path.name) from None
    if not rows:
        raise ContractError("there is nothing in this file", [f"{path.name} has columns and no rows"], _AGAIN)
    return _Part(path.name, path, header, rows)


def _damaged(name: str) -> ContractError:
    return ContractError(f"{name} is damaged or cut short: it is not a whole Parquet file", do=_AGAIN)


def _scan(part: _Part) -> str:
    """Return SQL for the rows of a part, with its columns named by position and then the number of the row."""
    # DuckDB takes these characters in a path for a pattern; in brackets they mean themselves
    path = "".join(f"[{c}]" if c in "*?[" else c for c in str(part.path))
    options = "file_row_number = true, hive_partitioning = false"
    options += f", encryption_config = {{footer_key: {text(part.key)}}}" if part.key else ""
    if not part.header:
        return f"read_parquet([{text(path)}], {options})"
    names = ", ".join(quoted(str(i)) for i in range(len(part.header) + 1))
    return f"read_parquet([{text(path)}], {options}) AS part({names})"


def _types(con: duckdb.DuckDBPyConnection, part: _Part) -> list[str]:
    import duckdb

    if _ROW_NUMBER in map(str.lower, part.header):
        raise ContractError(f"{part.name}: a column may not be called {_ROW_NUMBER} here", do="rename it")
    try:
        return [row[1] for row in con.execute(f"DESCRIBE SELECT * FROM {_scan(part)}").fetchall()]
    except duckdb.Error:
        raise _damaged(part.name) from None


def _refuse_types(contract: Contract, parts: Sequence[_Part], types: Sequence[Sequence[str]]) -> None:
    faults = []
    for part, of in zip(parts, types, strict=True):
        faults += [f"{part.name}: {fault}" for fault in _type_faults(contract, part.header, of)]
    if faults:
        raise ContractError(f"{contract.name} v{contract.version} cannot be read from these columns", faults)


def _type_faults(contract: Contract, header: Sequence[str], types: Sequence[str]) -> Iterator[str]:
    for column in contract.columns:
        if column.source_name in header:
            kind = types[header.index(column.source_name)]
            if fault := _fault(kind):
                yield f"{column.source_name}: {fault}"


def _fault(kind: str) -> str:
    """Return why a column of this type is not read, "" if it is."""
    if kind.startswith("TIME") and ("TZ" in kind or "ZONE" in kind):
        return "holds times with a time zone; do: write local time, without a zone"
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION")):
        return "holds lists or records; do: write one plain value in each row"
    if kind == "BLOB":
        return "holds bytes; do: write text"
    known = kind in {*_AS_THEY_ARE, *_MOMENTS, "VARCHAR", "DOUBLE", "FLOAT"} or kind.startswith(("DECIMAL", "ENUM"))
    return "" if known else f"holds values of the type {kind}, which is not read; do: write text"


def _fill(con: duckdb.DuckDBPyConnection, contract: Contract, part: _Part, types: Sequence[str]) -> None:
    import duckdb

    chosen = ", ".join(_chosen(contract, column, part.header, types) for column in contract.columns)
    rows = f"SELECT {chosen}, {text(part.name)}, {quoted(str(len(part.header)))} + 1 FROM {_scan(part)}"
    try:
        n = con.execute(f"INSERT INTO {quoted(f'raw_{contract.name}')} {rows}").fetchall()[0][0]
    except (duckdb.OutOfMemoryException, duckdb.InterruptException):
        raise
    except duckdb.Error:
        # the message of the exception may quote a value
        raise _damaged(part.name) from None
    if n != part.rows:
        raise _damaged(part.name)


def _chosen(contract: Contract, column: Column, header: Sequence[str], types: Sequence[str]) -> str:
    if column.source_name not in header:
        return "NULL"
    position = header.index(column.source_name)
    return _as_text(quoted(str(position)), types[position], column, is_month=takes_months(contract, column))


def _as_text(value: str, kind: str, column: Column, *, is_month: bool) -> str:
    """Return SQL for a value as text: whole numbers without a point, also where blanks made them doubles; NaN blank."""
    plain = f"CAST({value} AS VARCHAR)"
    if kind in ("DOUBLE", "FLOAT"):
        whole = f"{value} = trunc({value}) AND abs({value}) <= {_EXACT}"
        as_whole = f"CAST(CAST({value} AS BIGINT) AS VARCHAR)"
        return f"CASE WHEN isnan({value}) THEN NULL WHEN {whole} THEN {as_whole} ELSE {plain} END"
    if kind.startswith("DECIMAL") and column.type == "integer":
        return f"CASE WHEN {value} = trunc({value}) THEN CAST(CAST({value} AS HUGEINT) AS VARCHAR) ELSE {plain} END"
    if kind == "DATE" or kind in _MOMENTS:
        return _as_day(value, column, plain, is_month=is_month)
    return f"nullif({plain}, '')"


def _as_day(value: str, column: Column, plain: str, *, is_month: bool) -> str:
    """Return SQL for a moment: as a date or month where the contract has one and nothing is lost by it."""
    if is_month:
        return f"CASE WHEN {value} = date_trunc('month', {value}) THEN strftime({value}, '%Y-%m') ELSE {plain} END"
    if column.type == "date":
        day = f"CAST({value} AS DATE)"
        return f"CASE WHEN {value} = {day} THEN CAST({day} AS VARCHAR) ELSE {plain} END"
    return plain


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
