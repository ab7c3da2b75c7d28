"""Power by formula, against simulation and by hand."""

import numpy as np
import pytest
from scipy import stats

from curv_eval.errors import DesignError
from curv_eval.stats import power
from curv_eval.stats.power import TTest


def test_power_of_a_t_test_is_what_simulation_finds():
    draw = np.random.default_rng(1)
    a, b = draw.normal(size=(4000, 40)), 0.5 + draw.normal(size=(4000, 60))
    found = (stats.ttest_ind(a, b, axis=1).pvalue < 0.05).mean()
    assert TTest(ratio=1.5).power(0.5, 40) == pytest.approx(found, abs=0.025)


def test_power_without_an_effect_is_alpha():
    assert TTest(alpha=0.1).power(0.0, 30) == pytest.approx(0.1, abs=1e-9)


def test_power_grows_with_people_and_effect_and_falls_with_clustering():
    assert TTest().power(0.3, 100) < TTest().power(0.3, 200) < TTest().power(0.4, 200)
    assert TTest(design_effect=2.0).power(0.3, 200) < TTest().power(0.3, 200)
    assert TTest(clusters=10).power(0.3, 200) < TTest(clusters=40).power(0.3, 200) < TTest().power(0.3, 200)
    assert TTest(r2=0.5).power(0.3, 100) > TTest().power(0.3, 100)


@pytest.mark.parametrize("test", [TTest(), TTest(ratio=2.0, alpha=0.1), TTest(covariates=3, r2=0.3)])
def test_people_and_smallest_effect_undo_power(test):
    effect = test.smallest(80, 0.8)
    assert test.power(effect, 80) == pytest.approx(0.8, abs=1e-9)
    assert test.people(effect, 0.8) == pytest.approx(80, abs=1e-5)


def test_smallest_effect_with_clusters_by_hand():
    # about (t_{1 - alpha/2} + t_{0.8}) with clusters - 2 degrees of freedom, times the error of the difference
    deff = power.design_effect(20, 0.05)
    test = TTest(design_effect=deff, clusters=16)
    multiplier = stats.t.ppf(0.975, 14) + stats.t.ppf(0.8, 14)
    assert test.smallest(160) == pytest.approx(multiplier * np.sqrt(2 * deff / 160), rel=0.01)


def test_design_effect_by_hand():
    assert power.design_effect(1, 0.3) == 1.0
    assert power.design_effect(11, 0.1) == pytest.approx(2.0)
    # sizes 5 and 15: mean 10, spread 0.5; the mean of squares over the mean is 12.5
    assert power.design_effect(10, 0.1, spread=0.5) == pytest.approx(1 + 11.5 * 0.1)


def test_power_of_proportions_is_what_simulation_finds():
    draw = np.random.default_rng(2)
    a, b, n = draw.binomial(300, 0.3, 6000), draw.binomial(300, 0.2, 6000), 300
    pooled = (a + b) / (2 * n)
    z = (a - b) / n / np.sqrt(2 * pooled * (1 - pooled) / n)
    assert power.proportions_power(0.3, 0.2, n) == pytest.approx((np.abs(z) > 1.96).mean(), abs=0.02)


def test_smallest_proportion_undoes_power():
    found = power.proportions_smallest(0.3, 250)
    assert 0 < found < 0.3
    assert power.proportions_power(0.3, found, 250) == pytest.approx(0.8, abs=1e-9)
    assert np.isnan(power.proportions_smallest(0.02, 20))


def test_smallest_fall_in_a_rate_by_hand():
    # 65 admissions a year for three years on either side: the domain note's own arithmetic says about 25%
    assert power.rates_smallest(195, 195) == pytest.approx(0.25, abs=0.01)
    assert power.rates_smallest(975, 975) == pytest.approx(0.12, abs=0.01)
    assert power.rates_smallest(195, 195, overdispersion=2.0) > power.rates_smallest(195, 195)
    assert power.rates_smallest(195, 1e12) == pytest.approx(1 - np.exp(-2.8016 / np.sqrt(195)), abs=1e-4)


def test_what_cannot_be_answered_is_refused():
    with pytest.raises(DesignError, match="nothing is left for the error"):
        TTest(clusters=2).power(0.5, 100)
    with pytest.raises(DesignError, match="fixed number of clusters"):
        TTest(clusters=20).people(0.3)
    with pytest.raises(DesignError, match="equal proportions"):
        power.proportions_people(0.2, 0.2)
    with pytest.raises(DesignError, match="expected one between"):
        TTest().smallest(50, 0.01)
    with pytest.raises(DesignError, match="expected one between"):
        TTest().smallest(50, 1.0)
    with pytest.raises(DesignError, match="positive numbers"):
        power.rates_smallest(0, 100)
    with pytest.raises(DesignError, match="only alpha and overdispersion"):
        power.rates_smallest(10, 100, icc=0.1)
    with pytest.raises(DesignError, match="out of reach"):
        TTest().people(1e-9)
