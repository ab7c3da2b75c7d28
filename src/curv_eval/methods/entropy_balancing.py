"""Entropy balancing (Hainmueller 2012): untreated people weighted until they look like the treated on average."""

from __future__ import annotations

from curv_eval.estimate import Estimate
from curv_eval.estimate.comparison import comparable, concentrated, concluded
from curv_eval.estimate.options import chosen
from curv_eval.people import People
from curv_eval.stats.entropy_balance import moments
from curv_eval.stats.treated_effect import by_entropy_balancing, weighted_difference
from curv_eval.study import Design

TAKES = "people"
OPTIONS = {"moments": ("means", "means and variances"), "errors": ("estimated weights", "hc1", "hc2")}
NAMED = "entropy balancing (Hainmueller 2012)"
TRENDS = "none"
ASSUMES = (
    "Everything that made people likelier to receive {intervention} and also to fare better or worse is known.",
    "For each person among {treated} there are people like them among {comparison}.",
    "The odds of being treated, or the outcome without treatment, follow what was balanced; one of the two is enough.",
    "{comparison} were not affected by {intervention}.",
)
ERRORS = "clusters"
STAGGERED = False
SE_RULE = {
    "estimated weights": "influence function with estimated weights",
    "hc1": "HC1 with weights taken as given",
    "hc2": "HC2 with weights taken as given",
}


def estimate(people: People, *, outcome: str, design: Design) -> Estimate:
    """Return mean(Y | treated) - sum_j w_j Y_j, with the weights nearest to even that balance the covariates exactly.

    w_j is proportional to exp(l'x_j) (Hainmueller 2012, Political Analysis 20(1)). Options: `moments` (means, or means
    and variances of covariates with more than two values); `errors` (estimated weights: Zhao & Percival 2017; hc1,
    hc2: a weighted regression's, which takes weights as given). Raises DesignError where no weights balance.
    """
    found, given = comparable(people, outcome=outcome), chosen(design.options, OPTIONS)
    y, treated = found.outcomes[outcome], found.treated
    c = moments(found.matrix, variances=given["moments"] == "means and variances")
    effect = by_entropy_balancing(y, treated, c)
    if given["errors"] != "estimated weights":
        effect = weighted_difference(y, treated, effect.weights, rule=given["errors"])
    notes = concentrated(effect.weights, treated)
    result = ("entropy_balancing", effect.value, SE_RULE[given["errors"]], notes)
    return concluded(found, effect.influence, outcome=outcome, design=design, found=result)
