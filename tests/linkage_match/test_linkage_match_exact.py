"""Equal pseudonyms alone: precise, blind to any slip, and silent where two people could be meant."""

import linkage_match_support as support
import numpy as np
import pytest

from curv_eval.errors import ContractError, DesignError
from curv_eval.linkage import match_exact as exact_module
from curv_eval.linkage.match_exact import match_exact
from curv_eval.linkage.quality import precision_recall_f1

COLUMNS = ["record_id", *(f"pseudonym_{i}" for i in range(1, 5))]


def linked(con, left, right, only=None):
    support.table_of(con, "a", left, COLUMNS)
    support.table_of(con, "b", right, COLUMNS)
    return match_exact(con, "a", "b", scheme=support.UK, only=only)


def ids(links):
    return list(zip(links.pairs["record_id_l"], links.pairs["record_id_r"], strict=True))


def test_any_pseudonym_in_common_is_enough_and_how_many_is_kept(con):
    links = linked(
        con,
        [["l1", "p", "q", "r", "s"], ["l2", "t", None, "u", None], ["l3", "v", "w", "x", "y"]],
        [["r1", "p", "q", "r", "s"], ["r2", "z", None, "u", None], ["r3", "-", "-", "-", "-"]],
    )
    assert ids(links) == [("l1", "r1"), ("l2", "r2")]
    assert links.pairs["weight"].tolist() == [4.0, 1.0]
    assert np.isnan(links.pairs["probability"]).all()
    assert (links.n_left, links.n_right, links.conflicts, links.mode, links.threshold) == (3, 3, 0, "exact", None)


def test_blanks_agree_with_nothing(con):
    assert ids(linked(con, [["l1", None, None, None, None]], [["r1", None, None, None, None]])) == []


def test_a_pseudonym_of_one_place_does_not_meet_that_of_another(con):
    assert ids(linked(con, [["l1", "p", None, None, None]], [["r1", None, "p", None, None]])) == []


def test_a_record_that_would_be_two_people_is_nobody_and_is_counted(con):
    links = linked(
        con,
        [["l1", "p", None, "q", None], ["l2", "s", None, None, None]],
        [["r1", "p", None, None, None], ["r2", None, None, "q", None], ["r3", "s", None, None, None]],
    )
    assert ids(links) == [("l2", "r3")]
    assert links.conflicts == 2


def test_two_who_would_be_the_same_record_are_nobody(con):
    links = linked(con, [["l1", "p", None, None, None], ["l2", "p", None, None, None]], [["r1", "p", None, None, None]])
    assert ids(links) == []
    assert links.conflicts == 2


def test_only_the_chosen_pseudonyms_count(con):
    left, right = [["l1", "p", None, "q", None]], [["r1", "p", None, "x", None]]
    assert ids(linked(con, left, right, only=[1])) == [("l1", "r1")]
    assert ids(linked(con, left, right, only=[3])) == []
    assert linked(con, left, right, only=[3]).model == {"pseudonyms": ["pseudonym_3"]}


def test_a_pseudonym_that_is_everybodys_is_refused(con, monkeypatch):
    monkeypatch.setattr(exact_module, "_MOST_PAIRS", 5)
    many = [[f"x{i}", "p", None, None, None] for i in range(3)]
    with pytest.raises(DesignError, match="pseudonym_1 brings 9 pairs together"):
        linked(con, many, many)


def test_a_table_without_the_pseudonyms_is_refused(con, people):
    left, right = support.load_clear(con, people)
    with pytest.raises(ContractError, match="no column pseudonym_2"):
        match_exact(con, left, right, scheme=support.UK)


def test_more_pseudonyms_find_more(con, encoded_people):
    left, right = support.load_encoded(con, encoded_people)
    truth = support.truth_of(encoded_people)
    one = precision_recall_f1(match_exact(con, left, right, scheme=support.UK, only=[1]), truth)
    every = precision_recall_f1(match_exact(con, left, right, scheme=support.UK), truth)
    assert one.precision > 0.99
    assert every.precision > 0.99
    assert one.recall < every.recall < 0.93
