"""Two tables of people made ready to be compared: the same columns on both sides, and one number for each record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from curv_eval.errors import ContractError
from curv_eval.linkage.fields import Missing, normalise
from curv_eval.linkage.parts import PARTS
from curv_eval.linkage.scheme import Field, Scheme, split_part

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

# the hash of a missing value is a number too, and must not be one here; DuckDB's hash has 64 bits and Spark's
# integers 63, so two different values meet once in 10^19 pairs
_HASHED = "CASE WHEN {0} IS NOT NULL THEN CAST(hash({0}) >> 1 AS BIGINT) END"
_NUMBER = "CAST(row_number() OVER (ORDER BY record_id) - 1 AS INTEGER)"
_HANDED = "curv_eval_prepared"
_BATCH = 100_000


def quoted(name: str) -> str:
    """Return a table or column name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def prepare_clear(con: duckdb.DuckDBPyConnection, table: str, out: str, *, scheme: Scheme, dates: str) -> dict:
    """Make table `out` from clear text: each field normalised as partners do before they encode, and block tokens.

    Columns of `out`: unique_id (0 .. n - 1 in the order of record_id), record_id, one per field, block_1 .. block_n
    and exact_1 .. exact_n as numbers. dates: "iso" or "day-first". Returns, per field, how many values could not be
    read (they are treated as blank). Each different value is looked at once, so a million rows take seconds.
    """
    names = [field.name for field in scheme.fields]
    unreadable = {}
    for field in scheme.fields:
        found = _meanings(con, table, field, dates=dates)
        unreadable[field.name] = sum(n for _, n, value in found if value is Missing.UNREADABLE)
        _hold(con, f"{out}_{field.name}", found, transforms=_transforms(scheme, field.name))
    joins = " ".join(
        f"LEFT JOIN {quoted(f'{out}_{name}')} AS {name} ON {name}.raw = CAST(t.{name} AS VARCHAR)" for name in names
    )
    columns = [f"{name}.value AS {name}" for name in names]
    columns += [f"{_HASHED.format(_joined(parts))} AS block_{i}" for i, parts in enumerate(scheme.blocks, 1)]
    columns += [f"{_HASHED.format(_joined(parts))} AS exact_{i}" for i, parts in enumerate(scheme.exact, 1)]
    _make(con, out, f"SELECT t.record_id, {', '.join(columns)} FROM {quoted(table)} AS t {joins}")
    for name in names:
        con.execute(f"DROP TABLE {quoted(f'{out}_{name}')}").fetchall()
    return unreadable


def prepare_encoded(con: duckdb.DuckDBPyConnection, table: str, out: str, *, scheme: Scheme) -> None:
    """Make table `out` from what `read_encoded` made.

    Columns of `out`: unique_id, record_id, block_k and exact_k as numbers, and per field f: f (a number that is equal
    where the filters are), n_f (how many of its bits are set) and, but for codes, the filter as whole numbers of 64
    bits, w1_f and so on: they are compared three times as fast as bit strings, and on every engine alike.
    """
    filters = [field.name for field in scheme.fields if field.kind != "code"]
    ids, target = quoted(f"{out}_ids"), quoted(out)
    con.execute(
        f"CREATE OR REPLACE TABLE {ids} AS SELECT {_NUMBER} AS unique_id, record_id FROM {quoted(table)}"
    ).fetchall()
    columns = ", ".join(_encoded_columns(scheme, filters))
    for first in range(0, con.execute(f"SELECT count(*) FROM {ids}").fetchall()[0][0], _BATCH):
        wanted = f"unique_id >= {first} AND unique_id < {first + _BATCH} ORDER BY unique_id"
        found = con.sql(f"SELECT i.*, {columns} FROM {ids} i JOIN {quoted(table)} t USING (record_id) WHERE {wanted}")
        con.register(_HANDED, _in_words(found.to_arrow_table(), filters, scheme.bits))
        start = f"INSERT INTO {target}" if first else f"CREATE OR REPLACE TABLE {target} AS"
        con.execute(f"{start} FROM {_HANDED}").fetchall()
        con.unregister(_HANDED)
    con.execute(f"DROP TABLE {ids}").fetchall()


def _encoded_columns(scheme: Scheme, filters: list[str]) -> Iterator[str]:
    yield from (f"{_HASHED.format(f't.block_{i}')} AS block_{i}" for i, _ in enumerate(scheme.blocks, 1))
    yield from (f"{_HASHED.format(f't.pseudonym_{i}')} AS exact_{i}" for i, _ in enumerate(scheme.exact, 1))
    yield from (f"{_HASHED.format(f't.bf_{field.name}')} AS {field.name}" for field in scheme.fields)
    yield from (f"CAST(bit_count(t.bf_{name}) AS SMALLINT) AS n_{name}" for name in filters)
    yield from (f"CAST(t.bf_{name} AS BLOB) AS bf_{name}" for name in filters)


