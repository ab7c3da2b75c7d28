"""The profile's JSON schema: the file that ships is the rules in the program, and both judge contracts alike."""

from __future__ import annotations

import copy
import json

import pytest
import yaml
from contract_support import set_term, small_contract, write
from jsonschema import Draft202012Validator

from curv_eval.contract import contract_names, load_contract
from curv_eval.errors import ContractError
from curv_eval.profile import PROFILE, SCHEMA_FILE, json_schema
from curv_eval.shipped import shipped

NAMES = contract_names()
FILE = shipped("data_contracts") / SCHEMA_FILE


def validator(part: str) -> Draft202012Validator:
    schema = json.loads(FILE.read_text(encoding="utf-8"))
    return Draft202012Validator({**schema, "$ref": f"#/$defs/{part}"})


def mapping(custom: list[dict] | None) -> dict:
    return {item["property"]: item["value"] for item in custom or []}


def faults(part: str, custom: list[dict] | None) -> list[str]:
    return [error.message for error in validator(part).iter_errors(mapping(custom))]


def test_the_file_is_what_the_program_holds_contracts_to():
    assert json.loads(FILE.read_text(encoding="utf-8")) == json_schema()


def test_the_file_is_itself_a_schema_and_named():
    schema = json.loads(FILE.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    assert schema["title"] == PROFILE


@pytest.mark.parametrize("name", NAMES)
def test_another_program_finds_every_contract_that_ships_good(name):
    document = yaml.safe_load((shipped("data_contracts") / f"{name}.yaml").read_text(encoding="utf-8"))
    assert faults("Terms", document["customProperties"]) == []
    for column in document["schema"][0]["properties"]:
        assert faults("ColumnTerms", column.get("customProperties")) == [], column["name"]


BAD_TERMS = {
    "profile": "curv-eval/information-sharing/2",
    "format": "../csv",
    "purposes": [],
    "controller": "",
    "lawfulBasis": 6,
    "recipients": "anyone",
    "linkages": ["Not A Name"],
    "expires": "soon",
    "deleteBy": "2027-3-1",
    "smallNumberRule": "none",
    "options": {"madeUpOnly": "yes"},
    "orders": [["month", "n", "month"]],
    "coverage": [{"of": "violence", "source": "a guess", "confidence": "sure"}],
    "definitionChanges": [{"month": "2023-13", "what": "x", "source": "y", "confidence": "found"}],
    "approvals": [{"version": "2", "approver": "A", "role": "b", "date": "2026-01-01", "reason": "c"}],
    "colour": "red",
}
BAD_SHARES = [{"share": 1.5}, {"share": -0.1}, {"share": "23%"}]
BAD_COLUMN_TERMS = {
    "disclosureRole": "dull",
    "dataCategory": "secret",
    "optional": "yes",
    "forms": ["daily"],
    "ageAt": 7,
    "colour": "red",
}


def refused_by_both(document: dict, part: str, custom: list[dict], folder) -> None:
    assert faults(part, custom) != []
    write(document, folder)
    with pytest.raises(ContractError):
        load_contract("small", folder)


def test_the_small_contract_is_good_for_both(tmp_path):
    document = small_contract()
    assert faults("Terms", document["customProperties"]) == []
    write(document, tmp_path)
    load_contract("small", tmp_path)


@pytest.mark.parametrize("term", BAD_TERMS)
def test_a_bad_term_is_refused_by_both(term, tmp_path):
    document = small_contract()
    set_term(document, term, BAD_TERMS[term])
    refused_by_both(document, "Terms", document["customProperties"], tmp_path)


@pytest.mark.parametrize("share", BAD_SHARES, ids=str)
def test_a_share_is_a_share_for_both(share, tmp_path):
    document = small_contract()
    one = {"of": "violence", "source": "a survey", "confidence": "found", **share}
    set_term(document, "coverage", [one])
    refused_by_both(document, "Terms", document["customProperties"], tmp_path)


@pytest.mark.parametrize("term", [item["property"] for item in small_contract()["customProperties"]])
def test_a_missing_term_is_refused_by_both(term, tmp_path):
    document = small_contract()
    document["customProperties"] = [item for item in document["customProperties"] if item["property"] != term]
    if term == "periodColumn":
        assert faults("Terms", document["customProperties"]) == []
        return
    refused_by_both(document, "Terms", document["customProperties"], tmp_path)


@pytest.mark.parametrize("term", BAD_COLUMN_TERMS)
def test_a_bad_term_of_a_column_is_refused_by_both(term, tmp_path):
    document = copy.deepcopy(small_contract())
    column = document["schema"][0]["properties"][1]
    column["customProperties"] = [{"property": term, "value": BAD_COLUMN_TERMS[term]}]
    refused_by_both(document, "ColumnTerms", column["customProperties"], tmp_path)
