"""A fault in a contract is named with its line, and the profile has a schema of its own."""

from __future__ import annotations

import json
import re

import pytest
from contract_support import month_column, set_term, small_contract, write
from hypothesis import given, settings
from hypothesis import strategies as st

from curv_eval.contract import contract_names, lint_contract, load_contract
from curv_eval.errors import ContractError
from curv_eval.profile import SCHEMA_FILE, json_schema
from curv_eval.shipped import shipped
from curv_eval.yamlfile import line_of


def lint(document, folder) -> str:
    write(document, folder)
    with pytest.raises(ContractError) as caught:
        lint_contract(folder / "small.yaml")
    return str(caught.value)


def line_with(folder, text) -> int:
    lines = (folder / "small.yaml").read_text("utf-8").splitlines()
    (found,) = [i for i, line in enumerate(lines, 1) if text in line]
    return found


def test_the_line_of_a_term_is_that_of_its_value(tmp_path):
    document = small_contract()
    set_term(document, "expires", "some-day")
    said = lint(document, tmp_path)
    assert f"line {line_with(tmp_path, 'some-day')}: customProperties.expires: " in said


def test_the_line_of_a_columns_fault_is_in_the_column(tmp_path):
    document = small_contract()
    document["schema"][0]["properties"][1]["logicalType"] = "colour"
    said = lint(document, tmp_path)
    number = int(re.search(r"line (\d+): n: logicalType: got 'colour'", said)[1])
    lines = (tmp_path / "small.yaml").read_text("utf-8").splitlines()
    assert "name: n" in lines[number - 1]


def test_faults_stand_in_the_order_of_their_lines(tmp_path):
    document = small_contract()
    document["version"] = "one"
    set_term(document, "smallNumberRule", "some")
    document["schema"][0]["properties"].append(month_column() | {"name": "Big"})
    numbers = [int(n) for n in re.findall(r"line (\d+):", lint(document, tmp_path))]
    assert len(numbers) >= 2
    assert numbers == sorted(numbers)


def test_the_standards_own_schema_is_held_too(tmp_path):
    # the standard's model takes any text here, its JSON schema does not
    document = small_contract()
    document["slaProperties"] = [{"property": "retention", "value": 2, "unit": "y", "element": ["a", "b"]}]
    write(document, tmp_path)
    with pytest.raises(ContractError):
        lint_contract(tmp_path / "small.yaml")


@pytest.mark.parametrize("name", contract_names())
def test_every_shipped_contract_passes(name):
    assert lint_contract(shipped("data_contracts") / f"{name}.yaml") == load_contract(name)


def test_the_schema_beside_the_contracts_is_that_of_the_program():
    held = json.loads((shipped("data_contracts") / SCHEMA_FILE).read_text("utf-8"))
    assert held == json.loads(json.dumps(json_schema()))


TREE = "a:\n  - property: x\n    value: [1, 2]\n  - name: y\n    deep: {z: 1}\nb: 2\n"


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ((), 1),
        (("a",), 1),
        (("a", "x"), 2),
        (("a", 1), 4),
        (("a", "x", "value"), 3),
        (("a", "x", "value", 1), 3),
        (("a", "y", "deep", "z"), 5),
        (("b",), 6),
        (("a", "nobody"), 1),
        (("a", 7), 1),
        (("c", "d"), 1),
        (("b", "below a text"), 6),
    ],
)
def test_a_place_has_a_line(tmp_path, place, line):
    path = tmp_path / "tree.yaml"
    path.write_text(TREE, "utf-8")
    assert line_of(path, place) == line


@given(st.lists(st.one_of(st.integers(-3, 9), st.text(max_size=5)), max_size=5))
@settings(max_examples=50, deadline=None)
def test_any_place_has_a_line(tmp_path_factory, place):
    path = tmp_path_factory.mktemp("places") / "tree.yaml"
    path.write_text(TREE, "utf-8")
    assert 1 <= line_of(path, tuple(place)) <= 6


