"""Hundreds of tables with margins, levels and links are attacked with all that is public; no small count gives way."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attack.attacker import Public, truth
from curv_eval.disclosure import release_tables, tables
from curv_eval.disclosure.rules import rules

NHS, UNDER_10 = rules()["nhs_1_7_round_5"], rules()["under_10"]
EXACT = replace(NHS, name="nhs_without_rounding", round_to=1)
UNDER_5 = replace(EXACT, name="under_5", events_below=5)
RULES = [NHS, UNDER_10, EXACT, UNDER_5]
COUNT = st.one_of(st.integers(0, 9), st.integers(0, 60), st.sampled_from([0, 1, 1, 2, 300]))
WARDS = {"a0": "w0", "a1": "w0", "a2": "w1", "a3": "w1", "w0": "d0", "w1": "d0", "a4": "d1"}
ONE_WAY = {"a0": "x", "a1": "x", "a2": "x", "a3": "y", "a4": "y", "a5": "y"}
OTHER_WAY = {"a0": "p", "a3": "p", "a1": "q", "a2": "q", "a4": "q", "a5": "q"}
SHAPES = {
    "rows and columns": ({"a": 3, "b": 3}, {"t": ["a", "b"]}, {}),
    "one column": ({"a": 7}, {"t": ["a"]}, {}),
    "areas in wards in districts, by age": ({"a": 5, "b": 2}, {"t": ["a", "b"]}, {"a": [WARDS]}),
    "two ways of grouping the same places": ({"a": 6}, {"t": ["a"]}, {"a": [ONE_WAY, OTHER_WAY]}),
    "two tables that share a margin": ({"a": 3, "b": 2, "c": 2}, {"t": ["a", "b"], "u": ["a", "c"]}, {}),
    "three dimensions": ({"a": 2, "b": 2, "c": 2}, {"t": ["a", "b", "c"]}, {}),
}


def drawn(sizes, numbers):
    """Counts for every combination of codes."""
    grid = pd.MultiIndex.from_product(
        [[f"{dim}{n}" for n in range(size)] for dim, size in sizes.items()], names=list(sizes)
    )
    return grid.to_frame(index=False).assign(count=numbers)


def public(counts, asked, above, rule):
    """All that is public once the tables have left, and what is true of every cell."""
    released = release_tables(counts, count="count", tables=asked, above=above, rule=rule)
    known, true = Public(rule), {}
    for name, dims in asked.items():
        known.table(released[name].table, dims, above)
        true |= truth(counts, dims, above)
    return known, true


def attacked(known, true, rule):
    """The range of each small count that occurs; what is shown must be what is true."""
    assert {name for name, shown in known.cells.items() if shown is None} <= {n for n, count in true.items() if count}
    for name, shown in known.cells.items():
        assert shown is None or shown == rule.rounded(true[name])
    few = [name for name, count in true.items() if 0 < count < rule.events_below]
    assert all(known.cells[name] is None for name in few)
    return known.ranges(few)


def parts_that_are_no_zero(known, name):
    """A withheld whole is at least as much as it has parts that are not shown as zero, whatever else is withheld."""
    below = [parts for whole, parts in known.sums if whole == name]
    counts = [sum(max(1, parts_that_are_no_zero(known, p)) for p in parts if known.cells[p] != 0) for parts in below]
    return max(counts, default=1)


@pytest.mark.parametrize("shape", SHAPES)
@settings(max_examples=34, deadline=None, derandomize=True, database=None)
@given(st.data(), st.sampled_from(RULES))
def test_nobody_can_say_more_of_a_small_count_than_the_rule_says(shape, data, rule):
    sizes, asked, above = SHAPES[shape]
    size = int(np.prod(list(sizes.values())))
    counts = drawn(sizes, data.draw(st.lists(COUNT, min_size=size, max_size=size)))
    known, true = public(counts, asked, above, rule)
    for name, (low, high) in attacked(known, true, rule).items():
        assert low <= max(1, parts_that_are_no_zero(known, name)), name
        assert high >= rule.events_below - 1, name


def test_without_what_is_withheld_beside_them_the_attack_goes_red(monkeypatch):
    """The attack can fail: with small counts alone withheld, exact margins give most of them back."""
    counts = drawn({"a": 4, "b": 3}, [3, 40, 50, 20, 5, 30, 60, 70, 2, 33, 44, 55])
    asked, above = {"t": ["a", "b"]}, {}
    known, true = public(counts, asked, above, EXACT)
    assert all(low <= 1 and high >= 7 for low, high in attacked(known, true, EXACT).values())
    real = tables.suppress
    monkeypatch.setattr(
        tables, "suppress", lambda cells, rule: replace(real(cells, rule), hidden=real(cells, rule).primary)
    )
    known, true = public(counts, asked, above, EXACT)
    found = attacked(known, true, EXACT)
    assert {name: low for name, (low, high) in found.items() if low == high} == {name: true[name] for name in found}


def test_margins_are_sums_of_true_counts():
    counts = drawn({"a": 2, "b": 2}, [3, 40, 50, 61])
    table = release_tables(counts, count="count", tables={"t": ["a", "b"]}, rule=EXACT)["t"].table
    assert table.query("a == 'All' and b == 'All'")["count"].tolist() == [154]
    assert release_tables(counts, count="count", tables={"t": ["a", "b"]}, rule=NHS)["t"].table.iloc[-1]["count"] == 155


def test_tables_let_out_one_by_one_are_weaker_than_together():
    """The reason for letting tables that share a margin out together: each alone may hide another part of the same."""
    counts = drawn({"a": 3, "b": 3, "c": 2}, np.random.default_rng(3).negative_binomial(0.8, 0.1, 18))
    together, true = public(counts, {"t": ["a", "b"], "u": ["a", "c"]}, {}, EXACT)
    assert all(high - low >= 6 for low, high in attacked(together, true, EXACT).values())
