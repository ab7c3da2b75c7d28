"""Contract and Column: frozen nouns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from curv_eval.profile import Approval, Change, Coverage, Derived, Form

TYPES = ("string", "integer", "number", "date", "timestamp", "boolean")
# from what anyone may see to what only named people may
CLASSIFICATIONS = ("public", "internal", "confidential", "restricted")


@dataclass(frozen=True)
class Column:
    """One column: `name` here, `source_name` in the file. An `optional` column may be absent from the file.

    values: the allowed ones, () for any. minimum, maximum: allowed themselves. examples: how a value looks.
    forms: how finely a study may receive it, None where role and type decide.
    """

    name: str
    source_name: str
    type: str
    required: bool = False
    optional: bool = False
    unique: bool = False
    pattern: str | None = None
    values: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    classification: str = "restricted"
    disclosure_role: str = "none"
    data_category: str = "none"
    forms: tuple[Form, ...] | None = None
    age_at: str | None = None
    examples: tuple[str, ...] = ()
    description: str = ""


@dataclass(frozen=True)
class Contract:
    """What one dataset promises. expires: last day of use, None = no end. key: columns that together name one row.

    delete_by: last day on which the copy may exist. linkages: contracts whose people it may be linked with.
    consent_column: only rows in which it is true may be used. orders: pairs of columns, the earlier first.
    derived: columns of true and false that a study may receive in place of those they are made of.
    """

    name: str
    version: str
    title: str
    description: str
    limitations: str
    purposes: tuple[str, ...]
    controller: str
    steward: str
    lawful_basis: str
    gateway: str
    special_category_condition: str
    criminal_offence_condition: str
    dpia_reference: str
    agreement: str
    recipients: tuple[str, ...]
    linkages: tuple[str, ...]
    expires: date | None
    retention: str
    retention_trigger: str
    delete_by: date | None
    small_number_rule: str
    format: str
    options: dict[str, Any]
    obtain: str
    area_column: str | None
    period_column: str | None
    consent_column: str | None
    orders: tuple[tuple[str, str], ...]
    coverage: tuple[Coverage, ...]
    definition_changes: tuple[Change, ...]
    derived: tuple[Derived, ...]
    approvals: tuple[Approval, ...]
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    sha256: str

    @property
    def public(self) -> bool:
        """Whether every column is public."""
        return all(column.classification == "public" for column in self.columns)

    @property
    def about_people(self) -> bool:
        """Whether a row can be about one person: a pseudonym or a direct identifier is among the columns."""
        return any(column.disclosure_role in ("pseudonym", "direct identifier") for column in self.columns)
