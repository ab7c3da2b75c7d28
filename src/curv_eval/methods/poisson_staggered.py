"""Poisson with area and month effects under staggered starts: counts, effects in per cent, cell by cell."""

from __future__ import annotations

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate
from curv_eval.estimate.cells import Clustered, cohort_codes, from_cells, seen_cells
from curv_eval.estimate.options import chosen
from curv_eval.panel import Panel
from curv_eval.panel.requirements import require
from curv_eval.stats.poisson_imputation import Expected, expected_counts
from curv_eval.stats.saturated import lift
from curv_eval.stats.sums import groups, sum_rows
from curv_eval.study import Design

TAKES = "panel"
OPTIONS = {"small_sample": ("cr2", "none")}
NAMED = "Poisson with area and month effects and an effect for each cohort and month (Wooldridge 2023)"
TRENDS = "proportional"
ASSUMES = (
    "Nothing else that matters for the outcome changed in {treated} alone when {intervention} began.",
    "{comparison} were not affected by {intervention}.",
    "{treated} and {comparison} moved in parallel in all months before the start, not just the last.",
)
ERRORS = "clusters"
STAGGERED = True
SE_RULE = {
    "cr2": "cluster-robust, CR2 with a profile of its own for each cohort, Satterthwaite degrees of freedom",
    "none": "cluster-robust from the influence function, normal quantile",
}


def estimate(panel: Panel, *, outcome: str, design: Design) -> Estimate:
    """Return the observed less the expected count of every cohort in every period from its start on.

    Model: E[Y_it] = exp(a_i + b_t + d_gt), with an effect d_gt for each treated cell of cohort g and period t; the
    expectation exp(a_i + b_t) comes from area-periods not yet treated (curv_eval.stats.poisson_imputation). A
    population that does not change over time is absorbed by a_i. Option `small_sample`: cr2 for few treated clusters,
    or none. Raises DesignError where every area is treated at the same time, where no event stands behind a cohort or
    period, or only never-treated areas may compare.
    """
    require(panel, outcome=outcome)
    _refuse_never_alone(panel, design)
    y, cohort, clusters = panel.outcomes[outcome], cohort_codes(panel), groups(panel.cluster)
    begun = panel.periods >= np.append(np.unique(panel.cohort[panel.treated]), np.inf)[:, None] - design.anticipation
    found, rule = expected_counts(y, cohort, begun), chosen(design.options, OPTIONS)["small_sample"]
    each = lift(cohort, clusters.code, size=y.sum(axis=1)) if rule == "cr2" else np.ones(len(y))
    table, seen = seen_cells(panel, outcome, of=found.cohort, at=found.time)
    cells = Clustered(
        table.assign(estimate=table["observed"] - found.expected, n_comparison=found.n_untreated.astype(int)),
        sum_rows(each[:, None] * (seen - found.influence), clusters), sum_rows(each[:, None] * seen, clusters),
        each, SE_RULE[rule], welch=rule == "cr2", notes=_left_out(panel, begun, found),
    )  # fmt: skip
    return from_cells(panel, outcome=outcome, design=design, method="poisson_staggered", cells=cells)


def _refuse_never_alone(panel: Panel, design: Design) -> None:
    if design.comparison == "never_treated" and len(np.unique(panel.cohort[panel.treated])) > 1:
        raise DesignError(
            "poisson_staggered uses every area-period not yet treated, got `comparison: never_treated`",
            do="use `comparison: not_yet_treated`, or `method: callaway_santanna` with `trends: proportional`",
        )


def _left_out(panel: Panel, begun: np.ndarray, found: Expected) -> tuple[str, ...]:
    """Say from when on there is no expectation because everybody is treated."""
    missing = begun.any(axis=0) & ~np.isin(np.arange(begun.shape[1]), found.time)
    if not missing.any():
        return ()
    first = panel.periods[missing.argmax()]
    return (f"from {panel.spoken(first)} on every area is treated, so there is nothing to expect and no effect",)
