"""Structural time series: one series continued by its own level and by comparison series (what CausalImpact does)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate
from curv_eval.estimate.one_series import OneSeries, cells, length_notes, one_series, season_of, shares
from curv_eval.estimate.options import Number, chosen
from curv_eval.estimate.parameters import parameters
from curv_eval.panel import Panel
from curv_eval.stats import segmented
from curv_eval.stats.structural import LEVELS, Continued, Model, continued
from curv_eval.study import Design

SEED = 20261125
TAKES = "panel"
OPTIONS = {
    "level": LEVELS,
    "comparison": ("series", "districts", "none"),
    "season": ("auto", *segmented.SEASONS),
    "prior": Number(0.1, 0.001, 10.0),
    "draws": Number(2000, 500, 20000),
    "seed": Number(SEED, 0, 2**31),
}
NAMED = "structural time series (Bayesian, as CausalImpact)"
TRENDS = "none"
ASSUMES = (
    "Without {intervention}, incidents in {treated} would have kept the relation to {comparison} that they had before.",
    "{comparison} were not affected by {intervention}.",
    "Nothing else that matters for the outcome changed in {treated} alone when {intervention} began.",
)
ERRORS = "draws"
STAGGERED = False
SE_RULE = "{draws:,} draws from the posterior of a structural time series, variances included (seed {seed})"
LEAST = 10  # incidents in a period, below which counts are too skewed for normal errors


def estimate(panel: Panel, *, outcome: str, design: Design) -> Estimate:
    """Return observed less expected counts per period, with draws of both (Brodersen and others 2015).

    Expected is a local level (or local linear trend) plus regression on comparison series and season, learnt before
    the onset; see curv_eval.stats.structural. Options: `comparison` (areas never treated added up, or added up by
    district), `season`, `level`, `prior` (of level over irregular standard deviation), `draws`, `seed`. Errors are
    normal, so counts must not be small. Raises DesignError.
    """
    option = chosen(design.options, OPTIONS)
    series = one_series(panel, outcome=outcome, design=design, compared=option["comparison"] != "none")
    _refuse_rare(series, outcome)
    season = season_of(option["season"], series, panel, shared=series.n_comparison > 0)
    regressors, names = _regressors(panel, series, outcome, option["comparison"])
    columns = np.column_stack([regressors, segmented.season(series.time, season).values])
    model = Model(option["level"], option["prior"], option["draws"], option["seed"])
    found = continued(series.treated, columns, int(series.before.sum()), model=model)
    effect = series.treated - found.draws
    every = np.full(len(series.time), True)
    return Estimate(
        method="structural_time_series", outcome=outcome,
        estimand="difference between what was counted in treated areas and the continued series",
        comparison=design.comparison if series.n_comparison else "none", alpha=design.alpha,
        cells=cells(series, series.treated - found.expected, every),
        influence=_root(effect) / series.n_treated, observed_influence=np.zeros((len(every), len(every))),
        shares=shares(series, panel, len(every)), notes=tuple(length_notes(series)),
        se_rule=SE_RULE.format(draws=option["draws"], seed=option["seed"]), draws=effect / series.n_treated,
        parameters=_parameters(found, names, design.alpha),
    )  # fmt: skip


def _refuse_rare(series: OneSeries, outcome: str) -> None:
    mean = series.treated[series.before].mean()
    if mean < LEAST:
        raise DesignError(
            f"structural_time_series: {outcome} has {mean:.1f} incidents a period before the onset, expected at least "
            f"{LEAST}, because its errors are normal",
            do="use `method: interrupted_time_series`, which is made for counts, longer periods or a wider area",
        )


def _regressors(panel: Panel, series: OneSeries, outcome: str, comparison: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the comparison series, (T, k), and their names."""
    if comparison == "none":
        return np.empty((len(series.time), 0)), ()
    if comparison == "series":
        return series.comparison[:, None], ("comparison",)
    if panel.district is None:
        raise DesignError("`comparison: districts`: the panel does not know its districts", do="use `series`")
    never = ~panel.treated
    names = np.unique(panel.district[never])
    sums = [panel.outcomes[outcome][never & (panel.district == name)].sum(axis=0) for name in names]
    return np.column_stack(sums), tuple(f"comparison {name}" for name in names)


def _root(effect: np.ndarray) -> np.ndarray:
    """Return a root of the covariance of the draws' columns: (T, T)."""
    return np.linalg.qr((effect - effect.mean(axis=0)) / np.sqrt(len(effect) - 1), mode="r")


def _parameters(found: Continued, names: tuple[str, ...], alpha: float) -> pd.DataFrame:
    k = len(names)
    main = parameters(names, found.coefficients[:k], found.coefficients_error[:k], alpha=alpha)
    spread = {"level sd": found.level, "slope sd": found.slope, "irregular sd": found.irregular}
    rest = parameters(list(spread), spread.values(), [np.nan] * len(spread), alpha=alpha)
    return pd.concat([main, rest], ignore_index=True) if k else rest
