"""Zones around treated areas, windows of equal length, and rows of parameters."""

from dataclasses import replace

import numpy as np
import pytest

from curv_eval.errors import DesignError
from curv_eval.estimate import PARAMETER_COLUMNS
from curv_eval.estimate.averages import overall
from curv_eval.estimate.buffer import require_neighbours, ring_names, rows, zones
from curv_eval.estimate.parameters import parameters
from curv_eval.estimate.windows import Window, Windowed, equal_windows
from curv_eval.methods import fit
from curv_eval.study import Design, Span
from panels import known

WINDOW = Span("2000-01", "2001-12")


def row(panel, n):
    touch = np.zeros((n, n), dtype=bool)
    touch[np.arange(n - 1), np.arange(1, n)] = True
    return replace(panel, neighbours=touch | touch.T)


def test_zones_by_hand():
    panel = row(known(n=8), 8)  # areas 0 to 3 are treated
    found = zones(panel, method="m", rings=2)
    assert found.group.tolist() == [0, 0, 0, 0, 1, 2, 3, 3]
    assert found.orders.tolist() == [1, 2]
    assert found.outside == 3
    assert found.size.tolist() == [4, 1, 1, 2]


def test_a_ring_that_holds_nobody_has_no_code():
    panel = known(n=8)
    touch = np.zeros((8, 8), dtype=bool)
    touch[3, 4] = touch[4, 3] = True
    found = zones(replace(panel, neighbours=touch), method="m", rings=3)
    assert found.orders.tolist() == [1]
    assert found.group.tolist() == [0, 0, 0, 0, 1, 2, 2, 2]


def test_zones_name_the_method_that_refuses():
    with pytest.raises(DesignError, match="some_method: the panel does not know which areas touch"):
        require_neighbours(replace(known(), neighbours=None), "some_method")
    with pytest.raises(DesignError, match="some_method: no treated area touches"):
        touch = np.zeros((8, 8), dtype=bool)
        touch[0, 1] = touch[1, 0] = True
        zones(replace(known(n=8), neighbours=touch), method="some_method", rings=1)
    with pytest.raises(DesignError, match="some_method: every untreated area is within the rings"):
        zones(row(known(n=8), 8), method="some_method", rings=4)


def test_neighbours_come_as_true_and_false():
    panel = replace(known(n=8), neighbours=np.eye(8, k=1) + np.eye(8, k=-1))
    assert require_neighbours(panel, "m").dtype == bool


def test_rings_are_named_by_their_borders():
    assert ring_names([1, 3]) == ["areas next to treated areas", "areas 3 borders away from treated areas"]


def test_rows_have_their_own_degrees_of_freedom():
    found = rows(["a", "b"], [1.0, 2.0], [0.5, 0.5], alpha=0.05, df=[3.0, np.inf])
    assert tuple(found.columns) == PARAMETER_COLUMNS
    for k, df in enumerate((3.0, np.inf)):
        alone = parameters([found["term"][k]], [float(k + 1)], [0.5], alpha=0.05, df=df)
        assert found.iloc[k].tolist() == alone.iloc[0].tolist()
    assert found["conf_high"][0] - found["estimate"][0] > found["conf_high"][1] - found["estimate"][1]


def test_rows_may_share_degrees_of_freedom():
    assert rows(["a", "b"], [1.0, 2.0], [1.0, 1.0], alpha=0.1, df=7.0)["df"].tolist() == [7.0, 7.0]


def panel_of(before, after, frequency="year"):
    return replace(known(periods=before + after, starts=(before,)), frequency=frequency)


@pytest.mark.parametrize(
    ("before", "after", "months", "frequency", "length"),
    [
        (9, 5, 0, "year", 5), (5, 9, 0, "year", 5), (30, 40, 0, "month", 24), (30, 11, 0, "month", 11),
        (12, 12, 0, "month", 12), (23, 40, 0, "month", 12), (30, 40, 7, "month", 7), (30, 40, 30, "month", 30),
    ],
)  # fmt: skip
def test_the_length_of_windows(before, after, months, frequency, length):
    panel = panel_of(before, after, frequency)
    found = equal_windows(panel, float(before), float(before), months=months)
    assert len(found.before) == len(found.after) == length
    assert found.before[-1] == before - 1
    assert found.after[0] == before
    assert found.all.tolist() == list(range(before - length, before + length))


def test_anticipation_leaves_a_gap():
    found = equal_windows(panel_of(9, 5), 7.0, 9.0, months=0)
    assert found.before.tolist() == [2, 3, 4, 5, 6]
    assert found.after.tolist() == [9, 10, 11, 12, 13]


def test_nothing_before_is_refused_with_both_lengths():
    with pytest.raises(DesignError, match="periods before the start: 0, after: 14"):
        equal_windows(panel_of(9, 5), 0.0, 0.0, months=0)


def windowed(errors="poisson", **changed):
    panel = replace(known(n=24, starts=(12,)), **changed)
    window = Window(np.arange(12), np.arange(12, 24))
    return Windowed(panel, "y", zones(panel, method="m", rings=1), window, errors)


