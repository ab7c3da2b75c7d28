"""A contract file is read into frozen nouns, and everything wrong with it is said at once."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import date

import pytest
from contract_support import month_column, set_term, small_contract, write

from curv_eval.contract import contract_names, load_contract
from curv_eval.errors import ContractError


@pytest.fixture
def document() -> dict:
    return small_contract()


def refusal(document: dict, folder) -> ContractError:
    write(document, folder)
    with pytest.raises(ContractError) as caught:
        load_contract("small", folder)
    return caught.value


def column(document: dict, position: int = 0) -> dict:
    return document["schema"][0]["properties"][position]


def test_a_contract_is_read_into_frozen_nouns(document, tmp_path):
    write(document, tmp_path)
    contract = load_contract("small", tmp_path)
    assert (contract.name, contract.version, contract.title) == ("small", "1.0.0", "A small contract")
    assert (contract.description, contract.limitations) == ("To test.", "Holds nothing.")
    assert contract.purposes == ("violence reduction evaluation",)
    assert (contract.lawful_basis, contract.agreement, contract.expires) == ("public task", "agreement 7", None)
    assert (contract.retention, contract.small_number_rule, contract.format) == ("2 y", "open", "csv")
    assert (contract.area_column, contract.period_column, contract.key) == (None, "month", ())
    assert len(contract.sha256) == 64
    month, n = contract.columns
    assert (month.name, month.source_name, month.type, month.required) == ("month", "Month", "string", True)
    assert month.pattern == "^[0-9]{4}-(0[1-9]|1[0-2])$"
    assert (n.source_name, n.minimum, n.maximum, n.required, n.optional) == ("n", 0, 9, False, False)
    assert (n.classification, n.disclosure_role) == ("public", "none")
    with pytest.raises(FrozenInstanceError):
        contract.version = "2.0.0"


def test_the_hash_is_of_the_file(document, tmp_path):
    write(document, tmp_path)
    before = load_contract("small", tmp_path).sha256
    document["description"]["purpose"] = "To test something else."
    write(document, tmp_path)
    assert load_contract("small", tmp_path).sha256 != before


def test_column_terms_are_read(document, tmp_path):
    column(document, 1)["customProperties"] = [
        {"property": "disclosureRole", "value": "sensitive"},
        {"property": "optional", "value": True},
    ]
    write(document, tmp_path)
    n = load_contract("small", tmp_path).columns[1]
    assert (n.disclosure_role, n.optional) == ("sensitive", True)


def test_the_key_follows_its_positions(document, tmp_path):
    column(document, 0).update(primaryKey=True, primaryKeyPosition=2)
    column(document, 1).update(primaryKey=True, primaryKeyPosition=1)
    write(document, tmp_path)
    assert load_contract("small", tmp_path).key == ("n", "month")


def test_a_last_day_is_a_date(document, tmp_path):
    set_term(document, "expires", "2027-03-31")
    write(document, tmp_path)
    assert load_contract("small", tmp_path).expires == date(2027, 3, 31)


def test_an_unknown_name_is_answered_with_the_nearest(document, tmp_path):
    write(document, tmp_path)
    with pytest.raises(ContractError, match="no contract 'smal'; did you mean small"):
        load_contract("smal", tmp_path)
    with pytest.raises(ContractError, match="did you mean police_uk_street"):
        load_contract("police_uk_streets")


@pytest.mark.parametrize("name", ["../small", "/etc/passwd", "", "small.yaml"])
def test_a_name_reaches_nothing_outside_the_folder(document, tmp_path, name):
    inner = tmp_path / "inner"
    inner.mkdir()
    write(document, tmp_path)
    write(document, inner)
    with pytest.raises(ContractError, match="there is no contract"):
        load_contract(name, inner)


def test_an_empty_folder_has_no_contracts(tmp_path):
    assert contract_names(tmp_path) == ()
    with pytest.raises(ContractError, match="there are no contracts"):
        load_contract("small", tmp_path)


def test_a_repeated_key_is_refused(document, tmp_path):
    write(document, tmp_path)
    with (tmp_path / "small.yaml").open("a", encoding="utf-8") as file:
        file.write("version: 9.9.9\n")
    with pytest.raises(ContractError, match="`version` was already given") as caught:
        load_contract("small", tmp_path)
    assert "a key stands twice" in str(caught.value)


def test_what_is_not_yaml_is_refused(tmp_path):
    (tmp_path / "small.yaml").write_text("a: [1\n", encoding="utf-8")
    with pytest.raises(ContractError, match="is not YAML"):
        load_contract("small", tmp_path)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda d: d.update(colour="red"), "colour: extra inputs are not permitted"),
        (
            lambda d: column(d).update(requird=True),
            "schema.0.properties.0.requird: not a key of the Open Data Contract",
        ),
        (lambda d: d["description"].update(use="x"), "description.use: not a key"),
        (lambda d: column(d).update(required="yes"), "required: input should be a valid boolean"),
        (lambda d: d.update(version=1.0), "version: input should be a valid string"),
        (lambda d: d.update(version="1.0"), "version: got '1.0'; expected three numbers"),
        (lambda d: d.update(apiVersion="v2.2.0"), "apiVersion: got 'v2.2.0'; expected v3.1.0 or v3.2.0"),
        (lambda d: d.update(kind="Pudding"), "kind: got 'Pudding'"),
        (lambda d: d.update(status="draft"), "status: got 'draft'; expected active"),
        (lambda d: d.update(id="other"), "id: got 'other'; expected small"),
        (lambda d: d["schema"].append({"name": "second"}), "expected one table named small"),
        (lambda d: d.update(slaProperties=[]), "retention: missing"),
        (lambda d: d["description"].pop("limitations"), "limitations: missing"),
        (lambda d: set_term(d, "smallNumberRule", "none"), "smallNumberRule: input should be 'open'"),
        (lambda d: set_term(d, "expires", "soon"), "expires: value error, expected YYYY-MM-DD, or none"),
        (lambda d: set_term(d, "purposes", []), "purposes"),
        (lambda d: set_term(d, "purposes", "any"), "purposes"),
        (lambda d: set_term(d, "colour", "red"), "colour: unexpected keyword argument"),
        (lambda d: set_term(d, "format", "../csv"), "format: string should match pattern"),
        (lambda d: set_term(d, "format", "police_uk"), "options: kind: missing"),
        (lambda d: set_term(d, "options", {"knid": "street"}), "options.knid: unexpected keyword argument"),
        (lambda d: set_term(d, "areaColumn", "nowhere"), "areaColumn: nowhere is not a column"),
        (lambda d: d["customProperties"].pop(1), "customProperties.format: "),
        (lambda d: d["customProperties"].append(dict(d["customProperties"][1])), "format stands twice"),
        (lambda d: d["schema"][0]["properties"].append(month_column()), "name: month stands twice"),
        (lambda d: column(d).update(name="Month"), "Month: a name has small letters"),
        (lambda d: column(d).update(logicalType="object", logicalTypeOptions={}), "month: logicalType: got 'object'"),
        (lambda d: column(d).pop("classification"), "month: classification: got ''"),
        (lambda d: column(d).update(classification="secret"), "month: classification: got 'secret'"),
        (lambda d: column(d).update(enum=[{"value": 1}]), "month: enum: the type and every value must be text"),
        (lambda d: column(d)["logicalTypeOptions"].update(pattern="("), "month: pattern: "),
        (lambda d: column(d)["logicalTypeOptions"].update(pattern="^(?=2)"), "month: pattern: no look-around"),
        (lambda d: column(d).update(examples=["March"]), "month: examples: March does not match the pattern"),
        (lambda d: column(d).pop("examples"), "month: examples: a column with a pattern needs one"),
        (lambda d: column(d, 1)["logicalTypeOptions"].update(minimum=10), "n: minimum 10 is above maximum 9"),
        (lambda d: column(d, 1)["logicalTypeOptions"].update(minimum="0"), "n: minimum and maximum must be numbers"),
        (lambda d: column(d)["logicalTypeOptions"].update(maxLength=7), "month: maxLength is not checked here"),
        (lambda d: column(d).update(quality=[{"type": "text"}]), "month: quality is not checked here"),
        (
            lambda d: column(d).update(customProperties=[{"property": "optional", "value": True}]),
            "month: required and optional exclude each other",
        ),
        (
            lambda d: column(d).update(customProperties=[{"property": "disclosureRole", "value": "dull"}]),
            "month.disclosureRole: input should be 'none'",
        ),
        (lambda d: column(d).update(classification="internal"), "smallNumberRule: open is for data whose every column"),
        (lambda d: column(d).update(classification="internal"), "expires: got none; an agreement on data that are not"),
    ],
)
def test_a_fault_is_named(document, tmp_path, spoil, message):
    spoil(document)
    assert message in str(refusal(document, tmp_path))


def test_every_fault_is_named_at_once(document, tmp_path):
    document["version"], document["status"] = "one", "draft"
    set_term(document, "areaColumn", "nowhere")
    column(document).pop("examples")
    column(document, 1)["classification"] = "secret"
    error = refusal(document, tmp_path)
    assert len(error.breaches) >= 5
    assert "small.yaml" in str(error)
    assert str(error).endswith("do: mend what is named")


def test_faults_in_terms_and_columns_come_together(document, tmp_path):
    set_term(document, "smallNumberRule", "none")
    column(document).update(quality=[{"type": "text"}])
    assert len(refusal(document, tmp_path).breaches) == 2


def test_made_up_data_need_no_end_of_agreement(document, tmp_path):
    column(document)["classification"] = "confidential"
    set_term(document, "smallNumberRule", "under_10")
    set_term(document, "options", {"madeUpOnly": True})
    write(document, tmp_path)
    contract = load_contract("small", tmp_path)
    assert contract.options["made_up_only"] is True
    assert not contract.public
