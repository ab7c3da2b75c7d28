"""How much drift between treated and comparison areas does the finding withstand?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.stats import norm

from curv_eval.checks import Check, Verdict
from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate
from curv_eval.estimate.averages import average, overall
from curv_eval.estimate.told import between, told
from curv_eval.methods import load, path, trends
from curv_eval.panel import Panel
from curv_eval.stats.honest_did import EventStudy, breakdown, relative_magnitudes
from curv_eval.stats.honest_did_blocks import blocks
from curv_eval.stats.honest_did_smooth import smoothness
from curv_eval.study import Study

TAKES = "panel"
BARS = (0.5, 1.0, 2.0)
MOST_BLOCKS = 3
MOST_BAR = 5.0
FRAGILE, ROBUST = 0.5, 1.0


@dataclass(frozen=True)
class _Drift:
    """An event study by blocks of periods: `study`, in incidents per area and period, and the length of a block."""

    study: EventStudy
    length: int
    n_units: int
    events: int


def check(panel: Panel, study: Study, estimate: Estimate) -> Check:
    """Allow drift after the start as large as the largest before it, times a factor (Rambachan & Roth 2023).

    The effects of `path` are put together into at most three blocks of nearly equal length on either side of the start
    (two where there are few clusters), and measured against the last block before it; the average weighs every
    treated area-period once. More blocks would measure drift between noisier points, and add it up over more of them.
    For factors 0.5, 1 and 2 the confidence set is the conditional, least favourable hybrid one; besides, the drift of
    a straight line is taken off. The covariance is widened by the square of t over normal quantile, which is what the
    method's own interval does with few clusters. The breakdown is the largest factor up to which 0 lies outside.

    Where the finding excludes 0, it FAILS when the breakdown is below 0.5: drift half as large as what was seen
    between blocks before the start, when nothing had begun, would explain it away. It HOLDS from 1 on, Rambachan and
    Roth's own benchmark, where drift after the start is as large as the largest before. Between the two, or without
    a finding, it INFORMS.
    """
    drift = _drift(panel, study, estimate)
    factor = breakdown(drift.study, alpha=study.design.alpha, most=MOST_BAR)
    table = _table(drift, factor, study.design.alpha)
    main = overall(estimate).iloc[0]
    found = main["conf_low"] > 0 or main["conf_high"] < 0
    verdict = _verdict(factor) if found else Verdict.INFORMS
    text = _text(table, panel, found)
    return Check("honest_did", "How much drift between areas does the finding withstand?", verdict, text, table)


def _verdict(factor: float) -> Verdict:
    if factor < FRAGILE:
        return Verdict.FAILS
    return Verdict.HOLDS if factor >= ROBUST else Verdict.INFORMS


def _drift(panel: Panel, study: Study, estimate: Estimate) -> _Drift:
    """Return the event study by blocks, by as many blocks as the clusters allow."""
    events = path(panel, outcome=estimate.outcome, design=_against_all(study))
    times = np.unique(events.cells["event_time"])
    before, after = times[times < -study.design.anticipation], times[times >= 0]
    if len(before) < 2 or not len(after):
        raise DesignError(
            f"honest_did: got {len(before)} {panel.frequency}s before the start, expected at least 2",
            do="start the window earlier",
        )
    for most in range(MOST_BLOCKS, 1, -1):
        try:
            return _by_blocks(events, before, after, most)
        except DesignError as refusal:
            reason = refusal
    raise DesignError("honest_did: there are too few clusters to measure drift", reason.breaches)


def _against_all(study: Study):
    """Return the design that measures every period against the mean of all before the start, where it has a choice."""
    if trends(study.design) == "none":
        raise DesignError(
            f"honest_did: asks about parallel trends, which {study.design.method} does not assume",
            do="take honest_did out of `checks:`",
        )
    if "mean" not in load(study.design.method).OPTIONS.get("base", ()):
        return study.design
    return replace(study.design, options={**study.design.options, "base": "mean"})


def _by_blocks(events: Estimate, before: np.ndarray, after: np.ndarray, most: int) -> _Drift:
    early, late, length = blocks(len(before), len(after), most=most)
    cells = events.cells["event_time"].to_numpy()
    parts = [average(events, np.isin(cells, times[part])) for times, side in ((before, early), (after, late))
             for part in side]  # fmt: skip
    base, rest = parts[len(early) - 1], [*parts[: len(early) - 1], *parts[len(early) :]]
    influence = np.column_stack([part.influence - base.influence for part in rest])
    weights = np.array([_mass(events, np.isin(cells, after[part])) for part in late])
    weights = np.concatenate([np.zeros(len(early) - 1), weights / weights.sum()])
    widen = events.quantile(influence @ weights) / norm.ppf(1 - events.alpha / 2)
    whole = average(events, events.after)
    held = EventStudy(
        np.array([part.value - base.value for part in rest]), widen**2 * influence.T @ influence,
        len(early) - 1, weights[len(early) - 1 :],
    )  # fmt: skip
    return _Drift(held, length, whole.n_units, whole.events)


def _mass(events: Estimate, chosen: np.ndarray) -> float:
    """Return how much the chosen cells weigh in the average: the shares of their cohorts."""
    return float(sum(events.shares[g][0] for g in events.cells["cohort"][chosen]))


def _table(drift: _Drift, factor: float, alpha: float) -> pd.DataFrame:
    held = drift.study
    straight = smoothness(held, 0.0, alpha=alpha)
    rows = [
        (f"drift up to {bar:g} times the largest before", held.estimate,
         *relative_magnitudes(held, bar, alpha=alpha)) for bar in BARS
    ]  # fmt: skip
    rows += [
        ("drift before the start went on in a straight line", sum(straight) / 2, *straight),
        ("drift that the finding withstands, times the largest before", factor, factor, factor),
        ("periods in a block", drift.length, drift.length, drift.length),
    ]
    table = pd.DataFrame(rows, columns=["term", "estimate", "conf_low", "conf_high"])
    return table.assign(n_units=drift.n_units, events=drift.events)


def _text(table: pd.DataFrame, panel: Panel, found: bool) -> str:
    half, equal, _, straight, factor, length = table.itertuples()
    step = (
        f"one {panel.frequency}" if length.estimate == 1 else f"one block of {length.estimate:.0f} {panel.frequency}s"
    )
    text = (
        f"Areas can drift apart by themselves. If, from {step} to the next, they drifted after the start as far as in "
        f"the largest step before it, the change would lie {_span(equal)} incidents per area in a {panel.frequency}; "
        f"with half that drift, {_span(half)}. If the drift before had gone on in a straight line, {_span(straight)}. "
    )
    if not found:
        return text + "The main interval includes no change, so there is no finding that drift could explain away."
    if factor.estimate >= MOST_BAR:
        return text + f"The finding withstands {told(factor.term, '.0f')} times the largest drift before, and more."
    return text + f"The finding withstands {told(factor.term, '.1f')} times the largest drift before."


def _span(row) -> str:
    return between(row.term, "+.2f")
