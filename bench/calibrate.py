"""How often intervals hold and how often a test finds what is not there, for every method, on made-up data.

    python bench/calibrate.py                     every method, 500 draws with an effect and 500 without
    python bench/calibrate.py --only imputation   some methods
    python bench/calibrate.py --write             puts the table into docs/calibration.md

Panels have Cleveland's shape: 351 areas in 83 wards and 28 months, counts with levels of their own, a season, shocks
that a ward's areas share in a month, and a month that resembles the one before. 15 wards are treated at random. People
are 800 in 80 groups, whose age and sex decide both who is treated and how they fare. Each draw has a seed of its own.
"""

from __future__ import annotations

import argparse
import functools
import os
import sys
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "calibration.md"
AREAS, WARDS, MONTHS, TREATED = 351, 83, 28, 15
EFFECT, POINTS = -0.2, -2.0
START, STARTS = 16, (16, 18, 20)


def panel(seed, effect, *, staggered, treated=TREATED):
    """Return a Panel of Cleveland's shape; `effect` is relative, from each ward's start on."""
    from curv_eval.panel import Panel

    draw = np.random.default_rng([seed, 7])
    ward = np.sort(draw.integers(0, WARDS, AREAS))
    chosen = draw.permutation(np.unique(ward))[:treated]
    starts = STARTS if staggered else (START,)
    start_of = {w: float(starts[i % len(starts)]) for i, w in enumerate(chosen)}
    cohort = np.array([start_of.get(w, np.nan) for w in ward])
    after = np.arange(MONTHS) >= cohort[:, None]
    mean = draw.gamma(2.0, 4.0, AREAS)[:, None] * _months(draw)[ward] * np.where(after, 1 + effect, 1.0)
    touch = np.abs(np.subtract.outer(np.arange(AREAS), np.arange(AREAS))) == 1
    return Panel(
        units=np.array([f"A{i:03d}" for i in range(AREAS)]), periods=24_000 + np.arange(MONTHS), cohort=cohort + 24_000,
        cluster=np.array([f"W{w:02d}" for w in ward]), outcomes={
            "y": draw.poisson(mean).astype(float),
            "other": draw.poisson(8.0 * _months(draw)[ward]).astype(float),
        }, neighbours=touch, district=np.array(["a", "b", "c", "d"])[ward % 4],
        population=np.full(AREAS, 1600.0), covariates={"deprivation": draw.normal(size=AREAS)},
    )  # fmt: skip


def _months(draw):
    """Return what each ward's months are multiplied by, (wards, months): season, trend, and shocks that linger."""
    t = np.arange(MONTHS)
    season = 1 + 0.15 * np.sin(2 * np.pi * t / 12) - 0.004 * t
    shock = draw.normal(scale=0.15, size=(WARDS, MONTHS))
    for i in range(1, MONTHS):
        shock[:, i] = 0.4 * shock[:, i - 1] + np.sqrt(1 - 0.16) * shock[:, i]
    return season * np.exp(shock - 0.15**2 / 2)


def series(seed, effect):
    """Return a Panel of one treated town and one other over 84 months, sums of counts that linger."""
    from curv_eval.panel import Panel

    draw = np.random.default_rng([seed, 8])
    t = np.arange(84)
    season = 1 + 0.15 * np.sin(2 * np.pi * t / 12) - 0.001 * t
    common = _lingering(draw, 84, 0.04)
    mean = np.stack([400 * season * np.exp(common + _lingering(draw, 84, 0.03)) for _ in range(2)])
    mean[0, 60:] *= 1 + effect
    return Panel(
        units=np.array(["town", "other"]), periods=24_000 + t, cohort=np.array([24_060.0, np.nan]),
        cluster=np.array(["town", "other"]), outcomes={"y": draw.poisson(mean).astype(float)},
    )  # fmt: skip


