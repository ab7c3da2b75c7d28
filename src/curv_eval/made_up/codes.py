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
INJURY_MECHANISM = dict(
    zip(ASSAULT_METHOD, ("bodily force", "blunt object", "sharp object", "other", "other", "other"), strict=True)
)
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
# The same for hospitals, whose older list has one code for Gypsies, Travellers and other White people.
ETHNIC_CATEGORY = dict(zip(ETHNICITY, "ABCCDEFGHJKRLMNPSSZ", strict=True))
END_REASON = {"completed": 0.55, "disengaged": 0.25, "moved away": 0.06, "referred on": 0.09, "other": 0.05}
# Session type -> share, minutes planned and the ways it is held.
SESSIONS = {
    "mentoring": (0.65, 60, ("in_person", "remote")),
    "group work": (0.15, 90, ("group",)),
    "family work": (0.08, 60, ("in_person",)),
    "activity": (0.12, 120, ("group", "in_person")),
}

# Stop and search as data.police.uk spells it; shares of Cleveland's searches of 2023 and 2024, rounded.
SEARCH_TYPES = {"Person search": 0.87, "Person and Vehicle search": 0.08, "Vehicle search": 0.05}
SEARCH_AGES = {"10-17": 0.15, "18-24": 0.18, "25-34": 0.19, "over 34": 0.34, "": 0.14}
SEARCH_SEXES = {"Male": 0.75, "Female": 0.13, "": 0.12}
SELF_ETHNICITY = {
    "White - English/Welsh/Scottish/Northern Irish/British": 0.72,
    "White - Any other White background": 0.02,
    "Asian/Asian British - Pakistani": 0.02,
    "Asian/Asian British - Any other Asian background": 0.01,
    "Mixed/Multiple ethnic groups - Any other Mixed/Multiple ethnic background": 0.01,
    "Black/African/Caribbean/Black British - African": 0.01,
    "Other ethnic group - Not stated": 0.01,
    "": 0.20,
}
OFFICER_ETHNICITY = {"White": 0.71, "Asian": 0.04, "Black": 0.02, "Other": 0.01, "": 0.22}
SEARCH_LAWS = {
    "Misuse of Drugs Act 1971 (section 23)|Controlled drugs": 0.63,
    "Police and Criminal Evidence Act 1984 (section 1)|Stolen goods": 0.04,
    "Police and Criminal Evidence Act 1984 (section 1)|Offensive weapons": 0.11,
    "Police and Criminal Evidence Act 1984 (section 1)|Article for use in theft": 0.13,
    "Police and Criminal Evidence Act 1984 (section 1)|Anything to threaten or harm anyone": 0.04,
    "Police and Criminal Evidence Act 1984 (section 1)|Articles for use in criminal damage": 0.04,
    "|": 0.01,
}
SEARCH_OUTCOMES = {
    "A no further action disposal": 0.79,
    "Arrest": 0.10,
    "Community resolution": 0.02,
    "Khat or Cannabis warning": 0.01,
    "Summons / charged by post": 0.01,
    "": 0.07,
}
SEARCH_LINKED = {"": 0.75, "True": 0.19, "False": 0.06}
