"""What passes the gate, what is decided about each cell, and what the output checker sees of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
import pandas as pd

from curv_eval.disclosure.cells import Cells
from curv_eval.disclosure.rules import Rule

WITHHELD = "withheld"


class Role(Enum):
    """What a column is. A column whose role is not stated is refused."""

    KEY = "key"
    GROUPING = "key whose every value divides the same whole: the rows of each add up to the same counts"
    COUNT = "count of events or people"
    VALUE = "value that rests on the units and events behind its row"
    TOTAL = "sum of amounts that rests on the largest contributions behind its row"
    UNITS = "number of areas behind the row, not shown"
    EVENTS = "number of events or people behind the row, not shown"
    FREEDOM = "residual degrees of freedom behind the row, not shown"
    LARGEST = "the largest contribution to a total, not shown"
    SECOND = "the second largest contribution to a total, not shown"


KEYS = (Role.KEY, Role.GROUPING)
SHOWN_ROLES = (*KEYS, Role.COUNT, Role.VALUE, Role.TOTAL)


class Status(Enum):
    """What was decided about a cell."""

    SHOWN = "shown"
    ROUNDED = "rounded"
    LET_OUT = "shown: a review let it out"
    WITHHELD = "withheld: small number"
    COMPLEMENTARY = "withheld: would reveal another"
    DOMINATED = "withheld: a few give nearly all of it"


WITHHELD_STATUSES = (Status.WITHHELD, Status.COMPLEMENTARY, Status.DOMINATED)


@dataclass(frozen=True, eq=False)
class Attackable:
    """Counts as an attacker meets them: the cells with what ties them, which are hidden, and which are small.

    labels: what each cell is, the same in every release of the same thing. rule: how they are shown. exact: whether he
    is taken to know each shown count as it is, although it is rounded. wanted: (n, 2), the range that each small count
    must keep. let_out: the positions of counts that a review let out of the rule.
    """

    cells: Cells
    hidden: np.ndarray
    primary: np.ndarray
    wanted: np.ndarray
    labels: Sequence[str]
    rule: Rule
    exact: bool = False
    let_out: tuple[int, ...] = ()

    @property
    def known_by(self) -> Rule:
        """The rule as the attacker makes use of it."""
        return replace(self.rule, round_to=1) if self.exact else self.rule


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the output checker sees and nobody else, since the counts behind the cells are in it.

    records: a row for each cell: row, column, decision, shown, and what is behind it. attackable: None where the table
    withholds no count.
    """

    records: pd.DataFrame
    attackable: Attackable | None = None

    def __repr__(self) -> str:
        return f"<Evidence: {len(self.records)} decisions>"


@dataclass(frozen=True, repr=False)
class Released:
    """A table that may be published: withheld cells are NaN here and marked in every format, never shown as 0.

    rule: the name of the rule set. statuses: the decision for every count and value cell. evidence: for the output
    checker; it stays under restricted/.
    """

    name: str
    title: str
    table: pd.DataFrame
    rule: Rule
    statuses: pd.DataFrame
    evidence: Evidence

    @property
    def hidden(self) -> pd.DataFrame:
        """Which count and value cells are withheld; other cells without a value do not exist."""
        return self.statuses.isin(WITHHELD_STATUSES)

    @property
    def suppressed(self) -> int:
        """The number of cells withheld."""
        return int(self.hidden.to_numpy().sum())

    def __repr__(self) -> str:
        return (
            f"<Released: {self.name}, {len(self.table)} rows, {self.suppressed} cells withheld, rule {self.rule.name}>"
        )
