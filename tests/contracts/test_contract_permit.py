"""Nobody reads data without a basis, after the agreement's end or for another purpose."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import date

import pytest
from contract_support import set_term, small_contract, write

from curv_eval.contract import contract_names, load_contract, permit, permit_linkage
from curv_eval.errors import ContractError

PURPOSE = "violence reduction evaluation"
LAST = date(2026, 12, 31)


@pytest.fixture
def contract(tmp_path):
    document = small_contract()
    set_term(document, "expires", LAST.isoformat())
    write(document, tmp_path)
    return load_contract("small", tmp_path)


def test_a_purpose_in_the_contract_is_permitted(contract):
    permit(contract, PURPOSE, date(2026, 1, 1))
    permit(contract, f" {PURPOSE.capitalize()} ", date(2026, 1, 1))


def test_the_last_day_is_a_day_of_use_and_the_next_is_not(contract):
    permit(contract, PURPOSE, LAST)
    with pytest.raises(ContractError, match="agreement 7 ended on 2026-12-31; today is 2027-01-01"):
        permit(contract, PURPOSE, date(2027, 1, 1))


def test_no_end_means_no_end(contract):
    permit(replace(contract, expires=None), PURPOSE, date(2999, 1, 1))


@pytest.mark.parametrize("basis", ["", "   "])
def test_a_blank_basis_is_refused(contract, basis):
    with pytest.raises(ContractError, match="lawfulBasis: got none"):
        permit(replace(contract, lawful_basis=basis), PURPOSE, LAST)


@pytest.mark.parametrize("purpose", ["marketing", "", "violence"])
def test_another_purpose_is_refused(contract, purpose):
    with pytest.raises(ContractError, match="expected 'violence reduction evaluation'"):
        permit(contract, purpose, LAST)


def test_every_reason_is_given_at_once(contract):
    with pytest.raises(ContractError) as caught:
        permit(replace(contract, lawful_basis=""), "marketing", date(2030, 1, 1))
    error = caught.value
    assert [reason.split(":")[0] for reason in error.breaches] == ["lawfulBasis", "expires", "purposes"]
    assert "small v1.0.0 does not permit this use" in str(error)
    assert "a steward" in error.do
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_a_blank_basis_in_a_file_loads_and_is_not_permitted(tmp_path):
    document = small_contract()
    set_term(document, "lawfulBasis", "")
    write(document, tmp_path)
    with pytest.raises(ContractError, match="lawfulBasis"):
        permit(load_contract("small", tmp_path), PURPOSE, LAST)


@pytest.mark.parametrize("name", contract_names())
def test_the_contracts_that_ship_permit_evaluation_and_nothing_unnamed(name):
    contract = load_contract(name)
    # names and dates of birth are for linkage, and for nothing else
    permit(contract, "record linkage" if name == "partner_people" else PURPOSE, date(2026, 11, 23))
    if name == "partner_people":
        with pytest.raises(ContractError, match="purposes"):
            permit(contract, PURPOSE, date(2026, 11, 23))
    with pytest.raises(ContractError, match="purposes"):
        permit(contract, "deciding about a person", date(2026, 11, 23))


def test_a_copy_past_its_last_day_is_refused_and_to_be_deleted(contract):
    kept = replace(contract, expires=None, delete_by=LAST, retention="2 y", retention_trigger="from the last session")
    permit(kept, PURPOSE, LAST)
    with pytest.raises(ContractError, match="kept 2 y from the last session, so until 2026-12-31; today is 2027-01-01"):
        permit(kept, PURPOSE, date(2027, 1, 1))


def pair(contract, *, left=("right",), right=("left",), role="pseudonym"):
    column = replace(contract.columns[0], disclosure_role=role)
    made = {"left": left, "right": right}
    return [replace(contract, name=name, linkages=links, columns=(column,)) for name, links in made.items()]


def test_two_contracts_that_name_each_other_may_be_linked(contract):
    permit_linkage(*pair(contract))


@pytest.mark.parametrize(("left", "right", "reasons"), [((), ("left",), 1), (("right",), (), 1), ((), (), 2)])
def test_a_linkage_that_one_agreement_does_not_allow_is_refused(contract, left, right, reasons):
    with pytest.raises(ContractError, match="left may not be linked with right") as caught:
        permit_linkage(*pair(contract, left=left, right=right))
    assert len(caught.value.breaches) == reasons
    assert "its agreement allows no linkage (steward: a steward)" in str(caught.value)


def test_records_without_persons_cannot_be_linked(contract):
    with pytest.raises(ContractError, match="nobody in it can be linked"):
        permit_linkage(*pair(contract, role="none"))
