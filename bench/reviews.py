"""Evidence reviews of dependent effects beside what one would write in Python otherwise: same data, same answer, time.

    python bench/reviews.py            prints the table
    python bench/reviews.py --write    prints it and puts it into bench/reviews.md
    python bench/reviews.py --draws 99 fewer permutations, to try it out

No Python library that was found fits three levels with known sampling variances: statsmodels' MixedLM estimates the
variance of every error and cannot be told them. What stands beside it is therefore the code that one writes first: the
restricted likelihood with n x n matrices given to scipy.optimize, and a loop that fits each permutation by it. With
CURV_EVAL_DATA set the data are two published reviews, without it made-up ones of the same size, and the table says so.
Each way has one process of its own; the middle of three times counts, and answers must agree before one is printed.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import time
from datetime import date
from importlib import metadata
from pathlib import Path
from statistics import median

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "bench" / "reviews.md"
DRAWS, SOME, REPEATS, SEED = 9_999, 19, 3, 20261127
US, FIRST = "curv-eval", "as first written"


# ---- the data


def _table(name):
    import pandas as pd

    path = Path(os.environ.get("CURV_EVAL_DATA") or "nowhere") / "evidence-meta-analysis" / f"{name}.csv"
    return pd.read_csv(path) if path.is_file() else None


def dropout():
    """385 effects of 152 studies: y, v, study."""
    table = _table("clubSandwich.dropoutPrevention")
    if table is not None:
        names = {"y": "LOR1", "v": "varLOR", "study": "studyID"}
        return {name: table[column].to_numpy() for name, column in names.items()}
    draw = np.random.default_rng(SEED)
    study = np.r_[np.arange(152), draw.integers(0, 152, 233)]
    v = draw.uniform(0.01, 0.4, 385)
    y = 0.5 + draw.normal(0, 0.5, 152)[study] + draw.normal(0, 0.36, 385) + draw.normal(0, np.sqrt(v))
    return {"y": y, "v": v, "study": study}


def landenberger():
    """58 studies with 3 moderators: y, v, x."""
    effects, rest = _table("dat.landenberger2005_log_or_nonrecidivism"), _table("dat.landenberger2005")
    if effects is not None:
        values = {"design": "rct", "setting": "prison", "group": "adults"}
        x = np.column_stack([np.ones(58), *(rest[name] == value for name, value in values.items())])
        return {"y": effects["yi"].to_numpy(), "v": effects["vi"].to_numpy(), "x": x.astype(float)}
    draw = np.random.default_rng(SEED)
    x = np.column_stack([np.ones(58), draw.integers(0, 2, (58, 3))]).astype(float)
    v = draw.uniform(0.01, 0.3, 58)
    return {"y": 0.4 + draw.normal(0, 0.3, 58) + draw.normal(0, np.sqrt(v)), "v": v, "x": x}


# ---- curv-eval


def our_levels(data, _):
    from curv_eval.stats.meta_multilevel import multilevel

    found = multilevel(data["y"], data["v"], data["study"])
    return {"estimate": found.coefficients[0], "study": found.sigma2[0], "effect": found.sigma2[1]}


def our_robust(data, _):
    from curv_eval.stats.meta_multilevel import multilevel
    from curv_eval.stats.meta_robust import robust, working_model

    found = robust(working_model(multilevel(data["y"], data["v"], data["study"])))
    return {"estimate": found.coefficients[0], "std_error": found.std_error[0], "df": found.df[0]}


def our_permutations(data, draws):
    from curv_eval.stats.meta_permutation import permutation_test
    from curv_eval.stats.meta_regression import meta_regression

    test = permutation_test(data["y"], data["v"], data["x"], draws=(draws, np.random.default_rng(SEED)))
    seen = meta_regression(data["y"], data["v"], data["x"])
    return {"t": (seen.coefficients / seen.std_error)[1], "p": test.p_value[1]}


# ---- as one writes it first


def dense_fit(y, x, v, parts):
    """REML by scipy with n x n matrices; parts: the matrices that the variances multiply."""
    from scipy.optimize import minimize

    def weighted(logs):
        omega = np.diag(v) + sum(np.exp(one) * part for one, part in zip(logs, parts, strict=True))
        inverse = np.linalg.inv(omega)
        information = x.T @ inverse @ x
        b = np.linalg.solve(information, x.T @ inverse @ y)
        r = y - x @ b
        return omega, inverse, information, b, r @ inverse @ r

    def loss(logs):
        omega, _, information, _, square = weighted(logs)
        return 0.5 * (np.linalg.slogdet(omega)[1] + np.linalg.slogdet(information)[1] + square)

    found = minimize(loss, np.full(len(parts), -2.0), method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-11})
    _, inverse, information, b, square = weighted(found.x)
    return np.exp(found.x), inverse, information, b, square


def first_levels(data, _):
    y, study = data["y"], data["study"]
    parts = [(study[:, None] == study[None, :]).astype(float), np.eye(len(y))]
    sigma2, _, _, b, _ = dense_fit(y, np.ones((len(y), 1)), data["v"], parts)
    return {"estimate": b[0], "study": sigma2[0], "effect": sigma2[1]}


def first_robust(data, _):
    y, study, x = data["y"], data["study"], np.ones((len(data["y"]), 1))
    parts = [(study[:, None] == study[None, :]).astype(float), np.eye(len(y))]
    sigma2, inverse, information, b, _ = dense_fit(y, x, data["v"], parts)
    phi = np.diag(data["v"]) + sigma2[0] * parts[0] + sigma2[1] * parts[1]
    bread = np.linalg.inv(information)
    keep = np.eye(len(y)) - x @ bread @ x.T @ inverse
    left, forms = keep @ phi @ keep.T, []
    for name in np.unique(study):
        rows = np.flatnonzero(study == name)
        at = np.ix_(rows, rows)
        root = np.linalg.cholesky(phi[at]).T
        values, vectors = np.linalg.eigh(root @ left[at] @ root.T)
        score = np.zeros(len(y))
        score[rows] = root.T @ ((vectors * values**-0.5) @ vectors.T) @ root @ (inverse @ x @ bread)[rows, 0]
        forms.append(keep.T @ score)
    pairs = np.array(forms) @ phi @ np.array(forms).T
    error = np.sqrt(sum((form @ y) ** 2 for form in forms))
    return {"estimate": b[0], "std_error": error, "df": np.trace(pairs) ** 2 / (pairs**2).sum()}


def first_permutations(data, draws):
    y, v, x = data["y"], data["v"], data["x"]
    draw, count = np.random.default_rng(SEED), 1

    def statistic(x):
        _, _, information, b, square = dense_fit(y, x, v, [np.eye(len(y))])
        error = np.sqrt(np.diag(np.linalg.inv(information)) * square / (len(y) - x.shape[1]))
        return b[1] / error[1]

    seen = statistic(x)
    for _ in range(draws):
        count += abs(statistic(x[draw.permutation(len(y))])) >= abs(seen)
    return {"t": seen, "p": count / (draws + 1)}


JOBS = {
    "three levels, 385 effects of 152 studies": (
        dropout, {US: our_levels, FIRST: first_levels}, {"estimate": 1e-5, "study": 1e-4, "effect": 1e-4},
    ),
    "the same with CR2 errors": (
        dropout, {US: our_robust, FIRST: first_robust}, {"estimate": 1e-5, "std_error": 1e-4, "df": 1e-3},
    ),
    "10,000 permutations of 58 studies, 3 moderators": (
        landenberger, {US: our_permutations, FIRST: first_permutations}, {"t": 1e-3},
    ),
}  # fmt: skip


# ---- one process per way


def child(job, way, draws):
    """Time one way and print seconds of the processor and its answer as JSON; fewer permutations are scaled up."""
    data, ways, _ = JOBS[job]
    given = data()
    some = min(SOME, draws) if way == FIRST and "permutations" in job else draws
    run, seconds = ways[way], []
    run(given, min(some, 9))  # imports are no part of it
    for _ in range(REPEATS):
        start = time.process_time()
        answer = run(given, some)
        seconds.append(time.process_time() - start)
    scale = (draws + 1) / (some + 1)
    answer = {name: float(value) for name, value in answer.items()}
    print(json.dumps({"seconds": median(seconds) * scale, "scaled": scale > 1, "answer": answer}))


def measured(job, way, draws):
    """Run one way in a process of its own, on one thread."""
    command = [sys.executable, __file__, "--child", job, "--way", way, "--draws", str(draws)]
    quiet = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | quiet)
    if done.returncode:
        sys.exit(f"{job}, {way}: {done.stderr.strip()[-800:]}")
    return json.loads(done.stdout)


def agreement(job, found):
    """Refuse to compare times of different answers."""
    for name, most in JOBS[job][2].items():
        ours, theirs = (found[way]["answer"][name] for way in (US, FIRST))
        if not math.isclose(ours, theirs, rel_tol=most):
            sys.exit(f"{job}: {FIRST} has {name} {theirs!r}, curv-eval has {ours!r}; the answers differ")


def rows(job, found):
    """The lines of one job."""
    lines = []
    for way, one in found.items():
        ratio = one["seconds"] / found[US]["seconds"]
        name = f"{way} (scaled up)" if one["scaled"] else way
        lines.append(f"| {job} | {name} | {one['seconds']:,.3f} | {ratio:,.0f} |")
    return lines


def report(table):
    """The page in markdown, between its marks."""
    real = "two published reviews" if _table("dat.landenberger2005") is not None else "made-up effects of the same size"
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("numpy", "scipy"))
    head = [
        f"{date.today():%-d %B %Y}, {os.cpu_count()} cores, one thread, seconds of the processor, {real}. "
        f"With {versions}.", "", "| Job | Way | Seconds | Times curv-eval |", "| :--- | :--- | ---: | ---: |",
    ]  # fmt: skip
    return "\n".join([*head, *table])


def main(write, draws):
    table = []
    for job, (_, ways, _) in JOBS.items():
        found = {way: measured(job, way, draws) for way in ways}
        agreement(job, found)
        table += rows(job, found)
        print("\n".join(rows(job, found)), flush=True)
    if write:
        before, rest = PAGE.read_text("utf-8").split("<!-- measured -->")
        after = rest.split("<!-- end -->")[1]
        PAGE.write_text(f"{before}<!-- measured -->\n\n{report(table)}\n<!-- end -->{after}", "utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="put the table into bench/reviews.md")
    parser.add_argument("--draws", type=int, default=DRAWS, help="how many permutations")
    for hidden in ("child", "way"):
        parser.add_argument(f"--{hidden}", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child, options.way, options.draws)
    else:
        main(options.write, options.draws)
