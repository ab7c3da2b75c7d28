"""Cluster-robust errors: what clubSandwich and robumeta find, what n x n algebra finds, and when they are refused."""

import numpy as np
import pytest
from evidence_levels_support import case, columns, dense_cr2, effects, made_up, schools, whole
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t

from curv_eval.errors import DesignError
from curv_eval.stats.clustered import least_squares
from curv_eval.stats.meta_covariance import clustered_covariance
from curv_eval.stats.meta_multilevel import multilevel
from curv_eval.stats.meta_robust import LEAST_DF, given_model, robust, wald, working_model
from curv_eval.stats.meta_rve import correlated_effects, hierarchical_effects

SCHOOLS = case("konstantopoulos_multilevel_rve")
MANY = case("dependent_effects")
DROPOUT = case("dropout_wald")


def close(found, expected, names, bounds):
    for name, value in names.items():
        assert value == pytest.approx(expected[name], abs=bounds["df" if name == "df" else "estimate"]), name
    assert found is not None


# ---- outside numbers


def test_cr2_of_the_three_level_model_is_that_of_clubsandwich():
    expected, found = SCHOOLS["expected"]["CR2"], robust(working_model(multilevel(*schools())))
    names = {"beta": found.coefficients[0], "SE": found.std_error[0], "df": found.df[0], "p": found.p_value[0]}
    close(found, expected, names, SCHOOLS["tolerance"])


def test_cr2_of_the_two_level_model_is_that_of_clubsandwich():
    expected = SCHOOLS["expected"]["rma_REML_CR2"]
    found = robust(working_model(multilevel(*schools(), levels=("effect",))))
    names = {"beta": found.coefficients[0], "SE": found.std_error[0], "df": found.df[0]}
    close(found, expected, names, SCHOOLS["tolerance"])


def test_correlated_effects_of_schools_are_those_of_robumeta():
    expected, found = SCHOOLS["expected"]["robu_CORR"], correlated_effects(*schools())
    low, high = found.fit.interval()[0]
    names = {
        "b": found.fit.coefficients[0], "SE": found.fit.std_error[0], "df": found.fit.df[0], "tau2": found.tau2,
        "ci_lb": low, "ci_ub": high,
    }  # fmt: skip
    close(found, expected, names, SCHOOLS["tolerance"])
    assert np.isnan(found.omega2)


def test_hierarchical_effects_of_schools_are_those_of_robumeta():
    expected, found = SCHOOLS["expected"]["robu_HIER"], hierarchical_effects(*schools())
    names = {
        "b": found.fit.coefficients[0], "SE": found.fit.std_error[0], "df": found.fit.df[0], "tau2": found.tau2,
        "omega2": found.omega2,
    }  # fmt: skip
    close(found, expected, names, SCHOOLS["tolerance"])


@pytest.mark.parametrize(
    ("name", "way", "weights"),
    [("robumeta.corrdat", correlated_effects, "CORR"), ("robumeta.hierdat", hierarchical_effects, "HIER")],
)
def test_real_reviews_are_those_of_robumeta(name, way, weights):
    table = effects(name)
    found = way(*(table[column].to_numpy() for column in ("effectsize", "var", "studyid"))).fit
    expected, bounds = MANY["expected"][f"{name} {weights}"], MANY["tolerance"]
    assert found.coefficients[0] == pytest.approx(expected["estimate"], abs=bounds["estimate"])
    assert found.std_error[0] == pytest.approx(expected["se"], abs=bounds["se"])
    assert found.df[0] == pytest.approx(expected["df"], abs=bounds["df"])
    assert found.interval()[0] == pytest.approx([expected["ci_low"], expected["ci_high"]], abs=bounds["ci"])


LEVELS = {
    "study_design": ["Matched", "Non-random, non-matched", "Randomized"],
    "outcome": ["dropout", "enrolled", "graduation", "graduation/ged"],
    "evaluator_independence": ["Independent", "Indirect, influential", "Planning", "Delivery"],
    "implementation_quality": ["Clear problems", "Possible problems", "No apparent problems"],
    "program_site": ["community", "mixed", "school classroom", "school, outside of classroom"],
    "adjusted": ["unadjusted data", "adjusted data"],
}
ORDER = (
    "study_design", "attrition", "group_equivalence", "adjusted", "outcome", "evaluator_independence", "male_pct",
    "white_pct", "average_age", "implementation_quality", "program_site", "duration", "service_hrs",
)  # fmt: skip


