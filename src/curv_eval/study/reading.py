"""Reading a study file: every fault at once, in words for people who do not write programs."""

from __future__ import annotations

import difflib
import json
from collections import Counter
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from curv_eval.errors import StudyError
from curv_eval.study.fields import LOOKS
from curv_eval.study.harms import Harms
from curv_eval.study.hidden_need import HiddenNeed, SeenBy
from curv_eval.study.nouns import (
    Asked,
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
from curv_eval.study.references import references
from curv_eval.study.review import REVIEW_PARTS, Review, review_references
from curv_eval.study.secret import REMEDY, secrets_in
from curv_eval.study.sweep import Sweep, chosen, members
from curv_eval.yamlfile import read_yaml

_ADAPTER, _SWEEP, _REVIEW = TypeAdapter(Study), TypeAdapter(Sweep), TypeAdapter(Review)


def load_study(path: str | Path) -> Study:
    """Return the study in the YAML file `path`, or raise StudyError with every fault in it at once.

    path: may name one study of a sweep, as in `params/sweep.yaml#sweep-imputation-cmqfrs`.
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
    """Return one study of a sweep; the others are written out and not looked at, since a sweep may hold thousands."""
    raw = _raw(file)
    asked = _asked(raw)
    named = [(made, lost) for made, lost in members(raw, asked) if made["study"] == name] if asked else []
    if not named:
        known = [study.study for study in load_studies(file)]
        close = difflib.get_close_matches(name, known, 1) or known[:1]
        raise StudyError(f"{file.name} holds no study {name!r}", do=f"did you mean {file}#{close[0]}?")
    ((made, lost),) = named
    study, wrong = _valid(made, path=file, family=str(raw.get("study")))
    return _without_faults([study], [*lost, *wrong], file)[0]


def _raw(path: Path) -> dict[str, Any]:
    raw = read_yaml(path)
    if secret := list(secrets_in(raw)):
        raise StudyError(f"{path.name} holds a secret", secret, REMEDY)
    return raw


def _asked(raw: dict[str, Any]) -> Sweep | None:
    """Return the sweep of a file, None where there is none or it is not right."""
    try:
        return _SWEEP.validate_json(json.dumps(raw["sweep"])) if raw.get("sweep") is not None else None
    except ValidationError:
        return None


def load_studies(path: str | Path) -> tuple[Study, ...]:
    """Return the studies of the YAML file `path`: one, or every one of its sweep. Raises StudyError."""
    path = Path(path)
    raw = _raw(path)
    faults = [f"{key}: is set by the program" for key in ("path", "family") if key in raw]
    raw = {key: value for key, value in raw.items() if key not in ("path", "family")}
    made = [_valid(raw, path=path)] if raw.get("sweep") is None else _swept(raw, path)
    return _without_faults([study for study, _ in made], [*faults, *_counted([wrong for _, wrong in made])], path)


def swept(path: Path) -> dict[str, dict[str, Any]]:
    """Return what the sweep of a file set in each of its studies, by their names; {} where there is none."""
    raw = _raw(path)
    asked = _asked(raw)
    return chosen(str(raw.get("study", "")), asked) if asked else {}


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
    of_review = raw.get("kind") == "review"
    if "kind" in raw and not of_review:
        return None, [f"kind: got {_got(raw['kind'])}, expected review; leave it out for a study of places or people"]
    try:
        found = (_REVIEW if of_review else _ADAPTER).validate_json(json.dumps(held))
    except ValidationError as fault:
        return None, _sentences(fault, of=Review if of_review else Study)
    return found, review_references(found) if of_review else references(found)


def _counted(faults: list[list[str]]) -> list[str]:
    """Return each fault once; where only some studies of a sweep have it, in how many."""
    counts = Counter(line for wrong in faults for line in dict.fromkeys(wrong))
    some = f" (in {{:,}} of the sweep's {len(faults):,} studies)"
    return [line + ("" if n == len(faults) else some.format(n)) for line, n in counts.items()]


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


def _sentences(fault: ValidationError, *below: str, of: type = Study) -> list[str]:
    """Return one sentence for each fault pydantic found, in words for people who do not write programs."""
    errors = [{**error, "loc": (*below, *error["loc"])} for error in fault.errors(include_url=False)]
    within = {error["loc"][:-1] for error in errors}
    return [_sentence(error, of) for error in errors if not (error["type"] == "too_short" and error["loc"] in within)]


def _sentence(error: Any, of: type) -> str:
    where = "".join(f" (entry {part + 1})" if isinstance(part, int) else f".{part}" for part in error["loc"])
    where = where.removeprefix(".") or "the file"
    if error["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
        close = difflib.get_close_matches(str(error["loc"][-1]), _keys(error["loc"][:-1], of), 1)
        return f"{where}: unknown key" + (f"; did you mean `{close[0]}`?" if close else "")
    if error["type"] in ("missing", "missing_argument"):
        return f"{where}: is missing"
    # what stands where the name of a secret belongs may be the secret
    got = "something that is not shown" if error["loc"][-1] == "key" else _got(error["input"])
    return f"{where}: got {got}; expected {_expected(error)}"


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


def _keys(location: tuple, of: type) -> list[str]:
    """Return the keys allowed at a place in the file of a study, or of a review."""
    kinds: dict[str, type] = REVIEW_PARTS if of is Review else {
        "design": Design, "outcomes": Outcome, "brief": BriefText, "words": Words, "place": Place,
        "made_up": MadeUp, "delivery": Delivery, "claim": Claim, "before_after": BeforeAfter,
        "window": Span, "before": Span, "after": Span, "contracts": Use, "linkage": Linkage,
        "people": Persons, "dose": Dose, "running": Running, "record": Record,
        "value": Worth, "sweep": Sweep, "hidden": HiddenNeed, "lists": SeenBy,
        "harm": Harms, "exceptions": Asked,
    }  # fmt: skip
    named = [part for part in location if part in kinds]
    kind = kinds[named[-1]] if named else of
    return [field for field in kind.__dataclass_fields__ if field not in ("path", "family")]
