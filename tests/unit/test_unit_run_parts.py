"""The small parts of the engine: folders that appear whole, journals, progress, outputs that are declared."""

import errno
import io
import json
import os
import time

import pytest

from curv_eval.errors import RunError
from curv_eval.run import folders
from curv_eval.run.folders import find, locked, name_latest, staged, tidy
from curv_eval.run.journal import journal, last_journal, states
from curv_eval.run.notebooks import jobs_that_fit, refuse_secrets, refuse_undeclared
from curv_eval.run.planning import Step
from curv_eval.run.progress import headline, json_lines, plain_lines, spell, table
from curv_eval.run.records import read_record, write_record
from curv_eval.run.study_run import _start


@pytest.fixture
def final(tmp_path):
    return tmp_path / "Ein Projekt, größer" / "outputs" / "demo" / "data" / "abc123"


def names(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*"))


def test_a_folder_appears_whole(final):
    with staged(final) as work:
        (work / "x").write_text("1")
        assert not final.exists()
    assert names(final) == ["x"]
    assert names(final.parents[3]) == [
        "outputs", "outputs/demo", "outputs/demo/data", "outputs/demo/data/abc123", "outputs/demo/data/abc123/x",
    ]  # fmt: skip


def test_after_an_error_nothing_is_there(final):
    final.parents[3].mkdir(parents=True)
    with pytest.raises(ZeroDivisionError), staged(final) as work:
        (work / "x").write_text("1")
        _ = 1 / 0
    assert names(final.parents[3]) == []


def test_what_was_there_is_replaced_whole_and_reviews_stay(final):
    with staged(final) as work:
        (work / "old").write_text("1")
    (final / "reviews.json").write_text("[]")
    with staged(final) as work:
        (work / "new").write_text("1")
    assert names(final) == ["new", "reviews.json"]


def test_an_error_while_replacing_leaves_what_was_there(final):
    with staged(final) as work:
        (work / "old").write_text("1")
    with pytest.raises(ZeroDivisionError), staged(final) as work:
        _ = 1 / 0
    assert names(final) == ["old"]


def test_a_kill_between_the_two_renames_loses_nothing(final):
    with staged(final) as work:
        (work / "old").write_text("1")
    final.rename(final.with_name(".old-abc123"))  # where a kill would leave it
    tidy(final.parents[1])
    assert names(final) == ["old"]


def test_a_kill_after_the_second_rename_leaves_the_new_one(final):
    with staged(final) as work:
        (work / "new").write_text("1")
    (final.with_name(".old-abc123") / "x").mkdir(parents=True)
    tidy(final.parents[1])
    assert [p.name for p in final.parent.iterdir()] == ["abc123"]


def test_one_folder_has_one_maker(final):
    with locked(final), pytest.raises(RunError, match="is being made by another run"), staged(final):
        pass
    with locked(final), locked(final.with_name("other")):
        pass
    with staged(final) as work:
        (work / "x").write_text("")


def test_a_full_disk_is_said(final, monkeypatch):
    def full(folder):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(folders, "_to_disk", full)
    with pytest.raises(RunError, match="No space left on device") as said, staged(final) as work:
        (work / "x").write_text("1")
    assert "what was finished before is still there" in said.value.do
    assert not final.exists()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="rights do not bind this user")
def test_outputs_that_may_not_be_written_are_said(final):
    final.parents[2].mkdir(parents=True)
    final.parents[2].chmod(0o500)
    with pytest.raises(RunError, match="cannot write to outputs"), staged(final):
        pass


def test_a_file_in_the_place_of_outputs_is_said(tmp_path):
    (tmp_path / "outputs").write_text("x")
    with pytest.raises(OSError), staged(tmp_path / "outputs" / "demo" / "key"):
        pass


def test_errors_of_the_work_itself_pass(final):
    with pytest.raises(FileNotFoundError), staged(final):
        open("/nowhere/at/all")  # noqa: PTH123, SIM115


def test_latest_names_a_run_and_find_finds_it(final):
    run = final.parents[1] / "key1"
    run.mkdir(parents=True)
    (run / "manifest.json").write_text("{}")
    name_latest(run)
    assert find("demo", final.parents[3]) == run.resolve()
    assert find("demo/key1", final.parents[3]) == run.resolve()
    with pytest.raises(RunError, match="there is no finished run 'demi'") as said:
        find("demi", final.parents[3])
    assert said.value.breaches == ("runs here: demo/key1",)


def test_a_thousand_runs_are_not_all_listed(final):
    for i in range(30):
        run = final.parents[2] / f"study-{i:02d}" / "key"
        run.mkdir(parents=True)
        (run / "manifest.json").write_text("{}")
    with pytest.raises(RunError) as said:
        find("nothing", final.parents[3])
    assert said.value.breaches[0].endswith("and 20 more")


