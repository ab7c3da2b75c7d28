"""Scores before and after, against a waiting list: who changed more, those treated or those who waited?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import ndtri

from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate
from curv_eval.estimate.adjusting import few_clusters, need_baseline
from curv_eval.estimate.one_cell import Effect, from_effect
from curv_eval.estimate.options import Number, chosen
from curv_eval.estimate.parameters import parameters
from curv_eval.people import People, require
from curv_eval.stats.change_scores import Standardised, reliable_change, standardised_change, standardised_difference
from curv_eval.stats.clustered import robust
from curv_eval.stats.mixed import Mixed, mixed_model
from curv_eval.study import Design

TAKES = "people"
OPTIONS = {"reliability": Number(0.8, 0.0, 0.99), "smallest_change": Number(0.0, 0.0, 1e6)}
OUTCOME = "score"
NAMED = "linear mixed model, group by time"
TRENDS = "none"
ASSUMES = (
    "Without {intervention}, the scores of {treated} would have changed as much as those of {comparison}.",
    "Waiting did not itself change the scores of {comparison}.",
    "Whoever answered only once does not differ in how they changed.",
)
ERRORS = "clusters"
STAGGERED = False
SE_RULE = {
    False: "CR2, both answers of a person together, with Satterthwaite degrees of freedom",
    True: "CR2, clustered, with Satterthwaite degrees of freedom",
}


@dataclass(frozen=True)
class _Waves:
    """Answers in rows: [group x time, 1, group, time] (n, 4), scores (n,), and the row of people of each (n,)."""

    x: np.ndarray
    y: np.ndarray
    person: np.ndarray


def estimate(people: People, *, outcome: str, design: Design) -> Estimate:
    """Return d of Y_it = a + b G_i + c T_t + d G_i T_t + u_i + e_it by REML, u_i an intercept for each person.

    G: treated, T: after. Where everybody answered twice d is the difference in mean changes, whatever the variances;
    people with an answer after only are kept and count by what the model expects of them. The error is CR2 on the
    whitened rows, so the model's variances need not be right (Pustejovsky & Tipton 2018).
    `parameters` hold mean changes in both groups, Hedges' g_av and the difference in standard deviations (Morris 2008),
    shares with a reliable change (Jacobson & Truax 1991, by `reliability` of the scale), and with a change of
    `smallest_change` (0: not shown). Raises DesignError when the outcome was not measured before.
    """
    given = chosen(design.options, OPTIONS)
    used = require(people, outcome=outcome)
    before = need_baseline(used, "waiting_list", outcome=outcome)
    twice = np.isfinite(before)
    _refuse(used, twice)
    waves = _waves(used, before, outcome)
    fit = mixed_model(waves.x, waves.y, waves.person)
    x, y = fit.whitened
    error = robust(x, y - x @ fit.coefficients, cluster=used.groups[waves.person])
    df = float(error.df[0])
    notes = _notes(used, twice, fit)
    table = pd.concat([_model(fit, design.alpha), *_reported(used.take(twice), outcome, given, alpha=design.alpha)])
    rule, notes = SE_RULE[used.cluster is not None], (*notes, *few_clusters(used, df))
    effect = Effect(float(fit.coefficients[0]), error.scores[:, 0], rule, df, notes, table.reset_index(drop=True))
    found = from_effect(used, outcome=outcome, design=design, method="waiting_list", effect=effect)
    return replace(found, estimand="average effect on those treated, as the difference in change from before to after")


def _refuse(people: People, twice: np.ndarray) -> None:
    faults = [
        f"{name}: got {int((twice & group).sum())} people measured before and after, expected at least 3"
        for name, group in (("treated", people.treated), ("waiting list", ~people.treated))
        if (twice & group).sum() < 3
    ]
    if faults:
        raise DesignError("change cannot be compared", faults, "give the score before for more people")


def _waves(people: People, before: np.ndarray, outcome: str) -> _Waves:
    known = np.flatnonzero(np.isfinite(before))
    person = np.concatenate([known, np.arange(len(before))])
    after = np.repeat([0.0, 1.0], [len(known), len(before)])
    group = people.treated[person].astype(float)
    y = np.concatenate([before[known], people.outcomes[outcome]])
    return _Waves(np.column_stack([group * after, np.ones(len(y)), group, after]), y, person)


def _notes(people: People, twice: np.ndarray, fit: Mixed) -> tuple[str, ...]:
    said = []
    if not twice.all():
        said.append(f"{int((~twice).sum()):,} people without a score before were kept")
    if fit.boundary:
        said.append("scores before and after do not go together, so each person's own level was not seen")
    if people.assigned is None:
        said.append("who waits was not drawn by lot as far as these data say; a change for other reasons is possible")
    return tuple(said)


def _model(fit: Mixed, alpha: float) -> pd.DataFrame:
    term = "group by time under the model's own variances"
    return parameters([term], [fit.coefficients[0]], [fit.errors[0]], alpha=alpha)


def _reported(people: People, outcome: str, given: dict, *, alpha: float) -> list[pd.DataFrame]:
    """What is usually reported of scales, for people measured twice."""
    before, after = people.before[outcome], people.outcomes[outcome]
    groups = (("treated", people.treated), ("waiting list", ~people.treated))
    rows = [_mean_change(name, (after - before)[g], alpha) for name, g in groups]
    rows += [
        _row(f"{name}: change in standard deviations (Hedges g_av)",
             standardised_change(before[g], after[g], alpha=alpha), alpha)
        for name, g in groups
    ]  # fmt: skip
    gap = standardised_difference(before, after, people.treated, alpha=alpha)
    rows.append(_row("difference in change in standard deviations before (Hedges g)", gap, alpha))
    spread = float(before.std(ddof=1))
    for name, g in groups:
        found = reliable_change(before[g], after[g], reliability=given["reliability"], spread=spread)
        rows.append(_share(f"{name}: share with a reliable fall", found.fell, int(g.sum()), alpha))
        rows.append(_share(f"{name}: share with a reliable rise", found.rose, int(g.sum()), alpha))
        if given["smallest_change"]:
            moved = np.abs(after - before)[g] >= given["smallest_change"]
            for way, side in (("fall", after[g] < before[g]), ("rise", after[g] > before[g])):
                term = f"{name}: share with a {way} of at least {given['smallest_change']:g}"
                rows.append(_share(term, float((moved & side).mean()), int(g.sum()), alpha))
    return rows


def _mean_change(name: str, change: np.ndarray, alpha: float) -> pd.DataFrame:
    n = len(change)
    return parameters([f"{name}: mean change"], [change.mean()], [change.std(ddof=1) / n**0.5], alpha=alpha, df=n - 1)


def _row(term: str, found: Standardised, alpha: float) -> pd.DataFrame:
    return parameters([term], [found.value], [found.std_error], alpha=alpha)


def _share(term: str, share: float, n: int, alpha: float) -> pd.DataFrame:
    """A share with Wilson's (1927) interval, which never leaves 0 to 1."""
    q = float(ndtri(1 - alpha / 2))
    middle, width = share + q**2 / (2 * n), q * np.sqrt(share * (1 - share) / n + q**2 / (4 * n**2))
    row = parameters([term], [share], [max((share * (1 - share) / n) ** 0.5, 1e-12)], alpha=alpha)
    low, high = (middle - width) / (1 + q**2 / n), (middle + width) / (1 + q**2 / n)
    return row.assign(conf_low=low, conf_high=high)
