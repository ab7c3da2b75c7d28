"""An Estimate from one number about people: the average effect on those treated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from curv_eval.estimate import Estimate
from curv_eval.people import People
from curv_eval.stats.cluster import cluster_sums
from curv_eval.study import Design


@dataclass(frozen=True)
class Effect:
    """The average effect on the treated: its value and the influence of each cluster of people on it, (clusters,).

    The clusters are in the order of np.unique(people.groups), and the sum of squares of the influence is the variance.
    df: degrees of freedom of the t quantile.
    """

    value: float
    influence: np.ndarray
    se_rule: str
    df: float = np.inf
    notes: tuple[str, ...] = ()
    parameters: pd.DataFrame | None = None


def from_effect(people: People, *, outcome: str, design: Design, method: str, effect: Effect) -> Estimate:
    """Return the Estimate with one cell: the effect on the treated, and what was observed among them.

    people: those that the method used. `events` counts outcomes of 1 among the treated for an event, and the people
    themselves for a score.
    """
    y, treated = people.outcomes[outcome], people.treated
    observed = float(y[treated].mean())
    d_observed = cluster_sums(np.where(treated, y - observed, 0.0)[:, None] / treated.sum(), people.groups)
    binary = bool(np.isin(y, (0.0, 1.0)).all())
    cells = pd.DataFrame({
        "cohort": [0.0], "period": [0], "event_time": [0], "estimate": [effect.value], "observed": [observed],
        "n_units": [int(treated.sum())], "n_comparison": [int((~treated).sum())],
        "events": [int(y[treated].sum()) if binary else int(treated.sum())],
    })  # fmt: skip
    return Estimate(
        method=method, outcome=outcome, estimand="average effect on those treated", comparison="other people",
        alpha=design.alpha, cells=cells, influence=effect.influence[:, None], observed_influence=d_observed,
        shares={0.0: (1.0, np.zeros(len(effect.influence)))}, se_rule=effect.se_rule, df=effect.df,
        n_clusters=len(np.unique(people.groups)), n_treated_clusters=len(np.unique(people.groups[treated])),
        notes=effect.notes, parameters=effect.parameters,
    )  # fmt: skip
