"""The truth, worked out from the process: expected counts with mentoring minus without, and what else was put in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from curv_eval.made_up.drawing import Drawn
from curv_eval.made_up.known_people import people_truth
from curv_eval.made_up.outcomes import improvement
from curv_eval.made_up.partners import true_links
from curv_eval.made_up.process import (
    HOSPITAL_SHARE,
    MONTHS,
    NEVER,
    PLACED_SHARE,
    POLICE_SHARE,
    World,
    expected_violence,
    is_mentored,
    united,
)
from curv_eval.made_up.truth import Truth
from curv_eval.made_up.victims import ADMITTED, AMBULANCE_IF_TREATED, AMBULANCE_OTHERWISE, METHOD_SHARES, TOLD, YOUNG


def truth_of(drawn: Drawn, effects: tuple[float, float], said: Mapping[str, Any]) -> Truth:
    """Return what methods should find in what was drawn with these effects. said: seed and geography."""
    effect, person_effect = effects
    return Truth(
        **said,
        effect=effect,
        person_effect=person_effect,
        **area_truth(drawn.world, effect),
        people=people_truth(drawn.world, drawn.young, drawn.referrals, effect=effect, person_effect=person_effect),
        reporting=reporting(),
        links=true_links(drawn),
        hurt=hurt(drawn),
        improvement=improvement(drawn.asked),
    )


def area_truth(world: World, effect: float) -> dict[str, Any]:
    """Return the fields of Truth that areas have: what a method should find in data drawn from `world`."""
    change = float((expected_violence(world, effect) - expected_violence(world, 0.0)).sum())
    total = {name: change * share for name, share in PLACED_SHARE.items()}
    first_of_unit = np.unique(united(world), return_index=True)[1]
    start, lsoa_months = world.start[first_of_unit], int(is_mentored(world).sum())
    unit_months = int((len(MONTHS) - start).sum())
    return {
        "first_month": MONTHS[0],
        "last_month": MONTHS[-1],
        "n_months": len(MONTHS),
        "cohorts": {MONTHS[month]: int((start == month).sum()) for month in np.unique(start).tolist() if month < NEVER},
        "n_areas": len(start),
        "n_treated_areas": int((start < NEVER).sum()),
        "n_treated_unit_months": unit_months,
        "average_per_unit_month": {name: value / unit_months for name, value in total.items()},
        "average_per_lsoa21_month": {name: value / lsoa_months for name, value in total.items()},
        "total": total,
    }


def hurt(drawn: Drawn) -> dict[str, int]:
    """Return for each calendar year how many people any violence was done to, whoever saw it."""
    happened = drawn.happened
    year = happened.time.astype("datetime64[Y]")
    return {str(one): int(np.unique(happened.victim[year == one]).size) for one in np.unique(year)}


def reporting() -> dict[str, float]:
    """Return the share of violent incidents that each source sees. Police and hospital see them independently."""
    ambulance = HOSPITAL_SHARE * AMBULANCE_IF_TREATED + (1 - HOSPITAL_SHARE) * AMBULANCE_OTHERWISE
    return {
        "police": POLICE_SHARE,
        "hospital": HOSPITAL_SHARE,
        "hospital, place known": PLACED_SHARE["ae_assaults"],
        "ambulance": ambulance,
        "ambulance given hospital": AMBULANCE_IF_TREATED,
        "admitted": HOSPITAL_SHARE * float(METHOD_SHARES @ ADMITTED),
        "admitted given hospital": float(METHOD_SHARES @ ADMITTED),
        "told to a mentor, given a mentored victim": TOLD,
        "young victim": YOUNG,
    }
