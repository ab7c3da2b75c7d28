"""Made-up answers of voluntary organisations and trainees, and the beliefs that the made-up intervention rests on."""

from __future__ import annotations

import numpy as np

from curv_eval.made_up.columns import blanked
from curv_eval.made_up.process import draw

SURVEY_HEADER = (
    *("org_id", "org_income_band", "borough", "interest_in_data_sharing", "further_data_wanted"),
    *("concern_decisions_without_vcse_data", "barriers", "respondent_role"),
)
TRAINING_HEADER = (
    *("trainee_id", "org_id", "timepoint"),
    *(f"confidence_{i}" for i in range(1, 4)),
    *(f"skills_{i}" for i in range(1, 4)),
    *("onward_sessions_delivered", "onward_attendees"),
)
ORGANISATIONS, TRAINEES = 96, 64
BOROUGHS = {"Hartlepool": 0.17, "Middlesbrough": 0.33, "Redcar and Cleveland": 0.22, "Stockton-on-Tees": 0.28}
INCOMES = {"under 10,000": 0.3, "10,000 to 99,999": 0.38, "100,000 to 999,999": 0.25, "1,000,000 or more": 0.07}
ROLES = {
    "leader or manager": 0.52,
    "data or quality lead": 0.06,
    "frontline worker": 0.16,
    "trustee": 0.14,
    "volunteer": 0.09,
    "other": 0.03,
}
INTEREST = {"1": 0.05, "2": 0.1, "3": 0.25, "4": 0.35, "5": 0.25}
CONCERN = {"1": 0.03, "2": 0.07, "3": 0.2, "4": 0.35, "5": 0.35}
WANTED = {
    "local A&E attendances": 0.3,
    "school exclusions": 0.25,
    "police data by ward": 0.3,
    "what other organisations offer": 0.1,
    "none": 0.05,
}
BARRIERS = {
    "no time": 0.3,
    "unsure of the law": 0.25,
    "no staff for data": 0.25,
    "systems do not fit": 0.12,
    "trust of young people": 0.08,
}
INCOME_MISSING, ROLE_MISSING, ITEM_MISSING = 0.12, 0.08, 0.02
# Points that each of the six answers rises by on average, before the ends of the scale cut it; who still answers.
RISE, ANSWERS = {"pre": 0.0, "post": 1.6, "follow_up": 1.1}, {"pre": 1.0, "post": 0.86, "follow_up": 0.55}
THEORY_HEADER = (
    *("id", "level", "statement", "indicator", "baseline", "target"),
    *("horizon", "data_source", "linked_result_id"),
)
THEORY = (
    ("I1", "input", "Three providers are funded", "providers funded", 0, 3, "short", "delivery plan", ""),
    ("I2", "input", "Mentors are trained", "mentors trained", 0, 24, "short", "training_pre_post", ""),
    ("A1", "activity", "Young people at risk are referred", "referrals a year", 0, 450, "short", "vcse_referrals", ""),
    (
        "A2",
        "activity",
        "Young people meet a mentor weekly",
        "sessions a month",
        0,
        900,
        "short",
        "vcse_sessions",
        "",
    ),
    ("P1", "output", "Those accepted stay", "share that completes", "", 0.6, "short", "vcse_referrals", ""),
    ("P2", "output", "Providers share their data", "interest of 4 or 5", "", 0.7, "short", "vcse_survey", ""),
    ("O1", "outcome", "Young people feel better", "SWEMWBS raw total", "", "", "short", "vcse_outcomes", ""),
    ("O2", "outcome", "Fewer difficulties", "SDQ total difficulties", "", "", "short", "vcse_outcomes", ""),
    ("O3", "outcome", "Fewer are hurt", "attended A&E in a year", "", "", "short", "ae_attendances", ""),
    ("M1", "impact", "Less violence in mentoring wards", "recorded violence", "", "", "long", "police_uk_street", ""),
    ("M2", "impact", "Fewer assaults seen in A&E", "attendances", "", "", "long", "ae_assaults", ""),
)


def survey(rng: np.random.Generator) -> list[tuple]:
    """Return one row per organisation in the order of SURVEY_HEADER."""
    n = ORGANISATIONS
    columns = (
        [f"org-{i:03d}" for i in range(1, n + 1)],
        blanked(rng, draw(rng, INCOMES, n), INCOME_MISSING),
        draw(rng, BOROUGHS, n),
        draw(rng, INTEREST, n),
        _two(rng, WANTED, n),
        draw(rng, CONCERN, n),
        _two(rng, BARRIERS, n),
        blanked(rng, draw(rng, ROLES, n), ROLE_MISSING),
    )
    return list(zip(*columns, strict=True))


def _two(rng: np.random.Generator, words: dict[str, float], n: int) -> list[str]:
    """One choice or two, as people tick them."""
    pairs = zip(draw(rng, words, n), draw(rng, words, n), strict=True)
    return ["; ".join(dict.fromkeys(pair)) for pair in pairs]


def training(rng: np.random.Generator, ids: list[str]) -> list[tuple]:
    """Return one row per trainee and time asked in the order of TRAINING_HEADER. ids: the pseudonym of each trainee."""
    rows = []
    usual, org = rng.normal(4.8, 1.3, len(ids)), rng.integers(1, ORGANISATIONS + 1, len(ids)).tolist()
    for timepoint, rise in RISE.items():
        level = usual[:, None] + rise + rng.normal(0, 1.0, (len(ids), 6))
        marks = np.clip(np.rint(level), 1, 10).astype(int)
        answers = np.where(rng.random(marks.shape) < ITEM_MISSING, "", marks.astype(str)).tolist()
        sessions = rng.poisson(1.6, len(ids)) if timepoint == "follow_up" else np.zeros(len(ids), int)
        reached = sessions * rng.integers(4, 19, len(ids))
        there = (rng.random(len(ids)) < ANSWERS[timepoint]).tolist()
        for i, own in enumerate(ids):
            onward = [int(sessions[i]), int(reached[i])] if timepoint == "follow_up" else ["", ""]
            rows += [(own, f"org-{org[i]:03d}", timepoint, *answers[i], *onward)] * there[i]
    return sorted(rows)
