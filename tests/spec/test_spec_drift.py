"""Drift between areas: what honest_did withstands, and what pre_trends could have missed."""

from dataclasses import replace

import numpy as np
import pytest
from drift_study import DESIGN, STUDY, all_in_table, rows, run, study, trending

from curv_eval.checks import Verdict, pre_trends
from curv_eval.checks import honest_did as module
from curv_eval.errors import DesignError
from curv_eval.estimate.averages import Average, overall
from curv_eval.methods import fit
from curv_eval.study import Design, Span
from panels import known

COLUMNS = ["term", "estimate", "conf_low", "conf_high", "n_units", "events"]


@pytest.fixture(scope="module")
def strong():
    return known(effect=-0.4, n=240)


def test_a_strong_finding_on_clean_data_withstands_drift(strong):
    found = run("honest_did", strong)
    assert found.verdict is Verdict.HOLDS
    assert rows(found).loc["drift that the finding withstands, times the largest before", "estimate"] >= 1
    assert "The finding withstands" in found.text


def test_it_fails_when_areas_were_drifting_apart_all_along():
    panel = trending(known(effect=0.0, n=240), -0.02)
    found = run("honest_did", panel)
    assert found.verdict is Verdict.FAILS
    straight = rows(found).loc["drift before the start went on in a straight line"]
    assert straight["conf_low"] < 0 < straight["conf_high"]


def test_it_only_informs_where_there_is_no_finding():
    found = run("honest_did", known(effect=0.0, n=120, seed=2))
    assert found.verdict is Verdict.INFORMS
    assert "no finding" in found.text


@pytest.mark.parametrize(
    ("factor", "verdict"),
    [
        (0.0, Verdict.FAILS),
        (0.49, Verdict.FAILS),
        (0.5, Verdict.INFORMS),
        (0.99, Verdict.INFORMS),
        (1.0, Verdict.HOLDS),
    ],
)
def test_the_verdict_follows_the_breakdown(factor, verdict):
    assert module._verdict(factor) is verdict


def test_sets_grow_with_the_drift_allowed_and_hold_the_estimate(strong):
    table = rows(run("honest_did", strong))
    half, one, two = (table.loc[f"drift up to {bar:g} times the largest before"] for bar in module.BARS)
    assert two["conf_low"] < one["conf_low"] < half["conf_low"] < half["estimate"]
    assert half["estimate"] < half["conf_high"] < one["conf_high"] < two["conf_high"]
    assert half["estimate"] == one["estimate"] == two["estimate"]


def test_the_average_weighs_areas_and_months_as_the_headline_does():
    # with one cohort and equal blocks the change from the last block is the average less that block's own gap
    panel = known(effect=-0.3, n=240)
    estimate = fit(panel, outcome="y", design=DESIGN)
    drift = module._drift(panel, STUDY, estimate)
    cells = estimate.cells
    last = cells.loc[cells["event_time"].between(-4, -1), "estimate"].mean()
    assert drift.length == 4
    assert drift.study.n_pre == 2
    assert drift.study.estimate == pytest.approx(overall(estimate).iloc[0]["estimate"] - last, rel=1e-9)


def test_few_clusters_widen_the_set_as_they_widen_the_interval():
    # two groups of 6 wards: t with about 10 degrees of freedom in place of the normal quantile
    panel = known(effect=-0.3, n=48)
    wide, narrow = (
        module._drift(panel, study(design=design), fit(panel, outcome="y", design=design)).study.std_error
        for design in (replace(DESIGN, options={**DESIGN.options, "small_sample": rule}) for rule in ("cr2", "none"))
    )
    # the rule multiplies by sqrt(6 / 5), and t(10) over normal is 1.137 where both groups weigh the same
    assert 1.12 * np.sqrt(6 / 5) < wide / narrow < 1.32 * np.sqrt(6 / 5)


def test_staggered_starts_are_put_together_by_time_from_the_start():
    panel = known(effect=-0.4, n=240, starts=(10, 14))
    found = run("honest_did", panel)
    assert found.table["n_units"].unique().tolist() == [120]
    assert rows(found).loc["periods in a block", "estimate"] == 5


def test_base_varying_is_measured_against_one_base(strong):
    varying = replace(DESIGN, options={"trends": "proportional", "base": "varying"})
    found = run("honest_did", strong, study(design=varying))
    assert found.table["estimate"].to_numpy() == pytest.approx(run("honest_did", strong).table["estimate"].to_numpy())


def test_a_method_with_one_constant_effect_borrows_group_time_effects(strong):
    design = Design(method="difference_in_differences", window=Span("2000-01", "2001-12"))
    found = run("honest_did", strong, study(design=design))
    assert (rows(found)["conf_low"] <= rows(found)["conf_high"]).all()


