"""What a tired evaluator types."""

import os
import sys
from pathlib import Path

import pytest
from projects import DEMO, curv_eval, outputs, project, small_data
from refusals import refused

RUN = ("run", "params/study.yaml")


@pytest.mark.parametrize(("words", "piece"), [
    (("rum",), "No such command 'rum'. Did you mean 'run'?"),
    (("run",), "Missing argument 'studies'"),
    (("run", "params/study.yaml", "--date", "x"), "No such option: --date"),
    (("review", "demo"), "Missing option '--reviewer'"),
])  # fmt: skip
def test_the_wrong_words(words, piece):
    folder = project()
    said = curv_eval(folder, *words)
    assert said.code == 2
    assert piece in said.err
    assert "Traceback" not in said.err
    assert outputs(folder) == {}


@pytest.mark.parametrize("words", [
    ("verify", "demo"), ("brief", "demo"), ("brief", "params"), ("verify", ""), ("verify", "../.."),
    ("review", "demo", "--reviewer", "A", "--decision", "approve"),
])  # fmt: skip
def test_a_run_that_is_not_there(words):
    folder = project()
    refused(
        folder, curv_eval(folder, *words), "RunError", "there is no finished run", "runs here: none", "do: run `curv"
    )


@pytest.mark.parametrize(("words", "pieces"), [
    (("--reviewer", "A", "--decision", "approved"), ("got the decision 'approved'", "do: give --decision approve or")),
    (("--reviewer", " ", "--decision", "approve"), ("got a blank reviewer", "do: give --reviewer NAME")),
])  # fmt: skip
def test_a_review_without_sense(words, pieces):
    from test_run_verify import plain_run

    folder, run = plain_run(small_data("2023-05", "2023-05"))
    before = outputs(folder)
    said = curv_eval(folder, "review", "demo", *words)
    assert said.code == 7
    assert [piece for piece in pieces if piece not in said.err] == []
    assert outputs(folder) == before
    known = curv_eval(folder, "verify", "dmeo")
    assert f"runs here: demo/{run.name}" in known.err
    assert "give one of these, or its study for the latest" in known.err


@pytest.mark.parametrize(("words", "pieces"), [
    (("My Study",), ("got the name 'My Study'", "expected 3 to 60 small letters, digits and -")),
    (("../away",), ("got the name '../away'",)),
    (("study",), (f"{Path('params', 'study.yaml')} already exists", "do: choose another name")),
    (("other", "--example", "nope"), ("there is no example study 'nope'", "there are cleveland-asb-hotspots, demo")),
])  # fmt: skip
def test_a_new_study_without_sense(words, pieces):
    folder = project()
    before = sorted(folder.rglob("*"))
    refused(folder, curv_eval(folder, "new", *words), "RunError", *pieces)
    assert sorted(folder.rglob("*")) == before


def test_a_new_study_can_be_read():
    from curv_eval.study import load_study

    folder = project()
    assert curv_eval(folder, "new", "my-own-study").code == 0
    assert load_study(folder / "params" / "my-own-study.yaml").study == "my-own-study"


@pytest.mark.parametrize("study", [DEMO, None])
def test_outputs_that_is_a_file(study):
    folder = project(study=study, data=None if study else small_data("2023-05", "2023-05"))
    (folder / "outputs").write_text("kept")
    said = curv_eval(folder, *RUN)
    assert said.code == 7
    assert "RunError: cannot " in said.err
    assert "outputs" in said.err
    assert "  do: check " in said.err
    assert "Traceback" not in said.err
    assert (folder / "outputs").read_text() == "kept"


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="needs a user whom rights bind")
def test_outputs_that_may_not_be_written():
    folder = project(data=small_data("2023-05", "2023-05"))
    (folder / "outputs").mkdir(mode=0o555)
    said = curv_eval(folder, *RUN)
    assert said.code == 7
    assert "RunError: cannot write to outputs/demo (Permission denied)" in said.err
    assert "  do: check rights and space" in said.err
    assert list((folder / "outputs").iterdir()) == []


def test_a_fault_of_the_program_is_no_traceback_and_says_how_to_see_one(monkeypatch):
    from curv_eval import study as module

    def broken(path):
        raise KeyError("a surprise with a secret in it")

    monkeypatch.setattr(module, "load_study", broken)
    folder = project()
    said = curv_eval(folder, "data", "check", "params/study.yaml")
    assert said.code == 70
    assert said.err == "KeyError: a fault of the program; CURV_EVAL_DEBUG=1 shows where\n"
    with pytest.raises(KeyError):
        curv_eval(folder, "data", "check", "params/study.yaml", CURV_EVAL_DEBUG="1")


def test_doctor_says_what_is_there():
    said = curv_eval(project(), "doctor")
    assert said.code == 0, said.out
    assert "ok  python: " in said.out
    assert "CURV_EVAL_DATA: not set; real studies need it or --data, the demo does not" in said.out
