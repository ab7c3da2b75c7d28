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


# folders whose tests take longest: begun first, so that no worker is left with one of them when the others are done
FIRST = ("run", "lab", "export", "kernels", "packaging", "linkage_match", "notebooks")


def pytest_collection_modifyitems(items):
    """Put the folders that take longest in front, and leave the order as it is otherwise."""
    order = {name: number for number, name in enumerate(FIRST)}
    items.sort(key=lambda item: order.get(item.path.relative_to(ROOT / "tests").parts[0], len(FIRST)))


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
