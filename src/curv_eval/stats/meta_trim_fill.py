"""Trim and fill: how many studies a lopsided funnel seems to lack, and the pooled effect with them filled in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.stats.meta_between import between
from curv_eval.stats.meta_bias import enough
from curv_eval.stats.meta_pooled import Pooled, Pooling, pooled

SIDES, COUNTS = ("auto", "left", "right"), ("l0", "r0")


@dataclass(frozen=True, eq=False)
class TrimFill:
    """missing: studies filled in on `side`; std_error: of that number. filled: the pooled effect with them.

    y, v: (k + missing,) the studies in their order, with those filled in at the end.
    """

    side: str
    count: str
    missing: int
    std_error: float
    y: np.ndarray
    v: np.ndarray
    filled: Pooled


def trim_fill(
    y: np.ndarray, v: np.ndarray, *, side: str = "auto", count: str = "l0", **choices: str | float
) -> TrimFill:
    """Return trim and fill (Duval & Tweedie 2000a, b); `choices` as in `pooled`.

    With studies sorted, and those in excess of the other side trimmed, mu is the pooled effect of the rest and r_i the
    rank of |y_i - mu|, S its sum over those above mu. "l0": (4 S - k (k + 1)) / (2 k - 1). "r0": k - 1 - the largest
    rank of those below mu. Rounded, at least 0, and repeated until it stays. Each of the most extreme is then mirrored
    about mu. side "left" looks for studies missing on the left; "auto" takes the side against which Egger's line
    leans, by the same tau2 (metafor's rule). It is a what-if, no correction: it is wrong where effects differ between
    studies for reasons of their own (Peters and others 2007; Terrin and others 2003). Raises DesignError for fewer than
    10 studies, another side or count, and where the count does not settle.
    """
    y, v = enough(y, v, what="trim and fill")
    faults = [
        f"{name}: got {got!r}, expected one of {', '.join(known)}"
        for name, got, known in (("side", side, SIDES), ("count", count, COUNTS))
        if got not in known
    ]
    if faults:
        raise DesignError("trim and fill cannot be done so", faults)
    side = _side(y, v, Pooling(**choices)) if side == "auto" else side
    turn = -1.0 if side == "right" else 1.0
    order = np.argsort(turn * y, kind="stable")
    raw, centre = _settle(turn * y[order], v[order], count, choices)
    missing = _whole(raw)
    last = order[len(y) - missing :]
    whole_y, whole_v = np.r_[y, 2 * turn * centre - y[last]], np.r_[v, v[last]]
    return TrimFill(
        side, count, missing, _error(len(y), raw, count), whole_y, whole_v, pooled(whole_y, whole_v, **choices)
    )


def _side(y: np.ndarray, v: np.ndarray, how: Pooling) -> str:
    x = np.column_stack([np.ones(len(y)), np.sqrt(v)])
    if np.ptp(x[:, 1]) <= 1e-10 * x[:, 1].max():
        raise DesignError("all studies are equally precise: the side must be given", do="pass side 'left' or 'right'")
    w = 1 / (v + (0.0 if how.model == "fixed" else between(y, v, x=x, method=how.tau2).tau2))
    slope = np.linalg.solve(x.T @ (x * w[:, None]), x.T @ (w * y))[1]
    return "right" if slope < 0 else "left"


def _settle(y: np.ndarray, v: np.ndarray, count: str, choices: dict) -> tuple[float, float]:
    """Return how many of the sorted studies are in excess on the right, not rounded, and the centre without them."""
    k, missing = len(y), 0
    for _ in range(100):
        if k - missing < (1 if choices.get("model") == "fixed" else 2):
            break
        centre = pooled(y[: k - missing], v[: k - missing], **choices).estimate
        raw = _count(y - centre, count)
        if _whole(raw) == missing:
            return raw, centre
        missing = _whole(raw)
    raise DesignError("the number of missing studies does not settle", do="give another `count`, or leave this out")


def _count(r: np.ndarray, count: str) -> float:
    k = len(r)
    rank = np.empty(k)
    rank[np.argsort(np.abs(r), kind="stable")] = np.arange(1, k + 1)
    if count == "r0":
        return float(k - rank[r < 0].max(initial=0.0) - 1)
    return float((4 * rank[r > 0].sum() - k * (k + 1)) / (2 * k - 1))


def _whole(raw: float) -> int:
    return round(max(0.0, raw))


def _error(k: int, missing: float, count: str) -> float:
    """Return the standard error of the number (Duval & Tweedie 2000a), at the number before it is rounded."""
    if count == "r0":
        return float(np.sqrt(2 * max(0.0, missing) + 2))
    spread = (k * (k + 1) * (2 * k + 1) + 10 * missing**3 + 27 * missing**2 + 17 * missing) / 24
    spread += -(18 * k * missing**2 + 18 * k * missing - 6 * k**2 * missing) / 24
    return float(4 * np.sqrt(max(0.0, spread)) / (2 * k - 1))
