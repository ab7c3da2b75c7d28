"""Many runs: side by side, one that fails among them, interrupted, and gone on with."""

import functools
import json
import shutil
import signal
import sys
import time

import psutil
import pytest
from projects import curv_eval, plain_study, project, scratch, small_data, start

from curv_eval.errors import CellError, DesignError, RunError
from curv_eval.run.pool import Ended, refuse_failed

SWEEP = "sweep: { grid: { smallest_worthwhile: [0.1, 0.2] }, list: [{ seed: 1 }, { seed: 2 }] }\n"
BROKEN = "sweep: { list: [{ seed: 1 }, { design.cohorts: ['2019-01'] }, { seed: 3 }] }\n"


def many(more=SWEEP, **given):
    return project("many", study=plain_study() + more, data=small_data(), **given)


@functools.cache
def swept():
    folder = many(keep=True)
    return folder, curv_eval(folder, "run", "params/study.yaml", "--jobs", "2", "--json")


def events(said):
    return [json.loads(line) for line in said.out.splitlines() if line.startswith("{")]


def test_every_study_of_a_sweep_has_a_finished_run_of_its_own():
    folder, said = swept()
    assert said.code == 0, said.err
    runs = sorted(path.parent.parent.name for path in (folder / "outputs").glob("*/*/manifest.json"))
    assert len(runs) == len(set(runs)) == 4
    assert all(name.startswith("demo-0-") for name in runs)


def test_a_finished_member_holds_its_study_written_out():
    from curv_eval.study import load_studies, load_study

    folder, _ = swept()
    members = {study.study: study for study in load_studies(folder / "params" / "study.yaml")}
    for path in (folder / "outputs").glob("*/*/study.yaml"):
        held = load_study(path)
        assert held.seed == members[held.study].seed
        assert held.smallest_worthwhile == members[held.study].smallest_worthwhile


def test_events_tell_the_plan_and_every_run_from_start_to_end():
    _, said = swept()
    told = events(said)
    assert told[0]["event"] == "plan"
    assert told[0]["jobs"] == 2
    for name in told[0]["studies"]:
        mine = [event["event"] for event in told if event.get("study") == name]
        assert mine[0] == "run-started"
        assert mine[-1] == "run-finished"
        assert mine.count("notebook-finished") == 3
    times = [event["time"] for event in told]
    assert times == sorted(times)


def test_two_runs_went_side_by_side():
    _, said = swept()
    under_way, most = 0, 0
    for event in events(said):
        under_way += (event["event"] == "run-started") - (event["event"] == "run-finished")
        most = max(most, under_way)
    assert most == 2


def test_a_second_time_everything_is_fresh():
    folder, _ = swept()
    said = curv_eval(folder, "run", "params/study.yaml")
    assert said.code == 0
    assert "0 finished, 4 fresh, 0 failed, 0 not begun" in said.out
    assert "4 of 4 fresh; nothing needs to be run" in curv_eval(folder, "plan", "params/study.yaml").out


def test_side_by_side_gives_the_bytes_of_one_after_another():
    from curv_eval.inputs import tree

    folder, _ = swept()
    other = scratch() / "one by one"
    shutil.copytree(folder, other)
    before = {p.parent.parent.name: tree(p.parent / "release") for p in (other / "outputs").glob("*/*/manifest.json")}
    name = sorted(before)[0]
    said = curv_eval(other, "run", f"params/study.yaml#{name}", "--again", "--no-brief", "--jobs", "1")
    assert said.code == 2 or said.code == 0
    if said.code == 0:
        run = next((other / "outputs" / name).glob("*/manifest.json")).parent
        assert tree(run / "release") == before[name]


def test_a_longer_sweep_runs_only_what_is_new():
    folder, _ = swept()
    other = scratch() / "longer"
    shutil.copytree(folder, other)
    path = other / "params" / "study.yaml"
    path.write_text(path.read_text("utf-8").replace("[0.1, 0.2]", "[0.1, 0.2, 0.3]"), "utf-8")
    said = curv_eval(other, "plan", "params/study.yaml")
    assert "4 of 6 fresh; 2 will run, about" in said.out


def test_status_says_where_the_last_command_stands():
    folder, _ = swept()
    other = scratch() / "status"
    shutil.copytree(folder, other)
    said = curv_eval(other, "status")
    assert said.code == 0
    assert said.out.splitlines()[0].startswith("4 of 4 runs done")
    found = json.loads(curv_eval(other, "status", "--json").out)
    assert found["running"] is False
    assert len(found["studies"]) == 4


def test_status_in_a_new_folder():
    assert "nothing was run in this folder yet" in curv_eval(project(), "status").out


