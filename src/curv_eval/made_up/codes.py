"""The words and codes that made-up rows are drawn from, with how often each occurs."""

from __future__ import annotations

FORCE = "Made-up Police"
VIOLENCE, ANTISOCIAL = "Violence and sexual offences", "Anti-social behaviour"

# Crime types as data.police.uk spells them, with made-up means per LSOA and month; violence comes from the process.
OTHER_CRIME = {
    ANTISOCIAL: 4.0,
    "Bicycle theft": 0.1,
    "Burglary": 0.6,
    "Criminal damage and arson": 1.4,
    "Drugs": 0.4,
    "Other crime": 0.3,
    "Other theft": 0.8,
    "Possession of weapons": 0.1,
    "Public order": 1.0,
    "Robbery": 0.15,
    "Shoplifting": 1.0,
    "Theft from the person": 0.05,
    "Vehicle crime": 0.7,
}
CRIME_TYPES = (*OTHER_CRIME, VIOLENCE)

# Outcomes as data.police.uk spells them; shares of Cleveland's violence in early 2024, rounded. None for ASB.
OUTCOMES = {
    "Unable to prosecute suspect": 0.68,
    "Investigation complete; no suspect identified": 0.18,
    "Court result unavailable": 0.08,
    "Status update unavailable": 0.02,
    "Action to be taken by another organisation": 0.02,
    "Local resolution": 0.01,
    "Offender given a caution": 0.01,
}

# Stand-ins: the national code lists of the Information Sharing to Tackle Violence data set were not at hand.
ASSAULT_METHOD = {"01": 0.62, "02": 0.12, "03": 0.09, "04": 0.08, "05": 0.02, "06": 0.07}
ASSAULT_METHOD_OTHER = "06"
ASSAULT_LOCATION_TYPE = {"01": 0.38, "02": 0.22, "03": 0.17, "04": 0.10, "05": 0.08, "06": 0.05}
SITES = {"ZZZ01": 0.7, "ZZZ02": 0.3}
# Assaults by the hour they happened, midnight first: nights over days.
HOUR_WEIGHTS = (7, 7, 6, 4, 2, 1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 6, 6, 7, 7)

INTERVENTION = "street-mentoring"
PROVIDERS = {"made-up-provider-1": 0.5, "made-up-provider-2": 0.3, "made-up-provider-3": 0.2}
REFERRAL_SOURCE = {
    "police": 0.22,
    "school": 0.24,
    "A&E": 0.08,
    "social care": 0.16,
    "self": 0.06,
    "family": 0.09,
    "VCSE": 0.12,
    "other": 0.03,
}
RISK_TIER = {"primary": 0.25, "secondary": 0.5, "tertiary": 0.25}
SEX = {"male": 0.68, "female": 0.28, "other": 0.01, "not stated": 0.03}
# The 18+1 codes of self-defined ethnicity used by the police in England and Wales; NS is "not stated".
ETHNICITY = {
    "W1": 0.72,
    "W2": 0.01,
    "W3": 0.01,
    "W9": 0.03,
    "M1": 0.01,
    "M2": 0.01,
    "M3": 0.01,
    "M9": 0.01,
    "A1": 0.01,
    "A2": 0.05,
    "A3": 0.01,
    "A4": 0.005,
    "A9": 0.015,
    "B1": 0.01,
    "B2": 0.03,
    "B9": 0.01,
    "O2": 0.01,
    "O9": 0.01,
    "NS": 0.04,
}
END_REASON = {"completed": 0.55, "disengaged": 0.25, "moved away": 0.06, "referred on": 0.09, "other": 0.05}
# Session type -> share, minutes planned and the ways it is held.
SESSIONS = {
    "mentoring": (0.65, 60, ("in_person", "remote")),
    "group work": (0.15, 90, ("group",)),
    "family work": (0.08, 60, ("in_person",)),
    "activity": (0.12, 120, ("group", "in_person")),
}
