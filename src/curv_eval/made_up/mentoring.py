"""Made-up records of three voluntary-sector providers: referrals of young people, and the sessions they came to.

Workers refer those at most risk, mostly in the wards where mentoring runs and more at its launch. Who is accepted
depends on the risk tier and on nothing else that matters, so within a tier the declined are a fair comparison.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np

from curv_eval.made_up.codes import END_REASON, INTERVENTION, PROVIDERS, REFERRAL_SOURCE, RISK_TIER, SESSIONS
from curv_eval.made_up.columns import as_text, booleans, years_old
from curv_eval.made_up.people import SEXES, People
from curv_eval.made_up.process import LAST_DAY, MONTHS, NEVER, World, draw

REFERRALS, CONSENTING, AT_HOME_IN_COHORT = 2000, 0.96, 0.85
# By tier, from primary to tertiary.
ELIGIBLE, ACCEPTED_IF_ELIGIBLE = np.array([0.80, 0.90, 0.94]), np.array([0.72, 0.86, 0.94])
CHOSEN_BY_RISK, SEEN_BADLY, REFERRED_AGAIN = 1.5, 0.7, 0.025
MISSING = {"sex": 0.03, "ethnicity_18_1": 0.04, "lsoa_home": 0.02}


class Session(NamedTuple):
    """One row of vcse_sessions.csv; minutes_attended 0 means that the young person did not come."""

    person_id: str
    session_date: str
    session_type: str
    minutes_planned: int
    minutes_attended: int
    mode: str


@dataclass(frozen=True)
class Referrals:
    """One entry per referral. person: index into the young. start, end: days, NaT where not (yet) or never.

    tier: index into RISK_TIER. A person referred again stands twice: the second provider declines.
    """

    person: np.ndarray
    referred: np.ndarray
    start: np.ndarray
    end: np.ndarray
    reason: np.ndarray
    tier: np.ndarray
    eligible: np.ndarray
    accepted: np.ndarray
    consent: np.ndarray
    provider: np.ndarray
    source: np.ndarray

    def take(self, which: np.ndarray) -> Referrals:
        """Return the referrals at these positions, or where a mask is true."""
        return Referrals(*(column[which] for column in vars(self).values()))

    def started(self, n_young: int) -> np.ndarray:
        """Return the day on which each young person's mentoring started, NaT if never, whether or not it is shared."""
        return self._of_person(self.start, n_young)

    def ended(self, n_young: int) -> np.ndarray:
        """Return the day on which each young person's stay ended, NaT if it never began or is going on."""
        return self._of_person(self.end, n_young)

    def _of_person(self, column: np.ndarray, n_young: int) -> np.ndarray:
        day = np.full(n_young, np.datetime64("NaT"), "datetime64[D]")
        day[self.person[self.accepted]] = column[self.accepted]
        return day


HEADER = (
    *("person_id", "provider_id", "intervention_id", "referral_date", "referral_source", "eligibility_met", "accepted"),
    *("start_date", "end_date", "end_reason", "consent_evaluation", "lawful_basis", "age_at_referral", "sex"),
    *("ethnicity_18_1", "lsoa_home", "risk_tier"),
)


def draw_referrals(rng: np.random.Generator, world: World, young: People) -> Referrals:
    """Return all referrals by date, of those who consented to evaluation and of those who did not."""
    person, first = _chosen(rng, world, young)
    n = person.size
    referred = first + (rng.random(n) ** 2 * ((LAST_DAY - first).astype(int) + 1)).astype(int)
    score = np.log(young.risk[person] + 1e-9) + rng.normal(0, SEEN_BADLY, n)
    tier = np.digitize(score, np.quantile(score, np.cumsum(list(RISK_TIER.values()))[:-1]))
    eligible = rng.random(n) < ELIGIBLE[tier]
    accepted = eligible & (rng.random(n) < ACCEPTED_IF_ELIGIBLE[tier])
    start, end, reason = _stays(rng, referred, accepted)
    consent = rng.random(n) < CONSENTING
    words = np.array(draw(rng, PROVIDERS, n)), np.array(draw(rng, REFERRAL_SOURCE, n))
    referrals = Referrals(person, referred, start, end, reason, tier, eligible, accepted, consent, *words)
    both = _with_second(rng, referrals)
    return both.take(np.argsort(both.referred, kind="stable"))


def _chosen(rng: np.random.Generator, world: World, young: People) -> tuple[np.ndarray, np.ndarray]:
    """Return who is referred, nobody twice, and the first day on which each of them can be."""
    start = world.start[young.area]
    # The smallest of exponential waits: drawn without replacement in proportion to the weights.
    wait = rng.exponential(1.0, young.area.size) / np.maximum(young.risk, 1e-9) ** CHOSEN_BY_RISK
    near = np.argsort(np.where(start < NEVER, wait, np.inf))[: round(REFERRALS * AT_HOME_IN_COHORT)]
    wait[near] = np.inf
    anywhere = np.argsort(wait)[: REFERRALS - near.size]
    person = np.concatenate([near, anywhere])
    mentored = np.unique(world.start[world.start < NEVER])
    begins = np.where(start[person] < NEVER, start[person], rng.choice(mentored, person.size))
    return person, np.array(MONTHS, dtype="datetime64[M]")[begins].astype("datetime64[D]")


