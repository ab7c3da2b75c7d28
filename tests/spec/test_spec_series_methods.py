"""The checks asked of the methods of one series, and hand-worked tables that say what these methods do."""

from types import SimpleNamespace

import numpy as np
import pytest

from curv_eval.checks import Verdict, load
from curv_eval.estimate.averages import overall, relative
from curv_eval.methods import fit
from curv_eval.panel import Panel
from curv_eval.study import Design, Outcome, Span, Words
from panels import known

WORDS = Words("the patrols", "patrol wards", "other wards", "patrols begin", "without the patrols")
OUTCOMES = (
    Outcome(name="y", label="incidents", contract="police", role="primary"),
    Outcome(name="other", label="thefts of cars", contract="police", role="placebo"),
)
METHODS = ("interrupted_time_series", "structural_time_series")
CHECKS = ("anticipation", "placebo_outcome", "placebo_period", "series_break")


def study(method, **options):
    design = Design(method=method, window=Span("2000-01", "2001-12"), options=options)
    return SimpleNamespace(
        design=design, seed=5, words=WORDS, smallest_worthwhile=0.1, outcomes=OUTCOMES, primary=OUTCOMES[0],
        series_breaks=(),
    )  # fmt: skip


def run(name, panel, method, **options):
    one = study(method, **options)
    return load(name).check(panel, one, fit(panel, outcome="y", design=one.design))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", CHECKS)
def test_every_check_of_time_can_be_asked_of_a_method_of_one_series(name, method):
    found = run(name, known(effect=-0.3, n=240, periods=36, starts=(24,), level=12.0), method)
    assert found.verdict in tuple(Verdict)
    assert found.table[["estimate", "conf_low", "conf_high"]].notna().all(axis=None)
    assert (found.table["conf_low"] <= found.table["conf_high"]).all()
    assert 40 < len(found.text) < 600


@pytest.mark.parametrize("method", METHODS)
def test_a_placebo_that_fell_fails_by_these_methods_too(method):
    panel = known(effect=-0.3, n=240, periods=36, starts=(24,), level=12.0)
    y = panel.outcomes["other"].copy()
    y[np.ix_(panel.treated, np.arange(36) >= 24)] *= 0.5
    moved = Panel(**{**vars(panel), "outcomes": {**panel.outcomes, "other": y}})
    assert run("placebo_outcome", moved, method).verdict is Verdict.FAILS


def doubling(observed, comparison):
    return Panel(
        units=np.array(["a", "b"]), periods=np.arange(len(observed)), cohort=np.array([6.0, np.nan]),
        cluster=np.array(["a", "b"]), outcomes={"y": np.vstack([observed, comparison])}, frequency="year",
    )  # fmt: skip


#  period        0    1    2    3    4    5  |  6    7    8    9
#  comparison   10   10   10   10   10   10    20   20   20   20     doubles from 6 on
#  treated       4    4    4    4    4    4     6    6    6    6     rises by a half
#  expected      4    4    4    4    4    4     8    8    8    8     0.4 of the comparison, as before
COMPARISON = np.where(np.arange(10) < 6, 10.0, 20.0)
TREATED = np.where(np.arange(10) < 6, 4.0, 6.0)


def test_expected_is_the_share_of_the_comparison_that_it_was_before():
    design = Design(method="interrupted_time_series", window=Span("2000-01", "2000-12"))
    found = fit(doubling(TREATED, COMPARISON), outcome="y", design=design)
    assert (found.cells["observed"] - found.cells["estimate"]).to_numpy() == pytest.approx([4] * 6 + [8] * 4, abs=1e-9)
    rows = overall(found).set_index("term")["estimate"]
    assert rows["average"] == pytest.approx(-2)
    assert rows["total"] == pytest.approx(-8)
    assert rows["relative"] == pytest.approx(6 / 8 - 1)


def test_without_the_comparison_the_same_counts_rose():
    design = Design(method="interrupted_time_series", window=Span("2000-01", "2000-12"), options={"comparison": "none"})
    found = fit(doubling(TREATED, COMPARISON), outcome="y", design=design)
    assert relative(found, "x").iloc[0]["estimate"] == pytest.approx(0.5)


#  period        0    1    2    3    4    5  |  6    7    8    9
#  treated      64   32   16    8    4    2     2    1  0.5 0.25    halves each period; twice as many from 6 on
#  expected     64   32   16    8    4    2     1  0.5 0.25 0.125
def test_a_trend_is_continued_in_ratios():
    halving = 64.0 * 0.5 ** np.arange(10) * np.where(np.arange(10) < 6, 1, 2)
    options = {"comparison": "none", "season": "none"}
    design = Design(method="interrupted_time_series", window=Span("2000-01", "2000-12"), options=options)
    found = fit(doubling(halving, COMPARISON), outcome="y", design=design)
    assert (found.cells["observed"] / (found.cells["observed"] - found.cells["estimate"])).to_numpy() == pytest.approx(
        [1] * 6 + [2] * 4, rel=1e-7
    )
    table = found.parameters.set_index("term")["estimate"]
    assert table["trend"] == pytest.approx(0.5)
    assert table["level"] == pytest.approx(2.0)
    assert table["slope"] == pytest.approx(1.0)


#  period        0    1    2    3    4    5  |  6    7    8    9
#  treated      20   19   18   17   16   15    14   12   10    8     falls by 1, from 7 on by 2
#  expected     20   19   18   17   16   15    14   13   12   11
def test_a_trend_is_continued_in_counts_by_least_squares():
    counts = np.array([20.0, 19, 18, 17, 16, 15, 14, 12, 10, 8])
    options = {"comparison": "none", "season": "none", "model": "ols"}
    design = Design(method="interrupted_time_series", window=Span("2000-01", "2000-12"), options=options)
    found = fit(doubling(counts, COMPARISON), outcome="y", design=design)
    assert found.cells["estimate"].to_numpy() == pytest.approx([0] * 7 + [-1, -2, -3], abs=1e-9)
    table = found.parameters.set_index("term")["estimate"]
    assert table["trend"] == pytest.approx(-1)
    assert table["level"] == pytest.approx(0, abs=1e-9)
    assert table["slope"] == pytest.approx(-1)
