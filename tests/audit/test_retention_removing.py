"""Removing: only what is over, recorded before and after, whole or not at all, and never what is still covered."""

import json
import sys
from datetime import date

import pytest
from copies import SECRET, contract, file, run, sha, study, tree
from projects import curv_eval, scratch

from curv_eval import audit
from curv_eval.audit import What, lines, verify_log
from curv_eval.errors import RunError
from curv_eval.retention import Asked, listing, remove
from curv_eval.run.folders import locked

GONE = "2020-01-31"


@pytest.fixture
def project():
    """A project with referrals that must go, sessions that may stay, and assaults that are covered."""
    folder = scratch()
    contract(folder, "vcse_referrals", GONE, GONE)
    contract(folder, "vcse_sessions", GONE, "2999-01-31")
    contract(folder, "ae_assaults", "2999-01-31", "2999-01-31")
    study(folder, vcse_referrals="referrals")
    for name in ("referrals/2019.csv", "referrals/deep/2020.csv", "vcse_sessions.csv", "ae_assaults.csv", "notes.txt"):
        file(folder / "data" / name, f"{SECRET} in {name}")
    run(folder, {"vcse_referrals": "0" * 64, "ae_assaults": "1" * 64})
    return folder


def expire(project, *words, **variables):
    return curv_eval(project, "data", "expire", "--remove", *words, CURV_EVAL_USER="A. Keeper", **variables)


def acts(project):
    return [(line.what, line.of) for line in lines(project / "outputs")]


def test_what_must_go_goes_and_everything_else_stays(project):
    before, hashes = tree(project), {f"data: {n}": sha(project / "data" / n) for n in ("referrals/2019.csv",)}
    said = expire(project, "--yes")
    assert said.code == 0, said.err
    assert before - tree(project) == {"data/referrals/2019.csv", "data/referrals/deep/2020.csv"}
    assert tree(project) <= before
    assert not (project / "data" / "referrals").exists()
    assert "vcse_referrals: 2 files removed" in said.out
    assert acts(project) == [(What.EXPIRING, "vcse_referrals"), (What.EXPIRED, "vcse_referrals")]
    for line in lines(project / "outputs"):
        assert hashes.items() <= line.detail.items()
        assert line.detail["files"] == 2
        assert line.who == "A. Keeper"
    assert verify_log(project / "outputs").faults == ()
    assert SECRET not in (project / "outputs" / "audit.jsonl").read_text() + said.out + said.err


def test_what_may_be_kept_goes_only_when_that_is_asked_for(project):
    assert expire(project, "--yes", "--ended").code == 0
    assert not (project / "data" / "vcse_sessions.csv").exists()
    assert (project / "data" / "ae_assaults.csv").exists()
    assert {of for _, of in acts(project)} == {"vcse_referrals", "vcse_sessions"}


def test_runs_keep_what_they_hold_unless_they_are_asked_for_too(project):
    home = project / "outputs" / "demo"
    assert expire(project, "--yes").code == 0
    assert (home / "aaaaaaaaaaaa" / "restricted" / "panel.npz").exists()
    file(home / ".partial-aaaaaaaaaaaa-1234abcd" / "restricted" / "panel.npz")
    said = expire(project, "--yes", "--with-runs")
    assert said.code == 0, said.err
    assert "demo/aaaaaaaaaaaa: 2 files of its restricted part removed" in said.out
    left = {path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()}
    assert left == {
        "aaaaaaaaaaaa/manifest.json", "aaaaaaaaaaaa/reviews.json", "aaaaaaaaaaaa/release/results.json",
        "data/daaaaaaaaaaa/release/results.json",
    }  # fmt: skip
    assert list(home.rglob("restricted")) == []
    told = [line.detail for line in lines(project / "outputs") if (line.of, line.run) == ("demo", "aaaaaaaaaaaa")]
    assert told[0]["why"] == "made of data that are over: vcse_referrals"
    assert [detail["files"] for detail in told] == [2, 2]
    assert "outputs/demo/aaaaaaaaaaaa/restricted/panel.npz" in told[0]
    assert expire(project, "--yes", "--with-runs").out.endswith("nothing is to be removed\n")


def test_a_run_that_is_being_made_is_not_touched(project):
    busy = project / "outputs" / "demo" / "aaaaaaaaaaaa"
    with locked(busy):
        said = expire(project, "--yes", "--with-runs")
    assert said.code == 7
    assert "is being made by another run at this moment" in said.err
    assert (busy / "restricted" / "panel.npz").exists()


def test_without_yes_it_asks_and_names_what_would_go(project, monkeypatch):
    from io import StringIO

    before = tree(project)
    for answer, code in (("n\n", 1), ("\n", 1), ("", 1), ("y\n", 0)):
        monkeypatch.setattr(sys, "stdin", StringIO(answer))
        said = expire(project)
        assert said.code == code
        assert "Remove 2 files for good (vcse_referrals)?" in said.out
        assert said.out.index("data/referrals/deep/2020.csv") < said.out.index("Remove 2 files")
        assert (tree(project) == before) is bool(code)
        assert bool(acts(project)) is not bool(code)


def test_what_cannot_be_recorded_is_not_removed(project):
    (project / "outputs" / "audit.jsonl").mkdir()
    before = tree(project)
    said = expire(project, "--yes")
    assert said.code == 7
    assert "so it is not done" in said.err
    assert tree(project) == before


