"""What of a study is its plan: every key, except the prose that is named here."""

from __future__ import annotations

from typing import Any

from curv_eval.study import Difference, Study, canonical, compared

# what may be worded anew, and where a file lies, after the plan was fixed; `*` stands for any name or entry. A key that
# is not named here is plan, so that one which is added to the study file is plan without anybody thinking of it.
PROSE = (
    "title", "words", "brief", "obtain", "exceptions", "registration_note", "place.name", "outcomes.*.label",
    "contracts.*.location",
    "linkage.who", "linkage.where", "linkage.label", "linkage.treated", "linkage.comparison",
    "value.costs_source", "value.committed_source", "harm.weights_source", "harm.mix_source",
)  # fmt: skip

Way = tuple[str, ...]


def plan(study: Study) -> dict[str, Any]:
    """Return the plan of a study as plain values: parsed, defaults included, without prose."""
    return _without(canonical(study), {tuple(way.split(".")) for way in PROSE})


def plan_differences(before: dict[str, Any], after: dict[str, Any]) -> list[Difference]:
    """Return what differs between two plans, each entry at its own place; () is the same plan."""
    return compared(before, after)


def plan_beside(study: Study, before: dict[str, Any]) -> dict[str, Any]:
    """Return the plan of a study so that it can be compared with one that another version of the program wrote.

    A key that `before` does not know and that has its default value is left out: nobody changed the plan when the
    program learned it.
    """
    from pydantic import TypeAdapter

    given = TypeAdapter(type(study)).dump_python(study, mode="json", exclude_defaults=True)
    return _known(plan(study), before, given)


def _without(held: Any, prose: set[Way]) -> Any:
    if isinstance(held, list):
        return [_without(one, _below(prose, "*")) for one in held]
    if not isinstance(held, dict):
        return held
    inner = {key: _below(prose, key) for key in held}
    return {key: _without(value, inner[key]) for key, value in held.items() if () not in inner[key]}


def _below(prose: set[Way], key: str) -> set[Way]:
    return {way[1:] for way in prose if way and way[0] in (key, "*")}


def _known(held: Any, before: Any, given: Any) -> Any:
    if isinstance(held, dict) and isinstance(before, dict) and isinstance(given, dict):
        return {
            key: _known(value, before.get(key), given.get(key))
            for key, value in held.items()
            if key in before or key in given
        }
    if isinstance(held, list) and isinstance(before, list) and isinstance(given, list):
        twins = {one.get("name"): one for one in before if isinstance(one, dict)}
        return [
            _known(one, twins.get(one.get("name")) if isinstance(one, dict) else None, said)
            for one, said in zip(held, given, strict=True)
        ]
    return held
