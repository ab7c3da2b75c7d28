"""Does the method find an effect on something that the intervention cannot have changed?"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from curv_eval.checks import Check, Verdict
from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate
from curv_eval.estimate.averages import relative
from curv_eval.estimate.told import changed_by
from curv_eval.methods import fit
from curv_eval.panel import Panel
from curv_eval.study import Outcome, Study

TAKES = "panel"


def check(panel: Panel, study: Study, estimate: Estimate) -> Check:
    """Estimate the effect on every outcome of role "placebo", by the study's own method.

    FAILS when one of the intervals excludes 0. With k placebo outcomes each interval has level 1 - alpha / k, so that
    many of them do not make a false alarm certain. Raises DesignError where the study names none.
    """
    named = [one for one in study.outcomes if one.role == "placebo"]
    if not named:
        raise DesignError(
            "placebo_outcome: the study names no outcome that the intervention cannot have changed",
            do="add one to `outcomes` with `role: placebo`, such as thefts of cars for a knife crime programme",
        )
    design = replace(study.design, alpha=study.design.alpha / len(named))
    table = pd.concat([_row(panel, one, design) for one in named], ignore_index=True)
    apart = (table["conf_low"] > 0) | (table["conf_high"] < 0)
    parts = [f"{r.term} {changed_by(r.term)}" for r in table.itertuples()]
    verdict = Verdict.FAILS if apart.any() else Verdict.HOLDS
    ending = (
        f"Something other than {study.words.intervention} changed in {study.words.treated}."
        if apart.any()
        else "It found none, as it should."
    )
    text = f"On what {study.words.intervention} cannot have changed the method found: {'; '.join(parts[:4])}. {ending}"
    return Check("placebo_outcome", "Does it find an effect where there can be none?", verdict, text, table)


def _row(panel: Panel, outcome: Outcome, design) -> pd.DataFrame:
    if outcome.name not in panel.outcomes:
        raise DesignError(f"placebo_outcome: {outcome.name} was not counted (there are {', '.join(panel.outcomes)})")
    return relative(fit(panel, outcome=outcome.name, design=design), outcome.label)
