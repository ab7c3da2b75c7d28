"""For every contract on disk, found unasked: a breach of each of its terms is planted, and refused."""

from __future__ import annotations

import copy
import dataclasses
import itertools
from datetime import date, timedelta
from typing import get_args

import duckdb
import pytest
import yaml
from contract_support import set_term, write

from curv_eval.contract import Contract, contract_names, load_contract, permit, permit_linkage
from curv_eval.errors import ContractError
from curv_eval.minimise import allowed_forms, received_columns
from curv_eval.profile import Form, Terms
from curv_eval.shipped import shipped
from curv_eval.sources import load_dataset

NAMES = contract_names()
CONTRACTS = {name: load_contract(name) for name in NAMES}
SHARED = [name for name in NAMES if not CONTRACTS[name].public]
WITHOUT_DEFAULT = [f for f in dataclasses.fields(Terms) if f.default is f.default_factory is dataclasses.MISSING]
ENDS, DELETED = date(2027, 3, 31), date(2028, 3, 31)
DOCUMENTS = {
    name: yaml.safe_load((shipped("data_contracts") / f"{name}.yaml").read_text(encoding="utf-8")) for name in NAMES
}


def agreed(name: str) -> dict:
    """The contract as a project has it once there is an agreement: real data, a last day, a day to delete."""
    document = copy.deepcopy(DOCUMENTS[name])
    options = next(item["value"] for item in document["customProperties"] if item["property"] == "options")
    set_term(document, "options", {key: value for key, value in options.items() if key != "madeUpOnly"})
    set_term(document, "expires", ENDS.isoformat())
    set_term(document, "deleteBy", DELETED.isoformat())
    return document


def loaded(document: dict, folder) -> Contract:
    write(document, folder, document["id"])
    return load_contract(document["id"], folder)


def refusal(document: dict, folder) -> str:
    with pytest.raises(ContractError) as caught:
        loaded(document, folder)
    return str(caught.value)


def properties(document: dict) -> list[dict]:
    return document["schema"][0]["properties"]


def column_term(column: dict, name: str) -> object:
    return next((one["value"] for one in column.get("customProperties", []) if one["property"] == name), None)


def with_category(document: dict, category: str) -> list[dict]:
    return [column for column in properties(document) if column_term(column, "dataCategory") == category]


@pytest.mark.parametrize("name", NAMES)
def test_every_term_that_is_left_out_is_named_at_once(name, tmp_path):
    document = copy.deepcopy(DOCUMENTS[name])
    document["customProperties"] = []
    said = refusal(document, tmp_path)
    for field in WITHOUT_DEFAULT:
        term = field.name.split("_")[0] + "".join(word.title() for word in field.name.split("_")[1:])
        assert f"customProperties.{term}: " in said, term


@pytest.mark.parametrize("name", SHARED)
def test_with_an_agreement_it_may_be_used_to_its_last_day_and_no_longer(name, tmp_path):
    contract = loaded(agreed(name), tmp_path)
    purpose = contract.purposes[0]
    permit(contract, purpose, ENDS)
    with pytest.raises(ContractError, match=f"expires: .* ended on {ENDS}"):
        permit(contract, purpose, ENDS + timedelta(1))
    with pytest.raises(ContractError, match=f"deleteBy: .* until {DELETED}.*delete this copy"):
        permit(contract, purpose, DELETED + timedelta(1))


@pytest.mark.parametrize("name", SHARED)
def test_another_purpose_is_refused(name):
    contract = CONTRACTS[name]
    for other in ("policing", "service planning", "", contract.purposes[0] + " of individuals"):
        with pytest.raises(ContractError, match="purposes: got "):
            permit(contract, other, date(2026, 11, 23))


@pytest.mark.parametrize("name", NAMES)
def test_without_a_basis_nothing_is_read(name, tmp_path):
    document = copy.deepcopy(DOCUMENTS[name])
    set_term(document, "lawfulBasis", "  \n ")
    contract = loaded(document, tmp_path)
    with pytest.raises(ContractError, match="lawfulBasis: got none"):
        permit(contract, contract.purposes[0], date(2026, 11, 23))


@pytest.mark.parametrize("name", SHARED)
def test_real_data_are_refused_while_no_agreement_exists(name, tmp_path):
    contract = CONTRACTS[name]
    with pytest.raises(ContractError, match="covers made-up data only: no agreement stands behind it"):
        load_dataset(
            duckdb.connect(), contract, tmp_path / "real.csv", purpose=contract.purposes[0], today=date(2026, 11, 23)
        )


@pytest.mark.parametrize("name", SHARED)
def test_an_agreement_without_an_end_is_refused(name, tmp_path):
    document = agreed(name)
    for term in ("expires", "deleteBy"):
        set_term(document, term, "none")
    said = refusal(document, tmp_path)
    for term in ("expires", "deleteBy"):
        assert f"{term}: got none; an agreement on data that are not public has an end" in said


@pytest.mark.parametrize("name", SHARED)
def test_a_copy_may_not_be_deleted_before_the_use_ends(name, tmp_path):
    document = agreed(name)
    set_term(document, "deleteBy", (ENDS - timedelta(1)).isoformat())
    assert "deleteBy: 2027-03-30 is before the last day of use" in refusal(document, tmp_path)


