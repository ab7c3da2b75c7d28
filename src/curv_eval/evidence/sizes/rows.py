"""Cells of a coding table read strictly: what each column must hold, and every cell that does not."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

Cells = Mapping[str, object]


@dataclass(frozen=True)
class Rule:
    """What a cell must be, in words, and whether it is."""

    expected: str
    holds: Callable[[float], bool]


@dataclass(frozen=True)
class Fault:
    """One cell that cannot be used: row and study, column, what was got and expected, and what to do."""

    column: str
    got: str
    expected: str
    do: str
    where: str = ""

    def __str__(self) -> str:
        return f"{self.where}, column {self.column}: got {self.got}, expected {self.expected}; do: {self.do}"

    def at(self, where: str) -> Fault:
        """Return the fault with the row it is in."""
        return replace(self, where=where)


ANY = Rule("a number", math.isfinite)
COUNT = Rule("a number of 0 or more", lambda x: math.isfinite(x) and x >= 0)
POSITIVE = Rule("a number above 0", lambda x: math.isfinite(x) and x > 0)
PEOPLE = Rule("at least 1 person", lambda x: math.isfinite(x) and x >= 1)
GROUP = Rule("at least 2 people", lambda x: math.isfinite(x) and x >= 2)
SHARE = Rule("a number between 0 and 1", lambda x: 0 < x < 1)
ICC = Rule("a number from 0 to 1", lambda x: 0 <= x <= 1)
CORRELATION = Rule("a number between -1 and 1", lambda x: -1 < x < 1)
AT_LEAST_1 = Rule("a number of 1 or more", lambda x: math.isfinite(x) and x >= 1)


def blank(value: object) -> bool:
    """Return whether a cell holds nothing: None, NaN or white space."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or (np.ndim(value) == 0 and bool(pd.isna(value)))


def text(cells: Cells, column: str) -> str:
    """Return a cell's text without white space around it, "" where blank."""
    value = cells.get(column)
    return "" if blank(value) else str(value).strip()


def number(value: object) -> float:
    """Return a cell as a number, NaN where it is none; true and false are none."""
    if isinstance(value, bool | np.bool_):
        return math.nan
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return math.nan


def read(
    cells: Cells, needs: Mapping[str, Rule], may: Mapping[str, Rule] | None = None, *, why: str
) -> tuple[dict[str, float], list[Fault]]:
    """Return the numbers of the columns that are needed and of those that may be given, and every fault.

    why: what the columns are needed for, as "a row of two_by_two".
    """
    found, faults = {}, []
    for column, rule in {**needs, **(may or {})}.items():
        value = cells.get(column)
        if blank(value):
            if column in needs:
                faults.append(lacking(column, rule.expected, why))
        elif rule.holds(number(value)):
            found[column] = number(value)
        else:
            got = f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
            faults.append(Fault(column, got, rule.expected, "look it up in the paper"))
    return found, faults


def lacking(column: str, expected: str, why: str) -> Fault:
    """Return the fault of a cell that is blank or a column that is not there."""
    return Fault(column, "nothing", expected, f"fill it in: {why} needs it")


def chosen(cells: Cells, column: str, allowed: Iterable[str], *, default: str | None = None) -> tuple[str, list[Fault]]:
    """Return the word in a cell, which must be one of those allowed; blank means the default, if there is one."""
    word, names = text(cells, column), list(allowed)
    if word in names or (not word and default is not None):
        return word or str(default), []
    return "", [Fault(column, word or "nothing", f"one of {', '.join(names)}", "write one of them")]


def counts(value: object) -> np.ndarray | None:
    """Return counts that stand in one cell, apart by spaces, commas or semicolons; None where they are none."""
    pieces = re.split(r"[\s,;]+", value.strip()) if isinstance(value, str) else np.ravel(value).tolist()
    found = np.array([number(piece) for piece in pieces])
    return found if np.isfinite(found).all() and (found >= 0).all() else None
