"""Single changes of a contract file, each with what a reviewer must be told of it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml
from contract_support import set_term, small_contract

from curv_eval.contract_diff import Kind

PRIVACY, USERS, COMPATIBLE, WORDING = Kind
APPROVAL = {
    "version": "2.0.0",
    "approver": "Ms A. Guardian",
    "role": "Caldicott Guardian",
    "date": "2026-11-20",
    "reason": "agreed at the board of 20 November",
}


@dataclass(frozen=True)
class Mutator:
    """One change. make: changes the document in place, or returns False where it has nothing to change."""

    name: str
    kind: Kind
    where: str
    make: Callable[[dict], object]

    def __str__(self) -> str:
        return self.name


def term(document: dict, name: str) -> object:
    return next((item["value"] for item in document["customProperties"] if item["property"] == name), None)


def properties(document: dict) -> list[dict]:
    return document["schema"][0]["properties"]


def column(document: dict, fits: Callable[[dict], object]) -> dict | None:
    return next((one for one in properties(document) if fits(one)), None)


def column_term(given: dict, name: str) -> object:
    return next((item["value"] for item in given.get("customProperties", []) if item["property"] == name), None)


def set_column_term(given: dict, name: str, value: object) -> None:
    kept = [item for item in given.get("customProperties", []) if item["property"] != name]
    given["customProperties"] = [*kept, {"property": name, "value": value}]


def shared(document: dict) -> bool:
    return any(one["classification"] != "public" for one in properties(document))


def person_contract() -> dict:
    """A small contract of data about persons, with an agreement, with one of every kind of promise."""
    document = small_contract()
    options = {"pattern": "^[0-9a-f]{8}$"}
    properties(document).extend(
        [
            made("person_id", role="pseudonym", logicalTypeOptions=options, examples=["0f0f0f0f"], required=True),
            made("born", "date", role="direct identifier", classification="restricted", forms=["year"]),
            made("seen", "date", role="quasi-identifier", forms=["month", "year"]),
            made("health", role="sensitive", category="special category", enum=[{"value": "a"}, {"value": "b"}]),
            made("agreed", "boolean", classification="internal"),
        ]
    )
    for name, value in {
        "smallNumberRule": "under_10",
        "expires": "2027-03-31",
        "deleteBy": "2028-03-31",
        "specialCategoryCondition": "Article 9(2)(j)",
        "linkages": ["other"],
        "consentColumn": "agreed",
        "orders": [["born", "seen"]],
    }.items():
        set_term(document, name, value)
    return document


def made(name: str, kind: str = "string", *, role=None, category=None, forms=None, **given) -> dict:
    found = {"name": name, "logicalType": kind, "classification": "confidential", **given}
    for key, value in (("disclosureRole", role), ("dataCategory", category), ("forms", forms)):
        if value is not None:
            set_column_term(found, key, value)
    return found


def save(document: dict, path: Path, version: str | None = None) -> Path:
    document = {**copy.deepcopy(document), **({"version": version} if version else {})}
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return path


def _text(name: str) -> Callable[[dict], object]:
    return lambda d: set_term(d, name, f"{term(d, name)}, and something else")


def _more(name: str, value: str) -> Callable[[dict], object]:
    return lambda d: set_term(d, name, [*term(d, name), value])


def _fewer(name: str) -> Callable[[dict], object]:
    return lambda d: set_term(d, name, []) if term(d, name) else False


def _lower(d: dict) -> object:
    found = column(d, lambda c: c["classification"] == "restricted" and column_term(c, "disclosureRole") == "sensitive")
    return False if found is None else found.update(classification="confidential")


def _raise(d: dict) -> object:
    found = column(d, lambda c: c["classification"] in ("internal", "confidential"))
    return False if found is None else found.update(classification="restricted")


def _role_lost(d: dict) -> object:
    found = column(d, lambda c: column_term(c, "disclosureRole") in ("quasi-identifier", "sensitive"))
    return False if found is None else set_column_term(found, "disclosureRole", "none")


def _category_lost(d: dict) -> object:
    found = column(d, lambda c: column_term(c, "dataCategory"))
    return False if found is None else set_column_term(found, "dataCategory", "none")


def _finer(d: dict) -> object:
    found = column(d, lambda c: "as_given" not in (column_term(c, "forms") or ["as_given"]))
    if found is None or column_term(found, "disclosureRole") in ("direct identifier", "free text"):
        return False
    return set_column_term(found, "forms", ["as_given", *column_term(found, "forms")])


def _coarser(d: dict) -> object:
    found = column(d, lambda c: len(column_term(c, "forms") or []) > 1)
    return False if found is None else set_column_term(found, "forms", column_term(found, "forms")[-1:])


def _option(name: str, value: object) -> Callable[[dict], object]:
    def change(d: dict) -> object:
        options = term(d, "options") or {}
        return False if options.get(name) == value else set_term(d, "options", {**options, name: value})

    return change


def _no_longer_made_up(d: dict) -> object:
    if not (term(d, "options") or {}).get("madeUpOnly"):
        return False
    set_term(d, "expires", "2027-03-31")
    set_term(d, "deleteBy", "2028-03-31")
    return set_term(d, "options", {k: v for k, v in term(d, "options").items() if k != "madeUpOnly"})


def _longer(d: dict) -> object:
    kept = d["slaProperties"][0]
    return False if kept["value"] == "no limit" else kept.update(value=kept["value"] * 3)


def _any_pseudonym(d: dict) -> object:
    found = column(d, lambda c: column_term(c, "disclosureRole") == "pseudonym")
    return False if found is None else (found.pop("logicalTypeOptions", None), found.pop("examples", None), None)[-1]


def _another_column(d: dict) -> object:
    return properties(d).append(made("one_more", classification="confidential" if shared(d) else "public"))


def _optional_public_column(d: dict) -> object:
    if shared(d):
        return False
    added = made("one_more", classification="public")
    set_column_term(added, "optional", True)
    return properties(d).append(added)


def _drop_column(d: dict) -> object:
    named = str([term(d, n) for n in ("areaColumn", "periodColumn", "consentColumn", "orders")])
    free = [c for c in properties(d) if c["name"] not in named and not c.get("primaryKey")]
    ages = {column_term(c, "ageAt") for c in properties(d)}
    free = [c for c in free if c["name"] not in ages and column_term(c, "disclosureRole") != "pseudonym"]
    return properties(d).remove(free[-1]) if free and len(properties(d)) > 2 else False


def _with(key: str, value: object, fits: Callable[[dict], object]) -> Callable[[dict], object]:
    def change(d: dict) -> object:
        found = column(d, fits)
        return False if found is None else found.update({key: value})

    return change


def _enum(change: Callable[[list], object]) -> Callable[[dict], object]:
    def make(d: dict) -> object:
        found = column(d, lambda c: len(c.get("enum") or []) > 1)
        return False if found is None else (change(found["enum"]), None)[-1]

    return make


def _bound(key: str, step: int) -> Callable[[dict], object]:
    def make(d: dict) -> object:
        found = column(d, lambda c: key in c.get("logicalTypeOptions", {}))
        return (
            False
            if found is None
            else found["logicalTypeOptions"].update({key: found["logicalTypeOptions"][key] + step})
        )

    return make


def _narrower_pattern(d: dict) -> object:
    found = column(d, lambda c: "pattern" in c.get("logicalTypeOptions", {}))
    if found is None:
        return False
    return found["logicalTypeOptions"].update(
        pattern=f"^({found['examples'][0]})$",
    ) or found.update(examples=found["examples"][:1])


def _unique(d: dict) -> object:
    return properties(d)[0].update(unique=True)


def _order_of_columns(d: dict) -> object:
    return properties(d).reverse()


def _no_consent(d: dict) -> object:
    return set_term(d, "consentColumn", None) if term(d, "consentColumn") else False


def _words(d: dict) -> object:
    return d["description"].update(limitations=d["description"]["limitations"] + " And more.")


def _example(d: dict) -> object:
    found = column(d, lambda c: c.get("examples"))
    return False if found is None else found["examples"].append(found["examples"][0])


MUTATORS = (
    Mutator("purpose added", PRIVACY, "purposes", _more("purposes", "service commissioning")),
    Mutator("purpose widened", PRIVACY, "purposes", lambda d: set_term(d, "purposes", ["any work of the partnership"])),
    Mutator("recipient added", PRIVACY, "recipients", _more("recipients", "a housing association")),
    Mutator("linkage added", PRIVACY, "linkages", lambda d: shared(d) and _more("linkages", "housing")(d)),
    Mutator("controller", PRIVACY, "controller", _text("controller")),
    Mutator("lawful basis", PRIVACY, "lawfulBasis", _text("lawfulBasis")),
    Mutator("gateway", PRIVACY, "gateway", _text("gateway")),
    Mutator("special condition", PRIVACY, "specialCategoryCondition", _text("specialCategoryCondition")),
    Mutator("criminal condition", PRIVACY, "criminalOffenceCondition", _text("criminalOffenceCondition")),
    Mutator("DPIA", PRIVACY, "dpiaReference", _text("dpiaReference")),
    Mutator("agreement", PRIVACY, "agreementReference", _text("agreementReference")),
    Mutator("retention longer", PRIVACY, "slaProperties.retention", _longer),
    Mutator("retention trigger", PRIVACY, "retentionTrigger", _text("retentionTrigger")),
    Mutator("made-up only lifted", PRIVACY, "options", _no_longer_made_up),
    Mutator("other columns dropped", PRIVACY, "options", _option("extraColumns", "drop")),
    Mutator("classification lowered", PRIVACY, ".classification", _lower),
    Mutator("role lost", PRIVACY, ".disclosureRole", _role_lost),
    Mutator("category lost", PRIVACY, ".dataCategory", _category_lost),
    Mutator("form finer", PRIVACY, ".forms", _finer),
    Mutator("anything for a pseudonym", PRIVACY, ".pattern", _any_pseudonym),
    Mutator("consent column removed", PRIVACY, "consentColumn", _no_consent),
    Mutator(
        "servers", PRIVACY, "servers", lambda d: d.update(servers=[{"server": "here", "type": "local", "path": "x"}])
    ),
    Mutator("column added", USERS, "one_more", _another_column),
    Mutator("column removed", USERS, "", _drop_column),
    Mutator("column renamed in the file", USERS, ".physicalName", _with("physicalName", "Another", lambda c: True)),
    Mutator("type", USERS, ".logicalType", _with("logicalType", "integer", lambda c: c["logicalType"] == "number")),
    Mutator(
        "required",
        USERS,
        ".required",
        _with("required", True, lambda c: not c.get("required") and not column_term(c, "optional")),
    ),
    Mutator("no longer optional", USERS, ".optional", lambda d: _set_optional(d, False)),
    Mutator("unique", USERS, ".unique", _unique),
    Mutator("value removed", USERS, ".enum", _enum(lambda e: e.pop())),
    Mutator("minimum up", USERS, ".minimum", _bound("minimum", 1)),
    Mutator("maximum down", USERS, ".maximum", _bound("maximum", -1)),
    Mutator("pattern narrower", USERS, ".pattern", _narrower_pattern),
    Mutator("form coarser", USERS, ".forms", _coarser),
    Mutator("format", USERS, "format", lambda d: set_term(d, "format", "carrier_pigeon")),
    Mutator("key", USERS, "primaryKey", lambda d: _set_key(d)),
    Mutator("blanks", USERS, "options", _option("blanks", ["?"])),
    Mutator("day first", USERS, "options", _option("dayFirst", False)),
    Mutator(
        "period column", USERS, "periodColumn", lambda d: term(d, "periodColumn") and set_term(d, "periodColumn", None)
    ),
    Mutator(
        "purpose removed",
        USERS,
        "purposes",
        lambda d: len(term(d, "purposes")) > 1 and set_term(d, "purposes", term(d, "purposes")[1:]),
    ),
    Mutator("linkage removed", USERS, "linkages", _fewer("linkages")),
    Mutator("classification raised", COMPATIBLE, ".classification", _raise),
    Mutator("optional public column", COMPATIBLE, "one_more", _optional_public_column),
    Mutator("value added", COMPATIBLE, ".enum", _enum(lambda e: e.append({"value": "one more"}))),
    Mutator("minimum down", COMPATIBLE, ".minimum", _bound("minimum", -1)),
    Mutator("maximum up", COMPATIBLE, ".maximum", _bound("maximum", 1)),
    Mutator("no longer required", COMPATIBLE, ".required", _with("required", False, lambda c: c.get("required"))),
    Mutator("now optional", COMPATIBLE, ".optional", lambda d: _set_optional(d, True)),
    Mutator("steward", COMPATIBLE, "steward", _text("steward")),
    Mutator("definition change", COMPATIBLE, "definitionChanges", lambda d: _told(d)),
    Mutator("title", WORDING, "name", lambda d: d.update(name=d["name"] + " again")),
    Mutator("limitations", WORDING, "description.limitations", _words),
    Mutator("obtain", WORDING, "obtain", _text("obtain")),
    Mutator(
        "description of a column", WORDING, ".description", lambda d: properties(d)[0].update(description="Otherwise.")
    ),
    Mutator("example", WORDING, ".examples", _example),
    Mutator("order of columns", WORDING, "columns", _order_of_columns),
    Mutator("order of values", WORDING, ".enum", _enum(lambda e: e.reverse())),
    Mutator("tags", WORDING, "tags", lambda d: d.update(tags=["violence"])),
    Mutator(
        "granularity", WORDING, "dataGranularity", lambda d: d["schema"][0].update(dataGranularityDescription="one")
    ),
    Mutator("version alone", WORDING, "version", lambda d: d.update(version="7.7.7")),
)


def _set_optional(d: dict, value: bool) -> object:
    found = column(d, lambda c: bool(column_term(c, "optional")) is not value and not c.get("required"))
    return False if found is None else set_column_term(found, "optional", value)


def _set_key(d: dict) -> object:
    for one in properties(d):
        if not one.get("primaryKey"):
            return one.update(primaryKey=True, primaryKeyPosition=9)
    return False


def _told(d: dict) -> object:
    known = term(d, "definitionChanges") or []
    change = {"month": "2025-04", "what": "a new form", "source": "the steward", "confidence": "found"}
    return set_term(d, "definitionChanges", [*known, change])
