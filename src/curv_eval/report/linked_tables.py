"""What linked records may show: how many were found, in which group, and how far missed links could move the answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from curv_eval.data import Data
from curv_eval.disclosure import Released, Role, release
from curv_eval.disclosure.rules import Rule, strictest
from curv_eval.errors import DesignError
from curv_eval.granted import let_out
from curv_eval.linkage.account import expected_beside
from curv_eval.linkage.quality import EVERYONE, Expected
from curv_eval.linkage.sensitivity import Corrected, Group, corrected_difference, errors_from_quality
from curv_eval.linked import Linked, linked_people
from curv_eval.study import Linkage, Study

# assumed shares of true links that were missed: among the treated, among the comparison; and how many times as many
# links are wrong as the linker expects. The first row is what was found.
ASSUMED = (
    (0.0, 0.0, 0), (0.0, 0.0, 1), (0.0, 0.0, 3), (0.1, 0.1, 1), (0.2, 0.2, 1),
    (0.2, 0.1, 1), (0.1, 0.2, 1), (0.3, 0.1, 1), (0.1, 0.3, 1),
)  # fmt: skip


def linked_tables(study: Study, data: Data) -> list[Released]:
    """Release what a study that links people may show: who was followed, found, had a record, and may be missed."""
    asked = study.linkage
    linked = linked_people(data.con, asked, data.contracts)
    names = (asked.people, asked.records, asked.links)
    rule = strictest((data.contracts[name].small_number_rule for name in names), but=let_out(study))
    tables = (_followed, _rates, _outcomes, _sensitivity)
    said = expected_beside(data.folder / study.contracts[asked.links].location)
    return [*(table(linked, asked, rule) for table in tables), *_missed(linked, said, rule)]


def _missed(linked: Linked, said: Expected | None, rule: Rule) -> list[Released]:
    """The share of true links that the linker expects to have missed, where it said so."""
    if said is None or np.isnan(said.missed):
        return []
    found = int(linked.people["linked"].sum())
    table = pd.DataFrame({"what": ["missed"], "share": [said.missed], "people": [len(linked.people)], "found": [found]})
    roles = {"what": Role.KEY, "share": Role.VALUE, "people": Role.UNITS, "found": Role.EVENTS}
    title = "Share of true links among the records compared that the linker expects to have missed"
    return [release(table, name="links_missed", title=title, rule=rule, roles=roles)]


def _followed(linked: Linked, asked: Linkage, rule: Rule) -> Released:
    """Who could be followed for the whole time, and who was referred too recently."""
    table = pd.DataFrame({"what": ["followed", "too recent"], "people": [len(linked.people), linked.too_recent]})
    title = f"Who could be followed for {asked.months} months"
    return release(table, name="followed", title=title, rule=rule, roles={"what": Role.KEY, "people": Role.COUNT})


def _rates(linked: Linked, asked: Linkage, rule: Rule) -> Released:
    """How many of each group were found at all. Those not found are counted too, so that they are protected too."""
    people = linked.people.assign(**{EVERYONE: EVERYONE})
    parts = [_by(people, column) for column in (EVERYONE, *asked.groups)]
    table = pd.concat(parts, ignore_index=True)
    roles = {"column": Role.GROUPING, "group": Role.KEY, "linked": Role.COUNT, "not_linked": Role.COUNT}
    return release(table, name="link_rates", title=f"How many were found in {asked.where}", rule=rule, roles=roles)


def _by(people: pd.DataFrame, column: str) -> pd.DataFrame:
    counts = people.groupby(people[column].astype(str))["linked"].agg(linked="sum", n="size").reset_index(names="group")
    counts = counts.assign(column=column, linked=counts["linked"].astype(int))
    return counts.assign(not_linked=counts["n"] - counts["linked"])[["column", "group", "linked", "not_linked"]]


def _outcomes(linked: Linked, asked: Linkage, rule: Rule) -> Released:
    groups = _groups(linked)
    table = pd.DataFrame({
        "group": [asked.treated, asked.comparison], "with_record": [one.found for one in groups],
        "without": [one.n - one.found for one in groups],
    })  # fmt: skip
    roles = {"group": Role.KEY, "with_record": Role.COUNT, "without": Role.COUNT}
    title = f"Who {asked.label} within {asked.months} months"
    return release(table, name="linked", title=title, rule=rule, roles=roles)


def _sensitivity(linked: Linked, asked: Linkage, rule: Rule) -> Released:
    """The difference between the groups as found, and under each assumption about links missed and links wrong."""
    treated, comparison = _groups(linked)
    wrong = 0.0 if np.isnan(linked.wrong) else linked.wrong / 100
    rows = [_row(a, b, treated=treated, comparison=comparison, wrong=min(k * wrong, 0.99)) for a, b, k in ASSUMED]
    table = (
        pd.DataFrame(rows)
        .dropna(ignore_index=True)
        .assign(people=min(treated.n, comparison.n), treated_with=treated.found, comparison_with=comparison.found)
    )
    values = dict.fromkeys(["difference", "low", "high"], Role.VALUE)
    behind = {"people": Role.UNITS, "treated_with": Role.EVENTS, "comparison_with": Role.EVENTS}
    roles = {"missed_treated": Role.KEY, "missed_comparison": Role.KEY, "wrong": Role.KEY, **values, **behind}
    title = f"Difference in the share who {asked.label}, if links were missed or wrong"
    return release(table, name="linked_sensitivity", title=title, rule=rule, roles=roles)


def _row(a: float, b: float, *, treated: Group, comparison: Group, wrong: float) -> dict[str, float]:
    row = {"missed_treated": a, "missed_comparison": b, "wrong": wrong}
    try:
        found = corrected_difference(_with_errors(treated, a, wrong), _with_errors(comparison, b, wrong))
    except DesignError:
        # such shares cannot have produced what was found, so the row is left out
        return row | dict.fromkeys(["difference", "low", "high"], float("nan"))
    return row | _points(found)


def _points(found: Corrected) -> dict[str, float]:
    return {"difference": found.difference, "low": found.low, "high": found.high}


def _with_errors(group: Group, missed: float, wrong: float) -> Group:
    if not group.found:
        return replace(group, missed=missed)
    missed, false = errors_from_quality(found=group.found, n=group.n, precision=1 - wrong, recall=1 - missed)
    return replace(group, missed=missed, false=false)


def _groups(linked: Linked) -> tuple[Group, Group]:
    people = linked.people
    sides = [people[people["compare"].astype("boolean").fillna(False) == side] for side in (True, False)]
    if not all(len(side) for side in sides):
        raise DesignError("the linked people are all in one group", do="choose another `linkage.compare`")
    treated, comparison = (Group(found=int(side["outcome"].sum()), n=len(side)) for side in sides)
    return treated, comparison
