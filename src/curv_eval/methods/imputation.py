"""Borusyak, Jaravel & Spiess (2024): effects against what was imputed from areas not yet treated."""

from __future__ import annotations

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate
from curv_eval.estimate.cells import Clustered, cohort_codes, from_cells, seen_cells
from curv_eval.estimate.options import Number, chosen
from curv_eval.panel import Panel
from curv_eval.panel.requirements import require
from curv_eval.stats.imputation import imputed, leads
from curv_eval.stats.saturated import lift
from curv_eval.stats.sums import groups, sum_rows
from curv_eval.study import Design

TAKES = "panel"
OPTIONS = {"small_sample": ("cr2", "none"), "leads": Number(6, 0, 60)}
NAMED = "Borusyak, Jaravel and Spiess (2024), imputation"
TRENDS = "additive"
ASSUMES = (
    "Nothing else that matters for the outcome changed in {treated} alone when {intervention} began.",
    "{comparison} were not affected by {intervention}.",
    "{treated} and {comparison} moved in parallel in all months before the start, not just the last.",
)
ERRORS = "clusters"
STAGGERED = True
SE_RULE = {
    "cr2": "CR2 of the regression with a dummy for each treated cell, clustered, Satterthwaite degrees of freedom",
    "none": "conservative cluster-robust error of Borusyak, Jaravel and Spiess, normal quantile",
}


def estimate(panel: Panel, *, outcome: str, design: Design) -> Estimate:
    """Return the mean of Y_it - a_i - b_t for each cohort and period from its start on.

    a_i and b_t are fitted where nobody is treated yet (curv_eval.stats.imputation). Cells before the start are the
    gaps of the last `leads` periods against those before them, one number for all cohorts. The average is over the
    very areas treated, so their cohorts' shares are known. Option `small_sample`: cr2, the house rule, or none, the
    error of the paper, which is too narrow with few treated clusters. Raises DesignError where every area is treated
    at the same time, or only never-treated areas may compare.
    """
    require(panel, outcome=outcome)
    if design.comparison == "never_treated" and len(np.unique(panel.cohort[panel.treated])) > 1:
        raise DesignError(
            "imputation uses every area-period not yet treated, got `comparison: never_treated`",
            do="use `comparison: not_yet_treated`, or `method: callaway_santanna`",
        )
    given, clusters, cohort = chosen(design.options, OPTIONS), groups(panel.cluster), cohort_codes(panel)
    reduced = given["small_sample"] == "cr2"
    each = lift(cohort, clusters.code) if reduced else np.ones(len(cohort))
    starts = np.append(np.unique(panel.cohort[panel.treated]), np.nan)
    time = panel.periods - starts[:, None] + design.anticipation
    of, at, effect, influence = _cells(panel.outcomes[outcome], (cohort, time), clusters.code, given)
    table, seen = seen_cells(panel, outcome, of=of, at=at)
    untreated = np.bincount(cohort, minlength=len(starts)) @ ~(time >= 0)
    cells = Clustered(
        table.assign(estimate=effect, n_comparison=untreated[at].astype(int)), influence,
        sum_rows(each[:, None] * seen, clusters), each, SE_RULE[given["small_sample"]], welch=reduced,
        fixed_shares=True, notes=_left_out(panel, time),
    )  # fmt: skip
    return from_cells(panel, outcome=outcome, design=design, method="imputation", cells=cells)


def _cells(y: np.ndarray, when: tuple[np.ndarray, np.ndarray], cluster: np.ndarray, given: dict) -> tuple:
    """Return the cohort code, period index, effect and influence of every cell, those before the start first."""
    cohort, time = when
    after, before = ("cr2", "cr2") if given["small_sample"] == "cr2" else ("cr0", "cr1")
    found = imputed(y, cohort, time >= 0, cluster=cluster, rule=after)
    early = leads(y, cohort, np.where(time < -given["leads"], np.nan, time), cluster=cluster, rule=before)
    of, at = np.nonzero(np.isin(time, early.event_time))
    which = np.searchsorted(early.event_time, time[of, at])
    influence = np.column_stack([early.influence[:, which], found.influence])
    return np.r_[of, found.cohort], np.r_[at, found.time], np.r_[early.effect[which], found.effect], influence


def _left_out(panel: Panel, time: np.ndarray) -> tuple[str, ...]:
    """Say from when on there is no expectation because everybody is treated."""
    if not panel.treated.all() or not (everybody := (time[:-1] >= 0).all(axis=0)).any():
        return ()
    first = panel.periods[everybody.argmax()]
    return (f"from {panel.spoken(first)} on every area is treated, so there is nothing to expect and no effect",)
