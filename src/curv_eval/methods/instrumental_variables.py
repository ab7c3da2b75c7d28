"""Instrumental variables: what was offered stands in for what people chose to take up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate
from curv_eval.estimate.adjusting import adjusters, few_clusters, need
from curv_eval.estimate.compliers import Complied, complied
from curv_eval.estimate.one_cell import Effect, from_effect
from curv_eval.estimate.options import chosen
from curv_eval.estimate.parameters import parameters
from curv_eval.people import People, require
from curv_eval.stats.instruments import Equation, wu_hausman
from curv_eval.study import Design

TAKES = "people"
OPTIONS = {"interval": ("wald", "anderson rubin"), "covariates": ("adjusted", "left out")}
OUTCOME = "any"
NAMED = "two-stage least squares (linearmodels)"
TRENDS = "none"
ASSUMES = (
    "Being offered {intervention} was as good as drawn by lot, given what was measured before.",
    "The offer changed the outcome only through taking {intervention} up.",
    "Nobody declined {intervention} because it was offered to them.",
)
ERRORS = "clusters"
STAGGERED = False
ESTIMAND = "average effect on those who took it up because it was offered (compliers)"


def estimate(people: People, *, outcome: str, design: Design) -> Estimate:
    """Return d of Y = a + d D + b'X + e by two-stage least squares, `assigned` the instrument for `treated` D.

    Under the assumptions d is the average effect on compliers (Imbens & Angrist 1994, Econometrica 62(2)), and on all
    treated where nobody could have it unoffered. X: outcome before, covariates and strata. The coefficient comes from
    linearmodels; errors are CR2 with Satterthwaite degrees of freedom (HC2 without clusters).
    Options: `interval` (wald, anderson rubin); when the first-stage F is below 10 the Anderson-Rubin interval is given
    whatever was asked; `covariates` (adjusted, left out). Raises DesignError without `assigned`, or when the offer
    moved take-up not at all.
    """
    need(people, "instrumental_variables", "assigned")
    given = chosen(design.options, OPTIONS)
    used = require(people, outcome=outcome)
    if used.assigned.all() or not used.assigned.any():
        raise DesignError("assigned: everybody was assigned alike, so there is nothing to compare")
    held = adjusters(used, outcome)
    x = held.x if given["covariates"] == "adjusted" else np.empty((len(held.x), 0))
    y = used.outcomes[outcome]
    found = complied(used, y, x, alpha=design.alpha)
    df = float(found.fit.robust.df[0])
    said = (*found.notes, *(held.notes if x.size else ()), *few_clusters(used, df))
    table = _parameters(used, found, x, y=y, alpha=design.alpha)
    effect = Effect(found.value, found.fit.robust.scores[:, 0], found.rule, df, said, table)
    result = from_effect(used, outcome=outcome, design=design, method="instrumental_variables", effect=effect)
    tested = found.inverted if found.weak or given["interval"] != "wald" else None
    return replace(result, estimand=ESTIMAND, tested=tested)


def _parameters(used: People, found: Complied, x: np.ndarray, *, y: np.ndarray, alpha: float) -> pd.DataFrame:
    """The share that the offer moved, with its F as (estimate / error)^2, and the test that people chose at random."""
    stage, f = found.stage, found.stage.robust_f
    rows = [("share who took it up because it was offered", stage.shift, 0.0 if np.isinf(f) else stage.shift / f**0.5)]
    table = parameters(*zip(*rows, strict=True), alpha=alpha, df=float(found.fit.robust.df[0]))
    if np.isinf(f):
        return table
    chose = wu_hausman(Equation(y, used.treated, used.assigned, np.column_stack([np.ones(len(y)), x])))
    term = "what people chose for themselves (Wu-Hausman)"
    row = parameters([term], [chose.value], [chose.std_error], alpha=alpha, df=chose.df)
    return pd.concat([table, row], ignore_index=True)
