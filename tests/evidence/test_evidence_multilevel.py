"""Three-level synthesis: what metafor finds, what n x n algebra finds, and what must not change."""

from dataclasses import replace

import numpy as np
import pytest
from evidence_levels_support import case, columns, dense_likelihood, effects, made_up, omega, schools, slope, whole
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import chi2

from curv_eval.errors import DesignError
from curv_eval.stats.meta_covariance import as_blocks, clustered_covariance, diagonal_of, rows_of
from curv_eval.stats.meta_levels import best, likelihood, maximise, turned
from curv_eval.stats.meta_multilevel import LEVELS, i2_by_level, multilevel, prediction, profile_intervals

SCHOOLS = case("konstantopoulos_multilevel_rve")
MANY = case("dependent_effects")
NAMES = {
    "dat.assink2016": ("study", "yi", "vi"),
    "dat.tannersmith2016": ("studyid", "yi", "vi"),
    "dat.konstantopoulos2011": ("district", "yi", "vi"),
    "clubSandwich.dropoutPrevention": ("studyID", "LOR1", "varLOR"),
}


# ---- outside numbers


def test_schools_in_districts_are_those_of_metafor():
    expected, close = SCHOOLS["expected"]["mv"], SCHOOLS["tolerance"]
    found = multilevel(*schools())
    assert found.coefficients[0] == pytest.approx(expected["b"], abs=close["estimate"])
    assert found.std_error[0] == pytest.approx(expected["se"], abs=close["se"])
    assert found.sigma2 == pytest.approx(expected["sigma2"], abs=close["sigma2"])
    assert found.q == pytest.approx(expected["QE"], abs=1e-6)
    half = 1.959963984540054 * found.std_error[0]
    assert found.coefficients[0] - half == pytest.approx(expected["ci_lb"], abs=close["se"])
    assert found.coefficients[0] + half == pytest.approx(expected["ci_ub"], abs=close["se"])


def test_profile_intervals_and_shares_of_schools_are_the_printed_ones():
    found = multilevel(*schools())
    close = SCHOOLS["tolerance"]
    assert profile_intervals(found) == pytest.approx(
        np.array(SCHOOLS["expected"]["profile_intervals"]), abs=close["profile"]
    )
    assert 100 * i2_by_level(found) == pytest.approx(SCHOOLS["expected"]["i2_percent"], abs=close["i2_percent"])


@pytest.mark.parametrize("name", NAMES)
def test_real_reviews_are_those_of_metafor(name):
    study, y, v = (effects(name)[column].to_numpy() for column in NAMES[name])
    expected, close = MANY["expected"][name], MANY["tolerance"]
    found = multilevel(y, v, study)
    assert found.coefficients[0] == pytest.approx(expected["estimate"], abs=close["estimate"])
    assert found.std_error[0] == pytest.approx(expected["se"], abs=close["se"])
    assert found.sigma2 == pytest.approx(expected["sigma2"], abs=close["sigma2"])
    assert found.q == pytest.approx(expected["Q"], abs=close["Q"])
    low = found.coefficients[0] - 1.959963984540054 * found.std_error[0]
    assert low == pytest.approx(expected["ci_low"], abs=close["ci"])
    assert found.gradient == pytest.approx([0, 0], abs=1e-9)


def test_an_effect_that_stands_twice_is_its_mean_with_half_the_variance():
    table = effects("robumeta.corrdat")
    twice = table.duplicated(["studyid", "esid"], keep=False)
    assert twice.sum() == 2
    first = (
        table[twice].iloc[:1].assign(effectsize=table[twice]["effectsize"].mean(), var=table[twice]["var"].mean() / 2)
    )
    import pandas as pd

    table = pd.concat([table[~twice], first])
    found = multilevel(*(table[column].to_numpy() for column in ("effectsize", "var", "studyid")))
    expected = MANY["expected"]["robumeta.corrdat"]
    assert found.coefficients[0] == pytest.approx(expected["estimate"], abs=1e-6)
    assert found.std_error[0] == pytest.approx(expected["se"], abs=1e-6)
    assert found.sigma2 == pytest.approx(expected["sigma2"], abs=5e-6)


def test_a_two_level_model_of_effects_is_the_ordinary_random_effects_model():
    found = multilevel(*schools(), levels=("effect",))
    assert found.coefficients[0] == pytest.approx(SCHOOLS["expected"]["rma_REML_CR2"]["beta"], abs=1e-8)
    assert found.sigma2[0] == 0
    assert found.sigma2[1] == pytest.approx(0.0884384954859576, abs=1e-7)


