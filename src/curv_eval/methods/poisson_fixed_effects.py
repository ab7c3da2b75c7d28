"""Poisson with unit and period effects: counts, one cohort, effects in per cent."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd

from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate
from curv_eval.estimate.constant import Coefficient, from_coefficient
from curv_eval.panel import Panel
from curv_eval.panel.requirements import require, require_one_cohort
from curv_eval.stats.cluster import cluster_sums
from curv_eval.stats.two_way import within_weighted
from curv_eval.study import Design

TAKES = "panel"
OPTIONS: dict[str, tuple] = {}
NAMED = "Poisson with area and month effects (pyfixest)"
TRENDS = "proportional"
ASSUMES = (
    "Nothing else that matters for the outcome changed in {treated} alone when {intervention} began.",
    "{comparison} were not affected by {intervention}.",
)
ERRORS = "clusters"
STAGGERED = False
SE_RULE = "CR1 with (n-1)/(n-k), clustered, t with clusters-1 degrees of freedom"


def estimate(panel: Panel, *, outcome: str, design: Design) -> Estimate:
    """Return the constant rate ratio exp(d) of E[Y_it] = exp(a_i + b_t + d D_it), by pseudo-maximum likelihood.

    Needs no Poisson variance (Wooldridge 1999); a population offset that does not change over time is absorbed by
    the unit effects. Areas without any event say nothing about a ratio and are left out, and counted in `notes`.
    The coefficient comes from pyfixest; k counts the coefficient and every period effect, since unit effects lie
    within clusters (the rule of R fixest 0.12). Raises DesignError under staggered adoption and separation.
    """
    require(panel, outcome=outcome)
    start = require_one_cohort(panel, "poisson_fixed_effects") - design.anticipation
    some = panel.outcomes[outcome].any(axis=1)
    kept = panel.take(some) if not some.all() else panel
    y = kept.outcomes[outcome]
    d = ((kept.cohort >= start)[:, None] & (kept.periods >= start)).astype(float)
    _refuse_separation(panel.outcomes[outcome], panel.treated, after=panel.periods >= start)
    found = from_coefficient(
        kept,
        outcome=outcome,
        design=design,
        method="poisson_fixed_effects",
        coefficient=fit(y, d, kept.cluster),
    )
    return _noted(found, int((~some).sum()))


def fit(y: np.ndarray, d: np.ndarray, cluster: np.ndarray) -> Coefficient:
    """Return the log rate ratio of d (n, T) on counts y (n, T) given unit and period effects; cluster: (n,)."""
    value = _pseudo_likelihood(y, d)
    mu = _means(y, d, value)
    left = within_weighted(d, mu)
    scores = (left * (y - mu)).sum(axis=1, keepdims=True) / (mu * left**2).sum()
    sums = cluster_sums(scores, cluster)[:, 0]
    clusters, rows, k = len(sums), y.size, y.shape[1] + 1
    adjusted = sums * np.sqrt(clusters / (clusters - 1) * (rows - 1) / (rows - k))
    return Coefficient(value, adjusted, "log", SE_RULE, clusters - 1.0)


def _refuse_separation(y: np.ndarray, treated: np.ndarray, *, after: np.ndarray) -> None:
    """Refuse counts (n, T) from which no ratio follows; treated: (n,), after: (T,)."""
    empty = [
        f"{name} areas: no events {when} the start; the rate ratio is 0, infinite or anything"
        for name, rows in (("treated", treated), ("comparison", ~treated))
        for when, columns in (("after", after), ("before", ~after))
        if not y[rows][:, columns].any()
    ]
    months = int((~y.any(axis=0)).sum())
    if empty or months:
        empty += [f"{months} periods have no event anywhere"] if months else []
        raise DesignError("the counts separate treated from comparison", empty, "use larger areas or longer periods")


def _pseudo_likelihood(y: np.ndarray, d: np.ndarray) -> float:
    import pyfixest

    unit, period = np.indices(y.shape)
    frame = pd.DataFrame({"y": y.ravel(), "d": d.ravel(), "unit": unit.ravel(), "period": period.ravel()})
    with warnings.catch_warnings():
        # pyfixest 0.60 still calls what pandas 3 deprecates; its own pin holds until the 0.70 line
        warnings.simplefilter("ignore", category=DeprecationWarning)
        warnings.simplefilter("ignore", category=FutureWarning)
        fitted = pyfixest.fepois("y ~ d | unit + period", frame, vcov="iid", iwls_tol=1e-12)
    return float(fitted.coef()["d"])


def _means(y: np.ndarray, d: np.ndarray, value: float) -> np.ndarray:
    """Return the means that reproduce every row and column sum of y, given the coefficient (iterated scaling)."""
    mu = np.exp(value * d)
    for _ in range(10_000):
        before = mu
        mu = mu * (y.sum(axis=1) / mu.sum(axis=1))[:, None]
        mu = mu * (y.sum(axis=0) / mu.sum(axis=0))
        if np.abs(mu - before).max() <= 1e-13 * mu.max():
            return mu
    raise DesignError("the Poisson model did not converge", do="use larger areas or longer periods")


def _noted(found: Estimate, left_out: int) -> Estimate:
    if not left_out:
        return found
    return replace(found, notes=(*found.notes, f"{left_out} areas without any event were left out"))
