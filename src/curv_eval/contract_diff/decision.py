"""Whether a new version of a contract may take the place of the old one: its number, and who agreed to it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from curv_eval.contract import Contract
from curv_eval.contract_diff.nouns import Difference, Kind, plain
from curv_eval.profile import Approval

# what people write into a form they mean to fill in later, and posts that somebody must hold
_NOBODY = re.compile(r"(?:tb[acdn]|to be \w+|nobody|no one|somebody|someone)\b.*|n ?a|none|nil|unknown|pending|name|x+")
_ROLES = ("steward", "data steward", "controller", "data controller", "approver", "manager", "data protection lead")
_BREAKING = (Kind.PRIVACY, Kind.USERS)


def expected_version(found: Sequence[Difference], version: str) -> str:
    """Return the lowest number the version after `version` may have, given what changed; `version` if nothing did."""
    major, minor, patch = map(int, version.split("."))
    kinds = {difference.kind for difference in found if difference.where != "version"}
    if kinds.intersection(_BREAKING):
        return f"{major + 1}.0.0"
    if Kind.COMPATIBLE in kinds:
        return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch + 1}" if kinds else version


def refusals(found: Sequence[Difference], old: Contract, new: Contract) -> list[str]:
    """Return every reason why `new` may not take the place of `old`: [] where it may."""
    return [*_version_reasons(found, old.version, new.version), *_approval_reasons(found, new)]


def _version_reasons(found: Sequence[Difference], old: str, new: str) -> list[str]:
    expected = expected_version(found, old)
    if _number(new) >= _number(expected):
        return []
    if _number(new) < _number(old):
        return [f"version: got {new}, which is before {old}; expected {expected} or higher"]
    worst = min((d for d in found if d.where != "version"), key=lambda d: list(Kind).index(d.kind))
    return [f"version: got {new}; expected {expected} or higher, because of {worst.where} ({worst.kind.value})"]


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _approval_reasons(found: Sequence[Difference], new: Contract) -> list[str]:
    changed = list(dict.fromkeys(d.where for d in found if d.kind is Kind.PRIVACY))
    if not changed:
        return []
    given = [approval for approval in new.approvals if approval.version == new.version]
    if any(not _lacking(approval) for approval in given):
        return []
    needs = f"{', '.join(changed)} need a named person's approval of {new.version}"
    if not given:
        return [f"approvals: got none for {new.version}; {needs} (version, approver, role, date, reason)"]
    return [f"approvals: {', '.join(_lacking(approval))} for {new.version}; {needs}" for approval in given]


def _lacking(approval: Approval) -> list[str]:
    """Return what an approval does not say."""
    blank = [name for name in ("approver", "role", "reason") if not any(map(str.isalpha, getattr(approval, name)))]
    faults = [f"{name} is blank" for name in blank]
    if "approver" not in blank and _nobody(approval):
        faults.append("approver names nobody")
    try:
        date.fromisoformat(approval.date)
    except ValueError:
        faults.append(f"{approval.date} is no day")
    return faults


def _nobody(approval: Approval) -> bool:
    """Whether what stands for the approver is a word for "not decided yet", or a role and no person."""
    said = plain(re.sub(r"[^\w\s]", "", approval.approver))
    return (
        len(said) < 2 or bool(_NOBODY.fullmatch(said)) or said.removeprefix("the ") in (*_ROLES, plain(approval.role))
    )
