"""Cells that a review let out of the rule: shown as they are, known to the attacker, and only with the same numbers."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from curv_eval.disclosure import Role, Status, release, release_tables
from curv_eval.disclosure.kept import as_json, from_json
from curv_eval.disclosure.rules import rules, strictest
from curv_eval.disclosure.union import from_public, given_way, joined, narrower, tightest
from curv_eval.granted import LetOut, seen

NHS, UNDER_10 = rules()["nhs_1_7_round_5"], rules()["under_10"]
EXACT = replace(NHS, name="nhs_without_rounding", round_to=1)
ROLES = {"place": Role.KEY, "assaults": Role.COUNT}


def by_place(counts, rule=NHS, *cells, name="t"):
    table = pd.DataFrame({"place": list("abcdefgh")[: len(counts)], "assaults": counts})
    let = tuple(LetOut("t", place, "assaults", said) for place, said in cells)
    return release(table, name=name, title="Assaults", rule=replace(rule, let_out=let), roles=ROLES)


def test_it_is_shown_as_it_is_and_nothing_is_withheld_for_its_sake():
    held = by_place([3, 20, 31, 40])
    assert held.suppressed == 2
    made = by_place([3, 20, 31, 40], NHS, ("a", "count 3"))
    assert made.table["assaults"].tolist() == [3, 20, 30, 40]
    assert made.statuses["assaults"].tolist() == [Status.LET_OUT, *[Status.ROUNDED] * 3]
    assert made.evidence.records["decision"].tolist()[0] == Status.LET_OUT.value


def test_the_others_are_withheld_as_before_and_known_of():
    """Two small counts and one of them let out: the attacker knows it, and the other must stay open all the same."""
    made = by_place([3, 2, 31, 40], EXACT, ("a", "count 3"))
    assert made.table["assaults"].tolist()[0] == 3
    assert made.statuses["assaults"].tolist()[1] is Status.WITHHELD
    assert (made.statuses["assaults"] == Status.COMPLEMENTARY).sum() == 1
    assert not given_way(made.evidence.attackable)
    assert made.evidence.attackable.let_out == (0,)


@pytest.mark.parametrize("said", ["count 4", "count 3, events 3", "", "3"])
def test_with_other_numbers_it_holds_no_more(said):
    made = by_place([3, 20, 31, 40], NHS, ("a", said))
    assert made.statuses["assaults"].tolist()[0] is Status.WITHHELD
    assert made.suppressed == 2


def test_it_is_of_one_table_and_one_cell():
    assert by_place([3, 20, 31, 40], NHS, ("a", "count 3"), name="u").suppressed == 2
    assert by_place([3, 20, 31, 40], NHS, ("z", "count 3")).suppressed == 2
    assert by_place([3, 3, 31, 40], NHS, ("a", "count 3")).statuses["assaults"].tolist()[1] is Status.WITHHELD


def test_a_row_without_a_name_of_its_own_lets_nothing_out():
    table = pd.DataFrame({"place": ["a", "a", "b"], "assaults": [3, 30, 40]})
    rule = replace(NHS, let_out=(LetOut("t", "a", "assaults", "count 3"),))
    assert release(table, name="t", title="T", rule=rule, roles=ROLES).suppressed == 2


def test_a_value_that_rests_on_little():
    table = pd.DataFrame({"term": ["overall", "late"], "estimate": [1.5, 2.5], "n": [2, 9], "events": [40, 90]})
    roles = {"term": Role.KEY, "estimate": Role.VALUE, "n": Role.UNITS, "events": Role.EVENTS}
    rule = replace(EXACT, let_out=(LetOut("t", "overall", "estimate", "n 2, events 40"),))
    made = release(table, name="t", title="T", rule=rule, roles=roles)
    assert made.table["estimate"].tolist() == [1.5, 2.5]
    assert made.statuses["estimate"].tolist() == [Status.LET_OUT, Status.SHOWN]
    # one area less behind it: looked at again
    less = release(table.assign(n=[1, 9]), name="t", title="T", rule=rule, roles=roles)
    assert less.statuses["estimate"].tolist()[0] is Status.WITHHELD


def test_a_value_beside_a_withheld_count_stays_with_it():
    table = pd.DataFrame({"place": ["a", "b", "c"], "n": [3, 40, 50], "rate": [0.1, 0.2, 0.3]})
    table = table.assign(units=[1, 9, 9], events=[3, 40, 50])
    roles = {"place": Role.KEY, "n": Role.COUNT, "rate": Role.VALUE, "units": Role.UNITS, "events": Role.EVENTS}
    rule = replace(EXACT, let_out=(LetOut("t", "a", "rate", "units 1, events 3"),))
    made = release(table, name="t", title="T", rule=rule, roles=roles)
    assert made.statuses["rate"].tolist()[0] is Status.COMPLEMENTARY
    assert np.isnan(made.table["rate"].tolist()[0])


def test_a_total_that_a_few_give():
    table = pd.DataFrame(
        {"place": ["a"], "pounds": [100.0], "largest": [95.0], "second": [4.0], "events": [40], "n": 9}
    )
    roles = {
        "place": Role.KEY, "pounds": Role.TOTAL, "largest": Role.LARGEST, "second": Role.SECOND,
        "events": Role.EVENTS, "n": Role.UNITS,
    }  # fmt: skip
    before = release(table, name="t", title="T", rule=NHS, roles=roles)
    assert before.statuses["pounds"].tolist() == [Status.DOMINATED]
    said = seen(None, {"largest": 95.0, "second": 4.0, "events": 40, "n": 9})
    rule = replace(NHS, let_out=(LetOut("t", "a", "pounds", said),))
    assert release(table, name="t", title="T", rule=rule, roles=roles).statuses["pounds"].tolist() == [Status.LET_OUT]


def tables(*cells):
    grid = pd.DataFrame(
        [("n", "f", 3), ("n", "m", 30), ("s", "f", 20), ("s", "m", 50), ("e", "f", 25), ("e", "m", 60)],
        columns=["place", "sex", "count"],
    )
    let = tuple(LetOut("t", row, "count", said) for row, said in cells)
    return release_tables(grid, count="count", tables={"t": ["place", "sex"]}, rule=replace(EXACT, let_out=let))["t"]


def test_tables_with_margins():
    assert tables().suppressed == 4
    made = tables(("n · f", "count 3"))
    assert not made.suppressed
    assert made.statuses["count"].eq(Status.LET_OUT).sum() == 1
    assert tables(("n · f", "count 4")).suppressed == 4


def test_a_total_that_is_small():
    """A whole of 6 is let out; its parts of 3 and 3 are withheld, and stay open between 1 and 5."""
    grid = pd.DataFrame([("n", "f", 3), ("n", "m", 3), ("s", "f", 40), ("s", "m", 50)], columns=["p", "s", "count"])
    rule = replace(EXACT, let_out=(LetOut("t", "n · All", "count", "count 6"),))
    made = release_tables(grid, count="count", tables={"t": ["p", "s"]}, rule=rule)["t"]
    shown = made.table.set_index(["p", "s"])["count"]
    assert shown["n", "All"] == 6
    assert np.isnan(shown["n", "f"])
    assert all(one.low == 1 and one.high == 5 for one in tightest(made.evidence.attackable))


def test_it_is_no_secret_of_a_release_before_or_after():
    before = by_place([3, 20, 31, 40], EXACT).evidence.attackable
    after = by_place([3, 20, 31, 40], EXACT, ("a", "count 3")).evidence.attackable
    assert not given_way(joined([before, after]))
    assert not given_way(joined([after, before]))
    # and without the mark it would be a small count found
    assert given_way(joined([before, replace(after, let_out=())]))


def test_the_attack_from_what_is_public_knows_it():
    held = from_public(by_place([3, 2, 31, 40], NHS, ("a", "count 3")).evidence.attackable)
    assert held.cells.known.tolist()[0]
    assert not held.hidden[0]
    assert not narrower(by_place([3, 2, 31, 40], NHS, ("a", "count 3")).evidence.attackable)


def test_what_is_kept_comes_back():
    held = by_place([3, 2, 31, 40], NHS, ("a", "count 3")).evidence.attackable
    back = from_json(as_json(held))
    assert back.let_out == (0,)
    assert back.rule == replace(NHS, let_out=())
    assert "let_out" not in as_json(held)["rule"]
    older = {name: value for name, value in as_json(held).items() if name != "let_out"}
    assert from_json(older).let_out == ()


def test_the_strictest_rule_carries_what_was_let_out():
    let = (LetOut("t", "a", "assaults", "count 3"),)
    assert strictest(["open", "under_10"], but=let).let_out == let
    assert strictest(["open", "under_10"]).let_out == ()
    assert strictest(["open"]) == rules()["open"]


@pytest.mark.parametrize(
    ("count", "behind", "said"),
    [
        (3, {}, "count 3"),
        (3.0, {"n": 2}, "count 3, n 2"),
        (None, {"n": 2, "events": 40.0}, "n 2, events 40"),
        (float("nan"), {"n": 0.1 + 0.2}, "n 0.3"),
    ],
)
def test_what_was_seen_is_the_same_text_from_frame_and_file(count, behind, said):
    assert seen(count, behind) == said
