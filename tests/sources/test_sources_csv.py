"""One CSV file: read exactly, in its order, or refused with what, where and what to do."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import duckdb
import pytest
from sources_support import pack, plain_contract, put, read, refusal, rows_of, zipped

from curv_eval.contract import load_contract

SECRET = "Jane-Doe-07700"
PLAIN = plain_contract()


def test_rows_are_numbered_from_the_first_after_the_header(tmp_path):
    path = put(tmp_path, "data.csv", "a,b,c\n1,2,3\n4,5,6\n")
    assert rows_of(PLAIN, path) == [("1", "2", "3", "data.csv", 1), ("4", "5", "6", "data.csv", 2)]


def test_columns_are_found_by_name_and_named_by_the_contract(tmp_path):
    contract = load_contract("lsoa_population")
    path = put(tmp_path, "p.csv", "total_population_mid2017,total_population_mid2020,lsoa11_code\n1,2,E01000001\n")
    assert rows_of(contract, path) == [("E01000001", "2", "p.csv", 1)]


def test_an_optional_column_may_be_absent(tmp_path):
    contract = load_contract("intervention_register")
    head = "lsoa21_code,lsoa21_name,ward24_code,ward24_name,ltla24_code,ltla24_name,start_month"
    path = put(tmp_path, "r.csv", f"{head}\nE01012077,M 004D,E05009855,B,E06000002,M,2023-08\n")
    (row,) = rows_of(contract, path)
    held = dict(zip([column.name for column in contract.columns], row, strict=False))
    assert [held[name] for name in ("start_month", "intervention_id", "end_month")] == ["2023-08", None, None]


@pytest.mark.parametrize("mark", [";", "\t", "|"])
@pytest.mark.parametrize("name", ["lsoa_population", "vcse_sessions"])
def test_columns_parted_by_something_else_are_said_to_be(tmp_path, mark, name):
    contract = replace(load_contract(name), format="csv")
    header = mark.join(column.source_name for column in contract.columns)
    said = refusal(contract, put(tmp_path, "p.csv", f"{header}\n{mark.join([SECRET] * len(contract.columns))}\n"))
    what = {";": "semicolons", "\t": "tabs", "|": "upright bars"}[mark]
    assert f"its columns are parted by {what}; expected commas" in said
    assert SECRET not in said


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".csv.xz", ".csv.zip"])
def test_a_packed_file_is_the_same_file(tmp_path, ending):
    raw = pack("a,b,c\n1,2,3\n", ending)
    con, files = read(PLAIN, put(tmp_path, f"data{ending}", raw))
    assert con.execute("SELECT * FROM raw_plain").fetchall() == [("1", "2", "3", "data.csv", 1)]
    (file,) = files
    assert (file.name, file.bytes, file.rows) == (f"data{ending}", len(raw), 1)
    assert file.sha256 == hashlib.sha256(raw).hexdigest()


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("a,b,c\n1,2,3", 1),
        ("a,b,c\r\n1,2,3\r\n", 1),
        ("a,b,c\r1,2,3\r4,5,6\r", 2),
        ("\ufeffa,b,c\n1,2,3\n", 1),
        ("a,b,c\n1,2,3\n\n\n4,5,6\n\n", 2),
        ('"a","b","c"\n"1","2","3"\n', 1),
        ("a,b,c\n,,\n", 1),
    ],
)
def test_the_ways_programs_write_csv_are_all_read(tmp_path, content, rows):
    _, (file,) = read(PLAIN, put(tmp_path, "data.csv", content))
    assert file.rows == rows


def test_what_looks_like_something_else_stays_text(tmp_path):
    values = ["007", " x ", "NULL", "1e5", "#1", "'x'", "\\n", "01/02/2023", "NaN", "=1+1"]
    path = put(tmp_path, "data.csv", "a,b,c\n" + "".join(f"{value},x,y\n" for value in values))
    assert [row[0] for row in rows_of(PLAIN, path)] == values


def test_duplicates_are_kept(tmp_path):
    path = put(tmp_path, "data.csv", "a,b,c\n" + "1,2,3\n" * 500)
    assert [row[-1] for row in rows_of(PLAIN, path)] == list(range(1, 501))


@pytest.mark.parametrize("name", ["dat[a]*.csv", "it's.csv", "a b.csv", "ü.csv", "$x.csv"])
def test_odd_file_names_are_names(tmp_path, name):
    put(tmp_path, "data.csv", "a,b,c\n9,9,9\n")
    path = put(tmp_path, name, "a,b,c\n1,2,3\n")
    assert rows_of(PLAIN, path) == [("1", "2", "3", name, 1)]


def test_extra_columns_may_be_dropped_whatever_they_are_called(tmp_path):
    contract = plain_contract(options={"extra_columns": "drop", "made_up_only": False})
    path = put(tmp_path, "data.csv", "path,A,a,,b,filename,c,\n0,0,1,0,2,0,3,0\n")
    assert rows_of(contract, path) == [("1", "2", "3", "data.csv", 1)]


def test_reading_again_replaces(tmp_path):
    con = duckdb.connect()
    from curv_eval.sources import csv

    for text in ("a,b,c\n1,2,3\n4,5,6\n", "a,b,c\n7,8,9\n"):
        csv.read(con, put(tmp_path, "data.csv", text), PLAIN)
    assert con.execute("SELECT a FROM raw_plain").fetchall() == [("7",)]


def test_a_missing_file_ends_with_how_to_get_it(tmp_path):
    said = refusal(PLAIN, tmp_path / "none.csv")
    assert "there is no such file" in said
    assert said.endswith(PLAIN.obtain)
    assert "got a folder; expected a CSV file" in refusal(PLAIN, tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "data.csv is empty (0 bytes)"),
        (b"a,b,c\n", "data.csv has a header and no rows"),
        (b"a,b,c", "data.csv has a header and no rows"),
        (b"a,b,c\n\n\n", "data.csv has a header and no rows"),
        (b"a,b,c\n1,2,3\n4,5", "data.csv is cut short: its last row, 2, has 2 of 3 columns"),
        (b"a,b,c\n1,2,3\n4,5\n", "data.csv is cut short: its last row, 2, has 2 of 3 columns"),
        (b'a,b,c\n1,2,3\n4,5,"6\n', "data.csv is cut short: a quotation mark that opens after row 1 is never closed"),
        (b"a,b,c\n1,2\n4,5,6\n7,8,9,10\n", "data.csv has 2 rows without exactly 3 columns (first: row 1, 2 columns)"),
        (b"a,b,c\n1,2,3,4\n", "data.csv has 1 row without exactly 3 columns (first: row 1, 4 columns)"),
        (b"a,b,c\r\n1,2,3\n4,5,6\r\n", "with one kind of line end throughout"),
        (b"a,b\n1,2\n", "data.csv: columns missing: c"),
        (b"a,b,c,d,e\n1,2,3,4,5\n", "data.csv: columns not in the contract: d, e"),
        (b"a,b,d\n1,2,3\n", "data.csv: columns missing: c\n  data.csv: columns not in the contract: d"),
        (b"a,b,c,\n1,2,3,4\n", "data.csv: columns not in the contract: (no name)"),
        (b"a,b,c,a\n1,2,3,4\n", "data.csv: columns given twice: a"),
        (b"a;b;c\n1;2;3\n", "columns missing: a, b, c\n  data.csv: columns not in the contract: a;b;c"),
        (b"A,B,C\n1,2,3\n", "columns missing: a, b, c\n  data.csv: columns not in the contract: A, B, C"),
    ],
)
def test_a_file_that_is_not_whole_is_refused(tmp_path, content, said):
    message = refusal(PLAIN, put(tmp_path, "data.csv", content))
    assert said in message
    assert "do: " in message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            "a,b,c\nMüller,2,3\n".encode("latin-1"),
            "is not UTF-8 (line 2, byte 7); it looks like Windows-1252 or Latin-1",
        ),
        ("a,b,c\n1,2,3\n1,2,caf\xe9\n".encode("cp1252"), "(line 3, byte 19); it looks like Windows-1252"),
        ("a,b,c\n1,2,3\n".encode("utf-16"), "is not UTF-8 (byte 0); it looks like UTF-16"),
        ("a,b,c\n1,2,3\n".encode("utf-16-be"), "(a zero at byte 0); it looks like UTF-16"),
        ("a,b,c\n1,2,3\n".encode("utf-16-le"), "(a zero at byte 1); it looks like UTF-16"),
        (b"a,b,c\n1,2,\xe2\x82", "(line 2, byte 10); it looks like Windows-1252"),
    ],
)
def test_another_encoding_is_refused_with_its_place(tmp_path, content, said):
    assert said in refusal(PLAIN, put(tmp_path, "data.csv", content))


def test_a_place_far_into_a_file_is_exact(tmp_path):
    """Past the megabyte that is looked at in one piece, with a character cut in two by the border."""
    filler = b"a,b,c\n" + b"1,2,3\n" * 174_761
    whole = filler + b"x" * ((1 << 20) - len(filler) - 1) + "é".encode() + b",2,3\n1,2,\xff\n"
    said = refusal(PLAIN, put(tmp_path, "data.csv", whole))
    line, byte = whole[: whole.index(b"\xff")].count(b"\n") + 1, whole.index(b"\xff")
    assert f"(line {line:,}, byte {byte:,})" in said


@pytest.mark.parametrize("ending", [".csv.gz", ".csv.xz", ".csv.zip"])
@pytest.mark.parametrize("damage", ["cut", "flipped", "not packed"])
def test_a_damaged_pack_is_refused(tmp_path, ending, damage):
    raw = pack("a,b,c\n" + "".join(f"{i},{i * i},{i**3}\n" for i in range(2_000)), ending)
    middle = len(raw) // 2
    spoilt = {
        "cut": raw[:middle],
        "flipped": raw[:middle] + bytes(b ^ 0xFF for b in raw[middle : middle + 8]) + raw[middle + 8 :],
        "not packed": b"a,b,c\n1,2,3\n",
    }[damage]
    said = refusal(PLAIN, put(tmp_path, f"data{ending}", spoilt))
    assert f"data{ending} is damaged or cut short" in said
    assert "get them again" in said


def test_a_zip_holds_one_file(tmp_path):
    two = zipped({"a.csv": "a,b,c\n1,2,3\n", "b.csv": "a,b,c\n1,2,3\n"})
    assert "data.zip holds 2 files; expected one" in refusal(PLAIN, put(tmp_path, "data.zip", two))
    assert "holds 0 files" in refusal(PLAIN, put(tmp_path, "empty.zip", zipped({})))
    mac = zipped({"a.csv": "a,b,c\n1,2,3\n", "__MACOSX/._a.csv": "x", "folder/": ""})
    assert len(rows_of(PLAIN, put(tmp_path, "mac.zip", mac))) == 1


@pytest.mark.parametrize(
    "content",
    [
        f"{SECRET},b,c\n{SECRET},2,3\n",
        f"a,b,c\n1,2,3\n{SECRET},5\n",
        f"a,b,c\n1,2,{SECRET},4\n",
        f'a,b,c\n1,2,"{SECRET}\n',
        f"{SECRET},{SECRET},x\n1,2,3\n",
        f"a,b,c\r\n{SECRET},2,3\n4,5,6\r\n",
        f"a,b,c\n{SECRET},2,\xff\n".encode("latin-1"),
        f"a;b;c\n{SECRET};2;3\n",
    ],
)
def test_no_message_shows_a_value_of_data_that_are_not_public(tmp_path, content):
    """A first line that shares no name with the contract may be a row."""
    contract = plain_contract(
        ("a", "b", "c") if not str(content).startswith(SECRET) else ("k", "l", "m"), "confidential"
    )
    assert SECRET not in refusal(contract, put(tmp_path, "data.csv", content))
