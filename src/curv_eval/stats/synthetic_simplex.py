"""Weights that are at least 0 and add up to 1, exactly: quadratic programmes on the simplex without an optimiser."""

from __future__ import annotations

import numpy as np

from curv_eval.errors import DesignError

_TIE = 1e-7  # relative: what may take part in the optimum; far above rounding, far below any noise
_ENOUGH = 1e-12
_ROUNDS = 200
_SOME = 100  # columns tried at a time


def simplex_weights(target: np.ndarray, donors: np.ndarray) -> np.ndarray:
    """Return the weights w (J,) that minimise |target - w' donors|^2 subject to w >= 0 and sum w = 1.

    target: (m,). donors: (J, m). With D = donors - target the answer is the point of their convex hull nearest to 0
    (Wolfe 1976), which non-negative least squares finds exactly: u minimising |D'u|^2 + (1'u - 1)^2 is proportional to
    w, since for u = s w the minimum over s grows with |D'w| (Lawson & Hanson 1974, chapter 23). Where several weights
    are as good (a series inside the hull, donors that repeat each other), the most even ones are taken, those of
    smallest |w|, so that the answer does not depend on the order of the donors.
    """
    gaps = (donors - target).T
    scale = float(np.sqrt((gaps**2).mean())) or 1.0
    stacked = np.vstack([gaps / scale, np.ones(gaps.shape[1])])
    found = _least(stacked, np.append(np.zeros(len(gaps)), 1.0))
    return _even(stacked, found / found.sum())


def _least(a: np.ndarray, goal: np.ndarray) -> np.ndarray:
    """Return the u >= 0 that minimises |a u - goal|^2; a: (m, J), where J may be far above m.

    No more than m of the u are above 0, so only some columns are tried: the nearest first, then those along which the
    objective still falls, until there are none. The end is the optimum over all of them, by its conditions.
    """
    from scipy.optimize import nnls

    count = a.shape[1]
    if count <= 2 * _SOME:
        return nnls(a, goal)[0]
    tried = np.argpartition((a**2).sum(axis=0), _SOME)[:_SOME]
    while True:
        found = np.zeros(count)
        found[tried] = nnls(a[:, tried], goal)[0]
        slope = a.T @ (a @ found - goal)
        slope[tried] = 0.0
        most = np.argpartition(slope, _SOME)[:_SOME]
        falls = most[slope[most] < -_ENOUGH * max(1.0, float(np.abs(slope).max()))]
        if not len(falls):
            return found
        tried = np.concatenate([tried, falls])


def ridge_simplex(target: np.ndarray, donors: np.ndarray, *, penalty: float) -> np.ndarray:
    """Return the weights w (J,) that minimise |target - w' donors|^2 + penalty |w|^2 on the simplex; penalty > 0.

    target: (m,). donors: (J, m). The dual has m + 1 unknowns whatever J is: w = max(0, B'v) with B = [donors - target,
    1], and v is found by Newton steps, which end after finitely many since the dual is piecewise quadratic.
    """
    gaps = (donors - target).T
    stacked = np.vstack([gaps, np.ones(gaps.shape[1])])
    ridge = np.append(np.full(len(gaps), penalty), 0.0)
    size = float(np.sqrt((gaps**2).mean() + penalty / gaps.shape[1]))
    rows = np.append(np.full(len(gaps), 1 / size), 1.0)  # same units in every row
    found = _dual(stacked * rows[:, None], np.append(np.zeros(len(gaps)), 1.0), ridge * rows**2)
    return _stacked_nnls(stacked, np.sqrt(penalty)) if found is None else found / found.sum()


def _even(stacked: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Return the weights of smallest norm among those as good as `found` (J,); stacked: (m + 1, J), gaps and ones."""
    gaps = stacked[:-1]
    left = gaps @ found
    face = gaps.T @ left - left @ left <= _TIE  # donors that the optimum may use (scaled gaps: near 1)
    if not (face & (found <= _ENOUGH)).any():
        return found
    some, goal = stacked[:, face], np.append(left, 1.0)
    even = _dual(some, goal, np.zeros(len(goal)))
    if even is None:
        even = _stacked_nnls(np.vstack([some[:-1] - left[:, None], some[-1:]]), 1e-5)
    weights = np.zeros(len(found))
    weights[face] = even / even.sum()
    return weights


def _dual(b: np.ndarray, goal: np.ndarray, ridge: np.ndarray) -> np.ndarray | None:
    """Return w = max(0, b'v) with b w + ridge v = goal by Newton steps on v, or None where they do not arrive.

    b: (m, J). goal, ridge: (m,). v minimises |max(0, b'v)|^2 / 2 + v' diag(ridge) v / 2 - goal'v, which is convex.
    """
    whole = b @ b.T + np.diag(ridge)
    v = np.linalg.solve(whole + 1e-12 * np.trace(whole) * np.eye(len(goal)), goal)
    w, now = _height(v, b, goal, ridge=ridge)
    arrived = 10 * _ENOUGH * max(1.0, float(np.abs(goal).max()))
    for _ in range(_ROUNDS):
        slope = b @ w + ridge * v - goal
        if np.abs(slope).max() <= arrived:
            return w
        used = b[:, w > 0]
        bend = used @ used.T
        bend.flat[:: len(bend) + 1] += ridge + 1e-13 * max(float(np.trace(bend)), 1e-300)
        step = -np.linalg.solve(bend, slope)
        fall = float(slope @ step)
        for s in 0.5 ** np.arange(40):
            w, height = _height(v + s * step, b, goal, ridge=ridge)
            if height <= now + 1e-4 * s * fall + 1e-15 * abs(now):
                break
        else:
            return None
        v, now = v + s * step, height
    return None


def _height(v: np.ndarray, b: np.ndarray, goal: np.ndarray, *, ridge: np.ndarray) -> tuple[np.ndarray, float]:
    """Return w = max(0, b'v) and the dual's value."""
    w = np.maximum(b.T @ v, 0.0)
    return w, float(0.5 * (w @ w) + 0.5 * ((ridge * v) @ v) - goal @ v)


def _stacked_nnls(stacked: np.ndarray, root: float) -> np.ndarray:
    """Return the simplex weights of least |gaps w|^2 + root^2 |w|^2 by non-negative least squares with J more rows."""
    from scipy.optimize import nnls

    count = stacked.shape[1]
    scale = float(np.sqrt((stacked[:-1] ** 2).mean())) or 1.0
    rows = np.vstack([stacked[:-1] / scale, np.eye(count) * root / scale, np.ones(count)])
    try:
        found, _ = nnls(rows, np.append(np.zeros(len(rows) - 1), 1.0))
    except RuntimeError as failure:
        raise DesignError("the weights of the synthetic control did not converge", do="use fewer donors") from failure
    return found / found.sum()
