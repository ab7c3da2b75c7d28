"""Augmented inverse-probability weighting: right when either the propensity or the regression is."""

from __future__ import annotations

from curv_eval.estimate import Estimate
from curv_eval.estimate.comparison import comparable, concentrated, concluded
from curv_eval.estimate.options import Number, chosen
from curv_eval.people import People
from curv_eval.stats import treated_effect
from curv_eval.stats.propensity import propensity
from curv_eval.stats.weights import within_overlap
from curv_eval.study import Design

TAKES = "people"
OPTIONS = {
    "errors": ("efficient", "stacked"),
    "weights": ("odds", "even odds"),
    "highest_propensity": Number(1.0, 0.5, 1.0),
}
NAMED = "doubly robust estimation (augmented inverse-probability weighting) for the effect on the treated"
TRENDS = "none"
ASSUMES = (
    "Everything that made people likelier to receive {intervention} and also to fare better or worse is known.",
    "For each person among {treated} there are people like them among {comparison}.",
    "The model of who was treated, or that of the outcome without treatment, is right; one of the two is enough.",
    "{comparison} were not affected by {intervention}.",
)
ERRORS = "clusters"
STAGGERED = False
SE_RULE = {
    "efficient": "efficient influence function",
    "stacked": "influence function with estimated propensity and regression",
}


def estimate(people: People, *, outcome: str, design: Design) -> Estimate:
    """Return [sum_treated r - sum_untreated o r] / n_treated, r = Y less a regression fitted among the untreated.

    o = p / (1 - p) are odds of treatment from a logistic regression (Robins, Rotnitzky & Zhao 1994; for the effect on
    the treated: Mercatanti & Li 2014). Options: `errors` (efficient: Hahn 1998, takes both models as right; stacked:
    holds when only one is); `weights` (even odds: scaled to add up to n_treated); `highest_propensity` leaves out
    people above it and fits again. Raises DesignError without covariates, overlap or with separation.
    """
    found, given = comparable(people, outcome=outcome), chosen(design.options, OPTIONS)
    kept = within_overlap(found.treated, found.matrix, given["highest_propensity"])
    used = found.take(kept)
    effect = treated_effect.doubly_robust(
        used.outcomes[outcome], used.treated, propensity(used.treated, used.matrix),
        stacked=given["errors"] == "stacked", even=given["weights"] == "even odds",
    )  # fmt: skip
    notes = concentrated(effect.weights, used.treated)
    if not kept.all():
        notes.append(f"{int((~kept).sum())} people with a higher propensity were left out; the effect is on the others")
    result = ("doubly_robust", effect.value, SE_RULE[given["errors"]], notes)
    return concluded(used, effect.influence, outcome=outcome, design=design, found=result)
