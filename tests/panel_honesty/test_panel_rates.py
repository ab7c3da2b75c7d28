"""Rates: counts per resident, refused where residents are not known, and no matter for the Poisson method."""

from dataclasses import replace

import numpy as np
import pytest

from curv_eval.errors import DesignError
from curv_eval.methods.poisson_fixed_effects import fit
from curv_eval.panel import Panel
from panels import known
from unit.tiny_study import AREAS, ASB_COUNTS, put, tiny

RESIDENTS = [1000, 900, 1100, 1200, 1500, 1500]


def test_rates_by_hand():
    rate = tiny().run().panel.rate("asb")
    assert rate[0] == pytest.approx([3.0, 1.0, 0.0, 2.0])
    assert rate == pytest.approx(np.array(ASB_COUNTS) / np.array(RESIDENTS)[:, None] * 1000)


def test_the_number_of_residents_a_rate_is_for_can_be_chosen():
    panel = tiny().run().panel
    assert panel.rate("asb", per=100_000) == pytest.approx(100 * panel.rate("asb"))


def test_an_unknown_outcome_is_named():
    with pytest.raises(DesignError, match=r"drugs is not an outcome of this panel \(it has asb\)"):
        tiny().run().panel.rate("drugs")


def test_a_panel_without_residents_has_no_rates():
    with pytest.raises(DesignError, match="120 of 120 units have no residents") as refusal:
        replace(known(), population=None).rate("y")
    assert refusal.value.breaches[0].endswith("and others")
    assert "vintage" in refusal.value.do


@pytest.mark.parametrize("people", [0.0, np.nan])
def test_every_area_without_residents_is_named(people):
    panel = tiny().run().panel
    population = panel.population.copy()
    population[[1, 4]] = people
    again = Panel(panel.units, panel.periods, panel.cohort, panel.cluster, panel.outcomes, population)
    with pytest.raises(DesignError, match="2 of 6 units have no residents") as refusal:
        again.rate("asb")
    assert refusal.value.breaches == ("E01000005, E01000012",)


def test_a_merged_area_of_which_one_part_has_no_figure_has_none():
    # E01000034 was E01000003 and E01000004: the people of one of them are not the people of both
    place = tiny()
    place.con.execute("DELETE FROM lsoa_population WHERE lsoa11_code = 'E01000003'")
    panel = place.run().panel
    assert np.isnan(panel.population[panel.units == "E01000034"]).all()
    assert np.isfinite(panel.population[panel.units != "E01000034"]).all()
    with pytest.raises(DesignError) as refusal:
        panel.rate("asb")
    assert refusal.value.breaches == ("E01000034",)


def test_population_of_the_wrong_vintage_is_refused_and_not_halved():
    # figures on 2021 areas: the split area has two rows under new codes and none under its old one
    place = tiny()
    place.con.execute("DROP TABLE lsoa_population")
    import pandas as pd

    new = {"E01000001": 1000, "E01000012": 700, "E01000022": 800, "E01000034": 1500, "E01000005": 900,
           "E01000006": 1100, "E01000007": 1200}  # fmt: skip
    put(place.con, "lsoa_population", pd.DataFrame(list(new.items()), columns=["lsoa11_code", "population"]))
    with pytest.raises(DesignError) as refusal:
        place.run().panel.rate("asb")
    assert refusal.value.breaches == ("E01000012, E01000034",)


def test_counting_needs_no_residents():
    place = tiny()
    place.con.execute("DELETE FROM lsoa_population")
    found = place.run()
    assert found.panel.outcomes["asb"].tolist() == ASB_COUNTS
    assert found.areas["area"].tolist() == AREAS


def test_a_fixed_population_leaves_the_poisson_estimate_as_it_is():
    """The offset log(residents) moves into the unit effects: a model of rates with statsmodels, dummies and the offset
    has the coefficient of the product's model of counts."""
    import statsmodels.api as sm

    panel = known(n=24, periods=10, starts=(5,), seed=4)
    people = np.random.default_rng(1).integers(800, 2500, 24).astype(float)
    y = panel.outcomes["y"]
    d = ((panel.cohort[:, None] <= panel.periods) & panel.treated[:, None]).astype(float)
    unit, period = (np.eye(n)[i.ravel()] for n, i in zip(y.shape, np.indices(y.shape), strict=True))
    design = np.column_stack([d.ravel(), unit, period[:, 1:]])
    family = sm.families.Poisson()
    rates = sm.GLM(y.ravel(), design, family=family, offset=np.log(np.repeat(people, 10))).fit()
    assert rates.params[0] == pytest.approx(fit(y, d, panel.cluster).value, abs=1e-6)
