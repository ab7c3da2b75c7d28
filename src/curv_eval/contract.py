"""What a dataset promises, who may use it for what and until when: a contract file read into frozen nouns."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curv_eval.errors import ContractError
from curv_eval.odcs import ColumnTerms, Terms, read_odcs, read_terms, refused
from curv_eval.shipped import shipped

if TYPE_CHECKING:
    from open_data_contract_standard.model import OpenDataContractStandard, SchemaProperty

TYPES = ("string", "integer", "number", "date", "timestamp", "boolean")
CLASSIFICATIONS = ("public", "internal", "confidential", "restricted")
# A promise that nobody checks misleads, so whatever else ODCS knows of a column is refused.
_CHECKED_OPTIONS = {"string": {"pattern"}, "integer": {"minimum", "maximum"}, "number": {"minimum", "maximum"}}
_NOT_CHECKED = ("quality", "relationships", "properties", "items", "map", "encryptedName")
_NOT_RE2 = re.compile(r"\(\?(?:[=!]|<[=!])|\\[1-9]")
_NAME, _VERSION = re.compile(r"[a-z][a-z0-9_]*"), re.compile(r"\d+\.\d+\.\d+")


@dataclass(frozen=True)
class Column:
    """One column: `name` here, `source_name` in the file. An `optional` column may be absent from the file.

    values: the allowed ones, () for any. minimum, maximum: allowed themselves. examples: how a value looks.
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
    examples: tuple[str, ...] = ()
    description: str = ""


@dataclass(frozen=True)
class Contract:
    """What one dataset promises. expires: last day of use, None = no end. key: columns that together name one row."""

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
    agreement: str
    expires: date | None
    retention: str
    small_number_rule: str
    format: str
    options: dict[str, Any]
    obtain: str
    area_column: str | None
    period_column: str | None
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    sha256: str

    @property
    def public(self) -> bool:
        """Whether every column is public."""
        return all(column.classification == "public" for column in self.columns)


def contract_names(folder: Path | None = None) -> tuple[str, ...]:
    """Return the names of the contracts in `folder` (default: those that came with the package), sorted."""
    return tuple(sorted(path.stem for path in (folder or shipped("data_contracts")).glob("*.yaml")))


def load_contract(name: str, folder: Path | None = None) -> Contract:
    """Return the contract `name` of `folder` (default: those that came with the package).

    Raises ContractError with every fault of the file: not YAML, unknown or repeated keys, not ODCS, terms that are
    missing, a promise that is not checked here. A blank lawful basis loads, so that it can be shown, and `permit`
    refuses it.
    """
    path = _find(name, folder or shipped("data_contracts"))
    document, faults = read_odcs(path), []
    terms = read_terms(Terms, document.customProperties, where="customProperties", faults=faults)
    columns = tuple(_column(given, faults) for given in _properties(document))
    if terms is None:
        raise refused(path, faults)
    contract = _contract(document, terms, columns, hashlib.sha256(path.read_bytes()).hexdigest())
    faults += [*_document_faults(document, path.stem), *_contract_faults(contract)]
    faults += [f"{c.name}: {fault}" for c in columns for fault in _column_faults(c)]
    if faults:
        raise refused(path, faults)
    return contract


def permit(contract: Contract, purpose: str, today: date) -> None:
    """Raise ContractError, listing every reason, unless `contract` allows `purpose` on the day `today`."""
    reasons = []
    if not contract.lawful_basis.strip():
        reasons.append("lawfulBasis: got none; expected why these data may be used")
    if contract.expires and today > contract.expires:
        reasons.append(f"expires: {contract.agreement} ended on {contract.expires}; today is {today}")
    if purpose.strip().casefold() not in {allowed.strip().casefold() for allowed in contract.purposes}:
        reasons.append(f"purposes: got {purpose!r}; expected {' or '.join(map(repr, contract.purposes))}")
    if reasons:
        what = f"{contract.name} v{contract.version} does not permit this use"
        raise ContractError(what, reasons, f"settle it with the steward ({contract.steward}), then change the contract")


def _find(name: str, folder: Path) -> Path:
    known = contract_names(folder)
    if name in known:
        return folder / f"{name}.yaml"
    if not known:
        raise ContractError(f"there are no contracts in {folder}", do=f"put {name}.yaml there")
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
    raise ContractError(f"there is no contract {name!r}; did you mean {nearest}?", do=f"use one of {', '.join(known)}")


def _properties(document: OpenDataContractStandard) -> list[SchemaProperty]:
    return [given for table in document.schema_ or [] for given in table.properties or []]


def _column(given: SchemaProperty, faults: list[str]) -> Column:
    name, options = given.name or "", given.logicalTypeOptions or {}
    terms = read_terms(ColumnTerms, given.customProperties, where=name, faults=faults) or ColumnTerms()
    faults += [f"{name}: {promise} is not checked here, so it may not be promised" for promise in _unchecked(given)]
    return Column(
        name=name,
        source_name=given.physicalName or name,
        type=given.logicalType or "",
        required=bool(given.required),
        optional=terms.optional,
        unique=bool(given.unique),
        pattern=options.get("pattern"),
        values=tuple(entry.value for entry in given.enum or []),
        minimum=options.get("minimum"),
        maximum=options.get("maximum"),
        classification=given.classification or "",
        disclosure_role=terms.disclosure_role,
        examples=tuple(str(example) for example in given.examples or []),
        description=(given.description or "").strip(),
    )


