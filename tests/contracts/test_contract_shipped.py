"""The contracts that ship: valid ODCS, told truthfully, and strict about persons."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest
import yaml
from contract_support import good_rows

from curv_eval.contract import contract_names, lint_contract, load_contract
from curv_eval.minimise import allowed_forms
from curv_eval.shipped import shipped
from curv_eval.sources import formats

NAMES = contract_names()
CONTRACTS = {name: load_contract(name) for name in NAMES}
OF_REVIEWS = {
    "cbt_offending_studies",
    "dropout_prevention_studies",
    "risk_of_bias",
    "school_calendar_studies",
    "screening_decisions",
}
OPEN = OF_REVIEWS | {
    "deprivation_2019",
    "deprivation_2025",
    "intervention_register",
    "lsoa_boundaries",
    "lsoa_lookup",
    "lsoa_population",
    "police_forces_counts",
    "police_uk_outcomes",
    "police_uk_stop_and_search",
    "police_uk_street",
    "postcode_lookup",
    "theory_of_change",
    "ward_lookup",
}
VCSE = {"training_pre_post", "vcse_outcomes", "vcse_referrals", "vcse_sessions", "vcse_survey"}
HEALTH = {"ae_assaults", "ae_attendances", "ambulance_incidents", "hospital_admissions"}
NAMED_IN_SECTION_16 = {"police_recorded_crime", "probation", "school_absence", "school_exclusions", "youth_justice"}
PERSONS = (
    VCSE
    | HEALTH
    | NAMED_IN_SECTION_16
    | {"partner_people", "people_links", "hospital_police_links", "vcse_police_links"}
)
SAID_BY_THE_SOURCES = {
    "police_recorded_crime": "crime_ref recorded_date committed_from committed_to ho_class ho_code knife_flag "
    "domestic_flag location_type easting northing lsoa beat victim_age victim_sex victim_ethnicity_self_defined "
    "suspect_age outcome_code cancelled_flag",
    "hospital_admissions": "admidate admimeth epiorder startage sex ethnos lsoa11 cause "
    + " ".join(f"diag_{i:02d}" for i in range(1, 21)),
    "ambulance_incidents": "incident_id call_time triage_system symptom_or_card lsoa age_band conveyed",
    "youth_justice": "ypid disposal_date offence_gravity first_time_entrant reoffended_12m",
    "school_exclusions": "pseudo_upn academic_year permanent_exclusion suspension_sessions fsm sen",
    "school_absence": "pseudo_upn academic_year absence_rate",
    "vcse_outcomes": "person_id instrument instrument_version timepoint date score completed_by "
    + " ".join(f"item_{i}" for i in range(1, 26)),
    "vcse_survey": "org_id org_income_band borough interest_in_data_sharing further_data_wanted "
    "concern_decisions_without_vcse_data barriers respondent_role",
    "training_pre_post": "trainee_id org_id timepoint confidence_1 skills_1 onward_sessions_delivered onward_attendees",
    "theory_of_change": "id level statement indicator baseline target horizon data_source linked_result_id",
    "intervention_register": "intervention_id start_month end_month yef_toolkit_strand tier cost_total_gbp "
    "cost_price_year co_intervention",
}


def document(name: str) -> dict:
    return yaml.safe_load((shipped("data_contracts") / f"{name}.yaml").read_text(encoding="utf-8"))


def prose(name: str) -> str:
    contract = CONTRACTS[name]
    said = [contract.description, contract.limitations, contract.lawful_basis, contract.gateway]
    return " ".join([*said, contract.special_category_condition, contract.criminal_offence_condition])


def columns(name: str) -> dict:
    return {column.name: column for column in CONTRACTS[name].columns}


def test_every_dataset_has_its_contract():
    assert set(NAMES) == OPEN | PERSONS


@pytest.mark.parametrize("name", NAMES)
def test_it_keeps_the_standard_the_profile_and_the_rules_here(name):
    assert lint_contract(shipped("data_contracts") / f"{name}.yaml").name == name


@pytest.mark.parametrize("name", NAMES)
def test_its_format_can_be_read(name):
    assert CONTRACTS[name].format in formats()


@pytest.mark.parametrize("name", NAMES)
def test_it_says_how_to_get_the_data_in_a_sentence(name):
    obtain = CONTRACTS[name].obtain
    assert obtain.endswith(".")
    assert obtain[0].isupper()


@pytest.mark.parametrize("name", NAMES)
def test_it_has_no_place_of_one_machine_and_no_doubled_space(name):
    text = (shipped("data_contracts") / f"{name}.yaml").read_text(encoding="utf-8")
    assert re.findall(r"/work|/home|/tmp|localhost|\t", text) == []
    assert [line for line in text.splitlines() if line != line.rstrip()] == []


@pytest.mark.parametrize("name", NAMES)
def test_its_patterns_mean_the_same_to_the_checker(name):
    con = duckdb.connect()
    for column in CONTRACTS[name].columns:
        for example in column.examples if column.pattern else ():
            found = con.execute("SELECT regexp_matches(?, ?)", [example, column.pattern]).fetchall()
            assert found == [(True,)], (column.name, example)


@pytest.mark.parametrize("name", NAMES)
def test_rows_made_of_its_rules_have_a_row_for_every_column(name):
    contract = CONTRACTS[name]
    assert all(set(row) == {column.name for column in contract.columns} for row in good_rows(contract))


@pytest.mark.parametrize("name", NAMES)
def test_what_stands_for_not_known_is_not_also_a_value(name):
    blanks = {"".join(blank.casefold().split()) for blank in CONTRACTS[name].options["blanks"]}
    values = {"".join(value.casefold().split()) for column in CONTRACTS[name].columns for value in column.values}
    assert blanks & values == set()


@pytest.mark.parametrize("name", sorted(OPEN))
def test_open_data_are_open(name):
    contract = CONTRACTS[name]
    assert contract.public
    assert (contract.small_number_rule, contract.expires, contract.delete_by) == ("open", None, None)
    assert contract.recipients == ("anyone",)
    assert not contract.options["made_up_only"]
    assert not contract.about_people


@pytest.mark.parametrize("name", sorted(PERSONS))
def test_data_about_persons_are_not(name):
    contract = CONTRACTS[name]
    assert not contract.public
    assert contract.small_number_rule == ("nhs_1_7_round_5" if name in HEALTH else "under_10")
    assert contract.options["extra_columns"] == "refuse"
    assert contract.options["made_up_only"], "no agreement stands behind the contract that ships"
    assert contract.agreement.startswith("made-up demonstration only; no agreement exists")
    assert "anyone" not in contract.recipients
    assert contract.lawful_basis


@pytest.mark.parametrize("name", sorted(PERSONS))
def test_what_could_point_at_a_person_is_classified(name):
    pointing = [column for column in CONTRACTS[name].columns if column.disclosure_role != "none"]
    assert pointing
    assert {column.classification for column in pointing} <= {"confidential", "restricted"}


@pytest.mark.parametrize("name", sorted(PERSONS))
def test_what_looks_like_a_person_s_attribute_has_a_role(name):
    words = ("age", "sex", "ethnic", "lsoa", "date", "time", "birth", "postcode", "name")
    parts = {c.name: set(c.name.split("_")) for c in CONTRACTS[name].columns if c.disclosure_role == "none"}
    found = {name for name, split in parts.items() if split.intersection(words)}
    assert found <= {"freeze_date", "reporting_period_start_date", "reporting_period_end_date", "first_time_entrant"}


@pytest.mark.parametrize("name", sorted(PERSONS))
def test_every_pseudonym_is_keyed_and_nothing_else_fits(name):
    for column in CONTRACTS[name].columns:
        if column.disclosure_role == "pseudonym":
            assert column.pattern == "^[0-9a-f]{32}$", column.name


@pytest.mark.parametrize("name", sorted(VCSE))
def test_section_16_is_no_gateway_for_the_voluntary_sector(name):
    contract = CONTRACTS[name]
    assert "section 16 does not name voluntary, community and social enterprise organisations" in contract.gateway
    assert "6(1)(a), consent" in contract.lawful_basis


@pytest.mark.parametrize("name", sorted(HEALTH))
def test_section_16_is_no_gateway_for_health_data(name):
    gateway = CONTRACTS[name].gateway
    assert "section 16(4) authorises neither patient information nor personal information" in gateway
    assert "section 16 is not the gateway" in gateway


@pytest.mark.parametrize("name", sorted(NAMED_IN_SECTION_16))
def test_section_16_is_the_gateway_of_those_it_names(name):
    gateway = CONTRACTS[name].gateway
    assert gateway.startswith("PCSC Act 2022 section 16(1) and (2)")
    assert "Section 16(4)" in gateway


@pytest.mark.parametrize("name", NAMES)
def test_section_9_is_not_cited_for_sharing(name):
    # a common slip: section 9 is about working together, section 16 about disclosing
    assert not re.search(r"section 9\b(?!\()", CONTRACTS[name].gateway)


@pytest.mark.parametrize("name", NAMES)
def test_only_shares_with_a_source_are_given(name):
    """One share of violence that the police hear of has a source; no other is known, and none is made up."""
    shares = {(one.of, one.share) for one in CONTRACTS[name].coverage if one.share is not None}
    assert shares <= {("violence treated in emergency departments", 0.23)}
    for one in CONTRACTS[name].coverage:
        assert (one.confidence == "unverified") == (one.share is None), one.of


@pytest.mark.parametrize("name", NAMES)
def test_what_is_remembered_is_marked_as_not_verified(name):
    for change in CONTRACTS[name].definition_changes:
        assert ("recalled" in change.source) == (change.confidence == "unverified"), change.month


def test_series_say_when_they_were_broken():
    counted = [c for c in CONTRACTS.values() if c.area_column and c.period_column]
    assert len(counted) >= 6
    for contract in counted:
        if contract.name not in ("vcse_referrals", "intervention_register"):
            assert "2020-03" in {change.month for change in contract.definition_changes}, contract.name


def test_nobody_links_without_the_other():
    for contract in CONTRACTS.values():
        for other in contract.linkages:
            assert contract.name in CONTRACTS[other].linkages, (contract.name, other)


def test_what_has_no_person_in_it_is_linked_with_nobody():
    for name in ("ae_assaults", "ambulance_incidents", "vcse_survey", "training_pre_post", "partner_people"):
        assert CONTRACTS[name].linkages == ()
    assert not CONTRACTS["ae_assaults"].about_people
    assert not CONTRACTS["vcse_survey"].about_people


def test_public_bodies_meet_in_the_voluntary_sector_only():
    """No agreement lets police, health, school or court records about the same person meet each other directly, but
    police and A&E to count how many people hurt by violence no list shows."""
    hub, hidden = {"people_links", "vcse_referrals"}, {"police_recorded_crime", "ae_attendances"}
    for name in (HEALTH | NAMED_IN_SECTION_16) - {"ae_assaults", "ambulance_incidents"} - hidden:
        assert set(CONTRACTS[name].linkages) == hub, name
    others = hub | hidden | {"vcse_outcomes", "hospital_police_links", "vcse_police_links"}
    for name in hidden:
        assert set(CONTRACTS[name].linkages) <= others - {name}
    assert "section 251" in CONTRACTS["hospital_police_links"].gateway


def test_a_questionnaire_s_items_are_numbered_and_never_worded():
    items = [c for name, c in columns("vcse_outcomes").items() if name.startswith("item_")]
    assert len(items) == 25
    for item in items:
        number = item.name.removeprefix("item_")
        assert item.description == (
            f"Answer to item {number}, as a number on the instrument's own scale; blank where it was left out."
        )
        assert (item.type, item.data_category) == ("integer", "special category")


def test_direct_identifiers_are_in_one_contract_that_no_study_reads():
    holding = {c.name for c in CONTRACTS.values() for one in c.columns if one.disclosure_role == "direct identifier"}
    assert holding == {"partner_people"}
    people = CONTRACTS["partner_people"]
    assert people.purposes == ("record linkage",)
    assert people.recipients == ("nobody but the partner itself",)
    forms = {column.name: allowed_forms(column) for column in people.columns}
    assert (forms["given_name"], forms["surname"], forms["record_id"]) == ((), (), ())
    assert forms["date_of_birth"] == ("age_band", "year", "under_25")
    assert forms["postcode"] == ("lsoa",)
    assert columns("partner_people")["date_of_birth"].age_at == "first_contact_date"


def test_consent_is_a_column_where_it_is_the_basis_of_each_row():
    for name in ("vcse_referrals", "vcse_outcomes"):
        assert CONTRACTS[name].consent_column == "consent_evaluation"
        assert columns(name)["consent_evaluation"].required


def test_how_finely_the_gravest_columns_leave():
    crime, stay, call = columns("police_recorded_crime"), columns("hospital_admissions"), columns("ambulance_incidents")
    assert allowed_forms(crime["easting"]) == allowed_forms(crime["northing"]) == ()
    assert "as_given" not in allowed_forms(stay["admidate"]) + allowed_forms(call["call_time"])
    for column in (crime["victim_age"], crime["suspect_age"], stay["startage"]):
        assert allowed_forms(column) == ("age_band", "under_25")
    # before and after a referral can be told from days only
    assert allowed_forms(columns("ae_attendances")["arrival_date"])[0] == "as_given"
    assert columns("ae_attendances")["arrival_date"].type == "date"


@pytest.mark.parametrize("name", sorted(SAID_BY_THE_SOURCES))
def test_the_fields_its_source_is_known_to_have_are_there(name):
    assert set(SAID_BY_THE_SOURCES[name].split()) - set(columns(name)) == set()


@pytest.mark.parametrize("code", ["X99", "X990", "X9900", "Y04", "Y04.0", "S010", "Y09X", "X85-"])
def test_codes_of_diseases_are_taken_with_and_without_the_dot(code):
    assert re.search(columns("hospital_admissions")["diag_02"].pattern, code)


@pytest.mark.parametrize("code", ["x99", "99X", "X9", "stabbed", "X99 and Y04", ""])
def test_what_is_not_a_code_of_a_disease_is_not(code):
    assert not re.search(columns("hospital_admissions")["diag_02"].pattern, code)


@pytest.mark.parametrize("code", ["1", "2", "4.1", "4/1", "4.10", "5D", "8N", "104", "105A", "34B"])
def test_codes_of_offences_are_taken_in_both_spellings(code):
    assert re.search(columns("police_recorded_crime")["ho_code"].pattern, code)


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        (
            "police_uk_street",
            ["snap points", "one class", "no crime identifier", "duplicates must be kept", "2011", "2021"],
        ),
        ("police_uk_outcomes", ["identifier repeats", "fixed time of follow-up"]),
        ("police_uk_stop_and_search", ["midnight in London", "not of crime"]),
        ("police_recorded_crime", ["committed_from", "NDQIS", "freeze_date", "cancelled", "not knife-enabled"]),
        ("police_forces_counts", ["Dyfed-Powys", "absent in every month", "gaps"]),
        ("ae_assaults", ["no person fields", "free text", "unverified", "16(4)"]),
        ("ae_attendances", ["not ISTV", "no person fields", "separate agreement", "Missed links are not random"]),
        (
            "hospital_admissions",
            ["ADMIMETH starting with 2", "EPIORDER 1", "X85 to Y09", "any position", "X99", "England only", "W25"],
        ),
        ("ambulance_incidents", ["NHS Pathways", "AMPDS", "not a person"]),
        ("youth_justice", ["every row is criminal-offence data", "First-time entrants fall"]),
        ("probation", ["Every row is criminal-offence data", "No list of fields was found"]),
        ("school_exclusions", ["no denominator", "health data in effect"]),
        ("school_absence", ["a suspension shows in both files"]),
        ("vcse_referrals", ["section 16 does not name voluntary", "consent", "comparison group"]),
        ("vcse_sessions", ["section 16 does not name voluntary", "consent"]),
        ("vcse_outcomes", ["never worded", "licence", "those who stayed differ", "own offending"]),
        ("vcse_survey", ["answer least", "point at one"]),
        ("training_pre_post", ["without a comparison group", "not an outcome"]),
        ("people_links", ["a judgement, not a fact", "neither is spread evenly", "remain personal data"]),
        ("partner_people", ["never leaves the partner"]),
        ("intervention_register", ["waters the effect down", "fallen back anyway"]),
        ("lsoa_population", ["2011 LSOAs", "Residents are not the people present"]),
        ("deprivation_2019", ["2011 LSOAs", "made from police recorded crime"]),
        ("deprivation_2025", ["2021 LSOAs", "made from police recorded crime"]),
        ("postcode_lookup", ["2011 areas only", "Royal Mail"]),
        ("theory_of_change", ["not a finding"]),
    ],
)
def test_it_says_what_the_data_cannot_show(name, facts):
    text = " ".join(prose(name).split())
    assert [fact for fact in facts if fact not in text] == []


def test_the_crime_types_are_the_fourteen():
    for name in ("police_uk_street", "police_forces_counts"):
        crime_type = columns(name)["crime_type"]
        assert len(crime_type.values) == 14
        assert "Violence and sexual offences" in crime_type.values


def test_rows_that_are_alike_are_allowed_where_they_are_separate_events():
    alike = "police_uk_street police_uk_outcomes police_uk_stop_and_search ae_assaults ae_attendances vcse_sessions"
    for name in [*alike.split(), "hospital_admissions", "youth_justice", "probation"]:
        contract = CONTRACTS[name]
        assert contract.key == ()
        assert not any(column.unique for column in contract.columns)


@pytest.mark.parametrize(
    ("name", "file", "rows"),
    [
        ("deprivation_2019", "geography-england-wales/imd2019_england_lsoa11.csv.gz", 32_844),
        ("deprivation_2025", "geography-england-wales/imd2025_england_lsoa21.csv.gz", 33_755),
        ("postcode_lookup", "geography-tees-valley/PCD_OA_LSOA_MSOA_LAD_MAY22.csv.gz", 25_475),
        ("police_forces_counts", "police-uk-all-forces-counts/lad_month_crimetype_counts.csv.gz", 186_618),
    ],
)
def test_the_real_file_keeps_it(real_folder: Path, name, file, rows):
    from datetime import date

    from curv_eval.sources import load_dataset

    contract = CONTRACTS[name]
    found = load_dataset(
        duckdb.connect(), contract, real_folder / file, purpose=contract.purposes[0], today=date(2026, 11, 23)
    )
    assert found.rows == rows
