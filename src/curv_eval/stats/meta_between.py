"""How far true effects differ between studies: tau2 with its interval, I2, H2 and Q."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, chdtri

from curv_eval.errors import DesignError

ESTIMATORS = ("reml", "dl", "pm")
_NEAR, _STEPS, _SMALL, _LARGE, _APART = 1e-10, 200, 1e-50, 1e50, 1e10


@dataclass(frozen=True)
class Between:
    """tau2 in squared units of y, I2 in per cent, H2 a ratio, each with its interval; Q with df and p.

    std_error: of tau2. typical_variance: the sampling variance that I2 and H2 compare tau2 with. studies: k.
    """

    method: str
    studies: int
    tau2: float
    std_error: float
    conf_low: float
    conf_high: float
    i2: float
    i2_low: float
    i2_high: float
    h2: float
    h2_low: float
    h2_high: float
    q: float
    df: int
    p_value: float
    typical_variance: float


def between(
    y: np.ndarray, v: np.ndarray, *, x: np.ndarray | None = None, method: str = "reml", alpha: float = 0.05
) -> Between:
    """Return tau2 of y_i = x_i b + u_i + e_i, Var u = tau2, Var e_i = v_i known; y, v: (k,), x: (k, p), else ones.

    "dl": (Q - (k - p)) / tr P (DerSimonian & Laird 1986), "pm": the tau2 at which Q(tau2) = k - p (Paule & Mandel
    1982), "reml": Fisher scoring to 1e-10 of the scale (Viechtbauer 2005), begun at Hedges's estimate; all cut at 0.
    As in metafor it is the nearest peak of the likelihood: of 3,000 made-up sets of studies 1 had a higher one.
    The interval inverts Q(tau2) = sum w (y - x b)^2 ~ chi2(k - p) (Viechtbauer 2007), is exact for normal effects
    with known v, and need not hold the estimate; where even tau2 = 0 has too small a Q it is 0 to 0. Standard errors
    are metafor's (Viechtbauer 2010). I2 = 100 tau2 / (tau2 + s2), H2 = 1 + tau2 / s2, s2 = (k - p) / tr P with w =
    1 / v (Higgins & Thompson 2002). Raises DesignError for fewer than p + 1 studies, another method, v not above 0.
    """
    y, v = effects(y, v, least=2 if x is None else x.shape[1] + 1)
    if method not in ESTIMATORS:
        raise DesignError(f"tau2: got {method!r}", do=f"choose one of {', '.join(ESTIMATORS)}")
    df = len(y) - (1 if x is None else x.shape[1])
    q, _, trace, _ = start = _sums(y, v, x, 0.0)
    typical = df / trace
    tau2, error = {"reml": _reml, "dl": _moments, "pm": _paule_mandel}[method](y, v, x, start)
    low = _solve(y, v, x, float(chdtri(df, alpha / 2)))
    high = _solve(y, v, x, float(chdtri(df, 1 - alpha / 2)), low)
    i2 = [100 * t / (t + typical) for t in (tau2, low, high)]
    h2 = [1 + t / typical for t in (tau2, low, high)]
    return Between(
        method, len(y), tau2, error, low, high, *i2, *h2, q, df, float(chdtrc(df, q)), typical
    )  # fmt: skip


def effects(y: np.ndarray, v: np.ndarray, *, least: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return y and v as float arrays (k,), or raise DesignError that names every breach and the studies by position."""
    y, v = np.asarray(y, dtype=float), np.asarray(v, dtype=float)
    if y.ndim != 1 or y.shape != v.shape:
        raise DesignError(f"effects and variances: got shapes {y.shape} and {v.shape}, expected the same (k,)")
    # one comparison of sums finds most faults, and costs less than a test of each
    fine = ((np.abs(y) < _LARGE) & (v > _SMALL) & (v < _LARGE)).all()
    faults = [] if fine else _faults(y, v)
    if fine and len(v) and v.max() > _APART * v.min():
        faults.append("variances are up to 1e10 times as large as others: some are in other units")
    if len(y) < least:
        faults.append(f"got {len(y)} studies, expected at least {least}")
    if faults:
        raise DesignError("these studies cannot be put together", faults, do="correct or leave out these studies")
    return y, v


def _faults(y: np.ndarray, v: np.ndarray) -> list[str]:
    bad = {
        "the effect is no number": ~np.isfinite(y),
        "the effect is larger than 1e50": np.isfinite(y) & (np.abs(y) >= _LARGE),
        "the variance is no number": ~np.isfinite(v),
        "the variance is not above 0": np.isfinite(v) & (v <= 0),
        "the variance is not between 1e-50 and 1e50": np.isfinite(v) & (v > 0) & ((v <= _SMALL) | (v >= _LARGE)),
    }
    return [f"study {', '.join(str(i + 1) for i in np.flatnonzero(at))}: {why}" for why, at in bad.items() if at.any()]


