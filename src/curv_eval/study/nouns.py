"""Study, Design, Outcome and the other nouns of a study file: frozen, unknown keys refused."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic.dataclasses import dataclass

from curv_eval.study.fields import (
    COLUMN,
    DISTRICT,
    LINK,
    PRICES,
    SECRET,
    STRICT,
    STUDY,
    Day,
    Month,
    Name,
    Names,
    Text,
    Texts,
    located,
)
from curv_eval.study.harms import Harms
from curv_eval.study.hidden_need import HiddenNeed
from curv_eval.study.of_people import Delivery, Linkage, Persons, Record
from curv_eval.study.sweep import Sweep

NOTEBOOKS = ("data", "power", "effect")


@dataclass(frozen=True, config=STRICT)
class Span:
    """A first and a last month, both included."""

    first: Month
    last: Month

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"a last month that is not before the first ({self.first} to {self.last})")


@dataclass(frozen=True, config=STRICT)
class MadeUp:
    """Made-up data with a known effect, generated where they are missing: a seed and the true relative effect.

    geography: "hexagons", or "Cleveland", whose real areas are read from the public data in CURV_EVAL_DATA.
    """

    seed: int
    effect: Annotated[float, Field(gt=-1, lt=3)]
    geography: Literal["hexagons", "Cleveland"] = "hexagons"


@dataclass(frozen=True, config=STRICT)
class Place:
    """Where: its name and the codes of its districts."""

    name: Text
    districts: Annotated[tuple[Annotated[str, Field(pattern=DISTRICT)], ...], Field(strict=False, min_length=1)]


@dataclass(frozen=True, config=STRICT)
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


@dataclass(frozen=True, config=STRICT)
class Use:
    """One dataset of a study: where it lies below the data folder, and which columns the study receives, how finely.

    columns: `name` or `name as form`, such as `date_of_birth as age_band`. Public data may leave them out. key: the
    variable of the environment that holds the key of encrypted Parquet, as in env:VCSE_KEY; the key itself is nowhere.
    """

    location: Text
    columns: Texts = ()
    key: Annotated[str, Field(pattern=SECRET)] | None = None


@dataclass(frozen=True, config=STRICT)
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


@dataclass(frozen=True, config=STRICT)
class Words:
    """The words a reader meets: "the patrols", "patrol areas", "areas without patrols", "patrols begin"."""

    intervention: Text
    treated: Text
    comparison: Text
    begins: Text
    without: Text


@dataclass(frozen=True, config=STRICT)
class Claim:
    """A published figure to set beside the estimate: what was said, as a relative change, by whom and how."""

    text: Text
    change: Annotated[float, Field(gt=-1, lt=10)]
    by: Text
    period: Text
    design: Text
    source: Annotated[str, Field(pattern=LINK)]


@dataclass(frozen=True, config=STRICT)
class BeforeAfter:
    """The same calendar months before and after, for the description a before-and-after claim rests on."""

    before: Span
    after: Span


@dataclass(frozen=True, config=STRICT)
class BriefText:
    """Prose of the brief that is known before the run."""

    summary: Text
    does_not_mean: Texts
    limits: Texts
    authors: Text
    contact: Text
    claim: Claim | None = None
    before_after: BeforeAfter | None = None


@dataclass(frozen=True, config=STRICT)
class Asked:
    """A withheld cell that the analyst asks to show, why, and who asks. Only a review can grant it.

    table, row, column: as they stand in the evidence record of a run, such as groups, "Hartlepool", events.
    """

    table: Name
    row: Text
    column: Annotated[str, Field(min_length=1, max_length=200)]
    reason: Annotated[str, Field(min_length=20, max_length=2000)]
    by: Annotated[str, Field(min_length=2, max_length=100)]


@dataclass(frozen=True, config=STRICT)
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


@dataclass(frozen=True, config=STRICT)
class Study:
    """One study: question, data, design, outcomes (primary first), checks, seed and the words of its brief."""

    study: Annotated[str, Field(pattern=STUDY)]
    title: Annotated[str, Field(min_length=5, max_length=90)]
    question: Text
    registered: Day
    registration_note: Text
    purpose: Text
    contracts: dict[Name, Annotated[Use, BeforeValidator(located)]]
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
    hidden: HiddenNeed | None = None
    harm: Harms | None = None
    covariates: dict[Name, Annotated[str, Field(pattern=COLUMN)]] = Field(default_factory=dict)
    subgroups: Names = ()
    series_breaks: Texts = ()
    obtain: Text | None = None
    exceptions: Annotated[tuple[Asked, ...], Field(strict=False)] = ()
    sweep: Sweep | None = None
    family: str = ""
    path: Path = Field(default=Path())

    @property
    def notebooks(self) -> tuple[str, ...]:
        """The notebooks of its run, in their order."""
        return NOTEBOOKS

    @property
    def primary(self) -> Outcome:
        """The registered primary outcome."""
        return self.outcomes[0]

    @property
    def reference(self) -> str:
        """How to read this study again: its file, and within a sweep its name."""
        return f"{self.path}#{self.study}" if self.family else str(self.path)

    @property
    def project(self) -> Path:
        """The folder that holds `params/`, `data_contracts/` and `outputs/`."""
        return project_of(self.path.absolute())


@functools.lru_cache(maxsize=64)
def project_of(path: Path) -> Path:
    """Return the folder of a study file's project: asked for a dozen times for each study of a plan."""
    parent = path.resolve().parent
    return parent.parent if parent.name == "params" else parent