def _stays(
    rng: np.random.Generator, referred: np.ndarray, accepted: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Start, end and reason; not there from where the stay has not happened by LAST_DAY."""
    n, never = referred.size, np.datetime64("NaT")
    reason = np.array(draw(rng, END_REASON, n))
    weeks = np.where(reason == "completed", rng.integers(12, 41, n), rng.integers(2, 20, n))
    start = referred + rng.integers(3, 29, n)
    start = np.where(accepted & (start <= LAST_DAY), start, never)
    end = start + 7 * weeks
    end = np.where(end <= LAST_DAY, end, never)
    return start, end, np.where(np.isnat(end), "", reason)


def _with_second(rng: np.random.Generator, first: Referrals) -> Referrals:
    """Add the few whom somebody else refers again to another provider, who takes nobody that is helped elsewhere."""
    chosen = np.flatnonzero(rng.random(first.person.size) < REFERRED_AGAIN)
    later = first.referred[chosen] + rng.integers(20, 91, chosen.size)
    again, later = first.take(chosen[later <= LAST_DAY]), later[later <= LAST_DAY]
    n, names = later.size, list(PROVIDERS)
    other = np.array([names[(names.index(provider) + 1) % len(names)] for provider in again.provider], dtype=str)
    no, never, blank = np.zeros(n, bool), np.full(n, np.datetime64("NaT"), "datetime64[D]"), np.full(n, "")
    second = Referrals(
        again.person, later, never, never, blank, again.tier, no, no, again.consent, other, again.source[::-1]
    )
    pairs = zip(vars(first).values(), vars(second).values(), strict=True)
    return Referrals(*(np.concatenate(pair) for pair in pairs))


def referral_rows(
    rng: np.random.Generator, world: World, young: People, *, referrals: Referrals, ids: list[str]
) -> list[tuple]:
    """Return one row per referral in the order of HEADER. ids: the pseudonym of each."""
    n, person = referrals.person.size, referrals.person
    age = years_old(young.birth[person], referrals.referred)
    known = {name: rng.random(n) >= share for name, share in MISSING.items()}
    columns = [
        ids,
        referrals.provider.tolist(),
        [INTERVENTION] * n,
        as_text(referrals.referred),
        referrals.source.tolist(),
        booleans(referrals.eligible),
        booleans(referrals.accepted),
        as_text(referrals.start),
        as_text(referrals.end),
        referrals.reason.tolist(),
        booleans(referrals.consent),
        ["consent"] * n,
        age.tolist(),
        np.where(known["sex"], np.array(SEXES)[young.sex[person]], "not stated").tolist(),
        np.where(known["ethnicity_18_1"], young.ethnicity[person], "").tolist(),
        [world.areas[i].code21 if yes else "" for i, yes in zip(young.area[person], known["lsoa_home"], strict=True)],
        [tuple(RISK_TIER)[i] for i in referrals.tier.tolist()],
    ]
    return list(zip(*columns, strict=True))


def draw_sessions(rng: np.random.Generator, referrals: Referrals, ids: list[str]) -> list[Session]:
    """Return about one session a week for every stay, by date; at most one a day for a person."""
    stays = zip(ids, referrals.start.tolist(), referrals.end.tolist(), strict=True)
    rows = [row for own, start, end in stays if start for row in _sessions_of(rng, own, start, end)]
    return sorted(rows, key=lambda row: (row.session_date, row.person_id))


def _sessions_of(rng: np.random.Generator, own: str, first: date, end: date | None) -> Iterator[Session]:
    last = end or LAST_DAY.item()
    weeks = (last - first).days // 7 + 1
    days = (7 * np.arange(weeks) + rng.integers(0, 5, weeks)).tolist()
    kinds = draw(rng, {kind: share for kind, (share, _, _) in SESSIONS.items()}, weeks)
    luck = rng.random((3, weeks)).tolist()
    for day, kind, cancelled, came, way in zip(days, kinds, *luck, strict=True):
        held = first + timedelta(day)
        if held <= last and cancelled > 0.1:
            _, planned, modes = SESSIONS[kind]
            yield Session(own, held.isoformat(), kind, planned, _attended(planned, came), modes[int(way * len(modes))])


def _attended(planned: int, came: float) -> int:
    """A fifth do not come, most stay to the end, some leave at half-time."""
    return 0 if came < 0.2 else planned // 2 if came < 0.3 else planned
