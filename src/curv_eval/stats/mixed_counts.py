"""Shares and counts with a random intercept by group: maximum likelihood by adaptive quadrature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, gammaln

from curv_eval.errors import DesignError

FAMILIES = ("binomial", "poisson")


@dataclass(frozen=True)
class MixedCounts:
    """Coefficients (p,) on the log-odds or log scale, sd of the intercepts with its error, log-likelihood.

    covariance: (p, p), allowing for the error of sd. given_sd: (p, p), as if sd were known.
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    given_sd: np.ndarray
    sd: float
    sd_error: float
    log_likelihood: float

    @property
    def errors(self) -> np.ndarray:
        """Standard errors of the coefficients, (p,)."""
        return np.sqrt(np.diagonal(self.covariance))


@dataclass(frozen=True)
class Response:
    """y (n,) events, of `size` (n,) trials ("binomial"), or counts with log exposure `offset` (n,) ("poisson")."""

    y: np.ndarray
    family: str = "binomial"
    size: np.ndarray | float = 1.0
    offset: np.ndarray | float = 0.0

    def mean(self, eta: np.ndarray) -> np.ndarray:
        """The expected events at the linear predictor."""
        return self.size * expit(eta) if self.family == "binomial" else np.exp(np.minimum(eta, 700))

    def variance(self, mean: np.ndarray) -> np.ndarray:
        """The variance of events given their mean."""
        return mean * (1 - mean / self.size) if self.family == "binomial" else mean

    def log_density(self, eta: np.ndarray) -> np.ndarray:
        """The log-likelihood of each row at the linear predictor, with its constant."""
        if self.family == "poisson":
            return self.y * eta - np.exp(np.minimum(eta, 700)) - gammaln(self.y + 1)
        ways = gammaln(self.size + 1) - gammaln(self.y + 1) - gammaln(self.size - self.y + 1)
        return ways + self.y * eta - self.size * np.logaddexp(0.0, eta)


def mixed_counts(x: np.ndarray, response: Response, group: np.ndarray, *, points: int = 1) -> MixedCounts:
    """Return b and s of eta = x'b + offset + s u_g, u_g ~ N(0, 1), by maximum likelihood; x (n, p), group (n,).

    Each group's integral over u is by `points` Gauss-Hermite nodes around its mode, as wide as its curvature: 1 is
    Laplace's method (Pinheiro & Bates 1995; as lme4's nAGQ). Errors come from the observed information of b and s.
    Raises DesignError for events that cannot be, no convergence, or coefficients without end (separation).
    """
    from scipy.optimize import minimize

    _refuse(response)
    code = np.unique(group, return_inverse=True)[1]
    nodes, weights = np.polynomial.hermite_e.hermegauss(points)
    rule = nodes, np.log(weights / np.sqrt(2 * np.pi)) + nodes**2 / 2

    def negative(theta: np.ndarray) -> float:
        return -_log_likelihood(theta, x, response, code, rule=rule)

    start = np.append(_without(x, response), 0.5)
    found = minimize(negative, start, method="BFGS", options={"gtol": 1e-6, "maxiter": 500})
    polished = minimize(negative, found.x, method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-10,
                        "maxiter": 4000, "maxfev": 8000})  # fmt: skip
    theta = polished.x if polished.fun < found.fun else found.x
    if not np.isfinite(theta).all() or np.abs(theta[:-1]).max() > 25 or not (found.success or polished.success):
        raise DesignError("the model did not converge: a group of rows has every event, or none", do="join groups")
    information = _curvature(negative, theta)
    covariance = np.linalg.pinv(information, hermitian=True)
    p = x.shape[1]
    known = np.linalg.inv(information[:p, :p])
    error = float(np.sqrt(max(covariance[p, p], 0.0)))
    return MixedCounts(theta[:p], covariance[:p, :p], known, abs(float(theta[p])), error, -negative(theta))


def _refuse(response: Response) -> None:
    faults = []
    if response.family not in FAMILIES:
        faults.append(f"family: got {response.family!r}, expected one of {', '.join(FAMILIES)}")
    if (response.y < 0).any() or (response.y % 1 != 0).any():
        faults.append("events: expected whole numbers from 0")
    if response.family == "binomial" and (response.y > response.size).any():
        faults.append("events: more than there were trials")
    if faults:
        raise DesignError("counts by group cannot be modelled", faults)


def _without(x: np.ndarray, response: Response) -> np.ndarray:
    """Return the coefficients without random intercepts, by Newton's steps from the overall mean."""
    b = np.zeros(x.shape[1])
    for _ in range(100):
        mean = response.mean(x @ b + response.offset)
        weight = np.maximum(response.variance(mean), 1e-10)
        move = np.linalg.lstsq((x * weight[:, None]).T @ x, x.T @ (response.y - mean), rcond=None)[0]
        b = b + np.clip(move, -2, 2)
        if np.abs(move).max() < 1e-8:
            break
    return b


def _log_likelihood(
    theta: np.ndarray, x: np.ndarray, response: Response, code: np.ndarray, *, rule: tuple[np.ndarray, np.ndarray]
) -> float:
    fixed, s = x @ theta[:-1] + response.offset, theta[-1]
    mode, width = _modes(fixed, s, response, code)
    nodes, log_weights = rule
    total = np.empty((len(nodes), len(mode)))
    for i, node in enumerate(nodes):
        u = mode + width * node
        rows = np.bincount(code, response.log_density(fixed + s * u[code]))
        total[i] = rows - u**2 / 2 + log_weights[i]
    top = total.max(axis=0)
    return float((top + np.log(np.exp(total - top).sum(axis=0)) + np.log(width)).sum())


def _modes(fixed: np.ndarray, s: float, response: Response, code: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each group's most likely u and one over the root of the curvature there, by Newton's steps."""
    u = np.zeros(code.max() + 1)
    for _ in range(100):
        mean = response.mean(fixed + s * u[code])
        slope = s * np.bincount(code, response.y - mean) - u
        curve = 1 + s**2 * np.bincount(code, response.variance(mean))
        move = np.clip(slope / curve, -3, 3)
        u = u + move
        if np.abs(move).max() < 1e-10:
            break
    curve = 1 + s**2 * np.bincount(code, response.variance(response.mean(fixed + s * u[code])))
    return u, 1 / np.sqrt(curve)


def _curvature(of, at: np.ndarray) -> np.ndarray:
    """Return second derivatives by central differences, (k, k)."""
    k, step = len(at), 1e-3 * np.maximum(np.abs(at), 0.1)
    found = np.empty((k, k))
    for i in range(k):
        for j in range(i, k):
            di, dj = np.zeros(k), np.zeros(k)
            di[i], dj[j] = step[i], step[j]
            corners = of(at + di + dj) - of(at + di - dj) - of(at - di + dj) + of(at - di - dj)
            found[i, j] = found[j, i] = corners / (4 * step[i] * step[j])
    return found
