"""From a study file to a case: its contracts, what it receives under each, and what of that needs a person."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from curv_eval.data import contract_file, full_contract
from curv_eval.errors import CurvError, StudyError
from curv_eval.minimise import received_columns
from curv_eval.register import Entry, Register, notices
from curv_eval.register.rows import dataset_rows
from curv_eval.registration import standing
from curv_eval.safes.nouns import Case, Shared
from curv_eval.shipped import shipped
from curv_eval.study import Study
from curv_eval.yamlfile import read_yaml

# of a register of these datasets alone, a linkage with others says nothing
_ELSEWHERE = "one-sided linkage"


def case_of(study: Study, today: date) -> Case:
    """Return the case of a study on a day. Raises StudyError naming every contract that cannot be used."""
    entries, faults = [], []
    for name in study.contracts:
        try:
            contract = full_contract(study, name)
            received_columns(contract, study.contracts[name].columns)
            entries.append(
                Entry(contract, contract_file(study, name).parent.resolve() != shipped("data_contracts").resolve())
            )
        except CurvError as fault:
            faults += [f"contracts.{name}: {fault.what}", *fault.breaches]
    if faults:
        raise StudyError(f"{study.study} names contracts that cannot be used", faults)
    register = Register(today, tuple(entries), (), ())
    rows = {row["dataset"]: row for row in dataset_rows(register)}
    return Case(study, today, tuple(_shared(study, one, rows, register) for one in entries), standing(study))


def _shared(study: Study, entry: Entry, rows: dict[str, dict[str, str]], register: Register) -> Shared:
    contract, use = entry.contract, study.contracts[entry.contract.name]
    found = [one for one in notices(register) if one.dataset == contract.name and one.kind != _ELSEWHERE]
    doubts = tuple(f"{one.kind}: {one.what}" for one in found)
    return Shared(contract, use, received_columns(contract, use.columns), rows[contract.name], doubts)


def law() -> list[dict[str, str]]:
    """Return what the law asks, each with its source and how sure that is."""
    return read_yaml(Path(__file__).with_name("law.yaml"))["provisions"]
