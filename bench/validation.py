"""How long 1,000,000 rows take to validate and how much memory, with pandas by hand beside it.

    python bench/validation.py            prints the table
    python bench/validation.py --write    prints it and puts it into bench/validation.md

1,000,000 rows of 8 columns are made with the faults of a reference task planted in known rows: 2,291 breaches of 8
kinds in 2,289 rows. Every way runs in a fresh process, three times; the table holds the median time, from the start of
Python to its end, the processor time and the largest memory, Python and libraries included. A way whose breaches are
not exactly the planted ones is told so instead of timed.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "validation"))
ROWS, TIMES, TODAY = 1_000_000, 3, date(2026, 11, 23)
PATTERNS = {"person_key": "^[0-9a-f]{32}$", "lsoa": "^[EW]01[0-9]{6}$"}


# ---- the ways: each returns every breach as (row, column, rule), the first row of data being 1


def ours(path, folder):
    """curv-eval: every breach into a list."""
    return _ours(path, folder, listing=folder / "list.csv")


def ours_quarantine(path, folder):
    """curv-eval: the list, the web page, and the breaching rows set apart."""
    given = {"listing": folder / "list.csv", "page": folder / "page.html", "quarantine": folder / "q"}
    return _ours(path, folder, **given)


def _ours(path, folder, **outputs):
    from validation_support import listed, referrals

    from curv_eval.validation import Outputs, validate

    said = validate(path, referrals(format="table"), today=TODAY, outputs=Outputs(**outputs))
    if said.halves and said.halves.rows_kept + said.halves.rows_apart != ROWS:
        sys.exit("rows were lost")
    return [(row, *promise) for promise, rows in listed(folder / "list.csv").items() for row in rows]


def pandas_by_hand(path, folder):
    """What one would write without a workbench: masks over a frame, put together into a table of failures."""
    import pandas as pd

    data = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
    key, age, sessions = data["referral_id"], data["age"], data["sessions"]
    started, ended = (pd.to_datetime(data[name], errors="coerce") for name in ("referral_date", "end_date"))
    masks = {
        ("referral_id", "required"): key.isna(),
        ("referral_id", "duplicate"): key.notna() & key.duplicated(keep=False),
        ("age", "above range"): pd.to_numeric(age, errors="coerce") > 110,
        ("sex", "value not allowed"): data["sex"].notna() & ~data["sex"].isin(["female", "male", "other"]),
        ("end_date", "before referral_date"): ended < started,
        ("sessions", "below range"): pd.to_numeric(sessions, errors="coerce") < 0,
    }
    masks |= {(name, "pattern"): ~data[name].str.fullmatch(form, na=True) for name, form in PATTERNS.items()}
    # the same questions as the contract asks: blank dates, and values that are not of their type
    masks |= {(n, "type"): data[n].notna() & of.isna() for n, of in (("referral_date", started), ("end_date", ended))}
    masks |= {
        (n, "type"): data[n].notna() & pd.to_numeric(data[n], errors="coerce").isna() for n in ("age", "sessions")
    }
    masks["referral_date", "required"] = data["referral_date"].isna()
    found = [pd.DataFrame({"row": data.index[m] + 1, "column": c, "rule": r}) for (c, r), m in masks.items()]
    failures = pd.concat(found).sort_values("row", kind="stable")
    failures.to_csv(folder / "list.csv", index=False)
    return list(failures.itertuples(index=False, name=None))


WAYS = {
    "curv-eval, list": (ours, "csv"),
    "curv-eval, list, page and quarantine": (ours_quarantine, "csv"),
    "pandas by hand, list": (pandas_by_hand, "csv"),
    "curv-eval, list ": (ours, "parquet"),
    "curv-eval, list, page and quarantine ": (ours_quarantine, "parquet"),
    "pandas by hand, list ": (pandas_by_hand, "parquet"),
}


# ---- one process per measurement


def child(way, folder):
    """Run one way in this process, compare its breaches with the planted ones, and print what it took."""
    started, spent = time.perf_counter(), time.process_time()
    work, kind = WAYS[way]
    with tempfile.TemporaryDirectory(dir=folder) as own:
        found = work(folder / f"partner.{kind}", Path(own))
    # from the start of Python, which is imports and all
    seconds, cpu = time.perf_counter() - started, time.process_time() - spent
    truth = {tuple(one) for one in json.loads((folder / "truth.json").read_text("utf-8"))}
    right = len(found) == len(truth) and set(found) == truth
    print(json.dumps({"seconds": seconds, "cpu": cpu, "mb": _peak(), "right": right}))


def _peak():
    """The most memory this process held, in MB (Linux counts in KB, macOS in bytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def measured(way, folder):
    command = [sys.executable, __file__, "--child", way, "--folder", str(folder)]
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ)
    if done.returncode:
        return {"failed": (done.stderr.strip().split("\n") or ["no reason given"])[-1][:120]}
    return {**json.loads(done.stdout.strip().split("\n")[-1]), "whole": time.perf_counter() - started}


