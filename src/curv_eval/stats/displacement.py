"""Did incidents move? Differences and quotients of counts in treated areas, a buffer around them and a comparison."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from curv_eval.errors import DesignError


@dataclass(frozen=True)
class Difference:
    """A number with its standard error."""

    value: float
    std_error: float

    def interval(self, alpha: float = 0.05) -> tuple[float, float]:
        """Return the (1 - alpha) interval by the normal quantile."""
        width = ndtri(1 - alpha / 2) * self.std_error
        return self.value - width, self.value + width


@dataclass(frozen=True)
class Weights:
    """What counts are divided by: lengths of time (before, after), and sizes of the areas.

    areas: (treated, comparison, buffer, comparison of the buffer), in hectares, areas or residents. dispersion: how
    many times as large as Poisson the variance of a count is.
    """

    time: tuple[float, float] = (1.0, 1.0)
    areas: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    dispersion: float = 1.0


@dataclass(frozen=True)
class WeightedDisplacement:
    """The weighted displacement difference: local (treated areas), displacement (the buffer), and their total."""

    local: Difference
    displacement: Difference
    total: Difference


def weighted_displacement_difference(
    treated, comparison, *, buffer=(0, 0), buffer_comparison=(0, 0), weights: Weights = Weights()
) -> WeightedDisplacement:
    """Return the weighted displacement difference with its error (Wheeler & Ratcliffe 2018, Crime Science 7:11).

    Each argument is (before, after), counts. With T, C, D and E the counts of treated areas, their comparison, the
    buffer and its comparison, each divided by its time and area,

        WDD = (T_1 - T_0) - (C_1 - C_0) + (D_1 - D_0) - (E_1 - E_0),

    whose variance is the sum of counts / (time x area)^2, if counts are Poisson and independent. Raises DesignError
    for negative counts or weights that are not positive.
    """
    counts = np.array([treated, comparison, buffer, buffer_comparison], dtype=float)
    divisor = np.outer(weights.areas, weights.time)
    _refuse_counts(counts, divisor)
    change = (counts / divisor) @ [-1.0, 1.0]
    variance = weights.dispersion * (counts / divisor**2).sum(axis=1)
    sign = np.array([1.0, -1.0, 1.0, -1.0])
    parts = [[0, 1], [2, 3], [0, 1, 2, 3]]
    return WeightedDisplacement(
        *(Difference(float(sign[p] @ change[p]), float(np.sqrt(variance[p].sum()))) for p in parts)
    )


def _refuse_counts(counts: np.ndarray, divisor: np.ndarray) -> None:
    faults = []
    if not (np.isfinite(counts).all() and (counts >= 0).all()):
        faults.append("counts: expected numbers of 0 or more")
    if not (divisor > 0).all():
        faults.append("weights: expected times and areas above 0")
    if faults:
        raise DesignError("no displacement can be worked out from these counts", faults)


@dataclass(frozen=True)
class Quotient:
    """The weighted displacement quotient and what it is made of.

    success: R_1/C_1 - R_0/C_0, below 0 where treated areas did better. buffer: D_1/C_1 - D_0/C_0. value: their quotient
    buffer / success, None unless success is below 0. std_error: its error by the delta method. conf_low, conf_high:
    Fieller's interval, None where it is not bounded: then success cannot be told from 0, and the quotient must not be
    reported. gross: R_0 - R_1. net:
    R_0/C_0 - R_1/C_1. total_net: [R_0 C_1/C_0 - R_1] + [D_0 C_1/C_0 - D_1], incidents prevented in both.
    """

    success: Difference
    buffer: Difference
    value: float | None
    std_error: float | None
    conf_low: float | None
    conf_high: float | None
    gross: Difference
    net: Difference
    total_net: Difference

    @property
    def stable(self) -> bool:
        """Whether the quotient may be reported: treated areas did better, and by more than chance."""
        return self.value is not None and self.conf_low is not None


def displacement_quotient(
    response, buffer, comparison, *, covariance: np.ndarray | None = None, critical: float = 1.959963984540054
) -> Quotient:
    """Return the weighted displacement quotient (Bowers & Johnson 2003, J. Quantitative Criminology 19(3)).

        WDQ = (D_1/C_1 - D_0/C_0) / (R_1/C_1 - R_0/C_0)

    Above 0: the benefit spread; below 0: incidents moved; below -1: more moved than were prevented. Each argument is
    (before, after), counts. covariance: (6, 6) of (R_0, R_1, D_0, D_1, C_0, C_1), Poisson where not given. critical:
    the quantile of the intervals. Errors by the delta method; the quotient's interval is Fieller's (1954), which is
    bounded only where the success measure differs from 0. Raises DesignError for a comparison without incidents.
    """
    counts = np.array([*response, *buffer, *comparison], dtype=float)
    _refuse_counts(counts, np.ones(1))
    if counts[4] == 0 or counts[5] == 0:
        raise DesignError("the comparison areas have no incidents before or after", do="use more areas or more months")
    v = np.diag(counts) if covariance is None else np.asarray(covariance, dtype=float)
    success, d_success = _relative_change(counts, 0)
    moved, d_moved = _relative_change(counts, 2)
    prevented, d_prevented = _prevented(counts)

    def found(value: float, gradient: np.ndarray) -> Difference:
        return Difference(float(value), float(np.sqrt(gradient @ v @ gradient)))

    gradients = np.array([d_moved, d_success])
    ratio = _ratio((moved, success), gradients @ v @ gradients.T, critical) if success < 0 else (None,) * 4
    return Quotient(
        found(success, d_success), found(moved, d_moved), *ratio,
        found(counts[0] - counts[1], np.array([1.0, -1, 0, 0, 0, 0])), found(-success, -d_success),
        found(prevented, d_prevented),
    )  # fmt: skip


def _ratio(pair: tuple[float, float], v: np.ndarray, critical: float) -> tuple:
    """Return the ratio, its error by the delta method and the ends of Fieller's interval."""
    value = pair[0] / pair[1]
    toward = np.array([1.0, -value]) / pair[1]
    return value, float(np.sqrt(max(toward @ v @ toward, 0.0))), *_fieller(pair, v, critical)


