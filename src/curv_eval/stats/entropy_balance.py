"""Entropy balancing: the most even weights for which untreated people look like the treated on average."""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

from curv_eval.errors import DesignError

STEPS, CLOSE = 200, 1e-9


def moments(x: np.ndarray, *, variances: bool = False) -> np.ndarray:
    """Return what is balanced, (n, k) or more: the covariates, and with `variances` the squares of those that vary.

    Squares are taken of covariates with more than two values, since balancing the mean of a 0 and 1 balances its
    variance; they are taken about the mean, which leaves the problem the same and easier to solve.
    """
    if not variances:
        return x
    several = [j for j in range(x.shape[1]) if len(np.unique(x[:, j])) > 2]
    return np.column_stack([x, (x[:, several] - x[:, several].mean(axis=0)) ** 2])


def entropy_weights(c: np.ndarray, target: np.ndarray, *, base: np.ndarray | None = None) -> np.ndarray:
    """Return weights (n,) that sum to 1, give the columns of c (n, k) the means `target` (k,), and stay near `base`.

    They minimise sum_j w_j log(w_j / q_j) with base weights q (even where not given), and are
    w_j = q_j exp(l'c_j) / sum_i q_i exp(l'c_i), where l minimises the dual log sum_j q_j exp(l'(c_j - target)), found
    by Newton's method with line search (Hainmueller 2012, Political Analysis 20(1)). Raises DesignError where no
    weights reach the target.
    """
    spread = c.std(axis=0)
    if not (spread > 0).all():
        raise DesignError(
            "a covariate has the same value for every untreated person, so no weights can balance it",
            do="leave that covariate out, or the treated people who differ in it",
        )
    z = (c - target) / spread
    log_base = np.zeros(len(c)) if base is None else np.log(base)
    return _newton(z, log_base)


def _newton(z: np.ndarray, log_base: np.ndarray) -> np.ndarray:
    at = np.zeros(z.shape[1])
    now, weights = _dual(z, log_base, at)
    for _ in range(STEPS):
        gradient = weights @ z
        if np.abs(gradient).max() < CLOSE:
            return weights
        centred = z - gradient
        hessian = (centred * weights[:, None]).T @ centred
        if not np.isfinite(hessian).all() or np.linalg.cond(hessian) > 1e15:
            break
        step = -np.linalg.solve(hessian, gradient)
        size = 1.0
        while (tried := _dual(z, log_base, at + size * step))[0] > now + 1e-4 * size * (gradient @ step) + 1e-15:
            size /= 2
            if size < 1e-12:
                break
        at = at + size * step
        now, weights = tried
    raise DesignError(
        "no weights make the untreated people look like the treated",
        [f"the largest gap left is {np.abs(weights @ z).max():.2g} standard deviations"],
        "leave out a covariate in which the groups hardly overlap, or treated people to whom nobody compares",
    )


def _dual(z: np.ndarray, log_base: np.ndarray, at: np.ndarray) -> tuple[float, np.ndarray]:
    power = log_base + z @ at
    value = float(logsumexp(power))
    return value, np.exp(power - value)
