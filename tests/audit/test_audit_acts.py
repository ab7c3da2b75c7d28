"""Which acts are recorded, when, and with what; and that none of them goes on where it cannot be."""

import json
import shutil

import pytest
from copies import file, sha, study
from projects import curv_eval, scratch

from curv_eval import audit, manifest
from curv_eval.audit import What, lines, verify_log
from curv_eval.errors import ContractError, RunError
from curv_eval.review import Decision, reviews, write_review
from curv_eval.run import study_run, verifying
from curv_eval.run.notebooks import How
from curv_eval.run.planning import plan_study
from curv_eval.run.records import write_record
from curv_eval.study import load_study

RESULTS = {"made_up": False, "tables": {"a": {"withheld": 2}, "b": {"withheld": 3}}}


def quiet(event):
    pass


def notebook(planned, step, *, work, how, tell):
    """Do in no time what a notebook does: leave something released and something restricted."""
    file(work / "release" / "results.json", json.dumps(RESULTS))
    file(work / "restricted" / f"{step.notebook}.ipynb", "{}")
    told = {"notebook": step.notebook, "key": step.key, "seconds": 0.1, "started": "a", "finished": "b"}
    return write_record(work, told)


@pytest.fixture
def project(monkeypatch):
    """A project with a study and files where its data are, whose notebooks take no time."""
    monkeypatch.delenv("CURV_EVAL_DATA", raising=False)
    monkeypatch.setenv("CURV_EVAL_USER", "A. Keeper")
    monkeypatch.setattr(study_run, "make", notebook)
    folder = scratch()
    path = study(folder)
    for use in load_study(path).contracts.values():
        file(folder / "data" / use.location, use.location)
    shutil.rmtree(folder / "data" / "police-uk-made-up", ignore_errors=True)
    return folder


def planned(project):
    return plan_study(load_study(project / "params" / "demo.yaml"))


def ran(project, **how):
    return study_run.run_planned(planned(project), how=How(**how), tell=quiet)


def log(project):
    return lines(project / "outputs")


def acts(project):
    return [line.what for line in log(project)]


def test_a_run_says_once_what_it_read_and_then_what_it_released(project):
    run = ran(project)
    loaded, released = log(project)
    assert [loaded.what, released.what] == [What.LOADED, What.RELEASED]
    assert {(line.of, line.run, line.who) for line in (loaded, released)} == {("demo", run.name, "A. Keeper")}
    assert loaded.detail["by"] == "run"
    assert loaded.detail["vcse_referrals 1.0.0"] == sha(project / "data" / "vcse_referrals.csv")
    used = load_study(project / "params" / "demo.yaml").contracts
    assert {name.split()[0] for name in loaded.detail} - {"by"} == set(used)
    assert released.detail == {
        "tables": 2, "cells withheld": 5, "made up": "no", "manifest": sha(run / "manifest.json"),
    }  # fmt: skip
    assert verify_log(project / "outputs").faults == verify_log(project / "outputs").notes == ()


def test_of_a_dataset_of_several_files_the_hash_of_names_and_hashes_is_kept(project):
    for name in ("a.csv", "b.csv"):
        file(project / "data" / "more" / name, name)
    study(project, vcse_sessions="more")
    ran(project)
    files = {name: sha(project / "data" / "more" / name) for name in ("a.csv", "b.csv")}
    assert log(project)[0].detail["vcse_sessions 1.0.0"] == f"{manifest.digest(files)} (2 files)"


def test_a_fresh_run_reads_nothing_and_is_not_recorded(project):
    ran(project)
    ran(project)
    assert acts(project) == [What.LOADED, What.RELEASED]
    ran(project, again=True)
    assert acts(project) == [What.LOADED, What.RELEASED] * 2


