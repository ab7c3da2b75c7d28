"""Each kind of change of a contract, by hand: whom it concerns, and in what words it is said."""

from __future__ import annotations

import copy

import pytest
from contract_support import set_term, small_contract
from diff_support import COMPATIBLE, PRIVACY, USERS, WORDING, made, person_contract, properties, save, set_column_term

from curv_eval.contract_diff import Difference, differences
from curv_eval.errors import ContractError


@pytest.fixture
def compare(tmp_path):
    """A function that changes a document in place and returns what is said of it."""

    def compared(change, document=None) -> list[Difference]:
        old = document or person_contract()
        new = copy.deepcopy(old)
        change(new)
        return differences(save(old, tmp_path / "old.yaml"), save(new, tmp_path / "new.yaml"))

    return compared


def named(document: dict, name: str) -> dict:
    return next(one for one in properties(document) if one["name"] == name)


def set_to(name: str, value):
    return lambda d: set_term(d, name, value)


def column_to(name: str, **given):
    return lambda d: named(d, name).update(given)


def role_to(name: str, term: str, value):
    return lambda d: set_column_term(named(d, name), term, value)


@pytest.mark.parametrize(
    ("change", "kind", "where", "what"),
    [
        (set_to("expires", "2027-04-01"), PRIVACY, "expires", "'2027-03-31' -> '2027-04-01': later"),
        (set_to("expires", "2027-03-30"), USERS, "expires", "'2027-03-31' -> '2027-03-30': earlier"),
        (set_to("deleteBy", "2028-04-01"), PRIVACY, "deleteBy", "'2028-03-31' -> '2028-04-01': later"),
        (set_to("deleteBy", "2028-03-30"), USERS, "deleteBy", "'2028-03-31' -> '2028-03-30': earlier"),
        (set_to("smallNumberRule", "nhs_1_7_round_5"), PRIVACY, "smallNumberRule", "'under_10' -> 'nhs_1_7_round_5'"),
        (set_to("consentColumn", None), PRIVACY, "consentColumn", "'agreed' -> 'none'"),
        (
            set_to("purposes", ["Violence  Reduction evaluation"]),
            WORDING,
            "purposes",
            "the same in other words or another order",
        ),
        (set_to("lawfulBasis", "Public  task"), WORDING, "lawfulBasis", "'public task' -> 'Public task'"),
        (set_to("lawfulBasis", ""), PRIVACY, "lawfulBasis", "'public task' -> 'none'"),
        (set_to("linkages", []), USERS, "linkages", "removed 'other'"),
        (set_to("orders", []), COMPATIBLE, "orders", "removed born before seen"),
        (
            set_to("orders", [["born", "seen"], ["seen", "born"]]),
            USERS,
            "orders",
            "added seen before born",
        ),
        (set_to("options", {"sheet": "Data"}), USERS, "options", "sheet: 'none' -> 'Data'"),
        (set_to("options", {"notesBelow": False}), USERS, "options", "notesBelow: 'True' -> 'False'"),
        (set_to("options", {"madeUpOnly": True}), USERS, "options", "madeUpOnly: 'False' -> 'True'"),
        (
            column_to("health", enum=[{"value": "a"}]),
            USERS,
            "health.enum",
            "value 'b' is no longer allowed",
        ),
        (
            lambda d: named(d, "health").pop("enum"),
            PRIVACY,
            "health.enum",
            "any value is allowed in place of a list",
        ),
        (
            role_to("seen", "forms", ["as_given", "month", "year"]),
            PRIVACY,
            "seen.forms",
            "may be received as as_given",
        ),
        (
            role_to("seen", "forms", ["month", "quarter", "year"]),
            COMPATIBLE,
            "seen.forms",
            "may be received as quarter",
        ),
        (role_to("seen", "forms", ["year"]), USERS, "seen.forms", "may no longer be received as month"),
        (
            role_to("born", "forms", ["year", "age_band"]),
            PRIVACY,
            "born.forms",
            "may be received as age_band",
        ),
        (role_to("born", "ageAt", "seen"), USERS, "born.ageAt", "'none' -> 'seen'"),
        (
            role_to("person_id", "disclosureRole", "quasi-identifier"),
            PRIVACY,
            "person_id.disclosureRole",
            "'pseudonym' -> 'quasi-identifier'",
        ),
        (role_to("seen", "disclosureRole", "sensitive"), PRIVACY, "seen.disclosureRole", None),
        (role_to("seen", "disclosureRole", "pseudonym"), COMPATIBLE, "seen.disclosureRole", None),
        (
            lambda d: (named(d, "born").update(logicalType="timestamp"), set_term(d, "orders", [])),
            PRIVACY,
            "born.logicalType",
            "'date' -> 'timestamp': it can hold more",
        ),
        (
            column_to("person_id", logicalTypeOptions={"pattern": "^[0-9a-f]{4,8}$"}),
            PRIVACY,
            "person_id.pattern",
            "'^[0-9a-f]{8}$' -> '^[0-9a-f]{4,8}$': the column can hold something else",
        ),
        (
            column_to("month", logicalTypeOptions={"pattern": "^202[0-9]-(0[1-9]|1[0-2])$"}),
            USERS,
            "month.pattern",
            None,
        ),
        (lambda d: named(d, "n").pop("logicalTypeOptions"), COMPATIBLE, "n.minimum", "'0' -> 'none'"),
        (column_to("n", logicalTypeOptions={"minimum": 0, "maximum": 8}), USERS, "n.maximum", "'9' -> '8'"),
        (column_to("n", logicalTypeOptions={"minimum": 0, "maximum": 10}), COMPATIBLE, "n.maximum", "'9' -> '10'"),
        (column_to("month", required=False), COMPATIBLE, "month.required", "'True' -> 'False'"),
        (
            lambda d: properties(d).append(made("surname")),
            PRIVACY,
            "surname",
            "a column is added: more is shared",
        ),
        (
            lambda d: properties(d).append(made("fine", classification="public")),
            PRIVACY,
            "fine",
            "a column is added: more is shared",
        ),
        (lambda d: properties(d).remove(named(d, "health")), USERS, "health", "the column is gone"),
        (lambda d: d["slaProperties"][0].update(value=24, unit="months"), WORDING, "slaProperties.retention", None),
        (lambda d: d["slaProperties"][0].update(value=25, unit="months"), PRIVACY, "slaProperties.retention", None),
        (lambda d: d["slaProperties"][0].update(value=90, unit="d"), USERS, "slaProperties.retention", None),
        (
            lambda d: d["slaProperties"][0].update(value="until the board decides", unit=None),
            PRIVACY,
            "slaProperties.retention",
            "'2 y' -> 'until the board decides': it cannot be told which is longer",
        ),
        (
            lambda d: d["slaProperties"][0].update(value="no limit", unit=None),
            PRIVACY,
            "slaProperties.retention",
            "'2 y' -> 'no limit': longer",
        ),
        (
            lambda d: d["slaProperties"][0].update(description="Why."),
            WORDING,
            "slaProperties.retention.description",
            None,
        ),
    ],
)
def test_a_change_concerns(compare, change, kind, where, what):
    found = [one for one in compare(change) if one.where == where]
    assert [one for one in found if one.kind is kind and what in (None, one.what)], found


