"""Numbers that R lme4 and ordinal made; statsmodels beside."""

import json
from pathlib import Path

import numpy as np
import pytest

from curv_eval.stats.mixed import mixed_model
from curv_eval.stats.mixed_counts import Response, mixed_counts
from curv_eval.stats.ordinal import proportional_odds

HERE = Path(__file__).parent


def case(name):
    held = json.loads((HERE / f"{name}.json").read_text("utf-8"))
    return {key: np.array(values) for key, values in held["data"]["inline"].items()}, held["expected"]


@pytest.fixture(scope="module")
def sleep():
    data, expected = case("sleepstudy_mixed")
    return np.column_stack([np.ones(180), data["Days"]]).astype(float), data["Reaction"], data["Subject"], expected


@pytest.fixture(scope="module")
def cattle():
    data, expected = case("cbpp_binomial_mixed")
    x = np.column_stack([np.ones(56), *(data["period"] == p for p in "234")]).astype(float)
    return x, Response(data["incidence"].astype(float), size=data["size"].astype(float)), data["herd"], expected


def test_random_slopes_by_reml_are_those_of_lme4(sleep):
    x, y, group, expected = sleep
    found, held = mixed_model(x, y, group, z=x), expected["random_slope"]
    assert found.coefficients == pytest.approx(list(held["fix"].values()), abs=1e-4)
    assert found.errors == pytest.approx(list(held["se"].values()), abs=1e-3)
    got = [found.between[0, 0], found.between[1, 1], found.between[0, 1], found.within]
    assert got == pytest.approx(held["vc"]["vcov"], rel=1e-3)
    assert found.deviance == pytest.approx(held["reml"], abs=1e-4)
    # a lower criterion is a better optimum
    assert found.deviance <= held["reml"] + 1e-6


def test_random_intercepts_by_reml_are_those_of_lme4(sleep):
    x, y, group, expected = sleep
    found, held = mixed_model(x, y, group), expected["random_intercept"]
    assert found.coefficients == pytest.approx(list(held["fix"].values()), abs=1e-4)
    assert found.errors == pytest.approx(list(held["se"].values()), abs=1e-3)
    assert (found.between[0, 0], found.within) == pytest.approx((held["var_u"], held["var_e"]), rel=1e-3)
    assert found.icc == pytest.approx(held["icc"], rel=1e-3)


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("slopes", [True, False])
def test_mixed_models_are_those_of_statsmodels_on_unbalanced_rows(sleep, reml, slopes):
    from statsmodels.regression.mixed_linear_model import MixedLM

    x, y, group, _ = sleep
    kept = np.random.default_rng(3).random(len(y)) < 0.7
    x, y, group = x[kept], y[kept], group[kept]
    theirs = MixedLM(y, x, groups=group, exog_re=x if slopes else None).fit(reml=reml, method="lbfgs")
    found = mixed_model(x, y, group, z=x if slopes else None, reml=reml)
    assert found.coefficients == pytest.approx(theirs.fe_params, rel=1e-4)
    assert found.within == pytest.approx(theirs.scale, rel=1e-3)
    assert -found.deviance / 2 == pytest.approx(theirs.llf, abs=1e-3)


def test_shares_by_laplace_are_those_of_lme4(cattle):
    x, response, group, expected = cattle
    found = mixed_counts(x, response, group)
    assert found.coefficients == pytest.approx(list(expected["fix"].values()), abs=0.002)
    # lme4 differentiates its criterion numerically in steps; at a given sd the information is within its tolerance
    assert np.sqrt(np.diagonal(found.given_sd)) == pytest.approx(list(expected["se"].values()), abs=0.005)
    assert found.errors == pytest.approx(list(expected["se"].values()), abs=0.006)
    assert found.sd == pytest.approx(expected["sd_herd"], abs=0.001)
    assert found.log_likelihood == pytest.approx(expected["ll"], abs=0.001)


def test_the_likelihood_is_that_of_brute_force(cattle):
    from scipy.stats import binom, norm

    x, response, group, _ = cattle
    found = mixed_counts(x, response, group, points=25)
    grid = np.linspace(-8, 8, 4001)
    total = 0.0
    for herd in np.unique(group):
        rows = np.flatnonzero(group == herd)
        eta = (x[rows] @ found.coefficients)[:, None] + found.sd * grid
        each = binom.pmf(response.y[rows, None], response.size[rows, None], 1 / (1 + np.exp(-eta))).prod(axis=0)
        total += np.log(np.trapezoid(each * norm.pdf(grid), grid))
    assert found.log_likelihood == pytest.approx(total, abs=1e-6)


def test_ordered_answers_are_those_of_ordinal():
    data, expected = case("wine_ordinal")
    x = np.column_stack([data["temp"] == "warm", data["contact"] == "yes"]).astype(float)
    found = proportional_odds(x, data["rating"])
    got = np.append(found.thresholds, found.coefficients)
    assert got == pytest.approx(list(expected["coef"].values()), abs=1e-4)
    assert found.errors == pytest.approx(list(expected["se"].values()), abs=1e-4)
    assert found.log_likelihood == pytest.approx(expected["ll"], abs=1e-6)
