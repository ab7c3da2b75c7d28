"""Poisson means with unit and period effects, by the conditional likelihood, on the table of paths and periods."""

from __future__ import annotations

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.stats.path_regression import Working, crossed, with_periods
from curv_eval.stats.sums import Groups, sum_rows

_FAR = 30.0  # a log ratio of exp(30) is not one of counts


def conditional_poisson(y: np.ndarray, x: np.ndarray, path: np.ndarray, *, most: int = 200) -> Working:
    """Return the regression E[Y_it] = exp(a_i + b_t + x_it' c) by pseudo-maximum likelihood.

    Given a unit's total, its counts are shared out over the periods by exp(b_t + x_it' c), so that the unit effects
    drop out (Hausman, Hall & Griliches 1984) and the units of one path can be added up; no Poisson variance is needed
    (Wooldridge 1999). Newton's steps on that concave likelihood, halved where they overshoot.

    y: (n, T) counts, every unit with one at least. x: (P, T, K), the regressors of each path. path: (n,). The Working
    holds means m_i p_t as weights and y less its mean as residual. Raises DesignError when a ratio is 0 or infinite,
    or the regressors cannot be told apart.
    """
    sums = sum_rows(y, Groups(path, len(x)))
    full = with_periods(x, np.broadcast_to(sums.sum(axis=0), x.shape[:2]))
    total = sums.sum(axis=1)
    found, share = np.zeros(full.shape[2]), _shares(full, np.zeros(full.shape[2]))
    for _ in range(most):
        gap = sums - total[:, None] * share
        scaled, bread = crossed(full, share, total, names=x.shape[2])
        slope = np.einsum("ptj,pt->j", full, gap)
        step = bread @ slope
        if slope @ step <= 1e-24 * total.sum():
            means = y.sum(axis=1, keepdims=True) * share[path]
            return Working(found[: x.shape[2]], path, y.sum(axis=1), np.sqrt(share), scaled, bread, y - means)
        found, share = _climbed(full, sums, found, step)
        if np.abs(found).max() > _FAR:
            break
    raise DesignError(
        "the Poisson model did not converge: a ratio of counts is 0 or infinite",
        do="use larger areas or longer periods",
    )


def _shares(x: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Return the share of a unit's counts that falls into each period: (P, T)."""
    index = x @ found
    odds = np.exp(index - index.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def _climbed(x: np.ndarray, sums: np.ndarray, found: np.ndarray, step: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the coefficients after the longest of the step, its half, quarter and so on that does not go down."""
    before = _likelihood(sums, _shares(x, found))
    for halving in range(30):
        tried = found + step / 2**halving
        share = _shares(x, tried)
        if _likelihood(sums, share) >= before - 1e-12 * abs(before):
            return tried, share
    return found, _shares(x, found)


def _likelihood(sums: np.ndarray, share: np.ndarray) -> float:
    some = sums > 0
    with np.errstate(divide="ignore"):
        return float((sums[some] * np.log(share[some])).sum())
