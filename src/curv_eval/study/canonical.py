"""A study as plain values in a fixed order, so that two can be compared: comments and layout do not count."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any

from curv_eval.study.nouns import Study

_NOT_PLAN = ("path", "family", "sweep")


def canonical(study: Study) -> dict[str, Any]:
    """Return every key of the study with its value, defaults included; where the file lies does not count."""
    return json.loads(json.dumps({k: v for k, v in asdict(study).items() if k not in _NOT_PLAN}))


def fingerprint(held: object) -> str:
    """Return the SHA-256 of the canonical JSON of `held`."""
    return hashlib.sha256(json.dumps(held, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def differences(before: Any, after: Any, at: str = "") -> list[str]:
    """Return what differs between two canonical studies, as `design.method: before -> after`."""
    if isinstance(before, dict) and isinstance(after, dict):
        keys = [*before, *(key for key in after if key not in before)]
        return [line for key in keys for line in _of_key(before, after, key, at)]
    if _named(before) and _named(after):
        found = differences(_by_name(before), _by_name(after), at)
        return found or ([] if before == after else [f"{at}: stands in another order"])
    return [] if before == after else [f"{at}: {_short(before)} -> {_short(after)}"]


def _of_key(before: dict, after: dict, key: str, at: str) -> list[str]:
    where = f"{at}.{key}" if at else str(key)
    if key not in after:
        return [f"{where}: was taken out"]
    return differences(before[key], after[key], where) if key in before else [f"{where}: was added"]


def _named(held: Any) -> bool:
    return isinstance(held, list) and bool(held) and all(isinstance(one, dict) and "name" in one for one in held)


def _by_name(held: list[dict]) -> dict[str, dict]:
    return {one["name"]: one for one in held}


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= 60 else f"{text[:57]}..."
