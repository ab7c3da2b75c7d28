"""Butts (2023): the direct effect net of spillover, and the spillover on each ring of neighbours."""

from __future__ import annotations

import numpy as np
import pandas as pd

from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate, cohort_shares
from curv_eval.estimate.buffer import require_neighbours, ring_names, rows
from curv_eval.estimate.options import Number, chosen
from curv_eval.panel import Panel
from curv_eval.panel.requirements import require
from curv_eval.stats.cluster import cluster_sums
from curv_eval.stats.contiguity import first_reached, order_of_contiguity
from curv_eval.stats.spillover import Reached, Spillover, averaged
from curv_eval.study import Design

TAKES = "panel"
OPTIONS = {"rings": Number(1, 1, 3)}
NAMED = "difference-in-differences with exposure of neighbours (Butts 2023)"
TRENDS = "additive"
ASSUMES = (
    "Nothing else that matters for the outcome changed in {treated} or next to them alone when {intervention} began.",
    "{comparison} outside the rings around {treated} were not affected by {intervention}.",
)
ERRORS = "clusters"
STAGGERED = True
SE_RULE = "CR2, clustered, with Satterthwaite degrees of freedom"


def estimate(panel: Panel, *, outcome: str, design: Design) -> Estimate:
    """Return the direct effect in every treated cohort and period, and the spillover on each ring in `parameters`.

        Y_it = a_i + b_t + tau_gt D_it + sum_k delta_k (1 - D_it) S_kit + e_it,

    with S_kit = 1 where the nearest area treated by t is k borders away (Butts 2023, arXiv 2105.03737, rings by order
    of contiguity). Each area is measured from its own mean before anything reached it, and compared with areas never
    treated and outside all rings, so that starts may be staggered. `rings`: how many orders of contiguity may be
    affected. `total effect` adds up treated areas and rings, in incidents. Raises DesignError.
    """
    require(panel, outcome=outcome)
    rings = chosen(design.options, OPTIONS)["rings"]
    near = require_neighbours(panel, "spillover_exposure")
    clean = first_reached(near, panel.cohort, most=rings) - design.anticipation
    reached = Reached(panel.outcomes[outcome], panel.periods, clean, panel.cluster)
    _refuse_without_comparison(reached)
    cells = [(g, t) for g in np.unique(panel.cohort[panel.treated]) for t in range(len(panel.periods))]
    cells = [(g, t) for g, t in cells if panel.periods[t] >= g]
    found = [averaged(reached, _one(panel, g, t)) for g, t in cells]
    direct = averaged(reached, panel.cohort[:, None] <= panel.periods)
    table, notes = _parameters(reached, (direct, *_spilled(panel, reached, near, rings)), design.alpha)
    groups, df = _groups(panel, reached)
    return Estimate(
        method="spillover_exposure", outcome=outcome, estimand="direct effect on treated areas, net of spillover",
        comparison="areas never treated and outside all rings", alpha=design.alpha,
        cells=_table(panel, outcome, cells, found, int(reached.far.sum())),
        influence=np.column_stack([one.scores for one in found]), observed_influence=_observed(panel, outcome, cells),
        shares=cohort_shares(panel.cohort, lambda psi: cluster_sums(psi, panel.cluster)), se_rule=SE_RULE, df=df,
        n_clusters=len(np.unique(panel.cluster)), n_treated_clusters=len(np.unique(panel.cluster[panel.treated])),
        groups=groups, notes=(*notes, *_few(panel)), parameters=table,
    )  # fmt: skip


def _refuse_without_comparison(reached: Reached) -> None:
    clusters = len(np.unique(reached.cluster[reached.far]))
    if clusters < 2:
        raise DesignError(
            f"comparison areas: got {int(reached.far.sum())} outside the rings, in {clusters} clusters, expected at "
            "least 2 clusters",
            do="use fewer `rings`, or a larger place",
        )


