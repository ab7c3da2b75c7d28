"""Parquet files: every column as the text the contract expects, exactly, or refused with its name."""

from __future__ import annotations

import decimal
import hashlib
import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, time

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tables_support import column, contract_of, refusal

from curv_eval.contract import Contract
from curv_eval.errors import ContractError
from curv_eval.sources import _parquet, parquet

SECRET = "Jane-Doe-07700"


def plain(kind: str = "string", **rules) -> Contract:
    return replace(contract_of(column("value", kind, **rules)), format="parquet")


def wide(*names: str, classification: str = "public", **options) -> Contract:
    columns = [column(name, classification=classification) for name in names]
    return replace(contract_of(*columns, **options), format="parquet")


def write(folder, columns: dict, name: str = "data.parquet", **options):
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), folder / name, **options)
    return folder / name


def raw(contract: Contract, path) -> list[tuple]:
    con = duckdb.connect()
    parquet.read(con, path, contract)
    return con.execute(f"SELECT * FROM raw_{contract.name}").fetchall()


def texts(folder, array: pa.Array, kind: str = "string", **rules) -> list[str | None]:
    return [row[0] for row in raw(plain(kind, **rules), write(folder, {"value": array}))]


def test_rows_are_numbered_from_the_first(tmp_path):
    path = write(tmp_path, {"a": ["x", "y"], "b": ["1", None]})
    assert raw(wide("a", "b"), path) == [("x", "1", "data.parquet", 1), ("y", None, "data.parquet", 2)]


def test_columns_are_found_by_name_and_named_by_the_contract(tmp_path):
    contract = replace(
        contract_of(column("one", source_name="The One"), column("two", optional=True)), format="parquet"
    )
    path = write(tmp_path, {"The One": ["x"]})
    assert raw(contract, path) == [("x", None, "data.parquet", 1)]


def test_the_file_is_hashed_as_it_stands_on_disk(tmp_path):
    path = write(tmp_path, {"a": ["x", "y"]})
    (file,) = parquet.read(duckdb.connect(), path, wide("a"))
    assert (file.name, file.rows, file.bytes, file.repairs) == ("data.parquet", 2, path.stat().st_size, ())
    assert file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("array", "found"),
    [
        (
            pa.array(["007", " x ", "NULL", "1e5", "", None, "a\nb", "é日𝔘"]),
            ["007", " x ", "NULL", "1e5", None, None, "a\nb", "é日𝔘"],
        ),
        (pa.array(["a", "b", None]).dictionary_encode(), ["a", "b", None]),
        (pa.array(["a", None], pa.large_string()), ["a", None]),
        (pa.array([1, -2, None], pa.int8()), ["1", "-2", None]),
        (pa.array([2**63 - 1, -(2**63)], pa.int64()), ["9223372036854775807", "-9223372036854775808"]),
        (pa.array([2**64 - 1], pa.uint64()), ["18446744073709551615"]),
        (pa.array([7.0, -3.0, None, float("nan"), 0.0], pa.float64()), ["7", "-3", None, None, "0"]),
        (
            pa.array([0.1, 1 / 3, 7.5, 1e-7, 2.0**60], pa.float64()),
            ["0.1", "0.3333333333333333", "7.5", "1e-07", "1.152921504606847e+18"],
        ),
        (pa.array([0.1, 7.0, None], pa.float32()), ["0.1", "7", None]),
        (pa.array([float("inf"), float("-inf")]), ["inf", "-inf"]),
        (pa.array([True, False, None]), ["true", "false", None]),
        (pa.array([decimal.Decimal("7.50"), None], pa.decimal128(10, 2)), ["7.50", None]),
        (pa.array([date(2023, 1, 31), None, date(1066, 10, 14)]), ["2023-01-31", None, "1066-10-14"]),
        (pa.array([datetime(2023, 1, 31, 14, 5)], pa.timestamp("us")), ["2023-01-31 14:05:00"]),
        (pa.array([datetime(2023, 1, 31, 14, 5, 6, 250)], pa.timestamp("us")), ["2023-01-31 14:05:06.00025"]),
        (pa.array([datetime(2023, 1, 31)], pa.timestamp("ms")), ["2023-01-31 00:00:00"]),
        (pa.array([datetime(2023, 1, 31, 0, 0, 1)], pa.timestamp("ns")), ["2023-01-31 00:00:01"]),
        (pa.array([time(14, 5)], pa.time64("us")), ["14:05:00"]),
        (pa.array([None, None], pa.null()), [None, None]),
    ],
)
def test_every_plain_type_has_one_text(tmp_path, array, found):
    assert texts(tmp_path, array) == found


