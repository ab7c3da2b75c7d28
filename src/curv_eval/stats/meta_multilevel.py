"""Effects within studies: three-level random effects by restricted likelihood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.stats.meta_checks import Blocks, checked, studies_of
from curv_eval.stats.meta_covariance import as_blocks, diagonal_of, rows_of
from curv_eval.stats.meta_levels import At, Turned, best, turned

LEVELS = ("study", "effect")


@dataclass(frozen=True, eq=False)
class Multilevel:
    """A fit of y = X beta + u_study + w_effect + e.

    coefficients (p,) with covariance (p, p); sigma2: variances of studies and of effects within studies, 0 where that
    level is left out; gradient: of the restricted likelihood by each, 0 at the maximum or below 0 where it lies at 0;
    q and q_df: Cochran's test of any heterogeneity; typical: the typical sampling variance. The rest is the data.
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    sigma2: np.ndarray
    log_likelihood: float
    gradient: np.ndarray
    q: float
    typical: float
    levels: tuple[str, ...]
    y: np.ndarray
    x: np.ndarray
    code: np.ndarray
    blocks: tuple[np.ndarray, ...]
    held: Turned

    @property
    def std_error(self) -> np.ndarray:
        """Model-based standard errors, (p,); use cluster-robust ones where the working model may be wrong."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def studies(self) -> int:
        """How many studies."""
        return len(self.blocks)

    @property
    def q_df(self) -> int:
        """Degrees of freedom of q, n - p."""
        return len(self.y) - self.x.shape[1]

    @property
    def q_p(self) -> float:
        """The chance of a q as large where all effects of one design are one."""
        from scipy.stats import chi2

        return float(chi2.sf(self.q, self.q_df))


def multilevel(
    y: np.ndarray, v: np.ndarray | Blocks, study: np.ndarray, *, x: np.ndarray | None = None,
    levels: Sequence[str] = LEVELS,
) -> Multilevel:  # fmt: skip
    """Return the three-level model by restricted likelihood (Konstantopoulos 2011; Van den Noortgate et al. 2013).

    y: (n,) effects. v: (n,) sampling variances of independent errors, or one covariance block for each study in the
    order of np.unique(study), as `clustered_covariance` makes. study: (n,). x: (n, p) design with its column of 1,
    alone where not given. levels: which random effects there are; one alone makes it a two-level model, of
    studies (all effects of a study share one true effect) or of effects (studies do not matter).
    Omega_s = V_s + sigma2_study 11' + sigma2_effect I; beta = (X'Omega^-1 X)^-1 X'Omega^-1 y.
    Raises DesignError for data that are wrong, levels that do not exist, and both levels where no study has
    two effects.
    """
    y = np.asarray(y, float)
    code = studies_of(study, len(y))
    blocks = as_blocks(np.asarray(v, float) if np.ndim(v[0]) == 0 else v, code)
    variances = np.asarray(v, float) if blocks is None else diagonal_of(blocks, code)
    free = _free(levels, code)
    y, variances, x = checked(y, variances, x, spare=1 + int(free.sum()))
    # orthogonal columns keep the digits of a year beside a constant
    columns, r = np.linalg.qr(x)
    held = turned(y, columns, variances if blocks is None else blocks, code=code, blocked=blocks is not None)
    at, back = best(held, free), np.linalg.inv(r)
    whole = blocks or tuple(np.diag(variances[rows]) for rows in rows_of(code))
    q, typical = _fixed(held)
    return Multilevel(
        back @ at.coefficients, back @ at.covariance @ back.T, at.variances, at.log_likelihood,
        np.where(free, at.gradient, 0.0), q, typical, tuple(levels), y, x, code, whole, held,
    )  # fmt: skip


def _free(levels: Sequence[str], code: np.ndarray) -> np.ndarray:
    if not levels or set(levels) - set(LEVELS):
        raise DesignError(f"levels: got {', '.join(levels) or 'none'}, expected study, effect or both")
    if len(set(levels)) == 2 and np.bincount(code).max() < 2:
        raise DesignError(
            "no study has two effects, so that studies and effects cannot be told apart",
            do='give levels=("effect",): that is the ordinary random-effects model',
        )
    return np.array([level in levels for level in LEVELS])


def _fixed(held: Turned) -> tuple[float, float]:
    """Return Q = r'V^-1 r of the fit without random effects, and (n - p) / tr(P), the typical sampling variance."""
    weight = 1.0 / held.spread
    weighted = weight[:, None] * held.x
    bread = np.linalg.inv(held.x.T @ weighted)
    residual = held.y - held.x @ (bread @ (weighted.T @ held.y))
    trace = weight.sum() - np.trace(bread @ (weighted.T @ weighted))
    return float(residual @ (weight * residual)), float((len(weight) - held.x.shape[1]) / trace)


