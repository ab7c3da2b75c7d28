"""Clear text: who is found, that twice is the same, and that a table which cannot be linked is refused in words."""

import logging
from dataclasses import replace

import duckdb
import linkage_match_support as support
import pytest

from curv_eval.errors import ContractError, DesignError
from curv_eval.linkage import match as match_module
from curv_eval.linkage.match import Matching, match_clear
from curv_eval.linkage.quality import precision_recall_f1

SEED = Matching(seed=20)
COLUMNS = ["record_id", "given_name", "surname", "date_of_birth", "sex", "postcode"]


@pytest.fixture(scope="module")
def linked(people):
    with duckdb.connect() as con:
        left, right = support.load_clear(con, people)
        yield match_clear(con, left, right, scheme=support.UK, matching=SEED)


def test_most_are_found_and_nearly_all_that_are_found_are_right(linked, people):
    found = precision_recall_f1(linked, support.truth_of(people))
    assert found.true == 1_000
    assert found.precision > 0.99
    assert found.recall > 0.93


def test_no_record_is_in_two_links(linked):
    assert linked.pairs["record_id_l"].is_unique
    assert linked.pairs["record_id_r"].is_unique


def test_links_say_how_sure_they_are_and_come_in_the_order_of_the_ids(linked):
    assert list(linked.pairs) == ["record_id_l", "record_id_r", "probability", "weight"]
    assert linked.pairs["probability"].between(0.5, 1).all()
    assert linked.pairs["probability"].to_numpy() == pytest.approx(1 / (1 + 2 ** -linked.pairs["weight"].to_numpy()))
    assert linked.pairs["record_id_l"].is_monotonic_increasing
    assert linked.pairs["record_id_l"].str.startswith("0").all()
    assert linked.pairs["record_id_r"].str.startswith("1").all()


def test_what_is_learnt_is_near_what_was_put_in(linked):
    # 3% and 10% typing errors, 1% and 4% blanks: (1 - 0.03)(1 - 0.10) = 0.873 of names are the same
    first = {field: levels[0] for field, levels in linked.model["fields"].items()}
    assert first["given_name"]["m"] == pytest.approx(0.873, abs=0.03)
    assert first["surname"]["m"] == pytest.approx(0.873, abs=0.03)
    assert first["date_of_birth"]["m"] == pytest.approx(0.873, abs=0.03)
    # a quarter has moved
    assert first["postcode"]["m"] == pytest.approx(0.75 * 0.873, abs=0.06)
    assert first["sex"]["u"] == pytest.approx(0.5, abs=0.02)


def test_true_pairs_are_not_taken_for_chance(linked):
    # 70 years of birthdays: 1 in 25,550; a share of 1,000 / 4,000,000 = 1 in 4,000 of all pairs is true
    assert linked.model["fields"]["date_of_birth"][0]["u"] < 3 / 25_550


def test_the_prior_is_the_share_of_pairs_that_are_true(linked):
    assert linked.model["prior"] * linked.model["pairs_possible"] == pytest.approx(1_000, rel=0.1)
    assert linked.model["true_pairs_expected"] == pytest.approx(1_000, rel=0.1)


def test_the_model_holds_no_value_of_anybody(linked, people, con):
    left, _ = support.load_clear(con, people)
    said = repr(linked.model)
    for column in ("surname", "given_name", "postcode", "date_of_birth"):
        values = [row[0] for row in con.execute(f"SELECT DISTINCT {column} FROM {left}").fetchall() if row[0]]
        assert not [value for value in values if len(value) > 4 and f"'{value}'" in said]


def test_twice_is_the_same_to_the_last_figure(linked, people, con):
    left, right = support.load_clear(con, people)
    again = match_clear(con, left, right, scheme=support.UK, matching=SEED)
    assert again.pairs.equals(linked.pairs)
    assert again.model["prior"] == pytest.approx(linked.model["prior"], rel=1e-9)


def test_the_order_of_rows_does_not_matter(linked, people, con):
    left, right = support.load_clear(con, people)
    for table in (left, right):
        con.execute(f"CREATE OR REPLACE TABLE {table} AS FROM {table} ORDER BY hash(record_id)").fetchall()
    again = match_clear(con, left, right, scheme=support.UK, matching=SEED)
    assert again.pairs.equals(linked.pairs)


def test_in_parts_the_same_are_linked(linked, people, con, monkeypatch):
    left, right = support.load_clear(con, people)
    monkeypatch.setattr("curv_eval.linkage.match_score._PAIRS_AT_ONCE", 300)
    again = match_clear(con, left, right, scheme=support.UK, matching=SEED)
    assert again.model["pairs_in_blocks"] > 600
    assert again.pairs.equals(linked.pairs)


