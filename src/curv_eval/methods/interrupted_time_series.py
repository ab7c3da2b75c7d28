"""Interrupted time series: one series before and after, with or without a comparison series."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate
from curv_eval.estimate.one_series import OneSeries, cells, length_notes, one_series, season_of, shares
from curv_eval.estimate.options import Number, chosen
from curv_eval.estimate.parameters import parameters, ratios
from curv_eval.panel import Panel
from curv_eval.stats import segmented
from curv_eval.stats.arma import Orders
from curv_eval.stats.hac import durbin_watson, ljung_box, newey_west_lag
from curv_eval.stats.series_errors import (
    Errors,
    Layout,
    autocorrelation,
    autoregressive,
    freed,
    independent,
    layout,
    newey_west,
)
from curv_eval.study import Design

TAKES = "panel"
OPTIONS = {
    "model": segmented.MODELS,
    "comparison": ("series", "interaction", "none"),
    "change": segmented.CHANGES,
    "season": ("auto", *segmented.SEASONS),
    "errors": ("ar1", "newey_west", "none"),
    "lag": Number(0, 0, 36),
    "small_sample": ("satterthwaite", "none"),
}
NAMED = "interrupted time series (segmented regression)"
TRENDS = "none"
ASSUMES = (
    "Without {intervention}, incidents in {treated} would have gone on along their own trend and season, apart from "
    "changes shared with {comparison}.",
    "Nothing else that matters for the outcome changed in {treated} alone when {intervention} began.",
    "Incidents are counted in the same way before and after {intervention} began.",
)
ERRORS = "series"
STAGGERED = False
SE_RULE = {
    "arima": "generalised least squares with seasonal autoregressive errors, t with n-k degrees of freedom",
    "ar1": "first-order autocorrelation freed from bias, Satterthwaite degrees of freedom",
    "newey_west": "Newey-West with lag {lag}, freed from bias, Satterthwaite degrees of freedom",
    "newey_west plain": "Newey-West with lag {lag}, times T/(T-k), t with T-k degrees of freedom",
    "none": "by the model, months independent, t with n-k degrees of freedom",
}
MONTHS = 12
ADDITIVE = ("ols", "arima")
STRONG = 0.4  # autocorrelation from which intervals of short series still hold less than they promise


@dataclass(frozen=True)
class _Fitted:
    """A fitted model, what it expected without the change, and derivatives by each count, (n, T)."""

    columns: segmented.Columns
    fit: segmented.Fit
    residual: np.ndarray
    expected: np.ndarray
    d_expected: np.ndarray
    d_fitted: np.ndarray
    held: Layout
    log: bool

    @property
    def standardised(self) -> np.ndarray:
        """Residuals over their standard deviation, (n,), freed from modelled autocorrelation; 0 for a perfect fit."""
        spread = self.fit.spread
        if self.fit.covariance is not None:
            return np.linalg.solve(np.linalg.cholesky(self.fit.covariance), self.residual)
        return np.divide(self.residual, spread, out=np.zeros(len(spread)), where=spread > 0)


def estimate(panel: Panel, *, outcome: str, design: Design) -> Estimate:
    """Return observed less expected counts per period, where expected continues the trend and season from before.

    log E[Y_t] = a + b t + c 1[t >= s] + d (t - s) 1[t >= s] + season(t), and the effect takes c and d away (Wagner and
    others 2002). `comparison: series` adds the log of what was counted in areas never treated, so that whatever changes
    both in a period is no effect. `interaction` fits both series with all four terms and one season, and takes away
    the differences of c and d (Lopez Bernal and others 2018). `ols` is the same without logs, the comparison brought
    to as many areas. Other options: see curv_eval.stats.segmented for `change` and `season`, and
    curv_eval.stats.series_errors for `errors`, `lag` (0: chosen from the data) and `small_sample`. Raises DesignError.
    """
    option = chosen(design.options, OPTIONS)
    series = one_series(panel, outcome=outcome, design=design, compared=option["comparison"] != "none")
    season = season_of(option["season"], series, panel, shared=option["comparison"] == "series")
    found = _fitted(series, option, season, monthly=panel.frequency == "month")
    errors = _errors(found, series, option)
    every = np.full(len(series.time), True)
    influence, observed = _influence(found, errors, series)
    rule = "arima" if option["model"] == "arima" else option["errors"]
    rule += " plain" if rule == "newey_west" and option["small_sample"] == "none" else ""
    return Estimate(
        method="interrupted_time_series", outcome=outcome,
        estimand="difference between what was counted in treated areas and the continued series",
        comparison=design.comparison if series.n_comparison else "none", alpha=design.alpha,
        cells=cells(series, series.treated - found.expected, every), influence=influence, observed_influence=observed,
        shares=shares(series, panel, len(influence)), se_rule=SE_RULE[rule].format(lag=errors.lag), df=errors.df,
        notes=(*length_notes(series), *_notes(found, design)),
        parameters=_parameters(found, errors, design, option["model"]),
    )  # fmt: skip


def _fitted(series: OneSeries, option: dict, season: str, *, monthly: bool) -> _Fitted:
    time, two, log = series.time - series.onset, option["comparison"] == "interaction", option["model"] not in ADDITIVE
    own = segmented.trend(time) + segmented.interruptions(time, [0.0], change=option["change"])
    shared = segmented.season(series.time, season)
    columns = segmented.beside(own, shared) if two else own + shared
    _refuse_short(series, columns, two=two)
    if option["model"] == "arima" and (two or np.ptp(np.diff(time))):
        what = "one series" if two else "a series without gaps"
        raise DesignError(f"`model: arima` takes {what}", do="use `comparison: series`, or another model")
    y, offset = _set_beside(series, two=two, log=log)
    orders = Orders(ar=1, seasonal_ar=int(monthly and len(time) >= 4 * MONTHS), length=MONTHS)
    fit = segmented.regress(y, columns.values, model=option["model"], offset=offset, orders=orders)
    return _without(columns, fit, y - fit.mean, series=series, log=log)


def _set_beside(series: OneSeries, *, two: bool, log: bool) -> tuple[np.ndarray, np.ndarray | float]:
    """Return the counts to be fitted, and what is added to their trend (on the log scale where there is one)."""
    if series.comparison is None:
        return series.treated, 0.0
    brought = series.comparison * (series.n_treated / series.n_comparison)
    if two:
        return np.concatenate([series.treated, series.comparison if log else brought]), 0.0
    return series.treated, series.log_comparison if log else brought


def _without(
    columns: segmented.Columns, fit: segmented.Fit, residual: np.ndarray, *, series: OneSeries, log: bool
) -> _Fitted:
    """Return the fit with what it expects of the treated series when its changes are taken away."""
    t, x = len(series.time), columns.values
    two = len(residual) > t
    effect = np.array([n.split()[0] in segmented.EFFECTS and n.endswith("difference") >= two for n in columns.names])
    shift = x[:t, effect] @ fit.coefficients[effect]
    mean, expected = fit.mean[:t], fit.mean[:t] * np.exp(-shift) if log else fit.mean[:t] - shift
    d_mean, d_expected = x[:t], np.where(effect, 0.0, x[:t])
    if log:
        d_mean, d_expected = d_mean * mean[:, None], d_expected * expected[:, None]
    # the weights' scale does not matter, and a perfect fit has none
    weight = fit.mean**2 / np.maximum(fit.spread, 1e-12) ** 2 if log else np.ones(len(residual))
    held = layout(np.tile(series.time, 1 + two), np.repeat(np.arange(1 + two), t), x=x, weight=weight)
    turned = fit.response.T
    return _Fitted(columns, fit, residual, expected, turned @ d_expected.T, turned @ d_mean.T, held, log)


def _refuse_short(series: OneSeries, columns: segmented.Columns, *, two: bool) -> None:
    per_series = len(columns.names) / (1 + two)
    if len(series.time) < per_series + 2:
        raise DesignError(
            f"interrupted_time_series: got {len(series.time)} periods for {per_series:.0f} coefficients per series",
            do="use a longer window, `season: none` or `change: level`",
        )
    after = int((~series.before).sum())
    if any(name.startswith("slope") for name in columns.names) and after < 3:
        raise DesignError(
            f"interrupted_time_series: got {after} periods after the start, expected at least 3 for a change of slope",
            do="use a longer window, or `change: level`",
        )


def _errors(found: _Fitted, series: OneSeries, option: dict) -> Errors:
    spread, n = found.fit.spread, len(found.residual)
    if found.fit.covariance is not None:
        df = float(n - len(found.fit.coefficients) - len(found.fit.arma))
        return Errors(np.linalg.cholesky(found.fit.covariance).T, df, float(found.fit.arma[0]))
    if option["errors"] == "none":
        return independent(spread, float(n - len(found.fit.coefficients)))
    if option["errors"] == "ar1":
        return autoregressive(found.held, found.standardised, spread)
    lag = option["lag"] or _chosen_lag(found)
    robust = newey_west(found.held, found.residual, lag=min(lag, len(series.time) - 1))
    if option["small_sample"] == "none":
        return robust
    after = np.flatnonzero(series.time >= series.start)
    gradient = (found.d_fitted - found.d_expected)[:, after].mean(axis=1)
    return freed(robust, found.held, gradient, spread=spread)


def _chosen_lag(found: _Fitted) -> int:
    """Return the automatic lag; both series' scores are added up within each period."""
    over = found.standardised / found.fit.spread * (found.fit.mean if found.log else 1.0)
    scores = found.columns.values * over[:, None]
    total = scores.reshape(-1, len(np.unique(found.held.time)), scores.shape[1]).sum(axis=0)
    return newey_west_lag(total, weights=np.array([name != "intercept" for name in found.columns.names], dtype=float))


