"""Two-way fixed effects with one cohort: the 2x2 difference-in-differences on many units and periods."""

from __future__ import annotations

import numpy as np
import pandas as pd

from curv_eval.estimate import Estimate
from curv_eval.estimate.constant import Coefficient, from_coefficient
from curv_eval.panel import Panel
from curv_eval.panel.requirements import require, require_one_cohort
from curv_eval.stats.path_errors import robust
from curv_eval.stats.path_regression import least_squares, paths
from curv_eval.stats.two_way import within
from curv_eval.study import Design

TAKES = "panel"
OPTIONS: dict[str, tuple] = {}
NAMED = "two-way fixed effects (linearmodels)"
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

    The coefficient comes from linearmodels' PanelOLS; the error is CR2 with Satterthwaite degrees of freedom
    (Pustejovsky & Tipton 2018). Raises DesignError under staggered adoption, where d is not an average effect.
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
    value = _panel_ols(y, d)
    x, path = paths(d)
    found = robust(least_squares(y, x, path), cluster)
    return Coefficient(value, found.scores[:, 0], TRENDS, SE_RULE, float(found.df[0]))


def _panel_ols(y: np.ndarray, d: np.ndarray) -> float:
    from linearmodels.panel import PanelOLS

    # on a balanced panel both effects come out exactly in one step; PanelOLS's own way takes fifteen times as long
    index = pd.MultiIndex.from_product([range(y.shape[0]), range(y.shape[1])], names=["unit", "period"])
    frame = pd.DataFrame({"y": within(y).ravel(), "d": within(d).ravel()}, index=index)
    model = PanelOLS(frame["y"], frame[["d"]])
    return float(model.fit(cov_type="unadjusted").params["d"])