def i2_by_level(fit: Multilevel) -> np.ndarray:
    """Return I2 of studies and of effects: each variance over both and the typical sampling variance, (2,).

    With (n - p) / tr(P), P = V^-1 - V^-1 X (X'V^-1 X)^-1 X'V^-1, as the typical variance, which is that of Higgins &
    Thompson (2002) without covariates (Cheung 2014, eq. 13 and 14). Their sum is the usual I2.
    """
    return fit.sigma2 / (fit.sigma2.sum() + fit.typical)


def prediction(
    fit: Multilevel, at: np.ndarray | None = None, *, df: float = np.inf, level: float = 0.95, of: str = "effect"
) -> tuple[float, float, float]:
    """Return the mean and the interval in which a new study's true effect lies with chance `level`.

    mean = a beta, interval mean +- t_df sqrt(a Cov a' + sigma2), a: (p,), (1, 0, ...) where not given. of: "effect"
    adds both variances (one effect of a new study), "study" that of studies alone (its average effect). df: infinite as
    metafor's for multilevel models; studies - p is more careful (Higgins, Thompson & Spiegelhalter 2009).
    Raises DesignError for an unknown `of`.
    """
    from scipy.stats import t

    if of not in LEVELS:
        raise DesignError(f"of: got {of!r}, expected effect or study")
    a = np.eye(fit.x.shape[1])[0] if at is None else np.asarray(at, float)
    mean = float(a @ fit.coefficients)
    spread = np.sqrt(a @ fit.covariance @ a + (fit.sigma2[0] if of == "study" else fit.sigma2.sum()))
    half = float(t.ppf(0.5 + level / 2, df) * spread)
    return mean, mean - half, mean + half


def profile_intervals(fit: Multilevel, level: float = 0.95) -> np.ndarray:
    """Return profile-likelihood intervals of both variances: (2, 2), rows studies and effects.

    The ends are where twice the fall of the restricted likelihood, maximised over the other variance, is the quantile
    of chi-squared with one degree of freedom. The lower end is 0 where 0 is inside; both are NaN for a level left out
    (Viechtbauer 2007).
    """
    from scipy.stats import chi2

    least = fit.log_likelihood - chi2.ppf(level, 1) / 2
    free = np.array([one in fit.levels for one in LEVELS])
    out = np.full((2, 2), np.nan)
    for j in np.flatnonzero(free):
        out[j] = _ends(fit, int(j), free, least)
    return out


def _ends(fit: Multilevel, j: int, free: np.ndarray, least: float) -> tuple[float, float]:
    from scipy.optimize import brentq

    other = free & (np.arange(2) != j)

    def above(value: float) -> float:
        return _pinned(fit, j, other, value).log_likelihood - least

    top = float(fit.sigma2[j])
    high = 2.0 * top + fit.typical
    while above(high) > 0:
        high *= 2.0
    upper = brentq(above, top, high, xtol=1e-10, rtol=1e-10)
    lower = 0.0 if above(0.0) >= 0 else brentq(above, 0.0, top, xtol=1e-10, rtol=1e-10)
    return lower, upper


def _pinned(fit: Multilevel, j: int, other: np.ndarray, value: float) -> At:
    fixed = np.zeros(2)
    fixed[j] = value
    return best(fit.held, other, fixed)
