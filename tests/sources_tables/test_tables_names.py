"""How names, words and places are compared and said."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tables_support import column, contract_of

from curv_eval.sources._names import clean, packed, plain, plain_name
from curv_eval.sources._repairs import KINDS, Repair, counted, in_order, joined, listed
from curv_eval.sources._sheet import column_of, letters
from curv_eval.sources._workbook import _shown, unescaped

WRITTEN = [
    "Session date",
    "session_date",
    " SESSION  DATE ",
    "Session\nDate",
    "Session-Date",
    "Session\u2013date",
    "Session date:",
    "Session date *",
    "Session date.",
    "session\u00a0date?",
    "\ufeffSession\u200b date",
    "Session date (dd/mm/yyyy)",
    "Session date (dd/mm/yyyy hh:mm)",
    "Session date [DD-MM-YY] *",
    "Session date (required)*:",
    "Session date (please select)",
]


@pytest.mark.parametrize("written", WRITTEN)
def test_names_that_mean_the_same(written):
    assert plain_name(written) == "session date"


@pytest.mark.parametrize(
    "written", ["Session date 2", "Session date (post)", "Date", "Sessions date", "Session (date)", "(dd/mm/yyyy)"]
)
def test_names_that_do_not(written):
    assert plain_name(written) != "session date"


def test_what_stands_in_brackets_may_tell_columns_apart():
    assert plain_name("Score (pre)") != plain_name("Score (post)")
    assert plain_name("Attended (Y/N)") == plain_name("Attended (yes/no)") == "attended"


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.text(max_size=12))
def test_comparing_changes_nothing_the_second_time(text):
    for function in (clean, plain_name, packed):
        assert function(function(text)) == function(text)
    assert plain(plain(text)) == plain(text)


def test_words_are_compared_without_case_and_spaces():
    assert packed(" Not  KNOWN ") == packed("notknown") == "notknown"
    assert packed("\u2013") == packed(" - ") == "-"


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.integers(0, 16_383))
def test_columns_are_named_as_excel_names_them(number):
    assert column_of(letters(number)) == number
    assert column_of(f"{letters(number)}17") == number


@pytest.mark.parametrize(
    ("number", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (16_383, "XFD")]
)
def test_columns_by_hand(number, name):
    assert letters(number) == name


@pytest.mark.parametrize("name", ["", "7", "XFE1", "a1", "Ä1", "?1"])
def test_what_is_no_column_of_excel(name):
    with pytest.raises(ValueError, match=r"column|substring"):
        column_of(name)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([7], "row 7"),
        ([7, 8], "rows 7 and 8"),
        ([7, 9], "rows 7 and 9"),
        ([7, 8, 9], "rows 7 to 9"),
        ([4, 7, 8, 9, 1_200], "rows 4, 7 to 9 and 1,200"),
        ([5, 11, 12], "rows 5, 11 and 12"),
        (list(range(2, 30, 2)), "rows 2, 4, 6, 8, 10, 12 and 8 more"),
    ],
)
def test_rows_as_people_say_them(rows, said):
    assert listed(rows) == said


def test_numbers_with_their_nouns():
    assert [counted(n, "row") for n in (0, 1, 2, 1_200)] == ["0 rows", "1 row", "2 rows", "1,200 rows"]
    assert counted(3, "cell is", "cells are") == "3 cells are"
    assert [joined(parts) for parts in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_repair_has_a_sentence_for_one_and_for_several(kind):
    assert str(Repair(kind, "day", 1)).startswith("day: 1 ")
    assert str(Repair(kind, "day", 1_200)).startswith("day: 1,200 ")
    assert KINDS[kind][0] != KINDS[kind][1]


def test_repairs_are_told_by_column_and_kind():
    contract = contract_of(column("b"), column("a"))
    given_ = [Repair("words", "a", 1), Repair("spaces", "a", 1), Repair("month", "b", 1)]
    assert [(r.column, r.kind) for r in in_order(given_, contract)] == [("b", "month"), ("a", "spaces"), ("a", "words")]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("General", None),
        ("0.00", None),
        ("@", None),
        ("", None),
        ('"Day "0', None),
        ("#,##0\\ \\d", None),
        ("[Red]0;[Blue]-0", None),
        ("[$£-809]#,##0.00", None),
        ("_-* #,##0_-", None),
        ("0.0%", "percent"),
        ('0"%"', None),
        ("0\\%", None),
        ("dd/mm/yyyy", "date"),
        ("DD/MM/YYYY;@", "date"),
        ("[$-809]d mmmm yyyy", "date"),
        ("mmm-yy", "date"),
        ("mmmm", "date"),
        ('yyyy"year"', "date"),
        ("h:mm AM/PM", "time"),
        ("mm:ss.0", "time"),
        ("dd/mm/yyyy hh:mm", "datetime"),
        ("[h]:mm", "duration"),
        ("[mm]:ss", "duration"),
        ("0.00E+00", None),
        ("# ?/?", None),
    ],
)
def test_what_a_number_is_shown_as(code, kind):
    assert _shown(code) == kind


def test_characters_written_by_their_number():
    assert unescaped("a_x000D__x000a_b") == "a\r\nb"
    assert unescaped("_x005F_x000D_") == "_x000D_"
    assert unescaped("_xD83D__x00g1_ x_y") == "_xD83D__x00g1_ x_y"
