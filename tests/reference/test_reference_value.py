"""Published factors and totals that a valuation must reproduce."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from curv_eval.value.facts import rows
from curv_eval.value.prices import deflator, discount_factors
from curv_eval.value.unit_costs import unit_cost

HERE = Path(__file__).parent
FACTORS = json.loads((HERE / "green_book_discount_factors.json").read_text("utf-8"))


@pytest.mark.parametrize("rate", FACTORS["expected"])
def test_discount_factors_are_those_of_the_green_book_s_table(rate):
    found = discount_factors(125, rate=rate)
    for year, factor in FACTORS["expected"][rate].items():
        assert found[int(year)] == pytest.approx(factor, abs=FACTORS["tolerance"]["factor"]), year


def test_the_factors_of_the_long_bands_by_hand():
    found = discount_factors(320)
    assert found[30] == pytest.approx(1.035**-30)
    assert found[31] == pytest.approx(1.035**-30 / 1.03)
    assert found[75] == pytest.approx(1.035**-30 * 1.03**-45)
    assert found[125] == pytest.approx(found[75] * 1.025**-50)
    assert found[200] == pytest.approx(found[125] * 1.02**-75)
    assert found[300] == pytest.approx(found[200] * 1.015**-100)
    assert found[320] == pytest.approx(found[300] * 1.01**-20)


def test_deflators_are_the_published_multipliers():
    # the table of the source gives index and multiplier; both must agree
    for row in rows("deflators"):
        year, multiplier = row["financial_year"], float(row["multiplier_from_2015_16"])
        assert deflator("2015-16", year).value == pytest.approx(multiplier, abs=5e-5)


def test_violence_with_injury_and_homicide_in_the_prices_of_2024_25():
    # 14,050 x 100 / 74.5894 and 3,217,740 x 100 / 74.5894, as worked out in the project's notes
    assert unit_cost("Violence with injury", "2024-25").value == pytest.approx(18836, abs=0.6)
    assert unit_cost("Homicide", "2024-25").value / 1e6 == pytest.approx(4.314, abs=0.001)


def test_the_components_of_homicide_add_up_to_its_total():
    parts = {row["component"]: float(row["unit_cost_gbp"]) for row in rows("unit_costs") if row["crime"] == "Homicide"}
    total = parts.pop("total")
    assert sum(parts.values()) == total == 3217740
    alone = unit_cost("Homicide", "2015-16", without=tuple(parts))
    assert alone.value == pytest.approx(0, abs=1e-6)


def test_every_fact_keeps_its_source_and_confidence():
    for name in ("unit_costs", "deflators", "discount_rates", "severity_weights", "offence_groups"):
        for row in rows(name):
            assert len(row["source"]) > 10
            assert row["confidence"].split("-")[0] in ("unverified", "found")


def test_the_tables_are_whole():
    lengths = {"unit_costs": 25, "deflators": 10, "discount_rates": 6, "severity_weights": 35, "offence_groups": 29}
    assert {name: len(rows(name)) for name in lengths} == lengths
    folder = Path(__file__).parents[2] / "src" / "curv_eval" / "value" / "facts"
    for name in lengths:
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            assert len(list(csv.DictReader(file))) == lengths[name]


def test_a_stream_of_pounds_is_worth_its_annuity():
    # 1 now and in each of 9 years at 3.5%: (1 - v^10) / (1 - v)
    v = 1 / 1.035
    assert discount_factors(9).sum() == pytest.approx((1 - v**10) / (1 - v), rel=1e-12)
    assert np.all(np.diff(discount_factors(60)) < 0)
