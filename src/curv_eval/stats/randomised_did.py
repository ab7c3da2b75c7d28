"""Difference-in-differences under every assignment at once: staggered starts, additive or proportional trends."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from curv_eval.stats.group_time import Rule

AT_ONCE = 100_000  # labels turned into numbers at a time, so that they stay near the processor


@dataclass(frozen=True)
class Plan:
    """periods: (T,). starts: (G,) first treated periods, increasing. never: whether some clusters never start.
    rule: as of group_time, with base "mean" or "universal".
    """

    periods: np.ndarray
    starts: np.ndarray
    never: bool
    rule: Rule

    def base(self, g: int) -> np.ndarray:
        """Return the base periods of cohort g, as indices."""
        clean = np.flatnonzero(self.periods < self.starts[g] - self.rule.anticipation)
        return clean if self.rule.base == "mean" else clean[-1:]

    def comparison(self, g: int, t: list[int]) -> np.ndarray:
        """Return the cohorts untreated in periods t and in the base of cohort g, (1 + G,) bool, never treated first."""
        latest = max(self.periods[t].max(), self.periods[self.base(g)].max())
        later = (self.starts > latest + self.rule.anticipation) & (np.arange(len(self.starts)) != g)
        later &= self.rule.comparison == "not_yet_treated"
        return np.concatenate([[self.never], later])


@dataclass(frozen=True)
class Contrasts:
    """Sums by cluster from which effects follow, whichever clusters are treated.

    Contrast k compares cohort number `cohort` (K,) (1 is the first to start, 0 never starts) with the cohorts in
    `comparison` (K, H) bool. after, before: (C, K) sums over the units of a cluster of the outcome over the contrast's
    periods, and of its base mean times their number. units: (C,). periods: (K,) how many they are.
    """

    after: np.ndarray
    before: np.ndarray
    units: np.ndarray
    periods: np.ndarray
    cohort: np.ndarray
    comparison: np.ndarray


@dataclass(frozen=True)
class Sums:
    """What contrasts add up to under each assignment, (A, K) each: treated and others, after and before, units."""

    after: np.ndarray
    before: np.ndarray
    units: np.ndarray
    other_after: np.ndarray
    other_before: np.ndarray
    other_units: np.ndarray


def contrasts(y: np.ndarray, units: np.ndarray, *, plan: Plan) -> Contrasts:
    """Return the contrasts of the average effect after the start, periods with the same comparison taken together.

    y: (C, T) sums over the units of each cluster. units: (C,) how many they are.
    """
    found: dict[tuple, list[int]] = {}
    for g in range(len(plan.starts)):
        for t in np.flatnonzero(plan.periods >= plan.starts[g]):
            others = plan.comparison(g, [t])
            if others.any():
                found.setdefault((g, others.tobytes()), []).append(int(t))
    return _summed(y, units, [(g, t) for (g, _), t in found.items()], plan=plan)


def cell_contrasts(y: np.ndarray, units: np.ndarray, *, plan: Plan) -> Contrasts:
    """Return the contrasts of single cohorts and periods, in the order of the cells of group_time."""
    cells = []
    for g in range(len(plan.starts)):
        base = plan.base(g)
        for t in range(len(plan.periods)):
            itself = plan.rule.base == "universal" and t == base[0]
            if plan.comparison(g, [t]).any() and not itself:
                cells.append((g, [t]))
    return _summed(y, units, cells, plan=plan)


def sums(held: Contrasts, labels: np.ndarray) -> Sums:
    """Return the sums under each assignment; labels: (A, C), 0 for a cluster that never starts."""
    return sums_of((held,), labels)[0]


def sums_of(helds: tuple[Contrasts, ...], labels: np.ndarray) -> list[Sums]:
    """Return the sums of several outcomes under each assignment, whose contrasts compare the same cohorts.

    labels: (A, C), gone through once for all of the outcomes.
    """
    cohorts = helds[0].comparison.shape[1]
    columns = np.column_stack([helds[0].units, *(part for held in helds for part in (held.after, held.before))])
    added = [_added(columns, labels, h) for h in range(cohorts)]
    k = helds[0].after.shape[1]
    starts = range(1, columns.shape[1], 2 * k)
    return [
        _compared(held, [(at[:, i : i + k], at[:, i + k : i + 2 * k], np.repeat(at[:, :1], k, axis=1)) for at in added])
        for held, i in zip(helds, starts, strict=True)
    ]


def _compared(held: Contrasts, added: list[tuple[np.ndarray, ...]]) -> Sums:
    """Return each contrast's own cohort and its comparison from what each cohort adds up to, three of (A, K) each."""
    own = [np.column_stack([added[h][i][:, k] for k, h in enumerate(held.cohort)]) for i in range(3)]
    other = [sum(at[i] * held.comparison[:, h] for h, at in enumerate(added)) for i in range(3)]
    return Sums(*own, *other)


