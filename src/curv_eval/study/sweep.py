"""Many studies from one file: the grid and the list of a `sweep`, written out."""

from __future__ import annotations

import copy
import hashlib
import itertools
import json
import math
import re
from collections.abc import Iterator
from dataclasses import field
from typing import Annotated, Any

from pydantic import Field
from pydantic.dataclasses import dataclass

from curv_eval.study.fields import STRICT, WAY

MOST = 10_000
# a member is named by its study, and what changes must not change that
_FIXED = ("study", "sweep", "path", "family", "registered")
_LONGEST, _MARK = 60, 6
# a mark has no figures, with which it could look like a postcode, and no vowels, with which it could be a word
_LETTERS = str.maketrans("0123456789abcdef", "bcdfghjklmnpqrst")

Value = str | int | float | bool | None | list[Any] | dict[str, Any]
Key = Annotated[str, Field(pattern=WAY)]
Values = Annotated[list[Value], Field(min_length=1)]
Entries = list[dict[Key, Value]]


@dataclass(frozen=True, config=STRICT)
class Sweep:
    """What changes from study to study: `grid` takes every combination, `list` each entry; together, both.

    A key is a way into the study file, such as `design.method`; entries of a list are named by their `name`, as in
    `outcomes.police_violence.where.crime_type`, or by their number from 1.
    """

    grid: dict[Key, Values] = field(default_factory=dict)
    list: Entries = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.grid and not self.list:
            raise ValueError("a grid or a list of what changes")
        if self.size > MOST:
            raise ValueError(f"at most {MOST:,} studies; this grid and list make {self.size:,}")
        keys = {*self.grid, *itertools.chain.from_iterable(self.list)}
        fixed = sorted(key for key in keys if key.split(".")[0] in _FIXED)
        if fixed:
            raise ValueError(f"keys other than {', '.join(fixed)}, which cannot change within a sweep")
        _refuse_repeats(self)

    @property
    def size(self) -> int:
        """How many studies there are."""
        return math.prod(len(values) for values in self.grid.values()) * max(len(self.list), 1)


def _refuse_repeats(sweep: Sweep) -> None:
    """Refuse two members that are the same study, which would be one run with two names."""
    both = sorted({*sweep.grid} & {*itertools.chain.from_iterable(sweep.list)})
    if both:
        raise ValueError(f"each key in the grid or in the list; {', '.join(both)} stands in both")
    for name, values in [*sweep.grid.items(), ("list", sweep.list)]:
        texts = [json.dumps(value, sort_keys=True) for value in values]
        if twice := sorted({text for text in texts if texts.count(text) > 1}):
            raise ValueError(f"{name} with each value once; it holds {', '.join(twice)} twice")


def members(raw: dict[str, Any], sweep: Sweep) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """Yield every study that the file `raw` stands for, and which ways into it lead nowhere.

    A member has a name of its own: that of the study, its values, and a mark.
    """
    base = {key: value for key, value in raw.items() if key != "sweep"}
    for chosen in _combinations(sweep):
        made, faults = copy.deepcopy(base), []
        for key, value in chosen.items():
            faults += _put(made, key, value)
        made["study"] = member_name(str(base.get("study", "")), chosen)
        yield made, faults


def chosen(study: str, sweep: Sweep) -> dict[str, dict[str, Value]]:
    """Return for each member, by its name, what the sweep sets in it."""
    return {member_name(study, one): one for one in _combinations(sweep)}


def _combinations(sweep: Sweep) -> Iterator[dict[str, Value]]:
    for values in itertools.product(*sweep.grid.values()):
        for one in sweep.list or [{}]:
            yield {**dict(zip(sweep.grid, values, strict=True)), **one}


def member_name(study: str, chosen: dict[str, Value]) -> str:
    """Return the name of a member: readable, at most 60 characters, and its own even where values read alike."""
    words = "-".join(_word(value) for value in chosen.values())
    mark = hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()[:_MARK].translate(_LETTERS)
    start = f"{study}-{words}"[: _LONGEST - _MARK - 1].strip("-")
    return f"{start}-{mark}"


def _word(value: Value) -> str:
    if isinstance(value, dict):
        return "-".join(_word(one) for one in value.values())
    if isinstance(value, list):
        return "-".join(_word(one) for one in value)
    return re.sub(r"[^a-z0-9]+", "-", str(value).lower()).strip("-")


def _put(held: Any, key: str, value: Value) -> list[str]:
    """Put a value at a way into a study; return what is wrong with the way."""
    *steps, last = key.split(".")
    for i, step in enumerate(steps):
        held = _inside(held, step)
        if held is None:
            return [f"sweep: {key} leads nowhere; there is no `{'.'.join(steps[: i + 1])}` in the study"]
    if isinstance(held, list):
        place = _place(held, last)
        if place is None:
            return [f"sweep: {key} leads nowhere; there is no entry `{last}`"]
        held[place] = value
    elif isinstance(held, dict):
        held[last] = copy.deepcopy(value)
    else:
        return [f"sweep: {key} leads nowhere; `{'.'.join(steps)}` has nothing below it"]
    return []


def _inside(held: Any, step: str) -> Any:
    if isinstance(held, dict):
        return held.get(step)
    place = _place(held, step) if isinstance(held, list) else None
    return None if place is None else held[place]


def _place(entries: list[Any], step: str) -> int | None:
    """Return where in a list an entry stands: by its name, or by its number from 1."""
    named = [i for i, one in enumerate(entries) if isinstance(one, dict) and one.get("name") == step]
    if named:
        return named[0]
    return int(step) - 1 if step.isdigit() and 0 < int(step) <= len(entries) else None
