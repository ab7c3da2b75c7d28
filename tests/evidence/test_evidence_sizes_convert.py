"""Conversions there and back, by hand and by simulation; and what clusters cost."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curv_eval.errors import DesignError
from curv_eval.evidence.sizes.convert import STEPS, converted
from curv_eval.evidence.sizes.made import Made
from curv_eval.evidence.sizes.nouns import Measure
from curv_eval.stats.meta_size_convert import (
    between_risks,
    d_to_fisher_z,
    d_to_log_odds,
    design_effect,
    fisher_z_to_d,
    imbalance,
    log_odds_to_d,
    opposite_risk_ratio,
)
from curv_eval.stats.meta_size_counts import Size, log_odds_ratio, log_risk_ratio, risk_difference
from curv_eval.stats.meta_size_reported import fisher_z, g_from_t

SIZE = st.builds(Size, st.floats(-2.5, 2.5), st.floats(0.001, 2))
PEOPLE = st.one_of(st.none(), st.tuples(st.integers(2, 500), st.integers(2, 500)))
NUMBERS = {"baseline_risk": 0.3, "sd_outcome": 4.0, "n_treated": 40.0, "n_control": 70.0}


def same(one, other, rel=1e-7):
    assert one.value == pytest.approx(other.value, rel=rel, abs=1e-9)
    assert one.variance == pytest.approx(other.variance, rel=rel)


@given(SIZE)
@settings(max_examples=60, deadline=None)
def test_odds_and_differences_come_back(size):
    same(d_to_log_odds(log_odds_to_d(size)), size)
    assert log_odds_to_d(size).value == pytest.approx(size.value * np.sqrt(3) / np.pi)


@given(SIZE, PEOPLE)
@settings(max_examples=60, deadline=None)
def test_differences_and_correlations_come_back(size, people):
    same(fisher_z_to_d(d_to_fisher_z(size, people=people), people=people), size)
    same(d_to_fisher_z(fisher_z_to_d(size, people=people), people=people), size)


@given(st.floats(-1.5, 1.5), st.floats(0.001, 1), st.floats(0.1, 0.6))
@settings(max_examples=80, deadline=None)
def test_risks_come_back(value, variance, baseline):
    odds = Size(value, variance)
    for goes in ("risk", "difference"):
        same(between_risks(between_risks(odds, "odds", goes, baseline=baseline), goes, "odds", baseline=baseline), odds)
    by_ratio = between_risks(
        between_risks(odds, "odds", "risk", baseline=baseline), "risk", "difference", baseline=baseline
    )
    same(by_ratio, between_risks(odds, "odds", "difference", baseline=baseline))


def test_odds_to_risk_by_hand():
    found = between_risks(Size(np.log(0.5), 0.04), "odds", "risk", baseline=0.4)
    assert np.exp(found.value) == pytest.approx(0.5 / (1 - 0.4 + 0.4 * 0.5))
    assert found.variance == pytest.approx(0.04 * ((1 - 0.4) / (1 - 0.4 + 0.4 * 0.5)) ** 2)


def test_a_rare_outcome_makes_odds_and_risks_alike_and_a_common_one_does_not():
    odds = Size(np.log(0.6), 0.05)
    assert between_risks(odds, "odds", "risk", baseline=0.001).value == pytest.approx(odds.value, abs=1e-3)
    assert between_risks(odds, "odds", "risk", baseline=0.8).value > odds.value + 0.3


def test_conversions_between_risks_are_those_of_the_counts_at_their_own_baseline():
    treated, control = (30, 170), (50, 150)
    odds = log_odds_ratio(treated, control)
    ratio = between_risks(odds, "odds", "risk", baseline=0.25)
    difference = between_risks(odds, "odds", "difference", baseline=0.25)
    assert ratio.value == pytest.approx(log_risk_ratio(treated, control).value)
    assert difference.value == pytest.approx(risk_difference(treated, control).value)


def test_the_delta_method_is_near_what_draws_give():
    rng = np.random.default_rng(9)
    drawn = rng.normal(-0.5, 0.1, 40000)
    for goes in ("risk", "difference"):
        many = [between_risks(Size(x, 1.0), "odds", goes, baseline=0.3).value for x in drawn[:5000]]
        assert np.var(many) == pytest.approx(
            between_risks(Size(-0.5, 0.01), "odds", goes, baseline=0.3).variance, rel=0.06
        )
    z = [d_to_fisher_z(Size(x, 1.0)).value for x in drawn[:5000]]
    assert np.var(z) == pytest.approx(d_to_fisher_z(Size(-0.5, 0.01)).variance, rel=0.06)


@pytest.mark.parametrize("baseline", [0.0, 1.0, -0.2, 1.4, np.nan])
def test_a_baseline_risk_that_is_none_is_refused(baseline):
    with pytest.raises(DesignError, match="expected a number between 0 and 1"):
        between_risks(Size(0.1, 0.1), "odds", "risk", baseline=baseline)


@pytest.mark.parametrize(
    ("value", "came"), [(np.log(3), "risk"), (900.0, "risk"), (0.7, "difference"), (-0.45, "difference")]
)
def test_an_effect_that_leads_out_of_risks_is_refused(value, came):
    with pytest.raises(DesignError, match=r"on a baseline risk of 0\.4 gives a risk of") as refusal:
        between_risks(Size(value, 0.1), came, "odds", baseline=0.4)
    assert refusal.value.do == "look at the baseline risk"


def test_the_opposite_of_a_risk_ratio_by_hand():
    found = opposite_risk_ratio(Size(np.log(1.2), 0.01), baseline=0.5)
    assert found.value == pytest.approx(np.log((1 - 0.6) / 0.5))


@given(st.floats(-0.5, 0.3), st.floats(0.1, 0.6))
@settings(max_examples=60, deadline=None)
def test_the_opposite_of_the_opposite_is_where_it_began(value, baseline):
    size = Size(value, 0.02)
    same(opposite_risk_ratio(opposite_risk_ratio(size, baseline=baseline), baseline=1 - baseline), size)


def test_the_opposite_of_a_risk_ratio_is_that_of_the_swapped_counts():
    treated, control = (30, 170), (50, 150)
    found = opposite_risk_ratio(log_risk_ratio(treated, control), baseline=0.25)
    assert found.value == pytest.approx(log_risk_ratio(treated[::-1], control[::-1]).value)


def test_imbalance():
    assert imbalance(None) == 4 == imbalance((30, 30))
    assert imbalance((10, 90)) == pytest.approx(100**2 / 900)


def test_a_correlation_from_groups_is_that_of_the_scores():
    rng = np.random.default_rng(6)
    group = np.repeat([1.0, 0.0], [300, 700])
    score = rng.normal(0, 1, 1000) + 0.5 * group
    r = np.corrcoef(group, score)[0, 1]
    t = r * np.sqrt(998 / (1 - r**2))
    g = g_from_t(t, (300, 700))
    assert d_to_fisher_z(g, people=(300, 700)).value == pytest.approx(fisher_z(r, 1000).value, rel=5e-3)


def test_a_perfect_correlation_has_no_difference():
    with pytest.raises(DesignError, match="not -1 or 1"):
        fisher_z_to_d(Size(400.0, 0.1))


def test_design_effects_by_hand():
    assert design_effect(1, 0.5) == 1
    assert design_effect(20, 0.05) == pytest.approx(1.95)
    assert design_effect(20, 0.05, cv=0.6) == pytest.approx(1 + (1.36 * 20 - 1) * 0.05)
    assert design_effect(20, 0.0, cv=0.6) == 1


@given(st.floats(1, 500), st.floats(0, 1), st.floats(0, 3))
@settings(max_examples=60, deadline=None)
def test_clusters_never_help_and_uneven_ones_cost_more(size, icc, cv):
    assert design_effect(size, icc, cv=cv) >= design_effect(size, icc) >= 1


@pytest.mark.parametrize(("size", "icc", "cv"), [(0.5, 0.1, 0), (10, -0.1, 0), (10, 1.1, 0), (10, 0.1, -1)])
def test_clusters_that_are_none_are_refused(size, icc, cv):
    with pytest.raises(DesignError, match="expected 1 person or more, a correlation from 0 to 1"):
        design_effect(size, icc, cv=cv)


def test_a_design_effect_is_what_clusters_do_to_a_mean():
    rng = np.random.default_rng(13)
    m, icc, draws = 15, 0.2, 6000
    means = (rng.normal(0, np.sqrt(icc), (draws, 4)) + rng.normal(0, np.sqrt((1 - icc) / m), (draws, 4))).mean(axis=1)
    assert means.var() == pytest.approx(design_effect(m, icc) / (4 * m), rel=0.08)


@pytest.mark.parametrize(("came", "goes"), list(STEPS))
def test_every_step_has_a_way_back(came, goes):
    there = converted(Made(Size(-0.2, 0.01), came, "x"), goes, NUMBERS)
    back = converted(there, came, NUMBERS)
    assert back.measure is came
    assert there.measure is goes
    same(back.size, Size(-0.2, 0.01))


@pytest.mark.parametrize(
    ("came", "goes", "steps"),
    [
        (Measure.LOG_ODDS_RATIO, Measure.FISHER_Z, 2),
        (Measure.LOG_RISK_RATIO, Measure.STANDARDISED_DIFFERENCE, 2),
        (Measure.FISHER_Z, Measure.RISK_DIFFERENCE, 3),
        (Measure.RAW_DIFFERENCE, Measure.LOG_ODDS_RATIO, 2),
    ],
)
def test_longer_ways_are_told_step_by_step(came, goes, steps):
    found = converted(Made(Size(-0.1, 0.01), came, "from x"), goes, NUMBERS)
    assert found.how.count("converted from") == steps
    assert f"converted from {came.value} to" in found.how
    assert found.how.endswith(f"to {goes.value}")
    assert len(found.assumptions) == steps


def test_the_sign_stays_in_every_conversion():
    for came, goes in STEPS:
        for sign in (1, -1):
            found = converted(Made(Size(0.1 * sign, 0.01), came, ""), goes, NUMBERS)
            assert np.sign(found.size.value) == sign


def test_everything_that_is_needed_is_asked_for_at_once():
    found = converted(Made(Size(-0.2, 0.01), Measure.RAW_DIFFERENCE, ""), Measure.LOG_RISK_RATIO, {})
    assert [fault.column for fault in found] == ["sd_outcome", "baseline_risk"]
    assert "raw_difference as a log_risk_ratio needs it" in found[0].do


@pytest.mark.parametrize("came", [Measure.LOG_RATE_RATIO, Measure.LOG_RELATIVE_RATE_RATIO, Measure.LOG_HAZARD_RATIO])
@pytest.mark.parametrize("goes", [Measure.LOG_ODDS_RATIO, Measure.STANDARDISED_DIFFERENCE, Measure.FISHER_Z])
def test_nothing_leads_from_rates_to_people_nor_back(came, goes):
    for one, other in ((came, goes), (goes, came)):
        (fault,) = converted(Made(Size(-0.2, 0.01), one, ""), other, NUMBERS)
        assert fault.expected == f"a measure that can become a {other.value}"
