"""Cox's proportional hazards: how many times as fast an event comes, and whether that stays so over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from curv_eval.errors import DesignError
from curv_eval.stats.cluster import cluster_sums
from curv_eval.stats.survival import kaplan_meier, require_times

TIES = ("efron", "breslow")
SCALES = ("km", "rank", "identity", "log")


@dataclass(frozen=True)
class Cox:
    """Log hazard ratios (k,), covariance from the information (k, k), log-likelihoods without and with them.

    scores: (n, k) each person's score residual times the covariance: the influence behind a robust error.
    residuals: (events, k) Schoenfeld residuals, at `event_times` (events,) in order.
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    log_likelihood: tuple[float, float]
    scores: np.ndarray
    residuals: np.ndarray
    event_times: np.ndarray

    @property
    def errors(self) -> np.ndarray:
        """Standard errors from the information, (k,)."""
        return np.sqrt(np.diagonal(self.covariance))

    def robust(self, cluster: np.ndarray) -> np.ndarray:
        """Return the influence of each cluster (n,) on the coefficients, (clusters, k), CR1: times G / (G-1).

        Lin & Wei 1989, J. American Statistical Association 84; the factor as for any few clusters.
        """
        sums = cluster_sums(self.scores, cluster)
        return sums * np.sqrt(len(sums) / (len(sums) - 1))


@dataclass(frozen=True)
class Proportional:
    """Test that hazard ratios do not change over time: chi-squared (k,), p (k,), and the joint one with k df."""

    correlation: np.ndarray
    chi2: np.ndarray
    p_value: np.ndarray
    joint_chi2: float
    joint_p: float


@dataclass(frozen=True)
class _Data:
    """People in order of time, latest first, so that those at risk come first; ties by time."""

    time: np.ndarray
    event: np.ndarray
    x: np.ndarray
    order: np.ndarray


def cox(
    time: np.ndarray, event: np.ndarray, x: np.ndarray, *, ties: str = "efron", stratum: np.ndarray | None = None
) -> Cox:
    """Return b of the hazard h(t | x) = h0(t) exp(x'b) by partial likelihood and Newton's steps.

    time, event: (n,), x: (n, k), stratum: (n,) groups with an h0 of their own. ties: Efron's (1977) or Breslow's.
    Raises DesignError for events or times that cannot be, columns that repeat each other, or a likelihood that grows
    without end (an x that all events, or none, share).
    """
    require_times(time, event)
    if ties not in TIES:
        raise DesignError(f"ties: got {ties!r}, expected one of {', '.join(TIES)}")
    centre, spread = x.mean(axis=0), x.std(axis=0)
    if not event.any() or (spread == 0).any():
        raise DesignError("hazards cannot be compared: nobody had the event, or a column is the same for everybody")
    scaled = (x - centre) / spread
    layers = np.zeros(len(time), dtype=int) if stratum is None else np.unique(stratum, return_inverse=True)[1]
    parts = [_sorted(time, event, scaled, np.flatnonzero(layers == one)) for one in np.unique(layers)]
    b, start, known = np.zeros(x.shape[1]), None, 0.0
    for _ in range(50):
        steps = [_derivatives(part, b, ties) for part in parts]
        value, gradient, information = (sum(step[i] for step in steps) for i in range(3))
        if np.linalg.cond(information) > 1e12 and start is None:
            raise DesignError("columns of the hazard model repeat each other, or say nothing about the event")
        least = np.linalg.eigvalsh(information)[0]
        start, known = (value, least) if start is None else (start, known)
        # where the ratio has no end each step adds about 1 and information fades; beyond this only rounding is left
        if least < 1e-8 * known or np.abs(b).max() > 30:
            break
        move = np.linalg.solve(information, gradient)
        if np.abs(move).max() < 1e-10:
            return _found(parts, _Top(b, (start, value), np.linalg.inv(information)), ties=ties, spread=spread)
        b = _halved(parts, b, move, ties=ties, value=value)
    raise DesignError(
        "the hazard ratio has no end: one group had every event, or none, at each time",
        do="leave out the covariate that separates them, or use longer follow-up",
    )


def _sorted(time: np.ndarray, event: np.ndarray, x: np.ndarray, rows: np.ndarray) -> _Data:
    order = rows[np.argsort(-time[rows], kind="stable")]
    return _Data(time[order], event[order], x[order], order)


def _halved(parts: list[_Data], b: np.ndarray, move: np.ndarray, *, ties: str, value: float) -> np.ndarray:
    """A Newton step, halved until the likelihood does not fall."""
    for _ in range(30):
        if sum(_derivatives(part, b + move, ties)[0] for part in parts) >= value - 1e-9 * abs(value):
            break
        move = move / 2
    return b + move


@dataclass(frozen=True)
class _Terms:
    """One term per event (m,): its row, time, tie weight, the sum at risk less its share of the tied, and means."""

    row: np.ndarray
    total: np.ndarray
    mean: np.ndarray
    share: np.ndarray
    last: np.ndarray
    first: np.ndarray