def test_halves_are_sums_over_the_windows():
    part = windowed()
    y = part.panel.outcomes["y"]
    assert part.halves[:, 0].tolist() == y[:, :12].sum(axis=1).tolist()
    assert part.halves[:, 1].tolist() == y[:, 12:].sum(axis=1).tolist()
    assert part.y.shape == (24, 24)


def test_the_poisson_rule_has_no_dispersion():
    assert windowed("poisson").phi == 1.0
    assert windowed("overdispersed").phi >= 1.0


def test_totals_are_sums_of_three_zones():
    part = windowed()
    counts, covariance = part.totals()
    y, zone = part.panel.outcomes["y"], part.zone
    expected = [y[np.isin(zone.group, codes)][:, cut].sum() for codes in ([0], [1], [2])
                for cut in (slice(0, 12), slice(12, 24))]  # fmt: skip
    assert counts.tolist() == expected
    assert covariance.tolist() == np.diag(expected).tolist()


def test_with_clusters_before_and_after_move_together():
    counts, covariance = windowed("clusters").totals()
    assert covariance.shape == (6, 6)
    assert covariance == pytest.approx(covariance.T)
    assert np.linalg.eigvalsh(covariance).min() > -1e-6
    # areas of different level are sampled: before and after of the same areas correlate
    assert covariance[0, 1] > 0.5 * np.sqrt(covariance[0, 0] * covariance[1, 1])
    assert counts.tolist() == windowed().totals()[0].tolist()


def test_the_error_of_a_contrast_of_totals_is_that_of_the_difference():
    for errors in ("poisson", "clusters"):
        part = windowed(errors)
        _, covariance = part.totals()
        loads = np.zeros(3)
        loads[0] = part.zone.size[0]
        _, error, _ = part.difference(loads)
        toward = np.array([-1.0, 1, 0, 0, 0, 0])
        assert error == pytest.approx(np.sqrt(toward @ covariance @ toward), rel=1e-10)


@pytest.mark.parametrize("errors", ["poisson", "overdispersed"])
def test_the_root_of_the_cells_covariance_by_its_definition(errors):
    part = windowed(errors)
    loads = np.array([1.0, 0.0, -1.0])
    _, influence, observed, df = part.cells(12.0, loads)
    y, group, size = part.y, part.zone.group, part.zone.size
    totals = np.array([y[group == g].sum(axis=0) for g in range(3)])

    def cells(sums):
        means = sums / size[:, None]
        return loads @ (means - means[:, :12].mean(axis=1, keepdims=True))

    expected = np.zeros((24, 24))
    for g in range(3):
        for t in range(24):
            step = np.zeros_like(totals)
            step[g, t] = 1.0
            change = cells(totals + step) - cells(totals)
            expected += part.phi * totals[g, t] * np.outer(change, change)
    assert influence.T @ influence == pytest.approx(expected, abs=1e-9)
    assert np.diag(observed.T @ observed) == pytest.approx(part.phi * totals[0] / size[0] ** 2)
    assert df == np.inf


def test_without_anybody_near_exposure_is_group_time_effects_with_the_mean_as_base():
    # nobody is in a ring, so that both compare cohorts with the same areas from the same base
    panel = known(starts=(10, 14))
    touch = np.zeros((120, 120), dtype=bool)
    touch[118, 119] = touch[119, 118] = True
    alone = replace(panel, neighbours=touch)
    design = Design(method="spillover_exposure", window=WINDOW)
    other = Design(
        method="callaway_santanna",
        window=WINDOW,
        comparison="never_treated",
        options={"base": "mean", "small_sample": "cr2"},
    )
    ours, theirs = (fit(alone, outcome="y", design=d) for d in (design, other))
    cells = theirs.cells[theirs.after]
    assert ours.cells["estimate"].to_numpy() == pytest.approx(cells["estimate"].to_numpy(), abs=1e-10)
    assert ours.influence == pytest.approx(theirs.influence[:, theirs.after], abs=1e-10)
    a, b = overall(ours), overall(theirs)
    assert a["estimate"].tolist() == pytest.approx(b["estimate"].tolist())
    assert a["conf_low"].tolist() == pytest.approx(b["conf_low"].tolist(), rel=1e-2)


def test_without_anybody_near_the_displacement_cells_are_those_of_the_mean_base_too():
    panel = known()
    near = panel.neighbours[:, panel.treated].any(axis=1) & ~panel.treated
    design = Design(method="weighted_displacement", window=WINDOW)
    other = Design(method="callaway_santanna", window=WINDOW, options={"base": "mean", "small_sample": "cr2"})
    ours = fit(panel, outcome="y", design=design)
    theirs = fit(panel.take(~near), outcome="y", design=other)
    assert ours.cells["estimate"].to_numpy() == pytest.approx(theirs.cells["estimate"].to_numpy(), abs=1e-10)
    assert ours.cells["events"].tolist() == theirs.cells["events"].tolist()
