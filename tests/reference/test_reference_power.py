"""Power, smallest visible effect and size of a study are those of R pwr and power.prop.test."""

import json
from pathlib import Path

import pytest
from statsmodels.stats.power import NormalIndPower, TTestIndPower

from curv_eval.stats import power
from curv_eval.stats.power import TTest

CASE = json.loads((Path(__file__).parent / "power_basic.json").read_text("utf-8"))
EXPECTED, TOLERANCE = CASE["expected"], CASE["tolerance"]


def test_t_tests_are_those_of_pwr():
    assert TTest().power(0.3, 175) == pytest.approx(EXPECTED["t_d0.3_n175"], abs=TOLERANCE["power"])
    assert TTest().people(0.2) == pytest.approx(EXPECTED["t_n_for_d0.2_80"], abs=TOLERANCE["n"])
    assert TTest().smallest(100) == pytest.approx(EXPECTED["t_mde_n100"], abs=1e-5)


def test_proportions_are_those_of_pwr_and_of_power_prop_test():
    # the case's proportions are 0.3 and 0.2, which its numbers identify
    arcsine = power.proportions_people(0.3, 0.2, arcsine=True)
    assert arcsine == pytest.approx(EXPECTED["p2_h"], abs=TOLERANCE["n"])
    assert power.proportions_people(0.3, 0.2) == pytest.approx(EXPECTED["base_prop"], abs=TOLERANCE["n"])


def test_chi_squared_and_the_design_effect_are_those_of_the_case():
    assert power.chi_squared_power(0.3, 100, 1) == pytest.approx(EXPECTED["chisq"], abs=TOLERANCE["power"])
    deff = EXPECTED["deff"]
    assert power.design_effect(deff["m"], deff["icc"]) == pytest.approx(deff["deff"], abs=1e-12)


@pytest.mark.parametrize(("effect", "n", "ratio"), [(0.2, 50, 1.0), (0.5, 30, 2.0), (0.8, 12, 0.5), (0.05, 900, 1.3)])
def test_t_tests_with_unequal_groups_are_those_of_statsmodels(effect, n, ratio):
    theirs = TTestIndPower().power(effect, n, 0.1, ratio=ratio)
    assert TTest(alpha=0.1, ratio=ratio).power(effect, n) == pytest.approx(theirs, abs=1e-9)


def test_arcsine_proportions_are_those_of_statsmodels():
    h = power.arcsine_difference(0.5, 0.35)
    theirs = NormalIndPower().power(h, 80, 0.05)
    assert power.proportions_power(0.5, 0.35, 80, arcsine=True) == pytest.approx(theirs, abs=1e-10)
