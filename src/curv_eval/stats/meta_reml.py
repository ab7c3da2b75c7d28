"""Restricted likelihood of one variance between studies, for many sets of effects at once."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

# of the residual variance; the likelihood is looked at here before the nearest maximum is sought
GRID = np.array([0.0, 0.003, 0.01, 0.03, 0.1, 0.25, 0.5, 1.0, 2.0, 10.0])


@dataclass(frozen=True, eq=False)
class Reml:
    """m fits at tau2 (m,): coefficients (m, p), bread (X'WX)^-1 (m, p, p), weighted residual square r'Wr (m,).

    log_likelihood, gradient, expected and observed information: (m,), each by tau2.
    """

    tau2: np.ndarray
    coefficients: np.ndarray
    bread: np.ndarray
    square: np.ndarray
    log_likelihood: np.ndarray
    gradient: np.ndarray
    expected: np.ndarray
    observed: np.ndarray


def at(tau2: np.ndarray, y: np.ndarray, v: np.ndarray, *, x: np.ndarray) -> Reml:
    """Return m fits at given tau2 (m,); y and v: (m, k), x: (k, p). W = 1 / (v + tau2).

    l = -1/2 [(k-p) log 2 pi - log|X'X| + sum log(v + tau2) + log|X'WX| + r'Wr], gradient 1/2 [y'PPy - tr P], expected
    information 1/2 tr(PP), observed y'PPPy less that (Viechtbauer 2005).
    """
    (k, p), w = x.shape, 1.0 / (v + tau2[:, None])
    products = (x[:, :, None] * x[:, None, :]).reshape(k, p * p)
    first, second, third = ((power @ products).reshape(-1, p, p) for power in (w, w**2, w**3))
    bread = np.linalg.inv(first)
    b = np.einsum("mij,mj->mi", bread, (w * y) @ x)
    residual = y - b @ x.T
    u = w * residual
    inner = (w * u) @ x
    middle = bread @ second
    trace = w.sum(axis=1) - np.trace(middle, axis1=1, axis2=2)
    double = (w**2).sum(axis=1) - 2 * np.einsum("mij,mji->m", bread, third) + np.einsum("mij,mji->m", middle, middle)
    triple = (w * u**2).sum(axis=1) - np.einsum("mi,mij,mj->m", inner, bread, inner)
    square = (u * residual).sum(axis=1)
    base = (k - p) * np.log(2 * np.pi) - np.linalg.slogdet(x.T @ x)[1]
    level = -0.5 * (base - np.log(w).sum(axis=1) + np.linalg.slogdet(first)[1] + square)
    gradient = 0.5 * ((u**2).sum(axis=1) - trace)
    return Reml(tau2, b, bread, square, level, gradient, double / 2, triple - double / 2)


def reml(y: np.ndarray, v: np.ndarray, x: np.ndarray) -> Reml:
    """Return m fits at their own maximum over tau2 >= 0; y and v: (m, k), x: (k, p).

    The likelihood is taken on a grid, and from its best point Newton's steps go to the maximum between the neighbours,
    with a bisection where a step would leave them. Done where steps are below 1e-11 of the interval's end.
    """
    # orthogonal columns keep the digits of a year beside a constant
    q, r = np.linalg.qr(x)
    residual = y - (y @ q) @ q.T
    scale = np.maximum((residual**2).sum(axis=1) / (x.shape[0] - x.shape[1]), 1e-12 * v.max(axis=1))
    grid = scale[:, None] * GRID
    levels = np.column_stack([at(one, y, v, x=q).log_likelihood for one in grid.T])
    top = levels.argmax(axis=1)
    here = np.arange(len(y))
    low, high = grid[here, np.maximum(top - 1, 0)], grid[here, np.minimum(top + 1, len(GRID) - 1)]
    high = np.where(top == len(GRID) - 1, 100 * high, high)
    fit = at(_refined(grid[here, top], np.column_stack([low, high]), y=y, v=v, x=q), y, v, x=q)
    back = np.linalg.inv(r)
    return replace(fit, coefficients=fit.coefficients @ back.T, bread=back @ fit.bread @ back.T)


def _refined(tau2: np.ndarray, ends: np.ndarray, *, y: np.ndarray, v: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the maximum from tau2 (m,) within ends (m, 2)."""
    tau2, low, high = tau2.copy(), ends[:, 0].copy(), ends[:, 1].copy()
    close, todo = 1e-11 * high, np.arange(len(y))
    for _ in range(100):
        fit, now = at(tau2[todo], y[todo], v[todo], x=x), tau2[todo]
        rises = fit.gradient > 0
        low[todo], high[todo] = np.where(rises, now, low[todo]), np.where(rises, high[todo], now)
        safe = np.where(fit.observed > 0, fit.observed, np.inf)
        new = now + fit.gradient / safe
        outside = (fit.observed <= 0) | (new < low[todo]) | (new > high[todo])
        new = np.where(outside, (low[todo] + high[todo]) / 2, new)
        tau2[todo] = new
        todo = todo[np.abs(new - now) > close[todo]]
        if not len(todo):
            break
    return tau2
