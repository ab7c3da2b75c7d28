"""Series breaks, anticipation and placebo outcomes: each finds what was planted, and nothing where nothing was."""

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from curv_eval.checks import Verdict, load
from curv_eval.errors import DesignError
from curv_eval.methods import fit
from curv_eval.panel import Panel, month_number
from curv_eval.study import Design, Outcome, Span, Words
from panels import known

DESIGN = Design(
    method="callaway_santanna", window=Span("2000-01", "2001-12"), options={"base": "mean", "trends": "proportional"}
)
WORDS = Words("the patrols", "patrol wards", "other wards", "patrols begin", "without the patrols")
OUTCOMES = (
    Outcome(name="y", label="incidents", contract="police", role="primary"),
    Outcome(name="other", label="thefts of cars", contract="police", role="placebo"),
)


def study(**changes):
    held = {
        "design": DESIGN, "seed": 5, "words": WORDS, "smallest_worthwhile": 0.1, "outcomes": OUTCOMES,
        "primary": OUTCOMES[0], "series_breaks": (),
    }  # fmt: skip
    return SimpleNamespace(**{**held, **changes})


def run(name, panel, **changes):
    one = study(**changes)
    return load(name).check(panel, one, fit(panel, outcome="y", design=one.design))


def changed(panel, rows, columns, factor, outcome="y"):
    y = panel.outcomes[outcome].copy()
    y[np.ix_(rows, columns)] *= factor
    return replace(panel, outcomes={**panel.outcomes, outcome: y})


def months(panel, first="2019-01"):
    start = month_number(first)
    return replace(
        panel, periods=panel.periods + start, cohort=panel.cohort + start, frequency="month",
    )  # fmt: skip


def numbers_are_in_the_table(found):
    said = re.findall(r"([+-]\d+)%", found.text)
    there = {f"{x:+.0%}" for x in found.table[["estimate", "conf_low", "conf_high"]].to_numpy().ravel()}
    assert said
    assert {f"{x}%" for x in said} <= there
    assert 40 <= len(found.text) <= 600


# placebo outcomes


def test_a_placebo_outcome_that_fell_too_fails():
    panel = known(effect=-0.3, n=240)
    moved = changed(panel, panel.treated, np.arange(24) >= 12, 0.7, "other")
    found = run("placebo_outcome", moved)
    assert found.verdict is Verdict.FAILS
    assert "thefts of cars" in found.text
    assert "Something other than the patrols" in found.text
    numbers_are_in_the_table(found)


def test_a_placebo_outcome_that_stayed_holds():
    found = run("placebo_outcome", known(n=240))
    assert found.verdict is Verdict.HOLDS
    assert found.table["term"].tolist() == ["thefts of cars"]
    numbers_are_in_the_table(found)


def test_a_study_without_placebo_outcomes_is_told_how_to_name_one():
    with pytest.raises(DesignError, match="names no outcome") as refusal:
        run("placebo_outcome", known(), outcomes=OUTCOMES[:1])
    assert "role: placebo" in refusal.value.do


def test_a_placebo_outcome_that_was_not_counted_is_refused():
    missing = (*OUTCOMES, Outcome(name="absent", label="x", contract="police", role="placebo"))
    with pytest.raises(DesignError, match="absent was not counted"):
        run("placebo_outcome", known(), outcomes=missing)


def test_several_placebo_outcomes_share_the_level():
    panel = known(n=240)
    second = Outcome(name="third", label="shoplifting", contract="police", role="placebo")
    panel = replace(panel, outcomes={**panel.outcomes, "third": panel.outcomes["other"][::-1].copy()})
    one = run("placebo_outcome", panel).table.iloc[0]
    two = run("placebo_outcome", panel, outcomes=(*OUTCOMES, second)).table
    assert len(two) == 2
    assert two.iloc[0]["conf_high"] - two.iloc[0]["conf_low"] > one["conf_high"] - one["conf_low"]


# anticipation


def test_a_change_just_before_the_start_fails():
    panel = known(effect=-0.3, n=240)
    early = changed(panel, panel.treated, (np.arange(24) >= 9) & (np.arange(24) < 12), 0.7)
    found = run("anticipation", early)
    assert found.verdict is Verdict.FAILS
    assert "something had changed early" in found.text
    assert found.table.iloc[0]["estimate"] == pytest.approx(-0.3, abs=0.06)
    numbers_are_in_the_table(found)


def test_no_early_change_holds_and_the_effect_stays():
    found = run("anticipation", known(effect=-0.3, n=240))
    assert found.verdict is Verdict.HOLDS
    assert found.table["term"].tolist() == ["3 years before", "effect without the 3 years before", "effect as planned"]
    assert found.table.iloc[1]["estimate"] == pytest.approx(-0.3, abs=0.05)
    numbers_are_in_the_table(found)


def test_an_early_change_is_not_hidden_in_the_base():
    # widening the base to leave those months out gives back the effect that they would have diluted
    panel = known(effect=-0.3, n=240)
    early = changed(panel, panel.treated, (np.arange(24) >= 9) & (np.arange(24) < 12), 0.7)
    table = run("anticipation", early).table.set_index("term")
    assert table.loc["effect without the 3 years before", "estimate"] < table.loc["effect as planned", "estimate"]


