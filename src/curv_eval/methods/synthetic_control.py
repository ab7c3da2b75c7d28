"""Synthetic control: one cohort, few treated areas, compared with the weighted average of donors that was like them."""

from __future__ import annotations

from functools import partial

from curv_eval.estimate import Estimate
from curv_eval.estimate.options import Number, chosen
from curv_eval.estimate.synthetic import DONORS, SEED, from_gaps
from curv_eval.panel import Panel
from curv_eval.stats.synthetic import fit
from curv_eval.study import Design

TAKES = "panel"
OPTIONS = {
    "intercept": ("no", "yes"),
    "donors": DONORS,
    "interval": ("placebos", "conformal"),
    "draws": Number(199, 19, 9999),
    "seed": Number(SEED, 0, 2**32 - 1),
}
NAMED = "synthetic control (Abadie, Diamond and Hainmueller 2010), on outcomes alone"
TRENDS = "none"
ASSUMES = (
    "The mix of {comparison} that followed {treated} before {intervention} would have followed them after it.",
    "Nothing else that matters for the outcome changed in {treated} alone when {intervention} began.",
    "{comparison} were not affected by {intervention}.",
)
ERRORS = "placebos"
STAGGERED = False


def estimate(panel: Panel, *, outcome: str, design: Design) -> Estimate:
    """Return the gap between the treated average and its synthetic control, in every period.

    Weights are at least 0, add up to 1 and minimise the squared gap before the start, exactly (see
    curv_eval.stats.synthetic). Options: `intercept` (yes: levels are free, Ferman & Pinto 2021); `donors` (all, same
    district, not neighbours); `interval` (placebos: inversion of the test in space; conformal: shifts in time);
    `draws`, `seed`: placebo groups where several clusters are treated. Raises DesignError.
    """
    given = chosen(design.options, OPTIONS)
    fitter = partial(fit, intercept=given["intercept"] == "yes")
    return from_gaps(panel, outcome=outcome, design=design, fitter=fitter, chosen=given)