def test_a_record_is_read_only_where_everything_is_there(tmp_path):
    folder = tmp_path / "key"
    (folder / "release").mkdir(parents=True)
    (folder / "release" / "a.csv").write_text("1")
    held = write_record(folder, {"notebook": "data", "key": "key", "seconds": 1.0})
    assert read_record(folder) == held
    (folder / "release" / "a.csv").write_text("12")
    assert read_record(folder) is None
    (folder / "release" / "a.csv").unlink()
    assert read_record(folder) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"schema": 0}', '{"schema": 1, "notebook": "data"}', "null"])
def test_a_corrupt_record_is_none(tmp_path, text):
    (tmp_path / "run.json").write_text(text)
    assert read_record(tmp_path) is None


def test_a_record_under_another_key_is_none(tmp_path):
    folder = tmp_path / "one"
    (folder / "release").mkdir(parents=True)
    write_record(folder, {"notebook": "data", "key": "one", "seconds": 1.0})
    folder.rename(tmp_path / "other")
    assert read_record(tmp_path / "other") is None


def made(tmp_path, *files):
    for name in files:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")


DECLARED = ["restricted/panel.npz", "release/tables/*.csv"]


def test_declared_outputs_pass(tmp_path):
    made(tmp_path, "restricted/panel.npz", "release/tables/a.csv")
    refuse_undeclared(tmp_path, DECLARED, before=set(), notebook="data")


def test_outputs_that_are_not_declared_or_not_made_are_named_all_at_once(tmp_path):
    made(tmp_path, "release/tables/a.csv", "scratch.txt", "restricted/pannel.npz")
    with pytest.raises(RunError) as said:
        refuse_undeclared(tmp_path, DECLARED, before=set(), notebook="data")
    assert said.value.breaches == (
        "restricted/pannel.npz is not declared; did you mean restricted/panel.npz?",
        "scratch.txt is not declared",
        "restricted/panel.npz was not made",
    )


def test_what_the_notebook_before_made_is_not_this_one_s(tmp_path):
    made(tmp_path, "restricted/panel.npz", "old.txt")
    refuse_undeclared(tmp_path, DECLARED, before={"old.txt"}, notebook="power")


def test_a_disk_that_fills_up_while_a_notebook_s_folder_is_begun_says_so(tmp_path, monkeypatch):
    before, final = (tmp_path / "outputs" / "demo" / name / "abc" for name in ("data", "power"))
    (before / "restricted").mkdir(parents=True)
    (before / "restricted" / "panel.npz").write_bytes(b"x")

    def full(source, target):
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    monkeypatch.setattr("curv_eval.run.study_run.shutil.copy2", full)
    with pytest.raises(RunError, match="cannot write to outputs/demo/power") as said, staged(final) as work:
        _start(work, Step("data", "abc", before, done=True))
    assert "make room" in str(said.value)
    assert not final.exists()


def sealed_study(key):
    from types import SimpleNamespace

    return SimpleNamespace(contracts={"links": SimpleNamespace(key=key)})


def test_a_notebook_that_writes_a_secret_is_refused_without_repeating_it(tmp_path, monkeypatch):
    monkeypatch.setenv("VCSE_KEY", "0f1e2d3c4b5a6978")
    made(tmp_path, "release/tables/a.csv", "restricted/data.ipynb")
    refuse_secrets(tmp_path, sealed_study("env:VCSE_KEY"), notebook="data")
    (tmp_path / "restricted" / "data.ipynb").write_text('{"text": "the key is 0f1e2d3c4b5a6978"}')
    with pytest.raises(RunError) as said:
        refuse_secrets(tmp_path, sealed_study("env:VCSE_KEY"), notebook="data")
    assert said.value.breaches == ("restricted/data.ipynb holds what is in VCSE_KEY",)
    assert "0f1e" not in str(said.value)
    refuse_secrets(tmp_path, sealed_study(None), notebook="data")


def test_a_journal_keeps_what_was_told_and_passes_it_on(tmp_path):
    heard = []
    with journal(tmp_path, heard.append) as tell:
        tell({"event": "plan", "studies": ["a", "b"]})
        tell({"event": "run-started", "study": "a"})
        events, runs = last_journal(tmp_path)
        assert runs, "this process is alive and has not ended its command"
    assert [event["event"] for event in events] == ["plan", "run-started"]
    events, runs = last_journal(tmp_path)
    assert [event["event"] for event in events] == ["plan", "run-started", "end"] == [one["event"] for one in heard]
    assert not runs


def test_a_line_that_a_kill_cut_short_is_left_out(tmp_path):
    with journal(tmp_path) as tell:
        tell({"event": "plan", "studies": ["a"]})
    (path,) = (tmp_path / "outputs" / ".journal").iterdir()
    path.write_text(path.read_text("utf-8") + '{"event": "run-st', "utf-8")
    assert [event["event"] for event in last_journal(tmp_path)[0]] == ["plan", "end"]


