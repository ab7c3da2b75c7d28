"""Reading a study file: every fault at once, in words for people who do not write programs."""

from __future__ import annotations

import difflib
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from curv_eval.errors import StudyError
from curv_eval.study.fields import LOOKS
from curv_eval.study.harms import Harms
from curv_eval.study.hidden_need import HiddenNeed, SeenBy
from curv_eval.study.nouns import (
    BeforeAfter,
    BriefText,
    Claim,
    Design,
    MadeUp,
    Outcome,
    Place,
    Span,
    Study,
    Use,
    Words,
    Worth,
)
from curv_eval.study.of_people import Delivery, Dose, Linkage, Persons, Record, Running
from curv_eval.study.sweep import Sweep, members
from curv_eval.yamlfile import read_yaml

_ADAPTER, _SWEEP = TypeAdapter(Study), TypeAdapter(Sweep)


def load_study(path: str | Path) -> Study:
    """Return the study in the YAML file `path`, or raise StudyError with every fault in it at once.

    path: may name one study of a sweep, as in `params/sweep.yaml#sweep-imputation-1a2b3c`.
    """
    file, _, name = str(path).rpartition("#")
    if file and not Path(path).exists():
        return _member(Path(file), name)
    found = load_studies(path)
    if found[0].family:
        names = [f"one of its {len(found):,} studies is {found[0].study}"]
        raise StudyError(f"{Path(path).name} is a sweep", names, f"name one: {path}#{found[0].study}")
    return found[0]


def _member(file: Path, name: str) -> Study:
    found = {study.study: study for study in load_studies(file)}
    if name not in found:
        close = difflib.get_close_matches(name, found, 1) or list(found)[:1]
        raise StudyError(f"{file.name} holds no study {name!r}", do=f"did you mean {file}#{close[0]}?")
    return found[name]


def load_studies(path: str | Path) -> tuple[Study, ...]:
    """Return the studies of the YAML file `path`: one, or every one of its sweep. Raises StudyError."""
    path = Path(path)
    raw = read_yaml(path)
    faults = [f"{key}: is set by the program" for key in ("path", "family") if key in raw]
    raw = {key: value for key, value in raw.items() if key not in ("path", "family")}
    made = [_valid(raw, path=path)] if raw.get("sweep") is None else _swept(raw, path)
    return _without_faults([study for study, _ in made], [*faults, *_counted([wrong for _, wrong in made])], path)


def member_text(study: Study) -> str:
    """Return a study file that holds one study of a sweep alone, written out as JSON, which YAML includes."""
    raw = read_yaml(study.path)
    asked = _SWEEP.validate_json(json.dumps(raw["sweep"]))
    held = next(made for made, _ in members(raw, asked) if made["study"] == study.study)
    return f"# one study of the sweep in {study.path.name}\n{json.dumps(held, indent=1, ensure_ascii=False)}\n"


def _without_faults(studies: list[Study | None], faults: list[str], path: Path) -> tuple[Study, ...]:
    if faults:
        raise StudyError(
            f"{path.name} is not a study yet", sorted(faults), "see GLOSSARY.md, or start from `curv-eval new`"
        )
    return tuple(study for study in studies if study)


def _swept(raw: dict[str, Any], path: Path) -> list[tuple[Study | None, list[str]]]:
    """Return every study of a sweep with its faults; those of the sweep itself come alone."""
    try:
        asked = _SWEEP.validate_json(json.dumps(raw["sweep"]))
    except ValidationError as fault:
        return [(None, _sentences(fault, "sweep"))]
    found = []
    for member, lost in members(raw, asked):
        study, wrong = _valid(member, path=path, family=str(raw.get("study")))
        found.append((study, [*lost, *wrong]))
    return found


def _valid(raw: dict[str, Any], **set_here: object) -> tuple[Study | None, list[str]]:
    held = {**raw, **{key: str(value) for key, value in set_here.items()}}
    try:
        found = _ADAPTER.validate_json(json.dumps(held))
    except ValidationError as fault:
        return None, _sentences(fault)
    return found, _references(found)


