"""A finished project of its own, to be handed over, and copies of it."""

import functools
import shutil

from projects import curv_eval, project, scratch, small_data


@functools.cache
def ran():
    """A project whose data folder holds made-up data, run once with its brief; and its run. Copy to change."""
    folder = project("handed-over", data=small_data(), keep=True)
    said = curv_eval(folder, "run", "params/study.yaml")
    assert said.code == 0, said.err
    (run,) = (path.parent for path in (folder / "outputs" / "demo").glob("*/manifest.json"))
    return folder, run


def copy_of(folder):
    """A copy of a folder in a place of its own."""
    place = scratch() / folder.name
    shutil.copytree(folder, place)
    return place
