"""The options of a method: what each may be, and what it is where the study does not say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Number:
    """An option that is a number from `low` to `high`, both allowed; a whole one unless `default` is a float."""

    default: float
    low: float
    high: float

    @property
    def whole(self) -> bool:
        """Whether only whole numbers are allowed."""
        return isinstance(self.default, int)

    def __contains__(self, value: object) -> bool:
        kinds = int if self.whole else (int, float)
        return isinstance(value, kinds) and not isinstance(value, bool) and self.low <= value <= self.high

    def __str__(self) -> str:
        return f"a {'whole ' if self.whole else ''}number from {self.low:,} to {self.high:,}"


Choices = tuple[Any, ...]
Options = Mapping[str, Choices | Number]


def default(allowed: Choices | Number) -> Any:
    """Return the value that an option has where the study says nothing: the first choice."""
    return allowed.default if isinstance(allowed, Number) else allowed[0]


def expected(allowed: Choices | Number) -> str:
    """Return what an option may be, for a message."""
    return str(allowed) if isinstance(allowed, Number) else f"one of {', '.join(map(str, allowed))}"


def chosen(given: Mapping[str, Any], options: Options) -> dict[str, Any]:
    """Return the value of every option: the study's, or its default."""
    return {name: given.get(name, default(allowed)) for name, allowed in options.items()}
