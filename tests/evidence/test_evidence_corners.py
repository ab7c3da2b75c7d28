"""Corners of reviews of dependent effects: one effect beside many, huge units, priors far from the data, ties."""

import numpy as np
import pytest
from evidence_levels_support import bcg, columns, made_up, omega, schools, whole
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from curv_eval.errors import DesignError
from curv_eval.stats.meta_bayes import TauPrior, bayes, shrunken
from curv_eval.stats.meta_covariance import clustered_covariance
from curv_eval.stats.meta_multilevel import i2_by_level, multilevel, prediction, profile_intervals
from curv_eval.stats.meta_permutation import permutation_test
from curv_eval.stats.meta_posterior import summary
from curv_eval.stats.meta_regression import meta_regression
from curv_eval.stats.meta_reml import reml
from curv_eval.stats.meta_robust import robust, wald, working_model
from curv_eval.stats.meta_rve import correlated_effects, hierarchical_effects

Y, V, _ = bcg()


# ---- shapes of reviews


def test_one_study_with_many_effects_does_not_outweigh_many_with_one():
    draw = np.random.default_rng(1)
    study = np.r_[np.zeros(60, int), np.arange(1, 13)]
    y = np.r_[draw.normal(2.0, 0.1, 60), draw.normal(0.0, 0.3, 12)]
    v = np.full(72, 0.02)
    plain = np.average(y, weights=1 / v)
    found = multilevel(y, v, study)
    assert plain > 1.5
    assert found.coefficients[0] < 0.5


@pytest.mark.parametrize("size", [1e-6, 1e6])
def test_units_of_a_millionth_and_a_million(size):
    y, v, study, x = made_up(1)
    found, again = multilevel(y, v, study, x=x), multilevel(size * y, size**2 * v, study, x=x)
    assert again.sigma2 / size**2 == pytest.approx(found.sigma2, rel=1e-7)
    regression = [meta_regression(k * y, k**2 * v, x).tau2 / k**2 for k in (1.0, size)]
    assert regression[0] == pytest.approx(regression[1], rel=1e-7)


def test_variances_that_differ_a_millionfold():
    y, _, study, x = made_up(2)
    v = np.geomspace(1e-6, 1.0, len(y))
    found = multilevel(y, v, study, x=x)
    inverse = np.linalg.inv(omega(v, study, found.sigma2))
    b = np.linalg.solve(x.T @ inverse @ x, x.T @ inverse @ y)
    assert found.coefficients == pytest.approx(b, rel=1e-7)
    assert found.gradient == pytest.approx([0, 0], abs=1e-6)


def test_a_correlation_near_1_is_still_whole():
    y, v, study, x = made_up(3, studies=12)
    blocks = clustered_covariance(v, study, 0.99)
    found = multilevel(y, blocks, study, x=x)
    inverse = np.linalg.inv(omega(whole(blocks, study), study, found.sigma2))
    assert found.coefficients == pytest.approx(np.linalg.solve(x.T @ inverse @ x, x.T @ inverse @ y), rel=1e-7)


def test_two_studies_are_enough_for_a_mean_but_not_for_its_test():
    y, v, study = np.array([0.1, 0.2, 0.5, 0.6]), np.full(4, 0.05), np.array([1, 1, 2, 2])
    found = robust(working_model(multilevel(y, v, study, levels=("study",))))
    assert found.coefficients[0] == pytest.approx(0.35)
    assert found.df[0] == pytest.approx(1)
    assert np.isnan(found.p_value[0])
    assert "1.0 degrees of freedom from 2 studies" in found.why()[0]


def test_a_level_more_is_never_less_likely():
    for seed in range(6):
        y, v, study, x = made_up(seed, studies=10)
        both = multilevel(y, v, study, x=x).log_likelihood
        for one in (("study",), ("effect",)):
            assert both >= multilevel(y, v, study, x=x, levels=one).log_likelihood - 1e-9


