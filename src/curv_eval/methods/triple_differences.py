"""Triple differences: what happened to an outcome less what happened to one that could not have changed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate
from curv_eval.estimate.cells import Clustered, cell_table, cohort_codes, from_cells
from curv_eval.estimate.options import chosen
from curv_eval.panel import Panel
from curv_eval.panel.requirements import require
from curv_eval.stats.group_time import GroupTime, Rule, group_time
from curv_eval.stats.saturated import lift
from curv_eval.stats.sums import Groups, groups, sum_rows
from curv_eval.stats.triple import triple
from curv_eval.study import Design


class _OutcomeName(tuple):
    """Shows its default; any name of an outcome is allowed, and looked for in the panel."""

    def __contains__(self, value: object) -> bool:
        return isinstance(value, str)


TAKES = "panel"
OPTIONS = {
    "trends": ("proportional", "additive"),
    "base": ("mean", "universal", "varying"),
    "against": _OutcomeName(("the_other",)),
    "small_sample": ("cr2", "none"),
}
NAMED = "triple differences, against an outcome that the intervention cannot have changed"
TRENDS = "option"
ASSUMES = (
    "{intervention} did not change the second outcome.",
    "Whatever else happened in {treated} changed both outcomes alike.",
    "{comparison} were not affected by {intervention}.",
)
ERRORS = "clusters"
STAGGERED = True
SE_RULE = {
    "cr2": "cluster-robust from the influence function, CR2 per cohort, Satterthwaite degrees of freedom",
    "none": "cluster-robust from the influence function, normal quantile",
}


def estimate(panel: Panel, *, outcome: str, design: Design) -> Estimate:
    """Return the group-time effects on `outcome` less those on another outcome of the same units.

    Effects on both come from curv_eval.stats.group_time, with the same `base` and `trends`, and are set against each
    other by curv_eval.stats.triple (Gruber 1994; Olden & Moen 2022, The Econometrics Journal 25(3): one parallel-trend
    assumption, that the gap between the outcomes moves alike in both groups). Option `against`: the name of the other
    outcome, which need not be given where there is only one. Option `small_sample`: cr2, by the share of a cohort's
    units in a cluster, or none. Raises DesignError where there is no other outcome or nothing was expected of it.
    """
    require(panel, outcome=outcome)
    given = chosen(design.options, OPTIONS)
    against = _other(panel, outcome, given["against"])
    clusters, reduced = groups(panel.cluster), given["small_sample"] == "cr2"
    each = lift(cohort_codes(panel), clusters.code) if reduced else np.ones(len(panel.units))
    rule = Rule(design.comparison, given["base"], given["trends"], design.anticipation)
    both = [group_time(panel.outcomes[name], panel.cohort, panel.periods, rule=rule) for name in (outcome, against)]
    found = _clustered(triple(*both, trends=given["trends"]), each, clusters)
    cells = Clustered(
        cell_table(found), found.influence, found.observed_influence, each, SE_RULE[given["small_sample"]],
        welch=reduced, notes=(f"what happened to {against} is taken to have happened to {outcome} too",),
    )  # fmt: skip
    return from_cells(panel, outcome=outcome, design=design, method="triple_differences", cells=cells)


def _clustered(found: GroupTime, each: np.ndarray, clusters: Groups) -> GroupTime:
    influence, seen = (sum_rows(each[:, None] * x, clusters) for x in (found.influence, found.observed_influence))
    return replace(found, influence=influence, observed_influence=seen)


def _other(panel: Panel, outcome: str, asked: str) -> str:
    """Return the outcome to set against, or refuse an unknown, an equal or an unclear one."""
    others = [name for name in panel.outcomes if name != outcome]
    if asked in others:
        name = asked
    elif asked == OPTIONS["against"][0] and len(others) == 1:
        name = others[0]
    else:
        got = "none" if not others else f"{asked} among {', '.join(others)}"
        raise DesignError(
            f"triple_differences needs a second outcome that {outcome} is set against, got {got}",
            do="add an outcome with `role: placebo` to the study, and name it in `options: against`",
        )
    if not panel.outcomes[name].any():
        raise DesignError(f"{name} is 0 in every area and period; check the `where:` of this outcome")
    return name
