"""Where the helpers of other tests are."""

import sys
from pathlib import Path

import pytest

for name in ("run", "bad_input", "sources", "sources_tables", "unit"):
    sys.path.insert(0, str(Path(__file__).parents[1] / name))


@pytest.fixture(autouse=True)
def clear():
    yield
    import projects

    projects.clear()
