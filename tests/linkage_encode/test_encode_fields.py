"""What both sides see of a value: worked out by hand, and properties that must hold for any text."""

import datetime
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curv_eval.linkage.fields import DATE_FORMATS, Missing, normalise
from curv_eval.linkage.scheme import UK, Field

NAME, DAY, PLACE, SEX = (UK.field(name) for name in ("surname", "date_of_birth", "postcode", "sex"))
TEXT, CODE = Field("address", "text"), Field("number", "code")
EVERY = [NAME, DAY, PLACE, SEX, TEXT, CODE]
BLANK, UNREADABLE = Missing.BLANK, Missing.UNREADABLE
kinds = pytest.mark.parametrize("field", EVERY, ids=lambda f: f"{f.kind}-{f.name}")


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("O'Neill", "oneill"),
        ("ONEILL", "oneill"),
        ("O’Neill", "oneill"),
        ("o neill", "oneill"),
        ("Smith-Jones", "smithjones"),
        ("SMITH JONES", "smithjones"),
        ("  Smith ", "smith"),
        ("Zoë", "zoe"),
        ("José  Müller", "josemuller"),
        ("Łukasz", "lukasz"),
        ("Sørensen", "sorensen"),
        ("Weiß", "weiss"),
        ("Ægir", "aegir"),
        ("Đorđe", "dorde"),
        ("Işık", "isik"),
        ("Mr John", "john"),
        ("Mr. John", "john"),
        ("MISS Dr Amy", "amy"),
        ("Master", "master"),
        ("Dr", "dr"),
        ("John Smith Jnr", "johnsmith"),
        ("Mac Donald", "macdonald"),
        ("Дмитрий", "дмитрии"),
        ("J0hn", "jhn"),
        ("Ｓｍｉｔｈ", "smith"),
    ],
)
def test_names_by_hand(raw, name):
    assert normalise(raw, NAME) == name


@pytest.mark.parametrize(
    "raw",
    ["", " ", "-", "--", "?", ".", "N/A", "n/a", "NA", "Unknown", "UNKNOWN", "not known", "Not Known", "Not stated",
     "NULL", "none", "NaN", "\t", "\u00a0", "refused", None],
)  # fmt: skip
@kinds
def test_blanks_are_blank_in_every_field(field, raw):
    assert normalise(raw, field) is BLANK


@pytest.mark.parametrize("raw", ["Baby", "baby boy", "BABY GIRL", "Baby of Anna", "infant", "X", "xxx", "Mr Unknown"])
def test_what_stands_for_a_name_is_blank(raw):
    assert normalise(raw, NAME) is BLANK


def test_a_name_of_figures_is_unreadable():
    assert normalise("12345", NAME) is UNREADABLE


@pytest.mark.parametrize(
    ("raw", "dates", "day"),
    [
        ("2009-03-14", "iso", "2009-03-14"),
        ("2009-3-4", "iso", "2009-03-04"),
        ("2009/03/14", "iso", "2009-03-14"),
        ("20090314", "iso", "2009-03-14"),
        ("2009-03-14 00:00:00", "iso", "2009-03-14"),
        ("2009-03-14T00:00:00.000Z", "iso", "2009-03-14"),
        (" 2009-03-14 ", "iso", "2009-03-14"),
        ("14/03/2009", "day-first", "2009-03-14"),
        ("4/3/2009", "day-first", "2009-03-04"),
        ("04-03-2009", "day-first", "2009-03-04"),
        ("04.03.2009", "day-first", "2009-03-04"),
        ("04 03 2009", "day-first", "2009-03-04"),
        ("14/03/2009 00:00", "day-first", "2009-03-14"),
        ("14/03/2009 12:00:00 AM", "day-first", "2009-03-14"),
        ("2009-03-14", "day-first", "2009-03-14"),
        ("14 March 2009", "day-first", "2009-03-14"),
        ("14  March  2009", "day-first", "2009-03-14"),
        ("14-Mar-2009", "iso", "2009-03-14"),
        ("14th Mar, 2009", "iso", "2009-03-14"),
        ("1 sept 2009", "iso", "2009-09-01"),
        ("29/02/2008", "day-first", "2008-02-29"),
    ],
)
def test_dates_by_hand(raw, dates, day):
    assert normalise(raw, DAY, dates=dates) == day


@pytest.mark.parametrize(
    ("raw", "dates"),
    [
        ("14/03/2009", "iso"),
        ("03/14/2009", "day-first"),
        ("2009-02-30", "iso"),
        ("29/02/2009", "day-first"),
        ("2009-13-01", "iso"),
        ("19450493", "iso"),
        ("14/03/09", "day-first"),
        ("2009", "iso"),
        ("39886", "day-first"),
        ("14 Marchember 2009", "iso"),
        ("1850-03-14", "iso"),
        ("2109-03-14", "iso"),
        ("about 2009", "iso"),
        ("2009-03/14", "iso"),
        ("20090314", "day-first"),
    ],
)
def test_impossible_and_unclear_dates_are_unreadable(raw, dates):
    assert normalise(raw, DAY, dates=dates) is UNREADABLE


