"""Encoded files: nearly as many are found as in clear text, by the same pairs compared, and nobody is named."""

from dataclasses import replace

import duckdb
import linkage_match_support as support
import numpy as np
import pytest

from curv_eval.errors import ContractError, DesignError
from curv_eval.linkage.encode import record_pseudonym
from curv_eval.linkage.keys import Key
from curv_eval.linkage.match import Matching, match_clear, match_encoded
from curv_eval.linkage.match_prepare import prepare_encoded
from curv_eval.linkage.quality import precision_recall_f1

SEED = Matching(seed=20)


@pytest.fixture(scope="module")
def linked(encoded_people):
    """Links of the encoded people, and the tables of the connection before and after."""
    with duckdb.connect() as con:
        tables = support.load_encoded(con, encoded_people)
        before = con.execute("SHOW TABLES").fetchall()
        links = match_encoded(con, *tables, scheme=support.UK, matching=SEED)
        again = match_encoded(con, *tables, scheme=support.UK, matching=SEED)
        yield links, again, before, con.execute("SHOW TABLES").fetchall()


@pytest.fixture(scope="module")
def in_clear(people):
    with duckdb.connect() as con:
        yield match_clear(con, *support.load_clear(con, people), scheme=support.UK, matching=SEED)


@pytest.fixture
def tables(con, encoded_people):
    return support.load_encoded(con, encoded_people)


def test_nearly_as_many_are_found_as_in_clear_text(linked, in_clear, people, encoded_people):
    found = precision_recall_f1(linked[0], support.truth_of(encoded_people))
    clear = precision_recall_f1(in_clear, support.truth_of(people))
    assert found.precision > 0.99
    assert found.f1 > clear.f1 - 0.01
    assert linked[0].mode == "encoded"


def test_the_same_pairs_are_compared_as_in_clear_text(linked, in_clear):
    assert linked[0].model["pairs_in_blocks"] == in_clear.model["pairs_in_blocks"]
    assert linked[0].model["pairs_possible"] == in_clear.model["pairs_possible"] == 4_000_000


def test_mostly_the_same_people_are_linked_as_in_clear_text(linked, in_clear):
    pairs, clear = linked[0].pairs, in_clear.pairs
    sides = [
        [record_pseudonym(support.KEY, side, own) for own in clear[f"record_id_{side[0]}"]] for side in support.SIDES
    ]
    same = set(zip(*sides, strict=True)) & set(zip(pairs["record_id_l"], pairs["record_id_r"], strict=True))
    assert len(same) > 0.99 * len(clear)


def test_twice_is_the_same_to_the_last_figure(linked):
    assert linked[0].pairs.equals(linked[1].pairs)


def test_nothing_is_left_in_the_connection(linked):
    assert linked[2] == linked[3]


def test_the_same_is_the_heaviest_and_different_speaks_against(linked):
    fields = linked[0].model["fields"]
    for levels in fields.values():
        assert levels[0]["level"] == "the same"
        assert levels[0]["weight"] > 0 > levels[-1]["weight"]
    assert [level["level"] for level in fields["sex"]] == ["the same", "different"]


def test_ids_come_back_as_they_stand_in_the_files(con, tables, linked):
    for side, table in zip("lr", tables, strict=True):
        held = con.execute(f"SELECT record_id FROM {table}").df()["record_id"]
        assert linked[0].pairs[f"record_id_{side}"].isin(held).all()
    assert np.isfinite(linked[0].pairs["weight"]).all()


def test_words_of_64_bits_hold_every_bit_of_the_filters(con, tables):
    prepare_encoded(con, tables[0], "ready", scheme=support.UK)
    words = [f"bit_count(w{i}_surname)" for i in range(1, 9)]
    whole = " + ".join(f"CAST({word} AS INTEGER)" for word in words)
    assert con.execute(f"SELECT count(*) FROM ready WHERE {whole} <> coalesce(n_surname, 0)").fetchall() == [(0,)]
    blank = con.execute("SELECT count(*) FROM ready WHERE (surname IS NULL) <> (n_surname IS NULL)").fetchall()
    assert blank == [(0,)]


def test_bits_shared_by_words_are_the_bits_shared_by_the_filters(con, tables):
    prepare_encoded(con, tables[0], "ready", scheme=support.UK)
    shared = " + ".join(f"CAST(bit_count(x.w{i}_surname & y.w{i}_surname) AS INTEGER)" for i in range(1, 9))
    pairs, wrong = con.execute(f"""
        SELECT count(*), count(*) FILTER (({shared}) <> bit_count(a.bf_surname & b.bf_surname))
        FROM ready x JOIN {tables[0]} a USING (record_id), ready y JOIN {tables[0]} b USING (record_id)
        WHERE x.unique_id < 60 AND y.unique_id BETWEEN 60 AND 120
            AND a.bf_surname IS NOT NULL AND b.bf_surname IS NOT NULL
    """).fetchall()[0]
    assert pairs > 1_000
    assert wrong == 0


def test_batches_do_not_lose_or_double_a_record(con, tables, monkeypatch):
    prepare_encoded(con, tables[0], "whole", scheme=support.UK)
    monkeypatch.setattr("curv_eval.linkage.match_prepare._BATCH", 700)
    prepare_encoded(con, tables[0], "cut", scheme=support.UK)
    first, second = (con.execute(f"FROM {name} ORDER BY unique_id").df() for name in ("whole", "cut"))
    assert first.equals(second)
    assert first["unique_id"].tolist() == list(range(2_000))


def test_filters_of_another_length_are_compared_too(con, people, tmp_path):
    scheme = replace(support.UK, name="uk-short", bits=256)
    support.encode_folder(people, tmp_path, scheme)
    links = match_encoded(con, *support.load_encoded(con, tmp_path), scheme=scheme, matching=SEED)
    assert precision_recall_f1(links, support.truth_of(tmp_path)).f1 > 0.93


def test_files_of_two_keys_have_nobody_in_common(con, people, tables, monkeypatch, tmp_path):
    monkeypatch.setattr(support, "KEY", Key(bytes(range(32)), project="other"))
    support.encode_folder(people, tmp_path, support.UK)
    _, right = support.load_encoded(con, tmp_path, ("c", "d"))
    with pytest.raises(DesignError, match="cannot be learnt"):
        match_encoded(con, tables[0], right, scheme=support.UK, matching=SEED)


def test_a_table_in_clear_is_refused(con, people):
    left, right = support.load_clear(con, people)
    with pytest.raises(ContractError, match="no column bf_surname"):
        match_encoded(con, left, right, scheme=support.UK, matching=SEED)
