"""Effects on the treated by weights, regression and both: by hand, by jackknife, and what each can bear."""

import numpy as np
import pytest
from scipy.special import expit

from curv_eval.stats.entropy_balance import moments
from curv_eval.stats.propensity import propensity
from curv_eval.stats.treated_effect import (
    by_entropy_balancing,
    by_inverse_probability,
    by_regression,
    doubly_robust,
    weighted_difference,
)


def drawn(n=400, seed=1, *, curved_outcome=False, curved_choice=False):
    """People with an effect of -1; the outcome, or who was treated, may depend on a square that nobody models."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(n, 2))
    bend = x[:, 0] ** 2 - 1
    treated = draw.random(n) < expit(-0.6 + 0.7 * x[:, 0] - 0.4 * x[:, 1] + 0.7 * curved_choice * bend)
    y = 3 + 2 * x[:, 0] + x[:, 1] + 1.5 * curved_outcome * bend + draw.normal(size=n) - treated
    return y, treated, x


ESTIMATORS = {
    "weights": lambda y, treated, x: by_inverse_probability(y, treated, propensity(treated, x)),
    "balance": lambda y, treated, x: by_entropy_balancing(y, treated, x),
    "balance of variances": lambda y, treated, x: by_entropy_balancing(y, treated, moments(x, variances=True)),
    "regression": lambda y, treated, x: by_regression(y, treated, np.column_stack([np.ones(len(x)), x])),
    "both": lambda y, treated, x: doubly_robust(y, treated, propensity(treated, x), stacked=True),
    "both, even": lambda y, treated, x: doubly_robust(y, treated, propensity(treated, x), stacked=True, even=True),
    "both, efficient": lambda y, treated, x: doubly_robust(y, treated, propensity(treated, x), stacked=False),
}


def error(found):
    return np.sqrt((found.influence**2).sum())


def strata():
    """Two strata. Of 0: 2 treated with mean 5, 4 others with mean 2. Of 1: 6 treated with mean 9, 4 with mean 8."""
    x = np.r_[np.zeros(6), np.ones(10)][:, None]
    treated = np.r_[[True] * 2, [False] * 4, [True] * 6, [False] * 4]
    y = np.r_[[4.0, 6], [1, 2, 2, 3], [8, 10, 9, 9, 9, 9], [7, 8, 8, 9]]
    return y, treated, x


@pytest.mark.parametrize("name", ESTIMATORS)
def test_with_two_strata_all_are_the_stratified_difference(name):
    # 2 of 8 treated differ by 3, 6 of 8 by 1
    assert ESTIMATORS[name](*strata()).value == pytest.approx(2 / 8 * 3 + 6 / 8 * 1, abs=1e-8)


@pytest.mark.parametrize("name", ["weights", "balance", "both, even"])
def test_with_two_strata_untreated_people_weigh_as_the_treated_beside_them(name):
    _, treated, x = strata()
    found = ESTIMATORS[name](*strata()).weights
    assert found[treated] == pytest.approx(np.ones(8))
    assert found[~treated] == pytest.approx(np.where(x[~treated, 0] == 1, 6 / 4, 2 / 4), abs=1e-8)


@pytest.mark.parametrize("name", ["weights", "balance", "regression", "both", "both, even"])
def test_with_two_strata_the_influence_is_that_of_stratified_means(name):
    # residuals within strata, and for treated people the stratum's own effect less the average
    y, treated, x = strata()
    effects = np.where(x[:, 0] == 1, 1.0, 3.0)
    means = np.where(x[:, 0] == 1, np.where(treated, 9.0, 8), np.where(treated, 5.0, 2))
    weight = np.where(treated, 1 / 8, -np.where(x[:, 0] == 1, 6 / 4, 2 / 4) / 8)
    expected = weight * (y - means) + np.where(treated, (effects - 1.5) / 8, 0)
    assert ESTIMATORS[name](y, treated, x).influence == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("name", [one for one in ESTIMATORS if "efficient" not in one])
def test_the_influence_is_what_leaving_a_person_out_changes(name):
    y, treated, x = drawn(n=500, curved_outcome=True)
    whole, n = ESTIMATORS[name](y, treated, x), len(y)
    left = np.array([ESTIMATORS[name](*(np.delete(a, i, axis=0) for a in (y, treated, x))).value for i in range(n)])
    jackknife = np.sqrt((n - 1) / n * ((left - left.mean()) ** 2).sum())
    assert error(whole) == pytest.approx(jackknife, rel=0.12)
    assert np.corrcoef(whole.influence, whole.value - left)[0, 1] > 0.97


@pytest.mark.parametrize("name", ["both", "both, even"])
def test_the_influence_counts_a_regression_that_a_wrong_propensity_leans_on(name):
    # odds that do not balance the covariates leave a gap, over which the regression's own error carries
    draw = np.random.default_rng(5)
    n = 300
    x = draw.normal(size=(n, 1))
    treated = draw.random(n) < np.where(np.abs(x[:, 0] - 0.5) < 0.7, 0.75, 0.15)
    y = 1 + 2 * x[:, 0] + 2 * np.sin(2 * x[:, 0]) + draw.normal(size=n)
    whole = ESTIMATORS[name](y, treated, x)
    left = np.array([ESTIMATORS[name](*(np.delete(a, i, axis=0) for a in (y, treated, x))).value for i in range(n)])
    assert np.abs((n - 1) * (whole.value - left) - n * whole.influence).max() < 0.35 * np.abs(n * whole.influence).max()
    jackknife = np.sqrt((n - 1) / n * ((left - left.mean()) ** 2).sum())
    assert error(whole) == pytest.approx(jackknife, rel=0.03)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_influences_add_up_to_nothing(name):
    assert ESTIMATORS[name](*drawn()).influence.sum() == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_adding_to_everybody_changes_nothing(name):
    y, treated, x = drawn()
    first, second = ESTIMATORS[name](y, treated, x), ESTIMATORS[name](y + 100, treated, x)
    assert second.value == pytest.approx(first.value, abs=1e-7)
    assert second.influence == pytest.approx(first.influence, abs=1e-8)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_an_effect_added_to_the_treated_is_found(name):
    y, treated, x = drawn()
    moved = ESTIMATORS[name](y + 5 * treated, treated, x)
    assert moved.value == pytest.approx(ESTIMATORS[name](y, treated, x).value + 5, abs=1e-8)


def average(name, **curves):
    return np.mean([ESTIMATORS[name](*drawn(n=1500, seed=seed, **curves)).value for seed in range(20)])


@pytest.mark.parametrize("name", ["both", "both, even"])
@pytest.mark.parametrize("curve", ["curved_outcome", "curved_choice"])
def test_both_bear_one_wrong_model(name, curve):
    assert average(name, **{curve: True}) == pytest.approx(-1, abs=0.1)


def test_weights_bear_a_wrong_outcome_and_regression_does_not():
    assert average("weights", curved_outcome=True) == pytest.approx(-1, abs=0.15)
    assert abs(average("regression", curved_outcome=True) + 1) > 0.05


def test_regression_bears_a_wrong_choice_and_nothing_bears_two_wrongs():
    assert average("regression", curved_choice=True) == pytest.approx(-1, abs=0.1)
    both = {"curved_outcome": True, "curved_choice": True}
    assert abs(average("both", **both) + 1) > 0.3
    # variances balanced is the square balanced: that model is right
    assert average("balance of variances", **both) == pytest.approx(-1, abs=0.1)


def test_even_weights_give_the_difference_of_means_and_its_known_errors():
    import statsmodels.api as sm

    y, treated, _ = drawn()
    fitted = sm.OLS(y, sm.add_constant(treated.astype(float))).fit()
    for rule in ("hc0", "hc1", "hc2"):
        found = weighted_difference(y, treated, np.ones(len(y)), rule=rule)
        assert found.value == pytest.approx(fitted.params[1], abs=1e-10)
        assert error(found) == pytest.approx(fitted.get_robustcov_results(rule.upper()).bse[1], rel=1e-9)


def test_uneven_weights_give_the_errors_of_a_weighted_regression():
    import statsmodels.api as sm

    y, treated, x = drawn()
    weights = by_inverse_probability(y, treated, propensity(treated, x)).weights
    fitted = sm.WLS(y, sm.add_constant(treated.astype(float)), weights=weights).fit()
    for rule in ("hc0", "hc1", "hc2"):
        found = weighted_difference(y, treated, weights, rule=rule)
        assert found.value == pytest.approx(fitted.params[1], abs=1e-10)
        assert error(found) == pytest.approx(fitted.get_robustcov_results(rule.upper()).bse[1], rel=1e-9)


def test_weights_are_scaled_freely():
    y, treated, _ = drawn()
    weights = np.where(treated, 1.0, np.random.default_rng(1).uniform(0.5, 2, len(y)))
    one = weighted_difference(y, treated, weights, rule="hc2")
    two = weighted_difference(y, treated, np.where(treated, 7, 0.01) * weights, rule="hc2")
    assert two.value == pytest.approx(one.value, abs=1e-10)
    assert error(two) == pytest.approx(error(one), rel=1e-10)


def test_odds_that_do_not_add_up_make_the_plain_and_the_even_form_differ_by_little():
    y, treated, x = drawn(n=2000)
    plain, even = (doubly_robust(y, treated, propensity(treated, x), even=e) for e in (False, True))
    assert plain.value == pytest.approx(even.value, abs=0.02)
    assert plain.value != even.value
    assert even.weights[~treated].sum() == pytest.approx(treated.sum())
