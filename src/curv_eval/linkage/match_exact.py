"""Links by equal pseudonyms alone: nothing is learnt and nothing is guessed, and much is missed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from curv_eval.errors import DesignError
from curv_eval.linkage.links import Links
from curv_eval.linkage.match_prepare import meetings, quoted, refuse_tables

if TYPE_CHECKING:
    import duckdb

    from curv_eval.linkage.scheme import Scheme

_MOST_PAIRS = 100_000_000


def match_exact(
    con: duckdb.DuckDBPyConnection, left: str, right: str, *, scheme: Scheme, only: Sequence[int] | None = None
) -> Links:
    """Link two tables that `read_encoded` made: records with a pseudonym in common are taken to be one person.

    only: the numbers of the pseudonyms that count, 1 being the first; all of them where nothing is said. A record
    that would be in two links is in none, and those pairs are counted as conflicts. Raises ContractError for a table
    that cannot be read so, and DesignError where a pseudonym stands for too many records.
    """
    columns = [f"pseudonym_{i}" for i in only or range(1, len(scheme.exact) + 1)]
    refuse_tables(con, (left, right), ["record_id", *columns])
    found = {column: meetings(con, (left, right), [column]) for column in columns}
    if sum(found.values()) > _MOST_PAIRS:
        breaches = [f"{column} brings {n:,} pairs together" for column, n in found.items()]
        raise DesignError(
            "these pseudonyms tell nobody apart", breaches, "ask for blanks, and not a word, where nothing is known"
        )
    every = " UNION ALL ".join(
        f"SELECT l.record_id AS record_id_l, r.record_id AS record_id_r"
        f" FROM {quoted(left)} l JOIN {quoted(right)} r USING ({column})"
        for column in columns
    )
    pairs = con.sql(f"""
        SELECT record_id_l, record_id_r, CAST('nan' AS DOUBLE) AS probability, CAST(count(*) AS DOUBLE) AS weight,
            count(*) OVER (PARTITION BY record_id_l) > 1 OR count(*) OVER (PARTITION BY record_id_r) > 1 AS conflict
        FROM ({every}) GROUP BY record_id_l, record_id_r ORDER BY record_id_l, record_id_r
    """).df()
    n_left, n_right = (con.execute(f"SELECT count(*) FROM {quoted(t)}").fetchall()[0][0] for t in (left, right))
    clear = ~pairs.pop("conflict").astype(bool)
    return Links(
        pairs=pairs[clear].reset_index(drop=True),
        threshold=None,
        mode="exact",
        n_left=n_left,
        n_right=n_right,
        conflicts=int((~clear).sum()),
        model={"pseudonyms": columns},
    )