def test_a_file_that_cannot_go_keeps_its_whole_dataset(project, monkeypatch):
    from pathlib import Path

    rename, before = Path.rename, tree(project)

    def refuse(path, target):
        if path.name == "2020.csv":
            raise PermissionError(13, "Permission denied", str(path))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    said = expire(project, "--yes")
    assert said.code == 7
    assert "RunError: 2020.csv cannot be removed (Permission denied), so nothing of its dataset was" in said.err
    assert tree(project) == before
    assert acts(project) == [(What.EXPIRING, "vcse_referrals")]


@pytest.mark.parametrize("at", [0, 1])
def test_a_removal_that_was_cut_short_is_ended_by_the_next(project, monkeypatch, at):
    from pathlib import Path

    unlink, done = Path.unlink, []

    def die(path, missing_ok=False):
        if path.name.startswith(".expiring-"):
            if len(done) == at:
                raise KeyboardInterrupt
            done.append(path)
        unlink(path, missing_ok=missing_ok)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", die)
        with pytest.raises(KeyboardInterrupt):
            remove(listing(Asked(project, project / "data", date.today())))
    assert len([name for name in tree(project) if ".expiring-" in name]) == 2 - at
    assert acts(project) == [(What.EXPIRING, "vcse_referrals")]
    said = expire(project, "--yes")
    assert said.code == 0, said.err
    assert [name for name in tree(project) if "referrals" in name and "contracts" not in name] == []
    assert [what for what, _ in acts(project)] == [What.EXPIRING, What.EXPIRING, What.EXPIRED]


def test_a_quarantine_that_was_cut_short_is_still_known(project):
    said = {"contract": {"name": "vcse_referrals"}, "kept": {"name": "kept.csv"}, "quarantined": {"name": "bad.csv"}}
    file(project / "apart" / ".expiring-quarantine.json", json.dumps(said))
    for name in (".expiring-bad.csv", "mine.csv"):
        file(project / "apart" / name)
    file(project / "apart" / ".gitignore", "*\n")
    assert expire(project, "--yes").code == 0
    assert [path.name for path in (project / "apart").iterdir() if path.name != ".gitignore"] == ["mine.csv"]
    (project / "apart" / "mine.csv").unlink()


def test_a_quarantine_leaves_no_folder_behind(project):
    said = {"contract": {"name": "vcse_referrals"}, "kept": {"name": "kept.csv"}, "quarantined": {"name": "bad.csv"}}
    file(project / "apart" / "quarantine.json", json.dumps(said))
    file(project / "apart" / "kept.csv")
    file(project / "apart" / ".gitignore", "*\n")
    assert expire(project, "--yes").code == 0
    assert not (project / "apart").exists()


def test_a_file_of_two_contracts_that_are_over_goes_once_and_the_line_names_both(project):
    contract(project, "vcse_sessions", GONE, GONE)
    study(project, vcse_referrals="referrals", vcse_sessions="referrals/2019.csv")
    (project / "data" / "vcse_sessions.csv").unlink()
    assert "Remove 2 files for good (vcse_referrals, vcse_sessions)?" in expire(project).out
    said = expire(project, "--yes")
    assert said.code == 0, said.err
    assert "vcse_referrals: 2 files removed\nvcse_sessions: 0 files removed, 1 before it" in said.out
    assert acts(project) == [(What.EXPIRING, "vcse_referrals"), (What.EXPIRED, "vcse_referrals")]
    assert lines(project / "outputs")[-1].detail["why"].endswith("; some also under vcse_sessions")


def test_a_link_stays_and_so_does_what_it_leads_to(project):
    away = file(scratch() / "precious.csv")
    (project / "data" / "referrals" / "link.csv").symlink_to(away)
    said = expire(project, "--yes")
    assert said.code == 0
    assert "left alone: data/referrals/link.csv is a link" in said.out
    assert away.read_text() == SECRET
    assert (project / "data" / "referrals" / "link.csv").is_symlink()


def test_a_study_that_cannot_be_read_stops_every_removal(project):
    file(project / "params" / "broken.yaml", "study: x\n")
    before = tree(project)
    said = expire(project, "--yes")
    assert said.code == 7
    assert "RunError: nothing was removed, because a study cannot be read" in said.err
    assert tree(project) == before
    assert acts(project) == []


def test_a_day_that_has_not_come_removes_nothing(project):
    contract(project, "vcse_sessions", GONE, "2998-01-31")
    said = expire(project, "--yes", "--today", "2998-02-01")
    assert said.code == 7
    assert "--today: 2998-02-01 has not come yet, so nothing is removed by it" in said.err
    assert (project / "data" / "vcse_sessions.csv").exists()


def test_data_outside_the_project_are_named_without_their_place(project):
    away = scratch()
    file(away / "vcse_referrals.csv")
    said = curv_eval(project, "data", "expire", "--remove", "--yes", "--data", str(away))
    assert said.code == 0, said.err
    assert not (away / "vcse_referrals.csv").exists()
    text = (project / "outputs" / "audit.jsonl").read_text()
    assert '"data: vcse_referrals.csv"' in text
    assert str(away) not in text


def test_many_files_are_recorded_in_several_lines(project, monkeypatch):
    monkeypatch.setattr("curv_eval.retention.removing._AT_ONCE", 1)
    assert expire(project, "--yes").code == 0
    assert [what for what, _ in acts(project)] == [What.EXPIRING] * 2 + [What.EXPIRED] * 2


def test_a_log_that_was_tampered_with_stops_a_removal(project):
    audit.record(project / "outputs", What.LOADED, of="demo")
    (project / "outputs" / "audit.jsonl").write_bytes(b"")
    with pytest.raises(RunError, match="is not as it was left"):
        remove(listing(Asked(project, project / "data", date.today())))
    assert (project / "data" / "referrals" / "2019.csv").exists()
