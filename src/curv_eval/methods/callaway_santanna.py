"""Callaway & Sant'Anna (2021): staggered starts, compared with areas never or not yet treated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate
from curv_eval.estimate.cells import Clustered, cell_table, earliest_cohort, from_cells
from curv_eval.estimate.options import chosen
from curv_eval.panel import Panel
from curv_eval.panel.requirements import require
from curv_eval.stats.doubly_robust import KINDS
from curv_eval.stats.few_clusters import inflation
from curv_eval.stats.group_time import Adjustment, GroupTime, Rule, group_time
from curv_eval.stats.sums import groups
from curv_eval.study import Design

TAKES = "panel"
OPTIONS = {
    "base": ("varying", "universal", "mean"),
    "trends": ("additive", "proportional"),
    "small_sample": ("none", "cr2"),
    "covariates": ("none", *KINDS),
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
    treated, from the base period on (Callaway & Sant'Anna 2021, J. Econometrics 225(2)).
    Options: `base` (varying, universal, mean) and `trends` (additive, proportional), see curv_eval.stats.group_time;
    `covariates` (none, regression, ipw, doubly_robust): trends are parallel given all covariates of the panel, see
    curv_eval.stats.doubly_robust; `small_sample` (none: as R did; cr2: for few treated clusters, see
    curv_eval.stats.few_clusters; with covariates an approximation, since it is that of a comparison of means).
    Intervals are too narrow where few clusters are treated: `notes` say so. Raises DesignError.
    """
    require(panel, outcome=outcome)
    given = chosen(design.options, OPTIONS)
    adjustment = _adjustment(panel, given)
    rule = Rule(design.comparison, given["base"], given["trends"], design.anticipation, adjustment)
    found = group_time(panel.outcomes[outcome], panel.cohort, panel.periods, rule=rule, cluster=panel.cluster)
    lift, reduced = np.ones(len(panel.units)), given["small_sample"] == "cr2"
    if reduced:
        clusters = groups(panel.cluster)
        each = inflation(earliest_cohort(panel, clusters))
        lift, found = each[clusters.code], _lifted(found, each[:, None])
    cells = Clustered(
        cell_table(found), found.influence, found.observed_influence, lift, SE_RULE[given["small_sample"]],
        welch=reduced, notes=_notes(panel, given),
    )  # fmt: skip
    return from_cells(panel, outcome=outcome, design=design, method="callaway_santanna", cells=cells)


def _lifted(found: GroupTime, each: np.ndarray) -> GroupTime:
    return replace(found, influence=each * found.influence, observed_influence=each * found.observed_influence)


def _adjustment(panel: Panel, given: dict) -> Adjustment | None:
    """Return the covariates that trends are parallel given, or refuse what covariates cannot do."""
    if given["covariates"] == "none":
        return None
    faults = []
    if not panel.covariates:
        faults.append("covariates: this panel has none; name them in the study, or use `covariates: none`")
    if given["trends"] != "additive":
        faults.append(
            "trends: covariates explain changes in counts, which add up over areas; a model of percentage changes "
            "given covariates would need a mean and a propensity that no reference pins. Use `trends: additive`"
        )
    if faults:
        raise DesignError("callaway_santanna cannot adjust for covariates here", faults)
    return Adjustment(given["covariates"], np.column_stack([*panel.covariates.values()]).astype(float))


def _notes(panel: Panel, given: dict) -> tuple[str, ...]:
    if given["covariates"] == "none":
        return ()
    return (f"trends are taken to be parallel given {', '.join(panel.covariates)}",)
