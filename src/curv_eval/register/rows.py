"""A register as rows of text: one per dataset, and one per column of a dataset."""

from __future__ import annotations

from datetime import date

from curv_eval.contract import Column, Contract
from curv_eval.minimise import allowed_forms
from curv_eval.register.attention import ending
from curv_eval.register.nouns import Entry, Register

DATASET = (
    "dataset",
    "version",
    "title",
    "contract",
    "controller",
    "steward",
    "purposes",
    "recipients",
    "lawful basis",
    "gateway",
    "special category condition",
    "criminal offence condition",
    "DPIA",
    "agreement",
    "may be linked with",
    "last day of use",
    "retention",
    "delete by",
    "consent",
    "small-number rule",
    "special category columns",
    "criminal offence columns",
    "direct identifiers",
    "made-up data only",
    "fingerprint",
)
_DELETE = ("DELETE NOW: was due", "delete")
COLUMN = (
    "dataset",
    "column",
    "name in the file",
    "type",
    "classification",
    "role",
    "category",
    "may be received as",
    "age at",
    "may be missing from the file",
    "description",
)


def dataset_rows(register: Register) -> list[dict[str, str]]:
    """Return one row per dataset, with the keys of DATASET."""
    return [_dataset(entry, register.today) for entry in register.entries]


def column_rows(register: Register) -> list[dict[str, str]]:
    """Return one row per column of every dataset, with the keys of COLUMN."""
    return [_column(entry.contract, column) for entry in register.entries for column in entry.contract.columns]


def _dataset(entry: Entry, today: date) -> dict[str, str]:
    contract = entry.contract
    said = (
        contract.name,
        contract.version,
        contract.title,
        "the project's own" if entry.own else "came with the package",
        contract.controller,
        contract.steward,
        "; ".join(contract.purposes),
        "; ".join(contract.recipients),
        contract.lawful_basis.strip() or "BLANK: nothing may be read",
        contract.gateway,
        contract.special_category_condition,
        contract.criminal_offence_condition,
        contract.dpia_reference,
        contract.agreement,
        "; ".join(contract.linkages) or "nobody",
        ending(contract.expires, today) if contract.expires else _no_day(contract),
        f"{contract.retention}, {contract.retention_trigger}",
        ending(contract.delete_by, today, _DELETE) if contract.delete_by else _no_day(contract),
        f"only rows with {contract.consent_column} true" if contract.consent_column else "no column for it",
        contract.small_number_rule,
        _with(contract, data_category="special category"),
        _with(contract, data_category="criminal offence"),
        _with(contract, disclosure_role="direct identifier"),
        "yes" if contract.options["made_up_only"] else "no",
        contract.sha256[:12],
    )
    return dict(zip(DATASET, said, strict=True))


def _no_day(contract: Contract) -> str:
    return "none: made-up data only" if contract.options["made_up_only"] else "no end: open data"


def _with(contract: Contract, **asked: str) -> str:
    names = [c.name for c in contract.columns if all(getattr(c, key) == value for key, value in asked.items())]
    return "; ".join(names) or "none"


def _column(contract: Contract, column: Column) -> dict[str, str]:
    said = (
        contract.name,
        column.name,
        column.source_name,
        column.type,
        column.classification,
        column.disclosure_role,
        column.data_category,
        "; ".join(form.replace("_", " ") for form in allowed_forms(column)) or "never: it stays with its owner",
        column.age_at or "",
        "yes" if column.optional else "no",
        column.description,
    )
    return dict(zip(COLUMN, said, strict=True))
