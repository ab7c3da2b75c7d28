"""Made-up assault attendances at two emergency departments, without persons (ISTV) and with pseudonyms of patients.

Both files hold the same attendances: the first says where the assault was, the second who it happened to.
"""

from __future__ import annotations

import numpy as np

from curv_eval.made_up.codes import (
    ASSAULT_LOCATION_TYPE,
    ASSAULT_METHOD,
    ASSAULT_METHOD_OTHER,
    ETHNIC_CATEGORY,
    INJURY_MECHANISM,
    SITES,
)
from curv_eval.made_up.columns import as_text, blanked, booleans, minutes, years_old
from curv_eval.made_up.people import SEXES, People
from curv_eval.made_up.process import HOSPITAL_PLACED, World, draw
from curv_eval.made_up.victims import Happened

HEADER = (
    "REPORTING PERIOD START DATE",
    "REPORTING PERIOD END DATE",
    "SITE CODE (OF TREATMENT)",
    "ARRIVAL DATE AND TIME AT A&E",
    "ASSAULT DATE AND TIME",
    "ASSAULT METHOD",
    "ASSAULT METHOD OTHER DESCRIPTION",
    "ASSAULT LOCATION TYPE",
    "ASSAULT LOCATION DESCRIPTION",
    "LSOA OF ASSAULT (LOCAL)",
)
PATIENT_HEADER = (
    *("patient_id", "SITE CODE (OF TREATMENT)", "arrival_date", "injury_mechanism", "age_at_arrival", "sex"),
    *("ethnic_category", "lsoa_home", "admitted"),
)
NOT_RECORDED, SEX_MISSING, ETHNICITY_MISSING, HOME_MISSING = 0.08, 0.01, 0.10, 0.03


def attended(happened: Happened) -> np.ndarray:
    """Return the incidents whose victim was treated, by arrival."""
    which = np.flatnonzero(happened.incidents.by_hospital)
    return which[np.argsort(happened.arrival[which], kind="stable")]


def attendances(rng: np.random.Generator, world: World, happened: Happened) -> tuple[list[str], list[tuple]]:
    """Return the site of each attendance and one row for each, in the order of HEADER and of arrival."""
    which = attended(happened)
    n, month = which.size, happened.arrival[which].astype("datetime64[M]")
    method = np.array(list(ASSAULT_METHOD))[happened.method[which]].tolist()
    sites = draw(rng, SITES, n)
    lsoa = [world.areas[i].code21 for i in happened.incidents.area[which].tolist()]
    columns = (
        as_text(month.astype("datetime64[D]")),
        as_text((month + 1).astype("datetime64[D]") - 1),
        sites,
        minutes(happened.arrival[which]),
        minutes(happened.time[which]),
        method,
        ["made-up method" if code == ASSAULT_METHOD_OTHER else "" for code in method],
        draw(rng, ASSAULT_LOCATION_TYPE, n),
        [f"made-up place {number}" for number in rng.integers(1, 400, n).tolist()],
        blanked(rng, lsoa, 1 - HOSPITAL_PLACED),
    )
    return sites, list(zip(*columns, strict=True))


def patient_rows(
    rng: np.random.Generator, world: World, happened: Happened, *, everyone: People, ids: tuple[list[str], list[str]]
) -> list[tuple]:
    """Return one row per attendance in the order of PATIENT_HEADER and of arrival. ids: patient and site of each."""
    which, (patients, sites) = attended(happened), ids
    person, day = happened.victim[which], happened.arrival[which].astype("datetime64[D]")
    mechanism = np.array(list(INJURY_MECHANISM.values()))[happened.method[which]].tolist()
    category = [ETHNIC_CATEGORY[code] for code in everyone.ethnicity[person].tolist()]
    columns = (
        patients,
        sites,
        as_text(day),
        blanked(rng, mechanism, NOT_RECORDED, blank="not recorded"),
        years_old(everyone.birth[person], day).tolist(),
        blanked(rng, np.array(SEXES)[everyone.sex[person]].tolist(), SEX_MISSING, blank="not stated"),
        blanked(rng, category, ETHNICITY_MISSING, blank="X"),
        blanked(rng, [world.areas[i].code21 for i in everyone.area[person].tolist()], HOME_MISSING),
        booleans(happened.admitted[which]),
    )
    return list(zip(*columns, strict=True))
