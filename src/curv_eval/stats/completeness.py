"""How far the values of monthly series lie below what their neighbours, the season and other series lead one to expect.

Every quantity is on the log scale, so that a fall is a share. A value is compared with the lower of two medians, of the
months before it and of those after it, so that a lasting change of level is not taken for a hole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NEAREST, EACH_SIDE, AT_LEAST = 12, 8, 4  # months that make a level: on both sides, on one side, and the fewest
REACH = 24  # months; what lies farther away says little about today's level
OTHERS = 5  # series that say together what a month was like
ENOUGH = 8  # months a series needs before its own spread is known
NEVER_ZERO = 0.5  # rows; the logarithm of a month without any
LEAST_SPREAD = 0.05
CLEAR = 0.25  # a fall that is no chance variation: about a fifth


@dataclass(frozen=True)
class Judged:
    """expected: (S, T) rows, NaN where too few months lie near. ratio: (S, T) rows against expected. distance: (S, T)
    how many robust standard deviations the logarithm lies from what was expected, negative below.
    """

    expected: np.ndarray
    ratio: np.ndarray
    distance: np.ndarray


def judge_series(rows: np.ndarray, months: np.ndarray, *, groups: np.ndarray | None = None) -> Judged:
    """Return what was expected of each value of S monthly series, and how far it lies from that.

    rows: (S, T) counts, NaN for a month that is not part of a series and so says nothing about the others. months: (T,)
    increasing month numbers; gaps are allowed. groups: (S,) which series say together what a month was like; all, if
    not given. log expected_st = level_st + season_st + shared_gt, where shared is the median departure of the series of
    the group that month (0 if fewer than OTHERS have one), season is that of the same calendar month in other years,
    and level is the lower of the medians of the nearest EACH_SIDE months before and after, within REACH months.
    distance divides by the median absolute deviation of the series' own departures (scaled to a standard deviation, at
    least LEAST_SPREAD) and the Poisson error of the expected count. Robust location and spread: Leys et al. 2013,
    doi:10.1016/j.jesp.2013.03.013.
    """
    groups = np.zeros(len(rows), dtype=int) if groups is None else groups
    given = np.log(np.maximum(np.asarray(rows, dtype=float), NEVER_ZERO))
    shared = _shared(given - _level(given, months), groups)
    own = given - shared
    season = _season(own - _level(own, months), months)
    plain = own - season
    level = _lower_side(plain, months)
    expected, departure = np.exp(level + season + shared), plain - level
    return Judged(expected, np.exp(departure), departure / _spread(departure, expected))


def _shared(departures: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return the median departure of each month over the series of a group, (S, T); 0 where too few have one."""
    shared = np.zeros(departures.shape)
    for group in np.unique(groups):
        members = departures[groups == group]
        known = np.isfinite(members).sum(axis=0) >= OTHERS
        shared[groups == group] = np.where(known, _median(members.T), 0.0)
    return shared


def _season(departures: np.ndarray, months: np.ndarray) -> np.ndarray:
    """Return how the same calendar month departed in other years, (S, T).

    The median of the other years and a zero, so that one odd year makes no season. A single other year may excuse a
    low month if it was clearly low itself; it never asks for a high one.
    """
    season = np.zeros(departures.shape)
    for t, month in enumerate(months):
        same = departures[:, (months % 12 == month % 12) & (months != month)]
        years = np.isfinite(same).sum(axis=1)
        several, one = _median(np.column_stack([same, np.zeros(len(same))])), np.nansum(same, axis=1)
        season[:, t] = np.where(years == 1, np.where(one < -CLEAR, one, 0.0), np.where(years == 0, 0.0, several))
    return season


def _lower_side(values: np.ndarray, months: np.ndarray) -> np.ndarray:
    """Return the lower of the levels before and after, else the only one, else that of both sides together, (S, T)."""
    lower = np.fmin(_level(values, months, side=-1), _level(values, months, side=1))
    return np.where(np.isfinite(lower), lower, _level(values, months))


def _level(values: np.ndarray, months: np.ndarray, *, side: int = 0) -> np.ndarray:
    """Return the median of the nearest months with a value, (S, T): before (side -1), after (1), or around (0)."""
    found, most = np.full(values.shape, np.nan), EACH_SIDE if side else NEAREST
    for t, month in enumerate(months):
        away = months - month
        near = np.flatnonzero((away != 0) & (np.abs(away) <= REACH) & (away * side >= 0))
        near = near[np.argsort(np.abs(away[near]), kind="stable")]
        found[:, t] = _first_median(values[:, near], most)
    return found


def _first_median(values: np.ndarray, most: int) -> np.ndarray:
    """Return the median of the first `most` known values of each row, NaN where fewer than AT_LEAST are known."""
    known = np.isfinite(values)
    chosen = np.where(known & (np.cumsum(known, axis=1) <= most), values, np.nan)
    return np.where(known.sum(axis=1) >= AT_LEAST, _median(chosen), np.nan)


def _spread(departures: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Return the standard deviation a departure has by itself, (S, T); NaN for series of fewer than ENOUGH months."""
    middle = _median(departures)[:, None]
    own = 1.4826 * _median(np.abs(departures - middle))[:, None]
    own = np.where(np.isfinite(departures).sum(axis=1)[:, None] >= ENOUGH, own, np.nan)
    return np.sqrt(np.maximum(own, LEAST_SPREAD) ** 2 + 1 / np.maximum(expected, 1.0))


def _median(values: np.ndarray) -> np.ndarray:
    """Return the median of the known values of each row; NaN where there is none. (numpy's is ten times slower.)"""
    known = np.isfinite(values).sum(axis=1)
    ordered = np.column_stack([np.sort(values, axis=1), np.full(len(values), np.nan)])
    rows = np.arange(len(values))
    middle = (ordered[rows, np.maximum(known - 1, 0) // 2] + ordered[rows, known // 2]) / 2
    return np.where(known > 0, middle, np.nan)
