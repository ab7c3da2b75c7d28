"""Posterior distributions of a synthesis that are known up to one integral over tau."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from curv_eval.errors import DesignError

PANELS = 160
GAUSS = np.polynomial.legendre.leggauss(12)


class Posterior(Protocol):
    """A distribution on the line: cdf and density at a number, quantile of a chance, mean and standard deviation."""

    mean: float
    sd: float

    def cdf(self, at: float) -> float:
        """The chance of less than `at`."""

    def density(self, at: float) -> float:
        """The density at `at`."""

    def quantile(self, chance: float) -> float:
        """The number with `chance` below it."""


@dataclass(frozen=True, eq=False)
class Mixture:
    """Normal distributions with means and sds (m,), weighted by weight (m,), which sums to 1.

    mean and sd are NaN or infinite where the integral over tau has none.
    """

    weight: np.ndarray
    means: np.ndarray
    sds: np.ndarray
    mean: float
    sd: float

    def cdf(self, at: float) -> float:
        """The chance of less than `at`."""
        from scipy.special import ndtr

        return float(self.weight @ ndtr((at - self.means) / self.sds))

    def density(self, at: float) -> float:
        """The density at `at`."""
        height = np.exp(-0.5 * ((at - self.means) / self.sds) ** 2) / (np.sqrt(2 * np.pi) * self.sds)
        return float(self.weight @ height)

    def quantile(self, chance: float) -> float:
        """The number with `chance` below it, by Brent's method to 1e-12 of its size."""
        from scipy.optimize import brentq

        middle, step = float(self.weight @ self.means), float(self.weight @ self.sds)
        low, high = middle - step, middle + step
        while self.cdf(low) > chance:
            low -= 2 * (high - low)
        while self.cdf(high) < chance:
            high += 2 * (high - low)
        return float(brentq(lambda at: self.cdf(at) - chance, low, high, xtol=1e-12 * step, rtol=1e-14))


@dataclass(frozen=True, eq=False)
class Spread:
    """The posterior of tau, by Gauss-Legendre quadrature of u = tau / (unit + tau) on even panels.

    raw: log density of tau, up to a constant; top: its largest value; total: the integral of exp(raw - top); below:
    the share below each panel's end (PANELS + 1,).
    """

    raw: Callable[[np.ndarray], np.ndarray]
    unit: float
    top: float
    total: float
    below: np.ndarray
    mean: float
    sd: float

    def cdf(self, at: float) -> float:
        """The chance of less than `at`."""
        u = at / (self.unit + at) if at > 0 else 0.0
        panel = min(int(u * PANELS), PANELS - 1)
        nodes, width = _nodes(panel / PANELS, u)
        return float(self.below[panel] + width @ _scaled(self.raw, nodes, self.unit, top=self.top) / self.total)

    def density(self, at: float) -> float:
        """The density at `at`."""
        return float(np.exp(self.raw(np.array([at]))[0] - self.top) / self.total) if at >= 0 else 0.0

    def quantile(self, chance: float) -> float:
        """The number with `chance` below it, by Brent's method within its panel."""
        from scipy.optimize import brentq

        if chance <= 0:
            return 0.0
        panel = min(int(np.searchsorted(self.below, chance, side="right")) - 1, PANELS - 1)
        low, high = (self.unit * u / (1 - u) if u < 1 else np.inf for u in (panel / PANELS, (panel + 1) / PANELS))
        while not np.isfinite(high) or self.cdf(high) < chance:
            high = 2 * low if not np.isfinite(high) else 2 * high
        return float(brentq(lambda at: self.cdf(at) - chance, low, high, xtol=1e-13 * self.unit, rtol=1e-14))


