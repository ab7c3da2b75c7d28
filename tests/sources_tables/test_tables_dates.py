"""Dates as partners write and store them: read in one meaning only, and what is no date left as it was typed."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from tables_support import (
    BOOK,
    book,
    column,
    contract_of,
    one_column,
    patched,
    refusal,
    repairs_of,
    values_book,
    values_of,
)

from curv_eval.sources._dates import (
    DAYS_FROM_1900,
    DAYS_FROM_1904,
    read_month,
    read_number,
    read_serial,
    read_written,
)

ONE = "value: 1 date written as text was read "
DAY_FIRST, WORDS = f"{ONE}day first", f"{ONE}as a date"
SHORT = "value: 1 year of two digits was read as 1930 to 2029"


def as_date(text: str, day_first: bool = True) -> str | None:
    found = read_written(text, day_first=day_first)
    return found and found.at.isoformat(" ")


def put(folder, kind: str, cells, /, *, formats=None, **rules):
    contract, path = one_column(kind, **rules), values_book(folder, cells, formats=formats)
    return values_of(contract, path), repairs_of(contract, path)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("31/01/2023", [DAY_FIRST]),
        ("31/1/2023", [DAY_FIRST]),
        ("31-1-23", [DAY_FIRST, SHORT]),
        ("31.01.2023", [DAY_FIRST]),
        ("31 01 2023", [DAY_FIRST]),
        ("31 / 01 / 2023", [DAY_FIRST]),
        ("31 Jan 2023", [WORDS]),
        ("31-Jan-23", [WORDS, SHORT]),
        ("31Jan2023", [WORDS]),
        ("31\u201301\u20112023", [DAY_FIRST]),
        ("31/01/2023.", [DAY_FIRST]),
        ("31/01/2023 00:00:00", [DAY_FIRST]),
        ("31 January 2023", [WORDS]),
        ("31st January 2023", [WORDS]),
        ("31st of January, 2023", [WORDS]),
        ("Tuesday 31 January 2023", [WORDS]),
        ("Tue, 31 Jan 2023", [WORDS]),
        ("JANUARY 31, 2023", [WORDS]),
        ("Jan 31st 2023", [WORDS]),
        ("2023-01-31", []),
        ("2023/01/31", [WORDS]),
        ("2023-1-31", [WORDS]),
        ("20230131", ["value: 1 plain number was read as a date"]),
        (44957, ["value: 1 plain number was read as a date"]),
        ("44957", ["value: 1 plain number was read as a date"]),
        (20230131, ["value: 1 plain number was read as a date"]),
        (date(2023, 1, 31), []),
        (datetime(2023, 1, 31), []),
    ],
)
def test_one_day_in_every_form_is_that_day(tmp_path, written, said):
    assert put(tmp_path, "date", [written]) == (["2023-01-31"], tuple(said))


@pytest.mark.parametrize(
    "written",
    [
        "31/01/2023 14:05",
        "31 Jan 2023, 2:05 pm",
        "2023-01-31T14:05:00Z",
        "31/01/23 14.05",
        "31 January 2023 at 14:05:59",
        datetime(2023, 1, 31, 14, 5),
        44957.5868055556,
    ],
)
def test_a_time_of_day_is_left_out_of_a_date_and_counted(tmp_path, written):
    read, said = put(tmp_path, "date", [written])
    assert read == ["2023-01-31"]
    assert "value: 1 date was read without its time of day" in said


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("31/01/2023 14:05", "2023-01-31 14:05:00"),
        ("31 Jan 2023 2:05pm", "2023-01-31 14:05:00"),
        ("31/01/2023 12:30 am", "2023-01-31 00:30:00"),
        ("31/01/2023 12:30 PM", "2023-01-31 12:30:00"),
        ("2023-01-31 14:05:06.25", "2023-01-31 14:05:06.25"),
        ("2023-01-31T14:05:00Z", "2023-01-31T14:05:00Z"),
        (datetime(2023, 1, 31, 14, 5, 6), "2023-01-31 14:05:06"),
        (datetime(2023, 1, 31, 14, 5, 6, 250_000), "2023-01-31 14:05:06.250"),
        (44957.5868055556, "2023-01-31 14:05:00"),
        ("31/01/2023 25:00", "31/01/2023 25:00"),
        ("31/01/2023 13:00 pm", "31/01/2023 13:00 pm"),
        ("31/01/2023 14:60", "31/01/2023 14:60"),
        ("14:05", "14:05"),
    ],
)
def test_moments(tmp_path, written, read):
    assert put(tmp_path, "timestamp", [written])[0] == [read]


def test_a_date_without_a_time_of_day_is_midnight_and_counted(tmp_path):
    read, said = put(tmp_path, "timestamp", ["31/01/2023", date(2023, 1, 31), 44957, datetime(2023, 1, 31)])
    assert read == ["2023-01-31 00:00:00"] * 4
    assert said[-1] == "value: 3 dates without a time of day were read as midnight"


@pytest.mark.parametrize(
    "written",
    [
        "31/02/2023",
        "30 February 2023",
        "2023-13-01",
        "2023-02-30",
        "14/14/2023",
        "0/1/2023",
        "31/01",
        "Jan 2023",
        "soon",
        "31/01/2023 (about)",
        "1/2/3",
        "31/01-2023",
        "2023",
        "31012023",
        "99999999",
        "1",
        "12345678901",
        "31 Jam 2023",
        "3/14/2023",
        "31/01/20233",
        "tues",
        "2023-01-31 to 2023-02-03",
        "29 Feb 2023",
        "½/1/2023",
    ],
)
def test_what_is_no_date_stays_as_it_was_typed(tmp_path, written):
    """So that the check of the contract names its row."""
    assert put(tmp_path, "date", [written]) == ([written], ())


@pytest.mark.parametrize("number", [2023, 1, 0, -5, 3653, 73_416, 2_958_466, 0.5, 20231301, 20230230, 12345678])
def test_plain_numbers_that_are_no_likely_date_stay_numbers(tmp_path, number):
    """A year, a count or an identifier would otherwise become a day long ago."""
    assert put(tmp_path, "date", [number]) == ([str(number)], ())


@pytest.mark.parametrize(("day_first", "read"), [(True, "2024-04-03"), (False, "2024-03-04")])
def test_the_contract_says_whether_days_come_first(tmp_path, day_first, read):
    said = f"{ONE}{'day' if day_first else 'month'} first"
    assert put(tmp_path, "date", ["3/4/2024"], day_first=day_first) == ([read], (said,))
    for text in ("2024-04-03", "3 Apr 2024", "3rd April 2024"):
        assert put(tmp_path, "date", [text], day_first=day_first)[0] == ["2024-04-03"]


def test_months_first_where_the_contract_says_so(tmp_path):
    assert put(tmp_path, "date", ["1/31/2023", "31/1/2023"], day_first=False)[0] == ["2023-01-31", "31/1/2023"]


@pytest.mark.parametrize(
    ("year", "read"), [("00", 2000), ("23", 2023), ("29", 2029), ("30", 1930), ("68", 1968), ("99", 1999)]
)
def test_years_of_two_digits_are_read_as_excel_reads_them(year, read):
    assert as_date(f"1/2/{year}") == f"{read}-02-01 00:00:00"
    assert as_date(f"1 Feb {year}") == f"{read}-02-01 00:00:00"


@pytest.mark.parametrize(
    "formats", ["dd/mm/yyyy", "mm-dd-yy", "[$-809]dd mmmm yyyy;@", "d-mmm", "mmm yyyy", "[$-F800]dddd", '"on "d.m.yy']
)
def test_a_real_date_is_that_day_however_it_is_shown(tmp_path, formats):
    assert put(tmp_path, "date", [date(2023, 1, 31)], formats=formats) == (["2023-01-31"], ())
    assert put(tmp_path, "date", [44957], formats=formats) == (["2023-01-31"], ())


def test_a_workbook_that_counts_from_1904(tmp_path):
    def from_1904(sheet):
        sheet.parent.epoch = CALENDAR_MAC_1904
        sheet["B2"].number_format = "dd/mm/yyyy"

    path = book(tmp_path, [["id", "value"], [1, date(2023, 1, 31)], [2, 43495], [3, "31/1/23"]], then=from_1904)
    assert values_of(one_column("date"), path) == ["2023-01-31"] * 3
    patched(path, {BOOK: lambda text: text.replace('date1904="1"', "").replace('date1904="true"', "")})
    assert values_of(one_column("date"), path)[1] == "2019-01-30"


def test_dates_before_march_1900_are_those_excel_shows(tmp_path):
    """Excel has a 29 February 1900, which never was."""
    numbers = [1, 59, 60, 61]
    shown = put(tmp_path, "date", numbers, formats="dd/mm/yyyy")[0]
    assert shown == ["1900-01-01", "1900-02-28", "60", "1900-03-01"]
    assert put(tmp_path, "date", [0, 2_958_466, -1], formats="dd/mm/yyyy")[0] == ["0", "2958466", "-1"]


def test_a_time_alone_is_no_date(tmp_path):
    assert put(tmp_path, "date", [time(14, 5)])[0] == ["14:05"]


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ("2023-03", "2023-03"),
        ("March 2023", "2023-03"),
        ("Mar-23", "2023-03"),
        ("mar 2023", "2023-03"),
        ("Sept 2023", "2023-09"),
        ("03/2023", "2023-03"),
        ("2023/3", "2023-03"),
        ("202303", "2023-03"),
        (202303, "2023-03"),
        ("01/03/2023", "2023-03"),
        (date(2023, 3, 1), "2023-03"),
        (date(2023, 3, 17), "2023-03-17"),
        ("17/03/2023", "17/03/2023"),
        ("13/2023", "13/2023"),
        ("2023-13", "2023-13"),
        ("202313", "202313"),
        (112012, "112012"),
        ("March", "March"),
        ("Mär 2023", "Mär 2023"),
    ],
)
def test_months(tmp_path, cell, read):
    """A day says more than the agreement covers, so it is left for the check of the contract to refuse."""
    ruled = {"pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$"}
    for rules in (ruled, {"is_period": True}):
        found, said = put(tmp_path, "string", [cell], **rules)
        assert found == [read]
        assert said == (
            ()
            if read == str(cell) or (isinstance(cell, date) and cell.day > 1)
            else ("value: 1 date was read as its month",)
        )


def test_a_column_of_dates_or_of_any_text_takes_no_months(tmp_path):
    assert put(tmp_path, "string", ["March 2023"])[0] == ["March 2023"]
    assert put(tmp_path, "date", ["March 2023"])[0] == ["March 2023"]
    assert put(tmp_path, "string", [date(2023, 3, 1)], pattern="^[0-9-]+$")[0] == ["2023-03-01"]


def test_days_and_months_that_a_computer_swapped_are_refused(tmp_path):
    """3/4 became the fourth of March, and 25/4 stayed text: no real date has a day above 12, no text one below."""
    swapped = [*(date(2023, 5, n % 12 + 1) for n in range(12)), "13/5/2023", "25/5/2023", "30/5/2023"]
    said = refusal(one_column("date"), values_book(tmp_path, swapped))
    assert "value: every real date falls on days 1 to 12 and every date written as text on a later day" in said
    assert "get the file again as it left its system" in said
    for kind in ("date", "timestamp"):
        assert "opened where months come first" in refusal(one_column(kind), values_book(tmp_path, swapped))


@pytest.mark.parametrize(
    "cells",
    [
        [*(date(2023, 5, n % 12 + 1) for n in range(12)), "13/5/2023", "25/5/2023"],
        [*(date(2023, 5, n % 12 + 1) for n in range(9)), "13/5/2023", "25/5/2023", "30/5/2023"],
        [*(date(2023, 5, n % 13 + 1) for n in range(13)), "13/5/2023", "25/5/2023", "30/5/2023"],
        [*(date(2023, 5, n % 12 + 1) for n in range(12)), "13/5/2023", "25/5/2023", "3/5/2023"],
        [*(date(2023, n + 1, 1) for n in range(12)), "13/5/2023", "25/5/2023", "30/5/2023"],
        [*(date(2023, 5, n % 12 + 1) for n in range(12)), "13 May 2023", "25 May 2023", "30 May 2023"],
    ],
)
def test_dates_that_may_well_be_right_are_read(tmp_path, cells):
    assert len(put(tmp_path, "date", cells)[0]) == len(cells)


DATES = st.dates(date(1930, 1, 1), date(2029, 12, 31))
MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October"]
MONTHS += ["November", "December"]
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def forms(day: date) -> list[str]:
    """Every way in which people write a day, months by name taken from a list of our own."""
    d, m, y, name = day.day, day.month, day.year, MONTHS[day.month - 1]
    end = "th" if 11 <= d <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(d % 10, "th")
    numbers = [f"{d}{mark}{m}{mark}{year}" for mark in "/-. " for year in (y, f"{y % 100:02d}")]
    padded = [f"{d:02d}/{m:02d}/{y}", f"{d:02d}.{m:02d}.{y % 100:02d}"]
    words = [f"{d} {name} {y}", f"{d}{end} {name} {y}", f"{d}-{name[:3]}-{y % 100:02d}", f"{name} {d}, {y}"]
    weekday = WEEKDAYS[day.weekday()]
    words += [f"{weekday} {d}{end} of {name} {y}", f"{weekday[:3]} {d} {name[:3].upper()} {y}", f"{name[:3]} {d} {y}"]
    return [*numbers, *padded, *words, day.isoformat(), f"{y}/{m}/{d}"]


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(DATES)
@example(date(2000, 2, 29))
def test_a_day_comes_back_from_every_form_it_is_written_in(day):
    wrong = [text for text in forms(day) if as_date(text) != f"{day} 00:00:00"]
    assert wrong == []


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(DATES, st.times().map(lambda t: t.replace(microsecond=0)), st.data())
def test_a_moment_comes_back_from_every_form_it_is_written_in(day, clock, data):
    text = data.draw(st.sampled_from(forms(day)))
    half = f"{clock.hour % 12 or 12}:{clock:%M:%S} {'pm' if clock.hour >= 12 else 'am'}"
    for written in (f"{text} {clock:%H:%M:%S}", f"{text}, {half}", f"{text} at {clock:%H.%M.%S}"):
        assert as_date(written) == f"{day} {clock}"


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(DATES)
def test_months_first_is_days_first_with_days_and_months_swapped(day):
    assert as_date(f"{day.month}/{day.day}/{day.year}", day_first=False) == f"{day} 00:00:00"


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.text(st.characters(codec="ascii"), max_size=20) | st.text("0123456789/-. :", max_size=14))
def test_no_text_breaks_the_reading_of_dates(text):
    for day_first in (True, False):
        found = read_written(text, day_first=day_first)
        assert found is None or any(c.isdigit() for c in text)
    assert read_month(text) is None or any(c.isdigit() for c in text)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.datetimes(datetime(1900, 3, 1), datetime(9999, 12, 30)).map(lambda at: at.replace(microsecond=0)))
def test_a_moment_comes_back_from_excels_count_of_days(at):
    for epoch, first in ((DAYS_FROM_1900, datetime(1899, 12, 30)), (DAYS_FROM_1904, datetime(1904, 1, 1))):
        number = (at - first) / timedelta(days=1)
        assert number < 0 or read_serial(number, epoch) == at


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_number_breaks_the_reading_of_dates(number):
    for epoch in (DAYS_FROM_1900, DAYS_FROM_1904):
        assert read_serial(number, epoch) is None or number >= 0
        found = read_number(number, epoch)
        assert found is None or 1910 <= found.year <= 2100


def test_forms_of_months_by_name_are_those_of_the_list():
    assert [read_month(f"{name} 2023") for name in MONTHS] == [f"2023-{m:02d}" for m in range(1, 13)]
    assert [read_month(f"{name[:3]}-23") for name in MONTHS] == [f"2023-{m:02d}" for m in range(1, 13)]


def test_dates_in_several_columns_are_counted_apart(tmp_path):
    contract = contract_of(column("a", "date"), column("b", "date"))
    path = book(tmp_path, [["a", "b"], ["31/1/2023", date(2023, 1, 1)], ["1/2/2023", "3 May 2023"]])
    assert repairs_of(contract, path) == (
        "a: 2 dates written as text were read day first",
        "b: 1 date written as text was read as a date",
    )


def test_a_hundred_thousand_dates_need_no_hundred_thousand_readings(tmp_path, monkeypatch):
    """What stands in many cells is read once."""
    from curv_eval.sources import _cells

    calls = []
    monkeypatch.setattr(_cells, "read_written", lambda *a, **k: calls.append(a) or read_written(*a, **k))
    path = values_book(tmp_path, ["31/01/2023", "1 Feb 2023"] * 500)
    assert values_of(one_column("date"), path)[:2] == ["2023-01-31", "2023-02-01"]
    assert len(calls) <= 4
