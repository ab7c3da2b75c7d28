"""A run that ends half-way leaves nothing that looks finished, no kernel behind, and the next run starts clean."""

import json
import os
import signal
import subprocess
import sys

import psutil
import pytest
from projects import STREET, finished, outputs, project, small_data, start, wait_for_kernel

from curv_eval.manifest import tree


def test_a_killed_run_leaves_no_finished_looking_folder():
    left = [name for name in finished().killed.left if not name.startswith("made-up-data")]
    assert len(left) == 1
    assert left[0].startswith(".partial-")


def test_no_kernel_outlives_a_killed_run():
    assert finished().killed.kernels == ()
    assert finished().killed.seconds_to_die < 15


def test_the_next_run_removes_the_leftovers_and_finishes():
    held = finished()
    home = held.run.parent
    assert held.said.code == 0
    assert [p.name for p in home.iterdir() if p.name.startswith(".")] == []
    assert (home / "latest").read_text("utf-8").strip() == held.run.name
    manifest = json.loads((held.run / "manifest.json").read_text("utf-8"))
    made = {f"{part}/{name}" for part in ("release", "restricted") for name in tree(held.run / part)}
    assert set(manifest["outputs"]) == made | {"study.yaml"}


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
    assert "stopped; nothing half-written was left" in said
    assert "Traceback" not in said
    assert outputs(folder) == {}
    assert psutil.wait_procs(kernels, timeout=15)[1] == []


def test_a_kernel_that_dies_is_one_message():
    folder, process, kernels = running()
    for kernel in kernels:
        kernel.kill()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 7
    assert "RunError: the kernel of the data notebook ended by itself" in said
    assert "  do: run again on a machine with more memory" in said
    assert "Traceback" not in said
    assert outputs(folder) == {}


def test_leftovers_of_a_process_that_lives_are_not_touched():
    from curv_eval.run.folders import staged
    from curv_eval.study import load_study

    folder = project()
    study = load_study(folder / "params" / "study.yaml")
    home = folder / "outputs" / "demo"
    gone = subprocess.Popen([sys.executable, "-c", "pass"])
    gone.wait()
    names = {"alive": os.getppid(), "dead": gone.pid, "mine": os.getpid()}
    for name, pid in names.items():
        (home / f".partial-{name}-{pid}" / STREET).mkdir(parents=True)
    with staged(study, "key", replace=False) as (work, _):
        (work / "manifest.json").write_text("{}")
    assert {p.name for p in home.iterdir()} == {f".partial-alive-{names['alive']}", "key", "latest"}
