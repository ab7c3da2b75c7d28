"""Small notebooks, executed for real, and what they told."""

from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from curv_eval.errors import CurvError
from curv_eval.kernels import Limits, Setting, execute

FIRST = 'params = "x"\nfolder = "y"'


def notebook(*sources):
    """Return a notebook with a parameters cell and these cells."""
    cells = [new_code_cell(FIRST, metadata={"tags": ["parameters"]}), *map(new_code_cell, sources)]
    for i, cell in enumerate(cells):
        cell["id"] = f"c-{i}"
    return new_notebook(cells=cells)


@dataclass
class Told:
    """What an execution told, what it returned and what it raised."""

    events: list = field(default_factory=list)
    done: object = None
    fault: CurvError | None = None

    @property
    def names(self):
        return [event["event"] for event in self.events]

    @property
    def text(self):
        return nbformat.writes(self.done)

    def output(self, cell):
        """The text of the last output of a cell of ours, counted from 1 without those that papermill put in."""
        mine = [c for c in self.done.cells if "injected-parameters" not in c.metadata.get("tags", [])]
        last = mine[cell].outputs[-1]
        return last.text if last.output_type == "stream" else last.data["text/plain"]


def ran(*sources, cwd=None, env=None, warm=True, parameters=None, **limits):
    """Execute the cells in a kernel of their own and return what came of it."""
    told = Told()
    setting = Setting(cwd or Path.cwd(), env=env or {}, warm=warm, limits=Limits(**limits))
    given = {"params": "study.yaml", "folder": "."} if parameters is None else parameters
    try:
        told.done = execute(notebook(*sources), name="test", parameters=given, setting=setting, tell=told.events.append)
    except CurvError as fault:
        told.fault = fault
    return told


def here(pid):
    """Whether a process is there and has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False
