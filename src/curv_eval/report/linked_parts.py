"""The section of a brief about linked records, in plain words."""

from __future__ import annotations

import math

import pandas as pd

from curv_eval.disclosure import Released
from curv_eval.linkage.quality import EVERYONE, Expected, quality_paragraph, quality_sentences
from curv_eval.report.bundle import Column, markdown, plain
from curv_eval.study import Linkage, Study

_WHAT_IT_IS = (
    "Nobody who did this study saw a name. Each partner turned names, dates of birth and postcodes into codes on its "
    "own computer, under a key that the study does not hold. A linker compared the codes and returned pairs."
)
_NOT_A_TEST = (
    "This is a description and not a test of whether it worked: those who were accepted and those who were not differ "
    "in more than what they received."
)
_MISSED = (
    "A link that is missed hides a record, and links are not missed evenly: names that are often misspelt and people "
    "who move are missed more. A wrong link shows a record of somebody else. The first row is what was found. The "
    "others say what the difference would be if links had been missed and wrong as stated."
)


def linked_part(study: Study, tables: dict[str, Released]) -> str:
    """Return the section, or nothing for a study that links nobody."""
    asked = study.linkage
    if asked is None:
        return ""
    return "\n\n".join([
        "## Linked records {#sec-linked}", _WHAT_IT_IS,
        f"{_followed(asked, tables['followed'])} {_quality(asked, tables)}".strip(),
        _rates(asked, tables["link_rates"]), _NOT_A_TEST, _outcomes(asked, tables["linked"]), _MISSED,
        _sensitivity(asked, tables["linked_sensitivity"]),
    ])  # fmt: skip


def _followed(asked: Linkage, released: Released) -> str:
    recent = released.table.set_index("what").loc["too recent", "people"]
    if not recent > 0:
        return ""
    who = f"{recent:,.0f} {plain(asked.who)}"
    return f"{who} came too recently to be followed for {asked.months} months; they are left out."


def _quality(asked: Linkage, tables: dict[str, Released]) -> str:
    rates, assumed = tables["link_rates"], tables["linked_sensitivity"].table
    # the second row rests on what the linker expects
    wrong = float(assumed["wrong"].iloc[1]) if len(assumed) > 1 else math.nan
    missed = float(tables["links_missed"].table["share"].iloc[0]) if "links_missed" in tables else math.nan
    table = rates.table.assign(n=rates.table["linked"] + rates.table["not_linked"])
    table = table.assign(column=table["column"].map(_called), group=table["group"].map(plain))
    return quality_paragraph(
        quality_sentences(table, who=plain(asked.who), where=plain(asked.where), expected=Expected(wrong, missed))
    )


def _called(column: str) -> str:
    return plain(column.replace("_", " "))


def _rates(asked: Linkage, rates: Released) -> str:
    count = "{:,.0f}".format
    columns = (
        Column("column", "By", lambda c: "" if c == EVERYONE else _called(c)), Column("group", "Group", plain),
        Column("linked", "Found", count, right=True), Column("not_linked", "Not found", count, right=True),
    )  # fmt: skip
    return markdown(rates, columns, label="link-rates", widths="28,36,18,18")


def _outcomes(asked: Linkage, found: Released) -> str:
    count = "{:,.0f}".format
    columns = (
        Column("group", plain(asked.who[0].upper() + asked.who[1:]), plain),
        Column("with_record", "Did", count, right=True), Column("without", "Did not", count, right=True),
    )  # fmt: skip
    return f"{_shares(asked, found.table)}\n\n{markdown(found, columns, label='linked')}".strip()


def _shares(asked: Linkage, table: pd.DataFrame) -> str:
    """Return the shares as a sentence, from the rounded counts that are shown."""
    said = []
    for row in table.to_dict("records"):
        n = row["with_record"] + row["without"]
        if n and not math.isnan(n):
            said.append(f"{row['with_record'] / n:.0%} of those {plain(row['group'])}")
    return f"Within {asked.months} months, {' and '.join(said)} {plain(asked.label)}." if said else ""


def _sensitivity(asked: Linkage, found: Released) -> str:
    share = "{:.0%}".format
    points = "{:+.1f}".format
    hundred = [Column(c, heading, lambda v: points(100 * v), right=True) for c, heading in _HEADINGS.items()]
    columns = (
        Column("missed_treated", f"Missed among {plain(asked.treated)}", share, right=True),
        Column("missed_comparison", f"Missed among {plain(asked.comparison)}", share, right=True),
        Column("wrong", "Wrong links", "{:.1%}".format, right=True),
        *hundred,
    )
    return markdown(found, columns, label="linked-sensitivity", widths="22,22,14,18,12,12")


_HEADINGS = {"difference": "Difference per 100", "low": "From", "high": "To"}