def _counted(faults: list[list[str]]) -> list[str]:
    """Return each fault once; where only some studies of a sweep have it, in how many."""
    counts = Counter(line for wrong in faults for line in dict.fromkeys(wrong))
    some = f" (in {{:,}} of the sweep's {len(faults):,} studies)"
    return [line + ("" if n == len(faults) else some.format(n)) for line, n in counts.items()]


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
    if study.linkage:
        used += [(f"linkage.{key}", getattr(study.linkage, key)) for key in ("people", "records", "links")]
    used += [(f"covariates.{name}", at.split(".")[0]) for name, at in study.covariates.items()]
    used += list(_of_people(study))
    used += list(_of_lists(study))
    faults += _units(study)
    faults += _of_harm(study)
    used += [("delivery", n) for n in ((study.delivery.referrals, study.delivery.sessions) if study.delivery else ())]
    faults += [f"{where}: {name} is not under `contracts:`" for where, name in used if name not in study.contracts]
    places = {name: use.location for name, use in study.contracts.items()}
    faults += [f"contracts.{name}: {at!r} leaves the data folder" for name, at in places.items() if _leaves(at)]
    return faults


def _of_people(study: Study) -> Iterator[tuple[str, str]]:
    """Yield where a study of people names a contract, and which."""
    if study.people:
        yield "people.contract", study.people.contract
        if study.people.dose:
            yield "people.dose.contract", study.people.dose.contract
    for outcome in study.outcomes:
        if outcome.record and outcome.record.links:
            yield f"outcomes.{outcome.name}.record.links", outcome.record.links


def _of_lists(study: Study) -> Iterator[tuple[str, str]]:
    """Yield where the lists that saw people name a contract, and which."""
    if study.hidden:
        yield from ((f"hidden.lists.{one.name}", one.contract) for one in study.hidden.lists)
        yield from ((f"hidden.links.{one.left} and {one.right}", one.contract) for one in study.hidden.links)


def _units(study: Study) -> Iterator[str]:
    """Yield what does not fit the unit: people need to be found, areas have no records of persons."""
    person = study.design.unit == "person"
    if person != (study.people is not None):
        yield "people: is needed where design.unit is person, and only there"
    for outcome in study.outcomes:
        if person != (outcome.record is not None):
            yield f"outcomes.{outcome.name}.record: is needed where design.unit is person, and only there"
    if person and study.value:
        yield "value: is for incidents in areas; people are not incidents"
    if study.value and (study.value.committed_per_recorded is None) != (study.value.committed_source is None):
        yield "value: committed_per_recorded and committed_source go together"
    if person and study.covariates:
        yield "covariates: are those of areas; people have people.covariates"


def _of_harm(study: Study) -> Iterator[str]:
    """Yield what of `harm` does not fit the outcomes."""
    if study.harm is None:
        return
    names = [outcome.name for outcome in study.outcomes]
    for key, asked in (("offences", study.harm.offences), ("mix", study.harm.mix)):
        for name in asked:
            if name not in names:
                close = difflib.get_close_matches(name, names, 1)
                hint = f"; did you mean {close[0]}?" if close else f" (it has {', '.join(names)})"
                yield f"harm.{key}: {name} is not an outcome of this study{hint}"
    if "harm" in names:
        yield "harm: an outcome has that name already; call it something else"
    if study.design.unit == "person":
        yield "harm: is for incidents in areas; people are not incidents"


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


def _sentences(fault: ValidationError, *below: str) -> list[str]:
    """Return one sentence for each fault pydantic found, in words for people who do not write programs."""
    errors = [{**error, "loc": (*below, *error["loc"])} for error in fault.errors(include_url=False)]
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
        return LOOKS[context["pattern"]]
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
        "window": Span, "before": Span, "after": Span, "contracts": Use, "linkage": Linkage,
        "people": Persons, "dose": Dose, "running": Running, "record": Record,
        "value": Worth, "sweep": Sweep, "hidden": HiddenNeed, "lists": SeenBy,
        "harm": Harms,
    }  # fmt: skip
    named = [part for part in location if part in kinds]
    kind = kinds[named[-1]] if named else Study
    return [field for field in kind.__dataclass_fields__ if field not in ("path", "family")]