# ---- the restricted likelihood and its derivatives


@pytest.mark.parametrize("rho", [0.0, 0.6])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_likelihood_is_that_of_whole_matrices(seed, rho):
    y, v, study, x = made_up(seed)
    blocks = clustered_covariance(v, study, rho)
    held = turned(y, x, blocks, code=study, blocked=True)
    for sigma2 in ([0.0, 0.0], [0.1, 0.0], [0.0, 0.2], [0.3, 0.05]):
        found = likelihood(held, np.array(sigma2))
        expected = dense_likelihood(y, x, omega(whole(blocks, study), study, sigma2))
        assert found.log_likelihood == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_gradient_and_the_information_are_derivatives(seed):
    y, v, study, x = made_up(seed)
    held = turned(y, x, clustered_covariance(v, study, 0.5), code=study, blocked=True)
    at = np.array([0.12, 0.04])
    found = likelihood(held, at)
    assert found.gradient == pytest.approx(slope(lambda s: likelihood(held, s).log_likelihood, at), rel=1e-5)
    observed = -slope(lambda s: likelihood(held, s).gradient, at)
    assert found.observed == pytest.approx(observed, rel=1e-5)


@pytest.mark.parametrize("seed", [4, 5])
def test_the_expected_information_is_half_the_trace(seed):
    y, v, study, x = made_up(seed)
    held = turned(y, x, v, code=study, blocked=False)
    sigma2 = [0.1, 0.03]
    inverse = np.linalg.inv(omega(v, study, sigma2))
    p = inverse - inverse @ x @ np.linalg.inv(x.T @ inverse @ x) @ x.T @ inverse
    parts = [(study[:, None] == study[None, :]).astype(float), np.eye(len(y))]
    expected = [[0.5 * np.trace(p @ one @ p @ other) for other in parts] for one in parts]
    assert likelihood(held, np.array(sigma2)).expected == pytest.approx(np.array(expected), rel=1e-9)


