"""Answers in order, such as from "never" to "always": proportional odds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from curv_eval.errors import DesignError


@dataclass(frozen=True)
class ProportionalOdds:
    """logit P(Y <= j) = thresholds_j - x'b: thresholds (J-1,), coefficients (p,), log-likelihood.

    covariance: of the thresholds and then the coefficients. scores: (n, J-1+p) influence of each person on them.
    """

    thresholds: np.ndarray
    coefficients: np.ndarray
    covariance: np.ndarray
    log_likelihood: float
    scores: np.ndarray

    @property
    def errors(self) -> np.ndarray:
        """Standard errors of the thresholds and then the coefficients."""
        return np.sqrt(np.diagonal(self.covariance))


def proportional_odds(x: np.ndarray, y: np.ndarray, *, weights: np.ndarray | None = None) -> ProportionalOdds:
    """Return the proportional-odds model of answers y (n,), any sorted values, on x (n, p) without a constant.

    By maximum likelihood with Newton's steps (McCullagh 1980, J. Royal Statistical Society B 42(2)); weights: (n,).
    Raises DesignError with one answer only, an x without variation, or odds without end (separation).
    """
    names, code = np.unique(y, return_inverse=True)
    if len(names) < 2:
        raise DesignError("everybody gave the same answer")
    data = _Answers(x, code, np.ones(len(y)) if weights is None else weights)
    share = np.cumsum(np.bincount(code, data.w))[:-1] / data.w.sum()
    theta = np.append(np.log(share / (1 - share)), np.zeros(x.shape[1]))
    j = len(names) - 1
    for _ in range(100):
        value, each, information = _derivatives(theta, data)
        if np.linalg.cond(information) > 1e13 or np.abs(theta[j:]).max(initial=0.0) > 30:
            break
        move = np.linalg.solve(information, each.sum(axis=0))
        if np.abs(move).max() < 1e-9:
            covariance = np.linalg.inv(information)
            return ProportionalOdds(theta[:j], theta[j:], covariance, value, each @ covariance)
        theta = _climbed(theta, move, data, value=value)
    raise DesignError(
        "the odds have no end, or columns repeat each other: a column separates the answers",
        do="join answers, or leave the column out",
    )


@dataclass(frozen=True)
class _Answers:
    """Columns (n, p), answers as 0 to J-1 (n,) and weights (n,)."""

    x: np.ndarray
    code: np.ndarray
    w: np.ndarray


def _edges(theta: np.ndarray, data: _Answers) -> tuple[np.ndarray, np.ndarray, int]:
    """Return P(Y <= y) and P(Y < y) at each answer, (n,), and the number of thresholds."""
    j = int(data.code.max())
    eta = data.x @ theta[j:]
    cuts = np.concatenate([[-np.inf], theta[:j], [np.inf]])
    return expit(cuts[data.code + 1] - eta), expit(cuts[data.code] - eta), j


def _derivatives(theta: np.ndarray, data: _Answers) -> tuple[float, np.ndarray, np.ndarray]:
    """Return the log-likelihood, each person's score (n, k) and the observed information (k, k)."""
    up, low, j = _edges(theta, data)
    p = np.maximum(up - low, 1e-300)
    d_up, d_low = up * (1 - up), low * (1 - low)
    # each answer's two cut points, less x: the columns by which the edges move
    n = np.arange(len(p))
    high, below = np.zeros((2, len(p), j + 1))
    high[n, np.minimum(data.code, j)] = 1.0
    below[n, np.maximum(data.code - 1, 0)] = (data.code > 0).astype(float)
    a = np.column_stack([high[:, :j], -data.x])
    b = np.column_stack([below[:, :j], -data.x])
    score = (a * d_up[:, None] - b * d_low[:, None]) / p[:, None]
    bend = [(data.w * d * (1 - 2 * q) / p)[:, None] for d, q in ((d_up, up), (d_low, low))]
    information = (score * data.w[:, None]).T @ score - (a * bend[0]).T @ a + (b * bend[1]).T @ b
    return float(data.w @ np.log(p)), score * data.w[:, None], information


def _climbed(theta: np.ndarray, move: np.ndarray, data: _Answers, *, value: float) -> np.ndarray:
    """A Newton step, halved until thresholds stay in order and the likelihood does not fall."""
    for _ in range(40):
        up, low, j = _edges(theta + move, data)
        in_order = (np.diff((theta + move)[:j]) > 0).all()
        if in_order and data.w @ np.log(np.maximum(up - low, 1e-300)) >= value - 1e-10 * abs(value):
            break
        move = move / 2
    return theta + move
