"""Callaway & Sant'Anna (2021): staggered starts, compared with areas never or not yet treated."""

from __future__ import annotations

import numpy as np
import pandas as pd

from curv_eval.estimate import Estimate, cohort_shares
from curv_eval.panel import Panel
from curv_eval.panel.requirements import require
from curv_eval.stats.cluster import cluster_sums
from curv_eval.stats.few_clusters import inflation
from curv_eval.stats.group_time import GroupTime, Rule, group_time
from curv_eval.study import Design

TAKES = "panel"
OPTIONS = {
    "base": ("varying", "universal", "mean"),
    "trends": ("additive", "proportional"),
    "small_sample": ("none", "cr2"),
}
NAMED = "Callaway and Sant'Anna (2021), group-time average effects"
TRENDS = "option"
ASSUMES = (
    "Nothing else that matters for the outcome changed in {treated} alone when {intervention} began.",
    "{comparison} were not affected by {intervention}.",
)
ERRORS = "clusters"
STAGGERED = True
SE_RULE = {
    "none": "cluster-robust from the influence function, normal quantile",
    "cr2": "cluster-robust from the influence function, CR2 per cohort, Satterthwaite degrees of freedom",
}


def estimate(panel: Panel, *, outcome: str, design: Design) -> Estimate:
    """Return ATT(g, t) for every cohort g and period t.

    ATT(g, t) = E[Y_t(g) - Y_t(never) | G = g], identified by parallel trends with areas never treated, or not yet
    treated, from the base period on (Callaway & Sant'Anna 2021, J. Econometrics 225(2), without covariates).
    Options: `base` (varying, universal, mean) and `trends` (additive, proportional), see curv_eval.stats.group_time;
    `small_sample` (none: as R did; cr2: for few treated clusters, see curv_eval.stats.few_clusters).
    Intervals are too narrow where few clusters are treated: `notes` say so. Raises DesignError.
    """
    require(panel, outcome=outcome)
    given = {key: design.options.get(key, values[0]) for key, values in OPTIONS.items()}
    rule = Rule(design.comparison, given["base"], given["trends"], design.anticipation)
    cells = group_time(panel.outcomes[outcome], panel.cohort, panel.periods, rule=rule)

    group = _groups(panel)
    scale = inflation(group)[:, None] if given["small_sample"] == "cr2" else 1.0

    def sums(influence: np.ndarray) -> np.ndarray:
        return scale * cluster_sums(influence, panel.cluster)

    return Estimate(
        method="callaway_santanna", outcome=outcome,
        estimand="average effect on treated areas, every treated area-period counting once",
        comparison=design.comparison, alpha=design.alpha,
        cells=_table(cells, panel), influence=sums(cells.influence), observed_influence=sums(cells.observed_influence),
        shares=cohort_shares(panel.cohort, sums), se_rule=SE_RULE[given["small_sample"]],
        n_clusters=len(np.unique(panel.cluster)), n_treated_clusters=len(np.unique(panel.cluster[panel.treated])),
        notes=tuple(_notes(panel)), groups=group if given["small_sample"] == "cr2" else None,
    )  # fmt: skip


def _groups(panel: Panel) -> np.ndarray:
    """Return the earliest cohort in each cluster, 0 for a cluster never treated: (clusters,)."""
    cohort = np.where(panel.treated, panel.cohort, np.inf)
    first = np.array([cohort[panel.cluster == name].min() for name in np.unique(panel.cluster)])
    return np.where(np.isinf(first), 0, first)


def _table(cells: GroupTime, panel: Panel) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "cohort": cells.cohort, "period": cells.period, "event_time": cells.period - cells.cohort,
            "estimate": cells.effect, "observed": cells.observed,
            "n_units": cells.n_treated, "n_comparison": cells.n_comparison,
            "events": np.rint(cells.observed * cells.n_treated).astype(int),
        }
    )  # fmt: skip


def _notes(panel: Panel) -> list[str]:
    """Name the cohorts that rest on few clusters."""
    few = []
    for g in np.unique(panel.cohort[panel.treated]):
        clusters = len(np.unique(panel.cluster[panel.cohort == g]))
        if clusters < 10:
            few.append(f"{panel.spoken(g)} ({clusters} {'cluster' if clusters == 1 else 'clusters'})")
    if not few:
        return []
    return [f"cohorts with fewer than 10 treated clusters: {', '.join(few)}; their own intervals are too narrow"]
