"""A row has the right number however the file is written, packed or read, and every row is looked at."""

from __future__ import annotations

import gzip
import io
import lzma
import zipfile

import duckdb
import pytest
from validation_support import (
    HEADER,
    TODAY,
    contract,
    found_in,
    good_rows,
    listed,
    plant,
    put,
    read_rows,
    referrals,
    text_of,
)

from curv_eval.contract import Column
from curv_eval.errors import ContractError
from curv_eval.sources import _delimited
from curv_eval.sources._unpacked import Arrived
from curv_eval.validation import find_every_breach, validate
from curv_eval.validation.every import EVERY

NOTES = contract(
    [Column("id", "id", "string", unique=True), Column("note", "note", "string"), Column("n", "n", "integer")]
)
AGE = ("age", "above range")


def aged(rows: list[list[str]], *numbers: int) -> list[list[str]]:
    for number in numbers:
        rows[number - 1][2] = "140"
    return rows


def zipped(content: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside.csv", content)
    return held.getvalue()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends_and_byte_order_marks_do_not_move_rows(tmp_path, end, mark, last):
    text = text_of(aged(good_rows(50), 1, 7, 50), end=end)
    path = put(tmp_path, mark + (text if last else text.removesuffix(end)).encode())
    assert found_in(path, referrals(), tmp_path)[1] == {AGE: [1, 7, 50]}


@pytest.mark.parametrize(
    ("name", "pack"),
    [("a.csv.gz", gzip.compress), ("a.csv.xz", lzma.compress), ("a.zip", zipped), ("a[1]*.csv", bytes)],
)
def test_packing_and_names_do_not_move_rows(tmp_path, name, pack):
    path = put(tmp_path, pack(text_of(aged(good_rows(50), 2, 49)).encode()), name)
    said, found = found_in(path, referrals(), tmp_path)
    assert found == {AGE: [2, 49]}
    assert said.files[0].name == name


def test_line_ends_inside_of_values_are_no_rows(tmp_path):
    rows = [
        [str(i), 'line\nafter ""line"", with\n\ncommas,' * (i % 4), "x" if i % 10 == 3 else "1"] for i in range(300)
    ]
    path = put(tmp_path, text_of(rows, ("id", "note", "n")))
    assert found_in(path, NOTES, tmp_path)[1] == {("n", "type"): [i + 1 for i in range(300) if i % 10 == 3]}


def test_rows_are_numbered_rightly_where_many_threads_read_a_large_file(tmp_path):
    """40 MB, so that the file is read in several pieces, with line ends inside of values all through it."""
    note = "several\nlines, " * 20
    wrong = {n for n in range(1, 120_001) if n % 7_919 == 0}
    rows = ([f"{n}", note, "x" if n in wrong else "1"] for n in range(1, 120_001))
    path = put(tmp_path, text_of(list(rows), ("id", "note", "n")))
    assert path.stat().st_size > 36_000_000
    assert found_in(path, NOTES, tmp_path)[1] == {("n", "type"): sorted(wrong)}


def test_the_spreadsheets_row_counts_the_header_and_blank_lines(tmp_path):
    lines = text_of(aged(good_rows(6), 1, 3, 6)).splitlines()
    lines[3:3] = ["", ""]
    lines[7:7] = [""]
    path = put(tmp_path, "\n".join(lines) + "\n\n")
    said, found = found_in(path, referrals(), tmp_path)
    assert found == {AGE: [1, 3, 6]}
    # header, 1, 2, blank, blank, 3, 4, blank, 5, 6
    assert listed(tmp_path / "listing.csv", "spreadsheet_row") == {AGE: [2, 6, 10]}
    assert said.breaches[0].first_rows == tuple(f"partner.csv row {row}" for row in (2, 6, 10))


def test_columns_may_stand_in_any_order(tmp_path):
    rows = good_rows(400)
    truth = plant(rows, scale=0.01)
    turned = [list(reversed(row)) for row in rows]
    path = put(tmp_path, text_of(turned, tuple(reversed(HEADER))))
    assert found_in(path, referrals(), tmp_path)[1] == truth


def test_two_files_with_their_columns_in_different_orders(tmp_path):
    """Every breach has its file; a key may repeat across files."""
    first, second, held = aged(good_rows(5), 2), aged(good_rows(4, seed=9), 3), referrals()
    second = [[f"S{row[0]}", *row[1:]] for row in second]
    second[0][0] = first[4][0]
    turned = [list(reversed(row)) for row in second]
    files = [put(tmp_path, text_of(first), "a.csv"), put(tmp_path, text_of(turned, tuple(reversed(HEADER))), "b.csv")]
    with duckdb.connect() as con:
        _delimited.read_delimited(con, held, [Arrived(file.name, file) for file in files])
        found = find_every_breach(con, "raw_partner", held, today=TODAY)
        rows = con.execute(f'SELECT source_file, source_row, "column", "rule" FROM {EVERY} ORDER BY ALL').fetchall()
    key = ("referral_id", "duplicate")
    assert rows == [("a.csv", 2, *AGE), ("a.csv", 5, *key), ("b.csv", 1, *key), ("b.csv", 3, *AGE)]
    assert (found.rows, found.broken) == (9, 4)


def test_a_row_may_break_many_promises(tmp_path):
    row = ["", "x", "200", "F", "nowhere", "2999-01-01", "2020-01-01", "-4"]
    said, found = found_in(put(tmp_path, text_of([row])), referrals(), tmp_path)
    assert {promise: rows for promise, rows in found.items() if rows != [1]} == {}
    assert len(found) == said.total == 8
    assert said.broken == 1


def test_more_rules_than_a_number_has_bits(tmp_path):
    """130 rules, each broken in a row of its own."""
    columns = [Column(f"c{i}", f"c{i}", "integer", required=True) for i in range(65)]
    rows = [["1"] * 65 for _ in range(140)]
    for i in range(65):
        rows[2 * i][i], rows[2 * i + 1][i] = "", "x"
    header = [column.name for column in columns]
    found = found_in(put(tmp_path, text_of(rows, header)), contract(columns), tmp_path)[1]
    expected = {(f"c{i}", "required"): [2 * i + 1] for i in range(65)}
    assert found == expected | {(f"c{i}", "type"): [2 * i + 2] for i in range(65)}


def test_a_contract_without_rules_has_no_breach(tmp_path):
    free = contract([Column("note", "note", "string"), Column("other", "other", "string")])
    said, found = found_in(put(tmp_path, "note,other\na,b\na,b\n"), free, tmp_path)
    assert (said.breaches, found, said.rows) == ((), {}, 2)


def test_keys_of_the_same_hash_are_compared(tmp_path, monkeypatch):
    """Where every key has the same hash, only those that are the same are repeated."""
    from curv_eval.validation import every

    rows = good_rows(30)
    rows[4][0] = rows[20][0] = rows[11][0]
    path = put(tmp_path, text_of(rows))
    monkeypatch.setattr(every, "HASH", "length")
    assert found_in(path, referrals(), tmp_path)[1] == {("referral_id", "duplicate"): [5, 12, 21]}


@pytest.mark.parametrize("lost", ["WHERE \"0\" <> 'R00000003'", "LIMIT 5"])
def test_a_reader_that_loses_rows_is_found_out(tmp_path, monkeypatch, lost):
    scan = _delimited._scan
    path = put(tmp_path, text_of(good_rows(10)))
    monkeypatch.setattr(_delimited, "_scan", lambda *given: f"{scan(*given)} {lost}")
    with pytest.raises(ContractError, match=r"partner\.csv"):
        validate(path, referrals(), today=TODAY)


def test_a_row_of_another_length_is_named_and_no_list_is_left(tmp_path):
    lines = text_of(good_rows(5)).splitlines()
    lines[3] += ",more"
    path = put(tmp_path, "\n".join(lines))
    with pytest.raises(ContractError, match="1 row without exactly 8 columns"):
        found_in(path, referrals(), tmp_path)
    assert not (tmp_path / "listing.csv").exists()


def test_the_listing_is_for_people_and_programs(tmp_path):
    found_in(put(tmp_path, text_of(aged(good_rows(3), 2))), referrals(), tmp_path)
    (row,) = read_rows(tmp_path / "listing.csv")
    assert row == {
        "file": "partner.csv",
        "source_row": "2",
        "spreadsheet_row": "3",
        "column": "age",
        "rule": "above range",
        "problem": "is above 110",
        "what_to_do": "correct it at the source",
    }


def names_told(tmp_path, *header: str) -> list[str]:
    rows = [["1"] * len(header)]
    said = validate(put(tmp_path, text_of(rows, header)), NOTES, today=TODAY)
    return [breach.column for breach in said.breaches if breach.rule == "column not in the contract"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("suspect_name", "suspect_name"),
        ("", "(no name)"),
        ("  ", "(no name)"),
        ("two\nlines", r"'two\nlines'"),
        ("\x1b[2Jwiped", r"'\x1b[2Jwiped'"),
        ("x" * 500, "x" * 60),
    ],
)
def test_a_column_too_many_is_named_so_that_it_can_be_printed(tmp_path, name, said):
    assert names_told(tmp_path, "id", "note", "n", name) == [said]


def test_where_few_names_are_known_the_others_may_be_values_and_are_not_told(tmp_path):
    assert names_told(tmp_path, "John Smith", "n", "07700 900123") == ["column 1", "column 3"]
