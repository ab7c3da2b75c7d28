"""Parquet and workbooks held against a contract: the same breaches as the same rows in CSV, by the right numbers."""

from __future__ import annotations

import random
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook
from validation_support import (
    HEADER,
    TODAY,
    contract,
    counts,
    found_in,
    good_rows,
    listed,
    plant,
    put,
    referrals,
    text_of,
)

from curv_eval.contract import Column
from curv_eval.errors import ContractError
from curv_eval.validation import validate

TABLE = referrals(format="table")


def as_parquet(rows: list[list[str]], typed: bool) -> pa.Table:
    columns = dict(zip(HEADER, map(list, zip(*rows, strict=True)), strict=True))
    if typed:
        for name in ("age", "sessions"):
            columns[name] = [int(value) if value else None for value in columns[name]]
        for name in ("referral_date", "end_date"):
            columns[name] = [date.fromisoformat(value) if value else None for value in columns[name]]
    return pa.table(columns)


@pytest.fixture(scope="module")
def task():
    rows = good_rows(3_000)
    return rows, plant(rows, scale=0.03)


@pytest.mark.parametrize("typed", [False, True])
@pytest.mark.parametrize("group", [100, 3_000])
def test_parquet_has_the_breaches_of_the_same_rows_in_csv(tmp_path, task, typed, group):
    rows, truth = task
    path = tmp_path / "partner.parquet"
    pq.write_table(as_parquet(rows, typed), path, row_group_size=group)
    said, found = found_in(path, TABLE, tmp_path)
    assert found == truth
    assert said.rows == 3_000
    assert not said.numbered
    assert listed(tmp_path / "listing.csv", "source_row") == truth
    csv_said, csv_found = found_in(put(tmp_path, text_of(rows)), TABLE, tmp_path)
    assert (csv_found, counts(csv_said)) == (found, counts(said))


def test_no_spreadsheet_shows_the_rows_of_parquet(tmp_path):
    pq.write_table(pa.table({"n": ["x"]}), tmp_path / "a.parquet")
    held = contract([Column("n", "n", "integer")], format="parquet")
    said, _ = found_in(tmp_path / "a.parquet", held, tmp_path)
    assert said.breaches[0].first_rows == ("a.parquet row 1",)
    assert (tmp_path / "listing.csv").read_text("utf-8-sig").splitlines()[1].startswith("a.parquet,1,,n,type,")


def test_parts_beside_each_other_are_one_table(tmp_path):
    folder = tmp_path / "parts"
    folder.mkdir()
    pq.write_table(pa.table({"id": ["a", "b"], "n": [1, 2]}), folder / "one.parquet")
    pq.write_table(pa.table({"n": [3, -4], "id": ["c", "b"]}), folder / "two.parquet")
    held = contract(
        [Column("id", "id", "string", unique=True), Column("n", "n", "integer", minimum=0)], format="parquet"
    )
    said = validate(folder, held, today=TODAY)
    places = {(b.column, b.rule): b.first_rows for b in said.breaches}
    assert places == {
        ("id", "duplicate"): ("one.parquet row 2", "two.parquet row 2"),
        ("n", "below range"): ("two.parquet row 2",),
    }


def test_columns_missing_from_parquet_or_too_many_stand_beside_its_rows(tmp_path):
    pq.write_table(pa.table({"n": [1, -4], "suspect_name": ["x", "y"]}), tmp_path / "a.parquet")
    held = contract([Column("id", "id", "string"), Column("n", "n", "integer", minimum=0)], format="parquet")
    assert counts(validate(tmp_path / "a.parquet", held, today=TODAY)) == {
        ("suspect_name", "column not in the contract"): 0,
        ("id", "column missing"): 0,
        ("n", "below range"): 1,
    }


@pytest.mark.parametrize("seed", range(12))
def test_damaged_parquet_is_refused_or_read_and_never_a_fault_of_the_program(tmp_path, seed):
    path = tmp_path / "a.parquet"
    table = pa.table({"id": [f"i{i}" for i in range(3_000)], "n": list(range(3_000))})
    pq.write_table(table, path, compression=("snappy", "none")[seed % 2])
    raw, draw = bytearray(path.read_bytes()), random.Random(seed)
    for _ in range(5):
        raw[draw.randrange(4, len(raw) - 400)] ^= draw.randrange(1, 256)
    path.write_bytes(raw[: len(raw) // 2] if seed == 0 else raw)
    held = contract([Column("id", "id", "string", unique=True), Column("n", "n", "integer")], format="parquet")
    try:
        assert validate(path, held, today=TODAY).rows == 3_000
    except ContractError as fault:
        assert "damaged or cut short" in str(fault)


def sheet_of(path, rows) -> None:
    book = Workbook()
    for row in [["Referrals, spring"], [], list(HEADER), *rows]:
        book.active.append(row)
    book.save(path)


def test_a_workbook_has_the_breaches_of_the_same_rows_by_the_numbers_excel_shows(tmp_path, task):
    rows, truth = task
    path = tmp_path / "partner.xlsx"
    sheet_of(path, [[value or None for value in row] for row in rows])
    said, found = found_in(path, TABLE, tmp_path)
    assert found == {promise: [row + 3 for row in broken] for promise, broken in truth.items()}
    assert listed(tmp_path / "listing.csv", "spreadsheet_row") == found
    assert said.numbered
    assert any("row 3" in repair for repair in said.repairs)


def test_a_file_under_the_wrong_name_is_told_so(tmp_path):
    sheet_of(tmp_path / "partner.csv", good_rows(2))
    with pytest.raises(ContractError, match=r"partner\.csv is an Excel workbook"):
        validate(tmp_path / "partner.csv", TABLE, today=TODAY)


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(ContractError, match="this kind of file is not read"):
        validate(put(tmp_path, "a\n", "partner.docx"), TABLE, today=TODAY)
