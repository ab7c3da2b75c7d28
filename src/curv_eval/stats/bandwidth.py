"""Bandwidths at a threshold: MSE-optimal, and those for intervals (Calonico, Cattaneo, Titiunik and Farrell)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.stats.local_polynomial import Settings, Side, local_fit, residuals

MASSED, NEAREST = 0.2, 10
# the constants of Silverman's rule, (8 sqrt(pi) R(K) / (3 mu2(K)^2))^(1/5), as the papers print them
PILOT = {"triangular": 2.576, "epanechnikov": 2.34, "uniform": 1.843}


@dataclass(frozen=True)
class _Error:
    """Leading terms of one side's mean squared error: variance, bias, and the error of that bias."""

    variance: float
    bias: float
    doubt: float


def bandwidths(left: Side, right: Side, settings: Settings) -> tuple[float, float]:
    """Return the bandwidths h of the estimate and b of its bias, the same on both sides.

    Each minimises an estimate of the mean squared error of the jump in the v-th derivative by a curve of order p,
    h = [(2v+1) V / (2 (p+1-v) (B^2 + R))]^(1/(2p+3)), with V the variance and B the bias (right less left) at bandwidth
    1, and R three times the variance of the estimated bias, so that h stays bounded where B is near 0. The bias of one
    comes from a curve one order up whose bandwidth is found in the same way; the first of them uses everyone
    (Calonico, Cattaneo & Titiunik 2014, Econometrica 82(6), section 4 and supplement). "coverage": h times
    n^(-p/((3+p)(3+2p))), for intervals (Calonico, Cattaneo & Farrell 2020, Econometrics Journal 23(2)); b as it is.
    """
    p, sides = settings.order, (left, right)
    everyone, least = max(float(np.abs(side.x).max()) for side in sides), _least(sides)
    pilot = min(max(_pilot(sides, settings), least), everyone)
    widest = [float(np.abs(side.x).max()) * (1 + 1e-8) + 1e-12 for side in sides]
    d = _width(
        [_terms(s, settings, (p + 2, p + 2, p + 3), (pilot, w)) for s, w in zip(sides, widest, strict=True)],
        (p + 2, p + 2), doubted=False,
    )  # fmt: skip
    d = min(d, everyone)
    b = _width([_terms(s, settings, (p + 1, p + 1, p + 2), (pilot, d)) for s in sides], (p + 1, p + 1))
    b = min(b, everyone)
    h = min(_width([_terms(s, settings, (p, 0, p + 1), (pilot, b)) for s in sides], (p, 0)), everyone)
    if settings.optimal == "coverage":
        h *= sum(len(s.x) for s in sides) ** (-p / ((3 + p) * (3 + 2 * p)))
    return h, b


def _pilot(sides: tuple[Side, Side], settings: Settings) -> float:
    """Silverman's bandwidth for a density, which only sets where the variance is measured."""
    x = np.concatenate([side.x for side in sides])
    quarters = np.subtract(*np.quantile(x, [0.75, 0.25])) / 1.349
    spread = min(x.std(ddof=1), quarters) if quarters > 0 else x.std(ddof=1)
    # ties carry no news of where people are: different values count (Cattaneo, Idrobo & Titiunik 2020, on mass points)
    return float(PILOT[settings.kernel] * spread * len(np.unique(x)) ** -0.2)


def _least(sides: tuple[Side, Side]) -> float:
    """Where a fifth of the people share their value with others: the reach of the ten nearest values on each side."""
    values = [np.sort(np.unique(np.abs(side.x))) for side in sides]
    if all(len(v) > (1 - MASSED) * len(side.x) for v, side in zip(values, sides, strict=True)):
        return 0.0
    return max(float(v[min(NEAREST, len(v)) - 1]) for v in values) * (1 + 1e-8)


def _terms(side: Side, settings: Settings, orders: tuple[int, int, int], widths: tuple[float, float]) -> _Error:
    """Return the terms for the v-th derivative by a curve of order p, whose bias comes from a curve of order q.

    orders: (p, v, q). widths: where variance and bias are measured.
    """
    p, v, q = orders
    inner, outer = (_cut(side, width) for width in widths)
    fit = local_fit(inner.x, order=p, width=widths[0], name=settings.kernel)
    residual = residuals(inner, fit, settings)
    variance = widths[0] ** (2 * v + 1) * float(((fit.weights[:, v] * residual) ** 2).sum())
    constant = widths[0] ** v * float(fit.weights[:, v] @ (inner.x / widths[0]) ** (p + 1))
    curve = local_fit(outer.x, order=q, width=widths[1], name=settings.kernel)
    above = curve.weights[:, p + 1]
    doubt = 3 * constant**2 * float(((above * residuals(outer, curve, settings)) ** 2).sum())
    return _Error(variance, constant * float(above @ outer.y), doubt)


def _cut(side: Side, width: float) -> Side:
    near = side.within(width)
    return Side(side.x[near], side.y[near])


def _width(terms: list[_Error], orders: tuple[int, int], *, doubted: bool = True) -> float:
    (left, right), (p, v) = terms, orders
    # the side's bias is (-1)^(p+1-v) alike at a boundary; the jump's bias is their difference
    bias = (right.bias - left.bias) ** 2 + (right.doubt + left.doubt if doubted else 0.0)
    ratio = (2 * v + 1) * (right.variance + left.variance) / (2 * (p + 1 - v) * bias)
    return float(ratio ** (1 / (2 * p + 3)))
