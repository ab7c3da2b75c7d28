"""Harm beside counts: the effect on offences weighed by how serious they are, and what may be shown of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from curv_eval.disclosure import Released, Role, release
from curv_eval.disclosure.rounding import coarser
from curv_eval.disclosure.rules import Rule
from curv_eval.errors import CurvError, DesignError
from curv_eval.estimate import Estimate
from curv_eval.estimate.averages import average, overall
from curv_eval.methods import fit
from curv_eval.panel import Panel
from curv_eval.study import Study
from curv_eval.value.harm import Harm, harm, severities, with_harm

NAME, SHARES = "harm", "harm_shares"
# the ends of an interval go outwards, so that rounding never makes a finding
_ROUNDED = {"estimate": np.round, "std_error": np.ceil, "conf_low": np.floor, "conf_high": np.ceil}
_BEHIND = {"n_units": Role.UNITS, "events": Role.EVENTS}
# options under which the variance follows from the number of incidents: points have no such number
_COUNTS_ONLY = {
    ("interrupted_time_series", "model", "negative_binomial"): "quasi_poisson",
    ("weighted_displacement", "errors", "poisson"): "clusters",
    ("weighted_displacement", "errors", "overdispersed"): "clusters",
}


def require_harm(study: Study) -> None:
    """Refuse offences without a weight, one offence under two names, and options that need counts. Raises DesignError.

    Poisson methods are not among them: they take any amount of 0 or more for which the mean is right, and their errors
    come from clusters or from the dispersion, so that the unit of measurement does not matter.
    """
    faults, do = [], ""
    try:
        faults += _twice(study)
    except CurvError as fault:
        faults, do = [fault.what, *fault.breaches], fault.do
    if study.design.method == "triple_differences":
        faults.append("triple_differences: the outcome it is set against is counted, not weighed")
        do = do or "use another method, or leave harm out"
    for (method, option, value), other in _COUNTS_ONLY.items():
        if (study.design.method, study.design.options.get(option)) == (method, value):
            faults.append(f"`{option}: {value}` takes its error from a number of incidents, and harm points are none")
            do = do or f"use `{option}: {other}`, or leave harm out"
    if faults:
        raise DesignError("harm cannot be worked out for this study", faults, do)


def _twice(study: Study) -> list[str]:
    facts = severities(study.harm.weighed, **_given(study))
    names = [facts[offence].what for offence in study.harm.offences.values()]
    return [f"the {name} stands twice, by name and by code" for name in dict.fromkeys(names) if names.count(name) > 1]


def _given(study: Study) -> dict:
    return {"index": study.harm.index, "weights": study.harm.weights or None}


def harm_weights(study: Study) -> Harm:
    """Return the weight of each offence of the study, as harm of one offence each. Raises DesignError."""
    return harm(dict.fromkeys(study.harm.weighed, 1.0), **_given(study))


def points(study: Study) -> dict[str, float]:
    """Return the points of one incident of each outcome that is weighed. Raises DesignError."""
    each = harm_weights(study).by_offence
    made_of = {name: {offence: 1.0} for name, offence in study.harm.offences.items()} | study.harm.mix
    return {
        name: sum(share * float(each[offence]) for offence, share in made.items()) / sum(made.values())
        for name, made in made_of.items()
    }


def harm_estimate(study: Study, panel: Panel) -> Estimate:
    """Return the effect on harm by the study's own method. Raises DesignError, such as for an unknown offence."""
    require_harm(study)
    weighed, _ = with_harm(panel, study.harm.offences, name=NAME, mix=study.harm.mix, **_given(study))
    return fit(weighed, outcome=NAME, design=study.design)


def harm_tables(study: Study, estimates: Mapping[str, Estimate], rule: Rule) -> dict[str, Released]:
    """Release the effect on harm, and the share of harm that each outcome carries.

    The weights are public, so harm tells as much as the counts behind it. It rests on the fewest incidents of any of
    its outcomes, there or where they are compared with: where one is withheld, so is harm. Where counts are rounded,
    harm is rounded to what as many incidents of the heaviest outcome weigh, because changes that cancel leave a small
    number, which by itself would be rounded to little; and shares are those of rounded counts. Raises DesignError where
    less than nothing was expected.
    """
    events = {name: int(average(estimates[name], estimates[name].after).events) for name in study.harm.outcomes}
    compared = [estimates[name].compared for name in study.harm.outcomes]
    each, fewest = points(study), min([*events.values(), *(one for one in compared if one is not None)])
    # how coarsely a value is rounded follows from the number behind it, and would tell it
    fewest = rule.rounded(fewest) if fewest >= rule.events_below else fewest
    unit = max(each.values()) * (rule.round_to if rule.round_to > 1 else 0)
    carried = {name: each[name] * rule.rounded(events[name]) for name in each}
    return {
        NAME: _effect(estimates[NAME], fewest, unit, rule=rule),
        SHARES: _shares(carried, estimates[NAME], fewest, rule=rule),
    }


def _effect(estimate: Estimate, fewest: int, unit: float, *, rule: Rule) -> Released:
    table = overall(estimate).set_index("term")
    if "relative" not in table.index:
        raise DesignError(
            "harm: what was expected without the intervention is 0 or below, which no harm can be",
            ["equal changes in numbers do not fit places that start from so different levels"],
            "use `trends: proportional`, or a longer window",
        )
    d, m = average(estimate, estimate.after), average(estimate, estimate.after, "observed")
    least = pd.Series({"total": unit, "relative": unit / ((m.value - d.value) * d.unit_periods), "average": 0.0})
    for column, to in _ROUNDED.items():
        table[column] = coarser(table[column], least.reindex(table.index), to=to)
    # of the rounded total: rounded by itself, the average would tell more of it
    table.loc["average", list(_ROUNDED)] = table.loc["total", list(_ROUNDED)] / d.unit_periods
    roles = {"term": Role.KEY, **dict.fromkeys(_ROUNDED, Role.VALUE), **_BEHIND}
    title = "Effect on harm, in harm points (weighted by sentence)"
    table = table.reset_index().assign(events=fewest)[list(roles)]
    return release(table, name="results_harm", title=title, rule=rule, roles=roles)


def _shares(carried: dict[str, float], estimate: Estimate, fewest: int, *, rule: Rule) -> Released:
    """Release what share of the harm after the start each outcome carries: all of them, or none, as they add up."""
    total, units = sum(carried.values()), average(estimate, estimate.after).n_units
    share = [value / total if total else 0.0 for value in carried.values()]
    table = pd.DataFrame({"outcome": list(carried), "share": share, "n_units": units, "events": fewest})
    roles = {"outcome": Role.KEY, "share": Role.VALUE, **_BEHIND}
    title = "Share of harm after the start that each outcome carries"
    return release(table, name=SHARES, title=title, rule=rule, roles=roles)
