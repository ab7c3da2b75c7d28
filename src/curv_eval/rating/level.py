"""The level on the Maryland Scientific Methods Scale."""

from __future__ import annotations

from dataclasses import dataclass

from curv_eval.estimate import Estimate
from curv_eval.methods import load
from curv_eval.rating.nouns import Checked
from curv_eval.study import Study

TRIALS = ("ancova", "cluster_trial")
AS_GOOD_AS_DRAWN = ("regression_discontinuity", "instrumental_variables")
ONE_SERIES = ("interrupted_time_series", "structural_time_series")


@dataclass(frozen=True)
class Level:
    """A level of 1 to 5 and its reason."""

    number: int
    reason: str


def compared(estimate: Estimate) -> bool:
    """Whether anybody untreated stands behind every number."""
    return estimate.comparison != "none" and bool((estimate.cells["n_comparison"] > 0).all())


def level(study: Study, estimate: Estimate, checked: Checked) -> Level:
    """Return the level that the design's facts give (Sherman et al. 1997; levels as the College of Policing has them).

    5: chance decided who was treated. 4: before and after in several treated and several comparison places; or people
    whose comparison group is alike in what was measured (`balance` HOLDS), or who were assigned by a threshold or an
    offer. 3: before and after with one place or one series on either side; or people who differ a little. 2: before
    and after alone; or people whose comparison group differs, or was not compared. 1: one measure, nothing before.
    """
    method = study.design.method
    if not compared(estimate):
        return Level(2, "before and after, nobody to compare with")
    if method in TRIALS:
        return Level(5, "chance decided who was treated, as the method takes it")
    if load(method).TAKES == "people":
        return _people(method, checked)
    if method in ONE_SERIES:
        return Level(3, "before and after, compared with one series")
    treated, others = estimate.n_treated_clusters, estimate.n_clusters - estimate.n_treated_clusters
    if not estimate.n_clusters:
        cells = estimate.cells
        treated, others = int(cells.groupby("cohort")["n_units"].max().sum()), int(cells["n_comparison"].min())
    if min(treated, others) >= 2:
        return Level(4, f"before and after in {treated} treated and {others} comparison places")
    return Level(3, f"before and after in {treated} treated and {others} comparison place{'s' * (others != 1)}")


def _people(method: str, checked: Checked) -> Level:
    if method in AS_GOOD_AS_DRAWN:
        return Level(4, "a threshold or an offer decided who was treated")
    return {
        "holds": Level(4, "people compared with others alike in everything that was measured"),
        "for information": Level(3, "people compared with others who differ a little in what was measured"),
    }.get(checked.verdict("balance"), Level(2, "people compared with others not shown to be like them"))
