"""Several tables of counts through the gate together: margins, levels, and what the tables share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from curv_eval.disclosure.cells import known_to_all
from curv_eval.disclosure.controlled import rounded_together
from curv_eval.disclosure.crossed import Crossed, crossed
from curv_eval.disclosure.letting import counts_let_out, row_labels
from curv_eval.disclosure.nouns import Attackable, Evidence, Released, Status
from curv_eval.disclosure.rules import Rule
from curv_eval.disclosure.suppress import Pattern, suppress
from curv_eval.errors import DisclosureError


def release_tables(
    counts: pd.DataFrame,
    *,
    count: str,
    tables: Mapping[str, Sequence[str]],
    rule: Rule,
    above: Mapping[str, Sequence[Mapping[str, str]]] | None = None,
) -> dict[str, Released]:
    """Return tables of the sums of `count` by their dimensions, with every margin and level, that may leave together.

    counts: long, one row for each combination of the finest codes that occurs. tables: by name (also its title) the
    dimensions, columns of `counts`. above: for a dimension its hierarchies, each a mapping from a code to the one right
    above it, as from ward to district; below "All" lies what has nothing above it.
    What is withheld is chosen for all tables at once, margins among it, so that nobody who sees them all, knows the
    rule, and that a withheld count is a whole number of 1 or more, can say more of a small count than the rule does.
    Margins are sums of the true counts, never of what is shown.
    Raises DisclosureError for broken counts and for codes that do not hold together.
    """
    _refuse(counts, count, tables)
    made = crossed(counts, count=count, tables=tables, above=above or {})
    places = _let_out(made, rule)
    cells, known = known_to_all(made.cells, places), replace(rule, let_out=())
    pattern = suppress(cells, rule)
    held = Attackable(cells, pattern.hidden, pattern.primary, pattern.wanted, _labels(made), known, let_out=places)
    return {name: _released(name, made, pattern, rule=rule, held=held) for name in tables}


def round_tables(
    counts: pd.DataFrame,
    *,
    count: str,
    tables: Mapping[str, Sequence[str]],
    rule: Rule,
    above: Mapping[str, Sequence[Mapping[str, str]]] | None = None,
) -> dict[str, Released]:
    """Return the tables of `release_tables` with nothing withheld: every count is rounded so that all sums hold.

    Each goes to a multiple of the rule's base beside it (see rounded_together): for data whose owner allows this
    instead. Raises DisclosureError as release_tables does, and where the base is less than half of events_below.
    """
    _refuse(counts, count, tables)
    if rule.round_to < rule.events_below / 2:
        what = f"multiples of {rule.round_to} say too much of counts below {rule.events_below}"
        raise DisclosureError(what, do="let the small counts be withheld, or agree on a wider base with the owner")
    made = crossed(counts, count=count, tables=tables, above=above or {})
    rounded = rounded_together(made.cells, rule.round_to).astype(float)
    return {name: _rounded(name, made, rounded, rule=rule) for name in tables}


def _refuse(counts: pd.DataFrame, count: str, tables: Mapping[str, Sequence[str]]) -> None:
    wanted = dict.fromkeys([count, *(name for dims in tables.values() for name in dims)])
    faults = [f"{name}: is not a column of the counts" for name in wanted if name not in counts]
    if not faults:
        number = pd.to_numeric(counts[count], errors="coerce")
        if number.isna().any() or (number < 0).any() or (number % 1 != 0).any():
            faults.append(f"{count}: every count must be a whole number of 0 or more")
        faults += [f"{name}: a code is missing" for name in wanted if counts[name].isna().any()]
    if faults:
        raise DisclosureError("the tables may not leave", faults)


def _let_out(made: Crossed, rule: Rule) -> tuple[int, ...]:
    """Return which counts a review let out; what is let out of one table is in all that show it."""
    found = set()
    for name, keys in made.keys.items():
        at = made.places[name]
        counts = made.cells.values[at]
        found |= {int(at[n]) for n in counts_let_out(row_labels(keys, list(keys)), counts, name=name, rule=rule)}
    return tuple(sorted(found))


def _labels(made: Crossed) -> list[str]:
    """Return what each cell is, in the words of the first table that shows it."""
    labels = [""] * len(made.cells.values)
    for name, keys in made.keys.items():
        for place, row in zip(made.places[name], row_labels(keys, list(keys)), strict=True):
            labels[place] = labels[place] or f"{row} | {', '.join(keys)}"
    return labels


def _released(name: str, made: Crossed, pattern: Pattern, *, rule: Rule, held: Attackable) -> Released:
    at, keys = made.places[name], made.keys[name]
    values, hidden, primary = made.cells.values[at], pattern.hidden[at], pattern.primary[at]
    free = np.isin(at, held.let_out)
    shown = np.where(hidden, np.nan, np.where(free, values, rule.rounded(values))).astype(float)
    open_ = Status.ROUNDED if rule.round_to > 1 else Status.SHOWN
    statuses = [
        Status.WITHHELD if few else Status.COMPLEMENTARY if out else Status.LET_OUT if let else open_
        for few, out, let in zip(primary, hidden, free, strict=True)
    ]  # fmt: skip
    return _table(name, keys, values, shown=shown, statuses=statuses, rule=rule, held=held)


def _rounded(name: str, made: Crossed, rounded: np.ndarray, *, rule: Rule) -> Released:
    at = made.places[name]
    statuses = [Status.ROUNDED] * len(at)
    return _table(
        name, made.keys[name], made.cells.values[at], shown=rounded[at], statuses=statuses, rule=rule, held=None
    )


def _table(  # noqa: PLR0913 (what a released table is made of)
    name: str,
    keys: pd.DataFrame,
    values: np.ndarray,
    *,
    shown: np.ndarray,
    statuses: list[Status],
    rule: Rule,
    held: Attackable | None,
) -> Released:
    records = pd.DataFrame({
        "row": row_labels(keys, list(keys)), "column": "count", "decision": [status.value for status in statuses],
        "shown": shown, "count": values.astype(float),
    })  # fmt: skip
    decided = pd.DataFrame({"count": statuses}, dtype=object)
    return Released(name, name, keys.assign(count=shown), rule, decided, Evidence(records, held))
