"""Cases of pooled studies: stored ones, those of the public archive, and studies made at random."""

import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import strategies as st

from curv_eval.stats import meta_between

HERE = Path(__file__).parent
STORED = HERE.parent / "reference"
BCG = json.loads((STORED / "bcg_meta.json").read_text("utf-8"))
PUBLISHED = json.loads((STORED / "meta_published.json").read_text("utf-8"))["cases"]
FOLDER = "evidence-meta-analysis"


def bcg_counts():
    """The thirteen trials: treated events and people, control events and people."""
    held = {name: np.array(BCG["data"]["inline"][name], dtype=float) for name in ("tpos", "tneg", "cpos", "cneg")}
    treated, control = held["tpos"] + held["tneg"], held["cpos"] + held["cneg"]
    return np.column_stack([held["tpos"], treated, held["cpos"], control])


def bcg():
    """Their log risk ratios and variances."""
    a, n1, c, n2 = bcg_counts().T
    return np.log(a / n1) - np.log(c / n2), 1 / a - 1 / n1 + 1 / c - 1 / n2


def log_odds_ratios(counts):
    """Log odds ratios with variances, 1/2 added to tables with a zero, tables without any event left out."""
    counts = np.asarray(counts, dtype=float)
    counts = counts[counts[:, 0] + counts[:, 2] > 0]
    a, n1, c, n2 = counts.T
    some = 0.5 * ((a == 0) | (c == 0) | (a == n1) | (c == n2))
    a, b, c, d = a + some, n1 - a + some, c + some, n2 - c + some
    return np.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d


def archive():
    """Return the folder of the public archive, or skip."""
    beside = HERE.parents[1].parent / "shared" / "data" / "real"
    for place in (os.environ.get("CURV_EVAL_DATA"), beside):
        if place and (Path(place) / FOLDER).is_dir():
            return Path(place) / FOLDER
    pytest.skip(f"studies of the archive are not here: set CURV_EVAL_DATA to the folder that holds {FOLDER}")


def rows(name):
    with (archive() / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def archive_studies(name, y="yi", v="vi"):
    held = rows(name)
    return np.array([float(row[y]) for row in held]), np.array([float(row[v]) for row in held])


def archive_values(data, model):
    """Return what metafor gave for a data set and the model whose name begins so."""
    (row,) = [r for r in rows("reference_values_metafor.csv") if r["dataset"] == data and r["model"].startswith(model)]
    return {name: float(value) for name, value in row.items() if name not in ("dataset", "model", "note") and value}


def stopped_as_metafor(y, v, x, start):
    """REML's steps ended where metafor 3.8.1 ends them by default, at a step below 1e-5, and the error of tau2."""
    tau2 = meta_between._hedges(y, v, x)
    while True:
        _, q2, trace, trace2 = meta_between._sums(y, v, x, tau2)
        last, tau2 = tau2, max(0.0, tau2 + (q2 - trace) / trace2)
        if abs(tau2 - last) <= 1e-5:
            return tau2, float(np.sqrt(2 / trace2))


def half_a_last_digit(value):
    """Half of the last digit that a number is printed with, and a little for how floats are stored."""
    text = repr(value)
    places = len(text.split(".")[1]) if "." in text else 0
    return 0.5 * 10.0**-places * (1 + 1e-9)


def made(rng, k, tau2=0.1):
    """Return k studies of effect 0.3 whose true effects differ by tau2."""
    v = rng.uniform(0.01, 0.3, k)
    return rng.normal(0.3, np.sqrt(v + tau2)), v


@st.composite
def studies(draw, least=2, most=12):
    """Between `least` and `most` studies with effects of -5 to 5 and variances of 0.001 to 10."""
    k = draw(st.integers(least, most))
    y = draw(st.lists(st.floats(-5, 5), min_size=k, max_size=k))
    v = draw(st.lists(st.floats(0.001, 10), min_size=k, max_size=k))
    return np.array(y), np.array(v)


@st.composite
def tables(draw, least=2, most=8):
    """Between `least` and `most` tables of 2 to 60 people an arm."""
    k = draw(st.integers(least, most))
    held = []
    for _ in range(k):
        n1, n2 = draw(st.integers(2, 60)), draw(st.integers(2, 60))
        held.append([draw(st.integers(0, n1)), n1, draw(st.integers(0, n2)), n2])
    return np.array(held, dtype=float)
