"""curv-eval's methods beside the libraries that one would take instead: same data, same answer, time and memory.

    python bench/methods.py                     prints the table
    python bench/methods.py --write             prints it and puts it into bench/methods.md
    python bench/methods.py --only synthetic    only jobs whose names hold this word

Peers are those of the extra `bench` and wildboottest, where installed; the page says which were not. Every way runs in
a fresh process: its first call there is the cold time (imports and the shape that its library wants are part of it),
the median of three more is the warm one. Answers must agree before a time is printed. Times are seconds of the
processor, which other work on the machine disturbs least, and every library is held to one thread. The data are made by
bench/methods_data.py, the ways are in bench/methods_ways.py.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import subprocess
import sys
import time
import warnings
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from importlib import metadata, util
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "bench"))
import methods_data as made  # noqa: E402
import methods_ways as ways  # noqa: E402

PAGE = ROOT / "bench" / "methods.md"
LIMIT, WARM = 60, 3
THREADS = ("OMP", "OPENBLAS", "MKL", "NUMBA", "RAYON", "POLARS_MAX")
QUIET = {f"{name}_NUM_THREADS" if name != "POLARS_MAX" else "POLARS_MAX_THREADS": "1" for name in THREADS}
US = "curv-eval"


@dataclass(frozen=True)
class Way:
    """run: data to work. package: what must be installed. times: by how much a timed part of the job is scaled up."""

    run: object
    package: str | None = None
    times: float = 1.0


@dataclass(frozen=True)
class Job:
    """data: size to arrays. ways: name to Way, curv-eval first. close: answer to the largest relative difference."""

    data: object
    ways: dict[str, Way]
    close: dict[str, float] = field(default_factory=lambda: {"estimate": 1e-6})


_SOME = ways.DRAWS / ways.SOME
_CS = {"estimate": 1e-6, "std_error": 1e-3, "at_start": 1e-6, "at_start_error": 0.1}


def _callaway(units):
    data = partial(made.panel, units, 20, cohorts=4)
    us = partial(ways.ours, "callaway_santanna")
    return {
        f"Callaway and Sant'Anna, {units:,} units x 20": Job(data, {
            US: Way(us()),
            "diff-diff": Way(ways.diff_diff_cs, "diff_diff"),
            "csdid": Way(ways.csdid, "csdid"),
            "differences": Way(ways.differences, "differences"),
        }, _CS),
        f"the same by event time, 999 multiplier draws, {units:,} units": Job(data, {
            US: Way(us(event_times=True)),
            "diff-diff": Way(ways.diff_diff_cs_draws, "diff_diff"),
            "csdid": Way(ways.csdid_draws, "csdid"),
            "differences": Way(ways.differences_draws, "differences"),
        }, _CS),
    }  # fmt: skip


_TALL = partial(made.panel, 10_000, 100, cohorts=1)
_ONE = partial(made.panel, 10_000, 12, cohorts=1)
_FOUR = partial(made.panel, 10_000, 12, cohorts=4)
# no library that was measured does these at this size within a minute
_WIDE = (
    "synthetic_control",
    "augmented_synthetic_control",
    "synthetic_difference_in_differences",
    "randomisation_inference",
)
JOBS = {
    **_callaway(1_000),
    **_callaway(10_000),
    "Poisson with fixed effects, 1,000,000 rows": Job(_TALL, {
        US: Way(ways.ours("poisson_fixed_effects", small_sample="cr1")),
        "curv-eval, CR2 errors": Way(ways.ours("poisson_fixed_effects")),
        "pyfixest fepois": Way(ways.pyfixest_poisson, "pyfixest"),
    }, {"estimate": 1e-6, "std_error": 0.01}),
    "difference-in-differences, 10,000 x 12": Job(_ONE, {
        US: Way(ways.ours("difference_in_differences")),
        "pyfixest feols": Way(ways.pyfixest_twfe, "pyfixest"),
        "diff-diff": Way(ways.diff_diff_twfe, "diff_diff"),
    }, {"estimate": 1e-6, "std_error": 0.01}),
    "event study, 10,000 x 12": Job(_ONE, {
        US: Way(ways.ours("event_study")),
        "pyfixest feols": Way(ways.pyfixest_event_study, "pyfixest"),
        "diff-diff": Way(ways.diff_diff_twfe_event_study, "diff_diff"),
    }),
    "imputation, 10,000 x 12": Job(_FOUR, {
        US: Way(ways.ours("imputation")),
        "diff-diff": Way(ways.diff_diff_imputation, "diff_diff"),
    }),
    "Sun and Abraham, 10,000 x 12": Job(_FOUR, {
        US: Way(ways.ours("sun_abraham")),
        "diff-diff": Way(ways.diff_diff_sun_abraham, "diff_diff"),
    }),
    "synthetic control, 38 donors, all placebos": Job(made.prop99, {
        US: Way(ways.ours("synthetic_control")),
        "diff-diff, nested V": Way(ways.diff_diff_sc, "diff_diff"),
        "diff-diff, even V": Way(ways.diff_diff_sc_even, "diff_diff"),
        "loop over scipy's SLSQP": Way(ways.loop_slsqp),
    }, {"estimate": 1e-3}),
    "synthetic difference-in-differences, 200 placebos": Job(made.prop99, {
        US: Way(ways.ours("synthetic_difference_in_differences")),
        "diff-diff": Way(ways.diff_diff_sdid, "diff_diff"),
    }, {"estimate": 1e-4}),
    "randomisation inference, 9,999 draws, 351 x 28": Job(made.cleveland, {
        US: Way(ways.ours("randomisation_inference")),
        "loop over numpy's lstsq": Way(ways.loop_lstsq, times=_SOME),
        "loop over pyfixest feols": Way(ways.loop_pyfixest, "pyfixest", _SOME),
    }, {"estimate": 1e-6}),
    "wild cluster bootstrap, 9,999 draws, 351 x 28": Job(made.cleveland, {
        US: Way(ways.ours("wild_cluster_bootstrap")),
        "wildboottest": Way(ways.wildboottest, "wildboottest"),
    }, {"estimate": 1e-6, "p": 0.15}),
    **{f"{name}, 10,000 x 12": Job(_ONE, {US: Way(ways.ours(name))}) for name in _WIDE},
    "multiple systems, 4 lists, 64 models": Job(made.lists, {
        US: Way(ways.our_systems),
        "curv-eval, with profile intervals": Way(ways.our_hidden),
        "loop over statsmodels GLM": Way(ways.loop_glm, "statsmodels"),
    }, {"estimate": 1e-6, "std_error": 1e-5}),
    "power, 1,000 placebo studies of Callaway and Sant'Anna, 351 x 28": Job(partial(made.cleveland, starts=3), {
        US: Way(ways.our_power),
        "loop over diff-diff": Way(ways.loop_diff_diff, "diff_diff", ways.POWER_DRAWS / ways.SOME),
    }, {"first": 1e-6, "smallest": 0.25}),
    "entropy balancing, 10,000 people, 8 covariates": Job(made.people, {
        US: Way(ways.our_balancing),
        "scipy's BFGS, without errors": Way(ways.bfgs),
    }, {"estimate": 1e-5}),
    "regression discontinuity, 1,297 elections": Job(made.senate, {
        US: Way(ways.our_threshold),
        "diff-diff": Way(ways.diff_diff_threshold, "diff_diff"),
    }, {"estimate": 1e-4, "std_error": 1e-3}),
    "Cox, 10,000 people, 9 columns": Job(made.people, {
        US: Way(ways.our_cox),
        "statsmodels PHReg": Way(ways.phreg, "statsmodels"),
    }, {"estimate": 1e-5, "std_error": 1e-4}),
}  # fmt: skip


# ---- one process per way


def child(job, way, size):
    """Time one way in this process and print its times, memory and answer as JSON."""
    from stages import _peak

    warnings.simplefilter("ignore")
    data, one = JOBS[job].data(size=size), JOBS[job].ways[way]
    signal.signal(signal.SIGPROF, _too_long)
    signal.setitimer(signal.ITIMER_PROF, LIMIT)
    seconds = []
    try:
        for _ in range(1 + WARM):
            started = time.process_time()
            if not seconds:
                work = one.run(data)
            answer = work()
            seconds.append(time.process_time() - started)
            signal.setitimer(signal.ITIMER_PROF, 0)
    except TimeoutError:
        return print(json.dumps({"unfinished": LIMIT}))
    answer = {name: float(value) for name, value in answer.items()}
    warm = median(seconds[1:]) * one.times
    cold = seconds[0] + (one.times - 1) * median(seconds[1:])
    return print(json.dumps({"cold": cold, "warm": warm, "mb": _peak(), "answer": answer}))


def _too_long(*_):
    raise TimeoutError


def measured(job, way, size):
    """Run a way once in a fresh process; return its numbers, or why there are none."""
    package = JOBS[job].ways[way].package
    if package and not util.find_spec(package):
        return {"missing": package}
    command = [sys.executable, __file__, "--child", job, "--way", way, "--size", str(size)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | QUIET)
    if done.returncode:
        sys.exit(f"{job}, {way}: {done.stderr.strip()[-800:]}")
    return json.loads(done.stdout.strip().split("\n")[-1])


def agreement(job, found, close):
    """Refuse to compare times of different answers; found: way to what was measured."""
    ours = found[US]["answer"]
    for way, one in found.items():
        for name, most in close.items():
            if name in ours and name in one.get("answer", {}):
                got, own = one["answer"][name], ours[name]
                if not math.isclose(got, own, rel_tol=most):
                    sys.exit(f"{job}: {way} has {name} {got!r}, curv-eval has {own!r}; the answers differ")


# ---- the page


def line(job, way, one, base):
    """One row of the table."""
    if "missing" in one:
        return f"| {job} | {way} | not installed | | | |"
    if "unfinished" in one:
        return f"| {job} | {way} | not finished in {one['unfinished']} s | | | |"
    ratio = f"{one['warm'] / base:.2g}" if one["warm"] < 10 * base else f"{one['warm'] / base:,.0f}"
    scaled = " (scaled up)" if JOBS[job].ways[way].times > 1 else ""
    return f"| {job} | {way}{scaled} | {one['cold']:.2f} | {one['warm']:.3f} | {one['mb']:,.0f} | {ratio} |"


def report(found):
    """The page in markdown, between its marks."""
    versions = [f"{name} {metadata.version(name)}" for name in ("numpy", *_peers(found))]
    lines = [
        f"{date.today():%-d %B %Y}, {os.cpu_count()} cores, one thread each, seconds of the processor. With "
        f"{', '.join(versions)}.", "",
        "| Job | Way | Cold, s | Warm, s | Peak memory, MB | Warm, times curv-eval |",
        "| :--- | :--- | ---: | ---: | ---: | ---: |",
    ]  # fmt: skip
    for job, each in found.items():
        lines += [line(job, way, one, each[US]["warm"]) for way, one in each.items()]
    missing = sorted({one["missing"] for each in found.values() for one in each.values() if "missing" in one})
    return "\n".join([*lines, "", f"Not installed: {', '.join(missing)}." if missing else "All peers were installed."])


def _peers(found):
    used = {JOBS[job].ways[way].package for job, each in found.items() for way in each if "cold" in each[way]}
    return sorted(name.replace("_", "-") for name in used if name)


def main(only, write, size):
    chosen = [job for job in JOBS if only.lower() in job.lower()]
    found = {}
    for job in chosen:
        found[job] = {way: measured(job, way, size) for way in JOBS[job].ways}
        agreement(job, found[job], JOBS[job].close)
        for way, one in found[job].items():
            print(line(job, way, one, found[job][US]["warm"]), flush=True)
    if write:
        text = PAGE.read_text("utf-8")
        head, rest = text.split("<!-- measured -->")
        PAGE.write_text(
            f"{head}<!-- measured -->\n\n{report(found)}\n<!-- end -->{rest.split('<!-- end -->')[1]}", "utf-8"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="put the table into bench/methods.md")
    parser.add_argument("--only", default="", help="only jobs whose names hold this word")
    parser.add_argument("--size", type=float, default=1.0, help="a share of the size, to try it out")
    for hidden in ("child", "way"):
        parser.add_argument(f"--{hidden}", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given.child, given.way, given.size)
    else:
        main(given.only, given.write, given.size)