def _influence(found: _Fitted, errors: Errors, series: OneSeries) -> tuple[np.ndarray, np.ndarray]:
    """Return roots of the covariance of the effect and of the observed counts, per unit: (rows, T) each.

    A robust error knows too little about a single period's own deviation, which it would take from that deviation
    itself. So robust rows carry what was fitted, and rows by the model carry each period's distance from the fit.
    """
    t = len(series.time)
    own = np.eye(len(found.residual))[:, :t]
    if errors.modelled:
        observed, effect = errors.root @ own, errors.root @ (own - found.d_expected)
    else:
        apart = found.fit.spread[:, None] * (own - found.d_fitted)
        observed = np.vstack([errors.root @ found.d_fitted, apart])
        effect = np.vstack([errors.root @ (found.d_fitted - found.d_expected), apart])
    return effect / series.n_treated, observed / series.n_treated


def _parameters(found: _Fitted, errors: Errors, design: Design, model: str) -> pd.DataFrame:
    """Return level and slope (as ratios where the model has a log link) and what describes the errors."""
    ending = " difference" if len(np.unique(found.held.series)) > 1 else ""
    names = [name for name in ("trend", "level", "slope") if name + ending in found.columns.names]
    place = [found.columns.names.index(name + ending) for name in names]
    error = np.linalg.norm(errors.root @ found.fit.response[place].T, axis=0)
    main = parameters(names, found.fit.coefficients[place], error, alpha=design.alpha, df=errors.df)
    main = main if model in ADDITIVE else ratios(main)
    u = found.standardised[found.held.series == 0]
    lags = max(1, min(12, len(u) // 5))
    statistic, p = ljung_box(u, lags)
    rest = {
        "dispersion": found.fit.dispersion, "autocorrelation": _autocorrelation(found),
        "durbin_watson": durbin_watson(u), "lag": errors.lag,
    }  # fmt: skip
    rest |= {"theta": found.fit.theta} if np.isfinite(found.fit.theta) else {}
    if found.fit.arma is not None:
        rest |= dict(zip(("ar", "seasonal ar"), found.fit.arma, strict=False))
    described = parameters(list(rest), rest.values(), [np.nan] * len(rest), alpha=design.alpha)
    tested = parameters(["ljung_box"], [statistic], [np.nan], alpha=design.alpha, df=lags).assign(p_value=p)
    return pd.concat([main, described, tested], ignore_index=True)


def _notes(found: _Fitted, design: Design) -> list[str]:
    """Say where months resemble their neighbours so much that intervals still hold less than they promise."""
    rho = _autocorrelation(found)
    if rho < STRONG:
        return []
    remedy = "use `errors: ar1`" if design.options.get("errors", "ar1") != "ar1" else "a panel method is safer"
    return [f"each period resembles the one before (autocorrelation {rho:.2f}), so intervals are too narrow; {remedy}"]


def _autocorrelation(found: _Fitted) -> float:
    return autocorrelation(found.held, found.standardised)
