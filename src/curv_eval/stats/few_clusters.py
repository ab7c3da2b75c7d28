"""Errors of differences in means that hold when few clusters are treated."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.special import stdtr

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


WILD_TREATED = 4  # treated (or comparison) clusters below which the wild cluster bootstrap misleads
LEAST_CLUSTERS, LEAST_TREATED = 6, 2
REMEDIES = (
    "use `method: randomisation_inference` or `method: wild_cluster_bootstrap`, whose tests are made for few clusters, "
    "or `method: synthetic_control` with smaller areas as donors"
)
RULES = ("CR0", "CR1", "CR2", "CR2 per cohort")
TOLERATED = 1.4  # times alpha: a true null rejected more often than this is worth a sentence
MOST = 40  # clusters on one side; more of them change little


def refuse_few(n_clusters: int, n_treated: int, *, method: str) -> None:
    """Refuse a cluster-robust test with fewer than 6 clusters, or fewer than 2 treated or comparison clusters.

    With one treated cluster its residuals are 0 by construction, so that the error leaves out all of its variance; with
    four or five clusters in all even CR2 has two or three degrees of freedom (MacKinnon & Webb 2018). Raises
    DesignError that names randomisation inference, the wild cluster bootstrap and the synthetic control.
    """
    faults = [
        f"{what}: got {got}, expected at least {least}"
        for what, got, least in (
            ("clusters", n_clusters, LEAST_CLUSTERS),
            ("treated clusters", n_treated, LEAST_TREATED),
            ("comparison clusters", n_clusters - n_treated, LEAST_TREATED),
        )
        if got < least
    ]
    if faults:
        raise DesignError(f"{method} cannot give a cluster-robust interval with so few clusters", faults, REMEDIES)


def guard(n_clusters: int, n_treated: int, rule: str, *, alpha: float = 0.05) -> tuple[str, ...]:
    """Return sentences that say how far a rule's intervals mislead with so few clusters, and the remedy; () if not.

    rule: one of RULES. "CR0" has the normal quantile, "CR1" that of t with clusters - 1; "CR2" has Satterthwaite's
    degrees of freedom for clusters that vary alike (stats/cluster.py `bias_reduced`), and "CR2 per cohort" those of the
    estimated variances (`satterthwaite` above). See `true_size`.
    """
    if rule not in RULES:
        raise ValueError(f"rule: got {rule!r}, expected one of {', '.join(RULES)}")
    fewer = min(n_treated, n_clusters - n_treated)
    if fewer < 2:
        return (f"with {n_clusters} clusters of which {n_treated} treated {rule} has no valid error; {REMEDIES}",)
    size = true_size(n_clusters, n_treated, rule, alpha=alpha)
    if size > TOLERATED * alpha:
        return (
            f"with {n_clusters} clusters of which {n_treated} treated {rule} rejects a true null about {size:.0%} of "
            f"the time and not {alpha:.0%}, even where clusters are alike and normal; {REMEDIES}",
        )
    if fewer < WILD_TREATED:
        wide = f" (there it rejects a true null {size:.0%} of the time)" if size < alpha / TOLERATED else ""
        return (
            f"with {n_clusters} clusters of which {n_treated} treated {rule} holds only where treated and comparison "
            f"clusters vary alike{wide}; check it with `method: randomisation_inference`",
        )
    return ()


@lru_cache(maxsize=256)
def true_size(n_clusters: int, n_treated: int, rule: str, *, alpha: float = 0.05) -> float:
    """Return how often a rule rejects a true null in a comparison of means of equal clusters with normal shocks.

    Simulated with 20,000 draws (Monte Carlo error 0.2 points at 5%) and at most MOST clusters on either side. In
    a balanced 2x2 difference-in-differences with clusters of one size the cluster-robust t is that of the clusters'
    changes, so this is its size. It is a floor: unequal or heavy-tailed clusters make it worse.
    """
    treated, others = min(n_treated, MOST), min(n_clusters - n_treated, MOST)
    if min(treated, others) < 2:
        raise ValueError(f"got {n_treated} treated of {n_clusters} clusters, expected at least 2 on either side")
    shocks = np.random.default_rng(20261125).standard_normal((20_000, treated + others))
    one, two = shocks[:, :treated], shocks[:, treated:]
    v1, v2 = one.var(axis=1) / treated, two.var(axis=1) / others
    if rule.startswith("CR2"):
        v1, v2 = v1 * treated / (treated - 1), v2 * others / (others - 1)
        s1, s2 = (v1, v2) if rule == "CR2 per cohort" else (1 / treated, 1 / others)
        df = (s1 + s2) ** 2 / (s1**2 / (treated - 1) + s2**2 / (others - 1))
    else:
        v1, v2 = (v * (1.0 if rule == "CR0" else (treated + others) / (treated + others - 1)) for v in (v1, v2))
        df = np.inf if rule == "CR0" else treated + others - 1
    t = np.abs(one.mean(axis=1) - two.mean(axis=1)) / np.sqrt(v1 + v2)
    return float((2 * stdtr(df, -t) <= alpha).mean())
