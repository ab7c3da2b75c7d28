"""An Estimate from one coefficient that is the same for every treated area and period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from curv_eval.estimate import Estimate, cohort_shares
from curv_eval.panel import Panel
from curv_eval.stats.cluster import cluster_sums
from curv_eval.study import Design


@dataclass(frozen=True)
class Coefficient:
    """One coefficient: its value, the influence of each cluster on it (clusters,), and how its error was made.

    scale: "additive" (a change in counts) or "log" (the log of a ratio of counts).
    """

    value: float
    scores: np.ndarray
    scale: str
    se_rule: str
    df: float


def from_coefficient(panel: Panel, *, outcome: str, design: Design, method: str, coefficient: Coefficient) -> Estimate:
    """Return the Estimate whose cells all carry `coefficient`: on the log scale, effect = observed (1 - exp(-b))."""
    y, b = panel.outcomes[outcome], coefficient
    start = float(np.unique(panel.cohort[panel.treated])[0])
    after = panel.periods >= start - design.anticipation

    def sums(influence: np.ndarray) -> np.ndarray:
        return cluster_sums(influence, panel.cluster)

    seen = y[panel.treated][:, after]
    observed = seen.mean(axis=0)
    d_observed = sums(np.where(panel.treated[:, None], y[:, after] - observed, 0.0) / panel.treated.sum())
    if b.scale == "log":
        effect = observed * -np.expm1(-b.value)
        influence = d_observed * -np.expm1(-b.value) + np.outer(b.scores, observed * np.exp(-b.value))
    else:
        effect = np.full_like(observed, b.value)
        influence = np.outer(b.scores, np.ones_like(observed))
    cells = pd.DataFrame(
        {
            "cohort": start, "period": panel.periods[after], "event_time": panel.periods[after] - start,
            "estimate": effect, "observed": observed, "n_units": int(panel.treated.sum()),
            "n_comparison": int((~panel.treated).sum()), "events": seen.sum(axis=0).astype(int),
        }
    )  # fmt: skip
    return Estimate(
        method=method, outcome=outcome, estimand="average effect on treated areas, the same in every period",
        comparison=design.comparison, alpha=design.alpha, cells=cells, influence=influence,
        observed_influence=d_observed, shares=cohort_shares(panel.cohort, sums), se_rule=b.se_rule, df=b.df,
        n_clusters=len(np.unique(panel.cluster)), n_treated_clusters=len(np.unique(panel.cluster[panel.treated])),
    )  # fmt: skip
