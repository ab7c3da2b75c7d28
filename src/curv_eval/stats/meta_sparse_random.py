"""Pooling tables of few events whose odds ratios differ: logistic models with a random effect (GLMM)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, gammaln, logsumexp

from curv_eval.errors import DesignError
from curv_eval.stats.meta_pooled import quantile, two_sided
from curv_eval.stats.meta_sparse import tables

MODELS = ("conditional", "unconditional")
# a standard deviation of 10 is an odds ratio of 22,000 between one study and the next
_WIDEST = 10.0
Likelihood = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class SparseRandom:
    """The mean log odds ratio with normal interval, and tau2 of the log odds ratios (0 without a random effect).

    studies: k; used: those with events and others. log_likelihood: of the used studies, for comparison between fits
    of the same model. notes: what became of studies without events, and bounds.
    """

    model: str
    studies: int
    used: int
    estimate: float
    std_error: float
    conf_low: float
    conf_high: float
    p_value: float
    tau2: float
    log_likelihood: float
    notes: tuple[str, ...]


def sparse_random(
    counts: np.ndarray, *, model: str = "conditional", random: bool = True, points: int = 7, alpha: float = 0.05
) -> SparseRandom:
    """Return the log odds ratio of counts (k, 4): treated events and people, control events and people, by likelihood.

    The log odds ratio of study i is theta + u_i, u_i normal with variance tau2. "conditional": given all events of a
    study, those of the treated are non-central hypergeometric (van Houwelingen and others 1993; Stijnen and others
    2010; metafor's rma.glmm "CM.EL"). "unconditional": binomial arms with logit alpha_i +- (theta + u_i) / 2, a
    fixed alpha_i for every study (metafor's "UM.FS"); with many small studies its estimate is too far from 0.
    u is integrated by adaptive Gauss-Hermite quadrature with `points`. Errors come from the curvature in (theta, tau);
    normal intervals cover too little for few studies. Studies with no event, or nothing but events, tell nothing and
    are left out. Raises DesignError for counts that cannot be, fewer than 2 studies used, where in every study an arm
    has no event or nothing but events, and where the likelihood has no peak.
    """
    counts = tables(counts)
    if model not in MODELS or points < 1:
        raise DesignError(
            f"model and points: got {model!r}, {points}", do=f"choose {' or '.join(MODELS)}, and 1 or more"
        )
    used = counts[(counts[:, 0] + counts[:, 2] > 0) & (counts[:, 1::2] > counts[:, ::2]).any(axis=1)]
    _can(used)
    marginal = _conditional(used, points) if model == "conditional" else _unconditional(used, points)
    at, hessian = _maximum(marginal, _start(used), random)
    if not (np.linalg.eigvalsh(hessian) < 0).all():
        raise DesignError("these studies cannot tell the odds ratio: its likelihood has no peak", do="say so")
    error = float(np.linalg.inv(-hessian)[0, 0] ** 0.5)
    theta, wide = float(at[0]), quantile(1 - alpha / 2, np.inf) * error
    return SparseRandom(
        model, len(counts), len(used), theta, error, theta - wide, theta + wide, two_sided(theta / error, np.inf),
        float(at[1] ** 2), float(marginal(*at)), _notes(len(counts), len(used), random, at[1]),
    )  # fmt: skip


def _can(used: np.ndarray) -> None:
    if len(used) < 2:
        raise DesignError(f"{len(used)} studies have people with and without events, expected at least 2")
    a, n1, c, n2 = used.T
    if not (a * (n2 - c)).sum() or not ((n1 - a) * c).sum():
        raise DesignError("in every study an arm has no event, or nothing but events: the odds ratio has no bound")


def _start(used: np.ndarray) -> float:
    a, n1, c, n2 = used.T
    return float(np.log(((a * (n2 - c) + 0.5) / (n1 + n2)).sum() / (((n1 - a) * c + 0.5) / (n1 + n2)).sum()))


def _notes(k: int, used: int, random: bool, tau: float) -> tuple[str, ...]:
    notes = []
    if used < k:
        notes.append(f"{k - used} of {k} studies have no event, or nothing but events, in both arms and are left out")
    if random and tau == 0:
        notes.append("tau2 is 0, and the error takes it as known")
    return tuple(notes)


def _quadrature(log_density: Likelihood, tau: float, points: int, k: int) -> np.ndarray:
    """Return log of the integral of exp(l(tau z)) phi(z) over z for each of k studies, about its own mode."""
    if tau == 0:
        return log_density(np.zeros((k, 1)))[0][:, 0]
    z, last, most = np.zeros((k, 1)), np.zeros((k, 1)), np.ones((k, 1))
    for _ in range(100):
        _, slope, curve = log_density(tau * z)
        # a step back over the mode may be half as long, so that no study swings about it for ever
        step = (tau * slope - z) / (1 + tau**2 * curve)
        most = np.where(step * last < 0, most / 2, most)
        last = step = np.clip(step, -most, most)
        z = z + step
        if np.abs(step).max() < 1e-7:
            break
    width = np.sqrt(2 / (1 + tau**2 * log_density(tau * z)[2]))
    nodes, weights = np.polynomial.hermite.hermgauss(points)
    at = z + width * nodes
    value = log_density(tau * at)[0] - at**2 / 2 + nodes**2 + np.log(weights)
    return logsumexp(value, axis=1) + np.log(width[:, 0] / np.sqrt(2 * np.pi))


def _conditional(used: np.ndarray, points: int) -> Callable[[float, float], float]:
    a, n1, c, n2 = used.T
    m = a + c
    low, high = np.maximum(0, m - n2), np.minimum(n1, m)
    x = low[:, None] + np.arange(int((high - low).max()) + 1)
    inside = x <= high[:, None]
    x = np.where(inside, x, low[:, None])
    ways = np.where(inside, _choose(n1[:, None], x) + _choose(n2[:, None], m[:, None] - x), -np.inf)
    # distances from what was seen keep exponents small
    away, seen = x - a[:, None], _choose(n1, a) + _choose(n2, c)
    ways = ways - seen[:, None]
    powers = np.stack([np.ones_like(away), away, away**2], axis=2)

    def log_density(theta: float) -> Likelihood:
        def at(u: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            raw = ways[:, None, :] + away[:, None, :] * (theta + u)[:, :, None]
            most = raw.max(axis=2, keepdims=True)
            total, first, second = np.moveaxis(np.exp(raw - most) @ powers, 2, 0)
            mean = first / total
            return -np.log(total) - most[:, :, 0], -mean, second / total - mean**2

        return at

    return lambda theta, tau: float(_quadrature(log_density(theta), abs(tau), points, len(a)).sum())


def _choose(n: np.ndarray, x: np.ndarray) -> np.ndarray:
    return gammaln(n + 1) - gammaln(x + 1) - gammaln(n - x + 1)


def _unconditional(used: np.ndarray, points: int) -> Callable[[float, float], float]:
    a, n1, c, n2 = (column[:, None] for column in used.T)
    held = {"alpha": np.log((a + c + 0.5) / (n1 + n2 - a - c + 0.5))}

    def log_density(theta: float, alpha: np.ndarray) -> Likelihood:
        def at(u: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            half = (theta + u) / 2
            up, down = alpha + half, alpha - half
            p, q = expit(up), expit(down)
            value = a * up - n1 * np.logaddexp(0, up) + c * down - n2 * np.logaddexp(0, down)
            slope = ((a - n1 * p) - (c - n2 * q)) / 2
            return value, slope, (n1 * p * (1 - p) + n2 * q * (1 - q)) / 4

        return at

    def whole(theta: float, tau: float) -> float:
        def each(alpha: np.ndarray) -> np.ndarray:
            return _quadrature(log_density(theta, alpha), abs(tau), points, len(a))[:, None]

        alpha, h = held["alpha"], 1e-3
        for _ in range(100):
            low, mid, high = each(alpha - h), each(alpha), each(alpha + h)
            curve = np.minimum((low + high - 2 * mid) / h**2, -1e-12)
            step = np.clip(-(high - low) / (2 * h) / curve, -1.0, 1.0)
            alpha = alpha + step
            if np.abs(step).max() < 1e-7:
                break
        held["alpha"] = alpha
        return float(each(alpha).sum())

    return whole


def _maximum(marginal: Callable[[float, float], float], start: float, random: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return (theta, tau) at the maximum and the matrix of second derivatives, of theta alone where tau is 0."""
    from scipy.optimize import minimize, minimize_scalar

    alone = minimize_scalar(lambda t: -marginal(t, 0.0), bracket=(start - 0.5, start + 0.5), tol=1e-6)
    at = np.array([alone.x, 0.0])
    if random:
        begin = np.array([[alone.x, 0.3], [alone.x + 0.2, 0.3], [alone.x, 0.8]])
        options = {"initial_simplex": begin, "xatol": 1e-4, "fatol": 1e-8, "maxiter": 400}
        bounds = [(None, None), (-_WIDEST, _WIDEST)]
        found = minimize(lambda t: -marginal(*t), begin[0], method="Nelder-Mead", bounds=bounds, options=options)
        if -found.fun > -alone.fun + 1e-8 and abs(found.x[1]) > 1e-3:
            at = np.array([found.x[0], abs(found.x[1])])
    if at[1] > 0.95 * _WIDEST:
        raise DesignError(
            "these studies cannot tell how far their odds ratios differ", do="pass random=False, or say so"
        )
    return _polished(marginal, at)


def _polished(marginal: Callable[[float, float], float], at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    free = 2 if at[1] > 0 else 1
    for _ in range(6):
        slope, hessian = _derivatives(marginal, at, free)
        step = np.linalg.solve(hessian, slope)
        at = at - np.r_[step, np.zeros(2 - free)]
        if np.abs(step).max() < 1e-7:
            break
    return at, _derivatives(marginal, at, free)[1]


def _derivatives(marginal: Callable[[float, float], float], at: np.ndarray, free: int) -> tuple[np.ndarray, np.ndarray]:
    h = 2e-3
    steps = np.eye(2)[:free] * h
    mid = marginal(*at)
    up, down = (np.array([marginal(*(at + sign * s)) for s in steps]) for sign in (1, -1))
    # five points, so that the error is of order h^4
    far_up, far_down = (np.array([marginal(*(at + 2 * sign * s)) for s in steps]) for sign in (1, -1))
    slope = (8 * (up - down) - (far_up - far_down)) / (12 * h)
    hessian = np.diag((16 * (up + down) - far_up - far_down - 30 * mid) / (12 * h**2))
    if free == 2:
        corners = [i * j * marginal(at[0] + i * h, at[1] + j * h) for i in (1, -1) for j in (1, -1)]
        hessian[0, 1] = hessian[1, 0] = sum(corners) / (4 * h**2)
    return slope, hessian
