"""Cluster-randomised trial: whole groups, such as schools, were drawn by lot."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats as distributions

from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate, Tested
from curv_eval.estimate.adjusting import Adjusters, adjusters, few_clusters, need, offered, said_rule
from curv_eval.estimate.compliers import Complied, complied
from curv_eval.estimate.one_cell import Effect, from_effect
from curv_eval.estimate.options import Number, chosen
from curv_eval.estimate.parameters import parameters
from curv_eval.people import People, require
from curv_eval.stats.ancova import regressors
from curv_eval.stats.cluster_permutation import Lots, permutation_test
from curv_eval.stats.clustered import least_squares
from curv_eval.stats.intraclass import cluster_means, intraclass
from curv_eval.study import Design

TAKES = "people"
OPTIONS = {
    "analysis": ("people", "clusters"),
    "effect": ("itt", "cace"),
    "adjust": ("ancova", "lin", "none"),
    "test": ("t", "permutation"),
    "draws": Number(9_999, 99, 99_999),
    "seed": Number(20261125, 0, 2**31),
}
OUTCOME = "any"
NAMED = "cluster-randomised trial, intention to treat"
TRENDS = "none"
ASSUMES = (
    "Chance decided which groups were offered {intervention}.",
    "Who belongs to which group, and whose outcome was measured, was not changed by the offer.",
    "What one group was offered did not change the outcomes of {comparison} in other groups.",
)
ERRORS = "clusters"
STAGGERED = False
ESTIMAND = {
    "itt": "average effect of being in a group that was offered it, whether or not it was taken up",
    "cace": "average effect on those who took it up because their group was offered it (compliers)",
}
TEST_RULE = "other draws of clusters, {draws} of them, by the coefficient of the offer"
SUMMARY_RULE = "t test of cluster means, clustered, t with clusters-2 degrees of freedom"


@dataclass(frozen=True)
class _Trial:
    """The people as assigned, and as they were treated; what they are adjusted for, and what must be said."""

    offered: People
    treated: People
    held: Adjusters
    notes: tuple[str, ...]


def estimate(people: People, *, outcome: str, design: Design) -> Estimate:
    """Return the effect of the offer, or on compliers, in a trial that drew clusters.

    `analysis` people: d of Y = a + d Z + b'X + e over people, CR2 with Satterthwaite degrees of freedom (Bell &
    McCaffrey 2002; Pustejovsky & Tipton 2018); every person counts once. clusters: the t test on cluster means, first
    less what X predicts (Hayes & Moulton 2017, chapter 10); every cluster counts once.
    `effect` itt: of the offer Z. cace: two-stage least squares of Y on treatment with Z as instrument, with the
    Anderson-Rubin interval (Imbens & Angrist 1994; Schochet & Chiang 2011). `adjust`: ancova, lin or none.
    `test` permutation: the interval and p-value are those of other draws of the clusters (within strata), every one of
    them or `draws` by `seed`: exact however few clusters there are; see curv_eval.stats.cluster_permutation.
    `parameters` hold the intraclass correlation, the design effect and the effect on compliers.
    Raises DesignError without `cluster`, with fewer than two clusters in an arm, and for `cace` without `assigned`.
    """
    need(people, "cluster_trial", "cluster", *(("assigned",) if design.options.get("effect") == "cace" else ()))
    given = chosen(design.options, OPTIONS)
    trial = _trial(people, outcome, adjust=given["adjust"])
    if given["effect"] == "cace":
        return _cace(trial, outcome, design=design)
    return _itt(trial, outcome, design=design, given=given)


def _trial(people: People, outcome: str, *, adjust: str) -> _Trial:
    known = people.measured(outcome)
    drawn, notes = offered(known)
    drawn = require(drawn, outcome=outcome)
    arms = [len(np.unique(drawn.cluster[drawn.treated == arm])) for arm in (True, False)]
    if min(arms) < 2:
        raise DesignError(f"clusters: got {arms[0]} offered it and {arms[1]} others, expected at least 2 of each")
    mixed = _mixed(drawn)
    if mixed:
        notes += (f"{mixed} clusters hold both people offered it and others, so clusters were not what was drawn",)
    held = adjusters(drawn, outcome) if adjust != "none" else Adjusters(np.empty((len(drawn.persons), 0)))
    return _Trial(drawn, known, held, (*notes, *held.notes))


def _mixed(people: People) -> int:
    shares = pd.Series(people.treated).groupby(people.cluster).mean()
    return int(((shares > 0) & (shares < 1)).sum())


def _itt(trial: _Trial, outcome: str, *, design: Design, given: dict) -> Estimate:
    used, y = trial.offered, trial.offered.outcomes[outcome]
    if given["analysis"] == "clusters":
        means = cluster_means(y, used.treated.astype(float), used.cluster, x=trial.held.x)
        value, error, rule = means.value, means.robust, SUMMARY_RULE
    else:
        fit = least_squares(regressors(used.treated, trial.held.x, adjust=given["adjust"]), y, cluster=used.cluster)
        value, error, rule = float(fit.coefficients[0]), fit.robust, said_rule("CR2")
    df = float(error.df[0])
    table, more = _parameters(trial, y, alpha=design.alpha)
    effect = Effect(value, error.scores[:, 0], rule, df, (*trial.notes, *more, *few_clusters(used, df)), table)
    found = from_effect(used, outcome=outcome, design=design, method="cluster_trial", effect=effect)
    tested = _permuted(trial, y, given, alpha=design.alpha) if given["test"] == "permutation" else None
    return replace(found, estimand=ESTIMAND["itt"], tested=tested)


def _permuted(trial: _Trial, y: np.ndarray, given: dict, *, alpha: float) -> Tested:
    used = trial.offered
    if given["analysis"] == "clusters" or given["adjust"] == "lin":
        raise DesignError(
            "a permutation test compares people by one regression with one slope",
            do="use `analysis: people` with `adjust: ancova` or `adjust: none`",
        )
    lots = Lots(used.cluster, used.stratum, given["draws"], given["seed"])
    found = permutation_test(y, used.treated.astype(float), lots, x=trial.held.x, alpha=alpha)
    said = TEST_RULE.format(draws=f"all {len(found.coefficients):,}" if found.exact else f"{given['draws']:,}")
    return Tested(found.conf_low, found.conf_high, found.p_value, found.floor, len(found.coefficients), said)


def _cace(trial: _Trial, outcome: str, *, design: Design) -> Estimate:
    used, y = require(trial.treated, outcome=outcome), trial.treated.outcomes[outcome]
    found = complied(used, y, trial.held.x, alpha=design.alpha)
    df = float(found.fit.robust.df[0])
    notes = (*trial.notes, *found.notes, *few_clusters(used, df))
    table = _likeness(trial, y, alpha=design.alpha)
    effect = Effect(found.value, found.fit.robust.scores[:, 0], found.rule, df, notes, table)
    result = from_effect(used, outcome=outcome, design=design, method="cluster_trial", effect=effect)
    return replace(result, estimand=ESTIMAND["cace"], tested=found.inverted)


def _parameters(trial: _Trial, y: np.ndarray, *, alpha: float) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The likeness within clusters and, where some crossed over, the effect on compliers."""
    table, treated = _likeness(trial, y, alpha=alpha), trial.treated
    if treated.assigned is None or (treated.assigned == treated.treated).all() or not treated.treated.any():
        return table, ()
    found = complied(treated, y, trial.held.x, alpha=alpha)
    if found.tested.outside or not np.isfinite([found.tested.low, found.tested.high]).all():
        return table, (*found.notes, "the offer moved take-up too little to bound the effect on compliers")
    return pd.concat([table, _complier_row(found, alpha)], ignore_index=True), found.notes


