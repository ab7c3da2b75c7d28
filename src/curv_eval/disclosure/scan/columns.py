"""Columns of a table: names that promise a person, dates of birth, points on a map, and free text."""

from __future__ import annotations

import re
from collections.abc import Sequence

PROMISES, FREE_TEXT, POINTS = "column about single persons", "free text", "points as fine as a doorstep"
_PERSONS_TEXT = """
name names full_name fullname first_name firstname forename forenames given_name given_names surname surnames
last_name lastname family_name middle_name maiden_name previous_name known_as alias aliases nickname initials dob
d_o_b date_of_birth birth_date birthdate birthday born address home_address address_line_1 address_line_2 address1
street_address house_number postcode post_code postal_code home_postcode uprn email e_mail email_address phone
telephone tel mobile phone_number telephone_number mobile_number contact_number nhs_number nhs_no nhsnumber nhs_num
chi_number nino ni_number national_insurance_number upn uln unique_pupil_number pncid pnc_id pnc pnc_number cro
cro_number crime_id crime_ref crime_reference crime_no crime_number crime_reference_number incident_id incident_ref
custody_number custody_ref niche_id occurrence_number occurrence_id case_id case_number referral_id person_id personid
patient_id pupil_id student_id client_id victim_id victim_ref victim_name suspect_id suspect_ref suspect_name
offender_id offender_name record_id participant_id respondent_id nominal_id nominal_ref individual_id pseudonym
pseudonyms pseudo_id pseudonym_id left_id right_id link_id hashed_id token vehicle_registration registration_number
vrm number_plate passport_number driving_licence ip_address next_of_kin emergency_contact social_worker key_worker
officer officer_name collar_number gp_name parent carer
"""
_PERSONS = frozenset(_PERSONS_TEXT.split())
# words that many tables use for other things than persons; only a table of its own is held to them
WEAK = {"name", "names", "address", "token", "alias", "aliases", "born", "tel", "parent", "officer", "initials", "pnc"}
_NAMED = re.compile(
    r"(?:^|_)(?:sur|fore|first|last|given|family|full|middle|maiden|nick|victim|patient|client|person|offender|suspect|"
    r"pupil|child|parent|carer|officer|worker|service_user|young_person|participant)s?_?names?$"
    r"|(?:^|_)(?:nhs|ni|pnc|cro|upn|nino)_?(?:number|no|num|id)$"
)
_LATITUDE = re.compile(r"(?:^|_)(?:lat|latitude|lon|long|lng|longitude)$")
_METRES = re.compile(r"(?:^|_)(?:easting|eastings|northing|northings|oseast1m|osnrth1m|uprn)$")
_FINE, _METRE = re.compile(r"-?\d{1,2}\.\d{5,}"), re.compile(r"\d{5,7}(?:\.\d+)?")
_LEAST_DISTINCT, _LEAST_WORDS, _LEAST_LONG, _LEAST_NEW, _LOOKED_AT = 10, 5, 30, 0.3, 30


def plain_name(name: str) -> str:
    """Return the name of a column in small letters, its words joined by `_`."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[^a-z0-9]+", "_", parted.casefold()).strip("_")


def promises(name: str, *, strict: bool = True) -> bool:
    """Whether the name of a column says that it is about single persons. strict: words with other uses count too."""
    plain = plain_name(name)
    if not strict and plain in WEAK:
        return False
    return plain in _PERSONS or bool(_NAMED.search(plain))


def points(name: str, values: Sequence[str]) -> int:
    """Return how many values of a column of coordinates are finer than about ten metres."""
    plain = plain_name(name)
    for named, fine in ((_LATITUDE, _FINE), (_METRES, _METRE)):
        if named.search(plain):
            return sum(bool(fine.fullmatch(value.strip())) and not value.strip().endswith("00") for value in values)
    return 0


def free_text(values: Sequence[str], written: str) -> int:
    """Return how many different long texts a column holds, 0 where they are few, or stand in `written`.

    written: the study file and its contracts, whose words may be shown; white space does not matter.
    """
    long = dict.fromkeys(" ".join(value.split()) for value in values if len(value.split()) >= _LEAST_WORDS)
    strange = [text for text in long if len(text) >= _LEAST_LONG and text not in written]
    return len(strange) if len(strange) >= _LEAST_DISTINCT and _many_words(strange[:_LOOKED_AT]) else 0


def _many_words(texts: Sequence[str]) -> bool:
    """Whether texts go on with new words, as people's do; sentences that a program puts together repeat theirs."""
    words = [word.strip(".,;:()").casefold() for text in texts for word in text.split()]
    return len(set(words)) >= _LEAST_NEW * len(words)
