"""Postcodes and LSOA codes to areas, worked out by hand in a place with a split, a merge and a ward border.

postcode  2011        2021                    united area  ward            district
TS1 1AA   E01000001   E01000001               E01000001    North           Vale
TS1 1AB   E01000002   E01000012 or E01000022  E01000012    North or South  Vale
TS1 1AD   E01000003   E01000034               E01000034    East            Vale
TS1 1AE   E01000004   E01000034               E01000034    East            Vale
TS2 1AA   E01000009   E01000009               E01000009    Far             Beyond   (ended in 2019)
"""

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curv_eval.errors import ContractError
from curv_eval.linkage.areas import united_areas
from curv_eval.linkage.places import REASONS, place_postcodes, to_vintage
from unit.tiny_study import CODE, LOOKUP, WARDS, put

DIRECTORY = [
    ("TS1 1AA", "E01000001", "E01000001", None), ("TS1 1AB", "E01000002", "E01000022", None),
    ("TS1 1AD", "E01000003", "E01000034", None), ("TS1 1AE", "E01000004", "E01000034", None),
    ("TS2 1AA", "E01000009", "E01000009", "201906"),
]  # fmt: skip
WRITTEN = [
    "ts1 1aa", "TS11AB", "TS1 1AD", "TS1 1AE", "TS2 1AA", "TS1 1AA", None, "  ", "TS1 1O", "unknown", "ZZ99 3VZ",
    "SW1A 1AA", "DL8 5AA", "TS1 9ZZ",
]  # fmt: skip
HOW = ["placed"] * 6 + ["blank"] * 2 + ["malformed"] * 2 + ["no address"] + ["elsewhere"] * 2 + ["not in the lookup"]


def connection(*, with_2021=False, ended=True, directory=DIRECTORY, written=WRITTEN):
    con = duckdb.connect()
    put(con, "lsoa_lookup", pd.DataFrame(LOOKUP, columns=["lsoa11_code", "lsoa21_code"]))
    wards = pd.DataFrame(WARDS, columns=["lsoa21_code", "ward24_code", "district"])
    put(con, "ward_lookup", wards.assign(ltla24_code=wards["district"].map(CODE)))
    table = pd.DataFrame(directory, columns=["postcode", "lsoa11_code", "lsoa21_code", "ended"]).astype("string")
    drop = [*([] if with_2021 else ["lsoa21_code"]), *([] if ended else ["ended"])]
    put(con, "postcode_lookup", table.drop(columns=drop))
    people = pd.DataFrame({"person": range(len(written)), "postcode": pd.array(written, dtype="string")})
    put(con, "referrals", people)
    return con


def placed(con, *columns, vintage="2021"):
    found = place_postcodes(con, "referrals", "postcode", vintage=vintage)
    names = ", ".join(columns)
    return found, con.execute(f"SELECT {names} FROM referrals_placed ORDER BY person").fetchall()


# ---- vintages of LSOA codes


def test_codes_of_2011_in_2021_by_hand():
    codes = to_vintage(LOOKUP, "2021")
    assert codes["E01000001"] == "E01000001"
    assert codes["E01000002"] is None  # split in two
    assert codes["E01000003"] == codes["E01000004"] == "E01000034"  # merged
    assert codes["E01000022"] == "E01000022"  # already of 2021


def test_codes_of_2021_in_2011_by_hand():
    codes = to_vintage(LOOKUP, "2011")
    assert codes["E01000012"] == codes["E01000022"] == "E01000002"
    assert codes["E01000034"] is None
    assert codes["E01000002"] == "E01000002"


