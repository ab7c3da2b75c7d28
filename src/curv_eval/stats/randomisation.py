"""Randomisation inference: what the statistic would have been, had the treatment fallen on other clusters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from math import comb, prod

import numpy as np

from curv_eval.errors import DesignError

ENUMERATED = 20_000
LONG = 500  # labels from which on places are drawn by bytes, in a fifth of the time of a shuffle
AT_ONCE = 1_000_000  # bytes drawn at a time, so that memory stays small
TIE = 1e-10  # relative: statistics this near are equal, and count as at least as large


@dataclass(frozen=True)
class Assignments:
    """labels: (A, C) the label of each cluster in each assignment. enumerated: whether these are all there are.

    All assignments include the real one. Drawn ones do not, and the p-value counts it besides.
    """

    labels: np.ndarray
    enumerated: bool

    @property
    def floor(self) -> float:
        """The smallest p-value that these assignments can give."""
        return 1 / (len(self.labels) + (not self.enumerated))


@dataclass(frozen=True)
class Randomised:
    """A randomisation test: the observed statistic, its two-sided p-value, the smallest there can be, how many."""

    observed: float
    p_value: float
    floor: float
    n_assignments: int
    enumerated: bool


def assignments(
    labels: np.ndarray, *, stratum: np.ndarray | None = None, draws: int = 9999, seed: int = 20261125
) -> Assignments:
    """Return the ways in which the labels (C,) could have fallen on the clusters, within strata (C,) where given.

    All of them where there are at most ENUMERATED; else `draws`, each equally likely and drawn with `seed`.
    """
    strata = np.zeros(len(labels), dtype=int) if stratum is None else np.unique(stratum, return_inverse=True)[1]
    blocks = [np.flatnonzero(strata == s) for s in np.unique(strata)]
    if prod(_ways(labels[block]) for block in blocks) > ENUMERATED:
        random = np.random.default_rng(seed)
        drawn = [_shuffled(labels[block], draws, random) for block in blocks]
        if len(blocks) == 1:
            return Assignments(drawn[0], False)
        return Assignments(np.concatenate(drawn, axis=1)[:, np.argsort(np.concatenate(blocks))], False)
    out = labels[None, :]
    for block in blocks:
        each = _arrangements(labels[block])
        out, times = np.repeat(out, len(each), axis=0), len(out)
        out[:, block] = np.tile(each, (times, 1))
    return Assignments(out, True)


def _shuffled(labels: np.ndarray, draws: int, random: np.random.Generator) -> np.ndarray:
    """Return the labels (n,) in `draws` random orders, (draws, n), each order equally likely."""
    values, counts = np.unique(labels, return_counts=True)
    if len(labels) < LONG or len(values) < 2:
        return random.permuted(np.tile(labels, (draws, 1)), axis=1)
    places = _places(len(labels), len(labels) - int(counts[0]), draws, random=random)
    if list(values) == [0, 1] and labels.dtype.itemsize == 1:
        return places.view(labels.dtype)
    out = values[:2].take(places)
    if len(values) > 2:
        rest = labels[labels != values[0]]
        for row, some in zip(out, places, strict=True):
            row[some] = random.permutation(rest)
    return out


def _places(n: int, m: int, draws: int, *, random: np.random.Generator) -> np.ndarray:
    """Return `draws` sets of m of n places, (draws, n) bool, each set equally likely.

    Each place is taken or not by a byte of its own; places too many or too few are then freed or taken one at a time,
    any of them equally likely, which leaves every set of m places as likely as any other.
    """
    out, rows = np.empty((draws, n), dtype=bool), max(1, AT_ONCE // n)
    words, share = -(-n // 8), round(256 * m / n)
    for i in range(0, draws, rows):
        part = out[i : i + rows]
        drawn = random.integers(0, 2**64, size=(len(part), words), dtype=np.uint64)
        np.less(drawn.view(np.uint8)[:, :n], share, out=part)
    over = np.array([np.count_nonzero(row) for row in out]) - m
    _turned(out, over, to=False, random=random)
    _turned(out, -over, to=True, random=random)
    return out


def _turned(out: np.ndarray, times: np.ndarray, *, to: bool, random: np.random.Generator) -> None:
    """Turn as many of the other places of each row of out (draws, n) to `to` as `times` (draws,) says, if above 0."""
    rows = np.flatnonzero(times > 0)
    left = times[rows]
    while len(rows):
        place = random.integers(0, out.shape[1], len(rows))
        found = out[rows, place] != to
        out[rows[found], place[found]] = to
        left = left - found
        rows, left = rows[left > 0], left[left > 0]


def p_value(statistics: np.ndarray, observed: float, *, enumerated: bool) -> float:
    """Return the share of |statistics| (A,) at least as large as |observed|; drawn ones count the real one besides.

    A statistic that could not be worked out counts as at least as large.
    """
    large = ~(np.abs(statistics) < abs(observed) * (1 - TIE))
    return float(large.mean()) if enumerated else float((1 + large.sum()) / (1 + len(statistics)))


def tested_by(statistic: Callable[[np.ndarray], np.ndarray], observed: float, held: Assignments) -> Randomised:
    """Return the test of a statistic that maps labels (A, C) to (A,)."""
    p = p_value(statistic(held.labels), observed, enumerated=held.enumerated)
    return Randomised(observed, p, held.floor, len(held.labels), held.enumerated)


def difference_in_means(
    y: np.ndarray, treated: np.ndarray, *, cluster: np.ndarray | None = None, **drawing
) -> Randomised:
    """Return the randomisation test of mean(y treated) - mean(y others) (Fisher 1935; exact when enumerated).

    y: (n,). treated: (n,) bool, the same within a cluster (n,); each row alone where none is given. drawing: stratum
    (clusters,), draws and seed of `assignments`.
    """
    ones = np.ones((len(y), 1))
    return regression_coefficient(y, treated.astype(float), cluster=cluster, controls=ones, **drawing)


def regression_coefficient(
    y: np.ndarray, treated: np.ndarray, *, controls: np.ndarray, cluster: np.ndarray | None = None, **drawing
) -> Randomised:
    """Return the randomisation test of the coefficient of `treated` in a regression of y on it and the controls.

    y, treated: (n,). controls: (n, k), with a column of ones. With M = I - X(X'X)^-1 X' of the controls X, the
    coefficient under another assignment d is d'My / d'Md (Frisch & Waugh 1933); both need sums by cluster only.
    """
    names = np.arange(len(y)) if cluster is None else cluster
    _, first, code = np.unique(names, return_index=True, return_inverse=True)
    if (treated != treated[first][code]).any():
        raise DesignError(
            "randomisation inference needs clusters that are treated as a whole or not at all",
            do="cluster by the area or group to which the treatment was given",
        )
    basis, _ = np.linalg.qr(controls)
    left = y - basis @ (basis.T @ y)
    count = len(first)
    sums = np.column_stack([np.bincount(code, weights=column, minlength=count) for column in (left, *basis.T)])
    size = np.bincount(code, minlength=count)

    def coefficient(labels: np.ndarray) -> np.ndarray:
        added = labels @ sums
        with np.errstate(divide="ignore", invalid="ignore"):
            return added[:, 0] / ((labels**2) @ size - (added[:, 1:] ** 2).sum(axis=1))

    own = treated[first].astype(float)
    return tested_by(coefficient, float(coefficient(own[None, :])[0]), assignments(own, **drawing))


def _ways(labels: np.ndarray) -> int:
    """Return the number of distinct arrangements of labels."""
    left, ways = len(labels), 1
    for count in np.unique(labels, return_counts=True)[1]:
        ways, left = ways * comb(left, int(count)), left - int(count)
    return ways


def _arrangements(labels: np.ndarray) -> np.ndarray:
    """Return the distinct arrangements of labels, (ways, n): the places of one label after the other are chosen."""
    values, counts = np.unique(labels, return_counts=True)
    out, free = np.full((1, len(labels)), values[0]), np.arange(len(labels))[None, :]
    for value, count in zip(values[1:], counts[1:], strict=True):
        places = np.array(list(combinations(range(free.shape[1]), int(count))))
        rest = np.array([np.setdiff1d(np.arange(free.shape[1]), chosen) for chosen in places], dtype=int)
        out = np.repeat(out, len(places), axis=0)
        np.put_along_axis(out, free[:, places].reshape(len(out), -1), value, axis=1)
        free = free[:, rest].reshape(len(out), -1)
    return out
