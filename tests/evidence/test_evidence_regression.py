"""Meta-regression: what metafor finds, what whole matrices find, and what must not change."""

import numpy as np
import pytest
from evidence_levels_support import bcg, columns, dense_likelihood, made_up, slope
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import minimize_scalar

from curv_eval.errors import DesignError
from curv_eval.stats.meta_checks import checked, studies_of
from curv_eval.stats.meta_multilevel import multilevel
from curv_eval.stats.meta_regression import meta_regression, with_errors
from curv_eval.stats.meta_reml import at, reml

Y, V, HELD = bcg()
GIVEN, EXPECTED, CLOSE = HELD["data"]["inline"], HELD["expected"], HELD["tolerance"]
LATITUDE, YEAR = np.array(GIVEN["ablat"], float), np.array(GIVEN["year"], float)


# ---- outside numbers


def test_latitude_explains_what_metafor_says_it_does():
    expected, found = EXPECTED["ablat"], meta_regression(Y, V, columns(LATITUDE), test="normal")
    assert found.coefficients == pytest.approx(expected["b"], abs=CLOSE["estimate"])
    assert found.std_error == pytest.approx(expected["se"], abs=CLOSE["se"])
    assert found.tau2 == pytest.approx(expected["tau2"], abs=CLOSE["tau2"])
    assert found.qm == pytest.approx(expected["QM"], abs=CLOSE["QM"])
    assert 100 * found.r2 == pytest.approx(expected["R2"], abs=CLOSE["R2"])
    assert found.qe == pytest.approx(expected["QE"], abs=CLOSE["QE"])
    assert 100 * found.i2 == pytest.approx(expected["I2"], abs=CLOSE["R2"])


def test_latitude_is_printed_as_it_is_in_the_journal():
    printed, found = EXPECTED["printed"], meta_regression(Y, V, columns(LATITUDE), test="normal")
    ends = [*zip(found.coefficients, found.std_error, strict=True)]
    assert ends[0] == pytest.approx(printed["intercept"], abs=CLOSE["printed"])
    assert ends[1] == pytest.approx(printed["ablat"], abs=CLOSE["printed"])
    # metafor stops a little early: 0.0764 there, 0.0763 where the gradient is 0
    assert found.tau2 == pytest.approx(printed["tau2"], abs=1e-4)


def test_latitude_and_year_by_knapp_and_hartung_are_those_of_metafor():
    expected, found = EXPECTED["ablat_year_knapp_hartung"], meta_regression(Y, V, columns(LATITUDE, YEAR))
    assert found.coefficients[0] == pytest.approx(expected["b"][0], abs=1e-3)
    assert found.coefficients[1:] == pytest.approx(expected["b"][1:], abs=CLOSE["estimate"])
    assert found.std_error == pytest.approx(expected["se"], rel=2e-5)
    assert found.tau2 == pytest.approx(expected["tau2"], abs=CLOSE["tau2"])
    assert found.qm == pytest.approx(expected["QM"], abs=1e-4)
    assert found.qm_p == pytest.approx(expected["QMp"], abs=1e-6)


def test_without_moderators_it_is_the_random_effects_model():
    expected, found = EXPECTED["intercept"], meta_regression(Y, V, np.ones((13, 1)), test="normal")
    assert found.coefficients[0] == pytest.approx(expected["estimate"], abs=CLOSE["estimate"])
    assert found.std_error[0] == pytest.approx(expected["se"], abs=CLOSE["se"])
    assert found.tau2 == pytest.approx(expected["tau2"], abs=CLOSE["tau2"])
    assert found.tau2_error == pytest.approx(expected["se_tau2"], abs=CLOSE["tau2"])
    assert found.qe == pytest.approx(expected["Q"], abs=1e-6)
    assert 100 * found.i2 == pytest.approx(expected["I2"], abs=1e-3)
    assert np.isnan(found.r2)
    assert np.isnan(found.qm)
    assert np.isnan(found.qm_p)


# ---- the restricted likelihood


@pytest.mark.parametrize("seed", [1, 2])
def test_the_likelihood_of_many_sets_is_that_of_whole_matrices(seed):
    sets = [made_up(seed + i, studies=10, most=1) for i in range(3)]
    y, v, x = np.array([one[0] for one in sets]), np.array([one[1] for one in sets]), sets[0][3]
    tau2 = np.array([0.0, 0.1, 0.4])
    found = at(tau2, y, v, x=x)
    for i in range(3):
        expected = dense_likelihood(y[i], x, np.diag(v[i] + tau2[i]))
        assert found.log_likelihood[i] == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("seed", [3, 4])
