"""Inverse-probability weighting: untreated people weighted by their odds of treatment."""

from __future__ import annotations

from curv_eval.estimate import Estimate
from curv_eval.estimate.comparison import comparable, concentrated, concluded
from curv_eval.estimate.options import Number, chosen
from curv_eval.people import People
from curv_eval.stats.propensity import propensity
from curv_eval.stats.treated_effect import by_inverse_probability, weighted_difference
from curv_eval.stats.weights import within_overlap
from curv_eval.study import Design

TAKES = "people"
OPTIONS = {"errors": ("estimated weights", "hc1", "hc2"), "highest_propensity": Number(1.0, 0.5, 1.0)}
NAMED = "inverse-probability weighting for the effect on the treated"
TRENDS = "none"
ASSUMES = (
    "Everything that made people likelier to receive {intervention} and also to fare better or worse is known.",
    "For each person among {treated} there are people like them among {comparison}.",
    "The chance of being treated follows the logistic model of the covariates.",
    "{comparison} were not affected by {intervention}.",
)
ERRORS = "clusters"
STAGGERED = False
SE_RULE = {
    "estimated weights": "influence function with estimated propensity",
    "hc1": "HC1 with weights taken as given",
    "hc2": "HC2 with weights taken as given",
}


def estimate(people: People, *, outcome: str, design: Design) -> Estimate:
    """Return mean(Y | treated) - sum_j o_j Y_j / sum_j o_j over the untreated, o = p / (1 - p), p logistic.

    Hajek weights for the average effect on the treated (Hirano, Imbens & Ridder 2003, Econometrica 71(4)).
    Options: `errors` (estimated weights: the influence of the fitted propensity is in the error; hc1, hc2: a weighted
    regression's, which takes weights as given); `highest_propensity` leaves out people above it and fits again, which
    changes whom the effect is about. Raises DesignError without covariates, overlap or with separation.
    """
    found, given = comparable(people, outcome=outcome), chosen(design.options, OPTIONS)
    kept = within_overlap(found.treated, found.matrix, given["highest_propensity"])
    used = found.take(kept)
    y, treated = used.outcomes[outcome], used.treated
    effect = by_inverse_probability(y, treated, propensity(treated, used.matrix))
    if given["errors"] != "estimated weights":
        effect = weighted_difference(y, treated, effect.weights, rule=given["errors"])
    notes = concentrated(effect.weights, treated)
    if not kept.all():
        notes.append(f"{int((~kept).sum())} people with a higher propensity were left out; the effect is on the others")
    result = ("inverse_probability_weighting", effect.value, SE_RULE[given["errors"]], notes)
    return concluded(used, effect.influence, outcome=outcome, design=design, found=result)
