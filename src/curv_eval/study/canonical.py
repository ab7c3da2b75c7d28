"""A study as plain values in a fixed order, so that two can be compared: comments and layout do not count."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from curv_eval.study.nouns import Study

_NOT_PLAN = ("path", "family", "sweep")


def canonical(study: Study) -> dict[str, Any]:
    """Return every key of the study with its value, defaults included; where the file lies does not count."""
    return json.loads(json.dumps({k: v for k, v in asdict(study).items() if k not in _NOT_PLAN}))


def fingerprint(held: object) -> str:
    """Return the SHA-256 of the canonical JSON of `held`."""
    return hashlib.sha256(json.dumps(held, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same in two canonical studies: the way to it, and its values; None: not there."""

    path: str
    before: Any
    after: Any

    def __str__(self) -> str:
        if self.before is None or self.after is None:
            held = self.before if self.after is None else self.after
            what = "" if isinstance(held, dict | list) else f"{short(held)} "
            return f"{self.path}: {what}was {'taken out' if self.after is None else 'added'}"
        if self.reordered:
            return f"{self.path}: stands in another order"
        return f"{self.path}: {short(self.before)} -> {short(self.after)}"

    @property
    def reordered(self) -> bool:
        """Whether the same entries stand in another order."""
        both = isinstance(self.before, list) and isinstance(self.after, list)
        return both and sorted(map(json.dumps, self.before)) == sorted(map(json.dumps, self.after))


def differences(before: Any, after: Any) -> list[str]:
    """Return what differs between two canonical studies, as `design.method: before -> after`."""
    return [str(one) for one in compared(before, after)]


def compared(before: Any, after: Any, at: str = "") -> list[Difference]:
    """Return what differs between two canonical studies, each at its own place.

    Entries of lists are told apart by their `name`, texts in lists by themselves: `checks: honest_did was added`.
    """
    if isinstance(before, dict) and isinstance(after, dict):
        keys = [*before, *(key for key in after if key not in before)]
        steps = [(f"{at}.{key}" if at else str(key), before.get(key), after.get(key)) for key in keys]
        return [one for where, old, new in steps for one in compared(old, new, where)]
    if before == after:
        return []
    found: list[Difference] = []
    if _named(before) and _named(after):
        found = compared(_by_name(before), _by_name(after), at)
    elif _texts(before) and _texts(after):
        found = [Difference(at, text, None) for text in before if text not in after]
        found += [Difference(at, None, text) for text in after if text not in before]
        moved = [text for text in before if text in after] != [text for text in after if text in before]
        found += [Difference(at, before, after)] if moved else []
    return found or [Difference(at, before, after)]


def _named(held: Any) -> bool:
    return isinstance(held, list) and bool(held) and all(isinstance(one, dict) and "name" in one for one in held)


def _texts(held: Any) -> bool:
    return isinstance(held, list) and all(isinstance(one, str) for one in held)


def _by_name(held: list[dict]) -> dict[str, dict]:
    return {one["name"]: one for one in held}


def short(value: Any) -> str:
    """Return a value of a study as it may stand in a sentence: on one line, and not endless."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= 60 else f"{text[:57]}..."
