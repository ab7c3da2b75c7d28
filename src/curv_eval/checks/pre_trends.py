"""Did treated and comparison areas move together before the start?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from curv_eval.checks import Check, Verdict
from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate
from curv_eval.estimate.averages import Average, average, by
from curv_eval.estimate.options import default
from curv_eval.estimate.told import told
from curv_eval.methods import load, path
from curv_eval.panel import Panel
from curv_eval.stats.cluster import sup_t
from curv_eval.stats.pretrend_power import PreTest
from curv_eval.study import Design, Study

TAKES = "panel"
CHANCES = (0.5, 0.8)
DRAWS = 9999
LARGEST, CHANCE = "largest gap", "share of chance gaps as large as the largest"
COLUMNS = ("term", "estimate", "conf_low", "conf_high", "n_units", "events")


def check(panel: Panel, study: Study, estimate: Estimate) -> Check:
    """Compare the largest gap before the start with what chance alone would give (sup-t over all leads).

    One joint test, so that many months do not make a false alarm certain; it FAILS when p < alpha. Passing does not
    prove parallel trends, so the check also works out its own power (Roth 2022): the steady drift, the same every
    month, that this test would notice in 50 and in 80 of 100 such studies, and how much that drift by itself would
    change the average effect. Both rest on the errors of the leads, not on their values.
    """
    events = path(panel, outcome=estimate.outcome, design=study.design)
    table = by(events, "event_time", seed=study.seed)
    leads = table[(table["event_time"] < -study.design.anticipation) & (table["std_error"] > 0)]
    if leads.empty:
        raise DesignError("pre_trends: there is no month before the start to compare", do="start the window earlier")
    cells = events.cells["event_time"].to_numpy()
    averages = [average(events, cells == e) for e in leads["event_time"]]
    p, largest, critical = _joint(averages, study, flips=load(events.method).ERRORS == "clusters")
    verdict = Verdict.FAILS if p < study.design.alpha else Verdict.HOLDS
    shown = leads.assign(term=[f"{-e:.0f} months before" for e in leads["event_time"]])[list(COLUMNS)]
    power = _power(events, averages, leads["event_time"].to_numpy(), critical=critical, design=study.design)
    chance = _row(CHANCE, p, shown)
    found = _row(LARGEST, largest, shown)
    shown = pd.concat([shown, found, chance, *([power] if len(power) else [])], ignore_index=True)
    text = _text(verdict, power, study)
    return Check("pre_trends", "Did both kinds of area move together before?", verdict, text, shown)


def _text(verdict: Verdict, power: pd.DataFrame, study: Study) -> str:
    moved = "did not move together" if verdict is Verdict.FAILS else "moved together, as far as these data can show"
    text = (
        f"In the months before the start, {study.words.treated} and the comparison areas {moved}. "
        f"The largest gap was {told(LARGEST, '+.1f')} incidents per area in a month. "
        f"Chance alone gives one as large {told(CHANCE, 'odds')}. "
    )
    if power.empty:
        return text + "The test notices no steady drift more often than it gives false alarms."
    drift, moved_by = (told(term, "short") for term in power["term"].iloc[:2])
    return text + (
        f"A steady drift of {drift} incidents per area each month would go unnoticed half of the time, "
        f"and by itself it would move the answer by {moved_by}."
    )


def _joint(averages: list[Average], study: Study, *, flips: bool) -> tuple[float, float, float]:
    """Return the p-value of the largest |t| over the leads, the largest gap, and the |t| from which on it rejects.

    flips: whether clusters change sign. Where errors do not come from clusters the rows of the influence are only a
    root of the covariance, perhaps with few rows, and normal draws take the place of signs.
    """
    influence = np.column_stack([a.influence for a in averages])
    t = np.array([a.value / a.std_error for a in averages])
    critical, draws = sup_t(influence, alpha=study.design.alpha, seed=study.seed)
    if not flips:
        normal = np.random.default_rng(study.seed).standard_normal((DRAWS, len(influence)))
        draws = np.abs(normal @ (influence / np.linalg.norm(influence, axis=0))).max(axis=1)
        critical = float(np.quantile(draws, 1 - study.design.alpha))
    gaps = np.array([a.value for a in averages])
    p = float((1 + (draws >= np.abs(t).max()).sum()) / (1 + len(draws)))
    return p, float(gaps[np.abs(gaps).argmax()]), critical


def _power(
    events: Estimate, averages: list[Average], leads: np.ndarray, *, critical: float, design: Design
) -> pd.DataFrame:
    """Return, for each chance, the drift noticed with it and what it does to the average; no rows where there is none.

    A drift of c a period moves the effect in a cell by c times the time from the cell's base.
    """
    whole = average(events, events.after)
    test = PreTest(np.vstack([*(a.influence for a in averages), whole.influence]), len(leads), critical)
    lengths = _lengths(events, leads, design)
    rows = []
    for chance in CHANCES:
        try:
            slope = test.slope(lengths, chance)
        except DesignError:
            return pd.DataFrame(columns=list(COLUMNS))
        said = f"drift noticed {chance:.0%} of the time"
        rows += [(f"{said}, a month", slope), (f"{said}, effect on the answer", slope * abs(lengths[-1]))]
    table = pd.DataFrame(rows, columns=["term", "estimate"])
    ends = {"conf_low": table["estimate"], "conf_high": table["estimate"]}
    return table.assign(**ends, n_units=whole.n_units, events=whole.events)


def _lengths(events: Estimate, leads: np.ndarray, design: Design) -> np.ndarray:
    """Return how many periods of drift are in each lead and, last, in the average after the start."""
    bases = load(events.method).OPTIONS.get("base", ("mean",))
    base = design.options.get("base", default(bases)) if events.method == design.method else "mean"
    last = -1.0 - design.anticipation
    cells = events.cells[events.after]
    weight = np.array([events.shares[g][0] for g in cells["cohort"]])
    after = float(weight @ cells["event_time"].to_numpy() / weight.sum())
    if base == "varying":
        return np.append(np.ones(len(leads)), after - last)
    origin = last if base == "universal" else float(leads.mean())
    return np.append(leads, after) - origin


def _row(term: str, value: float, leads: pd.DataFrame) -> pd.DataFrame:
    """Return one row with a number that rests on all leads."""
    behind = {"n_units": int(leads["n_units"].max()), "events": int(leads["events"].sum())}
    return pd.DataFrame({"term": [term], "estimate": [value], "conf_low": [value], "conf_high": [value], **behind})
