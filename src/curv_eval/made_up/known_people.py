"""What is true of people: how likely something was to happen to each, worked out from the process and not counted.

A young person of risk w in area i is expected to be the victim of  YOUNG x w / W_i  of the incidents of their area, W_i
being the area's sum of risks, times (1 + person_effect) from the day they are mentored. Given the months' shocks and
noise their incidents are Poisson; these are averaged over, up to the second order of a month's expectation, which is
exact to below 0.0001 of a share.
"""

from __future__ import annotations

import numpy as np

from curv_eval.made_up.mentoring import Referrals
from curv_eval.made_up.people import People
from curv_eval.made_up.process import (
    HOSPITAL_SHARE,
    LAST_DAY,
    MONTHS,
    NOISE_SHAPE,
    WARD_SHAPE,
    World,
    expected_violence,
)
from curv_eval.made_up.victims import YOUNG

FOLLOWED = (6, 12)
DAYS = {6: 183, 12: 365}
GROUPS = ("accepted", "declined")


def monthly_rates(world: World, young: People, person: np.ndarray, *, effect: float) -> np.ndarray:
    """Return how many incidents with each of `person` as the victim are expected, (n, n_months), nobody mentored."""
    of_area = np.bincount(young.area, young.risk, minlength=world.level.size)
    share = YOUNG * young.risk[person] / of_area[young.area[person]]
    return expected_violence(world, effect)[young.area[person]] * share[:, None]


def days_within(first: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return the share of each month's days that lie from `first` to before `end`, (n, n_months); 0 for NaT."""
    starts = np.array(MONTHS, dtype="datetime64[M]")
    begins, ends = starts.astype("datetime64[D]"), (starts + 1).astype("datetime64[D]")
    low, high = np.maximum(first[:, None], begins), np.minimum(end[:, None], ends)
    days = np.where(np.isnat(high) | np.isnat(low), 0, (high - low).astype(int))
    return np.clip(days, 0, None) / (ends - begins).astype(int)


def expected_in(
    rates: np.ndarray, window: tuple[np.ndarray, np.ndarray], start: np.ndarray, *, effect: float
) -> np.ndarray:
    """Return each person's expected incidents by month within `window` (first day, day after the last).

    start: day mentoring starts, NaT if never; from then on the rates are (1 + effect) of `rates`.
    """
    first, end = window
    turn = np.where(np.isnat(start), end, start)
    before, after = days_within(first, np.minimum(turn, end)), days_within(np.maximum(turn, first), end)
    return rates * (before + (1 + effect) * after)


def chance_of_any(expected: np.ndarray) -> np.ndarray:
    """Return the chance of at least one, from expectations by person and month, (n, n_months) -> (n,)."""
    spread = (1 + 1 / WARD_SHAPE) * (1 + 1 / NOISE_SHAPE) - 1
    return 1 - np.exp(-expected.sum(axis=1) + spread * (expected**2).sum(axis=1) / 2)


def people_truth(
    world: World, young: People, referrals: Referrals, *, effect: float, person_effect: float
) -> dict[str, dict[str, float]]:
    """Return for those accepted and those declined, of the people who consented: how many, and for each time of
    FOLLOWED in months how many were followed so long, and their expected share with an attendance at A&E after an
    assault in that time from their first referral, with mentoring as it was and `_without` it."""
    shared = referrals.take(referrals.consent)
    person, first = np.unique(shared.person, return_index=True)
    start, rates = referrals.started(young.area.size)[person], monthly_rates(world, young, person, effect=effect)
    accepted = np.isin(person, shared.person[shared.accepted])
    found: dict[str, dict[str, float]] = {}
    for group, members in zip(GROUPS, (accepted, ~accepted), strict=True):
        found[group] = {"people": int(members.sum())}
        for months in FOLLOWED:
            since = shared.referred[first]
            window = since, since + DAYS[months]
            followed = members & (window[1] <= LAST_DAY + 1)
            shares = [
                chance_of_any(HOSPITAL_SHARE * expected_in(rates, window, start, effect=change))[followed].mean()
                for change in (person_effect, 0.0)
            ]
            names = f"followed_{months}_months", f"attended_{months}_months", f"attended_{months}_months_without"
            found[group] |= dict(zip(names, (int(followed.sum()), *map(float, shares)), strict=True))
    return found
