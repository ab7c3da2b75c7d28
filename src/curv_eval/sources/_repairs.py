"""What a reader put right or passed over, counted: nothing that was done to a partner's file is silent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from curv_eval.contract import Contract

# one and several, for each kind of repair; {n} is how many
KINDS = {
    "spaces": ("value had spaces around or inside it that nobody sees", "values had spaces that nobody sees"),
    "day first": ("date written as text was read day first", "dates written as text were read day first"),
    "month first": ("date written as text was read month first", "dates written as text were read month first"),
    "words": ("date written as text was read as a date", "dates written as text were read as dates"),
    "short year": ("year of two digits was read as 1930 to 2029", "years of two digits were read as 1930 to 2029"),
    "serial": ("plain number was read as a date", "plain numbers were read as dates"),
    "no time": ("date was read without its time of day", "dates were read without their time of day"),
    "midnight": (
        "date without a time of day was read as midnight",
        "dates without a time of day were read as midnight",
    ),
    "month": ("date was read as its month", "dates were read as their month"),
    "number": ("number written as text was read as a number", "numbers written as text were read as numbers"),
    "yes": ("answer like yes or no was read as true or false", "answers like yes and no were read as true and false"),
    "spelling": ("value was given the contract's spelling", "values were given the contract's spelling"),
    "blank": ("word for not known was read as blank", "words for not known were read as blank"),
    "apostrophe": ("value lost an apostrophe at its start", "values lost an apostrophe at their start"),
}
_RANGES = 6


@dataclass(frozen=True)
class Repair:
    """One kind of repair in one column, and how often it was made. kind: a key of KINDS."""

    kind: str
    column: str
    count: int

    def __str__(self) -> str:
        one, several = KINDS[self.kind]
        return f"{self.column}: {self.count:,} {one if self.count == 1 else several}"


def counted(n: int, one: str, several: str | None = None) -> str:
    """Return a number with its noun: 1 row, 1,200 rows."""
    return f"{n:,} {one if n == 1 else several or one + 's'}"


def listed(rows: Sequence[int]) -> str:
    """Return rows as people say them: row 7; rows 7, 9 to 12 and 40. Long lists end with how many more there are."""
    runs: list[list[int]] = []
    for row in rows:
        if runs and row == runs[-1][1] + 1:
            runs[-1][1] = row
        else:
            runs.append([row, row])
    said = [
        part
        for a, b in runs[:_RANGES]
        for part in ([f"{a:,} to {b:,}"] if b > a + 1 else (f"{n:,}" for n in range(a, b + 1)))
    ]
    more = sum(b - a + 1 for a, b in runs[_RANGES:])
    said += [f"{more:,} more"] if more else []
    return f"{'row' if len(rows) == 1 else 'rows'} {joined(said)}"


def joined(parts: Sequence[str]) -> str:
    """Return parts joined as in a sentence: a, b and c."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def in_order(repairs: Iterable[Repair], contract: Contract) -> list[Repair]:
    """Return repairs by the order of the contract's columns, then of KINDS."""
    columns, kinds = [column.name for column in contract.columns], list(KINDS)
    return sorted(repairs, key=lambda repair: (columns.index(repair.column), kinds.index(repair.kind)))
