"""The made-up people of the benchmark are what it says they are, and its table says what was measured."""

import importlib.util
import json
import subprocess
import sys

import linkage_match_support as support
import pandas as pd
import pytest

SCRIPT = support.ROOT / "bench" / "linkage.py"


@pytest.fixture(scope="module")
def bench():
    sys.path.insert(0, str(SCRIPT.parent))
    try:
        spec = importlib.util.spec_from_file_location("bench_linkage", SCRIPT)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.path.remove(str(SCRIPT.parent))


@pytest.fixture(scope="module")
def pairs(people):
    """The true pairs of the made-up people, both sides beside each other."""
    left, right, truth = (pd.read_parquet(people / f"{name}.parquet") for name in ("left", "right", "truth"))
    left, right = (table.add_suffix(end) for table, end in ((left, "_l"), (right, "_r")))
    return truth.merge(left, on="record_id_l").merge(right, on="record_id_r")


def same(pairs, field):
    return (pairs[f"{field}_l"] == pairs[f"{field}_r"]).mean()


def test_half_are_in_both_and_every_id_is_one_persons(people, pairs):
    left, right = (pd.read_parquet(people / f"{side}.parquet") for side in support.SIDES)
    assert len(left) == len(right) == 2_000
    assert len(pairs) == 1_000
    assert left["record_id"].is_unique
    assert not set(left["record_id"]) & set(right["record_id"])


def test_errors_blanks_and_moves_are_as_said(people, pairs):
    left, right = (pd.read_parquet(people / f"{side}.parquet") for side in support.SIDES)
    for field in ("given_name", "surname", "postcode"):
        assert left[field].isna().mean() == pytest.approx(0.01, abs=0.008)
        assert right[field].isna().mean() == pytest.approx(0.04, abs=0.015)
    # the same where neither side slipped nor left a blank
    assert same(pairs, "surname") == pytest.approx(0.97 * 0.90 * 0.99 * 0.96, abs=0.04)
    assert same(pairs, "postcode") == pytest.approx(0.75 * 0.97 * 0.90 * 0.99 * 0.96, abs=0.05)


def test_households_share_surname_and_postcode(people):
    left = pd.read_parquet(people / "left.parquet")
    home = left.dropna(subset=["surname", "postcode"])
    assert home.duplicated(["surname", "postcode"], keep=False).mean() > 0.2


def test_the_same_seed_makes_the_same_people_and_another_does_not(tmp_path):
    made = []
    for seed in (5, 5, 6):
        folder = tmp_path / f"{len(made)}"
        folder.mkdir()
        support.generator().two_files(400, seed, folder)
        made.append([pd.read_parquet(folder / f"{name}.parquet") for name in ("left", "right", "truth")])
    assert all(a.equals(b) for a, b in zip(made[0], made[1], strict=True))
    assert not made[0][0].equals(made[2][0])


def test_a_way_is_measured_in_a_process_of_its_own(bench, tmp_path):
    bench.prepare(1_000, tmp_path)
    command = [sys.executable, str(SCRIPT), "--child", "curv-eval, any of four pseudonyms", "--folder", str(tmp_path)]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert 0 < found["seconds"] < 60
    assert 20 < found["mb"] < 4_000
    assert found["precision"] > 0.99
    assert 0.6 < found["recall"] < 0.85
    assert found["f1"] == pytest.approx(2 / (1 / found["precision"] + 1 / found["recall"]))


def test_a_way_that_failed_says_why_and_has_no_number(bench, tmp_path):
    found = bench.measured("curv-eval, clear text", tmp_path / "nowhere")
    assert set(found) == {"failed"}
    assert bench.line(10, "x", {"failed": "no"}) == "| 10 | x | not measured: no | | | | | |"


def test_a_row_of_the_table(bench):
    row = bench.line(
        10_000, "x", {"seconds": 1.26, "cpu": 2.3, "mb": 1234.5, "precision": 0.99999, "recall": 0.5, "f1": 2 / 3}
    )
    assert row == "| 10,000 | x | 1.3 | 2.3 | 1,234 | 1.0000 | 0.5000 | 0.6667 |"
    assert bench.line(10, "x", {"seconds": 1.0, "cpu": 2.0, "mb": 1.0}).endswith("| 1.0 | 2.0 | 1 |  |  |  |")


def test_every_way_says_what_it_is(bench):
    assert all(way.__doc__ for way in bench.WAYS.values())
