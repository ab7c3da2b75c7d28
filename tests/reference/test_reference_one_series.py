"""Numbers that other programs made for one series: R's lm, glm, arima, sandwich, lmtest and MASS, and CausalImpact."""

import json
from pathlib import Path

import numpy as np
import pytest

from curv_eval.estimate.averages import overall
from curv_eval.methods import fit
from curv_eval.panel import Panel, month_number
from curv_eval.stats.arma import Orders, arma_regression
from curv_eval.stats.hac import breusch_godfrey, durbin_watson, ljung_box, long_run
from curv_eval.stats.log_linear import log_linear
from curv_eval.stats.negative_binomial import negative_binomial
from curv_eval.stats.segmented import interruptions, regress, season, trend
from curv_eval.stats.structural import Model, continued
from curv_eval.study import Design, Span

HERE = Path(__file__).parent
TERMS = ("t", "law", "post")


def case(name):
    return json.loads((HERE / f"{name}.json").read_text("utf-8"))


BELTS = case("seatbelts_its")
EXPECTED, ASKED = BELTS["expected"], BELTS["tolerance"]


@pytest.fixture(scope="module")
def belts():
    return {name: np.array(x, dtype=float) for name, x in BELTS["data"]["inline"].items() if isinstance(x, list)}


@pytest.fixture(scope="module")
def design_matrix(belts):
    # log(drivers) ~ t + law + post + month dummies; t = 1..192, post = t - first law month
    time = np.arange(1, 193.0)
    first = time[belts["law"] > 0][0]
    columns = trend(time) + interruptions(time, [first]) + season(time - 1, "months")
    assert columns.names[:4] == ("intercept", "trend", "level", "slope")
    return columns.values


def terms(values):
    return dict(zip(("(Intercept)", *TERMS), values, strict=False))


def test_least_squares_are_those_of_lm(belts, design_matrix):
    y = np.log(belts["drivers"])
    found = regress(y, design_matrix, model="ols")
    error = found.spread[0] * np.sqrt((found.response**2).sum(axis=1))
    for name, value in EXPECTED["ols"]["coef"].items():
        assert terms(found.coefficients)[name] == pytest.approx(value, abs=ASKED["coef"])
        assert terms(error)[name] == pytest.approx(EXPECTED["ols"]["se"][name], abs=1e-8)


@pytest.mark.parametrize(("adjust", "key"), [(False, "nw12_noadj"), (True, "nw12_adj")])
def test_newey_west_errors_are_those_of_sandwich(belts, design_matrix, adjust, key):
    y, x = np.log(belts["drivers"]), design_matrix
    found = regress(y, x, model="ols")
    bread = np.linalg.inv(x.T @ x)
    meat = long_run(x * (y - found.mean)[:, None], lag=12, adjust=adjust)
    error = terms(np.sqrt(np.diag(bread @ meat @ bread)))
    for name, value in EXPECTED[key]["se"].items():
        assert error[name] == pytest.approx(value, abs=1e-9)


def test_tests_of_autocorrelation_are_those_of_lmtest(belts, design_matrix):
    y, x = np.log(belts["drivers"]), design_matrix
    residual = y - regress(y, x, model="ols").mean
    assert durbin_watson(residual) == pytest.approx(EXPECTED["dw"], abs=1e-9)
    statistic, p = breusch_godfrey(x, residual, 12)
    assert statistic == pytest.approx(EXPECTED["bg12"]["stat"], abs=1e-7)
    assert p == pytest.approx(EXPECTED["bg12"]["p"], rel=1e-6)
    assert ljung_box(residual, 12)[1] == pytest.approx(EXPECTED["lb12"], abs=1e-15)


