"""What two-way fixed effects compare under staggered starts, and how much each comparison weighs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.errors import DesignError

KINDS = ("treated_never", "earlier_later", "later_earlier", "later_always")


@dataclass(frozen=True)
class Comparisons:
    """Two-group comparisons, one row each.

    treated, against: (m,) first treated periods; NaN: never, -inf: from the first period or before. kind: (m,) of
    KINDS: with never treated, earlier with not yet treated later, later with already treated earlier (which takes the
    growth of an effect for a trend), later with always treated (likewise). weight: (m,), adding to 1. estimate: (m,).
    """

    treated: np.ndarray
    against: np.ndarray
    kind: np.ndarray
    weight: np.ndarray
    estimate: np.ndarray

    @property
    def value(self) -> float:
        """The coefficient of two-way fixed effects: the weighted mean of the estimates."""
        return float(self.weight @ self.estimate)

    def of(self, kind: str) -> tuple[float, float]:
        """Return the weight of a kind and the weighted mean of its estimates (NaN without any)."""
        chosen = self.kind == kind
        weight = float(self.weight[chosen].sum())
        return weight, float(self.weight[chosen] @ self.estimate[chosen]) / weight if weight else np.nan


def decomposed(y: np.ndarray, cohort: np.ndarray, periods: np.ndarray) -> Comparisons:
    """Return the two-group comparisons whose weighted mean is the coefficient of two-way fixed effects.

    With n_k units starting in k, treated for a share D_k of the periods, and k before l, the comparisons weigh in
    proportion to (Goodman-Bacon 2021, J. Econometrics 225(2), theorem 1)

        k with never:                           n_k n_U D_k (1 - D_k)
        k with l, in the periods before l:      n_k n_l (D_k - D_l) (1 - D_k)
        l with k, in the periods from k on:     n_k n_l D_l (D_k - D_l)
        l with always:                          n_l n_A D_l (1 - D_l)

    y: (n, T) without gaps. cohort: (n,) first treated period, NaN if never. periods: (T,). Raises DesignError when
    there is no comparison.
    """
    begun = np.where(cohort <= periods[0], -np.inf, np.where(cohort > periods[-1], np.nan, cohort))
    starts = np.unique(begun[np.isfinite(begun)])
    never, always = np.isnan(begun), np.isneginf(begun)
    rows = []
    for i, k in enumerate(starts):
        after = periods >= k
        for kind, others in (("treated_never", never), ("later_always", always)):
            if others.any():
                rows.append((k, np.nan if others is never else -np.inf, kind, *_pair(y, (begun == k, others), after)))
        for l in starts[i + 1 :]:  # noqa: E741 - the letter of the paper
            first, last = periods < l, periods >= k
            rows.append((k, l, "earlier_later", *_pair(y[:, first], (begun == k, begun == l), after[first])))
            rows.append((l, k, "later_earlier", *_pair(y[:, last], (begun == l, begun == k), (periods >= l)[last])))
    if not rows:
        raise DesignError("two-way fixed effects have nothing to compare: nobody starts within the window")
    treated, against, kind, weight, estimate = (np.array(column) for column in zip(*rows, strict=True))
    return Comparisons(treated, against, kind, weight / weight.sum(), estimate)


def _pair(y: np.ndarray, who: tuple[np.ndarray, np.ndarray], after: np.ndarray) -> tuple[float, float]:
    """Return the weight, not yet scaled, and the 2x2 difference-in-differences of two groups over some periods.

    With T periods of which A are after, n_1 n_2 (A / T) (1 - A / T) T^2 is proportional to theorem 1's weights.
    """
    ours, theirs = who
    change = y[:, after].mean(axis=1) - y[:, ~after].mean(axis=1)
    weight = float(ours.sum() * theirs.sum() * after.sum() * (~after).sum())
    return weight, float(change[ours].mean() - change[theirs].mean())
