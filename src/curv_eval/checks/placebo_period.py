"""Does the method find an effect where there was none: before the start?"""

from __future__ import annotations

import numpy as np

from curv_eval.checks import Check, Verdict
from curv_eval.estimate import Estimate
from curv_eval.estimate.averages import relative
from curv_eval.estimate.told import changed_by
from curv_eval.methods import fit
from curv_eval.panel import Panel
from curv_eval.study import Study

TAKES = "panel"


def check(panel: Panel, study: Study, estimate: Estimate) -> Check:
    """Pretend that treatment started at two thirds of the months before the first real start, and estimate again.

    Only months before the first start (less anticipation) are used, so any effect found is false. FAILS when the
    interval excludes 0.
    """
    before = panel.periods < np.nanmin(panel.cohort) - study.design.anticipation
    past = panel.take(np.full(len(panel.units), True), before)
    start = past.periods[2 * len(past.periods) // 3]
    pretended = past.with_cohort(np.where(panel.treated, start, np.nan))
    found = fit(pretended, outcome=estimate.outcome, design=study.design)
    table = relative(found, f"pretended start {panel.label(start)}")
    row = table.iloc[0]
    verdict = Verdict.FAILS if row.conf_low > 0 or row.conf_high < 0 else Verdict.HOLDS
    text = (
        f"With a start pretended in {panel.spoken(start)}, when nothing had begun, the method found a change "
        f"of {changed_by(row.term)}; it should find none."
    )
    return Check("placebo_period", "Does it find an effect before anything started?", verdict, text, table)
