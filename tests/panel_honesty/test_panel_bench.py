"""The panel bench on a small scale: every way counts the same rows, from either kind of file."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = 450_000  # more than there are to copy from, so that every month is there
SCRIPT = ROOT / "bench" / "panel.py"


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rows")
    return folder, run("--prepare", str(folder), "--rows", str(ROWS))


def run(*given, needed=""):
    context = os.environ | {"BENCH_NEEDED": str(needed)}
    done = subprocess.run([sys.executable, str(SCRIPT), *given], capture_output=True, text=True, env=context)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().split("\n")[-1])


@pytest.mark.slow
def test_the_rows_are_as_many_as_asked_for_in_both_files(small):
    import duckdb

    folder, made = small
    assert 30_000 < made["base"] < ROWS
    for kind in ("parquet", "csv"):
        ((n, ids, months),) = duckdb.sql(
            f"""SELECT count(*), count(DISTINCT "Crime ID"), count(DISTINCT "Month")
            FROM '{folder}/incidents.{kind}'"""
        ).fetchall()
        assert n == ROWS
        assert ids > 100_000
        assert months > 20


@pytest.mark.slow
def test_every_way_finds_the_same_counts_from_either_file(small):
    folder, _ = small
    ways = (("curv-eval", "parquet"), ("curv-eval", "csv"), ("pandas, tuned", "csv"))
    found = [
        run("--child", way, "--file", str(folder / f"incidents.{kind}"), needed=folder / "needed.json")
        for way, kind in ways
    ]
    assert len({one["counts"] for one in found}) == 1
    assert found[0]["total"] > 100_000
    assert all(one["seconds"] > 0 and one["mb"] > 20 for one in found)


def test_the_committed_page_names_no_machine_and_both_kinds_of_file():
    text = (ROOT / "bench" / "panel.md").read_text("utf-8")
    assert "/work" not in text
    assert "/tmp" not in text
    assert "Parquet" in text
    assert "CSV" in text
    assert "10,000,000 rows" in text
