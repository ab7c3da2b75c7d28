"""The weights by which each method for people makes a comparison group, for the method and for who judges it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.stats.entropy_balance import entropy_weights, moments
from curv_eval.stats.matching import Matches, exact_bins, greedy, nearest, whitened
from curv_eval.stats.propensity import propensity

WEIGHTED = ("doubly_robust", "entropy_balancing", "inverse_probability_weighting", "matching")


def comparison_weights(
    method: str, treated: np.ndarray, x: np.ndarray, *, options: Mapping[str, Any], names: np.ndarray
) -> np.ndarray:
    """Return the weights (n,) that `method` gives: 1 for treated people, others so that they add up to as many.

    People left out have 0. A method that does not weigh people has 1 for all. options: every option of the method.
    names: (n,) by which ties are broken. Raises DesignError as the method does.
    """
    if method not in WEIGHTED:
        return np.ones(len(treated))
    if method == "entropy_balancing":
        c = moments(x, variances=options["moments"] == "means and variances")
        return _balanced(treated, entropy_weights(c[~treated], c[treated].mean(axis=0)))
    if method == "matching":
        return _matched(treated, x, options, names)
    kept = within_overlap(treated, x, options["highest_propensity"])
    odds = np.where(treated, 0.0, _odds(treated, x, kept))
    return np.where(treated, kept, odds * (treated & kept).sum() / odds.sum())


def within_overlap(treated: np.ndarray, x: np.ndarray, highest: float) -> np.ndarray:
    """Return who has a propensity of at most `highest`: (n,) bool; 1 keeps all. Raises DesignError if few are left."""
    if highest >= 1:
        return np.full(len(treated), True)
    kept = propensity(treated, x).score <= highest
    if min((kept & treated).sum(), (kept & ~treated).sum()) <= x.shape[1]:
        raise DesignError(f"highest_propensity: hardly anybody has a propensity of at most {highest:g}")
    return kept


def _odds(treated: np.ndarray, x: np.ndarray, kept: np.ndarray) -> np.ndarray:
    odds = np.zeros(len(treated))
    odds[kept] = propensity(treated[kept], x[kept]).odds
    return odds


def _balanced(treated: np.ndarray, share: np.ndarray) -> np.ndarray:
    weights = np.ones(len(treated))
    weights[~treated] = share * treated.sum()
    return weights


def _matched(treated: np.ndarray, x: np.ndarray, options: Mapping[str, Any], names: np.ndarray) -> np.ndarray:
    order = np.argsort(names, kind="stable")
    matches, _ = matching(treated[order], x[order], options)
    weights, sorted_treated = np.empty(len(treated)), treated[order]
    given = np.empty(len(treated))
    given[sorted_treated] = matches.matched
    given[~sorted_treated] = matches.uses()
    weights[order] = given
    return weights


def matching(treated: np.ndarray, x: np.ndarray, options: Mapping[str, Any]) -> tuple[Matches, np.ndarray]:
    """Return who matches whom by the options of `matching`, and the places (n, d) between which distance was taken.

    Rows must be in the order that breaks ties. Without replacement those hardest to match choose first: by propensity
    those with the highest, by Mahalanobis distance those farthest from anybody. Raises DesignError.
    """
    if options["by"] == "exact bins":
        return exact_bins(treated=x[treated], others=x[~treated], bins=options["bins"]), x
    places = _places(treated, x, options["by"])
    caliper = options["caliper"] * (1.0 if options["by"] == "mahalanobis" else places.std(ddof=1)) or np.inf
    given = {"ratio": options["ratio"], "caliper": caliper}
    mine, others = places[treated], places[~treated]
    if options["replacement"] == "with":
        return nearest(mine, others, **given), places
    return greedy(mine, others, first=_hardest_first(mine, others), **given), places


def _places(treated: np.ndarray, x: np.ndarray, by: str) -> np.ndarray:
    if by == "mahalanobis":
        return whitened(x, treated)
    fitted = propensity(treated, x)
    return (fitted.score if by == "propensity" else fitted.linear)[:, None]


def _hardest_first(mine: np.ndarray, others: np.ndarray) -> np.ndarray:
    from scipy.spatial import cKDTree

    hard = mine[:, 0] if mine.shape[1] == 1 else cKDTree(others).query(mine)[0]
    return np.argsort(-np.round(hard, 12), kind="stable")