def _relative_change(counts: np.ndarray, at: int) -> tuple[float, np.ndarray]:
    """Return X_1/C_1 - X_0/C_0 and its gradient, for the pair of counts that starts at `at`."""
    x0, x1, c0, c1 = counts[at], counts[at + 1], counts[4], counts[5]
    gradient = np.zeros(6)
    gradient[[at, at + 1, 4, 5]] = -1 / c0, 1 / c1, x0 / c0**2, -x1 / c1**2
    return x1 / c1 - x0 / c0, gradient


def _prevented(counts: np.ndarray) -> tuple[float, np.ndarray]:
    r0, r1, d0, d1, c0, c1 = counts
    growth, base = c1 / c0, r0 + d0
    return base * growth - r1 - d1, np.array([growth, -1.0, growth, -1.0, -base * growth / c0, base / c0])


def _fieller(pair: tuple[float, float], v: np.ndarray, critical: float) -> tuple[float | None, float | None]:
    """Return the interval of the ratio pair[0] / pair[1] with covariance v (2, 2); (None, None) where unbounded."""
    top, bottom = pair
    a = bottom**2 - critical**2 * v[1, 1]
    b = top * bottom - critical**2 * v[0, 1]
    c = top**2 - critical**2 * v[0, 0]
    if a <= 0 or b**2 < a * c:
        return None, None
    root = np.sqrt(b**2 - a * c)
    return float((b - root) / a), float((b + root) / a)


def dispersion(before: np.ndarray, after: np.ndarray, group: np.ndarray) -> float:
    """Return how much more than Poisson the changes of areas within a group vary, at least 1.

    before, after: (n,) counts of each area. group: (n,). Given an area's own total, its count after should be the
    group's share of it; the sum of Pearson's squares over its degrees of freedom is the dispersion (Wedderburn 1974).
    """
    _, code = np.unique(group, return_inverse=True)
    total = before + after
    share = np.bincount(code, after) / np.maximum(np.bincount(code, total), 1e-300)
    some = (total > 0) & (share[code] > 0) & (share[code] < 1)
    p, df = share[code][some], int(some.sum()) - len(np.unique(code[some]))
    squares = (after[some] - total[some] * p) ** 2 / (total[some] * p * (1 - p))
    return max(1.0, float(squares.sum() / df)) if df > 0 else 1.0
