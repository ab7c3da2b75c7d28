"""What is said of a check, and what the rating sees of it, when some of its numbers are withheld."""

from dataclasses import replace

import pandas as pd
import pytest
from test_unit_rating import study

from curv_eval.checks import Check, Verdict
from curv_eval.disclosure.rules import rules
from curv_eval.estimate.told import told
from curv_eval.rating.nouns import Checked
from curv_eval.rating.parts import attrition, missing_data
from curv_eval.report.checked import as_shown, said
from curv_eval.report.effect_tables import check_tables

RULE = rules()["under_10"]
SHARES = ("missing among treated, share", "missing among others, share")


def check(*rows, words="It is 10%.", **given):
    """rows: term, number, people in all, people behind it. words: the answer, with marks for its numbers."""
    table = pd.DataFrame(rows, columns=["term", "estimate", "n_units", "events"])
    table = table.assign(conf_low=table["estimate"], conf_high=table["estimate"])
    return Check("attrition", "Is it fair?", Verdict.HOLDS, words, table, **given)


def released(found):
    return check_tables([found], RULE, people=True)[found.name]


OF_A, OF_B = f"It is {told('a', '.0%')}.", f"It is {told('b', '.0%')}."
ROWS = ("a", 0.1, 500, 90), ("b", 0.02, 500, 3)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "Withheld: it rests on too few incidents or areas."),
        ({"words": OF_B}, "Withheld: it rests on too few incidents or areas."),
        ({"words": OF_A}, "It is 10%."),
        ({"words": OF_A + OF_B}, "Withheld: it rests on too few incidents or areas."),
        ({"concludes": "It is fair."}, "It is fair. The numbers are withheld: too few people stand behind them."),
        ({"concludes": "It is fair.", "words": OF_A}, "It is 10%."),
    ],
)
def test_a_text_is_said_when_what_it_speaks_of_is_shown(given, expected):
    found = check(*ROWS, **given)
    assert said(found, released(found)) == expected


def test_a_text_tells_no_more_than_the_table_beside_it():
    found = check(("a", 0.12345, 500, 20), words=f"It is {told('a', '.1%')}.")
    assert found.text == "It is 12.3%."
    assert said(found, released(found)) == "It is 10.0%."


def test_with_nothing_withheld_all_is_said():
    found = check(ROWS[0])
    assert said(found, released(found)) == "It is 10%."
    assert as_shown(found, released(found)).table["estimate"].tolist() == [0.1]


def test_a_check_that_concludes_nothing_counts_as_not_examined():
    found = check(*ROWS)
    assert as_shown(found, released(found)) is None


def test_the_rating_sees_no_withheld_number():
    found = check(*ROWS, concludes="It is fair.")
    assert as_shown(found, released(found)).table["term"].tolist() == ["a"]
    assert as_shown(found, released(found)).verdict is Verdict.HOLDS


def missing(treated, others):
    """A check of 500 treated and 200 others, of whom so many are missing."""
    rows = [(SHARES[0], treated / 500, 500, min(treated, 500 - treated) or 500)]
    rows.append((SHARES[1], others / 200, 200, min(others, 200 - others) or 200))
    found = check(*rows, concludes="It is fair.")
    return as_shown(found, released(found))


def test_of_a_few_missing_the_most_they_can_be_is_rated():
    shown = missing(3, 4)
    assert shown.table["estimate"].tolist() == [0.02, 0.05]  # up to 9 of 500 and of 200
    checked = Checked.of([shown])
    lost = attrition(study("doubly_robust"), checked, None)
    assert lost.score == 5
    assert lost.evidence == ("outcome missing for at most 2% of those treated and 5% of the others",)
    uneven = missing_data(study("doubly_robust"), checked)
    assert (uneven.score, uneven.reason) == (5, "outcomes are missing unevenly: by at most 5%")


def test_what_the_rating_says_of_a_few_does_not_depend_on_how_few():
    shown = {str(missing(a, b).table["estimate"].tolist()) for a in (1, 5, 9) for b in (2, 9)}
    assert len(shown) == 1


def test_the_rating_reads_the_shares_as_they_are_released():
    """Of 100 people a whole per cent is one of them."""
    rows = [(SHARES[0], 0.13, 100, 13), (SHARES[1], 0.27, 100, 27)]
    found = check(*rows, concludes="It is fair.")
    shown = as_shown(found, released(found)).table["estimate"].tolist()
    assert shown == released(found).table["estimate"].tolist() != [0.13, 0.27]


def test_of_many_missing_the_share_itself_is_rated():
    shown = missing(60, 50).table.set_index("term")["estimate"]
    checked = Checked.of([missing(60, 50)])
    reason = attrition(study("doubly_robust"), checked, None).reason
    assert reason == f"{shown[SHARES[1]]:.0%} of the outcomes of one group are missing"
    gap = abs(shown[SHARES[0]] - shown[SHARES[1]])
    assert missing_data(study("doubly_robust"), checked).reason == f"outcomes are missing unevenly: by {gap:.0%}"


def test_nearly_all_missing_is_not_few_missing():
    shown = missing(497, 100)
    assert SHARES[0] not in shown.table["term"].tolist()
    assert "not examined" in attrition(study("doubly_robust"), Checked.of([shown]), None).reason


def test_a_table_in_another_order_is_read_by_its_rows():
    found = check(*ROWS, words=OF_B, concludes="It is fair.")
    turned = replace(found, table=found.table.iloc[::-1])
    assert said(turned, released(turned)).startswith("It is fair.")
    assert as_shown(turned, released(turned)).table["term"].tolist() == ["a"]
