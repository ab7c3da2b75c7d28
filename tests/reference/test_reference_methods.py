"""Numbers that other programs made: R did, fixest and clubSandwich."""

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from curv_eval.estimate.averages import average, by, overall
from curv_eval.methods import difference_in_differences, fit, poisson_fixed_effects
from curv_eval.panel import Panel
from curv_eval.stats.cluster import bias_reduced
from curv_eval.study import Design, Span

HERE = Path(__file__).parent


def case(name):
    return json.loads((HERE / f"{name}.json").read_text("utf-8"))


def table(name):
    with gzip.open(HERE / f"{name}.csv.gz") as file:
        return pd.read_csv(file)


@pytest.fixture(scope="module")
def counties():
    long = table("mpdta")
    wide = long.pivot(index="countyreal", columns="year", values="lemp")
    cohort = long.groupby("countyreal")["first.treat"].first().reindex(wide.index).replace(0, np.nan)
    names = wide.index.to_numpy()
    return Panel(
        units=names, periods=wide.columns.to_numpy(), cohort=cohort.to_numpy(float), cluster=names,
        outcomes={"lemp": wide.to_numpy()}, frequency="year",
    )  # fmt: skip


def callaway_santanna(panel, comparison):
    design = Design(method="callaway_santanna", window=Span("2003-01", "2007-12"), comparison=comparison)
    return fit(panel, outcome="lemp", design=design)


CASES = [("mpdta_cs_nocov_never", "never_treated"), ("mpdta_cs_nocov_notyet", "not_yet_treated")]


@pytest.mark.parametrize(("name", "comparison"), CASES)
def test_group_time_effects_are_those_of_r_did(counties, name, comparison):
    found, expected = callaway_santanna(counties, comparison), case(name)["expected"]
    assert found.cells["period"].tolist() == list(expected["t"])
    assert found.cells["estimate"].to_numpy() == pytest.approx(expected["att"], abs=1e-9)
    assert np.sqrt((found.influence**2).sum(axis=0)) == pytest.approx(expected["se"], abs=1e-9)


@pytest.mark.parametrize(("name", "comparison"), CASES)
@pytest.mark.parametrize(("column", "key"), [("event_time", "dynamic"), ("cohort", "group")])
def test_averages_are_those_of_r_did(counties, name, comparison, column, key):
    found, expected = callaway_santanna(counties, comparison), case(name)["expected"]
    rows = by(found, column, seed=1)
    assert rows[column].tolist() == expected[key]["egt"]
    assert rows["estimate"].to_numpy() == pytest.approx(expected[key]["att_egt"], abs=1e-9)
    assert rows["std_error"].to_numpy() == pytest.approx(expected[key]["se_egt"], abs=1e-9)
    simple = overall(found).iloc[0]
    assert simple["estimate"] == pytest.approx(expected["simple"]["overall_att"], abs=1e-9)
    assert simple["std_error"] == pytest.approx(expected["simple"]["overall_se"], abs=1e-9)


@pytest.mark.parametrize(("name", "comparison"), CASES)
def test_joint_test_of_pre_trends_is_that_of_r_did(counties, name, comparison):
    found, expected = callaway_santanna(counties, comparison), case(name)["expected"]
    before = ~found.after
    effect, influence = found.cells.loc[before, "estimate"].to_numpy(), found.influence[:, before]
    wald = effect @ np.linalg.solve(influence.T @ influence, effect)
    assert wald == pytest.approx(expected["W"][0][0], abs=1e-6)


def states():
    long = table("castle")
    wide = {c: long.pivot(index="sid", columns="year", values=c).to_numpy() for c in ("homicide", "popwt", "post")}
    return wide, (wide["post"] > 0).astype(float), np.arange(len(wide["post"]))


def test_two_way_fixed_effects_and_cr2_are_those_of_fixest_and_clubsandwich():
    wide, d, cluster = states()
    found = difference_in_differences.fit(np.log(wide["homicide"]), d, cluster)
    expected = case("castle_twfe")["expected"]
    assert found.value == pytest.approx(expected["unweighted"]["coef"]["post"], abs=1e-8)
    assert np.sqrt((found.scores**2).sum()) == pytest.approx(expected["clubSandwich_unweighted"]["CR2"], abs=1e-8)
    assert found.df == pytest.approx(expected["clubSandwich_unweighted"]["df_satt"], abs=1e-4)


def test_poisson_fixed_effects_are_those_of_fixest():
    wide, d, cluster = states()
    counts = np.round(wide["homicide"] * wide["popwt"] / 1e5)
    expected = case("castle_poisson_fe")["expected"]
    found = poisson_fixed_effects.fit(counts, d, cluster, small_sample="cr1")
    assert found.value == pytest.approx(expected["offset_counts"]["coef"]["post"], abs=1e-6)
    assert np.sqrt((found.scores**2).sum()) == pytest.approx(expected["offset_counts"]["se"]["post"], abs=1e-6)


def test_cr2_with_satterthwaite_is_that_of_clubsandwich_with_ten_clusters():
    held = case("cluster_rct_small")
    inline = {name: np.array(values) for name, values in held["data"]["inline"].items()}
    x = np.column_stack([inline["tr"], np.ones(len(inline["y"])), inline["x"]])
    coefficients, *_ = np.linalg.lstsq(x, inline["y"], rcond=None)
    found = bias_reduced(x, inline["y"] - x @ coefficients, inline["cl"])
    assert np.sqrt((found.scores**2).sum()) == pytest.approx(held["expected"]["CR2"]["tr"], abs=1e-7)
    assert found.df == pytest.approx(held["expected"]["CR2_satt_df"]["tr"], abs=1e-3)


def test_poisson_with_two_periods_is_the_ratio_of_ratios_and_so_are_proportional_trends():
    # with two periods the conditional Poisson likelihood has a closed form (Wooldridge 1999): sums are enough
    wide, _, _ = states()
    counts = np.round(wide["homicide"] * wide["popwt"] / 1e5)[:, [0, 10]]
    treated = np.arange(50) < 20
    d = np.outer(treated, [0.0, 1.0])
    ratio = (counts[treated, 1].sum() / counts[treated, 0].sum()) / (
        counts[~treated, 1].sum() / counts[~treated, 0].sum()
    )
    assert poisson_fixed_effects.fit(counts, d, np.arange(50)).value == pytest.approx(np.log(ratio), abs=1e-9)
    panel = Panel(
        units=np.arange(50), periods=np.array([2000, 2010]), cohort=np.where(treated, 2010.0, np.nan),
        cluster=np.arange(50), outcomes={"n": counts}, frequency="year",
    )  # fmt: skip
    design = Design(method="callaway_santanna", window=Span("2000-01", "2010-12"), options={"trends": "proportional"})
    found = overall(fit(panel, outcome="n", design=design)).set_index("term").loc["relative"]
    assert found["estimate"] == pytest.approx(ratio - 1, abs=1e-12)


def test_average_counts_every_treated_unit_period_once(counties):
    found = callaway_santanna(counties, "never_treated")
    a = average(found, found.after)
    cells = found.cells[found.after]
    assert a.value == pytest.approx(np.average(cells["estimate"], weights=cells["n_units"]))
    assert a.unit_periods == cells["n_units"].sum()
