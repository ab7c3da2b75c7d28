"""Synthetic difference-in-differences: weights on areas and on periods, then a comparison of four averages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.stats.synthetic_simplex import ridge_simplex, simplex_weights

ROUNDS, FIRST_ROUNDS = 10_000, 100  # of Frank-Wolfe, after and before small weights are set to 0
KEPT = 0.25  # weights up to this share of the largest are set to 0 once
TINY = 1e-6  # ridge of the time weights, in units of the noise


@dataclass(frozen=True)
class Block:
    """A block of treatment: the first rows of y (N, T) are the N0 donors, the first columns the T0 periods before."""

    y: np.ndarray
    n_donors: int
    n_before: int

    @property
    def noise(self) -> float:
        """The standard deviation of the donors' changes from period to period before the start."""
        return float(np.diff(self.y[: self.n_donors, : self.n_before], axis=1).std(ddof=1))

    @property
    def zeta(self) -> float:
        """The ridge of the area weights: (N1 T1)^(1/4) times the noise (Arkhangelsky et al. 2021, equation 5)."""
        rows, columns = self.y.shape
        return ((rows - self.n_donors) * (columns - self.n_before)) ** 0.25 * self.noise


@dataclass(frozen=True)
class Weights:
    """omega: (N0,) of areas. lambda_: (T0,) of periods. Both add up to 1; periods all 0 for a synthetic control."""

    omega: np.ndarray
    lambda_: np.ndarray


def synthetic_did(block: Block, *, exact: bool = False) -> Weights:
    """Return the weights of synthetic difference-in-differences (Arkhangelsky et al. 2021, algorithm 1).

    omega minimises |a + omega' Y_donors,before - mean of treated before|^2 / T0 + zeta^2 |omega|^2 on the simplex with
    a free, lambda likewise over periods with a ridge of TINY. Both are found as R synthdid 0.0.9 does, by Frank-Wolfe
    steps that stop when the fit gains less than (1e-5 noise)^2, begun again without the weights up to a quarter of the
    largest. exact: the minimum itself instead, which is what the steps approach, and quicker.
    """
    donors = block.y[: block.n_donors]
    later, treated = donors[:, block.n_before :].mean(axis=1), block.y[block.n_donors :, : block.n_before].mean(axis=0)
    past = donors[:, : block.n_before]
    if exact:
        return _exact(block, past, later, treated=treated)
    lambda_ = _frank_wolfe(past - past.mean(axis=0), later - later.mean(), block.noise, zeta=TINY * block.noise)
    a, b = past.T - past.T.mean(axis=0), treated - treated.mean()
    return Weights(_frank_wolfe(a, b, block.noise, zeta=block.zeta), lambda_)


def synthetic_control(block: Block) -> Weights:
    """Return the weights of R synthdid's `sc_estimate`: no intercept, a ridge of TINY, no weights on periods.

    They stop short of the minimum, as R's do; the method synthetic_control of this library takes the minimum.
    """
    past, treated = block.y[: block.n_donors, : block.n_before].T, block.y[block.n_donors :, : block.n_before]
    omega = _frank_wolfe(past, treated.mean(axis=0), block.noise, zeta=TINY * block.noise)
    return Weights(omega, np.zeros(block.n_before))


def even(block: Block) -> Weights:
    """Return equal weights, which make the 2x2 difference-in-differences."""
    return Weights(
        np.full(block.n_donors, 1 / block.n_donors), np.full(block.n_before, 1 / block.n_before)
    )  # fmt: skip


def path(block: Block, weights: Weights) -> np.ndarray:
    """Return the treated mean less the weighted donors, less the weighted periods before: (T,) effects per period.

    The mean of those after the start is the estimate, (-omega, 1/N1)' Y (-lambda, 1/T1).
    """
    gap = block.y[block.n_donors :].mean(axis=0) - weights.omega @ block.y[: block.n_donors]
    return gap - weights.lambda_ @ gap[: block.n_before]


def effect(block: Block, weights: Weights) -> float:
    """Return the average effect after the start."""
    return float(path(block, weights)[block.n_before :].mean())


