"""What a study says of itself, and the last look at a release before it is final."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

from curv_eval.data import contract_file, full_contract
from curv_eval.disclosure.scan import Known, refuse_findings, scan
from curv_eval.errors import CurvError
from curv_eval.registration import standing
from curv_eval.study import Study, load_study
from curv_eval.yamlfile import read_yaml


def refuse_identifiers(release: Path, study: Study | None) -> None:
    """Raise DisclosureError when something in `release` may name or find a person.

    study: whose authors and stewards may sign, and whose words and contracts may be quoted; None where nobody may.
    """
    if scan(release):
        refuse_findings(release, Known() if study is None else known_of(study))


def known_of(study: Study) -> Known:
    """Return in which texts people sign with their names, and what the study file and its contracts say."""
    words = [asdict(study), *(read_yaml(contract_file(study, name)) for name in study.contracts)]
    return Known("\n".join(_signed(study)), "\n".join(text for held in words for text in _texts(held)))


def study_of(run: Path) -> Study | None:
    """Return the study of a finished run as if it lay in its project, None where it cannot be read."""
    with suppress(CurvError, OSError):
        return replace(load_study(run / "study.yaml"), path=run.parents[2] / "params" / "study.yaml")
    return None


def _signed(study: Study) -> Iterator[str]:
    yield from (study.brief.authors, study.brief.contact)
    if study.brief.claim:
        yield study.brief.claim.by
    yield from (record.by for record in standing(study).records)
    for name in study.contracts:
        contract = full_contract(study, name)
        yield from (contract.controller, contract.steward, *(one.approver for one in contract.approvals))


def _texts(held: object) -> Iterator[str]:
    """Yield every text in a study or a contract, each on one line."""
    if isinstance(held, dict):
        yield from (text for value in held.values() for text in _texts(value))
    elif isinstance(held, list | tuple):
        yield from (text for value in held for text in _texts(value))
    elif isinstance(held, str):
        yield " ".join(held.split())
