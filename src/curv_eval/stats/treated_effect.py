"""The average effect on the treated by weights, by regression and by both, with the influence of every person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.stats.entropy_balance import entropy_weights
from curv_eval.stats.propensity import Propensity


@dataclass(frozen=True)
class TreatedEffect:
    """An average effect on the treated and how it came about.

    value: the effect. influence: (n,) of each person; the sum of squares is the variance. weights: (n,) 1 for treated
    people, and for others weights with the same sum as the treated have, unless the method leaves it free.
    """

    value: float
    influence: np.ndarray
    weights: np.ndarray


def weighted_difference(y: np.ndarray, treated: np.ndarray, weights: np.ndarray, *, rule: str) -> TreatedEffect:
    """Return the difference of weighted means with an error that takes the weights (n,) as given.

    rule: "hc0", "hc1" (times n / (n - 2)) or "hc2" (each residual over 1 less its leverage), which are the errors of
    the coefficient of `treated` in a weighted regression on it (MacKinnon & White 1985).
    """
    share = weights / np.where(treated, weights[treated].sum(), weights[~treated].sum())
    means = share[~treated] @ y[~treated], share[treated] @ y[treated]
    residual = y - np.where(treated, means[1], means[0])
    influence = np.where(treated, share, -share) * residual
    if rule == "hc1":
        influence = influence * np.sqrt(len(y) / (len(y) - 2))
    if rule == "hc2":
        influence = influence / np.sqrt(1 - share)
    return TreatedEffect(float(means[1] - means[0]), influence, weights)


def by_inverse_probability(y: np.ndarray, treated: np.ndarray, fitted: Propensity) -> TreatedEffect:
    """Return mean(y | treated) - sum_j o_j y_j / sum_j o_j over the untreated, with odds o = p / (1 - p).

    The influence includes that of the estimated propensity (Hirano, Imbens & Ridder 2003; the usual stacked equations).
    """
    odds, n_treated = fitted.odds, treated.sum()
    share = odds * ~treated / odds[~treated].sum()
    expected, observed = share @ y, y[treated].mean()
    slope = (share * (y - expected)) @ fitted.basis
    influence = np.where(treated, (y - observed) / n_treated, -share * (y - expected)) - fitted.influence @ slope
    return TreatedEffect(float(observed - expected), influence, np.where(treated, 1.0, share * n_treated))


def by_entropy_balancing(y: np.ndarray, treated: np.ndarray, c: np.ndarray) -> TreatedEffect:
    """Return mean(y | treated) - sum_j w_j y_j, with w from `entropy_weights` on c (n, k), what is balanced.

    The weights are estimated, and so is their target. With b the slopes of a regression of y on c among the untreated,
    weighted by w, the influence is that of residuals y - b'c (Zhao & Percival 2017, J. Causal Inference 5(1)).
    """
    n_treated, target = treated.sum(), c[treated].mean(axis=0)
    share = entropy_weights(c[~treated], target)
    expected, observed = share @ y[~treated], y[treated].mean()
    z = (c - target) / c.std(axis=0)
    root = np.sqrt(share)
    slopes = np.linalg.lstsq(z[~treated] * root[:, None], (y[~treated] - expected) * root, rcond=None)[0]
    influence = np.empty(len(y))
    influence[treated] = (y[treated] - observed - z[treated] @ slopes) / n_treated
    influence[~treated] = -share * (y[~treated] - expected - z[~treated] @ slopes)
    weights = np.ones(len(y))
    weights[~treated] = share * n_treated
    return TreatedEffect(float(observed - expected), influence, weights)


def by_regression(y: np.ndarray, treated: np.ndarray, basis: np.ndarray) -> TreatedEffect:
    """Return mean(y - basis'g | treated), with g by least squares among the untreated; basis: (n, k) with ones."""
    left, spread = _untreated_residuals(y, treated, basis)
    value = left[treated].mean()
    influence = np.where(treated, (left - value) / treated.sum(), 0.0) - spread @ basis[treated].mean(axis=0)
    return TreatedEffect(float(value), influence, np.ones(len(y)))


def doubly_robust(
    y: np.ndarray, treated: np.ndarray, fitted: Propensity, *, stacked: bool = True, even: bool = False
) -> TreatedEffect:
    """Return [sum_treated r - sum_untreated o r] / n_treated, with r = y - basis'g and odds o.

    Right when either the propensity or the regression is (Robins, Rotnitzky & Zhao 1994; Mercatanti & Li 2014).
    even: odds are scaled to add up to n_treated. stacked: the influence includes that of the estimated propensity and
    regression, and holds when only one of them is right; without it, it is the efficient influence function (Hahn
    1998), which takes both as right.
    """
    n_treated = treated.sum()
    left, spread = _untreated_residuals(y, treated, fitted.basis)
    odds = np.where(treated, 0.0, fitted.odds)
    odds = odds * (n_treated / odds.sum() if even else 1.0)
    among, apart = left[treated].mean(), odds @ left / n_treated
    centre = among, apart if even else 0.0
    value = float(among - apart)
    first = (left - (centre[0] if even else value)) / n_treated
    influence = np.where(treated, first, -odds * (left - centre[1]) / n_treated)
    if stacked:
        gap = fitted.basis[treated].mean(axis=0) - odds @ fitted.basis / n_treated
        slope = (odds * (left - centre[1])) @ fitted.basis / n_treated
        influence = influence - spread @ gap - fitted.influence @ slope
    return TreatedEffect(value, influence, np.where(treated, 1.0, odds))


def _untreated_residuals(y: np.ndarray, treated: np.ndarray, basis: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return y less its regression among the untreated, (n,), and each person's influence on that regression."""
    some = basis[~treated]
    slopes = np.linalg.lstsq(some, y[~treated], rcond=None)[0]
    left = y - basis @ slopes
    return left, (basis * np.where(treated, 0.0, left)[:, None]) @ np.linalg.pinv(some.T @ some)
