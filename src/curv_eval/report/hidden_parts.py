"""How many people no list shows: released, and said in words from what was released."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import numpy as np
import pandas as pd

from curv_eval.captured import Captured, captured
from curv_eval.data import Data
from curv_eval.disclosure import Released, Role, release
from curv_eval.disclosure.rules import Rule, strictest
from curv_eval.errors import DesignError
from curv_eval.granted import let_out
from curv_eval.hidden import Hidden, linkage_sensitivity, multiple_systems
from curv_eval.hidden.words import said
from curv_eval.linkage.account import expected_beside
from curv_eval.panel import month_name
from curv_eval.report.bundle import Column, markdown, plain
from curv_eval.stats.captures import tabulate
from curv_eval.stats.linkage_error import corrected
from curv_eval.study import Study

_ENDS = ("low", "high", "lowest", "highest")
MISSED, FALSE = (0.0, 0.1, 0.2), (0.0, 0.02, 0.05)


def hidden_tables(study: Study, data: Data) -> list[Released]:
    """Release who was seen by which list, how many there may be in all, and how wrong links would move that.

    A list that shares too few people with the others is left out: its counts would be withheld, and a total worked out
    with them would give them back. Where no two lists are left, only how many people each list saw is released.
    Raises DesignError where the lists cannot say it.
    """
    asked = study.hidden
    people = captured(data.con, asked, data.contracts)
    names = [one.name for one in asked.lists]
    fed = {one.contract for one in (*asked.lists, *asked.links)}
    rule = strictest((data.contracts[name].small_number_rule for name in fed), but=let_out(study))
    return tables_of(people, names, rule, who=asked.who, missed=_missed(study, data))


def _missed(study: Study, data: Data) -> dict[frozenset[str], float]:
    """Return the share of true links that each linker expects to have missed, by the two lists; nothing if unsaid."""
    said = {
        frozenset((one.left, one.right)): expected_beside(data.folder / study.contracts[one.contract].location)
        for one in study.hidden.links
    }
    return {pair: one.missed for pair, one in said.items() if one is not None and not np.isnan(one.missed)}


def tables_of(
    people: Captured, names: Sequence[str], rule: Rule, *, who: str, missed: Mapping[frozenset[str], float]
) -> list[Released]:
    """Return the released tables of lists with these names: hidden_lists and, where enough is shown, the others.

    missed: by two lists, the share of true links that are expected to be missing; empty if nobody says so.
    """
    title = f"Which lists saw them: {who}"
    shown = [_lists(people, names, chosen, rule=rule, title=title) for chosen in _choices(len(names))]
    whole = [released for released in shown if not released.suppressed]
    if not whole:
        return [_sizes(people, names, rule, title=title)]
    kept = max(whole, key=lambda one: (_lists_in(one), one.table["people"].sum()))
    shares = [share for pair, share in missed.items() if pair <= set(kept.table)]
    errors = {"missed": max(shares, default=float("nan")), "false": people.wrong / 100}
    return [kept, _total(kept, errors, rule), _sensitivity(kept, rule)]


def _choices(lists: int) -> list[tuple[int, ...]]:
    return [chosen for size in range(2, lists + 1) for chosen in itertools.combinations(range(lists), size)]


def _lists(people: Captured, names: Sequence[str], chosen: Sequence[int], *, rule: Rule, title: str) -> Released:
    """One row for each combination of the chosen lists, with a column for each that says whether it saw them."""
    seen = people.histories[:, chosen]
    counts = tabulate(seen[seen.any(axis=1)])
    table = pd.DataFrame(np.where(counts.histories == 1, "yes", "no"), columns=[names[i] for i in chosen])
    table = table.assign(people=counts.counts.astype(int))
    roles = dict.fromkeys(table, Role.KEY) | {"people": Role.COUNT}
    return release(table, name="hidden_lists", title=title, rule=rule, roles=roles)


def _sizes(people: Captured, names: Sequence[str], rule: Rule, *, title: str) -> Released:
    table = pd.DataFrame({"list": list(names), "people": people.histories.sum(axis=0)})
    return release(table, name="hidden_lists", title=title, rule=rule, roles={"list": Role.KEY, "people": Role.COUNT})


def _lists_in(kept: Released) -> int:
    return kept.table.shape[1] - 1


def _shown(kept: Released) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return combinations, counts and names of the lists as they were released: nothing else is worked with."""
    flags = kept.table.drop(columns="people")
    return (flags == "yes").to_numpy().astype(int), kept.table["people"].to_numpy(), list(flags)


def _total(kept: Released, errors: dict[str, float], rule: Rule) -> Released:
    """One row: people seen, both ends of the range, the lowest and highest of the readings that fit, and how many.

    It is worked out from the released counts and the linkers' own errors, so whoever has the brief could do so too.
    The range goes from the lowest to the highest end with the links as they are, and with those errors undone.
    """
    histories, counts, names = _shown(kept)
    found = multiple_systems(histories, counts, lists=names)
    best, seen = found.models[found.models["supported"]], int(counts.sum())
    low, high = _with_errors(found, (histories, counts, names), errors)
    ends = (low, high, best["total"].min(), best["total"].max())
    ways = (np.floor, np.ceil, np.round, np.round)
    values = {name: coarse(value, rule, to) for name, value, to in zip(_ENDS, ends, ways, strict=True)}
    said = {name: round(100 * errors[key], 1) for name, key in (("wrong", "false"), ("missed", "missed"))}
    table = pd.DataFrame([{"seen": seen, "ways": len(best), **said, **values, "people": seen, "events": seen}])
    keys = dict.fromkeys(["ways", *said], Role.KEY)
    roles = {"seen": Role.COUNT, **keys, **dict.fromkeys(_ENDS, Role.VALUE), **_BEHIND}
    return release(table, name="hidden_total", title="How many there may be in all", rule=rule, roles=roles)