pairs = st.lists(
    st.tuples(st.integers(0, 12).map(lambda i: f"A{i}"), st.integers(0, 12).map(lambda i: f"B{i}")),
    min_size=1,
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(pairs, st.sampled_from(["2011", "2021"]))
def test_a_code_never_leaves_its_united_area(lookup, vintage):
    areas = united_areas(lookup)
    assert all(areas[code] == areas[other] for code, other in to_vintage(lookup, vintage).items() if other)


@settings(max_examples=60, deadline=None)
@given(pairs)
def test_every_code_of_a_vintage_is_itself_in_it_and_every_code_is_known(lookup):
    for vintage, side in (("2011", 0), ("2021", 1)):
        codes = to_vintage(lookup, vintage)
        assert set(codes) == {code for pair in lookup for code in pair}
        assert all(codes[pair[side]] == pair[side] for pair in lookup)


# ---- postcodes


def test_every_row_has_its_reason_in_order():
    found, rows = placed(connection(), "person", "placed_how")
    assert rows == list(enumerate(HOW))
    assert found.table == "referrals_placed"


def test_the_account_counts_every_row_once():
    found, _ = placed(connection(), "person")
    assert found.account["reason"].tolist() == list(REASONS)
    assert found.account["rows"].tolist() == [6, 2, 2, 1, 2, 1]
    assert found.account["postcodes"].tolist() == [5, 0, 2, 1, 2, 1]
    assert found.account["rows"].sum() == len(WRITTEN)


def test_areas_of_2021_by_hand():
    _, rows = placed(connection(), "placed_lsoa", "placed_area", "placed_ward", "placed_district")
    vale, beyond = CODE["Vale"], CODE["Beyond"]
    assert rows[:5] == [
        ("E01000001", "E01000001", "North", vale),
        (None, "E01000012", None, vale),  # one of two new areas, in one of two wards: not guessed
        ("E01000034", "E01000034", "East", vale),
        ("E01000034", "E01000034", "East", vale),
        ("E01000009", "E01000009", "Far", beyond),
    ]
    assert rows[6:] == [(None,) * 4] * 8


def test_areas_of_2011_by_hand():
    _, rows = placed(connection(), "placed_lsoa", "placed_area", vintage="2011")
    assert [lsoa for lsoa, _ in rows[:5]] == ["E01000001", "E01000002", "E01000003", "E01000004", "E01000009"]


def test_a_directory_with_both_vintages_places_exactly():
    found, rows = placed(connection(with_2021=True), "placed_lsoa", "placed_ward")
    assert rows[1] == ("E01000022", "South")
    assert found.united_only == 0


def test_a_directory_with_both_vintages_can_place_in_2011():
    _, rows = placed(connection(with_2021=True), "placed_lsoa", vintage="2011")
    assert [lsoa for (lsoa,) in rows[:5]] == ["E01000001", "E01000002", "E01000003", "E01000004", "E01000009"]


def test_rows_in_a_united_area_only_and_by_an_ended_postcode_are_counted():
    found, _ = placed(connection(), "person")
    assert (found.united_only, found.ended) == (1, 1)


def test_a_directory_that_does_not_say_what_ended_is_taken():
    found, rows = placed(connection(ended=False), "placed_how")
    assert found.ended == 0
    assert [how for (how,) in rows] == HOW


def test_rows_that_are_alike_stay_as_many():
    con = connection(written=["TS1 1AA"] * 3 + [None] * 2)
    found, rows = placed(con, "placed_how")
    assert found.account["rows"].tolist() == [3, 2, 0, 0, 0, 0]
    assert len(rows) == 5


def test_the_rows_themselves_and_their_order_are_untouched():
    con = connection()
    before = con.execute("SELECT * FROM referrals").fetchall()
    place_postcodes(con, "referrals", "postcode", vintage="2021")
    assert con.execute("SELECT * FROM referrals").fetchall() == before
    assert con.execute("SELECT person, postcode FROM referrals_placed").fetchall() == before


def test_placing_twice_gives_the_same():
    con = connection()
    first = place_postcodes(con, "referrals", "postcode", vintage="2021")
    second = place_postcodes(con, "referrals", "postcode", vintage="2021")
    pd.testing.assert_frame_equal(first.account, second.account)


def test_a_table_without_rows_has_an_account_of_noughts():
    found, rows = placed(connection(written=[]), "person")
    assert rows == []
    assert found.account["rows"].tolist() == [0] * 6


def test_an_lsoa_that_no_lookup_knows_places_nothing():
    con = connection(directory=[*DIRECTORY, ("TS1 1AF", "E01999999", "E01999999", None)], written=["TS1 1AF"])
    found, rows = placed(con, "placed_how")
    assert rows == [("not in the lookup",)]
    assert (found.united_only, found.ended) == (0, 0)


def test_a_directory_that_names_a_postcode_twice_is_refused():
    con = connection(directory=[*DIRECTORY, ("ts11aa", "E01000009", "E01000009", None)])
    with pytest.raises(ContractError, match="1 postcodes that stand in it twice"):
        place_postcodes(con, "referrals", "postcode", vintage="2021")


def test_a_directory_without_lsoas_is_refused():
    con = connection()
    con.execute("ALTER TABLE postcode_lookup DROP COLUMN lsoa11_code")
    with pytest.raises(ContractError) as refusal:
        place_postcodes(con, "referrals", "postcode", vintage="2021")
    assert refusal.value.breaches == ("columns missing: lsoa11_code",)


def test_messages_hold_no_postcode():
    con = connection(directory=[*DIRECTORY, ("TS1 1AA", "E01000009", "E01000009", None)])
    with pytest.raises(ContractError) as refusal:
        place_postcodes(con, "referrals", "postcode", vintage="2021")
    assert "TS1" not in str(refusal.value)


def test_another_lookup_can_be_named():
    con = connection()
    con.execute("ALTER TABLE postcode_lookup RENAME TO onspd")
    found = place_postcodes(con, "referrals", "postcode", lookup="onspd", vintage="2021")
    assert found.account["rows"].tolist()[0] == 6
