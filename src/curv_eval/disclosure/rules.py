"""The named rule sets for small numbers, read from rules.yaml beside this file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from curv_eval.errors import DisclosureError
from curv_eval.granted import LetOut
from curv_eval.yamlfile import read_yaml


@dataclass(frozen=True)
class Rule:
    """A rule set: see rules.yaml for the meaning of each number; `says` is the sentence for readers.

    let_out: cells that a review let out of it.
    Raises DisclosureError when the smallest count that may be shown would be rounded to one that may not.
    """

    name: str
    order: int
    events_below: int
    units_below: int
    round_to: int
    says: str
    source: str
    freedom_below: int = 0
    p_percent: float = 0.0
    two_largest: float = 100.0
    let_out: tuple[LetOut, ...] = ()

    def __post_init__(self) -> None:
        if min(self.events_below, self.round_to) < 1 or self.rounded(self.events_below) < self.events_below:
            what = f"rule {self.name}: {self.events_below} would be shown as {self.rounded(self.events_below)}"
            raise DisclosureError(what, do="choose events_below and round_to that go together, such as 10 and 5")

    def rounded(self, count: int) -> int:
        """Return a count as it is shown: the nearest multiple of round_to, halves up."""
        return (2 * count + self.round_to) // (2 * self.round_to) * self.round_to if self.round_to > 0 else 0


_HIGHER_IS_STRICTER = ("events_below", "units_below", "round_to", "freedom_below", "p_percent")


def rules() -> dict[str, Rule]:
    """Return the rule sets by name."""
    found = read_yaml(Path(__file__).with_name("rules.yaml"))
    return {name: Rule(name=name, **fields) for name, fields in found.items()}


def strictest(names: Iterable[str], *, but: tuple[LetOut, ...] = ()) -> Rule:
    """Return the rule that keeps each of the named rule sets: every number is the strictest of theirs.

    but: the cells that a review let out.
    Raises DisclosureError for none, or for a name not known.
    """
    known, asked = rules(), sorted(set(names))
    unknown = [name for name in asked if name not in known]
    if unknown or not asked:
        raise DisclosureError(
            "no rule says what may be shown",
            [f"{name}: not a rule set (there are {', '.join(known)})" for name in unknown],
            "state smallNumberRule in every contract that feeds this table",
        )
    first, *others = sorted((known[name] for name in asked), key=lambda rule: rule.order, reverse=True)
    for other in others:
        first = _both(first, other)
    return replace(first, let_out=but)


def _both(one: Rule, other: Rule) -> Rule:
    """Return `one` where it is at least as strict in everything, else a rule as strict as both together."""
    least = {field: max(getattr(one, field), getattr(other, field)) for field in _HIGHER_IS_STRICTER}
    least["two_largest"] = min(one.two_largest, other.two_largest)
    if all(getattr(one, field) == number for field, number in least.items()):
        return one
    events, units, base = least["events_below"], least["units_below"], least["round_to"]
    says = (
        f"Where such data meet in one table, counts from 1 to {events - 1} are withheld, other counts are rounded to "
        f"the nearest {base}, and estimates that rest on fewer than {events} incidents or {units} areas are withheld."
    )
    source = f"{one.source}; {other.source}"
    return Rule(name=f"{one.name}+{other.name}", order=one.order, says=says, source=source, **least)
