"""A file of a partner as a relation of text, read as it is needed and never held: every row of it, numbered."""

from __future__ import annotations

import csv
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from curv_eval.breach import UNKNOWN, Breach, remedy
from curv_eval.breach_sql import quoted, text
from curv_eval.contract import Contract
from curv_eval.sources import SourceFile, _delimited, _parquet, _reader
from curv_eval.sources._arrived import require_file, require_text
from curv_eval.sources._unpacked import Arrived, Unpacked, unpack_all

if TYPE_CHECKING:
    import duckdb

_VIEW = "validated"
# how many rows a spreadsheet shows above the row that a reader calls 1, by format; it does not open the others
_ABOVE = {"csv": 1, "police_uk": 1, "xlsx": 0}
_PACKED = (".gz", ".xz", ".zip")
_LONGEST = 60


@dataclass(frozen=True)
class Opened:
    """A file that can be asked for its rows.

    relation: table or view with the contract's columns that the file has, as text, and source_file, source_row. files:
    what was read; of CSV only once it is `counted`. kind: the format it is in. unknown: columns the contract does not
    cover. plain: the file with nothing packed, where it is one of CSV or Parquet; unpacked: more on it, for CSV.
    header: its columns. blanks: for each blank line of CSV, how many rows stand before it.
    """

    relation: str
    files: tuple[SourceFile, ...]
    kind: str
    unknown: tuple[Breach, ...] = ()
    plain: Path | None = None
    unpacked: Unpacked | None = None
    header: tuple[str, ...] = ()
    blanks: tuple[int, ...] = ()

    @property
    def numbered(self) -> bool:
        """Whether a spreadsheet opens the file, and shows numbers of rows."""
        return self.kind in _ABOVE

    def shown(self, row: int) -> int:
        """Return the number by which a spreadsheet shows the row that is called `row` in source_row."""
        return row + _ABOVE.get(self.kind, 0) + bisect_left(self.blanks, row)


@contextmanager
def opened(con: duckdb.DuckDBPyConnection, contract: Contract, path: Path, *, scratch: Path) -> Iterator[Opened]:
    """Yield the file at `path` as the contract's format reads it. scratch: a folder for what has to be unpacked.

    Raises ContractError for whatever makes the file unreadable as a whole, also while it is being read.
    """
    kind = _kind(contract, path)
    if kind == "csv":
        with _opened_csv(con, contract, path, scratch) as found:
            yield found
    elif kind == "parquet":
        with _opened_parquet(con, contract, path) as found:
            yield found
    else:
        yield Opened(f"raw_{contract.name}", _reader(contract).read(con, path, contract), kind)


def counted(source: Opened, rows: int) -> Opened:
    """Return `source` with what was read of it. rows: how many the database read.

    Raises ContractError unless these are as many as the file has: a row that is skipped in silence is the worst fault.
    """
    file = source.unpacked
    if file is not None:
        _delimited._refuse_unread([file], [source.header], [rows])
        blanks = _blank_lines(file.path) if rows != file.records - 1 else ()
        return replace(source, files=(SourceFile(file.arrived.name, file.sha256, file.bytes, rows),), blanks=blanks)
    if source.kind == "parquet" and rows != sum(found.rows for found in source.files):
        raise _parquet._damaged(source.files[0].name)
    return source


def _kind(contract: Contract, path: Path) -> str:
    """Return the format a file is in: that of the contract, or where it allows several, that of the file's name."""
    if contract.format != "table":
        return contract.format
    ending, before = path.suffix.lower(), Path(path.stem).suffix.lower()
    packed = path.suffix in _PACKED and before not in (".parquet", ".xlsx")
    return "csv" if ending == ".csv" or packed else ending.removeprefix(".")


