"""Randomisation inference: a difference-in-differences, tested by giving the starts to other clusters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate, Tested, cohort_shares
from curv_eval.estimate.options import Number, chosen
from curv_eval.panel import Panel
from curv_eval.panel.requirements import require
from curv_eval.stats.cluster import cluster_sums
from curv_eval.stats.group_time import GroupTime, Rule, group_time
from curv_eval.stats.randomisation import Assignments, assignments
from curv_eval.stats.randomised_did import Plan, cell_contrasts, contrasts, effects, sums
from curv_eval.stats.randomised_interval import Data, Result, randomised
from curv_eval.study import Design

TAKES = "panel"
OPTIONS = {
    "trends": ("additive", "proportional"),
    "base": ("mean", "universal"),
    "within": ("everywhere", "district"),
    "statistic": ("difference", "studentised"),
    "draws": Number(9999, 99, 99_999),
    "seed": Number(20261125, 0, 2**32 - 1),
}
NAMED = "difference-in-differences with randomisation inference"
TRENDS = "option"
ASSUMES = (
    "{intervention} could as well have gone to any other of the clusters: the test has no other basis.",
    "Nothing else that matters for the outcome changed in {treated} alone when {intervention} began.",
    "{comparison} were not affected by {intervention}.",
)
ERRORS = "test"
STAGGERED = True
SPREAD = 999  # assignments from which the covariance of the cells is worked out


def estimate(panel: Panel, *, outcome: str, design: Design) -> Estimate:
    """Return group-time effects whose average is tested by giving the clusters' starts to other clusters.

    Effects are those of curv_eval.stats.group_time; the statistic is their average or, with proportional trends, the
    log of observed to expected. The cohorts are given to clusters in every way there is where there are at most 20,000
    ways, else `draws` times (Fisher 1935; Young 2019); `within: district` keeps each district's number. The interval
    holds the constant effects (counts or rate ratios) that the test does not reject. Options besides: `base`, and
    `statistic` (studentised: divided by its cluster-robust error, additive trends only; it also holds, with many
    clusters, for an average of unequal effects, Wu & Ding 2021). Raises DesignError.
    """
    require(panel, outcome=outcome, clustered=False)
    given = chosen(design.options, OPTIONS)
    _, first, code = np.unique(panel.cluster, return_index=True, return_inverse=True)
    starts = np.unique(panel.cohort[panel.treated])
    label = np.where(panel.treated, np.searchsorted(starts, panel.cohort) + 1, 0)
    label = label.astype(np.min_scalar_type(len(starts)))  # one byte: there may be a thousand million of them
    _refuse(panel, label, code, first=first, given=given)
    rule = Rule(design.comparison, given["base"], given["trends"], design.anticipation)
    cells = group_time(panel.outcomes[outcome], panel.cohort, panel.periods, rule=rule)
    plan = Plan(panel.periods, starts, bool((label == 0).any()), rule)
    stratum = panel.district[first] if given["within"] == "district" else None
    held = assignments(label[first], stratum=stratum, draws=given["draws"], seed=given["seed"])
    data = _data(panel, outcome, label[first], plan=plan)
    found = randomised(data, held, studentised=given["statistic"] == "studentised", alpha=design.alpha)
    root = _root(panel, outcome, cells, plan=plan, labels=held.labels[:SPREAD])
    tested = _tested(found, cells, held, given=given)

    def nothing(psi: np.ndarray) -> np.ndarray:
        return np.zeros((len(root), psi.shape[1]))

    return Estimate(
        method="randomisation_inference", outcome=outcome,
        estimand="average effect on treated areas, every treated area-period counting once",
        comparison=design.comparison, alpha=design.alpha, cells=_table(cells), influence=root,
        observed_influence=np.zeros_like(root), shares=cohort_shares(panel.cohort, nothing),
        se_rule=f"spread over {len(held.labels[:SPREAD]):,} assignments of clusters, the estimated effect taken off",
        n_clusters=len(first), n_treated_clusters=int((label[first] > 0).sum()),
        notes=_notes(tested, held, alpha=design.alpha), tested=tested,
    )  # fmt: skip


def _refuse(panel: Panel, label: np.ndarray, code: np.ndarray, *, first: np.ndarray, given: Mapping[str, Any]) -> None:
    faults, do = [], "cluster by the area to which the intervention was given"
    mixed = len(np.unique(code[label != label[first][code]]))
    if mixed:
        faults.append(f"{mixed} clusters hold areas that start at different times or never, so none of them was drawn")
    if given["within"] == "district":
        if panel.district is None:
            raise DesignError(
                "within: the panel does not say which district each area lies in", do="leave `within` out"
            )
        if (panel.district != panel.district[first][code]).any():
            faults.append("some clusters lie in more than one district, so starts cannot be drawn within districts")
    if given["statistic"] == "studentised" and given["trends"] == "proportional":
        raise DesignError("the studentised statistic needs additive trends", do="use `statistic: difference`")
    if given["statistic"] == "studentised" and (np.unique(label[first], return_counts=True)[1] < 2).any():
        faults.append("a cohort has one cluster, from which no error can be worked out")
        do = "use `statistic: difference`"
    if faults:
        raise DesignError("the treatment of these clusters cannot be drawn anew", faults, do)


def _data(panel: Panel, outcome: str, label: np.ndarray, *, plan: Plan) -> Data:
    y, units = panel.outcomes[outcome], _units(panel)
    on = (panel.cohort[:, None] <= panel.periods).astype(float)
    part = on if plan.rule.trends == "additive" else on * y
    return Data(
        contrasts(cluster_sums(y, panel.cluster), units, plan=plan),
        contrasts(cluster_sums(part, panel.cluster), units, plan=plan), label, plan.rule.trends,
    )  # fmt: skip


def _units(panel: Panel) -> np.ndarray:
    return np.unique(panel.cluster, return_counts=True)[1].astype(float)


def _root(panel: Panel, outcome: str, cells: GroupTime, *, plan: Plan, labels: np.ndarray) -> np.ndarray:
    """Return a root (k, cells) of the covariance of the cells over assignments, the estimated effects taken off."""
    y, expected = panel.outcomes[outcome], panel.outcomes[outcome].astype(float).copy()
    for g, t, effect, seen in zip(cells.cohort, cells.period, cells.effect, cells.observed, strict=True):
        if t >= g:
            rows, column = panel.cohort == g, np.flatnonzero(panel.periods == t)[0]
            ratio = max(1 - effect / seen, 0.0) if seen > 0 else 1.0
            additive = plan.rule.trends == "additive"
            expected[rows, column] = y[rows, column] - effect if additive else y[rows, column] * ratio
    held = cell_contrasts(cluster_sums(expected, panel.cluster), _units(panel), plan=plan)
    drawn = effects(sums(held, labels), trends=plan.rule.trends)
    drawn = drawn[np.isfinite(drawn).all(axis=1)]
    if len(drawn) < 2:
        raise DesignError(
            "proportional trends need events before the start under other assignments too; there are none",
            do="use `trends: additive`, a longer window or larger areas",
        )
    return np.linalg.qr((drawn - drawn.mean(axis=0)) / np.sqrt(len(drawn)), mode="r")


def _tested(found: Result, cells: GroupTime, held: Assignments, *, given: Mapping[str, Any]) -> Tested:
    low, high = found.conf_low, found.conf_high
    if given["trends"] == "proportional":
        after = cells.period >= cells.cohort
        seen = float(np.average(cells.observed[after], weights=cells.n_treated[after]))
        with np.errstate(over="ignore"):
            low, high = (-seen * float(np.expm1(-b)) for b in (low, high))
    kind = "constant effect" if given["trends"] == "additive" else "constant rate ratio"
    how = "all" if held.enumerated else f"drawn with seed {given['seed']}"
    rule = (
        f"inversion of the randomisation test ({given['statistic']}), {kind}, {len(held.labels):,} assignments, {how}"
    )
    return Tested(low, high, found.p_value, held.floor, len(held.labels), rule)


def _notes(tested: Tested, held: Assignments, *, alpha: float) -> tuple[str, ...]:
    how = "every way of giving the starts to clusters" if held.enumerated else "ways drawn by chance"
    text = f"randomisation test: p {tested.p_value:.4f} over {len(held.labels):,} assignments ({how})"
    notes = [f"{text}, so that p cannot be below {tested.floor:.4f}"]
    if tested.floor > alpha:
        notes.append(f"with so few clusters no {1 - alpha:.0%} interval exists: p cannot be as low as {alpha:g}")
    return tuple(notes)


def _table(cells: GroupTime) -> pd.DataFrame:
    return pd.DataFrame({
        "cohort": cells.cohort, "period": cells.period, "event_time": cells.period - cells.cohort,
        "estimate": cells.effect, "observed": cells.observed, "n_units": cells.n_treated,
        "n_comparison": cells.n_comparison, "events": np.rint(cells.observed * cells.n_treated).astype(int),
    })  # fmt: skip
