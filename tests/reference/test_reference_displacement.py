"""Numbers about displacement that others published: WDD, WDQ, and the least squares that spillover must equal."""

import json
from pathlib import Path

import numpy as np
import pytest

from curv_eval.stats.displacement import Weights, displacement_quotient, weighted_displacement_difference

HERE = Path(__file__).parent


def case(name):
    return json.loads((HERE / f"{name}.json").read_text("utf-8"))


def test_the_simple_difference_is_that_of_wheeler_and_ratcliffe():
    held = case("wdd_displacement")
    counts, expected = held["data"]["inline"]["A"], held["expected"]["A"]
    found = weighted_displacement_difference(counts["treated"], counts["control"])
    assert found.total.value == pytest.approx(expected["wdd"], abs=held["tolerance"]["wdd"])
    assert found.total.std_error == pytest.approx(expected["se"], abs=1e-8)
    assert found.local == found.total


def test_the_difference_with_a_buffer_is_that_of_wheeler_and_ratcliffe():
    held = case("wdd_displacement")
    counts, expected = held["data"]["inline"]["B"], held["expected"]["B"]
    found = weighted_displacement_difference(
        counts["treated"], counts["control"], buffer=counts["disp_treated"], buffer_comparison=counts["disp_control"]
    )
    assert found.local.value == expected["local"]
    assert found.local.std_error == pytest.approx(expected["local_se"], abs=1e-8)
    assert found.displacement.value == expected["displacement"]
    assert found.total.value == expected["total"]
    assert found.total.std_error == pytest.approx(expected["total_se"], abs=1e-8)


def test_the_area_weighted_difference_is_the_published_one():
    held = case("wdd_displacement")
    counts, expected = held["data"]["inline"]["B"], held["expected"]["B"]
    weights = Weights(areas=(counts["area"]["treated"], counts["area"]["control"], 1.0, 1.0))
    found = weighted_displacement_difference(counts["treated"], counts["control"], weights=weights).local
    assert found.value == pytest.approx(expected["area_weighted_local"], abs=1e-8)
    assert found.std_error == pytest.approx(expected["area_weighted_local_se"], abs=1e-8)


def ptools(name):
    held = case("ptools_wdd")
    given, expected = held["data"]["inline"][name], held["expected"][name]
    area = given.get("areas", {})
    weights = Weights(
        time=tuple(given.get("time_weights", (1, 1))),
        areas=tuple(area.get(key, 1.0) for key in ("treated", "control", "disp_treated", "disp_control")),
    )
    found = weighted_displacement_difference(
        given["treated"], given["control"], buffer=given.get("disp_treated", (0, 0)),
        buffer_comparison=given.get("disp_control", (0, 0)), weights=weights,
    )  # fmt: skip
    return found.total, expected


def test_the_paper_s_own_example_and_its_interval():
    found, expected = ptools("paper")
    assert found.value == expected["total"]
    assert found.std_error**2 == pytest.approx(expected["std_error_squared"], abs=1e-9)
    assert round(found.value / found.std_error, 2) == expected["z"]
    assert [round(x) for x in found.interval(0.05)] == [expected["conf_low"], expected["conf_high"]]


def test_windows_of_different_length_are_those_of_ptools():
    found, expected = ptools("time")
    assert found.value == pytest.approx(expected["total"], abs=1e-9)
    assert found.std_error**2 == pytest.approx(expected["std_error_squared"], abs=1e-9)


def test_areas_of_different_size_are_those_of_ptools():
    found, expected = ptools("areas")
    assert found.value == pytest.approx(expected["total"], abs=1e-7)
    assert found.std_error == pytest.approx(expected["std_error"], abs=1e-7)
    assert found.value / found.std_error == pytest.approx(expected["z"], abs=1e-8)
    assert found.interval(0.05) == pytest.approx((expected["conf_low"], expected["conf_high"]), abs=1e-6)


def test_the_quotient_and_its_parts_are_those_of_bowers_and_johnson():
    held = case("wdq_bowers_johnson")
    counts, expected, tolerance = held["data"]["inline"], held["expected"], held["tolerance"]["all"]
    found = displacement_quotient(counts["R"], counts["D"], counts["C"])
    assert found.success.value == pytest.approx(expected["success"], abs=tolerance)
    assert found.buffer.value == pytest.approx(expected["buffer"], abs=tolerance)
    assert found.value == pytest.approx(expected["WDQ"], abs=tolerance)
    assert found.gross.value == expected["GE"]
    assert found.net.value == pytest.approx(expected["NE"], abs=tolerance)
    assert found.total_net.value == pytest.approx(expected["TNE"], abs=tolerance)
    assert found.stable


def test_fieller_s_interval_is_where_the_numerator_of_the_test_leaves_its_quantile():
    # by definition: (moved - q success)^2 = z^2 Var(moved - q success) at both ends
    counts = np.array([200, 120, 100, 90, 400, 380.0])
    found = displacement_quotient(counts[:2], counts[2:4], counts[4:])
    r0, r1, d0, d1, c0, c1 = counts
    for q in (found.conf_low, found.conf_high):
        top = found.buffer.value - q * found.success.value
        gradient = np.array([q / c0, -q / c1, -1 / c0, 1 / c1, (d0 - q * r0) / c0**2, -(d1 - q * r1) / c1**2])
        assert top**2 == pytest.approx(1.959963984540054**2 * (gradient**2 @ counts), rel=1e-10)
    assert found.conf_low < found.value < found.conf_high
