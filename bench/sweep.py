"""A sweep of a thousand studies on made-up data: planned, run, one of them corrected, and planned again.

    python bench/sweep.py                  prints the table
    python bench/sweep.py --write          prints it and puts it into bench/engine.md
    python bench/sweep.py --studies 8      fewer, to try it out

The studies are those of the demo of people: one method and many seeds, with one check. Everything is run by the
command line, as an evaluator would, with two jobs; nothing is left out of a run but the brief.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from curv_eval.yamlfile import read_yaml

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "bench" / "engine.md"


def study(many):
    """Return the text of a study file with a sweep of `many` studies: the demo of people, by as many seeds."""
    raw = read_yaml(ROOT / "params" / "demo-people.yaml")
    raw = {key: held for key, held in raw.items() if key not in ("delivery", "linkage")}
    del raw["contracts"]["vcse_sessions"]
    raw["checks"] = ["balance"]
    raw["design"]["method"] = "ancova"
    sweep = {"grid": {"seed": list(range(1, many + 1))}}
    return json.dumps({**raw, "sweep": sweep}, indent=1)


def project(folder, many):
    """Make a project in `folder`; its data are made up by the first plan."""
    (folder / "params").mkdir(parents=True)
    (folder / "params" / "many.yaml").write_text(study(many), "utf-8")


def told(folder, *words):
    """Run one command and return its seconds and what it said; stop if it fails."""
    clean = {name: value for name, value in os.environ.items() if name != "CURV_EVAL_DATA"}
    command = [sys.executable, "-c", "from curv_eval.cli import main; main()", *words]
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=clean)
    if done.returncode:
        sys.exit(f"{' '.join(words)}: {done.stderr.strip()[-800:]}")
    return time.perf_counter() - started, done.stdout.strip().splitlines()[-1]


def measured(many, folder):
    """Return the rows of the table: what was done, how long it took, and what was said."""
    file = "params/many.yaml"
    project(folder, many)
    rows = [("plan, nothing run yet (makes up the data)", *told(folder, "plan", file))]
    rows.append((f"run, {many:,} studies, two jobs", *told(folder, "run", file, "--jobs", "2", "--keep-going")))
    rows.append(("plan again", *told(folder, "plan", file)))
    rows.append(("run again", *told(folder, "run", file, "--jobs", "2", "--keep-going")))
    one = next((folder / "outputs").glob("*/*/manifest.json"))
    shutil.rmtree(one.parent)
    rows.append(("one run's folder deleted: plan", *told(folder, "plan", file)))
    rows.append(("run what is missing", *told(folder, "run", file, "--jobs", "2", "--keep-going")))
    return rows


def report(rows, many):
    """The table in markdown."""
    lines = [f"| {what} | {seconds:,.1f} | {said} |" for what, seconds, said in rows]
    return "\n".join([
        f"{date.today():%-d %B %Y}, {os.cpu_count()} cores, a sweep of {many:,} studies.", "",
        "| What | Seconds | What the command said at its end |", "| :--- | ---: | :--- |", *lines,
    ])  # fmt: skip


def main(write, many):
    with tempfile.TemporaryDirectory() as folder:
        text = report(measured(many, Path(folder) / "many"), many)
    print(text)
    if write:
        head, rest = PAGE.read_text("utf-8").split("<!-- sweep -->")
        rest = rest.split("<!-- end sweep -->")[1]
        PAGE.write_text(f"{head}<!-- sweep -->\n\n{text}\n<!-- end sweep -->{rest}", "utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="put the table into bench/engine.md")
    parser.add_argument("--studies", type=int, default=1000, help="how many")
    given = parser.parse_args()
    main(given.write, given.studies)
