"""Sensitivity to what is not measured: identities that hold exactly when it is measured after all."""

import numpy as np
import pytest
from scipy.stats import t as student

from curv_eval.stats.sensitivity import (
    Coefficient,
    adjusted,
    benchmark,
    coefficient,
    e_value,
    e_value_of_interval,
    oster_delta,
    ratio_of_difference,
    robustness_value,
)


def test_an_e_value_is_the_bound_turned_round():
    # confounding of strength E with both sides moves a ratio by E^2 / (2 E - 1) at most
    for ratio in (1.2, 2.0, 3.9):
        e = e_value(ratio)
        assert e**2 / (2 * e - 1) == pytest.approx(ratio)


def test_an_e_value_does_not_care_for_the_direction():
    assert e_value(0.5) == pytest.approx(e_value(2.0))
    assert e_value(1.0) == 1


def test_a_ratio_of_nothing_cannot_be_explained_away():
    assert e_value(0.0) == np.inf


@pytest.mark.parametrize(("low", "high", "limit"), [(1.2, 3, 1.2), (0.3, 0.8, 0.8), (0.8, 1.2, None), (1.0, 2.0, None)])
def test_an_interval_counts_by_its_limit_nearer_to_one(low, high, limit):
    assert e_value_of_interval(low, high) == pytest.approx(1.0 if limit is None else e_value(limit))


def test_scores_become_ratios():
    assert ratio_of_difference(0.0) == 1
    assert ratio_of_difference(-0.5) == pytest.approx(np.exp(-0.455))


def drawn(n=300, seed=2):
    """y depends on d, on two covariates and on something that nobody measured."""
    draw = np.random.default_rng(seed)
    x, hidden = draw.normal(size=(n, 2)), draw.normal(size=n)
    d = x @ [0.5, 0.3] + 0.6 * hidden + draw.normal(size=n)
    y = 0.5 * d + x @ [1.0, -0.5] + 0.8 * hidden + draw.normal(size=n)
    return y, d, x, hidden


def left_of(y, *columns):
    basis = np.column_stack([np.ones(len(y)), *columns])
    return y - basis @ np.linalg.lstsq(basis, y, rcond=None)[0]


def partial_r2(y, z, *columns):
    return 1 - (left_of(y, *columns, z) ** 2).sum() / (left_of(y, *columns) ** 2).sum()


def test_the_coefficient_is_that_of_statsmodels():
    import statsmodels.api as sm

    y, d, x, _ = drawn()
    fitted = sm.OLS(y, np.column_stack([np.ones(len(y)), d, x])).fit()
    found = coefficient(y, d, x)
    assert (found.value, found.std_error) == pytest.approx((fitted.params[1], fitted.bse[1]))
    assert found.df == fitted.df_resid
    assert found.t == pytest.approx(fitted.tvalues[1])
    assert found.partial_r2 == pytest.approx(partial_r2(y, d, x))


def test_redundant_columns_do_not_count():
    y, d, x, _ = drawn()
    one, two = coefficient(y, d, x), coefficient(y, d, np.column_stack([x, x.sum(axis=1), np.ones(len(y))]))
    assert (two.value, two.std_error, two.df) == pytest.approx((one.value, one.std_error, one.df))


def test_what_would_be_left_is_what_is_left_once_the_hidden_is_measured():
    y, d, x, hidden = drawn()
    short, long = coefficient(y, d, x), coefficient(y, d, np.column_stack([x, hidden]))
    found = adjusted(short, r2dz=partial_r2(d, hidden, x), r2yz=partial_r2(y, hidden, x, d))
    assert found.value == pytest.approx(long.value, abs=1e-10)
    assert found.std_error == pytest.approx(long.std_error, rel=1e-10)


def test_nothing_hidden_leaves_the_estimate():
    y, d, x, _ = drawn()
    short = coefficient(y, d, x)
    found = adjusted(short, r2dz=0.0, r2yz=0.0)
    assert found.value == short.value
    assert found.conf_high - found.value == pytest.approx(found.value - found.conf_low)


def test_a_negative_estimate_moves_up():
    short = Coefficient(-2.0, 0.5, 100)
    assert adjusted(short, r2dz=0.1, r2yz=0.1).value > -2
    assert adjusted(short, r2dz=0.9, r2yz=0.9).value > 0


@pytest.mark.parametrize("t", [0.5, 2.0, -4.0, 30.0])
def test_confounding_as_strong_as_the_robustness_value_leaves_nothing(t):
    short = Coefficient(t * 0.1, 0.1, 80)
    strength = robustness_value(t, 80)
    assert adjusted(short, r2dz=strength, r2yz=strength).value == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize("q", [0.5, 1.0])
