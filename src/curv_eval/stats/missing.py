"""Multiple imputation of missing numbers by chained equations, and Rubin's rules for what follows from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.errors import DesignError

ROUNDS, DONORS = 10, 5


def impute(data: np.ndarray, *, m: int = 20, seed: int, kind: str = "predictive mean") -> np.ndarray:
    """Return m completed copies of data (n, k), NaN where missing: (m, n, k).

    Chained equations (van Buuren & Groothuis-Oudshoorn 2011, J. Statistical Software 45(3)): column by column, from the
    one with fewest gaps, a Bayesian linear regression on all others is drawn anew, and gaps are filled, ROUNDS times
    over. kind "predictive mean": each gap takes the value of one of the DONORS people whose prediction is nearest, so
    that filled values are values that occur (Little 1988); "normal": the prediction plus a normal error.
    Raises DesignError for a column with fewer than k + 2 known values.
    """
    gaps = np.isnan(data)
    columns = [j for j in np.argsort(gaps.sum(axis=0), kind="stable") if gaps[:, j].any()]
    short = [j for j in columns if (~gaps[:, j]).sum() < data.shape[1] + 2]
    if short:
        least = int((~gaps[:, short]).sum(axis=0).min())
        raise DesignError(
            f"too little is known to fill the gaps: {least} values, expected at least {data.shape[1] + 2}",
            do="use fewer covariates",
        )
    draw = np.random.default_rng(seed)
    return np.array([_completed(data, gaps, columns, draw, kind) for _ in range(m)])


def _completed(
    data: np.ndarray, gaps: np.ndarray, columns: list[int], draw: np.random.Generator, kind: str
) -> np.ndarray:
    filled = data.copy()
    for j in columns:
        filled[gaps[:, j], j] = draw.choice(data[~gaps[:, j], j], gaps[:, j].sum())
    for _ in range(ROUNDS if len(columns) > 1 else 1):
        for j in columns:
            others = np.delete(filled, j, axis=1)
            filled[gaps[:, j], j] = _drawn(filled[:, j], others, gaps[:, j], draw, kind)
    return filled


def _drawn(y: np.ndarray, x: np.ndarray, gap: np.ndarray, draw: np.random.Generator, kind: str) -> np.ndarray:
    """Return values for the gaps of y (n,) from a regression on x (n, k) among those known, its parameters drawn."""
    spread = x.std(axis=0)
    z = np.column_stack([np.ones(len(x)), (x - x.mean(axis=0))[:, spread > 0] / spread[spread > 0]])
    known = z[~gap]
    bread = np.linalg.inv(known.T @ known + 1e-6 * np.eye(z.shape[1]))
    middle = bread @ (known.T @ y[~gap])
    left = y[~gap] - known @ middle
    sigma = np.sqrt((left**2).sum() / draw.chisquare(max(len(left) - z.shape[1], 1)))
    beta = middle + sigma * np.linalg.cholesky(bread) @ draw.normal(size=z.shape[1])
    if kind == "normal":
        return z[gap] @ beta + sigma * draw.normal(size=gap.sum())
    return _donated(known @ middle, z[gap] @ beta, y[~gap], draw)


def _donated(known: np.ndarray, wanted: np.ndarray, values: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Return for each wanted prediction the value of a random one of the DONORS with the nearest known predictions."""
    from scipy.spatial import cKDTree

    donors = min(DONORS, len(known))
    near = cKDTree(known[:, None]).query(wanted[:, None], k=donors)[1].reshape(len(wanted), donors)
    return values[near[np.arange(len(wanted)), draw.integers(donors, size=len(wanted))]]


@dataclass(frozen=True)
class Pooled:
    """One number from m completed data sets: value, standard error, degrees of freedom and limits.

    lost: the share of its variance that is due to what is missing.
    """

    value: float
    std_error: float
    df: float
    conf_low: float
    conf_high: float
    lost: float


def pool(values: np.ndarray, variances: np.ndarray, *, df: float = np.inf, alpha: float = 0.05) -> Pooled:
    """Return m estimates (m,) with variances (m,) as one, by Rubin's rules.

    T = W + (1 + 1/m) B, with W the mean variance and B the variance between; degrees of freedom of Barnard & Rubin
    (1999, Biometrika 86(4)), for complete data with `df`. Raises DesignError for fewer than 2.
    """
    from scipy.stats import t

    m = len(values)
    if m < 2:
        raise DesignError(f"pooling takes at least 2 completed data sets, got {m}")
    within, between = variances.mean(), (1 + 1 / m) * values.var(ddof=1)
    total = within + between
    lost = between / total if total > 0 else 0.0
    # a share so small that its square is 0 has lost nothing
    old = (m - 1) / lost**2 if lost**2 > 0 else np.inf
    seen = (1 - lost) * (df if np.isinf(df) else (df + 1) / (df + 3) * df)
    freedom = 1 / (1 / old + 1 / seen) if seen > 0 else old
    width = t.ppf(1 - alpha / 2, freedom) * np.sqrt(total)
    value = values.mean()
    return Pooled(
        float(value), float(np.sqrt(total)), float(freedom), float(value - width), float(value + width), float(lost)
    )
