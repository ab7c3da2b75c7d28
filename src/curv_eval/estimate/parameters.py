"""A method's own numbers in their own scale: one row each, with interval, p-value and degrees of freedom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from curv_eval.estimate import PARAMETER_COLUMNS


def parameters(
    terms: Sequence[str], values: Iterable[float], errors: Iterable[float], *, alpha: float, df: float = np.inf
) -> pd.DataFrame:
    """Return PARAMETER_COLUMNS for values with their standard errors, by the t distribution (inf: normal)."""
    value, error = np.asarray(list(values), dtype=float), np.asarray(list(errors), dtype=float)
    width = stdtrit(df, 1 - alpha / 2) * error
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * stdtr(df, -np.abs(value / error))
    columns = (list(terms), value, error, value - width, value + width, p, np.full(len(value), df))
    return pd.DataFrame(dict(zip(PARAMETER_COLUMNS, columns, strict=True)))


def ratios(table: pd.DataFrame) -> pd.DataFrame:
    """Return parameters on the log scale as ratios; the error is that of the ratio, by the delta method."""
    value = np.exp(table["estimate"])
    return table.assign(
        estimate=value, std_error=value * table["std_error"],
        conf_low=np.exp(table["conf_low"]), conf_high=np.exp(table["conf_high"]),
    )  # fmt: skip
