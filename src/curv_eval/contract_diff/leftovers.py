"""What stands in a contract file beside the terms that are understood here: no change of it passes in silence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from curv_eval.contract_diff.nouns import Difference, Kind, short

Place = tuple[str, ...]

_TOP = {"id", "version", "name", "customProperties", "schema"}
_ABOUT = {"purpose", "limitations"}
_COLUMN = {
    "name",
    "physicalName",
    "logicalType",
    "required",
    "unique",
    "classification",
    "examples",
    "description",
    "customProperties",
    "primaryKey",
    "primaryKeyPosition",
}
_OPTIONS = {"pattern", "minimum", "maximum"}
# keys of the standard that say nothing about who may do what with the data
_WORDS = {
    "apiVersion",
    "authoritativeDefinitions",
    "businessName",
    "context",
    "contractCreatedTs",
    "dataGranularityDescription",
    "dataProduct",
    "domain",
    "enum",
    "price",
    "support",
    "synonyms",
    "tags",
    "tenant",
    "usage",
}


def leftover_differences(old: dict[str, Any], new: dict[str, Any]) -> Iterator[Difference]:
    """Yield every difference between two contract files outside what Contract and Column hold.

    A key that is not known to be mere words needs a person to look, so it counts as breaking privacy.
    """
    yield from _between(_rest(old), _rest(new), ())
    before, after = _columns(old), _columns(new)
    for name in sorted(before.keys() & after.keys()):
        yield from _between(before[name], after[name], (name,))


def _between(old: dict[str, Any], new: dict[str, Any], at: Place) -> Iterator[Difference]:
    before, after = dict(_leaves(old, at)), dict(_leaves(new, at))
    for place in sorted({*before, *after}):
        was, now = before.get(place), after.get(place)
        if was != now:
            yield Difference(".".join(place), _kind(place), f"{short(was)} -> {short(now)}")


def _kind(place: Place) -> Kind:
    words = _WORDS.intersection(place) or place[-1] == "description"
    return Kind.WORDING if words else Kind.PRIVACY


def _rest(document: dict[str, Any]) -> dict[str, Any]:
    """Return the file without its columns and without what is compared elsewhere."""
    rest = _without(document, _TOP)
    rest["description"] = _without(document.get("description"), _ABOUT)
    rest["slaProperties"] = [_without(one, _sla(one)) for one in document.get("slaProperties") or []]
    rest["schema"] = [_without(table, {"name", "properties"}) for table in document.get("schema") or []]
    return rest


def _columns(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    tables = document.get("schema") or []
    return {column["name"]: _column(column) for table in tables for column in table.get("properties") or []}


def _column(column: dict[str, Any]) -> dict[str, Any]:
    rest = _without(column, _COLUMN)
    rest["logicalTypeOptions"] = _without(column.get("logicalTypeOptions"), _OPTIONS)
    rest["enum"] = {entry["value"]: _without(entry, {"value"}) for entry in column.get("enum") or []}
    return rest


def _sla(one: dict[str, Any]) -> set[str]:
    return {"value", "unit"} if one.get("property") == "retention" else set()


def _without(given: dict[str, Any] | None, keys: set[str]) -> dict[str, Any]:
    return {key: value for key, value in (given or {}).items() if key not in keys}


def _leaves(value: Any, at: Place) -> Iterator[tuple[Place, Any]]:
    """Yield every value with its way in: keys, and the names of list entries or else their positions."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _leaves(one, (*at, str(key)))
    elif isinstance(value, list):
        for i, one in enumerate(value):
            yield from _leaves(one, (*at, _called(one, i)))
    else:
        yield at, value


def _called(one: Any, position: int) -> str:
    given = one if isinstance(one, dict) else {}
    return str(given.get("property", given.get("name", position)))
