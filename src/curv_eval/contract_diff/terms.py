"""What a change of each term of a contract means for the people in the data, and for those who use them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, fields
from datetime import date
from typing import Any

from curv_eval.contract import Contract
from curv_eval.contract_diff.nouns import Difference, Finding, Kind, plain, short

_IN_FILE = {
    "name": "id",
    "title": "name",
    "description": "description.purpose",
    "limitations": "description.limitations",
    "agreement": "agreementReference",
    "retention": "slaProperties.retention",
    "key": "primaryKey",
}
_ELSEWHERE = ("columns", "sha256")
_DAYS = {"d": 1.0, "day": 1.0, "w": 7.0, "week": 7.0, "m": 30.4375, "month": 30.4375, "mo": 30.4375}
_DAYS |= {"y": 365.25, "yr": 365.25, "year": 365.25}
_PERIOD = re.compile(r"([0-9]+(?:[.][0-9]+)?) ?([a-z]+?)s?")


def term_differences(old: Contract, new: Contract) -> Iterator[Difference]:
    """Yield every difference between the terms of two contracts; columns are compared elsewhere."""
    for field in fields(Contract):
        before, after = getattr(old, field.name), getattr(new, field.name)
        if field.name in _ELSEWHERE or before == after:
            continue
        rule = RULES.get(field.name, _needs_a_person)
        for kind, what in rule(before, after):
            yield Difference(_IN_FILE.get(field.name, _camel(field.name)), kind, what)


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.title() for word in others)


def _changed(before: object, after: object) -> str:
    return f"{short(before)} -> {short(after)}"


def _wording(before: object, after: object) -> Iterator[Finding]:
    yield Kind.WORDING, _changed(before, after)


def _users(before: object, after: object) -> Iterator[Finding]:
    yield Kind.USERS, _changed(before, after)


def _compatible(before: object, after: object) -> Iterator[Finding]:
    yield Kind.COMPATIBLE, _changed(before, after)


def _needs_a_person(before: object, after: object) -> Iterator[Finding]:
    """Whether another basis, condition or reference protects less is for a person to say."""
    same = plain(before) == plain(after)
    yield Kind.WORDING if same else Kind.PRIVACY, _changed(before, after)


def _widened(before: tuple[str, ...], after: tuple[str, ...]) -> Iterator[Finding]:
    was, now = {plain(one) for one in before}, {plain(one) for one in after}
    yield from ((Kind.PRIVACY, f"added {short(one)}") for one in after if plain(one) not in was)
    yield from ((Kind.USERS, f"removed {short(one)}") for one in before if plain(one) not in now)
    if was == now:
        yield Kind.WORDING, "the same in other words or another order"


def _later(before: date | None, after: date | None) -> Iterator[Finding]:
    later = after is None or (before is not None and after > before)
    kind, word = (Kind.PRIVACY, "later") if later else (Kind.USERS, "earlier")
    yield kind, f"{_changed(before, after)}: {word}"


def _longer(before: str, after: str) -> Iterator[Finding]:
    was, now = _days(before), _days(after)
    if was is None or now is None:
        yield Kind.PRIVACY, f"{_changed(before, after)}: it cannot be told which is longer"
    elif was == now:
        yield Kind.WORDING, _changed(before, after)
    else:
        kind, word = (Kind.PRIVACY, "longer") if now > was else (Kind.USERS, "shorter")
        yield kind, f"{_changed(before, after)}: {word}"


def _days(said: str) -> float | None:
    """Return how many days "24 months" are, infinity for "no limit", None for what is not such a length."""
    if plain(said) == "no limit":
        return float("inf")
    found = _PERIOD.fullmatch(plain(said))
    unit = _DAYS.get(found[2]) if found else None
    return float(found[1]) * unit if found and unit else None


def _weaker(before: str, after: str) -> Iterator[Finding]:
    # of two rules that both hide something neither is the stricter in everything, so a person decides
    stricter = before == "open"
    yield (Kind.USERS if stricter else Kind.PRIVACY), _changed(before, after)


def _consent(before: str | None, after: str | None) -> Iterator[Finding]:
    yield (Kind.USERS if before is None else Kind.PRIVACY), _changed(before, after)


def _orders(before: tuple, after: tuple) -> Iterator[Finding]:
    yield from ((Kind.USERS, f"added {' before '.join(one)}") for one in after if one not in before)
    yield from ((Kind.COMPATIBLE, f"removed {' before '.join(one)}") for one in before if one not in after)
    if set(before) == set(after):
        yield Kind.WORDING, "the same in another order"


def _derived(before: tuple, after: tuple) -> Iterator[Finding]:
    """A new derived column tells a study of something it could not receive before, so a person must agree."""
    was, now = {one.name: one for one in before}, {one.name: one for one in after}
    yield from ((Kind.USERS, f"removed {name}") for name in was.keys() - now.keys())
    yield from ((Kind.PRIVACY, f"added {name}") for name in now.keys() - was.keys())
    for name in was.keys() & now.keys():
        same = {**asdict(was[name]), "what": now[name].what} == asdict(now[name])
        if was[name] != now[name]:
            yield (Kind.WORDING if same else Kind.PRIVACY), f"changed {name}"
    if was == now:
        yield Kind.WORDING, "the same in another order"


def _told(before: tuple, after: tuple) -> Iterator[Finding]:
    """What the data are known to miss: models rely on meeting it."""
    was, now = [_said(one) for one in before], [_said(one) for one in after]
    yield from ((Kind.COMPATIBLE, f"added {short(text)}") for text in now if text not in was)
    yield from ((Kind.USERS, f"removed {short(text)}") for text in was if text not in now)
    if set(was) == set(now):
        yield Kind.WORDING, "the same in another order"


def _said(one: Any) -> str:
    return ", ".join(f"{name} {value}" for name, value in asdict(one).items() if value is not None)


def _approvals(before: tuple, after: tuple) -> Iterator[Finding]:
    """The record of who agreed only grows."""
    yield from ((Kind.WORDING, f"added for {one.version}") for one in after if one not in before)
    yield from ((Kind.PRIVACY, f"the record for {one.version} is gone") for one in before if one not in after)
    if set(before) == set(after):
        yield Kind.WORDING, "the same in another order"


def _options(before: dict[str, Any], after: dict[str, Any]) -> Iterator[Finding]:
    for name in sorted({*before, *after}):
        was, now = before.get(name), after.get(name)
        if was != now:
            yield _option_kind(name, now), f"{_camel(name)}: {_changed(was, now)}"


def _option_kind(name: str, now: object) -> Kind:
    looser = {"extra_columns": "drop", "made_up_only": False}
    if name in looser:
        return Kind.PRIVACY if now == looser[name] else Kind.USERS
    return Kind.COMPATIBLE if name == "notes_below" and now else Kind.USERS


RULES: dict[str, Callable[[Any, Any], Iterator[Finding]]] = {
    "name": _users,
    "version": _wording,
    "title": _wording,
    "description": _wording,
    "limitations": _wording,
    "purposes": _widened,
    "controller": _needs_a_person,
    "steward": _compatible,
    "lawful_basis": _needs_a_person,
    "gateway": _needs_a_person,
    "special_category_condition": _needs_a_person,
    "criminal_offence_condition": _needs_a_person,
    "dpia_reference": _needs_a_person,
    "agreement": _needs_a_person,
    "recipients": _widened,
    "linkages": _widened,
    "expires": _later,
    "retention": _longer,
    "retention_trigger": _needs_a_person,
    "delete_by": _later,
    "small_number_rule": _weaker,
    "format": _users,
    "options": _options,
    "obtain": _wording,
    "area_column": _users,
    "period_column": _users,
    "consent_column": _consent,
    "orders": _orders,
    "coverage": _told,
    "definition_changes": _told,
    "derived": _derived,
    "approvals": _approvals,
    "key": _users,
}