def test_numbers_that_blanks_made_fractions_are_whole_numbers(tmp_path):
    """pandas has no blank among whole numbers."""
    path = tmp_path / "data.parquet"
    pd.DataFrame({"value": [1001, None, 12]}).to_parquet(path, index=False)
    assert [row[0] for row in raw(plain("integer"), path)] == ["1001", None, "12"]
    assert texts(tmp_path, pa.array([7.5, 1e16]), "integer") == ["7.5", "1e+16"]


def test_decimals_that_are_whole_are_whole_numbers(tmp_path):
    values = pa.array([decimal.Decimal("7.00"), decimal.Decimal("7.50")], pa.decimal128(10, 2))
    assert texts(tmp_path, values, "integer") == ["7", "7.50"]
    assert texts(tmp_path, values, "number") == ["7.00", "7.50"]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_midnights_are_dates_in_a_column_of_dates(tmp_path, unit):
    """pandas has no dates but midnights. A time of day stays, so that the check of the contract names its row."""
    moments = pa.array([datetime(2023, 1, 31), None, datetime(2023, 1, 31, 14, 5)], pa.timestamp(unit))
    assert texts(tmp_path, moments, "date") == ["2023-01-31", None, "2023-01-31 14:05:00"]
    assert texts(tmp_path, moments, "timestamp") == ["2023-01-31 00:00:00", None, "2023-01-31 14:05:00"]


def test_billionths_of_a_second_are_not_rounded_away(tmp_path):
    moments = pa.array([1_675_123_200_000_000_001], pa.timestamp("ns"))
    assert texts(tmp_path, moments, "timestamp") == ["2023-01-31 00:00:00.000000001"]
    assert texts(tmp_path, moments, "date") == ["2023-01-31 00:00:00.000000001"]


def test_firsts_of_a_month_are_months_in_a_column_of_months(tmp_path):
    pattern = "^[0-9]{4}-(0[1-9]|1[0-2])$"
    days = pa.array([date(2023, 3, 1), date(2023, 3, 17), None])
    assert texts(tmp_path, days, pattern=pattern) == ["2023-03", "2023-03-17", None]
    moments = pa.array([datetime(2023, 3, 1), datetime(2023, 3, 1, 14)], pa.timestamp("ns"))
    assert texts(tmp_path, moments, pattern=pattern) == ["2023-03", "2023-03-01 14:00:00"]
    assert texts(tmp_path, pa.array(["2023-03", "March"]), pattern=pattern) == ["2023-03", "March"]
    assert texts(tmp_path, days) == ["2023-03-01", "2023-03-17", None]


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (
            pa.array([datetime(2023, 1, 31, tzinfo=UTC)], pa.timestamp("us", "UTC")),
            "value: holds times with a time zone",
        ),
        (pa.array([datetime(2023, 1, 31, tzinfo=UTC)], pa.timestamp("ns", "Europe/London")), "value: holds times with"),
        (pa.array([[1, 2]]), "value: holds lists or records"),
        (pa.array([{"a": 1}]), "value: holds lists or records"),
        (pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())), "value: holds lists or records"),
        (pa.array([b"\xff\x00"]), "value: holds bytes"),
    ],
)
def test_columns_that_are_not_plain_values_are_refused_by_name(tmp_path, array, said):
    message = refusal(plain(), write(tmp_path, {"value": array}))
    assert f"data.parquet: {said}" in message
    assert "do: write" in message


def test_every_column_that_is_not_plain_is_named_at_once(tmp_path):
    path = write(tmp_path, {"a": [[1]], "b": [b"x"], "c": ["x"], "d": [{"x": 1}]})
    said = refusal(wide("a", "b", "c", "d"), path)
    assert [line.split(": ")[1] for line in said.splitlines()[1:]] == ["a", "b", "d"]


def test_columns_that_are_dropped_may_hold_anything(tmp_path):
    path = write(tmp_path, {"a": ["x"], "deep": [[1]], "A": ["y"], "path": ["z"]})
    assert raw(wide("a", extra_columns="drop"), path) == [("x", "data.parquet", 1)]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"a": ["x"]}, "data.parquet: columns missing: b"),
        ({"a": ["x"], "b": ["y"], "c": ["z"]}, "data.parquet: columns not in the contract: c"),
        ({"A": ["x"], "b": ["y"]}, "columns missing: a\n  data.parquet: columns not in the contract: A"),
        ({"a": ["x"], "b": ["y"], "__index_level_0__": [0]}, "columns not in the contract: __index_level_0__"),
    ],
)
def test_names_are_exact_as_they_are_in_csv(tmp_path, columns, said):
    assert said in refusal(wide("a", "b"), write(tmp_path, columns))


