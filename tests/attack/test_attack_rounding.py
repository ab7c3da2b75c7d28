"""Controlled rounding: sums hold among what is shown, nothing moves further than it must, no count is given back."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from attack.test_attack_reference import grid
from attack.test_attack_tables import NHS, SHAPES, UNDER_10, drawn
from curv_eval.disclosure import round_tables
from curv_eval.disclosure.controlled import rounded_together
from curv_eval.disclosure.crossed import crossed
from curv_eval.errors import DisclosureError

HELD = json.loads((Path(__file__).with_name("published_tables.json")).read_text("utf-8"))
CASE = next(case for case in HELD["cases"] if case["id"] == "handbook_rounding_3x2")


def test_the_example_of_the_handbook_is_rounded_with_less_change_than_printed_there():
    cells, _ = grid(CASE["table"])
    found = rounded_together(cells, CASE["base"])
    assert np.abs(found - cells.values).sum() == CASE["expect"]["zero_restricted_optimum_sum_abs_dev_all_cells"]
    assert not (cells.ties @ found).any()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(4))
def test_sums_hold_and_no_small_count_is_given_back(shape, seed):
    sizes, asked, above = SHAPES[shape]
    rng = np.random.default_rng(seed)
    size = int(np.prod(list(sizes.values())))
    counts = drawn(sizes, np.where(rng.random(size) < 0.5, rng.integers(0, 9, size), rng.integers(0, 60, size)))
    cells = crossed(counts, count="count", tables=asked, above=above).cells
    shown = rounded_together(cells, 5)
    assert not (shown % 5).any()
    assert not (cells.ties @ shown).any()
    assert (np.abs(shown - cells.values) < 5).all()
    # the attacker knows that each count lies less than a base from what is shown, and every sum
    low, high = np.maximum(shown - 4, 0), shown + 4
    for cell in np.flatnonzero((cells.values > 0) & (cells.values < 8)):
        aim = np.eye(1, len(low), cell)[0]
        held = {"constraints": LinearConstraint(cells.ties, 0, 0), "bounds": Bounds(low, high)}
        ends = [milp(sign * aim, integrality=np.ones(len(low)), **held) for sign in (1, -1)]
        assert round(-ends[1].fun) - round(ends[0].fun) >= 2


def test_the_gate_rounds_together_where_it_is_asked_to():
    sizes, asked, above = SHAPES["rows and columns"]
    counts = drawn(sizes, [3, 40, 52, 20, 6, 30, 61, 70, 2])
    table = round_tables(counts, count="count", tables=asked, above=above, rule=NHS)["t"]
    assert not table.suppressed
    by_row = table.table.pivot(index="a", columns="b", values="count")
    assert (by_row.drop(columns="All").sum(axis=1) == by_row["All"]).all()
    with pytest.raises(DisclosureError, match="say too much"):
        round_tables(counts, count="count", tables=asked, rule=replace(UNDER_10, round_to=1))
