"""How alike people of one cluster are, and what that does to a trial's size; means of clusters compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats as distributions

from curv_eval.errors import DesignError
from curv_eval.stats.cluster import cluster_sums
from curv_eval.stats.clustered import Robust


@dataclass(frozen=True)
class Intraclass:
    """The share of the variance that lies between clusters, its error and interval, and the design effect.

    f: the ratio of mean squares, whose F test is that of no likeness. inflation: what one unit of the correlation
    multiplies the variance of a mean by. clusters: how many there were.
    """

    icc: float
    std_error: float
    conf_low: float
    conf_high: float
    f: float
    inflation: float
    clusters: int

    @property
    def design_effect(self) -> float:
        """By how much clusters of these sizes multiply the variance of a mean: 1 + inflation icc."""
        return 1 + self.inflation * self.icc


@dataclass(frozen=True)
class ClusterMeans:
    """Difference between the means of treated and other clusters: value and its error (Robust with m = 1)."""

    value: float
    robust: Robust


def intraclass(y: np.ndarray, cluster: np.ndarray, *, arm: np.ndarray | None = None, alpha: float = 0.05) -> Intraclass:
    """Return the intraclass correlation by one-way analysis of variance, pooled within arms.

    y: (n,), cluster: (n,), arm: (n,) groups whose means are taken out. With mean squares B between and W within,
    icc = (B - W) / (B + (m0 - 1) W), m0 the average size less its spread; it may be negative. The interval comes from
    F = B / W (Searle 1971), exact for clusters of one size and close to it otherwise (Donner & Wells 1986).
    The error is Fisher's (1925) for G clusters of m0: sqrt(2 / (m0 (m0-1) (G-1))) (1-icc) (1 + (m0-1) icc).
    design_effect = 1 + (sum m^2 / sum m - 1) icc, for sizes m (Eldridge and others 2006).
    Raises DesignError when no cluster has two people, or there is no cluster more than arms.
    """
    left = y - _means(y, np.zeros(len(y)) if arm is None else arm)
    _, code, size = np.unique(cluster, return_inverse=True, return_counts=True)
    arms = 1 if arm is None else len(np.unique(arm))
    between, within = len(size) - arms, len(y) - len(size)
    if between < 1 or within < 1:
        raise DesignError(
            f"the likeness within clusters needs clusters of two or more people, got {len(size)} clusters of {len(y)}"
        )
    inner = left - _means(left, code)
    w = (inner**2).sum() / within
    b = ((left**2).sum() - (inner**2).sum()) / between
    if w <= 0:
        raise DesignError("everybody in a cluster has the same outcome, so the variance within clusters is 0")
    m0 = (len(y) - _spread(size, cluster, arm)) / between
    low, high = (b / w / q for q in distributions.f.ppf([1 - alpha / 2, alpha / 2], between, within))
    icc, *ends = (float((f - 1) / (f + m0 - 1)) for f in (b / w, low, high))
    error = np.sqrt(2 / (m0 * (m0 - 1) * (len(size) - 1))) * (1 - icc) * (1 + (m0 - 1) * icc)
    return Intraclass(icc, float(error), *ends, float(b / w), float((size**2).sum() / size.sum() - 1), len(size))


def _spread(size: np.ndarray, cluster: np.ndarray, arm: np.ndarray | None) -> float:
    """Return sum over arms of sum m^2 / sum m, m the people of each cluster in that arm."""
    if arm is None:
        return float((size**2).sum() / size.sum())
    counts = [np.unique(cluster[arm == one], return_counts=True)[1] for one in np.unique(arm)]
    return float(sum((m**2).sum() / m.sum() for m in counts))


def _means(y: np.ndarray, group: np.ndarray) -> np.ndarray:
    _, code = np.unique(group, return_inverse=True)
    return (np.bincount(code, y) / np.bincount(code))[code]


def cluster_means(y: np.ndarray, d: np.ndarray, cluster: np.ndarray, *, x: np.ndarray | None = None) -> ClusterMeans:
    """Return the difference between the means of treated and other clusters, by the t test on cluster summaries.

    y: (n,), d: (n,) the same within each cluster, cluster: (n,). With x (n, p), y is first taken less its prediction
    from x without treatment, and each covariate that varies between clusters only costs no degree of freedom
    (Hayes & Moulton 2017, chapter 10, two-stage). Every cluster counts once; the variance is pooled and has G - 2
    degrees of freedom. Raises DesignError when d differs within a cluster, or an arm has fewer than two clusters.
    """
    if x is not None and x.size:
        every = np.column_stack([np.ones(len(y)), x])
        y = y - every @ np.linalg.lstsq(every, y, rcond=None)[0] + y.mean()
    sums = cluster_sums(np.column_stack([y, d, np.ones(len(y))]).astype(float), cluster)
    mean, share = sums[:, 0] / sums[:, 2], sums[:, 1] / sums[:, 2]
    if ((share > 0) & (share < 1)).any():
        raise DesignError(
            f"{int(((share > 0) & (share < 1)).sum())} clusters hold both people offered the intervention and others",
            do="compare people (`analysis: people`), or use `method: ancova`",
        )
    on = share == 1
    if min(on.sum(), (~on).sum()) < 2:
        raise DesignError(f"clusters: got {int(on.sum())} treated and {int((~on).sum())} others, expected 2 of each")
    residual = mean - np.where(on, mean[on].mean(), mean[~on].mean())
    factor = (1 / on.sum() + 1 / (~on).sum()) / (len(mean) - 2)
    scores = (np.where(on, 1.0, -1.0) * residual * np.sqrt(factor))[:, None]
    return ClusterMeans(
        float(mean[on].mean() - mean[~on].mean()),
        Robust(scores, np.array([len(mean) - 2.0]), "t test of cluster means"),
    )