def test_a_column_given_twice(tmp_path):
    table = pa.Table.from_arrays([pa.array(["x"]), pa.array(["y"])], ["a", "a"])
    pq.write_table(table, tmp_path / "data.parquet")
    assert "columns given twice: a" in refusal(wide("a"), tmp_path / "data.parquet")


def test_the_name_that_is_kept_for_the_number_of_a_row(tmp_path):
    path = write(tmp_path, {"a": ["x"], "File_Row_Number": [9]})
    assert "may not be called file_row_number" in refusal(wide("a", extra_columns="drop"), path)


@pytest.mark.parametrize(
    "name",
    ["dat[a]*.parquet", "it's.parquet", "a b.parquet", "ü?.parquet", "$x.parquet", "[*].parquet", "data", "a[!b]"],
)
def test_odd_file_names_are_names(tmp_path, name):
    write(tmp_path, {"a": ["wrong"]}, "data1.parquet")
    path = write(tmp_path, {"a": ["x"]}, name)
    assert raw(wide("a"), path) == [("x", name, 1)]


def test_the_name_of_a_folder_is_no_column(tmp_path):
    """month=2023-03/ would be one to a reader of partitions."""
    path = write(tmp_path / "b=7" / "a=2", {"a": ["x"]})
    assert raw(wide("a"), path) == [("x", "data.parquet", 1)]


def test_a_folder_of_parts_is_read_by_name(tmp_path):
    for name, values in (("part-2.parquet", ["c"]), ("part-1.parquet", ["a", "b"])):
        write(tmp_path / "all", {"a": values}, name)
    for name in ("_SUCCESS", ".part-1.parquet.crc", "._part-1.parquet", "readme.txt"):
        (tmp_path / "all" / name).write_bytes(b"x")
    con = duckdb.connect()
    files = parquet.read(con, tmp_path / "all", wide("a"))
    assert [(file.name, file.rows) for file in files] == [("part-1.parquet", 2), ("part-2.parquet", 1)]
    assert con.execute("SELECT * FROM raw_sessions").fetchall() == [
        ("a", "part-1.parquet", 1),
        ("b", "part-1.parquet", 2),
        ("c", "part-2.parquet", 1),
    ]


def test_parts_may_have_their_columns_in_another_order_and_type(tmp_path):
    write(tmp_path / "all", {"a": ["1"], "b": ["x"]}, "1.parquet")
    write(tmp_path / "all", {"b": ["y"], "a": [2.0]}, "2.parquet")
    assert [row[:2] for row in raw(wide("a", "b"), tmp_path / "all")] == [("1", "x"), ("2", "y")]


def test_folders_without_parts_or_with_parts_in_folders_are_refused(tmp_path):
    (tmp_path / "all").mkdir()
    assert "there are no Parquet files in this folder" in refusal(wide("a"), tmp_path / "all")
    write(tmp_path / "all" / "month=2023-03", {"a": ["x"]})
    said = refusal(wide("a"), tmp_path / "all")
    assert "all has Parquet files in folders within it, whose names may say what the files do not" in said


def test_every_part_that_has_another_layout_is_named(tmp_path):
    for name, columns in (("1", {"a": ["x"]}), ("2", {"b": ["x"]}), ("3", {"a": ["x"], "c": ["y"]})):
        write(tmp_path / "all", columns, f"{name}.parquet")
    said = refusal(wide("a"), tmp_path / "all")
    assert "2.parquet: columns missing: a" in said
    assert "3.parquet: columns not in the contract: c" in said
    assert "1.parquet" not in said


def test_a_missing_file_ends_with_how_to_get_it(tmp_path):
    said = refusal(wide("a"), tmp_path / "none.parquet")
    assert "there is no such file" in said
    assert said.endswith(wide("a").obtain)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "data.parquet is empty (0 bytes); expected a Parquet file"),
        (b"a,b\n1,2\n", "data.parquet is a text file; expected a Parquet file"),
        (b"PAR1", "data.parquet is damaged or cut short"),
        (b"PAR1" + b"\0" * 100 + b"PAR1", "data.parquet is damaged or cut short"),
        (b"PARE" + b"\0" * 100 + b"PARE", "data.parquet is an encrypted Parquet file"),
        (b"PK\x03\x04", "data.parquet is damaged or cut short"),
    ],
)
def test_a_file_that_is_no_parquet_file(tmp_path, content, said):
    (tmp_path / "data.parquet").write_bytes(content)
    message = refusal(wide("a"), tmp_path / "data.parquet")
    assert said in message
    assert "do: " in message


