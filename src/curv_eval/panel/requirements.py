"""What a panel must have before a method may answer."""

from __future__ import annotations

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.panel import Panel


def require(panel: Panel, *, outcome: str, clustered: bool = True) -> None:
    """Refuse a panel from which no comparison over time can be made, naming every reason at once."""
    faults = [*_time(panel), *_treatment(panel), *_outcome(panel, outcome), *(_clusters(panel) if clustered else ())]
    if faults:
        raise DesignError("this panel cannot answer the question", faults)


_TWO_WAY = (
    "with staggered starts, two-way fixed effects use areas already treated as the comparison for areas treated later; "
    "when effects grow or fade the answer can even have the wrong sign (Goodman-Bacon 2021)"
)


def require_one_cohort(panel: Panel, method: str, *, because: str = _TWO_WAY) -> float:
    """Return the only first treated period, or refuse staggered adoption with the reason and the remedy.

    because: why this method cannot take several; what is said by itself holds for two-way fixed effects.
    """
    cohorts = np.unique(panel.cohort[panel.treated])
    if len(cohorts) != 1:
        raise DesignError(
            f"{method} takes one cohort, got {len(cohorts)} ({', '.join(panel.label(g) for g in cohorts)})",
            [because],
            "use `method: callaway_santanna` (or sun_abraham, imputation, poisson_staggered), or keep one cohort with "
            "`design.cohorts`",
        )
    return float(cohorts[0])


def _time(panel: Panel) -> list[str]:
    if len(panel.periods) >= 2:
        return []
    return [f"periods: got {len(panel.periods)}, expected at least 2 (one before and one after the start)"]


def _treatment(panel: Panel) -> list[str]:
    if not panel.treated.any():
        return ["treated areas: none of the areas in the data is treated within the window"]
    faults, last = [], panel.periods[-1]
    early = int((panel.cohort <= panel.periods[0]).sum())
    if early:
        faults.append(
            f"{early} areas were already treated in {panel.label(panel.periods[0])}: start the window earlier"
        )
    first = np.nanmin(panel.cohort)
    if not (np.isnan(panel.cohort) | (panel.cohort > first)).any():
        faults.append("comparison areas: every area is treated from the same period; none is never or not yet treated")
    if first > last:
        faults.append(f"treatment starts in {panel.label(first)}, after the last period {panel.label(last)}")
    return faults


def _outcome(panel: Panel, outcome: str) -> list[str]:
    if outcome not in panel.outcomes:
        return [f"{outcome}: not an outcome of this panel (it has {', '.join(panel.outcomes)})"]
    y = panel.outcomes[outcome]
    if not y.any():
        return [f"{outcome}: is 0 in every area and period; check the `where:` of this outcome"]
    return [] if np.ptp(y) else [f"{outcome}: has the same value everywhere"]


def _clusters(panel: Panel) -> list[str]:
    treated, other = set(panel.cluster[panel.treated]), set(panel.cluster[~panel.treated])
    if panel.treated.any() and len(treated) < 2:
        return [
            "clusters: got 1 treated cluster; a cluster-robust error needs at least 2 (and misleads below about 10)"
        ]
    if not panel.treated.all() and len(other) < 2:
        return ["clusters: got 1 comparison cluster; a cluster-robust error needs at least 2"]
    return []
