"""Many notebooks through curv-eval's kernels and through papermill as it comes: same notebooks, same outputs.

    python bench/engine.py               prints the table
    python bench/engine.py --write       prints it and puts it into bench/engine.md
    python bench/engine.py --notebooks 4 fewer, to try it out

Twenty notebooks of twelve cells, as a study's are: public data, four methods, checks, 2,000 draws and a chart.
Each way runs all of them in a fresh process and its numbers must be those of every other way. Time is of the clock,
from the first notebook handed over to the last one written, with everything that the way has to start. Memory is the
proportional set size of the whole family of processes, where the system tells it (shared pages counted once), at its
highest. The cells alone are the same sources run by exec in a process that has imported everything already.
"""

from __future__ import annotations

import argparse
import copy
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import date
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "bench" / "engine.md"
QUIET = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")} | {"MPLBACKEND": "agg"}
CELLS = (
    "import numpy as np\nimport pandas as pd\nimport matplotlib.pyplot as plt\nimport seaborn as sns",
    "from dataclasses import replace\nimport curv_eval as ce\nfrom curv_eval.report.steps import estimate_all",
    "lesson = replace(ce.example('castle'), seed=seed)\nlesson",
    "found = ce.compare(lesson, 'callaway_santanna', 'imputation', 'sun_abraham', 'poisson_staggered')\nce.show(found)",
    "estimates = estimate_all(lesson, lesson.data)\nestimates['homicides']",
    "checks = ce.run_checks(lesson, lesson.data, estimates=estimates)\n[(check.name, check.text) for check in checks]",
    "panel = lesson.data\ny = panel.outcomes['homicides']\nrng = np.random.default_rng(seed)",
    "draws = np.array([y[rng.integers(0, len(y), len(y))].mean(axis=0) for _ in range(2_000)])\n"
    "spread = draws.std(axis=0)",
    "table = ce.show(found).assign(seed=seed)\ntable.describe()",
    "long = pd.DataFrame(y, columns=panel.periods).melt(var_name='year', value_name='homicides')\nlong.head()",
    "figure, axis = plt.subplots()\nsns.lineplot(long, x='year', y='homicides', seed=seed, ax=axis)\n"
    "figure.savefig(out + '.svg')\nfigure",
    "with open(out + '.json', 'w') as file:\n"
    "    file.write(table.to_json(double_precision=12))\n    file.write(str(spread.sum()))",
)  # fmt: skip


def notebook():
    """Return the notebook, with a parameters cell in front."""
    from nbformat.v4 import new_code_cell, new_notebook

    first = new_code_cell("seed = 1\nout = 'x'", metadata={"tags": ["parameters"]})
    made = new_notebook(cells=[first, *map(new_code_cell, CELLS)])
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return made


# ---- the ways: each takes the notebook, how many, a folder, and returns nothing


def _papermill(number, folder):
    import papermill

    parameters = {"seed": number, "out": f"{folder}/{number}"}
    papermill.execute_notebook(
        f"{folder}/in.ipynb", f"{folder}/{number}.ipynb", parameters=parameters, progress_bar=False,
        log_output=False, kernel_name="python3",
    )  # fmt: skip


def papermill_serial(count, folder):
    """Give the notebooks to papermill one after the other."""
    for number in range(count):
        _papermill(number, folder)


def papermill_two(count, folder):
    """Give the notebooks to papermill in two processes, since it is not made for threads."""
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(_papermill, range(count), [folder] * count))


def _ours(count, folder, jobs):
    import nbformat

    from curv_eval.kernels import Setting, execute

    source = nbformat.read(f"{folder}/in.ipynb", as_version=4)

    def one(number):
        made = copy.deepcopy(source)
        # curv-eval's parameters are `params` and `folder` and no others: the seed is written into the notebook
        made.cells[0].source = f"seed = {number}\nout = {f'{folder}/{number}'!r}"
        setting = Setting(Path(folder), env=QUIET)
        done = execute(made, name=f"{number}", parameters={}, setting=setting, tell=lambda event: None)
        nbformat.write(done, f"{folder}/{number}.ipynb")

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(one, range(count)))


def ours_one(count, folder):
    """Give the notebooks to forked kernels one after the other."""
    _ours(count, folder, 1)


def ours_two(count, folder):
    """Give the notebooks to forked kernels, two at once."""
    _ours(count, folder, 2)


def cells_alone(count, folder):
    """Run the sources by exec in this process, which has imported everything before the clock starts."""
    for number in range(count):
        held = {"seed": number, "out": f"{folder}/{number}"}
        for source in CELLS:
            exec(source, held)
        held["plt"].close("all")


