"""Projects in temporary git repositories, whose user has settings of their own that must not change."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ROOT / "notebooks"
THEIRS = "[user]\n\tname = A Person\n\temail = a@example.org\n[init]\n\tdefaultBranch = main\n"


@dataclass(frozen=True)
class Place:
    """A project, the home folder of who works in it, and the variables under which they do."""

    project: Path
    home: Path
    env: dict[str, str]

    def git(self, *words, check=True):
        """Return what git said, on both streams."""
        done = subprocess.run(
            ["git", *words], cwd=self.project, env=self.env, encoding="utf-8",
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert not check or done.returncode == 0, done.stdout
        return done.stdout

    def fails(self, *words):
        """Return what git said when it refused."""
        done = subprocess.run(["git", *words], cwd=self.project, env=self.env, capture_output=True, encoding="utf-8")
        assert done.returncode != 0, done.stdout
        return done.stdout + done.stderr

    def lab(self, *words):
        """Run `curv-eval lab` in the project and return the lines that it printed."""
        code = "from curv_eval.cli import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", code, "lab", *words], cwd=self.project, env=self.env,
            capture_output=True, encoding="utf-8",
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return done.stdout.splitlines()

    def stored(self, name, revision=""):
        """Return the notebook as git holds it: in the index, or in a revision."""
        return nbformat.reads(self.git("show", f"{revision}:./{name}"), as_version=4)

    def commit(self, *names, why="Change"):
        """Commit files."""
        self.git("add", *names)
        self.git("commit", "-q", "-m", why)


def place(folder, inside=".", *, repository=True):
    """Return a project with three notebooks in a new repository, or in a folder `inside` it."""
    home, project = folder / "home", folder / "repository" / inside
    home.mkdir(parents=True)
    (home / ".gitconfig").write_text(THEIRS, "utf-8")
    (project / "params").mkdir(parents=True)
    shutil.copyfile(ROOT / "params" / "demo.yaml", project / "params" / "demo.yaml")
    clean = {n: v for n, v in os.environ.items() if not n.startswith(("GIT_", "CURV_EVAL", "JUPYTER", "XDG_"))}
    env = {**clean, "HOME": str(home), "USERPROFILE": str(home), "GIT_CONFIG_NOSYSTEM": "1", "GIT_PAGER": "cat"}
    made = Place(project.resolve(), home, env)
    if repository:
        subprocess.run(["git", "init", "-q"], cwd=folder / "repository", env=env, check=True)
    return made


def with_outputs(path, *, text="a number that must not leave: 9071263408"):
    """Give every code cell of a notebook an output, a count and times, as JupyterLab writes them."""
    held = nbformat.read(path, as_version=4)
    held.metadata.language_info = {
        "name": "python", "version": "3.11.99", "file_extension": ".py", "mimetype": "text/x-python",
        "codemirror_mode": {"name": "ipython", "version": 3}, "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
    }  # fmt: skip
    for number, cell in enumerate(c for c in held.cells if c.cell_type == "code"):
        cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=text)]
        cell.execution_count = number + 1
        cell.metadata["execution"] = {"iopub.execute_input": "2026-11-26T10:00:00Z"}
    nbformat.write(held, path)
    return held


def change(path, old, new):
    """Replace text in the sources of a notebook, which must hold it."""
    held = nbformat.read(path, as_version=4)
    cells = [c for c in held.cells if old in c.source]
    assert cells, old
    for cell in cells:
        cell.source = cell.source.replace(old, new)
    nbformat.write(held, path)


def cells(notebook):
    """What a notebook is, without its outputs: kinds, ids, tags, sources."""
    return [(c.cell_type, c.id, c.metadata.get("tags", []), c.source) for c in notebook.cells]


def as_json(text):
    return json.loads(text)