@pytest.mark.parametrize("name", SHARED)
def test_small_numbers_of_persons_are_never_open(name, tmp_path):
    document = agreed(name)
    set_term(document, "smallNumberRule", "open")
    assert "smallNumberRule: open is for data whose every column is public" in refusal(document, tmp_path)


CATEGORIES = {"special category": "specialCategoryCondition", "criminal offence": "criminalOffenceCondition"}
HELD = [(name, kind) for name in SHARED for kind in CATEGORIES if with_category(DOCUMENTS[name], kind)]


@pytest.mark.parametrize(("name", "category"), HELD)
def test_data_of_a_special_kind_need_a_condition(name, category, tmp_path):
    document = agreed(name)
    set_term(document, CATEGORIES[category], "none")
    held = ", ".join(column["name"] for column in with_category(document, category))
    assert f"{CATEGORIES[category]}: got none; {held} are {category} data" in refusal(document, tmp_path)


@pytest.mark.parametrize(("name", "category"), HELD)
def test_data_of_a_special_kind_are_not_for_everybody(name, category, tmp_path):
    document = agreed(name)
    for column in with_category(document, category):
        column["classification"] = "internal"
    said = refusal(document, tmp_path)
    for column in with_category(document, category):
        assert f"{column['name']}: classification: got internal; {category} data are confidential" in said


DANGEROUS = {"direct identifier": "confidential", "free text": "public", "pseudonym": "public"}
ROLES = [
    (n, role) for n in SHARED for role in DANGEROUS if any(c.disclosure_role == role for c in CONTRACTS[n].columns)
]


@pytest.mark.parametrize(("name", "role"), ROLES)
def test_a_dangerous_role_cannot_be_called_harmless(name, role, tmp_path):
    document = agreed(name)
    chosen = [column for column in properties(document) if column_term(column, "disclosureRole") == role]
    for column in chosen:
        column["classification"] = DANGEROUS[role]
    said = refusal(document, tmp_path)
    for column in chosen:
        assert f"{column['name']}: classification: got {DANGEROUS[role]}" in said


@pytest.mark.parametrize("name", NAMES)
def test_a_column_is_received_in_its_forms_and_in_no_other(name):
    contract = CONTRACTS[name]
    for column, form in itertools.product(contract.columns, get_args(Form)):
        asked = (f"{column.name} as {form}",)
        if form in allowed_forms(column):
            assert received_columns(contract, asked)[0].form == form
        else:
            with pytest.raises(ContractError, match="may not be received like this"):
                received_columns(contract, asked)


@pytest.mark.parametrize("name", SHARED)
def test_a_direct_identifier_is_never_received_as_it_is(name):
    contract = CONTRACTS[name]
    for column in contract.columns:
        if column.disclosure_role in ("direct identifier", "free text"):
            with pytest.raises(ContractError, match=f"it is a {column.disclosure_role}"):
                received_columns(contract, (column.name,))


@pytest.mark.parametrize("name", SHARED)
def test_columns_outside_the_agreement_are_not_received(name):
    contract = CONTRACTS[name]
    with pytest.raises(ContractError, match="suspect_name: is not in the agreement"):
        received_columns(contract, (contract.columns[0].name, "suspect_name"))
    with pytest.raises(ContractError, match="name the columns the study needs"):
        received_columns(contract, ())


@pytest.mark.parametrize("pair", list(itertools.combinations(NAMES, 2)), ids="-".join)
def test_people_are_linked_where_both_agreements_say_so_and_nowhere_else(pair):
    left, right = (CONTRACTS[name] for name in pair)
    if right.name in left.linkages and left.name in right.linkages:
        permit_linkage(left, right)
        permit_linkage(right, left)
        return
    with pytest.raises(ContractError, match=f"{left.name} may not be linked with {right.name}"):
        permit_linkage(left, right)


@pytest.mark.parametrize("name", [name for name in SHARED if CONTRACTS[name].linkages])
def test_a_linkage_that_only_one_side_allows_is_refused(name, tmp_path):
    contract = CONTRACTS[name]
    for other in contract.linkages:
        alone = dataclasses.replace(CONTRACTS[other], linkages=())
        with pytest.raises(ContractError, match=f"{other} v.* linkages: got {name}; expected none"):
            permit_linkage(contract, alone)


@pytest.mark.parametrize("name", [name for name in NAMES if CONTRACTS[name].area_column and CONTRACTS[name].coverage])
def test_a_series_says_what_it_does_not_see(name, tmp_path):
    if CONTRACTS[name].period_column is None:
        return
    document = copy.deepcopy(DOCUMENTS[name])
    set_term(document, "coverage", [])
    assert "coverage: missing; say what share" in refusal(document, tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_a_column_that_is_not_there_is_refused(name, tmp_path):
    document = copy.deepcopy(DOCUMENTS[name])
    for term in ("areaColumn", "periodColumn", "consentColumn"):
        set_term(document, term, "nowhere")
    set_term(document, "orders", [["nowhere", "elsewhere"]])
    said = refusal(document, tmp_path)
    for term in ("areaColumn", "periodColumn", "consentColumn", "orders"):
        assert f"{term}: nowhere" in said
