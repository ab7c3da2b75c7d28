"""Where the names of the columns stand: found through titles, two rows of names and other worksheets."""

from __future__ import annotations

import zipfile

import pytest
from tables_support import (
    FIRST,
    NAMES,
    SECOND,
    book,
    books,
    column,
    contract_of,
    read,
    refusal,
    repairs_of,
    rows_of,
    sessions,
)

PUBLIC = contract_of(column("a", classification="public"), column("b", classification="public"))
FOUND = [
    ("AB0001", "2023-01-31", "mentoring", "60", "came early"),
    ("AB0002", "2023-02-01", "group work", "45", None),
]


def found(contract, path) -> list[tuple]:
    return [row[:-1] for row in rows_of(contract, path)]


def test_rows_are_numbered_as_excel_shows_them(tmp_path):
    con, file = read(sessions(), book(tmp_path, [NAMES, FIRST, SECOND]))
    rows = con.execute("SELECT * FROM raw_sessions").fetchall()
    assert rows == [(*FOUND[0], "outcomes.xlsx", 2), (*FOUND[1], "outcomes.xlsx", 3)]
    assert (file.name, file.rows, file.repairs) == ("outcomes.xlsx", 2, ())


def test_merged_titles_and_blank_rows_above_the_names_are_passed_over(tmp_path):
    rows = [["Youth project: sessions"], [], ["January 2023", None, "prepared by the office"], [], NAMES, FIRST]
    path = book(tmp_path, rows, then=lambda sheet: (sheet.merge_cells("A1:E1"), sheet.merge_cells("C3:E3")))
    assert rows_of(sessions(), path) == [(*FOUND[0], 6)]
    assert repairs_of(sessions(), path) == (
        "the names of the columns stand in row 5; what is above them was passed over",
    )


@pytest.mark.parametrize("row", [1, 2, 7, 19, 20])
def test_the_names_stand_in_one_of_the_first_twenty_rows(tmp_path, row):
    path = book(tmp_path, [*[["title"]] * (row - 1), NAMES, FIRST])
    assert rows_of(sessions(), path) == [(*FOUND[0], row + 1)]


def test_names_further_down_are_not_looked_for(tmp_path):
    said = refusal(sessions(), book(tmp_path, [*[["title"]] * 20, NAMES, FIRST]))
    assert "outcomes.xlsx has the columns of sessions v1.0.0 in none of the first 20 rows" in said
    assert "expected one row with the names person_id, Session date, Session type, minutes, notes" in said


@pytest.mark.parametrize(
    "names",
    [
        ["PERSON ID", "session_date", "Session Type", "Minutes", "Notes"],
        [" person_id ", "Session\ndate", "Session  type", "minutes:", "notes *"],
        ["Person ID*", "Session date (dd/mm/yyyy)", "session-type", "Minutes: *", "Notes (optional)"],
        ["person_id", "Session date [DD-MM-YY]:", "Session\u00a0type", "MINUTES", "notes?"],
        ["Person\u2013ID", "Session date (dd.mm.yyyy hh:mm)", "Session type (required)", "minutes", "\ufeffnotes"],
    ],
)
def test_names_are_found_as_people_write_them(tmp_path, names):
    path = book(tmp_path, [names, FIRST, SECOND])
    assert found(sessions(), path) == FOUND
    assert " named a little differently from the contract" in repairs_of(sessions(), path)[0]


def test_columns_stand_in_any_order_and_may_start_anywhere(tmp_path):
    path = book(tmp_path, [[None, None, *NAMES[::-1]], [None, None, *FIRST[::-1]]])
    assert found(sessions(), path) == FOUND[:1]


@pytest.mark.parametrize("merge", [True, False])
def test_of_two_rows_of_names_the_lower_holds_the_names(tmp_path, merge):
    groups = ["Person", "Session", None, None, "Other"]

    def merged(sheet):
        if merge:
            sheet.merge_cells("B1:D1")

    assert rows_of(sessions(), book(tmp_path, [groups, NAMES, FIRST], then=merged)) == [(*FOUND[0], 3)]


