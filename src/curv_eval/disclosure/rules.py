"""The named rule sets for small numbers, read from rules.yaml beside this file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from curv_eval.errors import DisclosureError
from curv_eval.yamlfile import read_yaml


@dataclass(frozen=True)
class Rule:
    """A rule set: see rules.yaml for the meaning of each number; `says` is the sentence for readers."""

    name: str
    order: int
    events_below: int
    units_below: int
    round_to: int
    says: str
    source: str


def rules() -> dict[str, Rule]:
    """Return the rule sets by name."""
    found = read_yaml(Path(__file__).with_name("rules.yaml"))
    return {name: Rule(name=name, **fields) for name, fields in found.items()}


def strictest(names: Iterable[str]) -> Rule:
    """Return the strictest of the named rule sets. Raises DisclosureError for none, or for a name not known."""
    known, asked = rules(), sorted(set(names))
    unknown = [name for name in asked if name not in known]
    if unknown or not asked:
        raise DisclosureError(
            "no rule says what may be shown",
            [f"{name}: not a rule set (there are {', '.join(known)})" for name in unknown],
            "state smallNumberRule in every contract that feeds this table",
        )
    return max((known[name] for name in asked), key=lambda rule: rule.order)