def test_poisson_is_that_of_glm(belts, design_matrix):
    found = log_linear(belts["VanKilled"], design_matrix)
    assert found.deviance == pytest.approx(EXPECTED["pois_van"]["dev"], abs=1e-6)
    error = np.sqrt(np.diag(found.bread))
    for name, value in EXPECTED["pois_van"]["coef"].items():
        assert terms(found.coefficients)[name] == pytest.approx(value, abs=ASKED["coef"])
        # R stops its steps at 1e-8 and takes errors from the step before; ours are those at the maximum
        assert terms(error)[name] == pytest.approx(EXPECTED["pois_van"]["se"][name], rel=1e-5)


def test_quasi_poisson_is_that_of_glm(belts, design_matrix):
    found = regress(belts["VanKilled"], design_matrix, model="quasi_poisson")
    assert found.dispersion == pytest.approx(EXPECTED["qpois_phi"], abs=1e-5)
    error = np.sqrt(((found.response * found.spread) ** 2).sum(axis=1))
    for name, value in EXPECTED["qpois_van"]["coef"].items():
        assert terms(found.coefficients)[name] == pytest.approx(value, abs=ASKED["coef"])
        assert terms(error)[name] == pytest.approx(EXPECTED["qpois_van"]["se"][name], rel=1e-5)


def test_negative_binomial_is_that_of_glm_nb(belts, design_matrix):
    found = negative_binomial(belts["DriversKilled"], design_matrix)
    assert found.theta == pytest.approx(EXPECTED["nb_theta"], abs=ASKED["nb_theta"])
    assert found.theta_error == pytest.approx(EXPECTED["nb_theta_se"], abs=1e-4)
    assert found.log_likelihood == pytest.approx(EXPECTED["nb_ll"], abs=1e-6)
    error = np.sqrt(np.diag(found.fit.bread))
    for name, value in EXPECTED["nb_killed"]["coef"].items():
        assert terms(found.fit.coefficients)[name] == pytest.approx(value, abs=ASKED["coef"])
        assert terms(error)[name] == pytest.approx(EXPECTED["nb_killed"]["se"][name], abs=1e-6)


def test_regression_with_seasonal_errors_is_that_of_arima(belts):
    expected = EXPECTED["sarima_ar1_sar1"]
    x = np.column_stack([np.ones(192), belts["law"], np.log(belts["kms"]), np.log(belts["PetrolPrice"])])
    found = arma_regression(np.log(belts["drivers"]), x, Orders(ar=1, seasonal_ar=1))
    names = ("ar1", "sar1", "intercept", "law", "lk", "lp")
    for values, key in (
        ((*found.arma, *found.coefficients), "coef"),
        ((*found.arma_error, *found.coefficients_error), "se"),
    ):
        for name, value in zip(names, values, strict=True):
            assert value == pytest.approx(expected[key][name], abs=ASKED["arima"])
    assert found.log_likelihood == pytest.approx(expected["loglik"], abs=ASKED["arima"])
    assert found.variance == pytest.approx(expected["sigma2"], rel=1e-4)
    assert -2 * found.log_likelihood + 2 * 7 == pytest.approx(expected["aic"], abs=2 * ASKED["arima"])


def test_the_airline_model_with_a_step_is_that_of_arima(belts):
    expected = EXPECTED["airline_step"]
    orders = Orders(ma=1, differences=1, seasonal_ma=1, seasonal_differences=1)
    found = arma_regression(np.log(belts["drivers"]), belts["law"][:, None], orders)
    for name, value, error in zip(
        ("ma1", "sma1", "law"),
        (*found.arma, *found.coefficients),
        (*found.arma_error, *found.coefficients_error),
        strict=True,
    ):
        assert value == pytest.approx(expected["coef"][name], abs=ASKED["arima"])
        assert error == pytest.approx(expected["se"][name], abs=ASKED["arima"])
    assert found.log_likelihood == pytest.approx(expected["loglik"], abs=ASKED["arima"])


def series_panel(y, onset, first, frequency="month"):
    periods = np.arange(len(y)) + first
    return Panel(
        units=np.array(["treated"]), periods=periods, cohort=np.array([float(periods[onset])]),
        cluster=np.array(["treated"]), outcomes={"y": np.asarray(y, dtype=float)[None, :]}, frequency=frequency,
    )  # fmt: skip


