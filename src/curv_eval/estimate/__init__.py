"""What every method returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from curv_eval.stats.few_clusters import satterthwaite

CELL_COLUMNS = ("cohort", "period", "event_time", "estimate", "observed", "n_units", "n_comparison", "events")


PARAMETER_COLUMNS = ("term", "estimate", "std_error", "conf_low", "conf_high", "p_value", "df")


@dataclass(frozen=True)
class Tested:
    """An interval for the average effect that comes from inverting a test, and the p-value of no effect.

    conf_low, conf_high: in the units of the average. p_value: two-sided. floor: the smallest p-value that this many
    assignments, draws or placebos could have given. draws: how many there were. rule: how the test was made.
    """

    conf_low: float
    conf_high: float
    p_value: float
    floor: float
    draws: int
    rule: str


@dataclass(frozen=True, repr=False)
class Estimate:
    """Effects in cells of cohort and period, with the influence of every cluster on every cell.

    cells: one row per cohort and period with CELL_COLUMNS; estimate and observed are counts per unit and period. People
    make one cell of cohort 0, period 0 and event_time 0: the average effect on those treated.
    influence, observed_influence: (clusters, cells). The covariance of the cells is influence' influence. Where a
    method's error is not one of clusters (placebos, autocorrelation, draws), the rows are a root of that covariance.
    shares: cohort -> (share of units, (clusters,) influence on that share); cohort shares are estimated too.
    df: degrees of freedom of the t quantile (inf: normal). groups: (clusters,), where given, the cohort of each
    cluster, from which each row has degrees of freedom of its own. se_rule: the name of the small-sample rule.
    tested: where given, the interval of the average comes from a test and not from its error.
    draws: (draws, cells), where given, draws of the effect, whose quantiles are the intervals.
    parameters: the method's own numbers in their own scale (a hazard ratio, a slope), with PARAMETER_COLUMNS.
    compared: the fewest events, or people, of those compared with on which the effect rests; None where there are none
    (see `fit`).
    """

    method: str
    outcome: str
    estimand: str
    comparison: str
    alpha: float
    cells: pd.DataFrame
    influence: np.ndarray
    observed_influence: np.ndarray
    shares: Mapping[float, tuple[float, np.ndarray]]
    se_rule: str
    df: float = np.inf
    n_clusters: int = 0
    n_treated_clusters: int = 0
    notes: tuple[str, ...] = ()
    groups: np.ndarray | None = None
    tested: Tested | None = None
    draws: np.ndarray | None = None
    parameters: pd.DataFrame | None = None
    compared: int | None = None

    def __repr__(self) -> str:
        cohorts = self.cells["cohort"].nunique()
        return f"<Estimate: {self.outcome} by {self.method}, {len(self.cells)} cells, {cohorts} cohorts>"

    @property
    def of_people(self) -> bool:
        """Whether it is about people, who make one cell of cohort 0, and not about areas over time."""
        return bool((self.cells["cohort"] == 0).all())

    @property
    def scored(self) -> bool:
        """Whether the outcome of people is a score: with an event, `events` counts those it happened to."""
        cells = self.cells
        return self.of_people and not bool((cells["events"] == (cells["observed"] * cells["n_units"]).round()).all())

    @property
    def after(self) -> np.ndarray:
        """The cells with event_time 0 or later: (cells,) bool."""
        return self.cells["event_time"].to_numpy() >= 0

    def quantile(self, influence: np.ndarray) -> float:
        """Return the two-sided critical value for a number with the given cluster influence, (clusters,)."""
        df = self.df if self.groups is None else satterthwaite(influence, self.groups)
        return float(stdtrit(df, 1 - self.alpha / 2))


def cohort_shares(cohort: np.ndarray, sums) -> dict[float, tuple[float, np.ndarray]]:
    """Return each cohort's share of units and the clusters' influence on it; `sums` adds (n, k) within clusters."""
    n = len(cohort)
    return {
        float(g): (float((cohort == g).mean()), sums(((cohort == g) - (cohort == g).mean())[:, None] / n)[:, 0])
        for g in np.unique(cohort[~np.isnan(cohort)])
    }
