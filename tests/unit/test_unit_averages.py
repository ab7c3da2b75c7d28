"""Adding cells up: weights, totals, percentages and their errors, by hand and by moving weights."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from five_units import COHORT, design, panel, slope
from scipy import stats

from curv_eval.errors import DesignError
from curv_eval.estimate import cohort_shares
from curv_eval.estimate.averages import average, by, overall, relative, series
from curv_eval.methods import fit
from curv_eval.panel import Panel


def found(times=None, **options):
    return fit(panel(times), outcome="y", design=design(**options))


@pytest.fixture(scope="module")
def estimate():
    return found()


def test_only_cells_from_the_start_on_are_averaged(estimate):
    assert estimate.cells[["cohort", "period"]][estimate.after].to_numpy().tolist() == [[3, 3], [3, 4], [4, 4]]


def test_every_treated_area_and_period_counts_once(estimate):
    # cells 2, 1 (two units each) and -1 (one unit): (2 + 2 + 1 + 1 - 1) / 5 = 1; 5 unit-periods, so 5 incidents more.
    # observed (5 + 9 + 3 + 5 + 1) / 5 = 4.6, expected 3.6: 4.6 / 3.6 - 1
    table = overall(estimate).set_index("term")
    assert table["estimate"].to_dict() == pytest.approx({"average": 1.0, "total": 5.0, "relative": 4.6 / 3.6 - 1})
    assert table["n_units"].tolist() == [3, 3, 3]
    assert table["unit_periods"].tolist() == [5, 5, 5]
    assert table["events"].tolist() == [23, 23, 23]
    average, total = table.loc["average"], table.loc["total"]
    assert total[["std_error", "conf_low", "conf_high"]].tolist() == pytest.approx(
        (5 * average[["std_error", "conf_low", "conf_high"]]).tolist()
    )


def test_shares_are_those_of_all_units(estimate):
    assert {g: share for g, (share, _) in estimate.shares.items()} == {3.0: 2 / 5, 4.0: 1 / 5}
    # a unit in the cohort moves the share by (1 - 2/5) / 5, one outside by -(2/5) / 5
    assert estimate.shares[3.0][1] == pytest.approx([0.12, 0.12, -0.08, -0.08, -0.08])


def test_cohort_shares_add_up_within_clusters():
    shares = cohort_shares(np.array([3, np.nan]), lambda x: x.sum(axis=0, keepdims=True))
    assert shares[3.0] == (0.5, pytest.approx([0.0]))


# event times: -2: (4, 2) = 0; -1: (3, 2) = 2 and (4, 3) = 5 by 2 : 1; 0: 2 and -1 by 2 : 1; 1: (3, 4) = 1
BY = {
    "event_time": {-2: 0, -1: 3, 0: 1, 1: 1},
    "cohort": {3: (2 + 1) / 2, 4: -1},
    "period": {3: 2, 4: (1 + 1 - 1) / 3},
}
BEHIND = {"event_time": ([1, 3, 3, 2], [2, 20, 15, 8]), "cohort": ([2, 1], [22, 1]), "period": ([2, 3], [14, 9])}


@pytest.mark.parametrize("column", BY)
def test_averages_by_column(estimate, column):
    table = by(estimate, column, seed=1)
    assert dict(zip(table[column], table["estimate"], strict=True)) == pytest.approx(BY[column])
    assert (table["n_units"].tolist(), table["events"].tolist()) == BEHIND[column]
    z = stats.norm.ppf(0.975)
    assert (table["conf_high"] - table["estimate"]).tolist() == pytest.approx((z * table["std_error"]).tolist())
    assert (table["band_low"] <= table["conf_low"]).all()
    assert (table["band_high"] >= table["conf_high"]).all()
    assert table.equals(by(estimate, column, seed=1))


def test_the_level_sets_the_width():
    z = stats.norm.ppf([0.975, 0.9])
    wide, narrow = (overall(found(alpha=alpha)).iloc[0] for alpha in (0.05, 0.2))
    assert (narrow["conf_high"] - 1) / (wide["conf_high"] - 1) == pytest.approx(z[1] / z[0])


NUMBERS = {
    "average": lambda e: average(e, e.after).value,
    "observed": lambda e: average(e, e.after, "observed").value,
    "total": lambda e: average(e, e.after).value * 5,
    "log": lambda e: np.log1p(overall(e)["estimate"].iloc[2]),
    "at -1": lambda e: by(e, "event_time", seed=1)["estimate"].iloc[1],
    "at 0": lambda e: by(e, "event_time", seed=1)["estimate"].iloc[2],
    "period 4": lambda e: by(e, "period", seed=1)["estimate"].iloc[1],
    "cohort 3": lambda e: by(e, "cohort", seed=1)["estimate"].iloc[0],
}
OPTIONS = [{}, {"trends": "proportional", "base": "mean"}, {"comparison": "not_yet_treated", "base": "universal"}]


@pytest.mark.parametrize("options", OPTIONS, ids=["additive", "proportional", "not-yet"])
def test_errors_are_what_moving_each_units_weight_says(options):
    # the influence of the cohort shares is part of it: without it "average" and "log" are off by more than 1 in 100
    moved = slope(lambda times: [number(found(times, **options)) for number in NUMBERS.values()], times=100)
    errors = dict(zip(NUMBERS, np.sqrt((moved**2).sum(axis=0)), strict=True))
    whole = found(**options)
    table, events = overall(whole).set_index("term"), by(whole, "event_time", seed=1).set_index("event_time")
    said = {
        "average": table.loc["average", "std_error"], "total": table.loc["total", "std_error"],
        "observed": average(whole, whole.after, "observed").std_error,
        "log": table.loc["relative", "std_error"] / (1 + table.loc["relative", "estimate"]),
        "at -1": events["std_error"].iloc[1], "at 0": events["std_error"].iloc[2],
        "period 4": by(whole, "period", seed=1)["std_error"].iloc[1],
        "cohort 3": by(whole, "cohort", seed=1)["std_error"].iloc[0],
    }  # fmt: skip
    assert {k: errors[k] for k in said} == pytest.approx(said, rel=2e-3)


def test_the_interval_of_a_percentage_lies_on_the_log_scale(estimate):
    row = overall(estimate).iloc[2]
    error = row["std_error"] / (1 + row["estimate"])
    low, high = np.log1p([row["conf_low"], row["conf_high"]])
    middle, z = np.log1p(row["estimate"]), stats.norm.ppf(0.975)
    assert (low, high) == pytest.approx((middle - z * error, middle + z * error))
    assert row["conf_low"] > -1


def test_without_incidents_there_is_no_percentage():
    # nothing is observed after the start: the change in numbers stands, a percentage does not
    cells = found().cells.assign(observed=0.0, events=0)
    empty = replace(found(), cells=cells)
    assert overall(empty)["term"].tolist() == ["average", "total"]
    with pytest.raises(DesignError, match="placebo: no incidents were observed or expected"):
        relative(empty, "placebo")


def test_an_expectation_below_zero_has_no_percentage():
    cells = found().cells.assign(estimate=100.0)
    assert overall(replace(found(), cells=cells))["term"].tolist() == ["average", "total"]


def test_one_row_carries_the_name_asked_for(estimate):
    row = relative(estimate, "without the Vale")
    assert row["term"].tolist() == ["without the Vale"]
    assert row["estimate"].iloc[0] == pytest.approx(4.6 / 3.6 - 1)


def by_month(*, leads, **options):
    return series(found(**options), panel(), leads=leads).set_index("period")


def test_observed_and_expected_totals_by_month(estimate):
    # period 3: 14 + 4 observed; effects 2 in each of two units and 5 in one: 18 - 9 = 9 expected
    table = by_month(leads=True)
    assert table["observed"].to_dict() == {1: 14, 2: 18, 3: 18, 4: 9}
    assert table["expected"].to_dict() == pytest.approx({1: 14, 2: 18 - 4, 3: 18 - 9, 4: 9 - 1})
    assert table["n_units"].tolist() == [3, 3, 3, 3]
    assert table["events"].tolist() == [14, 18, 18, 9]
    sums = np.sqrt(((estimate.influence[:, [1, 4]] @ [2, 1]) ** 2).sum())
    row = table.loc[3]
    assert row["expected_high"] - row["expected"] == pytest.approx(stats.norm.ppf(0.975) * sums)
    assert row["expected"] - row["expected_low"] == pytest.approx(stats.norm.ppf(0.975) * sums)


def test_without_a_fixed_base_nothing_is_expected_before_the_first_start():
    # leads measured from month to month do not add up; in period 3 cohort 4 has not begun and counts as it is
    table = by_month(leads=False)
    assert table["observed"].to_dict() == {1: 14, 2: 18, 3: 18, 4: 9}
    assert table["expected"].isna().to_dict() == {1: True, 2: True, 3: False, 4: False}
    assert table["expected"][[3, 4]].tolist() == pytest.approx([18 - 4, 9 - 1])


def test_the_observed_total_holds_every_treated_area_whatever_the_base():
    # period 2 is the base of cohort 3 and period 3 that of cohort 4: what was expected there is what was seen
    table = by_month(leads=True, base="universal")
    assert table["observed"].to_dict() == {1: 14, 2: 18, 3: 18, 4: 9}
    # effects: period 1: -2 in two units, -5 in one; 2: -5 in one; 3: 2 in two; 4: 1 in two, -1 in one
    assert table["expected"].to_dict() == pytest.approx({1: 14 + 9, 2: 18 + 5, 3: 18 - 4, 4: 9 - 1})


def test_a_month_with_nobody_to_compare_with_has_no_expectation():
    # cohorts 2 and 4 and nobody never treated: from period 4 on there is nothing to compare with
    y = np.array([[4, 6, 5, 3], [8, 9, 9, 5], [2, 2, 4, 1], [3, 2, 5, 6]], dtype=float)
    late = Panel(
        units=np.array(list("abcf")), periods=np.array([1, 2, 3, 4]), cohort=np.array([2.0, 2, 4, 4]),
        cluster=np.array(list("abcf")), outcomes={"y": y}, frequency="year",
    )  # fmt: skip
    estimate = fit(late, outcome="y", design=design(comparison="not_yet_treated", base="mean"))
    table = series(estimate, late, leads=True).set_index("period")
    assert table["observed"].to_dict() == {1: 17, 2: 19, 3: 23, 4: 15}
    assert np.isnan(table.loc[4, "expected"])


def test_few_clusters_widen_the_interval():
    pair = np.array([3, 3, 3, 3, np.nan, np.nan, np.nan, np.nan])
    y = np.random.default_rng(1).poisson(9, (8, 4)).astype(float)
    wide = Panel(
        units=np.arange(8).astype(str), periods=np.arange(1, 5), cohort=pair, cluster=np.arange(8).astype(str),
        outcomes={"y": y}, frequency="year",
    )  # fmt: skip
    plain, small = (
        overall(fit(wide, outcome="y", design=design(small_sample=rule))).set_index("term") for rule in ("none", "cr2")
    )
    # one cohort: shares do not matter, and each group of 4 has its error from 3 pieces of information
    assert small.loc["average", "std_error"] == pytest.approx(plain.loc["average", "std_error"] * np.sqrt(4 / 3))
    change = y[:, 2:].mean(axis=1) - y[:, 1]
    welch = stats.ttest_ind(change[:4], change[4:], equal_var=False)
    row = small.loc["average"]
    assert row["estimate"] == pytest.approx(change[:4].mean() - change[4:].mean())
    assert row["estimate"] / row["std_error"] == pytest.approx(welch.statistic)
    low, high = welch.confidence_interval(0.95)
    assert (row["conf_low"], row["conf_high"]) == pytest.approx((low, high))


def test_a_cluster_with_several_starts_belongs_to_the_first():
    # p holds an untreated unit too, q one of each cohort
    starts = [("p", 3), ("p", np.nan), ("q", 4), ("q", 3), ("r", 4), ("s", 4), ("t", np.nan), ("u", np.nan)]
    mixed = Panel(
        units=np.arange(8).astype(str), periods=np.arange(1, 5), cohort=np.array([g for _, g in starts], dtype=float),
        cluster=np.array([c for c, _ in starts]), outcomes={"y": np.arange(32.0).reshape(8, 4) ** 1.5},
        frequency="year",
    )  # fmt: skip
    assert fit(mixed, outcome="y", design=design(small_sample="cr2")).groups.tolist() == [3, 3, 4, 4, 0, 0]
    assert fit(mixed, outcome="y", design=design()).groups is None


def test_shows_shapes_and_no_values(estimate):
    assert repr(estimate) == "<Estimate: y by callaway_santanna, 6 cells, 2 cohorts>"


def test_the_cells_are_a_table_of_the_field(estimate):
    assert isinstance(estimate.cells, pd.DataFrame)
    assert estimate.cells["event_time"].tolist() == [-1, 0, 1, -2, -1, 0]
    assert estimate.cells["events"].tolist() == [16, 14, 8, 2, 4, 1]
    assert set(estimate.cells["cohort"]) == set(COHORT[:3])
