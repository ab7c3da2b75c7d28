"""What can be wrong with a contract that fits the standard and the profile: promises that contradict or mislead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from curv_eval.contract.nouns import CLASSIFICATIONS, TYPES, Column, Contract
from curv_eval.odcs import Fault

if TYPE_CHECKING:
    from open_data_contract_standard.model import OpenDataContractStandard, SchemaProperty

# A promise that nobody checks misleads, so whatever else ODCS knows of a column is refused.
_CHECKED_OPTIONS = {"string": {"pattern"}, "integer": {"minimum", "maximum"}, "number": {"minimum", "maximum"}}
_NOT_CHECKED = ("quality", "relationships", "properties", "items", "map", "encryptedName")
_NOT_RE2 = re.compile(r"\(\?(?:[=!]|<[=!])|\\[1-9]")
_NAME, _VERSION = re.compile(r"[a-z][a-z0-9_]*"), re.compile(r"\d+\.\d+\.\d+")
_NONE = "none"


def all_faults(document: OpenDataContractStandard, contract: Contract, stem: str) -> list[Fault]:
    """Return every fault of a contract as a whole; those of single columns come from column_faults."""
    return [
        *_document_faults(document, stem),
        *_contract_faults(contract),
        *_privacy_faults(contract),
        *_reference_faults(contract),
        *_coverage_faults(contract),
        *_derived_faults(contract),
    ]


def unchecked(given: SchemaProperty) -> list[str]:
    """Return a sentence for each promise about a column that nothing here checks."""
    options = set(given.logicalTypeOptions or {}) - _CHECKED_OPTIONS.get(given.logicalType or "", set())
    found = [key for key in _NOT_CHECKED if getattr(given, key)] + sorted(options)
    return [f"{promise} is not checked here, so it may not be promised" for promise in found]


def _term(name: str, fault: str) -> Fault:
    return ("customProperties", name), f"{name}: {fault}"


def _document_faults(document: OpenDataContractStandard, stem: str) -> Iterator[Fault]:
    tables = [table.name for table in document.schema_ or []]
    expected = {"kind": ("DataContract",), "apiVersion": ("v3.1.0", "v3.2.0"), "id": (stem,), "status": ("active",)}
    for key, allowed in expected.items():
        if getattr(document, key) not in allowed:
            yield (key,), f"{key}: got {getattr(document, key)!r}; expected {' or '.join(allowed)}"
    if tables != [stem]:
        yield ("schema",), f"schema: got {tables}; expected one table named {stem}"


def _contract_faults(contract: Contract) -> Iterator[Fault]:
    names = [column.name for column in contract.columns]
    for kind, given in (("name", names), ("physicalName", [column.source_name for column in contract.columns])):
        for one in sorted({one for one in given if given.count(one) > 1}):
            yield ("schema", contract.name, "properties", one), f"{kind}: {one} stands twice"
    for field, place in (("title", "name"), ("description", "description"), ("limitations", "description")):
        if not getattr(contract, field):
            yield (place,), f"{field}: missing"
    if not contract.retention:
        yield ("slaProperties",), "retention: missing"
    if not _VERSION.fullmatch(contract.version):
        yield ("version",), f"version: got {contract.version!r}; expected three numbers like 1.0.0"
    if contract.format == "police_uk" and "kind" not in contract.options:
        yield _term("options", "kind: missing; expected street, outcomes or stop-and-search")


def _reference_faults(contract: Contract) -> Iterator[Fault]:
    """Terms that name a column, or another contract."""
    columns = {column.name: column for column in contract.columns}
    for field, term in (("area_column", "areaColumn"), ("period_column", "periodColumn")):
        if getattr(contract, field) not in (None, *columns):
            yield _term(term, f"{getattr(contract, field)} is not a column")
    if contract.consent_column and getattr(columns.get(contract.consent_column), "type", "") != "boolean":
        yield _term("consentColumn", f"{contract.consent_column} is not a column of true and false")
    for earlier, later in contract.orders:
        kinds = {getattr(columns.get(one), "type", "no column") for one in (earlier, later)}
        if len(kinds) > 1 or not kinds <= {"date", "timestamp", "integer", "number"}:
            yield _term("orders", f"{earlier}, {later}: expected two columns of dates or of numbers")
    for column in contract.columns:
        if column.age_at and getattr(columns.get(column.age_at), "type", "") not in ("date", "timestamp"):
            yield _term("ageAt", f"{column.name}: {column.age_at} is not a column of dates")
    if contract.name in contract.linkages:
        yield _term("linkages", f"{contract.name} cannot be linked with itself")


def _privacy_faults(contract: Contract) -> Iterator[Fault]:
    if contract.public:
        return
    if contract.small_number_rule == "open":
        yield _term("smallNumberRule", "open is for data whose every column is public")
    for value, term in ((contract.expires, "expires"), (contract.delete_by, "deleteBy")):
        if value is None and not contract.options["made_up_only"]:
            yield _term(term, "got none; an agreement on data that are not public has an end")
    if contract.expires and contract.delete_by and contract.delete_by < contract.expires:
        yield _term("deleteBy", f"{contract.delete_by} is before the last day of use, {contract.expires}")
    if contract.linkages and not contract.about_people:
        yield _term("linkages", "without a pseudonym or an identifier nobody can be linked")
    yield from _condition_faults(contract)


def _condition_faults(contract: Contract) -> Iterator[Fault]:
    """Special-category and criminal-offence data each need a condition beyond the lawful basis."""
    needed = {
        "special category": ("specialCategoryCondition", contract.special_category_condition),
        "criminal offence": ("criminalOffenceCondition", contract.criminal_offence_condition),
    }
    for category, (term, condition) in needed.items():
        columns = [column.name for column in contract.columns if column.data_category == category]
        if columns and condition.strip().casefold() == _NONE:
            yield _term(term, f"got none; {', '.join(columns)} are {category} data")


def _coverage_faults(contract: Contract) -> Iterator[Fault]:
    """Who counts a series must have met what share of the thing the source sees."""
    if contract.area_column and contract.period_column and not contract.coverage:
        yield _term("coverage", "missing; say what share of the thing this source sees, or that it is not known")
    for one in contract.coverage:
        bounds = [bound for bound in (one.low, one.share, one.high) if bound is not None]
        if bounds != sorted(bounds):
            yield _term("coverage", f"{one.of}: expected low <= share <= high, got {bounds}")
        if one.share is None and (one.low is not None or one.high is not None):
            yield _term("coverage", f"{one.of}: an interval without a share")


def _derived_faults(contract: Contract) -> Iterator[Fault]:
    names = {column.name for column in contract.columns}
    for one in contract.derived:
        used = [*one.all_of, *one.any_of]
        missing = [name for name in used if name not in names]
        if missing:
            yield _term("derived", f"{one.name}: {', '.join(missing)} is not a column")
        told = [c.name for c in contract.columns if c.name in used and c.disclosure_role == "direct identifier"]
        if told:
            yield _term("derived", f"{one.name}: {', '.join(told)} names a person; a study may not learn of it")
        if one.name in names or [other.name for other in contract.derived].count(one.name) > 1:
            yield _term("derived", f"{one.name}: there is a column of this name already")
        if not used or bool(one.any_of) != bool(one.pattern):
            yield _term("derived", f"{one.name}: expected allOf, or anyOf with a pattern, or both")
        for pattern in filter(None, (*one.all_of.values(), one.pattern)):
            yield from (_term("derived", f"{one.name}: {fault}") for fault in _regex_faults(pattern))


def _regex_faults(pattern: str) -> Iterator[str]:
    try:
        re.compile(pattern)
    except re.error as fault:
        yield f"pattern: {fault}"
    if _NOT_RE2.search(pattern):
        yield "pattern: no look-around and no back-references, which the checker does not know"


def column_faults(column: Column) -> Iterator[str]:
    """Yield a sentence for each fault of one column."""
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
    yield from _role_faults(column)
    yield from _bound_faults(column)
    yield from _pattern_faults(column)


def _role_faults(column: Column) -> Iterator[str]:
    """A role says how dangerous a column is; its classification and forms may not say otherwise."""
    if column.disclosure_role == "direct identifier" and column.classification != "restricted":
        yield f"classification: got {column.classification}; a direct identifier is restricted"
    if column.disclosure_role in ("free text", "pseudonym") and column.classification == "public":
        yield f"classification: got public; {column.disclosure_role} is not"
    if column.data_category != _NONE and column.classification not in ("confidential", "restricted"):
        yield f"classification: got {column.classification}; {column.data_category} data are confidential or restricted"
    if column.disclosure_role in ("direct identifier", "free text") and "as_given" in (column.forms or ()):
        yield f"forms: got as_given; a {column.disclosure_role} does not leave the linkage step as it is"


def _bound_faults(column: Column) -> Iterator[str]:
    bounds = [bound for bound in (column.minimum, column.maximum) if bound is not None]
    if not all(isinstance(bound, int | float) and not isinstance(bound, bool) for bound in bounds):
        yield "minimum and maximum must be numbers"
    elif bounds != sorted(bounds):
        yield f"minimum {column.minimum} is above maximum {column.maximum}"


def _pattern_faults(column: Column) -> Iterator[str]:
    if column.pattern is None:
        return
    faults = list(_regex_faults(column.pattern))
    yield from faults
    if faults:
        return
    wrong = [example for example in column.examples if not re.search(column.pattern, example)]
    yield from (f"examples: {example} does not match the pattern" for example in wrong)
    if not column.examples:
        yield "examples: a column with a pattern needs one, for messages"