def test_a_journal_that_cannot_be_written_does_not_stop_the_run(tmp_path):
    (tmp_path / "outputs").write_text("a file")
    heard = []
    with journal(tmp_path, heard.append) as tell:
        tell({"event": "plan"})
    assert [event["event"] for event in heard] == ["plan", "end"]


def test_old_journals_are_removed(tmp_path):
    home = tmp_path / "outputs" / ".journal"
    home.mkdir(parents=True)
    for i in range(40):
        (home / f"20200101T0000{i:02d}-1.jsonl").write_text("")
    with journal(tmp_path) as tell:
        tell({"event": "plan"})
    assert len(list(home.iterdir())) == 20


def test_a_journal_of_a_process_that_is_gone(tmp_path):
    home = tmp_path / "outputs" / ".journal"
    home.mkdir(parents=True)
    (home / "20200101T000000-999999999.jsonl").write_text('{"event": "plan", "studies": ["a"]}\n')
    events, runs = last_journal(tmp_path)
    assert len(events) == 1
    assert not runs
    (home / f"20200102T000000-{os.getpid()}.jsonl").write_text("")
    assert not last_journal(tmp_path)[1], "the number of a process that began later"


EVENTS = [
    {"time": 0.0, "event": "plan", "studies": ["a", "b", "c", "d"], "jobs": 2},
    {"time": 1.0, "event": "run-started", "study": "a"},
    {"time": 1.0, "event": "run-fresh", "study": "d"},
    {"time": 2.0, "event": "notebook-started", "study": "a", "notebook": "data"},
    {"time": 3.0, "event": "cell-started", "study": "a", "notebook": "data", "cell": 2, "cells": 9},
    {"time": 3.0, "event": "run-started", "study": "b"},
    {"time": 9.0, "event": "run-finished", "study": "b", "seconds": 6.0},
]


def test_states_say_where_each_run_stands():
    found = states(EVENTS)
    assert [held["state"] for held in found.values()] == ["running", "finished", "waiting", "fresh"]
    assert (found["a"]["notebook"], found["a"]["cell"], found["a"]["cells"]) == ("data", 2, 9)


def test_the_headline_counts_and_says_how_long_is_left():
    assert headline(states(EVENTS), began=0.0, expected=None, jobs=2) == "2 of 4 runs done, 1 fresh, about 6.0 s left"
    failed = [*EVENTS, {"time": 10.0, "event": "run-failed", "study": "a", "error": "DesignError", "seconds": 9.0}]
    assert headline(states(failed), began=0.0, expected=None, jobs=2).startswith("3 of 4 runs done, 1 fresh, 1 failed")


def test_before_anything_has_ended_the_plan_says_how_long():
    found = states(EVENTS[:2])
    assert "about 50 s left" in headline(found, began=time.time(), expected=100.0, jobs=2)
    assert "left" not in headline(found, began=time.time(), expected=None, jobs=2)


def test_the_table_has_a_row_for_each_run_under_way():
    from rich.console import Console

    out = Console(file=io.StringIO(), width=100)
    out.print(table(EVENTS, began=0.0, jobs=2))
    text = out.file.getvalue()
    assert "2 of 9" in text
    assert "data" in text
    assert [line.split()[0] for line in text.splitlines()[-2:]] == ["study", "a"]


def test_plain_lines_name_the_study_only_where_there_are_several():
    out = io.StringIO()
    tell = plain_lines(out)
    for event in EVENTS:
        tell(event)
    assert out.getvalue() == "a: running data\nb: finished in 6.0 s\n"
    one = io.StringIO()
    tell = plain_lines(one)
    tell({"event": "plan", "studies": ["a"]})
    tell(EVENTS[3])
    assert one.getvalue() == "running data\n"


def test_json_lines_are_json():
    out = io.StringIO()
    json_lines(out)(EVENTS[1])
    assert json.loads(out.getvalue()) == EVENTS[1]


@pytest.mark.parametrize(("seconds", "text"), [
    (0.04, "0.0 s"), (9.94, "9.9 s"), (12.3, "12 s"), (200, "3 min 20 s"), (7500, "2 h 5 min"),
])  # fmt: skip
def test_times_are_spelled(seconds, text):
    assert spell(seconds) == text


def test_jobs_are_as_asked_or_as_fits():
    assert jobs_that_fit(3, 10) == 3
    assert jobs_that_fit(3, 2) == 2
    assert 1 <= jobs_that_fit(None, 10) <= (os.cpu_count() or 1)
    assert jobs_that_fit(None, 0) == 1
    with pytest.raises(RunError, match="expected 1 or more"):
        jobs_that_fit(0, 1)
