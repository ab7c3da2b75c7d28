"""How a contract stands on a day: it covers a copy, its use has ended, or the copy must go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from curv_eval.contract import Contract, load_contract
from curv_eval.errors import ContractError
from curv_eval.shipped import shipped


class Stands(StrEnum):
    """COVERED: a study may use it. ENDED: nobody may use it, the copy may stay. DUE: the copy must go.

    UNKNOWN: the contract is not there or cannot be read.
    """

    COVERED = "covered"
    ENDED = "ended"
    DUE = "due"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Term:
    """One contract on one day. since: the last day that has passed. why: a sentence for the one who must act."""

    contract: str
    stands: Stands
    why: str
    version: str = ""
    agreement: str = ""
    steward: str = ""
    since: date | None = None


def term(name: str, project: Path, today: date) -> Term:
    """Return how the contract `name` stands: the project's own where it has one, else the one that ships."""
    own = project / "data_contracts"
    try:
        contract = load_contract(name, own if (own / f"{name}.yaml").is_file() else shipped("data_contracts"))
    except ContractError as fault:
        return Term(name, Stands.UNKNOWN, f"its contract cannot be read: {fault.what}")
    stands, why, since = _judged(contract, today)
    return Term(name, stands, why, contract.version, contract.agreement, contract.steward, since)


def _judged(contract: Contract, today: date) -> tuple[Stands, str, date | None]:
    last, gone = contract.expires, contract.delete_by
    if gone and today > gone:
        how = f"kept {contract.retention} {contract.retention_trigger}"
        return Stands.DUE, f"{how}, so until {gone}; that was {_days(gone, today)}", gone
    if last and today > last:
        ended = f"the agreement ended on {last}, {_days(last, today)}"
        if gone is None:
            return Stands.DUE, f"{ended}, and names no later day on which the copy may exist", last
        return Stands.ENDED, f"{ended}; the copy may exist until {gone}", last
    return Stands.COVERED, "covered", None


def _days(day: date, today: date) -> str:
    days = (today - day).days
    return "1 day ago" if days == 1 else f"{days:,} days ago"
