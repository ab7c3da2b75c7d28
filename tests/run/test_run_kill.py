"""A run that ends half-way leaves nothing that looks finished, no kernel behind, and the next run starts clean."""

import json
import signal
import sys

import psutil
import pytest
from projects import STREET, finished, outputs, project, small_data, start, wait_for_kernel

from curv_eval import audit
from curv_eval.manifest import tree


def test_a_killed_run_leaves_no_finished_looking_run_and_keeps_what_was_finished():
    left = [name for name in finished().killed.left if not name.startswith("made-up-data")]
    assert left == ["data", "effect", "power"]
    kept = finished().killed.steps
    assert {name.split("/")[0] for name in kept} == {"data", "power", "effect"}
    assert [name for name in kept if name.split("/")[1].startswith(".partial-")] == [
        name for name in kept if name.startswith("effect/")
    ]


def test_the_next_run_repeats_nothing_that_was_finished():
    held = finished()
    assert held.said.err == "running effect\n"
    assert held.killed.hashes.items() <= tree(held.run.parent).items()


def test_no_kernel_outlives_a_killed_run():
    assert finished().killed.kernels == ()
    assert finished().killed.seconds_to_die < 15


def test_the_next_run_removes_the_leftovers_and_finishes():
    held = finished()
    home = held.run.parent
    assert held.said.code == 0
    assert [p.name for p in [*home.iterdir(), *home.glob("*/*")] if p.name.startswith(".")] == []
    assert (home / "latest").read_text("utf-8").strip() == held.run.name
    manifest = json.loads((held.run / "manifest.json").read_text("utf-8"))
    made = {f"{part}/{name}" for part in ("release", "restricted") for name in tree(held.run / part)}
    assert set(manifest["outputs"]) == made | {"study.yaml"}


def test_the_log_tells_what_was_read_and_released():
    held = finished()
    home = held.project / "outputs"
    # the killed run had read the data and kept what it made of them; the next one read them too, for what was missing
    told = [(line.what.value, line.run) for line in audit.lines(home)]
    assert told == [(what, held.run.name) for what in ("loaded", "loaded", "released", "published")]
    assert audit.verify_log(home).faults == audit.verify_log(home).notes == ()
    tables = json.loads((held.run / "release" / "results.json").read_text("utf-8"))["tables"]
    assert audit.lines(home)[2].detail["tables"] == len(tables)


def running():
    """Start a run and return its project, process and kernels when its data notebook runs."""
    folder = project(data=small_data())
    process = start(folder, "run", "params/study.yaml", "--no-brief")
    return folder, process, wait_for_kernel(process, "data")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_says_that_nothing_was_left_and_leaves_nothing():
    folder, process, kernels = running()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "stopped; nothing half-written was left, and what was finished is not repeated" in said
    assert "Traceback" not in said
    # asyncio must not add what it thinks of tasks that were left
    assert "Task" not in said
    assert outputs(folder) == {}
    assert psutil.wait_procs(kernels, timeout=15)[1] == []


def kill_twice(process, kernels):
    """Kill the kernels of a run, and those that come up in their place."""
    for kernel in kernels:
        kernel.kill()
    psutil.wait_procs(kernels, timeout=15)
    for kernel in wait_for_kernel(process, "data: its kernel ended by itself; once more"):
        kernel.kill()


def test_a_kernel_that_dies_twice_is_one_message():
    folder, process, kernels = running()
    kill_twice(process, kernels)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 8
    assert "KernelDeathError: the kernel of the data notebook was ended by signal SIGKILL" in said
    assert "  do: run again; if that does not help, use a machine with more memory" in said
    assert "Traceback" not in said
    assert outputs(folder) == {}


def test_leftovers_are_removed_unless_somebody_is_at_work_there():
    from curv_eval.run.folders import locked, staged, tidy

    home = project() / "outputs" / "demo"
    for name in (".partial-dead-1234abcd", ".partial-alive-1234abcd", ".old-replaced", "data/.partial-dead-1234abcd"):
        (home / name / STREET).mkdir(parents=True)
    with locked(home / "alive"):
        tidy(home)
        left = {p.relative_to(home).as_posix() for p in [*home.iterdir(), *home.glob("data/*")]}
    assert left == {".partial-alive-1234abcd", "replaced", "data"}
    with staged(home / "alive") as work:
        (work / "manifest.json").write_text("{}")
    assert {p.name for p in home.iterdir()} == {"alive", "replaced", "data"}
