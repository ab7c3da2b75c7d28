"""What is made of two tables before anything is compared: values, tokens, and what they have in common."""

import linkage_match_support as support
import pytest

from curv_eval.linkage.fields import Missing, normalise
from curv_eval.linkage.match_count import count
from curv_eval.linkage.match_prepare import meetings, prepare_clear, quoted

COLUMNS = ["record_id", *(field.name for field in support.UK.fields)]
ROWS = [
    ["c", "Ann-Marie", "O'Neill", "2001-02-03", "female", "TS1 1AA"],
    ["a", " ann ", "SMITH", "03/02/2001", "F", "ts11aa"],
    ["b", None, "Smith", "", "x", "nowhere"],
]


def prepared(con, rows=ROWS, dates="iso", out="ready"):
    support.table_of(con, "people", rows, COLUMNS)
    unreadable = prepare_clear(con, "people", out, scheme=support.UK, dates=dates)
    return con.execute(f"FROM {out} ORDER BY unique_id").df(), unreadable


def test_records_are_numbered_in_the_order_of_their_ids(con):
    table, _ = prepared(con)
    assert table["record_id"].tolist() == ["a", "b", "c"]
    assert table["unique_id"].tolist() == [0, 1, 2]


def test_values_are_what_a_partner_would_encode(con):
    table, _ = prepared(con)
    for record_id, *values in ROWS:
        row = table[table["record_id"] == record_id].iloc[0]
        for field, raw in zip(support.UK.fields, values, strict=True):
            expected = normalise(raw, field)
            got = row[field.name]
            assert (got != got) if isinstance(expected, Missing) else got == expected


def test_what_cannot_be_read_is_counted_and_blank(con):
    table, unreadable = prepared(con)
    # day first where the side writes year first, and a place that is no postcode; x for sex was said to be blank
    assert unreadable == {"given_name": 0, "surname": 0, "date_of_birth": 1, "sex": 0, "postcode": 1}
    assert table.loc[table["record_id"] == "a", "date_of_birth"].isna().all()


def test_each_side_writes_dates_its_own_way(con):
    table, unreadable = prepared(con, rows=[["a", "ann", "smith", "03/02/2001", "F", "TS1 1AA"]], dates="day-first")
    assert table["date_of_birth"].tolist() == ["2001-02-03"]
    assert sum(unreadable.values()) == 0


def test_a_token_with_a_blank_part_is_blank(con):
    table, _ = prepared(con)
    row = table[table["record_id"] == "b"].iloc[0]
    assert row[[f"block_{i}" for i, _ in enumerate(support.UK.blocks, 1)]].isna().all()
    assert row[[f"exact_{i}" for i, _ in enumerate(support.UK.exact, 1)]].isna().all()


def test_the_same_parts_make_the_same_token_on_both_sides(con):
    left, _ = prepared(con, rows=[["1", "Robert", "Smith", "2001-02-03", "M", "TS1 1AA"]], out="l")
    right, _ = prepared(con, rows=[["9", "Rupert", "Smyth", "2001-12-30", "M", "TS1 9ZZ"]], out="r")
    # soundex of both names and the year; and the outward postcode
    assert left["block_1"].item() == right["block_1"].item()
    assert left["block_5"].item() == right["block_5"].item()
    assert left["block_3"].item() != right["block_3"].item()
    assert meetings(con, ("l", "r"), ["block_1"]) == 1
    assert meetings(con, ("l", "r"), ["block_1", "block_5"]) == 1
    assert meetings(con, ("l", "r"), ["block_3"]) == 0


def test_names_of_tables_may_be_odd(con):
    con.execute("""CREATE TABLE "my ""people" AS SELECT 'a' AS record_id, 'ann' AS given_name, 'b' AS surname,
        DATE '2001-02-03' AS date_of_birth, 'F' AS sex, 'TS1 1AA' AS postcode""").fetchall()
    prepare_clear(con, 'my "people', "out", scheme=support.UK, dates="iso")
    assert con.execute("SELECT date_of_birth FROM out").fetchall() == [("2001-02-03",)]
    assert quoted('a"b') == '"a""b"'


def test_only_the_prepared_table_is_left(con):
    prepared(con)
    assert {row[0] for row in con.execute("SHOW TABLES").fetchall()} == {"people", "ready"}


def numbers(con, name, rows):
    values = ", ".join(f"({', '.join('NULL' if v is None else str(v) for v in row)})" for row in rows)
    columns = ["unique_id", *COLUMNS[1:], *(f"block_{i}" for i in range(1, 6)), *(f"exact_{i}" for i in range(1, 5))]
    con.execute(f"CREATE OR REPLACE TABLE {name} AS FROM (VALUES {values}) t({', '.join(columns)})").fetchall()


@pytest.fixture
def counts(con):
    # unique_id, five fields (sex blank on the right), five blocks, four exact rules
    numbers(con, "l", [(i, i, i // 2, i, 1, i, i % 2, 7, i, None, i, i, None, None, i) for i in range(40)])
    numbers(con, "r", [(i, i, i // 2, 99, None, i, i % 2, 8, i, None, 5, i, None, None, 3) for i in range(40)])
    return count(con, ("l", "r"), support.UK)


def test_what_tables_have_in_common_by_hand(counts):
    assert (counts.n_left, counts.n_right, counts.pairs) == (40, 40, 1_600)
    assert counts.same["given_name"] == pytest.approx(40 / 1_600)
    # twenty surnames, each twice on either side
    assert counts.same["surname"] == pytest.approx(80 / 1_600)
    assert counts.same["date_of_birth"] == 0
    assert counts.blocked == (800, 0, 40, 0, 40)


def test_a_field_that_one_side_lacks_is_not_compared(counts):
    assert [field.name for field in counts.fields] == ["given_name", "surname", "date_of_birth", "postcode"]
    assert "sex" not in counts.same


def test_pairs_that_agree_on_any_exact_rule_count_once(counts):
    # 40 by the first rule, 40 more by the fourth (record 3 on the left), of which one is both
    assert counts.prior == pytest.approx((40 + 40 - 1) / 0.7 / 1_600)


def test_fields_to_learn_from_are_telling_and_agree_somewhere(counts):
    # the rarest first: no pair agrees on date of birth, so given name stands alone; surname agrees too often by chance
    assert counts.passes == (("given_name",), ("postcode",)) or counts.passes == (("postcode",), ("given_name",))
    assert all("surname" not in fields and "date_of_birth" not in fields for fields in counts.passes)
