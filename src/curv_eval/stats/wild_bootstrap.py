"""The wild cluster bootstrap of one regression coefficient, with the null imposed and the interval by inversion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.stats.inversion import ends

ENUMERATED = 2**12
AT_ONCE = 1_000_000  # weights multiplied at a time, so that memory stays small
MANY = 100  # clusters from which on squares of scores are added up without the scores
TIE = 1e-10  # relative: bootstrap statistics this near to the real one are equal to it
_WEBB = np.sqrt(np.array([1.5, 1.0, 0.5]))
WEBB = np.concatenate([-_WEBB, _WEBB[::-1]])


@dataclass(frozen=True)
class Rule:
    """How clusters are flipped.

    weights: "rademacher" (-1, 1; all 2^G sign vectors where they are at most ENUMERATED) or "webb" (six points, Webb
    2023). impose_null: restricted residuals (WCR), or not (WCU). alpha: of the interval.
    """

    weights: str = "rademacher"
    draws: int = 9999
    seed: int = 20261125
    impose_null: bool = True
    alpha: float = 0.05


@dataclass(frozen=True)
class Wild:
    """One test. std_error: CR1 with (n-1)/(n-k); statistic: (estimate - null) / std_error.

    p_value counts ties as at least as large, p_strict does not: with all sign vectors the real statistic itself is
    among them, twice. Drawn ones count the real one besides. floor: the smallest p_value there can be. conf_low,
    conf_high: the nulls not rejected at alpha, infinite where the floor is above it.
    """

    estimate: float
    std_error: float
    statistic: float
    p_value: float
    p_strict: float
    floor: float
    draws: int
    enumerated: bool
    conf_low: float
    conf_high: float


WCR = Rule()


def wild_cluster(
    y: np.ndarray, x: np.ndarray, cluster: np.ndarray, *, null: tuple[int, float] = (0, 0.0), rule: Rule = WCR
) -> Wild:
    """Return the wild cluster bootstrap test that a coefficient is as `null` (column of x, value) says.

    y: (n,). x: (n, k), with its column of ones if there is to be one. cluster: (n,). Residuals of the regression with
    the null imposed are multiplied by one weight per cluster, and the t statistic with CR1 errors is worked out anew
    (Cameron, Gelbach & Miller 2008). Every bootstrap t follows from G x G sums: with w the column of x (X'X)^-1 of the
    coefficient and u the residuals, its numerator is sum_g v_g w_g'u_g, and the score of cluster g is
    v_g w_g'u_g - w_g'x_g (X'X)^-1 sum_h v_h x_h'u_h (after Roodman et al. 2019). u is linear in the null, so the
    interval needs no further draws. Raises DesignError where a column says nothing beyond the others.
    """
    column, value = null
    codes = np.unique(cluster, return_inverse=True)[1]
    count = int(codes.max()) + 1
    if count < 2:
        raise DesignError("the wild cluster bootstrap got 1 cluster, expected at least 2")
    pieces = _pieces(y, x, codes, column=column)
    flips, enumerated = sign_vectors(count, rule=rule)
    rows = max(1, AT_ONCE // count)
    parts = [
        _linear(pieces, flips[i : i + rows].astype(float), impose=rule.impose_null) for i in range(0, len(flips), rows)
    ]
    numbers = _Drawn(*(np.concatenate(part) for part in zip(*parts, strict=True)))
    factor = count / (count - 1) * (len(y) - 1) / (len(y) - x.shape[1])
    raw = float(np.sqrt((pieces.scores**2).sum()))

    def chances(c: float) -> tuple[float, float]:
        return _chances(numbers, c - pieces.estimate, raw, enumerated=enumerated)

    p, strict = chances(value)
    floor = (2 if rule.weights == "rademacher" else 1) / len(flips) if enumerated else 1 / (len(flips) + 1)
    error = raw * float(np.sqrt(factor))
    low, high = -np.inf, np.inf
    if floor <= rule.alpha:
        low, high = ends(lambda c: chances(c)[0], centre=pieces.estimate, step=error or 1.0, alpha=rule.alpha)
    t = (pieces.estimate - value) / error if error > 0 else np.inf
    return Wild(pieces.estimate, error, t, p, strict, floor, len(flips), enumerated, low, high)


def sign_vectors(count: int, *, rule: Rule) -> tuple[np.ndarray, bool]:
    """Return the weights of `count` clusters, (draws, count), and whether they are all that there are."""
    if rule.weights == "rademacher" and 2**count <= ENUMERATED:
        return ((np.arange(2**count)[:, None] >> np.arange(count)) & 1) * 2.0 - 1.0, True
    random = np.random.default_rng(rule.seed)
    points = random.integers(0, len(WEBB) if rule.weights == "webb" else 2, size=(rule.draws, count), dtype=np.int8)
    if rule.weights == "webb":
        return WEBB[points], False
    points *= 2  # in place: as many bytes as clusters times draws
    points -= 1
    return points, False


@dataclass(frozen=True)
class _Pieces:
    """Sums by cluster. scores: (G,) w_g'u_g of the full fit. moved: (G,) w_g'm_g, m the residual of the tested column
    on the others. cross: (G, k) w_g'x_g (X'X)^-1. full, move: (G, k) x_g'u_g and x_g'm_g.
    """

    estimate: float
    scores: np.ndarray
    moved: np.ndarray
    cross: np.ndarray
    full: np.ndarray
    move: np.ndarray


@dataclass(frozen=True)
class _Drawn:
    """With b = null - estimate, t is (top + b slope) / sqrt(v0 + 2 b v1 + b^2 v2), each (draws,)."""

    top: np.ndarray
    slope: np.ndarray
    v0: np.ndarray
    v1: np.ndarray
    v2: np.ndarray


def _pieces(y: np.ndarray, x: np.ndarray, codes: np.ndarray, *, column: int) -> _Pieces:
    gram = x.T @ x
    if np.linalg.matrix_rank(x) < x.shape[1]:
        raise DesignError("the regressors of the wild cluster bootstrap are linearly dependent; leave some out")
    bread = np.linalg.inv(gram)
    beta = bread @ (x.T @ y)
    left, w = y - x @ beta, x @ bread[:, column]
    # the restricted residual at null c is u + (estimate - c) m: m = w / (X'X)^-1_jj, the column less its projection
    m = w / bread[column, column]

    def added(values: np.ndarray) -> np.ndarray:
        return np.stack([np.bincount(codes, weights=v) for v in values.T], axis=1)

    cross = added(w[:, None] * x) @ bread
    scores, moved = added(np.column_stack([w * left, w * m])).T
    return _Pieces(
        float(beta[column]), scores, moved, cross, added(x * left[:, None]), added(x * m[:, None])
    )  # fmt: skip


def _linear(p: _Pieces, flips: np.ndarray, *, impose: bool) -> tuple:
    """Return numerators and cluster scores of every draw, each as a line in b = null - estimate."""
    if len(p.scores) >= MANY:
        return _squared(p, flips, impose=impose)
    full = flips * p.scores - (flips @ p.full) @ p.cross.T
    if not impose:
        zero = np.zeros(len(flips))
        return flips @ p.scores, zero, (full**2).sum(axis=1), zero, zero
    move = -(flips * p.moved - (flips @ p.move) @ p.cross.T)
    squares = (full**2).sum(axis=1), (full * move).sum(axis=1), (move**2).sum(axis=1)
    return flips @ p.scores, -(flips @ p.moved), *squares


def _squared(p: _Pieces, flips: np.ndarray, *, impose: bool) -> tuple:
    """Return the same without the scores, (draws, G), by sum_g (v s - c'a)^2 = sum v^2 s^2 - 2 a'(sum v s c) + a'CC'a.

    For many clusters only, where no draw has scores so near 0 that the difference would be rounding.
    """
    k, lines = p.cross.shape[1], [(p.full, p.scores), *([(p.move, p.moved)] if impose else [])]
    columns = [np.column_stack([own, s, s[:, None] * p.cross]) for own, s in lines]
    found = np.split(flips @ np.concatenate(columns, axis=1), len(lines), axis=1)
    inner, products = p.cross.T @ p.cross, np.column_stack([p.scores**2, p.scores * p.moved, p.moved**2])
    plain = products.sum(axis=0)[:, None] if (np.abs(flips[0]) == 1).all() else (flips**2 @ products).T

    def both(one: np.ndarray, two: np.ndarray) -> np.ndarray:
        a, b = one[:, :k], two[:, :k]
        return ((a @ inner) * b - a * two[:, k + 1 :] - b * one[:, k + 1 :]).sum(axis=1)

    first = found[0]
    if not impose:
        zero = np.zeros(len(flips))
        return first[:, k], zero, plain[0] + both(first, first), zero, zero
    then = found[1]
    squares = plain[0] + both(first, first), -(plain[1] + both(first, then)), plain[2] + both(then, then)
    return first[:, k], -then[:, k], *squares


def _chances(numbers: _Drawn, b: float, raw: float, *, enumerated: bool) -> tuple[float, float]:
    """Return the p-value with ties counted and without, at the null estimate + b."""
    top = np.abs(numbers.top + b * numbers.slope)
    below = np.sqrt(np.maximum(numbers.v0 + 2 * b * numbers.v1 + b**2 * numbers.v2, 0.0))
    own = abs(b) / raw if raw > 0 else np.inf
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = np.where(below > TIE * raw, top / below, np.where(top > TIE * raw, np.inf, 0.0))
    tie = TIE * max(own, 1e-300)
    large, larger = int((drawn >= own - tie).sum()), int((drawn > own + tie).sum())
    if enumerated:
        return large / len(drawn), larger / len(drawn)
    return (1 + large) / (1 + len(drawn)), larger / len(drawn)
