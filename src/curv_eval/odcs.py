"""Reading an Open Data Contract Standard (ODCS) file strictly, with the terms it has no word for.

ODCS knows neither lawful basis nor purposes, gateway, agreement or small-number rule. Those stand in the file's
`customProperties` under the names of `Terms` and `ColumnTerms` in camel case, and are as strict as the rest.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel
from pydantic.dataclasses import dataclass

from curv_eval.errors import ContractError, StudyError
from curv_eval.yamlfile import read_yaml

if TYPE_CHECKING:
    from open_data_contract_standard.model import CustomProperty, OpenDataContractStandard

_strict = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)
_Text = Annotated[str, Field(min_length=1)]


def _last_day(value: Any) -> date | None:
    try:
        return None if value == "none" else date.fromisoformat(str(value))
    except ValueError:
        raise ValueError("expected YYYY-MM-DD, or none") from None


@dataclass(frozen=True, config=_strict)
class Options:
    """How the format's reader reads.

    kind: which files of a data.police.uk archive. extraColumns: what becomes of columns the contract does not name.
    madeUpOnly: no agreement stands behind this contract, so it covers made-up data and nothing else.
    """

    kind: Literal["street", "outcomes", "stop-and-search"] | None = None
    extra_columns: Literal["refuse", "drop"] = "refuse"
    made_up_only: bool = False


@dataclass(frozen=True, config=_strict)
class Terms:
    """The terms of use of one dataset. expires: last day of use, or "none"."""

    format: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    purposes: Annotated[tuple[_Text, ...], Field(min_length=1)]
    controller: _Text
    steward: _Text
    lawful_basis: str
    gateway: _Text
    agreement_reference: _Text
    expires: Annotated[date | None, BeforeValidator(_last_day)]
    small_number_rule: Literal["open", "under_10", "nhs_1_7_round_5"]
    obtain: _Text
    area_column: str | None = None
    period_column: str | None = None
    options: Options = Field(default_factory=Options)


@dataclass(frozen=True, config=_strict)
class ColumnTerms:
    """What publishing needs to know of a column, and whether a file may come without it."""

    disclosure_role: Literal["none", "direct identifier", "quasi-identifier", "sensitive", "free text", "pseudonym"] = (
        "none"
    )
    optional: bool = False


def read_odcs(path: Path) -> OpenDataContractStandard:
    """Return the ODCS document in the file `path`.

    Raises ContractError when the file is not YAML, repeats a key, uses a key ODCS does not have, or does not fit ODCS.
    """
    from open_data_contract_standard.model import OpenDataContractStandard

    try:
        raw = read_yaml(path)
    except StudyError as fault:
        raise ContractError(fault.what, fault.breaches, fault.do) from None
    try:
        document = OpenDataContractStandard.model_validate(raw, strict=True)
    except ValidationError as fault:
        raise refused(path, list(_sentences(fault))) from None
    unknown = list(_unknown(raw, document.model_dump(by_alias=True, exclude_unset=True)))
    if unknown:
        raise refused(path, unknown)
    return document


def refused(path: Path, faults: list[str]) -> ContractError:
    """Return the error for a contract file with these faults."""
    return ContractError(f"{path.name} is not a contract that data can be held to", faults, "mend what is named")


def read_terms(model: type, custom: list[CustomProperty] | None, *, where: str, faults: list[str]) -> Any:
    """Return `model` (Terms or ColumnTerms) filled from ODCS customProperties, or None after adding to `faults`."""
    names = [item.property for item in custom or []]
    faults += [f"{where}: {name} stands twice" for name in sorted({str(n) for n in names if names.count(n) > 1})]
    given = {str(item.property): item.value for item in custom or []}
    try:
        # JSON, because only there does pydantic's strict mode take a list for a tuple and a mapping for a dataclass
        return TypeAdapter(model).validate_json(json.dumps(given))
    except ValidationError as fault:
        faults += _sentences(fault, where)
        return None


def _sentences(fault: ValidationError, *where: str) -> Iterator[str]:
    for error in fault.errors(include_url=False, include_input=False):
        place = ".".join(str(part) for part in (*where, *error["loc"]))
        yield f"{place}: {error['msg'][0].lower()}{error['msg'][1:]}"


def _unknown(given: Any, understood: Any, where: str = "") -> Iterator[str]:
    """Yield every key the standard's model left behind: below the top level it ignores unknown keys in silence."""
    if isinstance(given, dict) and isinstance(understood, dict):
        for key, value in given.items():
            place = f"{where}.{key}" if where else str(key)
            if key in understood:
                yield from _unknown(value, understood[key], place)
            else:
                yield f"{place}: not a key of the Open Data Contract Standard"
    elif isinstance(given, list) and isinstance(understood, list):
        for i, (one, other) in enumerate(zip(given, understood, strict=True)):
            yield from _unknown(one, other, f"{where}.{i}")
