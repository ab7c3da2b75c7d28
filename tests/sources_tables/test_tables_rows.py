"""Which rows are data: blanks, notes, totals and headings are passed over only with their number said."""

from __future__ import annotations

from datetime import date

import pytest
from openpyxl.worksheet.table import Table
from tables_support import (
    FIRST,
    NAMES,
    SECOND,
    SHEET,
    book,
    column,
    contract_of,
    fill,
    patched,
    read,
    refusal,
    repairs_of,
    rows_of,
    sessions,
    swap,
)

LOOSE = contract_of(column("a"), column("b"), column("c"))
NAMED = contract_of(column("name", required=True), column("month", required=True), column("n", "integer"))


def numbers(contract, path) -> list[int]:
    return [row[-1] for row in rows_of(contract, path)]


def below(folder, *rows, contract=None) -> tuple[list[int], tuple[str, ...]]:
    """Return the numbers of the data rows, and what is said, with these rows below two of data."""
    path = book(folder, [NAMES, FIRST, SECOND, *rows])
    contract = contract or sessions()
    return numbers(contract, path), repairs_of(contract, path)


def test_blank_rows_between_rows_of_data_are_counted(tmp_path):
    path = book(tmp_path, [NAMES, FIRST, [], ["  ", None, "\u00a0"], SECOND, [], []])
    assert numbers(sessions(), path) == [2, 5]
    assert repairs_of(sessions(), path) == ("2 blank rows between the others were passed over",)


def test_rows_that_are_only_formatted_are_blank(tmp_path):
    def paint(sheet):
        for row in range(4, 400):
            sheet.cell(row, 2).number_format = "dd/mm/yyyy"

    path = book(tmp_path, [NAMES, FIRST, SECOND], then=paint)
    assert read(sessions(), path)[1].rows == 2
    assert repairs_of(sessions(), path) == ()


@pytest.mark.parametrize(
    "notes",
    [
        [[], ["Notes"], ["Sessions of under 10 minutes are left out."], [], ["Printed 3 April 2024"]],
        [["Source: the project's register"]],
        [[], [None, None, "Group work has 8 places", None, "ask the office"]],
        [[], ["mentoring", 12], ["group work", 7]],
        [[], ["Type", "Sessions"], ["mentoring", 12], ["group work", 7]],
        [[], [None, None, None, None, None, None, "beside the table"]],
        [[], ["AB", date(2024, 3, 31)][:1]],
    ],
)
def test_notes_below_the_data_are_named_by_their_rows(tmp_path, notes):
    rows, said = below(tmp_path, *notes)
    assert rows == [2, 3]
    places = [i for i, row in enumerate(notes, 4) if row]
    assert sum(said[-1].count(f"{place}") > 0 or " to " in said[-1] for place in places) == len(places)
    assert said[-1].endswith("taken for notes" if len(places) > 1 else "taken for a note")


def test_how_notes_are_said(tmp_path):
    _, said = below(tmp_path, [], ["A note"], ["Another"], [], ["A third"])
    assert said == ("rows 5, 6 and 8 were taken for notes",)


def test_a_row_that_fills_a_required_column_is_data(tmp_path):
    """However little else it has, or however wrong it is: the check of the contract then names it."""
    broken = ["AB", "soon", "juggling"]
    rows, said = below(tmp_path, [], ["AB0003"], [None, date(2023, 3, 1), None, 60], broken, ["AB", None, "x", "y"])
    assert rows == [2, 3, 5, 6, 7, 8]
    assert said == ("1 blank row between the others was passed over",)


def test_notes_among_the_data_are_passed_over_only_where_headings_stand(tmp_path):
    """A lone text in the first column is a heading; elsewhere it is a row without what is required."""
    path = book(
        tmp_path, [NAMES, ["Quarter 1"], FIRST, ["Quarter 2"], SECOND, [None, None, None, None, "lost?"], FIRST]
    )
    assert numbers(sessions(), path) == [3, 5, 6, 7]
    assert repairs_of(sessions(), path) == ("rows 2 and 4 were taken for notes",)


def test_a_heading_merged_over_the_table_is_no_merged_data(tmp_path):
    path = book(tmp_path, [NAMES, FIRST, ["Quarter 2"], SECOND], then=lambda sheet: sheet.merge_cells("A3:E3"))
    assert numbers(sessions(), path) == [2, 4]


