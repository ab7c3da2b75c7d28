"""Numbers that R rdrobust 3.0.0 made from the US Senate elections; more from rdrobust 2.1.1 in Python."""

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from curv_eval.estimate.averages import overall
from curv_eval.methods import fit
from curv_eval.people import People
from curv_eval.stats.bandwidth import bandwidths
from curv_eval.stats.discontinuity import fuzzy, sharp
from curv_eval.stats.local_polynomial import Settings, Side
from curv_eval.study import Design, Span

HERE = Path(__file__).parent
EXPECTED = json.loads((HERE / "rdrobust_senate.json").read_text("utf-8"))["expected"]


@pytest.fixture(scope="module")
def senate():
    with gzip.open(HERE / "rdrobust_senate.csv.gz") as file:
        table = pd.read_csv(file).dropna(subset=["vote", "margin"]).sort_values("margin", kind="stable")
    return table["margin"].to_numpy(float), table["vote"].to_numpy(float)


def test_jump_errors_and_bandwidths_are_those_of_rdrobust(senate):
    found = sharp(*senate)
    assert found.conventional == pytest.approx(EXPECTED["coef"][0], abs=1e-6)
    assert found.value == pytest.approx(EXPECTED["coef"][2], abs=1e-6)
    assert found.conventional_error == pytest.approx(EXPECTED["se"][0], abs=1e-6)
    assert found.std_error == pytest.approx(EXPECTED["se"][2], abs=1e-6)
    assert (found.h, found.b) == pytest.approx(EXPECTED["bws"][::2], abs=1e-5)
    assert [found.n_left, found.n_right] == EXPECTED["Nh"]


def test_a_given_bandwidth_with_the_uniform_kernel_is_that_of_rdrobust(senate):
    found = sharp(*senate, settings=Settings(kernel="uniform"), widths=(10.0, 10.0))
    held = EXPECTED["unif_h10"]
    assert (found.conventional, found.value) == pytest.approx(held["coef"][:2], abs=1e-6)
    assert (found.conventional_error, found.std_error) == pytest.approx(held["se"][::2], abs=1e-6)


@pytest.mark.parametrize("rule", ["HC0", "HC1"])
def test_the_uniform_kernel_is_least_squares_in_the_window(senate, rule):
    found = sharp(*senate, settings=Settings(kernel="uniform", errors=rule), widths=(10.0, 10.0))
    held = EXPECTED["ols_h10"]
    assert found.n_left + found.n_right == held["n"]
    assert found.conventional == pytest.approx(held["coef"], abs=1e-6)
    if rule == "HC0":
        assert found.conventional_error == pytest.approx(held["HC0"], abs=1e-6)
    else:
        # HC1 of both sides apart: n / (n - 2) each, where one regression of both has n / (n - 4)
        scores = found.conventional_influence / np.sqrt(
            np.where(senate[0] < 0, found.n_left / (found.n_left - 2), found.n_right / (found.n_right - 2))
        )
        joint = np.linalg.norm(scores) * np.sqrt(held["n"] / (held["n"] - 4))
        assert joint == pytest.approx(held["HC1"], abs=1e-6)


# rdrobust 2.1.1 (Python), run on the same data: conventional, bias-corrected, their errors, h and b
MORE = {
    "hc0": (Settings(errors="HC0"), (7.41687964, 7.50573519, 1.45767984, 1.73943675, 17.68257127, 28.09025605)),
    "hc1": (Settings(errors="HC1"), (7.41619943, 7.50383248, 1.4601243, 1.74429815, 17.70369172, 28.12490872)),
    "hc2": (Settings(errors="HC2"), (7.41546167, 7.50221657, 1.46284935, 1.74700721, 17.72354733, 28.1505706)),
    "hc3": (Settings(errors="HC3"), (7.41351068, 7.49734285, 1.46796416, 1.75456701, 17.76582118, 28.20988016)),
    "epanechnikov": (
        Settings(kernel="epanechnikov"),
        (7.23883271, 7.30035777, 1.48688303, 1.76818412, 16.1043862, 26.71089515),
    ),
    "order 2": (Settings(order=2), (8.04507947, 8.31658913, 1.88770463, 2.09302918, 22.25628045, 33.28414184)),
    "order 0": (Settings(order=0), (8.30707139, 7.4639762, 1.25946943, 1.567147, 5.91460367, 17.7350778)),
}


@pytest.mark.parametrize("name", MORE)
def test_other_settings_are_those_of_rdrobust(senate, name):
    settings, expected = MORE[name]
    found = sharp(*senate, settings=settings)
    got = (found.conventional, found.value, found.conventional_error, found.std_error, found.h, found.b)
    assert got == pytest.approx(expected, abs=1e-5)


def test_coverage_optimal_and_uniform_bandwidths_are_those_of_rdrobust(senate):
    x, y = senate
    sides = Side(x[x < 0], y[x < 0]), Side(x[x >= 0], y[x >= 0])
    assert bandwidths(*sides, Settings(optimal="coverage")) == pytest.approx((12.40677645, 28.02808859), abs=1e-5)
    assert bandwidths(*sides, Settings(kernel="uniform")) == pytest.approx((11.5968673, 22.9441839), abs=1e-5)


def test_heaped_values_are_handled_as_in_rdrobust(senate):
    x, y = senate
    found = sharp(np.round(x / 5) * 5 + 2.5, y)
    got = (found.conventional, found.value, found.conventional_error, found.std_error, found.h, found.b)
    expected = (0.61801967, -0.50825664, 1.65680016, 1.95212816, 17.26102559, 31.77736334)
    assert got == pytest.approx(expected, abs=1e-5)
    assert (found.n_left, found.n_right) == (296, 313)


def test_a_fuzzy_threshold_is_that_of_rdrobust(senate):
    x, y = senate
    crossed = np.random.default_rng(0).random(len(x)) < 0.2
    d = ((x >= 0) ^ crossed).astype(float)
    found = fuzzy(x, np.column_stack([y, d]), widths=(15.0, 25.0))
    got = (found.conventional, found.value, found.conventional_error, found.std_error)
    assert got == pytest.approx((12.59341916, 13.17912936, 2.93346394, 3.44250584), abs=1e-6)
    assert (found.n_left, found.n_right) == (319, 288)


def test_the_method_gives_the_robust_interval(senate):
    x, y = senate
    people = People(persons=np.arange(len(x)), treated=x >= 0, outcomes={"vote": y}, running=x)
    design = Design(method="regression_discontinuity", window=Span("2000-01", "2001-12"))
    found = fit(people, outcome="vote", design=design)
    row = overall(found).iloc[0]
    assert (row["conf_low"], row["conf_high"]) == pytest.approx(EXPECTED["ci"][4:], abs=1e-5)
    assert found.parameters["estimate"].iloc[0] == pytest.approx(EXPECTED["coef"][0], abs=1e-6)
    assert found.parameters["p_value"].iloc[0] == pytest.approx(EXPECTED["p"][0], rel=1e-4)
    assert (row["n_units"], found.cells["n_comparison"].iloc[0]) == tuple(EXPECTED["Nh"][::-1])
