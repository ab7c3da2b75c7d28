"""Why effects of studies differ: mixed-effects meta-regression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.stats.meta_checks import checked
from curv_eval.stats.meta_reml import Reml, reml

TESTS = ("knapp-hartung", "normal")


@dataclass(frozen=True, eq=False)
class MetaRegression:
    """A fit of y = X beta + u + e with Var u = tau2 and Var e = v.

    coefficients (p,), covariance (p, p) by `test`; tau2 with tau2_error; r2: share of tau2 without moderators that they
    explain, NaN where that is 0; i2: of what is left; qe: test of what is left, on qe_df; qm: joint test of the
    `moderators` (columns that are not constant): F on their number and df where df is finite, else chi-squared.
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    df: float
    tau2: float
    tau2_error: float
    r2: float
    i2: float
    qm: float
    qe: float
    moderators: np.ndarray
    gradient: float
    y: np.ndarray
    v: np.ndarray
    x: np.ndarray

    @property
    def std_error(self) -> np.ndarray:
        """Standard errors, (p,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def p_value(self) -> np.ndarray:
        """The chance of a t (or z) as far from 0, (p,)."""
        from scipy.stats import t

        return 2 * t.sf(np.abs(self.coefficients / self.std_error), self.df)

    @property
    def qm_p(self) -> float:
        """The chance of a qm as large where no moderator matters."""
        from scipy.stats import chi2, f

        q = int(self.moderators.sum())
        if not q:
            return float("nan")
        return float(f.sf(self.qm, q, self.df) if np.isfinite(self.df) else chi2.sf(self.qm, q))

    @property
    def qe_df(self) -> int:
        """Degrees of freedom of qe, k - p."""
        return len(self.y) - self.x.shape[1]

    @property
    def qe_p(self) -> float:
        """The chance of a qe as large where the moderators explain every difference."""
        from scipy.stats import chi2

        return float(chi2.sf(self.qe, self.qe_df))

    def interval(self, level: float = 0.95) -> np.ndarray:
        """Return b +- t_df se for each coefficient, (p, 2)."""
        from scipy.stats import t

        half = t.ppf(0.5 + level / 2, self.df) * self.std_error
        return np.column_stack([self.coefficients - half, self.coefficients + half])


def meta_regression(
    y: np.ndarray, v: np.ndarray, x: np.ndarray, *, test: str = "knapp-hartung"
) -> MetaRegression:  # fmt: skip
    """Return the mixed-effects model by restricted likelihood (Raudenbush 2009; Viechtbauer 2010).

    y: (k,) effects, v: (k,) variances, x: (k, p) design with its column of 1; a category is given as columns of 0 and 1
    for all but one of its values. b = (X'WX)^-1 X'Wy, W = 1 / (v + tau2). test "knapp-hartung": covariance times
    s2 = r'Wr / (k - p), t and F with k - p degrees of freedom (Knapp & Hartung 2003); "normal": z and chi-squared.
    r2 = max(0, 1 - tau2 / tau2 without moderators), which needs many studies to mean much. QE = Q of the fit with
    tau2 = 0. Raises DesignError for wrong data, p + 1 or more coefficients than studies can tell, or an unknown test.
    """
    if test not in TESTS:
        raise DesignError(f"test: got {test!r}, expected {' or '.join(TESTS)}")
    y, v, x = checked(y, v, x)
    fit = reml(y[None], v[None], x)
    varies = np.ptp(x, axis=0) > 0
    covariance, df, qm = (one[0] for one in with_errors(fit, varies, test=test, left=len(y) - x.shape[1]))
    tau2 = float(fit.tau2[0])
    qe, typical = _fixed(y, v, x)
    return MetaRegression(
        fit.coefficients[0], covariance, float(df), tau2, float(1 / np.sqrt(fit.expected[0])), _r2(y, v, x, tau2),
        tau2 / (tau2 + typical), float(qm), qe, varies, float(fit.gradient[0]), y, v, x,
    )  # fmt: skip


def with_errors(
    fit: Reml, varies: np.ndarray, *, test: str, left: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Return for each of m fits the covariance (m, p, p), df (m,) and joint statistic of the columns that vary (m,).

    left: k - p. The joint statistic is b'C^-1 b, over the number of columns where it is an F; NaN where none varies.
    """
    hartung = test == "knapp-hartung"
    scale = fit.square / left if hartung else np.ones(len(fit.tau2))
    covariance = scale[:, None, None] * fit.bread
    df = np.full(len(scale), float(left) if hartung else np.inf)
    if not varies.any():
        return covariance, df, np.full(len(scale), np.nan)
    b = fit.coefficients[:, varies]
    solved = np.linalg.solve(covariance[:, varies][:, :, varies], b[:, :, None])[:, :, 0]
    return covariance, df, (b * solved).sum(axis=1) / (varies.sum() if hartung else 1)


def _fixed(y: np.ndarray, v: np.ndarray, x: np.ndarray) -> tuple[float, float]:
    """Return QE and the typical sampling variance, (k - p) / tr(P) at tau2 = 0."""
    w = 1.0 / v
    bread = np.linalg.inv(x.T @ (w[:, None] * x))
    residual = y - x @ (bread @ (x.T @ (w * y)))
    trace = w.sum() - np.trace(bread @ ((w**2)[:, None] * x).T @ x)
    return float(residual @ (w * residual)), float((len(y) - x.shape[1]) / trace)


def _r2(y: np.ndarray, v: np.ndarray, x: np.ndarray, tau2: float) -> float:
    constant = np.ones((len(y), 1))
    if np.linalg.matrix_rank(np.column_stack([x, constant])) > x.shape[1] or x.shape[1] == 1:
        return float("nan")
    whole = float(reml(y[None], v[None], constant).tau2[0])
    return max(0.0, 1 - tau2 / whole) if whole > 0 else float("nan")
