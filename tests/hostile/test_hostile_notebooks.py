"""What a notebook does to what is not its own, and what it starts and lets go."""

import json
import os
import sys
import time

import psutil
import pytest

from curv_eval import manifest
from curv_eval.errors import RunError
from curv_eval.kernels import Setting, execute
from curv_eval.run import left_alone
from curv_eval.run.left_alone import look, refuse_earlier, refuse_touched

linux = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked there only")
KEY, OTHER = "0123456789ab", "ba9876543210"
DECLARED = ["release/results.json", "release/tables/*.csv"]


@pytest.fixture
def home(tmp_path):
    """The folder of a study's runs, with one notebook finished and one at work."""
    made = tmp_path / "demo" / "data" / KEY
    (made / "release").mkdir(parents=True)
    (made / "release" / "results.json").write_text("{}")
    (made / "run.json").write_text("{}")
    work = tmp_path / "demo" / "power" / f".partial-{OTHER}-1"
    (work / "release" / "tables").mkdir(parents=True)
    (work / "restricted").mkdir()
    (work / "restricted" / "panel.npz").write_bytes(b"counts")
    (work / "release" / "results.json").write_text("{}")
    return tmp_path / "demo"


def touched(home, act):
    """Return what is said after `act` did something to the working folder."""
    work = next((home / "power").iterdir())
    before = look(work, home)
    act(work)
    with pytest.raises(RunError) as fault:
        refuse_touched(work, home, before=before, declared=DECLARED, notebook="power")
    assert fault.value.what == "the power notebook touched what is not its own"
    assert "notebooks/power.ipynb" in fault.value.do
    return fault.value.breaches


def test_what_it_declares_it_may_make_and_change(home):
    work = next((home / "power").iterdir())
    before = look(work, home)
    (work / "release" / "results.json").write_text('{"a": 1}')
    (work / "release" / "tables" / "a.csv").write_text("a\n")
    (home / "effect").mkdir()
    (home / "latest").write_text(KEY)
    refuse_touched(work, home, before=before, declared=DECLARED, notebook="power")


ACTS = {
    "release/tables/a.csv is a link, which may lead to what was not released": lambda work: (
        work / "release" / "tables" / "a.csv"
    ).symlink_to(work / "restricted" / "panel.npz"),
    "release/tables is a link, which may lead to what was not released": lambda work: (
        (work / "release" / "tables").rmdir(),
        (work / "release" / "tables").symlink_to(work / "restricted"),
    ),
    "release/tables/a.csv is a pipe or a device": lambda work: os.mkfifo(work / "release" / "tables" / "a.csv"),
    "restricted/panel.npz is gone": lambda work: (work / "restricted" / "panel.npz").unlink(),
    "restricted/panel.npz changed": lambda work: (work / "restricted" / "panel.npz").write_bytes(b"others"),
    "outputs/demo/mine.csv was put beside the runs": lambda work: (work.parents[1] / "mine.csv").write_text("a"),
    "outputs/demo/data/mine was put beside the runs": lambda work: (work.parents[1] / "data" / "mine").mkdir(),
    f"outputs/demo/{OTHER} was put beside the runs": lambda work: (work.parents[1] / OTHER).mkdir(),
}


@pytest.mark.skipif(os.name == "nt", reason="links and pipes need rights there")
@pytest.mark.parametrize("said", ACTS)
def test_what_it_does_not_own_is_refused_by_name(said, home):
    assert said in touched(home, ACTS[said])


def test_it_may_not_change_how_python_starts(home, tmp_path, monkeypatch):
    packages = tmp_path / "site-packages"
    packages.mkdir()
    monkeypatch.setattr(left_alone.site, "getsitepackages", lambda: [str(packages)])
    (said,) = touched(home, lambda work: (packages / "sitecustomize.py").write_text("import os"))
    assert said.startswith("Python starts otherwise: ")
    assert said.endswith("sitecustomize.py is new")


def test_what_earlier_notebooks_made_stays_as_it_was(home):
    folder = home / "data" / KEY
    record = {"outputs": manifest.outputs(folder)}
    refuse_earlier([folder], [record], notebook="power")
    (folder / "release" / "results.json").write_text("[]")
    with pytest.raises(RunError) as fault:
        refuse_earlier([folder], [record], notebook="power")
    assert fault.value.breaches == ("data: release/results.json changed",)


# ---- kernels

LET_GO = {
    "a child that is let go": """
import subprocess, sys
code = "import subprocess as s; print(s.Popen(['sleep', '600'], start_new_session=True, stdout=-3, stderr=-3).pid)"
pid = int(subprocess.run([sys.executable, '-c', code], capture_output=True, text=True).stdout)
""",
    "two forks and a session of its own": """
import os
reading, writing = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.write(writing, str(os.getpid()).encode())
        os.execvp('sleep', ['sleep', '600'])
    os._exit(0)
pid = int(os.read(reading, 20))
os.wait()
""",
    "two forks that never run another program": """
import os, time
reading, writing = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.write(writing, str(os.getpid()).encode())
        time.sleep(600)
        os._exit(0)
    os._exit(0)
pid = int(os.read(reading, 20))
os.wait()
""",
}


def ran(code, tmp_path, *, warm=True):
    from nbformat.v4 import new_code_cell, new_notebook

    cells = [new_code_cell(source, id=f"c-{i}") for i, source in enumerate((code, "print(pid)"))]
    setting = Setting(tmp_path, env={}, warm=warm)
    done = execute(new_notebook(cells=cells), name="test", parameters={}, setting=setting, tell=lambda _: None)
    return int(done.cells[-1].outputs[0].text)


@linux
@pytest.mark.parametrize(("kind", "warm"), [*((kind, True) for kind in LET_GO), ("a child that is let go", False)])
def test_what_a_kernel_lets_go_ends_with_it(kind, warm, tmp_path):
    pid = ran(LET_GO[kind], tmp_path, warm=warm)
    until = time.monotonic() + 5
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < until, f"process {pid} outlived its kernel"
        time.sleep(0.02)


@linux
def test_the_environment_of_a_kernel_is_its_own(tmp_path):
    code = (
        "import os, sys\nos.environ['PYTHONPATH'] = '/evil'\nos.environ['CURV_EVAL_DATA'] = '/evil'\npid = os.getpid()"
    )
    ran(code, tmp_path)
    assert "/evil" not in json.dumps(dict(os.environ))
    (tmp_path / "again").mkdir()
    after = "import os\npid = int('/evil' in str(dict(os.environ)))"
    assert ran(after, tmp_path / "again") == 0
