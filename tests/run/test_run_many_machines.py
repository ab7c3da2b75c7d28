"""Runs on a Dask cluster of two worker processes: as here, killed, stopped, and on workers that lack something."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import psutil
import pytest
import yaml
from clusters import cluster, processes, worker
from projects import ROOT, STREET, change, curv_eval, outputs, plain_study, project, scratch, small_data, start

from curv_eval import audit
from curv_eval.run import many_machines, on_a_worker
from curv_eval.run.folders import busy, locked

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers are found and ended as Linux does it")
TWO = "sweep: { list: [{ seed: 1 }, { seed: 2 }] }\n"
THREE = "sweep: { list: [{ seed: 1 }, { seed: 2 }, { seed: 3 }] }\n"
RUN = ("run", "params/study.yaml", "--scheduler")
APART = ("delivery", "linkage", "value")
USED = ("police_uk_street", "lsoa_lookup", "ward_lookup", "lsoa_population", "lsoa_boundaries", "intervention_register")


def small(more=TWO, **given):
    """A project with a sweep of a study with one source, one outcome and one check."""
    study = yaml.safe_load(plain_study())
    study = {key: held for key, held in study.items() if key not in APART} | {"checks": ["pre_trends"]}
    study["contracts"] = {name: study["contracts"][name] for name in USED}
    study["outcomes"] = [one for one in study["outcomes"] if one["contract"] in USED]
    return project("many", study=yaml.safe_dump(study, sort_keys=False) + more, **given)


def events(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def told(all_of_them, **wanted):
    return [event for event in all_of_them if wanted.items() <= event.items()]


@pytest.fixture(scope="module")
def two():
    with cluster(2) as address:
        yield address


@pytest.fixture(scope="module")
def none():
    with cluster(0) as address:
        yield address


# ---- a sweep of which one worker is killed while it runs


class Held:
    """A sweep that was run on the cluster, one of whose workers was killed in the second notebook of its run."""

    def __init__(self, address):
        self.project = small(data=small_data(), keep=True)
        workers = processes(address)
        with patch.dict(os.environ, {"CURV_EVAL_USER": "A. Asker"}):
            process = start(self.project, *RUN, address, "--json")
        self.events, self.lost, self.before = [], "", {}
        at = {}
        for line in process.stdout:
            event = json.loads(line)
            self.events.append(event)
            if event["event"] == "run-started":
                at.setdefault(event["study"], event["worker"])
            if not self.lost and (event["event"], event.get("notebook")) == ("cell-started", "power"):
                self.lost = event["study"]
                self.before = self.made("data")
                self.family = [psutil.Process(workers[at[self.lost]])]
                self.family += self.family[0].children(recursive=True)
                self.family[0].kill()
        self.code, self.err = process.wait(), process.stderr.read()
        process.communicate()

    def made(self, notebook):
        home = self.project / "outputs" / self.lost
        made = outputs(self.project).items()
        return {name: found for name, found in made if name.startswith(f"{home.name}/{notebook}")}


@pytest.fixture(scope="module")
def held(two):
    return Held(two)


def test_a_run_whose_worker_is_killed_goes_on_on_another_and_repeats_nothing(held):
    assert held.code == 0, held.err
    mine = told(held.events, study=held.lost)
    assert len(told(mine, event="run-started")) == 2
    assert len({event["worker"] for event in told(mine, event="run-started")}) == 2
    assert len(told(held.events, event="worker-lost")) == len(told(mine, event="worker-lost")) == 1
    assert len(told(mine, event="kernel-started", notebook="data")) == 1
    assert len(told(mine, event="kernel-started", notebook="power")) == 2
    assert held.before
    assert held.before == held.made("data")


def test_nothing_outlives_a_killed_worker_and_nothing_half_written_stays(held):
    assert len(held.family) > 2
    assert psutil.wait_procs(held.family, timeout=15)[1] == []
    left = [name for name in outputs(held.project) if Path(name).name.startswith(".")]
    assert [name for name in left if name != ".locks"] == []
    assert list((held.project / "outputs" / ".locks").glob("*")) == []


def test_kernels_on_workers_are_forked_as_they_are_here(held):
    started = told(held.events, event="kernel-started")
    assert len(started) == 7
    assert all(event["warm"] for event in started)


def test_events_of_all_workers_reach_the_journal_in_order(held):
    assert held.events[0]["event"] == "plan"
    assert held.events[0]["jobs"] == 2
    for name in held.events[0]["studies"]:
        mine = [event["event"] for event in told(held.events, study=name)]
        assert mine[0] == "run-started"
        assert mine[-1] == "run-finished"
        assert mine.count("notebook-finished") == 3 + (name == held.lost)
    (journal,) = (held.project / "outputs" / ".journal").glob("*.jsonl")
    assert events(journal.read_text("utf-8")) == held.events
    assert [event for event in held.events if "worker" in event] == told(held.events, event="run-started")


def test_keys_and_released_bytes_are_those_of_a_run_on_this_machine(held):
    other = small(data=small_data())
    assert curv_eval(other, "run", "params/study.yaml", "--jobs", "2").code == 0
    here, there = outputs(other), outputs(held.project)
    assert {name for name, found in here.items() if found == "folder"} == {
        name for name, found in there.items() if found == "folder"
    }
    released = {name for name in here if "/release/" in name and here[name] != "folder"}
    assert len(released) > 100
    assert {name: here[name] for name in released} == {name: there[name] for name in released}


def test_a_run_of_a_cluster_verifies_and_its_status_is_known(held):
    folder = scratch() / "copy"
    shutil.copytree(held.project, folder)
    assert "nothing moved" in curv_eval(folder, "verify", held.lost).out
    assert curv_eval(folder, "status").out.startswith("2 of 2 runs done")
    # all is fresh, so nobody is asked
    said = curv_eval(folder, *RUN, "tcp://127.0.0.1:1")
    assert (said.code, said.err) == (0, "")
    assert "0 finished, 2 fresh, 0 failed, 0 not begun" in said.out


def test_what_workers_read_and_released_is_recorded_once_in_the_name_of_who_asked(held):
    home = held.project / "outputs"
    told = [(line.what.value, line.of) for line in audit.lines(home) if line.who == "A. Asker"]
    studies = held.events[0]["studies"]
    assert {one for one in told if one[0] == "released"} == {("released", name) for name in studies}
    assert sorted(what for what, _ in told if what != "loaded") == ["released"] * len(studies)
    # the run whose worker was killed was taken up by another one, which read the data too
    assert told.count(("loaded", held.lost)) == 2
    assert audit.verify_log(home).faults == ()


# ---- workers that lack something are refused before the first run


def test_what_a_worker_cannot_read_is_refused_before_the_first_run(two):
    folder = small(data=small_data())
    (folder / "data" / "lsoa_lookup.csv").rename(folder / "data" / "elsewhere.csv")
    # what is here where this process works is not there where workers do
    (folder / "data" / "lsoa_lookup.csv").symlink_to("/proc/self/cwd/data/elsewhere.csv")
    said = curv_eval(folder, *RUN, two, "--json")
    assert said.code == 7
    head, *rest = said.err.splitlines()
    assert head == "RunError: 2 of 2 workers cannot take these runs:"
    assert rest[0].startswith("  tcp://127.0.0.1:")
    assert rest[0].endswith(" and 1 more:")
    assert rest[1] == f"    cannot read {folder}/data/lsoa_lookup.csv (No such file or directory)"
    assert rest[2].startswith("  do: give each worker the project and the data at the same paths")
    assert len(rest) == 3
    assert [event["event"] for event in events(said.out)] == ["end"]
    assert {name for name in outputs(folder) if not name.startswith(".")} == set()


def _copied_program(*, change_file):
    place = scratch(keep=True)
    for name in ("src", "notebooks", "params", "data_contracts", "briefs"):
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "requirements.lock", place)
    path = place / "src" / "curv_eval" / change_file
    path.write_text(path.read_text("utf-8") + "\n# another state\n", "utf-8")
    return str(place / "src")


def test_workers_with_another_program_or_none_are_named_with_what_differs(none):
    empty = scratch(keep=True)
    (empty / "curv_eval").mkdir()
    (empty / "curv_eval" / "__init__.py").write_text("")
    folder = small(data=small_data())
    other = _copied_program(change_file="power.py")
    with worker(none, PYTHONPATH=other), worker(none, PYTHONPATH=str(empty)):
        said = curv_eval(folder, *RUN, none)
    assert said.code == 7
    assert "RunError: 2 of 2 workers cannot take these runs:" in said.err
    assert "    the program: other power.py\n" in said.err
    assert "    it has no curv-eval like the one here\n" in said.err
    assert "Traceback" not in said.err
    assert "running" not in said.err


def test_a_scheduler_without_workers_is_refused(none, monkeypatch):
    monkeypatch.setattr(many_machines, "_FIRST", 0.5)
    said = curv_eval(small(data=small_data()), *RUN, none)
    assert said.code == 7
    assert said.err.startswith("RunError: the scheduler has no workers\n")


def test_places_are_looked_at_one_by_one():
    folder = small()
    mark = folder / "outputs" / ".locks" / "a.mark"
    needed = on_a_worker.Needed("a", (mark,), (folder / "params", folder / "gone"), on_a_worker.everywhere())
    gone = f"cannot read {folder}/gone (No such file or directory)"
    assert on_a_worker.look(needed) == [f"there is no folder {folder}/outputs", gone]
    mark.parent.mkdir(parents=True)
    mark.write_text("of another command")
    assert on_a_worker.look(needed) == [f"{folder}/outputs is another folder there", gone]
    mark.write_text("a")
    assert on_a_worker.look(needed) == [gone]
    (folder / "gone").symlink_to(folder / "nowhere")
    (folder / "params" / "lost").symlink_to(folder / "nowhere")
    assert [line.split(" (")[0] for line in on_a_worker.look(needed)] == [
        f"cannot read {folder}/params/lost", f"cannot read {folder}/gone",
    ]  # fmt: skip


def test_what_differs_is_named_by_file_and_by_version():
    asked = {"code": {"a.py": "1", "b.py": "2"}, "environment": {"pandas": "3.0"}, "study": "x", "data": {"d": "1"}}
    assert list(on_a_worker.differing(asked, asked)) == []
    here = {"code": {"a.py": "3", "c.py": "4"}, "environment": {"pandas": "3.1"}, "study": "y", "data": {"d": "1"}}
    assert list(on_a_worker.differing(asked, here)) == [
        "the program: other a.py, b.py, c.py",
        "the environment: other pandas (3.1 instead of 3.0)",
        "the study differs",
    ]
    many = {"data": {str(i): "1" for i in range(9)}}
    assert list(on_a_worker.differing(many, {"data": {}})) == ["the data: other 0, 1, 2, 3, 4 and 4 more"]


@pytest.fixture
def given(two):
    """Give one run to a worker as a command would, with something changed; return its fault and what was heard."""
    from distributed import Client

    from curv_eval.run.notebooks import How
    from curv_eval.run.planning import plan

    def give(folder, **changed):
        (one, *_) = plan([folder / "params" / "study.yaml"])
        change(folder / "data" / "lsoa_lookup.csv", "\n", "\n\n")
        with many_machines._needed([one]) as needed, Client(two, set_as_default=False) as client:
            asked = replace(needed, **changed)
            study = one.study
            order = on_a_worker.Order(asked, study.study, study.reference, one.data, one.found, How(), "A. Asker")
            fault = client.submit(on_a_worker.work, order, pure=False).result()
            return str(fault), [(said["event"], said["error"]) for _, said in client.get_events(needed.command)]

    return give


def test_a_worker_refuses_a_run_whose_inputs_it_finds_otherwise(given):
    fault, heard = given(small(data=small_data()))
    assert fault.startswith("RunError: a worker does not find the same inputs:\n  the data: other lsoa_lookup/")
    assert heard == [("run-failed", "RunError")]


def test_a_worker_that_came_later_is_looked_at_before_its_first_run(given):
    fault, heard = given(small(data=small_data()), paths=(Path("/nowhere/at-all"),))
    assert fault.startswith(
        "RunError: a worker that came later cannot take these runs:\n  cannot read /nowhere/at-all ("
    )
    assert heard == [("run-failed", "RunError")]


# ---- faults of runs, of workers and of the scheduler


def broken(more):
    folder = small(more, data=small_data())
    shutil.rmtree(folder / "data" / STREET / "2023-03")
    change(folder / "data" / "intervention_register.csv", "lsoa21_code", "lsoa")
    return folder


@pytest.mark.parametrize(("words", "counts"), [
    (("--keep-going",), (3, 0)), pytest.param((), (2, 1), marks=pytest.mark.slow),
])  # fmt: skip
def test_faults_of_studies_are_said_as_they_are_here(two, words, counts):
    said = curv_eval(broken(THREE), *RUN, two, *words)
    assert said.code == 3, said.err
    assert f"0 finished, 0 fresh, {counts[0]} failed, {counts[1]} not begun" in said.out
    assert f"RunError: {counts[0]} of 3 runs failed:" in said.err
    assert "    ContractError: " in said.err
    assert "intervention_register" in said.err
    assert "Traceback" not in said.err


def test_a_run_waits_on_its_worker_for_who_is_at_work_on_it(two):
    from curv_eval.run.planning import plan

    folder = broken("")
    (one,) = plan([folder / "params" / "study.yaml"])
    assert not busy(one.steps[0].folder)
    with locked(one.steps[0].folder):
        assert busy(one.steps[0].folder)
        process = start(folder, *RUN, two, "--json")
        assert json.loads(process.stdout.readline())["event"] == "plan"
        time.sleep(6)
        assert process.poll() is None
    said = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "is being made by another run" not in said[1]
    assert [event["event"] for event in events(said[0])][:2] == ["run-started", "notebook-started"]


def begun(address):
    """Start a run and return its process once its first notebook is under way."""
    process = start(small("", data=small_data()), *RUN, address)
    for line in process.stderr:
        if line.strip() == "running data":
            break
    return process


@pytest.mark.slow
def test_workers_that_die_one_after_another_and_a_lost_scheduler_are_one_message_each():
    with cluster(1, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0") as address:
        process = begun(address)
        (pid,) = processes(address).values()
        os.kill(pid, signal.SIGKILL)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 8
        assert said.startswith("KernelDeathError: 1 worker ended by itself while it made demo\n")
        assert "give the same command again" in said
        assert "Traceback" not in said
        process = begun(address)
        port = int(address.rpartition(":")[2])
        (scheduler,) = {c.pid for c in psutil.net_connections("tcp") if c.status == "LISTEN" and c.laddr.port == port}
        os.kill(scheduler, signal.SIGKILL)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 7
    assert said.startswith("RunError: the connection to the scheduler was lost\n  do: what is finished is kept")
    assert "Traceback" not in said


def test_a_run_does_not_wait_for_ever_when_no_worker_is_left(none, monkeypatch):
    monkeypatch.setattr(many_machines, "_NONE_LEFT", 1.0)
    folder = small(data=small_data())
    journals = folder / "outputs" / ".journal"
    with worker(none) as only:

        def kill():
            while not any("notebook-started" in path.read_text("utf-8") for path in journals.glob("*")):
                time.sleep(0.1)
            only.kill()

        killer = threading.Thread(target=kill)
        killer.start()
        said = curv_eval(folder, *RUN, none, "--keep-going")
        killer.join()
    assert said.code == 7
    assert "0 finished, 0 fresh, 2 failed, 0 not begun" in said.out
    assert "RunError: no worker was left, and none came back" in said.err


def test_a_finished_run_that_does_not_appear_here_is_a_fault(held, monkeypatch):
    from curv_eval.run.planning import plan

    monkeypatch.setattr(many_machines, "_SEEN", 0.2)
    (one, _) = plan([held.project / "params" / "study.yaml"])
    assert many_machines._unseen(one) is None
    elsewhere = replace(one, folder=one.folder.with_name("nowhere"))
    assert "was finished on a worker, and nowhere cannot be seen here" in str(many_machines._unseen(elsewhere))


@pytest.mark.slow
def test_ctrl_c_ends_the_runs_on_all_workers_and_leaves_the_workers(two):
    folder = small(THREE, data=small_data())
    process = start(folder, *RUN, two, "--json")
    kernels, held_up = {}, set()
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "kernel-started":
            kernels[event["study"]] = psutil.Process(event["pid"])
        if event["event"] == "cell-started" and event["study"] not in held_up:
            # a cell that would never end by itself
            kernels[event["study"]].suspend()
            held_up.add(event["study"])
        if len(held_up) == 2:
            break
    workers = processes(two)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said == "stopped; nothing half-written was left, and what was finished is not repeated\n"
    assert psutil.wait_procs(list(kernels.values()), timeout=15)[1] == []
    assert [name for name in outputs(folder) if Path(name).name.startswith(".partial")] == []
    assert processes(two) == workers


def test_only_the_kernels_below_the_given_folders_are_ended():
    from curv_eval.kernels import Setting, stop_kernels
    from curv_eval.kernels.session import Session

    home = scratch()
    asleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    with subprocess.Popen(asleep) as mine, subprocess.Popen(asleep) as other:
        quiet = {"tell": lambda event: None}
        with Session(Setting(home / "a" / "data"), **quiet) as first, Session(Setting(home / "b"), **quiet) as second:
            first.watch(mine)
            second.watch(other)
            stop_kernels([home / "a"])
            assert mine.wait(timeout=15) == -signal.SIGKILL
            with pytest.raises(subprocess.TimeoutExpired):
                other.wait(timeout=1)
        assert other.wait(timeout=15) == -signal.SIGKILL


def test_a_lock_that_a_killed_worker_left_holds_nobody_up():
    final = project() / "outputs" / "demo" / "data" / "0123456789ab"
    with locked(final):
        (name,) = (final.parents[2] / ".locks").iterdir()
        assert busy(final)
    assert not busy(final)
    name.parent.mkdir(parents=True, exist_ok=True)
    name.touch()
    assert not busy(final)


# ---- addresses and options


@pytest.fixture(scope="module")
def plain():
    return small(data=small_data(), keep=True)


def silent():
    """A socket that takes connections and says nothing."""
    held = socket.create_server(("127.0.0.1", 0))
    return held, f"tcp://127.0.0.1:{held.getsockname()[1]}"


def test_an_address_where_nobody_answers_is_refused_in_time(plain, monkeypatch):
    monkeypatch.setattr(many_machines, "_ANSWER", 1.0)
    held, address = silent()
    with held:
        for one in ("tcp://127.0.0.1:1", address, "tcp://nobody.invalid:8786"):
            said = curv_eval(plain, *RUN, one)
            assert said.code == 7
            assert said.err.splitlines()[:2] == [f"RunError: no Dask scheduler answers at {one}:", "  waited 1 s"]
            assert "  do: start one with `dask scheduler`" in said.err
    assert {name for name in outputs(plain) if not name.startswith(".")} == set()


@pytest.mark.parametrize("address", ["nonsense", "http://here:8786", "tcp://here"])
def test_what_is_no_address_is_refused(plain, address):
    said = curv_eval(plain, *RUN, address)
    assert said.code == 7
    assert f"got {address!r}, expected an address like tcp://host:8786" in said.err


def test_the_address_of_a_worker_is_not_that_of_a_scheduler(plain, two):
    address = min(processes(two))
    said = curv_eval(plain, *RUN, address)
    assert said.code == 7
    assert said.err.startswith(f"RunError: at {address} there is no Dask scheduler but a worker\n")


def test_without_distributed_the_extra_is_named(plain, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    said = curv_eval(plain, *RUN, "tcp://127.0.0.1:1")
    assert said.code == 7
    assert "  do: pip install 'curv-eval[dask]', here and where the workers are" in said.err


def test_jobs_and_scheduler_do_not_go_together(plain):
    said = curv_eval(plain, *RUN, "tcp://127.0.0.1:1", "--jobs", "2")
    assert said.code == 7
    assert "RunError: --jobs is for this machine; with --scheduler the workers decide" in said.err


def test_no_thread_of_the_client_stays(plain, none, monkeypatch):
    monkeypatch.setattr(many_machines, "_FIRST", 0.1)
    curv_eval(plain, *RUN, none)
    assert [one.name for one in threading.enumerate() if one.name.startswith("IO loop")] == []
