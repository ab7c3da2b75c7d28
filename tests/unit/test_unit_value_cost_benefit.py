"""Costs against benefits by hand, their uncertainty, and words that never claim a ratio without an effect."""

import dataclasses

import numpy as np
import pytest

from curv_eval.errors import DesignError
from curv_eval.value import Appraisal, Multiplier, Prevented, Programme
from curv_eval.value.cost_benefit import ALL, VALUE_COLUMNS, WITHOUT, cost_benefit, scopes
from curv_eval.value.plane import QUADRANTS, acceptability, plane, quadrants, tornado
from curv_eval.value.uncertainty import positive
from curv_eval.value.unit_costs import unit_cost

INJURY, HOMICIDE = "Violence with injury", "Homicide"
SURVEY = Multiplier({INJURY: 2.5, "Robbery": 2.0, HOMICIDE: 1.0}, "a victims' survey, made up for this test")


def appraisal(**given):
    return Appraisal(**{"price_year": "2024-25", "multiplier": SURVEY, "draws": 4000, **given})


def valued(effects=None, costs=(300_000.0, 100_000.0), *, programme=None, **given):
    effects = effects or Prevented(INJURY, (20.0, 15.0), std_errors=(4.0, 4.0))
    return cost_benefit(effects, programme=programme or Programme(costs, "2023-24"), appraisal=appraisal(**given))


def terms(value, scope=ALL):
    return value.table[value.table["scope"] == scope].set_index("term")


UNIT = 14050 * 100 / 74.5894
GROWN = 100 / 96.1297


def test_everything_by_hand():
    found = terms(valued())["estimate"]
    cost = (300_000 + 100_000 / 1.035) * GROWN
    benefit = (20 + 15 / 1.035) * 2.5 * UNIT
    assert found["incidents prevented"] == 35
    assert found["present value of costs"] == pytest.approx(cost)
    assert found["present value of benefits"] == pytest.approx(benefit)
    assert found["net present social value"] == pytest.approx(benefit - cost)
    assert found["benefit-cost ratio"] == pytest.approx(benefit / cost)
    assert found["break-even incidents"] == pytest.approx(cost / (benefit / 35))
    assert found["cost per incident prevented"] == pytest.approx(cost / 35)


def test_at_break_even_benefits_equal_costs():
    need = terms(valued())["estimate"]["break-even incidents"]
    scale = need / 35
    again = terms(valued(Prevented(INJURY, (20 * scale, 15 * scale), std_errors=(4.0, 4.0))))["estimate"]
    assert again["net present social value"] == pytest.approx(0, abs=1e-6)
    assert again["benefit-cost ratio"] == pytest.approx(1)


def test_recorded_crimes_only_divides_by_the_multiplier():
    plain = terms(valued(multiplier=Multiplier.recorded_only()))["estimate"]
    assert terms(valued())["estimate"]["present value of benefits"] == pytest.approx(
        2.5 * plain["present value of benefits"]
    )


def test_optimism_raises_costs_and_lowers_benefits():
    plain, wary = (
        terms(valued(**given))["estimate"] for given in ({}, {"cost_optimism": 0.2, "benefit_optimism": 0.1})
    )
    assert wary["present value of costs"] == pytest.approx(1.2 * plain["present value of costs"])
    assert wary["present value of benefits"] == pytest.approx(0.9 * plain["present value of benefits"])


def test_the_price_year_moves_all_amounts_alike():
    old, new = (terms(valued(price_year=year))["estimate"] for year in ("2019-20", "2024-25"))
    for term in ("present value of costs", "present value of benefits"):
        assert new[term] / old[term] == pytest.approx(100 / 80.8836)
    assert new["benefit-cost ratio"] == pytest.approx(old["benefit-cost ratio"])


def test_the_rate_for_health_discounts_less():
    standard, health = (terms(valued(rate=rate))["estimate"] for rate in ("standard", "health"))
    assert health["present value of benefits"] == pytest.approx((20 + 15 / 1.015) * 2.5 * UNIT)
    assert health["present value of benefits"] > standard["present value of benefits"]


