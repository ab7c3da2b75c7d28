"""Intervals, t, p, F, chi-squared and correlations: to an error or an effect and back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from curv_eval.errors import DesignError
from curv_eval.stats.meta_size_counts import log_odds_ratio
from curv_eval.stats.meta_size_means import hedges_g
from curv_eval.stats.meta_size_reported import (
    critical,
    error_from_interval,
    error_from_p,
    error_from_t,
    fisher_z,
    g_from_chi_squared,
    g_from_f,
    g_from_p,
    g_from_t,
)

VALUE = st.floats(0.01, 20).flatmap(lambda x: st.sampled_from([x, -x]))
ERROR = st.floats(0.01, 10)


def test_quantiles():
    assert critical() == pytest.approx(1.959963984540054)
    assert critical(0.9) == pytest.approx(1.6448536269514722)
    assert critical(0.95, 24) == pytest.approx(2.0638985616280205)


@pytest.mark.parametrize(("level", "df"), [(0, None), (1, None), (1.2, None), (-0.5, 4), (0.95, 0), (0.95, -3)])
def test_levels_and_degrees_of_freedom_that_are_none_are_refused(level, df):
    with pytest.raises(DesignError, match="expected a level between 0 and 1"):
        critical(level, df)


@given(VALUE, ERROR, st.floats(0.5, 0.999), st.one_of(st.none(), st.floats(2, 300)))
@settings(max_examples=100, deadline=None)
def test_an_interval_gives_its_error_back(value, error, level, df):
    width = critical(level, df) * error
    assert error_from_interval(value - width, value + width, level=level, df=df) == pytest.approx(error, rel=1e-6)


@given(VALUE, ERROR)
@settings(max_examples=60, deadline=None)
def test_t_gives_the_error_back(value, error):
    assert error_from_t(value, value / error) == pytest.approx(error)


@given(st.floats(0.05, 7), ERROR, st.sampled_from([1, -1]), st.one_of(st.none(), st.floats(3, 300)))
@settings(max_examples=100, deadline=None)
def test_p_gives_the_error_back(z, error, sign, df):
    p = 2 * (stats.norm.sf(z) if df is None else stats.t.sf(z, df))
    assert error_from_p(sign * z * error, float(p), df=df) == pytest.approx(error, rel=1e-4)


def test_a_smaller_p_means_a_smaller_error_so_a_bound_gives_the_largest():
    errors = [error_from_p(-0.4, p) for p in (0.0001, 0.01, 0.049, 0.05)]
    assert errors == sorted(errors)


@pytest.mark.parametrize(("low", "high"), [(1.0, 1.0), (2.0, 1.0), (np.nan, 1.0)])
def test_an_interval_without_width_is_refused(low, high):
    with pytest.raises(DesignError, match="expected the lower end below the upper one"):
        error_from_interval(low, high)


@pytest.mark.parametrize(("value", "t"), [(0.0, 2.0), (1.0, 0.0), (1.0, -2.0), (-1.0, 2.0)])
def test_a_t_that_does_not_fit_is_refused(value, t):
    with pytest.raises(DesignError, match="expected the same sign and neither of them 0"):
        error_from_t(value, t)


@pytest.mark.parametrize(("value", "p"), [(1.0, 0.0), (1.0, 1.0), (1.0, -0.1), (1.0, 1.1), (0.0, 0.5)])
def test_a_p_that_says_nothing_is_refused(value, p):
    with pytest.raises(DesignError, match="expected p between 0 and 1, an estimate not 0"):
        error_from_p(value, p)


def test_t_of_two_groups_is_the_g_of_their_means():
    rng = np.random.default_rng(2)
    first, second = rng.normal(1, 2, 14), rng.normal(0, 2, 23)
    t, p = stats.ttest_ind(first, second)
    f = stats.f_oneway(first, second).statistic
    means = hedges_g(*((x.mean(), x.std(ddof=1), len(x)) for x in (first, second)))
    sign = 1 if t > 0 else -1
    for size in (
        g_from_t(t, (14, 23)),
        g_from_p(p, (14, 23), sign=sign),
        g_from_f(f, (14, 23), sign=sign),
    ):
        assert size.value == pytest.approx(means.value, rel=1e-9)
        assert size.variance == pytest.approx(means.variance, rel=1e-9)


def test_signs_of_unsigned_statistics():
    assert g_from_f(4.0, (20, 20), sign=-1).value == -g_from_f(4.0, (20, 20), sign=1).value
    assert g_from_p(0.03, (20, 20), sign=-1).value < 0
    assert g_from_p(1.0, (20, 20), sign=-1).value == 0
    assert g_from_chi_squared(4.0, (20, 20), sign=-1).value < 0


def test_chi_squared_with_equal_groups_is_the_printed_formula():
    size = g_from_chi_squared(5.0, (50, 50), sign=1)
    correction = hedges_g((1.0, 1.0, 50), (0.0, 1.0, 50)).value
    assert size.value == pytest.approx(correction * 2 * np.sqrt(5 / 95))


def test_chi_squared_of_a_table_is_near_its_odds_ratio():
    table = np.array([[40, 60], [60, 40]])
    x2 = stats.chi2_contingency(table, correction=False).statistic
    size = g_from_chi_squared(float(x2), (100, 100), sign=-1)
    odds = log_odds_ratio((40, 60), (60, 40))
    assert size.value == pytest.approx(odds.value * np.sqrt(3) / np.pi, rel=0.1)


@pytest.mark.parametrize("x2", [-1.0, 40.0, 50.0, np.nan])
def test_a_chi_squared_that_cannot_be_is_refused(x2):
    with pytest.raises(DesignError, match="expected 0 or more and fewer than people"):
        g_from_chi_squared(x2, (20, 20), sign=1)


@pytest.mark.parametrize("people", [(1, 20), (20, 1), (0, 0), (np.nan, 5)])
def test_groups_of_one_are_refused(people):
    for make in (
        lambda: g_from_t(2.0, people),
        lambda: g_from_f(2.0, people, sign=1),
        lambda: g_from_p(0.2, people, sign=1),
        lambda: g_from_chi_squared(0.5, people, sign=1),
    ):
        with pytest.raises(DesignError, match="expected at least 2 in each group"):
            make()


def test_f_below_zero_and_p_of_zero_are_refused():
    with pytest.raises(DesignError, match="F: got -1"):
        g_from_f(-1.0, (5, 5), sign=1)
    with pytest.raises(DesignError, match="p: got 0"):
        g_from_p(0.0, (5, 5), sign=1)


def test_a_correlation_by_hand():
    size = fisher_z(0.3, 103)
    assert size.value == pytest.approx(0.5 * np.log(1.3 / 0.7))
    assert size.variance == 0.01


@given(st.floats(-0.99, 0.99), st.integers(4, 1000))
@settings(max_examples=60, deadline=None)
def test_a_correlation_turns(r, n):
    assert fisher_z(-r, n).value == -fisher_z(r, n).value
    assert np.tanh(fisher_z(r, n).value) == pytest.approx(r, abs=1e-12)


@pytest.mark.parametrize(("r", "n"), [(1.0, 50), (-1.0, 50), (0.2, 3), (1.4, 50), (np.nan, 50)])
def test_a_correlation_that_is_none_is_refused(r, n):
    with pytest.raises(DesignError, match="between -1 and 1, and at least 4 people"):
        fisher_z(r, n)
