"""Regression discontinuity: people just above a threshold compared with people just below it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate
from curv_eval.estimate.adjusting import adjusters, need
from curv_eval.estimate.one_cell import Effect, from_effect
from curv_eval.estimate.options import Number, chosen
from curv_eval.estimate.parameters import parameters
from curv_eval.people import People, require
from curv_eval.stats.bandwidth import bandwidths
from curv_eval.stats.cluster import cluster_sums
from curv_eval.stats.density_jump import density_jump
from curv_eval.stats.discontinuity import Jump, adjusted, fuzzy, sharp
from curv_eval.stats.instruments import WEAK
from curv_eval.stats.local_polynomial import KERNELS, OPTIMAL, Settings, Side
from curv_eval.study import Design

TAKES = "people"
OPTIONS = {
    "bandwidth": Number(0.0, 0.0, 1e9),
    "kernel": KERNELS,
    "optimal": OPTIMAL,
    "order": Number(1, 0, 3),
    "neighbours": Number(3, 1, 20),
    "errors": ("neighbours", "clusters"),
    "covariates": ("left out", "adjusted"),
}
OUTCOME = "any"
NAMED = "regression discontinuity, local polynomial with robust bias-corrected intervals"
TRENDS = "none"
ASSUMES = (
    "Nobody could steer on which side of the threshold they came to lie.",
    "Nothing but {intervention} changes at the threshold.",
    "Near the threshold the outcome would have changed smoothly without {intervention}.",
)
ERRORS = "clusters"
STAGGERED = False
SE_RULE = {
    "neighbours": "robust bias-corrected, nearest neighbours, each person alone, normal quantile",
    "clusters": "robust bias-corrected, CR1, clustered, t with clusters-1 degrees of freedom",
}
ESTIMAND = "average effect on people at the threshold"
FEWEST, FEW = 5, 30

# the strongly curved model of Calonico, Cattaneo and Titiunik (2014), 500 draws
CURVED = (
    "where outcomes bend sharply near the threshold, 95% intervals held the truth 90 times in 100 in a simulation, "
    "and 92 times with `optimal: coverage`"
)


def estimate(people: People, *, outcome: str, design: Design) -> Estimate:
    """Return the jump in the outcome where `running` reaches 0, less its bias, with the interval that allows for it.

    Local polynomials on both sides (Calonico, Cattaneo & Titiunik 2014); see curv_eval.stats.discontinuity. Where
    someone was treated against the threshold, the jump is divided by that in who was treated (fuzzy).
    Options: `bandwidth` (0: the one that is `optimal` for mse or coverage), `kernel`, `order`, `neighbours`, `errors`
    (neighbours; clusters), `covariates` (left out; adjusted: less what covariates predict, the same on both sides).
    Counts and the mean observed are those of people within the bandwidth. Raises DesignError without `running`, with
    too few people near the threshold, or when the threshold decided nothing.
    """
    need(people, "regression_discontinuity", "running", *(("cluster",) if _clustered(design) else ()))
    given = chosen(design.options, OPTIONS)
    used = require(people, outcome=outcome)
    errors = "HC0" if _clustered(design) else "neighbours"
    settings = Settings(given["order"], given["kernel"], given["neighbours"], given["optimal"], errors)
    widths = (given["bandwidth"],) * 2 if given["bandwidth"] else None
    y = used.outcomes[outcome]
    if given["covariates"] == "adjusted":
        x = adjusters(used, outcome).x
        first = widths or bandwidths(*_sides(used.running, y), settings)
        y = adjusted(used.running, y, x, width=first[0], settings=settings) if x.size else y
    is_sharp = bool((used.treated == (used.running >= 0)).all())
    pair = np.column_stack([y, used.treated])
    jump = (
        sharp(used.running, y, settings=settings, widths=widths)
        if is_sharp
        else fuzzy(used.running, pair, settings=settings, widths=widths)
    )
    return _estimate(used, jump, outcome=outcome, design=design)


def _clustered(design: Design) -> bool:
    return design.options.get("errors") == "clusters"


def _sides(x: np.ndarray, y: np.ndarray) -> tuple[Side, Side]:
    order = np.argsort(x, kind="stable")
    below = int((x < 0).sum())
    return Side(x[order[:below]], y[order[:below]]), Side(x[order[below:]], y[order[below:]])


def _estimate(people: People, jump: Jump, *, outcome: str, design: Design) -> Estimate:
    """The Estimate of people within the bandwidth; people farther away only help with the bias."""
    _refuse(jump)
    clustered = _clustered(design)
    alone = people if clustered else replace(people, cluster=None)
    inside = np.abs(people.running) < jump.h
    near = require(alone.take(inside), outcome=outcome)
    influence, df = _influence(alone, jump.influence, clustered=clustered)
    table, said = _parameters(people, jump, alpha=design.alpha)
    rule = SE_RULE["clusters" if clustered else "neighbours"]
    notes = (*_notes(people, jump, clustered=clustered), *said)
    effect = Effect(jump.value, influence, rule, df, notes, table)
    found = from_effect(near, outcome=outcome, design=design, method="regression_discontinuity", effect=effect)
    y, treated = people.outcomes[outcome], people.treated & inside
    deviation = np.where(treated, y - y[treated].mean(), 0.0) / treated.sum()
    observed, _ = _influence(alone, deviation, clustered=clustered)
    groups = np.unique(alone.groups)
    return replace(
        found, estimand=ESTIMAND, observed_influence=observed[:, None],
        n_clusters=len(groups), n_treated_clusters=len(np.unique(alone.groups[treated])),
    )  # fmt: skip


def _influence(people: People, influence: np.ndarray, *, clustered: bool) -> tuple[np.ndarray, float]:
    sums = cluster_sums(influence[:, None], people.groups)[:, 0]
    if not clustered:
        return sums, np.inf
    return sums * np.sqrt(len(sums) / (len(sums) - 1)), len(sums) - 1.0


def _refuse(jump: Jump) -> None:
    faults = [
        f"{side} the threshold: got {n} people within the bandwidth, expected at least {FEWEST}"
        for side, n in (("below", jump.n_left), ("above", jump.n_right))
        if n < FEWEST
    ]
    if faults:
        raise DesignError("too few people near the threshold", faults, "give a wider `bandwidth`")
    stage = jump.first_stage
    if stage is not None and abs(stage.value) < 1.96 * stage.std_error:
        raise DesignError(
            f"the threshold did not decide who was treated: their share changes there by {stage.value:+.2f} "
            f"(standard error {stage.std_error:.2f})",
            do="use another design, or a `running:` that decided",
        )


def _notes(people: People, jump: Jump, *, clustered: bool) -> list[str]:
    said = [
        f"bandwidth {jump.h:.4g} ({jump.b:.4g} for the bias): {jump.n_left:,} people below the threshold and "
        f"{jump.n_right:,} people above it; the effect is that at the threshold, and says nothing of those far from it",
        CURVED,
    ]
    if min(jump.n_left, jump.n_right) < FEW:
        said.append("fewer than 30 people on one side of the threshold: the interval may be too narrow")
    if jump.first_stage is not None:
        stage = jump.first_stage
        f = (stage.value / stage.std_error) ** 2
        said.append(f"not all kept to the threshold: it moved {stage.value:.0%} of people (F {f:.1f})")
        if f < WEAK:
            said.append("the threshold moved few people: the interval from the standard error misleads")
    if people.cluster is not None and not clustered:
        said.append("each person counts alone, since the threshold decided person by person; see `errors: clusters`")
    return said


def _parameters(people: People, jump: Jump, *, alpha: float) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The jump without correction, and the test that people do not heap on one side."""
    plain = ["jump, not corrected for bias"], [jump.conventional], [jump.conventional_error]
    table = parameters(*plain, alpha=alpha)
    try:
        heap = density_jump(people.running)
    except DesignError as refusal:
        return table, (f"whether people heap at the threshold cannot be said: {refusal.what}",)
    row = parameters(["log of density above over below the threshold"], [heap.value], [heap.std_error], alpha=alpha)
    said = ("people heap on one side of the threshold: someone may have steered",) if heap.p_value < alpha else ()
    return pd.concat([table, row], ignore_index=True), said
