"""How values are rounded: to 1, 2 or 5 times a power of 10."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd


def coarser(values: pd.Series, least: pd.Series | float, *, to: Callable = np.round) -> pd.Series:
    """Return values as multiples of the first 1, 2 or 5 times a power of 10 that is not below `least`.

    least: one for each value, or for all; where it is 0 or missing, values stay as they are, and so does what has no
    end. to: np.round (the nearest), np.floor (never above the value) or np.ceil (never below).
    """
    least = pd.Series(least, index=values.index, dtype=float)
    least = least.where((least > 0) & np.isfinite(least) & np.isfinite(values))
    power = 10.0 ** np.floor(np.log10(least))
    step = power * np.select([least <= power, least <= 2 * power, least <= 5 * power], [1, 2, 5], 10)
    # adding 0 takes the sign from a zero
    return (to(values / step) * step + 0.0).where(least.notna(), values)
