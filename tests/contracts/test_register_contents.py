"""The register says of every contract what an information-governance manager must know, and what needs a person."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import pytest
from contract_support import set_term, small_contract, write
from register_support import shipped_contracts_are_read_once  # noqa: F401 - a fixture

from curv_eval.contract import contract_names, load_contract
from curv_eval.errors import ContractError
from curv_eval.register import FILES, notices, read_register, write_register
from curv_eval.register.attention import KINDS, ending
from curv_eval.shipped import shipped

TODAY = date(2026, 11, 23)


def shared_contract(name: str = "small", **terms) -> dict:
    """A contract of data about persons, with an agreement that has an end."""
    document = small_contract()
    document["id"] = document["schema"][0]["name"] = name
    person = {
        "name": "person_id",
        "logicalType": "string",
        "classification": "confidential",
        "customProperties": [{"property": "disclosureRole", "value": "pseudonym"}],
    }
    document["schema"][0]["properties"].append(person)
    given = {"expires": "2028-03-31", "deleteBy": "2029-03-31", "smallNumberRule": "under_10", **terms}
    for term, value in given.items():
        set_term(document, term, value)
    return document


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "data_contracts").mkdir()
    return tmp_path / "data_contracts"


def written(folder, tmp_path, today=TODAY) -> tuple[str, list[dict], list[dict]]:
    write_register(folder, tmp_path / "out", today)
    page, datasets, columns = ((tmp_path / "out" / name).read_text(encoding="utf-8") for name in FILES)
    return page, *(list(csv.DictReader(io.StringIO(text))) for text in (datasets, columns))


def said_of(name: str, folder, today=TODAY) -> set[str]:
    return {notice.kind for notice in notices(read_register(folder, today)) if notice.dataset == name}


def row_of(name: str, rows: list[dict]) -> dict:
    (row,) = [row for row in rows if row["dataset"] == name]
    return row


def test_every_contract_that_ships_has_one_row_and_every_column_one(tmp_path):
    page, datasets, columns = written(None, tmp_path)
    assert [row["dataset"] for row in datasets] == list(contract_names())
    expected = [(name, c.name) for name in contract_names() for c in load_contract(name).columns]
    assert [(row["dataset"], row["column"]) for row in columns] == expected
    for name in contract_names():
        assert name.replace("_", "\\_") in page


def test_a_row_says_what_the_contract_says(tmp_path):
    _, datasets, columns = written(None, tmp_path)
    for row in datasets:
        contract = load_contract(row["dataset"])
        for key, value in {
            "version": contract.version,
            "title": contract.title,
            "controller": contract.controller,
            "steward": contract.steward,
            "lawful basis": contract.lawful_basis,
            "gateway": contract.gateway,
            "special category condition": contract.special_category_condition,
            "criminal offence condition": contract.criminal_offence_condition,
            "DPIA": contract.dpia_reference,
            "agreement": contract.agreement,
            "small-number rule": contract.small_number_rule,
            "purposes": "; ".join(contract.purposes),
            "recipients": "; ".join(contract.recipients),
            "may be linked with": "; ".join(contract.linkages) or "nobody",
            "contract": "came with the package",
        }.items():
            assert row[key] == " ".join(value.split()), (row["dataset"], key)
        assert contract.retention in row["retention"]
        assert contract.sha256.startswith(row["fingerprint"])
    for row in columns:
        column = {c.name: c for c in load_contract(row["dataset"]).columns}[row["column"]]
        assert (row["role"], row["category"]) == (column.disclosure_role, column.data_category)
        assert (row["classification"], row["name in the file"]) == (column.classification, column.source_name)


def test_the_gravest_columns_are_named(tmp_path):
    _, datasets, columns = written(None, tmp_path)
    crime = row_of("police_recorded_crime", datasets)
    assert crime["special category columns"] == "victim_ethnicity_self_defined"
    assert crime["criminal offence columns"] == "suspect_age; outcome_code"
    people = row_of("partner_people", datasets)
    assert people["direct identifiers"] == "record_id; given_name; surname; date_of_birth; postcode"
    forms = {(row["dataset"], row["column"]): row["may be received as"] for row in columns}
    assert forms["partner_people", "given_name"] == "never: it stays with its owner"
    assert forms["partner_people", "date_of_birth"] == "age band; year; under 25"
    assert forms["hospital_admissions", "admidate"] == "month; quarter; year"
    assert row_of("vcse_referrals", datasets)["consent"] == "only rows with consent_evaluation true"


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (-1, "ENDED 2026-11-22"),
        (0, "ends today (2026-11-23)"),
        (1, "ends in 1 day (2026-11-24)"),
        (60, "ends in 60 days (2027-01-22)"),
        (90, "ends in 90 days (2027-02-21)"),
        (91, "2027-02-22"),
    ],
)
def test_a_last_day_is_told_as_a_person_would(days, said):
    assert ending(TODAY + timedelta(days), TODAY) == said


@pytest.mark.parametrize(
    ("expires", "kinds"),
    [("2026-11-22", {"ended"}), ("2026-11-23", {"ends soon"}), ("2027-02-21", {"ends soon"}), ("2027-02-22", set())],
)
def test_an_agreement_that_ended_or_ends_soon_needs_attention(folder, tmp_path, expires, kinds):
    write(shared_contract(expires=expires), folder)
    assert said_of("small", folder) == kinds
    row = row_of("small", written(folder, tmp_path)[1])
    assert expires in row["last day of use"]
    assert ("ENDED" in row["last day of use"]) == (kinds == {"ended"})


@pytest.mark.parametrize(("today", "kinds"), [(date(2029, 3, 31), {"ended", "delete soon"}), (date(2029, 4, 1), 0)])
def test_a_copy_to_be_deleted_needs_attention(folder, tmp_path, today, kinds):
    write(shared_contract(), folder)
    assert said_of("small", folder, today) == (kinds or {"ended", "delete this copy"})
    row = row_of("small", written(folder, tmp_path, today)[1])
    assert row["delete by"] == ("delete today (2029-03-31)" if kinds else "DELETE NOW: was due 2029-03-31")


def test_a_blank_basis_needs_attention(folder, tmp_path):
    write(shared_contract(lawfulBasis="  "), folder)
    assert said_of("small", folder) == {"no lawful basis"}
    page, datasets, _ = written(folder, tmp_path)
    assert row_of("small", datasets)["lawful basis"] == "BLANK: nothing may be read"
    assert "BLANK: nothing may be read" in page


def test_made_up_only_needs_attention_and_has_no_end(folder, tmp_path):
    write(shared_contract(options={"madeUpOnly": True}, expires="none", deleteBy="none"), folder)
    assert said_of("small", folder) == {"made-up data only"}
    row = row_of("small", written(folder, tmp_path)[1])
    assert row["made-up data only"] == "yes"
    assert row["last day of use"] == row["delete by"] == "none: made-up data only"


@pytest.mark.parametrize(
    ("term", "value", "said"),
    [
        ("gateway", "section 261 (unverified)", "gateway"),
        ("lawfulBasis", "public task, To Be Confirmed by the force", "lawfulBasis"),
        ("criminalOffenceCondition", "Article 10 (unverified)", "criminalOffenceCondition"),
        (
            "coverage",
            [{"of": "violence", "source": "nobody knows", "confidence": "unverified"}],
            "coverage of violence",
        ),
        (
            "definitionChanges",
            [{"month": "2023-05", "what": "x", "source": "recalled", "confidence": "unverified"}],
            "change of 2023-05",
        ),
    ],
)
def test_what_nobody_has_checked_needs_attention(folder, term, value, said):
    write(shared_contract(**{term: value}), folder)
    found = [n for n in notices(read_register(folder, TODAY)) if n.dataset == "small"]
    assert [(n.kind, n.what) for n in found] == [("not verified", said)]


def test_a_linkage_that_one_side_allows_needs_attention(folder):
    write(shared_contract("one", linkages=["two", "three", "four"]), folder, "one")
    write(shared_contract("two"), folder, "two")
    write(shared_contract("three", linkages=["one"]), folder, "three")
    found = {n.what for n in notices(read_register(folder, TODAY)) if n.kind == "one-sided linkage"}
    assert found == {
        "allows two, which does not allow it: agree it with its steward (a steward)",
        "allows four, for which there is no contract",
    }


def test_a_contract_of_the_project_takes_the_place_of_the_one_that_ships(folder, tmp_path):
    text = (shipped("data_contracts") / "vcse_sessions.yaml").read_text(encoding="utf-8")
    own = text.replace("the provider's data protection lead", "Ms A. Lead of the provider")
    (folder / "vcse_sessions.yaml").write_text(own, encoding="utf-8")
    _, datasets, _ = written(folder, tmp_path)
    row = row_of("vcse_sessions", datasets)
    assert (row["steward"], row["contract"]) == ("Ms A. Lead of the provider", "the project's own")
    assert row_of("vcse_referrals", datasets)["contract"] == "came with the package"


def test_a_broken_contract_stops_nothing_and_is_named_with_every_fault(folder, tmp_path):
    broken = shared_contract("broken", smallNumberRule="none")
    broken["version"], broken["schema"][0]["properties"][0]["quality"] = "one", [{"type": "text"}]
    write(broken, folder, "broken")
    (folder / "no_yaml.yaml").write_text("a: [1\n", encoding="utf-8")
    write(shared_contract(linkages=["broken"]), folder)
    register = write_register(folder, tmp_path / "out", TODAY)
    assert [one.file for one in register.broken] == ["broken.yaml", "no_yaml.yaml"]
    assert len(register.entries) == len(contract_names()) + 1
    page = (tmp_path / "out" / "register.md").read_text(encoding="utf-8")
    assert "2 broken, listed below and nowhere else" in page
    for fault in ("smallNumberRule", "quality is not checked here", "no\\_yaml.yaml"):
        assert fault in page
    assert {n.what for n in notices(register) if n.dataset == "small"} == {"allows broken, whose contract is broken"}


def test_a_file_that_is_passed_over_is_said(folder):
    (folder / "police.yml").write_text("id: police\n", encoding="utf-8")
    found = [n for n in notices(read_register(folder, TODAY)) if n.kind == "not read"]
    assert [(n.dataset, n.what) for n in found] == [("police.yml", "the names of contracts end in .yaml")]


def test_the_most_pressing_comes_first(folder):
    write(shared_contract("aa", expires="2026-12-31"), folder, "aa")
    write(shared_contract("zz", expires="2026-01-01"), folder, "zz")
    write(shared_contract("yy", lawfulBasis=""), folder, "yy")
    found = [n.kind for n in notices(read_register(folder, TODAY))]
    assert found == sorted(found, key=KINDS.index)
    assert found[0] == "ended"


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ContractError, match="there is no folder"):
        write_register(tmp_path / "nowhere", tmp_path / "out", TODAY)
    assert not (tmp_path / "out").exists()


def test_the_folder_that_ships_is_not_the_project_s_own(tmp_path):
    _, datasets, _ = written(shipped("data_contracts"), tmp_path)
    assert {row["contract"] for row in datasets} == {"came with the package"}
