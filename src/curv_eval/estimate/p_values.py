"""How often chance alone gives an effect as large as the one estimated, and whether it is bounded at all."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats as distributions

from curv_eval.errors import DesignError
from curv_eval.estimate import Estimate
from curv_eval.estimate.averages import average
from curv_eval.stats.few_clusters import satterthwaite


def p_value(estimate: Estimate) -> float:
    """Return the two-sided p-value of no average effect, in the way the estimate's interval is made.

    That of its test where it has one; twice the smaller share of draws on either side of 0 (at least 1 in the number
    of draws and one) where it has draws; by the t distribution with the interval's degrees of freedom otherwise.
    Raises DesignError when the average has no error.
    """
    if estimate.tested is not None:
        return float(estimate.tested.p_value)
    found = average(estimate, estimate.after)
    if estimate.draws is not None:
        return _drawn(estimate)
    if not found.std_error > 0:
        raise DesignError(f"{estimate.outcome}: the average effect has no error, so there is no p-value")
    df = estimate.df if estimate.groups is None else satterthwaite(found.influence, estimate.groups)
    return float(2 * distributions.t.sf(abs(found.value) / found.std_error, df))


def bounded(rows: pd.DataFrame, what: str) -> pd.DataFrame:
    """Return rows with conf_low and conf_high as they are. Raises DesignError where an interval has no end.

    Too few placebos, assignments or draws cannot exclude even the largest effect.
    """
    if not np.isfinite(rows[["estimate", "conf_low", "conf_high"]].to_numpy(dtype=float)).all():
        raise DesignError(f"{what}: there are too few placebos or draws to bound the effect")
    return rows


def _drawn(estimate: Estimate) -> float:
    share = np.array([estimate.shares[g][0] for g in estimate.cells["cohort"][estimate.after]])
    drawn = estimate.draws[:, estimate.after] @ share
    smaller = min(int((drawn <= 0).sum()), int((drawn >= 0).sum()))
    return min(1.0, 2 * (1 + smaller) / (1 + len(drawn)))
