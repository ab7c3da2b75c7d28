"""The workbench's own runs in a review: what was released, from whole runs only."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest

from curv_eval.errors import CurvError, DesignError, StudyError
from curv_eval.evidence.sizes import Measure, Run, effect_of_results

BUNDLE = json.loads((Path(__file__).parents[2] / "briefs" / "bundle" / "results.json").read_text("utf-8"))
WHOLE = Run("0123456789ab", "a" * 64)


def results(*, made_up=False, **cells):
    """The results of the bundle as if they were real, with cells of the relative effect changed."""
    held = copy.deepcopy(BUNDLE) | {"made_up": made_up}
    row = next(r for r in held["tables"]["results_police_violence"]["rows"] if r["term"] == "relative")
    row.update(cells)
    return held


def found(held=None, run=WHOLE, **asked):
    return effect_of_results(held or results(), run, outcome="police_violence", **asked)


def refused(kind, *pieces, held=None, run=WHOLE, **asked):
    with pytest.raises(kind) as refusal:
        found(held, run, **asked)
    for piece in pieces:
        assert piece in str(refusal.value)
    return refusal.value


def test_the_effect_of_a_run_is_its_released_one():
    row = next(r for r in BUNDLE["tables"]["results_police_violence"]["rows"] if r["term"] == "relative")
    effect = found()
    assert effect.measure is Measure.LOG_RELATIVE_RATE_RATIO
    assert effect.shown == pytest.approx(1 + row["estimate"])
    assert effect.interval() == pytest.approx((1 + row["conf_low"], 1 + row["conf_high"]), abs=0.002)
    assert effect.study == "demo (0123456789ab)"
    assert "a" * 64 in effect.how
    assert effect.n is None


def test_the_error_by_hand():
    effect = found(results(estimate=-0.2, conf_low=-0.36, conf_high=0.0))
    assert effect.value == pytest.approx(np.log(0.8))
    assert effect.std_error == pytest.approx(np.log(1 / 0.64) / (2 * 1.959964), rel=1e-6)


def test_the_level_is_that_of_the_study():
    wide = found(run=Run("0123456789ab", "a" * 64, level=0.9))
    assert wide.std_error == pytest.approx(found().std_error * 1.959964 / 1.644854, rel=1e-6)


def test_the_error_is_near_the_released_one_where_the_interval_is_a_normal_one():
    row = next(r for r in BUNDLE["tables"]["results_police_violence"]["rows"] if r["term"] == "relative")
    assert found().std_error == pytest.approx(row["std_error"] / (1 + row["estimate"]), rel=0.15)
    assert found().std_error >= row["std_error"] / (1 + row["estimate"]) * 0.999


def test_rounded_values_are_taken_as_they_were_released():
    rounded = effect_of_results(results(), WHOLE, outcome="ae_assaults")
    row = next(r for r in BUNDLE["tables"]["results_ae_assaults"]["rows"] if r["term"] == "relative")
    assert rounded.value == np.log1p(row["estimate"])


def test_a_better_outcome_is_turned():
    turned = found(run=Run("0123456789ab", "a" * 64, better="higher"))
    assert turned.value == -found().value
    assert turned.variance == found().variance
    assert "turned, since more of this outcome is better" in turned.how
    assert any(said.startswith("turned: 1 over") for said in turned.assumptions)


def test_what_was_moved_keeps_a_run_out_with_every_other_reason():
    run = Run("0123456789ab", "none", moved=("release/results.json was changed", "code was changed"), better="less")
    error = refused(StudyError, "run 0123456789ab cannot enter a review", run=run, held=results(made_up=True))
    assert error.breaches == (
        "manifest: release/results.json was changed",
        "manifest: code was changed",
        "manifest: got none, expected its SHA-256, 64 digits and letters",
        "better: got less, expected lower or higher",
        "made_up: the data are made up, and a review is about real ones; only a demonstration allows them",
    )


def test_made_up_data_enter_a_demonstration_only_and_say_so():
    refused(StudyError, "only a demonstration allows them", held=results(made_up=True))
    assert "made-up data: this is no evidence" in found(results(made_up=True), made_up=True).assumptions
    assert not any("made-up" in said for said in found(made_up=True).assumptions)


@pytest.mark.parametrize("said", [None, "false", 0.5])
def test_results_that_do_not_say_whether_they_are_made_up_are_refused(said):
    refused(StudyError, "do not say whether the data are made up", held=results(made_up=said))


def test_results_without_a_study_are_refused():
    refused(StudyError, "study: got nothing", held=results() | {"study": ""})


def test_people_need_a_measure():
    held = results() | {"unit": "person"}
    refused(StudyError, "expected what its relative effect is a ratio of", held=held)
    assert found(held, measure=Measure.LOG_RISK_RATIO).measure is Measure.LOG_RISK_RATIO


@pytest.mark.parametrize("measure", [m for m in Measure if not m.is_ratio])
def test_a_relative_effect_is_a_ratio(measure):
    refused(StudyError, f"measure: got {measure.value}, expected the log of a ratio", measure=measure)


def test_an_outcome_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(StudyError, match="got theft, expected one of ae_assaults, police_violence"):
        effect_of_results(results(), WHOLE, outcome="theft")
    with pytest.raises(StudyError, match="none: nothing was released"):
        effect_of_results(results() | {"tables": {}}, WHOLE, outcome="theft")


def test_a_run_without_a_relative_effect_is_refused():
    held = results()
    table = held["tables"]["results_police_violence"]
    table["rows"] = [r for r in table["rows"] if r["term"] != "relative"]
    refused(DesignError, "released no relative effect", "as a `coefficient` row", held=held)


@pytest.mark.parametrize("column", ["estimate", "conf_low", "conf_high"])
@pytest.mark.parametrize("value", [None, float("inf"), float("nan"), -1.0, -1.2])
def test_withheld_or_endless_ends_are_refused(column, value):
    refused(DesignError, f"{column}: got ", "expected a number above -1", held=results(**{column: value}))


def test_an_estimate_outside_its_interval_and_an_interval_without_width_are_refused():
    refused(DesignError, "outside its interval", held=results(estimate=0.3))
    refused(DesignError, "equal once rounded", held=results(estimate=-0.2, conf_low=-0.2, conf_high=-0.2))


def test_an_uneven_interval_is_told():
    uneven = found(results(conf_low=-0.5))
    assert any(said.startswith("symmetry") for said in uneven.assumptions)
    assert not any(said.startswith("symmetry") for said in found().assumptions)


def test_results_are_not_changed():
    held = results()
    before = copy.deepcopy(held)
    found(held)
    assert held == before


@pytest.mark.parametrize("held", [{"made_up": False}, {"made_up": False, "study": "demo"}])
def test_results_that_hold_nothing_are_refused_in_words(held):
    refused(CurvError, "run 0123456789ab", held=held)
