"""curv-eval register, as a tired evaluator types it."""

import json

import pytest
import yaml
from plans import DEMO, METHOD, OPTIONS, ROOT, SEED, changed, curv_eval, edited, pretend_run, project, records_of

from curv_eval.registration import Status, standing
from curv_eval.study import load_studies, load_study

BY = ("--by", "A. Evaluator")
SWEEP = "\nsweep:\n  grid:\n    design.method: [callaway_santanna, sun_abraham, imputation]\n"
SWEPT = DEMO.replace(*OPTIONS) + SWEEP


@pytest.fixture
def say(study_file, monkeypatch):
    """Type `curv-eval register ...` in the project."""
    return lambda *words: curv_eval(study_file.parents[1], "register", *words, monkeypatch=monkeypatch)


def test_it_says_what_it_wrote_and_where(say, study_file):
    said = say("params/demo.yaml", *BY)
    assert said.code == 0, said.err
    (path,) = records_of(study_file)
    held = json.loads(path.read_text("utf-8"))
    assert f"demo: registered {held['at']} by A. Evaluator, before any result" in said.out
    assert f"plan (SHA-256): {held['plan_sha256']}" in said.out
    assert "registrations/demo/1.json" in said.out


def test_twice_says_that_nothing_was_written(say, study_file):
    say("params/demo.yaml", *BY)
    said = say("params/demo.yaml", *BY)
    assert said.code == 0
    assert said.out == "demo: registered before and not changed since; nothing was written\n"
    assert len(records_of(study_file)) == 1


def test_after_a_run_it_says_after_a_first_look(say, study_file):
    pretend_run(study_file)
    assert "after a first look: results were there (demo/abc123def456)" in say("params/demo.yaml", *BY).out


@pytest.mark.parametrize(("words", "hears"), [
    (["params/demo.yaml"], "nobody is named who registers the plan"),
    (["params/demo.yaml", "--by", " "], "--by is blank"),
    (["params/demo.yaml", *BY, "--deviation", "why"], "was not registered, so nothing deviates"),
    (["params/none.yaml", *BY], "there is no readable file params/none.yaml"),
    (["params", *BY], "params is a folder, not a file"),
    (["notes.yaml", *BY], "notes.yaml is not a study yet"),
    (["params/demo.yaml", *BY, "--osf", "plan.docx"], "expected a name that ends in .md or .json"),
    (["params/demo.yaml", *BY, "--osf", "notes.md"], "notes.md already exists"),
    (["params/demo.yaml", "--osf", "plan.md"], "is not registered yet"),
    (["params/demo.yaml#demo-two", *BY], "holds no study 'demo-two'"),
])  # fmt: skip
def test_wrong_words_are_refused_and_nothing_is_written(say, study_file, words, hears):
    folder = study_file.parents[1]
    (folder / "notes.yaml").write_text("what: a shopping list\n", "utf-8")
    (folder / "notes.md").write_text("mine\n", "utf-8")
    said = say(*words)
    assert said.code == 2
    assert hears in said.err
    assert "Traceback" not in said.err
    assert not (folder / "registrations").exists()
    assert (folder / "notes.md").read_text("utf-8") == "mine\n"


def test_a_plan_that_cannot_be_run_is_not_registered(say, study_file):
    changed(study_file, ("method: callaway_santanna", "method: callaway_santana"))
    said = say("params/demo.yaml", *BY)
    assert said.code == 2
    assert "did you mean callaway_santanna?" in said.err
    assert records_of(study_file) == []


def test_a_change_is_refused_then_logged_with_its_reason(say, study_file):
    say("params/demo.yaml", *BY)
    changed(study_file, SEED)
    refused = say("params/demo.yaml", *BY)
    assert refused.code == 2
    assert "seed: 20261123 -> 1" in refused.err
    assert "--deviation" in refused.err
    said = say("params/demo.yaml", *BY, "--deviation", "The first was drawn twice.")
    assert said.code == 0, said.err
    assert "demo: change logged" in said.out
    assert "  reason: The first was drawn twice.\n  seed: 20261123 -> 1\n" in said.out
    assert len(records_of(study_file)) == 2


def test_show_prints_the_plan_its_hash_and_what_is_not_logged(say, study_file):
    assert say("params/demo.yaml", "--show").out == "demo: not registered\n"
    say("params/demo.yaml", *BY)
    changed(study_file, SEED)
    said = say("params/demo.yaml", "--show")
    first = standing(load_study(study_file)).first
    assert said.out.startswith("demo: exploratory\n")
    assert first.plan_sha256 in said.out
    assert "  not logged: seed: 20261123 -> 1\n" in said.out
    held = yaml.safe_load(said.out.split("not logged: seed: 20261123 -> 1\n")[1])
    assert held == first.plan
    assert len(records_of(study_file)) == 1


def test_an_edited_registration_is_refused_here_and_before_a_run(say, study_file, monkeypatch):
    say("params/demo.yaml", *BY)
    edited(records_of(study_file)[0], at="2020-01-01T00:00:00+00:00")
    for words in (["register", "params/demo.yaml", *BY], ["register", "params/demo.yaml", "--show"]):
        said = curv_eval(study_file.parents[1], *words, monkeypatch=monkeypatch)
        assert said.code == 2
        assert "1.json was edited" in said.err
        assert "bring the files back from version control" in said.err
    (study_file.parents[1] / "data").mkdir()
    said = curv_eval(study_file.parents[1], "run", "params/demo.yaml", "--data", "data", monkeypatch=monkeypatch)
    assert said.code == 2
    assert "1.json was edited" in said.err


