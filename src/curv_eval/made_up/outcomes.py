"""Made-up answers to questionnaires at the start and end of mentoring, and what young people told their mentors.

Items are numbered, never worded. Every difficulty item of the SDQ is two tosses with the young person's own chance,
which falls by the share SDQ_FALL; every item of the SWEMWBS is 1 and four tosses, whose chance of missing falls by
SWEMWBS_FALL. So the expected change of a total is known exactly. Sources: numbering of SDQ subscales and the five items
scored in reverse, Youthinmind's scoring notes for the self-report version (unverified).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.made_up.columns import as_text, years_old
from curv_eval.made_up.mentoring import Referrals
from curv_eval.made_up.people import People

ITEMS = 25
HEADER = (
    *("person_id", "instrument", "instrument_version", "timepoint", "date", "completed_by", "consent_evaluation"),
    *(f"item_{i}" for i in range(1, ITEMS + 1)),
    "score",
)
SDQ, SWEMWBS, TOLD = "SDQ", "SWEMWBS", "other"
PROSOCIAL, REVERSED = (1, 4, 9, 17, 20), (7, 11, 14, 21, 25)
SDQ_FALL, SWEMWBS_FALL = 0.15, 0.12
ITEM_MISSING, HALF_DONE, SCORE_WRONG, NOT_ASKED = 0.03, 0.03, 0.04, 0.08
# Who answers at the end, by how the stay ended.
ANSWERS_AT_END = {"completed": 0.85, "disengaged": 0.15, "moved away": 0.2, "referred on": 0.4, "other": 0.3}
OLDEST_CHILD = 17


@dataclass(frozen=True)
class Asked:
    """One entry per stay. distress, wellbeing: the chances behind the items at the start. at_start, at_end: asked?"""

    distress: np.ndarray
    wellbeing: np.ndarray
    at_start: np.ndarray
    at_end: np.ndarray


def draw_asked(rng: np.random.Generator, referrals: Referrals) -> Asked:
    """Draw who is asked when, and how they are, for every referral; nobody is asked who did not start."""
    n = referrals.person.size
    share = np.array([ANSWERS_AT_END.get(reason, 0.0) for reason in referrals.reason.tolist()])
    luck = rng.random((2, n))
    at_start = ~np.isnat(referrals.start) & (luck[0] >= NOT_ASKED)
    return Asked(rng.beta(6, 8, n), rng.beta(8, 7, n), at_start, luck[1] < share)


def improvement(asked: Asked) -> dict[str, float]:
    """Return the expected change from start to end of those who answered both: SDQ total difficulties (0 to 40,
    negative is better) and SWEMWBS raw total (7 to 35, positive is better)."""
    both = asked.at_start & asked.at_end
    return {
        "SDQ total difficulties": float(-40 * SDQ_FALL * asked.distress[both].mean()),
        "SWEMWBS raw total": float(28 * SWEMWBS_FALL * (1 - asked.wellbeing[both]).mean()),
    }


def outcome_rows(
    rng: np.random.Generator, asked: Asked, referrals: Referrals, *, young: People, ids: list[str]
) -> list[tuple]:
    """Return one row per person, instrument and time in the order of HEADER. ids: the pseudonym of each referral."""
    rows = []
    child = years_old(young.birth[referrals.person], referrals.referred) <= OLDEST_CHILD
    for timepoint, there in (("baseline", asked.at_start), ("end", asked.at_end)):
        which = np.flatnonzero(there)
        day = as_text(_days(rng, referrals, timepoint)[which])
        late = timepoint == "end"
        sdq = _sdq(rng, asked.distress[which] * (1 - SDQ_FALL * late))
        swemwbs = _swemwbs(rng, 1 - (1 - asked.wellbeing[which]) * (1 - SWEMWBS_FALL * late))
        for instrument, (items, score) in ((SDQ, sdq), (SWEMWBS, swemwbs)):
            for k, i in enumerate(which.tolist()):
                version = f"{instrument} {'11-17' if child[i] else '18+'}" if instrument == SDQ else "SWEMWBS 7"
                rows.append((ids[i], instrument, version, timepoint, day[k], "self", "true", *items[k], score[k]))
    return sorted(rows, key=lambda row: (row[4], row[0], row[1]))


def told_rows(referrals: Referrals, told: np.ndarray, ids: list[str]) -> list[tuple]:
    """Return one row for each stay that has ended: item 1 is the incidents told to the mentor since the start.

    told: incidents told, for each referral; more than 10 are given as 10, which is the most an item can be.
    """
    ended = np.flatnonzero(~np.isnat(referrals.end))
    day, blank = as_text(referrals.end[ended]), [""] * (ITEMS - 1)
    return [
        (ids[i], TOLD, "incidents told, made up", "end", when, "worker", "true", min(int(told[i]), 10), *blank, "")
        for i, when in zip(ended.tolist(), day, strict=True)
    ]


def _days(rng: np.random.Generator, referrals: Referrals, timepoint: str) -> np.ndarray:
    """Within two weeks of the start, and of the end; each in its own half of a short stay."""
    some = rng.integers(0, 15, referrals.person.size).astype("timedelta64[D]")
    half = (referrals.end - referrals.start) // 2
    some = np.where(np.isnat(half), some, np.minimum(some, half))
    return referrals.end - some if timepoint == "end" else referrals.start + some


def _sdq(rng: np.random.Generator, distress: np.ndarray) -> tuple[list[list], list]:
    numbers = np.arange(1, ITEMS + 1)
    kind = np.isin(numbers, PROSOCIAL)
    points = rng.binomial(2, np.where(kind, 0.7, distress[:, None]))
    total = np.where(kind, 0, points).sum(axis=1)
    # a reversed item is stored as it was ticked
    return _as_answered(rng, np.where(np.isin(numbers, REVERSED), 2 - points, points), total)


def _swemwbs(rng: np.random.Generator, wellbeing: np.ndarray) -> tuple[list[list], list]:
    points = 1 + rng.binomial(4, np.repeat(wellbeing[:, None], 7, axis=1))
    return _as_answered(rng, points, points.sum(axis=1))


def _as_answered(rng: np.random.Generator, ticked: np.ndarray, total: np.ndarray) -> tuple[list[list], list]:
    """Leave some items out, and the second half of some questionnaires; providers add up what is whole, with slips."""
    n, items = ticked.shape
    gone = rng.random(ticked.shape) < ITEM_MISSING
    gone |= (rng.random(n) < HALF_DONE)[:, None] & (np.arange(items) > items // 2)
    slip = np.where(rng.random(n) < SCORE_WRONG, rng.integers(1, 4, n), 0)
    answers = np.where(gone, "", ticked.astype(str))
    padded = np.concatenate([answers, np.full((n, ITEMS - items), "", answers.dtype)], axis=1)
    return padded.tolist(), np.where(gone.any(axis=1), "", (total + slip).astype(str)).tolist()
