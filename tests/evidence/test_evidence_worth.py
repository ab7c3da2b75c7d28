"""What an effect means for 100,000 people, and what preventing one act costs, by hand and by simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pooled_effects import pooled
from scipy.stats import norm

from curv_eval.errors import DesignError, StudyError
from curv_eval.evidence.judgement import Baseline, CostRange, cost_per_prevented, per_people

BASE = Baseline(1200, "people in Cleveland", "police, 2024")
COST = CostRange(50, 120, "2024-25", "made up")
FIXED = CostRange(60, 60, "2024-25", "made up")
SURE = {"estimate": 0.75, "low": 0.75, "high": 0.75, "prediction": (0.75, 0.75)}


def generator(seed=1):
    return np.random.default_rng(seed)


def costs(held, cost=COST, base=BASE, seed=1, **given_):
    return cost_per_prevented(held, base, cost, generator=generator(seed), **given_)


# for 100,000 people


def test_a_rate_ratio_by_hand():
    held = per_people(pooled(), BASE)
    assert (held.expected, held.fewer) == (1200, pytest.approx(288))
    assert (held.low, held.high) == (pytest.approx(120), pytest.approx(432))
    assert held.text == (
        "Where 1,200 a year would be expected for 100,000 people in Cleveland (violent crime; police, 2024), there "
        "would be about 912 with the approach: between 120 fewer and 432 fewer."
    )


def test_an_odds_ratio_by_hand():
    # risk 0.2, odds 0.25, times 0.5 is 0.125, a risk of 1/9
    held = per_people(
        pooled(measure="odds ratio", estimate=0.5, low=0.4, high=0.6, prediction=None), Baseline(20_000, "x", "y")
    )
    assert held.fewer == pytest.approx(20_000 - 100_000 / 9)


def test_a_hazard_ratio_by_hand():
    # 1 - 0.8^0.5
    held = per_people(
        pooled(measure="hazard ratio", estimate=0.5, low=0.4, high=0.6, prediction=None), Baseline(20_000, "x", "y")
    )
    assert held.fewer == pytest.approx(20_000 - 100_000 * (1 - 0.8**0.5))


def test_a_rare_outcome_makes_odds_and_risks_the_same():
    rare = Baseline(1, "x", "y")
    found = [per_people(pooled(measure=name), rare).fewer for name in ("odds ratio", "risk ratio", "hazard ratio")]
    assert found == pytest.approx([0.24] * 3, rel=1e-4)


def test_harm_is_more():
    held = per_people(pooled(estimate=1.2, low=0.9, high=1.5, prediction=None), BASE)
    assert held.fewer == pytest.approx(-240)
    assert held.text.endswith("about 1,440 with the approach: between 600 more and 120 fewer.")


@given(st.floats(0.1, 3.0), st.floats(1.0, 3.0), st.floats(0.1, 5_000))
def test_ends_are_in_order_and_scale_with_the_baseline(estimate, width, rate):
    held = pooled(estimate=estimate, low=estimate / width, high=estimate * width, prediction=None)
    one, two = per_people(held, Baseline(rate, "x", "y")), per_people(held, Baseline(2 * rate, "x", "y"))
    assert one.low <= one.fewer + 1e-9 <= one.high + 2e-9
    assert two.fewer == pytest.approx(2 * one.fewer)


@pytest.mark.parametrize("measure", ["risk ratio", "odds ratio", "hazard ratio"])
@given(st.floats(0.05, 0.99), st.floats(1, 90_000))
def test_never_more_are_spared_than_would_be_hurt(measure, ratio, rate):
    held = pooled(measure=measure, estimate=ratio, low=ratio, high=ratio, prediction=None)
    found = per_people(held, Baseline(rate, "x", "y"))
    assert 0 < found.fewer < rate


@pytest.mark.parametrize(
    ("changed", "rate", "fault"),
    [
        ({"measure": "standardised mean difference"}, 1200, "says nothing of how many"),
        ({"measure": "mean difference"}, 1200, "says nothing of how many"),
        ({"better": "higher"}, 1200, "expected an outcome to be prevented"),
        ({"measure": "risk ratio"}, 100_000, "a risk is below all of them"),
        ({"measure": "odds ratio"}, 120_000, "a risk is below all of them"),
        ({"measure": "risk ratio", "estimate": 2.0, "low": 1.5, "high": 3.0, "prediction": None}, 50_000, "everybody"),
    ],
)
def test_what_cannot_be_said_for_100_000_is_refused(changed, rate, fault):
    held, base = pooled(**changed), Baseline(rate, "x", "y")
    with pytest.raises(DesignError, match=fault):
        per_people(held, base)
    with pytest.raises(DesignError, match=fault):
        costs(held, base=base)


def test_a_rate_may_be_above_one_for_each_person():
    assert per_people(pooled(), Baseline(150_000, "x", "y")).fewer == pytest.approx(36_000)


@pytest.mark.parametrize(
    "given_", [(0, "x", "y"), (-1, "x", "y"), (float("nan"), "x", "y"), (1, "", "y"), (1, "x", " ")]
)
def test_a_baseline_needs_a_rate_a_whom_and_a_source(given_):
    with pytest.raises(StudyError, match="baseline"):
        Baseline(*given_)


def test_every_fault_of_a_baseline_is_told_at_once():
    with pytest.raises(StudyError) as refusal:
        Baseline(-1, "", "")
    assert len(refusal.value.breaches) == 3


# what preventing one act costs


def test_sure_numbers_give_one_cost_by_hand():
    # £60 for a person, who would meet 0.012 x 0.25 = 0.003 acts fewer
    held = costs(pooled(**SURE), FIXED)
    assert (held.low, held.middle, held.high) == pytest.approx((20_000, 20_000, 20_000))
    assert held.none == 0
    assert held.text == (
        "Preventing one act of violence costs between about £20,000 and £20,000 on average (the middle is £20,000). "
        "Prices of 2024-25."
    )


def test_the_draws_of_the_ratio_are_those_of_its_interval():
    held = costs(pooled(), FIXED, seed=3)
    for point, end in ((held.low, 0.64), (held.high, 0.9)):
        # the ends of the log ratio are 1.96 errors from a middle that the interval need not have
        spread = (np.log(0.9) - np.log(0.64)) / 2
        ratio = np.exp(np.log(0.76) + (spread if end == 0.9 else -spread))
        assert point == pytest.approx(60 / (0.012 * (1 - ratio)), rel=0.03)
    assert held.middle == pytest.approx(60 / (0.012 * 0.24), rel=0.01)


def test_the_range_of_costs_widens_the_answer():
    narrow, wide = costs(pooled(**SURE), FIXED), costs(pooled(**SURE), CostRange(30, 90, "2024-25", "made up"))
    assert wide.low < narrow.low and wide.high > narrow.high
    # a triangle from 30 to 90 with its top at 60: 2.5% lie below 30 + 60 sqrt(0.025 / 2)
    assert wide.low == pytest.approx((30 + 60 * np.sqrt(0.0125)) / 0.003, rel=0.02)


def test_the_likeliest_cost_moves_the_middle():
    early = costs(pooled(**SURE), CostRange(30, 90, "2024-25", "made up", likeliest=35))
    late = costs(pooled(**SURE), CostRange(30, 90, "2024-25", "made up", likeliest=85))
    assert early.middle < late.middle


def test_a_chance_of_preventing_nothing_takes_the_upper_end_away():
    held = costs(pooled(estimate=0.8, low=0.6, high=1.1, prediction=None))
    assert held.high == float("inf")
    assert np.isfinite(held.middle)
    assert "there is no upper limit" in held.text
    spread = (np.log(1.1) - np.log(0.6)) / (2 * norm.ppf(0.975))
    assert held.none == pytest.approx(norm.sf(-np.log(0.8) / spread), abs=0.01)


def test_as_likely_harm_as_benefit_has_no_cost():
    held = costs(pooled(estimate=1.05, low=0.8, high=1.3, prediction=None))
    assert held.middle == float("inf")
    assert held.text.startswith("We cannot put a cost on preventing violence")


def test_a_new_place_is_less_sure():
    average, new = costs(pooled(prediction=(0.5, 0.97))), costs(pooled(prediction=(0.5, 0.97)), new_place=True)
    assert new.low < average.low
    assert new.high > average.high
    assert "in a new place" in new.text and "on average" in average.text


def test_a_new_place_needs_a_prediction_interval():
    with pytest.raises(DesignError, match="no prediction interval"):
        costs(pooled(prediction=None), new_place=True)


def test_the_same_seed_gives_the_same_and_another_nearly():
    held = costs(pooled())
    assert costs(pooled()) == held
    other = costs(pooled(), seed=99)
    assert other != held
    assert other.middle == pytest.approx(held.middle, rel=0.03)


@settings(max_examples=20)
@given(st.floats(0.3, 1.3), st.floats(1.01, 1.8), st.floats(1.0, 5.0))
def test_costs_scale_with_what_is_paid_and_are_in_order(estimate, width, times):
    held = pooled(estimate=estimate, low=estimate / width, high=estimate * width, prediction=None)
    one = costs(held)
    more = costs(held, CostRange(50 * times, 120 * times, "2024-25", "made up"))
    assert 0 < one.low <= one.middle <= one.high
    assert 0 <= one.none <= 1
    assert (more.low, more.middle) == pytest.approx((one.low * times, one.middle * times), rel=1e-6)


@pytest.mark.parametrize(
    "given_",
    [
        (0, 10, "2024-25", "x"),
        (-5, 10, "2024-25", "x"),
        (20, 10, "2024-25", "x"),
        (5, float("inf"), "2024-25", "x"),
        (5, 10, "", "x"),
        (5, 10, "2024-25", ""),
        (5, 10, "2024-25", "x", 11),
        (5, 10, "2024-25", "x", 4),
        (float("nan"), 10, "2024-25", "x"),
    ],
)
def test_costs_need_a_range_a_price_year_and_a_source(given_):
    with pytest.raises(StudyError, match="costs cannot be used"):
        CostRange(*given_)


def test_small_and_large_sums_are_said_to_two_digits():
    cheap = costs(pooled(**SURE), CostRange(0.002, 0.002, "2024-25", "x"))
    assert "£1 " in cheap.text
    dear = costs(pooled(**SURE), CostRange(123_456, 123_456, "2024-25", "x"))
    assert "£41,000,000" in dear.text
