"""What may be said of a check when some of the numbers behind it are withheld."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from curv_eval.checks import Check
from curv_eval.disclosure import Released
from curv_eval.estimate.told import terms_of, written


def said(check: Check, released: Released) -> str:
    """Return the check's text with its numbers as released; where one is withheld what it concludes, or that it is."""
    if _speaks_openly(check, released):
        return written(check.words, released.table)
    if check.concludes:
        return f"{check.concludes} The numbers are withheld: too few people stand behind them."
    return "Withheld: it rests on too few incidents or areas."


def as_shown(check: Check, released: Released) -> Check | None:
    """Return the check with the numbers that may be shown, for a rating; None where it must count as not examined.

    A share that is withheld because a few people make it up is replaced by the most it can be, in whole per cent, and
    its row is marked in the column `at_most`.
    """
    if not _speaks_openly(check, released) and not check.concludes:
        return None
    table, gone = check.table.reset_index(drop=True), _withheld_rows(released)
    few = gone & table["term"].str.endswith(", share") & (table["estimate"] < 0.5)
    most = np.ceil(100 * (released.rule.events_below - 1) / table["n_units"]) / 100
    # as released: where counts are rounded, a share of few people would tell their number
    rounded = released.table["estimate"].reset_index(drop=True).astype(float)
    shown = table.assign(estimate=rounded.where(~few, most.clip(upper=1.0)), at_most=few)
    return replace(check, table=shown[~gone | few].reset_index(drop=True))


def _withheld_rows(released: Released) -> pd.Series:
    return released.hidden.any(axis=1).reset_index(drop=True)


def _speaks_openly(check: Check, released: Released) -> bool:
    """Return whether every number that the check speaks of is shown; of all where its words have none."""
    rows, of = check.table["term"].reset_index(drop=True), terms_of(check.words)
    spoken = rows.isin(of) if of else rows.notna()
    return not (_withheld_rows(released) & spoken).any()