@pytest.mark.parametrize("method", ["interrupted_time_series", "structural_time_series", "poisson_fixed_effects"])
def test_anticipation_is_asked_of_every_kind_of_method(method):
    panel = known(effect=-0.3, n=240, level=12.0)
    early = changed(panel, panel.treated, (np.arange(24) >= 9) & (np.arange(24) < 12), 0.5)
    design = Design(method=method, window=Span("2000-01", "2001-12"))
    found = run("anticipation", early, design=design)
    assert found.table.iloc[0]["estimate"] < -0.2
    numbers_are_in_the_table(found)


def test_staggered_starts_are_each_looked_at_before_their_own():
    panel = known(effect=-0.3, n=240, starts=(10, 14))
    y = panel.outcomes["y"].copy()
    before = panel.cohort[:, None] - np.arange(24)
    y = np.where((before > 0) & (before <= 3), y * 0.7, y)
    found = run("anticipation", replace(panel, outcomes={**panel.outcomes, "y": y}))
    assert found.verdict is Verdict.FAILS


def test_planned_anticipation_is_not_counted_as_early():
    panel = known(effect=-0.3, n=240)
    early = changed(panel, panel.treated, (np.arange(24) >= 10) & (np.arange(24) < 12), 0.7)
    found = run("anticipation", early, design=replace(DESIGN, anticipation=2))
    assert found.verdict is Verdict.HOLDS


def test_too_short_a_time_before_is_refused():
    panel = known(starts=(2,))
    with pytest.raises(DesignError, match="too few periods lie before the start"):
        run("anticipation", panel)


# series breaks


def test_a_registered_break_is_said_with_the_estimate_without_its_far_side():
    panel = months(known(effect=-0.3, n=240))
    found = run("series_break", panel, series_breaks=("2019-06: a new way of counting",))
    assert "June 2019, a new way of counting" in found.text
    assert "without periods before 2019-06" in found.table["term"].tolist()
    numbers_are_in_the_table(found)


def test_a_break_that_makes_the_finding_fails():
    # treated areas' counts were recorded by half from month 5 on until the end: not the patrols
    panel = months(known(effect=0.0, n=240))
    moved = changed(panel, panel.treated, np.arange(24) >= 5, 0.6)
    found = run("series_break", moved, series_breaks=("2019-06: a new way of counting",))
    assert found.verdict is Verdict.FAILS


def test_a_break_after_the_start_leaves_out_what_follows():
    panel = months(known(effect=-0.3, n=240))
    found = run("series_break", panel, series_breaks=("2020-07: second lockdown",))
    row = found.table[found.table["term"] == "without periods from 2020-07"].iloc[0]
    assert row["unit_periods"] == 120 * 6
    assert found.verdict is Verdict.HOLDS


def test_a_break_outside_the_window_is_not_one():
    panel = months(known(n=240))
    inside = run("series_break", panel, series_breaks=("2018-03: before", "2022-01: after", "2019-01: first month"))
    assert "without periods" not in " ".join(inside.table["term"])


def test_a_break_at_the_start_itself_only_informs():
    panel = months(known(effect=-0.3, n=240))
    found = run("series_break", panel, series_breaks=("2020-01: new recording system",))
    assert found.verdict in (Verdict.INFORMS, Verdict.FAILS)
    assert "nothing can be estimated on one side of it alone" in found.text


def test_a_break_in_the_comparison_areas_is_found():
    panel = months(known(effect=-0.3, n=240, periods=48, starts=(30,), level=20.0))
    everyone = changed(panel, np.full(240, True), np.arange(48) >= 14, 0.5)
    found = run("series_break", everyone)
    assert "a change of" in found.text
    assert any(term.startswith("level of other wards from 2020-03") for term in found.table["term"])
    numbers_are_in_the_table(found)


def test_no_break_says_so():
    quiet = known(effect=-0.3, n=240)
    draw = np.random.default_rng(4)
    y = draw.poisson(8.0 * np.where(quiet.treated[:, None] & (np.arange(24) >= 12), 0.7, 1.0), (240, 24)).astype(float)
    found = run("series_break", replace(quiet, outcomes={**quiet.outcomes, "y": y}))
    assert found.verdict is Verdict.HOLDS
    assert "No break is registered inside the window, and none was found" in found.text
    numbers_are_in_the_table(found)


def test_a_short_series_is_not_searched():
    panel = known(effect=-0.3, n=240, periods=12, starts=(6,))
    found = run("series_break", panel)
    assert "too short to search" in found.text


def test_unreadable_breaks_are_all_named():
    with pytest.raises(DesignError, match="series_breaks cannot be read") as refusal:
        run("series_break", months(known()), series_breaks=("lockdown", "2020: a year only", "2020-13: no month"))
    assert len(refusal.value.breaches) == 3


def test_many_breaks_keep_the_text_short():
    panel = months(known(effect=-0.3, n=240))
    breaks = tuple(f"2019-{m:02d}: something with a long description that goes on and on {m}" for m in range(3, 11))
    found = run("series_break", panel, series_breaks=breaks)
    assert len(found.text) <= 600
    assert "Others are in the table" in found.text
    assert found.table["term"].str.startswith("without").sum() >= 6


def test_areas_that_are_all_treated_are_not_searched():
    panel = months(known(effect=-0.3, n=240, starts=(10, 14)))
    everyone = panel.with_cohort(np.where(panel.treated, panel.cohort, np.nanmax(panel.cohort) + 4))
    assert isinstance(everyone, Panel)
    found = run("series_break", everyone)
    assert "too short to search" in found.text
