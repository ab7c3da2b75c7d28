"""The check of bad comparisons, with a planted fault: effects that grow while starts are staggered."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from curv_eval.checks import Verdict
from curv_eval.checks.bad_comparison import check
from curv_eval.estimate.averages import overall
from curv_eval.methods import difference_in_differences, fit
from curv_eval.stats.goodman_bacon import decomposed
from curv_eval.study import Design, Span, Words
from panels import known

DESIGN = Design(method="callaway_santanna", window=Span("2000-01", "2001-12"), options={"base": "universal"})
WORDS = Words("the patrols", "patrol wards", "other wards", "patrols begin", "without the patrols")


def run(panel, design=DESIGN):
    study = SimpleNamespace(design=design, words=WORDS, seed=5)
    return check(panel, study, fit(panel, outcome="y", design=design))


def rows(found):
    return found.table.set_index("term")["estimate"]


def growing(seed=1):
    """Nearly everybody is treated in the end, and the fall grows by half an incident every month."""
    panel = known(seed=seed, n=120, starts=(3, 8, 14), effect=0.0, level=30.0)
    keep = panel.treated | (np.arange(120) >= 108)
    since = np.maximum(panel.periods - np.nan_to_num(panel.cohort, nan=99)[:, None] + 1, 0)
    return replace(panel, outcomes={"y": panel.outcomes["y"] - 0.5 * since}).take(keep)


def test_one_cohort_makes_no_bad_comparison():
    found = run(known())
    assert found.verdict is Verdict.HOLDS
    assert found.text.startswith("Patrol wards all start together")
    assert rows(found).to_dict() == {"weight on areas already treated": 0, "weight on areas not yet treated": 1}


def test_staggered_starts_are_weighed():
    panel = known(starts=(6, 12, 18))
    found = run(panel)
    assert found.verdict is Verdict.INFORMS
    bad, _ = decomposed(panel.outcomes["y"], panel.cohort, panel.periods).of("later_earlier")
    assert rows(found)["weight on areas already treated"] == pytest.approx(bad)
    assert 0.02 < bad < 0.5
    assert f"to {bad:.0%} on comparisons" in found.text


def test_what_two_way_fixed_effects_would_have_said_is_the_regression():
    panel = known(starts=(6, 12, 18))
    table = run(panel).table.set_index("term")
    d = (panel.cohort[:, None] <= panel.periods).astype(float)
    expected = difference_in_differences.fit(panel.outcomes["y"], d, panel.cluster)
    row = table.loc["two-way fixed effects"]
    assert row["estimate"] == pytest.approx(expected.value)
    assert (row["conf_high"] - row["conf_low"]) / 2 == pytest.approx(2.05 * np.linalg.norm(expected.scores), rel=0.05)
    ours = overall(fit(panel, outcome="y", design=DESIGN)).iloc[0]
    assert table.loc["this study's method", "estimate"] == ours["estimate"]


def test_a_growing_effect_is_understated_by_two_way_fixed_effects():
    found = rows(run(growing()))
    assert found["this study's method"] < -3
    assert found["two-way fixed effects"] > 0.7 * found["this study's method"]
    assert found["weight on areas already treated"] > 0.15


def test_anticipation_moves_the_starts_that_are_weighed():
    panel = known(starts=(6, 12))
    later = rows(run(panel, replace(DESIGN, anticipation=2)))
    bad, _ = decomposed(panel.outcomes["y"], panel.cohort - 2, panel.periods).of("later_earlier")
    assert later["weight on areas already treated"] == pytest.approx(bad)


def test_every_number_in_the_text_is_in_the_table():
    found = run(known(starts=(6, 12, 18)))
    for row in found.table.itertuples():
        if row.term in ("two-way fixed effects", "this study's method"):
            assert all(f"{v:+.2f}" in found.text for v in (row.estimate, row.conf_low, row.conf_high))