def test_a_run_that_fails_stops_what_has_not_begun():
    folder = many(BROKEN)
    said = curv_eval(folder, "run", "params/study.yaml", "--jobs", "1")
    assert said.code == 4, said.err
    assert "RunError: 1 of 3 runs failed" in said.err
    assert "DesignError" in said.err
    assert "1 did not begin; with --keep-going they would have" in said.err
    assert "Traceback" not in said.err
    assert "1 finished, 0 fresh, 1 failed, 1 not begun" in said.out


@pytest.mark.parametrize("jobs", ["2", pytest.param("1", marks=pytest.mark.slow)])
def test_with_keep_going_the_others_are_made_and_the_fault_is_said_at_the_end(jobs):
    folder = many(BROKEN)
    said = curv_eval(folder, "run", "params/study.yaml", "--jobs", jobs, "--keep-going")
    assert said.code == 4
    assert "2 finished, 0 fresh, 1 failed, 0 not begun" in said.out
    assert "  do: mend that and give the same command again: what is finished is not repeated" in said.err
    path = folder / "params" / "study.yaml"
    path.write_text(path.read_text("utf-8").replace(", { design.cohorts: ['2019-01'] }", ""), "utf-8")
    said = curv_eval(folder, "run", "params/study.yaml")
    assert "0 finished, 2 fresh, 0 failed, 0 not begun" in said.out


class Plan:
    def __init__(self, name):
        self.study = type("Study", (), {"study": name})
        self.fresh = False


def test_one_kind_of_fault_keeps_its_exit_code_and_several_have_that_of_all():
    design, cell = DesignError("no"), CellError("broken")
    with pytest.raises(RunError) as one:
        refuse_failed([Ended(Plan("a"), fault=design), Ended(Plan("b"), fault=design), Ended(Plan("c"))])
    assert one.value.exit_code == 4
    assert one.value.breaches[0] == "a and 1 more:"
    with pytest.raises(RunError) as several:
        refuse_failed([Ended(Plan("a"), fault=design), Ended(Plan("b"), fault=cell)])
    assert several.value.exit_code == 1


def test_a_single_fault_is_raised_as_it_is():
    fault = DesignError("no")
    with pytest.raises(DesignError) as raised:
        refuse_failed([Ended(Plan("a"), fault=fault)])
    assert raised.value is fault


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_ends_every_run_and_the_next_command_goes_on():
    folder = many()
    process = start(folder, "run", "params/study.yaml", "--jobs", "2")
    for line in process.stderr:
        if line.strip().endswith("running power"):
            break
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "stopped; nothing half-written was left" in said
    assert "Traceback" not in said
    assert psutil.wait_procs(family, timeout=15)[1] == []
    left = [p.name for p in (folder / "outputs").glob("*/*/*") if p.name.startswith(".")]
    assert left == []
    assert [p for p in (folder / "outputs").glob("*/data/*") if p.is_dir()], "finished notebooks stay"


def test_two_commands_at_once_do_not_make_one_run_twice():
    folder = project("twice", data=small_data())
    first = start(folder, "run", "params/study.yaml", "--no-brief")
    for line in first.stderr:
        if line.strip() == "running data":
            break
    time.sleep(0.2)
    second = start(folder, "run", "params/study.yaml", "--no-brief")
    _, said = second.communicate(timeout=90)
    out, _ = first.communicate(timeout=90)
    assert first.returncode == 0
    assert out.startswith("run: outputs/demo/")
    assert second.returncode == 7
    assert "is being made by another run at this moment" in said


@pytest.mark.parametrize(("words", "said"), [
    (("--jobs", "0"), "--jobs: got 0, expected 1 or more"),
    (("--memory", "0"), "--memory: got 0"),
    (("--minutes", "-3"), "--minutes: got -3"),
    (("--cell-minutes", "x"), "Invalid value"),
])  # fmt: skip
def test_options_without_sense_are_refused(words, said):
    told = curv_eval(project(data=small_data()), "run", "params/study.yaml", *words)
    assert told.code in (2, 7)
    assert said in told.err
    assert "Traceback" not in told.err


def test_a_notebook_that_takes_too_long_is_stopped_with_its_own_exit_code():
    told = curv_eval(project(data=small_data()), "run", "params/study.yaml", "--minutes", "0.001", "--no-brief")
    assert told.code == 9
    assert "TimeLimitError: the data notebook took too long" in told.err


def test_a_notebook_that_needs_too_much_memory_is_stopped_with_its_own_exit_code():
    told = curv_eval(project(data=small_data()), "run", "params/study.yaml", "--memory", "0.05", "--no-brief")
    assert told.code == 10
    assert "MemoryLimitError: the data notebook needed too much memory" in told.err


@pytest.mark.parametrize(("name", "said"), [("-", "--level: got 9, expected 1, 2 or 3")])
def test_a_level_that_is_not_there_is_refused(name, said):
    told = curv_eval(project(), "verify", name, "--level", "9")
    assert told.code == 7
    assert said in told.err
