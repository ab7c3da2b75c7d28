"""Matching: each treated person beside the untreated people most like them."""

from __future__ import annotations

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate
from curv_eval.estimate.comparison import comparable, concentrated, concluded
from curv_eval.estimate.options import Number, chosen
from curv_eval.people import People
from curv_eval.stats import matched_effect, weights
from curv_eval.study import Design

TAKES = "people"
OPTIONS = {
    "by": ("propensity", "linear propensity", "mahalanobis", "exact bins"),
    "replacement": ("with", "without"),
    "ratio": Number(1, 1, 10),
    "caliper": Number(0.0, 0.0, 5.0),
    "bins": Number(0, 0, 100),
    "bias_correction": ("regression", "none"),
    "most_unmatched": Number(0.2, 0.0, 0.9),
}
NAMED = "matching (Abadie and Imbens 2006)"
TRENDS = "none"
ASSUMES = (
    "Everything that made people likelier to receive {intervention} and also to fare better or worse is known.",
    "For each person among {treated} there are people like them among {comparison}.",
    "{comparison} were not affected by {intervention}.",
)
ERRORS = "clusters"
STAGGERED = False
SE_RULE = {
    "replacement": "Abadie and Imbens (2006), by 2 neighbours",
    "sets": "matched sets (Abadie and Spiess 2022)",
    "linear": "linear form of matching (Otsu and Rai 2017)",
}


def estimate(people: People, *, outcome: str, design: Design) -> Estimate:
    """Return the mean over matched treated people of Y_i less the mean Y of their matches.

    Options: `by` (nearest propensity, its log odds, Mahalanobis distance, or the same bin of every covariate);
    `replacement`; `ratio` matches each, all ties included with replacement; `caliper` (0: none) in standard deviations
    of the propensity or in Mahalanobis distance; `bins` per covariate (0: Sturges's rule); `bias_correction` by a
    regression among the matched (Abadie & Imbens 2011); `most_unmatched`, the share of treated people without a match
    above which there is no answer. Ties without replacement go to the first name. The propensity counts as known
    (Abadie & Imbens 2016). Raises DesignError.
    """
    found, given = comparable(people, outcome=outcome), chosen(design.options, OPTIONS)
    matches, places = weights.matching(found.treated, found.matrix, given)
    _refuse_unmatched(matches.matched, given)
    how = "linear" if found.cluster is not None or given["by"] == "exact bins" else "sets"
    how = "replacement" if how == "sets" and given["replacement"] == "with" else how
    y, covariates = found.outcomes[outcome], found.matrix
    corrected = covariates if given["bias_correction"] == "regression" else None
    value = matched_effect.matched(y, found.treated, matches, x=corrected)
    held = matched_effect.matched(y, found.treated, matches, x=covariates) if how == "linear" else value
    influence, used = _spread(found, held, how, places)
    notes = [*concentrated(np.where(found.treated, 1.0, _uses(found, held)), found.treated), *_notes(matches.matched)]
    result = ("matching", value.value, SE_RULE[how], notes)
    return concluded(found.take(used), influence[used], outcome=outcome, design=design, found=result)


def _refuse_unmatched(matched: np.ndarray, given: dict) -> None:
    share = 1 - matched.mean()
    if share > given["most_unmatched"] or matched.sum() < 2:
        raise DesignError(
            "too few treated people have a match",
            [f"{int((~matched).sum())} of {len(matched)} have none, expected at most {given['most_unmatched']:.0%}"],
            "widen the caliper or the bins, use fewer covariates, or raise `most_unmatched` and say whom it leaves out",
        )


def _spread(found: People, held: matched_effect.Matched, how: str, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the influence of each person (n,) and who is matched: (n,) bool."""
    rules = {
        "replacement": lambda: matched_effect.abadie_imbens(held, places[~found.treated]),
        "sets": lambda: matched_effect.by_sets(held),
        "linear": lambda: matched_effect.linear(held),
    }
    mine, others = rules[how]()
    used = np.where(found.treated, False, _uses(found, held) > 0)
    used[found.treated] = held.matches.matched
    influence = np.zeros(len(used))
    influence[found.treated & used], influence[~found.treated] = mine, others
    return influence, used


def _uses(found: People, held: matched_effect.Matched) -> np.ndarray:
    uses = np.zeros(len(found.treated))
    uses[~found.treated] = held.matches.uses()
    return uses


def _notes(matched: np.ndarray) -> list[str]:
    if matched.all():
        return []
    return [f"{int((~matched).sum())} treated people have no match and are left out; the effect is on the others"]
