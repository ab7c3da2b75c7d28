"""The logistic propensity: by hand, against statsmodels, and what it refuses."""

import numpy as np
import pytest
from scipy.special import expit

from curv_eval.errors import DesignError
from curv_eval.stats.propensity import propensity


def drawn(n=500, k=3, seed=1):
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(n, k)) * np.array([1.0, 1000.0, 0.01])[:k] + 5
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    return draw.random(n) < expit(-0.5 + z @ np.array([0.8, -0.4, 0.2])[:k]), x


def counted(treated_of_zero, treated_of_one, n=20):
    """n people with 0 and n with 1, of whom so many were treated."""
    x = np.repeat([0.0, 1.0], n)[:, None]
    treated = np.r_[np.arange(n) < treated_of_zero, np.arange(n) < treated_of_one]
    return treated, x


def test_with_one_covariate_of_two_values_the_scores_are_shares():
    treated, x = counted(5, 15)
    found = propensity(treated, x)
    assert found.score == pytest.approx(np.where(x[:, 0] == 1, 0.75, 0.25), abs=1e-10)
    assert found.coefficients == pytest.approx([np.log(1 / 3), 2 * np.log(3)], abs=1e-8)
    assert found.linear == pytest.approx(np.where(x[:, 0] == 1, np.log(3), -np.log(3)), abs=1e-8)
    assert found.odds == pytest.approx(np.where(x[:, 0] == 1, 3, 1 / 3), abs=1e-8)


def test_it_is_that_of_statsmodels():
    import statsmodels.api as sm

    treated, x = drawn()
    theirs = sm.Logit(treated.astype(float), sm.add_constant(x)).fit(disp=0, method="newton", tol=1e-12)
    ours = propensity(treated, x)
    assert ours.coefficients == pytest.approx(theirs.params, rel=1e-7)
    assert ours.score == pytest.approx(theirs.predict(), abs=1e-9)


def test_its_influence_gives_the_sandwich_of_statsmodels():
    import statsmodels.api as sm

    treated, x = drawn()
    ours = propensity(treated, x)
    theirs = sm.GLM(treated.astype(float), ours.basis, family=sm.families.Binomial()).fit(cov_type="HC0", tol=1e-13)
    assert ours.influence.T @ ours.influence == pytest.approx(theirs.cov_params(), rel=1e-5)
    assert ours.influence.sum(axis=0) == pytest.approx(np.zeros(4), abs=1e-8)


def test_units_of_the_covariates_do_not_matter():
    treated, x = drawn()
    first, second = propensity(treated, x), propensity(treated, x * np.array([100, 1e-6, 1e4]) - 7)
    assert second.score == pytest.approx(first.score, abs=1e-9)


def test_scores_add_up_to_the_number_treated():
    treated, x = drawn()
    found = propensity(treated, x)
    assert found.score.sum() == pytest.approx(treated.sum(), rel=1e-10)
    assert x.T @ found.score == pytest.approx(x.T @ treated, rel=1e-9)


def test_perfect_prediction_is_refused():
    x = np.linspace(-1, 1, 60)[:, None]
    with pytest.raises(DesignError, match="perfectly"):
        propensity(x[:, 0] > 0.1, x)


def test_a_group_in_which_everybody_was_treated_is_refused():
    treated, x = counted(8, 20)
    with pytest.raises(DesignError, match=r"perfectly|do not overlap"):
        propensity(treated, x)


def test_a_group_in_which_nobody_was_treated_is_refused():
    treated, x = counted(0, 8)
    with pytest.raises(DesignError, match="separation"):
        propensity(treated, x)


def test_a_certain_chance_is_refused_with_who_has_it():
    draw = np.random.default_rng(2)
    x = np.r_[draw.normal(size=300), [40.0, 41.0, 42.0]][:, None]
    treated = np.r_[draw.random(300) < expit(2 * x[:300, 0]), [True, True, True]]
    with pytest.raises(DesignError, match="overlap") as refusal:
        propensity(treated, x)
    assert "3 people (3 treated)" in refusal.value.breaches[0]


def test_a_constant_covariate_is_refused():
    treated, x = drawn()
    with pytest.raises(DesignError, match="same value"):
        propensity(treated, np.column_stack([x, np.ones(len(x))]))


def test_rare_treatment_converges():
    draw = np.random.default_rng(4)
    x = draw.normal(size=(20_000, 2))
    treated = draw.random(20_000) < expit(-6 + x @ [1.0, -0.5])
    found = propensity(treated, x)
    assert found.score.sum() == pytest.approx(treated.sum(), rel=1e-8)
    assert found.coefficients[1] == pytest.approx(1.0, abs=0.5)
