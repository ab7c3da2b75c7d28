"""Did incidents move next door, or did the benefit spread there?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from curv_eval.checks import Check, Verdict
from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate
from curv_eval.estimate.averages import relative
from curv_eval.estimate.told import changed_by, told
from curv_eval.methods import fit, large_sample
from curv_eval.panel import Panel
from curv_eval.study import Study

TAKES = "panel"


def check(panel: Panel, study: Study, estimate: Estimate) -> Check:
    """Estimate the effect on untreated areas that touch a treated one, compared with areas that touch none.

    A neighbour takes the earliest start among the treated areas it touches. FAILS when the neighbours' interval
    excludes 0, because then the comparison group itself was changed; the second row is the main effect with the
    neighbours taken out of the comparison.
    """
    if panel.neighbours is None or not panel.neighbours.any():
        raise DesignError("displacement: the panel does not know which areas touch", do="add lsoa_boundaries")
    start = _starts_next_door(panel)
    near = ~panel.treated & ~np.isnan(start)
    if not near.any() or not (~panel.treated & ~near).any():
        raise DesignError("displacement: there are no untreated neighbours, or no other areas to compare them with")
    others = panel.with_cohort(np.where(near, start, np.nan)).take(~panel.treated)
    design = large_sample(study.design)
    next_door = fit(others, outcome=estimate.outcome, design=design)
    apart = fit(panel.take(~near), outcome=estimate.outcome, design=design)
    table = pd.concat(
        [relative(next_door, "neighbouring areas"), relative(apart, "main effect without neighbours")],
        ignore_index=True,
    )
    verdict, text = _read(table, int(near.sum()), study)
    return Check("displacement", "Did incidents move to neighbouring areas?", verdict, text, table)


def _starts_next_door(panel: Panel) -> np.ndarray:
    """Return the earliest start among each area's neighbours: (n,), NaN when none is treated."""
    starts = np.where(panel.neighbours, panel.cohort[None, :], np.nan)
    return np.where(np.isnan(starts).all(axis=1), np.nan, np.nanmin(np.where(np.isnan(starts), np.inf, starts), axis=1))


def _read(table: pd.DataFrame, n: int, study: Study) -> tuple[Verdict, str]:
    row, apart = table.iloc[0], table.iloc[1]
    span = changed_by(row.term)
    rest = f" Without them in the comparison, the main change is {told(apart.term, '+.0%')}."
    if row.conf_low > 0:
        return (
            Verdict.FAILS,
            f"In the {n} neighbouring areas incidents rose by {span}: some may have moved there.{rest}",
        )
    if row.conf_high < 0:
        return (
            Verdict.FAILS,
            f"In the {n} neighbouring areas incidents fell too, {span}: the benefit may have spread.{rest}",
        )
    return Verdict.HOLDS, f"In the {n} neighbouring areas the change was {span}: no sign that incidents moved.{rest}"