def test_parts_of_a_unit_cost_may_be_left_out():
    effect = Prevented(HOMICIDE, (1.0,), std_errors=(0.2,))
    whole, part = (terms(valued(effect, **given))["estimate"]["present value of benefits"]
                   for given in ({}, {"without": {HOMICIDE: ("anticipation of crime",)}}))  # fmt: skip
    assert whole - part == pytest.approx(61070 * 100 / 74.5894)


def test_a_table_of_one_s_own_is_used():
    mine = ({"crime": "Robbery", "component": "total", "unit_cost_gbp": "1000", "price_year": "2024-25",
             "source": "made up here", "confidence": "found"},)  # fmt: skip
    found = valued(Prevented("Robbery", (10.0,), std_errors=(1.0,)), table=mine)
    assert terms(found)["estimate"]["present value of benefits"] == pytest.approx(10 * 2 * 1000)


def test_the_table_s_columns_and_scopes():
    found = valued()
    assert tuple(found.table.columns) == VALUE_COLUMNS
    assert set(found.table["scope"]) == {ALL}
    assert found.table.notna().all(axis=None)


def test_homicide_is_shown_with_and_without():
    effects = [Prevented(INJURY, (20.0,), std_errors=(2.0,)), Prevented(HOMICIDE, (0.5,), std_errors=(0.1,))]
    found = valued(effects)
    assert set(found.table["scope"]) == {ALL, WITHOUT}
    both, rest = (terms(found, scope)["estimate"]["present value of benefits"] for scope in (ALL, WITHOUT))
    assert both - rest == pytest.approx(0.5 * unit_cost(HOMICIDE, "2024-25").value)
    assert any("read the rows without it" in note for note in found.notes)


def test_homicide_alone_has_no_rows_without_it():
    found = valued(Prevented(HOMICIDE, (0.5,), std_errors=(0.1,)))
    assert [scope for scope, _ in scopes(found)] == [ALL]


# uncertainty


def test_without_spread_only_the_effect_is_drawn():
    found = terms(valued(unit_spread=0.0))
    width = 1.96 * (4 + 4 / 1.035) * 2.5 * UNIT
    row = found.loc["present value of benefits"]
    assert [row["conf_low"], row["conf_high"]] == pytest.approx(
        [row["estimate"] - width, row["estimate"] + width], rel=0.06
    )
    assert found.loc["present value of costs", "std_error"] == 0


def test_years_share_their_error():
    drawn = valued().draws.prevented[INJURY]
    assert np.corrcoef(drawn.T)[0, 1] == pytest.approx(1.0)
    assert drawn.std(axis=0) == pytest.approx([4, 4], rel=0.05)


def test_draws_of_an_effect_are_resampled_whole():
    pool = np.random.default_rng(1).normal([20, 15], 4, (300, 2))
    drawn = valued(Prevented(INJURY, (20.0, 15.0), draws=pool)).draws.prevented[INJURY]
    assert set(map(tuple, drawn)) <= set(map(tuple, pool))
    assert len(drawn) == 4000


@pytest.mark.parametrize("family", ["gamma", "lognormal"])
@pytest.mark.parametrize(("mean", "spread"), [(100.0, 0.2), (3.0, 0.6)])
def test_draws_above_0_have_the_mean_and_spread_asked_for(family, mean, spread):
    found = positive(mean, spread, family=family, size=200_000, rng=np.random.default_rng(1))
    assert found.mean() == pytest.approx(mean, rel=0.01)
    assert found.std() / found.mean() == pytest.approx(spread, rel=0.02)
    assert (found > 0).all()


def test_the_two_families_differ_in_their_tail():
    gamma, log = (
        positive(1.0, 0.8, family=f, size=200_000, rng=np.random.default_rng(1)) for f in ("gamma", "lognormal")
    )
    assert np.quantile(log, 0.999) > 1.1 * np.quantile(gamma, 0.999)


def test_multipliers_are_never_drawn_below_1():
    unsure = Multiplier({INJURY: 1.2}, "a survey", spread=1.0)
    drawn = valued(multiplier=unsure).draws.multiplier[INJURY]
    assert drawn.min() >= 1
    assert drawn.mean() == pytest.approx(1.2, abs=0.02)


