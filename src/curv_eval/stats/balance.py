"""How alike two groups are, before and after weighting: the numbers of a balance table and a love plot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Balance:
    """k covariates compared between treated and untreated people; each array is (k,).

    treated_mean, other_mean, other_mean_after: means. before, after: standardised mean differences. ratio_before,
    ratio_after: variance among the treated over that among others; 1 for covariates with two values, whose variance
    follows from their mean. ecdf_before, ecdf_after: mean gap between the distribution functions over the values that
    occur (of two values, the one gap). ks_before, ks_after: the largest gap (Kolmogorov-Smirnov). effective_treated,
    effective_others: Kish's effective sample sizes (sum w)^2 / sum w^2.
    """

    treated_mean: np.ndarray
    other_mean: np.ndarray
    other_mean_after: np.ndarray
    before: np.ndarray
    after: np.ndarray
    ratio_before: np.ndarray
    ratio_after: np.ndarray
    ecdf_before: np.ndarray
    ecdf_after: np.ndarray
    ks_before: np.ndarray
    ks_after: np.ndarray
    effective_treated: float
    effective_others: float


def effective_size(weights: np.ndarray) -> float:
    """Return Kish's effective sample size (sum w)^2 / sum w^2; 0 where all weights are 0."""
    return float(weights.sum() ** 2 / (weights**2).sum()) if weights.any() else 0.0


def two_valued(x: np.ndarray) -> np.ndarray:
    """Return which columns of x (n, k) have at most two values: (k,) bool."""
    return np.array([len(np.unique(column)) <= 2 for column in x.T], dtype=bool)


def balance(treated: np.ndarray, x: np.ndarray, weights: np.ndarray, *, by: str = "treated") -> Balance:
    """Return the balance of x (n, k) between treated (n,) bool and others, without and with weights (n,).

    The difference of means is divided by the unweighted standard deviation of the treated (by="treated", the custom for
    effects on the treated) or the root of the mean variance of both groups (by="pooled", the custom for trials); a
    covariate with two values has sqrt(p (1 - p)) (as R's MatchIt; Austin 2009, Statistics in Medicine 28(25)), and one
    in which the treated do not differ the pooled one. Weighted variances are divided by sum w - sum w^2 / sum w.
    """
    ones, two = np.ones(len(treated)), two_valued(x)
    raw, weighted = _moments(treated, x, ones), _moments(treated, x, weights)
    spread = _spread(x, treated, two, by)
    steps = _gaps(treated, x, ones), _gaps(treated, x, weights)
    ratios = [np.where(two, 1.0, _ratio(first, second)) for (_, first), (_, second) in (raw, weighted)]
    gaps = [_over(first - second, spread) for (first, _), (second, _) in (raw, weighted)]
    return Balance(
        raw[0][0], raw[1][0], weighted[1][0], *gaps, *ratios,
        steps[0][0], steps[1][0], steps[0][1], steps[1][1],
        effective_size(weights[treated]), effective_size(weights[~treated]),
    )  # fmt: skip


def _moments(treated: np.ndarray, x: np.ndarray, weights: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return weighted means and variances of the treated, then of the others."""
    found = []
    for group in (treated, ~treated):
        w = weights[group]
        mean = w @ x[group] / w.sum()
        found.append((mean, w @ (x[group] - mean) ** 2 / (w.sum() - (w**2).sum() / w.sum())))
    return found


def _spread(x: np.ndarray, treated: np.ndarray, two: np.ndarray, by: str) -> np.ndarray:
    variances = []
    for group in (treated, ~treated):
        share, width = (x[group] == x.max(axis=0)).mean(axis=0), np.ptp(x, axis=0)
        variances.append(np.where(two, share * (1 - share) * width**2, x[group].var(axis=0, ddof=1)))
    pooled = np.sqrt((variances[0] + variances[1]) / 2)
    return np.where(variances[0] > 0, np.sqrt(variances[0]), pooled) if by == "treated" else pooled


def _over(gap: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Return gap / spread; no gap is 0, and a gap between groups in which nobody differs is infinite."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.abs(gap) < 1e-12, 0.0, gap / spread)


def _ratio(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((first <= 0) & (second <= 0), 1.0, first / second)


def _gaps(treated: np.ndarray, x: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and the largest gap between the two weighted distribution functions, each (k,)."""
    share = weights / np.where(treated, weights[treated].sum(), -weights[~treated].sum())
    found = []
    for column in x.T:
        values, code = np.unique(column, return_inverse=True)
        steps = np.abs(np.bincount(code, share, len(values)).cumsum())
        largest = steps[:-1].max(initial=0.0)
        found.append((steps.mean() if len(values) > 2 else largest, largest))
    mean, largest = np.array(found).reshape(-1, 2).T
    return mean, largest
