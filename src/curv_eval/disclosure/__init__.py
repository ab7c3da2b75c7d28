"""The one door through which a number may leave: release() makes Released, and nothing else does."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import pandas as pd

from curv_eval.disclosure.rules import Rule
from curv_eval.errors import DisclosureError

WITHHELD = "withheld"


class Role(Enum):
    """What a column is. A column whose role is not stated is refused."""

    KEY = "key"
    COUNT = "count of events or people"
    VALUE = "value that rests on the units and events behind its row"
    UNITS = "number of areas behind the row, not shown"
    EVENTS = "number of events or people behind the row, not shown"


class Status(Enum):
    """What was decided about a cell."""

    SHOWN = "shown"
    ROUNDED = "rounded"
    WITHHELD = "withheld: small number"
    COMPLEMENTARY = "withheld: would reveal another"


@dataclass(frozen=True, repr=False)
class Released:
    """A table that may be published: withheld cells are NaN here and marked in every format, never shown as 0.

    rule: the name of the rule set. statuses: the decision for every count and value cell.
    """

    name: str
    title: str
    table: pd.DataFrame
    rule: Rule
    statuses: pd.DataFrame

    @property
    def suppressed(self) -> int:
        """The number of cells withheld."""
        return int(self.statuses.isin([Status.WITHHELD, Status.COMPLEMENTARY]).to_numpy().sum())

    def __repr__(self) -> str:
        return (
            f"<Released: {self.name}, {len(self.table)} rows, {self.suppressed} cells withheld, rule {self.rule.name}>"
        )


def release(table: pd.DataFrame, *, name: str, title: str, rule: Rule, roles: dict[str, Role]) -> Released:
    """Return what of `table` may leave under `rule`.

    COUNT cells: 0 is shown, 1 to events_below - 1 are withheld, others rounded to round_to; the next smallest are
    withheld with them until the column's total, if known from elsewhere, would leave every small count open. VALUE
    cells are withheld with their whole row where fewer than units_below units or events_below events stand behind it.
    Raises DisclosureError for a column without a role, a role without a column, negative or broken counts, and
    values with no units or events behind them.
    """
    _refuse(table, name, roles)
    out = table[[column for column, role in roles.items() if role in (Role.KEY, Role.COUNT, Role.VALUE)]].copy()
    statuses = pd.DataFrame(Status.SHOWN, index=out.index, columns=[c for c in out if roles[c] is not Role.KEY])
    weak = _weak_rows(table, rule, roles)
    for column in statuses:
        if roles[column] is Role.COUNT:
            out[column], statuses[column] = _counts(table[column], rule)
        else:
            out.loc[weak, column] = float("nan")
            statuses.loc[weak, column] = Status.WITHHELD
    return Released(name, title, out.reset_index(drop=True), rule, statuses.reset_index(drop=True))


def _refuse(table: pd.DataFrame, name: str, roles: dict[str, Role]) -> None:
    faults = [f"{column}: has no role, so it stays inside" for column in table if column not in roles]
    faults += [f"{column}: has a role and is not in the table" for column in roles if column not in table]
    faults += [
        f"{column}: got {role!r}, expected a Role" for column, role in roles.items() if not isinstance(role, Role)
    ]
    kinds = set(roles.values()) if not faults else set()
    if Role.VALUE in kinds and not {Role.UNITS, Role.EVENTS} <= kinds:
        faults.append("values need a UNITS and an EVENTS column behind them")
    for column in (c for c, role in roles.items() if not faults and role in (Role.COUNT, Role.UNITS, Role.EVENTS)):
        numbers = pd.to_numeric(table[column], errors="coerce")
        if numbers.isna().any() or (numbers < 0).any() or (numbers % 1 != 0).any():
            faults.append(f"{column}: every count must be a whole number of 0 or more")
    if faults:
        raise DisclosureError(f"{name} may not leave", faults)


def _weak_rows(table: pd.DataFrame, rule: Rule, roles: dict[str, Role]) -> pd.Series:
    weak = pd.Series(False, index=table.index)
    for column, role in roles.items():
        least = {Role.UNITS: rule.units_below, Role.EVENTS: rule.events_below}.get(role)
        weak |= table[column] < least if least else False
    return weak


def _counts(counts: pd.Series, rule: Rule) -> tuple[pd.Series, pd.Series]:
    """Return the counts as shown (float, NaN where withheld) and the status of each."""
    numbers = counts.astype(float)
    small = (numbers > 0) & (numbers < rule.events_below)
    status = small.map({True: Status.WITHHELD, False: Status.ROUNDED if rule.round_to > 1 else Status.SHOWN})
    for partner in numbers[~small & (numbers > 0)].sort_values(kind="stable").index:
        hidden = status.isin([Status.WITHHELD, Status.COMPLEMENTARY])
        if not small.any() or _ambiguous(numbers[hidden], rule):
            break
        status[partner] = Status.COMPLEMENTARY
    hidden = status.isin([Status.WITHHELD, Status.COMPLEMENTARY])
    rounded = (numbers / rule.round_to + 1e-9).round() * rule.round_to
    return rounded.mask(hidden), status


def _ambiguous(hidden: pd.Series, rule: Rule) -> bool:
    """Whether the hidden counts, known to be at least 1 and with a known sum, leave each small one open."""
    return len(hidden) > 1 and hidden.sum() - len(hidden) >= rule.events_below - 1
