"""Attacks on what was released: can a withheld small count be worked out?"""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from curv_eval.disclosure import Role, release
from curv_eval.disclosure.rules import rules, strictest

STRICT = [rules()["under_10"], rules()["nhs_1_7_round_5"], strictest(["under_10", "nhs_1_7_round_5"])]
COUNT = st.one_of(st.integers(0, 12), st.integers(0, 60), st.sampled_from([0, 1, 2, 500]))


def released(counts, rule):
    """Return the table as published: NaN where withheld. counts: (rows, columns)."""
    table = pd.DataFrame(counts, columns=[f"c{j}" for j in range(counts.shape[1])])
    return release(table, name="t", title="T", rule=rule, roles=dict.fromkeys(table, Role.COUNT)).table.to_numpy()


def candidates(counts, hidden, cell):
    """Return how many whole numbers a hidden cell could be for one who knows every other cell and every total."""
    places = [tuple(place) for place in np.argwhere(hidden)]
    rows, columns = counts.shape
    lines = [(lambda p, i=i: p[0] == i) for i in range(rows) if columns > 1]
    lines += [(lambda p, j=j: p[1] == j) for j in range(columns) if rows > 1]
    matrix = np.array([[float(line(p)) for p in places] for line in lines])
    totals = matrix @ np.array([counts[p] for p in places], dtype=float)
    aim = np.array([float(p == cell) for p in places])
    found = [linprog(s * aim, A_eq=matrix, b_eq=totals, bounds=[(1, None)] * len(places)) for s in (1, -1)]
    assert {one.status for one in found} <= {0, 3}
    if any(one.status == 3 for one in found):
        return np.inf
    return round(-found[1].fun) - round(found[0].fun) + 1


def attack(counts, rule):
    """Yield (candidates left, candidates that hiding everything would leave) for every small count."""
    hidden = np.isnan(released(counts, rule))
    for cell in map(tuple, np.argwhere((counts > 0) & (counts < rule.events_below))):
        assert hidden[cell]
        yield candidates(counts, hidden, cell), candidates(counts, counts > 0, cell)


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(st.lists(COUNT, min_size=2, max_size=8), st.sampled_from(STRICT))
def test_one_column_whose_exact_total_is_known(column, rule):
    for left, most in attack(np.array(column)[:, None], rule):
        assert left >= min(rule.events_below - 1, most)


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(st.lists(COUNT, min_size=2, max_size=6), st.sampled_from(STRICT))
def test_one_row_whose_exact_total_is_known(row, rule):
    for left, most in attack(np.array(row)[None, :], rule):
        assert left >= min(rule.events_below - 1, most)


@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(st.integers(2, 4), st.integers(2, 4), st.data(), st.sampled_from(STRICT))
def test_a_table_all_of_whose_totals_are_known(rows, columns, data, rule):
    counts = np.array(data.draw(st.lists(COUNT, min_size=rows * columns, max_size=rows * columns)))
    for left, most in attack(counts.reshape(rows, columns), rule):
        assert left >= min(rule.events_below - 1, most)


def test_lines_that_each_look_open_can_close_each_other():
    # every row and column here hides enough by itself, and yet the totals together left 3 values for the first cell
    counts = np.array([[3, 20, 300], [3, 50, 20], [20, 8, 50], [1, 1, 300]])
    assert all(left >= 7 for left, _ in attack(counts, rules()["nhs_1_7_round_5"]))


def test_no_more_is_withheld_than_one_small_count_needs():
    # a partner in its row, one in its column, and the cell where theirs cross: the three that lose fewest events
    counts = np.array([[90, 80, 3], [500, 10, 600], [20, 30, 40]])
    hidden = np.isnan(released(counts, rules()["nhs_1_7_round_5"]))
    assert hidden.astype(int).tolist() == [[1, 0, 1], [0, 0, 0], [1, 0, 1]]


@pytest.mark.parametrize("rule", STRICT, ids=lambda rule: rule.name)
def test_nothing_is_withheld_where_nothing_is_small(rule):
    counts = np.array([[0, 10, 400], [55, 0, 11], [12, 13, 14]])
    assert not np.isnan(released(counts, rule)).any()


def test_one_who_knows_the_method_too_is_not_better_off():
    """Every pair of counts that is published alike is a possible truth; the smaller must have many values."""
    rule = rules()["nhs_1_7_round_5"]
    for small, partner in itertools.product(range(1, 8), (8, 15, 40)):
        total = small + partner
        alike = {a for a in range(1, total) if np.isnan(released(np.array([[a], [total - a]]), rule)).all()}
        assert len(alike) >= rule.events_below - 1
        assert small in alike


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(
    st.integers(1, 7),
    st.lists(st.integers(8, 60), min_size=2, max_size=3),
    st.sampled_from([rules()["nhs_1_7_round_5"]]),
)
def test_rounded_parts_and_a_rounded_whole_do_not_give_a_small_part_back(small, others, rule):
    """The rows read (`sources`) are the sum of the rows placed and not placed (`placed`)."""
    whole, seen = rule.rounded(small + sum(others)), released(np.array([[small, *others]]), rule)[0]
    shown = [int(part) for part in seen[~np.isnan(seen)]]
    reach = {n: [m for m in range(max(0, n - 2), n + 3) if rule.rounded(m) == n] for n in (whole, *shown)}
    hidden = int(np.isnan(seen).sum())
    most = max(reach[whole]) - sum(min(reach[n]) for n in shown) - (hidden - 1)
    least = 1 if hidden > 1 else max(1, min(reach[whole]) - sum(max(reach[n]) for n in shown))
    assert min(most, rule.events_below - 1) - least + 1 >= rule.events_below - 1


def test_the_row_that_gave_a_count_back_before_rows_were_protected():
    # 13 -> 15, 23 -> 25, 37 -> 35: with only the 1 withheld it is 35 +- 2 - 15 -+ 2 - 25 -+ 2, which leaves 1 alone
    seen = released(np.array([[13, 23, 1]]), rules()["nhs_1_7_round_5"])[0]
    assert np.isnan(seen[2])
    assert np.isnan(seen).sum() == 2