def test_the_log_changes_neither_key_nor_content_of_a_run(project):
    run = ran(project)
    before, first = planned(project).found, manifest.tree(run)
    audit.record(project / "outputs", What.APPROVED, of="demo")
    assert planned(project).found == before
    shutil.rmtree(project / "outputs")
    again = ran(project)
    assert again.name == run.name
    assert {n: h for n, h in manifest.tree(again).items() if n != "manifest.json"} == {
        n: h for n, h in first.items() if n != "manifest.json"
    }
    assert not any("audit" in name for name in first)


def test_nothing_of_a_run_is_kept_where_it_cannot_be_recorded(project):
    (project / "outputs" / "audit.jsonl").mkdir(parents=True)
    with pytest.raises(RunError, match="so it is not done"):
        ran(project)
    assert [path for path in (project / "outputs").rglob("*") if path.name == "run.json"] == []


def test_a_run_appears_only_once_its_release_stands_in_the_log(project, monkeypatch):
    record = audit.record

    def refuse(home, what, **said):
        if what is What.RELEASED:
            raise RunError("the disk is full")
        return record(home, what, **said)

    monkeypatch.setattr(audit, "record", refuse)
    with pytest.raises(RunError, match="the disk is full"):
        ran(project)
    assert not list((project / "outputs").glob("*/*/manifest.json"))
    assert not (project / "outputs" / "demo" / "latest").exists()
    monkeypatch.undo()
    monkeypatch.setattr(study_run, "make", notebook)
    # what was finished before is not read again, so only the release is new
    ran(project)
    assert acts(project) == [What.LOADED, What.RELEASED]


def test_a_run_whose_data_are_refused_read_nothing(project, monkeypatch):
    def refused(*words, **named):
        raise ContractError("not permitted")

    monkeypatch.setattr(study_run, "make", refused)
    with pytest.raises(ContractError):
        ran(project)
    assert log(project) == []


def test_a_run_made_again_to_be_compared_reads_and_releases_nothing(project):
    run = ran(project)
    assert verifying.rerun(run, None, how=How(), tell=quiet) == []
    assert acts(project) == [What.LOADED, What.RELEASED, What.LOADED]
    assert log(project)[-1].detail["by"] == "verify"


@pytest.mark.parametrize(("decision", "what"), [
    (Decision.APPROVE, What.APPROVED), (Decision.REVISE, What.REVISED), (Decision.REFUSE, What.REFUSED),
])  # fmt: skip
def test_a_review_is_recorded_without_its_findings(project, decision, what):
    run = ran(project)
    write_review(run, reviewer="B. Checker", decision=decision, findings="a private remark")
    line = log(project)[-1]
    assert (line.what, line.of, line.run) == (what, "demo", run.name)
    assert line.detail == {"reviewer": "B. Checker", "manifest": sha(run / "manifest.json")}
    assert "private" not in (project / "outputs" / "audit.jsonl").read_text()


def test_a_review_that_cannot_be_recorded_is_refused_before_it_is_made(project):
    run = ran(project)
    (project / "outputs" / "audit.head").write_text("9 " + "0" * 64)
    with pytest.raises(RunError, match="is not as it was left"):
        write_review(run, reviewer="B. Checker", decision=Decision.APPROVE)
    assert reviews(run) == []
    assert not [path for path in run.iterdir() if "review" in path.name]


def test_a_review_that_is_refused_is_not_recorded(project):
    run = ran(project)
    with pytest.raises(RunError, match="blank reviewer"):
        write_review(run, reviewer=" ", decision=Decision.APPROVE)
    file(run / "release" / "results.json", "{}")
    with pytest.raises(RunError, match="was changed after it was made"):
        write_review(run, reviewer="B. Checker", decision=Decision.APPROVE)
    assert acts(project) == [What.LOADED, What.RELEASED]


