"""An encoded file as the linker opens it: held to its layout, so that nothing else slips in, and put into DuckDB."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from curv_eval.errors import ContractError
from curv_eval.linkage.layout import METADATA, VERSION, figures, layout
from curv_eval.linkage.scheme import Scheme, scheme_of
from curv_eval.linkage.written import refuse_missing

if TYPE_CHECKING:
    import duckdb
    import pyarrow.parquet as pq

_HANDED = "curv_eval_encoded_batches"
_AGAIN = "ask the partner to encode again with `curv-eval link encode`, and to send nothing else"
_SAID = {
    "fingerprint": str,
    "made_up": bool,
    "purpose": str,
    "rows": int,
    "scheme": dict,
    "source": str,
    "version": int,
}
# fewer different first figures than this among 20 ids happens by chance less than once in 10^11 files
_FEWEST_FIGURES, _ENOUGH_ROWS = 4, 20


@dataclass(frozen=True)
class Encoded:
    """An encoded file in a DuckDB connection, and what it says about itself.

    name: the table, with the columns of the layout; filters are of type BIT. file: the name of the file.
    fingerprint: of the key it was made with.
    """

    name: str
    file: str
    scheme: Scheme
    fingerprint: str
    purpose: str
    source: str
    rows: int
    made_up: bool
    version: int

    def __repr__(self) -> str:
        kind = "made-up records" if self.made_up else "records"
        return f"<Encoded: {self.rows:,} {kind} of {self.source}, {self.scheme.name}, key {self.fingerprint}>"


def read_encoded(con: duckdb.DuckDBPyConnection, path: Path, name: str) -> Encoded:
    """Put an encoded file into the table `name` and return what the file says about itself.

    In the table bit_count(a & b) counts the bits that two filters share; the first bit of a file is the first of BIT.
    Raises RunError where there is no file, and ContractError with every fault for one that is not exactly of the
    layout: another column, other metadata, figures that are not hexadecimal, a filter of another length.
    """
    import duckdb
    import pyarrow as pa
    import pyarrow.parquet as pq

    refuse_missing(path)
    try:
        # Parquet of any maker, or none: what is wrong inside can be any of these
        with pq.ParquetFile(path) as file:
            encoded = Encoded(name=name, **_said(path, file))
            _refuse_columns(path, file, encoded.scheme)
            _fill(con, file, encoded)
    except (pa.ArrowException, OSError, duckdb.Error):
        raise ContractError(f"{path.name} is not readable as an encoded file", do=_AGAIN) from None
    faults = _row_faults(con, encoded)
    if faults:
        con.execute(f"DROP TABLE {_quoted(name)}").fetchall()
        raise ContractError(f"{path.name} is not an encoded file", faults, _AGAIN)
    return encoded


def require_same(a: Encoded, b: Encoded) -> None:
    """Refuse two files that cannot be compared. Raises ContractError naming both and every difference."""
    faults = [
        f"{what}: {a.file} has {mine}, {b.file} has {theirs}"
        for what, mine, theirs in (
            ("key", a.fingerprint, b.fingerprint),
            ("version", a.version, b.version),
            ("scheme", a.scheme.name, b.scheme.name),
        )
        if mine != theirs
    ]
    if a.scheme != b.scheme and a.scheme.name == b.scheme.name:
        faults.append(f"scheme: {a.file} and {b.file} call two different schemes {a.scheme.name}")
    if faults:
        do = "ask both partners to encode with the same key, scheme and version of the program"
        raise ContractError(f"{a.file} and {b.file} cannot be compared", faults, do)


def _said(path: Path, file: pq.ParquetFile) -> dict:
    metadata = file.metadata.metadata or {}
    try:
        said = json.loads(metadata[METADATA])
    except (KeyError, ValueError):
        raise ContractError(f"{path.name} does not say that it is an encoded file", do=_AGAIN) from None
    extra = sorted(name.decode("utf-8", "replace") for name in metadata if name != METADATA)
    faults = [f"notes that do not belong there: {', '.join(extra)}"] if extra else []
    if not isinstance(said, dict) or {name: type(value) for name, value in said.items()} != _SAID:
        faults.append(f"what it says about itself is not {', '.join(_SAID)}")
    elif said["version"] != VERSION:
        faults.append(f"its version is {said['version']}; expected {VERSION}")
    elif not re.fullmatch("[0-9a-f]{16}", said["fingerprint"]):
        faults.append("the fingerprint of its key is not 16 hexadecimal figures")
    if faults:
        raise ContractError(f"{path.name} is not an encoded file", faults, _AGAIN)
    try:
        return {**said, "scheme": scheme_of(said["scheme"]), "file": path.name}
    except ContractError as fault:
        raise ContractError(f"{path.name}: {fault.what}", fault.breaches, _AGAIN) from None


def _refuse_columns(path: Path, file: pq.ParquetFile, scheme: Scheme) -> None:
    expected, got = layout(scheme), file.schema_arrow
    extra = [name for name in got.names if name not in expected.names]
    missing = [name for name in expected.names if name not in got.names]
    faults = [f"columns outside the layout: {', '.join(extra)}; they may identify people"] if extra else []
    faults += [f"columns missing: {', '.join(missing)}"] if missing else []
    if not faults and [(f.name, f.type) for f in got] != [(f.name, f.type) for f in expected]:
        faults = ["its columns are not of the expected types or order"]
    if faults:
        raise ContractError(f"{path.name} is not an encoded file", faults, _AGAIN)


def _fill(con: duckdb.DuckDBPyConnection, file: pq.ParquetFile, encoded: Encoded) -> None:
    import pyarrow as pa

    names = {column: _quoted(column) for column in encoded.scheme.columns}
    columns = ", ".join(n if figures(column) else f"CAST({n} AS BIT) AS {n}" for column, n in names.items())
    # handed over in batches: a path given to DuckDB would be read as a pattern
    con.register(_HANDED, pa.RecordBatchReader.from_batches(file.schema_arrow, file.iter_batches()))
    try:
        con.execute(f"CREATE OR REPLACE TABLE {_quoted(encoded.name)} AS SELECT {columns} FROM {_HANDED}").fetchall()
    finally:
        con.unregister(_HANDED)


def _row_faults(con: duckdb.DuckDBPyConnection, said: Encoded) -> list[str]:
    wrong = {column: _wrong(column, said.scheme) for column in said.scheme.columns}
    counts = ", ".join(f"count(*) FILTER (WHERE {condition})" for condition in wrong.values())
    (found,) = con.execute(f"""
        SELECT count(*), count(DISTINCT record_id), count(DISTINCT left(record_id, 1)), {counts}
        FROM {_quoted(said.name)}""").fetchall()
    rows, different, first_figures, *each = found
    faults = [f"{column}: {n:,} values are not keyed" for column, n in zip(wrong, each, strict=True) if n]
    if rows != said.rows:
        faults.append(f"it has {rows:,} rows and says {said.rows:,}")
    if different < rows:
        faults.append(f"record_id: {rows - different:,} of {rows:,} stand twice or are missing")
    if rows >= _ENOUGH_ROWS and first_figures < _FEWEST_FIGURES:
        faults.append("record_id: the figures are not random; they look like a number filled up with zeros")
    return faults


def _wrong(column: str, scheme: Scheme) -> str:
    """Return SQL that is true for a value that cannot have been made with a key."""
    length, named = figures(column), _quoted(column)
    if length is None:
        return f"length({named}) <> {scheme.bits} OR bit_count({named}) = 0"
    return f"NOT regexp_full_match({named}, '[0-9a-f]{{{length}}}')"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
