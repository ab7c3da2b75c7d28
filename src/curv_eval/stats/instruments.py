"""Two-stage least squares, the strength of the instrument, and confidence sets that hold when it is weak."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats as distributions

from curv_eval.errors import DesignError
from curv_eval.stats.clustered import Robust, independent, least_squares, robust

WEAK = 10.0  # Staiger & Stock 1997: below this first-stage F, intervals from the standard error mislead


@dataclass(frozen=True)
class Equation:
    """Outcome y (n,), received d (n,) or (n, e), instruments z (n,) or (n, m), covariates x (n, k) with constant."""

    y: np.ndarray
    d: np.ndarray
    z: np.ndarray
    x: np.ndarray

    @property
    def received(self) -> np.ndarray:
        """What was received, (n, e)."""
        return np.asarray(self.d, dtype=float).reshape(len(self.y), -1)

    @property
    def instruments(self) -> np.ndarray:
        """The instruments, (n, m)."""
        return np.asarray(self.z, dtype=float).reshape(len(self.y), -1)

    @property
    def given(self) -> np.ndarray:
        """Instruments and covariates, (n, m + k)."""
        return np.column_stack([self.instruments, self.x])


@dataclass(frozen=True)
class TwoStage:
    """Coefficients (k,), what was received first and then the covariates; residual (n,) and errors (Robust)."""

    coefficients: np.ndarray
    residual: np.ndarray
    robust: Robust


@dataclass(frozen=True)
class FirstStage:
    """How strongly instruments move what was received: F under alike errors and under the robust rule.

    shift: what the first instrument adds to what was received. partial_r2: the share explained beyond covariates.
    """

    f: float
    robust_f: float
    shift: float
    partial_r2: float


@dataclass(frozen=True)
class Exogeneity:
    """The coefficient of the first stage's residual, its error, the F test that it is 0, and degrees of freedom."""

    value: float
    std_error: float
    f: float
    p_value: float
    df: float


@dataclass(frozen=True)
class ConfidenceSet:
    """All effects that a test does not reject: from `low` to `high`, or outside them where `outside`.

    A set without bounds on a side is infinite there. p_value: two-sided, of no effect.
    """

    low: float
    high: float
    outside: bool
    p_value: float


def two_stage(equation: Equation, *, rule: str = "CR2", cluster: np.ndarray | None = None) -> TwoStage:
    """Return two-stage least squares of y on d and x, with instruments z for d.

    The coefficients are linearmodels' IV2SLS; the errors are those of robust() with fitted regressors and the residuals
    of the equation itself. Raises DesignError when the instruments say nothing about d.
    """
    d, every = equation.received, equation.given
    fitted = every @ np.linalg.lstsq(every, d, rcond=None)[0]
    stage = np.column_stack([fitted, equation.x])
    if equation.instruments.shape[1] < d.shape[1] or not independent(stage[:, ::-1]).all():
        raise DesignError(
            "what was assigned says nothing about what was received, so no effect of receiving it can be worked out"
        )
    beta = _coefficients(equation)
    residual = equation.y - np.column_stack([d, equation.x]) @ beta
    return TwoStage(beta, residual, robust(stage, residual, rule=rule, cluster=cluster))


def _coefficients(equation: Equation) -> np.ndarray:
    from linearmodels.iv import IV2SLS

    k = equation.x.shape[1]
    model = IV2SLS(equation.y, equation.x, equation.received, equation.instruments)
    values = np.asarray(model.fit(cov_type="unadjusted").params)
    return np.concatenate([values[k:], values[:k]])


def first_stage(equation: Equation, *, rule: str = "CR2", cluster: np.ndarray | None = None) -> FirstStage:
    """Return how strongly instruments z (n, m) move d (n,) given covariates x (n, k).

    f = ((R0 - R1) / m) / (R1 / (n - m - k)) of residual sums of squares without and with z; robust_f is the Wald
    statistic over m under `rule`, which for one instrument is the effective F of Montiel Olea & Pflueger (2013).
    """
    d, every, m = equation.received[:, 0], equation.given, equation.instruments.shape[1]
    fit = least_squares(every, d, rule=rule, cluster=cluster)
    without = d - equation.x @ np.linalg.lstsq(equation.x, d, rcond=None)[0]
    r0, r1 = (without**2).sum(), (fit.residual**2).sum()
    b = fit.coefficients[:m]
    if r1 <= 1e-20 * max(r0, 1e-300):
        return FirstStage(np.inf, np.inf, float(b[0]), 1.0)
    f = (r0 - r1) / m / (r1 / (len(d) - every.shape[1]))
    wald = b @ np.linalg.solve(fit.robust.covariance[:m, :m], b) / m
    return FirstStage(float(f), float(wald), float(b[0]), float(1 - r1 / r0))


def wu_hausman(equation: Equation) -> Exogeneity:
    """Return the test that d (n,) could have been taken as given (Wu 1973, Hausman 1978).

    The first stage's residual is added to the regression of y on d and x; F tests its coefficient.
    """
    d, every = equation.received, equation.given
    left = d - every @ np.linalg.lstsq(every, d, rcond=None)[0]
    fit = least_squares(np.column_stack([left, d, equation.x]), equation.y, rule="iid")
    value, error, df = float(fit.coefficients[0]), float(fit.robust.errors[0]), float(fit.robust.df[0])
    f = (value / error) ** 2
    return Exogeneity(value, error, f, float(distributions.f.sf(f, 1, df)), df)


def anderson_rubin(equation: Equation, *, alpha: float = 0.05, cluster: np.ndarray | None = None) -> ConfidenceSet:
    """Return the Anderson-Rubin set for the effect of d (n,) with one instrument z (n,): it holds however weak z is.

    An effect e is in the set when z has no coefficient on y - e d given x, by a CR2 t test with Satterthwaite degrees
    of freedom (Anderson & Rubin 1949; CR2 as in robust()).
    """
    on_y = least_squares(equation.given, equation.y, cluster=cluster)
    on_d = least_squares(equation.given, equation.received[:, 0], cluster=cluster)
    scores = np.column_stack([on_y.robust.scores[:, 0], on_d.robust.scores[:, 0]])
    df = float(on_y.robust.df[0])
    return ratio_set(on_y.coefficients[0], on_d.coefficients[0], scores, alpha=alpha, df=df)


def ratio_set(top: float, bottom: float, scores: np.ndarray, *, alpha: float, df: float) -> ConfidenceSet:
    """Return all e for which top - e bottom lies within its error: Fieller's (1954) set for top / bottom.

    scores: (G, 2) influence on top and bottom. (top - e bottom)^2 <= q^2 (v11 - 2 e v12 + e^2 v22), a quadratic in e:
    an interval, everything outside an interval, or every number.
    """
    v = scores.T @ scores
    q2 = float(distributions.t.ppf(1 - alpha / 2, df)) ** 2
    p = float(2 * distributions.t.sf(abs(top) / np.sqrt(v[0, 0]), df))
    a, b, c = bottom**2 - q2 * v[1, 1], top * bottom - q2 * v[0, 1], top**2 - q2 * v[0, 0]
    inside = b**2 - a * c
    if a > 0:
        ends = np.array([b - np.sqrt(inside), b + np.sqrt(inside)]) / a
        return ConfidenceSet(float(ends[0]), float(ends[1]), False, p)
    if a == 0 or inside <= 0:
        return ConfidenceSet(-np.inf, np.inf, False, p)
    ends = np.sort(np.array([b - np.sqrt(inside), b + np.sqrt(inside)]) / a)
    return ConfidenceSet(float(ends[0]), float(ends[1]), True, p)
