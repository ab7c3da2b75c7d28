"""Two-way fixed effects with one cohort: the 2x2 difference-in-differences on many units and periods."""

from __future__ import annotations

import numpy as np

from curv_eval.estimate import Estimate
from curv_eval.estimate.constant import Coefficient, from_coefficient
from curv_eval.panel import Panel
from curv_eval.panel.requirements import require, require_one_cohort
from curv_eval.stats.path_errors import robust
from curv_eval.stats.path_regression import least_squares, paths
from curv_eval.study import Design

TAKES = "panel"
OPTIONS: dict[str, tuple] = {}
NAMED = "two-way fixed effects"
TRENDS = "additive"
ASSUMES = (
    "Nothing else that matters for the outcome changed in {treated} alone when {intervention} began.",
    "{comparison} were not affected by {intervention}.",
)
ERRORS = "clusters"
STAGGERED = False
SE_RULE = "CR2, clustered, with Satterthwaite degrees of freedom"


def estimate(panel: Panel, *, outcome: str, design: Design) -> Estimate:
    """Return the constant effect d of Y_it = a_i + b_t + d D_it + e_it.

    On a balanced panel both effects come out in one step, and units of one cohort share their regressors (see
    curv_eval.stats.path_regression). The error is CR2 with Satterthwaite degrees of freedom (Pustejovsky & Tipton
    2018). Raises DesignError under staggered adoption, where d is not an average effect.
    """
    require(panel, outcome=outcome)
    start = require_one_cohort(panel, "difference_in_differences") - design.anticipation
    y = panel.outcomes[outcome]
    d = ((panel.cohort >= start)[:, None] & (panel.periods >= start)).astype(float)
    return from_coefficient(
        panel,
        outcome=outcome,
        design=design,
        method="difference_in_differences",
        coefficient=fit(y, d, panel.cluster),
    )


def fit(y: np.ndarray, d: np.ndarray, cluster: np.ndarray) -> Coefficient:
    """Return the coefficient of d (n, T) on y (n, T) given unit and period effects; cluster: (n,)."""
    model = least_squares(y, *paths(d))
    found = robust(model, cluster)
    return Coefficient(float(model.value[0]), found.scores[:, 0], TRENDS, SE_RULE, float(found.df[0]))
