"""Counts as effect sizes: by hand, at their edges, and what must not change them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curv_eval.errors import DesignError
from curv_eval.stats.meta_size_counts import (
    log_odds_ratio,
    log_rate_ratio,
    log_risk_ratio,
    monthly_dispersion,
    relative_rate_ratio,
    risk_difference,
)

TABLES = [log_odds_ratio, log_risk_ratio, risk_difference]
CELLS = st.tuples(st.integers(1, 400), st.integers(1, 400))
WITH_ZEROS = st.tuples(st.integers(0, 50), st.integers(0, 50)).filter(lambda pair: sum(pair) > 0)


def test_a_table_by_hand():
    treated, control = (10, 90), (20, 80)
    odds = log_odds_ratio(treated, control)
    assert odds.value == pytest.approx(np.log(10 * 80 / (90 * 20)))
    assert odds.variance == pytest.approx(1 / 10 + 1 / 90 + 1 / 20 + 1 / 80)
    risk = log_risk_ratio(treated, control)
    assert risk.value == pytest.approx(np.log(0.5))
    assert risk.variance == pytest.approx(0.09 / 0.1 / 10 * 10 / 10 + 1 / 20 - 1 / 100)
    difference = risk_difference(treated, control)
    assert difference.value == pytest.approx(-0.1)
    assert difference.variance == pytest.approx(0.1 * 0.9 / 100 + 0.2 * 0.8 / 100)
    assert not any(size.half_added for size in (odds, risk, difference))


@pytest.mark.parametrize("size", TABLES)
@given(treated=CELLS, control=CELLS)
@settings(max_examples=60, deadline=None)
def test_swapping_the_groups_flips_the_sign_and_keeps_the_variance(size, treated, control):
    one, other = size(treated, control), size(control, treated)
    assert other.value == pytest.approx(-one.value, abs=1e-12)
    assert other.variance == pytest.approx(one.variance)


@pytest.mark.parametrize("size", [log_odds_ratio, risk_difference])
@given(treated=CELLS, control=CELLS)
@settings(max_examples=60, deadline=None)
def test_swapping_the_outcome_flips_odds_and_differences(size, treated, control):
    one, other = size(treated, control), size(treated[::-1], control[::-1])
    assert other.value == pytest.approx(-one.value, abs=1e-12)
    assert other.variance == pytest.approx(one.variance)


def test_swapping_the_outcome_does_not_flip_a_risk_ratio():
    one, other = log_risk_ratio((10, 90), (20, 80)), log_risk_ratio((90, 10), (80, 20))
    assert other.value == pytest.approx(np.log(0.9 / 0.8))
    assert abs(other.value + one.value) > 0.5


@given(treated=WITH_ZEROS, control=WITH_ZEROS)
@settings(max_examples=100, deadline=None)
def test_a_half_is_added_only_where_a_count_is_zero(treated, control):
    zero = 0 in (*treated, *control)
    assert risk_difference(treated, control).half_added == zero
    assert risk_difference(treated, control).variance > 0
    if (treated[0] or control[0]) and (treated[1] or control[1]):
        assert log_odds_ratio(treated, control).half_added == zero
        assert np.isfinite(log_odds_ratio(treated, control).value)
        assert log_risk_ratio(treated, control).variance > 0


def test_a_zero_by_hand():
    size = log_odds_ratio((0, 20), (5, 15))
    assert size.value == pytest.approx(np.log(0.5 * 15.5 / (20.5 * 5.5)))
    assert size.variance == pytest.approx(1 / 0.5 + 1 / 20.5 + 1 / 5.5 + 1 / 15.5)
    risk = log_risk_ratio((0, 20), (5, 15))
    assert risk.value == pytest.approx(np.log((0.5 / 21) / (5.5 / 21)))


def test_a_difference_of_risks_is_that_of_the_counts_even_where_one_is_zero():
    size = risk_difference((0, 20), (5, 15))
    assert size.value == -0.25
    assert size.variance == pytest.approx(0.5 * 20.5 / 21**3 + 5.5 * 15.5 / 21**3)
    assert risk_difference((0, 20), (0, 30)).value == 0


@pytest.mark.parametrize("size", TABLES[:2])
@pytest.mark.parametrize(
    ("treated", "control", "said"),
    [
        ((0, 20), (0, 30), "nobody in either group had the event"),
        ((20, 0), (30, 0), "everybody in both groups had it"),
    ],
)
def test_two_zeros_say_nothing_of_a_ratio(size, treated, control, said):
    with pytest.raises(DesignError, match=said) as refusal:
        size(treated, control)
    assert refusal.value.do == "ask for the risk difference"


@pytest.mark.parametrize("size", TABLES)
@pytest.mark.parametrize("treated", [(-1, 5), (np.nan, 5), (np.inf, 5)])
def test_counts_that_are_none_are_refused(size, treated):
    with pytest.raises(DesignError, match="expected four numbers of 0 or more"):
        size(treated, (5, 5))


@pytest.mark.parametrize("size", TABLES)
def test_an_empty_group_is_refused(size):
    with pytest.raises(DesignError, match="expected people in both groups"):
        size((0, 0), (5, 5))


def test_rates_by_hand():
    size = log_rate_ratio((10, 100), (30, 200))
    assert size.value == pytest.approx(np.log(0.1 / 0.15))
    assert size.variance == pytest.approx(1 / 10 + 1 / 30)
    assert log_rate_ratio((10, 100), (30, 200), dispersion=3).variance == pytest.approx(3 * size.variance)


@given(CELLS, CELLS, st.floats(0.01, 1000))
@settings(max_examples=60, deadline=None)
def test_the_unit_of_time_leaves_a_ratio_of_rates_alone(treated, control, unit):
    one = log_rate_ratio(treated, control)
    other = log_rate_ratio((treated[0], treated[1] * unit), (control[0], control[1] * unit))
    assert other.value == pytest.approx(one.value, abs=1e-9)
    assert other.variance == one.variance


@given(CELLS, CELLS)
@settings(max_examples=60, deadline=None)
def test_swapping_the_groups_flips_a_ratio_of_rates(treated, control):
    one, other = log_rate_ratio(treated, control), log_rate_ratio(control, treated)
    assert other.value == pytest.approx(-one.value, abs=1e-12)
    assert other.variance == pytest.approx(one.variance)


def test_a_rate_without_events_has_a_half_and_two_are_refused():
    size = log_rate_ratio((0, 100), (4, 100))
    assert size.half_added
    assert size.value == pytest.approx(np.log(0.5 / 4.5))
    with pytest.raises(DesignError, match="no events in either group"):
        log_rate_ratio((0, 100), (0, 100))


@pytest.mark.parametrize("bad", [(-1, 10), (1, 0), (1, -2), (np.nan, 1), (1, np.inf)])
def test_rates_without_time_or_events_are_refused(bad):
    with pytest.raises(DesignError, match="expected events of 0 or more, and times and dispersion above 0"):
        log_rate_ratio(bad, (5, 10))
    with pytest.raises(DesignError):
        log_rate_ratio((5, 10), bad)


def test_a_dispersion_of_zero_is_refused():
    with pytest.raises(DesignError):
        log_rate_ratio((5, 10), (5, 10), dispersion=0)
    with pytest.raises(DesignError):
        relative_rate_ratio((5, 10), (5, 10), dispersion=0)


def test_areas_by_hand():
    size = relative_rate_ratio((50, 30), (60, 55), dispersion=2)
    assert size.value == pytest.approx(np.log((30 / 50) / (55 / 60)))
    assert size.variance == pytest.approx(2 * (1 / 50 + 1 / 30 + 1 / 60 + 1 / 55))


@given(CELLS, CELLS, st.floats(1, 10))
@settings(max_examples=60, deadline=None)
def test_areas_turn_with_groups_and_with_time(treated, control, phi):
    one = relative_rate_ratio(treated, control, dispersion=phi)
    groups = relative_rate_ratio(control, treated, dispersion=phi)
    time = relative_rate_ratio(treated[::-1], control[::-1], dispersion=phi)
    for other in (groups, time):
        assert other.value == pytest.approx(-one.value, abs=1e-12)
        assert other.variance == pytest.approx(one.variance)


@given(CELLS, CELLS)
@settings(max_examples=60, deadline=None)
def test_areas_are_a_ratio_of_two_ratios_of_rates(treated, control):
    found = relative_rate_ratio(treated, control, dispersion=1)
    here, there = (log_rate_ratio((pair[1], 1), (pair[0], 1)) for pair in (treated, control))
    assert found.value == pytest.approx(here.value - there.value, abs=1e-12)
    assert found.variance == pytest.approx(here.variance + there.variance)


def test_areas_with_the_same_change_have_none():
    assert relative_rate_ratio((40, 20), (100, 50), dispersion=1).value == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("treated", "control", "said"),
    [
        ((0, 0), (5, 5), "no incidents in treated areas"),
        ((5, 5), (0, 0), "no incidents in control areas"),
        ((0, 5), (0, 5), "no incidents in either group before"),
        ((5, 0), (5, 0), "no incidents in either group after"),
    ],
)
def test_areas_without_incidents_are_refused(treated, control, said):
    with pytest.raises(DesignError, match=said):
        relative_rate_ratio(treated, control, dispersion=1)


def test_one_zero_of_areas_has_a_half():
    size = relative_rate_ratio((10, 0), (10, 10), dispersion=1)
    assert size.half_added
    assert size.value == pytest.approx(np.log(0.5 * 10.5 / (10.5 * 10.5)))


def test_dispersion_by_hand():
    # means 4 and 10; squares (1 + 0 + 1) / 4 and (100 + 0 + 100) / 10, over 4 degrees of freedom
    assert monthly_dispersion([3, 4, 5], [0, 10, 20]) == pytest.approx((2 / 4 + 200 / 10) / 4)


def test_dispersion_is_never_below_1():
    assert monthly_dispersion([5, 5, 5, 5], [7, 7, 7]) == 1.0


@given(st.lists(st.integers(0, 60), min_size=3, max_size=12).filter(sum), st.permutations(range(4)))
@settings(max_examples=50, deadline=None)
def test_dispersion_knows_no_order(counts, order):
    cells = [counts, counts[::-1], [4, 6, 5], [1, 9]]
    assert monthly_dispersion(*(cells[i] for i in order)) == pytest.approx(monthly_dispersion(*cells))


def test_dispersion_of_drawn_counts_is_near_the_one_they_were_drawn_with():
    rng = np.random.default_rng(5)
    assert monthly_dispersion(*rng.poisson(30, (4, 400))) == pytest.approx(1, abs=0.1)
    # a negative binomial with mean 30 and variance 3 times as large
    many = rng.negative_binomial(15, 1 / 3, (4, 400))
    assert monthly_dispersion(*many) == pytest.approx(3, rel=0.12)


def test_dispersion_is_that_of_a_quasi_poisson_model():
    import statsmodels.api as sm

    rng = np.random.default_rng(3)
    cells = [rng.negative_binomial(8, 0.3, 10) for _ in range(4)]
    y = np.concatenate(cells)
    dummies = np.kron(np.eye(4), np.ones((10, 1)))
    fitted = sm.GLM(y, dummies, family=sm.families.Poisson()).fit(scale="X2")
    assert monthly_dispersion(*cells) == pytest.approx(fitted.scale, rel=1e-8)
    size = relative_rate_ratio(
        (cells[0].sum(), cells[1].sum()), (cells[2].sum(), cells[3].sum()), dispersion=fitted.scale
    )
    contrast = np.array([-1.0, 1.0, 1.0, -1.0])
    assert size.value == pytest.approx(contrast @ fitted.params, abs=1e-8)
    assert size.variance == pytest.approx(contrast @ fitted.cov_params() @ contrast, rel=1e-6)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (([1, -1],), "expected numbers of 0 or more"),
        (([1, np.nan],), "expected numbers of 0 or more"),
        (([5], [4]), "at least one cell of two months or more"),
        (([0, 0], [0, 0]), "at least one cell of two months or more"),
    ],
)
def test_dispersion_without_months_is_refused(cells, said):
    with pytest.raises(DesignError, match=said):
        monthly_dispersion(*cells)


def test_intervals_of_the_odds_ratio_hold_the_truth():
    rng = np.random.default_rng(11)
    truth = np.log(0.2 / 0.8) - np.log(0.3 / 0.7)
    held = 0
    for x, y in zip(rng.binomial(150, 0.2, 400), rng.binomial(150, 0.3, 400), strict=True):
        size = log_odds_ratio((x, 150 - x), (y, 150 - y))
        held += abs(size.value - truth) < 1.96 * np.sqrt(size.variance)
    assert 0.92 < held / 400 < 0.98


@pytest.mark.parametrize(
    ("name", "size"), [("diff", risk_difference), ("odds-ratio", log_odds_ratio), ("risk-ratio", log_risk_ratio)]
)
@pytest.mark.parametrize(("treated", "control"), [((12, 88), (20, 60)), ((3, 400), (9, 350)), ((70, 30), (20, 80))])
def test_tables_are_those_of_statsmodels(name, size, treated, control):
    from statsmodels.stats.meta_analysis import effectsize_2proportions

    value, variance = effectsize_2proportions(
        np.array([treated[0]]), np.array([sum(treated)]), np.array([control[0]]), np.array([sum(control)]),
        statistic=name,
    )  # fmt: skip
    found = size(treated, control)
    assert found.value == pytest.approx(float(value[0]), rel=1e-12)
    assert found.variance == pytest.approx(float(variance[0]), rel=1e-12)


@given(CELLS, CELLS, st.integers(2, 50))
@settings(max_examples=60, deadline=None)
def test_larger_areas_with_the_same_change_give_the_same_ratio_more_surely(treated, control, times):
    one = relative_rate_ratio(treated, control, dispersion=1)
    other = relative_rate_ratio(tuple(x * times for x in treated), control, dispersion=1)
    assert other.value == pytest.approx(one.value, abs=1e-9)
    assert other.variance < one.variance


def coverage(phi_of, draws=300):
    """The share of intervals that hold the truth, where counts by month vary three times as much as Poisson ones."""
    rng = np.random.default_rng(17)
    truth, held = np.log(0.8), 0
    means = np.array([20, 16, 30, 30])
    for _ in range(draws):
        cells = [rng.negative_binomial(mean / 2, 1 / 3, 24) for mean in means]
        before, after, elsewhere, later = (int(y.sum()) for y in cells)
        size = relative_rate_ratio((before, after), (elsewhere, later), dispersion=phi_of(cells))
        held += abs(size.value - truth) < 1.96 * np.sqrt(size.variance)
    return held / draws


def test_intervals_of_areas_hold_the_truth_only_with_the_dispersion():
    assert coverage(lambda cells: 1.0) < 0.85
    assert 0.91 < coverage(lambda cells: monthly_dispersion(*cells)) < 0.985
    assert 0.91 < coverage(lambda cells: 3.0) < 0.985
