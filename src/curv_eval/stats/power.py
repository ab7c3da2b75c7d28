"""How likely a study is to see an effect, how small an effect it can see, and how large it must be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.stats import chi2, nct, ncx2, norm
from scipy.stats import t as student

from curv_eval.errors import DesignError


@dataclass(frozen=True)
class TTest:
    """A two-sided t test at level alpha between two groups of n and n x ratio people; effects in standard deviations.

    design_effect: by how much clusters inflate the variance (see `design_effect`). clusters: where given, how many
    there are in both groups together; the degrees of freedom are then clusters - 2 less `covariates`. r2: the share of
    the outcome's variance that covariates measured before explain.
    """

    alpha: float = 0.05
    ratio: float = 1.0
    design_effect: float = 1.0
    clusters: int | None = None
    covariates: int = 0
    r2: float = 0.0

    def power(self, effect: float, n: float) -> float:
        """Return the chance of a finding when the effect is `effect`, by the non-central t distribution."""
        df = (n * (1 + self.ratio) if self.clusters is None else self.clusters) - 2 - self.covariates
        if df <= 0:
            raise DesignError(f"got {n:g} people a group, {self.clusters} clusters: nothing is left for the error")
        size = n * self.ratio / (1 + self.ratio) / self.design_effect / (1 - self.r2)
        far, limit = abs(effect) * np.sqrt(size), student.isf(self.alpha / 2, df)
        return float(nct.sf(limit, df, far) + nct.cdf(-limit, df, far))

    def smallest(self, n: float, chance: float = 0.8) -> float:
        """Return the minimum detectable effect, in standard deviations, found with the given chance."""
        return _solved(lambda effect: self.power(effect, n), chance, 1e-9, 1e-3)

    def people(self, effect: float, chance: float = 0.8) -> float:
        """Return how many people the first group needs, not rounded; without clusters, since df follow from people."""
        if self.clusters is not None:
            raise DesignError("with a fixed number of clusters, ask for the smallest effect instead")
        least = (3.0 + self.covariates) / (1 + self.ratio)  # one degree of freedom
        return _solved(lambda n: self.power(effect, n), chance, least, 10.0)


def proportions_power(p1: float, p2: float, n: float, *, alpha: float = 0.05, arcsine: bool = False) -> float:
    """Return the chance of telling two proportions apart with n people in each group, two-sided.

    By the normal approximation with pooled variance under no difference, or by Cohen's (1988) arcsine difference
    h = 2 asin(sqrt(p1)) - 2 asin(sqrt(p2)). The far tail, of findings in the wrong direction, counts only for arcsine.
    """
    z = norm.isf(alpha / 2)
    if arcsine:
        far = abs(arcsine_difference(p1, p2)) * np.sqrt(n / 2)
        return float(norm.sf(z - far) + norm.cdf(-z - far))
    pooled = (p1 + p2) / 2
    under, apart = np.sqrt(2 * pooled * (1 - pooled)), np.sqrt(p1 * (1 - p1) + p2 * (1 - p2))
    return float(norm.cdf((np.sqrt(n) * abs(p1 - p2) - z * under) / apart))


def arcsine_difference(p1: float, p2: float) -> float:
    """Return Cohen's h."""
    return float(2 * (np.arcsin(np.sqrt(p1)) - np.arcsin(np.sqrt(p2))))


def proportions_people(
    p1: float, p2: float, chance: float = 0.8, *, alpha: float = 0.05, arcsine: bool = False
) -> float:
    """Return how many people each group needs to tell p1 from p2, not rounded."""
    if p1 == p2:
        raise DesignError("no number of people tells equal proportions apart")
    return _solved(lambda n: proportions_power(p1, p2, n, alpha=alpha, arcsine=arcsine), chance, 1e-6, 10.0)


def proportions_smallest(p1: float, n: float, chance: float = 0.8, *, alpha: float = 0.05) -> float:
    """Return the largest proportion below p1 that n people a group tell from it with the given chance, NaN if none."""
    found = proportions_power(p1, 0.0, n, alpha=alpha)
    if found < chance:
        return float("nan")
    return float(brentq(lambda p2: proportions_power(p1, p2, n, alpha=alpha) - chance, 0.0, p1, xtol=1e-12))


def chi_squared_power(w: float, n: float, df: int, *, alpha: float = 0.05) -> float:
    """Return the chance that a chi-squared test with df degrees of freedom finds an effect of size w (Cohen 1988)."""
    return float(ncx2.sf(chi2.isf(alpha, df), df, n * w**2))


def design_effect(size: float, icc: float, *, spread: float = 0.0) -> float:
    """Return by how much clusters inflate the variance: 1 + ((1 + spread^2) size - 1) icc.

    size: mean people per cluster. icc: correlation within clusters. spread: coefficient of variation of cluster sizes
    (Eldridge, Ashby & Kerry 2006); 0 gives Kish's 1 + (size - 1) icc.
    """
    return 1.0 + ((1.0 + spread**2) * size - 1.0) * icc


def rates_smallest(expected: float, comparison: float, chance: float = 0.8, **given: float) -> float:
    """Return the smallest fall in a rate, as a share, that counts can show, by the normal approximation of the log.

    expected, comparison: events expected without any effect where treated and elsewhere. given: `alpha` (0.05) and
    `overdispersion` (1), by how much counts vary more than Poisson. With s^2 = overdispersion (1 / expected +
    1 / comparison), the fall is 1 - exp(-(z_{1-alpha/2} + z_{chance}) s).
    """
    alpha, over = given.pop("alpha", 0.05), given.pop("overdispersion", 1.0)
    if given or min(expected, comparison, over) <= 0:
        raise DesignError("expected positive numbers of events, and only alpha and overdispersion besides")
    s = np.sqrt(over * (1 / expected + 1 / comparison))
    return float(-np.expm1(-(norm.isf(alpha / 2) + norm.ppf(chance)) * s))


def _solved(power: Callable[[float], float], chance: float, low: float, start: float) -> float:
    """Return x with power(x) = chance for a power that grows from low on. Raises DesignError when none exists."""
    if not power(low) < chance < 1:
        raise DesignError(f"got a chance of {chance}, expected one between {power(low):.3g} and 1")
    high = start
    while power(high) < chance:
        high *= 2
        if high > 1e12:
            raise DesignError(f"a chance of {chance} is out of reach")
    return float(brentq(lambda x: power(x) - chance, low, high, xtol=1e-12, rtol=1e-13))