def test_a_lone_text_is_a_note_only_where_it_stands_apart(tmp_path):
    """In a column that takes any text it might be a record without the rest."""
    rows = [["name", "month", "n"], ["A", "2023-01", 1]]
    assert numbers(NAMED, book(tmp_path, [*rows, ["Jane Doe"]])) == [2, 3]
    path = book(tmp_path, [*rows, [], ["Written by the office"]])
    assert numbers(NAMED, path) == [2]
    assert repairs_of(NAMED, path) == ("row 4 was taken for a note",)
    assert numbers(NAMED, book(tmp_path, [*rows, [], ["B", "2023-02"], []])) == [2, 4]
    assert numbers(NAMED, book(tmp_path, [*rows, [], ["B"], ["C", "2023-02"]])) == [2, 4, 5]


def test_without_required_columns_only_what_stands_alone_apart_is_a_note(tmp_path):
    path = book(tmp_path, [["a", "b", "c"], ["1"], ["2", "x"], [], ["3", "y", "z"], ["4"], [], ["a note"], ["more"]])
    assert numbers(LOOSE, path) == [2, 3, 5, 6]
    assert repairs_of(LOOSE, path)[-1] == "rows 8 and 9 were taken for notes"


def test_a_table_of_one_column_has_no_notes(tmp_path):
    contract = contract_of(column("a", required=True))
    assert numbers(contract, book(tmp_path, [["a"], ["1"], [], ["2"]])) == [2, 4]


@pytest.mark.parametrize("label", ["Total", "TOTAL:", "Totals", "Grand total", "Sub-total", "Average", " Sum "])
@pytest.mark.parametrize("gap", [0, 1])
def test_totals_are_passed_over(tmp_path, label, gap):
    rows, said = below(tmp_path, *[[]] * gap, [label, None, None, 105])
    assert rows == [2, 3]
    assert said == (f"row {4 + gap} was taken for a total",)


def test_totals_that_fill_every_required_column_are_totals(tmp_path):
    """Otherwise they would be counted twice."""
    contract = contract_of(column("team", required=True), column("n", "integer", required=True))
    path = book(tmp_path, [["team", "n"], ["North", 3], ["South", 4], ["Sub-total", 7], ["East", 1], ["Total", 8]])
    assert numbers(contract, path) == [2, 3, 5]
    assert repairs_of(contract, path) == ("rows 4 and 6 were taken for totals",)


def test_words_that_may_be_values_make_no_full_row_a_total(tmp_path):
    contract = contract_of(column("measure", required=True), column("n", "integer", required=True), column("x"))
    rows = [["measure", "n", "x"], ["Count", 3], ["Mean", 4], ["Average", None, "y"], ["Number", 2, "z"]]
    assert numbers(contract, book(tmp_path, rows)) == [2, 3, 5]
    assert repairs_of(contract, tmp_path / "outcomes.xlsx") == ("row 4 was taken for a total",)


def test_a_total_that_the_contract_allows_is_data(tmp_path):
    contract = contract_of(column("team", required=True, values=("North", "Total")), column("n", "integer"))
    assert numbers(contract, book(tmp_path, [["team", "n"], ["North", 3], ["Total", 7]])) == [2, 3]


def test_sums_without_a_label_are_totals(tmp_path):
    """As Excel's AutoSum leaves them."""
    path = book(tmp_path, [NAMES, FIRST, SECOND, [None, None, None, "=SUM(D2:D3)"]])
    patched(path, {SHEET: swap("<v></v>", "<v>105</v>"), "xl/workbook.xml": swap('fullCalcOnLoad="1"', "")})
    assert numbers(sessions(), path) == [2, 3]
    assert repairs_of(sessions(), path) == ("row 4 was taken for a total",)


def test_the_totals_of_an_excel_table_are_totals(tmp_path):
    def framed(sheet):
        table = Table(displayName="Sessions", ref="A1:E4", totalsRowCount=1)
        table._initialise_columns()
        for own, name in zip(table.tableColumns, NAMES, strict=True):
            own.name = name
        sheet.add_table(table)

    assert numbers(sessions(), book(tmp_path, [NAMES, FIRST, SECOND, ["Total", None, None, 105]], then=framed)) == [
        2,
        3,
    ]