def test_which_table_is_left_does_not_matter_to_who_is_linked(linked, people, con):
    left, right = support.load_clear(con, people)
    turned = match_clear(con, right, left, scheme=support.UK, matching=SEED).pairs
    forth = set(zip(linked.pairs["record_id_l"], linked.pairs["record_id_r"], strict=True))
    back = set(zip(turned["record_id_r"], turned["record_id_l"], strict=True))
    assert len(forth ^ back) <= 0.005 * len(forth)


def test_a_higher_threshold_gives_fewer_links_of_the_same(linked, people, con):
    left, right = support.load_clear(con, people)
    sure = match_clear(con, left, right, scheme=support.UK, matching=replace(SEED, threshold=0.99))
    assert 0 < len(sure) < len(linked)
    assert sure.pairs["probability"].min() >= 0.99
    assert set(sure.pairs["record_id_l"]) <= set(linked.pairs["record_id_l"])


def test_without_one_to_one_contested_pairs_stay(people, con):
    left, right = support.load_clear(con, people)
    con.execute(f"INSERT INTO {right} SELECT 'twin' || record_id, * EXCLUDE record_id FROM {right} LIMIT 40").fetchall()
    every = match_clear(con, left, right, scheme=support.UK, matching=replace(SEED, one_to_one=False))
    single = match_clear(con, left, right, scheme=support.UK, matching=SEED)
    assert not every.pairs["record_id_l"].is_unique
    assert every.conflicts == 0
    assert single.conflicts == len(every) - len(single) > 5
    assert single.pairs["record_id_l"].is_unique


def test_values_are_read_as_before_encoding(con, people):
    left, right = support.load_clear(con, people)
    plain = match_clear(con, left, right, scheme=support.UK, matching=SEED)
    con.execute(f"""
        CREATE OR REPLACE TABLE {left} AS SELECT record_id, upper(given_name) || ' ' AS given_name,
            'Mr ' || surname AS surname, date_of_birth, CASE sex WHEN 'M' THEN 'male' WHEN 'F' THEN 'Woman' END AS sex,
            replace(lower(postcode), ' ', '') AS postcode FROM {left}
    """).fetchall()
    said_otherwise = match_clear(con, left, right, scheme=support.UK, matching=SEED)
    assert said_otherwise.pairs.equals(plain.pairs)


def test_dates_may_be_dates_and_each_side_may_write_them_its_own_way(con, people):
    left, right = support.load_clear(con, people)
    plain = match_clear(con, left, right, scheme=support.UK, matching=SEED)
    con.execute(f"ALTER TABLE {left} ALTER date_of_birth TYPE DATE USING try_cast(date_of_birth AS DATE)").fetchall()
    con.execute(f"""
        CREATE OR REPLACE TABLE {right} AS SELECT * REPLACE (substr(date_of_birth, 9) || '/' ||
            substr(date_of_birth, 6, 2) || '/' || substr(date_of_birth, 1, 4) AS date_of_birth) FROM {right}
    """).fetchall()
    matching = replace(SEED, dates=("iso", "day-first"))
    assert match_clear(con, left, right, scheme=support.UK, matching=matching).pairs.equals(plain.pairs)


def test_a_short_list_is_linked_to_a_long_one(con, people):
    left, right = support.load_clear(con, people)
    truth = support.truth_of(people).head(60)
    con.register("wanted", truth)
    con.execute(f"""
        CREATE OR REPLACE TABLE {left} AS FROM {left} WHERE record_id IN (SELECT record_id_l FROM wanted)
            OR record_id IN (SELECT record_id FROM {left} ORDER BY hash(record_id) LIMIT 200)
    """).fetchall()
    con.execute(f"""
        DELETE FROM {right} WHERE record_id IN (SELECT record_id_r FROM '{people}/truth.parquet')
            AND record_id NOT IN (SELECT record_id_r FROM wanted)
    """).fetchall()
    links = match_clear(con, left, right, scheme=support.UK, matching=SEED)
    assert (links.n_left < 270, links.n_right) == (True, 1_060)
    found = precision_recall_f1(links, truth)
    assert found.precision > 0.95
    assert found.recall > 0.9


def test_what_could_not_be_read_is_counted(con, people):
    left, right = support.load_clear(con, people)
    con.execute(f"UPDATE {left} SET postcode = 'XYZ' WHERE record_id < '0000000100'").fetchall()
    model = match_clear(con, left, right, scheme=support.UK, matching=SEED).model
    assert model["unreadable"][0]["postcode"] >= 100
    assert model["unreadable"][0]["surname"] == 0
    assert set(model["unreadable"][1]) == set(COLUMNS[1:])


