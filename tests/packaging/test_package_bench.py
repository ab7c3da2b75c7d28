"""The benchmark: both ways of counting agree on made-up data, and times of different answers are never printed."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "bench" / "stages.py"


@pytest.fixture(scope="module")
def stages():
    spec = importlib.util.spec_from_file_location("stages", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_both_ways_find_the_same_counts(stages):
    from curv_eval.data import data_folder
    from curv_eval.study import load_study

    params = ROOT / "params" / "demo.yaml"
    where = ["--params", str(params), "--data", str(data_folder(load_study(params))), "--run", "none"]
    found = []
    for way in ("curv-eval", "pandas, two columns"):
        command = [sys.executable, str(SCRIPT), "--child", way, *where]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found.append(json.loads(done.stdout))
    assert found[0]["counts"] == found[1]["counts"] is not None
    assert found[0]["rows"] == found[1]["rows"] > 50_000
    assert all(0 < f["seconds"] < 60 and 20 < f["mb"] < 4000 for f in found)


def test_different_answers_are_not_timed(stages):
    with pytest.raises(SystemExit, match="the counts differ"):
        stages.agreement({"a": {"counts": "x"}, "b": {"counts": "y"}})
    with pytest.raises(SystemExit):
        stages.agreement({"a": {"failed": "no"}, "b": {"failed": "no"}})


def test_the_median_time_and_the_largest_memory_are_reported(stages):
    runs = [{"seconds": s, "mb": m, "rows": 10, "counts": None} for s, m in ((9.0, 1), (2.0, 7), (3.0, 2))]
    assert stages.middle(runs) == {"seconds": 3.0, "mb": 7, "rows": 10, "counts": None}


def test_a_stage_that_failed_says_why_and_has_no_number(stages):
    assert stages.line("brief", {"failed": "PublishError: no"}) == "| brief | not measured: PublishError: no | | |"
    assert stages.line("read", {"seconds": 2.0, "rows": 3000, "mb": 99.6}) == "| read | 2.00 | 1,500 | 100 |"


def test_every_stage_says_what_it_is(stages):
    assert all(stage.__doc__ for stage in {**stages.STAGES, **stages.COUNTS}.values())


def test_the_committed_table_names_no_machine():
    text = (ROOT / "bench" / "README.md").read_text("utf-8")
    assert "cores" in text
    assert "/work" not in text
    assert "| read archive |" in text
    assert "not measured" not in text
