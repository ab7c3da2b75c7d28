"""One table through the gate: what is small is withheld, what would give it back too, and the rest is rounded."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd

from curv_eval.disclosure.cells import Cells, grouped_cells, known_to_all, line_cells
from curv_eval.disclosure.crossed import ALL
from curv_eval.disclosure.dominance import dominated
from curv_eval.disclosure.letting import let_out_of, row_labels
from curv_eval.disclosure.nouns import KEYS, SHOWN_ROLES, Attackable, Evidence, Released, Role, Status
from curv_eval.disclosure.rounding import coarser
from curv_eval.disclosure.rules import Rule
from curv_eval.disclosure.suppress import suppress
from curv_eval.errors import DisclosureError

# pseudonyms and crime identifiers are long runs of hexadecimal digits
_IDENTIFIER = r"\b[0-9a-fA-F]{32,}\b"
_NEEDS = {Role.VALUE: {Role.UNITS, Role.EVENTS}, Role.TOTAL: {Role.EVENTS, Role.LARGEST, Role.SECOND}}


def release(table: pd.DataFrame, *, name: str, title: str, rule: Rule, roles: dict[str, Role]) -> Released:
    """Return what of `table` may leave under `rule`.

    COUNT cells: 0 is shown, 1 to events_below - 1 are withheld, others rounded to round_to; with them is withheld what
    would give one back to somebody who knows every other count of the table and every total, the least numerous that
    does (see suppress). VALUE cells are withheld where fewer than units_below units, events_below events or
    freedom_below residual degrees of freedom stand behind their row, and beside a withheld count. TOTAL cells are
    withheld in the same way, and where one or two contributions give nearly all of it (see dominance). Where counts
    are rounded, values and totals are rounded as coarsely, because two exact values can give back the exact count
    behind them. What a review let out of the rule (rule.let_out) is shown: a count as it is, and known to everybody.
    Raises DisclosureError for a column without a role, a role without a column, negative or broken counts, keys that
    look like identifiers, and values with nothing behind them.
    """
    _refuse(table, name, roles)
    table = table.reset_index(drop=True)
    of = {role: [column for column in roles if roles[column] is role] for role in Role}
    counts = _numbers(table, of[Role.COUNT])
    behind = _numbers(table, of[Role.UNITS] + of[Role.EVENTS] + of[Role.FREEDOM])
    grouping = table[of[Role.GROUPING][0]].to_numpy() if of[Role.GROUPING] else None
    out_of_rule = let_out_of(table, name=name, rule=rule, roles=roles)
    held = _held(counts, rule, grouping, let_out=out_of_rule[of[Role.COUNT]].to_numpy())
    small, hidden = (_as_table(found, counts) for found in (held.primary, held.hidden))
    weak, beside = _weak_rows(behind, rule, roles), hidden.any(axis=1)
    out = table[[column for column in roles if roles[column] in SHOWN_ROLES]].copy()
    statuses = pd.DataFrame(index=out.index, columns=[c for c in out if roles[c] not in KEYS], dtype=object)
    for column in of[Role.COUNT]:
        rounded = counts[column].map(rule.rounded).where(~out_of_rule[column], counts[column])
        out[column] = rounded.astype(float).mask(hidden[column])
        statuses[column] = _statuses(rule, small[column], hidden[column], let_out=out_of_rule[column])
    few = _few_give_all(table, of, rule)
    for column in of[Role.VALUE] + of[Role.TOTAL]:
        held_back = (weak | few if column in of[Role.TOTAL] else weak) & ~out_of_rule[column]
        out[column] = _coarse(table[column], behind[of[Role.EVENTS]].min(axis=1), rule).mask(held_back | beside)
        statuses[column] = _statuses(
            rule, weak & held_back, held_back | beside, few=held_back & ~weak, let_out=out_of_rule[column]
        )
    records = _records(out, statuses, table, roles=roles)
    held = replace(held, labels=_labels(counts, out, len(held.hidden)))
    return Released(name, title, out, rule, statuses, Evidence(records, held))


def _refuse(table: pd.DataFrame, name: str, roles: dict[str, Role]) -> None:
    faults = [f"{column}: has no role, so it stays inside" for column in table if column not in roles]
    faults += [f"{column}: has a role and is not in the table" for column in roles if column not in table]
    faults += [
        f"{column}: got {role!r}, expected a Role" for column, role in roles.items() if not isinstance(role, Role)
    ]
    faults += [f"{column}: stands twice" for column in table.columns[table.columns.duplicated()]]
    if not faults:
        faults = [fault for column, role in roles.items() for fault in column_faults(table[column], role)]
        given = set(roles.values())
        for role in (role for role in _NEEDS if role in given and not _NEEDS[role] <= given):
            needed = " and ".join(sorted(one.name for one in _NEEDS[role]))
            faults.append(f"{role.name} columns need {needed} columns behind them")
    if faults:
        raise DisclosureError(f"{name} may not leave", faults)


def column_faults(column: pd.Series, role: Role) -> list[str]:
    """Return what is wrong with a column in its role."""
    if role in KEYS:
        found = column.astype(str).str.contains(_IDENTIFIER, regex=True).any()
        return [f"{column.name}: a key looks like the identifier of a person or an incident"] if found else []
    if role in (Role.VALUE, Role.TOTAL, Role.LARGEST, Role.SECOND):
        return [] if pd.api.types.is_numeric_dtype(column) else [f"{column.name}: every value must be a number"]
    numbers = pd.to_numeric(column, errors="coerce")
    broken = numbers.isna().any() or (numbers < 0).any() or (numbers % 1 != 0).any()
    return [f"{column.name}: every count must be a whole number of 0 or more"] if broken else []


def _numbers(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    return table[columns].apply(pd.to_numeric).astype("int64")


def _weak_rows(behind: pd.DataFrame, rule: Rule, roles: dict[str, Role]) -> pd.Series:
    least = {Role.UNITS: rule.units_below, Role.EVENTS: rule.events_below, Role.FREEDOM: rule.freedom_below}
    return pd.DataFrame({c: behind[c] < least[roles[c]] for c in behind}, index=behind.index).any(axis=1)


def _few_give_all(table: pd.DataFrame, of: dict[Role, list[str]], rule: Rule) -> pd.Series:
    """Return in which rows one or two contributions give nearly all of a total."""
    found = pd.Series(False, index=table.index)
    for total, largest, second in product(of[Role.TOTAL], of[Role.LARGEST], of[Role.SECOND]):
        found |= dominated(table[total], table[largest], table[second], rule=rule)
    return found


def _held(counts: pd.DataFrame, rule: Rule, grouping: np.ndarray | None, *, let_out: np.ndarray) -> Attackable:
    """Return the counts with what must be withheld, so that no total gives a small one back; labels follow later.

    The attacker is taken to know every other count as it is, not as it is rounded: what stands elsewhere may tell him.
    Where rows divide the same whole in several ways, what this adds is withheld from one who sees the rounded counts.
    """
    places, known = tuple(np.flatnonzero(let_out).tolist()), replace(rule, let_out=())
    cells = known_to_all(line_cells(counts.to_numpy(), rule), places)
    pattern = suppress(cells, replace(rule, round_to=1))
    exact = grouping is None
    if not exact:
        cells = known_to_all(_grouped(counts, grouping), places)
        pattern = suppress(cells, rule, start=pattern.hidden[: counts.size])
    return Attackable(cells, pattern.hidden, pattern.primary, pattern.wanted, (), known, exact=exact, let_out=places)


def _grouped(counts: pd.DataFrame, grouping: np.ndarray) -> Cells:
    try:
        return grouped_cells(counts.to_numpy(), grouping)
    except ValueError:
        raise DisclosureError("the groupings of a table do not add up to the same counts") from None


def _as_table(found: np.ndarray, counts: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(found[: counts.size].reshape(counts.shape), index=counts.index, columns=counts.columns)


def _labels(counts: pd.DataFrame, out: pd.DataFrame, size: int) -> list[str]:
    """Return what each cell is: first those of the table, then the totals of columns and of rows."""
    rows = row_labels(out, [c for c in out if c not in counts])
    labels = [f"{row} | {column}" for row in rows for column in counts]
    labels += [f"{ALL} | {column}" for column in counts if len(rows) > 1]
    labels += [f"{row} | {ALL}" for row in rows if len(counts.columns) > 1]
    return told_apart(labels[:size])


def _statuses(
    rule: Rule, withheld: pd.Series, hidden: pd.Series, *, let_out: pd.Series, few: pd.Series | None = None
) -> list[Status]:
    open_ = Status.ROUNDED if rule.round_to > 1 else Status.SHOWN
    few = withheld & False if few is None else few
    return [
        Status.WITHHELD if weak else Status.DOMINATED if most else Status.COMPLEMENTARY if out
        else Status.LET_OUT if free else open_
        for weak, most, out, free in zip(withheld, few, hidden, let_out, strict=True)
    ]  # fmt: skip


def _coarse(values: pd.Series, events: pd.Series, rule: Rule) -> pd.Series:
    """Round each value to 1, 2 or 5 times a power of 10, at least as coarse beside the value as round_to is beside
    the events behind it."""
    if rule.round_to == 1:
        return values
    # the step follows from the events as they would be shown, so that it does not tell them more exactly
    return coarser(values, values.abs() * rule.round_to / events.map(rule.rounded).clip(lower=rule.round_to))


def told_apart(labels: list[str]) -> list[str]:
    """Return labels of which none stands twice: the second of a kind is numbered."""
    before = pd.Series(labels, dtype=object).groupby(labels).cumcount() if labels else []
    return [f"{label} ({number + 1})" if number else label for label, number in zip(labels, before, strict=True)]


def _records(out: pd.DataFrame, statuses: pd.DataFrame, table: pd.DataFrame, *, roles: dict[str, Role]) -> pd.DataFrame:
    """Return a row for each decision: what was decided, what is shown, and what is behind it."""
    keys = [column for column in out if roles[column] in KEYS]
    behind = table[[column for column in roles if roles[column] not in SHOWN_ROLES]]
    parts = [
        pd.DataFrame({
            "row": row_labels(out, keys), "column": column, "decision": [status.value for status in statuses[column]],
            "shown": out[column],
            "count": table[column].astype(float) if roles[column] is Role.COUNT else np.nan,
            **{f"behind: {name}": behind[name] for name in behind},
        })
        for column in statuses
    ]  # fmt: skip
    columns = ["row", "column", "decision", "shown", "count"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
