"""The pattern of withheld counts: beside every pattern there is, and the same each time."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from attack.test_attack_tables import EXACT, NHS, SHAPES, UNDER_5, drawn
from curv_eval.disclosure import release_tables, suppress
from curv_eval.disclosure.attack import Attacker, alone, exposed, holds, ranges
from curv_eval.disclosure.cells import Cells, knowledge, line_cells, small, ties
from curv_eval.disclosure.crossed import ALL, Dimension, crossed
from curv_eval.disclosure.kept import as_json, from_json
from curv_eval.disclosure.programme import Programme
from curv_eval.disclosure.union import narrower
from curv_eval.errors import DisclosureError


def cells_of(shape, numbers):
    sizes, asked, above = SHAPES[shape]
    return crossed(drawn(sizes, numbers), count="count", tables=asked, above=above).cells


def safe(cells, hidden, rule):
    """Whether every small count stays open, asked one by one with a programme made anew for each."""
    low, high = knowledge(cells, hidden, rule)
    whole = Programme(cells.ties, low, high, whole=True)
    for cell in np.flatnonzero(small(cells, rule)):
        aim = np.eye(1, len(low), cell)[0]
        if whole.best(aim, least=True)[cell] > 1.5 or whole.best(aim, least=False)[cell] < rule.events_below - 1.5:
            return False
    return True


def cheapest(cells, rule):
    """The least that can be lost, by trying every set of further counts."""
    primary = small(cells, rule)
    others = np.flatnonzero(cells.candidates & ~primary)
    best = np.inf
    for size in range(len(others) + 1):
        for chosen in combinations(others, size):
            lost = cells.values[list(chosen)].sum()
            if lost < best:
                hidden = primary.copy()
                hidden[list(chosen)] = True
                best = lost if safe(cells, hidden, rule) else best
    return best


@pytest.mark.parametrize("rule", [EXACT, UNDER_5], ids=lambda rule: rule.name)
@pytest.mark.parametrize(("shape", "numbers"), [
    ("one column", [3, 20, 14, 30, 9, 0, 11]),
    ("two ways of grouping the same places", [2, 9, 40, 12, 0, 30]),
    ("two ways of grouping the same places", [0, 3, 8, 25, 6, 10]),
])  # fmt: skip
def test_no_pattern_loses_less(shape, numbers, rule):
    cells = cells_of(shape, numbers)
    pattern = suppress.suppress(cells, rule)
    assert pattern.optimal
    assert (pattern.wanted == [1, rule.events_below - 1]).all()
    assert safe(cells, pattern.hidden, rule)
    assert cells.values[pattern.beside].sum() == cheapest(cells, rule)


def test_no_pattern_loses_less_of_rows_and_columns():
    table = np.array([[3, 40], [50, 20]])
    grid = pd.DataFrame({"a": ["x", "x", "y", "y"], "b": ["p", "q", "p", "q"], "count": table.ravel()})
    cells = crossed(grid, count="count", tables={"t": ["a", "b"]}, above={}).cells
    pattern = suppress.suppress(cells, EXACT)
    assert pattern.optimal
    assert cells.values[pattern.beside].sum() == cheapest(cells, EXACT)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_same_table_gives_the_same_pattern(shape):
    size = int(np.prod(list(SHAPES[shape][0].values())))
    numbers = np.random.default_rng(11).negative_binomial(0.8, 0.06, size)
    first, second = (suppress.suppress(cells_of(shape, numbers), EXACT) for _ in range(2))
    assert (first.hidden == second.hidden).all()


def test_another_cost_gives_another_pattern():
    cells = cells_of("one column", [3, 20, 14, 30, 9, 0, 11])
    few, dear = suppress.suppress(cells, EXACT), np.where(cells.values == 9, 1000.0, 1.0)
    assert cells.values[few.beside].tolist() == [9]
    other = suppress.suppress(cells, EXACT, cost=dear)
    assert 9 not in cells.values[other.beside]
    assert other.beside.sum() == 1


def test_above_the_limit_patterns_still_hold(monkeypatch):
    """Large tables have no proof that nothing loses less, but they have no hole either."""
    monkeypatch.setattr(suppress, "OPTIMAL", 0)
    monkeypatch.setattr(suppress, "THINNED", 0)
    monkeypatch.setattr(suppress, "ONE_BY_ONE", 2)
    for seed in range(6):
        numbers = np.random.default_rng(seed).negative_binomial(0.7, 0.06, 9)
        cells = cells_of("rows and columns", numbers)
        pattern = suppress.suppress(cells, EXACT)
        places = np.flatnonzero(pattern.primary)
        assert holds(Attacker(cells, pattern.hidden, EXACT), places, pattern.wanted)
        assert not pattern.optimal or not pattern.beside.any()


def test_what_cannot_be_opened_is_opened_as_far_as_it_goes():
    """Two counts whose total is known from elsewhere: 2 and 12 can be 1 to 13, but 2 and 3 only 1 to 4."""
    for counts, high in (([2, 12], 7), ([2, 9], 7)):
        pattern = suppress.suppress(line_cells(np.array([counts]), EXACT), EXACT)
        assert pattern.wanted[0].tolist() == [1, high]
    cells = Cells(np.array([2, 3, 5]), ties([[0, 1]], [2], 3), np.array([False, False, True]))
    pattern = suppress.suppress(cells, EXACT)
    assert pattern.wanted[:2].tolist() == [[1, 4], [1, 4]]
    assert pattern.hidden.tolist() == [True, True, False]


def test_a_total_that_is_small_itself_is_not_taken_for_known():
    cells = line_cells(np.array([[1, 2], [30, 40], [50, 60]]), EXACT)
    assert cells.values[~cells.known].tolist() == [1, 2, 30, 40, 50, 60, 3]


def test_what_follows_from_single_sums_is_seen_without_a_programme():
    cells = line_cells(np.array([[3, 40], [50, 60]]), EXACT)
    hidden = np.array([True, False, False, False, *[False] * 4])
    attacker = Attacker(cells, hidden, EXACT)
    assert np.flatnonzero(alone(attacker)).tolist() == [0]
    assert exposed(attacker, np.array([0]), np.tile([1.0, 7.0], (8, 1))).tolist() == [0]
    assert ranges(cells, hidden, EXACT).tolist() == [[3, 3]]


def test_what_nothing_bounds_has_no_end():
    free = Cells(np.array([3, 40]), sparse.csr_array((0, 2)), np.zeros(2, bool))
    assert ranges(free, np.array([True, False]), EXACT).tolist() == [[1, np.inf]]


def test_cells_that_do_not_add_up_are_refused():
    with pytest.raises(ValueError, match="do not belong together"):
        Cells(np.array([1, 2, 4]), ties([[0, 1]], [2], 3), np.zeros(3, bool))


@pytest.mark.parametrize("rule", [NHS, EXACT])
def test_what_is_kept_is_read_back(rule):
    sizes, asked, above = SHAPES["areas in wards in districts, by age"]
    counts = drawn(sizes, [3, 40, 2, 0, 15, 60, 7, 8, 9, 10])
    held = release_tables(counts, count="count", tables=asked, above=above, rule=rule)["t"].evidence.attackable
    again = from_json(as_json(held))
    assert again.labels == list(held.labels)
    assert again.rule == held.rule
    assert (again.cells.values == held.cells.values).all()
    assert (again.cells.ties != held.cells.ties).nnz == 0
    assert (again.hidden == held.hidden).all()
    assert (again.wanted == held.wanted).all()
    with pytest.raises(KeyError):
        from_json({"labels": []})


def test_levels_are_sums_of_what_lies_right_below_them():
    above = {"a": "w", "b": "w", "w": "d", "c": "d"}
    one = Dimension.of("place", ["a", "b", "c"], [above])
    assert one.codes == ("a", "b", "c", "w", "d", ALL)
    made = {
        code: [one.codes[n] for n in np.flatnonzero(row)]
        for code, row in zip(one.codes, one.made.toarray(), strict=True)
    }
    assert made["w"] == ["a", "b"]
    assert made["d"] == made[ALL] == ["a", "b", "c"]
    assert one.sums.shape[0] == 3


@pytest.mark.parametrize(("above", "said"), [
    ({"a": ALL}, "stands among the codes"),
    ({"z": "w"}, "is not among the codes"),
    ({"a": "w", "w": "v", "v": "w"}, "lies above itself"),
])  # fmt: skip
def test_levels_that_do_not_hold_together_are_refused(above, said):
    with pytest.raises(DisclosureError, match=said):
        Dimension.of("place", ["a", "b"], [above])


@pytest.mark.parametrize(("change", "said"), [
    ({"count": -1}, "whole number of 0 or more"),
    ({"count": 1.5}, "whole number of 0 or more"),
    ({"count": None}, "whole number of 0 or more"),
    ({"a": None}, "a code is missing"),
])  # fmt: skip
def test_broken_counts_are_refused(change, said):
    frame = pd.DataFrame({"a": ["x", "y"], "count": [3, 40]}).astype(object)
    for column, value in change.items():
        frame.loc[0, column] = value
    with pytest.raises(DisclosureError, match=said):
        release_tables(frame, count="count", tables={"t": ["a"]}, rule=EXACT)
    with pytest.raises(DisclosureError, match="is not a column"):
        release_tables(frame, count="n", tables={"t": ["a", "b"]}, rule=EXACT)


def test_rounded_margins_protect_what_exact_ones_give_away():
    """The same table by two rules: rounding leaves the reader several whole numbers for each count."""
    counts = drawn({"a": 3, "b": 3}, [3, 40, 52, 20, 31, 30, 61, 70, 25])
    shown = {r.name: release_tables(counts, count="count", tables={"t": ["a", "b"]}, rule=r)["t"] for r in (NHS, EXACT)}
    assert shown[NHS.name].suppressed == 1
    assert shown[EXACT.name].suppressed == 4
    wide = replace(NHS, round_to=1)
    assert wide == replace(EXACT, name=NHS.name)


def test_a_small_whole_of_two_parts_is_said_to_be_known_more_closely():
    """Two parts that are no zero make at least 2: the attack says so, although nothing more can be withheld."""
    frame = pd.DataFrame({"a": ["x", "y"], "count": [1, 1]})
    held = release_tables(frame, count="count", tables={"t": ["a"]}, rule=EXACT)["t"].evidence.attackable
    (whole,) = narrower(held)
    assert (whole.label, whole.low) == ("All | a", 2)
    frame = pd.DataFrame({"a": ["x", "y"], "count": [3, 40]})
    held = release_tables(frame, count="count", tables={"t": ["a"]}, rule=EXACT)["t"].evidence.attackable
    assert narrower(held) == []
