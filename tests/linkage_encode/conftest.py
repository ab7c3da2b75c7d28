"""Where the helpers of the run tests are, and what several tests encode."""

import itertools
import sys
from pathlib import Path

import pprl_people as pp
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "run"))


@pytest.fixture(autouse=True)
def clear():
    yield
    # only the tests of the command line use it
    if "projects" in sys.modules:
        sys.modules["projects"].clear()


@pytest.fixture
def key():
    return pp.key()


@pytest.fixture
def coded(tmp_path):
    """Return a function that encodes rows, and returns the path of the encoded file."""
    from curv_eval.linkage.encode import encode
    from curv_eval.linkage.scheme import UK

    turn = itertools.count()

    def run(rows, *, key=None, scheme=UK, source="vcse", columns=pp.COLUMNS, **more):
        number = next(turn)
        people = pp.write(tmp_path / f"people-{number}.csv", rows, columns)
        folder = tmp_path / f"out-{number}"
        folder.mkdir()
        out = folder / "people.parquet"
        asked = {"key": key or pp.key(), "record_id": "record_id", "purpose": "a test of encoding", **more}
        run.preview = encode(people, out, scheme=scheme, source=source, **asked)
        return out

    return run
