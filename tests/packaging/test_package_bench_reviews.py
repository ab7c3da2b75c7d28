"""The bench of reviews on a small scale: ways agree, times of different answers are not printed, the page is whole."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "bench" / "reviews.py"
PAGE = ROOT / "bench" / "reviews.md"


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("bench_reviews", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench_reviews"] = module
    spec.loader.exec_module(module)
    return module


def small(bench):
    """30 effects of 10 studies, as the levels' jobs want them."""
    draw = np.random.default_rng(1)
    study = np.repeat(np.arange(10), 3)
    v = draw.uniform(0.01, 0.1, 30)
    y = 0.4 + draw.normal(0, 0.4, 10)[study] + draw.normal(0, 0.3, 30) + draw.normal(0, np.sqrt(v))
    return {"y": y, "v": v, "study": study}


@pytest.mark.parametrize(
    ("ours", "first"), [("our_levels", "first_levels"), ("our_robust", "first_robust")], ids=["levels", "robust"]
)
def test_what_one_writes_first_finds_the_same(bench, ours, first):
    data = small(bench)
    found, plain = getattr(bench, ours)(data, 0), getattr(bench, first)(data, 0)
    assert found.keys() == plain.keys()
    for name, value in found.items():
        assert plain[name] == pytest.approx(value, rel=1e-3), name


def test_a_loop_over_permutations_finds_the_same(bench):
    data = {name: value[:20] for name, value in bench.landenberger().items()}
    found, plain = bench.our_permutations(data, 199), bench.first_permutations(data, 39)
    assert plain["t"] == pytest.approx(found["t"], rel=1e-3)
    assert plain["p"] == pytest.approx(found["p"], abs=0.25)


def test_made_up_reviews_are_as_large_as_the_published_ones(bench, monkeypatch):
    monkeypatch.delenv("CURV_EVAL_DATA", raising=False)
    levels, moderators = bench.dropout(), bench.landenberger()
    assert len(levels["y"]) == 385
    assert len(np.unique(levels["study"])) == 152
    assert moderators["x"].shape == (58, 4)
    assert (levels["v"] > 0).all() and (moderators["v"] > 0).all()
    assert "made-up effects" in bench.report([])


def test_one_way_in_a_process_of_its_own_says_its_time(bench):
    job = "three levels, 385 effects of 152 studies"
    command = [sys.executable, str(SCRIPT), "--child", job, "--way", "curv-eval"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["seconds"] > 0
    assert not found["scaled"]
    assert set(found["answer"]) == {"estimate", "study", "effect"}


def test_different_answers_are_not_timed(bench):
    job = "10,000 permutations of 58 studies, 3 moderators"
    one, other = {"answer": {"t": 1.0}}, {"answer": {"t": 1.1}}
    with pytest.raises(SystemExit, match="the answers differ"):
        bench.agreement(job, {"curv-eval": one, "as first written": other})
    bench.agreement(job, {"curv-eval": one, "as first written": one})


def test_rows_say_the_ratio_and_what_is_scaled_up(bench):
    found = {"curv-eval": {"seconds": 0.5, "scaled": False}, "as first written": {"seconds": 100.0, "scaled": True}}
    ours, first = bench.rows("job", found)
    assert ours == "| job | curv-eval | 0.500 | 1 |"
    assert first == "| job | as first written (scaled up) | 100.000 | 200 |"


def test_the_committed_page_has_every_job_and_names_no_machine(bench):
    text = PAGE.read_text("utf-8")
    assert [job for job in bench.JOBS if f"| {job} | curv-eval |" not in text] == []
    assert text.count("<!-- measured -->") == text.count("<!-- end -->") == 1
    assert "cores" in text
    assert "/work" not in text and "/tmp" not in text
