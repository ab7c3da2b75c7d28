"""From a panel to a value and back: an effect that is there is valued, and one that is not never makes a ratio."""

from dataclasses import replace

import numpy as np
import pytest

from curv_eval.estimate.averages import overall
from curv_eval.hidden import multiple_systems
from curv_eval.methods import fit
from curv_eval.stats.captures import chapman
from curv_eval.study import Design, Span
from curv_eval.value import Appraisal, Multiplier, Programme
from curv_eval.value.cost_benefit import cost_benefit
from curv_eval.value.effects import prevented
from curv_eval.value.prices import discount_factors
from curv_eval.value.unit_costs import unit_cost
from panels import known

WINDOW = Span("2000-01", "2001-12")
SURVEY = Multiplier({"Violence with injury": 2.0}, "a victims' survey, made up for this test", spread=0.2)


def estimated(method, panel, **options):
    return fit(panel, outcome="y", design=Design(method=method, window=WINDOW, options=options))


def valued(found, costs=(500_000.0,), **given):
    effect = prevented(found, offence="Violence with injury", periods_per_year=6)
    appraisal = Appraisal(price_year="2024-25", multiplier=SURVEY, draws=4000, **given)
    return cost_benefit(effect, programme=Programme(costs, "2024-25", spread=0.05), appraisal=appraisal)


METHODS = [
    "difference_in_differences",
    "poisson_fixed_effects",
    "callaway_santanna",
    "weighted_displacement",
    "spillover_exposure",
]


@pytest.mark.parametrize("method", METHODS)
def test_an_effect_that_is_there_is_valued(method):
    found = estimated(method, known(effect=-0.3, n=400))
    value = valued(found)
    assert value.text.startswith("Each £1 spent is estimated to have avoided harm worth about £")
    total = overall(found).set_index("term").loc["total"]
    row = value.table.set_index("term").loc["incidents prevented"]
    assert row["estimate"] == pytest.approx(-total["estimate"])
    assert (row["conf_low"], row["conf_high"]) == pytest.approx((-total["conf_high"], -total["conf_low"]))


@pytest.mark.parametrize("method", METHODS)
def test_where_there_is_none_no_ratio_is_said(method):
    said = 0
    for seed in range(5):
        found = estimated(method, known(effect=0.0, seed=seed))
        total = overall(found).set_index("term").loc["total"]
        text = valued(found).text
        assert ("£1 spent" in text) == (total["conf_high"] < 0)
        said += "£1 spent" in text
    assert said <= 1


def test_a_rise_makes_no_benefit():
    value = valued(estimated("difference_in_differences", known(effect=0.3, n=400)))
    assert value.text.startswith("Incidents rose by between")
    assert (value.table.set_index("term").loc["present value of benefits", "conf_high"]) < 0


def test_the_benefit_is_that_of_the_years_of_the_estimate():
    found = estimated("difference_in_differences", known())
    value = valued(found, unit_spread=0.0)
    by_year = np.array(value.effects[0].by_year)
    expected = by_year @ discount_factors(1) * 2.0 * unit_cost("Violence with injury", "2024-25").value
    assert value.table.set_index("term").loc["present value of benefits", "estimate"] == pytest.approx(expected)


def test_the_interval_of_the_benefit_follows_that_of_the_effect():
    found = estimated("difference_in_differences", known())
    value = valued(found, unit_spread=0.0)
    sure = replace(value.appraisal, multiplier=replace(SURVEY, spread=0.0), draws=20_000)
    value = cost_benefit(value.effects, programme=value.programme, appraisal=sure)
    rows = value.table.set_index("term")
    worth = rows.loc["present value of benefits", "estimate"] / rows.loc["incidents prevented", "estimate"]
    ends = rows.loc["incidents prevented", ["conf_low", "conf_high"]].to_numpy(dtype=float) * worth
    drawn = rows.loc["present value of benefits", ["conf_low", "conf_high"]].to_numpy(dtype=float)
    assert drawn == pytest.approx(ends, rel=0.06)