def test_coefficients_are_generalised_least_squares():
    y, v, study, x = made_up(7, slope=0.5)
    found = multilevel(y, v, study, x=x)
    inverse = np.linalg.inv(omega(v, study, found.sigma2))
    covariance = np.linalg.inv(x.T @ inverse @ x)
    assert found.covariance == pytest.approx(covariance, rel=1e-9)
    assert found.coefficients == pytest.approx(covariance @ x.T @ inverse @ y, rel=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_no_other_variances_are_likelier(seed):
    y, v, study, x = made_up(seed, studies=12)
    found = multilevel(y, v, study, x=x)
    rough = minimize(
        lambda s: -dense_likelihood(y, x, omega(v, study, np.abs(s))), found.sigma2 + 0.02, method="Nelder-Mead",
        options={"xatol": 1e-7, "fatol": 1e-10},
    )  # fmt: skip
    assert found.log_likelihood >= -rough.fun - 1e-9
    assert found.sigma2 == pytest.approx(np.abs(rough.x), abs=1e-4)


def test_at_the_maximum_the_gradient_is_0_or_points_below_0():
    for seed in range(12):
        y, v, study, x = made_up(seed, studies=8, sigma2=(0.02, 0.005))
        found = multilevel(y, v, study, x=x)
        for variance, rise in zip(found.sigma2, found.gradient, strict=True):
            assert abs(rise) < 1e-8 if variance > 0 else rise <= 0


def test_effects_that_differ_less_than_chance_leave_no_variance():
    y, v, study = np.array([0.1, 0.1, 0.11, 0.1, 0.09, 0.1]), np.full(6, 0.2), np.repeat([1, 2, 3], 2)
    found = multilevel(y, v, study)
    assert found.sigma2 == pytest.approx([0, 0], abs=0)
    assert found.std_error[0] == pytest.approx(np.sqrt(0.2 / 6), rel=1e-12)
    assert (found.gradient < 0).all()
    assert profile_intervals(found)[:, 0].tolist() == [0, 0]


# ---- worked by hand


def test_a_balanced_review_is_an_analysis_of_variance():
    # studies of 2 effects with v = 1: within mean square 2 estimates v + w, between mean square w + v + 2 b
    y = np.array([0.0, 4.0, 6.0, 10.0, 12.0, 16.0])
    found = multilevel(y, np.ones(6), np.repeat([1, 2, 3], 2))
    within = (3 * 8.0) / 3
    between = 2 * ((2 - 8) ** 2 + 0 + (14 - 8) ** 2) / 2
    assert found.sigma2[1] == pytest.approx(within - 1, rel=1e-9)
    assert found.sigma2[0] == pytest.approx((between - within) / 2, rel=1e-9)
    assert found.coefficients[0] == pytest.approx(8, rel=1e-12)
    assert found.std_error[0] == pytest.approx(np.sqrt(between / 6), rel=1e-9)


def test_shares_by_level_add_up_to_the_share_of_all():
    found = multilevel(*schools())
    typical = 55 / (np.sum(1 / schools()[1]) - np.sum(1 / schools()[1] ** 2) / np.sum(1 / schools()[1]))
    assert found.typical == pytest.approx(typical, rel=1e-10)
    total = found.sigma2.sum() / (found.sigma2.sum() + typical)
    assert i2_by_level(found).sum() == pytest.approx(total, rel=1e-12)


def test_heterogeneity_is_cochran_s():
    y, v, study = schools()
    mean = np.sum(y / v) / np.sum(1 / v)
    found = multilevel(y, v, study)
    assert found.q == pytest.approx(np.sum((y - mean) ** 2 / v), rel=1e-12)
    assert found.q_df == 55
    assert found.q_p == pytest.approx(chi2.sf(found.q, 55), rel=1e-12)
    assert found.studies == 11


def test_a_prediction_adds_what_true_effects_vary():
    found = multilevel(*schools())
    mean, low, high = prediction(found)
    spread = np.sqrt(found.covariance[0, 0] + found.sigma2.sum())
    assert (high - low) / 2 == pytest.approx(1.959963984540054 * spread, rel=1e-9)
    assert mean == pytest.approx((low + high) / 2)
    _, study_low, _ = prediction(found, of="study")
    assert study_low == pytest.approx(
        mean - 1.959963984540054 * np.sqrt(found.covariance[0, 0] + found.sigma2[0]), rel=1e-9
    )
    assert prediction(found, df=10)[1] < low < prediction(found, level=0.8)[1]


def test_a_prediction_at_values_of_moderators():
    y, v, study, x = made_up(3, slope=1.0)
    found = multilevel(y, v, study, x=x)
    assert prediction(found, np.array([1.0, 2.0]))[0] == pytest.approx(found.coefficients @ [1, 2], rel=1e-12)


def test_profile_ends_are_where_the_likelihood_has_fallen_by_the_quantile():
    y, v, study, x = made_up(11, studies=30)
    found = multilevel(y, v, study, x=x)
    fall = chi2.ppf(0.95, 1) / 2
    for j, (low, high) in enumerate(profile_intervals(found)):
        for end in (low, high):
            if end == 0:
                continue
            other = np.arange(2) != j
            fixed = np.where(other, 0.0, end)
            level = best(found.held, other, fixed).log_likelihood
            assert found.log_likelihood - level == pytest.approx(fall, abs=1e-6)
        assert low <= found.sigma2[j] <= high


def test_profile_intervals_leave_out_a_level_that_is_left_out():
    found = profile_intervals(multilevel(*schools(), levels=("study",)))
    assert np.isnan(found[1]).all()
    assert np.isfinite(found[0]).all()


def test_a_wider_level_has_a_wider_interval():
    found = multilevel(*schools())
    narrow, wide = profile_intervals(found, 0.5), profile_intervals(found, 0.99)
    assert (wide[:, 0] < narrow[:, 0]).all()
    assert (wide[:, 1] > narrow[:, 1]).all()


# ---- correlated sampling errors


def test_a_correlation_fills_the_blocks():
    blocks = clustered_covariance(np.array([1.0, 4.0, 9.0]), np.array(["b", "a", "b"]), 0.5)
    assert blocks[0] == pytest.approx(np.array([[4.0]]))
    assert blocks[1] == pytest.approx(np.array([[1.0, 1.5], [1.5, 9.0]]))


def test_blocks_know_their_rows_and_variances():
    code = np.array([1, 0, 1, 2, 0])
    assert [rows.tolist() for rows in rows_of(code)] == [[1, 4], [0, 2], [3]]
    v = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    assert diagonal_of(clustered_covariance(v, code, 0.3), code) == pytest.approx(v, rel=1e-14)
    assert as_blocks(v, code) is None


def test_no_correlation_is_no_covariance():
    y, v, study, x = made_up(2)
    plain, blocked = multilevel(y, v, study, x=x), multilevel(y, clustered_covariance(v, study, 0.0), study, x=x)
    assert blocked.sigma2 == pytest.approx(plain.sigma2, abs=1e-10)
    assert blocked.coefficients == pytest.approx(plain.coefficients, abs=1e-10)
    assert blocked.q == pytest.approx(plain.q, rel=1e-10)


def test_heterogeneity_counts_the_correlation():
    y, v, study, x = made_up(2)
    blocks = clustered_covariance(v, study, 0.7)
    inverse = np.linalg.inv(whole(blocks, study))
    r = y - x @ np.linalg.solve(x.T @ inverse @ x, x.T @ inverse @ y)
    found = multilevel(y, blocks, study, x=x)
    assert found.q == pytest.approx(r @ inverse @ r, rel=1e-10)
    trace = np.trace(inverse - inverse @ x @ np.linalg.inv(x.T @ inverse @ x) @ x.T @ inverse)
    assert found.typical == pytest.approx((len(y) - 2) / trace, rel=1e-10)


def test_a_correlation_with_equal_variances_moves_variance_from_studies_to_errors():
    # v (rho 11' + (1 - rho) I) is what b = v rho and less error would give
    y, _, study, x = made_up(9, studies=30)
    v = np.full(len(y), 0.05)
    plain = multilevel(y, v, study, x=x)
    found = multilevel(y, clustered_covariance(v, study, 0.4), study, x=x)
    assert found.sigma2[0] == pytest.approx(plain.sigma2[0] - 0.4 * 0.05, abs=1e-9)
    assert found.sigma2[1] == pytest.approx(plain.sigma2[1] + 0.4 * 0.05, abs=1e-9)
    assert found.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-9)


