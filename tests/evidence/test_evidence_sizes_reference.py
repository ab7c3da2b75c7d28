"""Effect sizes that other programs and printed pages give."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sizes_support import table

from curv_eval.evidence.sizes import Measure, effects_from
from curv_eval.stats.meta_size_convert import d_to_fisher_z, design_effect, fisher_z_to_d, log_odds_to_d
from curv_eval.stats.meta_size_counts import (
    Size,
    log_odds_ratio,
    log_risk_ratio,
    relative_rate_ratio,
    risk_difference,
)
from curv_eval.stats.meta_size_means import hedges_g, raw_difference, small_sample_factor
from curv_eval.stats.meta_size_reported import critical, error_from_interval, error_from_p, fisher_z

CASES = json.loads((Path(__file__).parents[1] / "reference" / "effect_sizes_published.json").read_text("utf-8"))[
    "cases"
]


def columns(found):
    return np.array([e.value for e in found]), np.array([e.variance for e in found])


def two_by_two(treated, control, better="lower"):
    """A coding table of pairs of people with and without the outcome."""
    (a, b), (c, d) = (np.array(pair, dtype=float) for pair in (treated, control))
    return pd.DataFrame(
        {
            "study": [f"trial {i}" for i in range(len(a))], "reports": "two_by_two", "better": better,
            "events_treated": a, "n_treated": a + b, "events_control": c, "n_control": c + d,
        }
    )  # fmt: skip


def test_risk_ratios_of_bcg_are_those_of_metafor():
    case = CASES["bcg"]
    data = case["data"]
    found = effects_from(
        two_by_two((data["tpos"], data["tneg"]), (data["cpos"], data["cneg"])), measure=Measure.LOG_RISK_RATIO
    )
    values, variances = columns(found)
    assert values == pytest.approx(np.array(case["expected"]["yi"]), abs=case["tolerance"])
    assert variances == pytest.approx(np.array(case["expected"]["vi"]), abs=case["tolerance"])


def test_g_of_lengths_of_stay_is_that_of_metafor():
    case = CASES["stroke_stay"]
    d = case["data"]
    rows = [
        {
            "study": f"trial {i}", "reports": "means", "better": "lower",
            "mean_treated": d["m1"][i], "sd_treated": d["s1"][i], "n_treated": d["n1"][i],
            "mean_control": d["m2"][i], "sd_control": d["s2"][i], "n_control": d["n2"][i],
        }
        for i in range(4)
    ]  # fmt: skip
    values, variances = columns(effects_from(table(*rows)))
    assert values == pytest.approx(np.array(case["expected"]["yi"]), abs=case["tolerance"])
    assert variances == pytest.approx(np.array(case["expected"]["vi"]), abs=case["tolerance"])


def test_changes_are_those_of_morris():
    case = CASES["morris"]
    cells = {
        f"{name}_{group}": case["data"][group][name]
        for group in ("treated", "control")
        for name in ("before", "after", "sd_before", "n")
    }
    held = pd.DataFrame(
        {"study": list("abcde"), "reports": "change", "better": "lower", **cells,
         "correlation_before_after": case["data"]["r"]}
    )  # fmt: skip
    values, variances = columns(effects_from(held))
    assert values == pytest.approx(np.array(case["expected"]["yi"]), abs=case["tolerance"])
    assert variances == pytest.approx(np.array(case["expected"]["vi"]), abs=case["tolerance"])


def test_tolbutamide():
    case = CASES["tolbutamide"]
    expected, tolerance = case["expected"], case["tolerance"]
    for i, (treated, control) in enumerate(zip(case["data"]["treated"], case["data"]["control"], strict=True)):
        difference, ratio = risk_difference(treated, control), log_risk_ratio(treated, control)
        assert difference.value == pytest.approx(expected["difference"][i], abs=tolerance)
        assert np.sqrt(difference.variance) == pytest.approx(expected["difference_se"][i], abs=tolerance)
        width = critical() * np.sqrt(ratio.variance)
        found = np.exp([ratio.value, ratio.value - width, ratio.value + width])
        assert found == pytest.approx(
            [expected[name][i] for name in ("ratio", "ratio_low", "ratio_high")], abs=tolerance
        )


def test_odds_as_a_difference():
    case = CASES["odds_as_difference"]
    found = log_odds_to_d(log_odds_ratio(case["data"]["treated"], case["data"]["control"]))
    assert found.value == pytest.approx(case["expected"]["value"], abs=case["tolerance"])
    assert np.sqrt(found.variance) == pytest.approx(case["expected"]["se"], abs=case["tolerance"])


def test_patrols():
    case = CASES["patrols"]
    found = relative_rate_ratio(case["data"]["treated"], case["data"]["control"], dispersion=1)
    assert found.value == pytest.approx(case["expected"]["log_ratio"], abs=case["tolerance"])
    assert np.exp(found.value) == pytest.approx(case["expected"]["ratio"], abs=case["tolerance"])


def borenstein():
    data = CASES["borenstein"]["data"]
    means, events = data["means"].values(), list(data["events"].values())
    (log_odds, d, r) = (Size(*data[name]) for name in ("log_odds", "d", "r"))
    correlation = Size(float(np.arctanh(r.value)), r.variance / (1 - r.value**2) ** 2)
    as_z = d_to_fisher_z(d)
    rho = float(np.tanh(as_z.value))
    return {
        "difference": raw_difference(*means),
        "log_risk_ratio": log_risk_ratio(*events),
        "log_odds_ratio": log_odds_ratio(*events),
        "risk_difference": risk_difference(*events),
        "fisher_z": fisher_z(*data["correlation"]),
        "log_odds_as_d": log_odds_to_d(log_odds),
        "d_as_r": Size(rho, as_z.variance * (1 - rho**2) ** 2),
        "r_as_d": fisher_z_to_d(correlation),
    }


@pytest.mark.parametrize("name", list(borenstein()))
def test_worked_examples_of_borenstein(name):
    case, found = CASES["borenstein"], borenstein()[name]
    expected = case["expected"][name]
    assert [found.value, found.variance][: len(expected)] == pytest.approx(expected, abs=case["tolerance"])


def test_borenstein_s_g_and_its_factor():
    case = CASES["borenstein"]
    assert hedges_g(*case["data"]["means"].values()).value == pytest.approx(case["expected"]["g"], abs=6e-5)
    for exact in (True, False):
        assert small_sample_factor(98, exact=exact) == pytest.approx(case["expected"]["j"], abs=6e-5)


def test_worked_examples_of_the_cochrane_handbook():
    case = CASES["cochrane"]
    data, expected, within = case["data"], case["expected"], case["tolerance"]
    one = data["interval"]
    error = error_from_interval(one["low"], one["high"], df=one["n"] - 1)
    assert error * np.sqrt(one["n"]) == pytest.approx(expected["interval_sd"], abs=within["interval_sd"])
    df = sum(data["p"]["n"]) - 2
    assert critical(1 - data["p"]["p"], df) == pytest.approx(expected["p_t"], abs=within["p_t"])
    error = error_from_p(data["p"]["difference"], data["p"]["p"], df=df)
    assert error == pytest.approx(expected["p_se"], abs=within["p_se"])


def test_clusters_of_the_cochrane_handbook():
    case = CASES["cochrane"]
    data, expected, within = case["data"]["clusters"], case["expected"], case["tolerance"]
    groups = [data["treated"], data["control"]]
    size = sum(n for _, n in groups) / data["clusters"]
    costs = design_effect(size, data["icc"])
    assert costs == pytest.approx(expected["design_effect"], abs=within["design_effect"])
    for i, (events, n) in enumerate(groups):
        assert n / costs == pytest.approx(expected["people"][i], abs=within["people"])
        assert events / costs == pytest.approx(expected["events"][i], abs=within["events"])


def landenberger():
    beside = Path(__file__).parents[2].parent / "shared" / "data" / "real"
    for place in (os.environ.get("CURV_EVAL_DATA"), beside):
        folder = Path(place or "nowhere") / "evidence-meta-analysis"
        if folder.is_dir():
            counts = pd.read_csv(folder / "dat.landenberger2005.csv")
            return counts, pd.read_csv(folder / "dat.landenberger2005_log_or_nonrecidivism.csv")
    pytest.skip("the real data are not here: set CURV_EVAL_DATA to the folder that holds evidence-meta-analysis")


def test_odds_of_reoffending_are_minus_those_of_not_reoffending_by_metafor():
    counts, theirs = landenberger()
    treated, control = ((counts[f"n.{g}.rec"], counts[f"n.{g}.non"]) for g in ("cbt", "ctrl"))
    values, variances = columns(effects_from(two_by_two(treated, control)))
    assert len(values) == 58
    assert values == pytest.approx(-theirs["yi"].to_numpy(), abs=1e-9)
    assert variances == pytest.approx(theirs["vi"].to_numpy(), abs=1e-9)


def test_coding_who_did_not_reoffend_gives_the_same_effects():
    counts, _ = landenberger()
    treated, control = ((counts[f"n.{g}.rec"], counts[f"n.{g}.non"]) for g in ("cbt", "ctrl"))
    for measure in (Measure.LOG_ODDS_RATIO, Measure.LOG_RISK_RATIO, Measure.RISK_DIFFERENCE):
        one = effects_from(two_by_two(treated, control), measure=measure)
        other = effects_from(two_by_two(treated[::-1], control[::-1], better="higher"), measure=measure)
        for mine, turned in zip(columns(one), columns(other), strict=True):
            assert turned == pytest.approx(mine, abs=1e-12)
