"""How long each stage of a study takes and how much memory, and the same counting by pandas beside it.

    make bench                          prints the table
    python bench/stages.py --write      prints it and puts it into bench/README.md

Every stage runs in a fresh process, three times; the table holds the median time and the largest memory. The real
police archive is used when CURV_EVAL_DATA names it, made-up data otherwise, and the table says which.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TIMES = 3
QUIET = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "agg", "PYTHONHASHSEED": "0"}


# ---- the stages: each does its setup, then returns what to time; what that returns is the rows it went through


def read_archive(params, data, run):
    """Street files into a table of text: unpacked, hashed, known to be UTF-8, every row kept."""
    con, contract, path = _street(params, data)
    return lambda: _read(con, contract, path)


def check_contract(params, data, run):
    """Every rule of the contract on every row of the street table, after it was read."""
    from curv_eval.breach import find_breaches

    con, contract, path = _street(params, data)
    rows = _read(con, contract, path)

    def work():
        assert find_breaches(con, f"raw_{contract.name}", contract, today=date.today()) == []
        return rows

    return work


def load_every_dataset(params, data, run):
    """Read, check and type all datasets of the study."""
    from curv_eval import load_data, load_study

    study = load_study(params)
    return lambda: sum(d.rows for d in load_data(study, data).datasets.values())


def assemble_panel(params, data, run):
    """Checked tables into counts per united area and month."""
    from curv_eval import assemble, load_data, load_study

    study = load_study(params)
    held = load_data(study, data)

    def work():
        assemble(study, held)
        return held.datasets[study.primary.contract].rows

    return work


def power_200_draws(params, data, run):
    """200 placebo draws."""
    from curv_eval import load_study, placebo_power, read_panel

    study, panel = load_study(params), read_panel(run)
    return lambda: _nothing(placebo_power(panel, study, draws=200))


def estimate(params, data, run):
    """Every outcome by the study's method."""
    from curv_eval import estimate_all, load_study, read_panel

    study, panel = load_study(params), read_panel(run)
    return lambda: _nothing(estimate_all(study, panel))


def checks(params, data, run):
    """Every check the study names."""
    from curv_eval import estimate_all, load_study, read_panel, run_checks

    study, panel = load_study(params), read_panel(run)
    estimates = estimate_all(study, panel)
    return lambda: _nothing(run_checks(study, panel, estimates=estimates))


def figures(params, data, run):
    """Both figures of the effect: released, drawn, written as SVG, PNG, CSV and alt text."""
    from curv_eval import load_study, read_panel, release_paths, write_figures

    study, panel = load_study(params), read_panel(run)
    return lambda: _nothing(write_figures(study, release_paths(study, panel), panel=panel, folder=run))


def render_brief(params, data, run):
    """HTML, PDF and Word from the bundle."""
    from curv_eval.publish import publish_brief

    return lambda: _nothing(publish_brief(run))


def whole_run(params, data, run):
    """`curv-eval run` without the brief: three notebooks in kernels of their own, with hashes and manifest."""
    from curv_eval.run.study_run import run_study

    return lambda: _nothing(run_study(params, data=data, again=True, progress=lambda *_: None))


STAGES = {
    "read archive": read_archive, "check contract": check_contract, "load every dataset": load_every_dataset,
    "assemble panel": assemble_panel, "power, 200 draws": power_200_draws, "estimate": estimate, "checks": checks,
    "figures": figures, "render brief": render_brief, "whole run": whole_run,
}  # fmt: skip


# ---- the same question to both: how many rows in each area and month?


def count_here(params, data, run):
    """Read the archive and count rows per area and month."""
    con, contract, path = _street(params, data)

    def work():
        rows = _read(con, contract, path)
        found = con.execute(f"""
            SELECT lsoa_code, month, count(*) FROM raw_{contract.name}
            WHERE nullif(lsoa_code, '') IS NOT NULL GROUP BY 1, 2""").fetchall()
        return rows, found

    return work


def count_pandas(params, data, run):
    """What one would write without a workbench: read_csv of every file, concat, groupby."""
    return _pandas(params, data, None)


def count_pandas_narrow(params, data, run):
    """The same, reading only the columns that are counted."""
    return _pandas(params, data, ["LSOA code", "Month"])


COUNTS = {"curv-eval": count_here, "pandas, every column": count_pandas, "pandas, two columns": count_pandas_narrow}


def _pandas(params, data, columns):
    import pandas as pd

    files = sorted(_archive(params, data).glob("[12]*/*-street.csv*"))

    def work():
        table = pd.concat([pd.read_csv(file, usecols=columns) for file in files], ignore_index=True)
        counts = table.groupby(["LSOA code", "Month"]).size()
        return len(table), [(area, month, int(n)) for (area, month), n in counts.items()]

    return work


def _street(params, data):
    import duckdb

    from curv_eval import load_study
    from curv_eval.data import study_contract

    contract = study_contract(load_study(params), "police_uk_street")
    return duckdb.connect(config={"preserve_insertion_order": True}), contract, _archive(params, data)


def _archive(params, data):
    from curv_eval import load_study

    return Path(data) / load_study(params).contracts["police_uk_street"].location


def _read(con, contract, path):
    from curv_eval.sources import police_uk

    return sum(file.rows for file in police_uk.read(con, path, contract))


def _nothing(_):
    return None


# ---- one process per measurement


