"""Where the helpers of the run tests are."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "run"))


@pytest.fixture(autouse=True)
def clear():
    yield
    import projects

    projects.clear()
