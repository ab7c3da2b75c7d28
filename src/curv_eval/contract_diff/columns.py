"""What a change of each promise about a column means for the people in the data, and for those who use them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields

from curv_eval.contract import CLASSIFICATIONS, Column, Contract
from curv_eval.contract_diff.nouns import Difference, Finding, Kind, short
from curv_eval.minimise import allowed_forms

# how much care a role asks for; of two with the same number neither asks for less
_CARE = {"none": 0, "sensitive": 1, "quasi-identifier": 1, "pseudonym": 2, "free text": 3, "direct identifier": 3}
# each form, and what can be worked out from it
_GIVES = {
    "as_given": {"month", "quarter", "year", "age_band", "under_25", "lsoa"},
    "month": {"quarter", "year"},
    "quarter": {"year"},
    "age_band": {"under_25"},
}
_FINER = {("date", "timestamp"), ("integer", "number")}


def column_differences(old: Contract, new: Contract) -> Iterator[Difference]:
    """Yield every difference between the columns of two contracts."""
    pairs = dict(_pairs(old, new))
    yield from _gone(old, pairs)
    for column in new.columns:
        before = pairs.get(column.name)
        yield from _added(column, new) if before is None else _compared(before, column)
    places = [old.columns.index(pairs[column.name]) for column in new.columns if column.name in pairs]
    if places != sorted(places):
        yield Difference("columns", Kind.WORDING, "they stand in another order")


def _pairs(old: Contract, new: Contract) -> Iterator[tuple[str, Column]]:
    """Yield the name of each column of `new` that stood in `old`, with what stood there: by name, else by its name
    in the file."""
    names = {column.name: column for column in old.columns}
    left = {column.source_name: column for column in old.columns if column.name not in {c.name for c in new.columns}}
    for column in new.columns:
        before = names.get(column.name) or left.get(column.source_name)
        if before is not None:
            yield column.name, before


def _gone(old: Contract, pairs: dict[str, Column]) -> Iterator[Difference]:
    kept = {column.name for column in pairs.values()}
    yield from (Difference(c.name, Kind.USERS, "the column is gone") for c in old.columns if c.name not in kept)


def _added(column: Column, contract: Contract) -> Iterator[Difference]:
    if contract.public and column.optional:
        yield Difference(column.name, Kind.COMPATIBLE, "a public column that files may lack is added")
        return
    if not contract.public:
        yield Difference(column.name, Kind.PRIVACY, "a column is added: more is shared")
    if not column.optional:
        yield Difference(column.name, Kind.USERS, "a column is added, and files without it are refused")


def _compared(before: Column, after: Column) -> Iterator[Difference]:
    for field in fields(Column):
        rule = RULES.get(field.name, _unknown)
        # the forms that role and type allow change with these, though nothing is said of forms
        if getattr(before, field.name) != getattr(after, field.name) or rule is _forms:
            for kind, what in rule(before, after, field.name):
                yield Difference(f"{after.name}.{_IN_FILE.get(field.name, field.name)}", kind, what)


def _was(before: Column, after: Column, name: str) -> str:
    return f"{short(getattr(before, name))} -> {short(getattr(after, name))}"


def _wording(before: Column, after: Column, name: str) -> Iterator[Finding]:
    yield Kind.WORDING, _was(before, after, name)


def _users(before: Column, after: Column, name: str) -> Iterator[Finding]:
    yield Kind.USERS, _was(before, after, name)


def _unknown(before: Column, after: Column, name: str) -> Iterator[Finding]:
    yield Kind.PRIVACY, f"{_was(before, after, name)}: a person must say what this means"


def _type(before: Column, after: Column, name: str) -> Iterator[Finding]:
    yield Kind.USERS, _was(before, after, name)
    if (before.type, after.type) in _FINER or (after.type == "string" and after.classification != "public"):
        yield Kind.PRIVACY, f"{_was(before, after, name)}: it can hold more"


def _demand(before: Column, after: Column, name: str) -> Iterator[Finding]:
    """required and unique: asking for more breaks files that were good."""
    yield (Kind.USERS if getattr(after, name) else Kind.COMPATIBLE), _was(before, after, name)


def _optional(before: Column, after: Column, name: str) -> Iterator[Finding]:
    yield (Kind.COMPATIBLE if after.optional else Kind.USERS), _was(before, after, name)


def _pattern(before: Column, after: Column, name: str) -> Iterator[Finding]:
    # a pattern may be all that keeps names out of a column of pseudonyms
    loose = before.pattern is not None and after.classification != "public"
    if loose:
        yield Kind.PRIVACY, f"{_was(before, after, name)}: the column can hold something else"
    if after.pattern is not None or not loose:
        yield (Kind.COMPATIBLE if after.pattern is None else Kind.USERS), _was(before, after, name)


def _values(before: Column, after: Column, name: str) -> Iterator[Finding]:
    gone = [value for value in before.values if value not in after.values]
    come = [value for value in after.values if value not in before.values]
    if not after.values:
        private = after.classification != "public"
        yield (Kind.PRIVACY if private else Kind.COMPATIBLE), "any value is allowed in place of a list"
    elif not before.values:
        yield Kind.USERS, "a list of allowed values in place of any"
    else:
        yield from ((Kind.USERS, f"value {short(value)} is no longer allowed") for value in gone)
        yield from ((Kind.COMPATIBLE, f"value {short(value)} is allowed too") for value in come)
        if not gone and not come:
            yield Kind.WORDING, "the values stand in another order"


def _bound(before: Column, after: Column, name: str) -> Iterator[Finding]:
    was, now = getattr(before, name), getattr(after, name)
    narrower = was is None or (now is not None and (now > was if name == "minimum" else now < was))
    yield (Kind.USERS if narrower else Kind.COMPATIBLE), f"{_was(before, after, name)}"


def _classification(before: Column, after: Column, name: str) -> Iterator[Finding]:
    was, now = CLASSIFICATIONS.index(before.classification), CLASSIFICATIONS.index(after.classification)
    if now < was:
        yield Kind.PRIVACY, f"{_was(before, after, name)}: lowered"
    else:
        yield (Kind.USERS if before.classification == "public" else Kind.COMPATIBLE), _was(before, after, name)


def _role(before: Column, after: Column, name: str) -> Iterator[Finding]:
    more = _CARE[after.disclosure_role] > _CARE[before.disclosure_role]
    yield (Kind.COMPATIBLE if more else Kind.PRIVACY), _was(before, after, name)


def _category(before: Column, after: Column, name: str) -> Iterator[Finding]:
    yield (Kind.COMPATIBLE if before.data_category == "none" else Kind.PRIVACY), _was(before, after, name)


def _forms(before: Column, after: Column, name: str) -> Iterator[Finding]:
    """How finely a study may receive it, whether the contract says so or role and type decide."""
    was, now = allowed_forms(before), allowed_forms(after)
    known = set(was).union(*(_GIVES.get(form, set()) for form in was))
    for form in now:
        if form not in was:
            yield (Kind.COMPATIBLE if form in known else Kind.PRIVACY), f"may be received as {form}"
    yield from ((Kind.USERS, f"may no longer be received as {form}") for form in was if form not in now)
    if set(was) == set(now) and before.forms != after.forms:
        yield Kind.WORDING, "the same forms, said differently"


_IN_FILE = {
    "source_name": "physicalName",
    "type": "logicalType",
    "values": "enum",
    "disclosure_role": "disclosureRole",
    "data_category": "dataCategory",
    "age_at": "ageAt",
}
RULES: dict[str, Callable[[Column, Column, str], Iterator[Finding]]] = {
    "name": _users,
    "source_name": _users,
    "type": _type,
    "required": _demand,
    "optional": _optional,
    "unique": _demand,
    "pattern": _pattern,
    "values": _values,
    "minimum": _bound,
    "maximum": _bound,
    "classification": _classification,
    "disclosure_role": _role,
    "data_category": _category,
    "forms": _forms,
    "age_at": _users,
    "examples": _wording,
    "description": _wording,
}
