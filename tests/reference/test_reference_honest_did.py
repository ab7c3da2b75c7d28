"""Robust sets under drift are those of R HonestDiD 0.2.8, from Rambachan & Roth's Medicaid expansion."""

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from curv_eval.stats.honest_did import EventStudy, allows, breakdown, relative_magnitudes
from curv_eval.stats.honest_did_smooth import smoothness, smoothness_breakdown

HERE = Path(__file__).parent
CASE = json.loads((HERE / "honestdid_ehec.json").read_text("utf-8"))
INLINE, EXPECTED = CASE["data"]["inline"], CASE["expected"]


@pytest.fixture(scope="module")
def medicaid():
    return EventStudy(
        np.array(INLINE["betahat"]), np.array(INLINE["sigma"]), INLINE["numPrePeriods"], np.array([1.0, 0.0])
    )


@pytest.mark.parametrize("row", EXPECTED["DeltaRM"], ids=lambda row: f"Mbar {row['Mbar']}")
def test_sets_with_drift_as_large_as_before_are_those_of_r(medicaid, row):
    found = relative_magnitudes(medicaid, row["Mbar"])
    assert found == pytest.approx((row["lb"], row["ub"]), abs=CASE["tolerance"]["DeltaRM"])
    # R looks on a grid of 40 standard errors in 999 steps, so that its ends lie up to one step further in
    assert found == pytest.approx((row["lb"], row["ub"]), abs=1.5 * 40 * medicaid.std_error / 999)


@pytest.mark.parametrize("row", EXPECTED["DeltaSD"], ids=lambda row: f"M {row['M']}")
def test_intervals_with_drift_that_bends_slowly_are_those_of_r(medicaid, row):
    found = smoothness(medicaid, row["M"])
    assert found == pytest.approx((row["lb"], row["ub"]), abs=CASE["tolerance"]["DeltaSD"])


def test_the_finding_breaks_down_where_r_says_it_does(medicaid):
    # R's set excludes 0 at Mbar 1.5 and includes it at 2; a library's narrower substitute excludes it at 2 as well
    assert 1.5 < breakdown(medicaid) < 2
    assert not allows(medicaid, 1.5)
    assert allows(medicaid, 2.0)
    assert 0.02 < smoothness_breakdown(medicaid) < 0.03


def test_the_effects_are_those_of_the_data_they_come_from():
    with gzip.open(HERE / "ehec.csv.gz") as file:
        long = pd.read_csv(file)
    long = long[(long["year"] < 2016) & (long["yexp2"] != 2015)]
    wide = long.pivot(index="stfips", columns="year", values="dins")
    expanded = long.groupby("stfips")["yexp2"].first().reindex(wide.index).to_numpy() == 2014
    gap = wide[expanded].mean() - wide[~expanded].mean()
    effects = (gap - gap[2013]).drop(2013).to_numpy()
    assert effects == pytest.approx(INLINE["betahat"], abs=1e-10)
    assert effects == pytest.approx(list(EXPECTED["event_study"].values()), abs=1e-9)
