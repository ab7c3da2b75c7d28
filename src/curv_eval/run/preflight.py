"""What can be known to be wrong with a study before its data are read."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator

from curv_eval import checks, methods
from curv_eval.contract import Column, Contract, permit_linkage
from curv_eval.data import full_contract, study_contract
from curv_eval.errors import CurvError, StudyError
from curv_eval.people.outcomes import ITEMS
from curv_eval.registration import standing
from curv_eval.report.harm_tables import require_harm
from curv_eval.run.review_preflight import preflight_review
from curv_eval.study import Outcome, Review, Study
from curv_eval.study.references import GEOGRAPHY, unused

_HINT = "; is it among contracts.{}.columns?"
# the methods and checks that read what a study may leave out; a test holds this to their files
READERS = {
    "covariates": ("callaway_santanna", "attrition", "balance", "overlap", "sensitivity_to_confounding", "subgroup"),
    "subgroups": ("subgroup",),
    "series_breaks": ("series_break",),
    "people.dose": ("dose_response",),
    "people.running": ("regression_discontinuity",),
}


def preflight(study: Study | Review) -> None:
    """Refuse a study that names an unknown method, option, check, contract, column or value, every fault at once."""
    if isinstance(study, Review):
        preflight_review(study)
        return
    needed = GEOGRAPHY if study.design.unit == "lsoa" else ()
    missing = [name for name in needed if name not in study.contracts]
    faults = [f"contracts: {name} is missing; every study of areas needs it" for name in missing]
    faults += _refused(lambda: methods.require_options(study.design))
    for name in study.checks:
        faults += _refused(lambda name=name: checks.load(name))
    faults += _refused(lambda: _takes(study))
    faults += [f"contracts.{name}: nothing in this study uses it; leave it out" for name in unused(study)]
    faults += _unread(study)
    contracts: dict[str, Contract] = {}
    for name in study.contracts:
        faults += _refused(lambda name=name: contracts.update({name: study_contract(study, name)}))
    faults += _columns(study, contracts)
    faults += _linkage(study)
    faults += _refused(lambda: require_harm(study)) if study.harm else []
    faults += _refused(lambda: standing(study))
    if faults:
        do = "correct the study, or the contract that is named"
        raise StudyError(f"{study.path.name} cannot be run", list(dict.fromkeys(faults)), do)


def _takes(study: Study) -> None:
    """Refuse a method and checks that look at areas in a study of people, and the reverse."""
    kind = "people" if study.design.unit == "person" else "panel"
    what = {"people": "people", "panel": "areas"}[kind]
    faults = []
    if study.design.method not in methods.names(kind) and study.design.method in methods.names():
        faults.append(f"design.method: {study.design.method} is not for {what} ({', '.join(methods.names(kind))} are)")
    wrong = [name for name in study.checks if name in checks.names() and name not in checks.names(kind)]
    faults += [f"checks: {name} is not for {what} ({', '.join(checks.names(kind))} are)" for name in wrong]
    if faults:
        raise StudyError("method and checks do not fit `design.unit`", faults)


def _unread(study: Study) -> Iterator[str]:
    """Yield what is in the study and would change nothing: no method or check that it names reads it."""
    readers = {study.design.method, *study.checks}
    for key, reading in READERS.items():
        held: object = study
        for part in key.split("."):
            held = getattr(held, part, None)
        if held and not readers & set(reading):
            said = reading[0] if len(reading) == 1 else f"{', '.join(reading[:-1])} or {reading[-1]}"
            yield f"{key}: nothing in this study reads it, only {said} would; leave it out or name that too"


def _refused(attempt: Callable[[], object]) -> list[str]:
    """Return the lines of the error that `attempt` raised, or []."""
    try:
        attempt()
    except CurvError as fault:
        return [fault.what, *(f"  {line}" for line in (*fault.breaches, fault.do) if line)]
    return []


def _linkage(study: Study) -> list[str]:
    """Refuse a linkage that either agreement does not allow. The pairs themselves need a contract of their own."""
    pairs = {(study.linkage.people, study.linkage.records)} if study.linkage else set()
    if study.people:
        pairs |= {(study.people.contract, one.contract) for one in study.outcomes if one.record and one.record.links}
    if study.hidden:
        pairs |= {study.hidden.contracts_of(pair) for pair in study.hidden.links}
    known = [pair for pair in sorted(pairs) if set(pair) <= study.contracts.keys()]
    return [
        line
        for people, records in known
        for line in _refused(
            lambda p=people, r=records: permit_linkage(full_contract(study, p), full_contract(study, r))
        )
    ]


def _columns(study: Study, contracts: dict[str, Contract]) -> Iterator[str]:
    area = study.design.unit == "lsoa"
    needs = {"intervention": (study.intervention, ("lsoa21_code", "start_month"))} if area else dict(_of_people(study))
    needs |= {f"covariates.{n}": (at.split(".")[0], (at.split(".")[1],)) for n, at in study.covariates.items()}
    if study.linkage:
        asked = study.linkage
        people = (asked.person, asked.since, asked.compare, *asked.groups)
        needs["linkage.people"] = asked.people, people
        needs["linkage.records"] = asked.records, (asked.record_person, asked.on)
        needs["linkage.links"] = asked.links, ("left_id", "right_id", "probability")
    needs |= dict(_of_lists(study))
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


def _of_people(study: Study) -> Iterator[tuple[str, tuple[str, tuple[str, ...]]]]:
    """Yield where a study of people names columns: the contract, and which columns of it."""
    asked = study.people
    running = asked.running.column if asked.running else None
    named = (asked.person, asked.since, asked.treated, asked.assigned, asked.cluster, asked.stratum, running)
    yield "people", (asked.contract, tuple(name for name in (*named, *asked.covariates) if name))
    if asked.dose:
        columns = tuple(name for name in (asked.dose.person, asked.dose.column) if name)
        yield "people.dose", (asked.dose.contract, columns)
    for outcome in study.outcomes:
        record = outcome.record
        value = [record.value] if record.value and record.value not in ITEMS else []
        items = [f"item_{i}" for i in range(1, ITEMS.get(record.value, 0) + 1)]
        yield f"outcomes.{outcome.name}.record", (outcome.contract, (record.person, record.on, *value, *items))
        if record.links:
            yield f"outcomes.{outcome.name}.record.links", (record.links, ("left_id", "right_id"))


def _of_lists(study: Study) -> Iterator[tuple[str, tuple[str, tuple[str, ...]]]]:
    """Yield where the lists that saw people name columns: the contract, and which columns of it."""
    if study.hidden:
        for one in study.hidden.lists:
            columns = (one.person, one.on, *one.where, *([one.positive] if one.positive else []))
            yield f"hidden.lists.{one.name}", (one.contract, columns)
        for pair in study.hidden.links:
            where = f"hidden.links.{pair.left} and {pair.right}"
            yield where, (pair.contract, ("left_id", "right_id", "probability"))


def _outcome(outcome: Outcome, contract: Contract) -> Iterator[str]:
    if outcome.record is None and not (contract.area_column and contract.period_column):
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