def test_names_repeated_on_every_page_are_passed_over(tmp_path):
    path = book(tmp_path, [["Title"], NAMES, FIRST, [], NAMES, SECOND, NAMES, FIRST])
    assert numbers(sessions(), path) == [3, 6, 8]
    assert "rows 5 and 7 were taken for repeated headings" in repairs_of(sessions(), path)


def test_notes_may_be_ruled_out(tmp_path):
    """Then every row is data, and what keeps no rule is for the check of the contract to refuse."""
    rows, said = below(tmp_path, [], ["A note"], ["Total", None, None, 3], contract=sessions(notes_below=False))
    assert rows == [2, 3, 5, 6]
    assert said == ("1 blank row between the others was passed over",)


def test_hidden_rows_are_data(tmp_path):
    def hide(sheet):
        sheet.row_dimensions[3].hidden = True
        sheet.auto_filter.ref = "A1:E3"
        sheet.auto_filter.add_filter_column(2, ["mentoring"])

    path = book(tmp_path, [NAMES, FIRST, SECOND], then=hide)
    assert numbers(sessions(), path) == [2, 3]
    assert repairs_of(sessions(), path) == ("1 hidden row was read like the others",)


def test_a_worksheet_without_rows_of_data_is_refused(tmp_path):
    for rows in ([NAMES], [NAMES, [], []]):
        said = refusal(sessions(), book(tmp_path, rows))
        assert "outcomes.xlsx: there are no rows of data below the names in row 1" in said
    assert "rows 3 to 5 passed over" in refusal(sessions(), book(tmp_path, [NAMES, [], ["x"], ["y"], ["Total"]]))


@pytest.mark.parametrize(
    ("merge", "told"),
    [("A2:A3", "A2:A3"), ("C2:D2", "C2:D2"), ("A3:B4", "A3:B4"), ("E2:F2", "E2:F2"), ("A1:A2", "A1:A2")],
)
def test_merged_cells_within_the_data_are_refused_with_their_place(tmp_path, merge, told):
    def merged(sheet):
        sheet.merge_cells(merge)

    path = book(tmp_path, [NAMES, FIRST, ["AB0002", date(2023, 2, 1), "group work", 45, "x"], FIRST], then=merged)
    said = refusal(sessions(), path)
    assert f"1 range of cells is merged: {told}; do: unmerge {told} and fill in each row" in said
    assert "AB00" not in said


def test_many_merged_cells_are_counted(tmp_path):
    def merged(sheet):
        for row in range(2, 20, 2):
            fill(sheet, row, ["AB0001", date(2023, 1, 1), "mentoring", 1, "x"])
            sheet.merge_cells(f"B{row}:B{row + 1}")

    said = refusal(sessions(), book(tmp_path, [NAMES], then=merged))
    assert "9 ranges of cells are merged: B2:B3, B4:B5, B6:B7, B8:B9, B10:B11 and 4 more" in said


@pytest.mark.parametrize("merge", ["A5:E5", "G2:H3", "E3:E4", "A1:A1"])
def test_merged_cells_without_data_do_no_harm(tmp_path, merge):
    """Below the data, beside them, or blank."""
    path = book(tmp_path, [NAMES, FIRST, SECOND, SECOND], then=lambda sheet: sheet.merge_cells(merge))
    assert numbers(sessions(), path) == [2, 3, 4]


def test_cells_beside_the_table_are_refused_with_their_place(tmp_path):
    path = book(tmp_path, [NAMES, [*FIRST, None, "JS to ring Jane"], SECOND])
    said = refusal(sessions(), path)
    assert "1 cell stands in columns without a name: G2; do: name the column if the contract has it" in said
    assert "Jane" not in said


def test_nothing_is_left_out_uncounted(tmp_path):
    rows = [["T"], NAMES, FIRST, [], ["Quarter 2"], SECOND, NAMES, FIRST, ["Total", None, None, 3], [], ["n"], ["m"]]
    path = book(tmp_path, rows)
    _, file = read(sessions(), path)
    assert file.rows == 3
    assert file.repairs == (
        "the names of the columns stand in row 2; what is above them was passed over",
        "1 blank row between the others was passed over",
        "rows 5, 11 and 12 were taken for notes",
        "row 9 was taken for a total",
        "row 7 was taken for a repeated heading",
    )
