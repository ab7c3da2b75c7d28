"""Group-time average treatment effects with their influence functions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.stats.doubly_robust import adjusted
from curv_eval.stats.sums import Groups, groups, sum_rows


@dataclass(frozen=True)
class GroupTime:
    """One row per cohort and period.

    cohort, period: (k,). effect, observed: (k,), in the units of y. n_treated, n_comparison: (k,), units.
    influence, observed_influence: (n, k), or (clusters, k) where clusters were given; column sums are 0 and the
    variance of a cell is the sum of squares of its column.
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
class Adjustment:
    """Covariates x (n, k) that trends are parallel given, and how: see curv_eval.stats.doubly_robust."""

    kind: str
    x: np.ndarray


@dataclass(frozen=True)
class Rule:
    """How a cell is formed.

    comparison: "never_treated" or "not_yet_treated". base: "varying" (the period before), "universal" (the last
    period before treatment) or "mean" (all periods before treatment). trends: "additive" (equal changes) or
    "proportional" (equal percentage changes). anticipation: periods before the start that may already be affected.
    adjustment: covariates, with additive trends only.
    """

    comparison: str = "not_yet_treated"
    base: str = "varying"
    trends: str = "additive"
    anticipation: int = 0
    adjustment: Adjustment | None = field(default=None, compare=False)


@dataclass(frozen=True)
class _Block:
    """Cells of one cohort that share their comparison: rows of both, the periods and the weights of their bases."""

    cohort: float
    treated: np.ndarray
    others: np.ndarray
    times: np.ndarray
    bases: np.ndarray


@dataclass(frozen=True)
class _Cells:
    """effect, observed: (m,). influence: of the treated (n_g, m) and of the comparison (n_c, m)."""

    effect: np.ndarray
    observed: np.ndarray
    treated: np.ndarray
    others: np.ndarray
    observed_influence: np.ndarray


def group_time(
    y: np.ndarray, cohort: np.ndarray, periods: np.ndarray, *, rule: Rule, cluster: np.ndarray | None = None
) -> GroupTime:
    """Return ATT(g, t) for every cohort g and period t that has a base and a comparison group.

    With base set B(g, t) and comparison group C(g, t), additive trends give

        ATT(g, t) = mean_g(Y_t - Y_B) - mean_C(Y_t - Y_B)

    (Callaway & Sant'Anna 2021; with base "mean", Lee & Wooldridge 2023; with covariates, see doubly_robust) and
    proportional trends give

        ATT(g, t) = mean_g(Y_t) - mean_g(Y_B) * mean_C(Y_t) / mean_C(Y_B),

    the counterfactual of a Poisson model with cohort and period effects (Wooldridge 2023).

    y: (n, T) counts or other outcomes. cohort: (n,) first treated period, NaN if never. periods: (T,) increasing.
    cluster: (n,), where given, the influence is added up within clusters, in the order of np.unique. Raises
    DesignError when no cell can be formed, a proportional base is zero, or covariates leave nobody to compare with.
    """
    if rule.adjustment is not None and rule.trends != "additive":
        raise DesignError("covariates adjust changes in counts, which proportional trends do not compare")
    blocks = list(_blocks(cohort, periods, rule))
    if not blocks:
        raise DesignError(
            "no cohort has both a period before treatment and areas to compare with",
            do="start the window earlier, or name areas that are never or not yet treated",
        )
    within = Groups(np.arange(len(y)), len(y)) if cluster is None else groups(cluster)
    return _joined(y, periods, blocks, (rule, within))


def _joined(y: np.ndarray, periods: np.ndarray, blocks: list[_Block], how: tuple[Rule, Groups]) -> GroupTime:
    rule, within = how
    size = [len(b.times) for b in blocks]
    influence, seen = np.zeros((within.count, sum(size))), np.zeros((within.count, sum(size)))
    effect, observed, start = [], [], 0
    for block in blocks:
        cells, columns = _cells(y, block, rule), slice(start, start + len(block.times))
        _add(influence, cells.treated, block.treated, (within, columns))
        _add(influence, cells.others, block.others, (within, columns))
        _add(seen, cells.observed_influence, block.treated, (within, columns))
        effect.append(cells.effect)
        observed.append(cells.observed)
        start = columns.stop
    return GroupTime(
        cohort=np.repeat([b.cohort for b in blocks], size), period=np.concatenate([periods[b.times] for b in blocks]),
        effect=np.concatenate(effect), observed=np.concatenate(observed),
        n_treated=np.repeat([len(b.treated) for b in blocks], size),
        n_comparison=np.repeat([len(b.others) for b in blocks], size), influence=influence, observed_influence=seen,
    )  # fmt: skip


