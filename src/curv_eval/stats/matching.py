"""Matching treated people to untreated ones: nearest neighbours, with or without replacement, and exact bins.

People who stand at the same point are one cell, so that ties cost nothing: links join cells, not people.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.errors import DesignError

# distances this near to one another, as a share, are ties
TIE = 1e-9
# how many neighbours are looked up at once before the whole list is searched
LISTED = 32


@dataclass(frozen=True)
class Matches:
    """Who is matched to whom.

    treated_cell: (n_treated,) the cell of each treated person, -1 where nobody matches. other_cell: (n_other,) that of
    each untreated person. first, second: (links,) cells of treated and of untreated people that are matched.
    """

    treated_cell: np.ndarray
    other_cell: np.ndarray
    first: np.ndarray
    second: np.ndarray

    @property
    def matched(self) -> np.ndarray:
        """Which treated people have a match: (n_treated,) bool."""
        return self.treated_cell >= 0

    @property
    def _sizes(self) -> np.ndarray:
        """How many untreated people match each cell of treated people."""
        others = np.bincount(self.other_cell, minlength=int(self.second.max(initial=0)) + 1)
        return np.bincount(self.first, others[self.second], int(self.treated_cell.max(initial=0)) + 1)

    def expected(self, values: np.ndarray) -> np.ndarray:
        """Return the mean of `values` (n_other,) over the matches of each matched treated person."""
        sums = np.bincount(self.other_cell, values, int(self.second.max()) + 1)
        totals = np.bincount(self.first, sums[self.second], len(self._sizes))
        cell = self.treated_cell[self.matched]
        return totals[cell] / self._sizes[cell]

    def uses(self, power: int = 1) -> np.ndarray:
        """Return how often each untreated person is used, (n_other,): the sum of (1 / matches)^power over uses."""
        people = np.bincount(self.treated_cell[self.matched], minlength=len(self._sizes))
        added = people[self.first] / self._sizes[self.first].astype(float) ** power
        return np.bincount(self.second, added, int(self.other_cell.max()) + 1)[self.other_cell]


def nearest(
    treated: np.ndarray, others: np.ndarray, *, ratio: int = 1, caliper: float = np.inf, tie: float = 0.0
) -> Matches:
    """Match each treated person to the `ratio` nearest untreated ones, who may be used again (with replacement).

    treated: (n_treated, d), others: (n_other, d) positions, between which distance is Euclidean. Every untreated person
    as near as the last match is a match too, and all of one person's matches count the same (Abadie & Imbens 2006).
    caliper: the largest distance allowed; who has no match within it is not matched. tie: how much larger a squared
    distance may be and still count as near (R's Matching takes 1e-5 on standardised covariates).
    """
    from scipy.spatial import cKDTree

    points, first_cell = _cells(treated)
    there, second_cell = _cells(others)
    sizes, tree = np.bincount(second_cell), cKDTree(there)
    distance, index = tree.query(points, k=min(ratio, len(there)))
    distance, index = distance.reshape(len(points), -1), index.reshape(len(points), -1)
    enough = (sizes[index].cumsum(axis=1) >= ratio).argmax(axis=1)
    short = sizes[index].sum(axis=1) < ratio
    reach = np.where(short, distance[:, -1], distance[np.arange(len(points)), enough])
    reach = np.minimum(np.sqrt((reach * (1 + TIE) + 1e-12) ** 2 + tie), caliper)
    found = tree.query_ball_point(points, reach, return_sorted=True)
    first = np.repeat(np.arange(len(points)), [len(one) for one in found])
    second = np.concatenate([np.asarray(one, dtype=int) for one in found])
    return Matches(np.where(np.isin(first_cell, first), first_cell, -1), second_cell, first, second)


def _cells(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct points and the cell of each; rounding joins what differs by the computer's last digits."""
    found, cell = np.unique(np.round(points, 12), axis=0, return_inverse=True)
    return found, cell.reshape(-1)


def greedy(
    treated: np.ndarray, others: np.ndarray, *, first: np.ndarray, ratio: int = 1, caliper: float = np.inf
) -> Matches:
    """Match each treated person to `ratio` untreated ones, each of whom is used once (without replacement).

    first: (n_treated,) rows of treated people in the order in which they choose. Everybody chooses once, then everybody
    again up to `ratio` times. Among the nearest, the earliest row is taken. Raises DesignError where there are fewer
    untreated people than matches asked for.
    """
    if len(others) < ratio * len(treated):
        raise DesignError(
            f"matching without replacement: got {len(others)} untreated people for {ratio} x {len(treated)} matches",
            do="use `replacement: with`, or a smaller `ratio`",
        )
    treated, others = np.round(treated, 12), np.round(others, 12)
    free, links = np.full(len(others), True), []
    gaps, near = _listed(treated, others)
    for row in np.tile(first, ratio):
        gap, best = _best(gaps[row], near[row], free)
        if best < 0:
            distance = np.where(free, _distances(others, treated[row]), np.inf)
            best = int(distance.argmin())
            gap = distance[best]
        if gap <= caliper:
            free[best] = False
            links.append((row, best))
    one, two = np.array(links, dtype=int).reshape(-1, 2).T
    rows = np.arange(len(treated))
    return Matches(np.where(np.isin(rows, one), rows, -1), np.arange(len(others)), one, two)


def _distances(others: np.ndarray, place: np.ndarray) -> np.ndarray:
    return np.sqrt(((others - place) ** 2).sum(axis=1))


def _listed(treated: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return distances to and rows of the nearest LISTED untreated people, by distance and then by row."""
    from scipy.spatial import cKDTree

    near = cKDTree(others).query(treated, k=min(LISTED, len(others)))[1].reshape(len(treated), -1)
    near = np.sort(near, axis=1)
    gaps = np.sqrt(((others[near] - treated[:, None]) ** 2).sum(axis=2))
    order = np.argsort(gaps, axis=1, kind="stable")
    return np.take_along_axis(gaps, order, axis=1), np.take_along_axis(near, order, axis=1)


def _best(gaps: np.ndarray, near: np.ndarray, free: np.ndarray) -> tuple[float, int]:
    """Return the nearest free person of the list, or -1 where somebody not on it may be as near."""
    there = free[near]
    place = int(there.argmax())
    if not there[place] or (gaps[place] >= gaps[-1] and len(near) < len(free)):
        return 0.0, -1
    return float(gaps[place]), int(near[place])


def exact_bins(treated: np.ndarray, others: np.ndarray, *, bins: int = 0) -> Matches:
    """Match people who lie in the same bin of every covariate (coarsened exact matching; Iacus, King & Porro 2012).

    Each column is cut between its lowest and highest value into `bins` bins of equal width; 0: as many as Sturges's
    rule says, 1 + log2(n) rounded up. A column with at most that many values is not cut, its values are the bins.
    """
    x = np.concatenate([treated, others])
    count = bins or int(np.ceil(np.log2(len(x)) + 1))
    code = np.column_stack([_binned(column, count) for column in x.T])
    cell = np.unique(code, axis=0, return_inverse=True)[1].reshape(-1)
    mine, theirs = cell[: len(treated)], cell[len(treated) :]
    both = np.intersect1d(mine, theirs)
    return Matches(np.where(np.isin(mine, both), mine, -1), theirs, both, both)


def _binned(column: np.ndarray, count: int) -> np.ndarray:
    values, code = np.unique(column, return_inverse=True)
    if len(values) <= count:
        return code
    edges = np.linspace(values[0], values[-1], count + 1)
    return np.searchsorted(edges[1:-1], column, side="right")


def whitened(x: np.ndarray, treated: np.ndarray) -> np.ndarray:
    """Return x (n, k) so that Euclidean distance is Mahalanobis distance, by the covariance within the two groups."""
    means = np.where(treated[:, None], x[treated].mean(axis=0), x[~treated].mean(axis=0))
    covariance = (x - means).T @ (x - means) / (len(x) - 2)
    scale = np.sqrt(np.diag(covariance))
    root = np.linalg.cholesky(covariance / np.outer(scale, scale))
    return np.linalg.solve(root, (x / scale).T).T
