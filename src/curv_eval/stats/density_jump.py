"""Whether people heap on one side of a threshold: the jump in the density of the running variable."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from curv_eval.errors import DesignError


@dataclass(frozen=True)
class DensityJump:
    """The log of the density just above over that just below, its error, two-sided p-value, bin and bandwidth."""

    value: float
    std_error: float
    p_value: float
    bin: float
    bandwidth: float


def density_jump(x: np.ndarray, *, width: float | None = None, bandwidth: float | None = None) -> DensityJump:
    """Return the jump in the log density of x (n,), the running variable less its threshold, at 0 (McCrary 2008).

    A histogram with bins of `width` (2 sd n^(-1/2)), none across 0, is smoothed on each side by a local line with the
    triangular kernel; the error is sqrt((24/5) (1/f+ + 1/f-) / (n h)). The bandwidth h is McCrary's: on each side
    3.348 (s^2 (b - a) / sum of squared second derivatives)^(1/5) from a curve of order four, then the mean of both.
    Raises DesignError where a side has too few bins, or no density at the threshold.
    """
    step = 2 * float(x.std(ddof=1)) * len(x) ** -0.5 if width is None else width
    if not step > 0:
        raise DesignError("the running variable is the same for everybody")
    middle, height = _histogram(x, step)
    above = middle > 0
    if min(above.sum(), (~above).sum()) < 6:
        raise DesignError("too few different values on one side of the threshold to see its density")
    h = bandwidth or float(np.mean([_bandwidth(middle[side], height[side]) for side in (above, ~above)]))
    f = [_line(middle[side], height[side], h) for side in (above, ~above)]
    if min(f) <= 0:
        raise DesignError("next to the threshold there is nobody on one side")
    value = float(np.log(f[0] / f[1]))
    error = float(np.sqrt(24 / 5 * (1 / f[0] + 1 / f[1]) / (len(x) * h)))
    return DensityJump(value, error, float(2 * ndtr(-abs(value / error))), step, h)


def _histogram(x: np.ndarray, step: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the middles of bins that meet at 0, and the density in each."""
    code = np.floor(x / step).astype(int)
    count = np.bincount(code - code.min())
    return (np.arange(len(count)) + code.min() + 0.5) * step, count / (len(x) * step)


def _bandwidth(middle: np.ndarray, height: np.ndarray) -> float:
    scale = float(np.abs(middle).max())
    powers = (middle / scale)[:, None] ** np.arange(5)
    b = np.linalg.lstsq(powers, height, rcond=None)[0]
    left = len(middle) - 5
    spread = ((height - powers @ b) ** 2).sum() / left
    second = (2 * b[2] + 6 * b[3] * middle / scale + 12 * b[4] * (middle / scale) ** 2) / scale**2
    bent = float((second**2).sum())
    if bent <= 0 or spread <= 0:
        return float(np.ptp(middle))
    return float(min(3.348 * (spread * np.ptp(middle) / bent) ** 0.2, scale))


def _line(middle: np.ndarray, height: np.ndarray, h: float) -> float:
    """Return the local line's value at 0."""
    weight = np.sqrt(np.maximum(1 - np.abs(middle / h), 0.0))
    if (weight > 0).sum() < 2:
        raise DesignError("too few different values next to the threshold to see its density")
    every = np.column_stack([np.ones_like(middle), middle]) * weight[:, None]
    return float(np.linalg.lstsq(every, height * weight, rcond=None)[0][0])
