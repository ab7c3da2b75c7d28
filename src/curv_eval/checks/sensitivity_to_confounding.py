"""How strong would something unmeasured have to be to explain the finding away?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from curv_eval.checks import Check, Verdict
from curv_eval.estimate import Estimate
from curv_eval.estimate.averages import overall, relative
from curv_eval.estimate.check_rows import rows
from curv_eval.estimate.told import told
from curv_eval.panel import Panel
from curv_eval.people import People
from curv_eval.stats import sensitivity
from curv_eval.study import Study

TAKES = "either"
QUESTION = "How strong must something unmeasured be to explain the finding away?"
TIMES = (1, 2, 3)
E_VALUE, E_OF_INTERVAL = "E-value", "E-value of the interval"
ROBUSTNESS, OF_INTERVAL = "robustness value", "robustness value of the interval"


def check(data: Panel | People, study: Study, estimate: Estimate) -> Check:
    """Work out E-values, and for people robustness values, benchmarks and Oster's delta.

    People: a regression on treatment and covariates stands in for the study's method. FAILS when something as strong as
    the strongest covariate would make its interval include 0; HOLDS when even thrice as strong would not; else, and
    where the finding includes 0 already, INFORMS (Cinelli & Hazlett 2020). Panels: INFORMS; there is no covariate to
    measure by, and only the E-value of the relative effect is worked out (VanderWeele & Ding 2017).
    """
    if isinstance(data, People):
        return _of_people(data.measured(estimate.outcome), study, estimate)
    row = relative(estimate, "relative effect")[["term", "estimate", "conf_low", "conf_high", "n_units", "events"]]
    listed = _e_values(*(1 + row[["estimate", "conf_low", "conf_high"]].iloc[0]))
    more = [row.assign(term=t, estimate=v, conf_low=v, conf_high=v) for t, v in listed]
    table = pd.concat([row, *more], ignore_index=True)
    return Check("sensitivity_to_confounding", QUESTION, Verdict.INFORMS, _said(), table)


def _e_values(ratio: float, low: float, high: float) -> list[tuple[str, float]]:
    """Return two rows, the E-values of a risk ratio and of its interval; a ratio near 0 counts as one in 1,000."""
    ratio, low, high = (min(max(float(one), 1e-3), 1e3) for one in (ratio, low, high))
    point, limit = sensitivity.e_value(ratio), sensitivity.e_value_of_interval(low, high)
    return [(E_VALUE, point), (E_OF_INTERVAL, limit)]


def _said() -> str:
    point, limit = told(E_VALUE, ".2f"), told(E_OF_INTERVAL, ".2f")
    return (
        f"Something unmeasured would have to go with a risk {point} times as high both of being treated and of the "
        f"outcome to explain the finding away, and {limit} times as high for its interval to include no change "
        "(E-values)."
    )


@dataclass(frozen=True)
class _Strength:
    """The regression, its robustness values, and what the strongest covariate would leave at TIMES its strength."""

    found: sensitivity.Coefficient
    values: tuple[float, float]
    name: str
    left: tuple[sensitivity.Adjusted, ...]
    delta: float


def _of_people(people: People, study: Study, estimate: Estimate) -> Check:
    y, x = people.outcomes[estimate.outcome], people.matrix
    ratios = _e_values(*_ratios(people, estimate))
    strength = _strength(people, y, x, estimate.alpha)
    table = rows([*ratios, *_listed(strength, estimate.alpha)], people, outcome=estimate.outcome)
    verdict = _verdict(strength, estimate)
    text = _said() + _measured(strength, verdict)
    return Check("sensitivity_to_confounding", QUESTION, verdict, text, table)


def _ratios(people: People, estimate: Estimate) -> list[float]:
    """Return the effect and its limits as risk ratios: of an event's shares, or about so of a standardised score."""
    table, y = overall(estimate).set_index("term"), people.outcomes[estimate.outcome]
    if np.isin(y, (0.0, 1.0)).all() and "relative" in table.index:
        return list(1 + table.loc["relative", ["estimate", "conf_low", "conf_high"]])
    groups = [y[people.treated], y[~people.treated]]
    spread = np.sqrt(sum((len(one) - 1) * one.var(ddof=1) for one in groups) / (len(y) - 2))
    effects = table.loc["average", ["estimate", "conf_low", "conf_high"]] / spread
    return [sensitivity.ratio_of_difference(one) for one in effects]


