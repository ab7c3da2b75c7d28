"""A panel as one series: the treated areas of one cohort added up, and beside them the areas never treated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from curv_eval.errors import DesignError
from curv_eval.panel import Panel
from curv_eval.panel.requirements import require, require_one_cohort
from curv_eval.study import Design

LONG_BEFORE, LONG_AFTER = 24, 12


@dataclass(frozen=True)
class OneSeries:
    """T periods of counts in all treated areas together.

    time: (T,) periods. treated: (T,) totals. comparison: (T,) totals of areas never treated, or None. start: the first
    treated period. onset: the period from which an effect is allowed, start less anticipation. n_treated and
    n_comparison: how many areas are added up. before: (T,) bool, before the onset.
    """

    time: np.ndarray
    treated: np.ndarray
    comparison: np.ndarray | None
    start: float
    onset: float
    n_treated: int
    n_comparison: int

    @property
    def before(self) -> np.ndarray:
        """The periods before the onset: (T,) bool."""
        return self.time < self.onset

    @property
    def log_comparison(self) -> np.ndarray:
        """The log of the comparison series: (T,). Raises DesignError for periods in which it has none."""
        empty = int((self.comparison <= 0).sum())
        if empty:
            raise DesignError(
                f"the comparison series is 0 in {empty} of {len(self.time)} periods, so that no ratio to it exists",
                do="use a wider comparison or longer periods, `comparison: interaction` or `model: ols`",
            )
        return np.log(self.comparison)


_ONE_START = (
    "all areas that received it are added up into one series, which can be continued from one start only: before a "
    "later start the series would hold some areas that have begun and some that have not"
)


def one_series(panel: Panel, *, outcome: str, design: Design, compared: bool) -> OneSeries:
    """Return the series of `outcome`. compared: whether areas never treated are set beside it.

    Raises DesignError for staggered starts, for a comparison where no area was left without treatment, and for
    fewer than three periods before the onset.
    """
    if compared and panel.treated.all() and len(np.unique(panel.cohort)) == 1:
        raise DesignError(
            f"{design.method}: every area is treated, so there is no comparison series",
            do="add areas never treated, or use `comparison: none` and say that there is no comparison",
        )
    # without a comparison, one empty area stands in for it: what must hold is said of time, treatment and outcome
    require(panel if compared else _beside_nothing(panel, outcome), outcome=outcome, clustered=False)
    start = require_one_cohort(panel, design.method, because=_ONE_START)
    y, treated = panel.outcomes[outcome], panel.treated
    onset = start - design.anticipation
    before = int((panel.periods < onset).sum())
    if before < 3 or not y[treated].any():
        raise DesignError(
            f"{design.method} needs a series to continue",
            [f"before {panel.label(onset)}: got {before} periods, expected at least 3"] if before < 3
            else [f"{outcome}: no incident was counted in any treated area"],
            "start the window earlier, or use a wider area",
        )  # fmt: skip
    return OneSeries(
        panel.periods.astype(float), y[treated].sum(axis=0), y[~treated].sum(axis=0) if compared else None,
        start, onset, int(treated.sum()), int((~treated).sum()) if compared else 0,
    )  # fmt: skip


def _beside_nothing(panel: Panel, outcome: str) -> Panel:
    if outcome not in panel.outcomes:
        return panel
    y = panel.outcomes[outcome][panel.treated]
    return Panel(
        units=np.arange(len(y) + 1), periods=panel.periods, cohort=np.append(panel.cohort[panel.treated], np.nan),
        cluster=np.arange(len(y) + 1), outcomes={outcome: np.vstack([y, np.zeros((1, y.shape[1]))])},
        frequency=panel.frequency,
    )  # fmt: skip


def season_of(kind: str, series: OneSeries, panel: Panel, *, shared: bool) -> str:
    """Return the season that "auto" stands for: "months" in monthly data with two years before the onset, else "none".

    shared: whether a comparison series carries the season, so that "auto" needs none.
    Raises DesignError for a season of months in a panel of years.
    """
    monthly = panel.frequency == "month"
    if kind == "auto":
        return "months" if monthly and not shared and series.before.sum() >= LONG_BEFORE else "none"
    if kind != "none" and not monthly:
        raise DesignError(f"`season: {kind}` takes months, got {panel.frequency}s", do="use `season: none`")
    return kind


def cells(series: OneSeries, effect: np.ndarray, chosen: np.ndarray) -> pd.DataFrame:
    """Return the cells of an Estimate for chosen periods, bool (T,); effect: (T,), of all treated areas added up."""
    n, time = series.n_treated, series.time[chosen]
    return pd.DataFrame({
        "cohort": series.start, "period": time.astype(int), "event_time": (time - series.start).astype(int),
        "estimate": effect[chosen] / n, "observed": series.treated[chosen] / n, "n_units": n,
        "n_comparison": series.n_comparison, "events": np.rint(series.treated[chosen]).astype(int),
    })  # fmt: skip


def shares(series: OneSeries, panel: Panel, rows: int) -> dict[float, tuple[float, np.ndarray]]:
    """Return the share of the only cohort, which nothing is estimated about."""
    return {series.start: (series.n_treated / len(panel.units), np.zeros(rows))}


def length_notes(series: OneSeries) -> list[str]:
    """Say where a series is so short that its trend and season are little known."""
    before, after = int(series.before.sum()), int((series.time >= series.start).sum())
    notes = []
    if before < LONG_BEFORE or after < LONG_AFTER:
        notes.append(
            f"the series has {before} periods before and {after} after the start; with fewer than {LONG_BEFORE} and "
            f"{LONG_AFTER} its trend is little known, and the intervals may be too narrow: use a longer window"
        )
    if series.comparison is None:
        notes.append("no comparison areas: whatever else changed at the start counts as an effect")
    return notes
