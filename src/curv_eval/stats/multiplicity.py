"""Chances adjusted for the number of tests made."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from curv_eval.errors import DesignError

PValues = np.ndarray


def bonferroni(p: PValues) -> PValues:
    """Return min(1, m p). Holds whatever the dependence; controls the chance of any false finding."""
    return np.minimum(1.0, len(_checked(p)) * np.asarray(p))


def holm(p: PValues) -> PValues:
    """Return Holm's (1979) step-down values: as safe as Bonferroni's and never larger."""
    m = len(_checked(p))
    return _stepwise(p, lambda q: np.maximum.accumulate((m - np.arange(m)) * q))


def hochberg(p: PValues) -> PValues:
    """Return Hochberg's (1988) step-up values; they need tests that are independent or positively dependent."""
    m = len(_checked(p))
    return _stepwise(p, lambda q: _from_above((m - np.arange(m)) * q))


def benjamini_hochberg(p: PValues) -> PValues:
    """Return Benjamini & Hochberg's (1995) values, which control the false discovery rate; dependence as Hochberg's."""
    m = len(_checked(p))
    return _stepwise(p, lambda q: _from_above(m / np.arange(1, m + 1) * q))


def benjamini_yekutieli(p: PValues) -> PValues:
    """Return Benjamini & Yekutieli's (2001) values, which control the false discovery rate under any dependence."""
    m = len(_checked(p))
    harmonic = float((1 / np.arange(1, m + 1)).sum())
    return _stepwise(p, lambda q: _from_above(harmonic * m / np.arange(1, m + 1) * q))


def hommel(p: PValues) -> PValues:
    """Return Hommel's (1988) values, by Simes's test of every joint hypothesis (Wright 1992)."""
    return _stepwise(_checked(p), _hommel)


def _hommel(q: PValues) -> PValues:
    """Return the values for q in increasing order.

    For each size j of a joint hypothesis its weakest set has the j - 1 largest values and one other, which gets
    min(j q, bound of the largest); the largest over all j counts.
    """
    m = len(q)
    adjusted = np.full(m, (m * q / np.arange(1, m + 1)).min())
    for j in range(m - 1, 1, -1):
        largest = q[m - j + 1 :]
        bound = (j * largest / np.arange(2, j + 1)).min()
        adjusted = np.maximum(adjusted, np.where(np.arange(m) <= m - j, np.minimum(j * q, bound), 0.0))
    return np.maximum(adjusted, q)


def _checked(p: PValues) -> PValues:
    """Return p as an array (m,), or refuse what are not chances."""
    held = np.asarray(p, dtype=float)
    if held.ndim != 1 or not len(held) or not ((held >= 0) & (held <= 1)).all():
        raise DesignError("p-values: expected one or more numbers from 0 to 1")
    return held


def _stepwise(p: PValues, step: Callable[[PValues], PValues]) -> PValues:
    """Return step(p in increasing order), put back into the order of p, 1 at most."""
    held = np.asarray(p, dtype=float)
    order = np.argsort(held, kind="stable")
    out = np.empty_like(held)
    out[order] = np.minimum(1.0, step(held[order]))
    return out


def _from_above(q: PValues) -> PValues:
    return np.minimum.accumulate(q[::-1])[::-1]


def step_down(statistic: np.ndarray, drawn: np.ndarray) -> PValues:
    """Return p-values adjusted by the largest statistic (Westfall & Young 1993; Romano & Wolf 2005).

    statistic: (m,), larger is stronger, such as |t|. drawn: (draws, m), the same statistics where no hypothesis holds,
    all from the same resample in a row, so that their dependence counts. In decreasing order of statistic,

        p_(j) = max_{i <= j} (1 + #{draws: max_{l >= i} drawn_(l) >= statistic_(i)}) / (1 + draws)

    (Romano & Wolf 2016, with the 1 that keeps a p-value from being 0).
    """
    order = np.argsort(-np.asarray(statistic), kind="stable")
    largest = np.maximum.accumulate(drawn[:, order[::-1]], axis=1)[:, ::-1]
    p = (1 + (largest >= np.asarray(statistic)[order]).sum(axis=0)) / (1 + len(drawn))
    out = np.empty(len(order))
    out[order] = np.maximum.accumulate(p)
    return out


def sign_flips(influence: np.ndarray, *, draws: int, seed: int) -> np.ndarray:
    """Return |t| of every column of `influence` (clusters, m) when whole clusters change sign at random: (draws, m).

    One sign per cluster and draw for all columns, so that outcomes of the same places keep their dependence. Where
    there are no more than `draws` assignments of signs, every one is taken once instead.
    """
    clusters, scale = len(influence), np.sqrt((influence**2).sum(axis=0))
    if 2**clusters <= draws:
        signs = (np.arange(2**clusters)[:, None] >> np.arange(clusters) & 1) * 2.0 - 1.0
    else:
        signs = np.random.default_rng(seed).integers(0, 2, size=(draws, clusters)) * 2.0 - 1.0
    return np.abs(signs @ influence / np.where(scale > 0, scale, np.inf))
