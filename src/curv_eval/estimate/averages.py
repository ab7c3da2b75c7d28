"""The ways the cells of an Estimate are added up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate
from curv_eval.panel import Panel
from curv_eval.stats.cluster import sup_t

OVERALL_COLUMNS = (
    "term", "estimate", "std_error", "conf_low", "conf_high", "n_units", "events", "unit_periods",
)  # fmt: skip


@dataclass(frozen=True)
class Average:
    """A share-weighted average of cells: its value, the influence of each cluster on it, and the counts behind it."""

    value: float
    influence: np.ndarray
    n_units: int
    events: int
    unit_periods: int

    @property
    def std_error(self) -> float:
        """The cluster-robust standard error."""
        return float(np.sqrt((self.influence**2).sum()))


def average(estimate: Estimate, chosen: np.ndarray, column: str = "estimate") -> Average:
    """Return the average of the chosen cells (bool (cells,)), each weighted by the share of units in its cohort.

    column: "estimate" or "observed". The influence includes that of the estimated cohort shares (Callaway &
    Sant'Anna 2021, corollary 2); leaving it out understates the error.
    """
    cohort, value, units, events = (
        estimate.cells[name].to_numpy()[chosen] for name in ("cohort", column, "n_units", "events")
    )
    psi = (estimate.influence if column == "estimate" else estimate.observed_influence)[:, chosen]
    names, first, of = np.unique(cohort, return_index=True, return_inverse=True)
    share = np.array([estimate.shares[g][0] for g in names])[of]
    weight = share / share.sum()
    mean = float(weight @ value)
    # the derivative of the mean by a cohort's share, times the clusters' influence on that share
    slope = np.bincount(of, value - mean, len(names)) / share.sum()
    influence = psi @ weight + np.column_stack([estimate.shares[g][1] for g in names]) @ slope
    return Average(mean, influence, int(units[first].sum()), int(events.sum()), int(units.sum()))


def overall(estimate: Estimate) -> pd.DataFrame:
    """Return three rows: the average effect per unit and period, the total, and the relative effect.

    All average event_time >= 0, so that every treated unit-period counts once. With mean observed count m and effect
    d, relative = m / (m - d) - 1; its interval is taken on the log scale, where it cannot fall below -100%.
    """
    return pd.DataFrame(_overall_rows(estimate), columns=list(OVERALL_COLUMNS))


def _overall_rows(estimate: Estimate) -> list[tuple]:
    d, m = average(estimate, estimate.after), average(estimate, estimate.after, "observed")
    if estimate.tested or estimate.draws is not None:
        rows = _tested_rows(estimate, d, m) if estimate.tested else _drawn_rows(estimate, d, m)
    else:
        rows = _wald_rows(estimate, d, m)
    # from an effect and what was observed, what those compared with had can be worked back
    events = d.events if estimate.compared is None else min(d.events, estimate.compared)
    return [(*row, d.n_units, events, d.unit_periods) for row in rows]


def _wald_rows(estimate: Estimate, d: Average, m: Average) -> list[tuple]:
    q, expected = estimate.quantile(d.influence), m.value - d.value
    rows = [_row("average", d.value, d.std_error, q), _row("total", *(d.unit_periods * v for v in _pair(d)), q)]
    if expected > 0 and m.value > 0:
        log = np.log(m.value / expected)
        influence = m.influence / m.value - (m.influence - d.influence) / expected
        error, q = float(np.linalg.norm(influence)), estimate.quantile(influence)
        with np.errstate(over="ignore"):
            # with next to nothing expected the interval has no upper end
            low, middle, high = np.expm1([log - q * error, log, log + q * error])
        rows.append(("relative", middle, error * (1 + middle), low, high))
    return rows


def _tested_rows(estimate: Estimate, d: Average, m: Average) -> list[tuple]:
    """The interval of a test, carried to the total and to the relative effect of what was observed."""
    span = np.array([estimate.tested.conf_low, estimate.tested.conf_high])
    n, error, expected = d.unit_periods, d.std_error, m.value - d.value
    rows = [("average", d.value, error, *span), ("total", n * d.value, n * error, *(n * span))]
    if expected > 0 and m.value > 0:
        # observed / (observed - d) - 1 grows with d; an effect of all that was observed leaves nothing expected
        low, high = (m.value / (m.value - e) - 1 if e < m.value else np.inf for e in span)
        rows.append(("relative", m.value / expected - 1, error * m.value / expected**2, low, high))
    return rows


def _drawn_rows(estimate: Estimate, d: Average, m: Average) -> list[tuple]:
    """Quantiles of the draws, each averaged over the cells as the estimate is."""
    cells = estimate.cells[estimate.after]
    share = np.array([estimate.shares[g][0] for g in cells["cohort"]])
    drawn = estimate.draws[:, estimate.after] @ (share / share.sum())
    expected = m.value - drawn
    sets = [("average", d.value, drawn), ("total", d.unit_periods * d.value, d.unit_periods * drawn)]
    if m.value > d.value and m.value > 0 and (expected > 0).all():
        sets.append(("relative", m.value / (m.value - d.value) - 1, m.value / expected - 1))
    ends = [estimate.alpha / 2, 1 - estimate.alpha / 2]
    return [(term, value, float(x.std(ddof=1)), *np.quantile(x, ends)) for term, value, x in sets]


def chance(estimate: Estimate, *, better: str) -> float | None:
    """Return the share of draws in which the effect went the better way ("lower" or "higher"), None without draws."""
    if estimate.draws is None:
        return None
    cells = estimate.cells[estimate.after]
    share = np.array([estimate.shares[g][0] for g in cells["cohort"]])
    drawn = estimate.draws[:, estimate.after] @ share
    return float((drawn < 0).mean() if better == "lower" else (drawn > 0).mean())


def relative(estimate: Estimate, term: str) -> pd.DataFrame:
    """Return the one row of `overall` that holds the relative effect, under the name `term`.

    Raises DesignError when nothing was observed or expected after the start, so that no percentage exists.
    """
    rows = [(term, *row[1:]) for row in _overall_rows(estimate) if row[0] == "relative"]
    if not rows:
        raise DesignError(f"{term}: no incidents were observed or expected after the start, so there is no percentage")
    return pd.DataFrame(rows, columns=list(OVERALL_COLUMNS))


def by(estimate: Estimate, column: str, *, seed: int) -> pd.DataFrame:
    """Return one row per event_time, cohort or period, with pointwise intervals and simultaneous bands.

    column: "event_time" (before and after the start), "cohort" or "period" (after the start only).
    """
    cells = estimate.cells
    allowed = np.full(len(cells), True) if column == "event_time" else estimate.after
    keys = np.sort(cells.loc[allowed, column].unique())
    averages = [average(estimate, allowed & (cells[column] == key).to_numpy()) for key in keys]
    stacked = np.column_stack([a.influence for a in averages])
    critical, _ = sup_t(stacked, alpha=estimate.alpha, seed=seed, clusters=len(stacked) == estimate.n_clusters)
    q = np.array([estimate.quantile(a.influence) for a in averages])
    table = pd.DataFrame(
        [_row(column, a.value, a.std_error, one) for a, one in zip(averages, q, strict=True)],
        columns=["term", "estimate", "std_error", "conf_low", "conf_high"],
    )
    width = np.maximum(critical, q) * table["std_error"]
    table = table.assign(band_low=table["estimate"] - width, band_high=table["estimate"] + width)
    counts = {"n_units": [a.n_units for a in averages], "events": [a.events for a in averages]}
    return table.assign(**{column: keys}, **counts)


def series(estimate: Estimate, panel: Panel, *, leads: bool) -> pd.DataFrame:
    """Return per period the total observed in all treated units and the total expected without treatment.

    expected = observed - sum of n_g ATT(g, t) over cohorts. leads: whether the effects before a cohort's start are
    measured against a fixed base, so that they show how well the expectation follows the observed series; if not,
    nothing is expected before the first start. Nor is anything where a cohort that started has nobody to compare
    with. Each row carries the units and events behind it.
    """
    y, started = panel.outcomes[estimate.outcome][panel.treated], np.unique(panel.cohort[panel.treated])
    first = started[0]
    cells = estimate.cells if leads else estimate.cells[estimate.after]
    rows = []
    for period, total in zip(panel.periods, y.sum(axis=0), strict=True):
        cell = cells[cells["period"] == period]
        n = cell["n_units"].to_numpy()
        influence = estimate.influence[:, cell.index] @ n
        known = set(cell["cohort"]) >= set(started[started <= period]) and (leads or period >= first)
        effect = float(n @ cell["estimate"]) if known else np.nan
        error = float(np.linalg.norm(influence)) * estimate.quantile(influence)
        expected = total - effect
        rows.append((period, int(total), expected, expected - error, expected + error))
    table = pd.DataFrame(rows, columns=["period", "observed", "expected", "expected_low", "expected_high"])
    return table.assign(n_units=len(y), events=table["observed"])


def _pair(average: Average) -> tuple[float, float]:
    return average.value, average.std_error


def _row(term: str, value: float, error: float, q: float) -> tuple:
    return term, value, error, value - q * error, value + q * error
