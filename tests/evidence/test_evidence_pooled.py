"""The pooled effect: against metafor, statsmodels, arithmetic by hand, and what must hold for all studies."""

import time

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from meta_cases import BCG, PUBLISHED, archive_studies, archive_values, bcg, half_a_last_digit, made
from meta_cases import studies as some_studies
from scipy.stats import norm, t
from statsmodels.stats.meta_analysis import combine_effects

from curv_eval.errors import DesignError
from curv_eval.stats.meta_pooled import INTERVALS, Pooling, pooled, quantile, two_sided

Y, V = bcg()
CASES = {
    "FE": ({"model": "fixed"}, 1e-8),
    "DL": ({"tau2": "dl", "interval": "normal"}, 1e-8),
    "REML": ({"interval": "normal"}, 1e-6),
    "PM": ({"tau2": "pm", "interval": "normal"}, 1e-4),
    "EB": ({"tau2": "pm", "interval": "normal"}, 1e-6),
    "DL_HKSJ": ({"tau2": "dl", "interval": "hartung_knapp_uncorrected"}, 1e-8),
    "REML_HKSJ": ({"interval": "hartung_knapp_uncorrected"}, 1e-6),
    "PM_HKSJ": ({"tau2": "pm", "interval": "hartung_knapp_uncorrected"}, 1e-4),
}


@pytest.mark.parametrize("name", CASES)
def test_the_thirteen_trials_are_metafor_s(name):
    choices, tolerance = CASES[name]
    found, expected = pooled(Y, V, **choices), BCG["expected"][name]
    values = {
        "estimate": found.estimate,
        "se": found.std_error,
        "ci_lb": found.conf_low,
        "ci_ub": found.conf_high,
        "pi_lb": found.prediction_low,
        "pi_ub": found.prediction_high,
    }
    for key in set(values) & set(expected):
        assert values[key] == pytest.approx(expected[key], abs=tolerance), key
    assert found.statistic == pytest.approx(expected["zval"], abs=20 * tolerance)
    assert found.p_value == pytest.approx(expected["pval"], abs=tolerance)


def test_i2_and_h2_of_the_fixed_model_come_from_q():
    found, expected = pooled(Y, V, model="fixed").between, BCG["expected"]["FE"]
    assert found.i2 == pytest.approx(expected["I2"], abs=1e-7)
    assert found.h2 == pytest.approx(expected["H2"], abs=1e-7)
    assert found.tau2 == 0
    assert np.isnan([found.conf_low, found.i2_high, found.std_error]).all()


def test_the_printed_numbers_of_the_article_on_metafor():
    found, expected = pooled(Y, V, interval="normal"), PUBLISHED["viechtbauer2010"]["expected"]
    for name in ("estimate", "std_error"):
        assert getattr(found, name) == pytest.approx(expected[name], abs=half_a_last_digit(expected[name]))


@pytest.mark.parametrize(
    ("model", "choices", "tolerance"),
    [
        ("rma REML, log", {"interval": "normal"}, 1e-7),
        ("rma DL", {"tau2": "dl", "interval": "normal"}, 1e-11),
        ("rma FE", {"model": "fixed"}, 1e-11),
        ("rma REML + Knapp", {"interval": "hartung_knapp_uncorrected"}, 1e-7),
    ],
)
def test_cognitive_behavioural_programmes_are_metafor_s(model, choices, tolerance):
    y, v = archive_studies("dat.landenberger2005_log_or_nonrecidivism.csv")
    found, expected = pooled(y, v, **choices), archive_values("dat.landenberger2005", model)
    for key, value in (
        ("estimate", found.estimate),
        ("se", found.std_error),
        ("ci_low", found.conf_low),
        ("ci_high", found.conf_high),
    ):
        assert value == pytest.approx(expected[key], abs=tolerance), key
    assert found.studies == expected["k"]


def test_the_odds_ratio_is_the_one_that_landenberger_and_lipsey_print():
    y, v = archive_studies("dat.landenberger2005_log_or_nonrecidivism.csv")
    assert np.exp(pooled(y, v, tau2="dl").estimate) == pytest.approx(1.53, abs=0.005)


