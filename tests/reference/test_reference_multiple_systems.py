"""Totals that R packages and published tables give for people or animals on several lists."""

import json
from pathlib import Path

import numpy as np
import pytest

from curv_eval.hidden import multiple_systems
from curv_eval.stats.captures import chao_lower_bound, chapman, lincoln_petersen, tabulate
from curv_eval.stats.closed_population import MODELS, closed_population
from curv_eval.stats.multiple_systems import every_model, fit_models, matrix
from curv_eval.stats.poisson import fit_poisson
from curv_eval.stats.profile_total import profile

HERE = Path(__file__).parent
PUBLISHED = json.loads((HERE / "multiple_systems_published.json").read_text("utf-8"))["cases"]


def case(name):
    return json.loads((HERE / f"{name}.json").read_text("utf-8"))


def captures(counts):
    return tabulate([[int(x) for x in history] for history in counts], list(counts.values()))


def test_chapman_s_estimate_is_seber_s():
    held = case("chapman_two_list")
    given, expected = held["data"]["inline"], held["expected"]
    found = chapman(given["n1"], given["n2"], given["m"])
    assert found.value == pytest.approx(expected["N"], abs=1e-7)
    assert found.std_error**2 == pytest.approx(expected["var"], abs=1e-5)
    assert found.std_error == pytest.approx(expected["se"], abs=1e-7)
    assert lincoln_petersen(given["n1"], given["n2"], given["m"]).value == expected["lincoln_petersen"]


HARE = case("snowshoe_hare_cr")


@pytest.mark.parametrize("model", MODELS)
def test_hares_are_those_of_rcapture(model):
    results = HARE["expected"]["results"]
    at = results["_row"].index(model)
    found = closed_population(captures(HARE["data"]["inline"]["capture_history_counts"]), model)
    assert found.total == pytest.approx(results["abundance"][at], abs=1e-6)
    assert found.rcapture_std_error == pytest.approx(results["stderr"][at], abs=HARE["tolerance"]["stderr"])
    assert found.deviance == pytest.approx(results["deviance"][at], abs=1e-7)
    assert found.df == results["df"][at]
    assert found.aic == pytest.approx(results["AIC"][at], abs=1e-6)


def test_the_error_differs_from_rcapture_s_only_where_its_derivative_lacks_a_factor():
    counts = captures(HARE["data"]["inline"]["capture_history_counts"])
    for model in MODELS:
        found = closed_population(counts, model)
        same = found.std_error == pytest.approx(found.rcapture_std_error, rel=1e-9)
        assert same == (model != "Mbh")


def test_the_error_of_mbh_is_that_of_numerical_derivatives():
    counts = captures(HARE["data"]["inline"]["capture_history_counts"])
    h = counts.histories
    first = h.argmax(axis=1)
    x = np.column_stack([np.ones(len(h)), 1 - h[:, 0], first, counts.times - 1])
    fit = fit_poisson(x, counts.counts)

    def unseen(b):
        again = 1 / (1 + np.exp(-b[3]))
        q = np.exp(b[2]) * (1 - again)
        # those first seen last and not again: N (1 - p_1) (1 - p)^(L - 2) p
        last = np.exp(b[0] + b[1] + (h.shape[1] - 1) * b[2])
        return last * q / (1 - q)

    step = 1e-6
    gradient = [
        (unseen(fit.coefficients + step * e) - unseen(fit.coefficients - step * e)) / (2 * step) for e in np.eye(4)
    ]
    missing = unseen(fit.coefficients)
    found = closed_population(counts, "Mbh")
    assert found.total == pytest.approx(68 + missing, abs=1e-7)
    assert found.std_error == pytest.approx(np.sqrt(missing + gradient @ fit.covariance @ gradient), rel=1e-6)


VOLE = case("meadow_vole_cr")


@pytest.mark.parametrize("model", MODELS)
def test_voles_are_those_that_rcapture_prints(model):
    expected, tolerance = VOLE["expected"][model], VOLE["tolerance"]
    found = closed_population(captures(VOLE["data"]["inline"]["capture_history_counts"]), model)
    assert found.total == pytest.approx(expected["abundance"], abs=tolerance["abundance"])
    assert found.rcapture_std_error == pytest.approx(expected["stderr"], abs=tolerance["stderr"])
    assert found.deviance == pytest.approx(expected["deviance"], abs=tolerance["deviance"])
    assert found.aic == pytest.approx(expected["AIC"], abs=tolerance["AIC"])
    assert found.df == expected["df"]


