"""Parts of values, worked out by hand."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curv_eval.linkage.parts import PARTS, soundex

# the examples of the US National Archives
NARA = {
    "washington": "w252",
    "lee": "l000",
    "gutierrez": "g362",
    "pfister": "p236",
    "jackson": "j250",
    "tymczak": "t522",
    "ashcraft": "a261",
    "robert": "r163",
    "rupert": "r163",
    "rubin": "r150",
    "honeyman": "h555",
    "lloyd": "l300",
    "schmidt": "s530",
}


@pytest.mark.parametrize(("name", "code"), NARA.items())
def test_soundex_is_that_of_the_archives(name, code):
    assert soundex(name) == code


def test_soundex_hears_slips_that_sound_alike():
    for one, other in (("smith", "smyth"), ("catherine", "catharine"), ("mohammed", "muhamad"), ("stephen", "stefan")):
        assert soundex(one) == soundex(other), (one, other)
    assert soundex("smith") != soundex("jones")


def test_soundex_of_a_name_in_other_letters_is_the_name():
    assert soundex("дмитрий") == "дмитрий"
    assert soundex("李") == "李"


@settings(max_examples=200, deadline=None)
@given(st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=20))
def test_soundex_is_a_letter_and_three_figures(name):
    code = soundex(name)
    assert len(code) == 4
    assert code[0] == name[0]
    assert set(code[1:]) <= set("0123456")


@pytest.mark.parametrize(
    ("transform", "value", "part"),
    [
        ("whole", "anna", "anna"),
        ("first3", "anna", "ann"),
        ("first3", "li", "li"),
        ("year", "2009-03-14", "2009"),
        ("month_day", "2009-03-14", "03-14"),
        ("outward", "ts11ab", "ts1"),
        ("outward", "ec1a1bb", "ec1a"),
        ("outward", "m11ae", "m1"),
    ],
)
def test_parts_by_hand(transform, value, part):
    assert PARTS[transform][1](value) == part


def test_every_kind_can_be_taken_whole_and_parts_of_dates_only_of_dates():
    assert PARTS["whole"][0] == ("name", "date", "postcode", "text", "code")
    assert PARTS["year"][0] == PARTS["month_day"][0] == ("date",)
    assert PARTS["outward"][0] == ("postcode",)
    assert "date" not in PARTS["soundex"][0]
