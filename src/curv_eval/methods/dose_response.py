"""Dose response: how the outcome goes with how much people received, such as sessions attended."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate
from curv_eval.estimate.adjusting import Adjusters, adjusters, error_rule, few_clusters, need, said_rule
from curv_eval.estimate.one_cell import Effect, from_effect
from curv_eval.estimate.options import Number, chosen
from curv_eval.estimate.parameters import parameters
from curv_eval.people import People, require
from curv_eval.stats.clustered import Robust, independent, least_squares, robust
from curv_eval.stats.dose import SHAPES, DoseCurve, bent, knots
from curv_eval.study import Design

TAKES = "people"
OPTIONS = {
    "shape": SHAPES,
    "start": ("step", "zero"),
    "among": ("all", "treated"),
    "adjust": ("covariates", "expected dose", "none"),
    "knots": Number(3, 3, 5),
}
OUTCOME = "any"
NAMED = "dose response by regression"
TRENDS = "none"
ASSUMES = (
    "Nothing that was not measured before made people both receive more of {intervention} and do better or worse.",
    "How well people were doing did not decide how long they stayed.",
    "What one person received did not change the outcome of another.",
)
ERRORS = "clusters"
STAGGERED = False
CHOSEN = (
    "how much each person received was chosen, not given: people who stay differ from those who leave, and the slope "
    "holds that difference unless it was measured before"
)
BACK = "the effect rests on the curve being right down to a dose of 0, where few or none of the treated are"


@dataclass(frozen=True)
class _Plan:
    """The curve, what is adjusted for (n, p), the doses shown, and whom it is fitted to (n,)."""

    curve: DoseCurve
    x: np.ndarray
    at: np.ndarray
    rows: np.ndarray


@dataclass(frozen=True)
class _Fitted:
    """Coefficients and errors of m sums of them: the average effect, the slope, and effects at three doses."""

    values: np.ndarray
    error: Robust


def estimate(people: People, *, outcome: str, design: Design) -> Estimate:
    """Return the average over the treated of f(dose) in Y = f(dose) + b'X + a + e, f(0) = 0.

    X: the outcome before, covariates and strata. Options: `shape` of f (linear; spline: restricted cubic with `knots`
    at quantiles of the doses received), `start` (step: any dose may have an effect of its own; zero: f grows from 0),
    `among` (all; treated: the slope from the treated alone, so that no one without a dose is compared, and the effect
    is f carried back to 0), `adjust` (covariates: X; expected dose: besides, a spline of the dose that X predicts,
    Imai & van Dyk 2004, J. American Statistical Association 99(467); none). CR2 (HC2 without clusters).
    `parameters` hold the slope per unit of dose and the effect at three doses. Raises DesignError without `dose`, or
    when all treated received the same.
    """
    need(people, "dose_response", "dose")
    given = chosen(design.options, OPTIONS)
    used = require(people, outcome=outcome)
    dose = used.dose.astype(float)
    _refuse(dose, used.treated)
    held, plan = _plan(used, outcome, given)
    fitted = _fit(used, outcome, plan)
    df = float(fitted.error.df[0])
    carried = (BACK,) if given["among"] == "treated" or given["start"] == "zero" else ()
    notes = (CHOSEN, *carried, *(held.notes if given["adjust"] != "none" else ()), *few_clusters(used, df))
    table = _table(fitted, plan.at, design.alpha)
    effect = Effect(fitted.values[0], fitted.error.scores[:, 0], said_rule(error_rule(used)), df, notes, table)
    found = from_effect(used, outcome=outcome, design=design, method="dose_response", effect=effect)
    return replace(found, estimand="average effect on those treated of the dose that each received")


def _plan(people: People, outcome: str, given: dict) -> tuple[Adjusters, _Plan]:
    dose, treated, alone = people.dose.astype(float), people.treated, given["among"] == "treated"
    held, rows = adjusters(people, outcome), people.treated | (not alone)
    bends = knots(dose[treated], given["knots"]) if given["shape"] == "spline" else ()
    curve = DoseCurve(bends, given["start"] == "step" and not alone)
    x = _measured(held.x, dose, rows, adjust=given["adjust"])
    return held, _Plan(curve, x, np.quantile(dose[treated], [0.25, 0.5, 0.75]), rows)


def _refuse(dose: np.ndarray, treated: np.ndarray) -> None:
    faults = []
    if (dose < 0).any():
        faults.append(f"dose: {int((dose < 0).sum()):,} people have less than 0")
    if not np.ptp(dose[treated]):
        faults.append("dose: all treated received the same, so nothing goes with it")
    if faults:
        raise DesignError("a dose response cannot be worked out", faults, "use a method that compares treated people")


def _measured(x: np.ndarray, dose: np.ndarray, chosen_: np.ndarray, *, adjust: str) -> np.ndarray:
    """Return what is adjusted for; for `expected dose` also a curve of the dose that x predicts among `chosen_`."""
    if adjust == "none" or not x.size:
        return np.empty((len(dose), 0))
    if adjust == "covariates":
        return x
    every = np.column_stack([np.ones(len(x)), x])
    likely = every @ np.linalg.lstsq(every[chosen_], dose[chosen_], rcond=None)[0]
    return np.column_stack([x, bent(likely, knots(likely[chosen_], 4))])


def _fit(people: People, outcome: str, plan: _Plan) -> _Fitted:
    dose, treated, curve = people.dose.astype(float), people.treated, plan.curve
    used, rule = people.take(plan.rows), error_rule(people)
    terms = curve.terms(used.dose.astype(float))
    every = np.column_stack([terms, np.ones(len(terms)), plan.x[plan.rows]])
    kept = independent(every)
    kept[: terms.shape[1]] = True
    fit = least_squares(every[:, kept], used.outcomes[outcome], rule=rule, cluster=used.cluster)
    slope, average = curve.slopes(dose[treated]).mean(axis=0), curve.terms(dose[treated]).mean(axis=0)
    sums = np.column_stack([average, slope, *curve.terms(plan.at)])
    contrasts = np.vstack([sums, np.zeros((int(kept.sum()) - len(sums), sums.shape[1]))])
    error = robust(every[:, kept], fit.residual, rule=rule, cluster=used.cluster, contrasts=contrasts)
    # clusters that have nobody in the fit add nothing to the error, and keep their row
    scores = np.zeros((len(np.unique(people.groups)), contrasts.shape[1]))
    scores[np.isin(np.unique(people.groups), used.groups)] = error.scores
    return _Fitted(contrasts.T @ fit.coefficients, replace(error, scores=scores))


def _table(fitted: _Fitted, at: np.ndarray, alpha: float) -> pd.DataFrame:
    terms = ["slope per unit of dose", *(f"effect at a dose of {dose:g} ({q})" for dose, q in zip(
        at, ("a quarter received less", "half received less", "a quarter received more"), strict=True))]  # fmt: skip
    rows = [
        parameters([term], [value], [error], alpha=alpha, df=df)
        for term, value, error, df in zip(
            terms, fitted.values[1:], fitted.error.errors[1:], fitted.error.df[1:], strict=True
        )
    ]
    return pd.concat(rows, ignore_index=True)
