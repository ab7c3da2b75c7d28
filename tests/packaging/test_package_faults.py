"""The program that injects faults: its page is whole, and a few of its faults are done here for real."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from curv_eval.kernels import warm

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reliability.md").read_text("utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in re.search(r"<!-- faults -->(.*?)<!-- end -->", PAGE, re.S)[1].splitlines()
    if line.startswith("|")
][2:]
LEAST = 25


@pytest.fixture(scope="module")
def bench():
    sys.path.insert(0, str(ROOT / "bench"))
    spec = importlib.util.spec_from_file_location("bench_faults", ROOT / "bench" / "faults.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(ROOT / "bench"))


def test_every_fault_has_a_row_and_every_row_a_fault(bench):
    assert [row[0] for row in ROWS] == list(bench.FAULTS)


def test_nothing_was_lost_in_any_and_enough_were_tried():
    tried = [row for row in ROWS if not row[1].startswith("not tried: ")]
    assert len(tried) >= LEAST
    assert [row for row in tried if row[2] != "nothing"] == []
    assert all(row[3] for row in tried)


def test_ten_moments_at_which_the_program_is_killed():
    assert sum(row[0].startswith("kill -9 of the program ") and "power cut" not in row[0] for row in ROWS) == 10


def test_what_ends_a_run_has_an_exit_code_of_its_own():
    codes = {name: re.search(r"ended with (\d+)", row[1]) for name, row in ((row[0], row) for row in ROWS)}
    found = {name: int(code[1]) for name, code in codes.items() if code}
    assert found["kill -9 of a kernel, and of the next one"] == 8
    assert found["a cell that never ends, with a limit for cells"] == 9
    assert found["a cell that takes 3 GB, with a limit of 1 GB"] == 10
    assert found["an error in a cell"] == 11
    assert found["a notebook that writes a file it does not declare"] == 7


@pytest.fixture(scope="module")
def places(bench, tmp_path_factory):
    """A project, the same with its study run to the end, and what that released."""
    if not warm.POSSIBLE:
        pytest.skip("faults are injected on Linux")
    home = tmp_path_factory.mktemp("faults")
    first = bench.base(home / "base")
    whole = bench.copied(first, home / "whole")
    assert whole.study().code == 0
    return first, whole, whole.released()


@pytest.mark.slow
def test_one_is_done_again(bench, places, tmp_path):
    first, _, expected = places
    row = bench.tried("kill -9 of the program between two notebooks", bench.copied(first, tmp_path), expected)
    assert row["what"] == "ended with signal SIGKILL"
    assert (row["lost"], row["next"]) == ("nothing", "ran power, effect")


def test_a_loss_would_be_seen(bench, places, tmp_path):
    from faults_place import Said

    _, whole, expected = places
    place, well = bench.copied(whole, tmp_path), Said(0, "", "", [])
    before = place.steps()
    assert list(bench._lost(place, before, well, expected)) == []
    assert list(bench._lost(place, before, Said(7, "", "RunError: no", []), expected)) == [
        "the next run ended with 7 (RunError: no)"
    ]
    other = {**expected, "release/other": "0"}
    assert list(bench._lost(place, before, well, other)) == ["what is released is not what it should be"]
    (record,) = (place.home / "effect").glob("*/run.json")
    record.write_bytes(record.read_bytes() + b" ")
    (place.home / ".partial-x").mkdir()
    assert list(bench._lost(place, before, well, expected)) == [
        "finished notebooks were run again: effect", "left behind: .partial-x",
    ]  # fmt: skip
