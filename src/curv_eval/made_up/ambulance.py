"""Made-up ambulance incidents: what callers said. The service uses NHS Pathways, a neighbour that helps out AMPDS."""

from __future__ import annotations

import numpy as np

from curv_eval.made_up.columns import blanked, booleans, minutes, years_old
from curv_eval.made_up.people import People
from curv_eval.made_up.process import World
from curv_eval.made_up.victims import SHARP, Happened

HEADER = ("incident_id", "call_time", "triage_system", "symptom_or_card", "lsoa", "age_band", "conveyed")
BANDS = {"0-9": 0, "10-14": 10, "15-17": 15, "18-24": 18, "25-34": 25, "35-49": 35, "50-64": 50, "65+": 65}
# AMPDS has card 4 for assault and 27 for stabbing and gunshot; the names of symptom groups are made up.
CODES = {"AMPDS": ("4", "27"), "NHS Pathways": ("assault", "stabbing or gunshot")}
AMPDS, CONVEYED_ELSEWHERE, NOT_PLACED, AGE_UNKNOWN = 0.06, 0.10, 0.05, 0.12


def called(happened: Happened) -> np.ndarray:
    """Return the incidents to which an ambulance was called, by time."""
    which = np.flatnonzero(happened.by_ambulance)
    return which[np.argsort(happened.time[which], kind="stable")]


def incident_rows(
    rng: np.random.Generator, world: World, happened: Happened, *, everyone: People, ids: list[str]
) -> list[tuple]:
    """Return one row per incident in the order of HEADER and of time. ids: the pseudonym of each incident."""
    which = called(happened)
    n, time = which.size, happened.time[which]
    system = np.where(rng.random(n) < AMPDS, "AMPDS", "NHS Pathways").tolist()
    sharp = (happened.method[which] == SHARP).tolist()
    age = years_old(everyone.birth[happened.victim[which]], time.astype("datetime64[D]"))
    band = np.array(list(BANDS))[np.searchsorted(list(BANDS.values()), age, side="right") - 1].tolist()
    # whoever was treated after a call came by ambulance
    conveyed = happened.incidents.by_hospital[which] | (rng.random(n) < CONVEYED_ELSEWHERE)
    columns = (
        ids,
        minutes(time + rng.integers(1, 16, n)),
        system,
        [CODES[one][cut] for one, cut in zip(system, sharp, strict=True)],
        blanked(rng, [world.areas[i].code21 for i in happened.incidents.area[which].tolist()], NOT_PLACED),
        blanked(rng, band, AGE_UNKNOWN),
        booleans(conveyed),
    )
    return list(zip(*columns, strict=True))
