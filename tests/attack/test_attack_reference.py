"""Published small tables with a known pattern, range or attack: the gate and its attacker give the published answers.

published_tables.json holds the cases with their sources.
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from curv_eval.disclosure import dominance, release_tables
from curv_eval.disclosure.attack import Attacker, exposed, ranges
from curv_eval.disclosure.cells import Cells, ties
from curv_eval.disclosure.programme import Programme
from curv_eval.disclosure.rules import rules
from curv_eval.disclosure.suppress import Pattern, suppress
from curv_eval.disclosure.union import differences

HELD = json.loads((Path(__file__).with_name("published_tables.json")).read_text("utf-8"))
CASES = {case["id"]: case for case in HELD["cases"]}
EXACT = replace(rules()["nhs_1_7_round_5"], name="exact", round_to=1)


def grid(table):
    """The cells of a table with its margins, rows and columns in order, and the position of each."""
    table = np.array(table)
    whole = np.block([[table, table.sum(axis=1, keepdims=True)], [table.sum(axis=0, keepdims=True), table.sum()]])
    at = np.arange(whole.size).reshape(whole.shape)
    parts = [row[:-1] for row in at] + [column[:-1] for column in at.T]
    wholes = [row[-1] for row in at] + [column[-1] for column in at.T]
    return Cells(whole.ravel(), ties(parts, wholes, whole.size), np.zeros(whole.size, bool)), at


def open_ranges(cells, hidden):
    """The range of each hidden count for one who knows only that counts are 0 or more."""
    low, high = np.where(hidden, 0, cells.values), np.where(hidden, 10_000, cells.values)
    programme, found = Programme(cells.ties, low.astype(float), high.astype(float)), {}
    for cell in np.flatnonzero(hidden):
        aim = np.eye(1, len(low), cell)[0]
        found[int(cell)] = [round(float(programme.best(aim, least=least)[cell])) for least in (True, False)]
    return found


def test_the_range_of_geurts():
    case = CASES["geurts_1992_feasibility"]
    # the four hidden counts by name: any that keep the published margins will do
    rows = [["X11", "X12"], ["X21", "X22"]]
    truth = {"X11": 5, "X12": 2, "X21": 1, "X22": 2}
    cells, at = grid([[truth[n] for n in row] for row in rows] + [case["published"][2][:2]])
    hidden = np.zeros(len(cells.values), bool)
    places = {name: at[i, j] for i, row in enumerate(rows) for j, name in enumerate(row)}
    hidden[list(places.values())] = True
    found = open_ranges(cells, hidden)
    assert {name: found[place] for name, place in places.items()} == case["expect"]


def test_the_pattern_of_the_activity_table_is_found_and_is_the_cheapest():
    case = CASES["fs_activity_region_3x3"]
    cells, at = grid(case["table"])
    name = {
        int(at[i, j]): f"{r},{c}" for i, r in enumerate(case["row_labels"]) for j, c in enumerate(case["col_labels"])
    }
    place = {label: cell for cell, label in name.items()}
    target, value = place["II,C"], 22
    from curv_eval.disclosure.optimal import least_costly

    primary = np.arange(len(cells.values)) == target
    wanted = np.tile([1.0, 7.0], (len(primary), 1))
    wanted[target] = value - 5, value + 5  # whole numbers beyond the protection levels of 4.4
    start = np.isin(np.arange(len(primary)), [place[f"{r},{c}"] for r in ("I", "II", "III") for c in ("A", "B", "C")])
    pattern = least_costly(cells, EXACT, Pattern(primary, start, wanted), cost=cells.values.astype(float))
    assert pattern.optimal
    assert sorted(name[int(cell)] for cell in np.flatnonzero(pattern.hidden)) == case["expect"]["pattern"]
    assert cells.values[pattern.hidden].sum() == case["expect"]["sum_suppressed"]
    found = open_ranges(cells, pattern.hidden)
    assert {name[cell]: ends for cell, ends in found.items()} == case["expect"]["intervals_for_pattern"]


def test_two_tables_of_the_same_eight_places_need_the_one_count_that_is_published():
    case = CASES["linked_136"]
    frame = pd.DataFrame({"place": list(case["cells"]), "n": list(case["cells"].values())})
    above = {
        "place": [{code: whole for whole, codes in case[t].items() for code in codes} for t in ("table1", "table2")]
    }
    rule = replace(EXACT, events_below=4)
    made = release_tables(frame, count="n", tables={"t": ["place"]}, above=above, rule=rule)["t"]
    shown = made.table.set_index("place")["count"]
    assert shown[shown.isna()].index.tolist() == sorted([*case["primary"], *case["expect"]["secondary_needed"]])
    held = made.evidence.attackable
    found = open_ranges(held.cells, held.hidden)
    names = {label.split(" | ")[0]: cell for cell, label in enumerate(held.labels)}
    assert {name: found[names[name]] for name in case["expect"]["after"]} == case["expect"]["after"]
    # with the small counts alone withheld, both tables together give K exactly, and each alone does not
    (low, high) = dict(zip(np.flatnonzero(held.primary), ranges(held.cells, held.primary, rule), strict=True))[
        names["K"]
    ]
    assert [low, high] == case["expect"]["both_tables_K"]


def test_zeros_and_ones_that_a_sum_gives_back():
    for one in CASES["zeros_and_ones_194"]["sums"][1:]:
        values = np.array([*one["parts"], one["total"]])
        cells = Cells(
            values, ties([list(range(len(one["parts"])))], [len(values) - 1], len(values)), np.zeros(len(values), bool)
        )
        hidden = np.isin(np.arange(len(values)), one["suppressed"])
        if one["lower"] == 1:
            found = dict(zip(np.flatnonzero(hidden).tolist(), ranges(cells, hidden, EXACT).tolist(), strict=True))
            assert {str(cell): [int(x) for x in ends] for cell, ends in found.items()} == one["expect"]
            assert list(
                exposed(Attacker(cells, hidden, EXACT), np.flatnonzero(hidden), np.tile([1.0, 7.0], (5, 1)))
            ) == [2, 3]
        else:
            assert {str(cell): ends for cell, ends in open_ranges(cells, hidden).items()} == one["expect"]
            # here zeros are shown, and so the gate never withholds one
            assert not suppress(cells, EXACT).hidden[list(one["suppressed"])].any()


def test_margins_that_acro_let_out_beside_the_table():
    case = CASES["acro_margins_leak"]
    long = pd.DataFrame(
        [(r, c, n) for r, row in case["table"].items() for c, n in row.items()], columns=["row", "column", "n"]
    )
    tables = {"both": ["row", "column"], "rows": ["row"], "columns": ["column"]}
    made = release_tables(long, count="n", tables=tables, rule=EXACT)
    held = made["both"].evidence.attackable
    found = dict(zip(np.flatnonzero(held.hidden), ranges(held.cells, held.hidden, EXACT), strict=True))
    cell = held.labels.index("B · y | row, column")
    assert tuple(found[cell]) != (3, 3)
    assert found[cell][0] == 1
    assert found[cell][1] >= 7
    alone = held.primary & (np.arange(len(held.primary)) == cell)
    assert ranges(held.cells, alone, EXACT).tolist() == [case["expect"]["B,y"]]


def test_places_and_bands_that_differ_by_a_few_people():
    """Both differencing examples of the handbook are found as differences of small size."""
    case = CASES["handbook_geographic_differencing"]
    for sex, expected in case["expect"].items():
        new, old = (shown(case["rows"], case[version][sex]) for version in "AB")
        assert {one.label: one.low for one in differences(new, old)} == {
            row: number for row, number in zip(case["rows"], expected, strict=True) if number
        }
    band = CASES["handbook_band_differencing"]
    old, new = shown(["male"], [band["A"]["<20"][0]]), shown(["male"], [band["B"]["<25"][0]])
    assert [one.low for one in differences(new, old)] == [band["expect"]["20-24"][0]]


def shown(labels, counts):
    from curv_eval.disclosure.nouns import Attackable

    none = np.zeros(len(counts), bool)
    cells = Cells(np.array(counts), sparse.csr_array((0, len(counts))), none)
    return Attackable(cells, none, none, np.tile([1.0, 7.0], (len(counts), 1)), labels, replace(EXACT, events_below=5))


def test_dominance_of_the_handbook():
    first, second = CASES["p_percent_1"], CASES["p_percent_2"]
    one, two = first["contributions_top"]
    assert dominance.upper_estimate(first["total"], two) == first["expect"]["upper_estimate_of_largest"]
    assert 100 * (dominance.upper_estimate(first["total"], two) / one - 1) == pytest.approx(
        first["expect"]["overestimate_percent"]
    )

    def unsafe(case, **rule):
        total, largest, other = (pd.Series([x]) for x in (case["total"], *case["contributions_top"]))
        return bool(dominance.dominated(total, largest, other, rule=replace(EXACT, **rule))[0])

    assert unsafe(first, p_percent=10, two_largest=100)
    assert not unsafe(second, p_percent=10, two_largest=100)
    assert unsafe(second, p_percent=0, two_largest=90.9)
    fourth = CASES["dominance_4"]
    above = dominance.protection(np.array(fourth["contributions"]), share=85)
    assert sum(fourth["contributions"]) + above == pytest.approx(
        fourth["expect"]["required_upper_bound"], abs=fourth["tol"]
    )
    formula = CASES["rule_equivalence"]
    assert dominance.dominance_of(10) == pytest.approx(formula["expect"]["p=10 -> k"], abs=formula["tol"])
    assert dominance.dominance_of(25) == pytest.approx(80)