def cells_alone_two(count, folder):
    """Run the sources by exec in two forked processes, each half of them."""
    children = []
    for half in range(2):
        child = os.fork()
        if not child:
            for number in range(half, count, 2):
                held = {"seed": number, "out": f"{folder}/{number}"}
                for source in CELLS:
                    exec(source, held)
                held["plt"].close("all")
            os._exit(0)
        children.append(child)
    if any(os.waitpid(child, 0)[1] for child in children):
        sys.exit("the cells failed")


WAYS = {
    "the cells alone, one process": cells_alone,
    "the cells alone, two processes": cells_alone_two,
    "curv-eval, one job": ours_one,
    "curv-eval, two jobs": ours_two,
    "papermill, one process": papermill_serial,
    "papermill, two processes": papermill_two,
}
BASES = {"one": "the cells alone, one process", "two": "the cells alone, two processes"}


# ---- one process per way


def child(way, count):
    """Run one way in this process and print its time, its memory and what it found as JSON."""
    import nbformat

    if way.startswith("the cells"):
        with tempfile.TemporaryDirectory() as first:
            cells_alone(1, first)
    with tempfile.TemporaryDirectory() as folder:
        nbformat.write(notebook(), f"{folder}/in.ipynb")
        done, most = threading.Event(), [0]
        watching = threading.Thread(target=_watch, args=(done, most), daemon=True)
        watching.start()
        started = time.perf_counter()
        WAYS[way](count, folder)
        seconds = time.perf_counter() - started
        done.set()
        watching.join()
        found = [Path(folder, f"{number}.json").read_text("utf-8") for number in range(count)]
    print(json.dumps({"seconds": seconds, "mb": most[0] / 1e6, "found": found}))


def _watch(done, most):
    import psutil

    me = psutil.Process()
    while not done.wait(0.25):
        total = 0
        for one in [me, *me.children(recursive=True)]:
            try:
                held = one.memory_full_info()
                total += getattr(held, "pss", held.rss)
            except psutil.Error:
                continue
        most[0] = max(most[0], total)


def measured(way, count):
    """Run a way once in a fresh process and return its numbers."""
    command = [sys.executable, "-W", "ignore", __file__, "--child", way, "--notebooks", str(count)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | QUIET)
    if done.returncode:
        sys.exit(f"{way}: {done.stderr.strip()[-800:]}")
    return json.loads(done.stdout.strip().split("\n")[-1])


# ---- the page


def line(way, found, count):
    """One row of the table."""
    one, jobs = found[way], "two" if "two" in way else "one"
    alone, theirs = found[BASES[jobs]]["seconds"], found.get(f"papermill, {jobs} process{'es' * (jobs == 'two')}")
    against = f"{theirs['seconds'] / one['seconds']:.1f}" if theirs and way.startswith("curv-eval") else ""
    return (
        f"| {way} | {one['seconds']:.1f} | {one['seconds'] / count:.2f} | {one['seconds'] / alone:.2f} | {against} "
        f"| {one['mb']:,.0f} |"
    )


def report(found, count):
    """The page in markdown, between its marks."""
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("papermill", "nbclient", "ipykernel"))
    return "\n".join([
        f"{date.today():%-d %B %Y}, {os.cpu_count()} cores, {count} notebooks of {len(CELLS)} cells. "
        f"With {versions}.", "",
        "| Way | Seconds | Each | Times the cells alone | Papermill takes so many times as long | Peak memory, MB |",
        "| :--- | ---: | ---: | ---: | ---: | ---: |",
        *(line(way, found, count) for way in WAYS), "", "Every way found the same numbers.",
    ])  # fmt: skip


def main(write, count):
    found = {}
    for way in WAYS:
        found[way] = measured(way, count)
        print(f"{way}: {found[way]['seconds']:.1f} s", flush=True)
        if found[way]["found"] != found["the cells alone, one process"]["found"]:
            sys.exit(f"{way} found other numbers than the cells alone")
    text = report(found, count)
    print(text)
    if write:
        head, rest = PAGE.read_text("utf-8").split("<!-- measured -->")
        PAGE.write_text(f"{head}<!-- measured -->\n\n{text}\n<!-- end -->{rest.split('<!-- end -->')[1]}", "utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="put the table into bench/engine.md")
    parser.add_argument("--notebooks", type=int, default=20, help="how many")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given.child, given.notebooks)
    else:
        main(given.write, given.notebooks)
