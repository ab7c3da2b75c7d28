"""Where the helpers of the run tests are, and no folder left behind."""

import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parents[1] / "run"), str(Path(__file__).parent)]


@pytest.fixture(autouse=True)
def clear():
    yield
    import projects

    projects.clear()
