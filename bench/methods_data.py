"""Made-up data for bench/methods.py, the same for every way: arrays from numpy alone, so that importing is timed later.

`size` makes everything smaller, for tests. Real data are those of tests/reference.
"""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np

SEED = 20261125
REFERENCE = Path(__file__).resolve().parents[1] / "tests" / "reference"


def panel(units, periods, *, cohorts, size=1.0):
    """Counts (n, T) that fall by a fifth from the start on; half of the units are never treated."""
    n = max(120, round(units * size))
    draw = np.random.default_rng(SEED)
    starts = np.linspace(periods // 3, 3 * periods // 4, cohorts).round()
    cohort = np.where(draw.random(n) < 0.5, np.nan, starts[draw.integers(0, cohorts, n)])
    on = cohort[:, None] <= np.arange(periods)
    season = 1 + 0.2 * np.sin(np.arange(periods) / 6 * np.pi)
    y = draw.poisson(draw.gamma(4, 1, n)[:, None] * season * np.where(on, 0.8, 1.0)).astype(float)
    return {"y": y, "cohort": cohort, "cluster": np.arange(n), "periods": np.arange(periods)}


def cleveland(*, starts=1, size=1.0):
    """351 areas in 80 wards by 28 months, 15 wards treated, about 3 incidents per area and month."""
    draw, size = np.random.default_rng(SEED), max(size, 0.5)
    n, wards = round(351 * size), round(80 * size)
    ward = np.sort(np.concatenate([np.arange(wards), draw.integers(0, wards, n - wards)]))
    treated = draw.permutation(wards)[: max(4, round(15 * size))]
    first = {w: (14.0, 17.0, 20.0)[i % starts] for i, w in enumerate(treated)}
    cohort = np.array([first.get(w, np.nan) for w in ward])
    season = 1 + 0.2 * np.sin(np.arange(28) / 6 * np.pi)
    on = cohort[:, None] <= np.arange(28)
    level = draw.gamma(2, 1.5, n) * draw.gamma(20, 1 / 20, wards)[ward]
    y = draw.poisson(level[:, None] * season * np.where(on, 0.93, 1.0)).astype(float)
    return {"y": y, "cohort": cohort, "cluster": ward, "periods": np.arange(28)}


def prop99(size=1.0):
    """Cigarettes sold per head in 39 states, 1970 to 2000; California from 1989 on."""
    with gzip.open(REFERENCE / "california_prop99.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    states, years = sorted({r["State"] for r in rows}), sorted({int(r["Year"]) for r in rows})
    y = np.empty((len(states), len(years)))
    for r in rows:
        y[states.index(r["State"]), int(r["Year"]) - years[0]] = float(r["PacksPerCapita"])
    cohort = np.where(np.array(states) == "California", 1989.0, np.nan)
    return {"y": y, "cohort": cohort, "cluster": np.arange(len(states)), "periods": np.array(years)}


def lists(size=1.0):
    """12,000 people of whom each of four lists saw some, two of the lists together more often than by chance."""
    draw = np.random.default_rng(SEED)
    n = round(12_000 * size)
    often = draw.random((n, 4)) < (0.12, 0.2, 0.08, 0.1)
    often[:, 1] |= often[:, 0] & (draw.random(n) < 0.3)
    return {"histories": often[often.any(axis=1)].astype(int)}


def people(size=1.0):
    """10,000 people with eight covariates, by which a fifth of them came to be treated; with times to an event."""
    draw = np.random.default_rng(SEED)
    n = round(10_000 * size)
    x = draw.normal(size=(n, 8))
    treated = draw.random(n) < 1 / (1 + np.exp(1.5 - 0.4 * x[:, 0] - 0.3 * x[:, 1]))
    y = x @ np.linspace(1, 0.1, 8) - 2.0 * treated + draw.normal(size=n)
    waited = draw.exponential(60 / np.exp(0.3 * x[:, 0] - 0.4 * treated))
    time = np.minimum(np.ceil(waited), 52.0)
    return {"x": x, "treated": treated, "y": y, "time": time, "event": (waited <= 52).astype(float)}


def senate(size=1.0):
    """Votes for the party that won or lost the seat before (Cattaneo, Frandsen & Titiunik 2015)."""
    with gzip.open(REFERENCE / "rdrobust_senate.csv.gz", "rt") as file:
        rows = [(float(r["margin"]), float(r["vote"])) for r in csv.DictReader(file) if r["margin"] and r["vote"]]
    both = np.array(sorted(rows))
    return {"running": both[:, 0], "y": both[:, 1]}
