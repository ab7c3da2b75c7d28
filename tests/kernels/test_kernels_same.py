"""A forked kernel is a kernel: the same bytes as a cold one, and nothing shared with its siblings."""

import ast
import asyncio
import os
import subprocess
import sys
import threading
from pathlib import Path

import nbformat
import pytest
from notebooks_made import notebook, ran

from curv_eval.errors import StudyError
from curv_eval.kernels import install_kernelspec, warm

pytestmark = pytest.mark.skipif(not warm.POSSIBLE, reason="kernels are forked on Linux only")

PLOT = "import matplotlib.pyplot as plt\n_ = plt.plot([1, 2])"
WORK = "import pandas as pd\nimport numpy as np\npd.DataFrame({'a': np.random.default_rng(1).normal(size=3)})"


def test_cold_and_warm_give_the_same_bytes():
    cells = (WORK, "print(params, folder)", "{'b', 'a', 'c'}", "%matplotlib inline\n" + PLOT)
    one, other, cold = ran(*cells), ran(*cells), ran(*cells, warm=False)
    assert one.text == other.text == cold.text
    assert one.events[0]["warm"] and not cold.events[0]["warm"]


def test_the_bytes_hold_nothing_of_the_clock_the_machine_or_chance():
    text = ran("1 + 1").text
    assert '"id": "curv-params"' in text
    for word in ("papermill", "start_time", "duration", "iopub", str(Path.home())):
        assert word not in text.replace("injected-parameters", "")


@pytest.mark.parametrize("warm", [True, False])
def test_a_plot_is_a_picture(warm):
    told = ran("%matplotlib inline\n" + PLOT, warm=warm)
    assert "image/png" in told.done.cells[2].outputs[-1].data


def test_the_environment_and_the_folder_are_those_given(tmp_path):
    place = tmp_path / "Örtchen mit Platz"
    place.mkdir()
    told = ran("import os\nos.environ['GIVEN'], os.getcwd()", cwd=place, env={"GIVEN": "to this one"})
    assert ast.literal_eval(told.output(1)) == ("to this one", str(place))
    assert "GIVEN" not in ran("import os\nsorted(os.environ)").output(1)


def test_siblings_see_nothing_of_each_other():
    ran("import sys, os, pandas as pd\nsys.left = 1\nos.environ['LEFT'] = '1'\npd.options.display.max_rows = 7")
    seen = ran("import sys, os, pandas as pd\nhasattr(sys, 'left'), 'LEFT' in os.environ, pd.options.display.max_rows")
    assert seen.output(1) == "(False, False, 60)"


def test_siblings_do_not_draw_the_same():
    draw = "import random, numpy as np\nrandom.random(), np.random.rand()"
    one, other = ran(draw).output(1), ran(draw).output(1)
    assert one != other


def test_a_seed_gives_the_same_draws_forked_or_not():
    draw = "import numpy as np\nnp.random.default_rng(5).normal()"
    assert ran(draw).output(1) == ran(draw, warm=False).output(1)


def test_the_stack_is_there_before_the_first_cell():
    assert ran("import sys\n'pandas' in sys.modules").output(1) == "True"
    assert ran("import sys\n'pandas' in sys.modules", warm=False).output(1) == "False"


def test_what_is_imported_first_starts_no_thread():
    code = "from curv_eval.kernels.preload import *\npreload()\nprint(threads())"
    env = {**os.environ, **warm._FIXED}
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert said.stdout.strip() == "1"


def test_a_forked_kernel_has_the_hash_seed_and_the_threads_of_a_run():
    told = ran("import os\nhash('a'), os.environ['JPY_PARENT_PID'] == str(os.getppid())")
    cold = ran("hash('a')", warm=False, env={"PYTHONHASHSEED": "0"})
    assert told.output(1) == f"({cold.output(1)}, True)"


def test_two_at_once():
    found = {}
    code = "import os, time\ntime.sleep(0.5)\nfolder"
    ways = [
        threading.Thread(target=lambda n=n: found.update({n: ran(code, parameters={"params": "p", "folder": n})}))
        for n in "abcd"
    ]
    for way in ways:
        way.start()
    for way in ways:
        way.join()
    assert {n: told.output(1) for n, told in found.items()} == {n: repr(n) for n in "abcd"}


@pytest.mark.parametrize("name", ["x; import os; os.mkdir('owned') #", "parms", "folder.x", ""])
def test_no_other_parameter_reaches_the_notebook(tmp_path, name):
    told = ran("1", cwd=tmp_path, parameters={"params": "p", name: "1"})
    assert isinstance(told.fault, StudyError)
    assert told.fault.breaches == (f"got {name!r}",)
    assert list(tmp_path.iterdir()) == []


def test_the_notebook_given_is_left_alone():
    from curv_eval.kernels import Setting, execute

    given = notebook("1")
    before = nbformat.writes(given)
    execute(given, name="t", parameters={"params": "p"}, setting=Setting(Path.cwd()), tell=lambda event: None)
    assert nbformat.writes(given) == before


def test_what_an_earlier_run_left_in_the_notebook_does_not_count():
    from nbformat.v4 import new_output

    from curv_eval.kernels import Setting, execute

    given = notebook("1")
    given.cells[1].outputs = [new_output("error", ename="OldError", evalue="", traceback=[])]
    done = execute(given, name="t", parameters={"params": "p"}, setting=Setting(Path.cwd()), tell=lambda event: None)
    assert "OldError" not in nbformat.writes(done)


def test_cells_are_told_as_they_run_with_memory_and_time():
    told = ran("1", "2")
    cells = [event for event in told.events if event["event"] == "cell-finished"]
    assert [(event["cell"], event["cells"]) for event in cells] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert told.names[0] == "kernel-started"
    assert told.events[-1]["event"] == "kernel-ended"
    assert told.events[-1]["peak_memory"] > 50_000_000


def test_papermill_and_jupyterlab_find_the_kernel_by_its_name(tmp_path):
    install_kernelspec(tmp_path / "jupyter")
    nbformat.write(notebook("import sys\n'pandas' in sys.modules"), tmp_path / "in.ipynb")
    command = [sys.executable, "-m", "papermill", "in.ipynb", "out.ipynb", "-k", "curv", "--no-progress-bar"]
    env = {**os.environ, "JUPYTER_PATH": str(tmp_path / "jupyter")}
    said = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    assert "True" in (tmp_path / "out.ipynb").read_text("utf-8")


@pytest.mark.parametrize("code", ["1 + 1", "import os\nos._exit(3)"], ids=["finished", "died"])
def test_a_run_in_a_thread_leaves_no_event_loop_open(code, monkeypatch):
    opened, new = [], asyncio.new_event_loop

    def noted():
        opened.append(new())
        return opened[-1]

    monkeypatch.setattr(asyncio, "new_event_loop", noted)
    thread = threading.Thread(target=ran, args=(code,))
    thread.start()
    thread.join()
    assert opened
    assert all(loop.is_closed() for loop in opened)


def test_clients_share_what_is_never_ended_while_somebody_may_hold_a_socket_of_it():
    """A context of each client's own was ended with it, and that waited for ever after some Ctrl-C."""
    from curv_eval.kernels.provisioner import PromptClient

    first, second = PromptClient(), PromptClient()
    held = first.context
    assert held is second.context
    del first, second
    assert not held.closed
