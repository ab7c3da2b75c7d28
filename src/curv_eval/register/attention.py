"""What in a register needs a person, the most pressing first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from curv_eval.contract import Contract
from curv_eval.register.nouns import Notice, Register

SOON = 90
KINDS = (
    "broken contract",
    "ended",
    "delete this copy",
    "no lawful basis",
    "ends soon",
    "delete soon",
    "one-sided linkage",
    "not read",
    "made-up data only",
    "not verified",
)
_DOUBT = ("unverified", "to be confirmed", "to be named")


def notices(register: Register) -> tuple[Notice, ...]:
    """Return everything in the register that needs a person, by kind and then by name."""
    found = [Notice(one.file, "broken contract", fault) for one in register.broken for fault in one.faults]
    found += [Notice(file, "not read", "the names of contracts end in .yaml") for file in register.ignored]
    contracts = {entry.contract.name: entry.contract for entry in register.entries}
    broken = {one.file.removesuffix(".yaml") for one in register.broken}
    for contract in contracts.values():
        for kind, what in (*_days(contract, register.today), *_terms(contract)):
            found.append(Notice(contract.name, kind, what))
        found += [Notice(contract.name, "one-sided linkage", what) for what in _one_sided(contract, contracts, broken)]
    return tuple(sorted(found, key=lambda one: (KINDS.index(one.kind), one.dataset)))


def ending(last: date, today: date, words: tuple[str, str] = ("ENDED", "ends")) -> str:
    """Return a last day as a person reads it: "ENDED 2025-03-31", "ends in 60 days (2026-05-30)", "2028-01-01".

    words: for one that is over, and for one that is at most SOON days away.
    """
    past, near = words
    left = (last - today).days
    if left < 0:
        return f"{past} {last}"
    days = {0: "today", 1: "in 1 day"}.get(left, f"in {left} days")
    return f"{near} {days} ({last})" if left <= SOON else str(last)


def _days(contract: Contract, today: date) -> Iterator[tuple[str, str]]:
    terms = ((contract.expires, "ended", "ends soon"), (contract.delete_by, "delete this copy", "delete soon"))
    for last, over, near in terms:
        if last is not None and (last - today).days <= SOON:
            word = "last day of use" if over == "ended" else "last day of the copy"
            kind = over if last < today else near
            yield kind, f"{word} {last}; settle it with the steward ({contract.steward})"


def _terms(contract: Contract) -> Iterator[tuple[str, str]]:
    if not contract.lawful_basis.strip():
        yield "no lawful basis", f"lawfulBasis is blank, so nothing may be read; ask the steward ({contract.steward})"
    if contract.options["made_up_only"]:
        yield "made-up data only", "no agreement stands behind this contract, so real data are refused"
    doubtful = list(_doubtful(contract))
    if doubtful:
        yield "not verified", ", ".join(doubtful)


def _doubtful(contract: Contract) -> Iterator[str]:
    """Yield the name of each term that says of itself, or of its source, that nobody has checked it."""
    texts = {
        "limitations": contract.limitations,
        "lawfulBasis": contract.lawful_basis,
        "gateway": contract.gateway,
        "specialCategoryCondition": contract.special_category_condition,
        "criminalOffenceCondition": contract.criminal_offence_condition,
    }
    yield from (name for name, text in texts.items() if any(word in text.casefold() for word in _DOUBT))
    yield from (f"coverage of {one.of}" for one in contract.coverage if one.confidence == "unverified")
    yield from (f"change of {one.month}" for one in contract.definition_changes if one.confidence == "unverified")
    yield from (f"column {column.name}" for column in contract.columns if "unverified" in column.description.casefold())


def _one_sided(contract: Contract, contracts: dict[str, Contract], broken: set[str]) -> Iterator[str]:
    for name in contract.linkages:
        if name not in contracts:
            yield f"allows {name}, " + (
                "whose contract is broken" if name in broken else "for which there is no contract"
            )
        elif contract.name not in contracts[name].linkages:
            yield f"allows {name}, which does not allow it: agree it with its steward ({contracts[name].steward})"
