"""The placebo distribution of a synthetic control: every untreated group treated in turn, as if it had been."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from curv_eval.stats.inversion import line_ends
from curv_eval.stats.synthetic import PERFECT, Fit, Fitter

EVERY = 400  # single clusters: each is a placebo, up to this many


@dataclass(frozen=True)
class Placebos:
    """gaps: (B, T) the gap of each placebo in every period. pre_rmspe: (B,). enumerated: whether these are all.

    share: (B,) by how much a gap moves with an effect of 1 on the treated, 0 where no treated unit takes part.
    """

    gaps: np.ndarray
    pre_rmspe: np.ndarray
    enumerated: bool
    share: np.ndarray


@dataclass(frozen=True)
class Ranked:
    """A placebo test of the average gap after the start.

    statistic: "ratio" (average gap to pre-RMSPE) or "gap". p_value: (1 + placebos at least as large) / (B + 1).
    rmspe_ratio, rmspe_p_value: the ratio of the RMSPE after to that before, and its p-value; NaN where a fit is exact.
    floor: the smallest p-value that B placebos can give. conf_low, conf_high: infinite where that is above alpha.
    """

    statistic: str
    p_value: float
    rmspe_ratio: float
    rmspe_p_value: float
    floor: float
    conf_low: float
    conf_high: float


def placebo_groups(cluster: np.ndarray, *, size: int, draws: int, seed: int) -> tuple[np.ndarray, bool]:
    """Return groups of `size` whole clusters, (B, J) bool, and whether they are all that there are.

    cluster: (J,) of the donors. Where there are at most `draws` groups, or up to EVERY of one cluster each, all are
    returned; else `draws` of them are drawn, each equally likely. The order of the donors makes no difference to which.
    """
    names, code = np.unique(cluster, return_inverse=True)
    count = len(names)
    all_ = comb(count, size) <= (max(draws, EVERY) if size == 1 else draws)
    if all_:
        chosen = np.array(list(combinations(range(count), size)))
    else:
        random = np.random.default_rng(seed)
        chosen = np.argsort(random.random((draws, count)), axis=1)[:, :size]
    member = np.zeros((len(chosen), count), dtype=bool)
    np.put_along_axis(member, chosen, True, axis=1)
    return member[:, code], all_


def in_space(
    rows: np.ndarray, before: np.ndarray, groups: tuple[np.ndarray, bool], *, fitter: Fitter, treated: np.ndarray
) -> Placebos:
    """Return the gaps of every placebo group against the other rows (Abadie, Diamond & Hainmueller 2010).

    rows: (n, T). before: (T,) bool. groups: (B, n) bool and whether they are all. treated: (n,) bool, rows that hold
    the effect. With one treated area they are left out of `rows` and take no part, as is usual. With several, groups
    are drawn from all rows, treated ones too: only then are the real group and the placebos alike under the null.
    """
    fits = [fitter(rows[group].mean(axis=0), rows[~group], before) for group in groups[0]]
    share = [treated[group].mean() - f.weights @ treated[~group] for group, f in zip(groups[0], fits, strict=True)]
    return Placebos(np.array([f.gap for f in fits]), np.array([f.pre_rmspe for f in fits]), groups[1], np.array(share))


def without_effect(placebos: Placebos, path: np.ndarray) -> np.ndarray:
    """Return the gaps (B, T) that the placebos have with an effect of the treated taken off; path: (T,), 0 before."""
    return placebos.gaps - np.outer(placebos.share, path)


def ranked(found: Fit, placebos: Placebos, after: np.ndarray, *, size: float, alpha: float) -> Ranked:
    """Return the placebo test of the average gap over the periods `after` (T,) bool, and its inversion.

    A constant effect c is rejected where (1 + number of r_i >= r) / (B + 1) <= alpha, with r = |average gap - c| / its
    pre-RMSPE and r_i = |average gap of i - c share_i| / that of i (after Firpo & Possebom 2018, with the average in
    place of the RMSPE, whose inversion can be empty). Weights rest on periods before the start, which c does not touch,
    so the ends are exact. With all shares 0 they are average gap -+ pre-RMSPE x the k-th largest r_i, k = floor(alpha
    (B + 1)). Where fits are exact a ratio means nothing, and gaps are compared as they are. size: that of the series,
    against which a fit is judged exact.
    """
    exact = PERFECT * size
    plain = found.pre_rmspe <= exact or (placebos.pre_rmspe <= exact).mean() > alpha / 2
    weight = np.ones(len(placebos.gaps)) if plain else found.pre_rmspe / np.maximum(placebos.pre_rmspe, exact)
    average, others = float(found.gap[after].mean()), placebos.gaps[:, after].mean(axis=1) * weight
    low, high = line_ends(average, others, placebos.share * weight, extra=1, alpha=alpha)
    ratio, ratio_p = _rmspe(found, placebos, after, exact=exact)
    p, floor = share_as_large(abs(average), np.abs(others)), 1 / (len(others) + 1)
    return Ranked("gap" if plain else "ratio", p, ratio, ratio_p, floor, low, high)


def share_as_large(value: float, placebos: np.ndarray) -> float:
    """Return (1 + number of placebos (B,) at least as large as `value`) / (B + 1); equal up to rounding counts."""
    return float((1 + (placebos >= value * (1 - 1e-10)).sum()) / (len(placebos) + 1))


def _rmspe(found: Fit, placebos: Placebos, after: np.ndarray, *, exact: float) -> tuple[float, float]:
    if found.pre_rmspe <= exact:
        return np.nan, np.nan
    own = float(np.sqrt((found.gap[after] ** 2).mean()) / found.pre_rmspe)
    each = np.sqrt((placebos.gaps[:, after] ** 2).mean(axis=1)) / np.maximum(placebos.pre_rmspe, exact)
    return own, share_as_large(own, each)