def test_names_in_cells_merged_downwards_are_found(tmp_path):
    """The way forms are laid out: what has no group stands over both rows."""
    groups = ["person_id", "Session", None, None, "notes"]
    below = [None, "Session date", "Session type", "minutes", None]
    path = book(
        tmp_path,
        [["Title"], groups, below, FIRST],
        then=lambda s: [s.merge_cells(r) for r in ("A2:A3", "B2:D2", "E2:E3")],
    )
    assert rows_of(sessions(), path) == [(*FOUND[0], 4)]


def test_an_optional_column_may_be_absent_and_others_may_not(tmp_path):
    contract = contract_of(column("a"), column("b", optional=True), column("c"))
    assert rows_of(contract, book(tmp_path, [["a", "c"], ["1", "2"]])) == [("1", None, "2", 2)]
    said = refusal(contract, book(tmp_path, [["a", "b"], ["1", "2"]]))
    assert "outcomes.xlsx, with names in row 1, does not have the layout of sessions v1.0.0" in said
    assert "columns missing: c" in said


def test_a_column_that_is_not_in_the_contract_is_refused_by_name_only(tmp_path):
    path = book(tmp_path, [[*NAMES, "client name"], [*FIRST, "Jane Doe"]])
    said = refusal(sessions(), path)
    assert "columns not in the contract: client name" in said
    assert "remove columns the agreement does not cover before sharing, hidden ones too" in said
    assert "Jane" not in said


def test_a_hidden_column_counts_as_a_column(tmp_path):
    def hide(sheet):
        sheet.column_dimensions["F"].hidden = True
        sheet.column_dimensions["A"].hidden = True

    assert "client name" in refusal(sessions(), book(tmp_path, [[*NAMES, "client name"], FIRST], then=hide))
    assert found(sessions(), book(tmp_path, [NAMES, FIRST], then=hide)) == FOUND[:1]


def test_columns_may_be_dropped_where_the_contract_says_so_and_that_is_said(tmp_path):
    contract = sessions(extra_columns="drop")
    path = book(tmp_path, [[*NAMES, "client name", "phone"], [*FIRST, "Jane Doe", "07700 900123"]])
    assert found(contract, path) == FOUND[:1]
    assert repairs_of(contract, path) == ("2 columns that the contract does not name were not read",)


def test_cells_without_a_name_are_dropped_with_the_columns_that_have_one(tmp_path):
    contract = sessions(extra_columns="drop")
    path = book(tmp_path, [[*NAMES, "phone"], [*FIRST, "07700 900123", "Jane Doe"], [*SECOND, None, "x"]])
    assert found(contract, path) == FOUND
    assert repairs_of(contract, path) == (
        "1 column that the contract does not name was not read",
        "2 cells in columns without a name were not read",
    )


def test_a_copy_of_data_behind_a_pivot_table_is_told(tmp_path):
    """It can hold every row of a table that was never meant to leave."""
    path = book(tmp_path, [NAMES, FIRST])
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/pivotCache/pivotCacheRecords1.xml", "<x/>")
    assert repairs_of(sessions(), path) == (
        "a pivot table in the workbook carries a copy of its data, which was not read",
    )


def test_a_column_given_twice_is_refused_with_its_places(tmp_path):
    path = book(tmp_path, [["Title"], [*NAMES, "Session Date"], [*FIRST, "x"]])
    assert "columns given twice: Session date (in B2 and F2)" in refusal(sessions(), path)


def test_a_name_that_could_mean_two_columns_is_taken_only_as_it_is_written(tmp_path):
    contract = contract_of(column("Date"), column("date"))
    assert rows_of(contract, book(tmp_path, [["date", "Date"], ["1", "2"]])) == [("2", "1", 2)]
    said = refusal(contract, book(tmp_path, [["Date", "DATE"], ["1", "2"]]))
    assert "columns missing: date\n  columns not in the contract: DATE" in said


def test_the_name_in_the_contract_is_taken_for_the_name_in_the_file(tmp_path):
    contract = contract_of(column("minutes", source_name="Length of session"))
    assert rows_of(contract, book(tmp_path, [["Minutes"], ["60"]])) == [("60", 2)]


