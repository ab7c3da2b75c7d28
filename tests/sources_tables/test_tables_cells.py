"""What stands in a cell, as the text the contract expects; what was put right is counted, what is wrong is named."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from tables_support import (
    BOOK,
    SHEET,
    SPACE,
    STRINGS,
    book,
    column,
    contract_of,
    one_column,
    patched,
    refusal,
    repairs_of,
    rows_of,
    shared,
    swap,
    values_book,
    values_of,
)

CALCULATED = {BOOK: swap('fullCalcOnLoad="1"', "")}


def put(folder, kind: str, cells, /, *, formats=None, **rules) -> tuple[list, tuple[str, ...]]:
    """Write values, read them as `kind`, and return them with what was put right."""
    contract, path = one_column(kind, **rules), values_book(folder, cells, formats=formats)
    return values_of(contract, path), repairs_of(contract, path)


def test_text_stays_as_it_is_whatever_it_looks_like(tmp_path):
    values = ["007", "01/02/2023", "NULL", "1e5", "TRUE", "50%", "#N/A?", "+44 7700 900123", "'tis", "a  b", "=x"]
    assert put(tmp_path, "string", [*values[:-1], "\u200bx"]) == (
        [*values[:-1], "x"],
        ("value: 1 value had spaces around or inside it that nobody sees",),
    )


def test_spaces_around_values_are_taken_away_and_counted(tmp_path):
    values = [" x", "y\u00a0", "\u00a0a\u00a0b ", "\tz\n", "plain", "\u00a0 \u200b", None]
    read, said = put(tmp_path, "string", values)
    assert read == ["x", "y", "a b", "z", "plain", None, None]
    assert said == ("value: 4 values had spaces that nobody sees",)


def test_text_of_several_lines_and_of_the_greatest_length_is_whole(tmp_path):
    longest = "x" * 32_766 + "é"
    assert put(tmp_path, "string", ["one\ntwo", longest, "<&>\"'"])[0] == ["one\ntwo", longest, "<&>\"'"]


def test_texts_of_spaces_only_are_blank(tmp_path):
    for how in (Path, shared):
        path = how(values_book(tmp_path, ["x", "  ", "\u00a0", "\n"]))
        assert values_of(one_column(), path) == ["x", None, None, None]
        assert repairs_of(one_column(), path) == ()


def test_text_in_several_fonts_is_one_text(tmp_path):
    rich = CellRichText("plain ", TextBlock(InlineFont(b=True), "bold"), " end")
    assert put(tmp_path, "string", [rich])[0] == ["plain bold end"]


def test_characters_that_xml_cannot_hold_are_read_as_excel_writes_them(tmp_path):
    path = shared(values_book(tmp_path, ["one", "two"]))
    patched(path, {STRINGS: lambda s: s.replace("one", "a_x000D_b").replace("two", "_x005F_x000D_")})
    assert values_of(one_column(), path) == ["a\rb", "_x000D_"]


def test_how_a_text_is_pronounced_is_no_part_of_it(tmp_path):
    spoken = '<t>one</t><rPh sb="0" eb="1"><t>wan</t></rPh><phoneticPr fontId="1"/>'
    for how, part in ((Path, SHEET), (shared, STRINGS)):
        path = how(values_book(tmp_path, ["one"]))
        patched(path, {part: swap("<t>one</t>", spoken)})
        assert values_of(one_column(), path) == ["one"]


def test_text_written_into_the_cell_itself_is_read(tmp_path):
    """As other programs than Excel write it: without places, without the table of texts, in another prefix."""
    path = values_book(tmp_path, [5])
    inline = '<x:c t="inlineStr"><x:is><x:r><x:t>in</x:t></x:r><x:r><x:t> line</x:t></x:r></x:is></x:c>'
    rows = (
        '<x:row><x:c t="inlineStr"><x:is><x:t>id</x:t></x:is></x:c>'
        '<x:c t="inlineStr"><x:is><x:t>value</x:t></x:is></x:c></x:row>'
        f"<x:row><x:c><x:v>1</x:v></x:c>{inline}</x:row>"
        '<x:row><x:c><x:v>2</x:v></x:c><x:c s="" t="str"><x:v>formula text</x:v></x:c></x:row>'
    )
    whole = f'<?xml version="1.0"?><x:worksheet xmlns:x="{SPACE}"><x:sheetData>{rows}</x:sheetData></x:worksheet>'
    assert values_of(one_column(), patched(path, {SHEET: lambda _: whole})) == ["in line", "formula text"]


def test_a_workbook_in_the_strict_form_is_read(tmp_path):
    path = shared(values_book(tmp_path, ["x", "y"]))
    of = "officeDocument/"
    strict = {
        SPACE: "http://purl.oclc.org/ooxml/spreadsheetml/main",
        f"http://schemas.openxmlformats.org/{of}2006/relationships": f"http://purl.oclc.org/ooxml/{of}relationships",
    }

    def change(text):
        for old, new in strict.items():
            text = text.replace(old, new)
        return text

    names = [SHEET, BOOK, STRINGS, "xl/styles.xml", "_rels/.rels", "xl/_rels/workbook.xml.rels"]
    assert values_of(one_column(), patched(path, dict.fromkeys(names, change))) == ["x", "y"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (7, "7"),
        (7.0, "7"),
        (0.1, "0.1"),
        (-3, "-3"),
        (123456789012345, "123456789012345"),
        (1e-7, "1e-07"),
        (7700900123, "7700900123"),
        (1 / 3, "0.3333333333333333"),
        (True, "TRUE"),
        (False, "FALSE"),
    ],
)
def test_numbers_in_a_column_of_text_are_read_as_shown(tmp_path, value, text):
    assert put(tmp_path, "string", [value])[0] == [text]


def test_a_number_too_long_for_excel_is_refused_in_a_column_of_text(tmp_path):
    said = refusal(one_column(), values_book(tmp_path, [1234567890123450, "1234567890123456", 1234567890123460]))
    assert "value: 2 cells hold numbers of more than 15 digits, of which Excel has lost the last: B2 and B4" in said
    assert "do: format the column as Text and enter the numbers again" in said
    assert "123456789" not in said


def test_whole_numbers(tmp_path):
    values = [
        7,
        7.0,
        "7",
        " 7",
        "7.0",
        "1,234",
        "-12",
        "+5",
        "007",
        "1,234.00",
        7.5,
        "7.5",
        "1,23",
        "",
        "seven",
        "50%",
        "1 234",
    ]
    read, said = put(tmp_path, "integer", values)
    whole = ["7", "7", "7", "7", "7", "1234", "-12", "+5", "007", "1234"]
    assert read == [*whole, "7.5", "7.5", "1,23", None, "seven", "50%", "1 234"]
    assert said == (
        "value: 1 value had spaces around or inside it that nobody sees",
        "value: 8 numbers written as text were read as numbers",
    )


def test_numbers(tmp_path):
    values = [0.5, 7, "0.5", ".5", "1,234,567.25", "1e-3", "-0.25", "12,34", "about 5", "£5", True]
    read, said = put(tmp_path, "number", values)
    assert read == ["0.5", "7", "0.5", ".5", "1234567.25", "1e-3", "-0.25", "12,34", "about 5", "£5", "TRUE"]
    assert said == ("value: 5 numbers written as text were read as numbers",)


@pytest.mark.parametrize("formats", ["0%", "0.00%", '0.0"%"', "#,##0"])
def test_percentages_are_read_as_shown_so_that_they_are_refused_by_type(tmp_path, formats):
    """Whether half or fifty is meant, only the partner knows; what only looks like a percentage is a number."""
    shown = "50%" if formats.endswith("0%") else "0.5"
    assert put(tmp_path, "number", [0.5], formats=formats) == ([shown], ())


@pytest.mark.parametrize(
    "formats", ["£#,##0.00", "[$£-809]#,##0.00;[Red]-[$£-809]#,##0.00", "0.00E+00", '0" days"', "_-* #,##0.00_-"]
)
def test_how_a_number_is_decorated_does_not_make_it_a_date(tmp_path, formats):
    assert put(tmp_path, "number", [45.5], formats=formats) == (["45.5"], ())


def test_answers(tmp_path):
    values = [True, False, "TRUE", "false", "Yes", "no", "Y", "n", 1, 0, "1", "0", "maybe", 2, "x", None]
    read, said = put(tmp_path, "boolean", values)
    ten = ["true", "false"] * 6
    assert read == [*ten, "maybe", "2", "x", None]
    assert said == ("value: 8 answers like yes and no were read as true and false",)


def test_yes_and_no_are_answers_only_in_a_column_of_answers(tmp_path):
    assert put(tmp_path, "string", ["Yes", "Y", "1"]) == (["Yes", "Y", "1"], ())
    assert put(tmp_path, "integer", ["Yes"]) == (["Yes"], ())


def test_allowed_values_are_given_the_contracts_spelling(tmp_path):
    allowed = ("mentoring", "In person", "group_work", "10-17")
    values = ["mentoring", "Mentoring ", "IN  PERSON", "Group work", "10\u201317", "10 - 17", "juggling"]
    read, said = put(tmp_path, "string", values, values=allowed)
    assert read == ["mentoring", "mentoring", "In person", "group_work", "10-17", "10-17", "juggling"]
    assert said == (
        "value: 1 value had spaces around or inside it that nobody sees",
        "value: 5 values were given the contract's spelling",
    )


def test_spellings_that_clash_are_left_alone(tmp_path):
    assert put(tmp_path, "string", ["YES", "Yes", "yes", "NO"], values=("Yes", "yes", "no")) == (
        ["YES", "Yes", "yes", "no"],
        ("value: 1 value was given the contract's spelling",),
    )


@pytest.mark.parametrize("kind", ["string", "integer", "date", "timestamp", "boolean", "number"])
def test_words_for_not_known_are_blank(tmp_path, kind):
    words = ["N/A", "n / a", "-", "\u2013", "Not known", "NOT  KNOWN", "notknown", 999]
    read, said = put(tmp_path, kind, words, blanks=("n/a", "-", "not known", "999"))
    assert read == [None] * 8
    assert "value: 8 words for not known were read as blank" in said
    assert put(tmp_path, kind, ["unknown"], blanks=("n/a",))[0] == ["unknown"]


def test_a_word_for_not_known_that_the_contract_allows_is_a_value(tmp_path):
    read, _ = put(tmp_path, "string", ["NOT KNOWN", "n/a"], blanks=("not known", "n/a"), values=("not known", "x"))
    assert read == ["not known", None]


def test_an_apostrophe_that_kept_excel_from_reading_is_taken_away(tmp_path):
    """Where the rest is what the column asks for; in free text it stays."""
    assert put(tmp_path, "string", ["'0123", "'0124", "0125", "'x"], pattern="^[0-9]{4}$") == (
        ["0123", "0124", "0125", "'x"],
        ("value: 2 values lost an apostrophe at their start",),
    )
    assert put(tmp_path, "integer", ["'7"])[0] == ["7"]
    assert put(tmp_path, "date", ["'31/01/2023"])[0] == ["2023-01-31"]


def test_zeros_that_excel_has_lost_stay_lost(tmp_path):
    """The check of the contract names their rows."""
    assert put(tmp_path, "string", [123, "0123"], pattern="^[0-9]{4}$") == (["123", "0123"], ())


def test_errors_are_refused_with_their_places(tmp_path):
    path = values_book(tmp_path, ["x", "#N/A", "#REF!", "#N/A"])
    said = refusal(one_column(), path)
    assert "outcomes.xlsx has cells that cannot be read as they stand:" in said
    assert "value: 3 cells hold an Excel error (#N/A, #REF!): B3, B4 and B5; do: put the value in, or leave" in said


def test_an_error_may_be_a_word_for_not_known(tmp_path):
    assert put(tmp_path, "string", ["x", "#N/A"], blanks=("#N/A",))[0] == ["x", None]


def test_only_excels_own_errors_are_shown(tmp_path):
    path = values_book(tmp_path, ["#N/A"])
    patched(path, {SHEET: swap("#N/A", "Jane Doe")})
    assert "value: 1 cell holds an Excel error: B2; do" in refusal(one_column(), path)


def test_results_of_formulas_are_read(tmp_path):
    path = values_book(tmp_path, ["=A2+5", '=IF(A3=1,"x","")', '=IF(A4=1,"x","")', "=A5=4"])
    results = {
        "<f>A2+5</f><v></v>": "<f>A2+5</f><v>6</v>",
        "<v></v>": "<v></v>",
        '<c r="B3"><f>IF(A3=1,"x","")</f><v></v>': '<c r="B3" t="str"><f>IF(A3=1,"x","")</f><v>text</v>',
        '<c r="B4"><f>IF(A4=1,"x","")</f><v></v>': '<c r="B4" t="str"><f>IF(A4=1,"x","")</f><v></v>',
        '<c r="B5"><f>A5=4</f><v></v>': '<c r="B5" t="b"><f>A5=4</f><v>1</v>',
    }

    def change(text):
        for old, new in results.items():
            text = text.replace(old, new)
        return text

    patched(path, {SHEET: change, **CALCULATED})
    assert values_of(one_column(), path) == ["6", "text", None, "TRUE"]


def test_formulas_without_a_result_are_refused_with_their_places(tmp_path):
    path = patched(values_book(tmp_path, ["=A2+5", "x", "=A4"]), CALCULATED)
    said = refusal(one_column(), path)
    assert "value: 2 cells hold formulas whose results are not in the file: B2 and B4; do: open it in Excel" in said


def test_results_that_excel_did_not_work_out_are_none(tmp_path):
    """Programs that write 0 for every result say that Excel is to work them out when it opens the file."""
    path = values_book(tmp_path, ["=A2+5", "x"])
    patched(path, {SHEET: swap("<f>A2+5</f><v></v>", "<f>A2+5</f><v>0</v>")})
    assert "1 cell holds a formula whose result is not in the file: B2" in refusal(one_column(), path)


def test_formulas_outside_the_data_do_no_harm(tmp_path):
    path = book(tmp_path, [["=TODAY()", "#REF!"], ["id", "value"], [1, "x"], [], [None, "=NOW()"]])
    assert values_of(one_column(), path) == ["x"]


def test_every_fault_is_told_at_once(tmp_path):
    contract = contract_of(column("id", "integer", required=True), column("a", values=("10-12",)), column("b"))
    rows = [["id", "a", "b"], [1, date(2023, 12, 10), "x"], [2, "10-12", "#N/A"], [3, "10-12", 1e15, None, "y"]]
    path = book(tmp_path, [*rows, [4, "10-12", "=A1"], [5, "10-12", "x"]], then=lambda s: s.merge_cells("C6:D6"))
    said = refusal(contract, path)
    assert "a: 1 cell holds a date where none belongs: B2" in said
    assert "b: 1 cell holds an Excel error (#N/A): C3" in said
    assert "b: 1 cell holds a number of more than 15 digits, of which Excel has lost the last: C4" in said
    assert "b: 1 cell holds a formula whose result is not in the file: C5" in said
    assert "1 range of cells is merged: C6:D6" in said
    assert "1 cell stands in columns without a name: E4" in said
    assert said.count("do: ") == 6


def test_many_places_are_told_in_short(tmp_path):
    said = refusal(one_column(), values_book(tmp_path, ["#N/A"] * 1_200))
    assert "1,200 cells hold an Excel error (#N/A): B2, B3, B4, B5, B6 and 1,195 more" in said


@pytest.mark.parametrize("rules", [{"values": ("10-12", "13-15")}, {"pattern": "^[0-9]{1,2}-[0-9]{1,2}$"}])
def test_what_excel_took_for_a_date_is_refused(tmp_path, rules):
    said = refusal(one_column(**rules), values_book(tmp_path, ["10-12", date(2023, 12, 10), date(2015, 11, 1)]))
    assert "value: 2 cells hold dates where none belong: B3 and B4; do: Excel takes what looks like a date" in said


@pytest.mark.parametrize("kind", ["integer", "number", "boolean"])
def test_a_date_among_numbers_is_refused(tmp_path, kind):
    assert "value: 1 cell holds a date where none belongs: B3" in refusal(
        one_column(kind), values_book(tmp_path, [1, date(2023, 12, 10)])
    )


def test_dates_and_times_in_a_column_of_any_text_are_written_out(tmp_path):
    values = [
        date(2023, 1, 31),
        datetime(2023, 1, 31, 14, 5),
        time(14, 5),
        time(9, 30, 15),
        timedelta(hours=26, minutes=5),
    ]
    assert put(tmp_path, "string", values)[0] == ["2023-01-31", "2023-01-31 14:05:00", "14:05", "09:30:15", "26:05"]


def test_times_among_numbers_stay_times_so_that_they_are_refused_by_type(tmp_path):
    assert put(tmp_path, "integer", [time(0, 45), timedelta(hours=30)])[0] == ["00:45", "30:00"]


def test_a_column_of_a_hundred_letters_is_found(tmp_path):
    rows = [[None] * 701 + ["id", "value"], [None] * 701 + [1, "#N/A"]]
    assert "AAA2" in refusal(one_column(), book(tmp_path, rows))


def test_repairs_are_told_by_the_order_of_the_columns(tmp_path):
    contract = contract_of(column("b", "integer"), column("a", "date"), column("c", "boolean"))
    path = book(tmp_path, [["a", "b", "c"], ["31/01/2023", "7", "Yes"], ["1 Feb 23", " 8", "n"]])
    assert rows_of(contract, path)[0][:3] == ("7", "2023-01-31", "true")
    assert repairs_of(contract, path) == (
        "b: 1 value had spaces around or inside it that nobody sees",
        "b: 2 numbers written as text were read as numbers",
        "a: 1 date written as text was read day first",
        "a: 1 date written as text was read as a date",
        "a: 1 year of two digits was read as 1930 to 2029",
        "c: 2 answers like yes and no were read as true and false",
    )
