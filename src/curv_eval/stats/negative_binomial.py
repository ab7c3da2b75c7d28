"""Negative binomial regression, with theta by maximum likelihood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import digamma, gammaln, polygamma, xlogy

from curv_eval.errors import DesignError
from curv_eval.stats.log_linear import LogLinear, log_linear

_ROUNDS, _TOLERANCE = 200, 1e-10
# beyond the upper end the score is smaller than its rounding errors, and the counts are Poisson to all purposes
_LOW, _HIGH = np.log(1e-6), np.log(1e6)


@dataclass(frozen=True)
class NegativeBinomial:
    """A fit with variance mean + mean^2 / theta.

    fit: its coefficients; `fit.bread` is their covariance given theta, as R MASS glm.nb reports it. theta and
    theta_error: its value and standard error, from the observed information given the means. log_likelihood: at both.
    """

    fit: LogLinear
    theta: float
    theta_error: float
    log_likelihood: float


def negative_binomial(y: np.ndarray, x: np.ndarray, *, offset: np.ndarray | float = 0.0) -> NegativeBinomial:
    """Return the maximum likelihood fit of counts y (n,) on x (n, k).

    Coefficients by reweighted least squares given theta, theta by root finding given the means, in turns until both
    stand still (Venables & Ripley 2002, section 7.4). Raises DesignError when the counts vary no more than Poisson
    counts do, so that theta is infinite, and when the turns do not end.
    """
    fit = log_linear(y, x, offset=offset)
    # the likelihood rises from Poisson towards a finite theta exactly when this is positive
    if ((y - fit.mean) ** 2 - y).sum() <= 0:
        _refuse(fit.dispersion)
    theta = np.inf
    for _ in range(_ROUNDS):
        before, theta = theta, _theta(y, fit.mean)
        fit = log_linear(y, x, theta=theta, offset=offset)
        if abs(np.log(theta) - np.log(before)) < _TOLERANCE:
            return NegativeBinomial(fit, theta, _error(y, fit.mean, theta), _log_likelihood(y, fit.mean, theta))
    raise DesignError("the negative binomial model did not converge", do="use `model: quasi_poisson`")


def _theta(y: np.ndarray, mean: np.ndarray) -> float:
    def slope(log_theta: float) -> float:
        return _score(y, mean, np.exp(log_theta))

    above = np.log(len(y) / max(((y / mean - 1) ** 2).sum(), 1e-12))
    while slope(above) >= 0:
        above += 1.0
        if above > _HIGH:
            _refuse(float(((y - mean) ** 2 / mean).mean()))
    below = above - 1.0
    while slope(below) <= 0 and below > _LOW:
        below -= 1.0
    return float(np.exp(brentq(slope, below, above, xtol=1e-13)))


def _refuse(dispersion: float) -> None:
    raise DesignError(
        "the negative binomial model has no finite theta",
        [f"the counts vary {dispersion:.2f} times as much as Poisson counts would, expected clearly more than once"],
        "use `model: quasi_poisson`, which allows any dispersion",
    )


def _score(y: np.ndarray, mean: np.ndarray, theta: float) -> float:
    """Return the derivative of the log likelihood by theta."""
    inner = digamma(theta + y) - digamma(theta) - np.log1p(mean / theta) - (y - mean) / (mean + theta)
    return float(inner.sum())


def _error(y: np.ndarray, mean: np.ndarray, theta: float) -> float:
    information = (
        polygamma(1, theta) - polygamma(1, theta + y) - 1 / theta + 2 / (mean + theta)
        - (y + theta) / (mean + theta) ** 2
    ).sum()  # fmt: skip
    return float(1 / np.sqrt(information)) if information > 0 else np.inf


def _log_likelihood(y: np.ndarray, mean: np.ndarray, theta: float) -> float:
    constant = gammaln(theta + y) - gammaln(theta) - gammaln(y + 1)
    return float((constant + theta * np.log(theta) + xlogy(y, mean) - (theta + y) * np.log(theta + mean)).sum())