def test_programme_costs_may_vary():
    found = valued(programme=Programme((300_000.0,), "2023-24", spread=0.1))
    row = terms(found).loc["present value of costs"]
    assert row["std_error"] / row["estimate"] == pytest.approx(0.1, rel=0.05)


def test_the_same_seed_gives_the_same_numbers():
    a, b, c = (valued(seed=seed).table for seed in (1, 1, 2))
    assert a.equals(b)
    assert not a["std_error"].equals(c["std_error"])
    assert a["estimate"].equals(c["estimate"])


def test_more_draws_change_little():
    few, many = (terms(valued(draws=d)).loc["benefit-cost ratio"] for d in (4000, 100_000))
    assert few["conf_low"] == pytest.approx(many["conf_low"], rel=0.06)


def test_a_wider_level_gives_wider_intervals():
    narrow, wide = (terms(valued(alpha=a)).loc["net present social value"] for a in (0.2, 0.01))
    assert wide["conf_low"] < narrow["conf_low"] < narrow["conf_high"] < wide["conf_high"]


def test_the_interval_of_the_estimate_is_kept():
    effect = Prevented(INJURY, (20.0,), std_errors=(4.0,), interval=(3.0, 37.0))
    row = terms(valued(effect)).loc["incidents prevented"]
    assert (row["conf_low"], row["conf_high"]) == (3.0, 37.0)


# an effect that cannot be told


UNCLEAR = Prevented(INJURY, (20.0, 15.0), std_errors=(15.0, 15.0))
WORSE = Prevented(INJURY, (-20.0, -15.0), std_errors=(2.0, 2.0))


def test_no_ratio_leads_where_the_effect_s_interval_includes_0():
    found = valued(UNCLEAR)
    assert found.proven == ()
    assert "We cannot tell whether it prevented any harm" in found.text
    assert "£1 spent" not in found.text
    ratio = terms(found).loc["benefit-cost ratio", "estimate"]
    assert f"{ratio:,.2f}" not in found.text


def test_it_says_what_it_would_have_taken():
    found = valued(UNCLEAR)
    need = terms(found).loc["break-even incidents", "estimate"]
    assert f"it would have had to prevent about {need:,.0f} recorded incidents" in found.text


def test_the_interval_of_the_estimate_decides_and_not_the_draws():
    found = valued(Prevented(INJURY, (20.0,), std_errors=(4.0,), interval=(-1.0, 41.0)))
    assert found.proven == ()
    assert "£1 spent" not in found.text
    assert "cost per incident prevented" not in terms(found).index


def test_no_cost_per_incident_where_there_may_be_none():
    assert "cost per incident prevented" not in terms(valued(UNCLEAR)).index
    assert "cost per incident prevented" in terms(valued()).index


def test_a_rise_is_said_as_plainly():
    found = valued(WORSE)
    assert found.text.startswith("Incidents rose by between 2")
    assert "there is no benefit to set against costs of about £413,000" in found.text
    assert "break-even incidents" not in terms(found).index


@pytest.mark.parametrize("seed", range(10))
def test_never_a_ratio_without_an_effect(seed):
    draw = np.random.default_rng(seed)
    effect = Prevented(INJURY, (float(draw.normal(5, 20)),), std_errors=(float(draw.uniform(1, 20)),))
    found = valued(effect, seed=seed)
    low = terms(found).loc["incidents prevented", "conf_low"]
    assert ("£1 spent" in found.text) == (low > 0)


# words


def test_the_ratio_is_said_with_its_interval():
    found = valued()
    row = terms(found).loc["benefit-cost ratio"]
    assert found.proven == (ALL,)
    span = f"£{row['estimate']:,.2f} (between £{row['conf_low']:,.2f} and £{row['conf_high']:,.2f})"
    assert found.text.startswith(f"Each £1 spent is estimated to have avoided harm worth about {span}")
    assert "more than it cost." in found.text


def test_whether_it_was_worth_its_cost_is_said_three_ways():
    dear = valued(costs=(20_000_000.0,))
    close = valued(costs=(1_600_000.0,))
    assert "less than it cost." in dear.text
    assert "so we cannot tell whether it was worth its cost." in close.text


