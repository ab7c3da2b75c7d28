"""What can be known to be wrong with a study before its data are read."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator

from curv_eval import checks, methods
from curv_eval.contract import Column, Contract, permit_linkage
from curv_eval.data import full_contract, study_contract
from curv_eval.errors import CurvError, StudyError
from curv_eval.study import Outcome, Study

_HINT = "; is it among contracts.{}.columns?"
# what every panel is made of, whatever the study counts
GEOGRAPHY = ("lsoa_lookup", "ward_lookup", "lsoa_population", "lsoa_boundaries")


def preflight(study: Study) -> None:
    """Refuse a study that names an unknown method, option, check, contract, column or value, every fault at once."""
    missing = [name for name in GEOGRAPHY if name not in study.contracts]
    faults = [f"contracts: {name} is missing; every study needs it" for name in missing]
    faults += _refused(lambda: methods.require_options(study.design))
    for name in study.checks:
        faults += _refused(lambda name=name: checks.load(name))
    contracts: dict[str, Contract] = {}
    for name in study.contracts:
        faults += _refused(lambda name=name: contracts.update({name: study_contract(study, name)}))
    faults += _columns(study, contracts)
    faults += _linkage(study)
    if faults:
        do = "correct the study, or the contract that is named"
        raise StudyError(f"{study.path.name} cannot be run", list(dict.fromkeys(faults)), do)


def _refused(attempt: Callable[[], object]) -> list[str]:
    """Return the lines of the error that `attempt` raised, or []."""
    try:
        attempt()
    except CurvError as fault:
        return [fault.what, *(f"  {line}" for line in (*fault.breaches, fault.do) if line)]
    return []


def _linkage(study: Study) -> list[str]:
    """Refuse a linkage that either agreement does not allow. The pairs themselves need a contract of their own."""
    asked = study.linkage
    if asked is None or not {asked.people, asked.records} <= study.contracts.keys():
        return []
    return _refused(lambda: permit_linkage(full_contract(study, asked.people), full_contract(study, asked.records)))


def _columns(study: Study, contracts: dict[str, Contract]) -> Iterator[str]:
    needs = {"intervention": (study.intervention, ("lsoa21_code", "start_month"))}
    if study.linkage:
        asked = study.linkage
        people = (asked.person, asked.since, asked.compare, *asked.groups)
        needs["linkage.people"] = asked.people, people
        needs["linkage.records"] = asked.records, (asked.record_person, asked.on)
        needs["linkage.links"] = asked.links, ("left_id", "right_id", "probability")
    if study.delivery:
        needs["delivery.referrals"] = study.delivery.referrals, ("person_id", "accepted")
        needs["delivery.sessions"] = study.delivery.sessions, ("person_id", "minutes_attended")
    for where, (name, columns) in needs.items():
        known = {column.name for column in contracts[name].columns} if name in contracts else set(columns)
        said = "which is needed" + _HINT.format(name)
        yield from (f"{where}: {name} has no column `{one}`, {said}" for one in columns if one not in known)
    for outcome in study.outcomes:
        if outcome.contract in contracts:
            yield from _outcome(outcome, contracts[outcome.contract])


def _outcome(outcome: Outcome, contract: Contract) -> Iterator[str]:
    if not contract.area_column or not contract.period_column:
        yield f"outcomes.{outcome.name}: {contract.name} has no area and month to count by{_HINT.format(contract.name)}"
    columns = {column.name: column for column in contract.columns}
    for name, value in outcome.where.items():
        where = f"outcomes.{outcome.name}.where"
        if name not in columns:
            hint = _HINT.format(contract.name)
            yield f"{where}: {contract.name} has no column `{name}` (it has {', '.join(columns)}){hint}"
        elif columns[name].type not in ("string", "boolean"):
            yield f"{where}.{name}: rows can be chosen by text or true and false, not by {columns[name].type}"
        elif (allowed := _allowed(columns[name])) and value not in allowed:
            close = difflib.get_close_matches(value, allowed, 1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            yield f"{where}.{name}: got {value!r}; expected {' or '.join(allowed)}{hint}"


def _allowed(column: Column) -> tuple[str, ...]:
    """Return the values a column can have, () for any text."""
    return ("true", "false") if column.type == "boolean" else column.values
