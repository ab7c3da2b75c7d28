"""Augmented synthetic control: a ridge regression corrects what the weights of the synthetic control leave."""

from __future__ import annotations

from functools import partial

from curv_eval.estimate import Estimate
from curv_eval.estimate.options import Number, chosen
from curv_eval.estimate.synthetic import DONORS, SEED, from_gaps
from curv_eval.panel import Panel
from curv_eval.stats.synthetic_augmented import Ridge, fit_augmented
from curv_eval.study import Design

TAKES = "panel"
OPTIONS = {
    "intercept": ("no", "yes"),
    "donors": DONORS,
    "interval": ("placebos", "conformal"),
    "penalty": ("one standard error", "least error"),
    "draws": Number(59, 19, 9999),
    "seed": Number(SEED, 0, 2**32 - 1),
}
NAMED = "augmented synthetic control with ridge (Ben-Michael, Feller and Rothstein 2021)"
TRENDS = "none"
ASSUMES = (
    "The mix of {comparison} that followed {treated} before {intervention} would have followed them after it.",
    "Nothing else that matters for the outcome changed in {treated} alone when {intervention} began.",
    "{comparison} were not affected by {intervention}.",
)
ERRORS = "placebos"
STAGGERED = False
CHOICE = {"one standard error": "one_se", "least error": "least"}


def estimate(panel: Panel, *, outcome: str, design: Design) -> Estimate:
    """Return the gap between the treated average and its augmented synthetic control, in every period.

    The ridge is chosen by leaving out one period before the start at a time, anew for each placebo (see
    curv_eval.stats.synthetic_augmented). Weights may be negative. Options as in synthetic_control, and `penalty`: the
    largest within one standard error of the least error, or that of the least error. Raises DesignError.
    """
    given = chosen(design.options, OPTIONS)
    ridge = Ridge(intercept=given["intercept"] == "yes", choice=CHOICE[given["penalty"]])
    fitter = partial(fit_augmented, ridge=ridge)
    return from_gaps(panel, outcome=outcome, design=design, fitter=fitter, chosen=given)