def test_confounding_as_strong_leaves_the_share_that_was_asked_for(q):
    short = Coefficient(0.4, 0.1, 80)
    strength = robustness_value(4.0, 80, q=q)
    assert adjusted(short, r2dz=strength, r2yz=strength).value == pytest.approx((1 - q) * 0.4, abs=1e-10)


@pytest.mark.parametrize("t", [3.0, 6.0])
def test_the_robustness_value_of_the_interval_makes_it_touch_0(t):
    short = Coefficient(t * 0.1, 0.1, 80)
    strength = robustness_value(t, 80, alpha=0.05)
    found = adjusted(short, r2dz=strength, r2yz=strength)
    assert found.value / found.std_error == pytest.approx(student.ppf(0.975, 79), rel=1e-9)


def test_where_the_interval_holds_0_already_its_robustness_value_is_0():
    assert robustness_value(1.5, 80, alpha=0.05) == 0
    assert robustness_value(1.5, 80) > 0


def test_with_few_people_the_robustness_value_of_the_interval_takes_its_other_form():
    # two degrees of freedom: f = t / sqrt(2) is above 1 / f* where the critical value is 12.7
    critical = student.ppf(0.975, 1)
    f = 40 / np.sqrt(2)
    assert f > 1 / critical
    assert robustness_value(40, 2, alpha=0.05) == pytest.approx((f**2 - critical**2) / (1 + f**2))


def test_a_benchmark_of_the_hidden_itself_is_bounded_by_it():
    # a covariate that is unrelated to the others and as strong as the hidden: its benchmark must be about that strong
    y, d, x, hidden = drawn(n=20_000)
    r2dz, r2yz = benchmark(y, d, np.column_stack([x, hidden]), columns=np.array([2]))
    assert r2dz == pytest.approx(partial_r2(d, hidden, x) / (1 - partial_r2(d, hidden, x)), rel=0.01)
    assert 0 < r2yz < 1


def test_twice_as_strong_is_stronger_and_capped():
    y, d, x, _ = drawn()
    strengths = [benchmark(y, d, x, columns=np.array([0]), times=k) for k in (1, 2, 3)]
    assert strengths[0][0] < strengths[1][0] < strengths[2][0]
    assert benchmark(y, d, x, columns=np.array([0]), times=1000) == (1.0, 1.0)


def test_columns_may_be_a_benchmark_together():
    y, d, x, _ = drawn()
    together, alone = (benchmark(y, d, x, columns=np.array(c)) for c in ([0, 1], [0]))
    assert together[0] > alone[0]


def exact(delta, *, effect=0.8, n=2000):
    """One covariate and one hidden variable, exactly uncorrelated; selection on the second is `delta` times as strong.

    With w the measured and h the hidden part of the outcome, cov(h, d) / var(h) = delta cov(w, d) / var(w).
    """
    draw = np.random.default_rng(1)
    raw = np.column_stack([np.ones(n), draw.normal(size=(n, 4))])
    w, h, e, u = (np.linalg.qr(raw)[0][:, 1:] * np.sqrt(n)).T
    d = 0.5 * w + 0.5 * delta * 0.7 * h + e
    y = effect * d + 1.0 * w + 0.7 * h + 0.9 * u
    return y, d, w[:, None], 1 - 0.81 / y.var()


@pytest.mark.parametrize("delta", [-1.0, 0.3, 1.0, 2.5])
def test_oster_s_delta_is_the_selection_that_was_there(delta):
    y, d, x, r_max = exact(delta)
    assert oster_delta(y, d, x, r_max=r_max, value=0.8) == pytest.approx(delta, rel=1e-9)


def test_oster_s_delta_for_no_effect_is_found_where_there_was_none():
    y, d, x, r_max = exact(2.0, effect=0.0)
    assert oster_delta(y, d, x, r_max=r_max) == pytest.approx(2.0, rel=1e-9)
    y, d, x, r_max = exact(0.5)
    assert oster_delta(y, d, x, r_max=r_max) > 1.0


def test_oster_s_delta_takes_1_3_times_the_fit_and_at_most_1():
    y, d, x, _ = drawn()
    fit = 1 - (left_of(y, d, x) ** 2).mean() / y.var()
    assert 1.3 * fit < 1
    assert oster_delta(y, d, x) == pytest.approx(oster_delta(y, d, x, r_max=1.3 * fit))
    tight = 2 * d + x[:, 0] + 0.01 * y
    assert oster_delta(tight, d, x) == pytest.approx(oster_delta(tight, d, x, r_max=1.0))


def test_units_do_not_move_oster_s_delta():
    y, d, x, _ = drawn()
    assert oster_delta(100 * y + 3, d / 7, 5 * x) == pytest.approx(oster_delta(y, d, x), rel=1e-8)
