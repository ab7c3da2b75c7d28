"""A test of the displacement difference by drawing other areas as treated."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from curv_eval.errors import DesignError


@dataclass(frozen=True)
class Assignments:
    """Which areas could have been treated: draws of whole clusters, the true one first.

    treated: (draws, n) float, 1 where treated. neighbours: (n, n) bool. rings: how many orders of contiguity belong to
    the buffer. net: whether the buffer counts.
    """

    treated: np.ndarray
    neighbours: np.ndarray
    rings: int
    net: bool


def assign(treated: np.ndarray, cluster: np.ndarray, *, draws: int, seed: int) -> np.ndarray:
    """Return (draws, n) sets of areas: as many whole clusters as hold treated areas, the true set first.

    Within a drawn cluster all areas are treated. Every set is enumerated where there are at most `draws`.
    """
    names, code = np.unique(cluster, return_inverse=True)
    many, chosen = len(names), len(np.unique(code[treated]))
    if comb(many, chosen) <= draws:
        sets = np.zeros((comb(many, chosen), many))
        for row, members in enumerate(combinations(range(many), chosen)):
            sets[row, list(members)] = 1.0
    else:
        ranks = np.random.default_rng(seed).random((draws, many)).argsort(axis=1)
        sets = (ranks < chosen).astype(float)
    return np.vstack([treated.astype(float)[None, :], sets[:, code]])


def statistic(change: np.ndarray, assignments: Assignments) -> np.ndarray:
    """Return the effect per treated area of every assignment: (draws,), NaN where nothing is left to compare with.

    change: (n,) after less before. mean_T - mean_C, and where `net` plus (n_D / n_T) (mean_D - mean_C), C being
    outside treated areas and rings.
    """
    return _statistics(change[:, None], assignments)[:, 0]


def _statistics(changes: np.ndarray, assignments: Assignments) -> np.ndarray:
    """Return the statistic of every assignment for every column of changes, (n, k): (draws, k)."""
    inside, reached = assignments.treated, _reached(assignments)
    n_t, n_r = inside.sum(axis=1)[:, None], reached.sum(axis=1)[:, None]
    treated, near, left = inside @ changes, reached @ changes, len(changes) - n_r
    outside = np.where(left > 0, (changes.sum(axis=0) - near) / np.maximum(left, 1), np.nan)
    counted, number = (near, n_r) if assignments.net else (treated, n_t)
    return (counted - number * outside) / n_t


def _reached(assignments: Assignments) -> np.ndarray:
    """Return who is treated or within the rings under every assignment: (draws, n) float."""
    from scipy.sparse import csr_array

    borders = np.nonzero(assignments.neighbours)
    touch = csr_array((np.ones(len(borders[0])), borders), shape=assignments.neighbours.shape)
    reached = assignments.treated
    for _ in range(assignments.rings):
        reached = np.maximum(reached, np.minimum((touch @ reached.T).T, 1.0))
    return reached


@dataclass(frozen=True)
class Permuted:
    """The p-value of no effect anywhere, the interval of a constant effect, and how many assignments were used."""

    p_value: float
    conf_low: float
    conf_high: float
    draws: int


def permutation(change: np.ndarray, assignments: Assignments, *, alpha: float) -> Permuted:
    """Return the test of the sharp null by other assignments, and the interval from inverting it (Rosenbaum 2002).

    The interval holds every constant effect per treated area that, taken out of `change`, leaves the true assignment
    unremarkable. Raises DesignError where there are too few assignments for a p-value below alpha.
    """
    actual = assignments.treated[0]
    a, b = _statistics(np.column_stack([change, actual]), assignments).T
    kept = np.isfinite(a)
    kept[0] = False
    if kept.sum() + 1 < 1 / alpha:
        raise DesignError(
            f"got {int(kept.sum())} other sets of areas that could be treated, expected at least {1 / alpha:.0f}",
            do="cluster by a smaller area, or use `errors: overdispersed`",
        )

    def p(effect: float) -> float:
        others = np.abs(a[kept] - effect * b[kept])
        return float((1 + (others >= abs(a[0] - effect * b[0]) - 1e-9).sum()) / (1 + kept.sum()))

    spread = max(float(np.std(a[kept])), 1e-12)
    return Permuted(p(0.0), _end(p, a[0], -spread, alpha), _end(p, a[0], spread, alpha), int(kept.sum()))


def _end(p, centre: float, step: float, alpha: float) -> float:
    """Return where p falls to alpha, going from the centre in steps and then by halving."""
    inner, outer = centre, centre + step
    for _ in range(60):
        if p(outer) <= alpha:
            break
        inner, outer = outer, outer + (outer - centre)
    else:
        raise DesignError("the test cannot bound the effect at this level", do="use `errors: overdispersed`")
    for _ in range(60):
        middle = (inner + outer) / 2
        inner, outer = (middle, outer) if p(middle) > alpha else (inner, middle)
    return float(outer)
