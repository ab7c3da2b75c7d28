"""From one effect size to another, each variance by the delta method; and what clusters cost."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

from curv_eval.errors import DesignError
from curv_eval.stats.meta_size_counts import Size

LOGISTIC = float(np.pi / np.sqrt(3))


def log_odds_to_d(size: Size) -> Size:
    """Return d = log OR sqrt(3) / pi, as if a logistic score had been cut in two (Chinn 2000).

    Hedges' factor for small samples is not applied: it has been, or the effect is not one of means.
    """
    return Size(size.value / LOGISTIC, size.variance / LOGISTIC**2)


def d_to_log_odds(size: Size) -> Size:
    """Return log OR = d pi / sqrt(3), the reverse of `log_odds_to_d`."""
    return Size(size.value * LOGISTIC, size.variance * LOGISTIC**2)


def imbalance(people: tuple[float, float] | None) -> float:
    """Return a = (n1 + n0)^2 / (n1 n0), which is 4 for groups of equal size, or where sizes are not known."""
    return 4.0 if people is None else (people[0] + people[1]) ** 2 / (people[0] * people[1])


def d_to_fisher_z(size: Size, *, people: tuple[float, float] | None = None) -> Size:
    """Return artanh(r), r = d / sqrt(d^2 + a), Var r = a^2 V / (d^2 + a)^3 (Borenstein et al. 2009, ch. 7).

    a as in `imbalance`. With the variance of artanh(r), Var r / (1 - r^2)^2, that is arsinh(d / sqrt(a)) with variance
    V / (d^2 + a).
    """
    a, d = imbalance(people), size.value
    return Size(float(np.arcsinh(d / np.sqrt(a))), float(size.variance / (d**2 + a)))


def fisher_z_to_d(size: Size, *, people: tuple[float, float] | None = None) -> Size:
    """Return d = r sqrt(a / (1 - r^2)), Var d = a Var r / (1 - r^2)^3 (Borenstein et al. 2009, ch. 7, where a = 4).

    With z = artanh(r) that is sqrt(a) sinh(z), with variance a cosh(z)^2 Var z. Raises DesignError where it has no end.
    """
    a, z = imbalance(people), size.value
    if abs(z) > 300:
        raise DesignError(f"Fisher's z of {z:g}: expected one whose correlation is not -1 or 1")
    return Size(float(np.sqrt(a) * np.sinh(z)), float(a * np.cosh(z) ** 2 * size.variance))


def between_risks(size: Size, came: str, goes: str, *, baseline: float) -> Size:
    """Return one of "odds", "risk" (logs of ratios) or "difference" as another, at a risk without the intervention.

    baseline: that risk p0, taken as known. With p1 the risk that the effect gives, log OR = logit p1 - logit p0,
    log RR = log p1 - log p0, difference = p1 - p0; so RR = OR / (1 - p0 + p0 OR) (Zhang & Yu 1998; Cochrane Handbook
    15.4.4). Raises DesignError for a baseline outside 0 to 1, or an effect that would give a risk outside them.
    """
    if not 0 < baseline < 1:
        raise DesignError(f"baseline risk: got {baseline:g}, expected a number between 0 and 1")
    p1, slope = _risk(size.value, came, baseline)
    if not 0 < p1 < 1:
        raise DesignError(
            f"an effect of {size.value:g} on a baseline risk of {baseline:g} gives a risk of {p1:g}",
            ["expected a risk between 0 and 1"],
            "look at the baseline risk",
        )
    values = {"odds": np.log(p1 / (1 - p1) * (1 - baseline) / baseline), "risk": np.log(p1 / baseline)}
    by_risk = {"odds": 1 / (p1 * (1 - p1)), "risk": 1 / p1}
    value, factor = values.get(goes, p1 - baseline), by_risk.get(goes, 1.0) * slope
    return Size(float(value), float(factor**2 * size.variance))


def _risk(value: float, came: str, baseline: float) -> tuple[float, float]:
    """Return the risk with the intervention, and its derivative by the effect."""
    if came == "difference":
        return baseline + value, 1.0
    if came == "risk":
        # a ratio beyond 1 / p0 is no risk whatever its size, and must not overflow before it is refused
        p1 = baseline * float(np.exp(min(value, 700.0)))
        return p1, p1
    p1 = float(expit(logit(baseline) + value))
    return p1, p1 * (1 - p1)


def opposite_risk_ratio(size: Size, *, baseline: float) -> Size:
    """Return the log risk ratio of not having an outcome, from that of having it.

    With p0 the risk of having it without the intervention and p1 = p0 RR, it is log((1 - p1) / (1 - p0)). It is not
    minus the log risk ratio, as it would be for odds. Raises DesignError as `between_risks` does.
    """
    found = between_risks(size, "risk", "odds", baseline=baseline)
    return between_risks(Size(-found.value, found.variance), "odds", "risk", baseline=1 - baseline)


def design_effect(size: float, icc: float, *, cv: float = 0.0) -> float:
    """Return 1 + ((1 + cv^2) m - 1) rho: how many times clusters multiply a variance, at least 1.

    size: people per cluster m, on average. icc: rho. cv: coefficient of variation of cluster sizes (Eldridge, Ashby &
    Kerry 2006; with 0 it is 1 + (m - 1) rho of the Cochrane Handbook 23.1.4). Multiply a variance by it, or divide
    people and events by it. Raises DesignError for m below 1, rho outside 0 to 1, or cv below 0.
    """
    if not (size >= 1 and 0 <= icc <= 1 and cv >= 0):
        raise DesignError(
            f"clusters: got {size:g} people each, an intraclass correlation of {icc:g} and sizes varying by {cv:g}",
            ["expected 1 person or more, a correlation from 0 to 1, and variation of 0 or more"],
        )
    return 1 + ((1 + cv**2) * size - 1) * icc