def test_the_gradient_and_the_information_are_derivatives(seed):
    y, v, _, x = made_up(seed, studies=12, most=1)
    y, v = y[None], v[None]
    here, found = np.array([0.2]), at(np.array([0.2]), y, v, x=x)
    assert found.gradient == pytest.approx(slope(lambda s: at(s, y, v, x=x).log_likelihood[0], here), rel=1e-6)
    observed = -slope(lambda s: at(s, y, v, x=x).gradient[0], here)
    assert found.observed == pytest.approx(observed, rel=1e-6)
    w = np.diag(1 / (v[0] + 0.2))
    p = w - w @ x @ np.linalg.inv(x.T @ w @ x) @ x.T @ w
    assert found.expected[0] == pytest.approx(np.trace(p @ p) / 2, rel=1e-10)


@pytest.mark.parametrize("seed", range(8))
def test_no_other_tau2_is_likelier(seed):
    y, v, _, x = made_up(seed, studies=8, most=1, sigma2=(0.03, 0.0))
    found = reml(y[None], v[None], x)
    for tau2 in np.r_[0.0, np.geomspace(1e-5, 10, 60)]:
        assert found.log_likelihood[0] >= dense_likelihood(y, x, np.diag(v + tau2)) - 1e-9
    if found.tau2[0] == 0:
        assert found.gradient[0] <= 0
    else:
        assert abs(found.gradient[0]) < 1e-7


def test_a_search_finds_the_same_tau2():
    found = meta_regression(Y, V, columns(LATITUDE))
    search = minimize_scalar(
        lambda s: -dense_likelihood(Y, columns(LATITUDE), np.diag(V + s)), bounds=(0, 2), method="bounded",
        options={"xatol": 1e-9},
    )  # fmt: skip
    assert found.tau2 == pytest.approx(search.x, abs=1e-6)
    assert found.gradient == pytest.approx(0, abs=1e-9)


def test_many_sets_at_once_are_each_by_itself():
    draw = np.random.default_rng(5)
    x = columns(LATITUDE, YEAR)
    order = draw.permuted(np.broadcast_to(np.arange(13), (40, 13)), axis=1)
    together = reml(Y[order], V[order], x)
    for i, one in enumerate(order):
        alone = reml(Y[one][None], V[one][None], x)
        assert together.tau2[i] == pytest.approx(alone.tau2[0], abs=1e-10)
        assert together.coefficients[i] == pytest.approx(alone.coefficients[0], rel=1e-8, abs=1e-10)


def test_tau2_far_above_the_grid_is_found():
    # one study so precise that plain residuals hide how far apart the others are
    y, v = np.array([0.0, 0.0, 100.0, -100.0, 80.0]), np.array([1e-6, 1e-6, 1.0, 1.0, 1.0])
    found = reml(y[None], v[None], np.ones((5, 1)))
    assert found.gradient[0] == pytest.approx(0, abs=1e-7)
    assert found.tau2[0] > 1000


def test_it_is_the_two_level_model():
    y, v, study, x = made_up(6)
    found, other = meta_regression(y, v, x, test="normal"), multilevel(y, v, study, x=x, levels=("effect",))
    assert found.tau2 == pytest.approx(other.sigma2[1], abs=1e-9)
    assert found.coefficients == pytest.approx(other.coefficients, abs=1e-9)
    assert found.covariance == pytest.approx(other.covariance, rel=1e-7)


# ---- tests and intervals


def test_knapp_and_hartung_scale_the_covariance():
    x = columns(LATITUDE)
    plain, found = meta_regression(Y, V, x, test="normal"), meta_regression(Y, V, x)
    w = 1 / (V + found.tau2)
    r = Y - x @ found.coefficients
    s2 = np.sum(w * r**2) / 11
    assert found.covariance == pytest.approx(s2 * plain.covariance, rel=1e-10)
    assert found.qm == pytest.approx(plain.qm / s2, rel=1e-10)
    assert (found.df, plain.df) == (11, np.inf)


def test_p_values_and_intervals_are_those_of_t():
    found = meta_regression(Y, V, columns(LATITUDE))
    t = found.coefficients / found.std_error
    assert found.p_value == pytest.approx(2 * stats.t.sf(np.abs(t), 11), rel=1e-10)
    low, high = found.interval(0.9).T
    assert high - low == pytest.approx(2 * stats.t.ppf(0.95, 11) * found.std_error, rel=1e-10)
    assert found.qm == pytest.approx(t[1] ** 2, rel=1e-10)
    assert found.qm_p == pytest.approx(found.p_value[1], rel=1e-9)


def test_normal_tests_are_those_of_z():
    found = meta_regression(Y, V, columns(LATITUDE), test="normal")
    z = found.coefficients / found.std_error
    assert found.p_value == pytest.approx(2 * stats.norm.sf(np.abs(z)), rel=1e-10)
    assert found.qm_p == pytest.approx(stats.chi2.sf(found.qm, 1), rel=1e-10)


def test_what_is_left_is_tested_without_tau2():
    x = columns(LATITUDE)
    found = meta_regression(Y, V, x)
    w = np.diag(1 / V)
    r = Y - x @ np.linalg.solve(x.T @ w @ x, x.T @ w @ Y)
    assert found.qe == pytest.approx(r @ w @ r, rel=1e-10)
    assert found.qe_df == 11
    assert found.qe_p == pytest.approx(stats.chi2.sf(found.qe, 11), rel=1e-10)


