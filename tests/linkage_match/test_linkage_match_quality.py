"""Quality: counts against a truth, rates by group, and sentences that say no more than the numbers do."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curv_eval.errors import DesignError
from curv_eval.linkage.links import Links
from curv_eval.linkage.quality import (
    Expected,
    Quality,
    expected_errors,
    link_rates_by,
    precision_recall_f1,
    quality_paragraph,
    quality_sentences,
)


def links_of(pairs, *, n_left=10, n_right=10, mode="clear", probability=0.9, expected=None):
    table = pd.DataFrame(pairs, columns=["record_id_l", "record_id_r"])
    table = table.assign(probability=probability, weight=3.0)
    model = {} if expected is None else {"true_pairs_expected": expected}
    return Links(table, threshold=0.5, mode=mode, n_left=n_left, n_right=n_right, model=model)


def truth_of(pairs):
    return pd.DataFrame(pairs, columns=["record_id_l", "record_id_r"])


# ---- against a truth


def test_precision_recall_and_f1_by_hand():
    links = links_of([("a", "1"), ("b", "2"), ("c", "9")])
    found = precision_recall_f1(links, truth_of([("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")]))
    assert found == Quality(links=3, true=4, right=2)
    assert (found.precision, found.recall, found.f1) == pytest.approx((2 / 3, 1 / 2, 4 / 7))


def test_a_pair_turned_round_is_not_the_pair():
    assert precision_recall_f1(links_of([("1", "a")]), truth_of([("a", "1")])).right == 0


def test_a_truth_said_twice_counts_once():
    assert precision_recall_f1(links_of([("a", "1")]), truth_of([("a", "1"), ("a", "1")])) == Quality(1, 1, 1)


def test_shares_of_nothing_are_missing_and_no_fault():
    nothing = precision_recall_f1(links_of([]), truth_of([]))
    assert np.isnan([nothing.precision, nothing.recall, nothing.f1]).all()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 50), st.integers(0, 50), st.integers(1, 50))
def test_f1_is_the_harmonic_mean(right, wrong, missed):
    found = Quality(links=right + wrong, true=right + missed, right=right)
    if right:
        assert found.f1 == pytest.approx(2 / (1 / found.precision + 1 / found.recall))
    assert not found.f1 > 1


# ---- without a truth


def test_expected_errors_by_hand():
    # nine in ten of 3 links are right: 2.7 of the 3.6 true pairs that are expected
    expected = expected_errors(links_of([("a", "1"), ("b", "2"), ("c", "3")], expected=3.6))
    assert expected.wrong == pytest.approx(0.1)
    assert expected.missed == pytest.approx(0.25)


def test_missed_is_never_below_nothing():
    assert expected_errors(links_of([("a", "1")], expected=0.8)).missed == 0


def test_without_links_what_is_wrong_is_not_known():
    expected = expected_errors(links_of([], expected=2.0))
    assert np.isnan(expected.wrong)
    assert expected.missed == 1


def test_exact_links_have_no_expectation():
    with pytest.raises(DesignError, match="no probability"):
        expected_errors(links_of([("a", "1")], mode="exact"))


# ---- by group


@pytest.fixture
def people(con):
    rows = [(f"id{i}", "F" if i < 6 else "M", None if i in (0, 9) else "north") for i in range(10)]
    con.register("rows", pd.DataFrame(rows, columns=["record_id", "sex", "area"]))
    con.execute("CREATE TABLE people AS FROM rows").fetchall()
    return "people"


LINKED = [("id0", "x"), ("id1", "y"), ("id9", "z")]


def test_rates_by_group_by_hand(con, people):
    rates = link_rates_by(con, links_of(LINKED), people, columns=["sex", "area"])
    assert rates.to_numpy().tolist() == [
        ["everyone", "everyone", 10, 3, 0.3],
        ["sex", "F", 6, 2, pytest.approx(1 / 3)],
        ["sex", "M", 4, 1, 0.25],
        ["area", "north", 8, 1, 0.125],
        ["area", "not known", 2, 2, 1.0],
    ]
    assert list(rates) == ["column", "group", "n", "linked", "rate"]


def test_groups_add_up_to_everyone(con, people):
    rates = link_rates_by(con, links_of(LINKED), people, columns=["sex", "area"])
    for column in ("sex", "area"):
        assert rates.loc[rates["column"] == column, ["n", "linked"]].sum().tolist() == [10, 3]


def test_the_right_side_can_be_asked_for(con, people):
    links = links_of([(b, a) for a, b in LINKED])
    assert link_rates_by(con, links, people, columns=["sex"], side="right")["linked"].tolist() == [3, 2, 1]


def test_a_record_linked_twice_is_one_person(con, people):
    links = links_of([("id0", "x"), ("id0", "y")])
    assert link_rates_by(con, links, people)["linked"].tolist() == [1]


def test_columns_with_odd_names_are_columns(con, people):
    con.execute("""CREATE TABLE odd AS SELECT record_id, sex AS "it's ""sex" FROM people""").fetchall()
    assert (
        link_rates_by(con, links_of(LINKED), "odd", columns=["""it's "sex"""])["column"].tolist()[1:]
        == ["""it's "sex"""] * 2
    )


