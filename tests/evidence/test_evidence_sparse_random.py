"""Logistic models with a random effect: against articles and metafor, exact distributions, and plain quadrature."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import assume, given, settings
from meta_cases import PUBLISHED, bcg_counts, half_a_last_digit, log_odds_ratios
from meta_cases import tables as some_tables
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from scipy.stats import binom, nchypergeom_fisher, norm

from curv_eval.errors import DesignError
from curv_eval.stats import meta_sparse_random
from curv_eval.stats.meta_pooled import pooled
from curv_eval.stats.meta_sparse_random import sparse_random

CASE = PUBLISHED["nielweise2007"]
COUNTS, EXPECTED = np.array(CASE["counts"], dtype=float), CASE["expected"]
ROTHMAN = PUBLISHED["rothman2008"]
SMALL = np.array([[2, 20, 6, 18], [1, 15, 4, 16], [5, 30, 6, 28], [0, 12, 3, 14]], dtype=float)


def test_the_conditional_model_of_catheters_is_that_of_stijnen_and_others():
    found, expected = sparse_random(COUNTS), EXPECTED["conditional"]
    assert found.estimate == pytest.approx(expected["estimate"], abs=half_a_last_digit(expected["estimate"]))
    assert found.std_error == pytest.approx(expected["std_error"], abs=half_a_last_digit(expected["std_error"]))
    assert found.tau2**0.5 == pytest.approx(expected["tau"], abs=half_a_last_digit(expected["tau"]))
    assert (found.studies, found.used) == (18, 17)
    assert "1 of 18 studies have no event" in found.notes[0]


def test_the_unconditional_model_of_catheters_is_metafor_s():
    found, expected = sparse_random(COUNTS, model="unconditional"), EXPECTED["unconditional"]
    # ours is -1.23649, and what rounds to -1.237 begins at -1.2365: why they differ by 7e-6 is not known
    assert found.estimate == pytest.approx(expected["estimate"], abs=6e-4)
    assert found.std_error**2 == pytest.approx(expected["variance"], abs=half_a_last_digit(expected["variance"]))


def test_the_unconditional_model_without_random_effect_is_metafor_s():
    found, expected = sparse_random(COUNTS, model="unconditional", random=False), EXPECTED["unconditional_fixed"]
    assert found.estimate == pytest.approx(expected["estimate"], abs=half_a_last_digit(expected["estimate"]))
    assert found.std_error**2 == pytest.approx(expected["variance"], abs=5e-4)
    assert found.tau2 == 0


def test_the_inverse_variance_result_beside_it_is_metafor_s():
    found, expected = pooled(*log_odds_ratios(COUNTS), interval="normal"), EXPECTED["inverse_variance"]
    assert found.estimate == pytest.approx(expected["estimate"], abs=half_a_last_digit(0.980 - 1e-3))
    assert found.std_error == pytest.approx(expected["std_error"], abs=5.01e-4)
    assert found.between.tau2**0.5 == pytest.approx(expected["tau"], abs=5.01e-3)


def test_the_conditional_estimate_of_modern_epidemiology():
    found = sparse_random(np.array(ROTHMAN["tolbutamide"]), random=False)
    assert found.estimate == pytest.approx(ROTHMAN["expected"]["conditional_fixed"], abs=5.01e-5)


def exact(counts, theta):
    """The log-likelihood given all events of each study, and the information, from scipy's distribution."""
    laws = [nchypergeom_fisher(M=n1 + n2, n=n1, N=a + c, odds=np.exp(theta)) for a, n1, c, n2 in counts.astype(int)]
    value = sum(law.logpmf(a) for law, a in zip(laws, counts[:, 0], strict=True))
    return value, sum(law.var() for law in laws)


@pytest.mark.parametrize("counts", [SMALL, np.array(ROTHMAN["tolbutamide"], dtype=float)])
def test_without_random_effect_it_is_the_non_central_hypergeometric(counts):
    found = sparse_random(counts, random=False)
    best = minimize_scalar(lambda t: -exact(counts, t)[0], bracket=(-1, 1), tol=1e-10)
    assert found.estimate == pytest.approx(best.x, abs=1e-6)
    assert found.log_likelihood == pytest.approx(-best.fun, abs=1e-9)
    assert found.std_error == pytest.approx(exact(counts, best.x)[1] ** -0.5, rel=1e-6)


