"""Made-up records of three voluntary-sector providers: referrals of young people, and the sessions they came to."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np

from curv_eval.made_up.codes import (
    END_REASON,
    ETHNICITY,
    INTERVENTION,
    PROVIDERS,
    REFERRAL_SOURCE,
    RISK_TIER,
    SESSIONS,
    SEX,
)
from curv_eval.made_up.process import MONTHS, NEVER, World, draw

REFERRALS, CONSENTING, AT_HOME_IN_COHORT = 730, 0.96, 0.85
ELIGIBLE, ACCEPTED_IF_ELIGIBLE = 0.88, 0.85
LAST_DAY = date(2024, 12, 31)
AGES = tuple(range(10, 25))


class Referral(NamedTuple):
    """One row of vcse_referrals.csv, as text; blank where not (yet) known."""

    person_id: str
    provider_id: str
    intervention_id: str
    referral_date: str
    referral_source: str
    eligibility_met: str
    accepted: str
    start_date: str
    end_date: str
    end_reason: str
    consent_evaluation: str
    lawful_basis: str
    age_at_referral: str
    sex: str
    ethnicity_18_1: str
    lsoa_home: str
    risk_tier: str


class Session(NamedTuple):
    """One row of vcse_sessions.csv; minutes_attended 0 means that the young person did not come."""

    person_id: str
    session_date: str
    session_type: str
    minutes_planned: int
    minutes_attended: int
    mode: str


def draw_referrals(rng: np.random.Generator, world: World) -> list[Referral]:
    """Return the referrals of those who consented to evaluation, by date; the others are not shared."""
    n = REFERRALS
    person = _pseudonyms(rng, n)
    homes, referred = _homes_and_dates(rng, world)
    eligible, accepted, consent = rng.random((3, n)) < [[ELIGIBLE], [ACCEPTED_IF_ELIGIBLE], [CONSENTING]]
    stays = [_stay(rng, day, bool(yes)) for day, yes in zip(referred, eligible & accepted, strict=True)]
    columns = zip(
        person,
        draw(rng, PROVIDERS, n),
        [INTERVENTION] * n,
        [day.isoformat() for day in referred],
        draw(rng, REFERRAL_SOURCE, n),
        _booleans(eligible),
        _booleans(eligible & accepted),
        *zip(*stays, strict=True),
        _booleans(consent),
        ["consent"] * n,
        # Mid-teens are the most frequent ages.
        [str(AGES[age]) for age in rng.binomial(len(AGES) - 1, 0.4, n).tolist()],
        draw(rng, SEX, n),
        draw(rng, ETHNICITY, n),
        homes,
        draw(rng, RISK_TIER, n),
        strict=True,
    )
    rows = [Referral(*row) for row in columns]
    return sorted((row for row in rows if row.consent_evaluation == "true"), key=lambda row: row.referral_date)


def _booleans(flags: np.ndarray) -> list[str]:
    return ["true" if flag else "false" for flag in flags.tolist()]


def _pseudonyms(rng: np.random.Generator, n: int) -> list[str]:
    """Keyed as real pseudonyms are; the key is drawn here and kept nowhere."""
    key = rng.bytes(32)
    return [hmac.new(key, f"made-up person {i}".encode(), hashlib.sha256).hexdigest()[:32] for i in range(n)]


def _homes_and_dates(rng: np.random.Generator, world: World) -> tuple[list[str], list[date]]:
    """Referrals begin when mentoring starts in the cohort a young person belongs to; not all live in its area."""
    mentored = np.flatnonzero(world.start < NEVER)
    of_cohort = rng.choice(mentored, REFERRALS)
    anywhere = rng.integers(0, len(world.start), REFERRALS)
    home = np.where(rng.random(REFERRALS) < AT_HOME_IN_COHORT, of_cohort, anywhere)
    first = [date.fromisoformat(f"{MONTHS[start]}-01") for start in world.start[of_cohort].tolist()]
    share = rng.random(REFERRALS).tolist()
    days = [day + timedelta(int(u * ((LAST_DAY - day).days + 1))) for day, u in zip(first, share, strict=True)]
    return [world.areas[i].code21 for i in home.tolist()], days


def _stay(rng: np.random.Generator, referred: date, accepted: bool) -> tuple[str, str, str]:
    """Start, end and reason; blank from where the stay has not happened by LAST_DAY."""
    start = referred + timedelta(int(rng.integers(3, 29)))
    reason = draw(rng, END_REASON, 1)[0]
    weeks = rng.integers(12, 41) if reason == "completed" else rng.integers(2, 20)
    end = start + timedelta(7 * int(weeks))
    if not accepted or start > LAST_DAY:
        return "", "", ""
    return (start.isoformat(), "", "") if end > LAST_DAY else (start.isoformat(), end.isoformat(), reason)


def draw_sessions(rng: np.random.Generator, referrals: list[Referral]) -> list[Session]:
    """Return about one session a week for every stay, by date; at most one a day for a person."""
    rows = [row for referral in referrals if referral.start_date for row in _sessions_of(rng, referral)]
    return sorted(rows, key=lambda row: (row.session_date, row.person_id))


def _sessions_of(rng: np.random.Generator, referral: Referral) -> Iterator[Session]:
    first = date.fromisoformat(referral.start_date)
    last = date.fromisoformat(referral.end_date) if referral.end_date else LAST_DAY
    weeks = (last - first).days // 7 + 1
    days = (7 * np.arange(weeks) + rng.integers(0, 5, weeks)).tolist()
    kinds = draw(rng, {kind: share for kind, (share, _, _) in SESSIONS.items()}, weeks)
    luck = rng.random((3, weeks)).tolist()
    for day, kind, cancelled, came, way in zip(days, kinds, *luck, strict=True):
        held = first + timedelta(day)
        if held <= last and cancelled > 0.1:
            _, planned, modes = SESSIONS[kind]
            mode = modes[int(way * len(modes))]
            yield Session(referral.person_id, held.isoformat(), kind, planned, _attended(planned, came), mode)


def _attended(planned: int, came: float) -> int:
    """A fifth do not come, most stay to the end, some leave at half-time."""
    return 0 if came < 0.2 else planned // 2 if came < 0.3 else planned
