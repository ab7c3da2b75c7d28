"""Differences-in-differences that hold given covariates: outcome regression, inverse probability, doubly robust."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.errors import DesignError

KINDS = ("regression", "ipw", "doubly_robust")
_OVERLAP = (0.995, 0.999)  # the largest chance of being treated: of a comparison unit, and of any unit
_OPTIONS = "leave out the covariate that divides them, or use `covariates: none`"


@dataclass(frozen=True)
class Changed:
    """Effects of m changes, effect (m,), and the influence of each of n units on them, (n, m), which sums to 0."""

    effect: np.ndarray
    influence: np.ndarray


def adjusted(change: np.ndarray, treated: np.ndarray, x: np.ndarray, *, kind: str) -> Changed:
    """Return the average effects on the treated of n units' changes, given covariates.

    With X the covariates and a constant, b the least squares of the change on X among the comparison, r = change -
    X b, p the chance of being treated by a logit, and w = p / (1 - p) in the comparison,

        regression:     mean_treated(r)                              (Heckman, Ichimura & Todd 1997)
        ipw:            mean_treated(change) - sum(w change) / sum(w)  (Abadie 2005, weights adding to 1)
        doubly_robust:  mean_treated(r) - sum(w r) / sum(w)          (Sant'Anna & Zhao 2020, equation 2.10)

    change: (n, m). treated: (n,) bool. x: (n, k) without the constant. kind: one of KINDS. The influence contains the
    estimation of b and p (Sant'Anna & Zhao 2020, section 3). Raises DesignError when the comparison cannot tell the
    covariates apart, when it holds nobody like the treated, or when the logit separates the two.
    """
    full = _standard(x)
    _refuse_few(full, treated)
    left, slope = (change, None) if kind == "ipw" else _outcome(change, treated, full)
    share = treated / treated.sum()
    effect = share @ left
    influence = share[:, None] * (left - effect)
    if kind == "regression":
        return Changed(effect, influence - slope @ (full.T @ share))
    chance, scores = _propensity(treated, full)
    odds = np.where(treated, 0.0, chance / (1 - chance))
    weight = odds / odds.sum()
    other = weight @ left
    weighted = weight[:, None] * (left - other)
    influence -= weighted + scores @ (full.T @ weighted)
    if slope is not None:
        influence -= slope @ (full.T @ (share - weight))
    return Changed(effect - other, influence)


def _standard(x: np.ndarray) -> np.ndarray:
    """Return a constant and the covariates with mean 0 and deviation 1, which leaves every fit as it is."""
    spread = x.std(axis=0)
    if (spread <= 1e-12 * np.abs(x).max(axis=0, initial=1e-300)).any():
        raise DesignError("a covariate has the same value in every area that is compared", do=_OPTIONS)
    return np.column_stack([np.ones(len(x)), (x - x.mean(axis=0)) / spread])


def _refuse_few(x: np.ndarray, treated: np.ndarray) -> None:
    """Refuse a comparison that has too few units, or none on one side of the treated."""
    others = x[~treated]
    if len(others) <= x.shape[1] or np.linalg.cond(others) > 1e7:
        raise DesignError(
            f"{len(others)} comparison areas cannot tell {x.shape[1] - 1} covariates apart",
            do="leave out covariates, or use `covariates: none`",
        )
    middle = x[treated].mean(axis=0)
    if ((middle > others.max(axis=0)) | (middle < others.min(axis=0))).any():
        raise DesignError("no comparison area reaches the treated areas' mean of a covariate", do=_OPTIONS)


def _outcome(change: np.ndarray, treated: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, _Slope]:
    """Return what the comparison's regression leaves of the changes, (n, m), and the influence on its coefficients."""
    bread = np.linalg.inv(x[~treated].T @ x[~treated])
    left = change - x @ (bread @ (x[~treated].T @ change[~treated]))
    return left, _Slope(x @ bread, np.where(treated[:, None], 0.0, left))


@dataclass(frozen=True)
class _Slope:
    """The influence of each unit on m columns of coefficients: the product of solved (n, k) and left (n, m)."""

    solved: np.ndarray
    left: np.ndarray

    def __matmul__(self, at: np.ndarray) -> np.ndarray:
        return (self.solved @ at)[:, None] * self.left


def _propensity(treated: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the chance of being treated, (n,), by a logit, and the influence on its coefficients, (n, k)."""
    found = np.zeros(x.shape[1])
    for _ in range(100):
        chance = 1.0 / (1.0 + np.exp(-np.clip(x @ found, -40, 40)))
        bread = np.linalg.pinv((x.T * (chance * (1 - chance))) @ x)
        step = bread @ (x.T @ (treated - chance))
        found += step
        if np.abs(step).max() <= 1e-10:
            _refuse_apart(chance, treated)
            return chance, ((treated - chance)[:, None] * x) @ bread
        if np.abs(found).max() > 50:
            break
    raise DesignError("the covariates separate treated from comparison areas, so nobody is comparable", do=_OPTIONS)


def _refuse_apart(chance: np.ndarray, treated: np.ndarray) -> None:
    apart = int((chance[~treated] > _OVERLAP[0]).sum() + (chance[treated] > _OVERLAP[1]).sum())
    if apart:
        raise DesignError(
            f"{apart} areas are treated almost for certain given their covariates, so that they compare with nobody",
            do=_OPTIONS,
        )
