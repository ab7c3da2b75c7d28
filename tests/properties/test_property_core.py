"""What must hold for every place, panel and table, not only for the ones we thought of."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tiny_study import ASB, THEFT, rows, tiny

from curv_eval.disclosure import Role, Status, release
from curv_eval.disclosure.rules import rules
from curv_eval.estimate.averages import overall, relative
from curv_eval.linkage.areas import united_areas
from curv_eval.methods import fit
from curv_eval.panel import month_number, month_text
from curv_eval.report.words import number, percent
from curv_eval.study import Design, Span
from panels import known

few = settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
many = settings(max_examples=100, deadline=None, derandomize=True)


# ---- places


codes = st.integers(0, 7)


@many
@given(st.lists(st.tuples(codes, codes), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_united_areas_are_the_places_that_hang_together(pairs, shuffle):
    pairs = [(f"old{a}", f"new{b}") for a, b in pairs]
    found = united_areas(pairs)
    place = {code: {code} for pair in pairs for code in pair}  # grown by brute force until nothing moves
    for _ in place:
        for old, new in pairs:
            place[old] |= place[new]
            place[new] |= place[old]
            for code in place[old] | place[new]:
                place[code] |= place[old]
    assert found == {code: min(c for c in together if c.startswith("new")) for code, together in place.items()}
    shuffle.shuffle(pairs)
    assert united_areas(pairs) == found


# ---- counting

POOL = [
    "E01000001",
    "E01000002",
    "E01000012",
    "E01000022",
    "E01000003",
    "E01000034",
    "E01000007",
    "E01000009",
    "E01999999",
]
records = st.tuples(
    st.sampled_from([*POOL, None]), st.sampled_from(["2022-12", "2023-01", "2023-02", "2023-04", "2023-06"]),
    st.sampled_from([ASB, THEFT]), st.integers(1, 4),
)  # fmt: skip


@few
@given(st.lists(records, min_size=1, max_size=30))
def test_every_row_is_placed_or_accounted_for(given_rows):
    inside = [r for r in given_rows if "2023-01" <= r[1] <= "2023-05"]
    assume(inside)
    found = tiny(street=rows(given_rows)).run()
    account = found.placed.iloc[0]
    wanted = sum(n for _, _, kind, n in inside if kind == ASB)
    assert account.drop("outcome").sum() == wanted
    assert found.panel.outcomes["asb"].sum() == account["placed"]
    assert account["no_area_code"] == sum(n for code, _, kind, n in inside if kind == ASB and code is None)
    assert found.panel.periods.tolist() == sorted({month_number(month) for _, month, _, _ in inside})


# ---- effects

DESIGNS = [
    Design(method="callaway_santanna", window=Span("2000-01", "2000-12"), comparison=comparison,
           options={"trends": trends, "base": base})
    for comparison in ("never_treated", "not_yet_treated") for trends in ("additive", "proportional")
    for base in ("varying", "mean")
]  # fmt: skip


def with_copy(panel, clusters):
    """The panel, and a copy of the units of some clusters under new names."""
    rows_of = np.concatenate([np.arange(len(panel.units)), *(np.flatnonzero(panel.cluster == c) for c in clusters)])
    copy = np.arange(len(rows_of)) >= len(panel.units)
    return replace(
        panel, units=np.where(copy, np.char.add(panel.units[rows_of], "'"), panel.units[rows_of]),
        cluster=np.where(copy, np.char.add(panel.cluster[rows_of], "'"), panel.cluster[rows_of]),
        cohort=panel.cohort[rows_of], outcomes={"y": panel.outcomes["y"][rows_of]}, neighbours=None,
        population=panel.population[rows_of], district=panel.district[rows_of],
        covariates={name: x[rows_of] for name, x in panel.covariates.items()},
    )  # fmt: skip


small = st.builds(lambda seed: known(seed=seed, n=48, periods=8, starts=(3, 5)), st.integers(0, 10_000))


@few
@given(small, st.sampled_from(DESIGNS), st.data())
def test_a_copy_of_never_treated_clusters_leaves_treated_means_alone(panel, design, data):
    never = np.unique(panel.cluster[~panel.treated])
    chosen = data.draw(st.lists(st.sampled_from(never), min_size=1, unique=True))
    before, after = (fit(p, outcome="y", design=design) for p in (panel, with_copy(panel, chosen)))
    same = ["cohort", "period", "observed", "n_units", "events"]
    assert before.cells[same].equals(after.cells[same])
    assert (after.cells["n_comparison"] - before.cells["n_comparison"] == 4 * len(chosen)).all()


@few
@given(small, st.sampled_from([d for d in DESIGNS if d.comparison == "never_treated"]))
def test_two_copies_of_the_whole_comparison_change_no_effect(panel, design):
    never = np.unique(panel.cluster[~panel.treated])
    before, after = (fit(p, outcome="y", design=design) for p in (panel, with_copy(panel, never)))
    assert after.cells["estimate"].to_numpy() == pytest.approx(before.cells["estimate"].to_numpy())
    # the treated side contributes the same error, the comparison side less
    assert overall(after)["std_error"].iloc[0] < overall(before)["std_error"].iloc[0]


@few
@given(small, st.sampled_from(DESIGNS))
def test_a_percentage_never_falls_below_all_of_it_and_holds_its_estimate(panel, design):
    row = relative(fit(panel, outcome="y", design=design), "x").iloc[0]
    assert -1 < row["conf_low"] <= row["estimate"] <= row["conf_high"]


@few
@given(small, st.sampled_from(DESIGNS), st.randoms(use_true_random=False))
def test_taking_everybody_in_any_order_of_clusters_changes_nothing(panel, design, shuffle):
    names = list(np.unique(panel.cluster))
    new = dict(zip(names, shuffle.sample(names, len(names)), strict=True))
    renamed = replace(panel, cluster=np.array([new[c] for c in panel.cluster]))
    a, b = (overall(fit(p, outcome="y", design=design)) for p in (panel, renamed))
    assert a.select_dtypes("number").to_numpy() == pytest.approx(b.select_dtypes("number").to_numpy())


# ---- the gate

RULES = st.sampled_from(sorted(rules().values(), key=lambda rule: rule.order))
columns = st.lists(st.integers(0, 40), min_size=1, max_size=8)


@pytest.mark.parametrize("rule", rules().values(), ids=lambda rule: rule.name)
def test_the_threshold_itself_is_shown_and_one_less_is_not(rule):
    for count in range(1, 2 * rule.events_below + 2):
        table = pd.DataFrame({"k": [0, 1, 2], "n": [count, 500, 600]})
        shown = release(table, name="t", title="T", rule=rule, roles={"k": Role.KEY, "n": Role.COUNT}).table["n"]
        assert pd.isna(shown[0]) == (count < rule.events_below), count


@many
@given(columns, RULES)
def test_no_small_count_is_ever_shown(counts, rule):
    table = pd.DataFrame({"k": range(len(counts)), "n": counts})
    found = release(table, name="t", title="T", rule=rule, roles={"k": Role.KEY, "n": Role.COUNT})
    for count, shown, status in zip(counts, found.table["n"], found.statuses["n"], strict=True):
        assert pd.isna(shown) == (status in (Status.WITHHELD, Status.COMPLEMENTARY))
        if 0 < count < rule.events_below:
            assert status is Status.WITHHELD
        if not pd.isna(shown):
            assert abs(shown - count) <= rule.round_to / 2
            assert (shown == 0) == (count < max(rule.round_to / 2, 1))
    hidden = [c for c, shown in zip(counts, found.table["n"], strict=True) if pd.isna(shown)]
    large = [c for c in counts if c >= rule.events_below and c > 0]
    if hidden and large:  # somebody who knows the total must not get a small count back
        assert len(hidden) >= 2
    assert found.suppressed == len(hidden)


@many
@given(
    st.lists(st.tuples(st.floats(-9, 9), st.integers(0, 12), st.integers(0, 20)), min_size=2, max_size=8),
    RULES,
    st.data(),
)
def test_a_part_of_a_table_is_released_as_in_the_whole(lines, rule, data):
    # whether a value leaves depends on its own row alone, so that two tables cannot be subtracted
    table = pd.DataFrame(lines, columns=["estimate", "units", "events"]).assign(k=range(len(lines)))
    roles = {"k": Role.KEY, "estimate": Role.VALUE, "units": Role.UNITS, "events": Role.EVENTS}
    part = data.draw(st.lists(st.sampled_from(range(len(lines))), min_size=1, unique=True))
    whole, some = (release(t, name="t", title="T", rule=rule, roles=roles).table for t in (table, table.loc[part]))
    pd.testing.assert_frame_equal(whole.loc[part].reset_index(drop=True), some)
    weak = (table["units"] < rule.units_below) | (table["events"] < rule.events_below)
    assert whole["estimate"].isna().tolist() == weak.tolist()


# ---- words


@many
@given(st.integers(0, 120_000))
def test_months_go_there_and_back(months):
    assume(months >= 12)
    assert month_number(month_text(months)) == months


@many
@given(st.floats(-1, 5, allow_nan=False))
def test_a_percentage_says_its_direction_or_none(share):
    said = percent(share)
    assert (
        said == "no change"
        if abs(share) < 0.005
        else said.startswith("a fall of" if share < 0 else "a rise of") or (said == "no change" and abs(share) == 0.005)
    )


@many
@given(st.floats(0, 1e9, allow_nan=False))
def test_a_rounded_count_is_within_a_twentieth(value):
    shown = int(number(value).replace(",", ""))
    assert abs(shown - value) <= max(0.5, 0.05 * value)