def test_without_random_effect_the_unconditional_one_is_a_logistic_regression():
    found = sparse_random(SMALL, model="unconditional", random=False)
    a, n1, c, n2 = SMALL.T
    arms = np.column_stack([np.r_[a, c], np.r_[n1 - a, n2 - c]])
    x = np.column_stack([np.r_[np.ones(4), np.zeros(4)], np.vstack([np.eye(4), np.eye(4)])])
    fit = sm.GLM(arms, x, family=sm.families.Binomial()).fit(tol=1e-14)
    assert found.estimate == pytest.approx(fit.params[0], abs=1e-6)
    assert found.std_error == pytest.approx(fit.bse[0], rel=1e-5)


def integrated(counts, theta, tau):
    """The marginal log-likelihood given all events, integrated by scipy study by study."""

    def one(row):
        return quad(lambda u: np.exp(exact(row[None], theta + u)[0]) * norm.pdf(u, 0, tau), -8 * tau, 8 * tau)[0]

    return sum(np.log(one(row)) for row in counts)


@pytest.mark.parametrize(("theta", "tau"), [(-1.0, 0.3), (0.2, 0.9)])
def test_the_conditional_likelihood_is_the_integral(theta, tau):
    exact_value = integrated(SMALL, theta, tau)
    assert meta_sparse_random._conditional(SMALL, 7)(theta, tau) == pytest.approx(exact_value, abs=1e-4)
    assert meta_sparse_random._conditional(SMALL, 25)(theta, tau) == pytest.approx(exact_value, abs=1e-8)


def test_the_unconditional_likelihood_is_the_integral_at_its_best_intercepts():
    theta, tau = -0.8, 0.6

    def one(row, alpha):
        a, n1, c, n2 = row

        def density(u):
            p, q = (1 / (1 + np.exp(-alpha - sign * (theta + u) / 2)) for sign in (1, -1))
            return binom.pmf(a, n1, p) * binom.pmf(c, n2, q) * norm.pdf(u, 0, tau)

        return np.log(quad(density, -8 * tau, 8 * tau)[0])

    ways = sum(binom.logpmf(a, n1, 0.5) + n1 * np.log(2) + binom.logpmf(c, n2, 0.5) + n2 * np.log(2)
               for a, n1, c, n2 in SMALL)  # fmt: skip
    best = sum(-minimize_scalar(lambda t, row=row: -one(row, t), bracket=(-3, 0), tol=1e-6).fun for row in SMALL)
    assert meta_sparse_random._unconditional(SMALL, 25)(theta, tau) + ways == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize("model", ["conditional", "unconditional"])
def test_no_other_point_is_likelier(model):
    found = sparse_random(COUNTS, model=model)
    used = COUNTS[COUNTS[:, 0] + COUNTS[:, 2] > 0]
    marginal = getattr(meta_sparse_random, f"_{model}")(used, 7)
    best, tau = found.log_likelihood, found.tau2**0.5
    for d, e in [(0.02, 0), (-0.02, 0), (0, 0.02), (0, -0.02), (0.3, 0.2), (-0.3, -0.2), (0, -tau)]:
        assert marginal(found.estimate + d, tau + e) < best


def test_seven_points_are_enough():
    seven, many = sparse_random(COUNTS), sparse_random(COUNTS, points=31)
    assert seven.estimate == pytest.approx(many.estimate, abs=2e-5)
    assert seven.std_error == pytest.approx(many.std_error, abs=2e-5)
    assert seven.tau2 == pytest.approx(many.tau2, abs=2e-5)


def test_with_many_events_it_comes_near_the_usual_random_model():
    counts = bcg_counts()
    found, usual = sparse_random(counts, model="unconditional"), pooled(*log_odds_ratios(counts), interval="normal")
    assert found.estimate == pytest.approx(usual.estimate, abs=0.02)
    assert found.std_error == pytest.approx(usual.std_error, abs=0.02)


