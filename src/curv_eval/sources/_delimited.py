"""Comma-separated files into one raw table: header known, every row whole, every row read, in one pass of DuckDB."""

from __future__ import annotations

import csv
import itertools
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from curv_eval.breach_sql import quoted, text
from curv_eval.contract import Contract
from curv_eval.errors import ContractError
from curv_eval.sources import SourceFile
from curv_eval.sources._arrived import require_file, require_text
from curv_eval.sources._unpacked import Arrived, Unpacked, unpack_all

if TYPE_CHECKING:
    import duckdb

# what spreadsheets in other languages and databases put between columns
_MARKS = {";": "semicolons", "\t": "tabs", "|": "upright bars"}
_AGAIN = "get the file again from where it came"
_ONE_KIND = "save it again as CSV in UTF-8, with one kind of line end throughout"


def read_one(con: duckdb.DuckDBPyConnection, path: Path, contract: Contract) -> tuple[SourceFile, ...]:
    """Read the comma-separated file at `path`, plain or packed, into the table raw_<contract>; see read_delimited.

    Raises ContractError when there is no such file, or it is not a whole CSV file in the contract's layout.
    """
    require_file(path, contract, "a CSV file")
    require_text(path)
    return read_delimited(con, contract, [Arrived(path.name, path)])


def read_delimited(
    con: duckdb.DuckDBPyConnection, contract: Contract, files: Sequence[Arrived]
) -> tuple[SourceFile, ...]:
    """Read comma-separated `files` into the table raw_<contract>, in their order, and return what was read.

    The table holds the contract's columns as text, source_file, and source_row (1 = first row after the header).
    Raises ContractError for whatever makes a file unreadable as a whole.
    """
    with tempfile.TemporaryDirectory() as folder:
        unpacked = unpack_all(files, Path(folder))
        refuse_long_lines(unpacked)
        headers = [_header(file.path) for file in unpacked]
        refuse_layouts(contract, [file.arrived.name for file in unpacked], headers)
        _fill(con, contract, unpacked, headers)
        rows = _number_rows(con, contract, unpacked)
        _refuse_unread(unpacked, headers, rows)
    return tuple(
        SourceFile(file.arrived.name, file.sha256, file.bytes, n) for file, n in zip(unpacked, rows, strict=True)
    )


def refuse_long_lines(files: Sequence[Unpacked]) -> None:
    """Raise ContractError for files with a line longer than any row of a table: they are something else."""
    faults = [f"{file.arrived.name} has a line of {file.longest:,} bytes" for file in files if file.longest > _LONGEST]
    if faults:
        what = f"no table has lines of more than {_LONGEST:,} bytes"
        raise ContractError(what, faults, "check that it is the right file, with one row on each line")


# DuckDB reads no longer ones
_LONGEST = 2_000_000


