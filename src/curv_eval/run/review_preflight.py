"""What can be known to be wrong with a review before its table of studies is read."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from curv_eval.contract import Contract
from curv_eval.data import study_contract
from curv_eval.errors import CurvError, StudyError
from curv_eval.evidence.coded import columns_of
from curv_eval.evidence.judgement.grade import DOWN, UP
from curv_eval.evidence.judgement.transfer import FEATURES
from curv_eval.evidence.screened import BIAS_COLUMNS
from curv_eval.evidence.screening.decisions import COLUMNS
from curv_eval.evidence.sizes.kinds import KINDS
from curv_eval.evidence.sizes.nouns import Measure
from curv_eval.study import Review

_SAID = "; did you mean {}?"


def preflight_review(review: Review) -> None:
    """Refuse a review that names an unknown contract, column, kind of numbers, measure or reason: all at once."""
    faults = [*_names(review), *_numbers(review)]
    needed = {review.studies.contract: list(columns_of(review.studies))}
    if review.screening:
        needed[review.screening.contract] = [("screening", name) for name in COLUMNS]
    if review.bias:
        needed[review.bias.contract] = [("bias", name) for name in BIAS_COLUMNS]
    for name, asked in needed.items():
        try:
            faults += _columns(asked, study_contract(review, name))
        except CurvError as fault:
            faults += [fault.what, *(f"  {line}" for line in (*fault.breaches, fault.do) if line)]
    if faults:
        do = "correct the review, or the contract that is named"
        raise StudyError(f"{review.path.name} cannot be run", list(dict.fromkeys(faults)), do)


def _names(review: Review) -> Iterator[str]:
    asked = review.studies
    measures = [one.value for one in Measure]
    named = [("studies.reports", asked.reports, list(KINDS)), ("studies.measure", asked.measure, measures)]
    named += [("studies.given", asked.given, measures)] if asked.given else []
    reasons = review.certainty.reasons if review.certainty else ()
    named += [("certainty.reasons", name, [*DOWN, *UP]) for name in reasons]
    named += [
        ("transfer.features", name, list(FEATURES)) for name in (review.transfer.features if review.transfer else ())
    ]
    for where, got, known in named:
        if got not in known:
            close = difflib.get_close_matches(got, known, 1, cutoff=0.3)
            yield f"{where}: got {got}, expected one of {', '.join(known)}{_SAID.format(close[0]) if close else ''}"


def _numbers(review: Review) -> Iterator[str]:
    """Yield which numbers the kind needs and the review does not name, and those that it cannot use."""
    asked = review.studies
    if asked.reports not in KINDS:
        return
    kind = KINDS[asked.reports]
    yield from (f"studies.columns: {asked.reports} needs {name}" for name in kind.needs if name not in asked.columns)
    if "measure" in kind.words and asked.given is None:
        yield f"studies.given: {asked.reports} needs the measure of its numbers"


def _columns(asked: Iterable[tuple[str, str]], contract: Contract) -> Iterator[str]:
    known = [column.name for column in contract.columns]
    for where, name in asked:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            hint = _SAID.format(close[0]) if close else ""
            yield f"{where}: {contract.name} has no column `{name}`, which is needed{hint}"
