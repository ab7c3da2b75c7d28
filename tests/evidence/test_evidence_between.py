"""How far studies differ: against metafor, printed numbers, matrices, and searches that know nothing of the code."""

import numpy as np
import pytest
from hypothesis import assume, given
from meta_cases import BCG, PUBLISHED, archive_studies, archive_values, bcg, half_a_last_digit, log_odds_ratios, made
from meta_cases import studies as some_studies
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import chi2

from curv_eval.errors import DesignError
from curv_eval.stats import meta_between
from curv_eval.stats.meta_between import ESTIMATORS, between, effects

Y, V = bcg()
NAMES = {"dl": "DL", "pm": "PM", "reml": "REML"}


def projection(v, tau2, x=None):
    """P = W - W x (x'Wx)^-1 x'W as a matrix."""
    x = np.ones((len(v), 1)) if x is None else x
    w = np.diag(1 / (v + tau2))
    return w - w @ x @ np.linalg.inv(x.T @ w @ x) @ x.T @ w


def q_of(y, v, tau2, x=None):
    return float(y @ projection(v, tau2, x) @ y)


def restricted(y, v, tau2, x=None):
    """The restricted log-likelihood, from matrices."""
    x = np.ones((len(v), 1)) if x is None else x
    w = np.diag(1 / (v + tau2))
    slog = np.linalg.slogdet(x.T @ w @ x)[1]
    return -0.5 * (np.log(v + tau2).sum() + slog + q_of(y, v, tau2, x))


# metafor stops Fisher scoring at steps of 1e-5 and Paule-Mandel's root at 1.2e-4: what is asked allows that
@pytest.mark.parametrize(("method", "tolerance"), [("dl", 1e-9), ("reml", 1e-6), ("pm", 1e-4)])
def test_tau2_is_metafor_s(method, tolerance):
    found, expected = between(Y, V, method=method), BCG["expected"][NAMES[method]]
    assert found.tau2 == pytest.approx(expected["tau2"], abs=tolerance)
    assert found.std_error == pytest.approx(expected["se_tau2"], abs=tolerance)
    assert found.i2 == pytest.approx(expected["I2"], abs=20 * tolerance)
    assert found.h2 == pytest.approx(expected["H2"], abs=20 * tolerance)
    assert found.q == pytest.approx(expected["Q"], abs=1e-6)
    assert found.p_value == pytest.approx(expected["Qp"], rel=1e-6)


def test_paule_mandel_is_the_empirical_bayes_estimate_which_metafor_finds_another_way():
    found, expected = between(Y, V, method="pm"), BCG["expected"]["EB"]
    assert found.tau2 == pytest.approx(expected["tau2"], abs=1e-6)
    assert found.std_error == pytest.approx(expected["se_tau2"], abs=1e-6)


def test_the_q_profile_interval_is_metafor_s_within_its_own_tolerance():
    found, expected = between(Y, V), BCG["expected"]
    assert found.conf_low == pytest.approx(expected["REML_confint_tau2_Qprofile"][0], abs=5e-5)
    assert found.conf_high == pytest.approx(expected["REML_confint_tau2_Qprofile"][1], abs=5e-5)
    assert found.i2_low == pytest.approx(expected["REML_confint_I2"][0], abs=5e-3)
    assert found.i2_high == pytest.approx(expected["REML_confint_I2"][1], abs=5e-3)


def test_the_printed_numbers_of_the_article_on_metafor():
    found, expected = between(Y, V), PUBLISHED["viechtbauer2010"]["expected"]
    values = {
        "tau2": found.tau2,
        "tau2_error": found.std_error,
        "i2": found.i2,
        "h2": found.h2,
        "q": found.q,
        "df": found.df,
        "tau2_low": found.conf_low,
        "tau2_high": found.conf_high,
        "i2_low": found.i2_low,
        "i2_high": found.i2_high,
        "h2_low": found.h2_low,
        "h2_high": found.h2_high,
    }
    for name, value in values.items():
        assert value == pytest.approx(expected[name], abs=half_a_last_digit(expected[name])), name


