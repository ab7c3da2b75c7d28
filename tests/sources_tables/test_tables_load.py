"""Through load_dataset: permitted, read, checked and typed, whatever kind of file it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tables_support import FIRST, NAMES, SECOND, book, column, contract_of, load, sessions

from curv_eval.errors import ContractError

SECRET = "Jane Doe"


def tables(con) -> list[str]:
    return [name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()]


def parquet_file(folder, rows):
    columns = {name: list(values) for name, values in zip(NAMES, zip(*rows, strict=True), strict=True)}
    pq.write_table(pa.table(columns), folder / "outcomes.parquet")
    return folder / "outcomes.parquet"


def csv_file(folder, rows):
    lines = [",".join("" if value is None else str(value) for value in row) for row in [NAMES, *rows]]
    (folder / "outcomes.csv").write_text("\n".join(lines) + "\n")
    return folder / "outcomes.csv"


def workbook(folder, rows):
    return book(folder, [["Sessions"], [], NAMES, *rows, [], ["Notes: none"]])


WRITERS = {"xlsx": workbook, "parquet": parquet_file, "csv": csv_file}


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("stated", ["itself", "table"])
def test_the_typed_table_is_the_same_from_every_kind_of_file(tmp_path, kind, stated):
    con, path = duckdb.connect(), WRITERS[kind](tmp_path, [FIRST, SECOND])
    dataset = load(replace(sessions(), format=kind if stated == "itself" else "table"), path, con)
    assert (dataset.rows, dataset.files[0].rows, dataset.made_up) == (2, 2, False)
    assert con.execute("SELECT * FROM sessions").fetchall() == [
        ("AB0001", date(2023, 1, 31), "mentoring", 60, "came early"),
        ("AB0002", date(2023, 2, 1), "group work", 45, None),
    ]
    assert tables(con) == ["sessions"]


def test_what_was_put_right_comes_with_the_dataset(tmp_path):
    rows = [["AB0001", f"{day}/01/2023", "Mentoring", "60", None] for day in range(1, 13)]
    (file,) = load(sessions(), workbook(tmp_path, rows)).files
    assert file.repairs == (
        "the names of the columns stand in row 3; what is above them was passed over",
        "row 17 was taken for a note",
        "session_date: 12 dates written as text were read day first",
        "session_type: 12 values were given the contract's spelling",
        "minutes: 12 numbers written as text were read as numbers",
    )


@pytest.mark.parametrize("kind", ["xlsx", "parquet", "csv"])
def test_a_breach_is_told_with_the_row_of_its_file(tmp_path, kind):
    """For a workbook the row as Excel shows it, so that the partner can go there."""
    rows = [FIRST, [SECRET, date(2030, 1, 1), "juggling", -1, SECRET]]
    con, path = duckdb.connect(), WRITERS[kind](tmp_path, rows)
    row = {"xlsx": 5, "parquet": 2, "csv": 2}[kind]
    with pytest.raises(ContractError) as caught:
        load(replace(sessions(), format=kind), path, con)
    said = str(caught.value)
    assert f"outcomes.{kind} does not keep sessions v1.0.0" in said
    for column_name in ("person_id", "session_date", "session_type", "minutes"):
        assert f"{column_name}: 1 value" in said
    assert said.count(f"at outcomes.{kind} row {row})") == 4
    assert SECRET not in said
    assert tables(con) == []


def test_what_could_not_be_put_right_is_a_breach_with_its_row(tmp_path):
    rows = [["AB0001", "31/02/2023", "mentoring", "50%", None], ["AB0002", "soon", "mentoring", 7.5, None]]
    with pytest.raises(ContractError) as caught:
        load(sessions(), workbook(tmp_path, rows))
    said = str(caught.value)
    assert "session_date: 2 values are not a date like 2023-03-31 (first at outcomes.xlsx row 4)" in said
    assert "minutes: 2 values are not a whole number (first at outcomes.xlsx row 4)" in said
    assert "31/02/2023" not in said


def test_a_row_without_what_is_required_is_a_breach_and_not_a_note(tmp_path):
    with pytest.raises(ContractError, match=r"session_date: 1 value is blank \(at outcomes.xlsx row 5\)"):
        load(sessions(), workbook(tmp_path, [FIRST, ["AB0002", None, "mentoring", 7, None]]))


def test_a_word_for_not_known_in_a_required_column_is_a_breach(tmp_path):
    rows = [["AB0001", "not known", "mentoring", "N/A", "-"]]
    with pytest.raises(ContractError, match=r"session_date: 1 value is blank \(at outcomes.xlsx row 4\)") as caught:
        load(sessions(blanks=("not known", "n/a", "-")), workbook(tmp_path, rows))
    assert "minutes" not in str(caught.value)


def test_rows_that_share_a_key_are_told_by_their_rows(tmp_path):
    with pytest.raises(ContractError, match=r"first at outcomes.xlsx row 4"):
        load(replace(sessions(), key=("person_id",)), workbook(tmp_path, [FIRST, FIRST]))


def test_a_mark_beside_says_that_data_are_made_up(tmp_path):
    contract = sessions(made_up_only=True)
    path = workbook(tmp_path, [FIRST])
    with pytest.raises(ContractError, match="covers made-up data only"):
        load(contract, path)
    (tmp_path / "MADE_UP.json").write_text("{}")
    for kind, write in WRITERS.items():
        assert load(replace(contract, format="table"), write(tmp_path, [FIRST])).made_up, kind


def test_data_that_cannot_be_read_leave_nothing(tmp_path):
    con = duckdb.connect()
    with pytest.raises(ContractError, match="cannot be read as they stand"):
        load(sessions(), book(tmp_path, [NAMES, ["AB0001", "#N/A", "mentoring", 1]]), con)
    assert tables(con) == []
    views = con.execute("SELECT count(*) FROM duckdb_views() WHERE NOT internal").fetchall()
    assert views == [(0,)]


def test_every_type_becomes_its_own(tmp_path):
    kinds = {"s": "string", "i": "integer", "n": "number", "d": "date", "t": "timestamp", "b": "boolean"}
    contract = contract_of(*(column(name, kind) for name, kind in kinds.items()))
    path = book(
        tmp_path, [list(kinds), ["x", "1,234", " 0.5", "3/4/2024", "3 Apr 2024 2:05 pm", "Yes"], [None] * 5 + ["n"]]
    )
    con = duckdb.connect()
    load(contract, path, con)
    ((s, i, n, d, t, b), second) = con.execute("SELECT * FROM sessions").fetchall()
    assert (s, i, n, d, f"{t}", b) == ("x", 1234, 0.5, date(2024, 4, 3), "2024-04-03 14:05:00", True)
    assert second == (None, None, None, None, None, False)
