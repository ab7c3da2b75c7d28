"""JupyterLab, really started by `curv-eval lab`: what it shows, which kernels it has, and that it stops."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import psutil
import pytest
from lab_places import THEIRS, place

TOKEN = "0123456789abcdef"


class Server:
    """A running JupyterLab, and how it is asked."""

    def __init__(self, made, folder):
        self.made, self.runtime, self.log = made, folder / "runtime", folder / "log.txt"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        # as root, which JupyterLab otherwise refuses; no browser; as anybody would give them
        options = ["--no-browser", "--allow-root", "--ip", "127.0.0.1", "--port", str(self.port)]
        code = "from curv_eval.cli import main; main()"
        env = {**made.env, "JUPYTER_TOKEN": TOKEN, "JUPYTER_RUNTIME_DIR": str(self.runtime)}
        env |= {"JUPYTER_CONFIG_DIR": str(made.home / ".jupyter"), "JUPYTER_DATA_DIR": str(made.home / "data")}
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", code, "lab", "--", *options], cwd=made.project / "params", env=env,
                stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        self._wait()

    def _wait(self):
        for _ in range(600):
            assert self.process.poll() is None, self.log.read_text("utf-8")
            try:
                self.ask("api/status")
                return
            except (URLError, ConnectionError):
                time.sleep(0.1)
        raise AssertionError(self.log.read_text("utf-8"))

    def raw(self, path, data=None, token=TOKEN):
        body = None if data is None else json.dumps(data).encode()
        head = {"Authorization": f"token {token}"} if token else {}
        with urlopen(Request(f"http://127.0.0.1:{self.port}/{path}", data=body, headers=head), timeout=60) as answer:
            return answer.read()

    def ask(self, path, data=None):
        return json.loads(self.raw(path, data))

    def stop(self):
        """Stop it as Ctrl-C does not need to be: by the signal that ends a service."""
        family = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        _, alive = psutil.wait_procs(family, timeout=20)
        return code, alive


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    made = Server(place(folder), folder)
    yield made
    if made.process.poll() is None:
        made.stop()


def names(listing):
    return {one["name"] for one in listing["content"]}


def test_the_file_browser_shows_the_whole_project(server):
    assert {"params", "notebooks"} <= names(server.ask("api/contents/"))
    assert not [name for name in names(server.ask("api/contents/")) if name.startswith(".")]
    assert {"data.ipynb", "power.ipynb", "effect.ipynb", "README.md", "tutorials"} <= names(
        server.ask("api/contents/notebooks")
    )


def test_without_the_token_nothing_is_shown(server):
    with pytest.raises(HTTPError) as stop:
        server.raw("api/contents/", token="")
    stop.value.close()
    assert stop.value.code == 403


def test_the_first_page_is_the_one_that_says_how_to_begin(server):
    assert f":{server.port}/lab/tree/notebooks/README.md" in server.log.read_text("utf-8")
    assert b"jupyter-config-data" in server.raw("lab/tree/notebooks/README.md")


def test_the_kernel_with_the_stack_loaded_is_there_and_first(server):
    held = server.ask("api/kernelspecs")
    assert held["default"] == "curv"
    assert {"curv", "python3"} <= set(held["kernelspecs"])
    spec = held["kernelspecs"]["curv"]["spec"]
    assert spec["display_name"] == "CURV (stack loaded)"
    assert spec["argv"][0] == sys.executable


def test_nbdime_and_jupytext_are_enabled_in_the_page(server):
    found = {one["name"]: (one["enabled"], one["status"]) for one in server.ask("lab/api/extensions")}
    assert found["nbdime-jupyterlab"] == found["jupyterlab-jupytext"] == (True, "ok")


def test_nbdime_compares_two_notebooks(server):
    shutil.copyfile(server.made.project / "notebooks/data.ipynb", server.made.project / "notebooks/other.ipynb")
    path = server.made.project / "notebooks/other.ipynb"
    path.write_text(path.read_text("utf-8").replace("study.question", "study.title"), "utf-8")
    found = server.ask("nbdime/api/diff", {"base": "notebooks/data.ipynb", "remote": "notebooks/other.ipynb"})
    path.unlink()
    assert "study.title" in json.dumps(found["diff"])


def test_jupytext_opens_a_script_as_a_notebook(server):
    (server.made.project / "notebooks" / "own.py").write_text("# %% [markdown]\n# # A title\n\n# %%\n1 + 1\n", "utf-8")
    held = server.ask("api/contents/notebooks/own.py?type=notebook")
    assert [c["cell_type"] for c in held["content"]["cells"]] == ["markdown", "code"]


@pytest.mark.parametrize(
    ("plugin", "name", "value"),
    [
        ("@jupyterlab/notebook-extension:tracker", "recordTiming", False),
        ("@jupyterlab/apputils-extension:notification", "fetchNews", "false"),
        ("@jupyterlab/apputils-extension:notification", "checkForUpdates", False),
        ("@jupyterlab/docmanager-extension:plugin", "defaultViewers", {"markdown": "Markdown Preview"}),
    ],
)
def test_the_settings_of_the_project_are_the_defaults(plugin, name, value, server):
    held = server.ask(f"lab/api/settings/{plugin}")
    assert held["schema"]["properties"][name]["default"] == value
    assert held["settings"] == {}


def answer(server, kernel, code):
    """Return what a kernel of the server printed for some code."""
    from jupyter_client import BlockingKernelClient

    client = BlockingKernelClient(connection_file=str(server.runtime / f"kernel-{kernel['id']}.json"))
    client.load_connection_file()
    client.start_channels()
    said = []
    try:
        client.wait_for_ready(timeout=90)
        client.execute_interactive(
            code, timeout=60, output_hook=lambda message: said.append(message["content"].get("text", ""))
        )
    finally:
        client.stop_channels()
    return "".join(said).split()


def test_the_kernel_has_imported_the_stack_before_the_first_cell_and_finds_the_project(server):
    kernel = server.ask("api/kernels", {"name": "curv", "path": "notebooks"})
    code = (
        "import os, shutil, sys\n"
        "print(*[name in sys.modules for name in ('pandas', 'duckdb', 'curv_eval')])\n"
        "print(os.getcwd(), shutil.which('curv-eval'), os.environ.get('CURV_EVAL_RUN'))"
    )
    *loaded, folder, command, within_a_run = answer(server, kernel, code)
    if sys.platform == "linux":
        assert loaded == ["True"] * 3
    assert Path(folder) == server.made.project / "notebooks"
    assert Path(command).parent == Path(sys.executable).parent
    assert within_a_run == "None"


def test_the_user_s_own_settings_are_not_touched(server):
    home = server.made.home
    assert (home / ".gitconfig").read_text("utf-8") == THEIRS
    theirs = {
        p.relative_to(home).as_posix() for p in home.rglob("*.json*") if "labconfig" in p.parts or "kernels" in p.parts
    }
    assert theirs == set()
    assert not list(home.rglob("*settings*.json*"))


def test_it_stops_with_everything_it_started(server):
    code, alive = server.stop()
    assert code in (0, -signal.SIGTERM)
    assert alive == []
    assert "Shutting down" in server.log.read_text("utf-8")
    with pytest.raises((URLError, ConnectionError)):
        server.ask("api/status")
    assert (server.made.project / ".lab").is_dir()
