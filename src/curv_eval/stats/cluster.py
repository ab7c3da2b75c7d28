"""Cluster sums, cluster-robust errors that hold with few clusters, and simultaneous bands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from curv_eval.stats.multipliers import largest_t


def cluster_sums(influence: np.ndarray, cluster: np.ndarray) -> np.ndarray:
    """Add the rows of `influence` (n, k) within each cluster (n,) and return (clusters, k)."""
    _, code = np.unique(cluster, return_inverse=True)
    sums = np.zeros((code.max() + 1, influence.shape[1]))
    np.add.at(sums, code, influence)
    return sums


@dataclass(frozen=True)
class BiasReduced:
    """CR2 inference on the first coefficient: cluster scores (clusters,), whose sum of squares is the variance."""

    scores: np.ndarray
    df: float


def bias_reduced(x: np.ndarray, residual: np.ndarray, cluster: np.ndarray) -> BiasReduced:
    """Return CR2 cluster scores of the first column's coefficient and their Satterthwaite degrees of freedom.

    x: (n, k) regressors after the fixed effects nested in clusters were taken out (Pustejovsky & Tipton 2018, theorem
    2: they may be left out of the adjustment). residual: (n,). cluster: (n,). The variance of the coefficient is
    sum_c (e_1' M X_c' A_c r_c)^2 with M = (X'X)^-1 and A_c = (I - X_c M X_c')^(-1/2).
    """
    order = np.argsort(cluster, kind="stable")
    edges = np.flatnonzero(np.diff(np.unique(cluster, return_inverse=True)[1][order])) + 1
    blocks = np.split(order, edges)
    bread = np.linalg.pinv(x.T @ x)
    weights = [_adjusted(x[block], bread) for block in blocks]
    scores = np.array([w @ residual[block] for w, block in zip(weights, blocks, strict=True)])
    return BiasReduced(scores, _satterthwaite(weights, [x[block] for block in blocks], bread))


def _adjusted(x: np.ndarray, bread: np.ndarray) -> np.ndarray:
    """Return A_c X_c M e_1, (rows of the cluster,), by way of the k x k eigenproblem of X_c M X_c'."""
    root = np.linalg.cholesky(bread + 1e-14 * np.trace(bread) * np.eye(len(bread)))
    u, s, _ = np.linalg.svd(x @ root, full_matrices=False)
    gap = 1.0 - s**2
    lift = np.where(gap > 1e-9, 1.0 / np.sqrt(np.maximum(gap, 1e-300)), 0.0) - 1.0
    target = x @ bread[:, 0]
    return target + u @ (lift * (u.T @ target))


def _satterthwaite(weights: list[np.ndarray], x: list[np.ndarray], bread: np.ndarray) -> float:
    """Return (trace P)^2 / trace(P P) for P_cd = w_c' (I - H)_cd w_d.

    P = diag(w_c'w_c) - N M N' with N_c = X_c'w_c is never made: it has a row and a column for every cluster.
    """
    inner = np.array([xc.T @ w for w, xc in zip(weights, x, strict=True)])
    own = np.array([w @ w for w in weights])
    across = bread @ (inner.T @ inner)
    trace = own.sum() - np.trace(across)
    beside = np.einsum("ci,ij,cj->c", inner, bread, inner)
    return float(trace**2 / ((own**2).sum() - 2 * own @ beside + np.sum(across * across.T)))


def sup_t(
    influence: np.ndarray, *, alpha: float, seed: int, draws: int = 999, clusters: bool = True
) -> tuple[float, np.ndarray]:
    """Return the critical value of a simultaneous (1 - alpha) band and the draws of max |t| behind it, (draws,).

    influence: (clusters, k). Each draw flips the sign of whole clusters (Rademacher multipliers; Callaway &
    Sant'Anna 2021, section 4). clusters: False where the rows are a root of a covariance and not clusters; then each
    draw is normal. Never below the pointwise normal value.
    """
    if clusters:
        largest = largest_t(influence, draws=draws, seed=seed)
    else:
        se = np.sqrt((influence**2).sum(axis=0))
        normal = np.random.default_rng(seed).standard_normal((draws, len(influence)))
        largest = np.abs(normal @ (influence[:, se > 0] / se[se > 0])).max(axis=1, initial=0.0)
    return max(float(np.quantile(largest, 1 - alpha, method="higher")), float(ndtri(1 - alpha / 2))), largest