def _lingering(draw, n, scale):
    shock = draw.normal(scale=scale, size=n)
    for i in range(1, n):
        shock[i] = 0.3 * shock[i - 1] + np.sqrt(1 - 0.09) * shock[i]
    return shock


def people(seed, effect, *, kind):
    """Return People whose score changes by `effect` points where treated; kind: "chosen", "trial", "dose", "event"."""
    from curv_eval.people import People

    draw, n, groups = np.random.default_rng([seed, 9]), 800, 80
    cluster, age = np.repeat(np.arange(groups), n // groups), draw.normal(size=n)
    girl, running = (draw.random(n) < 0.4).astype(float), draw.normal(size=n) + 0.4 * age
    treated = running >= 0
    if kind == "trial":
        treated = (draw.permutation(groups) < groups // 2)[cluster]
    base = 15 + age + 0.8 * girl + draw.normal(scale=0.5, size=groups)[cluster]
    before, sessions = base + draw.normal(scale=2.0, size=n), np.where(treated, draw.integers(4, 13, n), 0)
    change = effect / 8.0 * sessions if kind == "dose" else np.where(treated, effect, 0.0)
    y, weeks = base + draw.normal(scale=2.0, size=n) + change, np.full(n, 52.0)
    if kind == "event":
        # a hazard of about a third a year, multiplied by exp(effect / 2)
        waited = draw.exponential(52 / (0.4 * np.exp(0.3 * age + change / 2)))
        y, weeks = (waited < 52).astype(float), np.minimum(waited, 52.0)
    return People(
        persons=np.arange(n), treated=treated, outcomes={"y": y}, before={"y": before}, cluster=cluster,
        covariates={"age": age, "girl": girl}, assigned=treated.copy(), dose=sessions.astype(float), running=running,
        time=weeks,
    )  # fmt: skip


@functools.cache
def true_risk(effect):
    """Return the change in the chance of an event within the year among those treated, from 400 draws."""
    found = []
    for seed in range(400):
        draw = people(seed, effect, kind="event")
        age, treated = draw.covariates["age"], draw.treated
        chance = [1 - np.exp(-0.4 * np.exp(0.3 * age[treated] + e / 2)) for e in (effect, 0.0)]
        found.append((chance[0] - chance[1]).mean())
    return float(np.mean(found))


# what each method is tried on: who makes the data, and which row of the result has which truth
PEOPLE = {
    "cluster_trial": "trial", "dose_response": "dose", "time_to_event": "event", "ancova": "trial",
    "waiting_list": "trial",
}  # fmt: skip
SERIES = ("interrupted_time_series", "structural_time_series")
FEW = ("synthetic_control", "augmented_synthetic_control", "synthetic_difference_in_differences")


def trials():
    """Yield name -> (method, options, maker, row, truth by effect) for every method on disk."""
    from curv_eval.methods import load, names

    for name in names("panel"):
        method = load(name)
        if name in SERIES:
            yield name, (name, {}, lambda s, e: series(s, e), "relative", {0.0: 0.0, EFFECT: EFFECT})
            continue
        treated = 3 if name in FEW else TREATED
        for options in _options(method):
            said = ", ".join(f"{k} {v}" for k, v in options.items())

            def make(s, e, staggered=method.STAGGERED, treated=treated):
                return panel(s, e, staggered=staggered, treated=treated)

            label = f"{name} ({said})" if said else name
            yield label, (name, options, make, "relative", {0.0: 0.0, EFFECT: EFFECT})
    for name in names("people"):
        kind = PEOPLE.get(name, "chosen")
        truth = {0.0: 0.0, POINTS: "risk" if kind == "event" else POINTS}
        yield name, (name, {}, lambda s, e, k=kind: people(s, e, kind=k), "average", truth)


def _options(method):
    """The kinds of trends a method has, with the small-sample rule where it has one."""
    rule = {"small_sample": "cr2"} if "cr2" in method.OPTIONS.get("small_sample", ()) else {}
    base = {"base": "mean"} if "mean" in method.OPTIONS.get("base", ()) else {}
    return [{**({"trends": t} if t else {}), **base, **rule} for t in method.OPTIONS.get("trends", (None,))]


def draws(task):
    """Return the rows (estimate, low, high, refused) of one method over some seeds."""
    label, effect, seeds = task
    from curv_eval.errors import CurvError
    from curv_eval.estimate.averages import overall
    from curv_eval.methods import fit
    from curv_eval.study import Design, Span

    name, options, make, row, _ = dict(trials())[label]
    design = Design(method=name, window=Span("2000-01", "2002-12"), options=options)
    found = []
    warnings.simplefilter("ignore")
    for seed in seeds:
        try:
            table = overall(fit(make(seed, effect), outcome="y", design=design)).set_index("term")
            found.append((*table.loc[row, ["estimate", "conf_low", "conf_high"]], 0))
        except CurvError:
            found.append((np.nan, np.nan, np.nan, 1))
    return np.array(found)


def line(label, rows, truth):
    """Return one line of the table: bias, coverage and size with their Monte Carlo errors."""
    (effect,) = [e for e in rows if e]
    truth = {e: true_risk(e) if t == "risk" else t for e, t in truth.items()}
    with_it, without = rows[effect], rows[0.0]
    refused = int(with_it[:, 3].sum() + without[:, 3].sum())
    kept, null = with_it[with_it[:, 3] == 0], without[without[:, 3] == 0]
    if len(kept) < 20 or len(null) < 20:
        return f"| `{label}` | | | | | {refused} |"
    covers = (kept[:, 1] <= truth[effect]) & (truth[effect] <= kept[:, 2])
    rejects = (null[:, 1] > 0) | (null[:, 2] < 0)
    bias, error = kept[:, 0].mean() - truth[effect], kept[:, 0].std(ddof=1) / np.sqrt(len(kept))
    power = ((kept[:, 1] > 0) | (kept[:, 2] < 0)).mean()
    return (
        f"| `{label}` | {bias:+.3f} ({error:.3f}) | {_share(covers)} | {_share(rejects)} | {100 * power:.0f}% "
        f"| {refused} |"
    )


def _share(held):
    share = held.mean()
    return f"{100 * share:.1f}% ({100 * np.sqrt(max(share * (1 - share), 1e-9) / len(held)):.1f})"


HEAD = (
    "| Method | Bias (error) | Intervals that held (error) | Found where nothing was (error) | Effect found "
    "| Refused |\n| :--- | :--- | :--- | :--- | :--- | ---: |"
)


def table(only, number):
    """Return the table's lines, and print each as it comes."""
    lines = []
    print(HEAD)
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        for label, (name, _, _, _, truth) in trials():
            if only and name not in only:
                continue
            started = time.monotonic()
            tasks = [(label, e, range(k, number, 8)) for e in truth for k in range(8)]
            parts = list(pool.map(draws, tasks))
            rows = {e: np.concatenate([p for t, p in zip(tasks, parts, strict=True) if t[1] == e]) for e in truth}
            lines.append(line(label, rows, truth))
            print(lines[-1], f"  {time.monotonic() - started:.0f} s", flush=True)
    return lines


def write(lines, number):
    """Put the lines into the page, in the place of those of the same method; others stay."""
    text = PAGE.read_text("utf-8")
    before, _, rest = text.partition("<!-- measured -->\n")
    held, _, after = rest.partition("<!-- end -->")
    rows = {row.split("|")[1].strip(): row for row in [*held.splitlines(), *lines] if row.startswith("| `")}
    said = f"{number} draws with an effect and as many without.\n\n" + "\n".join([HEAD, *map(rows.get, sorted(rows))])
    PAGE.write_text(f"{before}<!-- measured -->\n{said}\n<!-- end -->{after}", "utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    lines = table(given.only, given.draws)
    if given.write:
        write(lines, given.draws)
    return 0


if __name__ == "__main__":
    sys.exit(main())