@pytest.mark.parametrize(
    ("file", "data", "model"),
    [
        ("dat.konstantopoulos2011.csv", "dat.konstantopoulos2011", "rma REML"),
        ("dat.tannersmith2016.csv", "dat.tannersmith2016", "rma REML ignoring"),
    ],
)
def test_other_studies_of_the_archive_are_metafor_s(file, data, model):
    y, v = archive_studies(file)
    found, expected = pooled(y, v, interval="normal"), archive_values(data, model)
    assert found.estimate == pytest.approx(expected["estimate"], abs=1e-6)
    assert found.std_error == pytest.approx(expected["se"], abs=1e-6)
    assert (found.conf_low, found.conf_high) == pytest.approx((expected["ci_low"], expected["ci_high"]), abs=1e-6)


def test_statsmodels_agrees_with_der_simonian_laird_and_hartung_knapp():
    other = combine_effects(Y, V, method_re="chi2", use_t=True)
    found = pooled(Y, V, tau2="dl", interval="normal")
    assert found.estimate == pytest.approx(other.mean_effect_re, rel=1e-12)
    assert found.std_error == pytest.approx(other.sd_eff_w_re, rel=1e-10)
    knapp = pooled(Y, V, tau2="dl", interval="hartung_knapp_uncorrected")
    assert knapp.std_error == pytest.approx(other.sd_eff_w_re_hksj, rel=1e-10)


@pytest.mark.parametrize("seed", range(3))
def test_hartung_knapp_is_weighted_least_squares_on_a_constant(seed):
    y, v = made(np.random.default_rng(seed), 8)
    found = pooled(y, v, interval="hartung_knapp_uncorrected")
    fit = sm.WLS(y, np.ones(8), weights=1 / (v + found.between.tau2)).fit()
    assert found.std_error == pytest.approx(fit.bse[0], rel=1e-10)
    assert (found.conf_low, found.conf_high) == pytest.approx(tuple(fit.conf_int()[0]), rel=1e-9)
    assert found.p_value == pytest.approx(fit.pvalues[0], rel=1e-8)


def test_a_case_by_hand():
    # tau2 = 1/2 as by hand elsewhere, so w = 1, mean 1, SE^2 = 1/3; q = 2 / 2 = 1 changes nothing
    y, v = np.array([0.0, 1.0, 2.0]), np.full(3, 0.5)
    found = pooled(y, v, tau2="dl")
    assert (found.estimate, found.std_error, found.df) == pytest.approx((1.0, 3**-0.5, 2))
    assert found.conf_high == pytest.approx(1 + 4.302652729911275 * 3**-0.5)
    assert found.prediction_high == pytest.approx(1 + 4.302652729911275 * (1 / 3 + 0.5) ** 0.5)
    assert found.weights == pytest.approx([100 / 3] * 3)
    assert found.notes == ()


def test_weights_are_per_cent_of_the_precision():
    found = pooled(Y, V, interval="normal")
    assert found.weights.sum() == pytest.approx(100)
    assert found.weights == pytest.approx(100 * np.array(BCG["expected"]["influence"]["hat"]), abs=1e-6)


def test_the_corrected_interval_is_never_narrower_and_is_the_plain_one_where_q_is_large():
    alike = np.array([0.30, 0.31, 0.29, 0.305, 0.295])
    v = np.full(5, 0.04)
    corrected, plain = pooled(alike, v), pooled(alike, v, interval="hartung_knapp_uncorrected")
    assert corrected.std_error == pytest.approx(pooled(alike, v, interval="normal").std_error)
    assert plain.std_error < 0.1 * corrected.std_error
    assert pooled(Y, V).std_error == pooled(Y, V, interval="hartung_knapp_uncorrected").std_error


def test_the_prediction_interval_takes_the_distribution_of_the_interval_and_says_so():
    knapp, normal = pooled(Y, V), pooled(Y, V, interval="normal")
    assert (knapp.df, knapp.prediction_df) == (12, 12)
    assert (normal.df, normal.prediction_df) == (np.inf, np.inf)
    reach = t.ppf(0.975, 12) * np.hypot(knapp.std_error, np.sqrt(knapp.between.tau2))
    assert knapp.prediction_high - knapp.estimate == pytest.approx(reach, rel=1e-10)
    reach = norm.ppf(0.975) * np.hypot(normal.std_error, np.sqrt(normal.between.tau2))
    assert normal.estimate - normal.prediction_low == pytest.approx(reach, rel=1e-10)


