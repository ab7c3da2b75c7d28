"""The badge at the top of a notebook, on a study that was really run."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import pytest

import curv_eval as ce
from curv_eval.errors import StudyError
from curv_eval.lab import Freshness
from curv_eval.lab.badge import _COLOURS, _OTHER

ROOT = Path(__file__).parents[2]
DEMO = (ROOT / "params" / "demo.yaml").read_text("utf-8")


def project(folder, text=DEMO):
    (folder / "params").mkdir(parents=True)
    (folder / "params" / "demo.yaml").write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A project in which the demo was run, and its run. Tests that change it copy it."""
    folder = project(tmp_path_factory.mktemp("badge") / "project")
    code = "from curv_eval.cli import main; main()"
    clean = {n: v for n, v in os.environ.items() if not n.startswith("CURV_EVAL")}
    done = subprocess.run(
        [sys.executable, "-c", code, "run", "params/demo.yaml", "--no-brief", "--jobs", "1"],
        cwd=folder, env={**clean, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    key = (folder / "outputs" / "demo" / "latest").read_text("utf-8").strip()
    return folder, folder / "outputs" / "demo" / key


@pytest.fixture
def copied(ran, tmp_path):
    shutil.copytree(ran[0], tmp_path / "copy")
    return tmp_path / "copy"


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    for name in ("CURV_EVAL_DATA", "CURV_EVAL_RUN"):
        monkeypatch.delenv(name, raising=False)


def change(folder, old, new):
    path = folder / "params" / "demo.yaml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_a_study_whose_run_has_these_inputs_is_fresh(ran):
    folder, run = ran
    finished = json.loads((run / "manifest.json").read_text("utf-8"))["times"]["finished"]
    day = datetime.fromisoformat(finished).astimezone(UTC)
    found = ce.freshness(folder / "params" / "demo.yaml")
    assert found.state == "fresh"
    assert repr(found) == f"fresh: run {run.name} of {day.day} {day:%B %Y} has exactly these inputs"


def test_it_is_fresh_from_the_notebooks_own_folder_and_whenever_the_file_was_touched(ran, monkeypatch):
    folder, run = ran
    (folder / "notebooks").mkdir(exist_ok=True)
    monkeypatch.chdir(folder / "notebooks")
    os.utime(folder / "params" / "demo.yaml")
    assert run.name in repr(ce.freshness("../params/demo.yaml"))


def test_a_changed_parameter_is_named(copied):
    change(copied, "\nseed: ", "\nseed: 1")
    found = ce.freshness(copied / "params" / "demo.yaml")
    assert found.state == "stale"
    assert re.match(r"stale: will run because parameter changed: seed: \d+ -> 1\d+", repr(found)), found


def test_changed_data_are_named_by_their_file(copied):
    (file,) = (copied / "outputs" / "demo").glob("made-up-data*/**/ae_assaults*.csv")
    file.write_text(file.read_text("utf-8") + "\n", "utf-8")
    found = repr(ce.freshness(copied / "params" / "demo.yaml"))
    assert found.startswith("stale: will run because data changed: ae_assaults/")
    assert file.name in found


def test_several_reasons_are_all_said(copied):
    change(copied, "\nseed: ", "\nseed: 1")
    (file,) = (copied / "outputs" / "demo").glob("made-up-data*/**/ae_assaults*.csv")
    file.write_text(file.read_text("utf-8") + "\n", "utf-8")
    found = ce.freshness(copied / "params" / "demo.yaml")
    assert len(found.because) == 2
    assert "parameter changed" in repr(found)
    assert "; data changed" in repr(found)


def test_a_damaged_run_is_not_fresh(copied, ran):
    (copied / "outputs" / "demo" / ran[1].name / "release" / "results.json").unlink()
    found = repr(ce.freshness(copied / "params" / "demo.yaml"))
    assert found.startswith("stale: will run because its finished run was damaged: release/results.json is gone")


def test_the_plan_and_the_badge_say_the_same(copied):
    from curv_eval.run.planning import plan

    change(copied, "\nseed: ", "\nseed: 1")
    path = copied / "params" / "demo.yaml"
    (planned,) = plan([path])
    assert ce.freshness(path).because == (f"will run because {planned.because[0]}", *planned.because[1:])


def real(folder):
    """The demo without data of its own."""
    return project(folder, re.sub(r"^made_up:.*?(?=^\w)", "", DEMO, flags=re.M | re.S))


def test_a_study_without_its_data_cannot_tell_and_does_not_stop_the_notebook(tmp_path):
    found = ce.freshness(real(tmp_path / "project") / "params" / "demo.yaml")
    assert found.state == "cannot tell"
    assert re.fullmatch(r"cannot tell: the data folder .*data does not exist", repr(found))


def test_a_study_that_was_never_run_says_so(ran, tmp_path, monkeypatch):
    (data,) = (ran[0] / "outputs" / "demo").glob("made-up-data*")
    monkeypatch.setenv("CURV_EVAL_DATA", str(data))
    found = ce.freshness(real(tmp_path / "project") / "params" / "demo.yaml")
    assert repr(found) == "never run: no finished run of this study is here"
    assert not (tmp_path / "project" / "outputs").exists()


def test_a_file_that_is_no_study_stops_here_with_every_fault(copied):
    change(copied, "\nseed: ", "\nsead: ")
    with pytest.raises(StudyError, match="did you mean `seed`"):
        ce.freshness(copied / "params" / "demo.yaml")


def test_within_a_run_it_says_the_same_always_and_reads_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("CURV_EVAL_RUN", "1")
    found = ce.freshness(tmp_path / "there is no such file.yaml")
    assert repr(found) == "run by curv-eval run"
    assert ">run by curv-eval run</span></div>" in found._repr_html_()


@pytest.mark.parametrize("name", ["data", "power", "effect"])
def test_executed_notebooks_name_no_run_and_no_day(name, ran):
    held = nbformat.read(ran[1] / "restricted" / f"{name}.ipynb", as_version=4)
    (cell,) = [c for c in held.cells if "ce.freshness(" in c.source]
    assert [o.data["text/plain"] for o in cell.outputs] == ["run by curv-eval run"]
    assert [o.data["text/html"] for o in cell.outputs] == [Freshness("run by curv-eval run")._repr_html_()]


def test_what_the_notebook_shows_is_escaped():
    shown = Freshness("stale", ("data changed: <img src=x>.csv", "R&D"))._repr_html_()
    assert "<img" not in shown
    assert "&lt;img src=x&gt;.csv; R&amp;D</div>" in shown


def test_the_state_is_a_word_and_never_a_colour_only():
    for state in ("fresh", "stale", "never run", "cannot tell"):
        assert f">{state}</span>" in Freshness(state, ("because",))._repr_html_()


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("colour", [*_COLOURS.values(), _OTHER])
def test_white_on_the_badge_can_be_read(colour):
    assert 1.05 / (luminance(colour) + 0.05) >= 4.5


def test_it_is_a_frozen_noun():
    held = Freshness("fresh", ("one",))
    assert replace(held, state="stale") != held
    with pytest.raises(AttributeError):
        held.state = "stale"


def test_the_page_names_every_state_as_it_is_shown(ran):
    page = (ROOT / "docs" / "in-jupyterlab.md").read_text("utf-8")
    shown = repr(ce.freshness(ran[0] / "params" / "demo.yaml"))
    pattern = r"fresh: run [0-9a-f]{12} of \d+ \w+ \d{4} has exactly these inputs"
    assert re.search(rf"\| `{pattern}` \|", page)
    assert re.fullmatch(pattern, shown)
    for said in ("stale: will run because data changed: ", "never run: no finished run of this study is here",
                 "cannot tell: the data folder ", "run by curv-eval run"):  # fmt: skip
        assert f"| `{said}" in page
