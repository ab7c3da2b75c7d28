"""Rates and percentages through the gate: each gives back the count it is made of, and is let out as that count is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from curv_eval.disclosure.cells import Cells, known_to_all, ties
from curv_eval.disclosure.crossed import ALL
from curv_eval.disclosure.gate import column_faults, told_apart
from curv_eval.disclosure.letting import row_labels
from curv_eval.disclosure.nouns import Attackable, Evidence, Released, Role, Status
from curv_eval.disclosure.rules import Rule
from curv_eval.disclosure.suppress import suppress
from curv_eval.errors import DisclosureError
from curv_eval.granted import seen


@dataclass(frozen=True)
class Rate:
    """One column of rates: `per` times a count over what it is out of.

    count: the column with the count. out_of: the column it is divided by. part: whether the count is a part of that
    number, as in a percentage; then the rest of it is protected too, since 48 of 50 tells of 2. Else the number is
    public, as a population is.
    """

    count: str
    out_of: str
    per: float
    part: bool = False

    @property
    def counts(self) -> tuple[str, ...]:
        """The columns of counts behind it: the count, and of a part the rest."""
        return (self.count, f"{self.out_of} without {self.count}") if self.part else (self.count,)


def release_rates(table: pd.DataFrame, rates: Mapping[str, Rate], *, name: str, title: str, rule: Rule) -> Released:
    """Return rates and percentages that may leave under `rule`: with NaN where one is withheld.

    Whoever knows what a rate is out of has the count from it; from rates of all parts but one, and of the whole, that
    one's. So it is chosen for the counts what to withhold (see suppress), every total of them and every number that
    one is a part of taken for known, unless small itself; a rate is shown where its counts would be, as per x rounded
    count / out of, and of a part, per x rounded part / (rounded part + rounded rest). That tells nothing that the
    rounded counts would not.
    table: counts and what they are out of, indexed by the keys. rates: by the name of the column to be shown.
    Raises DisclosureError for columns that are missing or of no use, keys that look like identifiers, counts that are
    broken, parts larger than their whole, and a count that occurs where there is nothing to divide by.
    """
    keys = table.index.to_frame(index=False)
    _refuse(table, keys, name=name, rates=rates)
    table, rows = table.reset_index(drop=True), row_labels(keys, list(keys))
    counts = _counts(table, rates)
    free = _let_out(table, rows, name=name, rule=rule, rates=rates)
    held = _held(counts, rows, free=free, rule=rule, rates=rates)
    hidden, primary, exact = (_view(found, counts) for found in (held.hidden, held.primary, _at(held)))
    rounded = counts.apply(lambda column: column.map(rule.rounded)).where(~exact, counts)
    statuses, shown = pd.DataFrame(index=table.index), keys.copy()
    for column, one in rates.items():
        few, out, free = (found[list(one.counts)].any(axis=1) for found in (primary, hidden, exact))
        statuses[column] = _statuses(rule, few, out, free)
        shown[column] = _rate(one, rounded, table).mask(out)
    records = _records(shown, statuses, rows=rows, table=table, rates=rates)
    return Released(name, title, shown, rule, statuses, Evidence(records, held))


def _refuse(table: pd.DataFrame, keys: pd.DataFrame, *, name: str, rates: Mapping[str, Rate]) -> None:
    used = dict.fromkeys(part for one in rates.values() for part in (one.count, one.out_of))
    faults = [f"{column}: is not in the table" for column in used if column not in table]
    faults += [f"{column}: is in no rate, so it stays inside" for column in table if column not in used]
    faults += [f"{column}: stands twice" for column in table.columns[table.columns.duplicated()]]
    faults += [f"{column}: is a key and a rate" for column in rates if column in keys]
    faults += [f"{key}: a key needs a name" for key in keys if not isinstance(key, str)]
    if not faults:
        faults += [fault for key in keys for fault in column_faults(keys[key], Role.KEY)]
        faults += [fault for one in rates.values() for fault in _rate_faults(table, one)]
    if faults:
        raise DisclosureError(f"{name} may not leave", list(dict.fromkeys(faults)))


def _rate_faults(table: pd.DataFrame, one: Rate) -> Iterator[str]:
    faults = column_faults(table[one.count], Role.COUNT)
    if one.part:
        faults += column_faults(table[one.out_of], Role.COUNT)
    count, whole = (pd.to_numeric(table[part], errors="coerce") for part in (one.count, one.out_of))
    if not faults and not (np.isfinite(whole) & (whole >= 0)).all():
        faults = [f"{one.out_of}: every number that a count is divided by must be 0 or more"]
    yield from faults
    if not faults and one.part and (whole < count).any():
        yield f"{one.count}: must be a part of {one.out_of}, and is more than it somewhere"
    elif not faults and ((whole == 0) & (count > 0)).any():
        yield f"{one.count}: is more than 0 where {one.out_of} is 0"


def _counts(table: pd.DataFrame, rates: Mapping[str, Rate]) -> pd.DataFrame:
    """Return every count behind the rates once: a column each, the rest of what has parts among them."""
    found = {}
    for one in rates.values():
        found[one.count] = table[one.count].astype("int64")
        if one.part:
            found[one.counts[1]] = table[one.out_of].astype("int64") - found[one.count]
    return pd.DataFrame(found)


def _held(
    counts: pd.DataFrame, rows: list[str], *, free: np.ndarray, rule: Rule, rates: Mapping[str, Rate]
) -> Attackable:
    places = np.flatnonzero(free)
    cells = known_to_all(_cells(counts, rates, rule), places)
    pattern = suppress(cells, replace(rule, round_to=1))
    labels = [f"{row} | {column}" for column in counts for row in rows]
    labels += [f"{ALL} | {column}" for column in counts if len(rows) > 1]
    labels += [f"{row} | {one.out_of}" for one in _wholes(rates, counts) for row in rows]
    public = replace(rule, let_out=())
    return Attackable(
        cells, pattern.hidden, pattern.primary, pattern.wanted, told_apart(labels), public, exact=True,
        let_out=tuple(places.tolist()),
    )  # fmt: skip


def _cells(counts: pd.DataFrame, rates: Mapping[str, Rate], rule: Rule) -> Cells:
    """Return the counts, column by column, with the total of each and with what they are parts of.

    What is a count of another rate itself is the same cell here; any other whole is taken for known.
    """
    rows, at = len(counts), np.arange(counts.size).reshape(counts.shape, order="F")
    place = {column: at[:, n] for n, column in enumerate(counts)}
    lines = [place[column] for column in counts if rows > 1]
    lines += [np.array([place[c][n] for c in one.counts]) for one in _wholes(rates, counts) for n in range(rows)]
    flat = counts.to_numpy().ravel(order="F")
    values = np.concatenate([flat, [flat[line].sum() for line in lines]]).astype(np.int64)
    known = (np.arange(len(values)) >= counts.size) & ~((values > 0) & (values < rule.events_below))
    sums = list(range(counts.size, len(values)))
    for one in (one for one in rates.values() if one.part and one.out_of in place):
        lines += [np.array([place[c][n] for c in one.counts]) for n in range(rows)]
        sums += [place[one.out_of][n] for n in range(rows)]
    return Cells(values, ties(lines, sums, len(values)), known)


def _wholes(rates: Mapping[str, Rate], counts: pd.DataFrame) -> list[Rate]:
    """Return the rates of parts whose whole is no count of another rate."""
    return [one for one in rates.values() if one.part and one.out_of not in counts]


def _let_out(table: pd.DataFrame, rows: list[str], *, name: str, rule: Rule, rates: Mapping[str, Rate]) -> np.ndarray:
    """Return which counts, column by column, are known once the rates that a review let out are shown."""
    asked = {(one.row, one.column): one.seen for one in rule.let_out if one.table == name}
    own, columns = Counter(rows), list(dict.fromkeys(part for one in rates.values() for part in one.counts))
    found = pd.DataFrame(False, index=range(len(rows)), columns=columns)
    for column, one in rates.items() if asked else ():
        for n, row in enumerate(rows):
            now = seen(float(table[one.count].iloc[n]), {"out_of": float(table[one.out_of].iloc[n])})
            if own[row] == 1 and asked.get((row, column)) == now:
                found.loc[n, list(one.counts)] = True
    return found.to_numpy().ravel(order="F")


def _view(found: np.ndarray, counts: pd.DataFrame) -> pd.DataFrame:
    shape = found[: counts.size].reshape(counts.shape, order="F")
    return pd.DataFrame(shape, index=counts.index, columns=counts.columns)


def _at(held: Attackable) -> np.ndarray:
    return np.isin(np.arange(len(held.hidden)), held.let_out)


def _statuses(rule: Rule, few: pd.Series, out: pd.Series, free: pd.Series) -> list[Status]:
    open_ = Status.ROUNDED if rule.round_to > 1 else Status.SHOWN
    return [
        Status.WITHHELD if a else Status.COMPLEMENTARY if b else Status.LET_OUT if c else open_
        for a, b, c in zip(few, out, free, strict=True)
    ]


def _rate(one: Rate, rounded: pd.DataFrame, table: pd.DataFrame) -> pd.Series:
    whole = rounded[list(one.counts)].sum(axis=1) if one.part else table[one.out_of]
    return (one.per * rounded[one.count] / whole.mask(whole == 0)).astype(float)


def _records(
    shown: pd.DataFrame, statuses: pd.DataFrame, *, rows: list[str], table: pd.DataFrame, rates: Mapping[str, Rate]
) -> pd.DataFrame:
    """Return a row for each rate: what was decided, what is shown, its count, and what that is out of."""
    parts = [
        pd.DataFrame({
            "row": rows, "column": column,
            "decision": [status.value for status in statuses[column]], "shown": shown[column],
            "count": table[one.count].astype(float), "behind: out_of": table[one.out_of].astype(float),
        })
        for column, one in rates.items()
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)