def test_a_field_that_one_side_does_not_hold_is_left_out(con, people):
    left, right = support.load_clear(con, people)
    con.execute(f"UPDATE {right} SET sex = NULL").fetchall()
    links = match_clear(con, left, right, scheme=support.UK, matching=SEED)
    assert links.model["not_held"] == ["sex"]
    assert "sex" not in links.model["fields"]
    assert precision_recall_f1(links, support.truth_of(people)).recall > 0.9


def test_nothing_is_left_in_the_connection_and_tables_of_others_stay(con, people):
    left, right = support.load_clear(con, people)
    con.execute("CREATE TABLE mine AS SELECT 1 AS one").fetchall()
    before = con.execute("SHOW TABLES").fetchall()
    match_clear(con, left, right, scheme=support.UK, matching=SEED)
    assert con.execute("SHOW TABLES").fetchall() == before


def test_nothing_is_left_after_a_refusal(con, people, monkeypatch):
    left, right = support.load_clear(con, people)
    before = con.execute("SHOW TABLES").fetchall()
    monkeypatch.setattr(match_module, "_MOST_PAIRS", 10)
    with pytest.raises(DesignError, match="block 1 brings"):
        match_clear(con, left, right, scheme=support.UK, matching=SEED)
    assert con.execute("SHOW TABLES").fetchall() == before


def test_splink_is_silent_here_and_only_here(con, people, capfd, caplog, monkeypatch):
    log = logging.getLogger("splink")
    monkeypatch.setattr(log, "level", logging.WARNING)
    left, right = support.load_clear(con, people)
    match_clear(con, left, right, scheme=support.UK, matching=SEED)
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []
    assert log.level == logging.WARNING


def test_every_missing_column_and_every_broken_id_of_both_tables_is_named(con):
    support.table_of(con, "a", [["1", "zelda"], ["1", "bea"], [None, "cat"]], ["record_id", "given_name"])
    support.table_of(con, "b", [["1", "zelda"]], ["record_id", "surname"])
    with pytest.raises(ContractError) as refused:
        match_clear(con, "a", "b", scheme=support.UK, matching=SEED)
    said = str(refused.value)
    assert "a: there is no column surname" in said
    assert "a: there is no column date_of_birth" in said
    assert "a: record_id is blank in 1 of 3 rows" in said
    assert "a: record_id stands for a second time in 1 of 3 rows" in said
    assert "b: there is no column given_name" in said
    assert "zelda" not in said


def test_an_empty_table_is_refused(con, people):
    left, _ = support.load_clear(con, people)
    support.table_of(con, "b", [], COLUMNS)
    with pytest.raises(ContractError, match="it has no rows"):
        match_clear(con, left, "b", scheme=support.UK, matching=SEED)


def test_tables_from_which_nothing_can_be_learnt_are_refused_in_words(con):
    rows = [["1", "ann", "smith", "2001-02-03", "F", "TS1 1AA"], ["2", "bea", "jones", "2002-03-04", "F", "TS2 2BB"]]
    support.table_of(con, "a", rows, COLUMNS)
    others = [["1", "carl", "brown", "1990-12-13", "M", "TS3 3DE"], ["2", "dan", "green", "1992-11-24", "M", "TS4 4EF"]]
    support.table_of(con, "b", others, COLUMNS)
    with pytest.raises(DesignError, match="cannot be learnt") as refused:
        match_clear(con, "a", "b", scheme=support.UK, matching=SEED)
    assert "surname: nothing to learn from" in str(refused.value)
    assert "brown" not in str(refused.value)


def test_blanks_agree_with_nothing(con, people):
    left, right = support.load_clear(con, people)
    blank = "SELECT 'blank' || i AS record_id, NULL, NULL, NULL, NULL, NULL FROM range(50) t(i)"
    for table in (left, right):
        con.execute(f"INSERT INTO {table} {blank}").fetchall()
    links = match_clear(con, left, right, scheme=support.UK, matching=SEED)
    assert not links.pairs["record_id_l"].str.startswith("blank").any()


@pytest.mark.parametrize(
    "setting",
    [{"threshold": 0.0}, {"threshold": 1.5}, {"backend": "postgres"}, {"dates": ("iso", "us")}, {"dates": ("iso",)}],
)
def test_a_setting_that_makes_no_sense_is_refused(setting):
    with pytest.raises(DesignError, match=next(iter(setting))):
        Matching(seed=1, **setting)


def test_every_wrong_setting_is_named_at_once():
    with pytest.raises(DesignError) as refused:
        Matching(seed=1, threshold=2, backend="no", dates=("us", "us"))
    assert len(refused.value.breaches) == 3
