"""What a test of trends before the start can see, and what it lets through (Roth 2022)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri
from scipy.stats import multivariate_normal, norm, qmc

from curv_eval.errors import DesignError

SEED = 20261125


@dataclass(frozen=True)
class PreTest:
    """The test that rejects when some effect before the start is more than `critical` standard errors from 0.

    root: (T, r) with root root' the covariance of all effects, those before the start first. n_pre: how many they are.
    The covariance may be singular. critical: 1.96 for tests one by one, more for a joint test.
    """

    root: np.ndarray
    n_pre: int
    critical: float = float(norm.ppf(0.975))

    def __post_init__(self) -> None:
        if not 1 <= self.n_pre <= len(self.root) or not (self.errors > 0).all():
            raise DesignError("a test of trends before the start needs at least one effect there, each with an error")

    @property
    def errors(self) -> np.ndarray:
        """The standard errors of the effects before the start, (n_pre,)."""
        return np.linalg.norm(self.root[: self.n_pre], axis=1)

    def power(self, trend: np.ndarray) -> float:
        """Return the chance that the test rejects when the effects are in truth `trend`, (T,) or (n_pre,)."""
        weight, _ = self._passing(np.asarray(trend, dtype=float))
        return float(1 - weight.mean())

    def slope(self, shape: np.ndarray, chance: float) -> float:
        """Return the c > 0 for which the trend c x shape, (T,), is detected with the given chance.

        Raises DesignError when the test rejects as often without any trend, or `shape` is 0 before the start.
        """
        before = np.asarray(shape, dtype=float)[: self.n_pre]
        largest = np.abs(before / self.errors).max()
        if not 0 < chance < 1 or largest == 0 or self.power(0 * before) >= chance:
            raise DesignError(f"no steady trend is detected with a chance of {chance}")
        most = (self.critical + 10) / largest
        return float(brentq(lambda c: self.power(c * before) - chance, 0.0, most, xtol=1e-9 * most))

    def after_passing(self, trend: np.ndarray) -> np.ndarray:
        """Return the mean of the estimates, (T,), among studies that pass the test when `trend`, (T,), is the truth.

        The bias of those estimates is this less the true effects: passing can make it larger than the trend itself.
        Raises DesignError when fewer than 1 in 1,000 studies pass.
        """
        weight, errors = self._passing(np.asarray(trend, dtype=float))
        if weight.mean() < 1e-3:
            raise DesignError("such a trend would hardly ever pass the test")
        return trend + self._triangle[:, : self.n_pre] @ (errors @ weight / weight.sum())

    @cached_property
    def _triangle(self) -> np.ndarray:
        """The lower triangular root of the covariance, (T, T); it may have zeros on its diagonal."""
        found = np.linalg.qr(self.root.T, mode="r").T
        return np.pad(found, ((0, 0), (0, len(found) - found.shape[1])))

    def _passing(self, trend: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return draws of the errors that pass, (n_pre, draws), and the weight of each, (draws,) (Genz 1992).

        One effect after the other is drawn within the bounds that the earlier ones leave it; the chance of those bounds
        is its weight, so that the mean weight is the chance of passing.
        """
        uniform = _uniform(self.n_pre)
        errors, weight = np.zeros_like(uniform), np.ones(uniform.shape[1])
        for i, limit in enumerate(self.critical * self.errors):
            row, so_far = self._triangle[i], trend[i] + self._triangle[i, :i] @ errors[:i]
            if abs(row[i]) <= 1e-9 * limit:
                weight = weight * (np.abs(so_far) <= limit)
                continue
            middle, half = -so_far / row[i], limit / abs(row[i])
            low, high = middle - half, middle + half
            share = ndtr(high) - ndtr(low)
            errors[i] = np.clip(ndtri(ndtr(low) + uniform[i] * share), low, high)
            weight = weight * share
        return weight, errors


@lru_cache(maxsize=4)
def _uniform(k: int) -> np.ndarray:
    """Return evenly spread points in the unit cube, (k, 4,096), always the same (a scrambled Sobol sequence)."""
    return np.clip(qmc.Sobol(k, rng=SEED).random_base2(12).T, 1e-12, 1 - 1e-12)


def bayes_factor(test: PreTest, trend: np.ndarray) -> float:
    """Return how much passing the test speaks for `trend` over no trend: the ratio of the chances of passing.

    Near 1 the test says nothing.
    """
    return (1 - test.power(trend)) / (1 - test.power(np.zeros(test.n_pre)))


def likelihood_ratio(estimates: np.ndarray, sigma: np.ndarray, trend: np.ndarray) -> float:
    """Return the likelihood of the estimates before the start under `trend` over that under no trend.

    estimates, trend: (k,). sigma: (k, k), not singular.
    """
    under = [multivariate_normal.logpdf(estimates, mean, sigma) for mean in (trend, np.zeros(len(trend)))]
    return float(np.exp(under[0] - under[1]))
