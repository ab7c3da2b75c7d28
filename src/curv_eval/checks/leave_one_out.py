"""Does the finding rest on one place?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from curv_eval.checks import Check, Verdict
from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate
from curv_eval.estimate.averages import relative
from curv_eval.estimate.told import told
from curv_eval.methods import fit, large_sample
from curv_eval.panel import Panel
from curv_eval.study import Study

TAKES = "panel"


def check(panel: Panel, study: Study, estimate: Estimate) -> Check:
    """Estimate again without each treated cluster in turn.

    FAILS when leaving out one cluster changes the finding: an interval that excluded 0 no longer does, or one that
    included 0 now excludes it.
    """
    clusters, design = np.unique(panel.cluster[panel.treated]), large_sample(study.design)
    rows, refused = [], []
    for name in clusters:
        try:
            found = fit(panel.take(panel.cluster != name), outcome=estimate.outcome, design=design)
            rows.append(relative(found, f"without {name}"))
        except DesignError:
            refused.append(name)
    if not rows:
        raise DesignError("leave_one_out: nothing is left when any one treated cluster is taken out")
    table = pd.concat(rows, ignore_index=True)
    whole = relative(fit(panel, outcome=estimate.outcome, design=design), "all").iloc[0]
    changed = _excludes(table) != _excludes(whole)
    verdict = Verdict.FAILS if changed.any() or refused else Verdict.HOLDS
    text = (
        f"Leaving out each of the {len(clusters)} treated {study.design.cluster}s in turn, the change lies between "
        f"{told(table['term'][table['estimate'].idxmin()], '+.0%')} and "
        f"{told(table['term'][table['estimate'].idxmax()], '+.0%')}. " + _said(table[changed], refused)
    )
    return Check("leave_one_out", "Does the finding rest on one place?", verdict, text, table)


def _excludes(rows: pd.DataFrame | pd.Series) -> pd.Series | bool:
    return (rows["conf_low"] > 0) | (rows["conf_high"] < 0)


def _said(changed: pd.DataFrame, refused: list[str]) -> str:
    if refused:
        return f"Without {', '.join(refused)} there is no estimate at all: the finding rests on that place."
    if changed.empty:
        return "The conclusion is the same each time."
    return f"The conclusion changes {', '.join(changed['term'])}: it rests on that place."