def test_a_category_is_tested_as_a_whole():
    kinds = np.array(GIVEN["alloc"])
    x = columns(kinds == "random", kinds == "systematic")
    found = meta_regression(Y, V, x)
    assert found.moderators.tolist() == [False, True, True]
    again = meta_regression(Y, V, columns(kinds == "random", kinds == "alternate"))
    assert again.qm == pytest.approx(found.qm, rel=1e-9)
    assert again.tau2 == pytest.approx(found.tau2, abs=1e-10)


def test_means_of_groups_without_a_constant():
    kinds = np.array(GIVEN["alloc"])
    groups = np.column_stack([kinds == name for name in np.unique(kinds)]).astype(float)
    found = meta_regression(Y, V, groups)
    with_constant = meta_regression(Y, V, columns(kinds == "random", kinds == "systematic"))
    assert found.tau2 == pytest.approx(with_constant.tau2, abs=1e-10)
    assert found.coefficients[0] == pytest.approx(with_constant.coefficients[0], rel=1e-9)
    # the groups hold the constant, so that there is something to explain
    assert found.r2 == pytest.approx(with_constant.r2, abs=1e-9)


def test_a_moderator_that_explains_nothing_explains_0():
    y, v, _, x = made_up(0, studies=20, most=1)
    worse = next(
        one
        for one in (meta_regression(y, v, columns(np.random.default_rng(s).normal(size=20))) for s in range(50))
        if one.r2 == 0
    )
    assert worse.tau2 > 0
    assert x.shape == (20, 2)


def test_effects_that_do_not_differ_leave_no_share_to_explain():
    y, v = np.array([0.1, 0.12, 0.11, 0.1]), np.full(4, 0.5)
    found = meta_regression(y, v, columns(np.arange(4)))
    assert found.tau2 == 0
    assert np.isnan(found.r2)
    assert found.i2 == 0


def test_errors_without_moderators_have_no_joint_test():
    fit = reml(Y[None], V[None], np.ones((13, 1)))
    _, df, joint = with_errors(fit, np.array([False]), test="normal", left=12)
    assert np.isinf(df[0])
    assert np.isnan(joint[0])


# ---- what must not change


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.floats(0.1, 10))
def test_order_sign_and_unit_do_not_matter(seed, unit):
    y, v, _, x = made_up(seed, studies=12, most=1)
    order = np.random.default_rng(seed).permutation(12)
    found, again = meta_regression(y, v, x), meta_regression(-unit * y[order], unit**2 * v[order], x[order])
    assert again.tau2 == pytest.approx(unit**2 * found.tau2, rel=1e-7, abs=1e-10 * unit**2)
    assert again.coefficients == pytest.approx(-unit * found.coefficients, rel=1e-6, abs=1e-9)
    assert again.qm == pytest.approx(found.qm, rel=1e-5)


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.floats(-3000, 3000), st.floats(0.01, 100))
def test_the_coding_of_a_moderator_does_not_matter(seed, by, unit):
    y, v, _, x = made_up(seed, studies=12, most=1)
    found, again = meta_regression(y, v, x), meta_regression(y, v, columns(by + unit * x[:, 1]))
    assert again.tau2 == pytest.approx(found.tau2, rel=1e-5, abs=1e-8)
    assert again.coefficients[1] * unit == pytest.approx(found.coefficients[1], rel=1e-4, abs=1e-7)


# ---- what it refuses


def test_an_unknown_test_is_refused():
    with pytest.raises(DesignError, match="expected knapp-hartung or normal"):
        meta_regression(Y, V, columns(LATITUDE), test="t")


def test_as_many_coefficients_as_studies_are_refused():
    with pytest.raises(DesignError, match="got 3, expected at least 4 for 3 coefficients"):
        meta_regression(Y[:3], V[:3], columns(LATITUDE[:3], YEAR[:3]))


def test_a_category_with_all_its_columns_is_refused():
    kinds = np.array(GIVEN["alloc"])
    with pytest.raises(DesignError, match="follow from others"):
        meta_regression(Y, V, columns(*(kinds == name for name in np.unique(kinds))))


def test_missing_moderators_are_refused():
    with pytest.raises(DesignError, match="design: got 1 values that are missing"):
        meta_regression(Y, V, columns(np.where(LATITUDE == 55, np.nan, LATITUDE)))


def test_many_wrong_rows_are_named_up_to_five():
    with pytest.raises(DesignError, match="row 1, 2, 3, 4, 5 and more"):
        checked(np.full(9, np.nan), np.ones(9))


def test_what_is_checked_is_given_back_as_floats():
    y, v, x = checked([1, 2, 3], [1, 1, 1])
    assert (y.dtype, v.dtype) == (np.float64, np.float64)
    assert x.tolist() == [[1.0], [1.0], [1.0]]
    assert studies_of(["b", "a", "b"], 3).tolist() == [1, 0, 1]