def test_the_caption_holds_price_year_rate_and_multiplier():
    found = valued(cost_optimism=0.15)
    for part in ("prices of 2024-25", "standard rate", "a victims' survey", "costs raised by 15% for optimism"):
        assert part in found.caption
        assert part in found.text
    assert "understates the benefit" in valued(multiplier=Multiplier.recorded_only()).text


def test_unverified_facts_are_carried_to_the_words_and_notes():
    rape, unsure = (Prevented(name, (3.0,), std_errors=(0.5,)) for name in ("Rape", "Violence without injury"))
    plain = Multiplier.recorded_only()
    clean, doubtful = valued(rape, multiplier=plain), valued(unsure, multiplier=plain)
    assert "Not yet checked" not in clean.text
    assert "Not yet checked in its source: unit cost of Violence without injury (total)." in doubtful.text
    assert any("Violence without injury (total): unverified" in note for note in doubtful.notes)
    assert {fact.confidence for fact in doubtful.facts} == {"unverified", "found-secondary", "found"}


def test_an_unclear_effect_carries_unverified_facts_too():
    found = valued(Prevented(HOMICIDE, (0.1,), std_errors=(0.3,)))
    assert "Not yet checked in its source: unit cost of Homicide (total)." in found.text


def test_homicide_that_cannot_be_told_does_not_lead():
    effects = [Prevented(INJURY, (40.0,), std_errors=(4.0,)), Prevented(HOMICIDE, (0.2,), std_errors=(0.9,))]
    found = valued(effects)
    assert found.proven == (WITHOUT,)
    assert found.text.startswith("We cannot tell whether homicide changed. Leaving it out, each £1 spent")
    assert f"£{terms(found).loc['benefit-cost ratio', 'estimate']:,.2f}" not in found.text


def test_homicide_that_can_be_told_leads_with_the_rest_beside_it():
    effects = [Prevented(INJURY, (40.0,), std_errors=(4.0,)), Prevented(HOMICIDE, (2.0,), std_errors=(0.2,))]
    found = valued(effects)
    assert found.proven == (ALL, WITHOUT)
    rest = terms(found, WITHOUT).loc["benefit-cost ratio", "estimate"]
    assert f"Without homicide it is £{rest:,.2f}" in found.text


def test_where_only_homicide_carries_the_effect_that_is_said():
    effects = [Prevented(INJURY, (5.0,), std_errors=(4.0,)), Prevented(HOMICIDE, (20.0,), std_errors=(2.0,))]
    found = valued(effects)
    assert found.proven == (ALL,)
    assert "Without homicide we cannot tell." in found.text


def test_the_notes_say_what_unit_costs_hold():
    notes = " ".join(valued().notes)
    assert "anticipation of crime" in notes
    assert "not money that a service gets back" in notes
    assert "the spread of unit costs is assumed" in notes
    assert "spread of unit costs" not in " ".join(valued(unit_spread=0.0).notes)


def test_the_repr_holds_no_amounts_and_it_is_frozen():
    found = valued()
    assert repr(found) == "<Value: 1 offence groups, prices of 2024-25>"
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.proven = ()


# refusals


def test_offence_groups_stand_once_and_there_is_one():
    twice = [Prevented(INJURY, (1.0,), std_errors=(1.0,))] * 2
    for effects in (twice, []):
        with pytest.raises(DesignError, match="expected each offence group once"):
            cost_benefit(effects, programme=Programme((1.0,), "2023-24"), appraisal=appraisal())


def test_unknown_offence_groups_are_refused_with_the_nearest():
    with pytest.raises(DesignError, match=r"did you mean Violence with injury\?"):
        valued(Prevented("Violence with injuri", (1.0,), std_errors=(1.0,)))


def test_an_offence_group_without_a_multiplier_is_refused():
    with pytest.raises(DesignError, match="Rape: no multiplier"):
        valued(Prevented("Rape", (1.0,), std_errors=(1.0,)))


def test_unknown_price_years_are_refused():
    with pytest.raises(DesignError, match="there is no price year '2040-41'"):
        valued(price_year="2040-41")


# the plane, acceptability and the tornado


