"""Pooling tables of few events without a correction: Mantel-Haenszel and Peto."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from curv_eval.errors import DesignError
from curv_eval.stats.meta_pooled import quantile, two_sided

MEASURES = ("or", "rr", "rd")


@dataclass(frozen=True)
class Sparse:
    """The pooled log odds ratio ("or", "peto"), log risk ratio ("rr") or risk difference ("rd"), normal interval.

    studies: k; used: those that carry information for this measure. q, df, q_p_value, i2 (per cent): how far the used
    studies differ from the pooled effect. notes: what became of studies without events, and when not to trust it.
    """

    measure: str
    studies: int
    used: int
    estimate: float
    std_error: float
    conf_low: float
    conf_high: float
    p_value: float
    q: float
    df: int
    q_p_value: float
    i2: float
    notes: tuple[str, ...]


def mantel_haenszel(counts: np.ndarray, *, measure: str = "or", alpha: float = 0.05) -> Sparse:
    """Return the Mantel-Haenszel effect of counts (k, 4): treated events, treated people, control events and people.

    With a, b, c, d events and others of treated and control, N people: OR = sum(ad / N) / sum(bc / N), variance of
    its log by Robins, Breslow & Greenland (1986); RR = sum(a n2 / N) / sum(c n1 / N), variance by Greenland & Robins
    (1985); RD = sum((a n2 - c n1) / N) / sum(n1 n2 / N), variance by Sato, Greenland & Robins (1989). Nothing is
    added to zeros. Studies without any event, or (odds ratio) with nothing but events, carry nothing for ratios; for
    the difference they count as 0, which metafor's default leaves out. Q weights each study's own effect by 1 / v, with
    1/2 added to tables with a zero, and leaves out studies with no event or nothing but events (as metafor's rma.mh).
    One common effect is assumed. Raises DesignError for counts that cannot be, and where an arm has no event (odds
    ratio: or no other) in all studies together.
    """
    counts = tables(counts)
    if measure not in MEASURES:
        raise DesignError(f"measure: got {measure!r}", do=f"choose one of {', '.join(MEASURES)}")
    a, n1, c, n2 = counts.T
    estimate, error = {"or": _odds_ratio, "rr": _risk_ratio, "rd": _risk_difference}[measure](a, n1, c, n2)
    bare = _bare(counts)
    q = _q(counts[~bare], measure, estimate)
    # a study with nothing but events still tells that the risks are alike
    lost = {"or": bare, "rr": a + c == 0, "rd": np.zeros(len(a), dtype=bool)}[measure]
    return _result(measure, lost, (estimate, error, *q), alpha, _said(measure, bare, lost))


def peto(counts: np.ndarray, *, alpha: float = 0.05) -> Sparse:
    """Return Peto's one-step log odds ratio sum(O - E) / sum V (Yusuf and others 1985) of counts (k, 4), see above.

    E = n1 m / N and V = n1 n2 m (N - m) / (N^2 (N - 1)) for m events in all: hypergeometric without an effect. Q =
    sum (O - E)^2 / V - (sum (O - E))^2 / sum V. Studies with no event or nothing but events have V = 0 and carry
    nothing. It is biased towards 0 for large effects and where arms differ much in size: the notes say so (Greenland &
    Salvan 1990). Raises DesignError for counts that cannot be, and where no study has both events and others.
    """
    counts = tables(counts)
    a, n1, c, n2 = counts.T
    m, size = a + c, n1 + n2
    v = n1 * n2 * m * (size - m) / (size**2 * np.maximum(size - 1, 1))
    lost = v <= 0
    if lost.all():
        raise DesignError("no study has people with and without an event: there is no odds ratio")
    moved, v = (a - n1 * m / size)[~lost], v[~lost]
    estimate, q = moved.sum() / v.sum(), (moved**2 / v).sum() - moved.sum() ** 2 / v.sum()
    notes = list(_said("peto", lost, lost))
    if (np.abs(np.log(n1 / n2)) > np.log(3)).any():
        notes.append("arms differ more than 3 to 1 in size in some studies, where Peto's method is biased")
    if abs(estimate) > np.log(4):
        notes.append("the odds ratio is beyond 1/4 or 4, where Peto's method is biased towards 1")
    numbers = (estimate, v.sum() ** -0.5, max(0.0, q), len(v) - 1)
    return _result("peto", lost, numbers, alpha, tuple(notes))


def tables(counts: np.ndarray) -> np.ndarray:
    """Return counts (k, 4) as floats, or raise DesignError with every study that cannot be."""
    counts = np.asarray(counts, dtype=float)
    if counts.ndim != 2 or counts.shape[1] != 4 or not len(counts):
        raise DesignError(f"counts: got shape {counts.shape}, expected (k, 4): events and people, treated and control")
    whole = np.isfinite(counts).all(axis=1) & (np.where(np.isfinite(counts), counts, 0.5) % 1 == 0).all(axis=1)
    a, n1, c, n2 = counts.T
    with np.errstate(invalid="ignore"):
        bad = {
            "counts are whole numbers": ~whole,
            "an arm has no people": whole & ((n1 < 1) | (n2 < 1)),
            "events are not between 0 and the people of the arm": whole & ((a < 0) | (c < 0) | (a > n1) | (c > n2)),
        }
    faults = [
        f"study {', '.join(str(i + 1) for i in np.flatnonzero(at))}: {why}" for why, at in bad.items() if at.any()
    ]
    if faults:
        raise DesignError("these tables cannot be put together", faults, do="correct or leave out these studies")
    return counts


def _odds_ratio(a: np.ndarray, n1: np.ndarray, c: np.ndarray, n2: np.ndarray) -> tuple[float, float]:
    b, d, size = n1 - a, n2 - c, n1 + n2
    p, q, r, s = (a + d) / size, (b + c) / size, a * d / size, b * c / size
    if not r.sum() or not s.sum():
        raise DesignError("an arm has no event, or nothing but events, in all studies together: no odds ratio", do=_DO)
    whole_r, whole_s = r.sum(), s.sum()
    variance = (p * r).sum() / whole_r**2 + (p * s + q * r).sum() / (whole_r * whole_s) + (q * s).sum() / whole_s**2
    return float(np.log(whole_r / whole_s)), float(np.sqrt(variance / 2))


def _risk_ratio(a: np.ndarray, n1: np.ndarray, c: np.ndarray, n2: np.ndarray) -> tuple[float, float]:
    size = n1 + n2
    r, s = (a * n2 / size).sum(), (c * n1 / size).sum()
    if not r or not s:
        raise DesignError("an arm has no event in all studies together: there is no risk ratio", do=_DO)
    variance = ((n1 * n2 * (a + c) - a * c * size) / size**2).sum() / (r * s)
    if not variance > 0:
        raise DesignError("everybody had the event: the risk ratio has no error")
    return float(np.log(r / s)), float(np.sqrt(variance))


def _risk_difference(a: np.ndarray, n1: np.ndarray, c: np.ndarray, n2: np.ndarray) -> tuple[float, float]:
    size = n1 + n2
    total = (n1 * n2 / size).sum()
    estimate = ((a * n2 - c * n1) / size).sum() / total
    p = (c * (n1 / size) ** 2 - a * (n2 / size) ** 2 + n1 * n2 / size**2 * (n2 - n1) / 2).sum()
    q = ((a * (n2 - c) + c * (n1 - a)) / size).sum() / 2
    variance = (estimate * p + q) / total**2
    if not variance > 0:
        raise DesignError("all arms have no event, or nothing but events: the risk difference has no error", do=_DO)
    return float(estimate), float(np.sqrt(variance))


def _q(counts: np.ndarray, measure: str, estimate: float) -> tuple[float, int]:
    if len(counts) < 2:
        return 0.0, max(len(counts) - 1, 0)
    a, n1, c, n2 = counts.T
    some = 0.5 * ((a == 0) | (c == 0) | (a == n1) | (c == n2))
    a, b, c, d = a + some, n1 - a + some, c + some, n2 - c + some
    n1, n2 = a + b, c + d
    if measure == "or":
        y, v = np.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d
    elif measure == "rr":
        y, v = np.log(a * n2 / (c * n1)), 1 / a - 1 / n1 + 1 / c - 1 / n2
    else:
        y, v = a / n1 - c / n2, a * b / n1**3 + c * d / n2**3
    return float(((y - estimate) ** 2 / v).sum()), len(y) - 1


def _bare(counts: np.ndarray) -> np.ndarray:
    a, n1, c, n2 = counts.T
    return (a + c == 0) | ((a == n1) & (c == n2))


def _said(measure: str, bare: np.ndarray, lost: np.ndarray) -> tuple[str, ...]:
    if not bare.any():
        return ()
    which = f"{int(bare.sum())} of {len(bare)} studies have no event, or nothing but events, in both arms"
    if lost.any():
        return (f"{which}: {int(lost.sum())} of them carry nothing for this measure and are left out",)
    return (f"{which}: they count as no difference",)


def _result(measure: str, lost: np.ndarray, numbers: tuple, alpha: float, notes: tuple[str, ...]) -> Sparse:
    estimate, error, q, df = (float(x) for x in numbers)
    wide = quantile(1 - alpha / 2, np.inf) * error
    p = float(chdtrc(df, q)) if df else 1.0
    i2 = max(0.0, 100 * (q - df) / q) if q else 0.0
    return Sparse(
        measure, len(lost), int((~lost).sum()), estimate, error, estimate - wide, estimate + wide,
        two_sided(estimate / error, np.inf), q, int(df), p, i2, notes,
    )  # fmt: skip


_DO = "take the risk difference, or say that the studies cannot tell"
