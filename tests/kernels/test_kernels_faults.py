"""What can go wrong with a kernel, done to real ones: each has a message and an exit code of its own."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from notebooks_made import here, ran

from curv_eval import errors
from curv_eval.kernels import Limits, stop_kernels, warm

pytestmark = pytest.mark.skipif(not warm.POSSIBLE, reason="kernels are forked on Linux only")
BOTH = pytest.mark.parametrize("forked", [True, False], ids=["warm", "cold"])


def test_every_kind_has_an_exit_code_of_its_own():
    kinds = (errors.RunError, errors.KernelDeathError, errors.TimeLimitError, errors.MemoryLimitError, errors.CellError)
    assert sorted(kind.exit_code for kind in kinds) == [7, 8, 9, 10, 11]


@BOTH
def test_a_kernel_that_is_killed_is_tried_once_more(forked, tmp_path):
    once = """import os, pathlib
if not pathlib.Path('x').exists():
    pathlib.Path('x').touch()
    os.kill(os.getpid(), 9)
'here'"""
    told = ran(once, cwd=tmp_path, warm=forked)
    assert told.fault is None
    assert told.output(1) == "'here'"
    assert told.names.count("retry") == 1


@BOTH
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_a_kernel_that_is_killed_twice_is_a_dead_kernel(forked, number):
    told = ran(f"import os, time\nos.kill(os.getpid(), {int(number)})\ntime.sleep(30)", warm=forked)
    assert type(told.fault) is errors.KernelDeathError
    assert told.fault.what == f"the kernel of the test notebook was ended by signal {number.name}"
    assert told.names.count("retry") == 1


def test_a_kernel_that_leaves_by_itself_says_with_which_code():
    told = ran("import os\nos._exit(3)")
    assert told.fault.what == "the kernel of the test notebook ended with exit code 3"


@pytest.mark.parametrize("leave", ["import sys\nsys.exit(0)", "import sys\nsys.exit(1)", "quit()", "exit()"])
def test_a_notebook_that_leaves_before_its_end_has_not_succeeded(leave):
    told = ran(leave, "'never'")
    assert type(told.fault) is errors.CellError
    assert told.fault.what == "the test notebook left in cell 2, before its end"
    assert "retry" not in told.names


@BOTH
def test_an_error_names_cell_line_and_kind_and_not_its_text(forked):
    told = ran("1", "x = 1\nx\nraise KeyError('Jane Doe, 1 High Street')\nx", warm=forked)
    assert type(told.fault) is errors.CellError
    assert told.fault.what == "the test notebook stopped in cell 3 with KeyError"
    assert told.fault.breaches == ("line 3: raise KeyError('Jane Doe, 1 High Street')",)
    hidden = ran("who = 'Jane ' + 'Doe'", "{}[who]")
    assert "Jane Doe" not in str(hidden.fault)
    assert "Jane Doe" not in str(hidden.events)


def test_a_cell_that_is_not_python_is_said_plainly():
    assert ran("def x(:").fault.what == "the test notebook stopped in cell 2 with SyntaxError"


def test_nothing_after_a_failed_cell_runs(tmp_path):
    ran("1/0", "import pathlib\npathlib.Path('after').touch()", cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["StudyError", "ContractError", "DesignError", "DisclosureError", "RunError"])
def test_our_own_errors_come_back_as_they_were(kind):
    given = f"from curv_eval.errors import {kind}\nraise {kind}('what', ['a: 1', 'b: 2'], 'do this')"
    fault = ran(given).fault
    assert type(fault) is getattr(errors, kind)
    assert (fault.what, fault.breaches, fault.do) == ("what", ("a: 1", "b: 2"), "do this")
    assert str(fault) == str(getattr(errors, kind)("what", ["a: 1", "b: 2"], "do this"))


@pytest.mark.parametrize("given", [("what", (), "do"), ("what: with colon", (), ""), ("what", ("one",), "")])
def test_errors_without_breaches_or_remedy_come_back_too(given):
    fault = ran(f"from curv_eval.errors import DesignError\nraise DesignError(*{given!r})").fault
    assert str(fault) == str(errors.DesignError(*given))


@BOTH
def test_a_cell_may_take_so_long(forked):
    told = ran("import time\ntime.sleep(60)", warm=forked, cell_seconds=1)
    assert type(told.fault) is errors.TimeLimitError
    assert told.fault.breaches == ("a cell may take 1 s",)
    assert "retry" not in told.names


@BOTH
def test_a_notebook_may_take_so_long_even_if_it_ignores_signals(forked):
    deaf = """import signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
