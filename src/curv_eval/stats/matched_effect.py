"""The average effect on matched treated people, its bias correction and its three kinds of error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.stats.matching import Matches

# untreated people near one another from whom the variance given the covariates is worked out (Abadie & Imbens 2006)
NEIGHBOURS = 2


@dataclass(frozen=True)
class Matched:
    """Outcomes of matched people, less what covariates say about them where the bias is corrected.

    treated: (matched,) outcomes of matched treated people. others: (n_other,) those of the untreated. matches: who is
    matched to whom. leverage: (n_other,) each untreated person's on the regression, 0 without covariates.
    """

    treated: np.ndarray
    others: np.ndarray
    matches: Matches
    leverage: np.ndarray

    @property
    def gaps(self) -> np.ndarray:
        """Each matched treated person's outcome less that of the matches: (matched,)."""
        return self.treated - self.matches.expected(self.others)

    @property
    def value(self) -> float:
        """The average effect on matched treated people."""
        return float(self.gaps.mean())


def matched(y: np.ndarray, treated: np.ndarray, matches: Matches, *, x: np.ndarray | None = None) -> Matched:
    """Return what matching compares: outcomes y (n,), or with covariates x (n, k) their residuals.

    The residuals are y - m(x), with m a linear regression among matched untreated people, each counted as often as
    used; their average gap is the bias-corrected effect (Abadie & Imbens 2011, JBES 29(1)). Raises DesignError where
    too few people were matched for the regression.
    """
    if x is None:
        return Matched(y[treated][matches.matched], y[~treated], matches, np.zeros((~treated).sum()))
    left, leverage = _residuals(y, treated, matches, x)
    return Matched(left[treated][matches.matched], left[~treated], matches, leverage)


def _residuals(y: np.ndarray, treated: np.ndarray, matches: Matches, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    uses = matches.uses()
    basis = np.column_stack([np.ones(len(x)), (x - x.mean(axis=0)) / x.std(axis=0)])
    if (uses > 0).sum() <= basis.shape[1]:
        raise DesignError(
            f"{int((uses > 0).sum())} untreated people were matched, too few to correct for {x.shape[1]} covariates",
            do="use `bias_correction: none`, a wider caliper, or fewer covariates",
        )
    some = basis[~treated] * np.sqrt(uses)[:, None]
    bread = np.linalg.pinv(some.T @ some)
    slopes = bread @ (some.T @ (np.sqrt(uses) * y[~treated]))
    return y - basis @ slopes, np.einsum("ij,jk,ik->i", some, bread, some)


def abadie_imbens(found: Matched, places: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Return roots of the Abadie-Imbens variance: for matched treated (matched,) and untreated people (n_other,).

    V = [sum_treated (gap_i - effect)^2 + sum_others (K_j^2 - K'_j) s_j^2] / n^2, with n matched treated people, K_j how
    often j is used, K'_j the same with squared shares, and s_j^2 the variance of outcomes near j, from its NEIGHBOURS
    nearest untreated people at `places` (n_other, d); without `places` it is one variance for all, from the matched
    pairs (Abadie & Imbens 2006, Econometrica 74(1): matching with replacement, covariates drawn anew).
    """
    n, uses, squares = len(found.treated), found.matches.uses(), found.matches.uses(power=2)
    spread, used = np.zeros(len(uses)), np.flatnonzero(uses)
    spread[used] = _variance_of_pairs(found) if places is None else _variance_nearby(found.others, places, used)
    return (found.gaps - found.value) / n, -np.sqrt(np.maximum(uses**2 - squares, 0) * spread) / n


def _variance_of_pairs(found: Matched) -> float:
    """Return half the mean over matched pairs of (their gap less the effect)^2."""
    less = found.treated - found.value
    first, second = found.matches.expected(found.others), found.matches.expected(found.others**2)
    return float((less**2 - 2 * less * first + second).mean() / 2)


def _variance_nearby(y: np.ndarray, places: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return J / (J + 1) (y_j - mean of its J nearest others)^2 for the given rows."""
    from scipy.spatial import cKDTree

    j = min(NEIGHBOURS, len(y) - 1)
    places = np.round(places, 12)
    near = cKDTree(places).query(places[rows], k=j + 1)[1]
    itself = near == rows[:, None]
    # where many stand at one point a person may not be among its own nearest: then the last is left out
    itself[~itself.any(axis=1), -1] = True
    others = y[near[~itself].reshape(len(rows), j)].mean(axis=1)
    return j / (j + 1) * (y[rows] - others) ** 2


def by_sets(found: Matched) -> tuple[np.ndarray, np.ndarray]:
    """Return roots of the variance over matched sets: (gap_i - effect) / n for each matched treated person, else 0.

    For matching without replacement, where sets share nobody (Abadie & Spiess 2022, JASA 117(538)).
    """
    return (found.gaps - found.value) / len(found.treated), np.zeros(len(found.others))


def linear(found: Matched) -> tuple[np.ndarray, np.ndarray]:
    """Return each person's influence: residual less its mean for matched treated, -K_j residual for others, over n.

    `found` must hold residuals (`matched` with covariates). The bias-corrected effect is asymptotically linear in them
    (Otsu & Rai 2017, JASA 112(520)), so that they may be added up within clusters. The regression follows people who
    are used often, so residuals of others are divided by 1 less their leverage, and those of the treated scaled by
    sqrt(n / (n - 1)), as in a jackknife.
    """
    n, uses = len(found.treated), found.matches.uses()
    others = found.others / np.maximum(1 - found.leverage, 1e-6)
    return (found.treated - found.treated.mean()) * np.sqrt(n / (n - 1)) / n, -uses * others / n
