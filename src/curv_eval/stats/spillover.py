"""Effects on treated areas and on the rings around them, measured from before anything could reach them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.stats.cluster import cluster_sums
from curv_eval.stats.group_means import contrast


@dataclass(frozen=True)
class Reached:
    """Counts, and when each unit was first reached by the intervention, directly or next door.

    y: (n, T). periods: (T,). clean: (n,) the first period that may be affected in any way, inf for units that nothing
    reaches (the comparison). cluster: (n,).
    """

    y: np.ndarray
    periods: np.ndarray
    clean: np.ndarray
    cluster: np.ndarray

    @property
    def far(self) -> np.ndarray:
        """The comparison: (n,) bool."""
        return np.isinf(self.clean)

    @cached_property
    def bases(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The distinct first affected periods (s,), each unit's place in them, and mean counts before each (n, s)."""
        starts, place = np.unique(self.clean[~self.far], return_inverse=True)
        if (starts <= self.periods[0]).any():
            raise DesignError("some areas are reached from the first period on", do="start the window earlier")
        before = np.column_stack([self.y[:, self.periods < s].mean(axis=1) for s in starts])
        code = np.full(len(self.clean), -1)
        code[~self.far] = place
        return starts, code, before

    @cached_property
    def gains(self) -> np.ndarray:
        """u_it = (y_it - its mean before) - the same for the comparison: (n, T), 0 in the comparison."""
        _, code, before = self.bases
        change = self.y - np.take_along_axis(before, np.maximum(code, 0)[:, None], axis=1)
        common = self.y[self.far].mean(axis=0)[None, :] - before[self.far].mean(axis=0)[:, None]
        return np.where(self.far[:, None], 0.0, change - common[np.maximum(code, 0)])


@dataclass(frozen=True)
class Spillover:
    """An average of gains: its value, the CR2 score of each cluster (clusters,), and degrees of freedom."""

    value: float
    scores: np.ndarray
    df: float


def averaged(reached: Reached, members: np.ndarray) -> Spillover:
    """Return the average gain over the unit-periods in `members`, (n, T) bool (Butts 2023, with cohort-specific bases).

    With one start this is the coefficient of the group's dummy in Y_it = a_i + b_t + tau D_it + sum_k delta_k S_kit:
    a difference of mean changes between the group and the comparison, with CR2 scores (Bell & McCaffrey 2002).
    Raises DesignError where the members or the comparison lie within one cluster.
    """
    each = members / members.sum()
    own = each.sum(axis=1)
    value = float((each * reached.gains).sum())
    psi = (each * (reached.gains - value)).sum(axis=1)
    group = np.where(own > 0, 0, np.where(reached.far, 1, 2))
    loads = np.array([1.0, -1.0, 0.0])[: group.max() + 1]
    df = contrast(np.zeros((len(own), 1)), group, reached.cluster, loads=loads).df
    return Spillover(value, _lifted(psi, own, reached) + _lifted(*_comparison(reached, each), reached), df)


def _lifted(psi: np.ndarray, share: np.ndarray, reached: Reached) -> np.ndarray:
    """Return the cluster sums of psi, scaled by (1 - the cluster's share of the group)^(-1/2)."""
    sums = cluster_sums(np.column_stack([psi, share]), reached.cluster)
    return sums[:, 0] / np.sqrt(1.0 - sums[:, 1])


def _comparison(reached: Reached, each: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the influence of the comparison units through what was common to all, and their shares of that group."""
    starts, code, before = reached.bases
    by_start = np.bincount(code[code >= 0], each.sum(axis=1)[code >= 0], minlength=len(starts))
    path = reached.y @ each.sum(axis=0) - before @ by_start
    far = reached.far
    return np.where(far, -(path - path[far].mean()), 0.0) / far.sum(), far / far.sum()
