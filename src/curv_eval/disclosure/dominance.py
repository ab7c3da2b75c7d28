"""Totals of amounts to which one or two contributors give nearly everything."""

from __future__ import annotations

import numpy as np
import pandas as pd

from curv_eval.disclosure.rules import Rule


def dominated(total: pd.Series, largest: pd.Series, second: pd.Series, *, rule: Rule) -> pd.Series:
    """Return which totals say too much about their largest contribution.

    By the p% rule, where the second largest contributor, who knows his own, can come nearer to the largest than
    p_percent of it: total - largest - second < p_percent / 100 * largest. By the dominance rule, where the two largest
    give more than two_largest per cent. Source: SDC Handbook, chapter 4.2.
    """
    left = total - largest - second
    near = left < rule.p_percent / 100 * largest
    return (near & (rule.p_percent > 0)) | ((largest + second) > rule.two_largest / 100 * total)


def upper_estimate(total: float, second: float) -> float:
    """Return the most that the largest contribution can be for the second largest contributor."""
    return total - second


def dominance_of(p_percent: float) -> float:
    """Return the k of the rule (n, k) that asks as much as a p% rule: 100 * 100 / (100 + p)."""
    return 100 * 100 / (100 + p_percent)


def protection(contributions: np.ndarray, *, largest: int = 1, share: float) -> float:
    """Return how far above a total the upper end of its range must lie, so that the rule (n, k) holds for that end.

    largest: n. share: k, in per cent. 100 / k * (x1 + ... + xn) - X, 0 where the total keeps the rule.
    """
    ordered = np.sort(np.asarray(contributions, dtype=float))[::-1]
    return float(max(0.0, 100 / share * ordered[:largest].sum() - ordered.sum()))
