"""Time to an event, such as re-offending: the chance of it by the end of follow-up, and how fast it comes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate
from curv_eval.estimate.adjusting import adjusters, error_rule, few_clusters, need, said_rule
from curv_eval.estimate.one_cell import Effect, from_effect
from curv_eval.estimate.options import Number, chosen
from curv_eval.estimate.parameters import parameters, ratios
from curv_eval.people import People, require
from curv_eval.stats.ancova import regressors
from curv_eval.stats.clustered import least_squares
from curv_eval.stats.cox import Cox, cox, proportional
from curv_eval.stats.survival import at_time, kaplan_meier, log_rank, pseudo_risks, require_times
from curv_eval.study import Design

TAKES = "people"
OPTIONS = {"horizon": Number(0.0, 0.0, 1e6), "adjust": ("lin", "ancova", "none")}
OUTCOME = "event"
NAMED = "time to an event: adjusted difference in risk by pseudo-values, with Cox's hazard ratio"
TRENDS = "none"
ASSUMES = (
    "Nothing that was not measured before made {treated} more or less likely to have the event than {comparison}.",
    "Whoever was followed for a shorter time was no more and no less likely to have the event.",
    "What one person received did not change the outcome of another.",
)
ERRORS = "clusters"
STAGGERED = False
FEW = 10


@dataclass(frozen=True)
class _Followed:
    """People with times and events, and until when the chance of the event is worked out."""

    people: People
    time: np.ndarray
    event: np.ndarray
    horizon: float

    @property
    def groups(self) -> tuple[tuple[str, np.ndarray], ...]:
        """The two groups with their names."""
        return ("treated", self.people.treated), ("comparison", ~self.people.treated)


def estimate(people: People, *, outcome: str, design: Design) -> Estimate:
    """Return the difference that the intervention made to the chance of the event by the horizon, among the treated.

    Each person's pseudo-value of the chance (Andersen, Klein & Rosthoej 2003, Biometrika 90(1)) comes from the
    Kaplan-Meier curve of their own group; it is 0 or 1 where everybody was followed to the horizon. These are compared
    by the regression of curv_eval.stats.ancova, centred at the treated, so that its coefficient averages over them; it
    needs no proportional hazards. `observed` is the Kaplan-Meier chance among the treated.
    `parameters` hold Cox's hazard ratio (Efron's ties), both groups' chances, the log-rank test and that of
    proportional hazards. Options: `horizon` (0: the longest that both groups were followed), `adjust`.
    Raises DesignError without `time`, for an outcome other than 0 and 1, and for a group without any event.
    """
    need(people, "time_to_event", "time")
    given = chosen(design.options, OPTIONS)
    followed = _followed(require(people, outcome=outcome), outcome, given["horizon"])
    used, risk = followed.people, np.empty(len(followed.time))
    for _, group in followed.groups:
        risk[group] = pseudo_risks(followed.time[group], followed.event[group], when=followed.horizon)
    held, rule = adjusters(used, outcome), error_rule(used)
    x = regressors(used.treated, held.x, adjust=given["adjust"], weights=used.treated.astype(float))
    fit = least_squares(x, risk, rule=rule, cluster=used.cluster)
    df = float(fit.robust.df[0])
    table, said = _parameters(followed, held.x, alpha=design.alpha)
    notes = (*_notes(followed), *held.notes, *said, *few_clusters(used, df))
    effect = Effect(float(fit.coefficients[0]), fit.robust.scores[:, 0], said_rule(rule), df, notes, table)
    shadow = replace(used, outcomes={outcome: risk})
    found = from_effect(shadow, outcome=outcome, design=design, method="time_to_event", effect=effect)
    events = int(followed.event[used.treated & (followed.time <= followed.horizon)].sum())
    estimand = "average change in the chance of the event by the end of follow-up, among those treated"
    return replace(found, estimand=estimand, cells=found.cells.assign(events=events))


def _followed(people: People, outcome: str, horizon: float) -> _Followed:
    time, event = people.time.astype(float), people.outcomes[outcome]
    require_times(time, event)
    longest = {name: float(time[group].max()) for name, group in _named(people)}
    until = horizon or min(longest.values())
    faults = [
        f"{name} people: the longest was followed for {most:g}, expected at least {until:g}"
        for name, most in longest.items()
        if most < until
    ]
    faults += [
        f"{name} people: nobody had the event by {until:g}, so no error of their chance can be worked out"
        for name, group in _named(people)
        if not event[group & (time <= until)].any()
    ]
    if faults:
        raise DesignError("time to an event cannot answer", faults, "change `horizon`, or follow people for longer")
    return _Followed(people, time, event, until)


def _named(people: People) -> tuple[tuple[str, np.ndarray], ...]:
    return ("treated", people.treated), ("comparison", ~people.treated)


def _notes(followed: _Followed) -> list[str]:
    short = int(((followed.time < followed.horizon) & (followed.event == 0)).sum())
    said = [f"chances are those by time {followed.horizon:g}"]
    if short:
        said.append(f"{short:,} people were followed for less; the others stand for them")
    for name, group in followed.groups:
        events = int(followed.event[group & (followed.time <= followed.horizon)].sum())
        if events < FEW:
            said.append(f"only {events} events among {name} people: the interval may be too narrow")
    return said


def _parameters(followed: _Followed, x: np.ndarray, *, alpha: float) -> tuple[pd.DataFrame, tuple[str, ...]]:
    rows, notes = [_chance(followed, name, group, alpha) for name, group in followed.groups], ()
    rows.append(_log_rank(followed, alpha))
    try:
        fitted = cox(followed.time, followed.event, np.column_stack([followed.people.treated, x]).astype(float))
    except DesignError as refusal:
        notes = (f"no hazard ratio: {refusal.what}",)
    else:
        row, notes = _proportional(followed, fitted, alpha)
        rows += [_hazard_ratio(followed, fitted, alpha), *row]
    return pd.concat(rows, ignore_index=True), notes


def _chance(followed: _Followed, name: str, group: np.ndarray, alpha: float) -> pd.DataFrame:
    curve = kaplan_meier(followed.time[group], followed.event[group], alpha=alpha)
    i = at_time(curve, followed.horizon)
    row = parameters(
        [f"chance of the event, {name} people"], [1 - curve.survival[i]], [curve.std_error[i]], alpha=alpha
    )
    return row.assign(conf_low=1 - curve.conf_high[i], conf_high=1 - curve.conf_low[i])


def _log_rank(followed: _Followed, alpha: float) -> pd.DataFrame:
    test = log_rank(followed.time, followed.event, followed.people.treated, stratum=followed.people.stratum)
    gap = float(test.observed[1] - test.expected[1])
    error = abs(gap) / test.chi2**0.5 if test.chi2 > 0 else 1.0
    term = "events among the treated beyond those expected (log-rank)"
    return parameters([term], [gap], [error], alpha=alpha).assign(p_value=test.p_value)


def _hazard_ratio(followed: _Followed, fitted: Cox, alpha: float) -> pd.DataFrame:
    """By Cox's model with the covariates; the error is clustered where there are clusters."""
    people = followed.people
    error, df = float(fitted.errors[0]), np.inf
    if people.cluster is not None:
        influence = fitted.robust(people.cluster)
        error, df = float(np.linalg.norm(influence[:, 0])), len(influence) - 1.0
    return ratios(parameters(["hazard ratio (Cox)"], [fitted.coefficients[0]], [error], alpha=alpha, df=df))


def _proportional(followed: _Followed, fitted: Cox, alpha: float) -> tuple[list[pd.DataFrame], tuple[str, ...]]:
    try:
        test = proportional(fitted, followed.time, followed.event)
    except DesignError as refusal:
        return [], (f"whether the hazard ratio changes over time cannot be said: {refusal.what}",)
    rho, p = float(test.correlation[0]), float(test.p_value[0])
    error = abs(rho) / float(test.chi2[0]) ** 0.5 if test.chi2[0] > 0 else 1.0
    row = parameters(["hazard ratio's correlation with time (0: constant)"], [rho], [error], alpha=alpha)
    said = ("the hazard ratio changes over time, so one number does not describe it",) if p < alpha else ()
    return [row.assign(p_value=p)], said
