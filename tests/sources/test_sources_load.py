"""Permitted, read, checked, typed: in this order, and nothing is left behind when one of them fails."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import duckdb
import pytest
from sources_support import SEARCH, month_file, plain_contract, put, search_row, street_row, street_text

from curv_eval.contract import Column, load_contract
from curv_eval.errors import ContractError
from curv_eval.sources import Dataset, formats, is_made_up, load_dataset

PURPOSE, TODAY = "violence reduction evaluation", date(2026, 11, 23)
STREETS = load_contract("police_uk_street")


def load(contract, path, con=None, purpose=PURPOSE, today=TODAY) -> Dataset:
    return load_dataset(con or duckdb.connect(), contract, path, purpose=purpose, today=today)


def tables(con) -> list[str]:
    return [name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()]


def typed(*kinds: str, **changes):
    columns = tuple(Column(f"c{i}", f"c{i}", kind, classification="public") for i, kind in enumerate(kinds))
    return plain_contract(columns=columns, **changes)


def test_the_formats_are_the_modules_of_the_folder():
    assert formats() == ("csv", "geojson", "parquet", "police_uk", "table", "xlsx")


@pytest.mark.parametrize("name", ["excel", "_delimited", "__init__", "os"])
def test_only_a_format_on_disk_is_read(tmp_path, name):
    with pytest.raises(
        ContractError, match=f"format: got '{name}'; expected one of csv, geojson, parquet, police_uk, table, xlsx"
    ):
        load(plain_contract(format=name), put(tmp_path, "data.csv", "a,b,c\n1,2,3\n"))


def test_the_typed_table_has_the_name_and_the_types_of_the_contract(tmp_path):
    con = duckdb.connect()
    contract = typed("string", "integer", "number", "date", "timestamp", "boolean")
    path = put(tmp_path, "d.csv", "c0,c1,c2,c3,c4,c5\nx,7,0.5,2023-01-02,2023-01-02 03:04,True\n,,,,,\n")
    dataset = load(contract, path, con)
    assert (dataset.contract, dataset.rows, dataset.made_up) == (contract, 2, False)
    assert [file.name for file in dataset.files] == ["d.csv"]
    found = con.execute("SELECT * FROM plain").fetchall()
    assert found == [("x", 7, 0.5, date(2023, 1, 2), datetime(2023, 1, 2, 3, 4), True), (None,) * 6]
    assert tables(con) == ["plain"]


def test_months_stay_text_and_blanks_become_null(tmp_path):
    con = duckdb.connect()
    put(tmp_path, "2023-03/2023-03-cleveland-street.csv", f"{street_text()}{street_row()}\n")
    assert load(STREETS, tmp_path, con).rows == 4
    assert con.execute("SELECT DISTINCT month, context FROM police_uk_street").fetchall() == [("2023-03", None)]
    assert con.execute("SELECT count(*) FROM police_uk_street WHERE crime_id IS NULL").fetchall() == [(1,)]


def test_a_search_has_its_files_month(tmp_path):
    con = duckdb.connect()
    text = f"{SEARCH}\n{search_row('2023-06-30T23:00:00+00:00')}\n"
    put(tmp_path, "2023-07/2023-07-cleveland-stop-and-search.csv", text)
    load(load_contract("police_uk_stop_and_search"), tmp_path, con)
    found = con.execute("SELECT month, date, policing_operation FROM police_uk_stop_and_search").fetchall()
    assert found == [("2023-07", datetime(2023, 6, 30, 23), None)]


def test_rows_keep_their_order_and_their_twins(tmp_path):
    con = duckdb.connect()
    values = [str(i % 7) for i in range(5_000)]
    path = put(tmp_path, "d.csv", "a,b,c\n" + "".join(f"{v},x,y\n" for v in values))
    load(plain_contract(), path, con)
    assert [row[0] for row in con.execute("SELECT a FROM plain").fetchall()] == values


def test_loading_again_replaces(tmp_path):
    con = duckdb.connect()
    for month in ("2023-01", "2023-02"):
        month_file(tmp_path, month)
        rows = load(STREETS, tmp_path, con).rows
    assert rows == 6
    assert tables(con) == ["police_uk_street"]


def test_what_is_not_permitted_is_not_read(tmp_path):
    with pytest.raises(ContractError, match="does not permit this use"):
        load(STREETS, tmp_path / "not-even-there", purpose="marketing")
    with pytest.raises(ContractError, match="ended on 2020-01-01"):
        load(replace(STREETS, expires=date(2020, 1, 1)), tmp_path / "not-even-there")


def test_data_that_break_their_contract_are_not_kept(tmp_path):
    con = duckdb.connect()
    put(tmp_path, "2023-03/2023-03-cleveland-street.csv", street_text().replace("E01011949", "E99"))
    with pytest.raises(ContractError, match="lsoa_code: 3 values do not look like") as caught:
        load(STREETS, tmp_path, con)
    assert f"{tmp_path.name} does not keep police_uk_street v1.0.0" in str(caught.value)
    assert "first at 2023-03-cleveland-street.csv row 1" in str(caught.value)
    assert tables(con) == []


def test_data_that_cannot_be_read_leave_nothing(tmp_path):
    con = duckdb.connect()
    with pytest.raises(ContractError, match="cut short"):
        load(plain_contract(), put(tmp_path, "d.csv", "a,b,c\n1,2,3\n4"), con)
    assert tables(con) == []


def test_the_future_is_that_of_today(tmp_path):
    month_file(tmp_path, "2023-03")
    assert load(STREETS, tmp_path, today=date(2023, 3, 1)).rows == 3
    with pytest.raises(ContractError, match="month: 3 values lie in the future"):
        load(STREETS, tmp_path, today=date(2023, 2, 28))


def test_a_mark_beside_or_above_says_that_data_are_made_up(tmp_path):
    month_file(tmp_path / "archive", "2023-03")
    assert not load(STREETS, tmp_path / "archive").made_up
    put(tmp_path, "MADE_UP.json", "{}")
    assert load(STREETS, tmp_path / "archive").made_up
    assert is_made_up(tmp_path)
    assert is_made_up(tmp_path / "archive" / "2023-03" / "2023-03-cleveland-street.csv")


SESSIONS = "person_id,session_date,session_type,minutes_planned,minutes_attended,mode\n"


def test_a_contract_without_an_agreement_covers_made_up_data_only(tmp_path):
    contract = load_contract("vcse_sessions")
    path = put(tmp_path, "vcse_sessions.csv", f"{SESSIONS}{'0f' * 16},2023-05-01,mentoring,60,45,in_person\n")
    with pytest.raises(ContractError, match="covers made-up data only: no agreement stands behind it") as caught:
        load(contract, path)
    assert "take madeUpOnly out" in str(caught.value)
    put(tmp_path, "MADE_UP.json", "{}")
    assert load(contract, path).rows == 1


def test_an_extra_column_about_persons_is_refused_by_name_only(tmp_path):
    put(tmp_path, "MADE_UP.json", "{}")
    row = f"{'0f' * 16},2023-05-01,mentoring,60,45,in_person,Jane Doe\n"
    path = put(tmp_path, "vcse_sessions.csv", SESSIONS.replace("\n", ",suspect_name\n") + row)
    with pytest.raises(ContractError, match="columns not in the contract: suspect_name") as caught:
        load(load_contract("vcse_sessions"), path)
    assert "remove columns the agreement does not cover before sharing" in str(caught.value)
    assert "Jane" not in str(caught.value)