def test_an_open_rule_is_the_weakest(compare):
    def opened(document: dict) -> None:
        set_term(document, "smallNumberRule", "open")

    def closed(document: dict) -> None:
        set_term(document, "smallNumberRule", "under_10")

    before = small_contract()
    set_term(before, "smallNumberRule", "under_10")
    assert [one.kind for one in compare(opened, before)] == [PRIVACY]
    assert [one.kind for one in compare(closed, small_contract())] == [USERS]


def test_an_end_that_goes_away_is_later(compare):
    open_ended = lambda d: (set_term(d, "expires", "none"), set_term(d, "deleteBy", "none"))  # noqa: E731
    before = person_contract()
    set_term(before, "options", {"madeUpOnly": True})
    assert {(one.where, one.kind) for one in compare(open_ended, before)} == {
        ("expires", PRIVACY),
        ("deleteBy", PRIVACY),
    }


def test_a_column_with_another_name_is_one_column(compare):
    def renamed(document: dict) -> None:
        one = named(document, "health")
        one.update(name="wellbeing", physicalName="health")
        set_column_term(one, "disclosureRole", "none")

    found = compare(renamed)
    assert [(one.where, one.kind) for one in found] == [
        ("wellbeing.disclosureRole", PRIVACY),
        ("wellbeing.name", USERS),
    ]


def test_two_columns_that_change_places_and_names_are_not_taken_for_each_other(compare):
    def swapped(document: dict) -> None:
        one, other = named(document, "born"), named(document, "seen")
        one["physicalName"], other["physicalName"] = "seen", "born"

    assert {one.where for one in compare(swapped)} == {"born.physicalName", "seen.physicalName"}