def _unchecked(given: SchemaProperty) -> list[str]:
    options = set(given.logicalTypeOptions or {}) - _CHECKED_OPTIONS.get(given.logicalType or "", set())
    return [key for key in _NOT_CHECKED if getattr(given, key)] + sorted(options)


def _contract(document: OpenDataContractStandard, terms: Terms, columns: tuple[Column, ...], sha256: str) -> Contract:
    about, agreed = document.description, {sla.property: sla for sla in document.slaProperties or []}
    kept = agreed.get("retention")
    given = {field: value for field, value in asdict(terms).items() if field not in ("agreement_reference", "options")}
    return Contract(
        name=document.id or "",
        version=document.version or "",
        title=document.name or "",
        description=((about and about.purpose) or "").strip(),
        limitations=((about and about.limitations) or "").strip(),
        agreement=terms.agreement_reference,
        retention=f"{kept.value} {kept.unit or ''}".strip() if kept else "",
        options={name: value for name, value in asdict(terms.options).items() if value is not None},
        key=_key(document),
        columns=columns,
        sha256=sha256,
        **given,
    )


def _key(document: OpenDataContractStandard) -> tuple[str, ...]:
    parts = [given for given in _properties(document) if given.primaryKey]
    return tuple(given.name or "" for given in sorted(parts, key=lambda given: given.primaryKeyPosition or 0))


def _document_faults(document: OpenDataContractStandard, stem: str) -> Iterator[str]:
    tables = [table.name for table in document.schema_ or []]
    expected = {"kind": ("DataContract",), "apiVersion": ("v3.1.0", "v3.2.0"), "id": (stem,), "status": ("active",)}
    for key, allowed in expected.items():
        if getattr(document, key) not in allowed:
            yield f"{key}: got {getattr(document, key)!r}; expected {' or '.join(allowed)}"
    if tables != [stem]:
        yield f"schema: got {tables}; expected one table named {stem}"


def _contract_faults(contract: Contract) -> Iterator[str]:
    names = [column.name for column in contract.columns]
    for kind, given in (("name", names), ("physicalName", [column.source_name for column in contract.columns])):
        yield from (f"{kind}: {one} stands twice" for one in sorted({one for one in given if given.count(one) > 1}))
    for field in ("title", "description", "limitations", "retention"):
        if not getattr(contract, field):
            yield f"{field}: missing"
    for field in ("area_column", "period_column"):
        if getattr(contract, field) not in (None, *names):
            yield f"{field}: {getattr(contract, field)} is not a column"
    if not _VERSION.fullmatch(contract.version):
        yield f"version: got {contract.version!r}; expected three numbers like 1.0.0"
    if contract.format == "police_uk" and "kind" not in contract.options:
        yield "options: kind: missing; expected street, outcomes or stop-and-search"
    yield from _privacy_faults(contract)


def _privacy_faults(contract: Contract) -> Iterator[str]:
    if contract.public:
        return
    if contract.small_number_rule == "open":
        yield "smallNumberRule: open is for data whose every column is public"
    if contract.expires is None and not contract.options["made_up_only"]:
        yield "expires: got none; an agreement on data that are not public has an end"


def _column_faults(column: Column) -> Iterator[str]:
    if not _NAME.fullmatch(column.name):
        yield "a name has small letters, digits and _"
    if column.type not in TYPES:
        yield f"logicalType: got {column.type!r}; expected {', '.join(TYPES)}"
    if column.classification not in CLASSIFICATIONS:
        yield f"classification: got {column.classification!r}; expected {', '.join(CLASSIFICATIONS)}"
    if column.required and column.optional:
        yield "required and optional exclude each other"
    if column.values and (column.type != "string" or not all(isinstance(value, str) for value in column.values)):
        yield "enum: the type and every value must be text (quote numbers)"
    bounds = [bound for bound in (column.minimum, column.maximum) if bound is not None]
    if not all(isinstance(bound, int | float) and not isinstance(bound, bool) for bound in bounds):
        yield "minimum and maximum must be numbers"
    elif bounds != sorted(bounds):
        yield f"minimum {column.minimum} is above maximum {column.maximum}"
    yield from _pattern_faults(column)


def _pattern_faults(column: Column) -> Iterator[str]:
    if column.pattern is None:
        return
    try:
        wrong = [example for example in column.examples if not re.search(column.pattern, example)]
    except re.error as fault:
        yield f"pattern: {fault}"
        return
    if _NOT_RE2.search(column.pattern):
        yield "pattern: no look-around and no back-references, which the checker does not know"
    yield from (f"examples: {example} does not match the pattern" for example in wrong)
    if not column.examples:
        yield "examples: a column with a pattern needs one, for messages"
