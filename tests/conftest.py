"""Where tests find each other's helpers and the real data."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# the same examples each time: a test that fails for one person fails for everybody
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")
sys.path.insert(0, str(Path(__file__).parent))
ROOT = Path(__file__).parents[1]


def real_data():
    """Return the folder of real public data, or None."""
    for place in (os.environ.get("CURV_EVAL_DATA"), ROOT.parent / "shared" / "data" / "real"):
        if place and (Path(place) / "police-uk-cleveland").is_dir():
            return Path(place)
    return None


@pytest.fixture(scope="session")
def real_folder():
    found = real_data()
    if found is None:
        pytest.skip("the real police archive is not here: set CURV_EVAL_DATA to test with it")
    return found
