"""Differences between means of groups of units, with cluster-robust errors in closed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.stats.cluster import cluster_sums


@dataclass(frozen=True)
class Contrast:
    """sum_g load_g mean_g(y_j) for each column j of y.

    value: (k,). scores: (clusters, k), in the order of np.unique(cluster); their cross-product is the CR2 covariance.
    df: Satterthwaite degrees of freedom, the same for every column.
    """

    value: np.ndarray
    scores: np.ndarray
    df: float


def contrast(y: np.ndarray, group: np.ndarray, cluster: np.ndarray, *, loads: np.ndarray) -> Contrast:
    """Return a weighted sum of group means with CR2 scores (Bell & McCaffrey 2002).

    y: (n, k). group: (n,) codes 0 to G - 1. cluster: (n,). loads: (G,). It is least squares on G group dummies, for
    which the adjustment (I - H_c)^(-1/2) of cluster c scales its residuals in group g by (1 - m_cg / n_g)^(-1/2), with
    m_cg of the group's n_g units in the cluster. Raises DesignError where a group that counts lies within one cluster.
    """
    parts = _parts(group, cluster, loads)
    means = cluster_sums(y, group) / parts.size[:, None]
    scores = cluster_sums(parts.weight[:, None] * (y - means[group]), cluster)
    return Contrast(loads @ means, scores, _satterthwaite(parts))


@dataclass(frozen=True)
class _Parts:
    """size: (G,) units per group; inside: (C, G) units per cluster and group; each, weight: (C, G) and (n,)."""

    size: np.ndarray
    inside: np.ndarray
    each: np.ndarray
    weight: np.ndarray


def _parts(group: np.ndarray, cluster: np.ndarray, loads: np.ndarray) -> _Parts:
    _, code = np.unique(cluster, return_inverse=True)
    inside = np.zeros((code.max() + 1, len(loads)))
    np.add.at(inside, (code, group), 1.0)
    size = inside.sum(axis=0)
    _refuse_lonely(inside, size, loads)
    gap = 1.0 - inside / size
    each = loads / size / np.sqrt(np.where(loads == 0, 1.0, np.where(inside > 0, gap, 1.0)))
    return _Parts(size, inside, each, each[code, group])


def _refuse_lonely(inside: np.ndarray, size: np.ndarray, loads: np.ndarray) -> None:
    lonely = int((((inside > 0).sum(axis=0) < 2) & (loads != 0)).sum())
    if lonely:
        raise DesignError(
            f"{lonely} of {len(size)} groups of areas lie within one cluster, from which no error can be worked out",
            do="cluster by a smaller area, or use a method whose errors come from elsewhere",
        )


def _satterthwaite(parts: _Parts) -> float:
    """Return (trace P)^2 / trace(P P) of P = diag(d) - W diag(1/n) W', without writing P out."""
    d = (parts.inside * parts.each**2).sum(axis=1)
    w = parts.inside * parts.each / np.sqrt(parts.size)
    own = (w**2).sum(axis=1)
    square = (d**2).sum() - 2 * (d * own).sum() + np.sum((w.T @ w) ** 2)
    return float((d - own).sum() ** 2 / square)