def _complier_row(found: Complied, alpha: float) -> pd.DataFrame:
    error, df = float(found.fit.robust.errors[0]), float(found.fit.robust.df[0])
    row = parameters(["effect on compliers (Anderson-Rubin interval)"], [found.value], [error], alpha=alpha, df=df)
    return row.assign(conf_low=found.tested.low, conf_high=found.tested.high, p_value=found.tested.p_value)


def _likeness(trial: _Trial, y: np.ndarray, *, alpha: float) -> pd.DataFrame:
    """Intraclass correlation and design effect; the error is Fisher's (1925) for clusters of the average size."""
    used = trial.offered
    found = intraclass(y, used.cluster, arm=used.treated, alpha=alpha)
    between, within = found.clusters - 2, len(y) - found.clusters
    p = float(distributions.f.sf(found.f, between, within))
    icc = (found.icc, found.conf_low, found.conf_high)
    effect = tuple(1 + found.inflation * one for one in icc)
    terms = ["intraclass correlation", "design effect"]
    errors = [found.std_error, found.inflation * found.std_error]
    table = parameters(terms, [icc[0], effect[0]], errors, alpha=alpha, df=between)
    return table.assign(conf_low=[icc[1], effect[1]], conf_high=[icc[2], effect[2]], p_value=p)
