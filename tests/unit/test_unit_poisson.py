"""Counts and ratios: answers by hand, and counts that have no answer."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from curv_eval.errors import DesignError
from curv_eval.estimate.averages import overall
from curv_eval.methods import fit, poisson_fixed_effects
from curv_eval.panel import Panel
from curv_eval.study import Design, Span
from panels import known

DESIGN = Design(method="poisson_fixed_effects", window=Span("2000-01", "2001-12"))


def ratio(y, cohort, **changes):
    panel = Panel(
        units=np.arange(len(y)).astype(str), periods=np.arange(1, len(y[0]) + 1), cohort=np.asarray(cohort, float),
        cluster=np.arange(len(y)).astype(str), outcomes={"y": np.asarray(y, float)}, frequency="year",
    )  # fmt: skip
    found = fit(panel, outcome="y", design=replace(DESIGN, **changes))
    return found, 1 + overall(found).set_index("term").loc["relative", "estimate"]


NAN = np.nan


def test_two_periods_by_hand():
    # treated 30 + 10 -> 15 + 5 (halved), comparison 20 + 30 -> 40 + 60 (doubled): a quarter of what was expected
    found, value = ratio([[30, 15], [10, 5], [20, 40], [30, 60]], [2, 2, NAN, NAN])
    assert value == pytest.approx(0.25)
    assert found.cells["observed"].tolist() == [10]
    assert found.cells["estimate"].tolist() == pytest.approx([10 - 40])
    assert found.cells["events"].tolist() == [20]


def test_many_periods_compare_totals_before_and_after():
    # given each month's total, the treated share is one number before and one after: the ratio of their odds
    y = np.random.default_rng(3).poisson(20, (6, 7))
    _, value = ratio(y, [4, 4, 4, NAN, NAN, NAN])
    before, after = (np.array([y[:3, s].sum(), y[3:, s].sum()]) for s in (slice(0, 3), slice(3, 7)))
    assert value == pytest.approx((after[0] / after[1]) / (before[0] / before[1]))


def test_errors_by_hand():
    # the log ratio is log(G1/C1) - log(G0/C0) in the totals of treated (G) and other (C) areas before (0) and after
    # (1), so that an area with totals a0, a1 moves it by a1/G1 - a0/G0, or by the reverse if it is not treated
    y = np.random.default_rng(3).poisson(20, (6, 7))
    found, value = ratio(y, [4, 4, 4, NAN, NAN, NAN], options={"small_sample": "cr1"})
    before, after = y[:, :3].sum(axis=1), y[:, 3:].sum(axis=1)
    moved = np.concatenate(
        [after[g] / after[g].sum() - before[g] / before[g].sum() for g in (slice(0, 3), slice(3, 6))]
    )
    # 6 clusters; 42 rows; 7 period effects and the ratio itself
    correction = np.sqrt(6 / 5 * 41 / (42 - 8))
    row = overall(found).set_index("term").loc["relative"]
    assert row["std_error"] == pytest.approx(value * correction * np.linalg.norm(moved))
    t = stats.t.ppf(0.975, 5)
    assert row["conf_high"] == pytest.approx(value * np.exp(t * row["std_error"] / value) - 1)


def test_areas_without_any_event_are_left_out_and_counted():
    y = [[30, 15], [10, 5], [0, 0], [20, 40], [30, 60], [0, 0]]
    found, value = ratio(y, [2, 2, 2, NAN, NAN, NAN])
    assert value == pytest.approx(0.25)
    assert found.notes[0] == "2 areas without any event were left out"
    assert "with 4 clusters of which 2 treated CR2 holds only where" in found.notes[1]
    assert found.cells[["n_units", "n_comparison"]].to_numpy().tolist() == [[2, 2]]


def test_anticipation_starts_earlier():
    y = np.random.default_rng(4).poisson(20, (4, 6))
    found, value = ratio(y, [5, 5, NAN, NAN], anticipation=1)
    before, after = (np.array([y[:2, s].sum(), y[2:, s].sum()]) for s in (slice(0, 3), slice(3, 6)))
    assert found.cells["event_time"].tolist() == [-1, 0, 1]
    assert value == pytest.approx((after[0] / after[1]) / (before[0] / before[1]))


def emptied(rows, columns):
    panel = known()
    y = panel.outcomes["y"].copy()
    y[np.ix_(rows(panel), columns)] = 0
    return replace(panel, outcomes={"y": y})


LATER = np.arange(24) >= 12


@pytest.mark.parametrize(
    ("columns", "said"), [(LATER, "no events after the start"), (~LATER, "no events before the start")]
)
def test_treated_areas_without_events_on_one_side_are_refused(columns, said):
    with pytest.raises(DesignError, match=said) as refusal:
        fit(emptied(lambda p: p.treated, columns), outcome="y", design=DESIGN)
    assert "larger areas" in refusal.value.do


def test_a_month_without_any_event_is_refused():
    with pytest.raises(DesignError, match="2 periods have no event anywhere"):
        fit(emptied(lambda p: np.full(len(p.units), True), np.isin(np.arange(24), [3, 20])), outcome="y", design=DESIGN)


def test_every_reason_is_named_at_once():
    with pytest.raises(DesignError) as refusal:
        fit(emptied(lambda p: p.treated, LATER | (np.arange(24) < 12)), outcome="y", design=DESIGN)
    assert len(refusal.value.breaches) == 2


@pytest.mark.parametrize("columns", [LATER, ~LATER, LATER | ~LATER], ids=["after", "before", "ever"])
def test_comparison_areas_without_events_on_one_side_are_refused(columns):
    with pytest.raises(DesignError):
        fit(emptied(lambda p: ~p.treated, columns), outcome="y", design=DESIGN)


def test_bias_reduced_errors_by_hand():
    # before and after are one number each for either group, so cr2 lifts an area by its share s of its group's events:
    # the ratio moves by (a1/G1 - a0/G0) / sqrt(1 - s)
    y = np.random.default_rng(3).poisson(20, (6, 2))
    found, value = ratio(y, [2, 2, 2, NAN, NAN, NAN])
    moved = []
    for g in (slice(0, 3), slice(3, 6)):
        before, after = y[g, 0] / y[g, 0].sum(), y[g, 1] / y[g, 1].sum()
        moved.extend((after - before) / np.sqrt(1 - y[g].sum(axis=1) / y[g].sum()))
    row = overall(found).set_index("term").loc["relative"]
    assert row["std_error"] == pytest.approx(value * np.linalg.norm(moved))
    assert "CR2" in found.se_rule
    assert found.df < 5


def test_the_house_rule_is_wider_than_cr1_with_few_treated_clusters():
    panel = known(n=64)
    few = panel.with_cohort(np.where(panel.cluster < "ward 03", panel.cohort, NAN))
    reduced, plain = (
        fit(few, outcome="y", design=replace(DESIGN, options={"small_sample": rule})) for rule in ("cr2", "cr1")
    )
    width = [overall(one).set_index("term").loc["relative", ["conf_low", "conf_high"]] for one in (reduced, plain)]
    assert np.diff(width[0])[0] > 1.3 * np.diff(width[1])[0]
    assert reduced.df < 4 < plain.df


def test_a_million_rows_are_answered_by_sums_over_areas():
    # the table of paths and periods is all that is iterated over; with 1,000 copies it is the same table
    y = np.random.default_rng(5).poisson(20, (6, 7)).astype(float)
    d = np.outer([1, 1, 1, 0, 0, 0], np.arange(7) >= 3).astype(float)
    once = poisson_fixed_effects.fit(y, d, np.arange(6))
    often = poisson_fixed_effects.fit(np.tile(y, (1000, 1)), np.tile(d, (1000, 1)), np.tile(np.arange(6), 1000))
    assert often.value == pytest.approx(once.value, abs=1e-12)
    assert often.scores == pytest.approx(once.scores, abs=1e-10)
    assert often.df == pytest.approx(once.df, rel=1e-8)


def test_nothing_compiles_on_the_first_call():
    import subprocess
    import sys

    code = (
        "import sys, numpy as np; from curv_eval.methods import poisson_fixed_effects as m;"
        "m.fit(np.ones((4, 2)) + np.eye(4)[:, :2], np.outer([1, 1, 0, 0], [0, 1]), np.arange(4));"
        "print([n for n in ('pyfixest', 'numba', 'linearmodels', 'statsmodels') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
