"""Did treated and comparison areas move together before the start?"""

from __future__ import annotations

import numpy as np

from curv_eval.checks import Check, Verdict
from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate
from curv_eval.estimate.averages import by
from curv_eval.methods import path
from curv_eval.panel import Panel
from curv_eval.stats.cluster import sup_t
from curv_eval.study import Study

TAKES = "panel"


def check(panel: Panel, study: Study, estimate: Estimate) -> Check:
    """Compare the largest gap before the start with what chance alone would give (sup-t over all leads).

    One joint test, so that many months do not make a false alarm certain; it FAILS when p < alpha. Passing does not
    prove parallel trends: a short or noisy period before the start has little power (Roth 2022).
    """
    events = path(panel, outcome=estimate.outcome, design=study.design)
    table = by(events, "event_time", seed=study.seed)
    leads = table[(table["event_time"] < -study.design.anticipation) & (table["std_error"] > 0)]
    if leads.empty:
        raise DesignError("pre_trends: there is no month before the start to compare", do="start the window earlier")
    p, largest = _joint(events, leads["event_time"].to_numpy(), study)
    verdict = Verdict.FAILS if p < study.design.alpha else Verdict.HOLDS
    moved = "did not move together" if verdict is Verdict.FAILS else "moved together, as far as these data can show"
    text = (
        f"In the months before the start, {study.words.treated} and the comparison areas {moved}. "
        f"The largest gap was {largest:+.1f} incidents per area in a month. Chance alone gives one as large {_odds(p)}."
    )
    shown = leads.assign(term=[f"{-e} months before" for e in leads["event_time"]])
    return Check("pre_trends", "Did both kinds of area move together before?", verdict, text, shown)


def _odds(p: float) -> str:
    return f"{100 * p:.0f} times in 100" if p >= 0.015 else "less than 2 times in 100"


def _joint(events: Estimate, leads: np.ndarray, study: Study) -> tuple[float, float]:
    """Return the p-value of the largest |t| over the leads, and the largest gap."""
    from curv_eval.estimate.averages import average

    cells = events.cells["event_time"].to_numpy()
    averages = [average(events, cells == e) for e in leads]
    influence = np.column_stack([a.influence for a in averages])
    t = np.array([a.value / a.std_error for a in averages])
    _, draws = sup_t(influence, alpha=study.design.alpha, seed=study.seed)
    gaps = np.array([a.value for a in averages])
    return float((1 + (draws >= np.abs(t).max()).sum()) / (1 + len(draws))), float(gaps[np.abs(gaps).argmax()])
