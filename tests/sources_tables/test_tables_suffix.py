"""The format `table`: one table in the kind of file its name ends with, and the same rows from each."""

from __future__ import annotations

import gzip
import io
import lzma
import zipfile
from dataclasses import replace
from datetime import date

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tables_support import FIRST, NAMES, book, column, contract_of, read, refusal, rows_of, sessions

from curv_eval.sources import csv

PLAIN = replace(contract_of(column("a"), column("b", classification="public")), format="table")
TABLE = replace(sessions(), format="table")
TEXT = "a,b\n1,x\n2,y\n"
FOUND = [("1", "x"), ("2", "y")]


def zipped(text: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("data.csv", text)
    return held.getvalue()


PACKED = {
    "data.csv": TEXT.encode(),
    "data.CSV": TEXT.encode(),
    "data.csv.gz": gzip.compress(TEXT.encode()),
    "data.csv.xz": lzma.compress(TEXT.encode()),
    "data.csv.zip": zipped(TEXT),
    "data.zip": zipped(TEXT),
}


@pytest.mark.parametrize("name", PACKED)
def test_csv_plain_or_packed(tmp_path, name):
    (tmp_path / name).write_bytes(PACKED[name])
    assert [row[:2] for row in rows_of(PLAIN, tmp_path / name)] == FOUND
    assert [row[2] for row in rows_of(PLAIN, tmp_path / name)] == [1, 2]


@pytest.mark.parametrize("name", ["data.parquet", "data.PARQUET"])
def test_parquet(tmp_path, name):
    pq.write_table(pa.table({"a": [1, 2], "b": ["x", "y"]}), tmp_path / name)
    assert rows_of(PLAIN, tmp_path / name) == [("1", "x", 1), ("2", "y", 2)]


def test_a_folder_named_as_parquet_holds_its_parts(tmp_path):
    """As programs for many machines write one table."""
    (tmp_path / "data.parquet").mkdir()
    pq.write_table(pa.table({"a": [1, 2], "b": ["x", "y"]}), tmp_path / "data.parquet" / "part-0.parquet")
    assert [row[:2] for row in rows_of(PLAIN, tmp_path / "data.parquet")] == FOUND


@pytest.mark.parametrize("name", ["data.xlsx", "Data.XLSX"])
def test_workbooks(tmp_path, name):
    path = book(tmp_path, [["Title"], ["A", "B *"], [1, "x"], [2, "y "]], name=name)
    assert rows_of(PLAIN, path) == [("1", "x", 3), ("2", "y", 4)]
    assert "b: 1 value had spaces around or inside it that nobody sees" in read(PLAIN, path)[1].repairs


def test_only_workbooks_are_put_right(tmp_path):
    """A CSV or Parquet file comes out of a program, which can be told to keep the contract."""
    row = ["AB0001", "31/01/2023", "Mentoring", "60.0", " x "]
    (tmp_path / "data.csv").write_text(",".join(NAMES) + "\n" + ",".join(row) + "\n")
    pq.write_table(pa.table({name: [value] for name, value in zip(NAMES, row, strict=True)}), tmp_path / "data.parquet")
    book(tmp_path, [NAMES, row], name="data.xlsx")
    for name in ("data.csv", "data.parquet"):
        assert rows_of(TABLE, tmp_path / name) == [(*row, 1)]
        assert read(TABLE, tmp_path / name)[1].repairs == ()
    assert rows_of(TABLE, tmp_path / "data.xlsx") == [("AB0001", "2023-01-31", "mentoring", "60", "x", 2)]
    assert len(read(TABLE, tmp_path / "data.xlsx")[1].repairs) == 4


@pytest.mark.parametrize(
    "name", ["data.xls", "data.ods", "data.json", "data.txt", "data", "data.csv.bz2", ".csv", "a.tsv"]
)
def test_other_endings_are_refused_with_those_that_are_read(tmp_path, name):
    (tmp_path / name).write_text(TEXT)
    said = refusal(PLAIN, tmp_path / name)
    assert f"{name}: this kind of file is not read" in said
    assert "expected one of .csv (also .csv.gz, .csv.xz, .csv.zip), .parquet and .xlsx" in said
    assert "do: save it as one of these" in said


@pytest.mark.parametrize("name", ["data.xlsx.zip", "data.parquet.gz", "data.XLSX.xz"])
def test_packed_workbooks_are_to_be_unpacked(tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    assert "do: unpack it first" in refusal(PLAIN, tmp_path / name)


@pytest.mark.parametrize("name", ["none.csv", "none.parquet", "none.xlsx", "none.ods", "none"])
def test_a_missing_file_ends_with_how_to_get_it(tmp_path, name):
    said = refusal(PLAIN, tmp_path / name)
    assert "there is no such file" in said
    assert said.endswith(PLAIN.obtain)


@pytest.mark.parametrize("name", ["data.csv", "data.parquet", "data.xlsx", "data.parquet/part-0.parquet"])
def test_a_file_that_may_not_be_opened_is_told(tmp_path, monkeypatch, name):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"x")
    opened = type(path).open

    def refused(self, *args, **kwargs):
        if self == path:
            raise PermissionError(13, "Permission denied")
        return opened(self, *args, **kwargs)

    monkeypatch.setattr(type(path), "open", refused)
    said = refusal(PLAIN, tmp_path / name.split("/")[0])
    assert f"{path.name} cannot be read (Permission denied)" in said
    assert "do: close the program that holds it" in said


def test_a_folder_is_no_file(tmp_path):
    for name in ("a.csv", "a.xlsx", "folder"):
        (tmp_path / name).mkdir()
        assert "got a folder; expected" in refusal(PLAIN, tmp_path / name)


def test_a_workbook_under_the_name_of_a_csv_is_told(tmp_path):
    path = book(tmp_path, [NAMES, FIRST], name="data.csv")
    for contract in (TABLE, replace(TABLE, format="csv")):
        said = refusal(contract, path)
        assert "data.csv is an Excel workbook (.xlsx); expected comma-separated values" in said
        assert "do: open it and save it as CSV UTF-8; or give it its own ending" in said


def test_a_parquet_file_under_the_name_of_a_csv_is_told(tmp_path):
    pq.write_table(pa.table({"a": [1]}), tmp_path / "data.csv")
    assert "data.csv is a Parquet file; expected comma-separated values" in refusal(PLAIN, tmp_path / "data.csv")


def test_a_csv_under_the_name_of_a_workbook_is_told(tmp_path):
    (tmp_path / "data.xlsx").write_text(TEXT)
    said = refusal(PLAIN, tmp_path / "data.xlsx")
    assert "data.xlsx is a text file; expected an Excel workbook (.xlsx)" in said
    assert "if it is comma-separated, name it .csv" in said


def test_a_csv_under_the_name_of_a_parquet_file_is_told(tmp_path):
    (tmp_path / "data.parquet").write_text(TEXT)
    assert "data.parquet is a text file; expected a Parquet file" in refusal(PLAIN, tmp_path / "data.parquet")


def test_csv_itself_reads_as_before(tmp_path):
    (tmp_path / "data.csv").write_text(TEXT)
    con = duckdb.connect()
    (file,) = csv.read(con, tmp_path / "data.csv", replace(PLAIN, format="csv"))
    assert (file.rows, file.repairs) == (2, ())
    assert con.execute("SELECT source_row FROM raw_sessions").fetchall() == [(1,), (2,)]


def test_the_three_kinds_of_a_table_with_types_are_one_table(tmp_path):
    """A workbook's real dates and numbers, Parquet's own types and a CSV's text."""
    (tmp_path / "data.csv").write_text(",".join(NAMES) + "\nAB0001,2023-01-31,mentoring,60,\n")
    typed = {NAMES[0]: ["AB0001"], NAMES[1]: [date(2023, 1, 31)], NAMES[2]: ["mentoring"], NAMES[3]: [60.0]}
    pq.write_table(pa.table({**typed, NAMES[4]: pa.array([None], pa.string())}), tmp_path / "data.parquet")
    book(tmp_path, [NAMES, ["AB0001", date(2023, 1, 31), "mentoring", 60]], name="data.xlsx")
    found = {
        name: [row[:-1] for row in rows_of(TABLE, tmp_path / f"data.{name}")] for name in ("csv", "parquet", "xlsx")
    }
    assert found["csv"] == found["parquet"] == found["xlsx"] == [("AB0001", "2023-01-31", "mentoring", "60", None)]
