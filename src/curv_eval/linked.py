"""People of one dataset and their records in another, joined by the pairs of pseudonyms that a linker made."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from curv_eval.breach_sql import quoted
from curv_eval.contract import Contract
from curv_eval.errors import DesignError
from curv_eval.study import Linkage

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

OTHER = "not known"


@dataclass(frozen=True, repr=False)
class Linked:
    """Everyone who could be followed for the whole time, one row each, without pseudonyms.

    people: compare, linked (any pair), outcome (any record in the time after `since`), and one text column for each
    group. too_recent: people whose time of following was not over when the records ended. wrong: how many of 100 pairs
    the linker expects to be wrong, from its probabilities; NaN without pairs. months: how long people were followed.
    """

    people: pd.DataFrame
    too_recent: int
    wrong: float
    months: int

    def __repr__(self) -> str:
        return f"<Linked: {len(self.people):,} people followed for {self.months} months>"


def linked_people(con: duckdb.DuckDBPyConnection, asked: Linkage, contracts: dict[str, Contract]) -> Linked:
    """Return who had a record within `asked.months` of the first `asked.since`.

    A person with several referrals counts once, in the group of the first one: what came later may be a result of what
    came before. Raises DesignError when a date was not received as a date, when a pseudonym is linked with two people
    of the other dataset's own, or when nobody could be followed.
    """
    _require_dates(asked, contracts)
    q = {field: quoted(value) for field, value in asdict(asked).items() if isinstance(value, str)}
    groups = "".join(
        f", coalesce(CAST(arg_min({name}, {q['since']}) AS VARCHAR), '{OTHER}') AS {name}"
        for name in map(quoted, asked.groups)
    )
    found = con.execute(f"""
        WITH people AS (
            SELECT {q["person"]} AS person, min({q["since"]}) AS since,
                   arg_min({q["compare"]}, {q["since"]}) AS compare {groups}
            FROM {q["people"]} GROUP BY 1),
        ended AS (SELECT max(CAST({q["on"]} AS DATE)) AS last FROM {q["records"]}),
        records AS (
            SELECT l.left_id AS person, CAST(r.{q["on"]} AS DATE) AS day
            FROM {q["links"]} l JOIN {q["records"]} r ON r.{q["record_person"]} = l.right_id),
        seen AS (
            SELECT p.person, count(*) AS n FROM people p JOIN records r ON r.person = p.person
            AND r.day >= p.since AND r.day < p.since + INTERVAL {asked.months} MONTH GROUP BY 1)
        SELECT p.*, p.person IN (SELECT left_id FROM {q["links"]}) AS linked, coalesce(s.n, 0) > 0 AS outcome,
               p.since + INTERVAL {asked.months} MONTH > (SELECT last FROM ended) + INTERVAL 1 DAY AS too_recent
        FROM people p LEFT JOIN seen s ON s.person = p.person ORDER BY p.person""").df()
    followed = found[~found["too_recent"].astype(bool)]
    if followed.empty:
        what = f"nobody in {asked.people} could be followed for {asked.months} months"
        raise DesignError(what, do="shorten `linkage.months`, or use records that go further")
    people = followed.drop(columns=["person", "since", "too_recent"]).reset_index(drop=True)
    return Linked(people, int(found["too_recent"].sum()), _wrong(con, asked), asked.months)


def _require_dates(asked: Linkage, contracts: dict[str, Contract]) -> None:
    """A month is not enough to tell before from after."""
    faults = []
    for name, column in ((asked.people, asked.since), (asked.records, asked.on)):
        kinds = {c.name: c.type for c in contracts[name].columns}
        if kinds.get(column) not in ("date", "timestamp"):
            faults.append(f"{name}.{column}: expected a date, as it was given")
    if faults:
        raise DesignError("people cannot be followed", faults, "ask for the dates themselves in `contracts:`")


def _wrong(con: duckdb.DuckDBPyConnection, asked: Linkage) -> float:
    ((share,),) = con.execute(f"SELECT avg(1 - probability) FROM {quoted(asked.links)}").fetchall()
    return float("nan") if share is None else 100 * share
