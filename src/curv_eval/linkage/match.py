"""Records of the same person found in two tables: by clear text, by encodings, or by equal pseudonyms alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from curv_eval.errors import DesignError
from curv_eval.linkage.backend import BACKENDS, engine
from curv_eval.linkage.fields import DATE_FORMATS
from curv_eval.linkage.links import Links
from curv_eval.linkage.match_count import count
from curv_eval.linkage.match_prepare import prepare_clear, prepare_encoded, refuse_tables
from curv_eval.linkage.match_score import linked, probability, recalibrate, score
from curv_eval.linkage.model import clear_comparisons, described, encoded_comparisons, model_settings
from curv_eval.linkage.model_train import quiet, train

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

    from curv_eval.linkage.match_count import Counts
    from curv_eval.linkage.scheme import Scheme

_TABLES = ("curv_eval_left", "curv_eval_right")
_COMPARED = ("curv_eval_compared_left", "curv_eval_compared_right")
_MOST_PAIRS = 1_000_000_000


@dataclass(frozen=True)
class Matching:
    """How two tables are matched.

    seed: for the pairs that are drawn at random. threshold: the least probability of a link; at 0.5 a link is more
    likely right than wrong. one_to_one: no record is in two links. backend: "duckdb", or "spark" where one machine is
    not enough. dates: how dates are written in the left and in the right table of clear text, "iso" or "day-first".
    """

    seed: int
    threshold: float = 0.5
    one_to_one: bool = True
    backend: str = "duckdb"
    dates: tuple[str, str] = ("iso", "iso")

    def __post_init__(self) -> None:
        faults = []
        if not 0 < self.threshold < 1:
            faults.append(f"threshold: got {self.threshold}, expected a probability between 0 and 1")
        if self.seed < 0:
            faults.append(f"seed: got {self.seed}, expected 0 or more")
        if self.backend not in BACKENDS:
            faults.append(f"backend: got {self.backend!r}, expected {' or '.join(BACKENDS)}")
        if len(self.dates) != 2 or not set(self.dates) <= set(DATE_FORMATS):
            faults.append(f"dates: got {self.dates}, expected two of {' and '.join(DATE_FORMATS)}")
        if faults:
            raise DesignError("tables cannot be matched in this way", faults, "correct what is named")


def match_clear(con: duckdb.DuckDBPyConnection, left: str, right: str, *, scheme: Scheme, matching: Matching) -> Links:
    """Link two tables of clear text, each with `record_id` and the fields of `scheme` as columns.

    Values are normalised as before encoding and blocked by the same parts, so that links from clear text and from
    encodings of the same people can be set side by side. Raises ContractError for tables that cannot be read so,
    DesignError where the model cannot be learnt from them, and RunError where the backend is not there.
    """
    refuse_tables(con, (left, right), ["record_id", *(field.name for field in scheme.fields)])
    with _dropped(con):
        sides = zip((left, right), _TABLES, matching.dates, strict=True)
        unreadable = [prepare_clear(con, table, out, scheme=scheme, dates=dates) for table, out, dates in sides]
        links = _match(con, scheme, matching, clear=True)
    return replace(links, model={**links.model, "unreadable": unreadable})


def match_encoded(
    con: duckdb.DuckDBPyConnection, left: str, right: str, *, scheme: Scheme, matching: Matching
) -> Links:
    """Link two tables that `read_encoded` made from files of one scheme under one key. Raises as `match_clear` does."""
    refuse_tables(con, (left, right), scheme.columns)
    with _dropped(con):
        for table, out in zip((left, right), _TABLES, strict=True):
            prepare_encoded(con, table, out, scheme=scheme)
        return _match(con, scheme, matching, clear=False)


@contextmanager
def _dropped(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Drop what was prepared at the end, whatever happens."""
    try:
        yield
    finally:
        for view in _COMPARED:
            con.execute(f"DROP VIEW IF EXISTS {view}").fetchall()
        for table in _TABLES:
            con.execute(f"DROP TABLE IF EXISTS {table}").fetchall()


def _match(con: duckdb.DuckDBPyConnection, scheme: Scheme, matching: Matching, *, clear: bool) -> Links:
    counts = count(con, _TABLES, scheme)
    _refuse_too_many(counts, matching)
    if clear:
        comparisons = clear_comparisons(counts.fields, backend=matching.backend)
    else:
        comparisons = encoded_comparisons(counts.fields, bits=scheme.bits)
    settings = model_settings(comparisons, scheme, prior=counts.prior)
    _narrow(con, scheme)
    with engine(matching.backend, con, _COMPARED) as opened, quiet():
        trained = train(opened.tables, settings=settings, counts=counts, seed=matching.seed)
        scored = score(opened, trained, pairs=sum(counts.blocked))
    weight, prior = recalibrate(scored["weight"].to_numpy(), prior=counts.prior, pairs=counts.pairs)
    scored = scored.assign(weight=weight, probability=probability(weight))
    kept = linked(scored, threshold=matching.threshold, single=matching.one_to_one)
    return Links(
        pairs=_with_ids(con, scored[kept]),
        threshold=matching.threshold,
        mode="clear" if clear else "encoded",
        n_left=counts.n_left,
        n_right=counts.n_right,
        conflicts=int((scored["probability"] >= matching.threshold).sum() - kept.sum()),
        model=described(trained, prior=prior) | _counted(scheme, matching, counts, scored),
    )


def _narrow(con: duckdb.DuckDBPyConnection, scheme: Scheme) -> None:
    """Make views without ids and exact rules: what is compared is copied several times."""
    rest = ", ".join(["record_id", *(f"exact_{i}" for i, _ in enumerate(scheme.exact, 1))])
    for table, view in zip(_TABLES, _COMPARED, strict=True):
        con.execute(f"CREATE OR REPLACE VIEW {view} AS SELECT * EXCLUDE ({rest}) FROM {table}").fetchall()


def _counted(scheme: Scheme, matching: Matching, counts: Counts, scored: pd.DataFrame) -> dict[str, Any]:
    return {
        "learnt_on": [list(fields) for fields in counts.passes],
        "not_held": [field.name for field in scheme.fields if field not in counts.fields],
        "pairs_possible": counts.pairs,
        "pairs_in_blocks": sum(counts.blocked),
        "seed": matching.seed,
        "true_pairs_expected": float(scored["probability"].sum()),
    }


def _refuse_too_many(counts: Counts, matching: Matching) -> None:
    if matching.backend == "duckdb" and sum(counts.blocked) > _MOST_PAIRS:
        found = [f"block {i} brings {n:,} pairs together" for i, n in enumerate(counts.blocked, 1)]
        what = f"more than {_MOST_PAIRS:,} pairs would be compared"
        raise DesignError(what, found, "agree on narrower blocks, or match with backend='spark' on many machines")


def _with_ids(con: duckdb.DuckDBPyConnection, scored: pd.DataFrame) -> pd.DataFrame:
    out = scored[["probability", "weight"]].reset_index(drop=True)
    for place, (side, table) in enumerate(zip(("left", "right"), _TABLES, strict=True)):
        ids = con.execute(f"SELECT record_id FROM {table} ORDER BY unique_id").df()["record_id"]
        out.insert(place, f"record_id_{side[0]}", ids.to_numpy(dtype=object)[scored[side]])
    return out
