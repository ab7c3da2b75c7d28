"""The conditional test with a least favourable first stage (Andrews, Roth & Pakes 2023), by vertices of the dual."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations
from math import comb

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtrc, log_ndtr, ndtri
from scipy.stats import qmc

from curv_eval.errors import DesignError

SEED = 20261125
FIRST_STAGE = 0.1  # share of alpha that the first stage spends
_MOST_BASES = 300_000
_NEAR = 1e-9


@dataclass(frozen=True)
class LinearTest:
    """The test of theta = value when E[y - a theta] <= X u for some u, y normal with a known covariance.

    The statistic is the least violation that u can leave, with s the standard errors of y,

        eta = min {e: y - a theta - X u <= e s} = max {g'(y - a theta): g >= 0, X'g = 0, s'g = 1},

    whose maximum is at one of the vertices g_1 ... g_V; they do not depend on theta. base: (V,), g'y. slope: (V,),
    g'a. loading: (V, T), whose product with its transpose is the covariance of g'y. The first stage, of size
    `first`, rejects what is larger than when every inequality holds with equality; the second is of size `second`.
    """

    base: np.ndarray
    slope: np.ndarray
    loading: np.ndarray
    first: float
    second: float

    @cached_property
    def critical(self) -> float:
        """The first stage's critical value."""
        return least_favourable(self.loading, self.first)

    def accepts(self, theta: np.ndarray) -> np.ndarray:
        """Return whether each value of theta, (k,), is not rejected; a statistic of 0 or less never is."""
        value = self.base[:, None] - np.outer(self.slope, theta)
        best = value.argmax(axis=0)
        eta = value[best, np.arange(len(theta))]
        # no element of g'y varies more than a standard normal, so that this bounds the first stage's value
        open_ = (eta > _NEAR) & (eta <= ndtri(1 - self.first / len(self.base)))
        if not open_.any():
            return eta <= _NEAR
        return (eta <= _NEAR) | (open_ & (eta <= self.critical) & (self._tail(value, best, eta) >= self.second))

    def _tail(self, value: np.ndarray, best: np.ndarray, eta: np.ndarray) -> np.ndarray:
        """Return P(a draw exceeds eta | the maximum is at its vertex and below the first stage's value), (k,).

        Given what is independent of g_j'y, the maximum stays at g_j while g_j'y lies between two ends, which every
        other vertex i moves by (value_i - rho eta) / (1 - rho), rho the slope of g_i'y on g_j'y.
        """
        covariance = self.loading @ self.loading.T
        variance = np.diag(covariance)[best]
        known = variance <= _NEAR**2
        rho = covariance[:, best] / np.where(known, 1.0, variance)
        gap = 1.0 - rho
        end = (value - rho * eta) / np.where(np.abs(gap) > _NEAR, gap, np.inf)
        low = np.where(gap > _NEAR, end, -np.inf).max(axis=0)
        high = np.minimum(np.where(gap < -_NEAR, end, np.inf).min(axis=0), self.critical)
        error = np.sqrt(np.where(known, 1.0, variance))
        tail = _truncated_tail(eta / error, np.minimum(low, eta) / error, np.maximum(high, eta) / error)
        return np.where(known, 0.0, tail)


def _truncated_tail(x: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return P(Z > x | low <= Z <= high) for a standard normal Z, in logs so that far tails keep their digits."""
    beyond_x, beyond_low, beyond_high = log_ndtr(-x), log_ndtr(-low), log_ndtr(-high)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.exp(beyond_x - beyond_low) * np.expm1(beyond_high - beyond_x) / np.expm1(beyond_high - beyond_low)
    return np.where(np.isfinite(share), share, 0.0)


def linear_test(
    y: np.ndarray, root: np.ndarray, *, direction: np.ndarray, vertices: np.ndarray, alpha: float
) -> LinearTest:
    """Return the test at level alpha for y (m,) with covariance root root', root (m, T); direction: a, (m,).

    vertices: (V, m), directions g up to scale. The first stage rejects above the 1 - alpha / 10 quantile of eta when
    every inequality holds with equality; the second spends what is left of alpha.
    """
    scaled = vertices / (vertices @ np.linalg.norm(root, axis=1))[:, None]
    first = FIRST_STAGE * alpha
    return LinearTest(scaled @ y, scaled @ direction, scaled @ root, first, (alpha - first) / (1 - first))


def least_favourable(loading: np.ndarray, size: float) -> float:
    """Return the 1 - size quantile of the largest element of loading z, z standard normal; loading: (V, T).

    z is a direction times a length whose square is chi-squared with T degrees of freedom. Only the directions are
    drawn; the chance that the length is large enough is worked out, so that few draws are needed.
    """
    directions, length, beyond = _directions(loading.shape[1])
    reach = (loading @ directions).max(axis=0)
    share = np.maximum(reach, 1e-300)
    most = length[-1] * float(np.linalg.norm(loading, axis=1).max())
    return float(brentq(lambda c: np.interp(c / share, length, beyond).mean() - size, 0.0, most, xtol=1e-6))


@lru_cache(maxsize=8)
def _directions(t: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return evenly spread points on the sphere, (t, draws), and a table of lengths and the chance of a longer one."""
    drawn = ndtri(qmc.Sobol(t, rng=SEED).random_base2(12)).T
    drawn /= np.linalg.norm(drawn, axis=0)
    length = np.linspace(0.0, np.sqrt(t) + 10.0, 8001)
    return np.hstack([drawn, -drawn]), length, chdtrc(t, length**2)


def pair_vertices(x: np.ndarray) -> np.ndarray:
    """Return the extreme rays of {g >= 0: x'g = 0} for rows F u and -F u in pairs: x = (F N; -F N), (2k, k - 1).

    x'g = 0 says that g+ - g- is a multiple of the one direction w with w'F N = 0: the rays are w, -w, and each pair by
    itself, k + 2 at most. (With one element in w its pair is a mixture of the first two, which changes nothing.)
    """
    k = len(x) // 2
    w = np.linalg.svd(x[:k].T)[2][-1] if x.shape[1] else np.ones(1)
    w = np.where(np.abs(w) < _NEAR, 0.0, w)
    ends = [np.concatenate([np.maximum(v, 0), np.maximum(-v, 0)]) for v in (w, -w)]
    return np.vstack([*ends, np.hstack([np.eye(k), np.eye(k)])])


def dual_vertices(x: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Return the vertices of {g >= 0: x'g = 0, spread'g = 1}, (V, m), by solving for every basis.

    x: (m, k - 1), spread: (m,) positive. Raises DesignError where there are more than 300,000 bases, or no vertex.
    """
    m, k = len(x), x.shape[1] + 1
    if comb(m, k) > _MOST_BASES:
        raise DesignError(f"{m} inequalities with {k} periods after the start are too many", do="use longer periods")
    basis = _bases(m, k)
    square = np.concatenate([x, spread[:, None] / spread.max()], axis=1)[basis].transpose(0, 2, 1)
    basis, square = (part[np.abs(np.linalg.det(square)) > 1e-10] for part in (basis, square))
    right = np.zeros((len(basis), k, 1))
    right[:, -1] = 1.0 / spread.max()
    solved = np.linalg.solve(square, right)[..., 0]
    feasible = (solved >= -_NEAR * np.abs(solved).max(axis=1, keepdims=True)).all(axis=1)
    if not feasible.any():
        raise DesignError("these inequalities never bind: no vertex was found")
    found = np.zeros((int(feasible.sum()), m))
    np.put_along_axis(found, basis[feasible], np.maximum(solved[feasible], 0.0), axis=1)
    return found[np.unique(np.round(found, 10), axis=0, return_index=True)[1]]


@lru_cache(maxsize=8)
def _bases(m: int, k: int) -> np.ndarray:
    return np.array(list(combinations(range(m), k)))


def interval(tests: Sequence[LinearTest], centre: float, error: float) -> tuple[float, float]:
    """Return the lowest and the highest theta that one of the tests accepts, to 1e-5 of `error`.

    Looked for on a grid of 801 points, 20 standard errors to either side of `centre`, twice as far where an end is
    accepted, and then closer at both ends. Raises DesignError when no point is accepted, or every one.
    """

    def accepted(theta: np.ndarray) -> np.ndarray:
        return np.any([one.accepts(theta) for one in tests], axis=0)

    theta = next((g for g in _grids(centre, 20 * error) if not accepted(g)[[0, -1]].any()), None)
    if theta is None:
        raise DesignError("the set of effects that the data allow has no end")
    inside = np.flatnonzero(accepted(theta))
    if not len(inside):
        raise DesignError("the data reject every drift that is allowed", do="allow more drift, or another direction")
    low, high = inside[0], inside[-1]
    return (
        _edge(accepted, theta[low - 1], theta[low], 1e-5 * error),
        _edge(accepted, theta[high + 1], theta[high], 1e-5 * error),
    )


def _grids(centre: float, half: float):
    return (np.linspace(centre - 2**i * half, centre + 2**i * half, 801) for i in range(40))


def _edge(accepted, outer: float, inner: float, width: float) -> float:
    """Return where acceptance begins between a point outside and one inside."""
    while abs(inner - outer) > width:
        points = np.linspace(outer, inner, 33)
        first = int(accepted(points).argmax())
        outer, inner = points[first - 1], points[first]
    return float(inner)