PERSONAL = {"smallNumberRule": "under_10", "expires": "2030-01-01", "deleteBy": "2031-01-01"}


def personal(**terms):
    document = small_contract()
    document["schema"][0]["properties"][1].update(
        classification="confidential", customProperties=[{"property": "disclosureRole", "value": "sensitive"}]
    )
    for name, value in {**PERSONAL, **terms}.items():
        set_term(document, name, value)
    return document


def term(document, name, value):
    document["schema"][0]["properties"][1]["customProperties"].append({"property": name, "value": value})


def test_a_contract_about_people_passes(tmp_path):
    write(personal(), tmp_path)
    assert lint_contract(tmp_path / "small.yaml").delete_by.isoformat() == "2031-01-01"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda d: set_term(d, "deleteBy", "none"), "deleteBy: got none; an agreement on data that are not public"),
        (lambda d: set_term(d, "deleteBy", "2029-12-31"), "deleteBy: 2029-12-31 is before the last day of use"),
        (lambda d: set_term(d, "linkages", ["other"]), "linkages: without a pseudonym or an identifier nobody can be"),
        (lambda d: set_term(d, "linkages", ["small"]), "linkages: small cannot be linked with itself"),
        (lambda d: set_term(d, "consentColumn", "n"), "consentColumn: n is not a column of true and false"),
        (lambda d: set_term(d, "consentColumn", "nowhere"), "consentColumn: nowhere is not a column"),
        (lambda d: set_term(d, "orders", [["month", "n"]]), "orders: month, n: expected two columns of dates"),
        (lambda d: set_term(d, "orders", [["n", "nowhere"]]), "orders: n, nowhere: expected two columns"),
        (lambda d: set_term(d, "areaColumn", "n"), "coverage: missing; say what share"),
        (lambda d: term(d, "dataCategory", "special category"), "specialCategoryCondition: got none; n are special"),
        (lambda d: term(d, "dataCategory", "criminal offence"), "criminalOffenceCondition: got none; n are criminal"),
        (lambda d: term(d, "forms", ["as_given", "weekly"]), "n.forms.1: input should be 'as_given'"),
        (lambda d: term(d, "ageAt", "n"), "ageAt: n: n is not a column of dates"),
        (lambda d: set_term(d, "profile", "curv-eval/2"), "profile: input should be 'curv-eval/information-sharing/1'"),
        (lambda d: set_term(d, "recipients", []), "recipients"),
        (lambda d: set_term(d, "dpiaReference", ""), "dpiaReference"),
    ],
)
def test_terms_that_contradict_are_refused(tmp_path, spoil, said):
    document = personal()
    spoil(document)
    assert said in lint(document, tmp_path)


@pytest.mark.parametrize("name", ["profile", "recipients", "linkages", "deleteBy", "dpiaReference", "retentionTrigger"])
def test_no_term_may_be_left_out(tmp_path, name):
    document = personal()
    document["customProperties"] = [item for item in document["customProperties"] if item["property"] != name]
    assert f"customProperties.{name}: " in lint(document, tmp_path)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"share": 0.2, "low": 0.3}, "expected low <= share <= high, got [0.3, 0.2]"),
        ({"share": 0.2, "high": 0.1}, "expected low <= share <= high, got [0.2, 0.1]"),
        ({"low": 0.1, "high": 0.3}, "an interval without a share"),
        ({"share": 23}, "input should be less than or equal to 1"),
        ({"confidence": "certain"}, "confidence: input should be"),
    ],
)
def test_coverage_is_a_share_with_its_interval(tmp_path, given, said):
    document = personal(coverage=[{"of": "violence", "source": "a paper", "confidence": "found", **given}])
    assert said in lint(document, tmp_path)


@pytest.mark.parametrize("role", ["direct identifier", "free text", "pseudonym"])
def test_a_role_and_a_classification_may_not_contradict(tmp_path, role):
    document = small_contract()
    document["schema"][0]["properties"][1]["customProperties"] = [{"property": "disclosureRole", "value": role}]
    assert "n: classification: got public" in lint(document, tmp_path)