def dropout(reduced=False):
    """The published regression: effects, variances, studies, design and the rows of each category's columns."""
    table = effects("clubSandwich.dropoutPrevention")
    if reduced:
        table = table[table["big_study"]]
    parts, at = [np.ones(len(table))], {}
    for name in ORDER:
        seen = [level for level in LEVELS.get(name, ()) if (table[name] == level).any()]
        new = [table[name] == level for level in seen[1:]] or [table[name]]
        at[name] = list(range(len(parts), len(parts) + len(new)))
        parts += new
    x = np.column_stack(parts).astype(float)
    return table["LOR1"].to_numpy(), table["varLOR"].to_numpy(), table["studyID"].to_numpy(), x, at


def test_22_coefficients_are_those_of_robumeta():
    y, v, study, x, _ = dropout()
    found, expected, bounds = hierarchical_effects(y, v, study, x=x), DROPOUT["expected"], DROPOUT["tolerance"]
    assert found.omega2 == pytest.approx(expected["omega2"], abs=5e-6)
    assert found.tau2 == pytest.approx(expected["tau2"], abs=5e-8)
    assert found.fit.coefficients == pytest.approx(expected["estimate"], abs=bounds["estimate"])
    assert found.fit.std_error == pytest.approx(expected["se"], abs=bounds["se"])
    assert found.fit.df == pytest.approx(expected["df"], abs=bounds["df"])


@pytest.mark.parametrize("sample", ["all", "reduced"])
def test_joint_tests_are_those_of_tipton_and_pustejovsky(sample):
    y, v, study, x, at = dropout(sample == "reduced")
    found = hierarchical_effects(y, v, study, x=x).fit
    for name, (f, df) in DROPOUT["expected"][f"wald_{sample}"].items():
        test = wald(found, np.eye(x.shape[1])[at[name]])
        assert test.f == pytest.approx(f, abs=DROPOUT["tolerance"]["f"]), name
        assert test.df == pytest.approx(df, abs=DROPOUT["tolerance"]["df"]), name
        assert test.q == len(at[name])
        assert test.why == ""


# ---- the same by whole matrices


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_cr2_of_a_working_model_is_that_of_whole_matrices(seed):
    y, v, study, x = made_up(seed, studies=12)
    model = working_model(multilevel(y, clustered_covariance(v, study, 0.5), study, x=x))
    phi = whole(model.covariance, study)
    b, covariance, df = dense_cr2(y, x, study, phi=phi, weight=np.linalg.inv(phi))
    found = robust(model)
    assert found.coefficients == pytest.approx(b, rel=1e-9)
    assert found.covariance == pytest.approx(covariance, rel=1e-8)
    assert found.df == pytest.approx([df(one) for one in np.eye(2)], rel=1e-8)


@pytest.mark.parametrize("seed", [4, 5])
def test_weights_may_be_other_than_inverse(seed):
    y, v, study, x = made_up(seed, studies=12)
    blocks = clustered_covariance(v + 0.1, study, 0.6)
    weights = tuple(np.diag(1 / np.diag(block)) for block in blocks)
    found = robust(given_model(y, x, blocks, study=study, weights=weights))
    b, covariance, df = dense_cr2(y, x, study, phi=whole(blocks, study), weight=whole(weights, study))
    assert found.coefficients == pytest.approx(b, rel=1e-9)
    assert found.covariance == pytest.approx(covariance, rel=1e-8)
    assert found.df == pytest.approx([df(one) for one in np.eye(2)], rel=1e-8)


def test_inverse_weights_given_or_not_are_one():
    y, v, study, x = made_up(6, studies=12)
    blocks = clustered_covariance(v + 0.1, study, 0.6)
    given_, own = (
        robust(given_model(y, x, blocks, study=study, weights=w)) for w in (tuple(map(np.linalg.inv, blocks)), None)
    )
    assert given_.covariance == pytest.approx(own.covariance, rel=1e-9)
    assert given_.df == pytest.approx(own.df, rel=1e-9)


def test_alike_and_independent_effects_are_least_squares_with_cr2():
    y, _, study, x = made_up(7, studies=12)
    blocks = clustered_covariance(np.ones(len(y)), study, 0.0)
    found, other = robust(given_model(y, x, blocks, study=study)), least_squares(x, y, rule="CR2", cluster=study)
    assert found.coefficients == pytest.approx(other.coefficients, rel=1e-10)
    assert found.std_error == pytest.approx(other.robust.errors, rel=1e-9)
    assert found.df == pytest.approx(other.robust.df, rel=1e-8)


