"""Totals of amounts, results with few degrees of freedom, and the evidence of what was decided."""

import numpy as np
import pandas as pd
import pytest

from curv_eval.disclosure import Role, Status, release
from curv_eval.disclosure.rules import rules, strictest
from curv_eval.errors import DisclosureError

RULE = rules()["under_10"]
COSTS = {"who": Role.KEY, "pounds": Role.TOTAL, "n": Role.EVENTS, "first": Role.LARGEST, "second": Role.SECOND}


def costs(pounds, first, second, n=40):
    table = pd.DataFrame({"who": ["a"], "pounds": [pounds], "n": [n], "first": [first], "second": [second]})
    return release(table, name="t", title="T", rule=RULE, roles=COSTS)


@pytest.mark.parametrize(("amounts", "status"), [
    ((100_000.0, 20_000.0, 10_000.0), Status.ROUNDED),
    ((100_000.0, 70_000.0, 29_000.0), Status.DOMINATED),  # the second knows the first to within 2%
    ((100_000.0, 50_000.0, 41_000.0), Status.DOMINATED),  # two give 91%
    ((100_000.0, 50_000.0, 39_000.0), Status.ROUNDED),
])  # fmt: skip
def test_a_total_that_one_or_two_give_is_withheld(amounts, status):
    made = costs(*amounts)
    assert made.statuses["pounds"].tolist() == [status]
    assert made.hidden["pounds"].tolist() == [status is Status.DOMINATED]
    assert set(made.table) == {"who", "pounds"}


def test_a_total_of_few_people_is_withheld_for_that():
    assert costs(100_000.0, 20_000.0, 10_000.0, n=9).statuses["pounds"].tolist() == [Status.WITHHELD]


def test_a_total_without_its_contributions_is_refused():
    table = pd.DataFrame({"who": ["a"], "pounds": [5.0], "n": [40]})
    with pytest.raises(DisclosureError, match="TOTAL columns need EVENTS and LARGEST and SECOND"):
        release(table, name="t", title="T", rule=RULE, roles={k: COSTS[k] for k in table})


@pytest.mark.parametrize(("freedom", "gone"), [(9, True), (10, False)])
def test_a_regression_with_few_degrees_of_freedom_is_withheld(freedom, gone):
    table = pd.DataFrame({"term": ["x"], "b": [0.5], "units": [30], "n": [400], "left": [freedom]})
    roles = {"term": Role.KEY, "b": Role.VALUE, "units": Role.UNITS, "n": Role.EVENTS, "left": Role.FREEDOM}
    made = release(table, name="t", title="T", rule=RULE, roles=roles)
    assert made.hidden["b"].tolist() == [gone]
    assert "left" not in made.table


def test_the_strictest_of_two_rules_has_the_strictest_of_everything():
    both = strictest(["under_10", "nhs_1_7_round_5"])
    assert (both.freedom_below, both.p_percent, both.two_largest) == (10, 10, 90)
    assert strictest(["open"]).two_largest == 100


def test_the_evidence_has_a_row_for_every_decision_and_what_is_behind_it():
    table = pd.DataFrame({"place": list("abc"), "n": [3, 40, 0], "m": [50, 60, 70]})
    roles = {"place": Role.KEY, "n": Role.COUNT, "m": Role.COUNT}
    made = release(table, name="t", title="T", rule=RULE, roles=roles)
    records = made.evidence.records
    assert list(zip(records["row"], records["column"], strict=True)) == [(p, c) for c in "nm" for p in "abc"]
    assert records["count"].tolist() == [3, 40, 0, 50, 60, 70]
    assert records["decision"].tolist()[0] == Status.WITHHELD.value
    shown = made.table.melt("place")["value"]
    assert np.array_equal(records["shown"].to_numpy(float), shown.to_numpy(float), equal_nan=True)
    assert "3" not in repr(made.evidence)


def test_rows_of_one_name_are_told_apart():
    table = pd.DataFrame({"place": ["a", "a", "b"], "n": [30, 40, 50]})
    made = release(table, name="t", title="T", rule=RULE, roles={"place": Role.KEY, "n": Role.COUNT})
    assert made.evidence.attackable.labels[:3] == ["a | n", "a | n (2)", "b | n"]


def groups(rows, rule):
    table = pd.DataFrame(rows, columns=["by", "group", "n"])
    roles = {"by": Role.GROUPING, "group": Role.KEY, "n": Role.COUNT}
    return release(table, name="t", title="T", rule=rule, roles=roles)


def test_a_part_of_everyone_is_not_given_back_by_the_other_part():
    """Everyone 200, female 200: the 2 others must not follow, though another grouping hides a partner in the column."""
    rule = strictest(["under_10", "nhs_1_7_round_5"])
    made = groups(
        [("all", "all", 202), ("sex", "f", 200), ("sex", "x", 2), ("age", "young", 33), ("age", "old", 169)], rule
    )
    shown = dict(zip(made.table["group"], made.table["n"], strict=True))
    reach = {g: (n - 2, n + 2) for g, n in shown.items() if not np.isnan(n)}
    assert np.isnan(shown["x"])
    if "all" in reach and "f" in reach:
        assert reach["all"][1] - reach["f"][0] >= rule.events_below - 1
    plain = release(
        made.table.assign(n=[202, 200, 2, 33, 169]), name="t", title="T", rule=rule,
        roles={"by": Role.KEY, "group": Role.KEY, "n": Role.COUNT},
    )  # fmt: skip
    assert plain.suppressed < made.suppressed, "without the role the gate does not know that they add up"


def test_groupings_that_do_not_add_up_are_refused():
    with pytest.raises(DisclosureError, match="do not add up"):
        groups([("all", "all", 202), ("sex", "f", 150), ("sex", "m", 50)], RULE)


def test_where_nothing_is_small_nothing_is_withheld():
    assert not groups([("all", "all", 200), ("sex", "f", 150), ("sex", "m", 50)], RULE).suppressed
