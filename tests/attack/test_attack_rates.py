"""Rates and percentages are attacked by somebody who knows every population, every total and every shown rate."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from attack.attacker import Public
from curv_eval.disclosure import Rate, Role, Status, rates, release, release_rates
from curv_eval.disclosure.rules import rules
from curv_eval.disclosure.union import differences, given_way, joined, tightest
from curv_eval.errors import DisclosureError
from curv_eval.granted import LetOut

NHS, UNDER_10 = rules()["nhs_1_7_round_5"], rules()["under_10"]
EXACT = replace(NHS, name="nhs_without_rounding", round_to=1)
UNDER_5 = replace(EXACT, name="under_5", events_below=5)
COUNT = st.one_of(st.integers(0, 9), st.integers(0, 60), st.sampled_from([0, 1, 1, 2, 300]))
PER_1000 = {"per_1000": Rate("assaults", "people", 1000)}
SHARE = {"share": Rate("knife", "assaults", 100, part=True)}


def wards(assaults, knife=None, people=None):
    """A table of wards: assaults, those with a knife among them, and people who live there."""
    n = len(assaults)
    knife = [0] * n if knife is None else knife
    people = [1000 * (i + 1) for i in range(n)] if people is None else people
    index = pd.Index([f"w{i}" for i in range(n)], name="ward")
    return pd.DataFrame({"assaults": assaults, "knife": knife, "people": people}, index=index)


def released(table, asked, rule=NHS, **other):
    used = dict.fromkeys(part for one in asked.values() for part in (one.count, one.out_of))
    return release_rates(table[list(used)], asked, **{"name": "r", "title": "Rates", "rule": rule, **other})


def attacked(table, made, asked, rule):
    """The range of each small count for one who knows zeros, totals, wholes, and each count whose rate is shown.

    made: None, where no rate is shown at all.
    """
    known, true = Public(replace(rule, round_to=1)), {}
    columns = dict.fromkeys(part for one in asked.values() for part in one.counts)
    whole = {one.out_of for one in asked.values() if one.part}
    rest = table["assaults"] - table["knife"]
    values = {c: table.get(c, rest).to_numpy() for c in columns}
    seen = {c: np.zeros(len(table), bool) for c in columns}
    for shown, one in asked.items() if made else ():
        for part in one.counts:
            seen[part] |= made.table[shown].notna().to_numpy()
    for column, counts in values.items():
        for row, count in enumerate(counts):
            true[column, row] = int(count)
            known.cells[column, row] = int(count) if count == 0 or seen[column][row] else None
        total = int(counts.sum())
        known.cells[column, "all"] = total if not 0 < total < rule.events_below else None
        known.sums.append(((column, "all"), [(column, row) for row in range(len(table))]))
    for column in whole:
        parts = next(one.counts for one in asked.values() if one.out_of == column and one.part)
        for row, count in enumerate(table[column]):
            if column not in columns:
                known.cells[column, row] = int(count) if not 0 < count < rule.events_below else None
            known.sums.append(((column, row), [(part, row) for part in parts]))
    return known.ranges([cell for cell, count in true.items() if 0 < count < rule.events_below])


@pytest.mark.parametrize("asked", [PER_1000, SHARE, PER_1000 | SHARE], ids=["rates", "shares", "both"])
@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(st.data(), st.sampled_from([NHS, UNDER_10, EXACT, UNDER_5]), st.integers(2, 6))
def test_no_small_count_is_found_from_rates_and_totals(asked, data, rule, size):
    assaults = data.draw(st.lists(COUNT, min_size=size, max_size=size))
    knife = [data.draw(st.integers(0, most)) for most in assaults]
    table = wards(assaults, knife)
    made = released(table, asked, rule)
    found, best = attacked(table, made, asked, rule), attacked(table, None, asked, rule)
    for cell, (low, high) in found.items():
        assert low <= max(1, best[cell][0]), cell
        assert high >= min(rule.events_below - 1, best[cell][1]), cell


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.lists(COUNT, min_size=2, max_size=8), st.sampled_from([NHS, UNDER_10, EXACT]))
def test_a_rate_tells_what_the_rounded_count_tells(assaults, rule):
    table = wards(assaults)
    made = released(table, PER_1000, rule)
    shown = made.table["per_1000"] * table["people"].to_numpy() / 1000
    for count, back in zip(assaults, shown, strict=True):
        assert np.isnan(back) or back == pytest.approx(rule.rounded(count), abs=1e-9)
        assert np.isnan(back) or count == 0 or count >= rule.events_below


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.lists(st.tuples(COUNT, COUNT), min_size=2, max_size=6), st.sampled_from([NHS, EXACT]))
def test_a_share_tells_what_the_rounded_parts_tell(parts, rule):
    assume(any(a + b for a, b in parts))
    table = wards([a + b for a, b in parts], [a for a, _ in parts])
    made = released(table, SHARE, rule)
    for (a, b), share in zip(parts, made.table["share"], strict=True):
        if not np.isnan(share):
            assert share == pytest.approx(100 * rule.rounded(a) / (rule.rounded(a) + rule.rounded(b)))
            assert all(part == 0 or part >= rule.events_below for part in (a, b))


def test_the_rest_of_a_whole_is_protected_too():
    made = released(wards([50, 60, 70, 80], [48, 30, 35, 40]), SHARE)
    assert made.statuses["share"].tolist()[0] is Status.WITHHELD
    assert made.statuses["share"].isin([Status.COMPLEMENTARY]).sum() == 1


def test_the_rate_of_the_whole_gives_no_single_small_part_back():
    """The rates of three wards and of all four give the count of the fourth: so a second rate is withheld."""
    made = released(wards([3, 20, 30, 40]), PER_1000, EXACT)
    assert made.statuses["per_1000"].tolist()[0] is Status.WITHHELD
    assert (made.statuses["per_1000"] == Status.COMPLEMENTARY).sum() == 1
    alone = released(wards([30, 20, 30, 40]), PER_1000, EXACT)
    assert not alone.suppressed


def test_without_what_is_withheld_beside_the_attack_succeeds(monkeypatch):
    """Broken on purpose: only small counts are withheld."""
    whole = rates.suppress

    def primary_only(cells, rule):
        pattern = whole(cells, rule)
        return replace(pattern, hidden=pattern.primary)

    monkeypatch.setattr(rates, "suppress", primary_only)
    table = wards([3, 20, 30, 40])
    found = attacked(table, released(table, PER_1000, EXACT), PER_1000, EXACT)
    assert found["assaults", 0] == (3, 3)


def test_a_share_of_a_count_whose_rate_is_shown_is_tied_to_it(monkeypatch):
    """Both parts shown give the whole, whose rate is withheld: the two tables know of each other."""
    table = wards([3, 40, 60, 50], [0, 20, 30, 25])
    made = released(table, PER_1000 | SHARE, EXACT)
    hidden = made.statuses.isin([Status.WITHHELD, Status.COMPLEMENTARY])
    assert hidden["per_1000"].sum() >= 2
    # where the rate of a ward is withheld, its share is not both shown and telling
    found = attacked(table, made, PER_1000 | SHARE, EXACT)
    assert all(low <= 1 and high >= 7 for low, high in found.values())


def test_what_the_gate_says_of_itself_agrees_with_the_attacker():
    table = wards([3, 20, 30, 40, 5, 200])
    made = released(table, PER_1000, EXACT)
    found = attacked(table, made, PER_1000, EXACT)
    own = {one.label: (one.low, one.high) for one in tightest(made.evidence.attackable)}
    for (column, row), (low, high) in found.items():
        assert own[f"w{row} | {column}"][0] == low
        assert min(own[f"w{row} | {column}"][1], 10_000) == min(high, 10_000)


def test_the_order_of_rows_does_not_matter():
    table = wards([3, 20, 30, 40, 5, 200], [1, 10, 10, 20, 5, 100])
    one = released(table, PER_1000 | SHARE)
    other = released(table.iloc[::-1], PER_1000 | SHARE)
    pd.testing.assert_frame_equal(one.table, other.table.iloc[::-1].reset_index(drop=True))


def test_a_month_more_is_seen_by_the_ledger():
    old = released(wards([40, 50, 60, 70]), PER_1000, EXACT).evidence.attackable
    new = released(wards([40, 52, 60, 70]), PER_1000, EXACT).evidence.attackable
    assert [one.label for one in differences(new, old)] == ["w1 | assaults"]
    assert not differences(old, old)


def test_rates_beside_the_counts_published_before():
    """A table of counts published earlier withholds another ward than the rates do: together they give one back."""
    counts = wards([3, 20, 30, 40])
    before = release(
        counts.reset_index()[["ward", "assaults"]], name="r", title="Rates", rule=EXACT,
        roles={"ward": Role.KEY, "assaults": Role.COUNT},
    )  # fmt: skip
    now = released(counts, PER_1000, EXACT)
    assert before.hidden["assaults"].tolist() == now.hidden["per_1000"].tolist()
    assert not given_way(joined([before.evidence.attackable, now.evidence.attackable]))
    other = replace(now.evidence.attackable, hidden=np.array([True, False, False, True, False]))
    assert given_way(joined([before.evidence.attackable, other]))


def test_a_review_can_let_a_rate_out():
    table = wards([3, 20, 30, 40], [0, 0, 0, 0])
    let = LetOut("r", "w0", "per_1000", "count 3, out_of 1000")
    made = released(table, PER_1000, replace(NHS, let_out=(let,)))
    assert made.table["per_1000"].tolist()[0] == pytest.approx(3.0)
    assert made.statuses["per_1000"].tolist()[0] is Status.LET_OUT
    assert not made.suppressed
    changed = released(wards([4, 20, 30, 40]), PER_1000, replace(NHS, let_out=(let,)))
    assert changed.statuses["per_1000"].tolist()[0] is Status.WITHHELD
    assert changed.suppressed == 2


def test_a_ward_with_nobody_has_no_rate():
    made = released(wards([0, 20, 30, 40], people=[0, 1000, 1000, 1000]), PER_1000)
    assert np.isnan(made.table["per_1000"].tolist()[0])
    assert made.statuses["per_1000"].tolist()[0] is Status.ROUNDED


def test_the_record_has_the_counts_and_the_table_has_not():
    made = released(wards([3, 20, 30, 41]), PER_1000)
    assert made.evidence.records["count"].tolist() == [3, 20, 30, 41]
    assert made.evidence.records["behind: out_of"].tolist() == [1000, 2000, 3000, 4000]
    assert list(made.table) == ["ward", "per_1000"]
    assert "41" not in made.table.to_csv()


@pytest.mark.parametrize(
    ("change", "asked", "said"),
    [
        ({"assaults": [1, -2, 3]}, PER_1000, "whole number of 0 or more"),
        ({"assaults": [1, 2.5, 3]}, PER_1000, "whole number of 0 or more"),
        ({"assaults": [1, None, 3]}, PER_1000, "whole number of 0 or more"),
        ({"people": [1000, -1, 5]}, PER_1000, "must be 0 or more"),
        ({"people": [1000, np.inf, 5]}, PER_1000, "must be 0 or more"),
        ({"people": [1000, 0, 5]}, PER_1000, "more than 0 where people is 0"),
        ({"knife": [9, 0, 0], "assaults": [3, 20, 30]}, SHARE, "must be a part of assaults"),
        ({}, {"per_1000": Rate("assaults", "beds", 1000)}, "beds: is not in the table"),
        ({}, {"ward": Rate("assaults", "people", 1000)}, "is a key and a rate"),
    ],
)
def test_what_cannot_be_a_rate_is_refused(change, asked, said):
    table = wards([10, 20, 30]).assign(**change)
    used = dict.fromkeys(part for one in asked.values() for part in (one.count, one.out_of) if part in table)
    with pytest.raises(DisclosureError, match="may not leave") as fault:
        release_rates(table[list(used)], asked, name="r", title="R", rule=NHS)
    assert said in str(fault.value)


def test_every_fault_is_told_at_once():
    table = wards([10, -1, 30], people=[0, 1, 2]).assign(secret=1)
    with pytest.raises(DisclosureError) as fault:
        release_rates(table, PER_1000 | {"b": Rate("nothing", "people", 1)}, name="r", title="R", rule=NHS)
    assert "nothing: is not in the table" in str(fault.value)
    assert "secret: is in no rate, so it stays inside" in str(fault.value)
    assert "knife: is in no rate" in str(fault.value)


def test_keys_that_look_like_identifiers_and_keys_without_a_name_are_refused():
    table = wards([10, 20, 30])[["assaults", "people"]]
    named = table.set_index(pd.Index(["a" * 40, "b", "c"], name="ward"))
    with pytest.raises(DisclosureError, match="looks like the identifier"):
        release_rates(named, PER_1000, name="r", title="R", rule=NHS)
    with pytest.raises(DisclosureError, match="a key needs a name"):
        release_rates(table.reset_index(drop=True), PER_1000, name="r", title="R", rule=NHS)
