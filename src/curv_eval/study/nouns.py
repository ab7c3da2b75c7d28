"""Study, Design, Outcome and the other nouns of a study file: frozen, unknown keys refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass

MONTH, DAY, NAME = r"^\d{4}-(0[1-9]|1[0-2])$", r"^\d{4}-\d{2}-\d{2}$", r"^[a-z][a-z0-9_]{0,39}$"
PRICES = r"^\d{4}-\d{2}$"
COLUMN = r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$"
DISTRICT, STUDY, LINK = r"^[EW]\d{8}$", r"^[a-z0-9][a-z0-9-]{1,58}[a-z0-9]$", r"^https://[^\s\"<>]+$"
# how each pattern is said to a person
LOOKS = {
    MONTH: "a month like 2023-08",
    DAY: "a day like 2026-11-23",
    NAME: "a name of at most 40 small letters, digits and _",
    PRICES: "a financial year like 2024-25",
    COLUMN: "contract.column, such as deprivation_2019.imd_rank",
    DISTRICT: "a district's code like E06000002",
    STUDY: "a name of 3 to 60 small letters, digits and -",
    LINK: "a web address that starts with https://",
}


def _real_day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise ValueError("a day that is in the calendar") from None
    return text


def _located(given: Any) -> Any:
    """A location alone is written as text."""
    return {"location": given} if isinstance(given, str) else given


Month = Annotated[str, Field(pattern=MONTH)]
Day = Annotated[str, Field(pattern=DAY), AfterValidator(_real_day)]
Name = Annotated[str, Field(pattern=NAME)]
Text = Annotated[str, Field(min_length=1, max_length=2000)]
Texts = Annotated[tuple[Text, ...], Field(strict=False)]
Names = Annotated[tuple[Name, ...], Field(strict=False)]
_strict = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True, config=_strict)
class Span:
    """A first and a last month, both included."""

    first: Month
    last: Month

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"a last month that is not before the first ({self.first} to {self.last})")


@dataclass(frozen=True, config=_strict)
class MadeUp:
    """Made-up data with a known effect, generated where they are missing: a seed and the true relative effect.

    geography: "hexagons", or "Cleveland", whose real areas are read from the public data in CURV_EVAL_DATA.
    """

    seed: int
    effect: Annotated[float, Field(gt=-1, lt=3)]
    geography: Literal["hexagons", "Cleveland"] = "hexagons"


@dataclass(frozen=True, config=_strict)
class Place:
    """Where: its name and the codes of its districts."""

    name: Text
    districts: Annotated[tuple[Annotated[str, Field(pattern=DISTRICT)], ...], Field(strict=False, min_length=1)]


@dataclass(frozen=True, config=_strict)
class Design:
    """How the effect is found. See GLOSSARY.md for each word."""

    method: Name
    window: Span
    unit: Literal["lsoa", "person"] = "lsoa"
    period: Literal["month"] = "month"
    comparison: Literal["never_treated", "not_yet_treated"] = "not_yet_treated"
    anticipation: Annotated[int, Field(ge=0, le=24)] = 0
    cluster: Literal["ward", "lsoa", "district"] = "ward"
    alpha: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    cohorts: Annotated[tuple[Month, ...], Field(strict=False)] = ()
    leave_out: Annotated[tuple[Month, ...], Field(strict=False)] = ()
    known_complete: Annotated[tuple[Month, ...], Field(strict=False)] = ()
    options: dict[Name, str | int | float | bool] = Field(default_factory=dict)


@dataclass(frozen=True, config=_strict)
class Use:
    """One dataset of a study: where it lies below the data folder, and which columns the study receives, how finely.

    columns: `name` or `name as form`, such as `date_of_birth as age_band`. Public data may leave them out.
    """

    location: Text
    columns: Texts = ()


@dataclass(frozen=True, config=_strict)
class Record:
    """How an outcome of people is found in its contract: the column with the pseudonym, and that with the date.

    links: the contract of pairs, where the records have pseudonyms of their own. value: the column with a score, or
    `sdq_total` or `swemwbs_metric`, scored from the items; without it the outcome is whether there is any record.
    """

    person: Name
    on: Name
    links: Name | None = None
    value: Name | None = None


@dataclass(frozen=True, config=_strict)
class Outcome:
    """What is counted: rows of one contract, kept where columns have the given values.

    role: "placebo" is an outcome that the intervention cannot have changed. record: for a study of people.
    """

    name: Name
    label: Text
    contract: Name
    role: Literal["primary", "secondary", "placebo"]
    where: dict[Name, str] = Field(default_factory=dict)
    better: Literal["lower", "higher"] = "lower"
    record: Record | None = None


@dataclass(frozen=True, config=_strict)
class Dose:
    """How much each person received: a column added up, or rows counted where no column is named."""

    contract: Name
    person: Name
    column: Name | None = None


@dataclass(frozen=True, config=_strict)
class Running:
    """The number that decided who was treated: from `threshold` on."""

    column: Name
    threshold: float


@dataclass(frozen=True, config=_strict)
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


@dataclass(frozen=True, config=_strict)
class Words:
    """The words a reader meets: "the patrols", "patrol areas", "areas without patrols", "patrols begin"."""

    intervention: Text
    treated: Text
    comparison: Text
    begins: Text
    without: Text


@dataclass(frozen=True, config=_strict)
class Claim:
    """A published figure to set beside the estimate: what was said, as a relative change, by whom and how."""

    text: Text
    change: Annotated[float, Field(gt=-1, lt=10)]
    by: Text
    period: Text
    design: Text
    source: Annotated[str, Field(pattern=LINK)]


@dataclass(frozen=True, config=_strict)
class BeforeAfter:
    """The same calendar months before and after, for the description a before-and-after claim rests on."""

    before: Span
    after: Span


@dataclass(frozen=True, config=_strict)
class BriefText:
    """Prose of the brief that is known before the run."""

    summary: Text
    does_not_mean: Texts
    limits: Texts
    authors: Text
    contact: Text
    claim: Claim | None = None
    before_after: BeforeAfter | None = None


@dataclass(frozen=True, config=_strict)
class Delivery:
    """Contracts that say who was reached and how much they received."""

    referrals: Name
    sessions: Name


@dataclass(frozen=True, config=_strict)
class Worth:
    """What the primary outcome's incidents cost society, and what the programme cost: for the value of the effect.

    offence: the offence group whose unit cost is taken. costs: pounds in each year from the start, in prices of
    `price_year`. committed_per_recorded: crimes committed for each recorded, with `committed_source`; without it only
    recorded crimes are valued. cost_optimism, benefit_optimism: shares added to costs and taken off benefits.
    """

    offence: Text
    costs: Annotated[tuple[Annotated[float, Field(ge=0)], ...], Field(strict=False, min_length=1)]
    price_year: Annotated[str, Field(pattern=PRICES)]
    costs_source: Text
    committed_per_recorded: Annotated[float, Field(ge=1, le=50)] | None = None
    committed_source: Text | None = None
    rate: Literal["standard", "health", "sensitivity"] = "standard"
    cost_optimism: Annotated[float, Field(ge=0, le=5)] = 0.0
    benefit_optimism: Annotated[float, Field(ge=0, lt=1)] = 0.0


@dataclass(frozen=True, config=_strict)
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


@dataclass(frozen=True, config=_strict)
class Study:
    """One study: question, data, design, outcomes (primary first), checks, seed and the words of its brief."""

    study: Annotated[str, Field(pattern=STUDY)]
    title: Annotated[str, Field(min_length=5, max_length=90)]
    question: Text
    registered: Day
    registration_note: Text
    purpose: Text
    contracts: dict[Name, Annotated[Use, BeforeValidator(_located)]]
    intervention: Name
    place: Place
    design: Design
    outcomes: Annotated[tuple[Outcome, ...], Field(strict=False, min_length=1)]
    checks: Names
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    smallest_worthwhile: Annotated[float, Field(gt=0, lt=1)]
    words: Words
    brief: BriefText
    made_up: MadeUp | None = None
    delivery: Delivery | None = None
    linkage: Linkage | None = None
    people: Persons | None = None
    value: Worth | None = None
    covariates: dict[Name, Annotated[str, Field(pattern=COLUMN)]] = Field(default_factory=dict)
    subgroups: Names = ()
    series_breaks: Texts = ()
    obtain: Text | None = None
    path: Path = Field(default=Path())

    @property
    def primary(self) -> Outcome:
        """The registered primary outcome."""
        return self.outcomes[0]

    @property
    def project(self) -> Path:
        """The folder that holds `params/`, `data_contracts/` and `outputs/`."""
        parent = self.path.resolve().parent
        return parent.parent if parent.name == "params" else parent
