"""A study that weighs its outcomes by how serious they are, from made-up data to its section in the bundle."""

import functools
from pathlib import Path

import pytest
from projects import curv_eval, project, scratch

from curv_eval.data import load_data
from curv_eval.errors import StudyError
from curv_eval.estimate.averages import overall
from curv_eval.report.effect_parts import write_effect
from curv_eval.report.harm_tables import NAME, SHARES
from curv_eval.report.steps import assemble, estimate_all, release_checks, release_results, run_checks
from curv_eval.run.preflight import preflight
from curv_eval.study import load_study

TEXT = (Path(__file__).parents[2] / "params" / "demo-hidden.yaml").read_text("utf-8")
PLAIN = "harm:\n  offences: { injury: Assault with injury, serious: Assault with intent to cause serious harm }\n"
MIXED = """harm:
  mix: { police_violence: { Assault with injury: 0.9, Assault with intent to cause serious harm: 0.1 } }
  mix_source: made up for a test
"""


@functools.cache
def counted():
    """The study's panel, whatever harm it asks for."""
    study = load_study(project("harm", study=TEXT, keep=True) / "params" / "study.yaml")
    return assemble(study, load_data(study)).panel


@functools.cache
def run(harm=PLAIN):
    assert PLAIN in TEXT
    study = load_study(project(study=TEXT.replace(PLAIN, harm), keep=True) / "params" / "study.yaml")
    estimates = estimate_all(study, counted())
    return study, estimates, release_results(study, estimates)


def test_the_true_fall_lies_in_the_interval():
    """Mentoring lowered every kind of violence by a fifth, so it lowered harm by a fifth."""
    row = overall(run()[1][NAME]).set_index("term").loc["relative"]
    assert row["conf_low"] < -0.2 < row["conf_high"]


def test_harm_is_no_outcome_of_the_study_and_changes_none():
    study, estimates, results = run()
    assert list(estimates) == [*(o.name for o in study.outcomes), NAME]
    without = run("")
    assert set(results) - set(without[2]) == {NAME, SHARES}
    for outcome in study.outcomes:
        assert results[outcome.name].table.equals(without[2][outcome.name].table)


def written(harm):
    study, estimates, results = run(harm)
    folder = scratch()
    checks = release_checks(study, run_checks(study, counted(), estimates=estimates))
    write_effect(study, results, checks=checks, estimate=estimates[study.primary.name], folder=folder)
    return folder / "release"


def test_the_bundle_holds_the_section_and_its_tables():
    folder = written(PLAIN)
    text = (folder / "parts" / "_harm.md").read_text("utf-8")
    assert text.startswith("## Harm beside counts")
    assert "| assaults meant to cause serious harm | Assault with intent to cause serious harm | 1,965 |" in text
    assert {"results_harm.csv", "harm_shares.csv"} <= {path.name for path in (folder / "tables").iterdir()}
    assert "harm" not in (folder / "parts" / "_results.md").read_text("utf-8").replace("serious harm", "")


def test_a_study_that_does_not_ask_has_an_empty_section():
    folder = written("")
    assert (folder / "parts" / "_harm.md").read_text("utf-8").strip() == ""
    assert not [path.name for path in (folder / "tables").iterdir() if "harm" in path.name]


def test_a_mix_of_one_outcome_has_the_relative_change_of_its_count():
    _, estimates, _ = run(MIXED)
    harm, count = (
        overall(estimates[name]).set_index("term").loc["relative", "estimate"] for name in (NAME, "police_violence")
    )
    assert harm == pytest.approx(count)
    assert "Source of the mix: made up for a test." in (written(MIXED) / "parts" / "_harm.md").read_text("utf-8")


def test_everything_wrong_with_it_is_said_at_once_before_any_data_are_read():
    wrong = "harm:\n  offences: { injury: Assalt with injury, serious: Violence with injury }\n"
    study = TEXT.replace(PLAIN, wrong).replace("method: callaway_santanna", "method: callaway_santana")
    with pytest.raises(StudyError) as refused:
        preflight(load_study(project(study=study) / "params" / "study.yaml"))
    for said in ("did you mean Assault with injury?", "Violence with injury is a group", "callaway_santanna"):
        assert said in str(refused.value)


def test_an_outcome_that_is_not_there_is_refused_with_the_nearest():
    study = TEXT.replace("offences: { injury:", "offences: { injuries:")
    told = curv_eval(project(study=study), "plan", "params/study.yaml")
    assert told.code == 2
    assert "harm.offences: injuries is not an outcome of this study; did you mean injury?" in told.err
