"""Counts of treated areas, rings and outside areas in windows of equal length, with errors by a named rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from curv_eval.errors import DesignError
from curv_eval.estimate.buffer import Zones
from curv_eval.panel import Panel
from curv_eval.stats.cluster import cluster_sums
from curv_eval.stats.displacement import dispersion
from curv_eval.stats.group_means import contrast


@dataclass(frozen=True)
class Window:
    """Indices of the periods before and after, as many of each."""

    before: np.ndarray
    after: np.ndarray

    @property
    def all(self) -> np.ndarray:
        """Both, in order of time."""
        return np.concatenate([self.before, self.after])


def equal_windows(panel: Panel, first: float, start: float, *, months: int) -> Window:
    """Return windows that end before `first` and begin at `start`; months 0 takes the longest that fits both sides.

    Of 12 months or more, whole years are taken, so that both windows hold the same calendar months. Raises DesignError
    where one side is shorter than asked.
    """
    before, after = np.flatnonzero(panel.periods < first), np.flatnonzero(panel.periods >= start)
    fits = min(len(before), len(after))
    if months > fits or not fits:
        raise DesignError(
            f"months: got {months}, expected at most {fits} (periods before the start: {len(before)}, after: "
            f"{len(after)})",
            do="leave `months` out, or widen `design.window`",
        )
    whole = fits // 12 * 12 if panel.frequency == "month" and fits >= 12 else fits
    length = months or whole
    return Window(before[-length:], after[:length])


@dataclass(frozen=True)
class Windowed:
    """The panel's counts in zones and windows, and the rule of their errors."""

    panel: Panel
    outcome: str
    zone: Zones
    window: Window
    errors: str

    @property
    def y(self) -> np.ndarray:
        """Counts in both windows: (n, 2 L)."""
        return self.panel.outcomes[self.outcome][:, self.window.all]

    @property
    def halves(self) -> np.ndarray:
        """Counts of each area before and after: (n, 2)."""
        length = len(self.window.before)
        return np.column_stack([self.y[:, :length].sum(axis=1), self.y[:, length:].sum(axis=1)])

    @property
    def phi(self) -> float:
        """How many times as large as Poisson the variance is taken to be."""
        return 1.0 if self.errors == "poisson" else dispersion(*self.halves.T, self.zone.group)

    def cells(self, start: float, loads: np.ndarray) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, float]:
        """Return the cells, influence, observed influence and degrees of freedom of sum_g load_g mean_g."""
        treated, periods = self.panel.treated, self.panel.periods[self.window.all]
        z = self.y - self.y[:, : len(self.window.before)].mean(axis=1, keepdims=True)
        observed = self.y[treated].mean(axis=0)
        if self.errors == "clusters":
            found = contrast(z, self.zone.group, self.panel.cluster, loads=loads)
            rest = np.where(treated[:, None], self.y - observed, 0.0) / treated.sum()
            value, roots = found.value, (found.scores, cluster_sums(rest, self.panel.cluster), found.df)
        else:
            value, roots = loads @ self._means(z), (*self._roots(loads), np.inf)
        return self._table(start, periods, value), *roots

    def _means(self, z: np.ndarray) -> np.ndarray:
        return cluster_sums(z, self.zone.group) / self.zone.size[:, None]

    def _roots(self, loads: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return one row per zone and period: what a standard deviation of that count does to each cell."""
        length, many = len(self.window.before), self.y.shape[1]
        each = np.sqrt(self.phi * cluster_sums(self.y, self.zone.group)) / self.zone.size[:, None]
        own = np.eye(many)
        base = own - (np.arange(many) < length)[:, None] / length
        treated = (np.arange(len(loads)) == 0).astype(float)
        spread = [(weights * each.T).T[:, :, None] for weights in (loads, treated)]
        return (spread[0] * base).reshape(-1, many), (spread[1] * own).reshape(-1, many)

    def _table(self, start: float, periods: np.ndarray, value: np.ndarray) -> pd.DataFrame:
        seen = self.y[self.panel.treated]
        return pd.DataFrame({
            "cohort": start, "period": periods, "event_time": periods - start, "estimate": value,
            "observed": seen.mean(axis=0), "n_units": len(seen), "n_comparison": int(self.zone.size[-1]),
            "events": np.rint(seen.sum(axis=0)).astype(int),
        })  # fmt: skip

    def difference(self, loads: np.ndarray) -> tuple[float, float, float]:
        """Return sum_g load_g mean_g of the change of each area, with its error and degrees of freedom."""
        change = np.diff(self.halves, axis=1)
        if self.errors == "clusters":
            found = contrast(change, self.zone.group, self.panel.cluster, loads=loads)
            return float(found.value[0]), float(np.linalg.norm(found.scores)), found.df
        counts = cluster_sums(self.halves.sum(axis=1, keepdims=True), self.zone.group)[:, 0]
        error = np.sqrt(self.phi * ((loads / self.zone.size) ** 2 @ counts))
        return float((loads @ self._means(change))[0]), float(error), np.inf

    def totals(self) -> tuple[np.ndarray, np.ndarray]:
        """Return (R_0, R_1, D_0, D_1, C_0, C_1) and their covariance, (6, 6)."""
        three = np.digitize(self.zone.group, [1, self.zone.outside])
        counts = cluster_sums(self.halves, three)
        if self.errors != "clusters":
            return counts.ravel(), self.phi * np.diag(counts.ravel())
        size = np.bincount(three)
        scores = [contrast(self.halves, three, self.panel.cluster, loads=size * one).scores for one in np.eye(3)]
        root = np.hstack(scores)
        return counts.ravel(), root.T @ root