def test_studies_that_all_agree_within_leave_no_variance_within():
    y, v, study = np.repeat([0.0, 1.0, 3.0, 2.0], 3), np.full(12, 0.1), np.repeat(np.arange(4), 3)
    found = multilevel(y, v, study)
    assert found.sigma2[1] == 0
    assert found.sigma2[0] == pytest.approx(np.var([0, 1, 3, 2], ddof=1) - 0.1 / 3, rel=1e-8)
    assert profile_intervals(found)[1, 0] == 0
    assert i2_by_level(found)[1] == 0


def test_a_prediction_with_few_studies_is_wider_by_t():
    found = multilevel(*schools())
    wide, plain = prediction(found, df=found.studies - 1), prediction(found)
    ratio = (wide[2] - wide[1]) / (plain[2] - plain[1])
    assert ratio == pytest.approx(stats.t.ppf(0.975, 10) / stats.norm.ppf(0.975), rel=1e-9)


# ---- robust errors hold where the working model is wrong


def test_errors_hold_where_the_correlation_is_not_what_was_assumed():
    # effects of a study are one effect with errors alike to 0.9; the working model says 0
    gaps, claimed = [], []
    for seed in range(150):
        draw = np.random.default_rng(seed)
        study = np.repeat(np.arange(25), 4)
        noise = np.sqrt(0.9) * draw.normal(size=25)[study] + np.sqrt(0.1) * draw.normal(size=100)
        fit = multilevel(0.3 + 0.5 * noise, np.full(100, 0.25), study, levels=("effect",))
        found = robust(working_model(fit))
        gaps.append(found.coefficients[0] - 0.3)
        claimed.append((found.std_error[0], fit.std_error[0]))
    truth, (own, naive) = np.std(gaps), np.mean(claimed, axis=0)
    assert own == pytest.approx(truth, rel=0.15)
    assert naive < 0.7 * truth


def test_robust_weights_stay_between_the_effects():
    y, v, study, _ = made_up(4)
    for way in (correlated_effects, hierarchical_effects):
        assert y.min() < way(y, v, study).fit.coefficients[0] < y.max()


def test_a_joint_test_of_all_is_that_of_the_means_of_groups():
    y, v, study, _ = made_up(5, studies=40)
    group = study % 2
    by_constant = correlated_effects(y, v, study, x=columns(group)).fit
    by_group = correlated_effects(y, v, study, x=np.column_stack([group == 0, group == 1]).astype(float)).fit
    one, other = wald(by_constant, np.array([0, 1.0])), wald(by_group, np.array([-1.0, 1.0]))
    assert other.f == pytest.approx(one.f, rel=1e-8)
    assert other.df == pytest.approx(one.df, rel=1e-7)


@settings(max_examples=10)
@given(st.integers(0, 10_000))
def test_joint_tests_are_never_more_certain_than_t_allows(seed):
    y, v, study, x = made_up(seed, studies=20)
    x = np.column_stack([x, np.random.default_rng(seed + 1).normal(size=len(y))])
    found = wald(robust(working_model(multilevel(y, v, study, x=x))), np.eye(3)[1:])
    assert found.df < 20
    assert np.isnan(found.p) == bool(found.why)


# ---- meta-regression


def test_a_moderator_that_explains_all_leaves_no_tau2():
    x = columns(np.arange(10))
    found = meta_regression(1 + 2.0 * np.arange(10) + 0.01 * np.resize([1, -1], 10), np.full(10, 0.01), x)
    assert found.tau2 == 0
    assert found.r2 == 1
    assert found.i2 == 0
    assert found.coefficients == pytest.approx([1, 2], abs=0.02)


def test_effects_that_are_all_one_are_their_mean():
    found = meta_regression(np.full(5, 0.3), np.full(5, 0.1), np.ones((5, 1)), test="normal")
    assert found.coefficients[0] == pytest.approx(0.3)
    assert found.tau2 == 0
    assert found.std_error[0] == pytest.approx(np.sqrt(0.1 / 5))