def test_chao_s_bound_without_correction_is_the_total_of_mh_chao():
    # Rivest & Baillargeon (2007): the log-linear bound is Chao's moment estimator, n + (1 - 1/L) f1^2 / (2 f2)
    counts = captures(HARE["data"]["inline"]["capture_history_counts"])
    f1, f2 = (counts.counts[counts.times == k].sum() for k in (1, 2))
    found = closed_population(counts, "Mh Chao (LB)").total
    assert found == pytest.approx(68 + 5 / 6 * f1**2 / (2 * f2), abs=1e-8)
    assert chao_lower_bound(counts).value == pytest.approx(68 + 5 / 6 * f1 * (f1 - 1) / (2 * (f2 + 1)), abs=1e-10)


FITTED = [
    pytest.param(name, model, id=f"{name}-{k}")
    for name, held in PUBLISHED.items()
    for k, model in enumerate(held.get("models", ()))
]


@pytest.mark.parametrize(("name", "model"), FITTED)
def test_log_linear_totals_are_the_published_ones(name, model):
    counts, tolerance = captures(PUBLISHED[name]["counts"]), PUBLISHED[name]["tolerance"]
    found = fit_models(counts, [tuple(map(tuple, model["pairs"]))])
    values = {
        "total": found.total[0], "stderr": found.std_error[0], "deviance": found.deviance[0],
        "AIC": found.criterion("aic", counts.seen)[0], "BIC": found.criterion("bic", counts.seen)[0],
    }  # fmt: skip
    for key in set(values) & set(model):
        assert values[key] == pytest.approx(model[key], abs=tolerance[key]), key
    if "df" in model:
        assert len(counts.counts) - found.parameters[0] == model["df"]


@pytest.mark.parametrize(("name", "model"), [p for p in FITTED if "profile" in p.values[1]])
def test_profile_intervals_are_the_published_ones(name, model):
    found = profile(captures(PUBLISHED[name]["counts"]), tuple(map(tuple, model["pairs"])))
    for value, expected in zip((found.total, found.conf_low, found.conf_high), model["profile"], strict=True):
        if expected is not None:
            assert value == pytest.approx(expected, abs=PUBLISHED[name]["tolerance"]["profile"])


def test_what_cannot_be_estimated_is_what_chan_silverman_and_vincent_say():
    held = PUBLISHED["artificial_3"]
    models = [tuple(map(tuple, one["pairs"])) for one in held["why"]]
    found = fit_models(captures(held["counts"]), models)
    assert found.why.tolist() == [one["why"] for one in held["why"]]
    assert np.isnan(found.total).tolist() == [bool(one["why"]) for one in held["why"]]


def test_the_best_model_of_korea_by_bic_is_the_published_one():
    counts = PUBLISHED["korea"]["counts"]
    found = multiple_systems(
        [[int(x) for x in history] for history in counts], list(counts.values()), lists=("b", "c", "d")
    )
    assert found.models["model"].iloc[0] == "b x c + c x d"
    assert len(found.models) == 6
    assert found.left_out["why"].tolist() == ["no maximum", "no maximum"]


def test_all_models_at_once_are_those_that_statsmodels_fits_one_by_one():
    import statsmodels.api as sm

    counts = captures(PUBLISHED["diabetes"]["counts"])
    models = every_model(4, 2)
    found = fit_models(counts, models)
    for at in (0, 5, 17, 40, 63):
        x = matrix(counts, models[at])
        fitted = sm.GLM(counts.counts, x, family=sm.families.Poisson()).fit(tol=1e-14)
        unseen = np.exp(fitted.params[0])
        assert found.total[at] == pytest.approx(counts.seen + unseen, rel=1e-8)
        error = np.sqrt(unseen + unseen**2 * fitted.cov_params()[0, 0])
        assert found.std_error[at] == pytest.approx(error, rel=1e-6)
        assert found.log_likelihood[at] == pytest.approx(fitted.llf, rel=1e-10)