def test_the_printed_numbers_of_the_article_on_intervals_of_tau2():
    case = PUBLISHED["collins1985"]
    y, v = log_odds_ratios(case["counts"])
    expected = case["expected"]
    reml = between(y, v)
    values = {
        "dl": between(y, v, method="dl").tau2,
        "reml": reml.tau2,
        "tau2_low": reml.conf_low,
        "tau2_high": reml.conf_high,
        "reml_wald_low": reml.tau2 - 1.96 * reml.std_error,
        "reml_wald_high": reml.tau2 + 1.96 * reml.std_error,
    }
    for name, value in values.items():
        assert value == pytest.approx(expected[name], abs=half_a_last_digit(expected[name])), name


@pytest.mark.parametrize(("model", "method", "tolerance"), [("rma REML, log", "reml", 1e-6), ("rma DL", "dl", 1e-10)])
def test_cognitive_behavioural_programmes_are_metafor_s(model, method, tolerance):
    y, v = archive_studies("dat.landenberger2005_log_or_nonrecidivism.csv")
    found, expected = between(y, v, method=method), archive_values("dat.landenberger2005", model)
    assert found.tau2 == pytest.approx(expected["tau2"], abs=tolerance)
    assert found.i2 == pytest.approx(expected["I2"], abs=100 * tolerance)
    assert found.q == pytest.approx(expected["Q"], abs=1e-8)
    assert found.p_value == pytest.approx(expected["Qp"], rel=1e-8)


@pytest.mark.parametrize(
    ("file", "data", "model"),
    [
        ("dat.konstantopoulos2011.csv", "dat.konstantopoulos2011", "rma REML"),
        ("dat.tannersmith2016.csv", "dat.tannersmith2016", "rma REML ignoring"),
    ],
)
def test_other_studies_of_the_archive_are_metafor_s(file, data, model):
    y, v = archive_studies(file)
    found, expected = between(y, v), archive_values(data, model)
    assert found.tau2 == pytest.approx(expected["tau2"], abs=1e-6)
    assert found.i2 == pytest.approx(expected["I2"], abs=1e-3)
    assert found.q == pytest.approx(expected["Q"], abs=1e-8)


@pytest.mark.parametrize("seed", range(6))
def test_reml_is_the_maximum_that_a_search_over_matrices_finds(seed):
    y, v = made(np.random.default_rng(seed), 9)
    found = between(y, v)
    options = {"xatol": 1e-11}
    best = minimize_scalar(lambda t: -restricted(y, v, t), bounds=(0, 3), method="bounded", options=options).x
    assert found.tau2 == pytest.approx(best if best > 1e-8 else 0.0, abs=1e-5)
    for other in np.linspace(0, 2, 60):
        assert restricted(y, v, found.tau2) >= restricted(y, v, other) - 1e-9


@pytest.mark.parametrize("seed", range(4))
def test_reml_beside_moderators_is_the_maximum_too(seed):
    rng = np.random.default_rng(seed)
    y, v = made(rng, 14)
    x = np.column_stack([np.ones(14), rng.normal(size=14), rng.integers(0, 2, 14)])
    found = between(y, v, x=x)
    for other in np.linspace(0, 2, 60):
        assert restricted(y, v, found.tau2, x) >= restricted(y, v, other, x) - 1e-9
    p = projection(v, found.tau2, x)
    assert found.std_error == pytest.approx(np.sqrt(2 / np.trace(p @ p)), rel=1e-9)
    assert found.df == 11
    assert found.q == pytest.approx(q_of(y, v, 0.0, x), rel=1e-9)


@pytest.mark.parametrize("method", ESTIMATORS)
def test_a_column_of_ones_is_no_moderator(method):
    y, v = made(np.random.default_rng(5), 10)
    plain, ones = between(y, v, method=method), between(y, v, x=np.ones((10, 1)), method=method)
    for name in ("tau2", "std_error", "conf_low", "conf_high", "i2", "h2", "q", "p_value"):
        assert getattr(ones, name) == pytest.approx(getattr(plain, name), rel=1e-8, abs=1e-12), name


