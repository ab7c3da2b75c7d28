"""Would the usual regression have compared areas with areas that were already treated?"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats as distributions

from curv_eval.checks import Check, Verdict
from curv_eval.estimate import Estimate
from curv_eval.estimate.averages import overall
from curv_eval.estimate.told import between, changed_by, told
from curv_eval.panel import Panel
from curv_eval.stats.goodman_bacon import Comparisons, decomposed
from curv_eval.stats.path_errors import robust
from curv_eval.stats.path_regression import least_squares, paths
from curv_eval.study import Study

TAKES = "panel"

_QUESTION = "How far would two-way fixed effects have compared areas with areas already treated?"
_ALREADY, _CLEAN = "weight on areas already treated", "weight on areas not yet treated"
_REGRESSION, _ESTIMATE = "two-way fixed effects", "this study's method"


def check(panel: Panel, study: Study, estimate: Estimate) -> Check:
    """Decompose the coefficient of two-way fixed effects into its two-group comparisons (Goodman-Bacon 2021).

    Comparisons of later with already treated areas take the growth of an effect for a trend, and can turn its sign.
    With one cohort there are none, and the check HOLDS. Otherwise it INFORMS: how much they weigh, what the
    regression would have said, in incidents per area and period with a CR2 interval, and what the study's method
    says. It never FAILS, since methods that rest on them refuse staggered starts.
    """
    y = panel.outcomes[estimate.outcome]
    cohort = panel.cohort - study.design.anticipation
    found = decomposed(y, cohort, panel.periods)
    staggered = len(np.unique(found.treated)) > 1
    table = pd.DataFrame(
        [*_weights(found, panel, y), *(_numbers(panel, cohort, estimate) if staggered else ())],
        columns=["term", "estimate", "conf_low", "conf_high", "n_units", "events"],
    )
    verdict = Verdict.INFORMS if staggered else Verdict.HOLDS
    return Check("bad_comparison", _QUESTION, verdict, _said(study, staggered), table)


def _weights(found: Comparisons, panel: Panel, y: np.ndarray) -> list[tuple]:
    """The weights are those of the starts alone: they have no error."""
    bad = found.of("later_earlier")[0]
    behind = len(panel.units), int(y.sum())
    return [(_ALREADY, bad, bad, bad, *behind), (_CLEAN, 1 - bad, 1 - bad, 1 - bad, *behind)]


def _numbers(panel: Panel, cohort: np.ndarray, estimate: Estimate) -> list[tuple]:
    begun = (cohort[:, None] <= panel.periods).astype(float)
    x, path = paths(begun)
    working = least_squares(panel.outcomes[estimate.outcome], x, path)
    error = robust(working, panel.cluster)
    width = float(distributions.t.ppf(1 - estimate.alpha / 2, error.df[0]) * error.std_error[0])
    value, ours = float(working.value[0]), overall(estimate).iloc[0]
    behind = int(ours["n_units"]), int(ours["events"])
    return [
        (_REGRESSION, value, value - width, value + width, *behind),
        (_ESTIMATE, ours["estimate"], ours["conf_low"], ours["conf_high"], *behind),
    ]


def _said(study: Study, staggered: bool) -> str:
    if not staggered:
        return (
            f"{study.words.treated[0].upper()}{study.words.treated[1:]} all start together, so two-way fixed effects "
            "compare them with areas not treated and with nothing else: no area already treated stands in for what "
            "would have happened."
        )
    return (
        f"Two-way fixed effects would rest to {told(_ALREADY, '.0%')} on comparisons with areas already "
        "treated, which take a growing effect for a trend. They would have found "
        f"{told(_REGRESSION, '+.2f')} incidents per area in a month ({between(_REGRESSION, '+.2f')}); "
        "this study's method, which makes no such comparison, "
        f"found {changed_by(_ESTIMATE, '+.2f')}."
    )