# ---- what must not change


@settings(max_examples=15)
@given(st.integers(0, 10_000))
def test_the_order_of_effects_does_not_matter(seed):
    y, v, study, x = made_up(seed, studies=8)
    order = np.random.default_rng(seed).permutation(len(y))
    found, again = multilevel(y, v, study, x=x), multilevel(y[order], v[order], study[order], x=x[order])
    assert again.sigma2 == pytest.approx(found.sigma2, abs=1e-8)
    assert again.coefficients == pytest.approx(found.coefficients, abs=1e-8)


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.floats(0.1, 10))
def test_the_unit_of_effects_does_not_matter(seed, unit):
    y, v, study, x = made_up(seed, studies=8)
    found, again = multilevel(y, v, study, x=x), multilevel(-unit * y, unit**2 * v, study, x=x)
    assert again.sigma2 == pytest.approx(unit**2 * found.sigma2, rel=1e-6, abs=1e-9 * unit**2)
    assert again.coefficients == pytest.approx(-unit * found.coefficients, rel=1e-6, abs=1e-9)
    assert i2_by_level(again) == pytest.approx(i2_by_level(found), abs=1e-6)


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.floats(-5, 5))
def test_a_shift_of_all_effects_moves_the_constant_alone(seed, by):
    y, v, study, x = made_up(seed, studies=8)
    found, again = multilevel(y, v, study, x=x), multilevel(y + by, v, study, x=x)
    assert again.coefficients == pytest.approx(found.coefficients + np.array([by, 0]), abs=1e-7)
    assert again.sigma2 == pytest.approx(found.sigma2, abs=1e-7)


def test_the_coding_of_moderators_does_not_matter():
    y, v, study, x = made_up(5, slope=0.3)
    far = columns(2000 + 10 * x[:, 1])
    found, again = multilevel(y, v, study, x=x), multilevel(y, v, study, x=far)
    assert again.sigma2 == pytest.approx(found.sigma2, abs=1e-9)
    assert 10 * again.coefficients[1] == pytest.approx(found.coefficients[1], rel=1e-8)
    assert again.log_likelihood == pytest.approx(found.log_likelihood, abs=1e-8)


def test_names_of_studies_do_not_matter():
    y, v, study, _ = made_up(6)
    named = np.array([f"study {s:03d}" for s in study])
    assert multilevel(y, v, named).sigma2 == pytest.approx(multilevel(y, v, study).sigma2, rel=1e-12)


