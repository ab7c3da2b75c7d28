"""Synthetic difference-in-differences: weights on areas and on periods, one cohort."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from curv_eval.errors import DesignError
from curv_eval.estimate import PARAMETER_COLUMNS, Estimate
from curv_eval.estimate.options import Number, chosen
from curv_eval.estimate.synthetic import DONORS, SEED, Setting, assignment, cells, setting
from curv_eval.panel import Panel
from curv_eval.stats.synthetic_did import Block, Weights, path, synthetic_did, without_each
from curv_eval.stats.synthetic_placebos import placebo_groups
from curv_eval.study import Design

TAKES = "panel"
OPTIONS = {
    "errors": ("placebos", "jackknife"),
    "donors": DONORS,
    "draws": Number(200, 19, 9999),
    "seed": Number(SEED, 0, 2**32 - 1),
}
NAMED = "synthetic difference-in-differences (Arkhangelsky and others 2021)"
TRENDS = "additive"
ASSUMES = (
    "The mix of {comparison} whose course was parallel to that of {treated} before would have stayed so.",
    "Nothing else that matters for the outcome changed in {treated} alone when {intervention} began.",
    "{comparison} were not affected by {intervention}.",
)
ERRORS = "placebos"
STAGGERED = False


def estimate(panel: Panel, *, outcome: str, design: Design) -> Estimate:
    """Return the effect of every period: treated less weighted donors, less the same over weighted periods before.

    See curv_eval.stats.synthetic_did. Options: `errors` (placebos: algorithm 4 of Arkhangelsky et al. 2021, over groups
    of as many untreated clusters as are treated; jackknife: algorithm 3, over clusters, with the weights as they are);
    `donors`; `draws`, `seed`: of the placebos. With fewer than twice as many donor clusters as treated ones placebos
    are refused where asked for, and the jackknife is used and said where not. Raises DesignError.
    """
    given = chosen(design.options, OPTIONS)
    held = setting(panel, outcome=outcome, design=design, chosen=given)
    rows = np.vstack([held.donors, panel.outcomes[outcome][panel.treated]])
    kept = held.before | held.after
    block = Block(rows[:, kept], len(held.donors), int(held.before.sum()))
    if not block.noise > 0:
        raise DesignError(f"{outcome}: no donor changes before the start, so that no weights can be worked out")
    weights = synthetic_did(block)
    root, rule, notes = _errors(panel, held, rows, weights=weights, options=design.options)
    return Estimate(
        method="synthetic_difference_in_differences", outcome=outcome,
        estimand="average effect on treated areas, every treated area-period counting once",
        comparison="a weighted average of untreated areas", alpha=design.alpha,
        cells=cells(panel, outcome, held, gap=path(replace(block, y=rows), weights)),
        influence=root, observed_influence=np.zeros_like(root),
        shares={held.start: (float(panel.treated.mean()), np.zeros(len(root)))}, se_rule=rule,
        n_clusters=len(np.unique(held.assigned)) + held.wanted, n_treated_clusters=held.wanted,
        notes=notes, parameters=_parameters(block, weights),
    )  # fmt: skip


def _errors(
    panel: Panel, held: Setting, rows: np.ndarray, *, weights: Weights, options: Mapping[str, Any]
) -> tuple[np.ndarray, str, tuple[str, ...]]:
    """Return a root of the covariance of the cells (B, T), the name of its rule, and what must be said about it."""
    asked, given = options.get("errors"), chosen(options, OPTIONS)
    donors = len(np.unique(held.assigned))
    few = f"{held.wanted} clusters are treated and few donors are left"
    if (asked or "placebos") == "placebos" and donors > held.wanted:
        return _placebos(held, given)
    if asked == "placebos":
        raise DesignError(
            f"errors from placebos need more untreated clusters than treated ones, got {donors} and {held.wanted}",
            do="use `errors: jackknife`",
        )
    note = () if asked else (f"{few}, so that errors come from the jackknife and not from placebos",)
    return _jackknife(panel, held, rows, weights=weights, note=note)


def _placebos(held: Setting, given: Mapping[str, Any]) -> tuple[np.ndarray, str, tuple[str, ...]]:
    groups, all_ = placebo_groups(held.assigned, size=held.wanted, draws=given["draws"], seed=given["seed"])
    kept, first = held.before | held.after, int(held.before.sum())
    paths = []
    for group in groups:
        y = held.donors[np.argsort(group, kind="stable")]  # the group last, where the treated are
        block = Block(y[:, kept], int((~group).sum()), first)
        paths.append(path(replace(block, y=y), synthetic_did(block, exact=True)))
    root = (np.array(paths) - np.mean(paths, axis=0)) / np.sqrt(len(paths))
    how = f"all {len(paths)} placebos" if all_ else f"{len(paths)} placebo draws, seed {given['seed']}"
    rule = f"placebo variance (Arkhangelsky et al. 2021, algorithm 4), {how}, normal quantile"
    told = f"the standard error is the spread of {how}; it takes treated and untreated areas to vary alike"
    return root, rule, (told,)


def _jackknife(
    panel: Panel, held: Setting, rows: np.ndarray, *, weights: Weights, note: tuple[str, ...]
) -> tuple[np.ndarray, str, tuple[str, ...]]:
    label = np.concatenate([held.assigned, assignment(panel)[panel.treated]])
    block = Block(rows, len(held.donors), int(held.before.sum()))
    if held.wanted < 2 or len(np.unique(held.assigned[weights.omega > 0])) < 2:
        raise DesignError(
            "the jackknife needs at least 2 treated clusters and 2 with weight in the comparison",
            [f"got {held.wanted} treated"], "use `errors: placebos`, or `method: synthetic_control`",
        )  # fmt: skip
    left = without_each(block, weights, label)
    root = (left - left.mean(axis=0)) * np.sqrt((len(left) - 1) / len(left))
    rule = "jackknife over clusters with the weights kept (Arkhangelsky et al. 2021, algorithm 3), normal quantile"
    return root, rule, note


def _parameters(block: Block, weights: Weights) -> pd.DataFrame:
    some = [("zeta", block.zeta), ("areas_above_1_percent", float((weights.omega > 0.01).sum()))]
    some += [("periods_above_1_percent", float((weights.lambda_ > 0.01).sum()))]
    return pd.DataFrame([(name, value, *[np.nan] * 5) for name, value in some], columns=list(PARAMETER_COLUMNS))
