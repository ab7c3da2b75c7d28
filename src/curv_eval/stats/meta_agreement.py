"""How far two people who put the same things into classes agree: raw, beyond chance, and adjusted for prevalence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from curv_eval.errors import DesignError


@dataclass(frozen=True)
class Kappa:
    """Agreement of two raters: Cohen's kappa, its standard error and interval, raw agreement and PABAK.

    kappa, std_error, conf_low, conf_high: not a number where both put everything into one class, so that nothing but
    chance can be seen. raw_low, raw_high: Wilson's interval of the raw agreement. n: how many things were rated.
    """

    kappa: float
    std_error: float
    conf_low: float
    conf_high: float
    raw: float
    raw_low: float
    raw_high: float
    pabak: float
    n: int


def crossed(first: np.ndarray, second: np.ndarray, *, classes: int) -> np.ndarray:
    """Return the table of two raters, (classes, classes), the first in rows.

    first, second: (n,) whole numbers of 0 to classes - 1, the class each rater gave to the same n things. Raises
    DesignError for other numbers or shapes.
    """
    left, right = np.asarray(first), np.asarray(second)
    faults = [
        f"{name}: expected whole numbers of 0 to {classes - 1}"
        for name, one in (("first", left), ("second", right))
        if one.ndim != 1 or one.dtype.kind not in "iu" or (one.size and (one.min() < 0 or one.max() >= classes))
    ]
    if left.shape != right.shape:
        faults.append(f"first and second: got shapes {left.shape} and {right.shape}, expected the same")
    if faults:
        raise DesignError("these ratings cannot be set against each other", faults)
    return np.bincount(left * classes + right, minlength=classes**2).reshape(classes, classes).astype(float)


def cohen_kappa(table: np.ndarray, *, weights: str = "none", alpha: float = 0.05) -> Kappa:
    """Return how far two raters agree.

    kappa = 1 - sum(v p) / sum(v e), with p (q, q) the shares of the table, e = row shares times column shares, and v
    the disagreement of a cell: 1 off the diagonal ("none"), |i - j| / (q - 1) ("linear") or its square ("quadratic").
    Standard error for large samples: with w = 1 - v, W the means of w by row and column weighted by the margins, and
    w_e = sum(w e), the root of [sum(p (w - (W_i + W_j)(1 - kappa))^2) - (kappa - w_e (1 - kappa))^2] / (n (1 - w_e)^2).
    Raw agreement is the share on the diagonal, PABAK = (q raw - 1) / (q - 1); neither is weighted.
    table: (q, q) counts, the first rater in rows. alpha: 1 minus the level of the intervals. Raises DesignError for a
    table that is not square, has a count below 0 or that is not whole, or none at all. Sources: Cohen (1960, 1968);
    Fleiss, Cohen and Everitt (1969); Byrt, Bishop and Carlin (1993); Wilson (1927).
    """
    held = _table(table, weights, alpha)
    q, n = len(held), held.sum()
    shares, w = held / n, 1.0 - _disagreement(q, weights)
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    raw, expected = float(np.trace(shares)), float((w * np.outer(rows, columns)).sum())
    z = float(ndtri(1 - alpha / 2))
    low, high = _wilson(raw, float(n), z)
    kappa, error = _kappa(shares, w, expected), float("nan")
    if np.isfinite(kappa):
        means = (w * columns).sum(axis=1)[:, None] + (w * rows[:, None]).sum(axis=0)[None, :]
        spread = (shares * (w - means * (1 - kappa)) ** 2).sum() - (kappa - expected * (1 - kappa)) ** 2
        error = float(np.sqrt(max(spread, 0.0) / n) / (1 - expected))
    return Kappa(
        kappa, error, kappa - z * error, kappa + z * error, raw=raw, raw_low=low, raw_high=high,
        pabak=(q * raw - 1) / (q - 1), n=int(n),
    )  # fmt: skip


def _kappa(shares: np.ndarray, w: np.ndarray, expected: float) -> float:
    """Return kappa, not a number where chance alone would agree on everything."""
    return float("nan") if 1 - expected < 1e-12 else (float((w * shares).sum()) - expected) / (1 - expected)


def _disagreement(q: int, weights: str) -> np.ndarray:
    apart = np.abs(np.subtract.outer(np.arange(q), np.arange(q))) / (q - 1)
    return {"none": (apart > 0).astype(float), "linear": apart, "quadratic": apart**2}[weights]


def _table(table: np.ndarray, weights: str, alpha: float) -> np.ndarray:
    held, faults = np.asarray(table, dtype=float), []
    if held.ndim != 2 or held.shape[0] != held.shape[1] or held.shape[0] < 2:
        faults.append(f"table: got shape {held.shape}, expected one row and one column for each of 2 or more classes")
    elif not (np.isfinite(held).all() and (held >= 0).all() and (held == np.round(held)).all() and held.sum() > 0):
        faults.append("table: expected whole counts of 0 or more, and some above 0")
    if weights not in ("none", "linear", "quadratic"):
        faults.append(f"weights: got {weights!r}, expected none, linear or quadratic")
    if not 0 < alpha < 0.5:
        faults.append(f"alpha: got {alpha}, expected a number between 0 and 0.5")
    if faults:
        raise DesignError("agreement cannot be worked out", faults)
    return held


def _wilson(share: float, n: float, z: float) -> tuple[float, float]:
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))
