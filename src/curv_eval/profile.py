"""The information-sharing profile: what the Open Data Contract Standard has no word for, as strict terms.

The standard knows neither lawful basis nor purposes, consent, conditions, retention trigger, linkages or reporting
rates. They stand in a contract's `customProperties` under the names below in camel case. `json_schema` gives the same
rules to other programs; it is kept beside the contracts.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, WithJsonSchema
from pydantic.alias_generators import to_camel
from pydantic.dataclasses import dataclass

PROFILE = "curv-eval/information-sharing/1"
SCHEMA_FILE = "information-sharing-profile.schema.json"

_strict = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)
_Text = Annotated[str, Field(min_length=1)]
_Share = Annotated[float, Field(ge=0, le=1)]
Confidence = Literal["found", "found-secondary", "unverified"]
Form = Literal["as_given", "year", "quarter", "month", "age_band", "under_25", "lsoa"]


def _day(value: Any) -> date | None:
    try:
        return None if value == "none" else date.fromisoformat(str(value))
    except ValueError:
        raise ValueError("expected YYYY-MM-DD, or none") from None


_Day = Annotated[
    date | None,
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "pattern": r"^(none|\d{4}-\d{2}-\d{2})$"}),
]


@dataclass(frozen=True, config=_strict)
class Options:
    """How the format's reader reads.

    kind: which files of a data.police.uk archive. extraColumns: what becomes of columns the contract does not name.
    madeUpOnly: no agreement stands behind this contract, so it covers made-up data and nothing else.
    sheet: name of the worksheet. blanks: texts that mean "not known". dayFirst: 3/4/2024 is 3 April.
    notesBelow: a spreadsheet may have notes under its rows.
    """

    kind: Literal["street", "outcomes", "stop-and-search"] | None = None
    extra_columns: Literal["refuse", "drop"] = "refuse"
    made_up_only: bool = False
    sheet: str | None = None
    blanks: tuple[_Text, ...] = ()
    day_first: bool = True
    notes_below: bool = True


@dataclass(frozen=True, config=_strict)
class Coverage:
    """What share of something this source sees. share, low, high: 0 to 1, or left out where nobody knows."""

    of: _Text
    source: _Text
    confidence: Confidence
    share: _Share | None = None
    low: _Share | None = None
    high: _Share | None = None


@dataclass(frozen=True, config=_strict)
class Change:
    """From which month on the series means something else, or was recorded differently."""

    month: Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
    what: _Text
    source: _Text
    confidence: Confidence


@dataclass(frozen=True, config=_strict)
class Derived:
    """A column of true and false made of others, so that a study need not receive those.

    allOf: column and pattern, all of which must match. anyOf: columns of which at least one must match `pattern`.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    what: _Text
    all_of: dict[str, _Text] = Field(default_factory=dict)
    any_of: tuple[str, ...] = ()
    pattern: _Text | None = None


@dataclass(frozen=True, config=_strict)
class Approval:
    """Who agreed to a version that shares more, keeps longer or protects less than the one before it."""

    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    approver: _Text
    role: _Text
    date: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    reason: _Text


@dataclass(frozen=True, config=_strict)
class Terms:
    """The terms of use of one dataset. expires: last day of use; deleteBy: last day the copy may exist; or "none"."""

    profile: Literal["curv-eval/information-sharing/1"]
    format: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    purposes: Annotated[tuple[_Text, ...], Field(min_length=1)]
    controller: _Text
    steward: _Text
    lawful_basis: str
    gateway: _Text
    special_category_condition: _Text
    criminal_offence_condition: _Text
    dpia_reference: _Text
    agreement_reference: _Text
    recipients: Annotated[tuple[_Text, ...], Field(min_length=1)]
    linkages: tuple[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], ...]
    expires: _Day
    retention_trigger: _Text
    delete_by: _Day
    small_number_rule: Literal["open", "under_10", "nhs_1_7_round_5"]
    obtain: _Text
    area_column: str | None = None
    period_column: str | None = None
    consent_column: str | None = None
    orders: tuple[tuple[str, str], ...] = ()
    coverage: tuple[Coverage, ...] = ()
    definition_changes: tuple[Change, ...] = ()
    derived: tuple[Derived, ...] = ()
    approvals: tuple[Approval, ...] = ()
    options: Options = Field(default_factory=Options)


@dataclass(frozen=True, config=_strict)
class ColumnTerms:
    """What sharing and publishing need to know of a column, and whether a file may come without it.

    forms: how finely a study may receive it (left out: as the role and the type allow). ageAt: for a date of birth, the
    column that says at which date an age is meant.
    """

    disclosure_role: Literal["none", "direct identifier", "quasi-identifier", "sensitive", "free text", "pseudonym"] = (
        "none"
    )
    data_category: Literal["none", "special category", "criminal offence"] = "none"
    optional: bool = False
    forms: tuple[Form, ...] | None = None
    age_at: str | None = None


def json_schema() -> dict[str, Any]:
    """Return the profile as JSON Schema: $defs.Terms for a contract's customProperties, $defs.ColumnTerms for a
    column's, each with the properties as one mapping of name to value."""
    found = [TypeAdapter(model).json_schema(by_alias=True) for model in (Terms, ColumnTerms)]
    shared = {name: part for one in found for name, part in one.pop("$defs", {}).items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": PROFILE,
        "description": "The customProperties of a contract and of its columns, each as one mapping of name to value.",
        "$defs": {**shared, "Terms": found[0], "ColumnTerms": found[1]},
    }