def test_nothing_stays_in_the_connection(con, people):
    before = con.execute("SHOW ALL TABLES").fetchall()
    link_rates_by(con, links_of(LINKED), people, columns=["sex"])
    assert con.execute("SHOW ALL TABLES").fetchall() == before


@pytest.mark.parametrize(
    ("links", "columns", "side", "said"),
    [
        (links_of(LINKED), ["age"], "left", "there is no column age"),
        (links_of(LINKED, n_left=11), [], "left", "11 records were linked or not"),
        (links_of([("stranger", "x")]), [], "left", "1 linked records are not in it"),
        (links_of(LINKED), [], "above", "expected left or right"),
    ],
)
def test_other_people_are_refused(con, people, links, columns, side, said):
    with pytest.raises(DesignError, match=said) as refused:
        link_rates_by(con, links, people, columns=columns, side=side)
    assert "stranger" not in str(refused.value)


# ---- in words


def rates_of(rows):
    table = pd.DataFrame(rows, columns=["column", "group", "n", "linked"])
    return table.assign(rate=table["linked"] / table["n"])


WHO = {"who": "young people", "where": "A&E records"}


def test_how_many_were_found():
    said = quality_sentences(rates_of([("everyone", "everyone", 730, 112)]), **WHO)
    assert said == ["Of 730 young people, 112 (15%) were found in A&E records."]


def test_how_sure_the_links_are():
    rates = rates_of([("everyone", "everyone", 1_730, 112)])
    said = quality_sentences(rates, **WHO, threshold=0.5, expected=Expected(wrong=0.032, missed=0.11))
    assert said == [
        "Of 1,730 young people, 112 (6%) were found in A&E records.",
        "Two records were linked where they are more likely than not to be about one person.",
        "We expect about 3 in 100 of these links to be wrong.",
        "Of the true links among the records we compared, we expect that about 11 in 100 were missed; "
        "people whose records are too different to be compared come on top of that.",
    ]
    assert "at least 90% likely" in quality_sentences(rates, **WHO, threshold=0.9)[1]


def test_small_shares_are_not_said_to_be_nothing():
    rates = rates_of([("everyone", "everyone", 730, 112)])
    said = quality_paragraph(quality_sentences(rates, **WHO, expected=Expected(wrong=0.0004, missed=0.0)))
    assert said.count("fewer than 1 in 100") == 2
    assert "0 in 100" not in said
    nearly = quality_sentences(rates, **WHO, expected=Expected(wrong=0.006, missed=float("nan")))
    assert nearly[1:] == ["We expect about 1 in 100 of these links to be wrong."]


def test_a_group_that_differs_is_named_and_the_reason_left_open():
    rates = rates_of([("everyone", "everyone", 800, 200), ("sex", "F", 400, 60), ("sex", "M", 400, 140)])
    said = quality_sentences(rates, **WHO)
    assert said[1:3] == [
        "Those whose sex is F were found less often than the others (15% against 35%).",
        "Those whose sex is M were found more often than the others (35% against 15%).",
    ]
    assert said[3].endswith("the links alone cannot say which.")


def test_a_difference_that_chance_makes_is_not_named():
    rates = rates_of([("everyone", "everyone", 80, 20), ("sex", "F", 40, 8), ("sex", "M", 40, 12)])
    assert len(quality_sentences(rates, **WHO)) == 1


def test_withheld_counts_are_not_worked_out():
    rates = rates_of([("everyone", "everyone", 800, 200), ("sex", "F", 400, None), ("sex", "M", 400, None)])
    assert len(quality_sentences(rates, **WHO)) == 1
    hidden = quality_sentences(rates_of([("everyone", "everyone", 800, None), ("sex", "F", 400, 60)]), **WHO)
    assert hidden == ["How many young people were found in A&E records is too small a number to show."]


def test_a_group_that_is_everyone_is_compared_with_nobody():
    rates = rates_of([("everyone", "everyone", 80, 20), ("sex", "F", 80, 20)])
    assert len(quality_sentences(rates, **WHO)) == 1


def test_one_paragraph():
    assert quality_paragraph(["One.", "Two."]) == "One. Two."