@contextmanager
def _opened_csv(con: duckdb.DuckDBPyConnection, contract: Contract, path: Path, scratch: Path) -> Iterator[Opened]:
    import duckdb

    require_file(path, contract, "a CSV file")
    require_text(path)
    (file,) = unpack_all([Arrived(path.name, path)], scratch)
    header = _delimited._header(file.path)
    _refuse_unlike(contract, path.name, header)
    held = _held(contract, header)
    names = ", ".join(quoted(column.name) for column in held.columns)
    _view(
        con,
        f"""
        SELECT {names}, {text(file.arrived.plain_name)} AS source_file, row_number() OVER () AS source_row
        FROM ({_delimited._scan(held, header, [file])}) read({names}, path, n)""",
    )
    try:
        unknown = _unknown(contract, header)
        yield Opened(_VIEW, (), "csv", unknown, file.path, file, header)
    except (duckdb.InvalidInputException, duckdb.ConversionException, csv.Error):
        # the message of the exception quotes the line
        raise _delimited._diagnosis([file], len(header)) from None


@contextmanager
def _opened_parquet(con: duckdb.DuckDBPyConnection, contract: Contract, path: Path) -> Iterator[Opened]:
    import duckdb

    parts = [_parquet._opened(file) for file in _parquet._files(path, contract)]
    if len({part.header for part in parts}) > 1:
        _delimited.refuse_layouts(contract, [part.name for part in parts], [part.header for part in parts])
    header = parts[0].header
    _refuse_unlike(contract, parts[0].name, header)
    types = [_parquet._types(con, part) for part in parts]
    _parquet._refuse_types(contract, parts, types)
    held = _held(contract, header)
    _view(con, " UNION ALL ".join(_of_part(held, part, of) for part, of in zip(parts, types, strict=True)))
    files = [SourceFile(p.name, _parquet._sha256(p.path), p.path.stat().st_size, p.rows) for p in parts]
    plain = parts[0].path if len(parts) == 1 else None
    try:
        yield Opened(_VIEW, tuple(files), "parquet", _unknown(contract, header), plain, None, header)
    except (duckdb.OutOfMemoryException, duckdb.InterruptException, duckdb.BinderException):
        raise
    except duckdb.Error:
        # the message of the exception may quote a value
        raise _parquet._damaged(path.name) from None


def _of_part(held: Contract, part: _parquet._Part, types: Sequence[str]) -> str:
    columns = [f"{_parquet._chosen(held, c, part.header, types)} AS {quoted(c.name)}" for c in held.columns]
    number = f"{quoted(str(len(part.header)))} + 1 AS source_row"
    return f"SELECT {', '.join(columns)}, {text(part.name)} AS source_file, {number} FROM {_parquet._scan(part)}"


def _view(con: duckdb.DuckDBPyConnection, rows: str) -> None:
    con.execute("SET preserve_insertion_order = true").fetchall()
    con.execute(f"CREATE OR REPLACE TEMP VIEW {_VIEW} AS {rows}").fetchall()


def _held(contract: Contract, header: Sequence[str]) -> Contract:
    """Return the contract with the columns that can be looked at: those of the file, and optional ones as blank."""
    return replace(contract, columns=tuple(c for c in contract.columns if c.source_name in header or c.optional))


def _refuse_unlike(contract: Contract, name: str, header: Sequence[str]) -> None:
    """Refuse a file whose rows cannot be looked at. A column that is missing or too many is a breach beside others."""
    known = [column.source_name for column in contract.columns]
    if not set(header).intersection(known) or any(header.count(name) > 1 for name in known):
        _delimited.refuse_layouts(contract, [name], [header])


def _unknown(contract: Contract, header: Sequence[str]) -> tuple[Breach, ...]:
    known = {column.source_name for column in contract.columns}
    extra = [(place, name) for place, name in enumerate(header, 1) if name not in known]
    # a row that has few of the names may be a row of data, whose values are nobody's business
    sure = contract.public or 2 * (len(header) - len(extra)) >= len(known)
    if contract.options["extra_columns"] != "refuse":
        return ()
    names = [_seen(name) if sure else f"column {place}" for place, name in extra]
    return tuple(Breach(name, UNKNOWN, 0, (), remedy(UNKNOWN)) for name in names)


def _seen(name: str) -> str:
    """Return the name of a column as a message can hold it."""
    if not name.strip():
        return "(no name)"
    return (name if name.isprintable() else repr(name))[:_LONGEST]


def _blank_lines(path: Path) -> tuple[int, ...]:
    rows, found = -1, []
    for record in _delimited._records(path):
        rows += bool(record)
        found += [] if record else [rows]
    return tuple(found)