def test_an_approval_may_come_and_never_go(compare):
    one = {"version": "1.0.0", "approver": "A", "role": "b", "date": "2026-01-01", "reason": "c"}
    other = {**one, "version": "2.0.0"}
    before = person_contract()
    set_term(before, "approvals", [one])
    (found,) = compare(set_to("approvals", [one, other]), before)
    assert (found.kind, found.what) == (WORDING, "added for 2.0.0")
    (found,) = compare(set_to("approvals", []), before)
    assert (found.kind, found.what) == (PRIVACY, "the record for 1.0.0 is gone")
    found = compare(set_to("approvals", [{**one, "approver": "B"}]), before)
    assert [one.kind for one in found] == [PRIVACY, WORDING]


def test_a_derived_column_more_tells_more_and_needs_a_person(compare):
    one = {"name": "ill", "what": "has it", "allOf": {"health": "a"}}
    before = person_contract()
    (found,) = compare(set_to("derived", [one]), before)
    assert (found.kind, found.what) == (PRIVACY, "added ill")
    set_term(before, "derived", [one])
    (found,) = compare(set_to("derived", []), before)
    assert (found.kind, found.what) == (USERS, "removed ill")
    (found,) = compare(set_to("derived", [{**one, "allOf": {"health": "b"}}]), before)
    assert (found.kind, found.what) == (PRIVACY, "changed ill")
    (found,) = compare(set_to("derived", [{**one, "what": "in other words"}]), before)
    assert (found.kind, found.what) == (WORDING, "changed ill")


def test_what_the_data_miss_may_not_be_forgotten(compare):
    known = {"of": "violence", "source": "a survey", "confidence": "found", "share": 0.2}
    before = person_contract()
    set_term(before, "coverage", [known])
    (found,) = compare(set_to("coverage", []), before)
    assert (found.kind, found.what) == (USERS, "removed 'of violence, source a survey, confidence found, share 0.2'")
    kinds = {one.kind for one in compare(set_to("coverage", [{**known, "share": 0.3}]), before)}
    assert kinds == {USERS, COMPATIBLE}


def test_a_change_of_role_changes_what_may_be_received_too(compare):
    """A direct identifier that is called harmless can be received as it is, though nothing is said of forms."""
    before = person_contract()
    one = named(before, "born")
    one["customProperties"] = [item for item in one["customProperties"] if item["property"] != "forms"]
    found = compare(role_to("born", "disclosureRole", "quasi-identifier"), before)
    assert ("born.forms", "may be received as as_given") in {(one.where, one.what) for one in found}
    assert {one.kind for one in found} == {PRIVACY}


def test_the_same_forms_said_or_not_said_are_wording(compare):
    found = compare(role_to("agreed", "forms", ["as_given"]))
    assert [(one.where, one.kind) for one in found] == [("agreed.forms", WORDING)]


def test_the_gravest_comes_first_and_reads_as_a_sentence(compare):
    def several(document: dict) -> None:
        document["name"] = "Another title"
        set_term(document, "steward", "another steward")
        named(document, "month")["physicalName"] = "Months"
        set_term(document, "purposes", ["violence reduction evaluation", "policing"])

    assert list(map(str, compare(several))) == [
        "breaking: privacy: purposes: added 'policing'",
        "breaking: users: month.physicalName: 'Month' -> 'Months'",
        "compatible: steward: 'a steward' -> 'another steward'",
        "wording: name: 'A small contract' -> 'Another title'",
    ]


def test_long_texts_are_cut(compare):
    (found,) = compare(set_to("gateway", "x" * 500))
    assert len(found.what) < 200
    assert found.what.endswith("...'")


def test_another_dataset_is_not_a_new_version(compare):
    def another(document: dict) -> None:
        document["id"] = document["schema"][0]["name"] = "another"

    assert ("id", USERS) in {(one.where, one.kind) for one in compare(another)}


def test_the_files_may_have_any_name_and_faults_are_said_of_theirs(tmp_path):
    old = save(person_contract(), tmp_path / "before the board (2).yml")
    broken = person_contract()
    broken["version"] = "two"
    new = save(broken, tmp_path / "after.yaml")
    assert differences(old, old) == []
    with pytest.raises(ContractError, match=r"(?s)after\.yaml is not a .*version: got 'two'") as caught:
        differences(old, new)
    assert "small.yaml" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "a: [1\n", "id: ../../etc/passwd\n", "id: small\nid: small\n", "just words"])
def test_a_file_that_is_no_contract_is_refused_in_words(tmp_path, text):
    old = save(person_contract(), tmp_path / "small.yaml")
    (tmp_path / "new.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ContractError, match=r"new\.yaml"):
        differences(old, tmp_path / "new.yaml")


@pytest.mark.parametrize("place", ["nowhere.yaml", "."])
def test_a_file_that_is_not_there_is_refused_in_words(tmp_path, place):
    old = save(person_contract(), tmp_path / "small.yaml")
    with pytest.raises(ContractError):
        differences(old, tmp_path / place)
