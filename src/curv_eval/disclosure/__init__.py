"""The one door through which a number may leave: release() makes Released, and nothing else does."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
import pandas as pd

from curv_eval.disclosure.attack import width
from curv_eval.disclosure.rounding import coarser
from curv_eval.disclosure.rules import Rule
from curv_eval.errors import DisclosureError

WITHHELD = "withheld"
# pseudonyms and crime identifiers are long runs of hexadecimal digits
_IDENTIFIER = r"\b[0-9a-fA-F]{32,}\b"


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
    def hidden(self) -> pd.DataFrame:
        """Which count and value cells are withheld; other cells without a value do not exist."""
        return self.statuses.isin([Status.WITHHELD, Status.COMPLEMENTARY])

    @property
    def suppressed(self) -> int:
        """The number of cells withheld."""
        return int(self.hidden.to_numpy().sum())

    def __repr__(self) -> str:
        return (
            f"<Released: {self.name}, {len(self.table)} rows, {self.suppressed} cells withheld, rule {self.rule.name}>"
        )


def release(table: pd.DataFrame, *, name: str, title: str, rule: Rule, roles: dict[str, Role]) -> Released:
    """Return what of `table` may leave under `rule`.

    COUNT cells: 0 is shown, 1 to events_below - 1 are withheld, others rounded to round_to; the next smallest of the
    column, and of the row where it has several counts, are withheld with them until their total, if known from
    elsewhere, leaves every withheld count open. VALUE cells are withheld where fewer than units_below units or
    events_below events stand behind their row, and beside a withheld count. Where counts are rounded, values are
    rounded as coarsely, because two exact values can give back the exact count behind them.
    Raises DisclosureError for a column without a role, a role without a column, negative or broken counts, keys that
    look like identifiers, and values with no units or events behind them.
    """
    _refuse(table, name, roles)
    table = table.reset_index(drop=True)
    of = {role: [column for column in roles if roles[column] is role] for role in Role}
    counts, behind = _numbers(table, of[Role.COUNT]), _numbers(table, of[Role.UNITS] + of[Role.EVENTS])
    small, hidden = _hidden(counts, rule)
    weak, beside = _weak_rows(behind, rule, roles), hidden.any(axis=1)
    out = table[[column for column in roles if roles[column] in (Role.KEY, Role.COUNT, Role.VALUE)]].copy()
    statuses = pd.DataFrame(index=out.index, columns=[c for c in out if roles[c] is not Role.KEY], dtype=object)
    for column in of[Role.COUNT]:
        out[column] = counts[column].map(rule.rounded).astype(float).mask(hidden[column])
        statuses[column] = _statuses(rule, small[column], hidden[column])
    for column in of[Role.VALUE]:
        out[column] = _coarse(table[column], behind[of[Role.EVENTS]].min(axis=1), rule).mask(weak | beside)
        statuses[column] = _statuses(rule, weak, weak | beside)
    return Released(name, title, out, rule, statuses)


def _refuse(table: pd.DataFrame, name: str, roles: dict[str, Role]) -> None:
    faults = [f"{column}: has no role, so it stays inside" for column in table if column not in roles]
    faults += [f"{column}: has a role and is not in the table" for column in roles if column not in table]
    faults += [
        f"{column}: got {role!r}, expected a Role" for column, role in roles.items() if not isinstance(role, Role)
    ]
    faults += [f"{column}: stands twice" for column in table.columns[table.columns.duplicated()]]
    if not faults:
        faults = [fault for column, role in roles.items() for fault in _column_faults(table[column], role)]
        if Role.VALUE in roles.values() and not {Role.UNITS, Role.EVENTS} <= set(roles.values()):
            faults.append("values need a UNITS and an EVENTS column behind them")
    if faults:
        raise DisclosureError(f"{name} may not leave", faults)


def _column_faults(column: pd.Series, role: Role) -> list[str]:
    if role is Role.KEY:
        found = column.astype(str).str.contains(_IDENTIFIER, regex=True).any()
        return [f"{column.name}: a key looks like the identifier of a person or an incident"] if found else []
    if role is Role.VALUE:
        return [] if pd.api.types.is_numeric_dtype(column) else [f"{column.name}: every value must be a number"]
    numbers = pd.to_numeric(column, errors="coerce")
    broken = numbers.isna().any() or (numbers < 0).any() or (numbers % 1 != 0).any()
    return [f"{column.name}: every count must be a whole number of 0 or more"] if broken else []


def _numbers(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    return table[columns].apply(pd.to_numeric).astype("int64")


def _weak_rows(behind: pd.DataFrame, rule: Rule, roles: dict[str, Role]) -> pd.Series:
    least = {Role.UNITS: rule.units_below, Role.EVENTS: rule.events_below}
    return pd.DataFrame({c: behind[c] < least[roles[c]] for c in behind}, index=behind.index).any(axis=1)


def _hidden(counts: pd.DataFrame, rule: Rule) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return which counts are small, and which are withheld so that no total gives a small one back."""
    number = counts.to_numpy()
    small = (number > 0) & (number < rule.events_below)
    hidden = small.copy()
    others = np.argwhere((number > 0) & ~small)
    for cell in [None, *others[np.argsort(number[tuple(others.T)], kind="stable")]]:
        if cell is not None:
            hidden[tuple(cell)] = True
        _close_lines(number, hidden, rule)
        if _all_open(number, small, hidden, rule=rule):
            break
    return tuple(pd.DataFrame(held, index=counts.index, columns=counts.columns) for held in (small, hidden))


