"""No single change of any contract that ships passes in silence, and no change says nothing."""

from __future__ import annotations

import copy
from dataclasses import fields

import pytest
import yaml
from contract_support import small_contract
from diff_support import MUTATORS, PRIVACY, Mutator, person_contract, save
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from curv_eval.contract import Column, Contract, contract_names
from curv_eval.contract_diff import Kind, columns, differences, terms
from curv_eval.errors import ContractError
from curv_eval.shipped import shipped

FOLDER = shipped("data_contracts")
DOCUMENTS = {name: yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8")) for name in contract_names()}
SMALL = {"small": small_contract(), "persons": person_contract()}


def changed(document: dict, mutator: Mutator) -> dict | None:
    found = copy.deepcopy(document)
    made = mutator.make(found)
    return None if made is False or found == document else found


def told(document: dict, mutator: Mutator, folder) -> bool:
    """Whether the change is told as the kind it is; a contract that is refused as a whole is told as well."""
    new = changed(document, mutator)
    try:
        found = differences(save(document, folder / "old.yaml"), save(new, folder / "new.yaml"))
    except ContractError:
        return True
    return any(one.kind is mutator.kind and mutator.where in f".{one.where}" for one in found)


@pytest.mark.parametrize("mutator", MUTATORS, ids=str)
def test_each_change_is_told_as_what_it_is(mutator, tmp_path):
    """On the first contract on which it makes a contract that stands."""
    for document in [*SMALL.values(), *DOCUMENTS.values()]:
        new = changed(document, mutator)
        if new is None:
            continue
        try:
            found = differences(save(document, tmp_path / "old.yaml"), save(new, tmp_path / "new.yaml"))
        except ContractError:
            continue
        assert [one for one in found if one.kind is mutator.kind and mutator.where in f".{one.where}"], found
        assert min(list(Kind).index(one.kind) for one in found) <= list(Kind).index(mutator.kind)
        return
    pytest.fail("no contract stands after this change")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(DOCUMENTS)), mutator=st.sampled_from(MUTATORS))
def test_no_change_of_a_contract_that_ships_is_silent(tmp_path, name, mutator):
    assume(changed(DOCUMENTS[name], mutator) is not None)
    assert told(DOCUMENTS[name], mutator, tmp_path)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(DOCUMENTS)), mutators=st.lists(st.sampled_from(MUTATORS), min_size=2, max_size=4))
def test_changes_do_not_hide_one_another(tmp_path, name, mutators):
    """Breaking privacy is told whatever else changes with it, unless a later change takes it back."""
    document = DOCUMENTS[name]
    for mutator in mutators:
        document = changed(document, mutator) or document
    assume(document != DOCUMENTS[name])
    private = [m for m in mutators if m.kind is PRIVACY and changed(DOCUMENTS[name], m) is not None]
    try:
        found = differences(save(DOCUMENTS[name], tmp_path / "old.yaml"), save(document, tmp_path / "new.yaml"))
    except ContractError:
        return
    assert found
    assert not private or found[0].kind is PRIVACY


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_no_change_says_nothing(name, tmp_path):
    path = FOLDER / f"{name}.yaml"
    (tmp_path / "copy.yaml").write_bytes(path.read_bytes())
    assert differences(path, path) == []
    assert differences(path, tmp_path / "copy.yaml") == []


@pytest.mark.parametrize("name", ["vcse_referrals", "police_uk_street"])
def test_layout_and_comments_are_wording(name, tmp_path):
    path = FOLDER / f"{name}.yaml"
    (found,) = differences(path, save(DOCUMENTS[name], tmp_path / "new.yaml"))
    assert (found.kind, found.what) == (Kind.WORDING, "only comments or layout changed")


def test_every_field_of_a_contract_has_its_rule():
    assert set(terms.RULES) == {field.name for field in fields(Contract)} - {"columns", "sha256"}
    assert set(columns.RULES) == {field.name for field in fields(Column)}


def test_what_is_not_known_here_needs_a_person(tmp_path):
    """A key of the standard that nothing here reads is not waved through."""
    old = small_contract()
    for place, value in (
        (("roles",), [{"role": "everybody", "access": "read"}]),
        (("team",), {"name": "a team", "members": [{"username": "a.person"}]}),
        (("slaProperties",), [*old["slaProperties"], {"property": "latency", "value": 4}]),
        (("schema", 0, "properties", 0, "criticalDataElement"), True),
        (("schema", 0, "properties", 1, "transformLogic"), "select name"),
    ):
        new = copy.deepcopy(old)
        inner = new
        for step in place[:-1]:
            inner = inner[step]
        inner[place[-1]] = value
        found = differences(save(old, tmp_path / "old.yaml"), save(new, tmp_path / "new.yaml"))
        assert {one.kind for one in found} == {PRIVACY}, place


def test_a_field_that_comes_later_needs_a_person(monkeypatch, tmp_path):
    """Should Contract or Column learn a new term before its rule is written, a change of it is not wording."""
    monkeypatch.delitem(terms.RULES, "steward")
    monkeypatch.delitem(columns.RULES, "description")
    new = copy.deepcopy(small_contract())
    next(item for item in new["customProperties"] if item["property"] == "steward")["value"] = "another"
    new["schema"][0]["properties"][0]["description"] = "Another."
    found = differences(save(small_contract(), tmp_path / "old.yaml"), save(new, tmp_path / "new.yaml"))
    assert [(one.where, one.kind) for one in found] == [("month.description", PRIVACY), ("steward", PRIVACY)]
