"""Which cells of a table a review let out of the rule: those it looked at, with the numbers it looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pandas as pd

from curv_eval.disclosure.nouns import KEYS, SHOWN_ROLES, Role
from curv_eval.disclosure.rules import Rule
from curv_eval.granted import seen


def let_out_of(table: pd.DataFrame, *, name: str, rule: Rule, roles: dict[str, Role]) -> pd.DataFrame:
    """Return which cells were let out, as True: a row for each of the table, a column for each that holds numbers.

    A cell counts only where its row has a name of its own and what is behind it is what the review saw: after a
    correction of the data it must be looked at again.
    """
    shown = [column for column, role in roles.items() if role in SHOWN_ROLES and role not in KEYS]
    found = pd.DataFrame(False, index=table.index, columns=shown)
    asked = {(one.row, one.column): one.seen for one in rule.let_out if one.table == name}
    if not asked:
        return found
    behind = [column for column, role in roles.items() if role not in SHOWN_ROLES]
    rows = row_labels(table, [column for column, role in roles.items() if role in KEYS])
    own = Counter(rows)
    for place, row in enumerate(rows):
        for column in shown if own[row] == 1 else ():
            count = float(table[column].iloc[place]) if roles[column] is Role.COUNT else None
            now = seen(count, {one: float(table[one].iloc[place]) for one in behind})
            found.loc[found.index[place], column] = asked.get((row, column)) == now
    return found


def counts_let_out(rows: Sequence[str], counts: Sequence[int], *, name: str, rule: Rule) -> list[int]:
    """Return the places of the counts of a table with one column `count` that were let out."""
    asked = {one.row: one.seen for one in rule.let_out if one.table == name and one.column == "count"}
    own = Counter(rows)
    found = enumerate(zip(rows, counts, strict=True))
    return [n for n, (row, count) in found if own[row] == 1 and asked.get(row) == seen(float(count), {})]


def row_labels(table: pd.DataFrame, keys: list[str]) -> list[str]:
    """Return what each row of a table is, from its keys; a shape on a map is none."""
    shown = [key for key in keys if key != "geometry"]
    return [" · ".join(str(value) for value in row) for row in table[shown].itertuples(index=False)]
