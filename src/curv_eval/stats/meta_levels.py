"""Restricted likelihood of effects within studies, without any matrix larger than a study.

Omega_s = V_s + b 11' + w I for study s. With V_s = Q diag(l) Q', turned by Q' it is diag(l + w) + b z z', z = Q'1, so
that its inverse and determinant have closed forms (Woodbury) and every sum runs over n numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.stats.meta_checks import Blocks
from curv_eval.stats.meta_covariance import rows_of


@dataclass(frozen=True, eq=False)
class Turned:
    """Effects y (n,), design x (n, p), z (n,) and eigenvalues (n,), turned by each study's Q' and sorted by study.

    edges: (G,) first row of each study. code: (n,) the study of a row.
    """

    y: np.ndarray
    x: np.ndarray
    z: np.ndarray
    spread: np.ndarray
    edges: np.ndarray
    code: np.ndarray

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Return the sums within studies of values (n, ...): (G, ...)."""
        return np.add.reduceat(values, self.edges, axis=0)


def turned(y: np.ndarray, x: np.ndarray, v: np.ndarray | Blocks, *, code: np.ndarray, blocked: bool) -> Turned:
    """Return y (n,), x (n, p) and V turned; v: (n,) variances, or blocks where `blocked`; code: (n,) studies."""
    rows = rows_of(code)
    order = np.concatenate(rows)
    edges = np.cumsum([0, *map(len, rows[:-1])])
    if not blocked:
        return Turned(y[order], x[order], np.ones(len(y)), v[order], edges, code[order])
    parts = [np.linalg.eigh(block) for block in v]
    turn = [(q.T @ y[at], q.T @ x[at], q.sum(axis=0)) for (_, q), at in zip(parts, rows, strict=True)]
    new_y, new_x, z = (np.concatenate(one) for one in zip(*turn, strict=True))
    return Turned(new_y, new_x, z, np.concatenate([values for values, _ in parts]), edges, code[order])


@dataclass(frozen=True, eq=False)
class At:
    """The restricted likelihood at variances (b, w).

    coefficients (p,), covariance (p, p), log_likelihood, gradient (2,), and the expected and the observed information
    (2, 2).
    """

    variances: np.ndarray
    coefficients: np.ndarray
    covariance: np.ndarray
    log_likelihood: float
    gradient: np.ndarray
    expected: np.ndarray
    observed: np.ndarray


@dataclass(frozen=True, eq=False)
class _Inverse:
    """1 / (l + w): (n,); sums of z^2 / (l + w): (G,); 1 + b times them: (G,); b over that: (G,)."""

    a: np.ndarray
    own: np.ndarray
    lift: np.ndarray
    gain: np.ndarray

    def times(self, held: Turned, values: np.ndarray) -> np.ndarray:
        """Return Omega^-1 values, (n, q)."""
        scaled = self.a[:, None] * values
        shared = self.gain[:, None] * held.sums(held.z[:, None] * scaled)
        return scaled - (self.a * held.z)[:, None] * shared[held.code]


def _inverse(held: Turned, variances: np.ndarray) -> _Inverse:
    a = 1.0 / (held.spread + variances[1])
    own = held.sums(a * held.z**2)
    lift = 1.0 + variances[0] * own
    return _Inverse(a, own, lift, variances[0] / lift)


def likelihood(held: Turned, variances: np.ndarray) -> At:
    """Return the restricted likelihood at variances (study, effect) with all its derivatives.

    l = -1/2 [(n-p) log 2 pi - log|X'X| + log|Omega| + log|X'Omega^-1 X| + r'Omega^-1 r]; d l / d theta_j =
    1/2 [y'P G_j P y - tr(P G_j)]; expected information 1/2 tr(P G_i P G_j), observed y'P G_i P G_j P y less that
    (Harville 1977).
    """
    inverse = _inverse(held, variances)
    weighted = inverse.times(held, held.x)
    bread = np.linalg.inv(held.x.T @ weighted)
    coefficients = bread @ (weighted.T @ held.y)
    residual = held.y - held.x @ coefficients
    u = inverse.times(held, residual[:, None])[:, 0]
    shared = held.sums(held.z * u)
    trace, expected = _traces(held, inverse, weighted, bread)
    gradient = 0.5 * (np.array([(shared**2).sum(), (u**2).sum()]) - trace)
    turns = np.column_stack([held.z * shared[held.code], u])
    inner = weighted.T @ turns
    data = turns.T @ inverse.times(held, turns) - inner.T @ bread @ inner
    n, p = held.x.shape
    logs = np.log(inverse.lift).sum() - np.log(inverse.a).sum() - np.linalg.slogdet(bread)[1]
    base = (n - p) * np.log(2 * np.pi) - np.linalg.slogdet(held.x.T @ held.x)[1]
    level = -0.5 * (base + logs + residual @ u)
    return At(variances, coefficients, bread, float(level), gradient, expected, data - expected)


