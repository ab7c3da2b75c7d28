"""What the tests of dependent effects share: cases, real data, made-up effects, and plain n x n algebra."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

REFERENCE = Path(__file__).parents[1] / "reference"
BESIDE = Path(__file__).parents[3] / "shared" / "data" / "real"


def case(name):
    return json.loads((REFERENCE / f"{name}.json").read_text("utf-8"))


def effects(name):
    """A table of real effects, which are not in this repository because of their licence."""
    import pandas as pd

    for place in (os.environ.get("CURV_EVAL_DATA"), BESIDE):
        path = Path(place or "nowhere") / "evidence-meta-analysis" / f"{name}.csv"
        if path.is_file():
            return pd.read_csv(path)
    return pytest.skip("the tables of published effects are not here: set CURV_EVAL_DATA to test with them")


def schools():
    """Konstantopoulos (2011): effects, variances and districts."""
    given = case("konstantopoulos_multilevel_rve")["data"]["inline"]
    return tuple(np.array(given[name], float) for name in ("yi", "vi", "district"))


def bcg():
    """13 trials of a vaccine: log risk ratios, variances, and the case."""
    held = case("bcg_meta_regression")
    given = held["data"]["inline"]
    return np.array(given["yi"]), np.array(given["vi"]), held


def columns(*values):
    """A design of a constant and these columns."""
    return np.column_stack([np.ones(len(values[0])), *values]).astype(float)


def made_up(seed, *, studies=20, most=5, sigma2=(0.1, 0.05), slope=0.0):
    """Made-up effects: y, v, study, x with a constant and one moderator."""
    draw = np.random.default_rng(seed)
    study = np.repeat(np.arange(studies), draw.integers(1, most + 1, studies))
    n = len(study)
    x = columns(draw.normal(size=n))
    v = draw.uniform(0.01, 0.2, n)
    y = 0.3 + slope * x[:, 1] + draw.normal(0, np.sqrt(sigma2[0]), studies)[study]
    y = y + draw.normal(0, np.sqrt(sigma2[1]), n) + draw.normal(0, np.sqrt(v))
    return y, v, study, x


# ---- the same numbers by matrices of all effects at once


def whole(blocks, study):
    """The n x n covariance that blocks are the parts of."""
    study = np.asarray(study)
    out = np.zeros((len(study), len(study)))
    for name, block in zip(np.unique(study), blocks, strict=True):
        rows = np.flatnonzero(study == name)
        out[np.ix_(rows, rows)] = block
    return out


def omega(v, study, sigma2):
    study, v = np.asarray(study), np.asarray(v)
    base = np.diag(v) if v.ndim == 1 else v
    return base + sigma2[0] * (study[:, None] == study[None, :]) + sigma2[1] * np.eye(len(study))


def dense_likelihood(y, x, covariance):
    """The restricted log-likelihood by its textbook formula."""
    inverse = np.linalg.inv(covariance)
    information = x.T @ inverse @ x
    b = np.linalg.solve(information, x.T @ inverse @ y)
    r = y - x @ b
    logs = [np.linalg.slogdet(one)[1] for one in (covariance, information, x.T @ x)]
    n, p = x.shape
    return -0.5 * ((n - p) * np.log(2 * np.pi) + logs[0] + logs[1] - logs[2] + r @ inverse @ r)


def slope(function, at, step=1e-5):
    """The gradient of a function of a vector by central differences."""
    at = np.asarray(at, float)
    return np.array([(function(at + step * e) - function(at - step * e)) / (2 * step) for e in np.eye(len(at))])


def dense_cr2(y, x, study, *, phi, weight):
    """CR2 with n x n matrices: b, its covariance, and a function that gives Satterthwaite's df of a contrast."""
    study = np.asarray(study)
    bread = np.linalg.inv(x.T @ weight @ x)
    b = bread @ x.T @ weight @ y
    keep = np.eye(len(y)) - x @ bread @ x.T @ weight
    left = keep @ phi @ keep.T
    total, turned = np.zeros((x.shape[1], x.shape[1])), []
    for name in np.unique(study):
        rows = np.flatnonzero(study == name)
        square = np.ix_(rows, rows)
        root = np.linalg.cholesky(phi[square]).T
        values, vectors = np.linalg.eigh(root @ left[square] @ root.T)
        power = np.where(values > 1e-10 * values.max(), np.abs(values) ** -0.5, 0.0)
        adjust = root.T @ (vectors * power) @ vectors.T @ root
        score = np.zeros((len(y), x.shape[1]))
        score[rows] = adjust.T @ (weight @ x @ bread)[rows]
        # G'(I - H): what the study adds to b as a linear form of the effects
        turned.append(keep.T @ score)
        one = turned[-1].T @ y
        total += np.outer(one, one)

    def df(contrast):
        forms = np.array([one @ contrast for one in turned])
        pairs = forms @ phi @ forms.T
        return np.trace(pairs) ** 2 / (pairs**2).sum()

    return b, total, df