def _add(out: np.ndarray, values: np.ndarray, rows: np.ndarray, where: tuple[Groups, slice]) -> None:
    """Add values (rows, m) into the columns of out (groups, k), each row to its group."""
    within, columns = where
    code = within.code[rows]
    if within.count == len(within.code):
        out[code, columns] = values  # every unit is written once per cell: it is treated, compared or neither
        return
    found, short = np.unique(code, return_inverse=True)
    out[found, columns] += sum_rows(values, Groups(short, len(found)))


def _blocks(cohort: np.ndarray, periods: np.ndarray, rule: Rule) -> Iterator[_Block]:
    for g in np.unique(cohort[~np.isnan(cohort)]):
        clean = np.flatnonzero(periods < g - rule.anticipation)
        based = [(t, b) for t in range(len(periods)) if len(b := _base(clean, t, rule))]
        latest = np.array([max(periods[t], periods[b[-1]]) for t, b in based])
        later = np.unique(cohort[cohort != g])  # NaN, which is never, comes last and is later than all
        key = np.searchsorted(later, latest + rule.anticipation, side="right") if len(later) else latest * 0
        if rule.comparison == "never_treated":
            key = np.zeros(len(based), dtype=int)
        for one in np.unique(key):
            chosen = np.flatnonzero(key == one)
            others = np.flatnonzero(_comparison(cohort, g, latest=latest[chosen[0]], rule=rule))
            if len(others):
                times, bases = zip(*(based[i] for i in chosen), strict=True)
                weights = np.zeros((len(periods), len(bases)))
                for column, b in enumerate(bases):
                    weights[b, column] = 1 / len(b)
                yield _Block(float(g), np.flatnonzero(cohort == g), others, np.array(times), weights)


def _base(clean: np.ndarray, t: int, rule: Rule) -> np.ndarray:
    """Return the base period(s) of period t, of those `clean` of treatment, as indices; empty when there is none."""
    if not len(clean) or rule.base == "mean":
        return clean
    if rule.base == "varying" and t <= clean[-1]:
        return clean[clean == t - 1]
    return clean[-1:] if clean[-1] != t else clean[:0]


def _comparison(cohort: np.ndarray, g: float, *, latest: float, rule: Rule) -> np.ndarray:
    """Return the units that are untreated in every period the cell uses: (n,) bool."""
    never = np.isnan(cohort)
    if rule.comparison == "never_treated":
        return never
    return never | ((cohort > latest + rule.anticipation) & (cohort != g))


def _cells(y: np.ndarray, block: _Block, rule: Rule) -> _Cells:
    ours, theirs = y[block.treated], y[block.others]
    g_t, g_b, c_t, c_b = ours[:, block.times], ours @ block.bases, theirs[:, block.times], theirs @ block.bases
    observed = g_t.mean(axis=0)
    seen = (g_t - observed) / len(ours)
    if rule.adjustment is not None:
        n = len(ours)
        change, x = np.concatenate([g_t - g_b, c_t - c_b]), rule.adjustment.x[np.r_[block.treated, block.others]]
        found = adjusted(change, np.arange(len(change)) < n, x, kind=rule.adjustment.kind)
        return _Cells(found.effect, observed, found.influence[:n], found.influence[n:], seen)
    if rule.trends == "additive":
        effect, moved = _centred(g_t - g_b)
        other, others = _centred(c_t - c_b)
        return _Cells(effect - other, observed, moved, -others, seen)
    return _proportional((g_t, g_b, c_t, c_b), observed, seen)


def _centred(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the means over rows, (m,), and their influence, (rows, m), which sums to 0."""
    mean = values.mean(axis=0)
    return mean, (values - mean) / len(values)


def _proportional(levels: tuple[np.ndarray, ...], observed: np.ndarray, seen: np.ndarray) -> _Cells:
    _, g_b, c_t, c_b = levels
    (base, d_base), (mean_t, d_t), (mean_b, d_b) = _centred(g_b), _centred(c_t), _centred(c_b)
    if (mean_b <= 0).any():
        raise DesignError(
            "proportional trends need a comparison group with events before treatment; it has none",
            do="use `trends: additive`, a longer window or larger areas",
        )
    growth = mean_t / mean_b
    return _Cells(
        observed - base * growth, observed, seen - growth * d_base, -(base / mean_b) * (d_t - growth * d_b), seen
    )