def _in_words(table: pa.Table, filters: list[str], bits: int) -> pa.Table:
    """Return the table with each filter as numbers of 64 bits; what is missing is 0, and n_ says that it is missing."""
    import numpy as np
    import pyarrow as pa

    nothing = bytes(bits // 8)
    for name in filters:
        held = b"".join(value or nothing for value in table[f"bf_{name}"].to_pylist())
        words = np.frombuffer(held, np.int64).reshape(table.num_rows, -1)
        table = table.drop_columns(f"bf_{name}")
        for i, word in enumerate(words.T, 1):
            table = table.append_column(f"w{i}_{name}", pa.array(np.ascontiguousarray(word)))
    return table


def meetings(con: duckdb.DuckDBPyConnection, tables: Sequence[str], columns: Sequence[str]) -> int:
    """Return how many pairs of records of the two tables are the same in all these columns; blanks are never."""
    names = ", ".join(columns)
    counts = [f"SELECT {names}, count(*) AS n FROM {quoted(table)} GROUP BY {names}" for table in tables]
    asked = f"SELECT coalesce(sum(a.n * b.n), 0) FROM ({counts[0]}) AS a JOIN ({counts[1]}) AS b USING ({names})"
    return int(con.execute(asked).fetchall()[0][0])


def refuse_tables(con: duckdb.DuckDBPyConnection, tables: Sequence[str], wanted: Sequence[str]) -> None:
    """Refuse tables that cannot be linked. Raises ContractError with every missing column and broken record id."""
    faults = [f"{table}: {fault}" for table in tables for fault in _table_faults(con, table, wanted)]
    if faults:
        do = "one row per person, with an id of its own and a column for every field of the scheme"
        raise ContractError("these tables cannot be linked", faults, do)


def _table_faults(con: duckdb.DuckDBPyConnection, table: str, wanted: Sequence[str]) -> Iterator[str]:
    held = {row[0] for row in con.execute(f"DESCRIBE {quoted(table)}").fetchall()}
    yield from (f"there is no column {name}" for name in wanted if name not in held)
    if "record_id" not in held:
        return
    rows, filled, different = con.execute(
        f"SELECT count(*), count(record_id), count(DISTINCT record_id) FROM {quoted(table)}"
    ).fetchall()[0]
    if not rows:
        yield "it has no rows"
    if filled < rows:
        yield f"record_id is blank in {rows - filled:,} of {rows:,} rows"
    if different < filled:
        yield f"record_id stands for a second time in {filled - different:,} of {rows:,} rows"


def _meanings(con: duckdb.DuckDBPyConnection, table: str, field: Field, *, dates: str) -> list[tuple]:
    """Return each different value of a field as it stands, in how many rows it stands, and what it means."""
    said = con.execute(
        f"SELECT CAST({field.name} AS VARCHAR) AS raw, count(*) FROM {quoted(table)}"
        f" WHERE {field.name} IS NOT NULL GROUP BY raw"
    ).fetchall()
    return [(raw, n, normalise(raw, field, dates=dates)) for raw, n in said]


def _transforms(scheme: Scheme, name: str) -> list[str]:
    """Return the transforms of a field that some token is made of."""
    parts = (split_part(part) for joined in (*scheme.blocks, *scheme.exact) for part in joined)
    return sorted({transform for field, transform in parts if field == name})


def _hold(con: duckdb.DuckDBPyConnection, name: str, found: list[tuple], *, transforms: list[str]) -> None:
    """Make a table of what each value means, with its transforms."""
    import pyarrow as pa

    read = [(raw, value) for raw, _, value in found if not isinstance(value, Missing)]
    columns = {"raw": [raw for raw, _ in read], "value": [value for _, value in read]}
    columns |= {transform: [PARTS[transform][1](value) or None for _, value in read] for transform in transforms}
    con.register(_HANDED, pa.table({key: pa.array(values, pa.string()) for key, values in columns.items()}))
    con.execute(f"CREATE OR REPLACE TABLE {quoted(name)} AS FROM {_HANDED}").fetchall()
    con.unregister(_HANDED)


def _joined(parts: tuple[str, ...]) -> str:
    # || is blank where any part is
    return " || chr(31) || ".join(".".join(split_part(part)) for part in parts)


def _make(con: duckdb.DuckDBPyConnection, out: str, select: str) -> None:
    con.execute(f"""
        CREATE OR REPLACE TABLE {quoted(out)} AS
        SELECT {_NUMBER} AS unique_id, * FROM ({select})
    """).fetchall()
