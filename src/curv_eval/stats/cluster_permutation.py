"""Randomisation inference for trials of whole clusters: what other draws of the clusters would have given."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from curv_eval.errors import DesignError

ENUMERATED = 50_000  # draws up to which every one is taken; more are sampled


@dataclass(frozen=True)
class Permuted:
    """The effect, the p-value of no effect for anyone, its floor, the interval that inverts the test, and draws taken.

    exact: whether every possible draw was taken. coefficients: (draws,) what each draw would have given.
    """

    value: float
    p_value: float
    floor: float
    conf_low: float
    conf_high: float
    exact: bool
    coefficients: np.ndarray


@dataclass(frozen=True)
class Lots:
    """How lots were drawn: which cluster each person is in (n,), strata of people (n,) or None, draws and seed."""

    cluster: np.ndarray
    stratum: np.ndarray | None = None
    draws: int = 9_999
    seed: int = 20261125


def permutation_test(
    y: np.ndarray, d: np.ndarray, lots: Lots, *, x: np.ndarray | None = None, alpha: float = 0.05
) -> Permuted:
    """Return the test that d (n,), drawn by cluster, changed nobody's y (n,), by the coefficient of d given x (n, p).

    With every other draw d* of as many clusters (within strata where given), b* is its coefficient in the regression of
    y on d*, 1 and x; p is the share of draws with |b*| >= |b| (ties count; Fisher 1935; Gail and others 1996). The
    interval holds every effect e, the same for all, that the test of y - e d does not reject. For one draw
    |b*_y - e b*_d| >= |b - e| holds from the one to the other crossing of both lines, around b, so the ends are order
    statistics of the crossings. Sampled draws count the real one too.
    Raises DesignError when d differs within a cluster, or no other draw was possible.
    """
    names, code = np.unique(lots.cluster, return_inverse=True)
    share = np.bincount(code, d) / np.bincount(code)
    if ((share > 0) & (share < 1)).any():
        raise DesignError(
            f"{int(((share > 0) & (share < 1)).sum())} clusters hold both people offered it and others, "
            "so clusters were not what was drawn",
        )
    real = share == 1
    drawn, exact = _drawn(real, _cluster_strata(lots, code, len(names)), lots)
    every = np.ones((len(y), 1)) if x is None else np.column_stack([np.ones(len(y)), x])
    on_y, on_d = _coefficients(drawn, np.column_stack([y, d]), every, code)
    b = _coefficients(real[None, :].astype(float), np.column_stack([y, d]), every, code)[0][0]
    # rounding must not decide whether a draw as large as the real one counts
    slack = 1e-9 * max(abs(b), float(np.abs(on_y).max()))
    p = float((np.abs(on_y) >= abs(b) - slack).mean())
    floor = float((np.abs(on_y) >= np.abs(on_y).max() - slack).mean())
    low, high = _ends(float(b), on_y, on_d, alpha=alpha)
    return Permuted(float(b), p, floor, low, high, exact, on_y)


def _cluster_strata(lots: Lots, code: np.ndarray, clusters: int) -> np.ndarray:
    """Return the stratum of each cluster; one for all where people of a cluster are in several, or none is given."""
    if lots.stratum is None:
        return np.zeros(clusters, dtype=int)
    layer = np.unique(lots.stratum, return_inverse=True)[1]
    first = np.zeros(clusters, dtype=int)
    first[code] = layer
    if (first[code] != layer).any():
        raise DesignError("strata differ within clusters, so lots cannot have been drawn within them")
    return first


def _drawn(real: np.ndarray, layer: np.ndarray, lots: Lots) -> tuple[np.ndarray, bool]:
    """Return draws (draws, clusters) of 0 and 1: all of them where they are few, the real one first where sampled."""
    members = [np.flatnonzero(layer == one) for one in np.unique(layer)]
    ways = [comb(len(rows), int(real[rows].sum())) for rows in members]
    total = int(np.prod([float(w) for w in ways]))
    if total < 2:
        raise DesignError("no other draw of clusters was possible")
    if total > ENUMERATED:
        return _sampled(real, members, lots), False
    found = np.zeros((1, len(real)))
    for rows in members:
        chosen = [list(one) for one in combinations(rows, int(real[rows].sum()))]
        part = np.zeros((len(chosen), len(real)))
        for i, one in enumerate(chosen):
            part[i, one] = 1.0
        found = (found[:, None, :] + part[None, :, :]).reshape(-1, len(real))
    return found, True


def _sampled(real: np.ndarray, members: list[np.ndarray], lots: Lots) -> np.ndarray:
    draw = np.random.default_rng(lots.seed)
    found = np.tile(real.astype(float), (lots.draws + 1, 1))
    for rows in members:
        order = np.argsort(draw.random((lots.draws, len(rows))), axis=1)
        found[1:, rows] = real[rows].astype(float)[order]
    return found


def _coefficients(drawn: np.ndarray, columns: np.ndarray, every: np.ndarray, code: np.ndarray) -> np.ndarray:
    """Return each draw's coefficient on both columns, (2, draws), by sums of clusters less what `every` explains."""
    basis = np.linalg.qr(every)[0]
    left = columns - basis @ (basis.T @ columns)
    clusters = drawn.shape[1]
    sums = np.column_stack([np.bincount(code, column, minlength=clusters) for column in left.T])
    inner = np.column_stack([np.bincount(code, column, minlength=clusters) for column in basis.T])
    size = np.bincount(code, minlength=clusters)
    square = drawn @ size - ((drawn @ inner) ** 2).sum(axis=1)
    if (square <= 1e-9 * len(code)).any():
        raise DesignError("some draws of clusters follow from covariates, so no effect can be told from them")
    return (drawn @ sums).T / square


def _ends(b: float, on_y: np.ndarray, on_d: np.ndarray, *, alpha: float) -> tuple[float, float]:
    """Return the interval of effects that more than a share `alpha` of draws is as far from as the real draw."""
    inside = np.abs(on_d) < 1 - 1e-9
    gaps = 1 - on_d, 1 + on_d
    safe = [np.where(inside, gap, 1.0) for gap in gaps]
    crossings = np.sort(np.stack([(b - on_y) / safe[0], (b + on_y) / safe[1]]), axis=0)
    low = np.where(inside, crossings[0], -np.inf)
    high = np.where(inside, crossings[1], np.inf)
    kept = int(np.floor(alpha * len(on_y) + 1e-9))
    return float(np.sort(low)[kept]), float(np.sort(high)[::-1][kept])
