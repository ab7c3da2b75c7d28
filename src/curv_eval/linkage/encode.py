"""A list of people into a file that holds none: pseudonyms, blocking tokens and filters, all under one key."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from curv_eval.errors import ContractError, RunError
from curv_eval.linkage.encoder import Encoder
from curv_eval.linkage.fields import DATE_FORMATS
from curv_eval.linkage.keys import Key, keyed
from curv_eval.linkage.layout import METADATA, PSEUDONYM, VERSION, layout
from curv_eval.linkage.people import ROW, People, read_people
from curv_eval.linkage.scheme import Scheme
from curv_eval.linkage.written import refuse_out, source_fault

if TYPE_CHECKING:
    import pyarrow as pa

Progress = Callable[[int, int], None]
# rows encoded at a time, and rows to a row group: another number here is another file
_CHUNK = 50_000


@dataclass(frozen=True)
class Preview:
    """What leaves, in counts: nothing here names a person.

    blank, unreadable: values by field. not_leaving: columns of the input that were not read. bytes: size of the
    file. example: the first encoded row. encoding: how the input was stored.
    """

    rows: int
    blank: dict[str, int]
    unreadable: dict[str, int]
    not_leaving: tuple[str, ...]
    bytes: int
    example: dict[str, str | None]
    encoding: str


def record_pseudonym(key: Key, source: str, own_id: str) -> str:
    """Return the record_id that `encode` gives to a partner's own id: the partner can work it out again, nobody else.

    It differs between sources, so that case 17 of two partners does not look like one person.
    """
    return keyed(key.derive(f"record_id/{source}"))(own_id.strip().encode()).hex()[:PSEUDONYM]


def encode(  # noqa: PLR0913 - every one of them changes what leaves, so each is said at the call
    people: Path,
    out: Path,
    *,
    key: Key,
    scheme: Scheme,
    source: str,
    record_id: str,
    purpose: str,
    columns: dict[str, str] | None = None,
    date_format: str = "iso",
    made_up: bool = False,
    write: bool = True,
    progress: Progress | None = None,
) -> Preview:
    """Encode the CSV or Parquet file `people` into the Parquet file `out`, and return counts of what leaves.

    columns: field of the scheme -> column of the input ("" where the partner does not hold it); the field's own name
    where nothing is said. record_id: the column with the partner's own id, unique for each row. source: a short label
    of the partner. purpose: what the linkage is for. date_format: "iso" or "day-first". made_up: these are no real
    people. write: False makes everything but the file. progress: called with rows done and rows in all.

    Columns and metadata of the file: docs/linkage.md. Rows are in the order of their record_id, which is random to
    whoever lacks the key. The same input and key give the same bytes, in whatever order the rows came. Memory: the
    wanted columns as text, and the encodings of 50,000 rows at a time.

    Raises ContractError for people that cannot be encoded and RunError for places that cannot be written.
    """
    _refuse_words(source, purpose, date_format)
    _refuse_places(people, out, key)
    held = read_people(people, _wanted(scheme, columns or {}, record_id))
    ids = record_ids(people, held, key, source=source)
    encoder = Encoder(scheme, key, date_format)
    said = {"version": VERSION, "scheme": scheme.held(), "fingerprint": key.fingerprint, "purpose": purpose.strip()}
    said |= {"source": source, "rows": len(ids), "made_up": made_up}
    with tempfile.TemporaryFile(dir=out.resolve().parent) as staged:
        example = _write(staged, encoder, _sorted(held, ids), said, progress or (lambda done, rows: None))
        _refuse_unread(people, encoder, len(ids))
        size = staged.tell()
        if write:
            _publish(staged, out)
    return Preview(len(ids), encoder.blank, encoder.unreadable, held.left, size, example, held.encoding)


def _wanted(scheme: Scheme, columns: dict[str, str], record_id: str) -> dict[str, str]:
    names = [field.name for field in scheme.fields]
    unknown = [f"{name}: {scheme.name} has no such field" for name in columns if name not in names]
    if unknown:
        raise ContractError("this cannot be mapped", unknown, f"map one of {', '.join(names)} or record_id")
    wanted = {"record_id": record_id} | {name: columns.get(name, name) for name in names}
    used = Counter(column for column in wanted.values() if column)
    twice = [f"{column} stands for more than one field" for column, n in used.items() if n > 1]
    if twice or not record_id:
        blank = [] if record_id else ["record_id: every row needs an id of your own"]
        raise ContractError("this cannot be mapped", [*twice, *blank], "give every field a column of its own")
    return wanted


def _refuse_words(source: str, purpose: str, date_format: str) -> None:
    faults = source_fault(source)
    if not 3 <= len(purpose.strip()) <= 300 or not purpose.isprintable():
        faults.append("purpose: expected 3 to 300 characters on one line")
    if date_format not in DATE_FORMATS:
        faults.append(f"date format: got {date_format!r}; expected {' or '.join(DATE_FORMATS)}")
    if faults:
        raise RunError("these people cannot be encoded", faults, "correct what is named")


def _refuse_places(people: Path, out: Path, key: Key) -> None:
    if out.resolve() == people.resolve():
        raise RunError("the output would replace the list of people", do="choose another name for the output")
    refuse_out(out, ".parquet")
    if key.path and out.resolve().parent in key.path.parents:
        what = f"{key.path.name} lies in the folder of {out.name}"
        do = "write to a folder that holds nothing else, so that the key is never sent along"
        raise RunError("the key lies where the output would be", [what], do)


def record_ids(people: Path, held: People, key: Key, *, source: str) -> list[str]:
    """Return the record id of each row. Raises ContractError for ids that are blank or not unique."""
    own = [(value or "").strip() for value in held.table["record_id"].to_pylist()]
    if not own:
        raise ContractError(f"{people.name} has a header and no rows", do="export it again")
    rows = held.table[ROW].to_pylist()
    seen: set[str] = set()
    blank, twice = [], []
    for row, value in zip(rows, own, strict=True):
        if not value:
            blank.append(row)
        elif value in seen:
            twice.append(row)
        seen.add(value)
    faults = [_at(blank, "without an id")] if blank else []
    faults += [_at(twice, "with an id that stood before")] if twice else []
    if faults:
        do = "one row per person, each with an id of its own; a total or a note at the end is not a person"
        raise ContractError(f"{people.name} does not name each of its rows once", faults, do)
    mac = keyed(key.derive(f"record_id/{source}"))
    return [mac(value.encode()).hex()[:PSEUDONYM] for value in own]


def _at(rows: list[int], what: str) -> str:
    listed = ", ".join(f"{row:,}" for row in rows[:5]) + (" ..." if len(rows) > 5 else "")
    return f"record_id: {len(rows):,} {'row' if len(rows) == 1 else 'rows'} {what} (row {listed} below the header)"


def _sorted(held: People, ids: list[str]) -> pa.Table:
    import pyarrow as pa

    order = sorted(range(len(ids)), key=ids.__getitem__)
    people = held.table.drop_columns(["record_id", ROW]).take(order)
    return people.add_column(0, "record_id", pa.array([ids[i] for i in order], pa.string()))


def _write(staged: BinaryIO, encoder: Encoder, people: pa.Table, said: dict, progress: Progress) -> dict:
    """Write the encoded file and return its first row."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema, example = layout(encoder.scheme), {}
    # the schema that pyarrow would store beside Parquet's own is one more place for things that should not be there
    with pq.ParquetWriter(staged, schema, compression="zstd", store_schema=False) as writer:
        for at in range(0, people.num_rows, _CHUNK):
            chunk = people.slice(at, _CHUNK)
            columns = [chunk["record_id"].combine_chunks(), *encoder.columns(chunk)]
            encoded = pa.table(dict(zip(schema.names, columns, strict=True)), schema=schema)
            example = example or _shown(encoded)
            writer.write_table(encoded, row_group_size=_CHUNK)
            progress(at + chunk.num_rows, people.num_rows)
        writer.add_key_value_metadata({METADATA: json.dumps(said, sort_keys=True).encode()})
    return example


def _shown(encoded: pa.Table) -> dict[str, str | None]:
    (row,) = encoded.slice(0, 1).to_pylist()
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in row.items()}


def _publish(staged: BinaryIO, out: Path) -> None:
    """Put the finished file in its place at once; only its owner may read it."""
    partial = out.with_name(f".partial-{out.name}-{os.getpid()}")
    staged.seek(0)
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            shutil.copyfileobj(staged, file)
        partial.replace(out)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _refuse_unread(people: Path, encoder: Encoder, rows: int) -> None:
    given = {name: rows - n for name, n in encoder.blank.items()}
    faults = [
        f"{name}: {n:,} of {given[name]:,} values are not readable as this field"
        for name, n in encoder.unreadable.items()
        if 2 * n > given[name]
    ]
    if faults:
        do = "check which column holds what (--map) and the order of dates (--date-format)"
        raise ContractError(f"most of what {people.name} says cannot be read", faults, do)