def test_a_file_without_rows(tmp_path):
    said = refusal(wide("a"), write(tmp_path, {"a": pa.array([], pa.string())}))
    assert "data.parquet has columns and no rows" in said


@pytest.mark.parametrize("share", [0.05, 0.5, 0.9, 0.999])
def test_a_file_that_is_cut_short(tmp_path, share):
    path = write(tmp_path, {"a": [f"{SECRET}-{i}" for i in range(2_000)]})
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    said = refusal(wide("a"), path)
    assert "data.parquet is damaged or cut short: it is not a whole Parquet file" in said
    assert SECRET not in said


@pytest.mark.parametrize("compression", ["snappy", "gzip", "zstd", "none"])
def test_damage_within_a_file_is_refused_or_leaves_whole_rows(tmp_path, compression):
    """Parquet without checksums cannot always tell; what it can tell is said without a value."""
    whole = write(tmp_path, {"a": [f"{SECRET}-{i * i}" for i in range(3_000)]}, compression=compression).read_bytes()
    path, refused = tmp_path / "data.parquet", 0
    for place in range(20, len(whole) - 8, len(whole) // 25):
        path.write_bytes(whole[:place] + bytes(b ^ 0xFF for b in whole[place : place + 6]) + whole[place + 6 :])
        con = duckdb.connect()
        try:
            assert parquet.read(con, path, wide("a"))[0].rows == 3_000
            assert con.execute("SELECT count(*) FROM raw_sessions").fetchall() == [(3_000,)]
        except ContractError as fault:
            refused += 1
            assert "data.parquet" in str(fault)
            assert SECRET not in str(fault)
    assert refused > 0


def test_text_that_is_not_utf8_is_refused_without_its_value(tmp_path):
    path = write(tmp_path, {"a": pa.array([SECRET.encode() + b"\xff"]).cast(pa.binary())})
    forced = pa.StringArray.from_buffers(1, *pq.read_table(path)["a"].chunk(0).buffers()[1:])
    said = refusal(wide("a"), write(tmp_path, {"a": forced}))
    assert "data.parquet" in said
    assert SECRET not in said


def test_rows_keep_their_order_and_their_twins(tmp_path):
    values = [str(i % 7) for i in range(300_000)]
    path = write(tmp_path, {"a": values}, row_group_size=10_000)
    found = raw(wide("a"), path)
    assert [row[0] for row in found] == values
    assert [row[2] for row in found] == list(range(1, 300_001))


def test_identifiers_as_uuid_are_text(tmp_path):
    con, key = duckdb.connect(), str(uuid.UUID(int=7))
    con.execute(f"COPY (SELECT '{key}'::UUID AS a) TO '{tmp_path}/data.parquet'").fetchall()
    assert raw(wide("a"), tmp_path / "data.parquet")[0][0] == key


def test_what_duckdb_and_pandas_write_is_read_alike(tmp_path):
    con = duckdb.connect()
    con.execute(f"""COPY (SELECT 7 AS i, 0.5::DOUBLE AS n, DATE '2023-01-31' AS d, TIMESTAMP '2023-01-31 14:05' AS t,
        true AS b, 'x' AS s) TO '{tmp_path}/duck.parquet'""").fetchall()
    frame = pd.DataFrame(
        {
            "i": [7],
            "n": [0.5],
            "d": [pd.Timestamp("2023-01-31")],
            "t": [pd.Timestamp("2023-01-31 14:05")],
            "b": [True],
            "s": ["x"],
        }
    )
    frame.to_parquet(tmp_path / "pandas.parquet", index=False)
    kinds = {"i": "integer", "n": "number", "d": "date", "t": "timestamp", "b": "boolean", "s": "string"}
    contract = replace(contract_of(*(column(name, kind) for name, kind in kinds.items())), format="parquet")
    for name in ("duck", "pandas"):
        (row,) = raw(contract, tmp_path / f"{name}.parquet")
        assert row[:6] == ("7", "0.5", "2023-01-31", "2023-01-31 14:05:00", "true", "x")


def test_a_reader_that_loses_rows_is_found_out(tmp_path, monkeypatch):
    scan = _parquet._scan
    monkeypatch.setattr(_parquet, "_scan", lambda part: f"{scan(part)} WHERE \"0\" <> 'y'")
    assert "data.parquet is damaged or cut short" in refusal(wide("a"), write(tmp_path, {"a": ["x", "y"]}))


def test_reading_again_replaces(tmp_path):
    con = duckdb.connect()
    for values in (["x", "y"], ["z"]):
        parquet.read(con, write(tmp_path, {"a": values}), wide("a"))
    assert con.execute("SELECT a FROM raw_sessions").fetchall() == [("z",)]
