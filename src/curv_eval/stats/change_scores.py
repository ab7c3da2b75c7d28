"""Scores before and after: standardised change, reliable change, and who moved by as much as matters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, ndtri

from curv_eval.errors import DesignError


@dataclass(frozen=True)
class Standardised:
    """A change in standard deviations: value, error, interval, and the factor that took off its small-sample bias."""

    value: float
    std_error: float
    conf_low: float
    conf_high: float
    correction: float


@dataclass(frozen=True)
class Reliable:
    """Shares whose score fell, or rose, by more than error of measurement explains, and the change that takes."""

    fell: float
    rose: float
    least: float


def correction(df: float) -> float:
    """Return J = Gamma(df/2) / (sqrt(df/2) Gamma((df-1)/2)), exactly (Hedges 1981); about 1 - 3 / (4 df - 1)."""
    if df <= 1:
        raise DesignError(f"the small-sample correction needs more than 1 degree of freedom, got {df:g}")
    return float(np.exp(gammaln(df / 2) - gammaln((df - 1) / 2)) / np.sqrt(df / 2))


def standardised_change(before: np.ndarray, after: np.ndarray, *, alpha: float = 0.05) -> Standardised:
    """Return Hedges' g_av: the mean change over the average standard deviation of both times, less its bias.

    before, after: (n,) the same people. g = J(2(n-1)/(1+r^2)) m / s, s^2 = (s1^2 + s2^2) / 2 (Cumming 2012; J's degrees
    of freedom by Cousineau & Goulet-Pelletier 2021). Variance before correction (Bonett 2008, Psychological Methods
    13(2)): d^2 (s1^4 + s2^4 + 2 r^2 s1^2 s2^2) / (8 s^4 (n-1)) + (s1^2 + s2^2 - 2 r s1 s2) / (s^2 (n-1)).
    Raises DesignError with fewer than three people, or no variation.
    """
    n = len(before)
    if n < 3:
        raise DesignError(f"a standardised change needs at least 3 people, got {n}")
    v1, v2 = before.var(ddof=1), after.var(ddof=1)
    s2 = (v1 + v2) / 2
    if not (v1 > 0 and v2 > 0):
        raise DesignError("a standardised change needs scores that differ between people at both times")
    shared = float(np.cov(before, after)[0, 1])
    d = float((after - before).mean() / np.sqrt(s2))
    part = d**2 * (v1**2 + v2**2 + 2 * shared**2) / (8 * s2**2 * (n - 1))
    variance = part + (v1 + v2 - 2 * shared) / (s2 * (n - 1))
    j = correction(2 * (n - 1) / (1 + shared**2 / (v1 * v2)))
    return _standardised(d, float(np.sqrt(variance)), j, alpha)


def standardised_difference(
    before: np.ndarray, after: np.ndarray, treated: np.ndarray, *, alpha: float = 0.05
) -> Standardised:
    """Return how much more the treated changed than others, in standard deviations before, less its bias.

    before, after: (n,), treated: (n,) bool. g = J(n-2) (mean change treated - mean change others) / s, s the pooled
    standard deviation before: d_ppc2 of Morris (2008, Organizational Research Methods 11(2)). Its variance is equation
    25 there: 2 J^2 (1-r) (N/(n_t n_c)) ((N-2)/(N-4)) (1 + g^2 / (2 (1-r) N/(n_t n_c))) - g^2, r pooled within groups.
    Raises DesignError with fewer than two people in a group or five in all, or no variation before.
    """
    change, groups = after - before, (treated, ~treated)
    sizes = [int(g.sum()) for g in groups]
    n = sum(sizes)
    if min(sizes) < 2 or n < 5:
        raise DesignError(f"a standardised difference needs at least 2 people in each group and 5 in all, got {sizes}")
    b, a = (_centred(x, groups) for x in (before, after))
    if not ((b**2).sum() > 0 and (a**2).sum() > 0):
        raise DesignError("a standardised difference needs scores that differ between people")
    spread, r = np.sqrt((b**2).sum() / (n - 2)), float(b @ a / np.sqrt((b @ b) * (a @ a)))
    j = correction(n - 2)
    d = float((change[treated].mean() - change[~treated].mean()) / spread)
    inner = 2 * (1 - r) * n / (sizes[0] * sizes[1])
    variance = j**2 * inner * (n - 2) / (n - 4) * (1 + (j * d) ** 2 / inner) - (j * d) ** 2
    return _standardised(d, float(np.sqrt(max(variance, 0.0))) / j, j, alpha)


def _centred(x: np.ndarray, groups: tuple[np.ndarray, ...]) -> np.ndarray:
    found = x.astype(float).copy()
    for group in groups:
        found[group] -= found[group].mean()
    return found


def _standardised(d: float, error: float, j: float, alpha: float) -> Standardised:
    width = float(ndtri(1 - alpha / 2)) * j * error
    return Standardised(j * d, j * error, j * d - width, j * d + width, j)


def reliable_change(
    before: np.ndarray, after: np.ndarray, *, reliability: float, spread: float | None = None, alpha: float = 0.05
) -> Reliable:
    """Return the shares of people whose change is larger than error of measurement explains (Jacobson & Truax 1991).

    A change counts when |after - before| > z s sqrt(2 (1 - reliability)), with s the standard deviation before (of
    these people, or `spread`, such as that of a norm group) and z 1.96 for alpha 0.05.
    Raises DesignError for a reliability outside 0 to 1.
    """
    if not 0 <= reliability < 1:
        raise DesignError(f"reliability: got {reliability:g}, expected a number from 0 to below 1")
    s = float(before.std(ddof=1)) if spread is None else spread
    least = float(ndtri(1 - alpha / 2) * s * np.sqrt(2 * (1 - reliability)))
    change = after - before
    return Reliable(float((change < -least).mean()), float((change > least).mean()), least)
