"""A partner's list of people, read whole and as text: only the columns that linkage needs."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from curv_eval.errors import ContractError
from curv_eval.linkage.written import refuse_missing

if TYPE_CHECKING:
    import pyarrow as pa

# no field can have this name
ROW = "#row"
_BATCH = 50_000
_SAVE = "save it in your spreadsheet program as `CSV UTF-8 (comma delimited)`, or as Parquet"
_AGAIN = "export it again"


@dataclass(frozen=True)
class People:
    """The people of one file.

    table: the wanted columns as text, and ROW, the number of each row (1 = first below the header). left: the columns
    that were not read. encoding: how the text was stored, "utf-8", "cp1252" (what Excel calls CSV) or "parquet".
    """

    table: pa.Table
    left: tuple[str, ...]
    encoding: str


def read_people(path: Path, wanted: Mapping[str, str]) -> People:
    """Read a CSV or Parquet file. wanted: name here -> name of the column in the file, "" for one that is not held.

    Rows without any value are passed over. Raises ContractError for a file that is not whole or lacks a wanted
    column, and RunError where there is none; no value is quoted.
    """
    refuse_missing(path)
    with path.open("rb") as file:
        start = file.read(4)
    if start == b"PAR1":
        return _parquet(path, wanted)
    _refuse_kinds(path, start)
    try:
        return _csv(path, wanted, "utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return _csv(path, wanted, "cp1252")
    except UnicodeDecodeError:
        raise ContractError(f"{path.name} is neither UTF-8 nor the encoding of Windows", do=_SAVE) from None


def _refuse_kinds(path: Path, start: bytes) -> None:
    if start[:2] == b"PK" or start == b"\xd0\xcf\x11\xe0":
        raise ContractError(f"{path.name} is a workbook", ["expected CSV or Parquet"], _SAVE)
    if start[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in start:
        raise ContractError(f"{path.name} is text in UTF-16, or not text", ["expected CSV in UTF-8"], _SAVE)


def _csv(path: Path, wanted: Mapping[str, str], encoding: str) -> People:
    import pyarrow as pa

    with path.open(encoding=encoding, newline="") as lines:
        rows = _records(path, csv.reader(lines, strict=True))
        at, cells = next(rows, (0, []))
        header = [name.strip() for name in cells]
        _refuse_header(path, header, wanted)
        places = [header.index(name) if name else None for name in wanted.values()]
        below = ((number - at, row) for number, row in rows)
        batches = [_batch(path, batch, len(header), places) for batch in _batches(below)]
    schema = pa.schema([*((name, pa.string()) for name in wanted), (ROW, pa.int64())])
    table = pa.Table.from_batches([pa.record_batch(batch, schema) for batch in batches], schema)
    return People(table, _left(header, wanted), "cp1252" if encoding == "cp1252" else "utf-8")


def _records(path: Path, rows: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Yield number and cells of the rows that hold anything; Excel leaves rows of nothing but commas at the end."""
    at = 0
    try:
        for at, row in enumerate(rows):
            if any(cell.strip() for cell in row):
                yield at, row
    except csv.Error:
        # the message of the exception can quote the row
        what = f"it stops being readable after row {at:,}: a quotation mark may be open or doubled"
        raise ContractError(f"{path.name} is not whole", [what], _AGAIN) from None


def _batches(rows: Iterator[tuple[int, list[str]]]) -> Iterator[list[tuple[int, list[str]]]]:
    while batch := list(itertools.islice(rows, _BATCH)):
        yield batch


def _batch(path: Path, rows: list[tuple[int, list[str]]], width: int, places: Sequence[int | None]) -> list[pa.Array]:
    import pyarrow as pa

    ragged = [number for number, row in rows if len(row) != width]
    if ragged:
        raise _ragged(path, ragged, width)
    columns = ([None if place is None else row[place] for _, row in rows] for place in places)
    return [*(pa.array(column, pa.string()) for column in columns), pa.array([number for number, _ in rows])]


def _ragged(path: Path, ragged: list[int], width: int) -> ContractError:
    rows = "1 row" if len(ragged) == 1 else f"{len(ragged):,} rows or more"
    what = f"{rows} without exactly {width} columns (first: row {ragged[0]:,})"
    do = "look there for a note, a total or a comma outside quotation marks, and export again"
    return ContractError(f"{path.name} is not whole", [what], do)


def _parquet(path: Path, wanted: Mapping[str, str]) -> People:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        header = file.schema_arrow.names
        _refuse_header(path, header, wanted)
        read = file.read(columns=[name for name in wanted.values() if name])
        columns = {name: read[column].cast(pa.string()) if column else None for name, column in wanted.items()}
    except (pa.ArrowException, OSError):
        raise ContractError(
            f"{path.name} is not readable as Parquet with columns of text or dates", do=_AGAIN
        ) from None
    blank, numbers = pa.nulls(read.num_rows, pa.string()), pa.array(range(1, read.num_rows + 1), pa.int64())
    table = pa.table({**{name: blank if c is None else c for name, c in columns.items()}, ROW: numbers})
    return People(table, _left(header, wanted), "parquet")


def _refuse_header(path: Path, header: Sequence[str], wanted: Mapping[str, str]) -> None:
    asked = {name: column for name, column in wanted.items() if column}
    missing = [f"{name}: there is no column {column!r}" for name, column in asked.items() if column not in header]
    twice = [f"{name}: there are two columns {c!r}" for name, c in asked.items() if header.count(c) > 1]
    if not missing and not twice:
        return
    if len(header) < 2:
        missing = ["its first line does not name several columns; expected names parted by commas"]
    elif len(missing) == len(asked):
        # a file without a header starts with a person
        missing = [f"none of its {len(header)} columns has an expected name ({', '.join(asked.values())})"]
    elif missing:
        missing.append(f"its columns are {', '.join(name or '(no name)' for name in header)}")
    do = "say which column holds what: --map given_name='First Name'; a field you do not hold: --map postcode="
    raise ContractError(f"{path.name} lacks what linkage needs", [*missing, *twice], do)


def _left(header: Sequence[str], wanted: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(name or "(no name)" for name in header if name not in wanted.values())
