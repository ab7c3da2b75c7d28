"""The power of a test of trends before the start is that of R pretrends 0.1.0 (Roth 2022)."""

import json
from pathlib import Path

import numpy as np
import pytest

from curv_eval.stats.pretrend_power import PreTest, bayes_factor, likelihood_ratio

CASE = json.loads((Path(__file__).parent / "pretrends_he_wang.json").read_text("utf-8"))
INLINE, EXPECTED, TOLERANCE = CASE["data"]["inline"], CASE["expected"], CASE["tolerance"]
TIMES = np.array(INLINE["tVec"], dtype=float)
SHAPE = TIMES - CASE["options"]["referencePeriod"]


@pytest.fixture(scope="module")
def he_wang():
    return PreTest(np.linalg.cholesky(np.array(INLINE["sigma"])), int((TIMES < 0).sum()))


@pytest.mark.parametrize(("chance", "key"), [(0.5, "slope_50"), (0.8, "slope_80")])
def test_slopes_detected_with_a_given_chance_are_those_of_r(he_wang, chance, key):
    assert he_wang.slope(SHAPE, chance) == pytest.approx(EXPECTED[key], abs=TOLERANCE["slope"])
    assert he_wang.slope(SHAPE, chance) == pytest.approx(EXPECTED[key], abs=2e-5)


def test_power_bayes_factor_and_likelihood_ratio_are_those_of_r(he_wang):
    trend, expected = EXPECTED["slope_50"] * SHAPE, EXPECTED["at_slope_50"]
    before, sigma = np.array(INLINE["beta"])[:3], np.array(INLINE["sigma"])[:3, :3]
    assert he_wang.power(trend) == pytest.approx(expected["Power"], abs=TOLERANCE["power"])
    assert he_wang.power(trend) == pytest.approx(expected["Power"], abs=2e-4)
    assert bayes_factor(he_wang, trend) == pytest.approx(expected["Bayes.Factor"], abs=2e-4)
    assert likelihood_ratio(before, sigma, trend[:3]) == pytest.approx(expected["Likelihood.Ratio"], abs=1e-8)
