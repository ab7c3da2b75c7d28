"""The study file of an evidence review: its protocol, the table of studies, how they are put together and judged."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic.dataclasses import dataclass

from curv_eval.study.fields import LINK, STRICT, STUDY, Day, Name, Names, Text, Texts, located
from curv_eval.study.nouns import Asked, Use, project_of
from curv_eval.study.protocol import Eligibility, Exclusion, Question
from curv_eval.study.references import outside

NOTEBOOKS = ("review",)
Positive = Annotated[float, Field(gt=0)]


@dataclass(frozen=True, config=STRICT)
class Designs:
    """Which column tells how a study was made, and which of its values are trials or have a comparison group."""

    column: Name
    randomised: Texts
    compared: Texts


@dataclass(frozen=True, config=STRICT)
class Coded:
    """The table of studies: a contract, and which of its columns is what.

    reports: what kind of numbers the table gives, as in two_by_two. columns: the name of each number that this kind
    needs -> the column that holds it, or several that are added, such as `reoffended + did_not`. given: the measure of
    numbers that are effects already. measure: what all of them are put on. same_label: what it means when a label
    stands twice: a fault (refuse), another sample of people (samples), or another effect on the same people (effects).
    called: a word before each label, such as District, where labels are numbers. labels: by moderator, how a reader
    calls its values.
    """

    contract: Name
    study: Name
    reports: Name
    columns: dict[Name, Text]
    measure: Name
    better: Literal["lower", "higher"] = "lower"
    given: Name | None = None
    same_label: Literal["refuse", "samples", "effects"] = "refuse"
    called: Annotated[str, Field(max_length=40)] = ""
    designs: Designs | None = None
    moderators: Names = ()
    labels: dict[Name, dict[Text, Text]] = Field(default_factory=dict)


@dataclass(frozen=True, config=STRICT)
class Screened:
    """What two people decided about each record: the contract of the screening table, and what was found before it.

    identified: records by database. duplicates: how many of them were taken out as the same as another.
    """

    contract: Name
    identified: Annotated[dict[Text, Annotated[int, Field(ge=0)]], Field(min_length=1)]
    duplicates: Annotated[int, Field(ge=0)] = 0


@dataclass(frozen=True, config=STRICT)
class Judged:
    """The risk of bias of each study: the contract of the table, the tool, and who judged."""

    contract: Name
    tool: Literal["rob_2", "robins_i"]
    by: Text


@dataclass(frozen=True, config=STRICT)
class Synthesis:
    """How studies are put together. correlation: of effects on the same people, assumed where studies give several."""

    tau2: Literal["reml", "dl", "pm"] = "reml"
    interval: Literal["hartung_knapp", "hartung_knapp_uncorrected", "normal"] = "hartung_knapp"
    alpha: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    correlation: Annotated[float, Field(ge=0, lt=1)] = 0.6


@dataclass(frozen=True, config=STRICT)
class Reason:
    """A step of a rating and why: how many levels up or (below 0) down."""

    steps: Annotated[int, Field(ge=-2, le=2)]
    why: Text


@dataclass(frozen=True, config=STRICT)
class Rated:
    """How sure one can be, by the reasons of GRADE; who judged."""

    start: Literal["randomised", "non-randomised"]
    reasons: dict[Name, Reason]
    by: Text


@dataclass(frozen=True, config=STRICT)
class Answer:
    """Whether a place is like those of the studies in one feature, and why."""

    answer: Literal["similar", "partly", "different", "unknown"]
    why: Text


@dataclass(frozen=True, config=STRICT)
class Here:
    """Whether it would work here: the place, each feature with an answer, and who judged."""

    place: Text
    features: dict[Name, Answer]
    by: Text


@dataclass(frozen=True, config=STRICT)
class Rate:
    """How many acts, or people who meet them, there are a year for 100,000 people without the approach."""

    rate: Positive
    of: Text
    source: Text


@dataclass(frozen=True, config=STRICT)
class Cost:
    """What reaching one person for a year costs, in pounds: lowest, highest, and the likeliest if known."""

    low: Positive
    high: Positive
    price_year: Text
    source: Text
    likeliest: Positive | None = None


@dataclass(frozen=True, config=STRICT)
class ReviewText:
    """Prose of the review's brief that is known before the run."""

    summary: Text
    does_not_mean: Texts
    limits: Texts
    authors: Text
    contact: Text

    @property
    def claim(self) -> None:
        """A review has none: what was published stands under `published`."""
        return None


