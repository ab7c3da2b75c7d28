"""Incidents prevented, from an Estimate."""

from __future__ import annotations

import numpy as np
from scipy import stats as distributions

from curv_eval.estimate import Estimate
from curv_eval.estimate.averages import overall
from curv_eval.value import SEED, Prevented


def prevented(
    estimate: Estimate, *, offence: str, periods_per_year: int = 12, draws: int = 10_000, seed: int = SEED
) -> Prevented:
    """Return incidents prevented in all treated areas, in each year since the start, with draws of their error.

    A year holds event_time 0 to 11, 12 to 23 and so on, of every cohort. Draws are those of the estimate, or of the
    normal distribution (t, where it has degrees of freedom) with the covariance of its cells; where the interval comes
    from a test, they are stretched to its width. The interval of the sum is the estimate's own.
    """
    after = estimate.after
    cells = estimate.cells[after]
    year = (cells["event_time"].to_numpy() // periods_per_year).astype(int)
    units = np.zeros((len(cells), year.max() + 1))
    units[np.arange(len(cells)), year] = -cells["n_units"].to_numpy(dtype=float)
    by_year = cells["estimate"].to_numpy() @ units
    total = overall(estimate).set_index("term").loc["total"]
    interval = (-float(total["conf_high"]), -float(total["conf_low"]))
    if estimate.draws is not None:
        drawn = estimate.draws[:, after] @ units
    else:
        drawn = by_year + _errors(estimate, estimate.influence[:, after] @ units, interval, (draws, seed))
    return Prevented(offence, tuple(by_year.tolist()), draws=drawn, interval=interval)


def _errors(estimate: Estimate, root: np.ndarray, interval: tuple[float, float], drawn: tuple[int, int]) -> np.ndarray:
    """Return draws of the error of each year, (draws, Y); root: (rows, Y)."""
    size, seed = drawn
    rng = np.random.default_rng(seed)
    covariance = root.T @ root
    values, vectors = np.linalg.eigh(covariance)
    z = rng.standard_normal((size, len(values))) * np.sqrt(np.maximum(values, 0.0)) @ vectors.T
    if estimate.tested is not None:
        own = np.sqrt(covariance.sum())
        half = (interval[1] - interval[0]) / 2 / distributions.norm.ppf(1 - estimate.alpha / 2)
        return z * half / own if own > 0 else z
    if np.isfinite(estimate.df):
        return z * np.sqrt(estimate.df / rng.chisquare(estimate.df, (size, 1)))
    return z
