"""Segmented regression of one series, or of a series and its comparison, with changes of level and of slope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.stats.arma import Orders, arma_regression
from curv_eval.stats.log_linear import log_linear
from curv_eval.stats.negative_binomial import negative_binomial

CHANGES = ("level and slope", "level")
EFFECTS = ("level", "slope")
FIRST = Orders(ar=1)
SEASONS = ("none", "months", "fourier")
MODELS = ("quasi_poisson", "negative_binomial", "ols", "arima")


@dataclass(frozen=True)
class Columns:
    """The columns of a segmented regression: their values (n, k), and their names (k,)."""

    values: np.ndarray
    names: tuple[str, ...]

    def __add__(self, other: Columns) -> Columns:
        return Columns(np.column_stack([self.values, other.values]), (*self.names, *other.names))


@dataclass(frozen=True)
class Fit:
    """A fitted segmented regression of n counts.

    coefficients: (k,). mean: (n,). response: (k, n), the derivative of the coefficients by each count. spread: (n,),
    the standard deviation of each count by the model, its dispersion included. dispersion: how many times as much the
    counts vary as Poisson counts (for "ols" the residual variance). theta and theta_error: of the negative binomial.
    covariance and arma: of "arima", the covariance of the counts, (n, n), and the coefficients of its errors.
    """

    coefficients: np.ndarray
    mean: np.ndarray
    response: np.ndarray
    spread: np.ndarray
    dispersion: float
    theta: float = np.inf
    theta_error: float = np.nan
    covariance: np.ndarray | None = None
    arma: np.ndarray | None = None


def trend(time: np.ndarray) -> Columns:
    """Return an intercept and time, (T, 2)."""
    return Columns(np.column_stack([np.ones(len(time)), time]), ("intercept", "trend"))


def interruptions(time: np.ndarray, starts: Sequence[float], *, change: str = CHANGES[0]) -> Columns:
    """Return for each start s a column 1[t >= s] (level) and, by `change`, one (t - s) 1[t >= s] (change of slope).

    time: (T,). starts: any number of interruptions, in order; each changes the series that went before it (Wagner and
    others 2002). Names carry the number of the interruption where there is more than one.
    """
    columns, names = [], []
    for number, start in enumerate(starts, 1):
        after = (time >= start).astype(float)
        suffix = f" {number}" if len(starts) > 1 else ""
        columns.append(after)
        names.append(f"level{suffix}")
        if change == CHANGES[0]:
            columns.append(after * (time - start))
            names.append(f"slope{suffix}")
    return Columns(np.column_stack(columns) if columns else np.empty((len(time), 0)), tuple(names))


def season(time: np.ndarray, kind: str, *, length: int = 12, harmonics: int = 2) -> Columns:
    """Return the columns of a season of `length` periods: one per month but the first, or sines and cosines.

    time: (T,) whole numbers, of which time modulo length is the month. "fourier" has `harmonics` pairs (Bhaskaran and
    others 2013). Months of which the series has none are left out.
    """
    month = np.asarray(time, dtype=int) % length
    if kind == "months":
        there = np.unique(month)[1:]
        return Columns((month[:, None] == there).astype(float), tuple(f"month {m + 1}" for m in there))
    if kind == "fourier":
        angles = 2 * np.pi * np.outer(np.asarray(time, dtype=float), np.arange(1, harmonics + 1)) / length
        names = [f"{what} {j}" for what in ("sine", "cosine") for j in range(1, harmonics + 1)]
        return Columns(np.column_stack([np.sin(angles), np.cos(angles)]), tuple(names))
    return Columns(np.empty((len(time), 0)), ())


def beside(series: Columns, shared: Columns) -> Columns:
    """Return the columns of a series and its comparison, one below the other: (2 T, 2 k + m).

    Rows: the series, then the comparison. Columns: those of `series` for both, those of `shared` (the season) for
    both, and those of `series` for the series alone, whose names end with "difference" (Lopez Bernal and others 2018).
    """
    own, zero = series.values, np.zeros_like(series.values)
    both = np.vstack([own, own])
    values = np.column_stack([both, np.vstack([shared.values, shared.values]), np.vstack([own, zero])])
    return Columns(values, (*series.names, *shared.names, *(f"{name} difference" for name in series.names)))


def regress(
    y: np.ndarray, x: np.ndarray, *, model: str, offset: np.ndarray | float = 0.0, orders: Orders = FIRST
) -> Fit:
    """Return the fit of y (n,) on x (n, k): a log link for the two count models, least squares for "ols".

    "arima" is generalised least squares with the errors of `orders`, without differences (Schaffer and others 2021).
    Raises DesignError where the model has no finite answer, and for fewer than two counts more than coefficients.
    """
    n, k = x.shape
    if n < k + 2:
        raise DesignError(
            f"segmented regression: got {n} counts for {k} coefficients, expected at least {k + 2}",
            do="use a longer window, `season: none` or `change: level`",
        )
    if model == "arima":
        return _arima(y, x, offset, orders)
    return {"quasi_poisson": _poisson, "negative_binomial": _negative_binomial, "ols": _ols}[model](y, x, offset)


def _poisson(y: np.ndarray, x: np.ndarray, offset: np.ndarray | float) -> Fit:
    found = log_linear(y, x, offset=offset)
    spread = np.sqrt(found.dispersion * found.mean)
    return Fit(found.coefficients, found.mean, found.response, spread, found.dispersion)


def _negative_binomial(y: np.ndarray, x: np.ndarray, offset: np.ndarray | float) -> Fit:
    found = negative_binomial(y, x, offset=offset)
    fit, extra = found.fit, found.fit.mean**2 / found.theta
    over = float(((y - fit.mean) ** 2 / fit.mean).sum() / (len(y) - x.shape[1]))
    spread = np.sqrt(fit.mean + extra)
    return Fit(fit.coefficients, fit.mean, fit.response, spread, over, found.theta, found.theta_error)


def _ols(y: np.ndarray, x: np.ndarray, offset: np.ndarray | float) -> Fit:
    if np.linalg.matrix_rank(x) < x.shape[1]:
        raise DesignError(
            "segmented regression: the columns of the model repeat one another",
            do="use a longer window, `season: none` or `change: level`",
        )
    response = np.linalg.pinv(x)
    mean = x @ (response @ (y - offset)) + offset
    variance = float(((y - mean) ** 2).sum() / (len(y) - x.shape[1]))
    return Fit(response @ (y - offset), mean, response, np.full(len(y), np.sqrt(variance)), variance)


def _arima(y: np.ndarray, x: np.ndarray, offset: np.ndarray | float, orders: Orders) -> Fit:
    found, (n, k) = arma_regression(y - offset, x, orders), x.shape
    # the maximum of the likelihood takes the variance over n, which is too small for short series
    covariance = found.covariance * n / (n - k)
    return Fit(
        found.coefficients, x @ found.coefficients + offset, found.response, np.sqrt(np.diag(covariance)),
        float(covariance[0, 0]), covariance=covariance, arma=found.arma,
    )  # fmt: skip