def test_few_clusters_get_fewer_blocks_and_none_at_all_is_refused():
    few = known(effect=-0.4, n=24)
    found = run("honest_did", few)
    assert rows(found).loc["periods in a block", "estimate"] >= 4
    with pytest.raises(DesignError, match="too few clusters"):
        run("honest_did", known(effect=-0.4, n=16))


def test_questions_it_cannot_answer_are_refused(strong):
    short = strong.take(np.full(len(strong.units), True), strong.periods >= 11)
    with pytest.raises(DesignError, match="expected at least 2"):
        run("honest_did", short)
    design = Design(method="synthetic_control", window=Span("2000-01", "2001-12"))
    with pytest.raises(DesignError, match="does not assume"):
        module._against_all(study(design=design))


@pytest.mark.parametrize("name", ["honest_did", "pre_trends"])
def test_every_number_said_is_in_the_table_and_none_is_missing(name, strong):
    found = run(name, strong)
    assert all_in_table(found) == (True, [])
    assert list(found.table.columns) == COLUMNS
    assert found.table.notna().all(axis=None)
    assert found.table["term"].is_unique
    assert 40 < len(found.text) < 600


def test_pre_trends_still_fails_on_a_trend_and_holds_without():
    assert run("pre_trends", trending(known(effect=0.0), -0.02)).verdict is Verdict.FAILS
    assert run("pre_trends", known(effect=0.0, seed=3)).verdict is Verdict.HOLDS


def test_pre_trends_says_what_drift_could_have_gone_unnoticed(strong):
    found = run("pre_trends", strong)
    table = rows(found)
    half, most = (table.loc[f"drift noticed {chance}% of the time, a month", "estimate"] for chance in (50, 80))
    assert 0 < half < most
    assert "would go unnoticed half of the time" in found.text
    # base mean: from the middle of the 12 periods before (-6.5) to the middle of the 12 after (5.5)
    moved = table.loc["drift noticed 50% of the time, effect on the answer", "estimate"]
    assert moved == pytest.approx(12 * half)


@pytest.mark.parametrize(("base", "periods"), [("universal", 6.5), ("varying", 6.5), ("mean", 12.0)])
def test_drift_is_counted_from_the_base_of_the_method(strong, base, periods):
    design = replace(DESIGN, options={"trends": "proportional", "base": base})
    table = rows(run("pre_trends", strong, study(design=design)))
    slope = table.loc["drift noticed 50% of the time, a month", "estimate"]
    assert table.loc["drift noticed 50% of the time, effect on the answer", "estimate"] == pytest.approx(
        periods * slope
    )


def test_the_drift_said_to_be_noticed_half_of_the_time_is():
    # additive drift of exactly that size, planted in fresh panels: the test should fail in about half of them
    first = known(effect=0.0, n=80, seed=100)
    design = Design(method="callaway_santanna", window=Span("2000-01", "2001-12"), options={"base": "mean"})
    held = study(design=design)
    slope = rows(run("pre_trends", first, held)).loc["drift noticed 50% of the time, a month", "estimate"]
    failed = 0
    for seed in range(24):
        panel = known(effect=0.0, n=80, seed=200 + seed)
        y = panel.outcomes["y"] + np.where(panel.treated[:, None], slope * np.arange(24), 0.0)
        failed += run("pre_trends", replace(panel, outcomes={"y": y}), held).verdict is Verdict.FAILS
    assert 5 <= failed <= 19


def test_more_areas_leave_less_drift_unnoticed():
    slopes = [
        rows(run("pre_trends", known(n=n))).loc["drift noticed 50% of the time, a month", "estimate"] for n in (60, 240)
    ]
    assert slopes[1] < slopes[0]


def test_pre_trends_needs_a_month_before():
    panel = known()
    short = panel.take(np.full(len(panel.units), True), panel.periods >= 11)
    with pytest.raises(DesignError, match="no month before"):
        run("pre_trends", short, study(design=replace(DESIGN, options={"base": "universal"})))


def test_errors_that_do_not_come_from_clusters_are_drawn_as_normal():
    # one series: its root has a row for each month, so that signs would give |t| = 1 each time and reject nearly always
    design = Design(method="interrupted_time_series", window=Span("2000-01", "2001-12"))
    verdicts = [run("pre_trends", known(seed=seed), study(design=design)).verdict for seed in range(6)]
    assert verdicts.count(Verdict.FAILS) <= 1


def test_the_joint_test_of_two_independent_leads_by_hand():
    averages = [
        module_average(1.0, [2.0, 0.0, 0.0]), module_average(4.0, [0.0, 2.0, 0.0]),
    ]  # fmt: skip
    p, largest, critical = pre_trends._joint(averages, STUDY, flips=False)
    # the largest |t| is 2, and either of two is beyond it with chance 1 - (1 - 0.0455)^2
    assert p == pytest.approx(1 - (1 - 0.0455) ** 2, abs=0.01)
    assert largest == 4.0
    assert critical == pytest.approx(2.236, abs=0.05)


def module_average(value, influence):
    return Average(value, np.array(influence), 10, 100, 100)
