"""Two-way fixed effects with one cohort, tested by the restricted wild cluster bootstrap: for few clusters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate, Tested
from curv_eval.estimate.constant import Coefficient, from_coefficient
from curv_eval.estimate.options import Number, chosen
from curv_eval.panel import Panel
from curv_eval.panel.requirements import require, require_one_cohort
from curv_eval.stats.few_clusters import WILD_TREATED
from curv_eval.stats.path_errors import robust
from curv_eval.stats.path_regression import least_squares, paths
from curv_eval.stats.wild_bootstrap import ENUMERATED, Rule, Wild, wild_cluster
from curv_eval.study import Design

TAKES = "panel"
OPTIONS = {
    "weights": ("rademacher", "webb"),
    "draws": Number(9999, 99, 99_999),
    "seed": Number(20261125, 0, 2**32 - 1),
}
NAMED = "two-way fixed effects with a restricted wild cluster bootstrap"
TRENDS = "additive"
ASSUMES = (
    "Nothing else that matters for the outcome changed in {treated} alone when {intervention} began.",
    "{comparison} were not affected by {intervention}.",
)
ERRORS = "test"
STAGGERED = False
SE_RULE = "CR2, clustered; the interval and p-value are those of the restricted wild cluster bootstrap"


def estimate(panel: Panel, *, outcome: str, design: Design) -> Estimate:
    """Return the constant effect d of Y_it = a_i + b_t + d D_it + e_it, tested with the null imposed.

    Options: `weights` (rademacher: all sign vectors up to 12 clusters; webb: six points), `draws`, `seed`. With fewer
    than four treated clusters the test rejects far too seldom or too often (MacKinnon & Webb 2017), and `notes` say so;
    with one it is refused. Raises DesignError.
    """
    require(panel, outcome=outcome, clustered=False)
    _refuse(panel)
    start = require_one_cohort(panel, "wild_cluster_bootstrap") - design.anticipation
    given = chosen(design.options, OPTIONS)
    y = panel.outcomes[outcome].astype(float)
    d = ((panel.cohort >= start)[:, None] & (panel.periods >= start)).astype(float)
    x, left = _regressors(d), (y - y.mean(axis=1, keepdims=True)).ravel()
    cluster = np.repeat(panel.cluster, y.shape[1])
    rule = Rule(weights=given["weights"], draws=given["draws"], seed=given["seed"], alpha=design.alpha)
    found = wild_cluster(left, x, cluster, rule=rule)
    if not found.std_error > 1e-10 * y.std():
        raise DesignError("every area follows the model exactly; there is no error to draw from")
    errors = robust(least_squares(y, *paths(d)), panel.cluster)
    coefficient = Coefficient(found.estimate, errors.scores[:, 0], TRENDS, SE_RULE, float(errors.df[0]))
    made = from_coefficient(
        panel, outcome=outcome, design=design, method="wild_cluster_bootstrap", coefficient=coefficient
    )
    notes = _notes(found, made.n_treated_clusters, made.n_clusters - made.n_treated_clusters, alpha=design.alpha)
    return replace(made, tested=_tested(found, rule), notes=notes)


def _refuse(panel: Panel) -> None:
    for what, members in (("treated", panel.treated), ("comparison", ~panel.treated)):
        if len(np.unique(panel.cluster[members])) < 2:
            raise DesignError(
                f"clusters: got 1 {what} cluster; the wild cluster bootstrap needs at least 2 and misleads below 4",
                do="use `method: randomisation_inference` or `method: synthetic_control`",
            )


def _tested(found: Wild, rule: Rule) -> Tested:
    how = f"all {found.draws:,} sign vectors" if found.enumerated else f"{found.draws:,} draws, seed {rule.seed}"
    name = f"inversion of the restricted wild cluster bootstrap, {rule.weights}, {how}, ties counted"
    return Tested(found.conf_low, found.conf_high, found.p_value, found.floor, found.draws, name)


def _notes(found: Wild, treated: int, others: int, *, alpha: float) -> tuple[str, ...]:
    how = "all sign vectors" if found.enumerated else f"draws, more than {ENUMERATED:,} sign vectors"
    notes = [
        f"wild cluster bootstrap: p {found.p_value:.4f} with ties counted, {found.p_strict:.4f} without ({how}), "
        f"so that p cannot be below {found.floor:.4f}"
    ]
    if min(treated, others) < WILD_TREATED:
        few = f"{treated} treated clusters" if treated <= others else f"{others} comparison clusters"
        notes.append(
            f"with {few} the wild cluster bootstrap can reject far too seldom or far too often (MacKinnon and Webb "
            "2017); check it with `method: randomisation_inference`"
        )
    if found.floor > alpha:
        notes.append(f"with so few clusters no {1 - alpha:.0%} interval exists: p cannot be as low as {alpha:g}")
    return tuple(notes)


def _regressors(d: np.ndarray) -> np.ndarray:
    """Return D and the period dummies less their unit means: (n T, T); unit effects lie within clusters."""
    n, t = d.shape
    dummies = np.tile(np.eye(t)[:, 1:] - 1.0 / t, (n, 1))
    return np.column_stack([(d - d.mean(axis=1, keepdims=True)).ravel(), dummies])
