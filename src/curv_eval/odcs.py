"""Reading an Open Data Contract Standard (ODCS) file strictly, with the terms of our profile, by line number."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from curv_eval.errors import ContractError, StudyError
from curv_eval.yamlfile import Place, line_of, read_yaml, small_file

if TYPE_CHECKING:
    from open_data_contract_standard.model import CustomProperty, OpenDataContractStandard

Fault = tuple[Place, str]

_START = "give a contract file, such as one that came with curv-eval in data_contracts/"


def read_odcs(path: Path) -> OpenDataContractStandard:
    """Return the ODCS document in the file `path`.

    Raises ContractError when the file is not YAML, repeats a key, uses a key ODCS does not have, or does not fit ODCS.
    """
    from open_data_contract_standard.model import OpenDataContractStandard

    raw = _raw(path)
    try:
        document = OpenDataContractStandard.model_validate(raw, strict=True)
    except ValidationError as fault:
        raise refused(path, list(_sentences(fault))) from None
    unknown = list(_unknown(raw, document.model_dump(by_alias=True, exclude_unset=True)))
    if unknown:
        raise refused(path, unknown)
    return document


def schema_faults(path: Path) -> list[Fault]:
    """Return what the standard's own JSON schema finds wrong with the file `path`."""
    from importlib import resources

    from jsonschema.validators import validator_for

    schema = json.loads(resources.files("open_data_contract_standard").joinpath("schema.json").read_text("utf-8"))
    found = validator_for(schema)(schema).iter_errors(_raw(path))
    return [(tuple(error.absolute_path), f"{_dotted(error.absolute_path)}: {error.message}") for error in found]


def refused(path: Path, faults: Sequence[Fault]) -> ContractError:
    """Return the error for a contract file with these faults, in the order of its lines."""
    placed = sorted((line_of(path, place), text) for place, text in faults)
    said = [f"line {line}: {text}" for line, text in placed]
    return ContractError(f"{path.name} is not a contract that data can be held to", said, "mend what is named")


def read_terms(model: type, custom: list[CustomProperty] | None, *, at: Place, faults: list[Fault]) -> Any:
    """Return `model` (Terms or ColumnTerms) filled from ODCS customProperties, or None after adding to `faults`.

    at: where the customProperties stand in the file.
    """
    names = [str(item.property) for item in custom or []]
    where = at[-2] if len(at) > 1 else at[0]
    twice = sorted({name for name in names if names.count(name) > 1})
    faults += [((*at, name), f"{where}: {name} stands twice") for name in twice]
    given = {str(item.property): item.value for item in custom or []}
    try:
        # JSON, because only there does pydantic's strict mode take a list for a tuple and a mapping for a dataclass
        return TypeAdapter(model).validate_json(json.dumps(given))
    except ValidationError as fault:
        for error in fault.errors(include_url=False, include_input=False):
            name, *deeper = error["loc"] or ("",)
            text = f"{_dotted((where, *error['loc']))}: {_lower(error['msg'])}"
            faults.append(((*at, name, "value", *deeper), text))
        return None


def file_bytes(path: Path) -> bytes:
    """Return the bytes of a contract file. Raises ContractError when it is no file, or too large to be a contract."""
    return _held(path, small_file)


def _raw(path: Path) -> dict:
    return _held(path, read_yaml)


def _held(path: Path, read: Callable[[Path], Any]) -> Any:
    try:
        return read(path)
    except StudyError as fault:
        # the remedy for a study that is not one is another study, and a steward has none
        raise ContractError(fault.what, fault.breaches, _START if "curv-eval new" in fault.do else fault.do) from None


def _dotted(place: Sequence[str | int]) -> str:
    return ".".join(map(str, place)) or "the file"


def _lower(message: str) -> str:
    return f"{message[0].lower()}{message[1:]}"


def _sentences(fault: ValidationError) -> Iterator[Fault]:
    for error in fault.errors(include_url=False, include_input=False):
        yield tuple(error["loc"]), f"{_dotted(error['loc'])}: {_lower(error['msg'])}"


def _unknown(given: Any, understood: Any, at: Place = ()) -> Iterator[Fault]:
    """Yield every key the standard's model left behind: below the top level it ignores unknown keys in silence."""
    if isinstance(given, dict) and isinstance(understood, dict):
        for key, value in given.items():
            if key in understood:
                yield from _unknown(value, understood[key], (*at, key))
            else:
                yield (*at, key), f"{_dotted((*at, key))}: not a key of the Open Data Contract Standard"
    elif isinstance(given, list) and isinstance(understood, list):
        for i, (one, other) in enumerate(zip(given, understood, strict=True)):
            yield from _unknown(one, other, (*at, i))
