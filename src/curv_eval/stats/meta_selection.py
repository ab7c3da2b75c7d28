"""A three-parameter selection model: studies without a significant effect are seen less often, or more."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, ndtr, ndtri

from curv_eval.errors import DesignError
from curv_eval.stats.meta_bias import enough
from curv_eval.stats.meta_pooled import quantile, two_sided

DIRECTIONS = ("greater", "less")
LEAST_SEEN, MOST_SEEN = 1e-4, 100.0


@dataclass(frozen=True)
class Selection:
    """The pooled effect if selection was as modelled, with normal interval, beside the plain one of maximum likelihood.

    seen: how often a study with one-sided p above the step is seen, for each time that one below it is (1: no
    selection); seen_error NaN where it or tau2 lies on a bound. statistic, p_value: likelihood ratio of selection
    against none, 1 df. below, above: studies on each side of the step. notes: what a reader must know.
    """

    direction: str
    step: float
    below: int
    above: int
    estimate: float
    std_error: float
    conf_low: float
    conf_high: float
    p_value_effect: float
    tau2: float
    seen: float
    seen_error: float
    plain_estimate: float
    plain_tau2: float
    statistic: float
    p_value: float
    notes: tuple[str, ...]


def selection_model(
    y: np.ndarray, v: np.ndarray, *, direction: str = "greater", step: float = 0.025, alpha: float = 0.05
) -> Selection:
    """Return the step-function selection model (Vevea & Hedges 1995; metafor's selmodel "stepfun"), by likelihood.

    The density of y_i is w(p_i) phi((y_i - mu) / s_i) / (s_i A_i), s_i^2 = v_i + tau2, p_i the one-sided p of y_i,
    w = 1 for p <= step and delta above it, A_i = 1 + (delta - 1) Phi((c sqrt(v_i) - mu) / s_i), c the normal quantile
    of 1 - step. direction: the side on which effects are welcome, for which p is small. It assumes normal true effects
    and that selection looked at p alone; with few studies on a side of the step it is nearly unidentified, and its
    normal interval covers too little. Raises DesignError for fewer than 10 studies, and where fewer than 3 lie on a
    side of the step: then it cannot tell.
    """
    y, v = enough(y, v, what="a selection model")
    if direction not in DIRECTIONS or not 0 < step < 1:
        expected = f"expected {' or '.join(DIRECTIONS)} and a step between 0 and 1"
        raise DesignError(f"direction and step: got {direction!r} and {step}, {expected}")
    turn = -1.0 if direction == "less" else 1.0
    held = _Held(turn * y, v, float(ndtri(1 - step)) * np.sqrt(v))
    below, above = int((~held.unwelcome).sum()), int(held.unwelcome.sum())
    if min(below, above) < 3:
        raise DesignError(
            f"a selection model cannot tell: {below} studies have one-sided p at or below {step:g} and {above} above",
            do="it needs at least 3 on each side; say that it could not be looked at",
        )
    plain, (full, likelihood) = _maximum(held, select=False), _maximum(held, select=True)
    statistic = max(0.0, 2 * (likelihood - plain[1]))
    error, seen_error = _errors(held, full)
    wide = quantile(1 - alpha / 2, np.inf) * error
    estimate = turn * float(full[0])
    return Selection(
        direction, step, below, above, estimate, error, estimate - wide, estimate + wide,
        two_sided(full[0] / error, np.inf), float(full[1]), float(np.exp(full[2])), seen_error,
        turn * float(plain[0][0]), float(plain[0][1]), statistic, float(chdtrc(1, statistic)), _notes(full),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Held:
    y: np.ndarray
    v: np.ndarray
    edge: np.ndarray

    @property
    def unwelcome(self) -> np.ndarray:
        return self.y < self.edge


def _likelihood(at: np.ndarray, held: _Held) -> tuple[float, np.ndarray]:
    """Return the log-likelihood at (mu, tau2, log delta), and its gradient."""
    mu, tau2, log_delta = at
    s2 = held.v + tau2
    s = np.sqrt(s2)
    z, a, more, below = (held.y - mu) / s, (held.edge - mu) / s, np.expm1(log_delta), held.unwelcome
    area, height = ndtr(a), np.exp(-(a**2) / 2) / np.sqrt(2 * np.pi)
    whole = 1 + more * area
    value = below.sum() * log_delta - (np.log(2 * np.pi * s2) / 2 + z**2 / 2 + np.log(whole)).sum()
    pull = more * height / whole
    by_mu = ((z + pull) / s).sum()
    by_tau2 = ((z**2 - 1 + pull * a) / (2 * s2)).sum()
    by_log = below.sum() - (np.exp(log_delta) * area / whole).sum()
    return float(value), np.array([by_mu, by_tau2, by_log])


def _maximum(held: _Held, *, select: bool) -> tuple[np.ndarray, float]:
    """Return (mu, tau2, log delta) and the log-likelihood at the best of several starts, tau2 in units of `scale`."""
    from scipy.optimize import minimize

    scale = float(np.var(held.y) + np.median(held.v))
    units = np.array([scale**0.5, scale, 1.0])
    bounds = [(None, None), (0.0, None), (np.log(LEAST_SEEN), np.log(MOST_SEEN)) if select else (0.0, 0.0)]

    def worse(t: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = _likelihood(t * units, held)
        return -value, -slope * units

    middle = float(np.average(held.y, weights=1 / held.v)) / scale**0.5
    starts = [[middle, tau2, log] for tau2 in (0.05, 0.6) for log in ((-1.5, 0.0, 1.5) if select else (0.0,))]
    options = {"ftol": 1e-14, "gtol": 1e-10, "maxiter": 500}
    found = [minimize(worse, start, jac=True, bounds=bounds, method="L-BFGS-B", options=options) for start in starts]
    best = min(found, key=lambda one: one.fun)
    at = _polished(best.x * units, held, units)
    return at, _likelihood(at, held)[0]


def _polished(at: np.ndarray, held: _Held, units: np.ndarray) -> np.ndarray:
    """Return the maximum after Newton's steps among the parameters that lie on no bound."""
    for _ in range(20):
        free = _free(at)
        hessian = _hessian(at, held, free)
        if not (np.linalg.eigvalsh(hessian) < 0).all():
            break
        step = np.zeros(3)
        step[free] = np.linalg.solve(hessian, _likelihood(at, held)[1][free])
        new = at - step
        if new[1] < 0 or _likelihood(new, held)[0] < _likelihood(at, held)[0] - 1e-12:
            break
        at = new
        if (np.abs(step) <= 1e-11 * units).all():
            break
    return at


def _free(at: np.ndarray) -> np.ndarray:
    inside = np.log(LEAST_SEEN) + 1e-6 < at[2] < np.log(MOST_SEEN) - 1e-6 and at[2] != 0.0
    return np.array([True, at[1] > 0, inside])


def _hessian(at: np.ndarray, held: _Held, free: np.ndarray) -> np.ndarray:
    rows = []
    for i in np.flatnonzero(free):
        step = np.zeros(3)
        step[i] = 1e-5 * max(at[1], 1e-3 * float(np.median(held.v))) if i == 1 else 1e-5
        up, down = _likelihood(at + step, held)[1], _likelihood(at - step, held)[1]
        rows.append((up - down)[free] / (2 * step[i]))
    found = np.array(rows)
    return (found + found.T) / 2


def _errors(held: _Held, at: np.ndarray) -> tuple[float, float]:
    free = _free(at)
    hessian = _hessian(at, held, free)
    if not (np.linalg.eigvalsh(hessian) < 0).all():
        raise DesignError(
            "a selection model cannot tell: its likelihood is flat", do="say that it could not be looked at"
        )
    covariance = np.linalg.inv(-hessian)
    seen = float(np.exp(at[2]) * covariance[-1, -1] ** 0.5) if free[2] and free[1] else float("nan")
    return float(covariance[0, 0] ** 0.5), seen


def _notes(at: np.ndarray) -> tuple[str, ...]:
    notes = []
    if not _free(at)[2]:
        notes.append("how often studies are seen lies on its bound: these studies cannot tell it")
    if at[1] == 0:
        notes.append("tau2 is 0, and errors take it as known")
    return tuple(notes)