def _nodes(low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    x, w = GAUSS
    half = (high - low) / 2
    return low + half * (1 + x), half * w


def _scaled(raw: Callable[[np.ndarray], np.ndarray], u: np.ndarray, unit: float, *, top: float) -> np.ndarray:
    """Return the density of u, exp(raw(tau) - top) d tau / du."""
    # a peak between the nodes would be above the top that they saw
    return np.exp(np.minimum(raw(unit * u / (1 - u)) - top, 700.0)) * unit / (1 - u) ** 2


def quadrature(
    raw: Callable[[np.ndarray], np.ndarray], scales: tuple[float, float], moments: int
) -> tuple[Spread, np.ndarray, np.ndarray]:
    """Return the posterior of tau with log density `raw` up to a constant, and nodes and weights of integrals over it.

    scales: between which values of tau its median must lie; moments: the highest moment that exists. The median is the
    unit of the panels. Raises DesignError where panels half as many would differ by 1e-8.
    """
    rough = np.geomspace(scales[0], scales[1], 2000)
    log_mass = raw(rough) + np.log(rough)
    mass = np.cumsum(np.exp(log_mass - log_mass.max()))
    unit = float(rough[np.searchsorted(mass, mass[-1] / 2)])
    edges = np.arange(PANELS) / PANELS
    u, width = (np.array(one) for one in zip(*(_nodes(e, e + 1 / PANELS) for e in edges), strict=True))
    tau = unit * u / (1 - u)
    top = float(raw(tau.ravel()).max())
    share = width * _scaled(raw, u.ravel(), unit, top=top).reshape(u.shape)
    total = float(share.sum())
    _refuse_rough(raw, unit, top=top, total=total)
    weight = share / total
    mean = float((weight * tau).sum()) if moments >= 1 else np.nan
    sd = float(np.sqrt((weight * (tau - mean) ** 2).sum())) if moments >= 2 else np.inf
    below = np.r_[0.0, np.cumsum(weight.sum(axis=1))]
    held = weight.ravel() > 1e-18
    return Spread(raw, unit, top, total, below, mean, sd), tau.ravel()[held], weight.ravel()[held]


def _refuse_rough(raw: Callable[[np.ndarray], np.ndarray], unit: float, *, top: float, total: float) -> None:
    wide = 2 / PANELS
    parts = [_nodes(at * wide, (at + 1) * wide) for at in range(PANELS // 2)]
    half = sum(float(width @ _scaled(raw, u, unit, top=top)) for u, width in parts)
    if not abs(half - total) <= 1e-8 * total:
        raise DesignError(
            "the posterior of tau is too narrow to integrate", do="use `meta_regression`: so many studies need no prior"
        )


@dataclass(frozen=True)
class Summary:
    """Mean, median and sd of a posterior, and the interval that holds `level` of it by `kind`."""

    mean: float
    median: float
    sd: float
    low: float
    high: float
    level: float
    kind: str


def summary(posterior: Posterior, level: float = 0.95, kind: str = "shortest") -> Summary:
    """Return the summary with the "shortest" credible interval that holds `level`, or the "central" one.

    The shortest has one density at both ends, or starts where the distribution does. Raises DesignError for an unknown
    kind or a level that is not between 0 and 1.
    """
    if kind not in ("shortest", "central") or not 0 < level < 1:
        raise DesignError(f"interval: got {kind!r} at {level}, expected shortest or central, and a level below 1")
    chance = (1 - level) / 2 if kind == "central" else _shortest(posterior, level)
    ends = posterior.quantile(chance), posterior.quantile(chance + level)
    return Summary(posterior.mean, posterior.quantile(0.5), posterior.sd, *ends, level, kind)


def _shortest(posterior: Posterior, level: float) -> float:
    """Return the chance below the shortest interval."""
    from scipy.optimize import brentq

    def ends(chance: float) -> tuple[float, float]:
        return posterior.quantile(chance), posterior.quantile(chance + level)

    def uneven(chance: float) -> float:
        low, high = ends(chance)
        return posterior.density(low) - posterior.density(high)

    tail = 1 - level
    grid = tail * np.r_[1e-6, np.arange(1, 20) / 20, 1 - 1e-6]
    lengths = [np.diff(ends(chance))[0] for chance in grid]
    best = int(np.argmin(lengths))
    if isinstance(posterior, Spread) and posterior.quantile(level) <= lengths[best]:
        return 0.0
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    if uneven(low) * uneven(high) >= 0:
        return float(grid[best])
    return float(brentq(uneven, low, high, xtol=1e-14))
