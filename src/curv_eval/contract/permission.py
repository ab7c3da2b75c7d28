"""Whether a contract allows a use: purpose, basis, last days, and with whose people it may be linked."""

from __future__ import annotations

from datetime import date

from curv_eval.contract.nouns import Contract
from curv_eval.errors import ContractError


def permit(contract: Contract, purpose: str, today: date) -> None:
    """Raise ContractError, listing every reason, unless `contract` allows `purpose` on the day `today`."""
    reasons = []
    if not contract.lawful_basis.strip():
        reasons.append("lawfulBasis: got none; expected why these data may be used")
    if contract.expires and today > contract.expires:
        reasons.append(f"expires: {contract.agreement} ended on {contract.expires}; today is {today}")
    if contract.delete_by and today > contract.delete_by:
        reasons.append(
            f"deleteBy: kept {contract.retention} {contract.retention_trigger}, so until {contract.delete_by}; "
            f"today is {today}: delete this copy"
        )
    if purpose.strip().casefold() not in {allowed.strip().casefold() for allowed in contract.purposes}:
        reasons.append(f"purposes: got {purpose!r}; expected {' or '.join(map(repr, contract.purposes))}")
    if reasons:
        what = f"{contract.name} v{contract.version} does not permit this use"
        raise ContractError(what, reasons, f"settle it with the steward ({contract.steward}), then change the contract")


def permit_linkage(left: Contract, right: Contract) -> None:
    """Raise ContractError unless both contracts allow people in the one to be linked with people in the other."""
    reasons = [
        f"{one.name} v{one.version} linkages: got {other.name}; expected {_or_none(one.linkages)} "
        f"(steward: {one.steward})"
        for one, other in ((left, right), (right, left))
        if other.name not in one.linkages
    ]
    reasons += [
        f"{one.name} v{one.version} has no pseudonym and no identifier of persons, so nobody in it can be linked"
        for one in (left, right)
        if not one.about_people
    ]
    if reasons:
        what = f"{left.name} may not be linked with {right.name}"
        raise ContractError(what, reasons, "agree it with both stewards, then add it to `linkages` in both contracts")


def _or_none(names: tuple[str, ...]) -> str:
    return " or ".join(names) or "none: its agreement allows no linkage"
