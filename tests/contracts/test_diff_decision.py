"""Whether a new version may take the old one's place: the number it must have, and who must have agreed."""

from __future__ import annotations

import copy

import pytest
from contract_support import set_term
from diff_support import APPROVAL, PRIVACY, made, person_contract, properties, save, set_column_term

from curv_eval.contract_diff import Difference, Kind, decide, differences, expected_version


@pytest.fixture
def judge(tmp_path):
    """A function that changes a document, gives it a version and approvals, and returns the reasons to refuse it."""

    def judged(change, version: str, *approvals: dict, old: dict | None = None, before: str = "1.4.2") -> list[str]:
        first = old or person_contract()
        second = copy.deepcopy(first)
        change(second)
        if approvals:
            set_term(second, "approvals", list(approvals))
        paths = save(first, tmp_path / "old.yaml", before), save(second, tmp_path / "new.yaml", version)
        return decide(differences(*paths), *paths)

    return judged


def nothing(document: dict) -> None:
    pass


def wording(document: dict) -> None:
    document["name"] = "Another title"


def compatible(document: dict) -> None:
    set_term(document, "steward", "another steward")


def users(document: dict) -> None:
    properties(document)[0]["physicalName"] = "Months"


def private(document: dict) -> None:
    set_term(document, "recipients", ["the evaluators", "a housing association"])


@pytest.mark.parametrize(
    ("change", "version", "expected"),
    [
        (nothing, "1.4.2", None),
        (wording, "1.4.3", None),
        (wording, "1.4.2", "1.4.3"),
        (wording, "1.5.0", None),
        (compatible, "1.5.0", None),
        (compatible, "1.4.3", "1.5.0"),
        (compatible, "2.0.0", None),
        (users, "2.0.0", None),
        (users, "1.5.0", "2.0.0"),
        (users, "1.40.0", "2.0.0"),
        (users, "3.1.0", None),
    ],
)
def test_the_number_says_how_much_changed(judge, change, version, expected):
    reasons = judge(change, version)
    if expected is None:
        assert reasons == []
    else:
        (reason,) = reasons
        assert reason.startswith(f"version: got {version}; expected {expected} or higher, because of ")


def test_the_reason_is_the_gravest_change(judge):
    def both(document: dict) -> None:
        wording(document)
        users(document)

    assert judge(both, "1.4.3") == [
        "version: got 1.4.3; expected 2.0.0 or higher, because of month.physicalName (breaking: users)"
    ]


@pytest.mark.parametrize("version", ["1.4.1", "1.3.9", "0.9.9"])
def test_a_number_never_goes_back(judge, version):
    (reason,) = judge(nothing, version)
    assert reason == f"version: got {version}, which is before 1.4.2; expected 1.4.2 or higher"


def test_numbers_are_numbers(judge):
    assert judge(wording, "1.10.0", before="1.9.0") == []


def test_a_change_that_breaks_privacy_needs_a_named_approver(judge):
    assert judge(private, "2.0.0", APPROVAL) == []
    (reason,) = judge(private, "2.0.0")
    assert reason == (
        "approvals: got none for 2.0.0; recipients need a named person's approval of 2.0.0 "
        "(version, approver, role, date, reason)"
    )


def test_everything_that_needs_approval_is_named(judge):
    def several(document: dict) -> None:
        private(document)
        set_term(document, "expires", "2027-12-31")
        properties(document).append(made("surname"))

    (reason,) = judge(several, "2.0.0")
    assert "; expires, recipients, surname need a named person's approval" in reason


@pytest.mark.parametrize(
    ("approval", "said"),
    [
        ({"version": "1.4.2"}, "got none for 2.0.0"),
        ({"version": "2.0.1"}, "got none for 2.0.0"),
        ({"approver": "  "}, "approver is blank for 2.0.0"),
        ({"approver": "?"}, "approver is blank for 2.0.0"),
        ({"role": " -"}, "role is blank for 2.0.0"),
        ({"reason": "."}, "reason is blank for 2.0.0"),
        ({"date": "2026-02-30"}, "2026-02-30 is no day for 2.0.0"),
    ],
)
def test_an_approval_of_another_version_or_by_nobody_is_none(judge, approval, said):
    (reason,) = judge(private, "2.0.0", {**APPROVAL, **approval})
    assert said in reason


def test_a_good_approval_beside_a_bad_one_is_enough(judge):
    assert judge(private, "2.0.0", {**APPROVAL, "approver": " "}, APPROVAL) == []


def test_number_and_approval_are_asked_for_at_once(judge):
    reasons = judge(private, "1.4.3")
    assert [reason.split(":")[0] for reason in reasons] == ["version", "approvals"]


def test_a_change_for_users_alone_needs_no_approver(judge):
    assert judge(users, "2.0.0") == []


def lowered(document: dict) -> None:
    restricted = next(one for one in properties(document) if one["name"] == "health")
    restricted["classification"] = "public"
    set_column_term(restricted, "disclosureRole", "none")
    set_column_term(restricted, "dataCategory", "none")


def another_basis(document: dict) -> None:
    set_term(document, "lawfulBasis", "UK GDPR Article 6(1)(f)")


def another_purpose(document: dict) -> None:
    set_term(document, "purposes", ["violence reduction evaluation", "direct marketing"])


def kept_longer(document: dict) -> None:
    document["slaProperties"][0].update(value=72, unit="months")


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lowered, "health.classification"),
        (another_basis, "lawfulBasis"),
        (another_purpose, "purposes"),
        (kept_longer, "slaProperties.retention"),
    ],
)
def test_the_four_changes_that_datacontract_breaking_calls_info_are_breaking_here(judge, tmp_path, change, where):
    """restricted -> public, basis (e) -> (f), a new purpose, 24 -> 72 months: INFO in datacontract-cli 1.2.8."""
    old = person_contract()
    next(one for one in properties(old) if one["name"] == "health")["classification"] = "restricted"
    set_term(old, "lawfulBasis", "UK GDPR Article 6(1)(e)")
    old["slaProperties"][0].update(value=24, unit="months")
    assert len(judge(change, "1.5.0", old=old)) == 2
    assert judge(change, "2.0.0", APPROVAL, old=old) == []
    found = differences(tmp_path / "old.yaml", tmp_path / "new.yaml")
    assert PRIVACY in {one.kind for one in found if one.where == where}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(Kind.PRIVACY, "2.0.0"), (Kind.USERS, "2.0.0"), (Kind.COMPATIBLE, "1.5.0"), (Kind.WORDING, "1.4.3")],
)
def test_the_number_that_is_expected(kind, expected):
    assert expected_version([Difference("x", Kind.WORDING, ""), Difference("y", kind, "")], "1.4.2") == expected


def test_a_new_number_alone_asks_for_nothing(judge):
    assert expected_version([Difference("version", Kind.WORDING, "")], "1.4.2") == "1.4.2"
    assert judge(nothing, "1.4.3") == []