def test_a_row_of_data_is_not_shown_as_names(tmp_path):
    """Where few of the names are found, the row may be one of data."""
    path = book(tmp_path, [["Jane Doe", "notes", "07700 900123"], ["AB0001", "x", "y"]])
    said = refusal(sessions(), path)
    assert "columns not in the contract: column A, column C" in said
    assert "Jane" not in said
    assert "07700" not in said


@pytest.mark.parametrize("rows", [[], [[]], [["Jane Doe", "x"]], [["Jane Doe", 7], ["1", "2"]]])
def test_a_worksheet_without_the_names_is_refused_without_its_values(tmp_path, rows):
    said = refusal(sessions(), book(tmp_path, rows))
    assert "in none of the first 20 rows" in said
    assert "Jane" not in said


def test_the_one_worksheet_with_the_columns_is_read(tmp_path):
    path = books(tmp_path, {"Read me": [["How to fill this in"]], "Sheet2": [NAMES, FIRST], "Lists": [["mentoring"]]})
    assert found(sessions(), path) == FOUND[:1]
    assert repairs_of(sessions(), path) == ("2 other worksheets were not read",)


def test_several_worksheets_with_the_columns_are_refused(tmp_path):
    path = books(tmp_path, {"Jane D": [NAMES, FIRST], "Tom S": [NAMES, SECOND], "Notes": [["x"]]})
    said = refusal(sessions(), path)
    assert "outcomes.xlsx has 2 worksheets with the columns of sessions v1.0.0:\n  worksheet 1\n  worksheet 2\n" in said
    assert "put all rows into one worksheet, or name the right one in the contract (options: sheet)" in said
    assert "Jane" not in said, "a worksheet is often named after a person"


def test_worksheets_of_public_data_are_named(tmp_path):
    path = books(tmp_path, {"2022": [["a", "b"], ["1", "2"]], "2023": [["a", "b"], ["3", "4"]]})
    assert "worksheet 1 '2022'\n  worksheet 2 '2023'" in refusal(PUBLIC, path)


def test_an_empty_form_beside_the_data_does_not_count(tmp_path):
    path = books(tmp_path, {"Template": [["Fill in below"], NAMES], "Data": [NAMES, FIRST]})
    assert found(sessions(), path) == FOUND[:1]


def test_a_worksheet_can_be_named_in_the_contract(tmp_path):
    path = books(tmp_path, {"2022": [NAMES, FIRST], "2023 Final": [NAMES, SECOND]})
    for name in ("2023 Final", "2023 final "):
        assert found(sessions(sheet=name), path) == FOUND[1:]
    said = refusal(sessions(sheet="2024"), path)
    assert "outcomes.xlsx has no worksheet '2024' among its 2" in said
    assert "2022" not in said
    public = contract_of(*PUBLIC.columns, sheet="2024")
    assert "among its 2: '2022' and '2023 Final'" in refusal(public, path)


def test_hidden_worksheets_are_worksheets(tmp_path):
    def hide(sheet):
        sheet.sheet_state = "veryHidden"

    path = books(tmp_path, {"Data": [NAMES, FIRST], "Other": [["x"]]}, then=hide)
    assert found(sessions(), path) == FOUND[:1]
    assert "the worksheet is hidden" in repairs_of(sessions(), path)
    path = books(tmp_path, {"Copy": [NAMES, FIRST], "Data": [NAMES, FIRST]}, then=hide)
    assert "worksheet 1 (hidden)\n  worksheet 2\n" in refusal(sessions(), path)


def test_a_chart_sheet_is_no_worksheet(tmp_path):
    path = book(tmp_path, [NAMES, FIRST], then=lambda sheet: sheet.parent.create_chartsheet("Chart", 0))
    assert found(sessions(), path) == FOUND[:1]


def test_where_no_worksheet_has_all_columns_the_nearest_is_told(tmp_path):
    path = books(tmp_path, {"Lists": [["notes"]], "Data": [["Title"], NAMES[:4], FIRST[:4]]})
    said = refusal(sessions(), path)
    assert "outcomes.xlsx, worksheet 2, with names in row 2, does not have the layout of sessions v1.0.0" in said
    assert "columns missing: notes" in said
