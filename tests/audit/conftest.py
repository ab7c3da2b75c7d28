"""Where the helpers of the run tests are, a log of six lines, and no folder left behind."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "run"))

from curv_eval.audit import What, record


@pytest.fixture(autouse=True)
def clear():
    yield
    import projects

    projects.clear()


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The outputs folder of a project whose log has six lines, one for each of six studies."""
    monkeypatch.setenv("CURV_EVAL_USER", "A. Keeper")
    there = tmp_path / "project" / "outputs"
    for i in range(1, 7):
        record(there, What.LOADED, of=f"study-{i}", run=f"{i:012x}", detail={"by": "run", "vcse 1.0.0": "ab" * 32})
    return there
