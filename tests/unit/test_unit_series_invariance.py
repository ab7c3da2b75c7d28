"""What must not matter to a method of one series, under every option: order, units, splits of areas, the calendar."""

from dataclasses import replace

import numpy as np
import pytest
from test_unit_interrupted_time_series import monthly

from curv_eval.estimate.averages import overall
from curv_eval.methods import fit
from curv_eval.panel import Panel
from curv_eval.study import Design, Span

SERIES = [
    {}, {"comparison": "interaction"}, {"comparison": "none"}, {"comparison": "none", "errors": "newey_west"},
    {"errors": "newey_west", "small_sample": "none"}, {"errors": "none", "change": "level"}, {"season": "fourier"},
    {"model": "ols"}, {"model": "ols", "comparison": "none", "season": "fourier"},
    {"model": "ols", "comparison": "interaction", "errors": "newey_west"},
]  # fmt: skip
STRUCTURAL = [{}, {"comparison": "districts"}, {"comparison": "none"}, {"prior": 0.5, "seed": 7}]
CASES = [
    *(pytest.param("interrupted_time_series", o, id=f"its-{i}") for i, o in enumerate(SERIES)),
    *(pytest.param("structural_time_series", {"draws": 500, **o}, id=f"sts-{i}") for i, o in enumerate(STRUCTURAL)),
]


def table(panel, method, options):
    design = Design(method=method, window=Span("2000-01", "2004-06"), options=options)
    return overall(fit(panel, outcome="y", design=design)).set_index("term")


def numbers(panel, method, options, *terms):
    columns = ["estimate", "std_error", "conf_low", "conf_high"]
    return table(panel, method, options).loc[list(terms) or ["average", "total", "relative"], columns].to_numpy()


@pytest.mark.parametrize(("method", "options"), CASES)
def test_the_order_of_areas_does_not_matter(method, options):
    panel = monthly()
    turned = panel.take(np.array([2, 0, 1]))
    assert numbers(turned, method, options) == pytest.approx(numbers(panel, method, options), rel=1e-6)


@pytest.mark.parametrize(("method", "options"), CASES)
def test_the_size_of_counts_scales_counts_and_leaves_ratios(method, options):
    panel = monthly()
    large = replace(panel, outcomes={"y": 5 * panel.outcomes["y"]})
    small, big = numbers(panel, method, options), numbers(large, method, options)
    assert big[:2] == pytest.approx(5 * small[:2], rel=1e-5)
    assert big[2] == pytest.approx(small[2], rel=1e-5)


@pytest.mark.parametrize(("method", "options"), CASES)
def test_the_calendar_may_be_moved_by_years(method, options):
    panel = monthly()
    moved = replace(panel, periods=panel.periods + 48, cohort=panel.cohort + 48)
    assert numbers(moved, method, options) == pytest.approx(numbers(panel, method, options), rel=1e-6)


@pytest.mark.parametrize(("method", "options"), CASES)
def test_splitting_an_area_leaves_the_total(method, options):
    panel = monthly()
    y = panel.outcomes["y"]
    draw = np.random.default_rng(1)
    part = np.vstack([draw.binomial(y[0].astype(int), 0.4), draw.binomial(y[1].astype(int), 0.5)]).astype(float)
    split = Panel(
        units=np.array(["a1", "a2", "b1", "b2", "c"]), periods=panel.periods,
        cohort=panel.cohort[[0, 0, 1, 1, 2]], cluster=np.array(["a1", "a2", "b1", "b2", "c"]),
        outcomes={"y": np.vstack([part[0], y[0] - part[0], part[1], y[1] - part[1], y[2]])},
        district=panel.district[[0, 0, 1, 1, 2]],
    )  # fmt: skip
    if options.get("model") == "ols" and options.get("comparison", "series") != "none":
        return  # least squares brings the comparison to as many areas, so how many there are matters
    assert numbers(split, method, options, "total", "relative") == pytest.approx(
        numbers(panel, method, options, "total", "relative"), rel=1e-6
    )


@pytest.mark.parametrize("options", [{}, {"comparison": "interaction"}, {"season": "fourier"}])
def test_how_large_the_comparison_is_does_not_matter_to_a_ratio(options):
    panel = monthly()
    large = replace(panel, outcomes={"y": panel.outcomes["y"] * np.array([[1], [4], [4]])})
    estimates = [table(p, "interrupted_time_series", options)["estimate"].to_numpy() for p in (panel, large)]
    assert estimates[0] == pytest.approx(estimates[1], rel=0.02 if options.get("comparison") else 1e-7)


@pytest.mark.parametrize("method", ["interrupted_time_series", "structural_time_series"])
def test_a_smooth_common_change_cancels_in_a_ratio_and_in_a_regression(method):
    panel = monthly(noise=False)
    wave = 1 + 0.3 * np.sin(np.arange(54) / 5)
    moved = replace(panel, outcomes={"y": panel.outcomes["y"] * wave})
    assert table(moved, method, {}).loc["relative", "estimate"] == pytest.approx(-0.3, abs=0.01)


@pytest.mark.parametrize(("method", "options"), CASES)
def test_the_input_is_left_alone_and_the_answer_is_the_same_twice(method, options):
    panel = monthly()
    before = panel.outcomes["y"].copy()
    first, second = numbers(panel, method, options), numbers(panel, method, options)
    assert (panel.outcomes["y"] == before).all()
    assert (first == second).all()


@pytest.mark.parametrize(("method", "options"), CASES)
def test_only_what_came_before_decides_what_was_expected(method, options):
    # a change of level and slope leaves nothing of the time after to the trend
    if options.get("change") == "level" or options.get("comparison") in ("interaction", "districts"):
        return  # the slope is learnt from the time after, too, or two districts without noise are one
    panel = monthly(noise=False, season=0.0)
    options = {**options, "season": "none"}
    y = panel.outcomes["y"].copy()
    y[0, 36:] = 500 * np.exp(0.01 * np.arange(18))
    changed = replace(panel, outcomes={"y": y})
    design = Design(method=method, window=Span("2000-01", "2004-06"), options=options)
    expected = []
    for p in (panel, changed):
        cells = fit(p, outcome="y", design=design).cells
        expected.append((cells["observed"] - cells["estimate"]).to_numpy()[36:])
    assert expected[0] == pytest.approx(expected[1], rel=0.02)
