"""What a paper prints of an estimate (interval, t, p, F, chi-squared, correlation) as a standard error or an effect."""

from __future__ import annotations

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.stats.meta_size_counts import Size
from curv_eval.stats.meta_size_means import standardised


def critical(level: float = 0.95, df: float | None = None) -> float:
    """Return the two-sided quantile of a normal, or with df of Student's t, for a level such as 0.95."""
    from scipy.special import ndtri, stdtrit

    if not 0 < level < 1 or (df is not None and not df > 0):
        raise DesignError(f"level {level:g}, df {df}: expected a level between 0 and 1, and degrees of freedom above 0")
    tail = 0.5 + level / 2
    return float(ndtri(tail) if df is None else stdtrit(df, tail))


def error_from_interval(low: float, high: float, *, level: float = 0.95, df: float | None = None) -> float:
    """Return (high - low) / (2 q), q the quantile of `critical` (Cochrane Handbook 6.3.1); ratios come as logs.

    Raises DesignError unless low is below high.
    """
    if not low < high:
        raise DesignError(f"interval: got {low:g} to {high:g}, expected the lower end below the upper one")
    return (high - low) / (2 * critical(level, df))


def error_from_t(value: float, t: float) -> float:
    """Return value / t, where t (or z) tests that the value is 0 (Cochrane Handbook 6.3.1).

    Raises DesignError where either is 0, or their signs differ.
    """
    if value == 0 or t == 0 or (value < 0) != (t < 0):
        raise DesignError(f"t: got {t:g} for an estimate of {value:g}, expected the same sign and neither of them 0")
    return value / t


def error_from_p(value: float, p: float, *, df: float | None = None) -> float:
    """Return |value| / q, q the quantile for level 1 - p, p two-sided (Cochrane Handbook 6.3.1 and 6.5.2.3).

    Where p is only known to be below a bound, the bound gives the largest error that fits. Raises DesignError for a p
    outside 0 to 1, or an estimate of 0, whose p of 1 says nothing of its error.
    """
    if not 0 < p < 1 or value == 0:
        raise DesignError(f"p: got {p:g} for an estimate of {value:g}, expected p between 0 and 1, an estimate not 0")
    return abs(value) / critical(1 - p, df)


def g_from_t(t: float, people: tuple[float, float]) -> Size:
    """Return Hedges' g from Student's t of two groups, d = t sqrt(1/n1 + 1/n0) (Borenstein et al. 2009, ch. 4)."""
    _refuse_people(people)
    return standardised(float(t * np.sqrt(1 / people[0] + 1 / people[1])), people)


def g_from_p(p: float, people: tuple[float, float], *, sign: int) -> Size:
    """Return Hedges' g from the two-sided p of Student's t test; sign: -1 where treated people had less, else 1."""
    _refuse_people(people)
    if not 0 < p <= 1:
        raise DesignError(f"p: got {p:g}, expected a number above 0 and at most 1")
    return g_from_t(sign * critical(1 - p, sum(people) - 2) if p < 1 else 0.0, people)


def g_from_f(f: float, people: tuple[float, float], *, sign: int) -> Size:
    """Return Hedges' g from F with 1 and n1 + n0 - 2 degrees of freedom, whose root is |t| of two groups."""
    if not f >= 0:
        raise DesignError(f"F: got {f:g}, expected a number of 0 or more")
    return g_from_t(sign * float(np.sqrt(f)), people)


def g_from_chi_squared(x2: float, people: tuple[float, float], *, sign: int) -> Size:
    """Return Hedges' g from chi-squared with 1 degree of freedom: phi = sqrt(x2 / N), d = phi sqrt(a / (1 - phi^2)).

    a = N^2 / (n1 n0), so that with equal groups d = 2 sqrt(x2 / (N - x2)) (Lipsey & Wilson 2001, appendix B). Raises
    DesignError where x2 is below 0 or not below N, which it cannot be.
    """
    _refuse_people(people)
    n = sum(people)
    if not 0 <= x2 < n:
        raise DesignError(f"chi-squared: got {x2:g} with {n:g} people, expected 0 or more and fewer than people")
    return standardised(sign * float(np.sqrt(n**2 / (people[0] * people[1]) * x2 / (n - x2))), people)


def fisher_z(r: float, n: float) -> Size:
    """Return artanh(r) with variance 1 / (n - 3) (Fisher 1921; Borenstein et al. 2009, ch. 6).

    Raises DesignError for r not strictly between -1 and 1, or fewer than four people.
    """
    if not (-1 < r < 1 and n > 3):
        raise DesignError(f"correlation {r:g} of {n:g} people: expected it between -1 and 1, and at least 4 people")
    return Size(float(np.arctanh(r)), 1 / (n - 3))


def _refuse_people(people: tuple[float, float]) -> None:
    if not min(people) >= 2:
        raise DesignError(f"people: got {people[0]:g} and {people[1]:g}, expected at least 2 in each group")
