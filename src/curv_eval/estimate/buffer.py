"""Treated areas, rings of untreated neighbours around them, and the areas outside all rings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from curv_eval.errors import DesignError
from curv_eval.estimate.parameters import parameters
from curv_eval.panel import Panel
from curv_eval.stats.contiguity import order_of_contiguity


def require_neighbours(panel: Panel, method: str) -> np.ndarray:
    """Return which areas touch, (n, n) bool. Raises DesignError where the panel does not know."""
    if panel.neighbours is None or not panel.neighbours.any():
        raise DesignError(f"{method}: the panel does not know which areas touch", do="add the contract lsoa_boundaries")
    return np.asarray(panel.neighbours, dtype=bool)


@dataclass(frozen=True)
class Zones:
    """group: (n,) codes: 0 treated, 1 to K the rings that hold areas, K + 1 outside. orders: (K,) borders to a ring."""

    group: np.ndarray
    orders: np.ndarray

    @property
    def outside(self) -> int:
        """The code of the areas outside all rings."""
        return len(self.orders) + 1

    @property
    def size(self) -> np.ndarray:
        """Areas per zone: (K + 2,)."""
        return np.bincount(self.group, minlength=self.outside + 1)


def zones(panel: Panel, *, method: str, rings: int) -> Zones:
    """Return the zones of a panel. Raises DesignError where no ring, or nothing outside the rings, is left."""
    order = order_of_contiguity(require_neighbours(panel, method), panel.treated, most=rings)
    held = np.array([k for k in range(1, rings + 1) if (order == k).any()], dtype=int)
    code = {0: 0, rings + 1: len(held) + 1} | {k: place + 1 for place, k in enumerate(held)}
    found = Zones(np.array([code[k] for k in order]), held)
    _refuse_empty(found, method)
    return found


def _refuse_empty(found: Zones, method: str) -> None:
    if not len(found.orders):
        raise DesignError(
            f"{method}: no treated area touches an untreated one, so there is no buffer",
            do="use `method: difference_in_differences`",
        )
    if not found.size[-1]:
        raise DesignError(
            f"{method}: every untreated area is within the rings; got 0 comparison areas, expected at least 2 clusters",
            do="use fewer `rings`, or a larger place",
        )


def ring_names(orders: Sequence[int]) -> list[str]:
    """Return what each ring is called."""
    return [
        "areas next to treated areas" if k == 1 else f"areas {int(k)} borders away from treated areas" for k in orders
    ]


def rows(terms: Sequence[str], values: Sequence[float], errors: Sequence[float], *, alpha: float, df) -> pd.DataFrame:
    """Return PARAMETER_COLUMNS where each row has its own degrees of freedom: df is one number, or one per row."""
    degrees = np.broadcast_to(np.asarray(df, dtype=float), (len(terms),))
    single = [
        parameters([term], [value], [error], alpha=alpha, df=float(own))
        for term, value, error, own in zip(terms, values, errors, degrees, strict=True)
    ]
    return pd.concat(single, ignore_index=True)
