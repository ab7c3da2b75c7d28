"""What the synthetic control methods share: the treated average, its donors, and an Estimate from placebo gaps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from curv_eval.errors import DesignError
from curv_eval.estimate import PARAMETER_COLUMNS, Estimate, Tested
from curv_eval.panel import Panel
from curv_eval.panel.requirements import require
from curv_eval.stats.synthetic import Fit, Fitter
from curv_eval.stats.synthetic_conformal import Conformal, conformal
from curv_eval.stats.synthetic_placebos import Placebos, Ranked, in_space, placebo_groups, ranked, without_effect
from curv_eval.study import Design

SEED = 20261125
DONORS = ("all", "same district", "not neighbours")
LEAST_BEFORE = 3


@dataclass(frozen=True)
class Setting:
    """The treated average (T,) and its donors (J, T), which are the units `pool` (n,) bool.

    start: the first treated period. before: (T,) bool, the periods to fit on, which end before any anticipation.
    after: (T,) bool. rows: (n1, T) the treated. assigned: (J,) and given: (n1,) the clusters that placebo groups are
    made of. wanted: how many are treated.
    """

    series: np.ndarray
    donors: np.ndarray
    pool: np.ndarray
    start: float
    before: np.ndarray
    after: np.ndarray
    rows: np.ndarray
    assigned: np.ndarray
    given: np.ndarray
    wanted: int


def setting(panel: Panel, *, outcome: str, design: Design, chosen: Mapping[str, Any]) -> Setting:
    """Return the treated average and its donors. Raises DesignError where a synthetic control cannot be made.

    chosen: the options; `donors` says which untreated units may take part.
    """
    require(panel, outcome=outcome, clustered=False)
    start = _one_start(panel, design.method)
    before, after = panel.periods < start - design.anticipation, panel.periods >= start
    pool = _pool(panel, chosen["donors"])
    _refuse(panel, pool, before, start=start)
    y, label = panel.outcomes[outcome], assignment(panel)
    rows, given = y[panel.treated], label[panel.treated]
    return Setting(
        rows.mean(axis=0), y[pool], pool, start, before, after, rows, label[pool], given, len(np.unique(given))
    )  # fmt: skip


def assignment(panel: Panel) -> np.ndarray:
    """Return what treatment was given to: the clusters where each is treated as a whole or not at all, else units."""
    _, code = np.unique(panel.cluster, return_inverse=True)
    treated = np.bincount(code, weights=panel.treated)
    whole = ((treated == 0) | (treated == np.bincount(code))).all()
    return panel.cluster if whole else panel.units


def placebos(held: Setting, fitter: Fitter, *, chosen: Mapping[str, Any]) -> Placebos:
    """Return the gaps of the placebo groups by the same fitter: every donor or, with several treated clusters, groups
    of as many of all clusters. The real group is not among them.
    """
    if held.wanted == 1:
        groups = placebo_groups(held.assigned, size=1, draws=chosen["draws"], seed=chosen["seed"])
        return in_space(held.donors, held.before, groups, fitter=fitter, treated=np.zeros(len(held.donors), dtype=bool))
    rows, label = np.vstack([held.donors, held.rows]), np.concatenate([held.assigned, held.given])
    treated = np.arange(len(rows)) >= len(held.donors)
    members, all_ = placebo_groups(label, size=held.wanted, draws=chosen["draws"], seed=chosen["seed"])
    others = members[(members != treated).any(axis=1)]
    return in_space(rows, held.before, (others, all_), fitter=fitter, treated=treated)


def from_gaps(panel: Panel, *, outcome: str, design: Design, fitter: Fitter, chosen: Mapping[str, Any]) -> Estimate:
    """Return the Estimate of a synthetic control: cells are gaps, their covariance that of the placebos' gaps.

    The covariance is the mean square of the placebo gaps about 0, not about their mean, with the estimated effect taken
    off where treated clusters take part in placebos. The interval of the average inverts the placebo test or, with
    `interval: conformal`, the conformal one.
    """
    held = setting(panel, outcome=outcome, design=design, chosen=chosen)
    found = fitter(held.series, held.donors, held.before)
    others = placebos(held, fitter, chosen=chosen)
    level = float(np.abs(held.series[held.before]).mean())
    test = ranked(found, others, held.after, size=level, alpha=design.alpha)
    shifted = _conformal(held, fitter, alpha=design.alpha) if chosen["interval"] == "conformal" else None
    tested = _from_conformal(shifted, held) if shifted else _from_placebos(test, others)
    root = without_effect(others, np.where(held.after, found.gap, 0.0)) / np.sqrt(len(others.gaps))
    return Estimate(
        method=design.method, outcome=outcome,
        estimand="average effect on treated areas, every treated area-period counting once",
        comparison="a weighted average of untreated areas", alpha=design.alpha,
        cells=cells(panel, outcome, held, gap=found.gap), influence=root, observed_influence=np.zeros_like(root),
        shares={held.start: (float(panel.treated.mean()), np.zeros(len(root)))},
        se_rule=f"root mean square of the gaps of {said(others, chosen['seed'])}",
        n_clusters=len(np.unique(held.assigned)) + held.wanted, n_treated_clusters=held.wanted,
        notes=(*_notes(found, test, others, level=level), *_unbounded(tested, design.alpha)),
        tested=tested, parameters=_parameters(found, test, level=level),
    )  # fmt: skip


def cells(panel: Panel, outcome: str, held: Setting, *, gap: np.ndarray) -> pd.DataFrame:
    """Return one cell per period from a gap (T,)."""
    seen = panel.outcomes[outcome][panel.treated]
    return pd.DataFrame({
        "cohort": held.start, "period": panel.periods, "event_time": panel.periods - held.start, "estimate": gap,
        "observed": seen.mean(axis=0), "n_units": len(seen), "n_comparison": len(held.donors),
        "events": np.rint(seen.sum(axis=0)).astype(int),
    })  # fmt: skip


def said(others: Placebos, seed: int) -> str:
    """Return how many placebos there were, and whether by chance."""
    count = len(others.gaps)
    return f"all {count} placebos" if others.enumerated else f"{count} placebos drawn with seed {seed}"


def _one_start(panel: Panel, method: str) -> float:
    cohorts = np.unique(panel.cohort[panel.treated])
    if len(cohorts) == 1:
        return float(cohorts[0])
    raise DesignError(
        f"{method} takes one cohort, got {len(cohorts)} ({', '.join(panel.label(g) for g in cohorts)})",
        ["areas that start at different times have different periods before the start, and need weights of their own"],
        "keep one cohort with `design.cohorts`, or use `method: callaway_santanna` or randomisation_inference",
    )


def _pool(panel: Panel, donors: str) -> np.ndarray:
    """Return the untreated units that may take part, (n,) bool."""
    if donors == "same district":
        if panel.district is None:
            raise DesignError("donors: the panel does not say which district each area lies in", do="use `donors: all`")
        return ~panel.treated & np.isin(panel.district, panel.district[panel.treated])
    if donors == "not neighbours":
        if panel.neighbours is None:
            raise DesignError("donors: the panel does not say which areas are neighbours", do="use `donors: all`")
        return ~panel.treated & ~panel.neighbours[:, panel.treated].any(axis=1)
    return ~panel.treated


def _refuse(panel: Panel, pool: np.ndarray, before: np.ndarray, *, start: float) -> None:
    faults = []
    if before.sum() < LEAST_BEFORE:
        faults.append(
            f"periods before {panel.label(start)} and its anticipation: got {int(before.sum())}, expected at least "
            f"{LEAST_BEFORE}, and better 12, to fit the weights on"
        )
    if len(np.unique(assignment(panel)[pool])) < 2:
        faults.append(f"donors: got {int(pool.sum())} areas, expected at least 2 clusters of areas never treated")
    if faults:
        raise DesignError(
            "no synthetic control can be made from this panel", faults, "start the window earlier, or use `donors: all`"
        )


def _conformal(held: Setting, fitter: Fitter, *, alpha: float) -> Conformal:
    used = held.before | held.after
    return conformal(held.series[used], held.donors[:, used], held.after[used], alpha=alpha, fitter=fitter)


def _from_placebos(test: Ranked, others: Placebos) -> Tested:
    by = "average gap to pre-RMSPE" if test.statistic == "ratio" else "average gap"
    rule = f"inversion of the placebo test in space of the {by}, constant effect"
    return Tested(test.conf_low, test.conf_high, test.p_value, test.floor, len(others.gaps), rule)


def _from_conformal(test: Conformal, held: Setting) -> Tested:
    rule = "conformal inference over cyclic shifts of the residuals (Chernozhukov, Wüthrich and Zhu 2021)"
    count = int((held.before | held.after).sum())
    return Tested(test.conf_low, test.conf_high, test.p_value, test.floor, count, rule)


def _notes(found: Fit, test: Ranked, others: Placebos, *, level: float) -> list[str]:
    share = found.pre_rmspe / level if level else 0.0
    fit = f"before the start the synthetic control misses the treated average by {share:.1%} of its level (pre-RMSPE)"
    if share > 0.1:
        fit += "; the treated average lies outside what weighted donors can reproduce, so read the effect with care"
    each = "all of them" if others.enumerated else "drawn by chance"
    each += ", groups of treated and untreated clusters alike" if others.share.any() else ""
    ranks = f"placebo p {test.p_value:.3f} by the average gap"
    if not np.isnan(test.rmspe_ratio):
        ranks += f", {test.rmspe_p_value:.3f} by the ratio of RMSPE after to before"
    text = f"{ranks}; {len(others.gaps)} placebos ({each}), so that p cannot be below {test.floor:.4f}"
    if test.statistic == "gap":
        text += "; fits before the start are exact, so that gaps are not divided by the pre-RMSPE"
    return [fit, text]


def _unbounded(tested: Tested, alpha: float) -> list[str]:
    if np.isfinite([tested.conf_low, tested.conf_high]).all():
        return []
    return [
        f"p cannot be below {tested.floor:.3f} here, so that no finite {1 - alpha:.0%} interval exists by this test; "
        "more donors, or `interval: conformal` with more periods, would give one"
    ]


def _parameters(found: Fit, test: Ranked, *, level: float) -> pd.DataFrame:
    rows = [("pre_rmspe", found.pre_rmspe), ("pre_rmspe_share", found.pre_rmspe / level if level else 0.0)]
    rows += [("donors_above_1_percent", float((np.abs(found.weights) > 0.01).sum()))]
    rows += [("ridge_penalty", found.penalty)] if found.penalty else []
    table = pd.DataFrame([(term, value, *[np.nan] * 5) for term, value in rows], columns=list(PARAMETER_COLUMNS))
    if not np.isnan(test.rmspe_ratio):
        table.loc[len(table)] = ["rmspe_ratio", test.rmspe_ratio, *[np.nan] * 3, test.rmspe_p_value, np.nan]
    return table