"""
    told = ran(f"{deaf}while True:\n    time.sleep(1)", warm=forked, run_seconds=2)
    assert type(told.fault) is errors.TimeLimitError
    assert told.fault.breaches == ("the whole notebook may take 2 s",)


@BOTH
def test_a_notebook_may_need_so_much_memory(forked):
    told = ran("import time\nx = bytearray(900_000_000)\ntime.sleep(30)", warm=forked, memory=600_000_000)
    assert type(told.fault) is errors.MemoryLimitError
    assert "allowed are 0.6 GB" in told.fault.breaches[0]
    assert "--memory" in told.fault.do


def test_memory_that_the_system_does_not_give_is_said():
    told = ran("x = bytearray(10**15)")
    assert type(told.fault) is errors.MemoryLimitError


def test_a_full_disk_inside_a_cell_is_said():
    told = ran("raise OSError(28, 'No space left on device')")
    assert type(told.fault) is errors.RunError
    assert "no space left on the disk" in told.fault.what


def test_what_a_kernel_started_ends_with_it(tmp_path):
    code = """import subprocess, pathlib, time
p = subprocess.Popen(['sleep', '600'])
pathlib.Path('pid').write_text(str(p.pid))
time.sleep(60)"""
    ran(code, cwd=tmp_path, run_seconds=2)
    pid = int((tmp_path / "pid").read_text())
    time.sleep(0.5)
    assert not here(pid)


def test_a_flood_of_output_is_cut_and_said():
    told = ran("for i in range(2000):\n    print('x' * 100_000)", "'after'")
    assert told.fault is None
    assert len(told.text) < 2_000_000
    assert "cut here: a cell keeps at most 1,000,000 characters" in told.text
    assert told.output(2) == "'after'"


def test_outputs_that_never_arrive_are_a_dead_kernel_and_tried_again(monkeypatch):
    monkeypatch.setattr("curv_eval.kernels.engine.OUTPUT_SECONDS", 1)
    lost = "get_ipython().kernel.iopub_socket.close()\nget_ipython().kernel.iopub_thread.stop()"
    told = ran(lost, "'never'")
    assert type(told.fault) is errors.KernelDeathError
    assert told.fault.what == "the outputs of a cell of the test notebook never arrived"
    assert told.names.count("retry") == 1


@pytest.mark.parametrize("given", [{"memory": 0}, {"cell_seconds": -1}, {"run_seconds": 0.0}])
def test_limits_are_more_than_nothing(given):
    with pytest.raises(errors.RunError, match="a limit is more than 0"):
        Limits(**given)


def zygotes():
    children = [p for p in psutil.Process().children() if p.status() != psutil.STATUS_ZOMBIE]
    return [p for p in children if any("zygote" in word for word in p.cmdline())]


def test_the_process_that_is_forked_is_started_again_when_it_was_killed():
    ran("1")
    old = zygotes()[-1]
    old.kill()
    old.wait()
    assert ran("2").output(1) == "2"
    assert zygotes()[-1].pid != old.pid


def test_kernels_end_with_the_process_they_were_forked_from(tmp_path):
    code = """import os, signal, time
open('pid', 'w').write(str(os.getpid()))
os.kill(os.getppid(), signal.SIGKILL)
time.sleep(60)"""
    told = ran(code, cwd=tmp_path)
    assert type(told.fault) is errors.KernelDeathError
    time.sleep(0.5)
    assert not here(int((tmp_path / "pid").read_text()))


PARENT = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from notebooks_made import ran
cell = "import os, time; open('pid', 'w').write(f'{os.getpid()} {os.getppid()}'); time.sleep(60)"
ran(cell, cwd=Path.cwd())
"""


def pids(folder):
    path = folder / "pid"
    return [int(word) for word in path.read_text().split()] if path.exists() else []


def test_nothing_outlives_a_killed_parent(tmp_path):
    command = [sys.executable, "-c", PARENT, str(Path(__file__).parent)]
    parent = subprocess.Popen(command, cwd=tmp_path)
    until(lambda: len(pids(tmp_path)) == 2)
    family = pids(tmp_path)
    assert all(map(here, family))
    parent.kill()
    parent.wait()
    until(lambda: not any(map(here, family)))
    assert [pid for pid in family if here(pid)] == []


def until(true):
    for _ in range(300):
        if true():
            return
        time.sleep(0.1)


def test_stopping_ends_every_kernel_without_another_try():
    found = []
    way = threading.Thread(target=lambda: found.append(ran("import time\ntime.sleep(60)")))
    way.start()
    until(lambda: len(psutil.Process().children(recursive=True)) > 1)
    time.sleep(1)
    stop_kernels()
    way.join(20)
    assert not way.is_alive()
    assert type(found[0].fault) is errors.KernelDeathError
    assert "retry" not in found[0].names
    assert zygotes() == []
