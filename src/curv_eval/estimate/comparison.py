"""What methods that make a comparison group of people share: whom they refuse, and clusters of people."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.linalg import qr

from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate
from curv_eval.estimate.one_cell import Effect, from_effect
from curv_eval.people import People, require
from curv_eval.stats.balance import effective_size
from curv_eval.stats.cluster import cluster_sums
from curv_eval.stats.few_clusters import inflation, satterthwaite
from curv_eval.study import Design

# below how many clusters, and how many people that count, an interval is said to be too narrow; and refused
FEW, ENOUGH, LEAST = 20, 30, 5


def comparable(people: People, *, outcome: str) -> People:
    """Return those whose outcome was measured, in the order of their names, or refuse people without covariates.

    Raises DesignError naming every covariate that is constant or made up of others, and too few treated people.
    """
    found = require(people, outcome=outcome)
    faults = list(_faults(found))
    if faults:
        raise DesignError("these people cannot be made comparable", faults)
    return found.take(np.argsort(found.persons, kind="stable"))


def _faults(people: People) -> Iterator[str]:
    x, k = people.matrix, len(people.covariates)
    if not k:
        yield "covariates: got none, expected what people were like before, by which to make them comparable"
        return
    for what, group in (("treated", people.treated), ("comparison", ~people.treated)):
        if group.sum() <= k + 1:
            yield f"{what} people: got {int(group.sum())} for {k} covariates, expected more than {k + 1}"
    names, varies = np.array(list(people.covariates)), np.ptp(x, axis=0) > 0
    yield from (f"{name}: has the same value for everybody; leave it out" for name in names[~varies])
    yield from (f"{name}: follows from the other covariates; leave it out" for name in _aliased(x, names, varies))


def _aliased(x: np.ndarray, names: np.ndarray, varies: np.ndarray) -> list[str]:
    """Return covariates that are sums of others: the last columns that a pivoted QR finds nothing left in."""
    z = (x[:, varies] - x[:, varies].mean(axis=0)) / x[:, varies].std(axis=0)
    if not z.shape[1]:
        return []
    r, pivot = qr(z, mode="r", pivoting=True)
    left = np.abs(np.diag(r))
    return sorted(names[varies][pivot[: len(left)][left < 1e-9 * left[0]]])


def clustered(people: People, influence: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the influence of persons (n,) added up within clusters, (clusters,), and its degrees of freedom.

    Each sum is times sqrt(G / (G - 1)), which is CR2 for a mean over G clusters of equal size (Bell & McCaffrey 2002).
    Where whole clusters were treated, G counts clusters of the same kind and the degrees of freedom are Satterthwaite's
    of two groups; where treated and untreated people share clusters they are G - 1. Where people are not clustered each
    stands alone and nothing is scaled. Raises DesignError for one cluster, or one of a kind.
    """
    sums = cluster_sums(influence[:, None], people.groups)[:, 0]
    if people.cluster is None:
        return sums, len(sums) - 1.0
    kind = _kinds(people)
    counts = np.unique(kind, return_counts=True)[1]
    if counts.min() < 2:
        what = "clusters: got 1" if len(counts) == 1 else "clusters: got 1 that is treated, or 1 that is not"
        raise DesignError(f"{what}, from which no error can be worked out", do="compare people in more clusters")
    return sums * inflation(kind), satterthwaite(sums, kind)


def _kinds(people: People) -> np.ndarray:
    """Return for each cluster whether it was treated, or the same for all where clusters hold both: (clusters,)."""
    totals = cluster_sums(np.column_stack([people.treated, np.ones(len(people.persons))]), people.cluster)
    share = totals[:, 0] / totals[:, 1]
    return share if np.isin(share, (0.0, 1.0)).all() else np.zeros(len(share))


def rule(people: People, errors: str) -> str:
    """Return the name of the error rule: what `errors` says, and how clusters come in."""
    if people.cluster is None:
        return f"{errors}, one person each, t with people-1 degrees of freedom"
    if _kinds(people).any():
        return f"{errors}, summed by cluster, CR2 per group of clusters, Satterthwaite degrees of freedom"
    return f"{errors}, summed by cluster, times sqrt(G/(G-1)), t with clusters-1 degrees of freedom"


def concluded(
    people: People, influence: np.ndarray, *, outcome: str, design: Design, found: tuple[str, float, str, list[str]]
) -> Estimate:
    """Return the Estimate; influence: (n,) of persons; found: the method, its value, its errors and its notes."""
    method, value, errors, notes = found
    sums, df = clustered(people, influence)
    effect = Effect(value, sums, rule(people, errors), df, (*notes, *_few(people)))
    return from_effect(people, outcome=outcome, design=design, method=method, effect=effect)


def _few(people: People) -> list[str]:
    if people.cluster is None:
        return []
    kinds, counts = np.unique(_kinds(people), return_counts=True)
    if counts.min() >= FEW:
        return []
    what = f"{counts[1]} treated and {counts[0]} other clusters" if len(kinds) == 2 else f"{counts[0]} clusters"
    return [f"{what}: with fewer than {FEW} the interval is somewhat too narrow; use a randomisation test beside it"]


def concentrated(weights: np.ndarray, treated: np.ndarray) -> list[str]:
    """Return a note where few untreated people carry the comparison, by Kish's effective sample size.

    Raises DesignError where they count for fewer than LEAST people: residuals about so few say nothing of the error.
    """
    size = effective_size(weights[~treated])
    if size < LEAST:
        raise DesignError(
            "too few people carry the comparison",
            [f"once weighted, the comparison group counts as {size:.1f} people, expected at least {LEAST}"],
            "leave out a covariate in which the groups hardly overlap, or treated people to whom nobody compares",
        )
    if size >= ENOUGH:
        return []
    return [f"the weighted comparison group counts as {size:.0f} people; below {ENOUGH} intervals are too narrow"]
