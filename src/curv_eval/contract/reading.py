"""From a contract file to a Contract, with every fault of the file at once."""

from __future__ import annotations

import difflib
import functools
import hashlib
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING

from curv_eval.contract.faults import all_faults, column_faults, unchecked
from curv_eval.contract.nouns import Column, Contract
from curv_eval.errors import ContractError
from curv_eval.odcs import Fault, file_bytes, read_odcs, read_terms, refused, schema_faults
from curv_eval.profile import ColumnTerms, Terms
from curv_eval.shipped import shipped

if TYPE_CHECKING:
    from open_data_contract_standard.model import OpenDataContractStandard, SchemaProperty

_ELSEWHERE = ("profile", "agreement_reference", "options")


def contract_names(folder: Path | None = None) -> tuple[str, ...]:
    """Return the names of the contracts in `folder` (default: those that came with the package), sorted."""
    return tuple(sorted(path.stem for path in (folder or shipped("data_contracts")).glob("*.yaml")))


def load_contract(name: str, folder: Path | None = None) -> Contract:
    """Return the contract `name` of `folder` (default: those that came with the package).

    Raises ContractError with every fault of the file and its line: not YAML, unknown or repeated keys, not ODCS, terms
    that are missing, a promise that is not checked here. A blank lawful basis loads, so that it can be shown, and
    `permit` refuses it.
    """
    path = _find(name, folder or shipped("data_contracts"))
    return _read_once(path, hashlib.sha256(file_bytes(path)).hexdigest())


@functools.lru_cache(maxsize=256)
def _read_once(path: Path, _content: str) -> Contract:
    """Return the contract in a file; the studies of a sweep share their contracts, which are frozen."""
    return _read(path, [])


def lint_contract(path: Path) -> Contract:
    """Return the contract in the file `path`, held to the standard's own JSON schema too. Raises ContractError."""
    return _read(path, schema_faults(path))


def _read(path: Path, faults: list[Fault]) -> Contract:
    document = read_odcs(path)
    terms = read_terms(Terms, document.customProperties, at=("customProperties",), faults=faults)
    columns = tuple(_column(given, path.stem, faults) for given in _properties(document))
    if terms is None:
        raise refused(path, faults)
    contract = _contract(document, terms, columns, hashlib.sha256(file_bytes(path)).hexdigest())
    faults += all_faults(document, contract, path.stem)
    if faults:
        raise refused(path, list(dict.fromkeys(faults)))
    return contract


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


def _column(given: SchemaProperty, table: str, faults: list[Fault]) -> Column:
    name, options = given.name or "", given.logicalTypeOptions or {}
    at = ("schema", table, "properties", name)
    terms = read_terms(ColumnTerms, given.customProperties, at=(*at, "customProperties"), faults=faults)
    terms = terms or ColumnTerms()
    column = Column(
        name=name,
        source_name=given.physicalName or name,
        type=given.logicalType or "",
        required=bool(given.required),
        unique=bool(given.unique),
        pattern=options.get("pattern"),
        values=tuple(entry.value for entry in given.enum or []),
        minimum=options.get("minimum"),
        maximum=options.get("maximum"),
        classification=given.classification or "",
        examples=tuple(str(example) for example in given.examples or []),
        description=(given.description or "").strip(),
        **{field.name: getattr(terms, field.name) for field in fields(ColumnTerms)},
    )
    faults += [(at, f"{name}: {fault}") for fault in (*unchecked(given), *column_faults(column))]
    return column


def _contract(document: OpenDataContractStandard, terms: Terms, columns: tuple[Column, ...], sha256: str) -> Contract:
    about, agreed = document.description, {sla.property: sla for sla in document.slaProperties or []}
    kept = agreed.get("retention")
    given = {field.name: getattr(terms, field.name) for field in fields(Terms) if field.name not in _ELSEWHERE}
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
