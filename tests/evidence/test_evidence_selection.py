"""A selection model: against metafor, a likelihood written out again, and made-up studies that were selected."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meta_cases import BCG, PUBLISHED, bcg, made
from scipy.optimize import minimize
from scipy.stats import chi2, norm

from curv_eval.errors import DesignError
from curv_eval.stats import meta_selection
from curv_eval.stats.meta_selection import selection_model

Y, V = bcg()
CASE = PUBLISHED["selection"]
Y12, V12 = np.array(CASE["y"]), np.array(CASE["std_error"]) ** 2


def log_likelihood(y, v, mu, tau2, seen, step=0.025):
    """The density of each study, written out from its definition."""
    s = np.sqrt(v + tau2)
    p = norm.sf(y / np.sqrt(v))
    weight = np.where(p <= step, 1.0, seen)
    below = norm.cdf(norm.isf(step) * np.sqrt(v), mu, s)
    whole = (1 - below) + seen * below
    return float(np.log(weight * norm.pdf(y, mu, s) / whole).sum())


def test_made_up_studies_are_metafor_s():
    found, expected = selection_model(Y12, V12), CASE["expected"]
    for name, value in expected.items():
        assert getattr(found, name) == pytest.approx(value, abs=CASE["tolerance"]), name
    assert (found.below, found.above) == (8, 4)
    assert found.notes == ()


def test_without_selection_it_is_metafor_s_maximum_likelihood():
    found, expected = selection_model(Y, V, direction="less"), BCG["expected"]["ML"]
    assert found.plain_estimate == pytest.approx(expected["estimate"], abs=1e-6)
    assert found.plain_tau2 == pytest.approx(expected["tau2"], abs=1e-6)


@pytest.mark.parametrize(("y", "v"), [(Y12, V12), (-Y, V), made(np.random.default_rng(4), 30)])
def test_no_other_point_is_likelier(y, v):
    found = selection_model(y, v)
    best = log_likelihood(y, v, found.estimate, found.tau2, found.seen)
    plain = log_likelihood(y, v, found.plain_estimate, found.plain_tau2, 1.0)
    assert found.statistic == pytest.approx(2 * (best - plain), abs=1e-8)
    assert found.p_value == pytest.approx(chi2.sf(found.statistic, 1), rel=1e-8)
    rng = np.random.default_rng(0)
    for _ in range(300):
        mu, tau2 = found.estimate + rng.normal(0, 0.2), max(0, found.tau2 + rng.normal(0, 0.05))
        assert log_likelihood(y, v, mu, tau2, found.seen * np.exp(rng.normal(0, 0.7))) <= best + 1e-9


def test_another_search_finds_the_same():
    def worse(at):
        return -log_likelihood(Y12, V12, at[0], np.exp(at[1]), np.exp(at[2]))

    options = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 5000, "maxfev": 5000}
    other = minimize(worse, [0.5, -3, 0], method="Nelder-Mead", options=options).x
    found = selection_model(Y12, V12)
    assert found.estimate == pytest.approx(other[0], abs=1e-6)
    assert found.tau2 == pytest.approx(np.exp(other[1]), abs=1e-6)
    assert found.seen == pytest.approx(np.exp(other[2]), abs=1e-5)


def test_the_gradient_is_that_of_differences():
    held = meta_selection._Held(Y12, V12, norm.isf(0.025) * np.sqrt(V12))
    at, h = np.array([0.4, 0.05, -0.3]), 1e-6
    value, slope = meta_selection._likelihood(at, held)
    assert value == pytest.approx(log_likelihood(Y12, V12, 0.4, 0.05, np.exp(-0.3)), abs=1e-10)
    for i in range(3):
        step = h * np.eye(3)[i]
        up, down = (meta_selection._likelihood(at + sign * step, held)[0] for sign in (1, -1))
        assert slope[i] == pytest.approx((up - down) / (2 * h), rel=1e-6, abs=1e-7)


def test_errors_come_from_the_curvature():
    found, h = selection_model(Y12, V12), 1e-4
    at = np.array([found.estimate, found.tau2, found.seen])

    def value(x):
        return log_likelihood(Y12, V12, *x)

    steps = h * np.eye(3)
    hessian = [
        [(value(at + a + b) - value(at + a - b) - value(at - a + b) + value(at - a - b)) / (4 * h * h) for b in steps]
        for a in steps
    ]
    errors = np.sqrt(np.diagonal(np.linalg.inv(-np.array(hessian))))
    assert found.std_error == pytest.approx(errors[0], rel=1e-4)
    assert found.seen_error == pytest.approx(errors[2], rel=1e-4)
    assert found.conf_high - found.estimate == pytest.approx(norm.ppf(0.975) * found.std_error, rel=1e-10)


def test_the_other_direction_is_the_mirror():
    plain, other = selection_model(Y12, V12), selection_model(-Y12, V12, direction="less")
    assert other.estimate == pytest.approx(-plain.estimate, abs=1e-9)
    assert (other.conf_low, other.conf_high) == pytest.approx((-plain.conf_high, -plain.conf_low), abs=1e-9)
    assert (other.seen, other.p_value, other.p_value_effect) == pytest.approx(
        (plain.seen, plain.p_value, plain.p_value_effect), rel=1e-8
    )
    assert other.plain_estimate == pytest.approx(-plain.plain_estimate, abs=1e-9)


def selected(rng, k, share):
    """Return k studies of effect 0.1 of which those that are not significant are seen with chance `share`."""
    y, v = [], []
    while len(y) < k:
        one = rng.uniform(0.01, 0.15)
        effect = rng.normal(0.1, np.sqrt(one + 0.03))
        if effect / one**0.5 > 1.959964 or rng.random() < share:
            y.append(effect)
            v.append(one)
    return np.array(y), np.array(v)


def test_studies_that_were_selected_are_seen_through():
    y, v = selected(np.random.default_rng(8), 400, 0.15)
    found = selection_model(y, v)
    assert found.p_value < 1e-6
    assert found.seen == pytest.approx(0.15, abs=0.08)
    assert found.plain_estimate > 0.25
    assert found.estimate == pytest.approx(0.1, abs=3 * found.std_error)
    assert found.estimate < found.plain_estimate


def test_studies_that_were_not_selected_are_left_as_they_are():
    y, v = selected(np.random.default_rng(9), 400, 1.0)
    found = selection_model(y, v)
    assert found.p_value > 0.05
    assert found.conf_low < 0.1 < found.conf_high


@settings(max_examples=40)
@given(st.integers(0, 10_000))
def test_order_does_not_matter_and_no_selection_is_never_likelier(seed):
    rng = np.random.default_rng(seed)
    y, v = made(rng, 25, tau2=0.05)
    below = int((y / np.sqrt(v) >= norm.isf(0.025)).sum())
    if min(below, 25 - below) < 3:
        return
    turned = rng.permutation(25)
    plain, other = selection_model(y, v), selection_model(y[turned], v[turned])
    assert plain.statistic >= 0
    assert 0 <= plain.p_value <= 1
    assert plain.std_error > 0
    if not plain.notes:
        assert other.estimate == pytest.approx(plain.estimate, abs=1e-5)
        assert other.seen == pytest.approx(plain.seen, rel=1e-3)


def test_a_tau2_of_nought_is_said():
    rng = np.random.default_rng(1)
    v = rng.uniform(0.02, 0.1, 20)
    y = 0.4 + 0.6 * np.resize([1, -1], 20) * np.sqrt(v)
    found = selection_model(y, v)
    assert found.tau2 == 0
    assert "tau2 is 0" in found.notes[-1]
    assert np.isnan(found.seen_error)


def test_units_of_effects_do_not_matter():
    plain, other = selection_model(Y12, V12), selection_model(100 * Y12, 1e4 * V12)
    assert other.estimate == pytest.approx(100 * plain.estimate, rel=1e-6)
    assert other.std_error == pytest.approx(100 * plain.std_error, rel=1e-4)
    assert other.seen == pytest.approx(plain.seen, rel=1e-5)


def test_too_few_studies_on_a_side_or_in_all_are_refused():
    with pytest.raises(DesignError, match="a selection model cannot tell with 9 studies"):
        selection_model(Y12[:9], V12[:9])
    with pytest.raises(DesignError, match=r"12 studies have one-sided p at or below 0\.025 and 0 above"):
        selection_model(np.full(12, 2.0) + Y12, V12)
    with pytest.raises(DesignError, match="at least 3 on each side"):
        selection_model(Y12 - 3, V12)


@pytest.mark.parametrize("choices", [{"direction": "up"}, {"step": 0.0}, {"step": 1.0}])
def test_choices_that_cannot_be_are_refused(choices):
    with pytest.raises(DesignError, match="expected greater or less and a step between 0 and 1"):
        selection_model(Y12, V12, **choices)
