"""Poisson regression by iteratively reweighted least squares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, xlogy

from curv_eval.errors import DesignError


@dataclass(frozen=True)
class PoissonFit:
    """coefficients: (p,). covariance: (p, p), the inverse information. mean: (n,). deviance and log-likelihood."""

    coefficients: np.ndarray
    covariance: np.ndarray
    mean: np.ndarray
    deviance: float
    log_likelihood: float

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return -2 * self.log_likelihood + 2 * len(self.coefficients)


def fit_poisson(x: np.ndarray, y: np.ndarray, *, most: int = 200, tolerance: float = 1e-11) -> PoissonFit:
    """Return the maximum-likelihood fit of y ~ Poisson(exp(x b)) (Nelder & Wedderburn 1972).

    x: (n, p) with full column rank. y: (n,) of 0 or more, which need not be whole numbers. Raises DesignError where
    columns repeat one another, or where the likelihood has no maximum that `most` steps reach.
    """
    if np.linalg.matrix_rank(x) < x.shape[1]:
        raise DesignError("the model has more parameters than these counts can tell apart", do="use fewer terms")
    b, mean, enough = np.zeros(x.shape[1]), y + 0.5, tolerance * (1 + np.abs(x).T @ y).max()
    eta = np.log(mean)
    for _ in range(most):
        root = np.sqrt(mean)
        b = np.linalg.lstsq(root[:, None] * x, root * (eta + (y - mean) / mean), rcond=None)[0]
        eta = np.clip(x @ b, -700, 700)
        mean = np.exp(eta)
        if np.abs(x.T @ (y - mean)).max() <= enough:
            break
    else:
        raise DesignError("the log-linear model did not converge", do="use fewer terms, or join lists")
    information = (x * mean[:, None]).T @ x
    likelihood = float((xlogy(y, mean) - mean - gammaln(y + 1)).sum())
    return PoissonFit(b, np.linalg.inv(information), mean, deviance(y, mean), likelihood)


def deviance(y: np.ndarray, mean: np.ndarray) -> float:
    """Return 2 sum(y log(y / mean) - (y - mean))."""
    return float(2 * (xlogy(y, y) - xlogy(y, mean) - (y - mean)).sum())
