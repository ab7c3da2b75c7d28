"""What was there when a plan was registered: results already seen, and the commit that holds the study."""

import subprocess

from plans import DEMO, pretend_run, project, register

from curv_eval.registration import draft
from curv_eval.study import canonical, load_study


def test_a_finished_run_is_a_first_look(study_file):
    pretend_run(study_file)
    assert register(study_file).seen == ("demo/abc123def456",)


def test_a_run_of_which_only_the_effect_was_made_is_a_look(study_file):
    tables = study_file.parents[1] / "outputs" / "demo" / "effect" / "abc" / "release" / "tables"
    tables.mkdir(parents=True)
    (tables / "results_police_violence.csv").write_text("x", "utf-8")
    assert register(study_file).seen == ("demo/effect/abc",)


def test_a_notebook_run_by_hand_is_a_look(study_file):
    tables = study_file.parents[1] / "outputs" / "demo" / "lab" / "release" / "tables"
    tables.mkdir(parents=True)
    (tables / "power.csv").write_text("x", "utf-8")
    assert draft(load_study(study_file), by="A. Evaluator").seen == ()
    (tables / "results_police_violence.csv").write_text("x", "utf-8")
    assert register(study_file).seen == ("demo/lab",)


def test_data_power_and_killed_runs_are_no_look(study_file):
    home = study_file.parents[1] / "outputs" / "demo"
    for name in ("data/abc", "power/abc", ".partial-abc-1234", "made-up-data"):
        (home / name / "release" / "tables").mkdir(parents=True)
    (home / ".partial-abc-1234" / "manifest.json").write_text("{}", "utf-8")
    assert register(study_file).seen == ()


def test_the_same_question_under_another_name_is_a_look(study_file):
    held = canonical(load_study(study_file))
    pretend_run(study_file, "aaa", parameters=held, study="first-try")
    pretend_run(study_file, "bbb", parameters=held | {"intervention": "other_register"}, study="other-question")
    pretend_run(study_file, "ccc", parameters={"outcomes": []}, study="old")
    run = pretend_run(study_file, "ddd", study="broken")
    (run / "manifest.json").write_text("{", "utf-8")
    assert register(study_file).seen == ("first-try/aaa",)


# git


def git(folder, *words):
    who = ["-c", "user.name=T", "-c", "user.email=t@example.org"]
    done = subprocess.run(["git", *who, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_commit_is_named_only_where_it_holds_the_study_as_it_is(tmp_path):
    path = project(tmp_path)
    git(tmp_path, "init", "-q")
    assert draft(load_study(path), by="A. Evaluator").commit == ""
    git(tmp_path, "add", "params")
    git(tmp_path, "commit", "-q", "-m", "Plan")
    assert draft(load_study(path), by="A. Evaluator").commit == git(tmp_path, "rev-parse", "HEAD")
    (tmp_path / "notes.txt").write_text("unrelated", "utf-8")
    assert draft(load_study(path), by="A. Evaluator").commit
    path.write_text(DEMO + "# a remark\n", "utf-8")
    assert draft(load_study(path), by="A. Evaluator").commit == ""


def test_a_study_that_git_ignores_has_no_commit(tmp_path):
    path = project(tmp_path)
    git(tmp_path, "init", "-q")
    (tmp_path / ".gitignore").write_text("params/\n", "utf-8")
    git(tmp_path, "add", ".gitignore")
    git(tmp_path, "commit", "-q", "-m", "No studies")
    assert draft(load_study(path), by="A. Evaluator").commit == ""