def test_sets_of_different_heterogeneity_are_fitted_together():
    draw = np.random.default_rng(2)
    scales = np.array([0.0, 0.1, 1.0, 10.0])
    y = scales[:, None] * draw.normal(size=(4, 200)) + 0.3 * draw.normal(size=(4, 200))
    found = reml(y, np.full((4, 200), 0.09), np.ones((200, 1)))
    assert np.sqrt(found.tau2) == pytest.approx(scales, abs=0.15, rel=0.15)
    assert np.where(found.tau2 > 0, found.gradient, 0) == pytest.approx(np.zeros(4), abs=1e-6)


def test_permutations_of_tied_effects_count_ties_as_ties():
    y = np.array([0.1, 0.1, 0.5, 0.5, 0.1, 0.5])
    found = permutation_test(y, np.full(6, 0.01), columns([0, 0, 1, 1, 0, 1]))
    # the two ways that part the effects wholly are the observed one and its mirror
    assert found.p_value[1] == pytest.approx(2 / 20)


def test_permutations_of_one_group_against_the_rest():
    found = permutation_test(Y, V, columns(np.arange(13) == 7))
    assert found.count == 13
    assert found.p_value[1] >= 1 / 13


# ---- few studies


def test_a_prior_far_from_the_data_is_seen_in_the_result():
    y, v = Y[:4], V[:4]
    near, far = (bayes(y, v, TauPrior("half-normal", 0.5), mu_prior=(m, 0.2)).mu.mean for m in (-1.0, 5.0))
    assert far > near + 1


def test_two_studies_that_disagree_leave_much_open():
    found = bayes(np.array([-0.5, 0.5]), np.array([0.01, 0.01]), TauPrior("half-normal", 0.5))
    ends = summary(found.mu)
    assert ends.low < -0.5 and ends.high > 0.5
    assert found.mu.cdf(0) == pytest.approx(0.5, abs=1e-9)
    assert summary(found.prediction).high > ends.high


@pytest.mark.parametrize("df", [1.0, 3.0, 1e9])
def test_half_t_lies_between_cauchy_and_normal(df):
    other = {1.0: TauPrior("half-cauchy", 0.5), 1e9: TauPrior("half-normal", 0.5)}.get(df)
    found = bayes(Y[:3], V[:3], TauPrior("half-t", 0.5, df))
    if other:
        assert found.tau.quantile(0.9) == pytest.approx(bayes(Y[:3], V[:3], other).tau.quantile(0.9), rel=1e-6)
    else:
        ends = [bayes(Y[:3], V[:3], TauPrior(s, 0.5)).tau.quantile(0.9) for s in ("half-normal", "half-cauchy")]
        assert ends[0] < found.tau.quantile(0.9) < ends[1]


def test_shrunken_effects_are_those_of_the_textbook_where_tau_is_known():
    # a posterior of tau so narrow that it is a number: many studies of one precision
    draw = np.random.default_rng(3)
    v = np.full(2000, 0.04)
    y = 0.1 + draw.normal(0, 0.3, 2000) + draw.normal(0, 0.2, 2000)
    found = bayes(y, v, TauPrior("half-normal", 0.5))
    own = found.tau.mean**2 / (found.tau.mean**2 + 0.04)
    assert shrunken(found, 5).mean == pytest.approx(own * y[5] + (1 - own) * y.mean(), abs=2e-3)
    assert shrunken(found, 5).sd == pytest.approx(np.sqrt(own * 0.04), rel=0.02)


def test_a_tiny_scale_and_a_huge_effect_are_integrated():
    found = bayes(np.array([1000.0, 1001.0, 999.0]), np.full(3, 1.0), TauPrior("half-normal", 1e-3))
    assert found.mu.mean == pytest.approx(1000, abs=1e-6)
    assert summary(found.tau).median == pytest.approx(1e-3 * stats.halfnorm.ppf(0.5), rel=1e-4)


def test_words_of_a_refusal_say_what_to_do():
    with pytest.raises(DesignError) as caught:
        multilevel(Y, V, np.arange(13))
    assert 'do: give levels=("effect",)' in str(caught.value)
