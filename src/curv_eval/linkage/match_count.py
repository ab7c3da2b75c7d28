"""What can be counted about two prepared tables before anything is learnt from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from curv_eval.linkage.match_prepare import meetings

if TYPE_CHECKING:
    import duckdb

    from curv_eval.linkage.scheme import Field, Scheme

# before anything is learnt: how many of the true pairs agree on all fields of one of the exact rules
_FOUND_BY_RULES = 0.7
# a field whose values are the same by chance more often than this is no help in finding pairs to learn from
_TELLING = 0.05


@dataclass(frozen=True)
class Counts:
    """Counts of two tables.

    n_left, n_right: records. fields: those that both tables hold at all. blocked: pairs that each block brings
    together. same: by field, the share of pairs with the same value, of those where both have one. passes: fields on
    which pairs agree from which the other fields can be learnt. prior: a first guess of the share of true pairs.
    """

    n_left: int
    n_right: int
    fields: tuple[Field, ...]
    blocked: tuple[int, ...]
    same: dict[str, float]
    passes: tuple[tuple[str, ...], ...]
    prior: float

    @property
    def pairs(self) -> int:
        """How many pairs there are in all."""
        return self.n_left * self.n_right


def count(con: duckdb.DuckDBPyConnection, tables: Sequence[str], scheme: Scheme) -> Counts:
    """Count what the prepared `tables`, left and right, have in common."""
    n_left, n_right = (con.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0] for table in tables)
    same = {field.name: _same(con, tables, field.name) for field in scheme.fields}
    held = {name: share for name, share in same.items() if share is not None}
    return Counts(
        n_left=n_left,
        n_right=n_right,
        fields=tuple(field for field in scheme.fields if field.name in held),
        blocked=tuple(meetings(con, tables, [f"block_{i}"]) for i, _ in enumerate(scheme.blocks, 1)),
        same=held,
        passes=_passes(con, tables, held),
        prior=min(max(_by_rules(con, tables, scheme), 1) / _FOUND_BY_RULES / (n_left * n_right), 0.5),
    )


def _same(con: duckdb.DuckDBPyConnection, tables: Sequence[str], name: str) -> float | None:
    """Return the share of pairs with the same value; None where a table does not hold the field."""
    n_left, n_right = (con.execute(f"SELECT count({name}) FROM {table}").fetchall()[0][0] for table in tables)
    return meetings(con, tables, [name]) / (n_left * n_right) if n_left and n_right else None


def _passes(con: duckdb.DuckDBPyConnection, tables: Sequence[str], same: dict[str, float]) -> tuple:
    """Return the fields two by two, rarest agreement first; alone where no pair agrees on both."""
    telling = [name for _, name in sorted((share, name) for name, share in same.items()) if same[name] < _TELLING]
    passes: list[tuple[str, ...]] = []
    for two in (tuple(telling[i : i + 2]) for i in range(0, len(telling), 2)):
        together = [two] if meetings(con, tables, two) else [(name,) for name in two]
        passes += [fields for fields in together if meetings(con, tables, fields)]
    return tuple(passes)


def _by_rules(con: duckdb.DuckDBPyConnection, tables: Sequence[str], scheme: Scheme) -> int:
    """Return how many pairs agree on all fields of at least one exact rule."""
    left, right = tables
    found = " UNION ".join(
        f"SELECT l.unique_id, r.unique_id FROM {left} l JOIN {right} r ON l.exact_{i} = r.exact_{i}"
        for i, _ in enumerate(scheme.exact, 1)
    )
    return con.execute(f"SELECT count(*) FROM ({found})").fetchall()[0][0]
