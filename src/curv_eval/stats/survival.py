"""Time to an event: Kaplan-Meier curves, the log-rank test, and pseudo-values of the risk by a given time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, ndtri

from curv_eval.errors import DesignError

INTERVALS = ("log-log", "log", "plain")


@dataclass(frozen=True)
class Curve:
    """Times at which events happened (k,), and from each on: people at risk, events, share without event, its error.

    conf_low, conf_high: pointwise interval. std_error is Greenwood's.
    """

    time: np.ndarray
    at_risk: np.ndarray
    events: np.ndarray
    survival: np.ndarray
    std_error: np.ndarray
    conf_low: np.ndarray
    conf_high: np.ndarray


@dataclass(frozen=True)
class LogRank:
    """Chi-squared, its degrees of freedom and p-value; events observed and expected in each group."""

    chi2: float
    df: int
    p_value: float
    observed: np.ndarray
    expected: np.ndarray


def require_times(time: np.ndarray, event: np.ndarray) -> None:
    """Refuse times that are not positive numbers, and events other than 0 and 1. Raises DesignError."""
    faults = []
    if not np.isin(event, (0.0, 1.0)).all():
        faults.append("the outcome: expected 1 for people to whom it happened and 0 for others, got other numbers")
    if not (np.isfinite(time).all() and (time > 0).all()):
        faults.append(f"time: expected numbers above 0, got {int((~(time > 0)).sum()):,} others")
    if faults:
        raise DesignError("time to an event cannot be worked out", faults)


def kaplan_meier(time: np.ndarray, event: np.ndarray, *, interval: str = "log-log", alpha: float = 0.05) -> Curve:
    """Return the share of people without an event from each time on, S(t) = product of 1 - d_j / n_j.

    time, event: (n,); 0: followed so long without event. Greenwood: Var S = S^2 sum d_j / (n_j (n_j - d_j)).
    interval: on the scale of log(-log S), of log S, or of S ("plain"), kept within 0 and 1 (Kaplan & Meier 1958;
    Kalbfleisch & Prentice 2002, section 1.4). Raises DesignError for times or events that cannot be.
    """
    require_times(time, event)
    if interval not in INTERVALS:
        raise DesignError(f"interval: got {interval!r}, expected one of {', '.join(INTERVALS)}")
    at, code = np.unique(time, return_inverse=True)
    events = np.bincount(code, event)
    at_risk = np.cumsum(np.bincount(code)[::-1])[::-1].astype(float)
    some = events > 0
    at, events, at_risk = at[some], events[some], at_risk[some]
    survival = np.cumprod(1 - events / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(np.cumsum(events / (at_risk * (at_risk - events))))
    left = survival > 0
    error = np.where(left, survival * np.where(left, spread, 0.0), 0.0)
    low, high = _interval(survival, np.where(left, spread, 0.0), interval, ndtri(1 - alpha / 2))
    return Curve(at, at_risk, events, survival, error, low, high)


def _interval(s: np.ndarray, spread: np.ndarray, interval: str, q: float) -> tuple[np.ndarray, np.ndarray]:
    if interval == "plain":
        return np.clip(s - q * s * spread, 0, 1), np.clip(s + q * s * spread, 0, 1)
    if interval == "log":
        return s * np.exp(-q * spread), np.minimum(s * np.exp(q * spread), 1)
    inside = (s > 0) & (s < 1)
    log = np.where(inside, np.log(np.where(inside, s, 0.5)), -1.0)
    wide = np.exp(q * spread / np.abs(log))
    return np.where(inside, np.exp(log * wide), s), np.where(inside, np.exp(log / wide), s)


def at_time(curve: Curve, when: float) -> int:
    """Return the row of `curve` that holds at time `when`, -1 before the first event."""
    return int(np.searchsorted(curve.time, when, side="right")) - 1


def log_rank(
    time: np.ndarray, event: np.ndarray, group: np.ndarray, *, stratum: np.ndarray | None = None, rho: float = 0.0
) -> LogRank:
    """Return the test that groups (n,) share one curve, within strata (n,) where given (Mantel 1966; Peto 1972).

    rho: weights S(t-)^rho (Harrington & Fleming 1982); 0: log-rank, 1: close to Peto's Wilcoxon.
    Raises DesignError with one group, or no event that several groups were at risk of.
    """
    require_times(time, event)
    names, code = np.unique(group, return_inverse=True)
    if len(names) < 2:
        raise DesignError("the log-rank test needs at least two groups")
    layers = np.zeros(len(time), dtype=int) if stratum is None else np.unique(stratum, return_inverse=True)[1]
    parts = [_layer(time[layers == one], event[layers == one], code[layers == one], len(names), rho)
             for one in np.unique(layers)]  # fmt: skip
    observed, expected, gap, variance = (sum(part[i] for part in parts) for i in range(4))
    chi2 = float(gap @ np.linalg.pinv(variance, hermitian=True) @ gap)
    df = int(np.linalg.matrix_rank(variance))
    if not df:
        raise DesignError("no event happened while people of several groups were followed")
    return LogRank(chi2, df, float(chdtrc(df, chi2)), observed, expected)


def _layer(time: np.ndarray, event: np.ndarray, code: np.ndarray, groups: int, rho: float) -> tuple:
    """Return observed, expected, weighted observed less expected, (g,), and its covariance (g, g) in one stratum."""
    at, order = np.unique(time, return_inverse=True)
    died, left = np.zeros((len(at), groups)), np.zeros((len(at), groups))
    np.add.at(died, (order, code), event)
    np.add.at(left, (order, code), 1.0)
    risk = np.cumsum(left[::-1], axis=0)[::-1]
    n, d = risk.sum(axis=1), died.sum(axis=1)
    before = np.concatenate([[1.0], np.cumprod(1 - d / n)[:-1]])
    share, weight = risk / n[:, None], before**rho
    expected = d[:, None] * share
    # hypergeometric: with one person left there is nothing to vary
    factor = weight**2 * d * np.where(n > 1, (n - d) / np.maximum(n - 1, 1), 0.0)
    variance = np.diag(factor @ share) - (share * factor[:, None]).T @ share
    return died.sum(axis=0), expected.sum(axis=0), weight @ (died - expected), variance


def pseudo_risks(time: np.ndarray, event: np.ndarray, *, when: float) -> np.ndarray:
    """Return each person's pseudo-value of the chance of the event by time `when`, (n,).

    1 - S(when) + n times the derivative of -S with respect to the person's weight, S by Kaplan-Meier. Their mean is
    1 - S exactly, and their variance over n Greenwood's. For people all followed until `when` it is the event itself,
    0 or 1; censoring must be unrelated to the event (Andersen, Klein & Rosthoej 2003, Biometrika 90(1); in this form
    the infinitesimal jackknife). Raises DesignError when everybody left has had the event before `when`.
    """
    require_times(time, event)
    cut, seen = np.minimum(time, when), np.where(time <= when, event, 0.0)
    code = np.unique(cut, return_inverse=True)[1]
    d = np.bincount(code, seen)
    n = np.cumsum(np.bincount(code)[::-1])[::-1].astype(float)
    survival = float(np.prod(1 - d / n))
    gone = n <= d
    if survival <= 0 and (seen == 0).any():
        raise DesignError(
            f"all of those still followed had the event by time {when:g}, so their chance of it is not known",
            do="give an earlier `horizon`",
        )
    if survival <= 0:
        return np.ones(len(time))
    step = np.where(gone, 0.0, 1 / np.maximum(n - d, 1e-300))
    exposed = np.cumsum(np.where(d > 0, d / n * step, 0.0))
    change = survival * (seen * step[code] - exposed[code])
    return 1 - survival + len(time) * change