def method(panel, **options):
    design = Design(method="interrupted_time_series", window=Span("1969-01", "1984-12"), options=options)
    return fit(panel, outcome="y", design=design)


@pytest.mark.parametrize(
    ("model", "outcome", "key"),
    [("negative_binomial", "DriversKilled", "nb_killed"), ("quasi_poisson", "VanKilled", "qpois_van")],
)
def test_the_method_gives_the_rate_ratios_of_r(belts, model, outcome, key):
    onset = int(np.flatnonzero(belts["law"])[0])
    panel = series_panel(belts[outcome], onset, month_number("1969-01"))
    found = method(panel, model=model, comparison="none", errors="none").parameters.set_index("term")
    for ours, theirs in (("level", "law"), ("slope", "post"), ("trend", "t")):
        ratio = np.exp(EXPECTED[key]["coef"][theirs])
        assert found.loc[ours, "estimate"] == pytest.approx(ratio, abs=1e-6)
        assert found.loc[ours, "std_error"] == pytest.approx(ratio * EXPECTED[key]["se"][theirs], rel=2e-5)


@pytest.mark.parametrize(("small_sample", "key"), [("none", "nw12_adj")])
def test_the_method_gives_the_newey_west_errors_of_r(belts, small_sample, key):
    onset = int(np.flatnonzero(belts["law"])[0])
    panel = series_panel(np.log(belts["drivers"]), onset, month_number("1969-01"))
    found = method(
        panel, model="ols", comparison="none", season="months", errors="newey_west", lag=12, small_sample=small_sample
    )
    rows = found.parameters.set_index("term")
    for ours, theirs in (("level", "law"), ("slope", "post"), ("trend", "t")):
        assert rows.loc[ours, "estimate"] == pytest.approx(EXPECTED[key]["coef"][theirs], abs=1e-8)
        assert rows.loc[ours, "std_error"] == pytest.approx(EXPECTED[key]["se"][theirs], abs=1e-8)
    assert found.df == pytest.approx(192 - 15)


def test_the_structural_model_agrees_with_causal_impact():
    held = case("causalimpact_vignette")
    y, x = (np.array(held["data"]["inline"][name]) for name in ("y", "x1"))
    before = held["data"]["pre"][1]
    found = continued(y, x[:, None], before, model=Model(draws=4000))
    average = (y - found.draws)[:, before:].mean(axis=1)
    assert (y - found.expected)[before:].mean() == pytest.approx(
        held["expected"]["published_average_effect"], abs=held["tolerance"]["average_effect"]
    )
    low, high = np.quantile(average, [0.025, 0.975])
    assert low < held["expected"]["true_effect"] < high
    assert low == pytest.approx(held["expected"]["published_interval"][0], abs=0.3)
    assert (average > 0).mean() == 1.0
    relative = 100 * (y[before:].mean() / found.expected[before:].mean() - 1)
    assert relative == pytest.approx(held["expected"]["published_relative_pct"], abs=0.7)


def test_the_method_that_continues_a_series_agrees_with_causal_impact():
    held = case("causalimpact_vignette")
    y, x = (np.array(held["data"]["inline"][name]) for name in ("y", "x1"))
    before = held["data"]["pre"][1]
    panel = Panel(
        units=np.array(["y", "x"]), periods=np.arange(100), cohort=np.array([float(before), np.nan]),
        cluster=np.array(["y", "x"]), outcomes={"y": np.vstack([y, x])}, frequency="year",
    )  # fmt: skip
    design = Design(method="structural_time_series", window=Span("2000-01", "2000-12"))
    row = overall(fit(panel, outcome="y", design=design)).set_index("term").loc["average"]
    assert row["estimate"] == pytest.approx(11, abs=held["tolerance"]["average_effect"])
    assert row["conf_low"] < 10 < row["conf_high"]
