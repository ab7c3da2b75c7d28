"""Does the answer depend on whether trends are parallel in counts or in per cent?"""

from __future__ import annotations

from dataclasses import replace

from curv_eval.checks import Check, Verdict
from curv_eval.estimate import Estimate
from curv_eval.estimate.averages import relative
from curv_eval.estimate.told import changed_by
from curv_eval.methods import fit, shared_options, trends
from curv_eval.panel import Panel
from curv_eval.study import Study

TAKES = "panel"

_OTHER = {"additive": "proportional", "proportional": "additive"}
_PHRASE = {"additive": "equal changes in numbers", "proportional": "equal percentage changes"}


def check(panel: Panel, study: Study, estimate: Estimate) -> Check:
    """Estimate again assuming the other kind of parallel trends (Roth & Sant'Anna 2023).

    When treated areas start from a higher level, the two kinds cannot both hold while everything falls. INFORMS.
    """
    registered = trends(study.design)
    table = relative(_under(panel, study, estimate, _OTHER[registered]), _PHRASE[_OTHER[registered]])
    row = table.iloc[0]
    text = (
        f"The plan expects {_PHRASE[registered]} without {study.words.intervention}. Expecting "
        f"{_PHRASE[_OTHER[registered]]} instead gives "
        f"{changed_by(row.term)}."
    )
    question = "Would counting in numbers instead of per cent (or the reverse) change the answer?"
    return Check("functional_form", question, Verdict.INFORMS, text, table)


def _under(panel: Panel, study: Study, estimate: Estimate, kind: str) -> Estimate:
    options = {"base": "mean", **shared_options(study.design, "callaway_santanna"), "trends": kind}
    design = replace(study.design, method="callaway_santanna", options=options)
    return fit(panel, outcome=estimate.outcome, design=design)