def without(block: Block, weights: Weights, left_out: np.ndarray) -> np.ndarray:
    """Return the path (T,) without some rows, (N,) bool, and with the other weights as they were, scaled to add to 1.

    For the jackknife (Arkhangelsky et al. 2021, algorithm 3).
    """
    kept = ~left_out
    omega = weights.omega[kept[: block.n_donors]]
    omega = omega / omega.sum() if omega.sum() > 0 else np.full(len(omega), 1 / len(omega))
    smaller = Block(block.y[kept], int(kept[: block.n_donors].sum()), block.n_before)
    return path(smaller, Weights(omega, weights.lambda_))


def without_each(block: Block, weights: Weights, label: np.ndarray) -> np.ndarray:
    """Return the paths (G, T) of `without` for each of the G groups of rows in `label` (N,), from sums by group.

    Raises nothing: a group that holds all the weight is left out with equal weights for the others, as `without` does.
    """
    names, code = np.unique(label, return_inverse=True)
    donor, omega = code[: block.n_donors], weights.omega
    mass = omega.sum() - np.bincount(donor, omega, len(names))
    left = omega @ block.y[: block.n_donors] - _by_group(donor, omega[:, None] * block.y[: block.n_donors], len(names))
    treated, y = code[block.n_donors :], block.y[block.n_donors :]
    kept = len(treated) - np.bincount(treated, minlength=len(names))
    gap = (y.sum(axis=0) - _by_group(treated, y, len(names))) / kept[:, None]
    paths = gap - left / np.where(mass > 0, mass, 1.0)[:, None]
    paths -= (paths[:, : block.n_before] @ weights.lambda_)[:, None]
    for i in np.flatnonzero(mass <= _NONE):
        paths[i] = without(block, weights, code == i)
    return paths


_NONE = 1e-12  # of weights that add up to 1: what a sum leaves when everything was taken off


def _by_group(code: np.ndarray, rows: np.ndarray, groups: int) -> np.ndarray:
    """Return the sums of rows (n, T) by group: (G, T)."""
    found = np.zeros((groups, rows.shape[1]))
    np.add.at(found, code, rows)
    return found


def _exact(block: Block, past: np.ndarray, later: np.ndarray, *, treated: np.ndarray) -> Weights:
    lambda_ = simplex_weights(later - later.mean(), (past - past.mean(axis=0)).T)
    penalty = block.n_before * block.zeta**2
    if penalty <= 0:
        raise DesignError("the comparison areas do not change from period to period; no weights can be worked out")
    own = past - past.mean(axis=1, keepdims=True)
    return Weights(ridge_simplex(treated - treated.mean(), own, penalty=penalty), lambda_)


def _frank_wolfe(a: np.ndarray, b: np.ndarray, noise: float, *, zeta: float) -> np.ndarray:
    """Return the weights of a (m, k) on b (m,): steps from equal weights, the small set to 0, then steps again."""
    count = len(b)
    if count > 2 * (a.shape[1] + 1):
        # thousands of rows, a few columns: the triangle of their QR has the same lengths and products
        triangle = np.linalg.qr(np.column_stack([a, b]), mode="r")
        a, b = triangle[:, :-1], triangle[:, -1]
    first = _steps(a, b, np.full(a.shape[1], 1 / a.shape[1]), rule=(count, zeta, 1e-5 * noise, FIRST_ROUNDS))
    large = np.where(first <= KEPT * first.max(), 0.0, first)
    return _steps(a, b, large / large.sum(), rule=(count, zeta, 1e-5 * noise, ROUNDS))


def _steps(a: np.ndarray, b: np.ndarray, x: np.ndarray, *, rule: tuple[int, float, float, int]) -> np.ndarray:
    (count, zeta, gain, most), a = rule, np.ascontiguousarray(a)
    ridge, x, fitted, before = count * zeta**2, x.copy(), a @ x, np.inf
    # x is long: its squared length is carried along, and it is scaled in place
    square, left = float(x @ x), fitted - b
    for t in range(1, most + 1):
        slope = left @ a
        slope += ridge * x
        i = int(slope.argmin())
        move, at = a[:, i] - fitted, float(x[i])
        length = float(move @ move) + ridge * (square - 2 * at + 1)
        if length > 0:
            s = min(1.0, max(0.0, (float(left @ fitted) + ridge * square - float(slope[i])) / length))
            x *= 1 - s
            x[i] += s
            square = (1 - s) ** 2 * square + 2 * s * (1 - s) * at + s**2
            fitted = fitted + s * move
            left = fitted - b
        now = zeta**2 * square + float(left @ left) / count
        if t >= 2 and not before - now > gain**2:
            break
        before = now
    return x
