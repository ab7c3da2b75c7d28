"""The nouns of a study file that are about people: who was reached, linked, followed, and what came of them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from curv_eval.study.fields import STRICT, Name, Names, Text


@dataclass(frozen=True, config=STRICT)
class Delivery:
    """Contracts that say who was reached and how much they received."""

    referrals: Name
    sessions: Name


@dataclass(frozen=True, config=STRICT)
class Linkage:
    """Records about the same people in two datasets, joined by pairs of pseudonyms that a linker made.

    people: contract with one row per person and referral; `person` is its pseudonym, `since` the date from which time
    counts, `compare` a column of true and false (true: received the intervention). records: contract of the records
    looked for; `record_person` is its pseudonym, `on` its date. links: contract of the pairs. months: how long people
    are followed. who and where: what people and records are called, as in "young people referred" and "A&E records".
    label: what is counted, as in "attended A&E after an assault". treated and comparison: the two groups, as in
    "accepted" and "declined". groups: columns of people by which link rates are
    shown.
    """

    people: Name
    person: Name
    since: Name
    compare: Name
    records: Name
    record_person: Name
    on: Name
    links: Name
    who: Text
    where: Text
    label: Text
    treated: Text
    comparison: Text
    months: Annotated[int, Field(ge=1, le=60)] = 12
    groups: Names = ()


@dataclass(frozen=True, config=STRICT)
class Record:
    """How an outcome of people is found in its contract: the column with the pseudonym, and that with the date.

    links: the contract of pairs, where the records have pseudonyms of their own. value: the column with a score, or
    `sdq_total` or `swemwbs_metric`, scored from the items; without it the outcome is whether there is any record.
    """

    person: Name
    on: Name
    links: Name | None = None
    value: Name | None = None


@dataclass(frozen=True, config=STRICT)
class Dose:
    """How much each person received: a column added up, or rows counted where no column is named."""

    contract: Name
    person: Name
    column: Name | None = None


@dataclass(frozen=True, config=STRICT)
class Running:
    """The number that decided who was treated: from `threshold` on."""

    column: Name
    threshold: float


@dataclass(frozen=True, config=STRICT)
class Persons:
    """The people of a study: one row per person and referral, of which the first within the window counts.

    since: the column with the date from which a person is followed, for `months`. treated: a column of true and false.
    assigned: such a column, to whom it was offered or drawn. cluster: people treated together. stratum: groups within
    which it was drawn. covariates: columns that say what people were like before.
    """

    contract: Name
    person: Name
    since: Name
    treated: Name
    months: Annotated[int, Field(ge=1, le=60)] = 12
    assigned: Name | None = None
    cluster: Name | None = None
    stratum: Name | None = None
    covariates: Names = ()
    dose: Dose | None = None
    running: Running | None = None
