"""Effect sizes from means and standard deviations, after or before and after."""

from __future__ import annotations

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.stats.change_scores import correction
from curv_eval.stats.meta_size_counts import Size

Group = tuple[float, float, float]


def raw_difference(treated: Group, control: Group) -> Size:
    """Return m1 - m0 with variance s1^2/n1 + s0^2/n0 (Cochrane Handbook 6.5.1.1), in the outcome's own units.

    treated, control: (mean, standard deviation, people). Raises DesignError for fewer than two people in a group, or
    no variation in either.
    """
    _refuse(treated, control)
    (m1, s1, n1), (m0, s0, n0) = treated, control
    return Size(m1 - m0, s1**2 / n1 + s0**2 / n0)


def pooled_spread(treated: tuple[float, float], control: tuple[float, float]) -> float:
    """Return the standard deviation of two groups pooled, of (standard deviation, people) each."""
    (s1, n1), (s0, n0) = treated, control
    return float(np.sqrt(((n1 - 1) * s1**2 + (n0 - 1) * s0**2) / (n1 + n0 - 2)))


def small_sample_factor(df: float, *, exact: bool = True) -> float:
    """Return Hedges' J: exactly by gamma functions (Hedges 1981, eq. 6e), or approximately 1 - 3 / (4 df - 1).

    Raises DesignError with 1 degree of freedom or fewer.
    """
    return correction(df) if exact or df <= 1 else 1 - 3 / (4 * df - 1)


def hedges_g(treated: Group, control: Group, *, exact: bool = True) -> Size:
    """Return Hedges' g = J(n1+n0-2) (m1 - m0) / s, s pooled, with variance 1/n1 + 1/n0 + g^2 / (2 (n1+n0)).

    Hedges (1981); the variance is the large-sample one that metafor's escalc gives for SMD under vtype "LS".
    treated, control and refusals as in `raw_difference`.
    """
    _refuse(treated, control)
    (m1, s1, n1), (m0, s0, n0) = treated, control
    return standardised((m1 - m0) / pooled_spread((s1, n1), (s0, n0)), (n1, n0), exact=exact)


def standardised(d: float, people: tuple[float, float], *, exact: bool = True) -> Size:
    """Return g = J d and its variance 1/n1 + 1/n0 + g^2 / (2 (n1+n0)), from Cohen's d and people in each group."""
    n1, n0 = people
    g = small_sample_factor(n1 + n0 - 2, exact=exact) * d
    return Size(g, 1 / n1 + 1 / n0 + g**2 / (2 * (n1 + n0)))


def change_spread(before: float, after: float, r: float) -> float:
    """Return the standard deviation of a change, sqrt(s_b^2 + s_a^2 - 2 r s_b s_a) (Cochrane Handbook 6.5.2.8)."""
    if not -1 <= r < 1:
        raise DesignError(f"correlation of before and after: got {r:g}, expected a number from -1 to below 1")
    return float(np.sqrt(before**2 + after**2 - 2 * r * before * after))


def spread_of_change(change: float, r: float) -> float:
    """Return the standard deviation of scores from that of their change, s_d / sqrt(2 (1 - r)).

    Borenstein et al. (2009, ch. 4). Scores are taken to vary as much after as before.
    """
    if not -1 <= r < 1:
        raise DesignError(f"correlation of before and after: got {r:g}, expected a number from -1 to below 1")
    return float(change / np.sqrt(2 * (1 - r)))


def change_g(treated: Group, control: Group, *, noise: tuple[float, float]) -> Size:
    """Return g = J(n1+n0-2) (c1 - c0) / s, variance k1/n1 + k0/n0 + g^2 / (2 (n1+n0)).

    treated, control: (mean change, standard deviation of scores, people); s pools those standard deviations, best
    from before (d_ppc2 of Morris 2008). noise: (k1, k0), the variance of a change in units of s^2, 2 (1 - r) where r
    is the correlation of before and after: the variance that metafor's page on Morris gives.
    """
    _refuse(treated, control)
    (c1, s1, n1), (c0, s0, n0) = treated, control
    g = small_sample_factor(n1 + n0 - 2) * (c1 - c0) / pooled_spread((s1, n1), (s0, n0))
    return Size(g, noise[0] / n1 + noise[1] / n0 + g**2 / (2 * (n1 + n0)))


def _refuse(treated: Group, control: Group) -> None:
    given = np.array([treated, control], dtype=float)
    faults = []
    if not np.isfinite(given).all():
        faults.append("expected numbers for mean, standard deviation and people of both groups")
    elif (given[:, 2] < 2).any():
        faults.append(f"people: got {given[0, 2]:g} and {given[1, 2]:g}, expected at least 2 in each group")
    elif (given[:, 1] < 0).any() or not given[:, 1].any():
        faults.append(f"standard deviations: got {given[0, 1]:g} and {given[1, 1]:g}, expected them above 0")
    if faults:
        raise DesignError("no effect size can be worked out from these means", faults)
