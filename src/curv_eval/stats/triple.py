"""The difference between two differences-in-differences: an outcome against one that could not have changed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.stats.group_time import GroupTime


def triple(found: GroupTime, other: GroupTime, *, trends: str) -> GroupTime:
    """Return effects on one outcome less what happened to another in the same units and periods.

    found, other: cells of both outcomes by the same rule. With d the effect and m the observed mean of a cell,

        additive:      d - d'                                        (Gruber 1994: equal changes in numbers)
        proportional:  m - (m - d) m' / (m' - d')                    (equal percentage changes: a ratio of ratios)

    where ' marks the other outcome: what moved the other outcome away from what was expected of it would have moved
    this one alike. Raises DesignError when nothing was expected of the other outcome in a cell.
    """
    if trends == "additive":
        return replace(found, effect=found.effect - other.effect, influence=found.influence - other.influence)
    expected, awaited = found.observed - found.effect, other.observed - other.effect
    if (awaited <= 0).any():
        raise DesignError(
            "no event of the other outcome was expected in some months, so there is no ratio",
            do="name another outcome with `against`, or use `trends: additive`",
        )
    ratio = other.observed / awaited
    d_expected = found.observed_influence - found.influence
    d_awaited = other.observed_influence - other.influence
    d_ratio = (other.observed_influence - ratio * d_awaited) / awaited
    influence = found.observed_influence - ratio * d_expected - expected * d_ratio
    return replace(found, effect=found.observed - expected * ratio, influence=np.asarray(influence))