def test_a_break_of_the_woodbury_term_would_be_seen():
    y, v, study, x = made_up(1)
    held = turned(y, x, v, code=study, blocked=False)
    broken = replace(held, z=2 * held.z)
    at = np.array([0.1, 0.1])
    assert likelihood(broken, at).log_likelihood != pytest.approx(likelihood(held, at).log_likelihood, abs=1e-3)


def test_starts_do_not_matter():
    y, v, study, x = made_up(8)
    held = turned(y, x, v, code=study, blocked=False)
    ends = [
        maximise(held, np.array(s), np.array([True, True])).variances for s in ([0.001, 1.0], [1.0, 0.001], [0.2, 0.2])
    ]
    assert ends[1] == pytest.approx(ends[0], abs=1e-9)
    assert ends[2] == pytest.approx(ends[0], abs=1e-9)


# ---- what it refuses


GOOD = (np.array([0.1, 0.2, 0.4, 0.3]), np.full(4, 0.1), np.array([1, 1, 2, 2]))


@pytest.mark.parametrize(
    ("y", "v", "words"),
    [
        ([0.1, np.nan, 0.4, 0.3], [0.1] * 4, "1 that are missing or infinite, at row 2"),
        ([0.1, 0.2, 0.4, 0.3], [0.1, 0.0, 0.1, -1.0], "expected numbers above 0, got 2 others row 2, 4"),
        ([0.1, 0.2, 0.4, 0.3], [0.1, 0.1], "shapes"),
    ],
)
def test_wrong_numbers_are_refused(y, v, words):
    with pytest.raises(DesignError, match=words):
        multilevel(np.array(y), np.array(v), GOOD[2])


def test_every_breach_is_said_at_once():
    with pytest.raises(DesignError) as caught:
        multilevel(np.array([np.nan, 1, 1, 1.0]), np.array([0.0, 1, 1, 1]), GOOD[2])
    assert len(caught.value.breaches) == 2


def test_columns_that_repeat_others_are_refused():
    with pytest.raises(DesignError, match="follow from others"):
        multilevel(*GOOD, x=np.ones((4, 2)))


def test_too_few_effects_are_refused():
    with pytest.raises(DesignError, match="expected at least 5 for 2 coefficients"):
        multilevel(*GOOD, x=columns(np.arange(4)))


def test_one_study_is_refused():
    with pytest.raises(DesignError, match="got 1, expected at least 2"):
        multilevel(GOOD[0], GOOD[1], np.ones(4))


def test_studies_of_one_effect_have_no_third_level():
    with pytest.raises(DesignError, match="no study has two effects"):
        multilevel(GOOD[0], GOOD[1], np.arange(4))
    assert multilevel(GOOD[0], GOOD[1], np.arange(4), levels=("effect",)).levels == ("effect",)


@pytest.mark.parametrize("levels", [(), ("district",), ("study", "school")])
def test_levels_that_do_not_exist_are_refused(levels):
    with pytest.raises(DesignError, match="levels"):
        multilevel(*GOOD, levels=levels)
    assert LEVELS == ("study", "effect")


@pytest.mark.parametrize("rho", [-0.1, 1.0, 1.5])
def test_a_correlation_that_leaves_no_inverse_is_refused(rho):
    with pytest.raises(DesignError, match="rho"):
        clustered_covariance(GOOD[1], GOOD[2], rho)


def test_variances_below_0_make_no_covariance():
    with pytest.raises(DesignError, match="above 0"):
        clustered_covariance(np.array([1.0, -1.0]), np.array([1, 1]), 0.5)


@pytest.mark.parametrize(
    ("blocks", "words"),
    [
        ([np.eye(2)], "got 1 blocks"),
        ([np.eye(2), np.eye(3)], r"got \(3, 3\)"),
        ([np.eye(2), np.array([[1.0, 2.0], [2.0, 1.0]])], "block 2: not a covariance"),
        ([np.eye(2), np.array([[1.0, 0.2], [0.3, 1.0]])], "block 2: not a covariance"),
    ],
)
def test_blocks_that_are_no_covariances_are_refused(blocks, words):
    with pytest.raises(DesignError, match=words):
        multilevel(GOOD[0], blocks, GOOD[2])


def test_studies_of_another_length_are_refused():
    with pytest.raises(DesignError, match="one name for each of 4 effects"):
        multilevel(GOOD[0], GOOD[1], np.array([1, 2]))


def test_an_unknown_prediction_is_refused():
    with pytest.raises(DesignError, match="expected effect or study"):
        prediction(multilevel(*schools()), of="district")
