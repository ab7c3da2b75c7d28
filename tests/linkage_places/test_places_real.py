"""The real directory of Tees Valley postcodes (May 2022, LSOAs of 2011) with the real lookups."""

import duckdb
import pytest

from curv_eval.linkage.places import place_postcodes, to_vintage

GEOGRAPHY, TEES = "geography-england-wales", "geography-tees-valley"


@pytest.fixture(scope="module")
def con(real_folder):
    folder = real_folder
    con = duckdb.connect()
    for name, file in (
        ("lsoa_lookup", "lookup_lsoa11_lsoa21_ltla22.csv.gz"),
        ("ward_lookup", "lookup_lsoa21_ward24_ltla24.csv.gz"),
    ):
        con.execute(f"CREATE TABLE {name} AS SELECT * FROM read_csv('{folder}/{GEOGRAPHY}/{file}', all_varchar = true)")
    con.execute(f"""
        CREATE TABLE postcode_lookup AS
        SELECT pcds AS postcode, lsoa11cd AS lsoa11_code, ladcd AS ltla_code, doterm AS ended
        FROM read_csv('{folder}/{TEES}/PCD_OA_LSOA_MSOA_LAD_MAY22.csv.gz', all_varchar = true)""")
    # as a charity types them: small letters, no space
    con.execute("CREATE TABLE typed AS SELECT lower(replace(postcode, ' ', '')) AS pc FROM postcode_lookup")
    return con


def test_every_postcode_is_placed_in_its_district(con):
    found = place_postcodes(con, "typed", "pc", vintage="2021")
    assert found.account.set_index("reason")["rows"].to_dict() == {
        "placed": 25_475, "blank": 0, "malformed": 0, "no address": 0, "elsewhere": 0, "not in the lookup": 0,
    }  # fmt: skip
    agree = con.execute("""
        SELECT count(*), count(*) FILTER (WHERE l.ltla_code = p.placed_district)
        FROM typed_placed p JOIN postcode_lookup l ON replace(l.postcode, ' ', '') = upper(p.pc)""").fetchall()
    assert agree == [(25_475, 25_475)]


def test_what_cannot_be_given_to_one_area_is_counted(con):
    found = place_postcodes(con, "typed", "pc", vintage="2021")
    assert (found.united_only, found.ended) == (1_782, 6_421)
    lsoa, area, ward = con.execute(
        "SELECT count(placed_lsoa), count(placed_area), count(placed_ward) FROM typed_placed"
    ).fetchall()[0]
    assert (lsoa, area, ward) == (25_475 - 1_782, 25_475, 25_273)


def test_in_its_own_vintage_every_postcode_has_its_lsoa(con):
    found = place_postcodes(con, "typed", "pc", vintage="2011")
    assert found.united_only == 0
    assert con.execute("""
        SELECT count(*) FROM typed_placed p JOIN postcode_lookup l ON replace(l.postcode, ' ', '') = upper(p.pc)
        WHERE l.lsoa11_code = p.placed_lsoa""").fetchall() == [(25_475,)]


def test_how_many_lsoas_of_england_and_wales_have_one_place_in_the_other_vintage(con):
    pairs = con.execute("SELECT lsoa11_code, lsoa21_code FROM lsoa_lookup").fetchall()
    old, new = {a for a, _ in pairs}, {b for _, b in pairs}
    forward, back = to_vintage(pairs, "2021"), to_vintage(pairs, "2011")
    assert (len(old), len(new)) == (34_753, 35_672)
    assert sum(forward[code] is None for code in old) == 864
    assert sum(back[code] is None for code in new) == 122