def _sums(y: np.ndarray, v: np.ndarray, x: np.ndarray | None, tau2: float) -> tuple[float, float, float, float]:
    """Return y'Py, y'PPy, tr P and tr PP with P = W - W x (x'Wx)^-1 x'W and W = 1 / (v + tau2)."""
    w = 1 / (v + tau2)
    w2 = w * w
    s1, s2 = float(w.sum()), float(w2.sum())
    if x is None:
        r = y - float(w @ y) / s1
        lost, both = s2 / s1, float(w2 @ w) / s1
        square = lost * lost
    else:
        inverse = np.linalg.inv(x.T @ (x * w[:, None]))
        r = y - x @ (inverse @ (x.T @ (w * y)))
        second = inverse @ (x.T @ (x * w2[:, None]))
        third = inverse @ (x.T @ (x * (w2 * w)[:, None]))
        lost, both, square = float(np.trace(second)), float(np.trace(third)), float((second * second.T).sum())
    r2 = r * r
    return float(w @ r2), float(w2 @ r2), s1 - lost, s2 - 2 * both + square


def _moments(y: np.ndarray, v: np.ndarray, x: np.ndarray | None, start: tuple) -> tuple[float, float]:
    q, _, trace, trace2 = start
    df = len(y) - (1 if x is None else x.shape[1])
    tau2 = max(0.0, (q - df) / trace)
    return tau2, float(np.sqrt(2 * df + 4 * tau2 * trace + 2 * tau2**2 * trace2) / trace)


def _paule_mandel(y: np.ndarray, v: np.ndarray, x: np.ndarray | None, start: tuple) -> tuple[float, float]:
    k, df = len(y), len(y) - (1 if x is None else x.shape[1])
    tau2 = _solve(y, v, x, df)
    return tau2, float((2 * k**2 / df) ** 0.5 / (1 / (v + tau2)).sum())


def _reml(y: np.ndarray, v: np.ndarray, x: np.ndarray | None, start: tuple) -> tuple[float, float]:
    scale, tau2 = len(y) / start[2], _hedges(y, v, x)
    for _ in range(_STEPS):
        _, q2, trace, trace2 = _sums(y, v, x, tau2)
        new = max(0.0, tau2 + (q2 - trace) / trace2)
        if abs(new - tau2) <= _NEAR * (scale + tau2):
            return new, float(np.sqrt(2 / trace2))
        tau2 = new
    tau2 = _search(y, v, x)
    return tau2, float(np.sqrt(2 / _sums(y, v, x, tau2)[3]))


def _hedges(y: np.ndarray, v: np.ndarray, x: np.ndarray | None) -> float:
    """Return Hedges's estimate, the unweighted variance of y less the mean of v, cut at 0."""
    if x is None:
        r = y - y.mean()
        return max(0.0, float(r @ r) / (len(y) - 1) - float(v.mean()))
    q, _ = np.linalg.qr(x)
    r = y - q @ (q.T @ y)
    return max(0.0, float(r @ r - v @ (1 - (q * q).sum(axis=1))) / (len(y) - x.shape[1]))


def _search(y: np.ndarray, v: np.ndarray, x: np.ndarray | None) -> float:
    """Return the maximum of the restricted likelihood where Fisher's steps do not settle."""
    from scipy.optimize import minimize_scalar

    ones = np.ones((len(y), 1)) if x is None else x

    def deviance(root: float) -> float:
        w = 1 / (v + root**2)
        return _sums(y, v, x, root**2)[0] - np.log(w).sum() + np.linalg.slogdet(ones.T @ (ones * w[:, None]))[1]

    top = 2 * float(np.sqrt(np.var(y) + v.max()))
    found = minimize_scalar(deviance, bounds=(0, top), method="bounded", options={"xatol": 1e-9 * top})
    return 0.0 if deviance(0.0) <= found.fun else float(found.x**2)


def _solve(y: np.ndarray, v: np.ndarray, x: np.ndarray | None, target: float, tau2: float = 0.0) -> float:
    """Return the tau2 at which Q(tau2) is `target`, searched upwards from `tau2`, which stays where Q is no larger.

    Newton's steps on 1 / Q, which is increasing and concave (Cauchy-Schwarz for y'Py, y'PPy, y'PPPy): they climb to
    the root and never pass it.
    """
    for _ in range(_STEPS):
        q, q2 = _two(y, v, tau2) if x is None else _sums(y, v, x, tau2)[:2]
        if q <= target:
            break
        step = (q / target - 1) * q / q2
        tau2 += step
        if step <= 1e-13 * tau2:
            break
    return tau2


def _two(y: np.ndarray, v: np.ndarray, tau2: float) -> tuple[float, float]:
    w = 1 / (v + tau2)
    r = y - float(w @ y) / float(w.sum())
    wr = w * r
    return float(wr @ r), float(wr @ wr)
