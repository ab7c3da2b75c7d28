"""Does the answer depend on which months before the start it is measured against?"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from curv_eval.checks import Check, Verdict
from curv_eval.estimate import Estimate
from curv_eval.estimate.averages import relative
from curv_eval.estimate.told import changed_by
from curv_eval.methods import fit, shared_options, trends
from curv_eval.panel import Panel
from curv_eval.study import Study

TAKES = "panel"

_PHRASE = {"universal": "the last month before the start", "mean": "the average of all months before the start"}


def check(panel: Panel, study: Study, estimate: Estimate) -> Check:
    """Estimate with the last month before the start, and with the mean of all months before it, as the base.

    Places chosen at a peak fall back by themselves; the more months the base averages, the less that matters. INFORMS.
    """
    rows = []
    for base, phrase in _PHRASE.items():
        options = {**shared_options(study.design, "callaway_santanna"), "base": base, "trends": trends(study.design)}
        design = replace(study.design, method="callaway_santanna", options=options)
        rows.append(relative(fit(panel, outcome=estimate.outcome, design=design), phrase))
    table = pd.concat(rows, ignore_index=True)
    parts = [f"against {r.term}: {changed_by(r.term)}" for r in table.itertuples()]
    text = "Measured " + "; ".join(parts) + "."
    return Check("base_period", "Does it matter which months count as before?", Verdict.INFORMS, text, table)
