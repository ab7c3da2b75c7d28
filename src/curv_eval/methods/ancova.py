"""Analysis of covariance: a randomised comparison of people, more precise by what was known before."""

from __future__ import annotations

from dataclasses import replace

from curv_eval.estimate import Estimate
from curv_eval.estimate.adjusting import adjusters, error_rule, few_clusters, offered, said_rule
from curv_eval.estimate.one_cell import Effect, from_effect
from curv_eval.estimate.options import chosen
from curv_eval.people import People, require
from curv_eval.stats.ancova import regressors
from curv_eval.stats.clustered import least_squares
from curv_eval.study import Design

TAKES = "people"
OPTIONS = {"adjust": ("lin", "ancova", "none"), "effect": ("itt", "as treated"), "errors": ("hc2", "hc3")}
OUTCOME = "any"
NAMED = "analysis of covariance with Lin's (2013) interactions"
TRENDS = "none"
ASSUMES = (
    "Chance decided who was offered {intervention}, so that {treated} and {comparison} differ in nothing else.",
    "The outcome was measured for {treated} as often as for {comparison}, or those missed do not differ.",
    "What one person was offered did not change the outcome of another.",
)
ERRORS = "clusters"
STAGGERED = False
ESTIMAND = {
    "itt": "average effect of being offered it, whether or not it was taken up",
    "as treated": "average difference between those treated and others, given what was measured before",
}
AS_TREATED = "compared as treated, not as drawn: people chose, so chance no longer explains who is in which group"


def estimate(people: People, *, outcome: str, design: Design) -> Estimate:
    """Return the coefficient d of Y = a + d D + b'(X - m) + c'D(X - m) + e on those in the trial.

    D is `assigned` under `effect: itt` (the intention to treat), `treated` under `as treated`; X the outcome before,
    covariates and strata, m their mean. Options: `adjust` (lin: as above; ancova: c = 0; none: difference in means);
    `errors` (hc2, hc3), which become CR2 and CR3 where people have clusters. Neither needs the model to be right:
    randomisation does (Lin 2013, Annals of Applied Statistics 7(1); Freedman 2008). Raises DesignError.
    """
    given = chosen(design.options, OPTIONS)
    trial, notes = (people, (AS_TREATED,)) if given["effect"] == "as treated" else offered(people)
    used = require(trial, outcome=outcome)
    held = adjusters(used, outcome)
    rule = error_rule(used, given["errors"].upper())
    x = regressors(used.treated, held.x, adjust=given["adjust"])
    fit = least_squares(x, used.outcomes[outcome], rule=rule, cluster=used.cluster)
    df = float(fit.robust.df[0])
    said = (*notes, *(held.notes if given["adjust"] != "none" else ()), *few_clusters(used, df))
    effect = Effect(float(fit.coefficients[0]), fit.robust.scores[:, 0], said_rule(rule), df, said)
    found = from_effect(used, outcome=outcome, design=design, method="ancova", effect=effect)
    return replace(found, estimand=ESTIMAND[given["effect"]])
