"""The study file: the analysis plan, fixed before the run, read once, frozen, unknown keys refused."""

from __future__ import annotations

import difflib
import json
import re
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from curv_eval.errors import StudyError
from curv_eval.yamlfile import read_yaml

MONTH, DAY, NAME = r"^\d{4}-(0[1-9]|1[0-2])$", r"^\d{4}-\d{2}-\d{2}$", r"^[a-z][a-z0-9_]{0,39}$"
DISTRICT, STUDY, LINK = r"^[EW]\d{8}$", r"^[a-z0-9][a-z0-9-]{1,58}[a-z0-9]$", r"^https://[^\s\"<>]+$"
_LOOKS = {
    MONTH: "a month like 2023-08",
    DAY: "a day like 2026-11-23",
    NAME: "a name of at most 40 small letters, digits and _",
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
    """Made-up data with a known effect, generated where they are missing: a seed and the true relative effect."""

    seed: int
    effect: Annotated[float, Field(gt=-1, lt=3)]


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
    unit: Literal["lsoa"] = "lsoa"
    period: Literal["month"] = "month"
    comparison: Literal["never_treated", "not_yet_treated"] = "not_yet_treated"
    anticipation: Annotated[int, Field(ge=0, le=24)] = 0
    cluster: Literal["ward", "lsoa", "district"] = "ward"
    alpha: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    cohorts: Annotated[tuple[Month, ...], Field(strict=False)] = ()
    options: dict[Name, str | int | float | bool] = Field(default_factory=dict)


@dataclass(frozen=True, config=_strict)
class Outcome:
    """What is counted: rows of one contract, kept where columns have the given values."""

    name: Name
    label: Text
    contract: Name
    role: Literal["primary", "secondary"]
    where: dict[Name, str] = Field(default_factory=dict)
    better: Literal["lower", "higher"] = "lower"


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
class Study:
    """One study: question, data, design, outcomes (primary first), checks, seed and the words of its brief."""

    study: Annotated[str, Field(pattern=STUDY)]
    title: Annotated[str, Field(min_length=5, max_length=90)]
    question: Text
    registered: Day
    registration_note: Text
    purpose: Text
    contracts: dict[Name, str]
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


_ADAPTER = TypeAdapter(Study)


def load_study(path: str | Path) -> Study:
    """Return the study in the YAML file `path`, or raise StudyError with every fault in it at once."""
    path = Path(path)
    raw = read_yaml(path)
    faults = ["path: is set by the program"] if "path" in raw else []
    try:
        found = _ADAPTER.validate_json(json.dumps({**raw, "path": str(path)}))
    except ValidationError as fault:
        faults += _sentences(fault)
    else:
        faults += _references(found)
    if faults:
        raise StudyError(
            f"{path.name} is not a study yet", sorted(faults), "see GLOSSARY.md, or start from `curv-eval new`"
        )
    return found


def _references(study: Study) -> list[str]:
    """Return every name in the study that refers to nothing."""
    faults = []
    if study.primary.role != "primary" or any(o.role == "primary" for o in study.outcomes[1:]):
        faults.append("outcomes: exactly one is primary, and it stands first")
    names = [outcome.name for outcome in study.outcomes]
    faults += [f"outcomes: the name {n} stands twice" for n in sorted({n for n in names if names.count(n) > 1})]
    faults += [f"checks: {n} stands twice" for n in sorted({n for n in study.checks if study.checks.count(n) > 1})]
    used = [("intervention", study.intervention)]
    used += [(f"outcomes.{o.name}.contract", o.contract) for o in study.outcomes]
    used += [("delivery", n) for n in ((study.delivery.referrals, study.delivery.sessions) if study.delivery else ())]
    faults += [f"{where}: {name} is not under `contracts:`" for where, name in used if name not in study.contracts]
    faults += [f"contracts.{n}: {p!r} leaves the data folder" for n, p in study.contracts.items() if _leaves(p)]
    return faults


def _leaves(location: str) -> bool:
    parts = re.split(r"[\\/]", location)
    return not location or ".." in parts or parts[0] == "" or ":" in parts[0] or "~" in parts[0]


_EXPECTED = {
    "string_type": "text, in quotes where it looks like a number",
    "int_type": "a whole number without quotes",
    "int_from_float": "a whole number",
    "float_type": "a number such as 0.1, without quotes or %",
    "tuple_type": "a list, such as [one, two]",
    "dict_type": "`key: value` lines below it",
    "dataclass_type": "`key: value` lines below it",
    "too_short": "at least one entry",
    "string_too_short": "{min_length} characters or more",
    "string_too_long": "{max_length} characters at most",
    "greater_than": "more than {gt}",
    "greater_than_equal": "{ge} or more",
    "less_than": "less than {lt}",
    "less_than_equal": "{le} at most",
    "literal_error": "{expected}",
    "value_error": "{error}",
}


def _sentences(fault: ValidationError) -> list[str]:
    """Return one sentence for each fault pydantic found, in words for people who do not write programs."""
    errors = fault.errors(include_url=False)
    within = {error["loc"][:-1] for error in errors}
    return [_sentence(error) for error in errors if not (error["type"] == "too_short" and error["loc"] in within)]


def _sentence(error: Any) -> str:
    where = "".join(f" (entry {part + 1})" if isinstance(part, int) else f".{part}" for part in error["loc"])
    where = where.removeprefix(".") or "the file"
    if error["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
        close = difflib.get_close_matches(str(error["loc"][-1]), _keys(error["loc"][:-1]), 1)
        return f"{where}: unknown key" + (f"; did you mean `{close[0]}`?" if close else "")
    if error["type"] in ("missing", "missing_argument"):
        return f"{where}: is missing"
    return f"{where}: got {_got(error['input'])}; expected {_expected(error)}"


def _expected(error: Any) -> str:
    context = error.get("ctx", {})
    if error["type"] == "string_pattern_mismatch":
        return _LOOKS[context["pattern"]]
    template = _EXPECTED.get(error["type"])
    return template.format(**context) if template else error["msg"]


def _got(given: object) -> str:
    if isinstance(given, str):
        return repr(given) if len(given) <= 60 else f"{given[:40]!r}… ({len(given)} characters)"
    kinds = {type(None): "nothing", list: "a list", dict: "`key: value` lines", bool: str(given).lower()}
    return kinds.get(type(given), repr(given))


def _keys(location: tuple) -> list[str]:
    """Return the keys allowed at a place in the file."""
    kinds: dict[str, type] = {
        "design": Design, "outcomes": Outcome, "brief": BriefText, "words": Words, "place": Place,
        "made_up": MadeUp, "delivery": Delivery, "claim": Claim, "before_after": BeforeAfter,
        "window": Span, "before": Span, "after": Span,
    }  # fmt: skip
    named = [part for part in location if part in kinds]
    kind = kinds[named[-1]] if named else Study
    return [field for field in kind.__dataclass_fields__ if field != "path"]
