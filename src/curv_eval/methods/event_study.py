"""Two-way fixed effects with leads and lags, for one cohort: the classical event study."""

from __future__ import annotations

import numpy as np
import pandas as pd

from curv_eval.estimate import Estimate
from curv_eval.estimate.cells import Clustered, cell_table, from_cells
from curv_eval.estimate.parameters import parameters
from curv_eval.panel import Panel
from curv_eval.panel.requirements import require, require_one_cohort
from curv_eval.stats.group_time import Rule, group_time
from curv_eval.stats.saturated import lift, two_group_df
from curv_eval.stats.sums import groups, sum_rows
from curv_eval.study import Design

TAKES = "panel"
OPTIONS: dict[str, tuple] = {}
NAMED = "two-way fixed effects with leads and lags (event study)"
TRENDS = "additive"
ASSUMES = (
    "Nothing else that matters for the outcome changed in {treated} alone when {intervention} began.",
    "{comparison} were not affected by {intervention}.",
)
ERRORS = "clusters"
STAGGERED = False
SE_RULE = "CR2, clustered, with Satterthwaite degrees of freedom, for each coefficient"


def estimate(panel: Panel, *, outcome: str, design: Design) -> Estimate:
    """Return the coefficients d_e of Y_it = a_i + b_t + sum over e of d_e G_i 1(t = start + e) + e_it.

    e runs over all event times but the base, which is -1, or the last period before anticipation. With one cohort and
    a balanced panel each d_e is the difference in mean changes since the base, and the regression's CR2 matrix does
    no more than stretch each cluster's residuals (curv_eval.stats.saturated), so that nothing need be inverted. The
    coefficients stand in `parameters`. Raises DesignError under staggered adoption, where leads and lags of one
    cohort contaminate those of another (Sun & Abraham 2021).
    """
    require(panel, outcome=outcome)
    require_one_cohort(panel, "event_study")
    rule = Rule("never_treated", "universal", "additive", design.anticipation)
    found = group_time(panel.outcomes[outcome], panel.cohort, panel.periods, rule=rule)
    clusters = groups(panel.cluster)
    each = lift(panel.treated.astype(int), clusters.code)
    influence, observed = (sum_rows(each[:, None] * x, clusters) for x in (found.influence, found.observed_influence))
    df = two_group_df(panel.treated, clusters.code)
    table = cell_table(found)
    cells = Clustered(
        table, influence, observed, each, SE_RULE, df=df,
        parameters=_coefficients(table, influence, alpha=design.alpha, df=df),
    )  # fmt: skip
    return from_cells(panel, outcome=outcome, design=design, method="event_study", cells=cells)


def _coefficients(table: pd.DataFrame, influence: np.ndarray, *, alpha: float, df: float) -> pd.DataFrame:
    terms = [f"event time {e:+.0f}" for e in table["event_time"]]
    return parameters(terms, table["estimate"], np.linalg.norm(influence, axis=0), alpha=alpha, df=df)