def _with_errors(found: Hidden, shown: tuple, errors: dict[str, float]) -> tuple[float, float]:
    """Return the ends of the range with the links as they are and with either error undone or both: the furthest out.

    Errors that these counts rule out change nothing.
    """
    histories, counts, names = shown
    either = [[0.0, share] if np.isfinite(share) and share else [0.0] for share in errors.values()]
    every = [found]
    for missed, false in list(itertools.product(*either))[1:]:
        with suppress(DesignError):
            true = corrected(tabulate(histories, counts), missed=missed, false=false)
            every.append(multiple_systems(true.histories, true.counts, lists=names))
    return max(min(one.low for one in every), counts.sum()), max(one.high for one in every)


_BEHIND = {"people": Role.UNITS, "events": Role.EVENTS}


def coarse(value: float, rule: Rule, to: Callable[[float], float] = np.round) -> float:
    """Return a number of people to two figures, never finer than twice the rule's rounding; infinity stays.

    to: how it is rounded; the ends of a range are rounded outwards.
    """
    if not np.isfinite(value):
        return float("inf")
    step = max(10.0 ** (np.floor(np.log10(max(value, 1.0))) - 1), 2.0 * rule.round_to)
    return float(to(value / step) * step)


def _sensitivity(kept: Released, rule: Rule) -> Released:
    """The most likely total under assumed errors of the links, from the released counts."""
    histories, counts, names = _shown(kept)
    found = linkage_sensitivity(histories, counts, lists=names, missed=MISSED, false=FALSE)
    seen = int(counts.sum())
    table = found[["missed", "false"]].assign(
        total=[coarse(total, rule) for total in found["total"]], people=seen, events=seen
    )
    roles = {"missed": Role.KEY, "false": Role.KEY, "total": Role.VALUE, **_BEHIND}
    title = "The most likely total, if links were missed or made in error"
    return release(table, name="hidden_links", title=title, rule=rule, roles=roles)


_HEADING = "## How many are seen by nobody? {#sec-hidden}"
_FROM_PUBLIC = "The range is worked out from the counts below as they are shown."
_TOO_FEW = (
    "How many there may be in all cannot be published: too few people stand on two of these lists, and a total would "
    "say something about them."
)
_LINKS = (
    "A link that is missed makes one person into two, so the total becomes too high; a wrong link makes two people "
    "into one, and it becomes too low. The first row is what was found."
)


def hidden_part(study: Study, tables: dict[str, Released]) -> str:
    """Return the section, or nothing for a study that does not ask it."""
    asked = study.hidden
    if asked is None:
        return ""
    when = month_name(asked.first)
    when = when if asked.first == asked.last else f"{when} to {month_name(asked.last)}"
    kept = tables["hidden_lists"]
    opening = f"These lists saw {plain(asked.who)}, {when}: {', '.join(plain(one.name) for one in asked.lists)}."
    opening += _left_out([one.name for one in asked.lists if one.name not in kept.table], kept)
    lists = markdown(kept, _columns(kept), label="hidden-lists")
    if "hidden_total" not in tables:
        return "\n\n".join([_HEADING, opening, lists, _TOO_FEW])
    row = tables["hidden_total"].table.iloc[0]
    return "\n\n".join([
        _HEADING, opening, _paragraph(row, _shown(kept)[2]), _FROM_PUBLIC, lists,
        _LINKS, markdown(tables["hidden_links"], _LINK_COLUMNS, label="hidden-links"),
    ])  # fmt: skip


def _left_out(names: Sequence[str], kept: Released) -> str:
    if not names or "list" in kept.table:
        return ""
    return (
        f" Left out below: {', '.join(map(plain, names))}. Too few people stand there and on another list as well, so "
        "counts would say something about them."
    )


def _columns(kept: Released) -> tuple[Column, ...]:
    keys = [name for name in kept.table if name != "people"]
    headings = {"list": "List"}
    listed = [Column(name, headings.get(name, f"Seen by {plain(name)}"), plain) for name in keys]
    return *listed, Column("people", "People", "{:,.0f}".format, right=True)


def _paragraph(row: pd.Series, names: Sequence[str]) -> str:
    ways = int(row["ways"])
    totals = [row["lowest"]] * (ways - 1) + [row["highest"]]
    models = pd.DataFrame({"total": totals, "supported": True})
    return said(row["seen"], (row["low"], row["high"]), models, lists=names, linked=_told(row))


def _told(row: pd.Series) -> str:
    """Return what the linkers expect of their links, "" where they say nothing."""
    held = {"be missing": row["missed"], "be wrong": row["wrong"]}
    parts = [f"about {share:g} of 100 links to {what}" for what, share in held.items() if np.isfinite(share)]
    return " and ".join(parts)


_LINK_COLUMNS = (
    Column("missed", "Links missed", "{:.0%}".format, right=True),
    Column("false", "Links in error", "{:.0%}".format, right=True),
    Column("total", "Total", "about {:,.0f}".format, right=True),
)
