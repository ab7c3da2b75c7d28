"""What counts as a postcode: the same in Python and in SQL."""

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curv_eval.linkage.postcodes import bare_sql, no_address_sql, outward_sql, plain_postcode, well_formed_sql

GOOD = {
    "TS1 2AB": "TS1 2AB", "ts12ab": "TS1 2AB", " TS1  2AB ": "TS1 2AB", "TS1-2AB.": "TS1 2AB", "TS10 2AB": "TS10 2AB",
    "M1 1AE": "M1 1AE", "B33 8TH": "B33 8TH", "CR2 6XH": "CR2 6XH", "DN55 1PT": "DN55 1PT", "W1A 1HQ": "W1A 1HQ",
    "EC1A 1BB": "EC1A 1BB", "GIR 0AA": "GIR 0AA", "TS1\u00a02AB": "TS1 2AB",
}  # fmt: skip
BAD = [
    "",
    " ",
    "TS1",
    "TS1 2",
    "TS1 2A",
    "TS1 2ABC",
    "TSX 2AB",
    "1S1 2AB",
    "TS1 AAB",
    "unknown",
    "n/a",
    "TS1 2OO",
    "TS1 2AI",
]
PSEUDO = ["ZZ99 3VZ", "zz993wz", "ZZ99 3CZ"]


@pytest.mark.parametrize(("written", "plain"), GOOD.items())
def test_postcodes_as_people_write_them(written, plain):
    assert plain_postcode(written) == plain


@pytest.mark.parametrize("written", [*BAD, *PSEUDO])
def test_what_is_no_postcode(written):
    assert plain_postcode(written) is None


def test_a_letter_o_for_a_nought_is_not_put_right():
    # TS1O 2AB can be TS10 2AB or TS1 O..: who knows
    assert plain_postcode("TS1 OAB") is None


def asked(value):
    bare = bare_sql("?::VARCHAR")
    query = f"""SELECT bare, {well_formed_sql("bare")}, {no_address_sql("bare")}, {outward_sql("bare")}
        FROM (SELECT {bare} AS bare)"""
    return duckdb.execute(query, [value]).fetchall()[0]


@pytest.mark.parametrize(("written", "plain"), GOOD.items())
def test_sql_says_the_same_of_good_ones(written, plain):
    bare, formed, nowhere, outward = asked(written)
    assert (bare, formed, nowhere) == (plain.replace(" ", ""), True, False)
    assert outward == plain.split(" ")[0]


@pytest.mark.parametrize("written", BAD)
def test_sql_says_the_same_of_bad_ones(written):
    bare, formed, _, _ = asked(written)
    assert not formed
    assert (bare is None) == (not written.strip())


@pytest.mark.parametrize("written", PSEUDO)
def test_people_without_an_address_are_known(written):
    assert asked(written)[2] is True


def test_nothing_is_nothing():
    assert asked(None)[0] is None
    assert asked(" . ")[0] is None


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.sampled_from("TSMEC0129ABOI -.é"), max_size=9))
def test_python_and_sql_agree_on_any_text(text):
    bare, formed, nowhere, _ = asked(text)
    plain = plain_postcode(text)
    assert (plain is not None) == bool(formed and not nowhere)
    assert plain is None or plain.replace(" ", "") == bare


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=12))
def test_a_plain_postcode_stays_as_it_is(text):
    plain = plain_postcode(text)
    assert plain is None or plain_postcode(plain) == plain
