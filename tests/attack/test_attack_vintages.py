"""Tables by the areas of 2011 and of 2021: whoever keeps both knows which area became which."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from curv_eval.disclosure import Role, Status, across_vintages, release, release_tables
from curv_eval.disclosure.kept import as_json, from_json
from curv_eval.disclosure.rules import rules
from curv_eval.disclosure.union import given_way, joined

NHS, OPEN = rules()["nhs_1_7_round_5"], rules()["open"]
EXACT = replace(NHS, name="nhs_without_rounding", round_to=1)
# E1 was cut in two, E2 and E3 were put together, E4 and E5 exchanged a street, E6 stayed
UNITED = {
    "E1": "U1", "E1a": "U1", "E1b": "U1", "E2": "U2", "E3": "U2", "E23": "U2",
    "E4": "U3", "E5": "U3", "E4x": "U3", "E5x": "U3", "E6": "U4",
}  # fmt: skip
OLD = {"E1": 12, "E2": 20, "E3": 30, "E4": 40, "E5": 25, "E6": 50}


def by_area(counts, rule=EXACT, united=UNITED):
    table = pd.DataFrame({"area": list(counts), "assaults": list(counts.values())})
    roles = {"area": Role.KEY, "assaults": Role.COUNT}
    return across_vintages(release(table, name="t", title="Assaults", rule=rule, roles=roles), united)


def found(*tables):
    """The small counts that give way to somebody who keeps all the tables."""
    return {one.label for one in given_way(joined([table.evidence.attackable for table in tables]))}


def cut(first, second):
    rest = {code: count for code, count in OLD.items() if code != "E1"}
    return {"E1a": first, "E1b": second, **rest}


def test_an_area_cut_in_two_gives_its_small_half_back():
    """63 in the old area and 60 in one half: 3 in the other, which the new table withholds with another area beside."""
    old, new = by_area({**OLD, "E1": 63}), by_area(cut(60, 3))
    assert new.statuses["assaults"].tolist()[1] is Status.WITHHELD
    assert not found(old)
    assert not found(new)
    assert "E1b | assaults" in found(old, new) | found(new, old)


def test_both_halves_withheld_leave_it_open():
    """The half of 9 is withheld beside that of 3, and the old area says no more than that both are 12."""
    assert not found(by_area(OLD), by_area(cut(9, 3)))


def test_without_knowing_what_became_of_the_codes_nothing_would_be_seen():
    """Broken on purpose: to a ledger that compares codes alone they are different areas."""
    old, new = {"E1": 63, "E6": 90}, {"E1a": 60, "E1b": 3, "E6": 90, "E9": 20}
    assert not found(by_area(old, united={}), by_area(new, united={}))
    assert found(by_area(old), by_area(new)) == {"E1b | assaults"}


def test_halves_that_are_large_are_no_fault():
    more = {**OLD, "E1": 30}
    assert not found(by_area(more), by_area({**cut(18, 12)}))


def test_areas_put_together_give_a_small_one_back():
    """E2 was withheld beside others in 2011; the area that it became part of is shown, and so is E3."""
    before = {**OLD, "E2": 3}
    after = {"E1": 12, "E23": 33, "E4": 40, "E5": 25, "E6": 50}
    old, new = by_area(before), by_area(after)
    hidden = old.table.set_index("area")["assaults"].isna()
    assert hidden["E2"]
    if not hidden["E3"]:
        assert "E2 | assaults" in found(old, new)
    else:
        assert not found(old)


def test_a_street_exchanged_gives_nothing_back_where_nothing_is_small():
    after = {**{c: n for c, n in OLD.items() if c not in ("E4", "E5")}, "E4x": 44, "E5x": 21}
    assert not found(by_area(OLD), by_area(after))


def test_an_area_that_stayed_is_the_same_cell_in_both():
    held = joined([by_area(OLD).evidence.attackable, by_area(cut(7 + 1, 4)).evidence.attackable])
    assert list(held.labels).count("E6 | assaults") == 1
    assert list(held.labels).count("united U4 | assaults") == 1


@pytest.mark.parametrize("rule", [NHS, EXACT])
def test_what_is_published_does_not_change(rule):
    plain = by_area(cut(9, 3), rule, united={})
    known = by_area(cut(9, 3), rule)
    pd.testing.assert_frame_equal(plain.table, known.table)
    pd.testing.assert_frame_equal(plain.statuses, known.statuses)
    pd.testing.assert_frame_equal(plain.evidence.records, known.evidence.records)


def test_rounding_keeps_the_half_open():
    """Shown as 10 and 10, the old area and its larger half leave the smaller one open between 1 and 7 or nearly."""
    old, new = by_area({**OLD, "E1": 63}, NHS), by_area(cut(60, 3), NHS)
    held = joined([replace(one.evidence.attackable, exact=False) for one in (old, new)])
    labels = {one.label for one in given_way(held)}
    assert labels <= {"E1b | assaults"}


def test_tables_with_levels_know_of_it_too():
    counts = pd.DataFrame(
        [("E1a", "f", 9), ("E1a", "m", 30), ("E1b", "f", 3), ("E1b", "m", 25), ("E6", "f", 20), ("E6", "m", 40)],
        columns=["area", "sex", "count"],
    )
    made = release_tables(counts, count="count", tables={"t": ["area", "sex"]}, rule=EXACT)["t"]
    held = across_vintages(made, UNITED).evidence.attackable
    assert {"united U1 · f | area, sex", "united U1 · m | area, sex"} <= set(held.labels)
    before = counts.replace({"area": {"E1a": "E1", "E1b": "E1"}}).groupby(["area", "sex"], as_index=False).sum()
    old = across_vintages(release_tables(before, count="count", tables={"t": ["area", "sex"]}, rule=EXACT)["t"], UNITED)
    small = {one.label for one in given_way(joined([old.evidence.attackable, held]))}
    known = made.table.set_index(["area", "sex"])["count"]
    assert ("E1b · f | area, sex" in small) == (not np.isnan(known["E1a", "f"]))


def test_it_is_kept_and_comes_back():
    held = by_area(cut(9, 3)).evidence.attackable
    back = from_json(as_json(held))
    assert back.labels == list(held.labels)
    assert (back.hidden == held.hidden).all()
    assert (back.cells.ties != held.cells.ties).nnz == 0


def test_sums_of_nothing_are_known_to_be_nothing():
    held = by_area({"E1a": 0, "E1b": 0, "E6": 50}).evidence.attackable
    place = list(held.labels).index("united U1 | assaults")
    assert held.cells.values[place] == 0
    assert not held.hidden[place]


def test_a_table_without_counts_and_codes_that_nobody_knows_are_left():
    words = pd.DataFrame({"area": ["E1"], "what": ["a ward"]})
    made = release(words, name="t", title="T", rule=OPEN, roles={"area": Role.KEY, "what": Role.KEY})
    assert across_vintages(made, UNITED).table.equals(made.table)
    other = by_area({"X1": 40, "X2": 50})
    assert list(other.evidence.attackable.labels) == list(
        by_area({"X1": 40, "X2": 50}, united={}).evidence.attackable.labels
    )
