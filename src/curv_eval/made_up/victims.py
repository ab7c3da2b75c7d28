"""When each violent incident happened, to whom, by what means, and who came to know of it.

A share YOUNG of the victims are young residents of the area, drawn in proportion to their risk; the others are adults.
Being mentored changes a young person's own rate by `person_effect` from the day they start, and for good. What then
does not happen to them happens to an adult, so that the counts of areas stay what the effect on areas makes them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.made_up.codes import ASSAULT_METHOD, HOUR_WEIGHTS
from curv_eval.made_up.people import People, draw_adults
from curv_eval.made_up.process import MONTHS, Incidents

YOUNG = 0.30
# Ambulance crews are called to those who are treated far more often than to others; the rest is independent.
AMBULANCE_IF_TREATED, AMBULANCE_OTHERWISE = 0.35, 0.04
# Shares of those treated who are admitted, by method 01 to 06; 03 stands for sharp objects.
SHARP = 2
ADMITTED = np.array([0.018, 0.04, 0.056, 0.024, 0.024, 0.024])
METHOD_SHARES = np.array(list(ASSAULT_METHOD.values())) / sum(ASSAULT_METHOD.values())
TOLD = 0.60


@dataclass(frozen=True)
class Happened:
    """One entry per incident, in the order of the process.

    time, arrival: minutes; arrival at the emergency department if the victim went there. victim: index into everyone.
    method: index into the codes of ASSAULT_METHOD. by_ambulance, admitted, told: who came to know of it; admitted is a
    part of those treated, told means to a mentor, by a young person who is being mentored.
    """

    incidents: Incidents
    time: np.ndarray
    arrival: np.ndarray
    victim: np.ndarray
    method: np.ndarray
    by_ambulance: np.ndarray
    admitted: np.ndarray
    told: np.ndarray


@dataclass(frozen=True)
class Streams:
    """The streams of random numbers behind an incident: its time and means, its victim, who learns of it."""

    times: np.random.Generator
    victims: np.random.Generator
    sightings: np.random.Generator


def draw_happened(
    streams: Streams, incidents: Incidents, young: People, *, started: np.ndarray, person_effect: float
) -> tuple[Happened, People]:
    """Return what happened, and everyone: the young, then one adult for each incident without a young victim.

    started: day on which each young person's mentoring starts, NaT if never.
    """
    time, arrival = _times(streams.times, incidents.month)
    method = streams.times.choice(METHOD_SHARES.size, time.size, p=METHOD_SHARES)
    victim = _young_victims(streams.victims, incidents.area, young, mentored_of(started, time), person_effect)
    adult = victim < 0
    n_areas = int(young.area.max()) + 1
    everyone = young.join(draw_adults(streams.victims, incidents.area[adult], n_areas))
    victim[adult] = young.area.size + np.arange(adult.sum())
    luck = streams.sightings.random((3, time.size))
    treated = incidents.by_hospital
    ambulance = luck[0] < np.where(treated, AMBULANCE_IF_TREATED, AMBULANCE_OTHERWISE)
    admitted = treated & (luck[1] < ADMITTED[method])
    mentored = ~adult & mentored_of(started, time)(np.where(adult, 0, victim))
    told = mentored & (luck[2] < TOLD)
    return Happened(incidents, time, arrival, victim, method, ambulance, admitted, told), everyone


def mentored_of(started: np.ndarray, time: np.ndarray):
    """Return a function from the victim of each incident to whether mentoring of that person had started by then."""
    return lambda victim: started[victim] <= time.astype("datetime64[D]")


def _young_victims(rng: np.random.Generator, area: np.ndarray, young: People, mentored, effect: float) -> np.ndarray:
    """Return the young victim of each incident, -1 where it is an adult.

    A person of risk w is the victim with chance YOUNG x w / W x (1 + effect if mentored), W being the area's sum of
    risks: drawn as a candidate with the largest chance that can be, then kept with the right one.
    """
    largest = 1 + max(effect, 0.0)
    upto = np.concatenate([[0.0], np.cumsum(young.risk)])
    first, last = (np.searchsorted(young.area, area, side=side) for side in ("left", "right"))
    luck = rng.random((3, area.size))
    at = upto[first] + luck[0] * (upto[last] - upto[first])
    candidate = np.clip(np.searchsorted(upto, at, side="right") - 1, first, last - 1)
    keep = np.where(mentored(candidate), 1 + effect, 1.0) / largest
    chosen = (luck[1] < YOUNG * largest) & (luck[2] < keep)
    return np.where(chosen, candidate, -1)


def _times(rng: np.random.Generator, month: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Any day of the month, nights over days; arrival is 10 to 180 minutes later in the same month."""
    start = np.array(MONTHS, dtype="datetime64[M]")[month]
    begin, end = start.astype("datetime64[m]"), (start + 1).astype("datetime64[m]")
    days = (end - begin).astype(int) // (24 * 60)
    weight = np.array(HOUR_WEIGHTS) / sum(HOUR_WEIGHTS)
    hour, minute = rng.choice(24, month.size, p=weight), rng.integers(0, 60, month.size)
    time = begin + (np.floor(rng.random(month.size) * days).astype(int) * 24 + hour) * 60 + minute
    # The reporting month is that of both times, so the few who would arrive after its last minute arrive in it.
    return time, np.minimum(time + rng.integers(10, 181, month.size), end - 1)
