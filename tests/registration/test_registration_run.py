"""A registered plan that was changed, run from its file to its brief."""

import json
import shutil

import pytest
from plans import SEED, changed, curv_eval, project, register

from curv_eval.publish import assemble, lint
from curv_eval.registration import files
from curv_eval.run.planning import plan_study
from curv_eval.study import load_study


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A project whose plan was registered, whose seed was then changed, and which was run: its run folder."""
    folder = tmp_path_factory.mktemp("ran")
    path = project(folder)
    register(path)
    changed(path, SEED)
    with pytest.MonkeyPatch.context() as held:
        said = curv_eval(folder, "run", "params/demo.yaml", monkeypatch=held)
    assert said.code == 0, said.err
    (made,) = (folder / "outputs" / "demo").glob("*/manifest.json")
    return made.parent


@pytest.fixture
def copy(ran, tmp_path):
    """A copy of that project, to change: its study file."""
    shutil.copytree(ran.parents[2], tmp_path / "copy")
    return tmp_path / "copy" / "params" / "demo.yaml"


def test_the_bundle_says_so(ran):
    held = json.loads((ran / "release" / "results.json").read_text("utf-8"))
    assert (held["registration"], held["deviations_not_explained"]) == ("exploratory", 1)
    assert "seed" in (ran / "release" / "tables" / "deviations.csv").read_text("utf-8")
    (row,) = [one for one in held["tables"]["rating"]["rows"] if one["part"] == "registration"]
    assert row["score"] == "1 of 5"
    assert "not every change is explained" in row["reason"]


def test_the_brief_is_stamped_and_says_what_was_changed(ran):
    said = " ".join((ran / "brief" / "study.html").read_text("utf-8").split())
    assert "EXPLORATORY: the plan was changed after it was registered" in said
    assert "DRAFT · MADE-UP DATA · EXPLORATORY – Study brief" in said
    assert said.index("EXPLORATORY: the plan") < said.index("Was the plan kept?</h")
    assert "It was not kept: one thing was changed afterwards" in said
    assert "Not explained" in said
    assert lint(ran / "brief") == []


def test_the_stamp_is_no_watermark_and_an_approval_does_not_take_it_away(ran, tmp_path):
    brief = assemble(ran, tmp_path / "brief", approved=True)
    status = (brief / "bundle" / "parts" / "_status.md").read_text("utf-8")
    assert "Reviewed" in status
    assert "EXPLORATORY" in status
    assert "EXPLORATORY" not in (brief / "_status.typ").read_text("utf-8")


@pytest.mark.parametrize("kind", ["confirmatory", "unregistered"])
def test_other_briefs_are_not_stamped(ran, tmp_path, kind):
    run = shutil.copytree(ran, tmp_path / "run")
    results = run / "release" / "results.json"
    held = json.loads(results.read_text("utf-8"))
    results.write_text(json.dumps(held | {"registration": kind}), "utf-8")
    brief = assemble(run, tmp_path / "brief", approved=False)
    assert "EXPLORATORY" not in (brief / "bundle" / "parts" / "_status.md").read_text("utf-8")
    assert "EXPLORATORY" not in (brief / "study.qmd").read_text("utf-8")


def test_a_run_depends_on_the_registration(copy):
    data = copy.parents[1] / "outputs" / "demo"
    assert plan_study(load_study(copy), data=None).fresh, data
    made = register(copy, deviation="The first seed was drawn twice.")
    assert made.seen
    because = plan_study(load_study(copy)).because
    assert any("the registration changed: 2.json is new" in line for line in because)


def test_a_run_after_which_a_change_was_logged_is_not_what_it_was(copy, monkeypatch):
    folder = copy.parents[1]
    assert curv_eval(folder, "verify", "demo", monkeypatch=monkeypatch).code == 0
    register(copy, deviation="The first seed was drawn twice.")
    said = curv_eval(folder, "verify", "demo", monkeypatch=monkeypatch)
    assert said.code == 7
    assert "registration: 2.json is new" in said.err


def test_the_files_of_a_registration_are_named_in_their_order(copy):
    register(copy, deviation="because")
    found = files(load_study(copy))
    assert list(found) == ["1.json", "2.json"]
    assert all(path.is_file() for path in found.values())
