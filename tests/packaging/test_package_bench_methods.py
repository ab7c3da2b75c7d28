"""The methods bench on a tiny scale: ways agree, times of different answers are not printed, the page is whole."""

import importlib.util
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "bench" / "methods.py"


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("bench_methods", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench_methods"] = module
    spec.loader.exec_module(module)
    return module


def answers(bench, job, size):
    """What every installed way finds, in this process."""
    data, found = bench.JOBS[job].data(size=size), {}
    for way, one in bench.JOBS[job].ways.items():
        if one.package is None or importlib.util.find_spec(one.package):
            found[way] = {"answer": {k: float(v) for k, v in one.run(data)().items()}}
    return found


@pytest.mark.parametrize(
    "job",
    [
        "Callaway and Sant'Anna, 1,000 units x 20",
        "Sun and Abraham, 10,000 x 12",
        "synthetic control, 38 donors, all placebos",
        "multiple systems, 4 lists, 64 models",
        "entropy balancing, 10,000 people, 8 covariates",
        "Cox, 10,000 people, 9 columns",
    ],
)
def test_the_ways_agree(bench, job, monkeypatch):
    # what diff-diff does not finish in a minute is no test
    monkeypatch.setitem(bench.JOBS, job, replace(bench.JOBS[job], ways=quick(bench.JOBS[job].ways)))
    found = answers(bench, job, 0.05)
    assert "curv-eval" in found
    assert all(set(one["answer"]) & set(bench.JOBS[job].close) for one in found.values())
    bench.agreement(job, found, bench.JOBS[job].close)


def quick(ways):
    return {name: way for name, way in ways.items() if "nested" not in name}


def test_loops_that_a_user_would_write_find_what_the_methods_find(bench):
    data = bench.made.cleveland(size=0.5)
    ours = bench.ways.ours("randomisation_inference")(data)()
    plain = bench.ways.loop_lstsq(data)()
    assert plain["estimate"] == pytest.approx(ours["estimate"], rel=1e-9)
    assert plain["p"] == pytest.approx(ours["p"], abs=0.2)


def test_a_placebo_study_draws_the_same_wards_as_its_peer(bench):
    data = bench.made.cleveland(starts=3, size=0.5)
    ours = bench.ways.our_power(data | {"draws": 10})()["first"]
    from curv_eval.estimate.averages import overall
    from curv_eval.methods import fit

    design = bench.ways._design("callaway_santanna", small_sample="cr2")
    falls = [
        overall(fit(bench.ways._panel(one), outcome="y", design=design))["estimate"][2]
        for one in bench.ways._placebo_frames(data, 10)
    ]
    assert ours == pytest.approx(sum(falls) / 10, rel=1e-12)


def test_one_way_in_a_fresh_process_says_its_times(bench):
    command = [sys.executable, str(SCRIPT), "--child", "multiple systems, 4 lists, 64 models", "--way", "curv-eval"]
    done = subprocess.run([*command, "--size", "0.05"], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert 0 < found["warm"] <= found["cold"] < 60
    assert 20 < found["mb"] < 4000
    assert found["answer"]["estimate"] > 0


def test_different_answers_are_not_timed(bench):
    one, other = {"answer": {"estimate": 1.0}}, {"answer": {"estimate": 1.001}}
    with pytest.raises(SystemExit, match="the answers differ"):
        bench.agreement("job", {"curv-eval": one, "peer": other}, {"estimate": 1e-6})
    bench.agreement("job", {"curv-eval": one, "peer": other}, {"estimate": 0.01})
    bench.agreement("job", {"curv-eval": one, "peer": {"missing": "peer"}}, {"estimate": 1e-6})


def test_lines_say_what_is_missing_unfinished_or_scaled_up(bench):
    job = "randomisation inference, 9,999 draws, 351 x 28"
    one = {"cold": 3.0, "warm": 2.0, "mb": 99.6}
    assert bench.line(job, "curv-eval", {"missing": "x"}, 1.0).endswith("| not installed | | | |")
    assert bench.line(job, "curv-eval", {"unfinished": 60}, 1.0).endswith("| not finished in 60 s | | | |")
    assert bench.line(job, "curv-eval", one, 2.0).endswith("| 3.00 | 2.000 | 100 | 1 |")
    assert bench.line(job, "loop over numpy's lstsq", one, 0.5).endswith("lstsq (scaled up) | 3.00 | 2.000 | 100 | 4 |")


def test_every_job_has_curv_eval_first_and_the_page_has_every_job(bench):
    text = (ROOT / "bench" / "methods.md").read_text("utf-8")
    assert all(next(iter(job.ways)) == "curv-eval" for job in bench.JOBS.values())
    assert [job for job in bench.JOBS if f"| {job} | curv-eval |" not in text] == []


def test_the_committed_page_names_no_machine():
    text = (ROOT / "bench" / "methods.md").read_text("utf-8")
    assert "cores" in text
    assert "/work" not in text
    assert "/tmp" not in text
    assert text.count("<!-- measured -->") == text.count("<!-- end -->") == 1
