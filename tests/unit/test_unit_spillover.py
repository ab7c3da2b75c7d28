"""Exposure of neighbours: the regression of Butts (2023), by hand, staggered, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest

from curv_eval.errors import DesignError
from curv_eval.estimate.averages import average, by, overall
from curv_eval.methods import fit, path
from curv_eval.panel import Panel
from curv_eval.stats.cluster import bias_reduced
from curv_eval.stats.contiguity import order_of_contiguity
from curv_eval.stats.spillover import Reached, averaged
from curv_eval.stats.two_way import within
from curv_eval.study import Design, Span
from panels import known

WINDOW = Span("2000-01", "2001-12")


def estimated(panel, anticipation=0, **options):
    design = Design(method="spillover_exposure", window=WINDOW, options=options, anticipation=anticipation)
    return fit(panel, outcome="y", design=design)


def terms(found):
    return found.parameters.set_index("term")


def averages(found):
    return overall(found).set_index("term")


def chain(starts, *, n=40, periods=10, direct=-2.0, near=1.0, noise=0.0, seed=1):
    """A row of areas in which each touches the next; starts: area -> start. Truth: `direct`, and `near` next door."""
    draw = np.random.default_rng(seed)
    cohort = np.full(n, np.nan)
    for area, start in starts.items():
        cohort[area] = start
    touch = np.zeros((n, n), dtype=bool)
    touch[np.arange(n - 1), np.arange(1, n)] = True
    touch = touch | touch.T
    t = np.arange(periods)
    y = 20 + draw.normal(0, 3, n)[:, None] + 0.5 * t + noise * draw.normal(size=(n, periods))
    for k in t:
        order = order_of_contiguity(touch, cohort <= k, most=1)
        y[:, k] += np.where(order == 0, direct, np.where(order == 1, near, 0.0))
    return Panel(
        units=np.array([f"a{i:02d}" for i in range(n)]), periods=t, cohort=cohort, cluster=np.arange(n),
        outcomes={"y": y}, frequency="year", neighbours=touch,
    )  # fmt: skip


ONE = dict.fromkeys((2, 8, 14, 20, 26), 5.0)
TWO = {2: 3.0, 8: 3.0, 14: 3.0, 20: 6.0, 26: 6.0, 15: 6.0, 9: 6.0}


def test_the_truth_is_found_where_there_is_no_noise():
    found = terms(estimated(chain(ONE)))["estimate"]
    assert found["direct effect"] == pytest.approx(-2.0, abs=1e-10)
    assert found["spillover on areas next to treated areas"] == pytest.approx(1.0, abs=1e-10)


def test_staggered_starts_and_areas_that_were_next_door_first_are_found_too():
    # areas 9 and 15 are next to treated areas from 3 on and treated themselves from 6 on
    found = estimated(chain(TWO))
    assert terms(found).loc["direct effect", "estimate"] == pytest.approx(-2.0, abs=1e-10)
    assert terms(found).loc["spillover on areas next to treated areas", "estimate"] == pytest.approx(1.0, abs=1e-10)
    assert found.cells["estimate"].to_numpy() == pytest.approx(-2.0, abs=1e-10)
    assert sorted(found.cells["cohort"].unique()) == [3.0, 6.0]


def test_a_plain_comparison_is_led_astray_by_the_same_data():
    panel = chain(ONE)
    plain = Design(method="difference_in_differences", window=WINDOW)
    found = overall(fit(panel, outcome="y", design=plain)).set_index("term")
    # 10 of 35 comparison areas went up by 1
    assert found.loc["average", "estimate"] == pytest.approx(-2.0 - 10 / 35, abs=1e-8)
    assert averages(estimated(panel)).loc["average", "estimate"] == pytest.approx(-2.0, abs=1e-10)


def regression(panel, rings):
    """Least squares with unit and period effects and one dummy per ring, by statsmodels."""
    import statsmodels.api as sm

    start = np.nanmin(panel.cohort)
    order = order_of_contiguity(panel.neighbours, panel.treated, most=rings)
    post = (panel.periods >= start)[None, :]
    columns = [(order == k)[:, None] & post for k in range(rings + 1)]
    n, t = panel.outcomes["y"].shape
    dummies = [np.kron(np.eye(n), np.ones((t, 1))), np.kron(np.ones((n, 1)), np.eye(t)[:, 1:])]
    x = np.column_stack([*[c.ravel().astype(float) for c in columns], *dummies])
    return sm.OLS(panel.outcomes["y"].ravel(), x).fit().params[: rings + 1]


@pytest.mark.parametrize("rings", [1, 2, 3])
def test_it_is_the_regression_with_a_dummy_for_each_ring(rings):
    panel = chain(ONE, noise=1.0)
    found = terms(estimated(panel, rings=rings))["estimate"].to_numpy()[:-1]
    assert found == pytest.approx(regression(panel, rings), abs=1e-9)


def test_the_error_is_cr2_of_that_regression():
    panel = chain(ONE, noise=1.0)
    order = order_of_contiguity(panel.neighbours, panel.treated, most=1)
    post = (panel.periods >= 5)[None, :].astype(float)
    d, ring = (order == 0)[:, None] * post, (order == 1)[:, None] * post
    n, t = panel.outcomes["y"].shape
    b = regression(panel, 1)
    residual = within(panel.outcomes["y"] - b[0] * d - b[1] * ring).ravel()
    dummies = np.tile(np.eye(t)[:, 1:] - 1.0 / t, (n, 1))
    columns = [(x - x.mean(axis=1, keepdims=True)).ravel() for x in (d, ring)]
    found = terms(estimated(panel))
    for first, row in ((0, "direct effect"), (1, "spillover on areas next to treated areas")):
        x = np.column_stack([columns[first], columns[1 - first], dummies])
        house = bias_reduced(x, residual, np.repeat(panel.cluster, t))
        assert found.loc[row, "std_error"] == pytest.approx(np.linalg.norm(house.scores), rel=1e-6)
        assert found.loc[row, "df"] == pytest.approx(house.df, rel=1e-6)


def test_the_direct_effect_is_the_average_of_the_cells():
    for starts in (ONE, TWO):
        found = estimated(chain(starts, noise=1.0))
        row = averages(found).loc["average"]
        assert row["estimate"] == pytest.approx(terms(found).loc["direct effect", "estimate"])


def test_with_one_start_its_error_is_that_of_the_cells():
    found = estimated(chain(ONE, noise=1.0))
    row, own = averages(found).loc["average"], terms(found).loc["direct effect"]
    assert row["std_error"] == pytest.approx(own["std_error"], rel=1e-10)
    assert row["conf_low"] == pytest.approx(own["conf_low"], rel=1e-8)


def test_the_total_adds_up_treated_areas_and_rings():
    panel = chain(ONE)
    found = terms(estimated(panel))["estimate"]
    # 5 treated areas and 10 next door, 5 periods each
    assert found["total effect"] == pytest.approx(5 * 5 * -2.0 + 10 * 5 * 1.0)


def test_the_total_s_error_counts_the_shared_comparison():
    found = terms(estimated(chain(ONE, noise=1.0)))["std_error"]
    apart = np.hypot(25 * found["direct effect"], 50 * found["spillover on areas next to treated areas"])
    assert found["total effect"] > apart * 1.01


def test_effects_that_grow_are_followed_by_event_time():
    panel = chain(ONE)
    y = panel.outcomes["y"] - 0.5 * panel.treated[:, None] * np.maximum(panel.periods - 5, 0)
    rows = by(estimated(replace(panel, outcomes={"y": y})), "event_time", seed=1)
    assert rows["estimate"].tolist() == pytest.approx([-2.0, -2.5, -3.0, -3.5, -4.0])


def test_anticipation_is_kept_out_of_the_base():
    panel = chain(ONE)
    early = panel.outcomes["y"] + 9.0 * panel.treated[:, None] * ((panel.periods >= 3) & (panel.periods < 5))
    found = estimated(replace(panel, outcomes={"y": early}), anticipation=2)
    assert averages(found).loc["average", "estimate"] == pytest.approx(-2.0)
    assert averages(estimated(replace(panel, outcomes={"y": early}))).loc["average", "estimate"] < -5


def test_rings_farther_out_see_nothing_where_nothing_is():
    panel = chain(ONE, noise=0.5)
    found = terms(estimated(panel, rings=2))
    far = found.loc["spillover on areas 2 borders away from treated areas"]
    assert far["conf_low"] < 0 < far["conf_high"]


def test_too_few_rings_leave_spillover_in_the_comparison():
    panel = chain(ONE)
    y = panel.outcomes["y"].copy()
    order = order_of_contiguity(panel.neighbours, panel.treated, most=2)
    y[order == 2, 5:] += 4.0
    wide = replace(panel, outcomes={"y": y})
    assert averages(estimated(wide, rings=2)).loc["average", "estimate"] == pytest.approx(-2.0)
    assert averages(estimated(wide, rings=1)).loc["average", "estimate"] < -3.0


def test_units_that_repeat_each_other_do_not_narrow_the_interval():
    panel = chain(ONE, noise=1.0)
    twice = np.repeat(np.arange(40), 3)
    copies = replace(
        panel, units=np.array([f"{panel.units[i]}-{k % 3}" for k, i in enumerate(twice)]), cohort=panel.cohort[twice],
        cluster=panel.cluster[twice], outcomes={"y": panel.outcomes["y"][twice]},
        neighbours=panel.neighbours[np.ix_(twice, twice)],
    )  # fmt: skip
    a, b = terms(estimated(panel)), terms(estimated(copies))
    assert b["estimate"].to_numpy()[:2] == pytest.approx(a["estimate"].to_numpy()[:2])
    assert b["std_error"].to_numpy()[:2] == pytest.approx(a["std_error"].to_numpy()[:2], rel=1e-8)
    assert b["df"].to_numpy() == pytest.approx(a["df"].to_numpy(), rel=1e-8)


def test_the_order_of_areas_does_not_matter():
    panel = chain(TWO, noise=1.0)
    order = np.random.default_rng(3).permutation(40)
    mixed = replace(
        panel, units=panel.units[order], cohort=panel.cohort[order], cluster=panel.cluster[order],
        outcomes={"y": panel.outcomes["y"][order]}, neighbours=panel.neighbours[np.ix_(order, order)],
    )  # fmt: skip
    numbers = ["estimate", "std_error", "df"]
    assert terms(estimated(mixed))[numbers].to_numpy() == pytest.approx(terms(estimated(panel))[numbers].to_numpy())


def test_coverage_with_spillover_and_clustered_noise():
    held = ring = 0
    for seed in range(150):
        found = terms(estimated(chain(ONE, noise=1.0, seed=seed)))
        row, near = found.loc["direct effect"], found.loc["spillover on areas next to treated areas"]
        held += row["conf_low"] <= -2 <= row["conf_high"]
        ring += near["conf_low"] <= 1 <= near["conf_high"]
    assert 133 <= held <= 150
    assert 133 <= ring <= 150


def test_few_treated_clusters_are_said():
    assert any("only 5 treated clusters" in note for note in estimated(chain(ONE, noise=1.0)).notes)
    assert estimated(known()).notes == ()


def test_degrees_of_freedom_are_rows_own_where_starts_are_staggered():
    found = estimated(known(starts=(10, 14)))
    assert found.groups is not None
    assert set(found.groups) == {0, 10, 14}
    assert estimated(known()).groups is None
    rows = by(found, "cohort", seed=1)
    assert rows["cohort"].tolist() == [10, 14]


def test_the_event_study_under_it_is_that_of_group_time_effects():
    found = path(known(), outcome="y", design=Design(method="spillover_exposure", window=WINDOW))
    assert found.method == "callaway_santanna"
    assert (found.cells["event_time"] < 0).any()


def test_without_areas_outside_the_rings_it_is_refused():
    with pytest.raises(DesignError, match="got 0 outside the rings, in 0 clusters") as refusal:
        estimated(replace(known(), neighbours=~np.eye(120, dtype=bool)))
    assert "fewer `rings`" in refusal.value.do


def test_without_borders_it_is_refused():
    with pytest.raises(DesignError, match="does not know which areas touch"):
        estimated(replace(known(), neighbours=None))


def test_without_a_neighbour_there_is_no_spillover_and_it_says_so():
    touch = np.zeros((120, 120), dtype=bool)
    touch[118, 119] = touch[119, 118] = True
    found = estimated(replace(known(), neighbours=touch))
    assert found.parameters["term"].tolist() == ["direct effect", "total effect"]
    assert any("no spillover to measure" in note for note in found.notes)


def test_a_ring_within_one_cluster_is_left_out_and_said():
    panel = chain(ONE, noise=1.0)
    order = order_of_contiguity(panel.neighbours, panel.treated, most=1)
    found = estimated(replace(panel, cluster=np.where(order == 1, 99, panel.cluster)))
    assert found.parameters["term"].tolist() == ["direct effect", "total effect"]
    assert any("they lie within one cluster" in note for note in found.notes)
    assert found.parameters.notna().all(axis=None)


def test_areas_reached_from_the_first_period_are_refused():
    panel = chain({2: 1.0, 8: 1.0, 20: 1.0}, noise=1.0)
    with pytest.raises(DesignError, match="reached from the first period on"):
        estimated(panel, anticipation=1)


def test_a_cohort_within_one_cluster_is_refused():
    panel = chain({2: 3.0, 8: 6.0, 20: 6.0}, noise=1.0)
    with pytest.raises(DesignError, match="lie within one cluster"):
        estimated(panel)


def test_the_influence_of_the_comparison_adds_up_to_nothing():
    panel = chain(ONE, noise=1.0)
    order = order_of_contiguity(panel.neighbours, panel.treated, most=1)
    clean = np.where(order <= 1, 5.0, np.inf)
    found = averaged(
        Reached(panel.outcomes["y"], panel.periods, clean, panel.cluster), panel.treated[:, None] & (panel.periods >= 5)
    )
    far = found.scores[order == 2]
    assert far.sum() == pytest.approx(0.0, abs=1e-10)
    assert found.scores[order == 1] == pytest.approx(0.0)
    assert average(estimated(panel), np.full(5, True)).value == pytest.approx(found.value)


def test_ten_thousand_areas_take_less_than_a_second():
    import time

    panel = known(n=4000, periods=12, starts=(5, 7))
    began = time.process_time()
    estimated(panel)
    assert time.process_time() - began < 1.0
