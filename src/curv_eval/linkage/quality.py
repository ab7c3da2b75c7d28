"""How good the links are: against a known truth, and from the links themselves where nobody knows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from curv_eval.errors import DesignError
from curv_eval.linkage.match_prepare import quoted

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

    from curv_eval.linkage.links import Links

EVERYONE = "everyone"
NOT_KNOWN = "not known"
_LINKED = "curv_eval_linked"
# a difference of so many standard errors comes about by chance once in a hundred
_BY_CHANCE = 2.576
_IDS = ["record_id_l", "record_id_r"]


@dataclass(frozen=True)
class Quality:
    """Links against a known truth.

    links: how many were made. true: how many pairs there are. right: links that are true pairs. precision: right of
    the links. recall: right of the true pairs. f1: their harmonic mean. A share of nothing is NaN.
    """

    links: int
    true: int
    right: int

    @property
    def precision(self) -> float:
        """The share of links that are right."""
        return self.right / self.links if self.links else float("nan")

    @property
    def recall(self) -> float:
        """The share of true pairs that were linked."""
        return self.right / self.true if self.true else float("nan")

    @property
    def f1(self) -> float:
        """2 precision recall / (precision + recall)."""
        return 2 * self.right / (self.links + self.true) if self.links + self.true else float("nan")


@dataclass(frozen=True)
class Expected:
    """What the model itself expects, without a truth.

    wrong: the share of links that are wrong. missed: the share of true pairs among those compared that were not
    linked; true pairs that share no block are not in it, so it is the least that is missed.
    """

    wrong: float
    missed: float


def precision_recall_f1(links: Links, truth: pd.DataFrame) -> Quality:
    """Compare links with the true pairs. truth: columns record_id_l and record_id_r, each pair once."""
    pairs = truth[_IDS].drop_duplicates()
    return Quality(len(links), len(pairs), len(links.pairs[_IDS].merge(pairs, on=_IDS)))


def expected_errors(links: Links) -> Expected:
    """Return what the match probabilities say about wrong and missed links. Raises DesignError for exact links."""
    if links.mode == "exact":
        raise DesignError("links by equal pseudonyms have no probability", do="match by clear text or by encodings")
    right = float(links.pairs["probability"].sum())
    expected = links.model["true_pairs_expected"]
    wrong = 1 - right / len(links) if len(links) else float("nan")
    return Expected(wrong, max(1 - right / expected, 0.0) if expected else float("nan"))


def link_rates_by(
    con: duckdb.DuckDBPyConnection, links: Links, table: str, *, columns: Sequence[str] = (), side: str = "left"
) -> pd.DataFrame:
    """Return how many people of each group were linked: column, group, n, linked and rate, everyone first.

    table: one row per person of that `side` ("left" or "right"), with record_id and `columns`; blanks are a group of
    their own. These are plain counts: they pass the disclosure gate before anybody else sees them. Raises DesignError
    where the table has not all columns or not exactly the records of that side.
    """
    _refuse_other_people(con, links, table, columns=columns, side=side)
    con.register(_LINKED, links.pairs[[f"record_id_{side[0]}"]].set_axis(["record_id"], axis=1))
    try:
        parts = [_group(table, EVERYONE, f"'{EVERYONE}'")]
        parts += [_group(table, c, f"coalesce(CAST(t.{quoted(c)} AS VARCHAR), '{NOT_KNOWN}')") for c in columns]
        rates = con.sql(f"SELECT * FROM ({' UNION ALL '.join(parts)})").df()
    finally:
        con.unregister(_LINKED)
    rates["rate"] = rates["linked"] / rates["n"]
    place = {name: i for i, name in enumerate((EVERYONE, *columns))}
    order = [rates["column"].map(place), rates["group"].eq(NOT_KNOWN), rates["group"]]
    return rates.iloc[np.lexsort([key.to_numpy() for key in reversed(order)])].reset_index(drop=True)


def _group(table: str, column: str, value: str) -> str:
    said = "'" + column.replace("'", "''") + "'"
    return (
        f'SELECT {said} AS "column", {value} AS "group", count(*) AS n, count(k.record_id) AS linked'
        f" FROM {quoted(table)} t LEFT JOIN (SELECT DISTINCT record_id FROM {_LINKED}) k USING (record_id) GROUP BY 2"
    )


def _refuse_other_people(
    con: duckdb.DuckDBPyConnection, links: Links, table: str, *, columns: Sequence[str], side: str
) -> None:
    if side not in ("left", "right"):
        raise DesignError(f"side: got {side!r}, expected left or right")
    held = {row[0] for row in con.execute(f"DESCRIBE {quoted(table)}").fetchall()}
    faults = [f"there is no column {name}" for name in ("record_id", *columns) if name not in held]
    if not faults:
        rows, different = con.execute(f"SELECT count(*), count(DISTINCT record_id) FROM {quoted(table)}").fetchall()[0]
        expected = links.n_left if side == "left" else links.n_right
        if not rows == different == expected:
            faults = [f"it has {rows:,} rows with {different:,} record ids; {expected:,} records were linked or not"]
    if not faults:
        ids = {row[0] for row in con.execute(f"SELECT record_id FROM {quoted(table)}").fetchall()}
        strangers = sum(i not in ids for i in links.pairs[f"record_id_{side[0]}"])
        faults = [f"{strangers:,} linked records are not in it"] if strangers else []
    if faults:
        raise DesignError(f"{table} does not hold the people on the {side} of these links", faults)


def quality_sentences(
    rates: pd.DataFrame, *, who: str, where: str, threshold: float | None = None, expected: Expected | None = None
) -> list[str]:
    """Return the sentences about linkage for a brief.

    rates: what `link_rates_by` returned, or the same after the disclosure gate, where withheld counts are NaN; its
    column names are written as they stand, so rename them for readers. who: "young people". where: "A&E records".
    threshold, expected: of links with probabilities. A group is named where the difference from the others would
    come about by chance less than once in a hundred.
    """
    sentences = [_found(rates, who, where)]
    if threshold is not None:
        likely = "more likely than not" if threshold == 0.5 else f"at least {threshold:.0%} likely"
        sentences.append(f"Two records were linked where they are {likely} to be about one person.")
    if expected is not None:
        sentences += _expected_sentences(expected)
    groups = _groups_that_differ(rates)
    if groups:
        sentences += groups
        sentences.append(
            "A lower share can mean that there are fewer such records, or that links are missed more often: "
            "the links alone cannot say which."
        )
    return sentences


def quality_paragraph(sentences: Sequence[str]) -> str:
    """Return the sentences as one paragraph."""
    return " ".join(sentences)


def _found(rates: pd.DataFrame, who: str, where: str) -> str:
    n, linked = _everyone(rates)
    if np.isnan(n) or np.isnan(linked):
        return f"How many {who} were found in {where} is too small a number to show."
    return f"Of {n:,.0f} {who}, {linked:,.0f} ({linked / n:.0%}) were found in {where}."


def _everyone(rates: pd.DataFrame) -> tuple[float, float]:
    row = rates[rates["column"] == EVERYONE].iloc[0]
    return float(row["n"]), float(row["linked"])


def _expected_sentences(expected: Expected) -> list[str]:
    sentences = []
    if not np.isnan(expected.wrong):
        sentences.append(f"We expect {_in_100(expected.wrong)} of these links to be wrong.")
    if not np.isnan(expected.missed):
        sentences.append(
            f"Of the true links among the records we compared, we expect that {_in_100(expected.missed)} were missed; "
            "people whose records are too different to be compared come on top of that."
        )
    return sentences


def _in_100(share: float) -> str:
    return "fewer than 1 in 100" if share < 0.005 else f"about {max(round(100 * share), 1)} in 100"


def _groups_that_differ(rates: pd.DataFrame) -> list[str]:
    n_all, linked_all = _everyone(rates)
    said = []
    for row in rates[rates["column"] != EVERYONE].to_dict("records"):
        n, linked = float(row["n"]), float(row["linked"])
        others, linked_others = n_all - n, linked_all - linked
        if not (n > 0 and others > 0):
            continue
        share, rest, both = linked / n, linked_others / others, linked_all / n_all
        error = np.sqrt(both * (1 - both) * (1 / n + 1 / others))
        if error > 0 and abs(share - rest) > _BY_CHANCE * error:
            way = "less" if share < rest else "more"
            whose = f"Those whose {row['column']} is {row['group']}"
            said.append(f"{whose} were found {way} often than the others ({share:.0%} against {rest:.0%}).")
    return said
