"""An Estimate from effects in cells of cohort and period, with the influence of each cluster on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from curv_eval.estimate import Estimate, cohort_shares
from curv_eval.panel import Panel
from curv_eval.stats.group_time import GroupTime
from curv_eval.stats.sums import Groups, groups, sum_rows
from curv_eval.study import Design

# with 6 of 15 clusters treated, 95% intervals by a plain rule held the truth in 88 to 91 of 100 simulations
_REMEDY = "with so few, use `small_sample: cr2`, or `method: randomisation_inference`"


@dataclass(frozen=True)
class Clustered:
    """Cells and where their error comes from.

    table: CELL_COLUMNS. influence, observed: (clusters, cells). lift: (n,) what the small-sample rule multiplies each
    unit's influence by. welch: whether each number has degrees of freedom of its own, from the cohorts of the clusters
    behind it. fixed_shares: whether the average is over the very areas treated, whose shares are known and not
    estimated. df: of all numbers, where not `welch`.
    """

    table: pd.DataFrame
    influence: np.ndarray
    observed: np.ndarray
    lift: np.ndarray
    se_rule: str
    welch: bool = False
    fixed_shares: bool = False
    df: float = np.inf
    notes: tuple[str, ...] = ()
    parameters: pd.DataFrame | None = None


def from_cells(panel: Panel, *, outcome: str, design: Design, method: str, cells: Clustered) -> Estimate:
    """Return the Estimate of `cells` by `method`."""
    clusters = groups(panel.cluster)
    few = few_clusters(panel, clusters)
    remedy = [_REMEDY] if few and "CR2" not in cells.se_rule else []

    def sums(influence: np.ndarray) -> np.ndarray:
        return (0.0 if cells.fixed_shares else 1.0) * sum_rows(cells.lift[:, None] * influence, clusters)

    return Estimate(
        method=method, outcome=outcome,
        estimand="average effect on treated areas, every treated area-period counting once",
        comparison=design.comparison, alpha=design.alpha, cells=cells.table, influence=cells.influence,
        observed_influence=cells.observed, shares=cohort_shares(panel.cohort, sums), se_rule=cells.se_rule,
        df=cells.df, n_clusters=clusters.count, n_treated_clusters=len(np.unique(clusters.code[panel.treated])),
        notes=(*cells.notes, *few, *remedy), parameters=cells.parameters,
        groups=earliest_cohort(panel, clusters) if cells.welch else None,
    )  # fmt: skip


def cell_table(cells: GroupTime) -> pd.DataFrame:
    """Return group-time effects as CELL_COLUMNS."""
    return pd.DataFrame({
        "cohort": cells.cohort, "period": cells.period, "event_time": cells.period - cells.cohort,
        "estimate": cells.effect, "observed": cells.observed, "n_units": cells.n_treated,
        "n_comparison": cells.n_comparison, "events": np.rint(cells.observed * cells.n_treated).astype(int),
    })  # fmt: skip


def seen_cells(panel: Panel, outcome: str, *, of: np.ndarray, at: np.ndarray) -> tuple[pd.DataFrame, np.ndarray]:
    """Return what was observed in cells of cohort code `of` (m,) and period index `at` (m,), without an estimate.

    The table has CELL_COLUMNS, 0 for estimate and n_comparison; the influence of each unit on the observed means is
    (n, m).
    """
    starts = np.unique(panel.cohort[panel.treated])[of]
    members = cohort_codes(panel)[:, None] == of
    values, units = panel.outcomes[outcome][:, at], members.sum(axis=0)
    observed = np.where(members, values, 0.0).sum(axis=0) / units
    table = pd.DataFrame({
        "cohort": starts, "period": panel.periods[at], "event_time": panel.periods[at] - starts, "estimate": 0.0,
        "observed": observed, "n_units": units, "n_comparison": 0, "events": np.rint(observed * units).astype(int),
    })  # fmt: skip
    return table, np.where(members, values - observed, 0.0) / units


def cohort_codes(panel: Panel) -> np.ndarray:
    """Return the cohort of each unit as 0 to G - 1 in order of their starts, and G for units never treated: (n,)."""
    starts = np.unique(panel.cohort[panel.treated])
    return np.where(panel.treated, np.searchsorted(starts, np.where(panel.treated, panel.cohort, 0.0)), len(starts))


def earliest_cohort(panel: Panel, clusters: Groups) -> np.ndarray:
    """Return the earliest cohort in each cluster, 0 for a cluster never treated: (clusters,)."""
    first = np.full(clusters.count, np.inf)
    np.minimum.at(first, clusters.code, np.where(panel.treated, panel.cohort, np.inf))
    return np.where(np.isinf(first), 0, first)


def few_clusters(panel: Panel, clusters: Groups) -> list[str]:
    """Name the cohorts that rest on fewer than ten clusters."""
    few = []
    for g in np.unique(panel.cohort[panel.treated]):
        count = len(np.unique(clusters.code[panel.cohort == g]))
        if count < 10:
            few.append(f"{panel.spoken(g)} ({count} {'cluster' if count == 1 else 'clusters'})")
    if not few:
        return []
    return [f"cohorts with fewer than 10 treated clusters: {', '.join(few)}; their own intervals are too narrow"]