def test_the_prediction_interval_of_higgins_has_k_less_two_degrees():
    found = pooled(Y, V, interval="normal", prediction="higgins")
    assert found.prediction_df == 11
    reach = t.ppf(0.975, 11) * np.hypot(found.std_error, np.sqrt(found.between.tau2))
    assert found.prediction_high - found.estimate == pytest.approx(reach, rel=1e-10)


def test_two_studies_have_a_wide_interval_that_says_why_and_no_prediction():
    found = pooled(Y[:2], V[:2])
    assert found.df == 1
    assert np.isnan([found.prediction_low, found.prediction_high, found.prediction_df]).all()
    first, second = found.notes
    assert "1 degree of freedom: the interval reaches 12.7 standard errors" in first
    assert "at least 3 studies" in second
    assert any("takes tau2 as known" in note for note in pooled(Y[:2], V[:2], interval="normal").notes)
    assert not np.isnan(pooled(Y[:3], V[:3]).prediction_low)


def test_one_study_can_stand_in_the_fixed_model_alone():
    found = pooled([0.4], [0.04], model="fixed")
    assert (found.estimate, found.std_error) == pytest.approx((0.4, 0.2))
    assert (found.between.q, found.between.df, found.between.p_value, found.between.i2) == (0, 0, 1, 0)
    assert found.notes == ("one study: there is nothing to pool",)
    with pytest.raises(DesignError, match="expected at least 2"):
        pooled([0.4], [0.04])


def test_effects_that_are_the_same_without_correction_have_no_error_and_say_so():
    found = pooled(np.full(4, 0.5), np.full(4, 0.1), interval="hartung_knapp_uncorrected")
    assert (found.std_error, found.conf_low, found.conf_high) == (0, 0.5, 0.5)
    assert np.isnan([found.statistic, found.p_value]).all()
    assert "take the corrected one" in found.notes[0]


def test_the_fixed_model_is_arithmetic():
    y, v = np.array([1.0, 3.0]), np.array([1.0, 1 / 3])
    found = pooled(y, v, model="fixed")
    assert (found.estimate, found.std_error) == pytest.approx((2.5, 0.5))
    assert found.between.q == pytest.approx(1.5**2 + 3 * 0.5**2)
    assert found.weights == pytest.approx([25, 75])


@given(some_studies(), st.sampled_from(["random", "fixed"]))
def test_the_effect_lies_among_the_studies_inside_its_interval(held, model):
    y, v = held
    found = pooled(y, v, model=model)
    assert y.min() - 1e-9 <= found.estimate <= y.max() + 1e-9
    assert found.conf_low <= found.estimate <= found.conf_high
    assert 0 <= found.p_value <= 1
    assert found.weights.sum() == pytest.approx(100)
    if model == "random" and len(y) > 2:
        assert found.prediction_low <= found.conf_low
        assert found.conf_high <= found.prediction_high


@given(some_studies(least=3), st.sampled_from(INTERVALS))
def test_order_and_sign_of_studies_do_not_matter(held, interval):
    y, v = held
    turned = np.random.default_rng(1).permutation(len(y))
    plain, other, mirrored = (
        pooled(a, b, interval=interval) for a, b in ((y, v), (y[turned], v[turned]), (-y, v))
    )  # fmt: skip
    close = {"rel": 1e-6, "abs": 1e-7}
    assert other.estimate == pytest.approx(plain.estimate, **close)
    assert other.std_error == pytest.approx(plain.std_error, **close)
    assert other.weights == pytest.approx(plain.weights[turned], rel=1e-5, abs=1e-5)
    assert mirrored.estimate == pytest.approx(-plain.estimate, **close)
    assert mirrored.conf_low == pytest.approx(-plain.conf_high, rel=1e-5, abs=1e-6)


