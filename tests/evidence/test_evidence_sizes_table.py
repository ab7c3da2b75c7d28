"""A coding table read whole: every kind, every direction, clusters, conversions, and every fault at once."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sizes_support import ROWS, effect, refused, row, table

from curv_eval.errors import StudyError
from curv_eval.evidence.sizes import Effect, Measure, effects_from
from curv_eval.evidence.sizes.kinds import KINDS
from curv_eval.stats.meta_size_convert import opposite_risk_ratio
from curv_eval.stats.meta_size_counts import Size

UNASKED = {
    "two_by_two": Measure.LOG_ODDS_RATIO,
    "means": Measure.STANDARDISED_DIFFERENCE,
    "change": Measure.STANDARDISED_DIFFERENCE,
    "rates": Measure.LOG_RATE_RATIO,
    "correlation": Measure.FISHER_Z,
    "area_counts": Measure.LOG_RELATIVE_RATE_RATIO,
    "coefficient": Measure.LOG_ODDS_RATIO,
    "statistic": Measure.STANDARDISED_DIFFERENCE,
    "effect": Measure.LOG_RISK_RATIO,
}


def test_the_rows_of_these_tests_are_of_every_kind():
    assert list(ROWS) == list(UNASKED)
    assert set(ROWS) == set(KINDS)


@pytest.mark.parametrize("kind", ROWS)
def test_every_kind_gives_an_effect_that_says_how(kind):
    found = effect(kind)
    assert found.study == f"{kind} study"
    assert found.measure is UNASKED[kind]
    assert found.value < 0 < found.variance
    assert found.how.startswith(found.measure.words)
    low, high = found.interval()
    assert low < found.shown < high
    assert found.std_error == pytest.approx(np.sqrt(found.variance))


def test_effects_come_in_the_order_of_the_rows():
    rows = [row(kind) for kind in ROWS]
    found = effects_from(table(*rows))
    assert [e.study for e in found] == [r["study"] for r in rows]
    again = effects_from(table(*rows[::-1]))
    assert again[::-1] == found


def test_the_index_and_other_columns_of_a_table_change_nothing():
    held = table(*(row(kind) for kind in ROWS))
    found = effects_from(held)
    held.index = range(50, 50 + len(held))
    assert effects_from(held.assign(country="UK", quality=3)) == found


def test_an_effect_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        effect("means").value = 0


def test_every_measure_has_words_for_readers():
    assert len({measure.words for measure in Measure}) == len(Measure)
    assert not any("log" in measure.words for measure in Measure)


def test_effects_are_shown_as_readers_know_them():
    ratio = Effect("a", Measure.LOG_RISK_RATIO, np.log(0.8), 0.01, "x")
    assert ratio.shown == pytest.approx(0.8)
    assert ratio.interval() == pytest.approx((0.8 * np.exp(-0.1959964), 0.8 * np.exp(0.1959964)))
    assert Effect("a", Measure.FISHER_Z, np.arctanh(-0.3), 0.01, "x").shown == pytest.approx(-0.3)
    difference = Effect("a", Measure.RISK_DIFFERENCE, -0.1, 0.0004, "x")
    assert difference.interval(0.9) == pytest.approx((-0.1 - 1.6448536 * 0.02, -0.1 + 1.6448536 * 0.02))


# direction


@pytest.mark.parametrize("kind", [kind for kind in ROWS if kind not in ("two_by_two", "effect")])
def test_an_outcome_of_which_more_is_better_is_turned(kind):
    one, other = effect(kind), effect(kind, better="higher")
    assert other.value == pytest.approx(-one.value)
    assert other.variance == pytest.approx(one.variance)
    assert "turned, since more of this outcome is better" in other.how
    reciprocal = any(said.startswith("turned: 1 over the ratio") for said in other.assumptions)
    assert reciprocal == (kind in ("rates", "area_counts"))


@pytest.mark.parametrize("measure", [Measure.LOG_ODDS_RATIO, Measure.LOG_RISK_RATIO, Measure.RISK_DIFFERENCE])
def test_a_good_outcome_in_counts_is_turned_into_its_lack(measure):
    one = effect("two_by_two", measure)
    other = effect("two_by_two", measure, better="higher", events_treated=88, events_control=60)
    assert (other.value, other.variance) == pytest.approx((one.value, one.variance))
    assert "turned into its lack" in other.how


def test_the_risk_ratio_of_a_good_outcome_needs_a_baseline():
    (line,) = refused(row("effect", better="higher"))
    assert "column baseline_risk: got nothing, expected the risk of violence in the comparison group" in line
    found = effect("effect", better="higher", baseline_risk=0.6)
    expected = opposite_risk_ratio(Size(-0.3, 0.02), baseline=0.4)
    assert (found.value, found.variance) == pytest.approx((expected.value, expected.variance))
    assert found.value > 0
    assert "baseline risk: 0.6 in the comparison group, taken as known" in found.assumptions


# counts


def test_two_by_two_by_hand():
    found = effect("two_by_two")
    assert found.value == pytest.approx(np.log(12 * 60 / (88 * 20)))
    assert found.n == 180
    assert found.assumptions == ()


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        (Measure.LOG_ODDS_RATIO, "zero count: 0.5 was added to every count"),
        (Measure.LOG_RISK_RATIO, "zero count: 0.5 was added to every count"),
        (Measure.RISK_DIFFERENCE, "zero count: 0.5 was added in the variance"),
    ],
)
def test_a_half_that_was_added_is_told(measure, said):
    assert effect("two_by_two", measure, events_treated=0).assumptions == (said,)


@pytest.mark.parametrize("kind", ["rates", "area_counts"])
def test_a_half_that_was_added_to_events_is_told(kind):
    column = "events_treated" if kind == "rates" else "treated_after"
    assert "zero count: 0.5 was added to every count" in effect(kind, **{column: 0}).assumptions


def test_two_zeros_are_refused_for_ratios_and_said():
    (line,) = refused(row("two_by_two", events_treated=0, events_control=0))
    assert "nobody in either group had the event" in line
    assert line.endswith("do: ask for the risk difference")
    assert effect("two_by_two", Measure.RISK_DIFFERENCE, events_treated=0, events_control=0).value == 0


def test_rates_without_a_dispersion_are_poisson_and_say_so():
    plain, wide = effect("rates"), effect("rates", dispersion=2.5)
    assert plain.assumptions == ("Poisson counts: no dispersion is given",)
    assert wide.assumptions == ("dispersion: 2.5 times Poisson, as stated",)
    assert wide.variance == pytest.approx(2.5 * plain.variance)


# areas


def test_areas_need_a_dispersion():
    (line,) = refused(row("area_counts", dispersion=None))
    assert "column dispersion: got nothing, expected how many times as large as Poisson the variance is" in line
    assert "1 only where counts are known to vary as Poisson ones" in line


MONTHS = {
    "months_treated_before": "10 20 20", "months_treated_after": "4,6,20", "months_control_before": "20; 20; 20",
    "months_control_after": [15, 20, 20],
}  # fmt: skip


def test_a_dispersion_from_counts_by_month():
    found = effect("area_counts", dispersion=None, **MONTHS)
    cells = [[10, 20, 20], [4, 6, 20], [20, 20, 20], [15, 20, 20]]
    phi = sum(((np.array(y) - np.mean(y)) ** 2).sum() / np.mean(y) for y in cells) / 8
    assert found.variance == pytest.approx(phi * (1 / 50 + 1 / 30 + 1 / 60 + 1 / 55))
    assert f"dispersion: {phi:.3g} times Poisson, estimated from counts by month, never below 1" in found.assumptions


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"dispersion": 2}, "column dispersion: got a number beside counts by month, expected one of the two"),
        ({"months_control_after": None}, "column months_control_after: got nothing"),
        ({"months_control_after": "1 2 many"}, "got 1 2 many, expected counts by month, apart by spaces"),
        ({"months_control_after": "1 2 -3"}, "expected counts by month"),
        ({"months_control_after": "20 20 20"}, "got 60 in all, expected 55, as in control_after"),
    ],
)
def test_counts_by_month_that_do_not_fit_are_refused(cells, said):
    (line,) = refused(row("area_counts", **{"dispersion": None, **MONTHS, **cells}))
    assert said in line


def test_one_month_each_is_no_dispersion():
    one = {f"months_{name}": str(ROWS["area_counts"][name]) for name in list(ROWS["area_counts"])[:4]}
    (line,) = refused(row("area_counts", dispersion=None, **one))
    assert "at least one cell of two months or more" in line


def test_areas_are_not_corrected_for_clusters_twice():
    (line,) = refused(row("area_counts", cluster_size=10, icc=0.1))
    assert "column cluster_size: got 10, expected nothing in a row of area_counts" in line


# means and changes


def test_means_may_stay_in_their_own_units():
    found = effect("means", Measure.RAW_DIFFERENCE)
    assert found.value == -1
    assert found.variance == pytest.approx(4 / 30 + 6.25 / 40)
    assert found.assumptions == ()


def test_a_raw_difference_that_was_printed_needs_the_outcome_s_spread():
    printed = {"estimate": -1.0, "conf_low": -2.0, "conf_high": 0.0, "measure": "raw_difference"}
    (line,) = refused(row("coefficient", **printed), measure=Measure.STANDARDISED_DIFFERENCE)
    assert "column sd_outcome: got nothing, expected the outcome's standard deviation" in line
    found = effect("coefficient", Measure.STANDARDISED_DIFFERENCE, **printed, sd_outcome=2.5)
    assert found.value == pytest.approx(-0.4)
    assert "outcome's spread: a standard deviation of 2.5, taken as known" in found.assumptions


def test_a_change_may_be_printed_as_such():
    told = {"change_treated": -3.0, "change_control": -1.0}
    gone = dict.fromkeys(["before_treated", "after_treated", "before_control", "after_control"])
    assert effect("change", **told, **gone).value == pytest.approx(effect("change").value)


def test_the_spread_of_scores_from_that_of_changes():
    gone = {"sd_before_treated": None, "sd_before_control": None}
    spread = {"sd_change_treated": 4 * np.sqrt(0.8), "sd_change_control": 4.4 * np.sqrt(0.8)}
    one, other = effect("change"), effect("change", **gone, **spread)
    assert (other.value, other.variance) == pytest.approx((one.value, one.variance))
    assert "that the spread of changes implies" in other.how


def test_the_variance_of_a_change_from_its_own_spread_without_a_correlation():
    spread = {"sd_change_treated": 4.2 * np.sqrt(0.8), "sd_change_control": 4.2 * np.sqrt(0.8)}
    even = {"sd_before_treated": 4.2, "sd_before_control": 4.2}
    one, other = effect("change", **even), effect("change", **even, **spread, correlation_before_after=None)
    assert (other.value, other.variance) == pytest.approx((one.value, one.variance))
    assert "variance from the changes' own spread" in other.how
    assert not any("correlation" in said for said in other.assumptions)
    assert "correlation before and after: 0.6, as stated" in one.assumptions


def test_a_raw_change_two_ways():
    after = {"sd_after_treated": 5.0, "sd_after_control": 5.0}
    found = effect("change", Measure.RAW_DIFFERENCE, **after)
    treated, control = 16 + 25 - 2 * 0.6 * 20, 4.4**2 + 25 - 2 * 0.6 * 22
    assert found.value == pytest.approx(-2)
    assert found.variance == pytest.approx(treated / 25 + control / 31)
    told = effect(
        "change", Measure.RAW_DIFFERENCE, sd_change_treated=np.sqrt(treated), sd_change_control=np.sqrt(control)
    )
    assert told.variance == pytest.approx(found.variance)


@pytest.mark.parametrize(
    ("measure", "cells", "said"),
    [
        (None, {"after_treated": None}, ["column change_treated: got nothing"]),
        (None, {"correlation_before_after": None}, ["the variance of a change needs it"]),
        (None, {"sd_before_control": None}, ["expected sd_before_treated and sd_before_control, or sd_change"]),
        (
            None,
            {
                "sd_before_control": None,
                "correlation_before_after": None,
                "sd_change_treated": 3,
                "sd_change_control": 3,
            },
            ["the spread of scores from that of changes needs it"],
        ),
        (Measure.RAW_DIFFERENCE, {}, ["expected sd_change_treated and sd_change_control, or sd_before and sd_after"]),
        (
            Measure.RAW_DIFFERENCE,
            {"sd_after_treated": 4, "sd_after_control": 4, "correlation_before_after": None, "before_control": None},
            ["column change_control", "the spread of changes from spreads before and after needs it"],
        ),
    ],
)
def test_changes_that_lack_something_are_refused(measure, cells, said):
    lines = refused(row("change", **cells), measure=measure)
    assert len(lines) == len(said)
    for line, piece in zip(lines, said, strict=True):
        assert piece in line


# printed coefficients


def test_an_odds_ratio_with_its_interval():
    found = effect("coefficient")
    assert found.value == pytest.approx(np.log(0.7))
    assert found.std_error == pytest.approx(np.log(0.98 / 0.5) / (2 * 1.959964), rel=1e-6)
    assert found.assumptions == ()


@pytest.mark.parametrize(("level", "quantile"), [(0.9, 1.644854), (0.99, 2.575829)])
def test_an_interval_of_any_level(level, quantile):
    found = effect("coefficient", conf_level=level)
    assert found.std_error == pytest.approx(np.log(0.98 / 0.5) / (2 * quantile), rel=1e-6)


def test_a_level_that_is_not_stated_is_taken_as_95_and_told():
    found = effect("coefficient", conf_level=None)
    assert found.assumptions == ("level of the interval: 95%, which is not stated",)
    assert found.variance == effect("coefficient").variance


def test_an_interval_with_degrees_of_freedom():
    assert effect("coefficient", df=10).std_error == pytest.approx(np.log(0.98 / 0.5) / (2 * 2.228139), rel=1e-6)


def test_an_uneven_interval_is_told():
    found = effect("coefficient", conf_low=0.2)
    assert any(said.startswith("symmetry: the interval is not even") for said in found.assumptions)


NO_INTERVAL = {"conf_low": None, "conf_high": None, "conf_level": None}


@pytest.mark.parametrize(
    ("measure", "estimate", "error", "value", "on_scale"),
    [
        ("odds_ratio", 0.5, 0.1, np.log(0.5), 0.2),
        ("log_odds_ratio", -0.5, 0.1, -0.5, 0.1),
        ("percent_change", -20.0, 4.0, np.log(0.8), 0.05),
        ("correlation", -0.6, 0.064, np.arctanh(-0.6), 0.1),
        ("risk_difference", -0.1, 0.02, -0.1, 0.02),
        ("hazard_ratio", 0.8, 0.08, np.log(0.8), 0.1),
    ],
)
def test_standard_errors_of_printed_numbers(measure, estimate, error, value, on_scale):
    found = effect("coefficient", **NO_INTERVAL, measure=measure, estimate=estimate, std_error=error)
    assert found.value == pytest.approx(value)
    assert found.std_error == pytest.approx(on_scale)
    carried = any(said.startswith("standard error: that of the number as printed") for said in found.assumptions)
    assert carried == (value != estimate)


@pytest.mark.parametrize("measure", [m for m in Measure if m.is_ratio])
def test_a_ratio_and_its_log_are_one(measure):
    name = measure.value.removeprefix("log_")
    one = effect("coefficient", measure=name)
    logs = {key: float(np.log(ROWS["coefficient"][key])) for key in ("estimate", "conf_low", "conf_high")}
    other = effect("coefficient", measure=measure.value, **logs)
    assert (other.value, other.variance) == pytest.approx((one.value, one.variance))
    assert one.measure is other.measure is measure


def test_per_cent_and_a_ratio_are_one():
    one = effect("coefficient", measure="rate_ratio")
    other = effect("coefficient", measure="percent_change", estimate=-30, conf_low=-50, conf_high=-2)
    assert (other.value, other.variance) == pytest.approx((one.value, one.variance))


def test_t_and_p_of_a_coefficient():
    by_t = effect("coefficient", **NO_INTERVAL, t_value=-2.5)
    assert by_t.std_error == pytest.approx(np.log(0.7) / -2.5)
    by_p = effect("coefficient", **NO_INTERVAL, p_value=0.012419330651552318)
    assert by_p.std_error == pytest.approx(by_t.std_error, rel=1e-6)
    assert by_p.assumptions == ("p-value: two-sided",)
    few = effect("coefficient", **NO_INTERVAL, p_value=0.05, df=4)
    assert few.std_error == pytest.approx(-np.log(0.7) / 2.776445, rel=1e-6)


def test_a_standard_error_comes_before_an_interval_and_is_named():
    assert "and its standard error" in effect("coefficient", std_error=0.1).how
    assert "and its 95% interval" in effect("coefficient", p_value=0.04).how


@pytest.mark.parametrize("printed", ["<0.05", "< 0.05", "<.05"])
def test_a_p_below_a_bound_is_refused_unless_the_bound_is_taken(printed):
    (line,) = refused(row("coefficient", **NO_INTERVAL, p_value=printed))
    assert f"column p_value: got {printed}, expected an exact p-value" in line
    found = effect("coefficient", **NO_INTERVAL, p_value=printed, p_is_bound="yes")
    assert found.std_error == pytest.approx(-np.log(0.7) / 1.959964, rel=1e-6)
    assert "bound: p is taken as 0.05 and the error is at most this large" in found.assumptions


@pytest.mark.parametrize("printed", [">0.05", "ns", "0", "0.000", "1", "1.2", "-0.1", "p<0.05"])
@pytest.mark.parametrize("bound", [None, "yes"])
def test_a_p_that_says_nothing_is_refused(printed, bound):
    (line,) = refused(row("coefficient", **NO_INTERVAL, p_value=printed, p_is_bound=bound))
    assert "expected a number between 0 and 1, two-sided" in line


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"estimate": -0.7}, "column estimate: got -0.7, expected a ratio, above 0"),
        ({"conf_low": 0.0}, "column conf_low: got 0, expected a ratio, above 0"),
        ({"estimate": 1.2}, "expected an estimate within its interval"),
        ({"conf_high": None}, "column conf_high: got nothing, expected both ends of the interval"),
        ({"conf_level": 95}, "column conf_level: got 95, expected a level such as 0.95"),
        ({"measure": "effect"}, "column measure: got effect, expected one of log_odds_ratio"),
        ({"measure": None}, "column measure: got nothing"),
        (NO_INTERVAL, "expected one of std_error, conf_low with conf_high, t_value, p_value"),
        ({**NO_INTERVAL, "t_value": 2.0}, "expected the same sign and neither of them 0"),
        ({**NO_INTERVAL, "std_error": 0}, "column std_error: got 0, expected a number above 0"),
        ({"measure": "correlation", "conf_high": 1.2}, "column conf_high: got 1.2, expected a number between -1 and 1"),
        ({"measure": "percent_change", "conf_low": -100}, "expected a change in per cent, above -100"),
    ],
)
def test_coefficients_that_cannot_be_used_are_refused(cells, said):
    (line,) = refused(row("coefficient", **cells))
    assert line.startswith("row 1 (coefficient study), column ")
    assert said in line


# statistics


@pytest.mark.parametrize(("name", "value"), [("f", 4.41), ("p", 0.041025), ("chi_squared", 4.0)])
def test_statistics_without_a_sign_take_it_from_the_row(name, value):
    less = effect("statistic", statistic=name, statistic_value=value, treated_had="less")
    more = effect("statistic", statistic=name, statistic_value=value, treated_had="more")
    assert less.value == -more.value < 0
    assert less.value == pytest.approx(effect("statistic").value, rel=0.03)
    (line,) = refused(row("statistic", statistic=name, statistic_value=value))
    assert "column treated_had: got nothing, expected one of more, less" in line


def test_f_is_the_square_of_t():
    one, other = effect("statistic"), effect("statistic", statistic="f", statistic_value=2.1**2, treated_had="less")
    assert (other.value, other.variance) == pytest.approx((one.value, one.variance))
    assert other.n == 50


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"statistic": "z"}, "column statistic: got z, expected one of t, f, chi_squared, p"),
        ({"statistic_value": "high"}, "column statistic_value: got high, expected a number"),
        ({"statistic_value": None}, "column statistic_value: got nothing, expected a number"),
        ({"statistic": "f", "statistic_value": -1, "treated_had": "less"}, "F: got -1"),
        ({"statistic": "chi_squared", "statistic_value": 70, "treated_had": "less"}, "fewer than people"),
        ({"statistic": "p", "statistic_value": "<0.05", "treated_had": "less"}, "column statistic_value: got <0.05"),
        ({"n_treated": 1}, "column n_treated: got 1, expected at least 2 people"),
    ],
)
def test_statistics_that_cannot_be_used_are_refused(cells, said):
    (line,) = refused(row("statistic", **cells))
    assert said in line


# clusters


@pytest.mark.parametrize("kind", [kind for kind in ROWS if kind != "area_counts"])
def test_clusters_widen_the_variance_and_leave_the_effect(kind):
    one, other = effect(kind), effect(kind, cluster_size=21, icc=0.05, icc_source="similar trials")
    assert other.value == one.value
    assert other.variance == pytest.approx(2 * one.variance)
    assert "the variance multiplied by 2 for clusters" in other.how
    assert "intraclass correlation: 0.05, from similar trials" in other.assumptions
    assert "cluster sizes: all alike" in other.assumptions
    assert other.n == one.n


def test_an_intraclass_correlation_without_a_source_is_called_assumed():
    found = effect("means", cluster_size=21, icc=0.05)
    assert "intraclass correlation: 0.05, assumed, with no source given" in found.assumptions


def test_uneven_clusters_cost_more():
    found = effect("means", cluster_size=20, icc=0.05, cluster_size_cv=0.5)
    assert found.variance == pytest.approx(effect("means").variance * (1 + (1.25 * 20 - 1) * 0.05))
    assert "cluster sizes: all alike" not in found.assumptions


@pytest.mark.parametrize("kind", ["two_by_two", "rates"])
def test_dividing_people_is_multiplying_the_variance_of_a_ratio(kind):
    clusters = {"cluster_size": 21, "icc": 0.05}
    one, other = effect(kind, **clusters), effect(kind, **clusters, cluster_on="sample_size")
    assert (other.value, other.variance) == pytest.approx((one.value, one.variance))
    assert "people and events divided by 2 for clusters" in other.how
    assert other.n == one.n


@pytest.mark.parametrize("kind", ["means", "change", "correlation"])
def test_dividing_people_is_nearly_multiplying_the_variance_otherwise(kind):
    clusters = {"cluster_size": 11, "icc": 0.05}
    one, other = effect(kind, **clusters), effect(kind, **clusters, cluster_on="sample_size")
    assert other.value == pytest.approx(one.value, rel=0.02)
    assert other.variance == pytest.approx(one.variance, rel=0.03)


@pytest.mark.parametrize(
    ("kind", "cells", "said"),
    [
        ("means", {"cluster_size": 20}, "column icc: got nothing"),
        ("means", {"icc": 0.1}, "column cluster_size: got nothing"),
        ("means", {"cluster_size_cv": 0.1, "icc": 0.1}, "column cluster_size: got nothing"),
        ("means", {"cluster_size": 20, "icc": 1.5}, "column icc: got 1.5, expected a number from 0 to 1"),
        ("means", {"cluster_size": 0.5, "icc": 0.1}, "column cluster_size: got 0.5, expected a number of 1 or more"),
        ("means", {"cluster_size": 20, "icc": 0.1, "cluster_on": "people"}, "expected one of variance, sample_size"),
        (
            "statistic",
            {"cluster_size": 20, "icc": 0.1, "cluster_on": "sample_size"},
            "expected variance in a row of statistic",
        ),
        (
            "effect",
            {"cluster_size": 20, "icc": 0.1, "cluster_on": "sample_size"},
            "expected variance in a row of effect",
        ),
        ("means", {"cluster_size": 500, "icc": 0.9, "cluster_on": "sample_size"}, "expected at least 2 in each group"),
    ],
)
def test_clusters_that_lack_something_are_refused(kind, cells, said):
    (line,) = refused(row(kind, **cells))
    assert said in line


# one measure for all


def test_all_rows_that_can_are_brought_to_one_measure():
    kinds = ["two_by_two", "means", "change", "correlation", "coefficient", "statistic"]
    rows = [row(kind) for kind in kinds] + [row("effect", baseline_risk=0.3)]
    for measure in (Measure.STANDARDISED_DIFFERENCE, Measure.LOG_ODDS_RATIO, Measure.FISHER_Z):
        found = effects_from(table(*rows), measure=measure)
        assert {e.measure for e in found} == {measure}
        assert all(e.value < 0 for e in found)
        for one, unasked in zip(found, effects_from(table(*rows)), strict=True):
            assert ("converted from" in one.how) == (one.measure is not unasked.measure)


def test_counts_give_a_risk_ratio_directly_and_odds_need_a_baseline():
    direct = effect("two_by_two", Measure.LOG_RISK_RATIO)
    assert "converted" not in direct.how
    (line,) = refused(row("coefficient"), measure=Measure.LOG_RISK_RATIO)
    assert "column baseline_risk: got nothing" in line
    assert "a log_odds_ratio as a log_risk_ratio needs it" in line
    found = effect("coefficient", Measure.LOG_RISK_RATIO, baseline_risk=0.4)
    assert found.shown == pytest.approx(0.7 / (1 - 0.4 + 0.4 * 0.7))
    assert "baseline risk: 0.4 in the comparison group, taken as known" in found.assumptions


def test_a_measure_may_be_asked_for_by_name():
    assert effect("two_by_two", "log_risk_ratio") == effect("two_by_two", Measure.LOG_RISK_RATIO)
    with pytest.raises(StudyError, match="measure: got risk, expected one of log_odds_ratio, log_risk_ratio"):
        effect("two_by_two", "risk")


def test_areas_and_rates_meet_and_say_so():
    found = effects_from(table(row("area_counts"), row("rates")), measure=Measure.LOG_RELATIVE_RATE_RATIO)
    assert "converted" not in found[0].how
    assert any(said.startswith("levels: ") for said in found[1].assumptions)
    assert found[1].value == effect("rates").value


def test_rows_that_cannot_be_brought_to_one_measure_are_refused_by_name():
    lines = refused(row("two_by_two"), row("rates"), row("area_counts"), measure=Measure.STANDARDISED_DIFFERENCE)
    assert [line.split(",")[0] for line in lines] == ["row 2 (rates study)", "row 3 (area_counts study)"]
    assert all("expected a measure that can become a standardised_difference" in line for line in lines)


def test_a_baseline_that_does_not_fit_is_refused_with_its_row():
    (line,) = refused(row("effect", yi=0.9, baseline_risk=0.6), measure=Measure.LOG_ODDS_RATIO)
    assert "an effect of 0.9 on a baseline risk of 0.6 gives a risk of 1.47576" in line
    assert line.endswith("do: look at the baseline risk")


def test_a_turned_and_converted_effect_is_the_converted_one_turned():
    one = effect("coefficient", Measure.STANDARDISED_DIFFERENCE)
    other = effect("coefficient", Measure.STANDARDISED_DIFFERENCE, better="higher")
    assert other.value == pytest.approx(-one.value)


# every fault at once


def test_every_fault_of_every_row_is_named_at_once():
    lines = refused(
        row("two_by_two", events_treated=-3, n_control="many"),
        row("means", study=None, better="less"),
        row("two_by_two", reports="counts"),
        row("two_by_two", events_treated=120, events_control=90),
        row("rates"),
    )
    assert lines == (
        "row 1 (two_by_two study), column events_treated: got -3, expected a number of 0 or more; "
        "do: look it up in the paper",
        "row 1 (two_by_two study), column n_control: got many, expected at least 1 person; do: look it up in the paper",
        "row 2 (no study), column study: got nothing, expected the study's label; do: fill it in: every row needs it",
        "row 2 (no study), column better: got less, expected one of lower, higher; do: write one of them",
        "row 3 (two_by_two study), column reports: got counts, expected one of two_by_two, means, change, rates, "
        "correlation, area_counts, coefficient, statistic, effect; do: write one of them",
        "row 4 (two_by_two study), column events_treated: got 120, expected at most n_treated, 100; "
        "do: give people, not events, or look it up",
        "row 4 (two_by_two study), column events_control: got 90, expected at most n_control, 80; "
        "do: give people, not events, or look it up",
    )


@pytest.mark.parametrize("kind", ROWS)
def test_every_needed_cell_is_asked_for(kind):
    needed = [*KINDS[kind].needs, *KINDS[kind].words]
    lines = refused({"study": "s", "reports": kind, "better": "lower"})
    asked = [line.split("column ")[1].split(":")[0] for line in lines]
    assert sorted(asked) == sorted(needed)
    assert all("got nothing" in line for line in lines)


@pytest.mark.parametrize("value", [None, np.nan, "", "  ", pd.NA, pd.NaT])
def test_a_blank_cell_is_a_blank_cell_however_it_is_written(value):
    held = table(row("means"))
    held["sd_treated"] = pd.Series([value], dtype=object)
    with pytest.raises(StudyError, match="column sd_treated: got nothing, expected a number above 0"):
        effects_from(held)


@pytest.mark.parametrize("value", [True, "1,234", "ten", np.inf, "nan", [1, 2]])
def test_a_cell_that_is_no_number_is_named(value):
    (line,) = refused(row("means", mean_treated=value))
    assert "column mean_treated: got " in line


def test_numbers_may_be_text():
    texts = {name: str(value) for name, value in ROWS["means"].items()}
    assert effect("means", **texts) == effect("means")


@pytest.mark.parametrize("name", ["ICC", "Cluster Size", "cluster-size", "baselineRisk", "P_Value"])
def test_a_column_that_is_known_but_for_its_spelling_is_refused(name):
    lines = refused({**row("means"), name: 5})
    assert lines[0].startswith(f"column {name}: expected ")
    assert lines[0].endswith("do: rename it, so that it is read")


def test_a_column_that_stands_twice_is_refused():
    held = table(row("means"))
    twice = pd.concat([held, held[["mean_treated"]]], axis=1)
    with pytest.warns(UserWarning, match="not unique"), pytest.raises(StudyError, match="column mean_treated: got it"):
        effects_from(twice)


def test_a_table_without_rows_is_refused():
    with pytest.raises(StudyError, match="the coding table has no rows"):
        effects_from(pd.DataFrame({"study": [], "reports": [], "better": []}))


@given(st.lists(st.sampled_from(list(ROWS)), min_size=1, max_size=6), st.data())
@settings(max_examples=60, deadline=None)
def test_any_cell_of_any_row_may_be_wrong_without_another_error(kinds, data):
    rows = [row(kind) for kind in kinds]
    at = data.draw(st.integers(0, len(rows) - 1))
    column = data.draw(st.sampled_from(list(rows[at])))
    rows[at][column] = data.draw(
        st.one_of(st.none(), st.floats(), st.integers(-5, 500), st.text(max_size=4), st.booleans())
    )
    try:
        found = effects_from(table(*rows))
    except StudyError as refusal:
        assert all(line.startswith(f"row {at + 1} (") for line in refusal.breaches)
    else:
        assert len(found) == len(rows)
        assert all(np.isfinite(e.value) and e.variance > 0 for e in found)