def test_the_shares_of_the_quadrants_add_up():
    found = quadrants(plane(valued(UNCLEAR)))
    assert tuple(found["quadrant"]) == QUADRANTS
    assert found["share"].sum() == pytest.approx(1)
    # nothing is saved, so all draws cost more; most prevent some: 35 with an error of 30
    assert found["share"].iloc[0] == pytest.approx(0.878, abs=0.02)
    assert found["share"].iloc[[1, 3]].tolist() == [0, 0]


def test_what_comes_back_as_money_lowers_the_net_cost():
    value = valued()
    none, some = plane(value), plane(value, cashable=0.3)
    assert (none["net_cost"] - some["net_cost"]).to_numpy() == pytest.approx(0.3 * value.benefit())
    with pytest.raises(DesignError, match=r"cashable: got 1.2"):
        plane(value, cashable=1.2)


def test_acceptability_rises_with_the_price_of_an_incident():
    value = valued()
    found = acceptability(value, [0, 5_000, 10_000, 20_000, 100_000])
    assert found["chance"].is_monotonic_increasing
    assert found["chance"].iloc[0] == 0
    assert found["chance"].iloc[-1] > 0.99


def test_at_the_cost_per_incident_it_is_even_odds():
    value = valued()
    price = terms(value).loc["cost per incident prevented", "estimate"]
    assert acceptability(value, [price])["chance"].iloc[0] == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("thresholds", [[], [-1.0], [np.nan]])
def test_thresholds_that_make_no_sense_are_refused(thresholds):
    with pytest.raises(DesignError, match="thresholds: expected prices of 0 or more"):
        acceptability(valued(), thresholds)


def test_the_tornado_stands_widest_first_and_holds_every_input():
    unsure = Multiplier({INJURY: 2.5}, "a survey", spread=0.3)
    value = valued(multiplier=unsure, programme=Programme((300_000.0, 100_000.0), "2023-24", spread=0.05))
    found = tornado(value)
    assert found["span"].is_monotonic_decreasing
    assert set(found["input"]) == {
        f"effect: {INJURY}", f"unit cost: {INJURY}", f"multiplier: {INJURY}", "programme cost",
        "choice: recorded crimes only", "choice: discount rate for health",
    }  # fmt: skip


def test_a_bar_of_the_tornado_by_hand():
    value = valued(unit_spread=0.0)
    found = tornado(value).set_index("input")
    rows = terms(value)["estimate"]
    low, high = np.quantile(value.incidents(), [0.025, 0.975])
    per = rows["present value of benefits"] / 35
    bar = found.loc[f"effect: {INJURY}"]
    assert [bar["low"], bar["high"]] == pytest.approx([low, high])
    assert [bar["value_low"], bar["value_high"]] == pytest.approx(
        [low * per - rows["present value of costs"], high * per - rows["present value of costs"]]
    )
    choice = found.loc["choice: recorded crimes only"]
    assert choice["value_low"] == pytest.approx(
        rows["present value of benefits"] / 2.5 - rows["present value of costs"]
    )
    assert choice["value_high"] == pytest.approx(rows["net present social value"])


def test_inputs_that_do_not_vary_have_no_bar():
    found = tornado(valued(unit_spread=0.0, multiplier=Multiplier.recorded_only(), costs=(300_000.0,),
                           effects=Prevented(INJURY, (20.0,), std_errors=(4.0,))))  # fmt: skip
    assert found["input"].tolist() == [f"effect: {INJURY}"]


def test_the_benefit_of_some_offences_adds_up():
    effects = [Prevented(INJURY, (20.0,), std_errors=(2.0,)), Prevented("Robbery", (5.0,), std_errors=(1.0,))]
    value = valued(effects)
    assert value.benefit() == pytest.approx(value.benefit([INJURY]) + value.benefit(["Robbery"]))
    assert value.incidents() == pytest.approx(value.incidents([INJURY]) + value.incidents(["Robbery"]))
    assert any("drawn independently" in note for note in value.notes)


def test_ten_thousand_draws_take_less_than_half_a_second():
    import time

    began = time.process_time()
    valued(draws=10_000)
    assert time.process_time() - began < 0.5