@given(some_studies(least=3))
def test_moving_and_stretching_all_effects_moves_and_stretches_the_pooled_one(held):
    y, v = held
    plain = pooled(y, v)
    moved, stretched = pooled(y + 2, v), pooled(10 * y, 100 * v)
    assert moved.estimate == pytest.approx(plain.estimate + 2, rel=1e-5, abs=1e-6)
    assert moved.std_error == pytest.approx(plain.std_error, rel=1e-5, abs=1e-7)
    assert stretched.estimate == pytest.approx(10 * plain.estimate, rel=1e-5, abs=1e-6)
    assert stretched.prediction_high == pytest.approx(10 * plain.prediction_high, rel=1e-5, abs=1e-5)


@given(some_studies(least=3))
def test_the_random_interval_is_never_narrower_than_that_of_the_fixed_model(held):
    y, v = held
    fixed = pooled(y, v, model="fixed")
    for interval in ("normal", "hartung_knapp"):
        assert pooled(y, v, interval=interval).std_error >= fixed.std_error * (1 - 1e-12)


def test_an_empty_interval_is_chosen_by_the_model():
    assert Pooling().interval == "hartung_knapp"
    assert Pooling(model="fixed").interval == "normal"


def test_every_wrong_choice_is_named_at_once():
    with pytest.raises(DesignError) as raised:
        pooled(Y, V, model="mixed", tau2="sj", interval="t", alpha=1.5, prediction="z")
    assert [breach.split(":")[0] for breach in raised.value.breaches] == [
        "model", "tau2", "interval", "prediction", "alpha",
    ]  # fmt: skip


def test_the_fixed_model_takes_no_hartung_knapp():
    with pytest.raises(DesignError, match="takes no Hartung-Knapp"):
        pooled(Y, V, model="fixed", interval="hartung_knapp")


@pytest.mark.parametrize(("y", "v"), [([0.1, np.nan], [1, 1]), ([0.1, 0.2], [1, 0]), ([0.1, 0.2], [1, -1])])
@pytest.mark.parametrize("model", ["random", "fixed"])
def test_studies_that_are_no_numbers_are_refused(y, v, model):
    with pytest.raises(DesignError, match="study 2"):
        pooled(np.array(y), np.array(v), model=model)


@pytest.mark.parametrize("df", [1, 2.5, 12, np.inf])
def test_quantiles_and_tails_are_those_of_scipy_s_distributions(df):
    law = norm if np.isinf(df) else t(df)
    assert quantile(0.975, df) == pytest.approx(law.ppf(0.975), rel=1e-10)
    assert two_sided(-2.3, df) == pytest.approx(2 * law.sf(2.3), rel=1e-10)


@pytest.mark.slow
def test_a_hundred_studies_take_about_a_thousandth_of_a_second():
    y, v = made(np.random.default_rng(3), 100)
    pooled(y, v)
    taken = []
    for _ in range(300):
        begun = time.perf_counter()
        pooled(y, v)
        taken.append(time.perf_counter() - begun)
    # five times what it took on the machine where it was written
    assert np.median(taken) < 0.003


@pytest.mark.slow
@pytest.mark.parametrize(("interval", "low", "high"), [("hartung_knapp", 0.94, 0.98), ("normal", 0.85, 0.95)])
def test_hartung_knapp_covers_where_the_normal_interval_falls_short(interval, low, high):
    rng = np.random.default_rng(20261127)
    v = np.random.default_rng(2).uniform(0.02, 0.2, 6)
    held = 0
    for _ in range(2000):
        found = pooled(rng.normal(0.3, np.sqrt(v + 0.15)), v, interval=interval)
        held += found.conf_low <= 0.3 <= found.conf_high
    assert low <= held / 2000 <= high


# Bounds written after it was measured (91.9% and 95%): it takes tau2 as known, and so holds too few new studies while
# there are few old ones (Partlett & Riley 2017).
@pytest.mark.slow
@pytest.mark.parametrize(("k", "low", "high"), [(12, 0.89, 0.945), (60, 0.93, 0.97)])
def test_the_prediction_interval_needs_many_studies_to_hold_new_ones_as_often_as_it_says(k, low, high):
    rng = np.random.default_rng(5)
    v = np.random.default_rng(2).uniform(0.02, 0.2, k)
    held = 0
    for _ in range(2000):
        found = pooled(rng.normal(0.3, np.sqrt(v + 0.2)), v)
        held += found.prediction_low <= rng.normal(0.3, np.sqrt(0.2)) <= found.prediction_high
    assert low <= held / 2000 <= high