def test_studies_without_events_change_nothing():
    more = np.vstack([SMALL, [[0, 50, 0, 40], [7, 7, 9, 9]]])
    for model in ("conditional", "unconditional"):
        plain, other = sparse_random(SMALL, model=model), sparse_random(more, model=model)
        assert other.estimate == pytest.approx(plain.estimate, abs=1e-10)
        assert (other.studies, other.used) == (6, 4)
        assert "2 of 6 studies have no event, or nothing but events" in other.notes[0]


def test_studies_that_do_not_differ_have_no_tau2_and_say_so():
    alike = np.array([[4, 40, 8, 40], [8, 80, 16, 80], [5, 50, 10, 50], [6, 60, 12, 60]], dtype=float)
    found = sparse_random(alike)
    assert found.tau2 == 0
    assert "tau2 is 0" in found.notes[-1]
    alone = sparse_random(alike, random=False)
    assert found.estimate == pytest.approx(alone.estimate, abs=1e-7)
    assert found.std_error == pytest.approx(alone.std_error, rel=1e-6)
    assert alone.notes == ()


def test_a_random_effect_never_makes_the_studies_less_likely():
    for model in ("conditional", "unconditional"):
        with_it, without = (sparse_random(COUNTS, model=model, random=random) for random in (True, False))
        assert with_it.log_likelihood > without.log_likelihood
        assert with_it.std_error > without.std_error


def test_swapping_arms_and_order_turn_the_effect_round_or_not_at_all():
    plain = sparse_random(COUNTS)
    swapped, turned = sparse_random(COUNTS[:, [2, 3, 0, 1]]), sparse_random(COUNTS[::-1])
    assert swapped.estimate == pytest.approx(-plain.estimate, abs=1e-6)
    assert swapped.tau2 == pytest.approx(plain.tau2, abs=1e-6)
    assert turned.estimate == pytest.approx(plain.estimate, abs=1e-6)
    assert (plain.conf_low + plain.conf_high) / 2 == pytest.approx(plain.estimate)
    assert plain.p_value == pytest.approx(2 * norm.sf(abs(plain.estimate) / plain.std_error), rel=1e-9)


@settings(max_examples=20)
@given(some_tables(least=3, most=5))
def test_numbers_stay_where_they_can_be(counts):
    a, n1, c, n2 = counts.T
    used = counts[(a + c > 0) & ((a < n1) | (c < n2))]
    assume(len(used) >= 2)
    assume((a * (n2 - c)).sum() > 0)
    assume(((n1 - a) * c).sum() > 0)
    try:
        found = sparse_random(counts)
    except DesignError as error:
        assert "cannot tell" in str(error)
        return
    assert found.conf_low < found.estimate < found.conf_high
    assert found.tau2 >= 0
    assert 0 <= found.p_value <= 1


@pytest.mark.parametrize("counts", [[[0, 20, 3, 20], [0, 30, 1, 30]], [[0, 20, 3, 20], [2, 30, 5, 5]]])
def test_studies_at_one_end_of_what_can_be_have_no_bound(counts):
    with pytest.raises(DesignError, match="the odds ratio has no bound"):
        sparse_random(np.array(counts))


def test_studies_at_both_ends_cannot_tell_how_far_they_differ():
    with pytest.raises(DesignError, match="cannot tell how far their odds ratios differ"):
        sparse_random(np.array([[20, 20, 0, 20], [0, 20, 20, 20]] * 3))


def test_one_study_with_events_is_too_few():
    with pytest.raises(DesignError, match="1 studies have people with and without events, expected at least 2"):
        sparse_random(np.array([[1, 20, 3, 20], [0, 30, 0, 30]]))


@pytest.mark.parametrize("choices", [{"model": "UM.RS"}, {"points": 0}])
def test_other_models_are_refused(choices):
    with pytest.raises(DesignError, match="conditional or unconditional"):
        sparse_random(SMALL, **choices)