def test_the_net_displacement_can_be_valued_with_the_buffer_in_it():
    panel = known(effect=-0.3, n=400)
    near = panel.neighbours[:, panel.treated].any(axis=1) & ~panel.treated
    y = panel.outcomes["y"].copy()
    y[near, 12:] += np.random.default_rng(1).poisson(1.0, (near.sum(), 12))
    moved = replace(panel, outcomes={"y": y})
    alone, both = (estimated("weighted_displacement", moved, counts=counts) for counts in ("treated", "net"))
    a, b = (valued(one).table.set_index("term")["estimate"] for one in (alone, both))
    assert a["incidents prevented"] - b["incidents prevented"] == pytest.approx(12.0 * near.sum(), rel=0.15)
    assert b["benefit-cost ratio"] < a["benefit-cost ratio"]


def test_the_net_difference_covers_what_moved():
    # 30% fewer in treated areas, half of which went next door
    held = 0
    for seed in range(60):
        draw = np.random.default_rng([seed, 3])
        panel = known(effect=-0.3, seed=seed)
        near = panel.neighbours[:, panel.treated].any(axis=1) & ~panel.treated
        y = panel.outcomes["y"].copy()
        y[near, 12:] += draw.poisson(2.0, (near.sum(), 12))
        found = estimated("weighted_displacement", replace(panel, outcomes={"y": y}), counts="net")
        plain = known(effect=-0.3, seed=seed, noise=False).outcomes["y"]
        none = known(effect=0.0, seed=seed, noise=False).outcomes["y"]
        truth = (plain - none).sum() + 2.0 * near.sum() * 12
        row = overall(found).set_index("term").loc["total"]
        held += row["conf_low"] <= truth <= row["conf_high"]
    assert held >= 53


# lists that services make of one another


def made(n=1200, *, referred=0.0, seed=1):
    """Three lists of n people; `referred` is the chance that A&E tells the police of somebody it sees."""
    draw = np.random.default_rng(seed)
    hospital, charity = draw.random(n) < 0.3, draw.random(n) < 0.25
    police = (draw.random(n) < 0.25) | (hospital & (draw.random(n) < referred))
    rows = np.column_stack([police, hospital, charity]).astype(int)
    return rows[rows.any(axis=1)]


def test_referrals_make_two_lists_count_too_few():
    totals = []
    for seed in range(30):
        rows = made(referred=0.5, seed=seed)
        counts = rows[:, 0].sum(), rows[:, 1].sum(), (rows[:, 0] & rows[:, 1]).sum()
        totals.append(chapman(*counts).value)
    assert np.mean(totals) < 700


def test_a_third_list_shows_the_referrals():
    held, found = 0, 0
    for seed in range(30):
        hidden = multiple_systems(made(referred=0.5, seed=seed), lists=("police", "A&E", "VCSE"))
        held += hidden.low <= 1200 <= hidden.high
        found += "police x A&E" in hidden.models["model"].iloc[0]
    assert held >= 27
    assert found >= 27


def test_independent_lists_are_not_made_dependent():
    best = [
        multiple_systems(made(seed=seed), lists=("police", "A&E", "VCSE")).models["model"].iloc[0] for seed in range(30)
    ]
    assert best.count("independent lists") >= 24


def test_people_who_are_harder_to_reach_are_missed_and_the_bound_says_at_least():
    # half the people are never listed by anybody but with a chance of 3%; no list shows that
    draw = np.random.default_rng(2)
    hard = draw.random(1200) < 0.5
    rows = (draw.random((1200, 3)) < np.where(hard, 0.03, 0.35)[:, None]).astype(int)
    hidden = multiple_systems(rows[rows.any(axis=1)], lists=("police", "A&E", "VCSE"))
    assert hidden.bounds["estimate"].iloc[0] < 1200
    assert "each person could have been seen by every list" in hidden.text