def prepared(folder):
    """Make the rows, plant the faults, and write them as CSV and Parquet, with the truth beside them."""
    import duckdb
    from validation_support import good_rows, plant, text_of

    rows = good_rows(ROWS)
    truth = plant(rows)
    (folder / "partner.csv").write_text(text_of(rows), "utf-8")
    (folder / "truth.json").write_text(json.dumps([(row, *p) for p, found in truth.items() for row in found]), "utf-8")
    typed = "* REPLACE (age::INT AS age, sessions::INT AS sessions, referral_date::DATE AS referral_date, "
    typed += "end_date::DATE AS end_date)"
    source = f"read_csv('{folder}/partner.csv', header = true, all_varchar = true)"
    duckdb.execute(f"COPY (SELECT {typed} FROM {source}) TO '{folder}/partner.parquet' (FORMAT parquet)").fetchall()


def main(write):
    with tempfile.TemporaryDirectory() as given:
        folder = Path(given)
        # in a process of its own: the memory of a child is counted from what its parent held
        subprocess.run([sys.executable, __file__, "--prepare", given], check=True)
        truth = json.loads((folder / "truth.json").read_text("utf-8"))
        found = {way: [] for way in WAYS}
        for _ in range(TIMES):
            for way in WAYS:
                found[way].append(measured(way, folder))
        text = report(found, folder, breaches=len(truth), broken=len({row for row, *_ in truth}))
    print(text)
    if write:
        (ROOT / "bench" / "validation.md").write_text(f"{text}\n", "utf-8")


def report(found, folder, *, broken, breaches):
    """The table in markdown."""
    sizes = ", ".join(f"{(folder / f'partner.{k}').stat().st_size / 1e6:,.0f} MB as {k}" for k in ("csv", "parquet"))
    lines = [
        "# How long validation takes", "",
        f"{date.today():%-d %B %Y}, {os.cpu_count()} cores: {ROWS:,} made-up rows of 8 columns ({sizes}) with "
        f"{breaches:,} planted breaches in {broken:,} rows. Median of {TIMES}, each in a fresh process, from the start "
        "of Python to its end; memory includes Python and the libraries. Exact: all planted breaches were found, each "
        "in its row, and nothing else.", "",
        "| Format | Way | Seconds | Processor seconds | Rows a second | Peak memory, MB | Exact |",
        "| :--- | :--- | ---: | ---: | ---: | ---: | :--- |",
        *(line(way, runs) for way, runs in found.items()),
    ]  # fmt: skip
    return "\n".join(lines)


def line(way, runs):
    kind = WAYS[way][1]
    failed = next((run["failed"] for run in runs if "failed" in run), None)
    if failed:
        return f"| {kind} | {way.strip()} | not measured: {failed} | | | | |"
    seconds, cpu = (statistics.median(run[name] for run in runs) for name in ("whole", "cpu"))
    right = "yes" if all(run["right"] for run in runs) else "**no**"
    mb = max(run["mb"] for run in runs)
    return f"| {kind} | {way.strip()} | {seconds:.2f} | {cpu:.2f} | {ROWS / seconds:,.0f} | {mb:,.0f} | {right} |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into bench/validation.md")
    for hidden in ("child", "folder", "prepare"):
        parser.add_argument(f"--{hidden}", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.prepare:
        prepared(Path(given.prepare))
    elif given.child:
        child(given.child, Path(given.folder))
    else:
        main(given.write)