@dataclass(frozen=True, config=STRICT)
class Published:
    """The result of a published review of the same studies, set beside ours: its words, ratio and source."""

    text: Text
    estimate: float
    source: Annotated[str, Field(pattern=LINK)] | Text


@dataclass(frozen=True, config=STRICT)
class Review:
    """An evidence review: one question about one approach, answered from many studies.

    approach: as in "focused deterrence". outcome: what it should prevent, as in "violent crime". taken_from: whose
    search and table of studies it rests on, where it made none of its own. deviations: what was done otherwise than
    planned, and why.
    """

    kind: Literal["review"]
    study: Annotated[str, Field(pattern=STUDY)]
    title: Annotated[str, Field(min_length=5, max_length=90)]
    approach: Text
    outcome: Text
    asks: Question
    eligibility: Eligibility
    registered: Day
    registration_note: Text
    taken_from: Text
    purpose: Text
    contracts: dict[Name, Annotated[Use, BeforeValidator(located)]]
    studies: Coded
    smallest_worthwhile: Annotated[float, Field(gt=0, lt=1)]
    brief: ReviewText
    synthesis: Synthesis = Synthesis()
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 20261127
    plan: Literal["registered", "registered_changed", "written", "registered_late", "unexplained", "none"] = "written"
    indirect: Annotated[int, Field(ge=0)] | None = None
    screening: Screened | None = None
    bias: Judged | None = None
    certainty: Rated | None = None
    transfer: Here | None = None
    baseline: Rate | None = None
    cost: Cost | None = None
    published: Published | None = None
    deviations: Texts = ()
    obtain: Text | None = None
    exceptions: Annotated[tuple[Asked, ...], Field(strict=False)] = ()
    path: Path = Field(default=Path())
    family: str = ""

    @property
    def notebooks(self) -> tuple[str, ...]:
        """The notebooks of its run, in their order."""
        return NOTEBOOKS

    @property
    def made_up(self) -> None:
        """A review has no made-up data of its own, and nothing else below: a study of places or people may."""
        return None

    linkage = hidden = people = sweep = made_up

    @property
    def question(self) -> str:
        """The question in one sentence."""
        return self.asks.text

    @property
    def reference(self) -> str:
        """How to read this review again: its file."""
        return str(self.path)

    @property
    def project(self) -> Path:
        """The folder that holds `params/`, `data_contracts/` and `outputs/`."""
        return project_of(self.path.absolute())


# the part of a review's file under each key, to name the nearest key where one is mistyped
REVIEW_PARTS: dict[str, type] = {
    "asks": Question, "eligibility": Eligibility, "exclude": Exclusion, "contracts": Use, "studies": Coded,
    "designs": Designs, "screening": Screened, "bias": Judged, "synthesis": Synthesis, "certainty": Rated,
    "reasons": Reason, "transfer": Here, "features": Answer, "baseline": Rate, "cost": Cost, "published": Published,
    "brief": ReviewText, "exceptions": Asked,
}  # fmt: skip


def review_references(review: Review) -> list[str]:
    """Return every name in the review that refers to nothing, and every contract that nothing uses."""
    named = {"studies": review.studies, "screening": review.screening, "bias": review.bias}
    used = {where: one.contract for where, one in named.items() if one}
    faults = [
        f"{where}.contract: {name} is not under `contracts:`"
        for where, name in used.items()
        if name not in review.contracts
    ]
    idle = sorted(review.contracts.keys() - {*used.values()})
    return (
        faults
        + [f"contracts.{name}: nothing in this review uses it; leave it out" for name in idle]
        + outside(review.contracts)
    )