# the export


def test_the_export_has_the_sections_of_the_form(say, study_file):
    said = say("params/demo.yaml", *BY, "--osf", "plan.md", "--osf", "out/plan.json")
    assert said.code == 0, said.err
    folder = study_file.parents[1]
    held = json.loads((folder / "out" / "plan.json").read_text("utf-8"))
    assert list(held) == [
        "Study Information", "Design Plan", "Sampling Plan", "Variables", "Analysis Plan", "Other",
    ]  # fmt: skip
    study = load_study(study_file)
    assert held["Study Information"]["Research questions"] == study.question
    assert (
        "H1 (primary): mentoring makes violent incidents recorded by the police fall"
        in (held["Study Information"]["Hypotheses"])
    )
    assert "2022-01 to 2024-12" in held["Design Plan"]["Study design"]
    assert "vcse_sessions: person_id, minutes_attended" in held["Sampling Plan"]["Data collection procedures"]
    assert "where crime_type is Violence and sexual offences" in held["Variables"]["Measured variables"]
    assert "Callaway and Sant'Anna (2021)" in held["Analysis Plan"]["Statistical models"]
    assert "changed by the same percentage in both kinds of area" in held["Analysis Plan"]["Statistical models"]
    assert "the 95% interval (two-sided) of police_violence" in held["Analysis Plan"]["Inference criteria"]
    assert "not counted as 0" in held["Analysis Plan"]["Missing data"]
    assert standing(study).first.plan_sha256 in held["Other"]["Other"]
    assert "MADE UP" in held["Other"]["Other"]
    assert all(text.strip() for items in held.values() for text in items.values())
    text = (folder / "plan.md").read_text("utf-8")
    for section, items in held.items():
        assert f"\n## {section}\n" in text
        assert all(f"\n### {item}\n" in text for item in items)


def test_the_export_can_be_written_later_but_not_of_a_changed_plan(say, study_file):
    say("params/demo.yaml", *BY)
    assert say("params/demo.yaml", "--osf", "plan.md").code == 0
    changed(study_file, METHOD, OPTIONS)
    said = say("params/demo.yaml", "--osf", "other.md")
    assert said.code == 2
    assert "was changed since it was registered" in said.err
    assert say("params/demo.yaml", *BY, "--deviation", "why not", "--osf", "other.md").code == 0
    text = (study_file.parents[1] / "other.md").read_text("utf-8")
    assert "Change logged: why not" in text
    assert "design.method: callaway_santanna -> sun_abraham" in text


def test_the_export_says_that_results_were_there(say, study_file):
    pretend_run(study_file)
    say("params/demo.yaml", *BY, "--osf", "plan.md")
    text = (study_file.parents[1] / "plan.md").read_text("utf-8")
    assert "following analysis of the data: results were there" in text


def test_a_study_of_people_and_a_trial_are_exported_as_such(tmp_path, monkeypatch):
    path = project(tmp_path, (ROOT / "params" / "demo-people.yaml").read_text("utf-8"), "demo-people")
    said = curv_eval(tmp_path, "register", path, *BY, "--osf", "plan.json", monkeypatch=monkeypatch)
    assert said.code == 0, said.err
    held = json.loads((tmp_path / "plan.json").read_text("utf-8"))
    assert "Unit: a person." in held["Design Plan"]["Study design"]
    assert "attrition" in held["Analysis Plan"]["Missing data"]
    assert held["Variables"]["Covariates"] != "None."


# sweeps


def test_a_sweep_is_registered_study_by_study(tmp_path, monkeypatch):
    path = project(tmp_path, SWEPT, "many")
    said = curv_eval(tmp_path, "register", path, *BY, monkeypatch=monkeypatch)
    assert said.code == 0, said.err
    studies = load_studies(path)
    assert len(studies) == 3
    assert all(standing(one).status is Status.CONFIRMATORY for one in studies)
    again = curv_eval(tmp_path, "register", path, *BY, monkeypatch=monkeypatch)
    assert f"{studies[0].study} and 2 more: registered before and not changed since" in again.out


def test_a_sweep_of_which_one_is_refused_is_not_registered_in_part(tmp_path, monkeypatch):
    path = project(tmp_path, SWEPT, "many")
    last = load_studies(path)[-1]
    assert curv_eval(tmp_path, "register", f"{path}#{last.study}", *BY, monkeypatch=monkeypatch).code == 0
    changed(path, SEED)
    said = curv_eval(tmp_path, "register", path, *BY, monkeypatch=monkeypatch)
    assert said.code == 2
    assert [p.name for p in (tmp_path / "registrations").iterdir()] == [last.study]


def test_the_export_of_a_sweep_asks_for_one_study(tmp_path, monkeypatch):
    path = project(tmp_path, SWEPT, "many")
    said = curv_eval(tmp_path, "register", path, *BY, "--osf", "plan.md", monkeypatch=monkeypatch)
    assert said.code == 2
    assert "--osf is for one" in said.err
    assert "many.yaml#demo-callaway" in said.err