def _terms(part: _Data, b: np.ndarray, ties: str) -> _Terms:
    """Return sums at risk for each event; Efron takes l / d of those tied out of the l-th of d tied events."""
    risk = np.exp(part.x @ b)
    weighted = risk[:, None] * part.x
    start = np.flatnonzero(np.diff(part.time, prepend=np.inf))
    end = np.append(start[1:], len(part.time)) - 1
    code = np.cumsum(np.isin(np.arange(len(part.time)), start)) - 1
    s0, s1 = np.cumsum(risk)[end], np.cumsum(weighted, axis=0)[end]
    e0 = np.bincount(code, risk * part.event, minlength=len(start))
    e1 = np.column_stack([np.bincount(code, w * part.event, minlength=len(start)) for w in weighted.T])
    row = np.flatnonzero(part.event)
    d = np.bincount(code, part.event, minlength=len(start))
    rank = np.arange(len(row)) - np.searchsorted(code[row], code[row])
    share = rank / d[code[row]] if ties == "efron" else np.zeros(len(row))
    total = s0[code[row]] - share * e0[code[row]]
    mean = (s1[code[row]] - share[:, None] * e1[code[row]]) / total[:, None]
    return _Terms(row, total, mean, share, end[code[row]], start[code[row]])


def _derivatives(part: _Data, b: np.ndarray, ties: str) -> tuple[float, np.ndarray, np.ndarray]:
    """Return the log partial likelihood, its gradient (k,) and the information (k, k)."""
    t = _terms(part, b, ties)
    value = float((part.x[t.row] @ b).sum() - np.log(t.total).sum())
    gradient = (part.x[t.row] - t.mean).sum(axis=0)
    # sum over events of E[xx'] by what each person adds to the sums at risk
    each = _hazard(part, b, t)
    information = (part.x * each[:, None]).T @ part.x - t.mean.T @ t.mean
    return value, gradient, information


def _hazard(part: _Data, b: np.ndarray, t: _Terms, mark: np.ndarray | None = None) -> np.ndarray:
    """Return the sum over events of each person's weight in them, times `mark` (m, k) of the event where given.

    A person weighs exp(x'b) / total while at risk, and (1 - share) times that in events tied with their own.
    """
    marks = np.ones((len(t.row), 1)) if mark is None else mark
    rate = marks / t.total[:, None]
    ends, starts = np.zeros((2, len(part.time) + 1, marks.shape[1]))
    np.add.at(ends, t.last, rate)
    np.add.at(starts, t.last, t.share[:, None] * rate)
    # latest first: a person is at risk of all events at rows from their own tie block's end on
    until = np.cumsum(ends[::-1], axis=0)[::-1]
    tie_end = np.searchsorted(-part.time, -part.time, side="right") - 1
    found = np.exp(part.x @ b)[:, None] * (until[tie_end] - part.event[:, None] * starts[tie_end])
    return found[:, 0] if mark is None else found


@dataclass(frozen=True)
class _Top:
    """Where the likelihood is largest, for columns of standard deviation 1."""

    b: np.ndarray
    values: tuple[float, float]
    covariance: np.ndarray


def _found(parts: list[_Data], top: _Top, *, ties: str, spread: np.ndarray) -> Cox:
    b, covariance = top.b, top.covariance
    scores = np.empty((sum(len(part.time) for part in parts), len(b)))
    left, times = [], []
    for part in parts:
        t = _terms(part, b, ties)
        own = np.zeros_like(part.x)
        own[t.row] = part.x[t.row] - _tied(t)
        scores[part.order] = own - part.x * _hazard(part, b, t)[:, None] + _hazard(part, b, t, t.mean)
        left.append(part.x[t.row] - _tied(t))
        times.append(part.time[t.row])
    order = np.argsort(np.concatenate(times), kind="stable")
    residuals = np.concatenate(left)[order] * spread
    return Cox(
        b / spread, covariance / np.outer(spread, spread), top.values, scores @ covariance / spread, residuals,
        np.concatenate(times)[order],
    )  # fmt: skip


def _tied(t: _Terms) -> np.ndarray:
    """Return the mean at risk for each event, the same for events at the same time."""
    _, code = np.unique(t.last, return_inverse=True)
    return np.column_stack([(np.bincount(code, m) / np.bincount(code))[code] for m in t.mean.T])


def proportional(fitted: Cox, time: np.ndarray, event: np.ndarray, *, scale: str = "km") -> Proportional:
    """Return Grambsch & Therneau's (1994) test: scaled Schoenfeld residuals against a function of time.

    scale: 1 - S(t-) by Kaplan-Meier ("km"), the rank of the event, time itself, or its log. With residuals r, g less
    its mean and d events, chi2 = (V r'g)^2 / (d V_jj sum g^2), and jointly (r'g)' V (r'g) d / sum g^2.
    """
    if scale not in SCALES:
        raise DesignError(f"scale: got {scale!r}, expected one of {', '.join(SCALES)}")
    at, v, d = fitted.event_times, fitted.covariance, len(fitted.event_times)
    g = _transformed(at, time, event, scale)
    g = g - g.mean()
    square = (g**2).sum()
    if not square > 0:
        raise DesignError("all events happened at the same time, so nothing can change over time")
    sums = g @ fitted.residuals
    scaled = fitted.residuals @ v * d
    chi2 = (v @ sums) ** 2 * d / (square * np.diagonal(v))
    joint = float(sums @ v @ sums * d / square)
    correlation = np.array([np.corrcoef(g, column)[0, 1] for column in (scaled + fitted.coefficients).T])
    k = len(chi2)
    return Proportional(correlation, chi2, chdtrc(1, chi2), joint, float(chdtrc(k, joint)))


def _transformed(at: np.ndarray, time: np.ndarray, event: np.ndarray, scale: str) -> np.ndarray:
    if scale == "rank":
        from scipy.stats import rankdata

        return rankdata(at)
    if scale == "km":
        curve = kaplan_meier(time, event)
        before = np.concatenate([[1.0], curve.survival])
        return 1 - before[np.searchsorted(curve.time, at)]
    return np.log(at) if scale == "log" else at.astype(float)
