"""Group-time average treatment effects without covariates, with their influence functions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.errors import DesignError


@dataclass(frozen=True)
class GroupTime:
    """One row per cohort and period.

    cohort, period: (k,). effect, observed: (k,), in the units of y. n_treated, n_comparison: (k,), units.
    influence, observed_influence: (n, k); column sums are 0 and the variance of a cell is the sum of squares of its
    column (units independent) or of its cluster sums.
    """

    cohort: np.ndarray
    period: np.ndarray
    effect: np.ndarray
    observed: np.ndarray
    n_treated: np.ndarray
    n_comparison: np.ndarray
    influence: np.ndarray
    observed_influence: np.ndarray


@dataclass(frozen=True)
class Rule:
    """How a cell is formed.

    comparison: "never_treated" or "not_yet_treated". base: "varying" (the period before), "universal" (the last
    period before treatment) or "mean" (all periods before treatment). trends: "additive" (equal changes) or
    "proportional" (equal percentage changes). anticipation: periods before the start that may already be affected.
    """

    comparison: str = "not_yet_treated"
    base: str = "varying"
    trends: str = "additive"
    anticipation: int = 0


def group_time(y: np.ndarray, cohort: np.ndarray, periods: np.ndarray, *, rule: Rule) -> GroupTime:
    """Return ATT(g, t) for every cohort g and period t that has a base and a comparison group.

    With base set B(g, t) and comparison group C(g, t), additive trends give

        ATT(g, t) = mean_g(Y_t - Y_B) - mean_C(Y_t - Y_B)

    (Callaway & Sant'Anna 2021, no covariates; with base "mean", Lee & Wooldridge 2023) and proportional trends give

        ATT(g, t) = mean_g(Y_t) - mean_g(Y_B) * mean_C(Y_t) / mean_C(Y_B),

    the counterfactual of a Poisson model with cohort and period effects (Wooldridge 2023).

    y: (n, T) counts or other outcomes. cohort: (n,) first treated period, NaN if never. periods: (T,) increasing.
    Raises DesignError when no cell can be formed or a proportional base is zero.
    """
    cells = []
    for g in np.unique(cohort[~np.isnan(cohort)]):
        for t, base in ((t, _base(periods, g, t, rule)) for t in range(len(periods))):
            if not len(base):
                continue
            comparison = _comparison(cohort, g, latest=max(periods[t], periods[base].max()), rule=rule)
            if comparison.any():
                cells.append((*_cell(y, cohort == g, comparison, (t, base), rule), g, periods[t]))
    if not cells:
        raise DesignError(
            "no cohort has both a period before treatment and areas to compare with",
            do="start the window earlier, or name areas that are never or not yet treated",
        )
    effect, observed, n_g, n_c, psi, psi_observed, g, t = zip(*cells, strict=True)
    return GroupTime(
        cohort=np.array(g), period=np.array(t), effect=np.array(effect), observed=np.array(observed),
        n_treated=np.array(n_g), n_comparison=np.array(n_c),
        influence=np.column_stack(psi), observed_influence=np.column_stack(psi_observed),
    )  # fmt: skip


def _base(periods: np.ndarray, g: float, t: int, rule: Rule) -> np.ndarray:
    """Return the indices of the base period(s) of cell (g, t); empty when there is none."""
    clean = np.flatnonzero(periods < g - rule.anticipation)
    if not len(clean):
        return clean
    if rule.base == "mean":
        return clean
    if rule.base == "varying" and t in clean:
        return clean[clean == t - 1]
    return clean[-1:] if clean[-1] != t else clean[:0]


def _comparison(cohort: np.ndarray, g: float, *, latest: float, rule: Rule) -> np.ndarray:
    """Return the units that are untreated in every period the cell uses: (n,) bool."""
    never = np.isnan(cohort)
    if rule.comparison == "never_treated":
        return never
    return never | ((cohort > latest + rule.anticipation) & (cohort != g))


def _cell(y: np.ndarray, treated: np.ndarray, comparison: np.ndarray, cell: tuple, rule: Rule) -> tuple:
    t, base = cell
    y_t, y_b = y[:, t], y[:, base].mean(axis=1)
    n_g, n_c = int(treated.sum()), int(comparison.sum())
    m_t, psi_mt = _mean(y_t, treated)
    m_b, psi_mb = _mean(y_b, treated)
    c_t, psi_ct = _mean(y_t, comparison)
    c_b, psi_cb = _mean(y_b, comparison)
    if rule.trends == "additive":
        return (m_t - m_b) - (c_t - c_b), m_t, n_g, n_c, (psi_mt - psi_mb) - (psi_ct - psi_cb), psi_mt
    if c_b <= 0:
        raise DesignError(
            "proportional trends need a comparison group with events before treatment; it has none",
            do="use `trends: additive`, a longer window or larger areas",
        )
    growth = c_t / c_b
    psi_expected = growth * psi_mb + m_b / c_b * (psi_ct - growth * psi_cb)
    return m_t - m_b * growth, m_t, n_g, n_c, psi_mt - psi_expected, psi_mt


def _mean(values: np.ndarray, members: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the mean over `members` and its influence function, (n,), which sums to 0."""
    mean = values[members].mean()
    return mean, np.where(members, values - mean, 0.0) / members.sum()
