"""Each check fails on data in which what it looks for was planted."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from curv_eval.checks import Verdict, load
from curv_eval.methods import fit
from curv_eval.study import Design, Span, Words
from panels import known

DESIGN = Design(
    method="callaway_santanna", window=Span("2000-01", "2001-12"), options={"base": "mean", "trends": "proportional"}
)
WORDS = Words("the patrols", "patrol wards", "other wards", "patrols begin", "without the patrols")
STUDY = SimpleNamespace(design=DESIGN, seed=5, words=WORDS, smallest_worthwhile=0.1)


def verdict(name, panel):
    return load(name).check(panel, STUDY, fit(panel, outcome="y", design=DESIGN)).verdict


def changed(panel, rows, columns, factor):
    y = panel.outcomes["y"].copy()
    y[np.ix_(rows, columns)] *= factor
    return replace(panel, outcomes={"y": y})


def test_pre_trends_fails_when_treated_areas_were_already_falling():
    panel = known(effect=0.0)
    y = panel.outcomes["y"] * np.where(panel.treated[:, None], 1 - 0.02 * np.arange(24), 1.0)
    assert verdict("pre_trends", replace(panel, outcomes={"y": y})) is Verdict.FAILS


def test_placebo_period_fails_when_something_else_began_earlier():
    panel = known(effect=0.0)
    early = changed(panel, panel.treated, np.arange(24) >= 8, 0.7)
    assert verdict("placebo_period", early) is Verdict.FAILS


def test_leave_one_out_fails_when_one_place_makes_the_finding():
    panel = known(effect=0.0, n=48, level=5000.0, seed=1)
    one = changed(panel, panel.cluster == "ward 00", np.arange(24) >= 12, 0.3)
    design = replace(DESIGN, alpha=0.4)
    study = SimpleNamespace(design=design, seed=5, words=WORDS, smallest_worthwhile=0.1)
    found = load("leave_one_out").check(one, study, fit(one, outcome="y", design=design))
    assert found.verdict is Verdict.FAILS
    assert "ward 00" in found.text


@pytest.mark.parametrize(("factor", "said"), [(1.6, "may have moved"), (0.6, "may have spread")])
def test_displacement_fails_when_neighbours_change(factor, said):
    panel = known(effect=-0.3, n=240)
    near = ~panel.treated & panel.neighbours[:, panel.treated].any(axis=1)
    moved = changed(panel, near, np.arange(24) >= 12, factor)
    found = load("displacement").check(moved, STUDY, fit(moved, outcome="y", design=DESIGN))
    assert found.verdict is Verdict.FAILS
    assert said in found.text


def test_functional_form_shows_how_far_the_two_kinds_of_trend_part():
    # treated areas start higher and everything falls by a half: in numbers they "fall more", in per cent they do not
    panel = known(effect=0.0, n=240, noise=False)
    y = panel.outcomes["y"] * np.where(panel.treated[:, None], 3.0, 1.0) * np.where(np.arange(24) >= 12, 0.5, 1.0)
    found = load("functional_form").check(
        replace(panel, outcomes={"y": y}), STUDY, fit(replace(panel, outcomes={"y": y}), outcome="y", design=DESIGN)
    )
    assert found.verdict is Verdict.INFORMS
    assert found.table.iloc[0]["estimate"] < -0.2
