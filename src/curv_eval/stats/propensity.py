"""Propensity scores: the chance of being treated given covariates, by logistic regression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, log_expit

from curv_eval.errors import DesignError

STEPS, SMALL = 60, 1e-10
# beyond this chance an untreated person would stand for a million treated ones
CERTAIN = 1 - 1e-6


@dataclass(frozen=True)
class Propensity:
    """A fitted logistic regression of treatment on n people's covariates.

    score: (n,) chances of treatment. linear: (n,) their log odds. coefficients: (k + 1,), the intercept first, in the
    covariates' own units. basis: (n, k + 1) ones and standardised covariates. influence: (n, k + 1) of each person on
    the coefficients of `basis`; its cross product is their sandwich covariance.
    """

    score: np.ndarray
    linear: np.ndarray
    coefficients: np.ndarray
    basis: np.ndarray
    influence: np.ndarray

    @property
    def odds(self) -> np.ndarray:
        """The odds of treatment p / (1 - p): the weight of an untreated person for the effect on the treated."""
        return np.exp(self.linear)


def propensity(treated: np.ndarray, x: np.ndarray) -> Propensity:
    """Return the maximum-likelihood logistic regression of `treated` (n,) bool on x (n, k) and an intercept.

    Newton's method on standardised covariates. Raises DesignError where covariates predict treatment perfectly, so
    that no maximum exists (Albert & Anderson 1984), and where somebody's chance is 1, so that nobody compares.
    """
    middle, spread = x.mean(axis=0), x.std(axis=0)
    if not (spread > 0).all():
        raise DesignError("a covariate has the same value for everybody", do="leave it out of the covariates")
    basis = np.column_stack([np.ones(len(x)), (x - middle) / spread])
    beta = _newton(basis, treated.astype(float))
    score = expit(basis @ beta)
    _refuse_certainty(score, treated)
    bread = np.linalg.inv((basis * (score * (1 - score))[:, None]).T @ basis)
    influence = (basis * (treated - score)[:, None]) @ bread
    slopes = beta[1:] / spread
    coefficients = np.concatenate([[beta[0] - slopes @ middle], slopes])
    return Propensity(score, basis @ beta, coefficients, basis, influence)


def _newton(basis: np.ndarray, treated: np.ndarray) -> np.ndarray:
    share = treated.mean()
    beta = np.zeros(basis.shape[1])
    beta[0] = np.log(share / (1 - share))
    for _ in range(STEPS):
        score = expit(basis @ beta)
        hessian = (basis * (score * (1 - score))[:, None]).T @ basis
        if np.linalg.cond(hessian) > 1e14:
            break
        step = np.linalg.solve(hessian, basis.T @ (treated - score))
        beta = _shortened(basis, treated, beta, step)
        if np.abs(step).max() < SMALL * (1 + np.abs(beta).max()):
            return beta
    raise DesignError(
        "the covariates tell treated from untreated people perfectly, so no propensity exists",
        ["for some values of the covariates everybody, or nobody, was treated (separation)"],
        "leave such a covariate out, or leave out the people whom it sets apart",
    )


def _shortened(basis: np.ndarray, treated: np.ndarray, beta: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Return beta plus the step, halved until the likelihood no longer falls."""
    signs = 2 * treated - 1

    def likelihood(at: np.ndarray) -> float:
        return float(log_expit(signs * (basis @ at)).sum())

    now = likelihood(beta)
    for half in range(30):
        tried = beta + step * 0.5**half
        if likelihood(tried) >= now - 1e-10 * abs(now):
            return tried
    return beta


def _refuse_certainty(score: np.ndarray, treated: np.ndarray) -> None:
    certain = int((score > CERTAIN).sum())
    if certain:
        raise DesignError(
            "treated and untreated people do not overlap",
            [f"{certain} people ({int((score[treated] > CERTAIN).sum())} treated): their chance of treatment is 1"],
            "leave out the people to whom nobody untreated compares, and say so in the question",
        )
