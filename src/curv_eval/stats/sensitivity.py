"""How strong something unmeasured would have to be to explain a finding away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats as distributions


def e_value(ratio: float) -> float:
    """Return the E-value of a risk ratio: RR + sqrt(RR (RR - 1)), or that of 1 / RR where RR < 1.

    It is the least risk ratio that something unmeasured must have both with treatment and with the outcome, beyond the
    measured covariates, to explain the ratio away (VanderWeele & Ding 2017, Annals of Internal Medicine 167(4)).
    """
    if ratio <= 0:
        return float("inf")
    away = max(ratio, 1 / ratio)
    return float(away + np.sqrt(away * (away - 1)))


def e_value_of_interval(low: float, high: float) -> float:
    """Return the E-value of the limit nearer to 1 of a risk ratio's interval; 1 where the interval holds 1."""
    if low <= 1 <= high:
        return 1.0
    return e_value(low if low > 1 else high)


def ratio_of_difference(standardised: float) -> float:
    """Return about which risk ratio a standardised difference of means is: exp(0.91 d) (Chinn 2000)."""
    return float(np.exp(0.91 * standardised))


@dataclass(frozen=True)
class Coefficient:
    """A coefficient of least squares: its value, classical standard error and residual degrees of freedom."""

    value: float
    std_error: float
    df: int

    @property
    def t(self) -> float:
        """The t statistic."""
        return self.value / self.std_error

    @property
    def partial_r2(self) -> float:
        """The share of what is left of the outcome that the regressor explains: t^2 / (t^2 + df)."""
        return self.t**2 / (self.t**2 + self.df)


def coefficient(y: np.ndarray, d: np.ndarray, x: np.ndarray) -> Coefficient:
    """Return the coefficient of d (n,) on y (n,) given x (n, k) and an intercept; columns of x may be redundant."""
    basis = _basis(x)
    left, rest = _residual(basis, d), _residual(basis, y)
    value = left @ rest / (left @ left)
    df = len(y) - np.linalg.matrix_rank(basis) - 1
    error = np.sqrt(((rest - value * left) ** 2).sum() / df / (left @ left))
    return Coefficient(float(value), float(error), int(df))


def robustness_value(t: float, df: float, *, q: float = 1.0, alpha: float | None = None) -> float:
    """Return the robustness value: how much of what is left of treatment and of outcome alike must be explained.

    By something unmeasured, to lower the estimate by the share q; with alpha, to make its interval include that.
    With f = q |t| / sqrt(df), less the critical t / sqrt(df - 1) where alpha is given, it is
    (sqrt(f^4 + 4 f^2) - f^2) / 2 (Cinelli & Hazlett 2020, JRSS B 82(1)); where 1 / f is below the critical value it is
    (f^2 - f*^2) / (1 + f^2) (Cinelli & Hazlett 2025, Biometrika).
    """
    f = q * abs(t) / np.sqrt(df)
    critical = 0.0 if alpha is None else distributions.t.ppf(1 - alpha / 2, df - 1) / np.sqrt(df - 1)
    gap = f - critical
    if gap <= 0:
        return 0.0
    if critical > 0 and f > 1 / critical:
        return float((f**2 - critical**2) / (1 + f**2))
    return float((np.sqrt(gap**4 + 4 * gap**2) - gap**2) / 2)


@dataclass(frozen=True)
class Adjusted:
    """What would be left of an estimate: r2dz, r2yz the strengths assumed, and the value, error and limits."""

    r2dz: float
    r2yz: float
    value: float
    std_error: float
    conf_low: float
    conf_high: float


def adjusted(found: Coefficient, *, r2dz: float, r2yz: float, alpha: float = 0.05) -> Adjusted:
    """Return the estimate had something been measured that explains r2dz of treatment and r2yz of the outcome.

    Both are partial R2 given the measured covariates, r2yz given treatment too. It moves towards 0 by
    se sqrt(df) sqrt(r2yz r2dz / (1 - r2dz)), and past it (Cinelli & Hazlett 2020).
    """
    bias = found.std_error * np.sqrt(found.df) * np.sqrt(r2yz * r2dz / (1 - r2dz))
    value = found.value - np.sign(found.value) * bias
    error = found.std_error * np.sqrt((1 - r2yz) / (1 - r2dz)) * np.sqrt(found.df / (found.df - 1))
    width = distributions.t.ppf(1 - alpha / 2, found.df) * error
    return Adjusted(r2dz, r2yz, float(value), float(error), float(value - width), float(value + width))