def test_paule_mandel_and_the_interval_are_the_roots_that_another_solver_finds():
    y, v = made(np.random.default_rng(11), 12, tau2=0.5)
    found = between(y, v, method="pm")
    for value, target in (
        (found.tau2, 11),
        (found.conf_low, chi2.isf(0.025, 11)),
        (found.conf_high, chi2.ppf(0.025, 11)),
    ):
        root = brentq(lambda t, target=target: q_of(y, v, t) - target, 0, 100, xtol=1e-13)
        assert value == pytest.approx(root, rel=1e-9)


def test_der_simonian_and_laird_by_hand():
    # y = 0, 1, 2 with v = 1/2: w = 2, mean 1, Q = 4, tr P = 6 - 12 / 6 = 4, tau2 = (4 - 2) / 4
    found = between(np.array([0.0, 1.0, 2.0]), np.full(3, 0.5), method="dl")
    assert (found.q, found.tau2, found.df) == pytest.approx((4.0, 0.5, 2))
    assert found.typical_variance == pytest.approx(0.5)
    assert (found.i2, found.h2) == pytest.approx((50.0, 2.0))


@pytest.mark.parametrize("method", ESTIMATORS)
def test_with_equal_variances_all_methods_give_the_variance_of_y_less_v(method):
    y = np.array([0.1, 0.9, -0.4, 1.3, 0.6])
    found = between(y, np.full(5, 0.2), method=method)
    assert found.tau2 == pytest.approx(np.var(y, ddof=1) - 0.2, abs=1e-10)


def test_the_error_of_der_simonian_and_laird_is_that_of_matrices():
    p = projection(V, 0.0)
    found = between(Y, V, method="dl")
    trace, trace2, t = np.trace(p), np.trace(p @ p), found.tau2
    assert found.std_error == pytest.approx(np.sqrt((2 * 12 + 4 * t * trace + 2 * t**2 * trace2) / trace**2), rel=1e-12)


@pytest.mark.parametrize("method", ESTIMATORS)
def test_effects_that_are_the_same_do_not_differ(method):
    found = between(np.full(5, 0.4), np.linspace(0.1, 0.5, 5), method=method)
    assert (found.tau2, found.conf_low, found.conf_high, found.i2, found.h2) == pytest.approx((0, 0, 0, 0, 1))
    assert found.q == pytest.approx(0, abs=1e-28)
    assert found.p_value == 1


@given(some_studies())
def test_numbers_stay_where_they_can_be(held):
    y, v = held
    for method in ESTIMATORS:
        found = between(y, v, method=method)
        assert 0 <= found.tau2 < np.inf
        assert 0 <= found.conf_low <= found.conf_high < np.inf
        assert 0 <= found.i2_low <= found.i2_high < 100
        assert 1 <= found.h2_low <= found.h2_high
        assert 0 <= found.p_value <= 1
        assert found.std_error > 0


@given(some_studies(least=3))
def test_order_sign_and_place_of_studies_do_not_matter(held):
    y, v = held
    turned = np.random.default_rng(0).permutation(len(y))
    for method in ESTIMATORS:
        plain = between(y, v, method=method)
        for other in (between(y[turned], v[turned], method=method), between(-y, v, method=method)):
            assert other.tau2 == pytest.approx(plain.tau2, rel=1e-6, abs=1e-8)
            assert other.conf_high == pytest.approx(plain.conf_high, rel=1e-6, abs=1e-8)
        moved = between(y + 3, v, method=method)
        assert moved.tau2 == pytest.approx(plain.tau2, rel=1e-5, abs=1e-7)


