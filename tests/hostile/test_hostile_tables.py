"""Tables that claim more than they hold, or are no tables: refused in a moment and in few words."""

import struct
import time

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from projects import curv_eval, project
from tables_support import SESSION_COLUMNS, sessions

from curv_eval.errors import ContractError
from curv_eval.sources import csv, parquet

NAMES = [column.source_name for column in SESSION_COLUMNS]
RATS = "\x1b[31m<script>alert(1)</script>\u202e\n"


def refusal(reader, path):
    began = time.perf_counter()
    with duckdb.connect() as con, pytest.raises(ContractError) as fault:
        reader.read(con, path, sessions())
    assert time.perf_counter() - began < 5
    assert len(str(fault.value)) < 5_000, "a message is for people"
    return str(fault.value)


def table(**more):
    return pa.table({name: ["1"] for name in NAMES} | more)


def number(value):
    """A whole number as Parquet's footer writes it."""
    held, left = b"", 2 * value
    while left > 127:
        held, left = held + bytes([left & 127 | 128]), left >> 7
    return held + bytes([left])


@pytest.mark.parametrize("everywhere", [False, True])
def test_parquet_that_claims_a_billion_billion_rows(tmp_path, everywhere):
    path = tmp_path / "a.parquet"
    pq.write_table(table(), path, store_schema=False)
    raw = path.read_bytes()
    size = struct.unpack("<I", raw[-8:-4])[0]
    start, footer = raw[: -8 - size], raw[-8 - size : -8]
    # the count of rows of the file stands before its list of row groups
    next_to_it = b"" if everywhere else b"\x19"
    claimed = footer.replace(b"\x16\x02" + next_to_it, b"\x16" + number(10**18) + next_to_it)
    assert claimed != footer
    path.write_bytes(start + claimed + struct.pack("<I", len(claimed)) + b"PAR1")
    assert "a.parquet is damaged or cut short" in refusal(parquet, path)


@pytest.mark.parametrize("size", [0, 0xFFFF_FFFF])
def test_parquet_whose_footer_has_no_such_length(tmp_path, size):
    path = tmp_path / "a.parquet"
    pq.write_table(table(), path)
    path.write_bytes(path.read_bytes()[:-8] + struct.pack("<I", size) + b"PAR1")
    assert "a.parquet is damaged or cut short" in refusal(parquet, path)


def test_a_thousand_columns_too_many_are_told_in_short(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(table(**{f"c{i}": ["1"] for i in range(1_000)}), path)
    assert "and 960 more" in refusal(parquet, path)


def test_a_hundred_thousand_columns_of_csv_are_told_in_short(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(",".join([*NAMES, *(f"c{i}" for i in range(100_000))]) + "\n1\n")
    assert "and 99,960 more" in refusal(csv, path)


def test_a_name_as_long_as_a_book_is_cut(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(",".join([*NAMES, "x" * 100_000]) + "\n1\n")
    assert f"{'x' * 60}…" in refusal(csv, path)


@pytest.mark.parametrize("header", [True, False])
def test_one_endless_line_is_no_row(tmp_path, header):
    path = tmp_path / "a.csv"
    path.write_text((",".join(NAMES) + "\n" if header else "") + "x" * 5_000_000 + "\n")
    said = refusal(csv, path)
    assert "no table has lines of more than 2,000,000 bytes" in said
    assert "a.csv has a line of 5,000,000 bytes" in said


def test_names_of_columns_steer_no_terminal(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(table(**{RATS: ["1"]}), path)
    said = refusal(parquet, path)
    assert "\\x1b[31m<script>alert(1)</script>\\u202e\\n" in said
    assert not {"\x1b", "\u202e"} & {*said}


def test_nor_do_they_in_the_lists_for_a_partner():
    folder = project()
    columns = "lsoa11_code,total_population_mid2020"
    (folder / "a.csv").write_text(f'{columns}\n"\x1b[31m<script>a</script>",=1+1\n', "utf-8")
    words = ("data", "validate", "lsoa_population", "a.csv", "--csv", "list.csv", "--html", "list.html")
    said = curv_eval(folder, *words)
    assert said.code == 3
    assert "\x1b" not in said.out + said.err
    assert "<script" not in (folder / "list.html").read_text("utf-8")
    cells = [cell.strip('"') for cell in (folder / "list.csv").read_text("utf-8-sig").replace("\n", ",").split(",")]
    assert [cell for cell in cells if cell.startswith(("=", "+", "@"))] == []
