"""Did something change just before the start?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from curv_eval.checks import Check, Verdict
from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate
from curv_eval.estimate.averages import relative
from curv_eval.estimate.told import changed_by, told
from curv_eval.methods import fit, path
from curv_eval.panel import Panel
from curv_eval.study import Study

TAKES = "panel"
WIDEST = 3  # periods; a start that is talked about for longer belongs in the plan


def check(panel: Panel, study: Study, estimate: Estimate) -> Check:
    """Estimate with `anticipation` widened by three periods, and the change in those three periods.

    Both are measured against what came before them. People who know of a start may act on it early, and places chosen
    at a peak may already be falling. FAILS when the interval of the change just before the start excludes 0.
    """
    planned = study.design.anticipation
    width = _width(panel, planned)
    wide = replace(study.design, anticipation=planned + width)
    near = _near(path(panel, outcome=estimate.outcome, design=wide), planned, width)
    what = f"{width} {panel.frequency}{'s' if width > 1 else ''}"
    table = pd.concat(
        [
            relative(near, f"{what} before"),
            relative(fit(panel, outcome=estimate.outcome, design=wide), f"effect without the {what} before"),
            relative(estimate, "effect as planned"),
        ],
        ignore_index=True,
    )
    before, without, plan = (table.iloc[i] for i in range(3))
    moved = bool(before.conf_low > 0 or before.conf_high < 0)
    text = (
        f"In the {what} before {study.words.begins}, incidents in {study.words.treated} were {changed_by(before.term)} "
        f"from what was expected: "
        f"{'something had changed early' if moved else 'no sign of an early change'}. With those {panel.frequency}s "
        f"set aside the effect is {told(without.term, '+.0%')}, as planned {told(plan.term, '+.0%')}."
    )
    verdict = Verdict.FAILS if moved else Verdict.HOLDS
    return Check("anticipation", "Did something change just before the start?", verdict, text, table)


def _width(panel: Panel, planned: int) -> int:
    """Return how many periods can be set aside so that two are left before the first start, at most three."""
    left = int((panel.periods < np.nanmin(panel.cohort) - planned).sum()) - 2
    if left < 1:
        raise DesignError(
            "anticipation: too few periods lie before the start to set any aside", do="start the window earlier"
        )
    return min(left, WIDEST)


def _near(events: Estimate, planned: int, width: int) -> Estimate:
    """Return the estimate whose only cells are the `width` periods before the start (and before `planned` ones)."""
    time = events.cells["event_time"].to_numpy()
    kept = (time < -planned) & (time >= -planned - width)
    if not kept.any():
        raise DesignError("anticipation: none of the periods just before the start is in the data")
    return replace(
        events, cells=events.cells[kept].assign(event_time=0).reset_index(drop=True), tested=None,
        influence=events.influence[:, kept], observed_influence=events.observed_influence[:, kept],
        draws=None if events.draws is None else events.draws[:, kept],
    )  # fmt: skip
