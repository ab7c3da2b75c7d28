"""Poisson with unit and period effects: counts, one cohort, effects in per cent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate
from curv_eval.estimate.constant import Coefficient, from_coefficient
from curv_eval.estimate.options import chosen
from curv_eval.panel import Panel
from curv_eval.panel.requirements import require, require_one_cohort
from curv_eval.stats.conditional_poisson import conditional_poisson
from curv_eval.stats.path_errors import robust
from curv_eval.stats.path_regression import paths
from curv_eval.study import Design

TAKES = "panel"
OPTIONS = {"small_sample": ("cr2", "cr1")}
NAMED = "Poisson with area and month effects, by the conditional likelihood"
TRENDS = "proportional"
ASSUMES = (
    "Nothing else that matters for the outcome changed in {treated} alone when {intervention} began.",
    "{comparison} were not affected by {intervention}.",
)
ERRORS = "clusters"
STAGGERED = False
SE_RULE = {
    "cr2": "CR2 of the linearised model, clustered, with Satterthwaite degrees of freedom",
    "cr1": "CR1 with (n-1)/(n-k), clustered, t with clusters-1 degrees of freedom",
}


def estimate(panel: Panel, *, outcome: str, design: Design) -> Estimate:
    """Return the constant rate ratio exp(d) of E[Y_it] = exp(a_i + b_t + d D_it), by pseudo-maximum likelihood.

    Needs no Poisson variance (Wooldridge 1999); a population offset that does not change over time is absorbed by
    the unit effects. Areas without any event say nothing about a ratio and are left out, and counted in `notes`.
    Option `small_sample`: cr2, the bias-reduced sandwich of the weighted working regression at the solution (Bell &
    McCaffrey 2002; Pustejovsky & Tipton 2018), or cr1, the rule of R fixest 0.12, which is too narrow with few
    treated clusters. Raises DesignError under staggered adoption and separation.
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
        coefficient=fit(y, d, kept.cluster, small_sample=chosen(design.options, OPTIONS)["small_sample"]),
    )
    return _noted(found, int((~some).sum()))


def fit(y: np.ndarray, d: np.ndarray, cluster: np.ndarray, *, small_sample: str = "cr2") -> Coefficient:
    """Return the log rate ratio of d (n, T) on counts y (n, T) given unit and period effects; cluster: (n,)."""
    x, path = paths(d)
    model = conditional_poisson(y, x, path)
    found = robust(model, cluster, rule=small_sample)
    return Coefficient(float(model.value[0]), found.scores[:, 0], "log", SE_RULE[small_sample], float(found.df[0]))


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


def _noted(found: Estimate, left_out: int) -> Estimate:
    if not left_out:
        return found
    return replace(found, notes=(*found.notes, f"{left_out} areas without any event were left out"))
