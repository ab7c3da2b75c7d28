"""What came of people: whether there was a record in the time they were followed, or a score at its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from curv_eval.breach_sql import quoted, text
from curv_eval.errors import DesignError
from curv_eval.stats.scales import sdq, swemwbs
from curv_eval.study import Outcome, Persons

if TYPE_CHECKING:
    import duckdb

ITEMS = {"sdq_total": 25, "swemwbs_metric": 7}


@dataclass(frozen=True)
class Found:
    """One outcome of the table `followed`, in the order of its persons: (n,) after, and before where it is a score.

    ends: the last day that the records reach.
    """

    after: np.ndarray
    before: np.ndarray | None
    ends: pd.Timestamp


def outcome_of(con: duckdb.DuckDBPyConnection, outcome: Outcome, asked: Persons) -> Found:
    """Return an outcome of everybody in the table `followed` (person, since).

    An event is 1 where any record lies within `asked.months` from `since`, else 0. A score is the last within that
    time, NaN where there is none; before it is the last up to and including `since`, or else the first of all that is
    earlier than the one after. Raises DesignError where the record's date was not received as a date.
    """
    _require_date(con, outcome)
    con.execute(f"CREATE OR REPLACE TEMP TABLE one_outcome AS {_records(outcome)}")
    ends = con.execute("SELECT max(day) FROM one_outcome").fetchone()[0]
    if ends is None:
        raise DesignError(f"outcomes.{outcome.name}: {outcome.contract} has no record with a date")
    if outcome.record.value is None:
        return Found(_events(con, asked.months), None, pd.Timestamp(ends))
    after, before = _scores(con, outcome, asked.months)
    return Found(after, before, pd.Timestamp.max)


def _require_date(con: duckdb.DuckDBPyConnection, outcome: Outcome) -> None:
    kinds = dict(con.execute(f"SELECT column_name, column_type FROM (DESCRIBE {quoted(outcome.contract)})").fetchall())
    if not kinds.get(outcome.record.on, "").startswith(("DATE", "TIMESTAMP")):
        what = (
            f"outcomes.{outcome.name}.record.on: {outcome.contract}.{outcome.record.on} is not a date as it was given"
        )
        raise DesignError(what, do="ask for the date itself in `contracts:`: a month cannot tell before from after")


def _records(outcome: Outcome) -> str:
    """Return SQL for person, day and the columns of the score, of every record that counts."""
    record, source = outcome.record, quoted(outcome.contract)
    where = " AND ".join([f"CAST(r.{quoted(c)} AS VARCHAR) = {text(v)}" for c, v in outcome.where.items()]) or "true"
    score = "".join(f", r.{column}" for column in _score_columns(outcome))
    own = f"r.{quoted(record.person)}"
    if record.links is None:
        return (
            f"SELECT {own} AS person, CAST(r.{quoted(record.on)} AS DATE) AS day {score} FROM {source} r WHERE {where}"
        )
    return f"""
        SELECT l.left_id AS person, CAST(r.{quoted(record.on)} AS DATE) AS day {score}
        FROM {source} r LEFT JOIN {quoted(record.links)} l ON {own} = l.right_id WHERE {where}"""


def _score_columns(outcome: Outcome) -> list[str]:
    value = outcome.record.value
    if value is None:
        return []
    return [quoted(f"item_{i}") for i in range(1, ITEMS[value] + 1)] if value in ITEMS else [quoted(value)]


def _events(con: duckdb.DuckDBPyConnection, months: int) -> np.ndarray:
    rows = con.execute(f"""
        SELECT count(o.day) > 0 FROM followed f LEFT JOIN one_outcome o ON o.person = f.person
        AND o.day >= f.since AND o.day < f.since + INTERVAL {months} MONTH GROUP BY f.person ORDER BY f.person""")
    return np.array([row[0] for row in rows.fetchall()], dtype=float)


def _scores(con: duckdb.DuckDBPyConnection, outcome: Outcome, months: int) -> tuple[np.ndarray, np.ndarray]:
    held = con.execute(f"""
        SELECT f.person, f.since, o.day, o.* EXCLUDE (person, day),
               o.day > f.since AND o.day < f.since + INTERVAL {months} MONTH AS inside
        FROM followed f LEFT JOIN one_outcome o ON o.person = f.person ORDER BY f.person, o.day""").df()
    held = held.assign(score=_scored(held, outcome)).drop_duplicates(["person", "day"], keep="last")
    people = held["person"].drop_duplicates()
    known = held[held["score"].notna()]
    inside = known["inside"].astype("boolean").fillna(False)
    after = known[inside].groupby("person").last()
    earlier = known.merge(after["day"].rename("end"), left_on="person", right_index=True, how="left")
    earlier = earlier[earlier["end"].isna() | (earlier["day"] < earlier["end"])]
    on_time = earlier[earlier["day"] <= earlier["since"]].groupby("person")["score"].last()
    before = on_time.combine_first(earlier.groupby("person")["score"].first())
    return after["score"].reindex(people).to_numpy(float), before.reindex(people).to_numpy(float)


def _scored(held: pd.DataFrame, outcome: Outcome) -> np.ndarray:
    value = outcome.record.value
    if value not in ITEMS:
        return held[value].to_numpy(float)
    items = held[[f"item_{i}" for i in range(1, ITEMS[value] + 1)]].to_numpy(float)
    return sdq(items)["total"] if value == "sdq_total" else swemwbs(items)[1]
