"""The contracts that ship: valid ODCS, told truthfully, and strict about persons."""

from __future__ import annotations

import json
from importlib import resources

import duckdb
import pytest
import yaml
from contract_support import good_rows

from curv_eval.contract import contract_names, load_contract
from curv_eval.shipped import shipped
from curv_eval.sources import formats

NAMES = contract_names()
PERSONS = ("ae_assaults", "vcse_referrals", "vcse_sessions")
EXPECTED = {
    "ae_assaults",
    "intervention_register",
    "lsoa_boundaries",
    "lsoa_lookup",
    "lsoa_population",
    "police_uk_outcomes",
    "police_uk_stop_and_search",
    "police_uk_street",
    "vcse_referrals",
    "vcse_sessions",
    "ward_lookup",
}


def document(name: str) -> dict:
    return yaml.safe_load((shipped("data_contracts") / f"{name}.yaml").read_text(encoding="utf-8"))


def prose(name: str) -> str:
    contract = load_contract(name)
    return " ".join([contract.description, contract.limitations, contract.lawful_basis, contract.gateway])


def test_every_dataset_has_its_contract():
    assert set(NAMES) >= EXPECTED


@pytest.mark.parametrize("name", NAMES)
def test_it_keeps_the_schema_of_the_standard(name):
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(resources.files("open_data_contract_standard").joinpath("schema.json").read_text("utf-8"))
    validator = jsonschema.validators.validator_for(schema)(schema)
    assert [error.message for error in validator.iter_errors(document(name))] == []


@pytest.mark.parametrize("name", NAMES)
def test_its_format_can_be_read(name):
    assert load_contract(name).format in formats()


@pytest.mark.parametrize("name", NAMES)
def test_it_says_how_to_get_the_data_in_one_sentence(name):
    obtain = load_contract(name).obtain
    assert obtain.endswith(".")
    assert obtain[0].isupper()


@pytest.mark.parametrize("name", NAMES)
def test_its_patterns_mean_the_same_to_the_checker(name):
    con = duckdb.connect()
    for column in load_contract(name).columns:
        for example in column.examples if column.pattern else ():
            found = con.execute("SELECT regexp_matches(?, ?)", [example, column.pattern]).fetchall()
            assert found == [(True,)], (column.name, example)


@pytest.mark.parametrize("name", NAMES)
def test_rows_made_of_its_rules_have_a_row_for_every_column(name):
    contract = load_contract(name)
    assert all(set(row) == {column.name for column in contract.columns} for row in good_rows(contract))


@pytest.mark.parametrize("name", set(NAMES) - set(PERSONS))
def test_open_data_are_open(name):
    contract = load_contract(name)
    assert contract.public
    assert (contract.small_number_rule, contract.expires) == ("open", None)
    assert not contract.options["made_up_only"]


@pytest.mark.parametrize("name", PERSONS)
def test_data_about_persons_are_not(name):
    contract = load_contract(name)
    assert not contract.public
    assert contract.small_number_rule == ("nhs_1_7_round_5" if name == "ae_assaults" else "under_10")
    assert contract.options["extra_columns"] == "refuse"
    assert contract.options["made_up_only"], "no agreement stands behind the contract that ships"


@pytest.mark.parametrize("name", PERSONS)
def test_what_could_point_at_a_person_is_classified(name):
    pointing = [column for column in load_contract(name).columns if column.disclosure_role != "none"]
    assert pointing
    quasi = [c for c in pointing if c.disclosure_role in ("quasi-identifier", "free text", "pseudonym")]
    assert {column.classification for column in quasi} <= {"confidential", "restricted"}


def test_person_id_is_a_keyed_pseudonym():
    for name in ("vcse_referrals", "vcse_sessions"):
        person = load_contract(name).columns[0]
        assert (person.name, person.pattern, person.disclosure_role) == ("person_id", "^[0-9a-f]{32}$", "pseudonym")


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        (
            "police_uk_street",
            ["snap points", "one class", "no crime identifier", "duplicates must be kept", "2011", "2021"],
        ),
        ("police_uk_outcomes", ["identifier repeats", "fixed time of follow-up"]),
        ("police_uk_stop_and_search", ["midnight in London", "not of crime"]),
        ("ae_assaults", ["no person fields", "free text", "unverified", "16(4)"]),
        ("vcse_referrals", ["section 16 does not name voluntary", "consent", "comparison group"]),
        ("vcse_sessions", ["section 16 does not name voluntary", "consent"]),
        ("intervention_register", ["waters the effect down", "fallen back anyway"]),
        ("lsoa_population", ["2011 LSOAs", "Residents are not the people present"]),
    ],
)
def test_it_says_what_the_data_cannot_show(name, facts):
    text = " ".join(prose(name).split())
    assert [fact for fact in facts if fact not in text] == []


def test_the_crime_types_are_the_fourteen():
    crime_type = {c.name: c for c in load_contract("police_uk_street").columns}["crime_type"]
    assert len(crime_type.values) == 14
    assert "Violence and sexual offences" in crime_type.values


def test_rows_that_are_alike_are_allowed_where_they_are_separate_events():
    for name in ("police_uk_street", "police_uk_outcomes", "police_uk_stop_and_search", "ae_assaults", "vcse_sessions"):
        contract = load_contract(name)
        assert contract.key == ()
        assert not any(column.unique for column in contract.columns)