def child(stage, params, data, run):
    """Time one stage in this process and print what was found as JSON."""
    work = {**STAGES, **COUNTS}[stage](params, data, run)
    started = time.perf_counter()
    done = work()
    seconds = time.perf_counter() - started
    rows, counts = done if isinstance(done, tuple) else (done, None)
    digest = counts and hashlib.sha256(json.dumps(sorted(counts)).encode()).hexdigest()
    print(json.dumps({"seconds": seconds, "rows": rows, "mb": _peak(), "counts": digest}))


def _peak():
    """The most memory this process and what it started held, in MB (Linux counts in KB, macOS in bytes)."""
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / unit


def measured(stage, params, data, run):
    """Run a stage once in a fresh process; return its numbers, or the reason why it has none."""
    command = [sys.executable, __file__, "--child", stage, "--params", params, "--data", data, "--run", run]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, env=os.environ | QUIET)
    if done.returncode:
        return {"failed": (done.stderr.strip().split("\n") or ["no reason given"])[-1][:120]}
    return json.loads(done.stdout.strip().split("\n")[-1])


def middle(found):
    """Median time and largest memory of several measurements."""
    seconds = statistics.median(f["seconds"] for f in found)
    return {**found[0], "seconds": seconds, "mb": max(f["mb"] for f in found)}


def real_data():
    """The folder of real public data, or None."""
    for place in (os.environ.get("CURV_EVAL_DATA"), ROOT.parent / "shared" / "data" / "real"):
        if place and (Path(place) / "police-uk-cleveland").is_dir():
            return Path(place).resolve()
    return None


def prepared(work):
    """Copy the study into a folder of its own, run it once, and return what the stages need."""
    from curv_eval import load_study
    from curv_eval.data import data_folder
    from curv_eval.run.study_run import run_study

    real = real_data()
    name = "cleveland-asb-hotspots" if real else "demo"
    params = work / "params" / f"{name}.yaml"
    params.parent.mkdir()
    shutil.copyfile(ROOT / "params" / params.name, params)
    run = run_study(params, data=real, progress=lambda *_: None)
    return params, real or data_folder(load_study(params)), run


def main(write):
    with tempfile.TemporaryDirectory() as folder:
        context = subprocess.run(
            [sys.executable, __file__, "--prepare", folder], capture_output=True, text=True, env=os.environ | QUIET
        )
        if context.returncode:
            sys.exit(context.stderr)
        where = json.loads(context.stdout.strip().split("\n")[-1])
        stages = {name: repeat([name], where)[name] for name in STAGES}
        counts = repeat(list(COUNTS), where)
        text = report(stages, counts)
    print(text)
    if write and "not measured" in text:
        sys.exit("bench/README.md stays as it was: a stage was not measured")
    if write:
        page = ROOT / "bench" / "README.md"
        held = page.read_text("utf-8")
        page.write_text(
            re.sub(r"(?s)(?<=<!-- measured -->\n).*(?=<!-- end -->)", lambda _: f"\n{text}\n", held), "utf-8"
        )


def repeat(names, where):
    """Measure the stages in turn, several times round, so that a busy moment hits all of them."""
    found = {name: [] for name in names}
    for _ in range(TIMES):
        for name in names:
            found[name].append(measured(name, **where))
    return {name: next((f for f in runs if "failed" in f), None) or middle(runs) for name, runs in found.items()}


def report(stages, counts):
    """The two tables in markdown."""
    kind = "real archive of Cleveland Police" if real_data() else "MADE-UP data (no real archive at hand)"
    rows = next((s["rows"] for s in stages.values() if s.get("rows")), 0)
    lines = [
        f"{date.today():%-d %B %Y}, {os.cpu_count()} cores, {kind}, {rows:,} street rows. Median of {TIMES}, "
        "each in a fresh process; memory includes Python and the libraries.", "",
        "| Stage | Seconds | Rows a second | Peak memory, MB |", "| :--- | ---: | ---: | ---: |",
        *(line(name, found) for name, found in stages.items()), "",
        "Read the archive and count rows per area and month:", "",
        "| Way | Seconds | Rows a second | Peak memory, MB | Against pandas, every column |",
        "| :--- | ---: | ---: | ---: | ---: |",
        *(f"{line(name, found)} {against(found, counts)} |" for name, found in counts.items()), "", agreement(counts),
    ]  # fmt: skip
    return "\n".join(lines)


def line(name, found):
    if "failed" in found:
        return f"| {name} | not measured: {found['failed']} | | |"
    speed = f"{found['rows'] / found['seconds']:,.0f}" if found["rows"] else ""
    return f"| {name} | {found['seconds']:.2f} | {speed} | {found['mb']:,.0f} |"


def against(found, counts):
    base = counts["pandas, every column"]
    return "" if "failed" in found or "failed" in base else f"{found['seconds'] / base['seconds']:.2f}"


def agreement(counts):
    """Refuse to print times of different answers."""
    answers = {found.get("counts") for found in counts.values()}
    if len(answers) != 1 or answers == {None}:
        sys.exit(f"the counts differ: {counts}")
    return "All three found the same counts."


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into bench/README.md")
    for hidden in ("child", "prepare", "params", "data", "run"):
        parser.add_argument(f"--{hidden}", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.prepare:
        params, data, run = prepared(Path(given.prepare))
        print(json.dumps({"params": str(params), "data": str(data), "run": str(run)}))
    elif given.child:
        child(given.child, Path(given.params), Path(given.data), Path(given.run))
    else:
        main(given.write)
