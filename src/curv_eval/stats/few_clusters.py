"""Errors of differences in means that hold when few clusters are treated."""

from __future__ import annotations

import numpy as np

from curv_eval.errors import DesignError


def inflation(group: np.ndarray) -> np.ndarray:
    """Return sqrt(G_g / (G_g - 1)) for each cluster's group g: (clusters,).

    group: (clusters,) the cohort of each cluster. In a comparison of group means each group's residuals are measured
    from its own mean, so its G clusters carry G - 1 pieces of information; this is CR2 for such a comparison with
    clusters of equal size (Bell & McCaffrey 2002). Raises DesignError for a group of one cluster.
    """
    _, code, size = np.unique(group, return_inverse=True, return_counts=True)
    if (size < 2).any():
        raise DesignError(
            f"{int((size < 2).sum())} cohort(s) have one cluster, from which no error can be worked out",
            do="leave that cohort out with `design.cohorts`, or cluster by a smaller area",
        )
    return np.sqrt(size / (size - 1.0))[code]


def satterthwaite(influence: np.ndarray, group: np.ndarray) -> float:
    """Return the degrees of freedom of a sum of squares that adds up independent groups of clusters.

    influence: (clusters,), group: (clusters,). With v_g the group's share of the variance,
    df = (sum v_g)^2 / sum(v_g^2 / (G_g - 1)) (Satterthwaite 1946; Welch's test is the case of two groups).
    """
    _, code, size = np.unique(group, return_inverse=True, return_counts=True)
    parts = np.bincount(code, weights=influence**2)
    spread = (parts**2 / (size - 1.0)).sum()
    return float(parts.sum() ** 2 / spread) if spread > 0 else np.inf
