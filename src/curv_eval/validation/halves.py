"""A file in two: the rows that break no promise, and those that do; in order, every row once, as it came."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, TypeVar

from curv_eval.breach_sql import quoted
from curv_eval.errors import RunError
from curv_eval.validation.checked import Checked
from curv_eval.validation.every import EVERY
from curv_eval.validation.reading import Opened

if TYPE_CHECKING:
    import duckdb

ADDED = ("source_row", "breaches")
_FETCHED = 10_000
_BROKEN = f"""
    SELECT source_row, string_agg("column" || ': ' || "rule", '; ' ORDER BY promise) AS breaches
    FROM {EVERY} GROUP BY 1"""
_MARK = b"\xef\xbb\xbf"
_LONGEST = 1 << 30
_Targets = tuple[Path, Path]
_Record = TypeVar("_Record")


@dataclass(frozen=True)
class Halves:
    """The two files, how many rows each has, and where the list of breaches belongs."""

    kept: Path
    apart: Path
    listing: Path
    rows_kept: int
    rows_apart: int

    def moved(self, folder: Path) -> Halves:
        """Return the same halves in another folder."""
        paths = {name: folder / getattr(self, name).name for name in ("kept", "apart", "listing")}
        return replace(self, **paths)


def split(checked: Checked, folder: Path) -> Halves:
    """Write <name>.kept and <name>.quarantined into `folder`.

    Quarantined rows have two columns more: source_row (1 = first row of data) and breaches, the column and rule of
    each. CSV stays CSV byte for byte, Parquet stays Parquet; what was read from another format is written as CSV.
    Raises RunError when a row was lost or written twice, which would be a fault of this program.
    """
    con, source = checked.con, checked.source
    (file,) = source.files
    ending = "parquet" if source.kind == "parquet" else "csv"
    name = Path(source.unpacked.arrived.plain_name if source.unpacked else file.name).stem
    kept, apart = folder / f"{name}.kept.{ending}", folder / f"{name}.quarantined.{ending}"
    if source.plain is None:
        counts = _split_table(checked, (kept, apart))
    elif ending == "parquet":
        counts = _split_parquet(source, _broken(con), (kept, apart))
    else:
        counts = _split_csv(source, _broken(con), (kept, apart))
    if sum(counts) != file.rows:
        raise RunError(f"{sum(counts):,} of {file.rows:,} rows were set apart or kept: a fault of the program")
    return Halves(kept, apart, folder / f"{name}.breaches.csv", *counts)


def _broken(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, str]]:
    """Yield the number of each row that breaks a promise, and what it breaks, in the order of the rows."""
    con.execute(f"{_BROKEN} ORDER BY 1")
    while found := con.fetchmany(_FETCHED):
        yield from found


def _marked(records: Iterable[_Record], broken: Iterator[tuple[int, str]]) -> Iterator[tuple[int, _Record, str]]:
    """Yield each record with its number, from 1, and what it breaks: "" for nothing."""
    place, breaches = next(broken, (0, ""))
    for number, record in enumerate(records, 1):
        if number == place:
            yield number, record, breaches
            place, breaches = next(broken, (0, ""))
        else:
            yield number, record, ""
    if place:
        raise RunError(f"row {place:,} breaks a promise and was not found again: a fault of the program")


def _added(names: Sequence[str]) -> list[str]:
    """Return the names of the two columns more, made different from those the file has."""
    added = list(ADDED)
    while set(added).intersection(names):
        added = [f"{name}_" for name in added]
    return added


def _split_csv(source: Opened, broken: Iterator[tuple[int, str]], targets: _Targets) -> tuple[int, int]:
    records, counts = _raw_records(source.plain), [0, 0]
    header = next(records)
    bare = header.rstrip("\r\n")
    end, more = header[len(bare) :], ",".join(_added(source.header))
    with _text_files(source.plain, targets) as (kept, apart):
        kept.write(header)
        apart.write(f"{bare},{more}{end}")
        for number, record, breaches in _marked(records, broken):
            row = record.rstrip("\r\n")
            counts[bool(breaches)] += 1
            (apart if breaches else kept).write(f'{row},{number},"{breaches}"{end}' if breaches else row + end)
    return counts[0], counts[1]


@contextmanager
def _text_files(like: Path | None, targets: _Targets) -> Iterator[tuple[TextIO, TextIO]]:
    """Open both targets, with a byte order mark if the file `like` has one: Excel goes by it."""
    encoding = "utf-8-sig" if like and _is_marked(like) else "utf-8"
    kept, apart = (target.open("w", encoding=encoding, newline="") for target in targets)
    with kept, apart:
        yield kept, apart


def _is_marked(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_MARK)) == _MARK


def _raw_records(path: Path) -> Iterator[str]:
    """Yield the header and each row of a CSV file as it stands there, line ends inside of values included."""
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for line in file:
            taken.append(line)
            yield line

    with path.open(encoding="utf-8-sig", newline="") as file, _long_fields():
        for record in csv.reader(lines(), strict=True):
            if record:
                yield "".join(taken)
            taken.clear()


@contextmanager
def _long_fields() -> Iterator[None]:
    """Let csv read fields of any length; the limit belongs to the whole process, so it is given back."""
    before = csv.field_size_limit(_LONGEST)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _split_parquet(source: Opened, broken: Iterator[tuple[int, str]], targets: _Targets) -> tuple[int, int]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    counts = [0, 0]
    with pq.ParquetFile(source.plain) as file:
        schema, more = file.schema_arrow, _added(file.schema_arrow.names)
        wider = schema.append(pa.field(more[0], pa.int64())).append(pa.field(more[1], pa.string()))
        marked = _marked(range(file.metadata.num_rows), broken)
        with pq.ParquetWriter(targets[0], schema) as kept, pq.ParquetWriter(targets[1], wider) as apart:
            for batch in file.iter_batches():
                marks = list(itertools.islice(marked, batch.num_rows))
                wrong = [(number, breaches) for number, _, breaches in marks if breaches]
                kept.write_batch(batch.filter(pa.array([not breaches for _, _, breaches in marks])))
                if wrong:
                    rows = batch.filter(pa.array([bool(breaches) for _, _, breaches in marks]))
                    numbers, texts = (pa.array(column) for column in zip(*wrong, strict=True))
                    apart.write_batch(pa.record_batch([*rows.columns, numbers, texts], schema=wider))
                counts = [counts[0] + batch.num_rows - len(wrong), counts[1] + len(wrong)]
    next(marked, None)
    return counts[0], counts[1]


def _split_table(checked: Checked, targets: _Targets) -> tuple[int, int]:
    con, columns, counts = checked.con, checked.contract.columns, [0, 0]
    header = [column.source_name for column in columns]
    names = ", ".join(f"r.{quoted(column.name)}" for column in columns)
    con.execute(f"""
        SELECT {names}, r.source_row, b.breaches FROM {quoted(checked.source.relation)} r
        LEFT JOIN ({_BROKEN}) b USING (source_row) ORDER BY r.source_row""")
    with _text_files(None, targets) as (kept, apart):
        good, bad = csv.writer(kept), csv.writer(apart)
        good.writerow(header)
        bad.writerow([*header, *_added(header)])
        while rows := con.fetchmany(_FETCHED):
            wrong = [row for row in rows if row[-1]]
            bad.writerows(wrong)
            good.writerows(row[:-2] for row in rows if not row[-1])
            counts = [counts[0] + len(rows) - len(wrong), counts[1] + len(wrong)]
    return counts[0], counts[1]
