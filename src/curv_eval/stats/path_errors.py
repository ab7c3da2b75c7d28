"""Cluster-robust errors of the regressions in path_regression: CR0, CR1 and CR2 with Satterthwaite's df."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.stats.path_regression import Working
from curv_eval.stats.sums import groups, pairs, sum_rows

_FLAT = 1e-9  # a share of a direction below which a cluster is the only one that speaks about it


@dataclass(frozen=True)
class Robust:
    """scores: (clusters, m), whose sums of squares are the variances of m numbers. df: (m,) of their t quantiles."""

    scores: np.ndarray
    df: np.ndarray

    @property
    def std_error(self) -> np.ndarray:
        """The standard errors, (m,)."""
        return np.sqrt((self.scores**2).sum(axis=0))


@dataclass(frozen=True)
class _Block:
    """Clusters whose rows were turned so that their leverages are diagonal.

    cluster: (R,). scores: (R, m). lift: (R, L), the factors 1/sqrt(1 - leverage). size: (R,). target: (L, m) and
    cross: (L, J), what the numbers and the regressors are in the turned rows.
    """

    cluster: np.ndarray
    scores: np.ndarray
    lift: np.ndarray
    size: np.ndarray
    target: np.ndarray
    cross: np.ndarray


def robust(
    working: Working, cluster: np.ndarray, *, contrast: np.ndarray | None = None, rule: str = "cr2", df: bool = True
) -> Robust:
    """Return cluster scores and degrees of freedom of the coefficients, or of contrasts of them (K, m).

    cluster: (n,). With X_c and e_c a cluster's regressors and residuals (both times root weights), M the bread and l a
    contrast, the score is l' M X_c' A_c e_c, where

        cr0: A_c = I
        cr1: A_c = sqrt(G/(G-1) (N-1)/(N-k)), k = coefficients and periods, as in R fixest 0.12 (unit effects lie
             within clusters and are not counted); df = G - 1
        cr2: A_c = (I - X_c M X_c')^(-1/2), with Satterthwaite's df under a working model of independent residuals
             (Bell & McCaffrey 2002; Pustejovsky & Tipton 2018, theorem 2: absorbed effects nested in clusters may be
             left out of A_c)

    Residuals are weighted by inverse working variances, so that for a Poisson mean this is the linearised sandwich.
    Raises DesignError when a number rests on one cluster alone, from which cr2 cannot work out an error.
    """
    k = len(working.value)
    contrast = np.eye(k) if contrast is None else contrast
    target = working.bread[:, :k] @ contrast
    known = groups(cluster)
    row, of, path = pairs(known.code, working.path)
    sums = sum_rows(working.residual, row)
    if rule != "cr2":
        scores, some = np.zeros((known.count, contrast.shape[1])), working.root
        for g in range(len(some)):
            flat = np.divide(1.0, some[g], out=np.zeros_like(some[g]), where=some[g] > 0)
            np.add.at(scores, of[path == g], (sums[path == g] * flat) @ (working.scaled[g] @ target))
        return _plain(working, scores, rule)
    size = sum_rows(working.size, row)
    blocks = list(_blocks(working, target, (of, path, size, sums)))
    scores = np.zeros((known.count, contrast.shape[1]))
    for block in blocks:
        scores[block.cluster] = block.scores
    free = [_satterthwaite(blocks, j) for j in range(contrast.shape[1])] if df else np.inf
    return Robust(scores, np.broadcast_to(np.array(free, dtype=float), contrast.shape[1:]))


def _plain(working: Working, scores: np.ndarray, rule: str) -> Robust:
    clusters, rows, k = len(scores), working.rows, len(working.value) + working.periods
    if rule == "cr0":
        return Robust(scores, np.full(scores.shape[1], np.inf))
    factor = np.sqrt(clusters / (clusters - 1) * (rows - 1) / (rows - k))
    return Robust(factor * scores, np.full(scores.shape[1], clusters - 1.0))


def _blocks(working: Working, target: np.ndarray, table: tuple) -> Iterator[_Block]:
    """Clusters of one path share their eigenvectors and come in one block per path; others come alone."""
    of, path, size, sums = table
    root = _root(working.bread)
    flat = np.divide(1.0, working.root, out=np.zeros_like(working.root), where=working.root > 0)
    single = np.bincount(of)[of] == 1
    for g in np.unique(path[single]):
        rows = single & (path == g)
        inner = working.scaled[g] @ root
        vectors, s, _ = np.linalg.svd(inner, full_matrices=False)
        gap = 1.0 - np.outer(size[rows], s**2)
        turned = vectors.T @ working.scaled[g]
        yield _block(of[rows], (sums[rows] * flat[g]) @ vectors, gap, size[rows], (turned @ target, turned @ root))
    for c in np.unique(of[~single]):
        rows = np.flatnonzero(of == c)
        x = np.concatenate([np.sqrt(size[r]) * working.scaled[path[r]] for r in rows])
        left = np.concatenate([sums[r] * flat[path[r]] / np.sqrt(max(size[r], 1e-300)) for r in rows])
        vectors, s, _ = np.linalg.svd(x @ root, full_matrices=False)
        turned = vectors.T @ x
        yield _block(
            np.array([c]), (left @ vectors)[None], 1.0 - s[None] ** 2, np.ones(1), (turned @ target, turned @ root)
        )


def _root(bread: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(bread)
    return vectors * np.sqrt(np.maximum(values, 0.0))


def _block(cluster: np.ndarray, left: np.ndarray, gap: np.ndarray, size: np.ndarray, turned: tuple) -> _Block:
    target, cross = turned
    alone = gap <= _FLAT
    needed = np.abs(target).max(axis=1) > 1e-7 * np.abs(target).max(initial=1e-300)
    if (alone & needed).any():
        raise DesignError(
            f"{int((alone & needed).any(axis=1).sum())} clusters stand alone in their cohort, from which no error "
            "can be worked out",
            do="leave that cohort out with `design.cohorts`, or cluster by a smaller area",
        )
    lift = np.where(alone, 0.0, 1.0 / np.sqrt(np.where(alone, 1.0, gap)))
    return _Block(cluster, (left * lift) @ target, lift, size, target, cross)


def _satterthwaite(blocks: list[_Block], j: int) -> float:
    """Return (trace P)^2 / trace(P P) for P_cd = w_c' (I - H)_cd w_d, without forming the clusters by clusters P.

    P = diag(q) - B B', so trace P = sum q - sum B^2 and trace P P = sum q^2 - 2 sum q_c |B_c|^2 + |B'B|^2.
    """
    trace, square, inner = 0.0, 0.0, 0.0
    for one in blocks:
        q = one.size * (one.lift**2 @ one.target[:, j] ** 2)
        b = (one.size[:, None] * one.lift * one.target[:, j]) @ one.cross
        long = (b**2).sum(axis=1)
        trace, square, inner = trace + (q - long).sum(), square + (q**2 - 2 * q * long).sum(), inner + b.T @ b
    return float(trace**2 / (square + (inner**2).sum()))
