"""Counts with a log link: Poisson, quasi-Poisson and, for a given theta, negative binomial."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import xlogy

from curv_eval.errors import DesignError

_STEPS, _HALVINGS, _TOLERANCE = 100, 30, 1e-18
_FLOOR = 1e-9  # an expected share of the mean count this small means that no finite coefficient fits

_RARE = "the counts are 0 wherever some term of the model is present, so that its rate ratio is 0"
_WIDER = "use longer periods, a wider area, fewer terms, or `model: ols`"


@dataclass(frozen=True)
class LogLinear:
    """A fitted E[y] = exp(offset + X b).

    coefficients: (k,). mean: (n,). bread: (k, k) inverse of X' W X with W = mean / (1 + mean / theta), the conditional
    covariance of the coefficients for a dispersion of 1. response: (k, n) derivative of the coefficients by y.
    dispersion: sum of squared Pearson residuals over n - k (1 for a Poisson variance). deviance: that of the family.
    """

    coefficients: np.ndarray
    mean: np.ndarray
    bread: np.ndarray
    response: np.ndarray
    dispersion: float
    deviance: float


def log_linear(y: np.ndarray, x: np.ndarray, *, theta: float = np.inf, offset: np.ndarray | float = 0.0) -> LogLinear:
    """Return the fit of counts y (n,) on x (n, k) by iteratively reweighted least squares.

    The variance is mean + mean^2 / theta; inf is Poisson, whose coefficients are also those of quasi-Poisson
    (McCullagh & Nelder 1989). offset: (n,), on the log scale. Raises DesignError when the coefficients are not
    identified, when counts of 0 leave no finite coefficient, and when the steps do not converge.
    """
    _refuse(y, x)
    b, mean = _started(y, x, offset)
    deviance = _deviance(y, mean, theta)
    for _ in range(_STEPS):
        score = x.T @ ((y - mean) / (1 + mean / theta))
        step = _step(x, mean / (1 + mean / theta), score)
        b, mean, deviance = _halved(b, step, lambda c: _at(y, x @ c + offset, theta), deviance)
        # the Newton decrement is the squared distance to the maximum in standard errors
        if step @ score <= _TOLERANCE:
            _refuse_separated(y, mean)
            return _finished(y, x, theta, b, mean)
    raise DesignError("the counts model did not converge", do="use longer periods, a wider area or `model: ols`")


def _step(x: np.ndarray, weight: np.ndarray, score: np.ndarray) -> np.ndarray:
    try:
        return np.linalg.solve((x.T * weight) @ x, score)
    except np.linalg.LinAlgError:
        raise DesignError("the counts model has no finite answer", [_RARE], _WIDER) from None


def _at(y: np.ndarray, eta: np.ndarray, theta: float) -> tuple[np.ndarray, float]:
    mean = np.exp(np.clip(eta, -700, 700))
    return mean, _deviance(y, mean, theta)


def _started(y: np.ndarray, x: np.ndarray, offset: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
    b = np.linalg.lstsq(x, np.log(y + 0.1 + 0.1 * y.mean()) - offset, rcond=None)[0]
    return b, np.exp(x @ b + offset)


def _halved(b: np.ndarray, step: np.ndarray, at, before: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the longest of step, step / 2, step / 4, ... that does not raise the deviance."""
    for _ in range(_HALVINGS):
        mean, deviance = at(b + step)
        if np.isfinite(deviance) and deviance <= before * (1 + 1e-10) + 1e-10:
            break
        step = step / 2
    return b + step, mean, deviance


def _deviance(y: np.ndarray, mean: np.ndarray, theta: float) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        if np.isinf(theta):
            return float(2 * (xlogy(y, y / mean) - (y - mean)).sum())
        return float(2 * (xlogy(y, y / mean) - (y + theta) * np.log((y + theta) / (mean + theta))).sum())


def _refuse(y: np.ndarray, x: np.ndarray) -> None:
    faults = []
    if (y < 0).any() or not np.isfinite(y).all():
        faults.append("counts: expected numbers of 0 or more in every period")
    if len(y) <= x.shape[1]:
        faults.append(f"periods: got {len(y)} counts for {x.shape[1]} coefficients, expected more counts")
    elif np.linalg.matrix_rank(x) < x.shape[1]:
        faults.append("the columns of the model repeat one another, so that their coefficients are not identified")
    if faults:
        raise DesignError("the counts model cannot be fitted", faults, "use a longer window or fewer terms")


def _refuse_separated(y: np.ndarray, mean: np.ndarray) -> None:
    if (mean < _FLOOR * max(y.mean(), 1e-300)).any():
        raise DesignError(
            "the counts model has no finite answer",
            [_RARE],
            _WIDER,
        )


def _finished(y: np.ndarray, x: np.ndarray, theta: float, b: np.ndarray, mean: np.ndarray) -> LogLinear:
    bread = np.linalg.inv((x.T * (mean / (1 + mean / theta))) @ x)
    pearson = (y - mean) / np.sqrt(mean + mean**2 / theta)
    dispersion = float((pearson**2).sum() / (len(y) - x.shape[1]))
    return LogLinear(b, mean, bread, bread @ x.T / (1 + mean / theta), dispersion, _deviance(y, mean, theta))