def _all_open(number: np.ndarray, small: np.ndarray, hidden: np.ndarray, *, rule: Rule) -> bool:
    """Whether every small count is as open as the rule asks, or as hiding every count of the table could make it."""
    if number.shape[1] < 2:
        return True  # in a single column, _close_lines has seen to it
    cells = [tuple(cell) for cell in np.argwhere(small)]
    enough = rule.events_below - 1
    return all(width(number, hidden, c) >= min(enough, width(number, number > 0, c)) for c in cells)


def _close_lines(number: np.ndarray, hidden: np.ndarray, rule: Rule) -> None:
    """Hide more, in place, until the total of no row and no column says much about a hidden count in it."""
    lines = [((slice(None), j), 1) for j in range(number.shape[1])]
    lines += [((i, slice(None)), 0) for i in range(number.shape[0])] if number.shape[1] > 1 else []
    before = None
    while before is None or (hidden != before).any():
        before = hidden.copy()
        for line, across in lines:
            _add_partners(number[line], hidden[line], rule=rule, crossed=hidden.any(axis=across))


def _add_partners(counts: np.ndarray, hidden: np.ndarray, *, rule: Rule, crossed: np.ndarray) -> None:
    """Mark in `hidden`, in place, other counts of a row or column until its hidden ones are open, the smallest first.

    crossed: where the line that crosses this one hides a count already, so that fewer need to be hidden in all.
    """
    for partner in np.lexsort((counts, ~crossed)):
        if not hidden.any() or _ambiguous(counts[hidden], rule):
            return
        hidden[partner] |= counts[partner] > 0


def _ambiguous(hidden: np.ndarray, rule: Rule) -> bool:
    """Whether the hidden counts, known to be at least 1 and with a known sum, leave each small one open."""
    return len(hidden) > 1 and hidden.sum() - len(hidden) >= rule.events_below - 1


def _statuses(rule: Rule, withheld: pd.Series, hidden: pd.Series) -> list[Status]:
    open_ = Status.ROUNDED if rule.round_to > 1 else Status.SHOWN
    pairs = zip(withheld, hidden, strict=True)
    return [Status.WITHHELD if weak else Status.COMPLEMENTARY if out else open_ for weak, out in pairs]


def _coarse(values: pd.Series, events: pd.Series, rule: Rule) -> pd.Series:
    """Round each value to 1, 2 or 5 times a power of 10, at least as coarse beside the value as round_to is beside
    the events behind it."""
    if rule.round_to == 1:
        return values
    return coarser(values, values.abs() * rule.round_to / events.clip(lower=1))
