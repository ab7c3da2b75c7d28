"""A panel as one series: what is added up, from when an effect is allowed, and what is refused before any model."""

from dataclasses import replace

import numpy as np
import pytest

from curv_eval.errors import DesignError
from curv_eval.estimate import CELL_COLUMNS
from curv_eval.estimate.one_series import cells, length_notes, one_series, shares
from curv_eval.methods import fit
from curv_eval.panel import Panel
from curv_eval.study import Design, Span
from panels import known

WINDOW = Span("2000-01", "2001-12")


def small(**changes):
    """Two treated areas from period 5 and three others, ten periods; counts that can be added up by eye."""
    base = np.array([[1.0], [2], [10], [20], [30]]) + np.arange(10)
    panel = Panel(
        units=np.array(list("abcde")), periods=np.arange(10), cohort=np.array([5.0, 5, np.nan, np.nan, np.nan]),
        cluster=np.array(list("abcde")), outcomes={"y": base}, frequency="year",
    )  # fmt: skip
    return replace(panel, **changes)


def series(panel, *, compared=True, anticipation=0):
    design = Design(method="interrupted_time_series", window=WINDOW, anticipation=anticipation)
    return one_series(panel, outcome="y", design=design, compared=compared)


def test_treated_and_other_areas_are_added_up():
    found = series(small())
    assert found.treated.tolist() == [3 + 2 * t for t in range(10)]
    assert found.comparison.tolist() == [60 + 3 * t for t in range(10)]
    assert (found.n_treated, found.n_comparison) == (2, 3)
    assert found.log_comparison == pytest.approx(np.log(found.comparison))


def test_without_a_comparison_there_is_none():
    found = series(small(), compared=False)
    assert found.comparison is None
    assert found.n_comparison == 0
    assert found.treated.tolist() == [3 + 2 * t for t in range(10)]


def test_anticipation_moves_the_onset_and_leaves_the_start():
    found = series(small(), anticipation=2)
    assert (found.start, found.onset) == (5.0, 3.0)
    assert found.before.tolist() == [True] * 3 + [False] * 7


def test_cells_are_per_area_and_count_events_of_all():
    found = series(small())
    table = cells(found, np.arange(10.0), found.time >= 4)
    assert tuple(table.columns) == CELL_COLUMNS
    assert table["event_time"].tolist() == [-1, 0, 1, 2, 3, 4]
    assert table["estimate"].tolist() == [2.0, 2.5, 3.0, 3.5, 4.0, 4.5]
    assert table["observed"].tolist() == [5.5, 6.5, 7.5, 8.5, 9.5, 10.5]
    assert table["events"].tolist() == [11, 13, 15, 17, 19, 21]
    assert (table["n_units"] == 2).all()
    assert (table["n_comparison"] == 3).all()


def test_the_only_cohort_has_a_share_that_is_known():
    (share, influence) = shares(series(small()), small(), rows=4)[5.0]
    assert share == 2 / 5
    assert influence.tolist() == [0, 0, 0, 0]


def test_an_empty_period_of_the_comparison_has_no_logarithm():
    y = small().outcomes["y"].copy()
    y[2:, [3, 7]] = 0.0
    found = series(small(outcomes={"y": y}))
    with pytest.raises(DesignError, match="is 0 in 2 of 10 periods"):
        _ = found.log_comparison


def test_short_series_and_lonely_ones_are_said():
    notes = length_notes(series(small(), compared=False))
    assert "5 periods before and 5 after" in notes[0]
    assert "no comparison areas" in notes[1]


def test_long_series_with_a_comparison_say_nothing():
    t = np.arange(40)
    long = Panel(
        units=np.array(["a", "b"]), periods=t, cohort=np.array([24.0, np.nan]), cluster=np.array(["a", "b"]),
        outcomes={"y": np.vstack([t + 1.0, t + 5.0])}, frequency="year",
    )  # fmt: skip
    assert length_notes(series(long)) == []
    assert len(length_notes(series(long, anticipation=1))) == 1


REFUSED = {
    "staggered": ({"cohort": np.array([5.0, 6, np.nan, np.nan, np.nan])}, "takes one cohort, got 2"),
    "nobody treated": ({"cohort": np.full(5, np.nan)}, "none of the areas in the data is treated"),
    "from the first period": ({"cohort": np.array([0.0, 0, np.nan, np.nan, np.nan])}, "already treated in 0"),
    "after the last": ({"cohort": np.array([12.0, 12, np.nan, np.nan, np.nan])}, "after the last period"),
    "two before": ({"cohort": np.array([2.0, 2, np.nan, np.nan, np.nan])}, "got 2 periods, expected at least 3"),
    "all zero": ({"outcomes": {"y": np.zeros((5, 10))}}, "is 0 in every area and period"),
    "none in treated": (
        {"outcomes": {"y": np.vstack([np.zeros((2, 10)), np.arange(30.0).reshape(3, 10)])}},
        "no incident was counted in any treated area",
    ),
    "unknown": ({"outcomes": {"z": np.ones((5, 10))}}, "not an outcome of this panel"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_a_comparison(name):
    changes, said = REFUSED[name]
    with pytest.raises(DesignError, match=said):
        series(small(**changes))


@pytest.mark.parametrize("name", [n for n in REFUSED if n not in ("nobody treated",)])
def test_refused_without_one_too(name):
    changes, said = REFUSED[name]
    with pytest.raises(DesignError, match="is 0 in every" if name == "none in treated" else said):
        series(small(**changes), compared=False)


@pytest.mark.parametrize("method", ["interrupted_time_series", "structural_time_series"])
def test_the_reason_against_several_starts_is_one_of_series(method):
    with pytest.raises(DesignError) as refused:
        fit(known(starts=(10, 14)), outcome="y", design=Design(method=method, window=Span("2000-01", "2001-12")))
    assert "added up into one series, which can be continued from one start only" in str(refused.value)
    assert "two-way fixed effects" not in str(refused.value)


def test_two_way_fixed_effects_keep_their_reason_and_displacement_has_its_own():
    said = {}
    for method in ("difference_in_differences", "weighted_displacement"):
        with pytest.raises(DesignError) as refused:
            fit(known(starts=(10, 14)), outcome="y", design=Design(method=method, window=Span("2000-01", "2001-12")))
        said[method] = refused.value.breaches[0]
    assert "Goodman-Bacon" in said["difference_in_differences"]
    assert said["weighted_displacement"].startswith("one time before and one after")


def test_everybody_treated_is_answered_only_without_a_comparison():
    everyone = small(cohort=np.full(5, 5.0))
    with pytest.raises(DesignError, match="every area is treated") as refusal:
        series(everyone)
    assert "comparison: none" in refusal.value.do
    assert series(everyone, compared=False).n_treated == 5