def test_the_mean_of_equal_studies_has_one_degree_less_than_studies():
    y, study = np.array([0.1, 0.5, 0.2, 0.9, 0.4, 0.6]), np.arange(6)
    found = robust(given_model(y, np.ones((6, 1)), tuple(np.eye(1) for _ in y), study=study))
    assert found.coefficients[0] == pytest.approx(y.mean())
    assert found.std_error[0] == pytest.approx(y.std(ddof=1) / np.sqrt(6), rel=1e-10)
    assert found.df[0] == pytest.approx(5, rel=1e-10)
    assert found.studies == 6


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_moments_of_hierarchical_effects_solve_their_expectations(seed):
    y, v, study, x = made_up(seed, studies=30, most=4, sigma2=(0.3, 0.3))
    w, same = np.diag(1 / v), (study[:, None] == study[None, :]).astype(float)
    keep = np.eye(len(y)) - x @ np.linalg.solve(x.T @ w @ x, x.T @ w)
    forms = [keep.T @ w @ keep, keep.T @ same @ keep]
    left = [y @ form @ y - np.trace(form @ np.diag(v)) for form in forms]
    tau2, omega2 = np.linalg.solve([[np.trace(form @ same), np.trace(form)] for form in forms], left)
    found = hierarchical_effects(y, v, study, x=x)
    if min(tau2, omega2) > 0:
        assert (found.tau2, found.omega2) == pytest.approx((tau2, omega2), rel=1e-9)
    assert seed != 1 or min(tau2, omega2) > 0


def test_moments_of_correlated_effects_are_those_of_one_effect_a_study():
    # with one effect a study this is DerSimonian and Laird's estimate
    y, v, _ = schools()
    w = 1 / v
    q = np.sum(w * (y - np.sum(w * y) / w.sum()) ** 2)
    tau2 = (q - (len(y) - 1)) / (w.sum() - np.sum(w**2) / w.sum())
    found = correlated_effects(y, v, np.arange(len(y)))
    assert found.tau2 == pytest.approx(tau2, rel=1e-10)
    assert found.fit.coefficients[0] == pytest.approx(np.average(y, weights=1 / (v + tau2)), rel=1e-10)


def test_a_smaller_correlation_changes_little_but_something():
    tau2 = [correlated_effects(*schools(), rho=rho).tau2 for rho in (0.0, 0.4, 0.8, 1.0)]
    assert (np.diff(tau2) > 0).all()
    assert tau2[-1] - tau2[0] < 0.01


def test_no_variance_between_is_at_least_0():
    y, v, study = np.full(9, 0.2) + 0.001 * np.arange(9), np.full(9, 0.5), np.repeat([1, 2, 3], 3)
    assert correlated_effects(y, v, study).tau2 == 0
    found = hierarchical_effects(y, v, study)
    assert (found.tau2, found.omega2) == (0, 0)


# ---- joint tests


def test_one_contrast_is_the_t_test():
    y, v, study, x = made_up(9, studies=25, slope=0.5)
    found = robust(working_model(multilevel(y, v, study, x=x)))
    test = wald(found, np.array([0.0, 1.0]))
    assert test.q == 1
    assert test.df == pytest.approx(found.df[1], rel=1e-9)
    assert test.f == pytest.approx((found.coefficients[1] / found.std_error[1]) ** 2, rel=1e-9)
    assert test.p == pytest.approx(found.p_value[1], rel=1e-9)


def three(seed, studies=30):
    y, v, study, x = made_up(seed, studies=studies)
    more = np.column_stack([x, np.random.default_rng(seed).normal(size=len(y))])
    return robust(working_model(multilevel(y, v, study, x=more)))


def test_a_joint_test_does_not_depend_on_the_form_of_its_contrasts():
    found = three(10)
    plain = wald(found, np.eye(3)[1:])
    turned = wald(found, np.array([[0, 1.0, 1.0], [0, 2.0, -3.0]]))
    assert turned.f == pytest.approx(plain.f, rel=1e-8)
    assert turned.df == pytest.approx(plain.df, rel=1e-8)


def test_a_joint_test_approximates_hotelling():
    # the mean of a vector, as two constants in studies of their own kinds: F of few degrees of freedom
    found = three(11)
    test = wald(found, np.eye(3)[1:])
    assert 4 <= test.df < 30
    assert 0 < test.p < 1


def test_pairs_of_the_working_model_add_up_to_the_variance():
    y, v, study, x = made_up(12, studies=10)
    model = working_model(multilevel(y, v, study, x=x))
    found = robust(model)
    pairs = found.parts.pairs(np.eye(2))
    phi = whole(model.covariance, study)
    expected = np.linalg.inv(x.T @ np.linalg.inv(phi) @ x)
    # CR2 is unbiased where the working model holds
    assert np.einsum("iist->st", pairs) == pytest.approx(expected, rel=1e-8)
    assert pairs == pytest.approx(pairs.transpose(1, 0, 3, 2), rel=1e-8)


def test_contrasts_that_follow_from_others_are_refused():
    found = three(13)
    with pytest.raises(DesignError, match="independent rows of 3 numbers"):
        wald(found, np.array([[0, 1.0, 0], [0, 2.0, 0]]))
    with pytest.raises(DesignError, match="contrasts"):
        wald(found, np.eye(2))


