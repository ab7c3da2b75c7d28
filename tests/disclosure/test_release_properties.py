"""What holds for every table that passes the gate, whatever is in it."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curv_eval.disclosure import Released, Role, Status, release
from curv_eval.disclosure.rules import Rule, rules, strictest
from curv_eval.errors import DisclosureError

RULES = [*rules().values(), strictest(rules()), Rule("wide", 9, 20, 5, 10, "", "")]
COUNT = st.one_of(st.integers(0, 30), st.integers(0, 20_000))
NUMBER = st.one_of(st.floats(-1e6, 1e6), st.just(0.0), st.just(float("nan")), st.floats(-1e-6, 1e-6))


@st.composite
def tables(draw, counts=(0, 3), values=(0, 2)):
    """Return (table, roles): a key, some counts, some values and what stands behind them."""
    n, k, v = (draw(st.integers(*ends)) for ends in ((1, 6), counts, values))
    column = lambda kind: draw(st.lists(kind, min_size=n, max_size=n))  # noqa: E731
    table = pd.DataFrame({"key": [f"row {i}" for i in range(n)]}, index=draw(st.permutations(range(n))))
    roles = {"key": Role.KEY}
    for i in range(k):
        table[f"count_{i}"], roles[f"count_{i}"] = column(COUNT), Role.COUNT
    for i in range(v):
        table[f"value_{i}"], roles[f"value_{i}"] = np.array(column(NUMBER), dtype=float), Role.VALUE
    table["units"], table["events"] = column(st.integers(0, 40)), column(COUNT)
    return table, roles | {"units": Role.UNITS, "events": Role.EVENTS}


def gate(table, roles, rule):
    return release(table, name="t", title="T", rule=rule, roles=roles)


def cells(released, table, roles, kind):
    """Yield (true number, number shown, status, position of the row) for every cell of the columns of a kind."""
    for column in (c for c, role in roles.items() if role is kind):
        rows = zip(table[column], released.table[column], released.statuses[column], strict=True)
        yield from ((*cell, i) for i, cell in enumerate(rows))


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(tables(), st.sampled_from(RULES))
def test_every_cell_is_shown_rounded_or_withheld_and_says_which(held, rule):
    table, roles = held
    released = gate(table, roles, rule)
    shown = Status.ROUNDED if rule.round_to > 1 else Status.SHOWN
    assert isinstance(released, Released)
    assert set(released.statuses.columns) == {c for c, role in roles.items() if role in (Role.COUNT, Role.VALUE)}
    for kind in (Role.COUNT, Role.VALUE):
        for true, seen, status, _ in cells(released, table, roles, kind):
            assert status in (shown, Status.WITHHELD, Status.COMPLEMENTARY)
            assert math.isnan(seen) == (status is not shown or math.isnan(true))
    assert released.suppressed == int(released.statuses.isin([Status.WITHHELD, Status.COMPLEMENTARY]).to_numpy().sum())


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(tables(), st.sampled_from(RULES))
def test_no_small_count_is_ever_shown_and_no_other_becomes_one(held, rule):
    table, roles = held
    for true, seen, status, _ in cells(gate(table, roles, rule), table, roles, Role.COUNT):
        assert not 1 <= seen < rule.events_below
        if 1 <= true < rule.events_below:
            assert status is Status.WITHHELD
        elif not math.isnan(seen):
            assert (seen == 0) == (true == 0), "0 means none, and nothing else is shown as 0"


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(tables(), st.sampled_from(RULES))
def test_counts_are_rounded_to_the_nearest(held, rule):
    table, roles = held
    for true, seen, status, _ in cells(gate(table, roles, rule), table, roles, Role.COUNT):
        if status in (Status.SHOWN, Status.ROUNDED):
            assert seen % rule.round_to == 0
            assert abs(seen - true) <= rule.round_to / 2


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(tables(values=(1, 2)), st.sampled_from(RULES))
def test_values_with_weak_backing_or_beside_a_withheld_count_are_withheld(held, rule):
    table, roles = held
    released = gate(table, roles, rule)
    counts = [c for c, role in roles.items() if role is Role.COUNT]
    for _, seen, status, i in cells(released, table, roles, Role.VALUE):
        weak = table["units"].iloc[i] < rule.units_below or table["events"].iloc[i] < rule.events_below
        beside = released.table[counts].iloc[i].isna().any()
        assert (status in (Status.WITHHELD, Status.COMPLEMENTARY)) == (weak or beside)
        assert math.isnan(seen) or not (weak or beside)


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(tables(counts=(0, 0), values=(2, 2)), st.sampled_from(RULES))
def test_values_are_as_coarse_as_the_counts_behind_them(held, rule):
    table, roles = held
    for true, seen, status, i in cells(gate(table, roles, rule), table, roles, Role.VALUE):
        if math.isnan(seen) or rule.round_to == 1:
            assert math.isnan(seen) or seen == true
            continue
        assert status is Status.ROUNDED
        size = abs(true) * rule.round_to / table["events"].iloc[i]
        assert abs(seen - true) <= 1.2501 * size, "at most 2.5 times as coarse as it must be"
        assert np.sign(seen) in (0, np.sign(true))


def test_a_value_is_published_with_three_figures_where_some_two_thousand_events_stand_behind_it():
    table = pd.DataFrame({"term": ["total", "relative"], "estimate": [-494.3397455, -0.1863787], "u": 63, "e": 2158})
    roles = {"term": Role.KEY, "estimate": Role.VALUE, "u": Role.UNITS, "e": Role.EVENTS}
    shown = gate(table, roles, rules()["nhs_1_7_round_5"]).table["estimate"]
    assert shown.tolist() == pytest.approx([-494.0, -0.1865], abs=1e-9)


@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(tables(), st.sampled_from(RULES), st.randoms())
def test_the_order_of_rows_changes_nothing_and_the_input_is_left_alone(held, rule, random):
    table, roles = held
    before, order = table.copy(), list(range(len(table)))
    random.shuffle(order)
    seen = gate(table, roles, rule).table["key"].tolist()
    pd.testing.assert_frame_equal(table, before)
    assert seen == table["key"].tolist()
    hidden = gate(table, roles, rule).table.set_index("key").isna()
    other = gate(table.iloc[order], roles, rule).table.set_index("key").isna()
    small = {c for c, role in roles.items() if role is Role.VALUE}
    kept = [c for c in hidden if c not in small]
    assert hidden[kept].sum().sum() == other[kept].sum().sum()


def test_of_several_groups_behind_a_value_the_weakest_decides():
    table = pd.DataFrame({"v": [1.234567] * 3, "u": 9, "e": [500, 500, 3], "others": [500, 3, 500]})
    roles = {"v": Role.VALUE, "u": Role.UNITS, "e": Role.EVENTS, "others": Role.EVENTS}
    assert gate(table, roles, rules()["under_10"]).table["v"].isna().tolist() == [False, True, True]


def test_only_keys_counts_and_values_leave():
    table = pd.DataFrame({"key": ["a"], "n": [50], "u": [9], "e": [50]})
    roles = {"key": Role.KEY, "n": Role.COUNT, "u": Role.UNITS, "e": Role.EVENTS}
    assert list(gate(table, roles, rules()["under_10"]).table) == ["key", "n"]


GOOD = {"key": ["a", "b"], "n": [50, 60], "v": [1.0, 2.0], "u": [9, 9], "e": [50, 60]}
ROLES = {"key": Role.KEY, "n": Role.COUNT, "v": Role.VALUE, "u": Role.UNITS, "e": Role.EVENTS}
NOT_A_COUNT = "every count must be a whole number of 0 or more"
REFUSED = {
    "a column without a role": ({"extra": [1, 2]}, {}, "extra: has no role, so it stays inside"),
    "a role without a column": ({}, {"gone": Role.COUNT}, "gone: has a role and is not in the table"),
    "a role that is text": ({}, {"n": "count"}, "n: got 'count', expected a Role"),
    "a role that is None": ({}, {"n": None}, "n: got None, expected a Role"),
    "a count that is missing": ({"n": [50, float("nan")]}, {}, f"n: {NOT_A_COUNT}"),
    "a negative count": ({"n": [50, -1]}, {}, f"n: {NOT_A_COUNT}"),
    "a fractional count": ({"n": [50, 12.5]}, {}, f"n: {NOT_A_COUNT}"),
    "an endless count": ({"n": [50, float("inf")]}, {}, f"n: {NOT_A_COUNT}"),
    "a count in words": ({"n": ["50", "about 3"]}, {}, f"n: {NOT_A_COUNT}"),
    "missing events": ({"e": [50, None]}, {}, f"e: {NOT_A_COUNT}"),
    "negative units": ({"u": [9, -9]}, {}, f"u: {NOT_A_COUNT}"),
    "a value in words": ({"v": ["1", "2"]}, {}, "v: every value must be a number"),
    "values without events": ({}, {"e": Role.KEY}, "VALUE columns need EVENTS and UNITS columns behind them"),
    "values without units": ({}, {"u": Role.KEY}, "VALUE columns need EVENTS and UNITS columns behind them"),
    "a pseudonym as a key": ({"key": ["a", "0f" * 16]}, {}, "key: a key looks like the identifier of a person"),
    "a crime's identifier as a key": ({"key": ["a", "AB" * 32]}, {}, "key: a key looks like the identifier"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_gate_does_not_know_it_refuses(case):
    change, roles, piece = REFUSED[case]
    with pytest.raises(DisclosureError) as fault:
        gate(pd.DataFrame(GOOD | change), ROLES | roles, rules()["under_10"])
    assert piece in str(fault.value)
    assert "0f0f" not in str(fault.value)


def test_a_column_that_stands_twice_is_refused():
    table = pd.DataFrame([[1, 50, 60]], columns=["key", "n", "n"])
    with pytest.raises(DisclosureError, match="n: stands twice"):
        gate(table, {"key": Role.KEY, "n": Role.COUNT}, rules()["under_10"])


def test_every_fault_is_named_at_once():
    with pytest.raises(DisclosureError) as fault:
        gate(pd.DataFrame(GOOD | {"n": [1.5, 2], "e": [-1, 2]}), ROLES, rules()["open"])
    assert len(fault.value.breaches) == 2


def test_rules_that_contradict_themselves_cannot_be_made():
    for events, base in ((8, 6), (11, 5), (1, 5), (10, 0), (0, 1)):
        with pytest.raises(DisclosureError):
            Rule("odd", 1, events, 3, base, "", "")


def test_the_strictest_of_two_rules_keeps_both():
    names = ["nhs_1_7_round_5", "under_10"]
    both, known = strictest(names), rules()
    for field in ("events_below", "units_below", "round_to"):
        assert getattr(both, field) == max(getattr(known[name], field) for name in names)
    assert "counts from 1 to 9 are withheld" in both.says
    assert strictest(reversed(names)) == both
    assert strictest([*names, "open"]) == both
    assert strictest(["open", "under_10"]) == known["under_10"]


def test_no_rule_or_an_unknown_one_lets_nothing_out():
    for names in ([], ["under_10", "none"], [""]):
        with pytest.raises(DisclosureError, match="no rule says what may be shown"):
            strictest(names)


def test_only_what_passed_the_gate_is_written(tmp_path):
    from curv_eval.report.bundle import add_table
    from curv_eval.report.steps import show

    for passed in (pd.DataFrame(GOOD), None, "text"):
        with pytest.raises((DisclosureError, AttributeError, TypeError)):
            show(passed)
        with pytest.raises(DisclosureError):
            add_table(tmp_path, passed)
    assert list(tmp_path.iterdir()) == []


def test_a_withheld_cell_reads_withheld_and_never_0_in_every_format(tmp_path):
    import json

    from curv_eval.report.bundle import Column, add_table, markdown

    released = gate(pd.DataFrame(GOOD | {"n": [3, 60], "e": [3, 60]}), ROLES, rules()["under_10"])
    add_table(tmp_path, released)
    written = (tmp_path / "release/tables/t.csv").read_text("utf-8").splitlines()
    assert written == ["key,n,v", "a,withheld,withheld", "b,withheld,withheld"]
    held = json.loads((tmp_path / "release/results.json").read_text("utf-8"))["tables"]["t"]
    assert held["rows"][0] == {"key": "a", "n": None, "v": None}
    assert held["withheld"] == 4
    columns = (Column("key", "Key"), Column("n", "Number", "{:,.0f}".format), Column("v", "Value", "{:.1f}".format))
    assert "| a | withheld | withheld |" in markdown(released, columns, label="t")