def benchmark(
    y: np.ndarray, d: np.ndarray, x: np.ndarray, *, columns: np.ndarray, times: float = 1.0
) -> tuple[float, float]:
    """Return the r2dz and r2yz of something unmeasured `times` as strong as the given columns of x (n, k) together.

    As strong in predicting treatment and in predicting the outcome, each beyond the other covariates (Cinelli & Hazlett
    2020, section 4.4). Each is at most 1; r2dz is 1 where nothing so strong can exist.
    """
    others = np.delete(x, columns, axis=1)
    with_d = _partial(d, others, x[:, columns])
    with_y = _partial(y, np.column_stack([others, d]), x[:, columns])
    r2dz = times * with_d / (1 - with_d)
    if r2dz >= 1 or times * with_d >= 1:
        return 1.0, 1.0
    shared = times * with_d**2 / ((1 - times * with_d) * (1 - with_d))
    if shared >= 1:
        return 1.0, 1.0
    r2yz = ((np.sqrt(times) + np.sqrt(shared)) / np.sqrt(1 - shared)) ** 2 * with_y / (1 - with_y)
    return float(r2dz), float(min(r2yz, 1.0))


def oster_delta(
    y: np.ndarray, d: np.ndarray, x: np.ndarray, *, r_max: float | None = None, value: float = 0.0
) -> float:
    """Return how strong selection on the unmeasured must be, relative to the measured, for the effect to be `value`.

    With b0, r0 the coefficient of d (n,) and R2 without x (n, k), b and r those with it, r_max the R2 with everything
    (1.3 r where not given, at most 1), s and v the variance of d and what x leaves of it, this is the exact solution of
    Oster (2019, JBES 37(2), proposition 3). 1: as strong as all that was measured. Infinite where x changes nothing.
    """
    total = y.var()
    b0, r0, s = _fit(y, d, np.empty((len(y), 0)))
    b, r, v = _fit(y, d, x)
    most = min(1.0, 1.3 * r) if r_max is None else r_max
    away, moved, cubic = b - value, b0 - b, v * s - v**2
    same = away**2 * v * moved * s
    above = away * (r - r0) * total * v + away * s * v * moved**2 + 2 * same + away**3 * cubic
    below = (most - r) * total * moved * s + away * (most - r) * total * (s - v) + same + away**3 * cubic
    return float(above / below) if abs(below) > 1e-14 * max(abs(above), 1e-300) else float("inf")


def _fit(y: np.ndarray, d: np.ndarray, x: np.ndarray) -> tuple[float, float, float]:
    """Return the coefficient of d, the R2 of the regression and the variance of d that x leaves."""
    basis = _basis(x)
    left, rest = _residual(basis, d), _residual(basis, y)
    value = left @ rest / (left @ left)
    unexplained = ((rest - value * left) ** 2).mean()
    return float(value), float(1 - unexplained / y.var()), float((left**2).mean())


def _partial(y: np.ndarray, others: np.ndarray, x: np.ndarray) -> float:
    """Return the share of what `others` leave of y that x explains."""
    before = (_residual(_basis(others), y) ** 2).sum()
    return float(1 - (_residual(_basis(np.column_stack([others, x])), y) ** 2).sum() / before)


def _basis(x: np.ndarray) -> np.ndarray:
    """Return an intercept and the columns of x, of length 1 so that none drowns the others."""
    norms = np.sqrt((x**2).sum(axis=0))
    return np.column_stack([np.ones(len(x)) / np.sqrt(len(x)), x / np.where(norms > 0, norms, 1.0)])


def _residual(basis: np.ndarray, y: np.ndarray) -> np.ndarray:
    return y - basis @ np.linalg.lstsq(basis, y, rcond=1e-10)[0]