def _records(path: Path) -> Iterator[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        yield from csv.reader(lines, strict=True)


def _header(path: Path) -> tuple[str, ...]:
    try:
        return tuple(next(_records(path), []))
    except csv.Error:
        return ()


def refuse_layouts(contract: Contract, names: Sequence[str], headers: Sequence[Sequence[str]]) -> None:
    """Raise ContractError naming, for every file, what is wrong with the names of its columns."""
    faults = []
    for name, header in zip(names, headers, strict=True):
        faults += [f"{name}: {fault}" for fault in layout_faults(contract, header)]
    if faults:
        what = f"this is not the layout of {contract.name} v{contract.version}"
        do = "check that it is the right file; remove columns the agreement does not cover before sharing"
        raise ContractError(what, faults, do)


def layout_faults(contract: Contract, header: Sequence[str]) -> list[str]:
    """Return what is wrong with the names of a file's columns."""
    known = [column.source_name for column in contract.columns]
    parted = _parted(header, known)
    missing = [c.source_name for c in contract.columns if c.source_name not in header and not c.optional]
    extra = [name for name in header if name not in known]
    if not contract.public and not set(header).intersection(known):
        # a file without a header starts with a row, whose values are nobody's business
        return parted or [f"none of its {len(header)} columns is known; expected {', '.join(known)}"]
    twice = [name for name in known if header.count(name) > 1]
    faults = [f"columns missing: {', '.join(missing)}"] if missing else []
    if extra and contract.options["extra_columns"] == "refuse":
        faults.append(f"columns not in the contract: {_listed(extra)}")
    return faults + ([f"columns given twice: {', '.join(twice)}"] if twice else []) + parted


_MOST_NAMES, _LONGEST_NAME = 40, 60


def _listed(names: Sequence[str]) -> str:
    """Return names for a message, which a file with 100,000 columns, or one long name, must not fill."""
    cut = [name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…" for name in names[:_MOST_NAMES]]
    more = f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
    return f"{', '.join(name or '(no name)' for name in cut)}{more}"


def _parted(header: Sequence[str], known: Sequence[str]) -> list[str]:
    """Return what to say of a file whose names stand in one column because something other than a comma parts them."""
    said = [
        f"its columns are parted by {called}; expected commas: save it again as CSV with commas"
        for mark, called in _MARKS.items()
        if len(header) == 1 and mark in header[0] and set(header[0].split(mark)).intersection(known)
    ]
    return said[:1]


def _fill(
    con: duckdb.DuckDBPyConnection, contract: Contract, files: Sequence[Unpacked], headers: Sequence[tuple[str, ...]]
) -> None:
    """Make the raw table with paths for source_file; one pass for each run of files with the same header."""
    import duckdb

    con.execute("SET preserve_insertion_order = true").fetchall()
    names = ", ".join(f"{quoted(column.name)} VARCHAR" for column in contract.columns)
    columns = f"{names}, source_file VARCHAR, source_row BIGINT"
    con.execute(f"CREATE OR REPLACE TABLE {_raw(contract)} ({columns})").fetchall()
    for header, run in itertools.groupby(zip(files, headers, strict=True), key=lambda pair: pair[1]):
        group = [file for file, _ in run]
        try:
            con.execute(f"INSERT INTO {_raw(contract)} {_scan(contract, header, group)}").fetchall()
        except (duckdb.InvalidInputException, duckdb.ConversionException):
            # the message of the exception quotes the line
            raise _diagnosis(group, len(header)) from None


def _raw(contract: Contract) -> str:
    return quoted(f"raw_{contract.name}")


def _scan(contract: Contract, header: Sequence[str], files: Sequence[Unpacked]) -> str:
    # columns by position: names that differ only in capitals, or are empty, are one name to DuckDB
    columns = ", ".join(f"'{i}': 'VARCHAR'" for i in range(len(header)))
    wanted = [column.source_name for column in contract.columns]
    chosen = ", ".join(quoted(str(header.index(name))) if name in header else "NULL" for name in wanted)
    paths = ", ".join(text(str(file.path)) for file in files)
    return f"""
        SELECT {chosen}, path, NULL FROM read_csv([{paths}], auto_detect = false, header = true, delim = ',',
        quote = '"', escape = '"', columns = {{{columns}}}, filename = 'path')"""


def _number_rows(con: duckdb.DuckDBPyConnection, contract: Contract, files: Sequence[Unpacked]) -> list[int]:
    """Put names for paths, number the rows of each file, and return how many each has.

    Insertion keeps the order of files and rows, so a row's number is its distance from the file's first row.
    """
    found = con.execute(f"SELECT source_file, min(rowid), count(*) FROM {_raw(contract)} GROUP BY 1").fetchall()
    starts = {path: start for path, start, _ in found}
    names = {str(file.path): file.arrived.plain_name for file in files}
    values = ", ".join(f"({text(path)}, {text(names[path])}, {start})" for path, start in starts.items())
    if values:
        con.execute(f"""
            UPDATE {_raw(contract)} r SET source_file = f.name, source_row = r.rowid - f.start + 1
            FROM (VALUES {values}) f(path, name, start) WHERE r.source_file = f.path""").fetchall()
    rows = {path: n for path, _, n in found}
    return [rows.get(str(file.path), 0) for file in files]


def _refuse_unread(files: Sequence[Unpacked], headers: Sequence[tuple[str, ...]], rows: Sequence[int]) -> None:
    """Hold the number of rows read against the file itself: a reader that skips rows in silence is the worst fault."""
    empty = [f"{file.arrived.name} has a header and no rows" for file, n in zip(files, rows, strict=True) if n == 0]
    if empty:
        raise ContractError("there is nothing in these files", empty, _AGAIN)
    for file, header, n in zip(files, headers, rows, strict=True):
        if n != file.records - 1 and n != sum(1 for record in _records(file.path) if record) - 1:
            raise _diagnosis([file], len(header))


def _diagnosis(files: Sequence[Unpacked], width: int) -> ContractError:
    """Read slowly what DuckDB refused, and say why."""
    faults = [f"{file.arrived.name} {fault}" for file in files for fault in _row_faults(file.path, width)]
    what = "1 file is not whole" if len(faults) == 1 else f"{len(faults)} files are not whole"
    if not faults:
        names = [file.arrived.name for file in files]
        return ContractError("not readable as comma-separated values", names, _ONE_KIND)
    return ContractError(what, faults, _AGAIN)


def _row_faults(path: Path, width: int) -> list[str]:
    wrong, last = [], 0
    try:
        for last, record in enumerate(filter(None, _records(path))):
            wrong += [(last, len(record))] if len(record) != width else []
    except csv.Error:
        return [f"is cut short: a quotation mark that opens after row {last:,} is never closed"]
    if not wrong:
        return []
    row, found = wrong[0]
    if wrong == [(last, found)] and found < width:
        return [f"is cut short: its last row, {row:,}, has {found} of {width} columns"]
    rows = "1 row" if len(wrong) == 1 else f"{len(wrong):,} rows"
    return [f"has {rows} without exactly {width} columns (first: row {row:,}, {found} columns)"]