def _traces(held: Turned, inverse: _Inverse, weighted: np.ndarray, bread: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return tr(P G_j), (2,), and 1/2 tr(P G_i P G_j), (2, 2)."""
    a, z = inverse.a, held.z
    own = inverse.own / inverse.lift
    square, cube = held.sums(a**2 * z**2), held.sums(a**3 * z**2)
    shared = held.sums(z[:, None] * weighted)
    twice = inverse.times(held, weighted)
    bridge = held.sums(z[:, None] * twice)
    middle = [bread @ (shared.T @ shared), bread @ (weighted.T @ weighted)]
    plain = np.array([own.sum(), a.sum() - inverse.gain @ square])
    trace = plain - [np.trace(one) for one in middle]
    raw = np.array([
        [(own**2).sum(), (square / inverse.lift**2).sum()],
        [0.0, (a**2).sum() - 2 * inverse.gain @ cube + (inverse.gain**2) @ square**2],
    ])  # fmt: skip
    cross = np.array([
        [np.trace(bread @ (shared.T @ (own[:, None] * shared))), np.trace(bread @ (shared.T @ bridge))],
        [0.0, np.trace(bread @ (weighted.T @ twice))],
    ])  # fmt: skip
    both = np.array([[np.sum(one * other.T) for other in middle] for one in middle])
    upper = np.triu(raw - 2 * cross) + np.triu(both)
    return trace, 0.5 * (upper + np.triu(upper, 1).T)


def maximise(held: Turned, start: np.ndarray, free: np.ndarray) -> At:
    """Return the maximum over the variances that are `free` (2,) bool, none below 0, from `start` (2,).

    Newton's steps with the observed information where it is positive definite, Fisher's otherwise, halved until the
    likelihood rises. Once a step could gain less than 1e-12, one more is taken: Newton's steps square the distance.
    Raises DesignError where that point is not reached.
    """
    at = likelihood(held, start)
    for _ in range(200):
        open_ = free & ~((at.variances <= 0) & (at.gradient <= 0))
        if not open_.any():
            return at
        step = _step(at, open_)
        if at.gradient @ step < 1e-12:
            return likelihood(held, np.maximum(at.variances + step, 0.0))
        better = _climb(held, at, step)
        if better is None:
            break
        at = better
    raise DesignError("the variances between studies and effects have no clear estimate", do="use one level less")


def _step(at: At, open_: np.ndarray) -> np.ndarray:
    chosen = np.flatnonzero(open_)
    square = np.ix_(chosen, chosen)
    information = at.observed[square]
    if np.linalg.eigvalsh(information)[0] <= 1e-8 * np.abs(information).max():
        information = at.expected[square]
    step = np.zeros(2)
    step[chosen] = np.linalg.lstsq(information, at.gradient[chosen], rcond=1e-12)[0]
    return step


def _climb(held: Turned, at: At, step: np.ndarray) -> At | None:
    slack = 1e-13 * (1.0 + abs(at.log_likelihood))
    for halving in range(40):
        new = np.maximum(at.variances + step * 0.5**halving, 0.0)
        if np.array_equal(new, at.variances):
            return None
        found = likelihood(held, new)
        if found.log_likelihood >= at.log_likelihood - slack:
            return found
    return None


def best(held: Turned, free: np.ndarray, fixed: np.ndarray | None = None) -> At:
    """Return the maximum from the best of a grid of starts; variances that are not free stay at `fixed` (2,), or 0."""
    fixed = np.zeros(2) if fixed is None else fixed
    plain = held.y - held.x @ np.linalg.lstsq(held.x, held.y, rcond=None)[0]
    scale = max(float(plain @ plain) / (len(plain) - held.x.shape[1]), 1e-3 * float(np.median(held.spread)))
    shares = scale * np.array([0.01, 0.1, 0.4, 1.0])
    sides = [shares if f else np.array([value]) for f, value in zip(free, fixed, strict=True)]
    starts = [np.array([b, w]) for b in sides[0] for w in sides[1]]
    levels = [likelihood(held, start).log_likelihood for start in starts]
    return maximise(held, starts[int(np.argmax(levels))], free)