# ---- refusals


def few():
    """9 studies, one of which is the only one with the moderator."""
    y, v, study, _ = made_up(14, studies=9)
    return y, v, study, columns(study == 0)


def test_what_one_study_carries_has_no_test():
    y, v, study, x = few()
    found = correlated_effects(y, v, study, x=x).fit
    # the degrees of freedom alone would not tell: they are those of the other studies
    assert found.df[1] > LEAST_DF
    assert found.alone.tolist() == [False, True]
    assert found.trusted.tolist() == [True, False]
    assert np.isnan(found.p_value[1]) and np.isfinite(found.p_value[0])
    assert np.isnan(found.interval()[1]).all() and np.isfinite(found.interval()[0]).all()
    good, bad = found.why()
    assert good == ""
    assert "one study alone carries this" in bad
    assert wald(found, np.array([0, 1.0])).why == bad
    assert wald(found, np.array([1.0, 0])).why == ""


def test_what_two_studies_carry_has_too_few_degrees_of_freedom():
    y, v, study, _ = made_up(14, studies=9)
    found = correlated_effects(y, v, study, x=columns(study <= 1)).fit
    assert not found.alone.any()
    assert found.df[1] < LEAST_DF
    assert "from 9 studies, expected at least 4: no test and no interval can be trusted" in found.why()[1]
    assert np.isnan(found.p_value[1])


def test_a_study_with_a_kind_of_its_own_is_found_whatever_the_coding():
    y, v, study, _ = made_up(14, studies=9)
    kinds = np.column_stack([study == 0, study > 0]).astype(float)
    found = correlated_effects(y, v, study, x=kinds).fit
    assert found.alone.tolist() == [True, False]
    assert correlated_effects(y, v, study, x=columns(study == 0) * [1.0, 1e4]).fit.alone.tolist() == [False, True]


def test_a_joint_test_of_few_studies_is_refused_with_words():
    test = wald(three(3, studies=5), np.eye(3)[1:])
    assert test.df < LEAST_DF
    assert np.isnan(test.p)
    assert "no test" in test.why


def test_as_many_coefficients_as_studies_are_refused():
    y, v, study, x = made_up(15, studies=2, most=8)
    with pytest.raises(DesignError, match="2 studies, expected more than the 2 coefficients"):
        correlated_effects(y, v, study, x=x)


@pytest.mark.parametrize("rho", [-0.1, 1.1])
def test_a_correlation_outside_0_and_1_is_refused(rho):
    with pytest.raises(DesignError, match="expected 0 to 1"):
        correlated_effects(*schools(), rho=rho)


def test_wrong_blocks_are_refused():
    y, _, study, x = made_up(16, studies=5)
    with pytest.raises(DesignError, match="blocks"):
        given_model(y, x, [np.eye(1)], study=study)


# ---- what must not change


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.floats(0.2, 5))
def test_order_sign_and_unit_do_not_matter(seed, unit):
    y, v, study, x = made_up(seed, studies=10)
    order = np.random.default_rng(seed).permutation(len(y))
    for way in (correlated_effects, hierarchical_effects):
        found = way(y, v, study, x=x)
        again = way(-unit * y[order], unit**2 * v[order], study[order], x=x[order])
        assert again.fit.coefficients == pytest.approx(-unit * found.fit.coefficients, rel=1e-6, abs=1e-9)
        assert again.fit.std_error == pytest.approx(unit * found.fit.std_error, rel=1e-6)
        assert again.fit.df == pytest.approx(found.fit.df, rel=1e-5)
        assert again.tau2 == pytest.approx(unit**2 * found.tau2, rel=1e-6, abs=1e-9)


@settings(max_examples=10)
@given(st.integers(0, 10_000))
def test_degrees_of_freedom_lie_between_1_and_studies(seed):
    y, v, study, _ = made_up(seed, studies=10)
    found = robust(working_model(multilevel(y, v, study)))
    assert 1 <= found.df[0] <= 9 + 1e-8


def test_an_interval_holds_its_t_quantile():
    found = robust(working_model(multilevel(*schools())))
    half = t.ppf(0.95, found.df[0]) * found.std_error[0]
    assert found.interval(0.9)[0] == pytest.approx([found.coefficients[0] - half, found.coefficients[0] + half])


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    hits = [
        (lambda ends: ends[0] <= 0.3 <= ends[1])(correlated_effects(*made_up(seed, studies=12)[:3]).fit.interval()[0])
        for seed in range(300)
    ]
    # 95% of 300, and three standard errors of chance
    assert 0.91 <= np.mean(hits) <= 0.99
