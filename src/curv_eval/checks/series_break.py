"""Did something else break the series inside the window: a lockdown, a new way of counting?"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from scipy import stats as distributions

from curv_eval.checks import Check, Verdict
from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate
from curv_eval.estimate.averages import relative
from curv_eval.estimate.told import changed_by, told
from curv_eval.methods import fit
from curv_eval.panel import Panel, month_number
from curv_eval.stats import segmented
from curv_eval.stats.break_scan import largest_break
from curv_eval.study import Study

TAKES = "panel"
SHORTEST, SHOWN = 16, 3
_TEXT = re.compile(r"^(\d{4})(?:-(0[1-9]|1[0-2]))?\s*[:,]?\s+(\S.*)$")


def check(panel: Panel, study: Study, estimate: Estimate) -> Check:
    """Look for breaks, and estimate without the periods on the far side of each.

    Breaks are those that the study registers (`series_breaks`, as "2020-03: first lockdown") and the largest change of
    level in the areas never treated, where chance gives one as large less often than alpha (see
    curv_eval.stats.break_scan). The far side is what lies before a break before the first start, and from the break on
    where it came later. FAILS when the planned estimate lies outside an interval from the near side alone.
    """
    planned = relative(estimate, "as planned")
    found, scan = _scan(panel, study, estimate.outcome)
    breaks = {**_registered(panel, study), **found}
    rows = {when: _near_side(panel, study, estimate.outcome, when=when) for when in breaks}
    table = pd.concat([planned, *(row for row in rows.values() if row is not None), *scan], ignore_index=True)
    apart = [
        row is not None and not row.iloc[0].conf_low <= planned.iloc[0].estimate <= row.iloc[0].conf_high
        for row in rows.values()
    ]
    left = Verdict.INFORMS if any(row is None for row in rows.values()) else Verdict.HOLDS
    verdict = Verdict.FAILS if any(apart) else left
    text = _said(panel, breaks, rows, planned, scanned=bool(scan))
    return Check("series_break", "Did something else break the series?", verdict, text, table)


def _registered(panel: Panel, study: Study) -> dict[float, str]:
    """Return the registered breaks inside the panel's periods, by the first period after each."""
    found, faults = {}, []
    for text in study.series_breaks:
        match = _TEXT.match(text)
        if not match or (panel.frequency == "month" and not match[2]):
            faults.append(f"got {text!r}, expected a month and what happened, such as `2020-03: first lockdown`")
            continue
        period = month_number(f"{match[1]}-{match[2]}") if panel.frequency == "month" else int(match[1])
        if panel.periods[0] < period <= panel.periods[-1]:
            found[float(period)] = match[3].strip().rstrip(".")[:60]
    if faults:
        raise DesignError("series_breaks cannot be read", faults)
    return found


def _scan(panel: Panel, study: Study, outcome: str) -> tuple[dict[float, str], list[pd.DataFrame]]:
    """Return the break found in the areas never treated, if any, and the row that describes the largest one."""
    never, t = ~panel.treated, len(panel.periods)
    y = panel.outcomes[outcome][never].sum(axis=0)
    if not never.any() or t < SHORTEST or not (y > 0).all():
        return {}, []
    time = panel.periods.astype(float)
    season = "months" if panel.frequency == "month" and t >= 48 else "fourier" if panel.frequency == "month" else "none"
    columns = segmented.trend(time - time[0]) + segmented.season(time, season, harmonics=1)
    one = largest_break(np.log(y), columns.values, margin=max(4, int(np.ceil(0.15 * t))), seed=study.seed)
    width = distributions.t.ppf(1 - study.design.alpha / 2, one.df) * one.std_error
    low, middle, high = np.expm1([one.change - width, one.change, one.change + width])
    when = float(panel.periods[one.position])
    row = pd.DataFrame({
        "term": [f"level of {study.words.comparison} from {panel.label(when)}"], "estimate": [middle],
        "std_error": [one.std_error * (1 + middle)], "conf_low": [low], "conf_high": [high],
        "n_units": [int(never.sum())], "events": [int(y.sum())], "unit_periods": [int(never.sum()) * t],
    })  # fmt: skip
    seen = (
        {when: f"a change of {told(row['term'].iloc[0], '+.0%')} in {study.words.comparison}"}
        if one.p_value < study.design.alpha
        else {}
    )
    return seen, [row]


def _near_side(panel: Panel, study: Study, outcome: str, *, when: float) -> pd.DataFrame | None:
    """Return the estimate from the start's side of a break, None where that side alone gives none."""
    early = when <= np.nanmin(panel.cohort)
    kept = panel.periods >= when if early else panel.periods < when
    side = "before" if early else "from"
    try:
        near = fit(panel.take(np.full(len(panel.units), True), kept), outcome=outcome, design=study.design)
        return relative(near, f"without periods {side} {panel.label(when)}")
    except DesignError:
        return None


def _said(panel: Panel, breaks: dict, rows: dict, planned: pd.DataFrame, *, scanned: bool) -> str:
    plan = planned.iloc[0]
    looked = (
        "none was found in the comparison areas" if scanned else "the comparison areas' series is too short to search"
    )
    if not breaks:
        return (
            f"No break is registered inside the window, and {looked}. "
            f"The estimate rests on all {panel.frequency}s: {told(plan.term, '+.0%')}."
        )
    parts = []
    for when in sorted(breaks, key=lambda one: abs(one - np.nanmin(panel.cohort)))[:SHOWN]:
        row = rows[when]
        rest = "nothing can be estimated on one side of it alone"
        if row is not None:
            r = row.iloc[0]
            rest = f"{r.term} the change is {changed_by(r.term)}"
        parts.append(f"{panel.spoken(when)}, {breaks[when]}: {rest}")
    more = " Others are in the table." if len(breaks) > SHOWN else ""
    return f"As planned the change is {told(plan.term, '+.0%')}. {'. '.join(parts)}.{more}"
