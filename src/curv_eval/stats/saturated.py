"""CR2 for regressions in which every group has a mean of its own in every period: the leverages are shares."""

from __future__ import annotations

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.stats.sums import pairs

_ALL = 1 - 1e-9


def lift(group: np.ndarray, cluster: np.ndarray, *, size: np.ndarray | None = None) -> np.ndarray:
    """Return 1/sqrt(1 - h) for each unit, h the share of its group's size that lies in its cluster: (n,).

    group: (n,) cohort codes. cluster: (n,) codes. size: (n,) what each unit counts for: 1 for least squares, the
    expected count for a Poisson mean. Where every group has a mean of its own in every period, the CR2 matrix
    (I - H_c)^(-1/2) of a cluster does no more than this to its residuals (Bell & McCaffrey 2002), also in a panel with
    unit effects, and for a cluster that holds units of several groups. With clusters of equal size it is
    sqrt(G / (G - 1)). Raises DesignError for a group that lies in one cluster.
    """
    size = np.ones(len(group)) if size is None else size
    pair, _, of = pairs(cluster, group)
    share = np.bincount(pair.code, size, pair.count) / np.maximum(np.bincount(group, size), 1e-300)[of]
    if (share > _ALL).any():
        raise DesignError(
            f"{int((share > _ALL).sum())} cohort(s) have one cluster, from which no error can be worked out",
            do="leave that cohort out with `design.cohorts`, or cluster by a smaller area",
        )
    return (1.0 / np.sqrt(1.0 - share))[pair.code]


def two_group_df(treated: np.ndarray, cluster: np.ndarray) -> float:
    """Return Satterthwaite's degrees of freedom of a difference between two groups' mean changes.

    treated: (n,) bool. cluster: (n,) codes. With n_ch units of cluster c in group h of n_h, l_ch their lift and
    b_ch = n_ch l_ch / n_h^1.5, the score of cluster c has working variance P_cc and covariances P_cd, P = diag(sum_h
    n_ch l_ch^2 / n_h^2) - sum_h b_h b_h', and df = (trace P)^2 / trace(P P). They do not depend on the two periods.
    """
    group = treated.astype(int)
    pair, of, which = pairs(cluster, group)
    held = np.bincount(pair.code).astype(float)
    total = np.bincount(group).astype(float)[which]
    high = np.zeros(pair.count)
    high[pair.code] = lift(group, cluster)
    q = np.bincount(of, held * high**2 / total**2)
    b = np.zeros((len(q), 2))
    b[of, which] = held * high / total**1.5
    long, cross = (b**2).sum(axis=1), b.T @ b
    return float((q.sum() - long.sum()) ** 2 / ((q**2).sum() - 2 * (q * long).sum() + (cross**2).sum()))