@given(some_studies(least=3))
def test_other_units_change_tau2_by_their_square_and_i2_not_at_all(held):
    y, v = held
    for method in ESTIMATORS:
        plain, other = between(y, v, method=method), between(1000 * y, 1e6 * v, method=method)
        assert other.tau2 == pytest.approx(1e6 * plain.tau2, rel=1e-5, abs=1e-2)
        assert other.i2 == pytest.approx(plain.i2, rel=1e-5, abs=1e-4)
        assert other.q == pytest.approx(plain.q, rel=1e-9, abs=1e-9)


@given(some_studies(least=3))
def test_the_root_never_overshoots_and_q_there_is_its_target(held):
    y, v = held
    assume(np.ptp(y) > 0.01)
    found = between(y, v)
    for value, target in ((found.conf_low, chi2.isf(0.025, found.df)), (found.conf_high, chi2.ppf(0.025, found.df))):
        if value > 0:
            assert q_of(y, v, value) == pytest.approx(target, rel=1e-6)
        else:
            assert found.q <= target


def test_a_wider_interval_holds_a_narrower_one():
    wide, narrow = between(Y, V, alpha=0.01), between(Y, V, alpha=0.2)
    assert wide.conf_low < narrow.conf_low < narrow.tau2 < narrow.conf_high < wide.conf_high


def test_the_search_that_stands_in_for_fisher_scoring_finds_the_same(monkeypatch):
    plain = between(Y, V)
    monkeypatch.setattr(meta_between, "_STEPS", 0)
    assert meta_between._reml(Y, V, None, meta_between._sums(Y, V, None, 0.0))[0] == pytest.approx(plain.tau2, abs=1e-6)
    alike = np.full(4, 0.3)
    assert meta_between._search(alike, np.full(4, 0.1), None) == 0


def test_every_breach_is_named_at_once_with_the_studies():
    y, v = np.array([0.1, np.nan, np.inf, 0.2, 1e200]), np.array([0.1, 0.1, -1.0, 0.0, np.nan])
    with pytest.raises(DesignError) as raised:
        effects(y, v, least=9)
    assert raised.value.breaches == (
        "study 2, 3: the effect is no number",
        "study 5: the effect is larger than 1e50",
        "study 5: the variance is no number",
        "study 3, 4: the variance is not above 0",
        "got 5 studies, expected at least 9",
    )


@pytest.mark.parametrize(
    ("y", "v", "words"),
    [
        ([0.1], [0.1], "got 1 studies, expected at least 2"),
        ([0.1, 0.2], [0.1], "got shapes"),
        ([[0.1, 0.2]], [[0.1, 0.2]], "got shapes"),
        ([0.1, 0.2], [0.1, 1e-200], "between 1e-50 and 1e50"),
        ([0.1, 0.2], [0.1, 1e-12], "some are in other units"),
    ],
)
def test_what_cannot_be_pooled_is_refused(y, v, words):
    with pytest.raises(DesignError, match=words):
        between(np.array(y), np.array(v))


@pytest.mark.parametrize("scale", [1e-22, 1e20])
def test_units_far_from_one_do_no_harm(scale):
    plain = between(Y, V)
    found = between(Y * scale, V * scale**2)
    assert found.tau2 == pytest.approx(plain.tau2 * scale**2, rel=1e-8)
    assert found.i2_high == pytest.approx(plain.i2_high, rel=1e-9)


def test_another_method_and_too_many_moderators_are_refused():
    with pytest.raises(DesignError, match="choose one of reml, dl, pm"):
        between(Y, V, method="sj")
    with pytest.raises(DesignError, match="expected at least 3"):
        between(Y[:2], V[:2], x=np.column_stack([np.ones(2), [0, 1]]))


@pytest.mark.slow
def test_the_interval_of_tau2_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(20261127)
    v = np.random.default_rng(1).uniform(0.02, 0.3, 10)
    held = 0
    for _ in range(2000):
        found = between(rng.normal(0.2, np.sqrt(v + 0.15)), v, method="dl")
        held += found.conf_low <= 0.15 <= found.conf_high
    assert held / 2000 == pytest.approx(0.95, abs=0.015)