@pytest.mark.parametrize(
    "raw",
    ["1900-01-01", "01/01/1900", "1900-01-01 00:00:00", "01/01/1901", "01/01/1970", "1899-12-30", "00/00/0000",
     "9999-12-31", "1753-01-01", "1904-01-01"],
)  # fmt: skip
def test_days_that_stand_for_no_day_are_blank(raw):
    assert normalise(raw, DAY, dates="day-first") is BLANK


def test_the_first_of_january_of_a_young_person_is_a_birthday():
    assert normalise("01/01/2009", DAY, dates="day-first") == "2009-01-01"


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        ("TS1 1AB", "ts11ab"),
        ("ts11ab", "ts11ab"),
        (" Ts1  1aB ", "ts11ab"),
        ("TS1-1AB", "ts11ab"),
        ("EC1A 1BB", "ec1a1bb"),
        ("W1A 0AX", "w1a0ax"),
        ("M1 1AE", "m11ae"),
        ("B33 8TH", "b338th"),
        ("GIR 0AA", "gir0aa"),
        ("TS1", UNREADABLE),
        ("TS1 1A", UNREADABLE),
        ("Middlesbrough", UNREADABLE),
        ("QA1 1AA", UNREADABLE),
        ("TS1 1CI", UNREADABLE),
        ("90210", UNREADABLE),
        ("ZZ99 3VZ", BLANK),
        ("zz99 3wz", BLANK),
    ],
)
def test_postcodes_by_hand(raw, place):
    assert normalise(raw, PLACE) == place


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("M", "m"), ("male", "m"), ("Boy", "m"), ("1", "m"),
        ("F", "f"), ("Female", "f"), ("girl", "f"), ("2", "f"),
        ("Other", "o"), ("non-binary", "o"), ("Non Binary", "o"),
        ("X", BLANK), ("0", BLANK), ("9", BLANK), ("Not specified", BLANK), ("not stated", BLANK),
        ("Q", UNREADABLE), ("17", UNREADABLE),
    ],
)  # fmt: skip
def test_sexes_by_hand(raw, code):
    assert normalise(raw, SEX) == code


def test_codes_and_texts_by_hand():
    assert normalise("943 476 5919", CODE) == "9434765919"
    assert normalise("0", CODE) == "0"
    assert normalise("12, High  St.", TEXT) == "12 high st"
    assert normalise("Café Noir", TEXT) == "cafe noir"


@kinds
@settings(max_examples=150, deadline=None)
@given(raw=st.text(max_size=40), dates=st.sampled_from(DATE_FORMATS))
def test_it_never_raises_and_is_settled_after_once(field, raw, dates):
    once = normalise(raw, field, dates=dates)
    assert isinstance(once, str | Missing)
    if isinstance(once, str):
        assert once
        assert "\x1f" not in once
        assert normalise(once, field, dates=dates) == once


@pytest.mark.parametrize("field", [NAME, TEXT, CODE, SEX, PLACE], ids=lambda f: f.kind)
@settings(max_examples=150, deadline=None)
@given(raw=st.text(st.characters(max_codepoint=0x24F), max_size=25))
def test_capitals_do_not_matter(field, raw):
    assert normalise(raw.upper(), field) == normalise(raw, field)


@kinds
@settings(max_examples=100, deadline=None)
@given(
    raw=st.text("abcdefgh 0123456789-/'é", max_size=20),
    before=st.text(" \t\n\u00a0", max_size=3),
    after=st.text(" \t\n\u00a0", max_size=3),
)
def test_space_around_does_not_matter(field, raw, before, after):
    assert normalise(before + raw + after, field, dates="day-first") == normalise(raw, field, dates="day-first")


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(categories=["Ll", "Lu"], max_codepoint=0x17F), min_size=1, max_size=20))
def test_accents_do_not_matter_however_they_are_stored(raw):
    plain = "".join(c for c in unicodedata.normalize("NFD", raw) if not unicodedata.combining(c))
    assert normalise(raw, NAME) == normalise(plain, NAME)
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert normalise(unicodedata.normalize(form, raw), NAME) == normalise(raw, NAME)


@settings(max_examples=150, deadline=None)
@given(st.dates(datetime.date(1905, 1, 1), datetime.date(2098, 12, 31)))
def test_a_day_is_the_same_however_it_is_written(day):
    forms = {
        "iso": (day.isoformat(), f"{day:%Y%m%d}", f"{day:%Y/%m/%d}", f"{day} 00:00:00", f"{day:%d %B %Y}"),
        "day-first": (f"{day:%d/%m/%Y}", f"{day.day}/{day.month}/{day.year}", f"{day:%d.%m.%Y}", f"{day:%d-%b-%Y}"),
    }
    expected = BLANK if day == datetime.date(1970, 1, 1) else day.isoformat()
    for dates, written in forms.items():
        assert {normalise(one, DAY, dates=dates) for one in written} == {expected}


@settings(max_examples=100, deadline=None)
@given(st.integers(-(10**9), 10**9) | st.floats() | st.binary(max_size=10))
def test_what_was_a_number_is_read_without_a_fault(value):
    for field in EVERY:
        assert isinstance(normalise(str(value), field), str | Missing)
