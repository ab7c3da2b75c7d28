"""Profile-likelihood intervals of a total from one log-linear model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import digamma, gammaincinv, gammaln

from curv_eval.stats.captures import Captures
from curv_eval.stats.multiple_systems import Model, matrix
from curv_eval.stats.poisson import fit_poisson


@dataclass(frozen=True)
class Profile:
    """The total that maximises the multinomial likelihood, and its interval; conf_high is infinite where unbounded."""

    total: float
    conf_low: float
    conf_high: float


def profile(captures: Captures, model: Model, *, alpha: float = 0.05) -> Profile:
    """Return the totals that the multinomial likelihood ratio does not reject (Cormack 1992, Biometrics 48).

    l(N) = log N! - log (N - n)! + the log-likelihood of all histories, those never seen counting N - n, given N. The
    interval holds N with 2 (l_max - l(N)) <= the chi-square quantile with one degree of freedom.
    """
    at = _at(captures, model)
    best = _highest(lambda unseen: at(unseen)[1], captures.seen)
    bar = at(best)[0] - gammaincinv(0.5, 1 - alpha)

    def above(unseen: float) -> float:
        return at(unseen)[0] - bar

    low = brentq(above, 0.0, best, xtol=1e-6 * (1 + best)) if best > 0 and above(0.0) < 0 else 0.0
    return Profile(captures.seen + best, captures.seen + low, captures.seen + _upper(above, best, captures.seen))


def _at(captures: Captures, model: Model) -> Callable[[float], tuple[float, float]]:
    """Return l and its slope as functions of how many were not seen; the slope is that at the fitted shares."""
    x, y = matrix(captures, model), captures.counts
    void = (x.T @ y <= 0) & (np.arange(x.shape[1]) > 0)
    cells = ~(x[:, void] > 0).any(axis=1)
    full = np.vstack([x[cells][:, ~void], np.eye(1, int((~void).sum()))])
    seen = y[cells]

    def value(unseen: float) -> tuple[float, float]:
        every = np.append(seen, unseen)
        fit, whole = fit_poisson(full, every), every.sum()
        share = np.log(np.maximum(fit.mean, 1e-300) / whole)
        height = gammaln(whole + 1) - gammaln(unseen + 1) + every @ share
        return float(height), float(digamma(whole + 1) - digamma(unseen + 1) + share[-1])

    return value


def _highest(slope: Callable[[float], float], seen: float) -> float:
    """Return how many were not seen where the likelihood is highest."""
    if slope(0.0) <= 0:
        return 0.0
    outer = max(seen, 1.0)
    while slope(outer) > 0 and outer < 1e6 * seen:
        outer *= 4
    return outer if slope(outer) > 0 else float(brentq(slope, 0.0, outer, xtol=1e-8 * (1 + outer)))


def _upper(above: Callable[[float], float], best: float, seen: float) -> float:
    outer = best + max(seen, 1.0)
    while above(outer) > 0:
        outer *= 2
        if outer > 1e6 * seen:
            return float(np.inf)
    return float(brentq(above, best, outer, xtol=1e-6 * (1 + best)))