def _strength(people: People, y: np.ndarray, x: np.ndarray, alpha: float) -> _Strength:
    d = people.treated.astype(float)
    found = sensitivity.coefficient(y, d, x)
    values = tuple(sensitivity.robustness_value(found.t, found.df, alpha=a) for a in (None, alpha))
    if not x.shape[1]:
        return _Strength(found, values, "", (), np.inf)
    ranked = []
    for j, name in enumerate(people.covariates):
        strong = [sensitivity.benchmark(y, d, x, columns=np.array([j]), times=k) for k in TIMES]
        ranked.append((name, [_left(found, *one, alpha) for one in strong]))
    name, left = min(ranked, key=lambda one: np.sign(found.value) * one[1][0].value)
    return _Strength(found, values, name, tuple(left), sensitivity.oster_delta(y, d, x))


def _left(found: sensitivity.Coefficient, r2dz: float, r2yz: float, alpha: float) -> sensitivity.Adjusted:
    # so strong that it is treatment itself: nothing can be said, which counts as everything explained away
    most = min(r2dz, 1 - 1e-6)
    return sensitivity.adjusted(found, r2dz=most, r2yz=r2yz, alpha=alpha)


def _listed(strength: _Strength, alpha: float) -> list[tuple]:
    found = strength.found
    whole = sensitivity.adjusted(found, r2dz=0.0, r2yz=0.0, alpha=alpha)
    listed = [
        ("effect by regression", found.value, whole.conf_low, whole.conf_high),
        (ROBUSTNESS, strength.values[0]), (OF_INTERVAL, strength.values[1]),
    ]  # fmt: skip
    for times, one in zip(TIMES, strength.left, strict=False):
        listed.append((_left_term(times, strength.name), one.value, one.conf_low, one.conf_high))
    if np.isfinite(strength.delta):
        listed.append(("Oster's delta", strength.delta))
    return listed


def _left_term(times: int, name: str) -> str:
    return f"effect left, {times} x {name}"


def _excludes(low: float, high: float, sign: float) -> bool:
    return low > 0 if sign > 0 else high < 0


def _verdict(strength: _Strength, estimate: Estimate) -> Verdict:
    row, sign = overall(estimate).iloc[0], np.sign(strength.found.value)
    stands = [_excludes(one.conf_low, one.conf_high, sign) for one in strength.left]
    if not stands or not _excludes(row["conf_low"], row["conf_high"], sign) or not strength.values[1]:
        return Verdict.INFORMS
    if not stands[0]:
        return Verdict.FAILS
    return Verdict.HOLDS if all(stands) else Verdict.INFORMS


def _measured(strength: _Strength, verdict: Verdict) -> str:
    whole, interval = told(ROBUSTNESS, ".1%"), told(OF_INTERVAL, ".1%")
    text = f" It would have to explain {whole} of what covariates leave unexplained of treatment and of outcome, or"
    text += f" {interval} for the interval."
    if not strength.left:
        return text + " There is no covariate by which to judge how likely that is."
    left = told(_left_term(1, strength.name), "+.2f")
    known = strength.name.replace("_", " ")
    return (
        text
        + {
            Verdict.HOLDS: f" Even {TIMES[-1]} times as strong as {known}, the finding would stand.",
            Verdict.FAILS: f" Something as strong as {known} would be enough.",
            Verdict.INFORMS: f" As strong as {known}, it would leave {left} of the effect.",
        }[verdict]
    )
