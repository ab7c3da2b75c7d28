"""The truth, worked out from the process: expected counts with mentoring minus without."""

from __future__ import annotations

import numpy as np

from curv_eval.made_up.process import (
    MONTHS,
    NEVER,
    PLACED_SHARE,
    World,
    expected_violence,
    is_mentored,
    united,
)
from curv_eval.made_up.truth import Truth


def truth_of(world: World, seed: int, effect: float) -> Truth:
    """Return what a method should find in data drawn from `world` with `effect`."""
    change = float((expected_violence(world, effect) - expected_violence(world, 0.0)).sum())
    total = {name: change * share for name, share in PLACED_SHARE.items()}
    first_of_unit = np.unique(united(world), return_index=True)[1]
    start, lsoa_months = world.start[first_of_unit], int(is_mentored(world).sum())
    unit_months = int((len(MONTHS) - start).sum())
    return Truth(
        seed=seed,
        effect=effect,
        first_month=MONTHS[0],
        last_month=MONTHS[-1],
        n_months=len(MONTHS),
        cohorts={MONTHS[month]: int((start == month).sum()) for month in np.unique(start).tolist() if month < NEVER},
        n_areas=len(start),
        n_treated_areas=int((start < NEVER).sum()),
        n_treated_unit_months=unit_months,
        average_per_unit_month={name: value / unit_months for name, value in total.items()},
        average_per_lsoa21_month={name: value / lsoa_months for name, value in total.items()},
        total=total,
    )