def _one(panel: Panel, g: float, t: int) -> np.ndarray:
    return (panel.cohort == g)[:, None] & (np.arange(len(panel.periods)) == t)


def _spilled(panel: Panel, reached: Reached, near: np.ndarray, rings: int) -> tuple[dict[int, tuple], np.ndarray]:
    """Return ring -> its unit-periods, (n, T) bool, for rings that hold any, and how many unit-periods are treated."""
    order = np.empty(reached.y.shape, dtype=int)
    starts = np.unique(panel.cohort[panel.treated])
    order[:] = rings + 1
    for g in starts:
        nearest = order_of_contiguity(near, panel.cohort <= g, most=rings)
        order[:, panel.periods >= g] = nearest[:, None]
    held = {k: order == k for k in range(1, rings + 1)}
    return {k: members for k, members in held.items() if members.any()}, order == 0


def _parameters(reached: Reached, parts: tuple, alpha: float) -> tuple[pd.DataFrame, list[str]]:
    direct, held, treated = parts
    found: dict[str, Spillover] = {"direct effect": direct}
    total, scores, notes = direct.value * treated.sum(), direct.scores * treated.sum(), []
    for name, members in zip(ring_names(held), held.values(), strict=True):
        if len(np.unique(reached.cluster[members.any(axis=1)])) < 2:
            notes.append(
                f"no spillover is given for {name}: they lie within one cluster, and the total leaves them out"
            )
            continue
        one = found[f"spillover on {name}"] = averaged(reached, members)
        total, scores = total + one.value * members.sum(), scores + one.scores * members.sum()
    if not held:
        notes.append("no untreated area is within the rings, so there is no spillover to measure")
    found["total effect"] = Spillover(total, scores, min(one.df for one in found.values()))
    values, errors = [one.value for one in found.values()], [np.linalg.norm(one.scores) for one in found.values()]
    return rows(list(found), values, errors, alpha=alpha, df=[one.df for one in found.values()]), notes


def _groups(panel: Panel, reached: Reached) -> tuple[np.ndarray | None, float]:
    """Return the cohort of each cluster for rows' own degrees of freedom, or those of the smallest cohort for all."""
    cohorts = np.unique(panel.cohort[panel.treated])
    df = min(averaged(reached, _one(panel, g, len(panel.periods) - 1)).df for g in cohorts)
    first = np.where(panel.treated, panel.cohort, np.inf)
    group = np.array([first[panel.cluster == name].min() for name in np.unique(panel.cluster)])
    group = np.where(np.isinf(group), 0, group)
    enough = np.unique(group, return_counts=True)[1].min() >= 2
    return (group if enough and len(cohorts) > 1 else None), df


def _table(panel: Panel, outcome: str, cells: list, found: list[Spillover], far: int) -> pd.DataFrame:
    y = panel.outcomes[outcome]
    seen = [y[panel.cohort == g, t] for g, t in cells]
    period = np.array([panel.periods[t] for _, t in cells])
    cohort = np.array([g for g, _ in cells])
    return pd.DataFrame({
        "cohort": cohort, "period": period, "event_time": period - cohort, "estimate": [one.value for one in found],
        "observed": [one.mean() for one in seen], "n_units": [len(one) for one in seen], "n_comparison": far,
        "events": [int(np.rint(one.sum())) for one in seen],
    })  # fmt: skip


def _observed(panel: Panel, outcome: str, cells: list) -> np.ndarray:
    y = panel.outcomes[outcome]
    rest = [
        np.where(panel.cohort == g, y[:, t] - y[panel.cohort == g, t].mean(), 0.0) / (panel.cohort == g).sum()
        for g, t in cells
    ]
    return cluster_sums(np.column_stack(rest), panel.cluster)


def _few(panel: Panel) -> list[str]:
    few = len(np.unique(panel.cluster[panel.treated]))
    if few >= 10:
        return []
    return [
        f"only {few} treated clusters: intervals may be too narrow; read `weighted_displacement` with a permutation"
    ]