def test_a_brief_is_recorded_with_its_documents_and_taken_away_if_it_cannot_be(project, monkeypatch):
    from curv_eval.publish import brief

    run = ran(project)

    def render(folder, *, engine):
        return {kind: file(run / "brief" / f"study.{kind}", kind) for kind in ("html", "pdf")}

    monkeypatch.setattr(brief, "assemble", lambda run, folder, approved: folder)
    monkeypatch.setattr(brief, "render", render)
    brief.publish_brief(run)
    line = log(project)[-1]
    assert (line.what, line.run) == (What.PUBLISHED, run.name)
    assert line.detail == {"as": "draft", "study.html": sha(run / "brief" / "study.html"),
                           "study.pdf": sha(run / "brief" / "study.pdf")}  # fmt: skip
    write_review(run, reviewer="B. Checker", decision=Decision.APPROVE)
    brief.publish_brief(run)
    assert log(project)[-1].detail["as"] == "approved"

    def torn(home, what, **said):
        raise RunError("no")

    monkeypatch.setattr(audit.writing, "record", torn)
    with pytest.raises(RunError, match="no"):
        brief.publish_brief(run)
    assert list((run / "brief").iterdir()) == []


def test_an_export_is_recorded_with_the_hash_of_what_left(project, monkeypatch):
    import curv_eval.export as exporting

    run = ran(project)
    monkeypatch.setattr(exporting, "export_crate", lambda run, to, asked: file(to, "zip"))
    said = curv_eval(project, "export", "demo", "crate.zip", CURV_EVAL_USER="A. Keeper")
    assert said.code == 0, said.err
    line = log(project)[-1]
    assert (line.what, line.of, line.run) == (What.EXPORTED, "demo", run.name)
    assert line.detail == {"as": "crate", "with open data": "no", "crate.zip": sha(project / "crate.zip")}


def test_links_are_recorded_in_the_folder_of_the_command(monkeypatch):
    from curv_eval.cli.link import recording

    place = scratch()
    monkeypatch.chdir(place)
    left, right, out = (file(place / f"{one}.csv", one) for one in ("left", "right", "pairs"))
    with recording(What.LINKED, "a with b", [left, right], out) as noted:
        noted["pairs"] = 7
    (line,) = lines(place / "outputs")
    assert (line.what, line.of) == (What.LINKED, "a with b")
    assert line.detail == {
        "read 1: left.csv": sha(left), "read 2: right.csv": sha(right), "pairs": 7, "made: pairs.csv": sha(out),
    }  # fmt: skip
    (place / "outputs" / "audit.head").write_text("9 " + "0" * 64)
    with pytest.raises(RunError), recording(What.LINKED, "a with b", [], out):
        raise AssertionError("nothing is linked where it cannot be recorded")


def test_a_preview_of_encoded_people_is_no_act(monkeypatch):
    from curv_eval.cli.link import recording

    place = scratch()
    monkeypatch.chdir(place)
    with recording(What.ENCODED, "vcse", [place / "people.csv"], None) as noted:
        noted["rows"] = 3
    assert list(place.iterdir()) == []


def test_making_a_key_is_an_act_that_tells_nothing_of_the_key(tmp_path):
    desk = tmp_path / "desk"
    (desk / "keys").mkdir(parents=True)
    said = curv_eval(desk, "link", "key", "keys/linkage.key", "--project", "street-mentoring")
    assert said.code == 0, said.err
    (line,) = (desk / "outputs" / "audit.jsonl").read_text("utf-8").splitlines()
    held = json.loads(line)
    assert (held["what"], held["of"]) == ("key made", "street-mentoring")
    fingerprint = held["detail"].pop("key")
    assert fingerprint in said.out
    assert held["detail"] == {}
    secret = (desk / "keys" / "linkage.key").read_text("utf-8").split("\n")[1]
    assert secret not in line
    assert sha(desk / "keys" / "linkage.key") not in line
    # one that cannot be made leaves no line
    assert curv_eval(desk, "link", "key", "keys/linkage.key", "--project", "street-mentoring").code
    assert len((desk / "outputs" / "audit.jsonl").read_text("utf-8").splitlines()) == 1