def effects(found: Sums, *, trends: str) -> np.ndarray:
    """Return the effect of each contrast, summed over its periods: (A, K), in counts per unit."""
    with np.errstate(divide="ignore", invalid="ignore"):
        after, before = found.after / found.units, found.before / found.units
        if trends == "additive":
            return after - before - (found.other_after - found.other_before) / found.other_units
        return after - before * (found.other_after / found.other_before)


def average(found: Sums, periods: np.ndarray, *, trends: str) -> np.ndarray:
    """Return the statistic (A,): the average effect per unit and period or, proportional, log(observed / expected)."""
    effect = effects(found, trends=trends)
    if trends == "additive":
        return (found.units * effect).sum(axis=1) / (found.units @ periods)
    seen = found.after.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(seen / (seen - (found.units * effect).sum(axis=1)))


def influence(held: Contrasts, found: Sums, labels: np.ndarray) -> np.ndarray:
    """Return the influence of each cluster on the additive average, (A, C), times the cohort's sqrt(G / (G - 1)).

    labels: (A, C). Its sum of squares is the variance by which a statistic is studentised.
    """
    psi, change = np.zeros(labels.shape), held.after - held.before
    for k, h in enumerate(held.cohort):
        own, others = labels == h, held.comparison[k][labels]
        units, compared = found.units[:, [k]], found.other_units[:, [k]]
        mean = (found.after[:, [k]] - found.before[:, [k]]) / units
        other = (found.other_after[:, [k]] - found.other_before[:, [k]]) / compared
        psi += own * (change[:, k] - mean * held.units)
        psi -= others * (units / compared) * (change[:, k] - other * held.units)
    size = np.array([(labels[0] == h).sum() for h in range(held.comparison.shape[1])])
    scale = np.sqrt(size / np.maximum(size - 1.0, 1.0))
    return psi / (found.units @ held.periods)[:, None] * scale[labels]


def shifted(whole: Sums, treated: Sums, ratio: float) -> Sums:
    """Return what the outcome adds up to with a rate ratio taken off: y + (1 / ratio - 1) x its treated part."""
    move = 1 / ratio - 1
    names = ("after", "before", "other_after", "other_before")
    return replace(whole, **{name: getattr(whole, name) + move * getattr(treated, name) for name in names})


def _summed(y: np.ndarray, units: np.ndarray, cells: list, *, plan: Plan) -> Contrasts:
    after = np.column_stack([y[:, t].sum(axis=1) for _, t in cells])
    before = np.column_stack([y[:, plan.base(g)].mean(axis=1) * len(t) for g, t in cells])
    comparison = np.array([plan.comparison(g, t) for g, t in cells])
    lengths = np.array([len(t) for _, t in cells], dtype=float)
    return Contrasts(after, before, units.astype(float), lengths, np.array([g + 1 for g, _ in cells]), comparison)


def _added(columns: np.ndarray, labels: np.ndarray, cohort: int) -> np.ndarray:
    """Return the sums (A, columns) over the clusters of a cohort."""
    rows = max(1, AT_ONCE // labels.shape[1])
    parts = [(labels[i : i + rows] == cohort).astype(float) @ columns for i in range(0, len(labels), rows)]
    return np.concatenate(parts)
