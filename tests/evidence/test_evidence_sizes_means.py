"""Means as effect sizes: by hand, by simulation, and beside other programs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curv_eval.errors import DesignError
from curv_eval.stats.change_scores import standardised_difference
from curv_eval.stats.meta_size_means import (
    change_g,
    change_spread,
    hedges_g,
    pooled_spread,
    raw_difference,
    small_sample_factor,
    spread_of_change,
    standardised,
)

MEAN = st.floats(-50, 50)
GROUP = st.tuples(MEAN, st.floats(0.1, 20), st.integers(2, 500))
R = st.floats(-0.9, 0.95)


def test_a_difference_by_hand():
    size = raw_difference((10.0, 3.0, 9), (12.0, 4.0, 16))
    assert size.value == -2
    assert size.variance == pytest.approx(9 / 9 + 16 / 16)


def test_a_pooled_spread_by_hand():
    assert pooled_spread((3.0, 11), (4.0, 21)) == pytest.approx(np.sqrt((10 * 9 + 20 * 16) / 30))


def test_g_by_hand():
    size = hedges_g((10.0, 2.0, 10), (12.0, 2.0, 10))
    g = -small_sample_factor(18)
    assert size.value == pytest.approx(g)
    assert size.variance == pytest.approx(0.2 + g**2 / 40)


@pytest.mark.parametrize("df", [2, 5, 10, 50, 98, 1000])
def test_the_approximate_factor_is_close_to_the_exact_one(df):
    exact, rough = small_sample_factor(df), small_sample_factor(df, exact=False)
    assert rough == pytest.approx(1 - 3 / (4 * df - 1))
    assert exact == pytest.approx(rough, rel=0.03 / df)
    assert 0 < exact < 1


def test_the_factor_at_two_degrees_of_freedom():
    # Gamma(1) / (1 * Gamma(1/2)) = 1 / sqrt(pi)
    assert small_sample_factor(2) == pytest.approx(1 / np.sqrt(np.pi))


@pytest.mark.parametrize("exact", [True, False])
def test_the_factor_needs_more_than_one_degree_of_freedom(exact):
    with pytest.raises(DesignError, match="more than 1 degree of freedom"):
        small_sample_factor(1, exact=exact)


def test_the_factor_takes_the_bias_off():
    rng = np.random.default_rng(4)
    n, delta = 6, 0.8
    first, second = rng.normal(delta, 1, (20000, n)), rng.normal(0, 1, (20000, n))
    spread = np.sqrt((first.var(axis=1, ddof=1) + second.var(axis=1, ddof=1)) / 2)
    d = (first.mean(axis=1) - second.mean(axis=1)) / spread
    assert d.mean() > delta + 0.04
    assert small_sample_factor(2 * n - 2) * d.mean() == pytest.approx(delta, abs=0.02)


@given(GROUP, GROUP)
@settings(max_examples=80, deadline=None)
def test_swapping_the_groups_flips_the_sign(treated, control):
    for size in (raw_difference, hedges_g):
        one, other = size(treated, control), size(control, treated)
        assert other.value == pytest.approx(-one.value, abs=1e-12)
        assert other.variance == pytest.approx(one.variance)


@given(GROUP, GROUP, st.floats(0.01, 100), MEAN)
@settings(max_examples=80, deadline=None)
def test_units_leave_g_alone(treated, control, unit, shift):
    def moved(group):
        return group[0] * unit + shift, group[1] * unit, group[2]

    one, other = hedges_g(treated, control), hedges_g(moved(treated), moved(control))
    assert other.value == pytest.approx(one.value, rel=1e-6, abs=1e-6)
    assert other.variance == pytest.approx(one.variance, rel=1e-6)
    raw = raw_difference(moved(treated), moved(control))
    assert raw.variance == pytest.approx(unit**2 * raw_difference(treated, control).variance)


def test_g_is_close_to_that_of_statsmodels():
    from statsmodels.stats.meta_analysis import effectsize_smd

    theirs, _ = effectsize_smd(103, 5.5, 50, 100, 4.5, 50)
    ours = hedges_g((103, 5.5, 50), (100, 4.5, 50), exact=False)
    # theirs is made with 1 - 3 / (4 N - 9), which is the same factor
    assert ours.value == pytest.approx(theirs, rel=1e-12)


@pytest.mark.parametrize(
    ("treated", "said"),
    [
        ((1.0, 2.0, 1), "people: got 1 and 10, expected at least 2"),
        ((np.nan, 2.0, 10), "expected numbers for mean"),
        ((1.0, -2.0, 10), "expected them above 0"),
        ((1.0, np.inf, 10), "expected numbers for mean"),
    ],
)
def test_means_that_give_no_effect_are_refused(treated, said):
    for size in (raw_difference, hedges_g):
        with pytest.raises(DesignError, match=said):
            size(treated, (1.0, 2.0, 10))
    with pytest.raises(DesignError, match=said):
        change_g(treated, (1.0, 2.0, 10), noise=(1, 1))


def test_scores_that_do_not_differ_are_refused():
    with pytest.raises(DesignError, match="standard deviations: got 0 and 0"):
        hedges_g((1.0, 0.0, 10), (1.0, 0.0, 10))


def test_the_spread_of_a_change_by_hand():
    assert change_spread(3.0, 4.0, 0.0) == 5
    assert change_spread(3.0, 3.0, 0.5) == pytest.approx(3)
    assert spread_of_change(3.0, 0.5) == pytest.approx(3)


@given(st.floats(0.1, 50), R)
@settings(max_examples=60, deadline=None)
def test_the_spread_of_scores_comes_back(spread, r):
    assert spread_of_change(change_spread(spread, spread, r), r) == pytest.approx(spread, rel=1e-6)


@pytest.mark.parametrize("r", [1.0, 1.5, -1.2])
def test_a_correlation_that_is_none_is_refused(r):
    with pytest.raises(DesignError, match="correlation of before and after"):
        change_spread(1.0, 1.0, r)
    with pytest.raises(DesignError, match="correlation of before and after"):
        spread_of_change(1.0, r)


def test_a_change_by_hand():
    size = change_g((-3.0, 4.0, 20), (-1.0, 4.0, 20), noise=(0.8, 0.8))
    g = small_sample_factor(38) * -0.5
    assert size.value == pytest.approx(g)
    assert size.variance == pytest.approx(0.8 / 10 + g**2 / 80)


def test_a_change_without_correlation_is_noisier_than_one_score():
    once = hedges_g((-3.0, 4.0, 20), (-1.0, 4.0, 20))
    twice = change_g((-3.0, 4.0, 20), (-1.0, 4.0, 20), noise=(2.0, 2.0))
    even = change_g((-3.0, 4.0, 20), (-1.0, 4.0, 20), noise=(1.0, 1.0))
    assert twice.variance > once.variance == pytest.approx(even.variance)


def test_a_change_is_the_one_that_scores_of_people_give():
    rng = np.random.default_rng(8)
    n, r = 400, 0.7
    before = rng.normal(20, 4, 2 * n)
    after = 20 + r * (before - 20) + rng.normal(0, 4 * np.sqrt(1 - r**2), 2 * n)
    treated = np.arange(2 * n) < n
    after[treated] -= 1.5
    theirs = standardised_difference(before, after, treated)
    groups = [(float((after - before)[g].mean()), float(before[g].std(ddof=1)), n) for g in (treated, ~treated)]
    ours = change_g(*groups, noise=(2 * (1 - r), 2 * (1 - r)))
    assert ours.value == pytest.approx(theirs.value, rel=1e-12)
    assert np.sqrt(ours.variance) == pytest.approx(theirs.std_error, rel=0.05)


def test_the_variance_of_a_change_is_that_of_simulations():
    rng = np.random.default_rng(21)
    n, r, draws = 40, 0.5, 4000
    before = rng.normal(0, 1, (draws, 2, n))
    after = r * before + rng.normal(0, np.sqrt(1 - r**2), (draws, 2, n))
    after[:, 0] -= 0.6
    spread = np.sqrt(before.var(axis=2, ddof=1).mean(axis=1))
    change = (after - before).mean(axis=2)
    g = small_sample_factor(2 * n - 2) * (change[:, 0] - change[:, 1]) / spread
    said = change_g((-0.6, 1.0, n), (0.0, 1.0, n), noise=(2 * (1 - r),) * 2).variance
    assert g.mean() == pytest.approx(-0.6, abs=0.02)
    assert g.var() == pytest.approx(said, rel=0.08)


@given(st.floats(-3, 3), st.integers(2, 400), st.integers(2, 400))
@settings(max_examples=60, deadline=None)
def test_a_standardised_difference_shrinks_and_has_a_variance(d, n1, n0):
    size = standardised(d, (n1, n0))
    assert abs(size.value) <= abs(d)
    assert size.variance >= 1 / n1 + 1 / n0
    assert standardised(-d, (n1, n0)).value == -size.value
