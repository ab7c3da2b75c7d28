"""Sun & Abraham (2021): an event study whose cohorts do not contaminate each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate
from curv_eval.estimate.averages import average
from curv_eval.estimate.cells import Clustered, cell_table, cohort_codes, from_cells
from curv_eval.estimate.options import chosen
from curv_eval.estimate.parameters import parameters
from curv_eval.panel import Panel
from curv_eval.panel.requirements import require
from curv_eval.stats.few_clusters import satterthwaite
from curv_eval.stats.group_time import Rule, group_time
from curv_eval.stats.saturated import lift
from curv_eval.stats.sums import groups, sum_rows
from curv_eval.study import Design

TAKES = "panel"
OPTIONS = {"small_sample": ("cr2", "fixest"), "compared_with": ("never_treated", "last_cohort")}
NAMED = "Sun and Abraham (2021), interaction-weighted event study"
TRENDS = "additive"
ASSUMES = (
    "Nothing else that matters for the outcome changed in {treated} alone when {intervention} began.",
    "{comparison} were not affected by {intervention}.",
)
ERRORS = "clusters"
STAGGERED = True
SE_RULE = {
    "cr2": "CR2, clustered, with Satterthwaite degrees of freedom; cohort shares are estimated",
    "fixest": "CR1 with (n-1)/(n-k), clustered, t with clusters-1 degrees of freedom; cohort shares are known",
}


def estimate(panel: Panel, *, outcome: str, design: Design) -> Estimate:
    """Return the effect of every cohort at every event time, CATT(g, e), from the saturated regression

        Y_it = a_i + b_t + sum over g and e of CATT(g, e) 1(cohort_i = g) 1(t = g + e) + e_it,

    e over all event times but -1, or the last before anticipation. Averages weigh cohorts by their shares (Sun &
    Abraham 2021, J. Econometrics 225(2), equation 27). Option `compared_with`: never_treated, or the last cohort, whose
    treated periods are then left out (and which is used anyway where no area is never treated); not-yet-treated areas
    never compare. Option `small_sample`: cr2, or fixest, the rule of R fixest 0.12's sunab, which takes the shares as
    known and is too narrow with few treated clusters. `parameters` holds the averages by event time.
    """
    require(panel, outcome=outcome)
    given = chosen(design.options, OPTIONS)
    used, notes = _compared(panel, design, last=given["compared_with"] == "last_cohort")
    rule = Rule("never_treated", "universal", "additive", design.anticipation)
    found = group_time(used.outcomes[outcome], used.cohort, used.periods, rule=rule)
    clusters, known = groups(used.cluster), given["small_sample"] == "fixest"
    each = _fixest(used, len(found.effect)) if known else lift(cohort_codes(used), clusters.code)
    influence, observed = (sum_rows(each[:, None] * x, clusters) for x in (found.influence, found.observed_influence))
    cells = Clustered(
        cell_table(found), influence, observed, each, SE_RULE[given["small_sample"]], welch=not known,
        fixed_shares=known, df=clusters.count - 1.0 if known else np.inf, notes=notes,
    )  # fmt: skip
    fitted = from_cells(used, outcome=outcome, design=design, method="sun_abraham", cells=cells)
    return replace(fitted, comparison="never_treated" if not notes else "last_cohort", parameters=_by_event(fitted))


def _compared(panel: Panel, design: Design, *, last: bool) -> tuple[Panel, tuple[str, ...]]:
    """Return the panel in which the comparison is never treated, and what was left out to make it so."""
    if not (last or panel.treated.all()):
        return panel, ()
    final = np.nanmax(panel.cohort)
    if len(np.unique(panel.cohort[panel.treated])) < 2:
        raise DesignError("the last cohort cannot compare with itself", do="use `compared_with: never_treated`")
    used = panel.take(panel.treated, panel.periods < final - design.anticipation)
    used = used.with_cohort(np.where(used.cohort == final, np.nan, used.cohort))
    note = f"compared with areas that start in {panel.spoken(final)}; months from then on are left out"
    return used, (note,)


def _fixest(panel: Panel, effects: int) -> np.ndarray:
    """Return sqrt(G/(G-1) (N-1)/(N-k)) for every unit, k = effects and periods; unit effects lie within clusters."""
    n, t = panel.outcomes[next(iter(panel.outcomes))].shape
    clusters = len(np.unique(panel.cluster))
    return np.full(n, np.sqrt(clusters / (clusters - 1) * (n * t - 1) / (n * t - effects - t)))


def _by_event(found: Estimate) -> pd.DataFrame:
    """Return the interaction-weighted average of each event time, each with its own degrees of freedom."""
    time = found.cells["event_time"].to_numpy()
    averages = [average(found, time == e) for e in np.unique(time)]
    df = [found.df if found.groups is None else satterthwaite(one.influence, found.groups) for one in averages]
    return parameters(
        [f"event time {e:+.0f}" for e in np.unique(time)], [one.value for one in averages],
        [one.std_error for one in averages], alpha=found.alpha, df=np.array(df),
    )  # fmt: skip
