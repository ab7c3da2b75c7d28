"""What the data notebook may show: where the rows went, which areas started when, who was reached."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from curv_eval.data import Data
from curv_eval.disclosure import Released, Role, release
from curv_eval.disclosure.rules import Rule, strictest
from curv_eval.granted import let_out
from curv_eval.panel import month_name, month_number
from curv_eval.panel.assemble import Assembled
from curv_eval.people.assemble import Followed
from curv_eval.report.hidden_parts import hidden_tables
from curv_eval.report.linked_tables import linked_tables
from curv_eval.report.recording import recording_tables
from curv_eval.study import Span, Study


def describe(study: Study, data: Data, *, assembled: Assembled | Followed) -> dict[str, Released]:
    """Return the released tables of the data notebook by name: sources, placed, cohorts, areas, what the sources see
    and when their recording changed, and where the study asks for them before_after, delivery and linked records.
    A study of people has sources, groups, delivery and linked records."""
    if study.people:
        tables = [_sources(study, data), _groups(study, data, assembled)]
        tables += [_delivery(study, data)] if study.delivery else []
        tables += linked_tables(study, data) if study.linkage else []
        tables += hidden_tables(study, data) if study.hidden else []
        return {released.name: released for released in tables}
    tables = [
        _sources(study, data),
        _placed(study, data, assembled),
        _cohorts(assembled),
        _areas(study, data, assembled),
    ]
    tables += recording_tables(study, data, assembled.panel)
    if study.brief.before_after:
        tables.append(_before_after(study, data, assembled))
    if study.delivery:
        tables.append(_delivery(study, data))
    if study.linkage:
        tables += linked_tables(study, data)
    if study.hidden:
        tables += hidden_tables(study, data)
    return {released.name: released for released in tables}


def rule_for(study: Study, data: Data, *contracts: str) -> Rule:
    """Return the strictest rule of the contracts that fed a table, with what reviews let out of it for the study."""
    return strictest((data.contracts[name].small_number_rule for name in contracts), but=let_out(study))


def _sources(study: Study, data: Data) -> Released:
    contracts = [d.contract for d in data.datasets.values()]
    table = pd.DataFrame(
        {
            "dataset": [c.title for c in contracts], "owner": [c.controller for c in contracts],
            "contract": [f"{c.name} {c.version}" for c in contracts],
            "basis": [c.lawful_basis for c in contracts],
            "rows": [d.rows for d in data.datasets.values()],
        }
    )  # fmt: skip
    roles = dict.fromkeys(["dataset", "owner", "contract", "basis"], Role.KEY) | {"rows": Role.COUNT}
    rule = rule_for(study, data, *data.datasets)
    return release(table, name="sources", title="Data used, their owners and the rows read", rule=rule, roles=roles)


def _placed(study: Study, data: Data, assembled: Assembled) -> Released:
    table = assembled.placed.assign(outcome=[o.label for o in study.outcomes])
    roles = {"outcome": Role.KEY} | dict.fromkeys(table.columns[1:], Role.COUNT)
    rule = rule_for(study, data, *(o.contract for o in study.outcomes))
    return release(table, name="placed", title="Rows placed in an area, and rows left out", rule=rule, roles=roles)


def _cohorts(assembled: Assembled) -> Released:
    areas = assembled.areas
    table = areas.assign(start=areas["start"].fillna("none")).groupby("start", as_index=False)
    table = table.agg(wards=("ward", "nunique"), areas=("area", "size"), small_areas=("members", "sum"))
    roles = dict.fromkeys(table.columns, Role.KEY)
    rule = strictest(["open"])
    return release(table, name="cohorts", title="When it began, and in how many places", rule=rule, roles=roles)


def _areas(study: Study, data: Data, assembled: Assembled) -> Released:
    """The map: which area belongs to which start. The register is a plan of places, not of people."""
    shapes = data.con.execute("""
        SELECT a.area, b.geometry FROM lsoa_boundaries b JOIN area_of a ON a.code = b.lsoa21_code AND a.inside
        ORDER BY a.area, b.lsoa21_code""").df()
    shapes = shapes.groupby("area", as_index=False)["geometry"].agg(_united)
    starts = assembled.areas.set_index("area")
    group = shapes["area"].map(starts["start"]).map(month_name, na_action="ignore")
    table = pd.DataFrame({
        "area": shapes["area"], "ward": shapes["area"].map(starts["ward"]),
        "district": shapes["area"].map(starts["district"]),
        "group": group.fillna(study.words.comparison[0].upper() + study.words.comparison[1:]),
        "geometry": shapes["geometry"],
    })  # fmt: skip
    roles, rule = dict.fromkeys(table.columns, Role.KEY), strictest(["open"])
    title = f"Where and when {study.words.intervention} began"
    return release(table, name="areas", title=title, rule=rule, roles=roles)


def _groups(study: Study, data: Data, followed: Followed) -> Released:
    """Who was followed, in which group, and whose outcome is known."""
    names = {"treated": study.words.treated, "comparison": study.words.comparison}
    people = followed.people
    known = {o.name: np.isfinite(people.outcomes[o.name]) for o in study.outcomes}
    sides = {"treated": people.treated, "comparison": ~people.treated}
    table = followed.account.assign(group=followed.account["group"].map(names))
    counts = {f"known_{name}": [int((known[name] & side).sum()) for side in sides.values()] for name in known}
    table = table.assign(**counts)
    roles = {"group": Role.KEY} | dict.fromkeys(table.columns[1:], Role.COUNT)
    rule = rule_for(study, data, study.people.contract, *(o.contract for o in study.outcomes))
    title = f"Who was followed for {study.people.months} months"
    return release(table, name="groups", title=title, rule=rule, roles=roles)


def _united(geometries: pd.Series) -> str:
    """Return one MultiPolygon of all the polygons of an area."""
    shapes = [json.loads(text) for text in geometries]
    polygons = [p for s in shapes for p in (s["coordinates"] if s["type"] == "MultiPolygon" else [s["coordinates"]])]
    return json.dumps({"type": "MultiPolygon", "coordinates": polygons})


def _before_after(study: Study, data: Data, assembled: Assembled) -> Released:
    """The counts behind a before-and-after claim, in treated and in all other areas."""
    spans, panel = study.brief.before_after, assembled.panel
    y = panel.outcomes[study.primary.name]

    def total(rows, span: Span) -> int:
        inside = (panel.periods >= month_number(span.first)) & (panel.periods <= month_number(span.last))
        return int(y[rows][:, inside].sum())

    groups = {study.words.treated: panel.treated, study.words.comparison: ~panel.treated}
    table = pd.DataFrame(
        [(name, total(rows, spans.before), total(rows, spans.after)) for name, rows in groups.items()],
        columns=["where", "before", "after"],
    )
    roles = {"where": Role.KEY, "before": Role.COUNT, "after": Role.COUNT}
    rule = rule_for(study, data, study.primary.contract)
    title = f"{study.primary.label.capitalize()} in the same months before and after"
    return release(table, name="before_after", title=title, rule=rule, roles=roles)


def _delivery(study: Study, data: Data) -> Released:
    """Who was reached: people, never rows, and sessions attended."""
    referrals, sessions = study.delivery.referrals, study.delivery.sessions
    people, accepted = data.con.execute(f"""
        SELECT count(DISTINCT person_id), count(DISTINCT person_id) FILTER (accepted) FROM {referrals}""").fetchone()
    attending, attended, hours = data.con.execute(f"""
        SELECT count(DISTINCT person_id), count(*), coalesce(sum(minutes_attended), 0) // 60
        FROM {sessions} WHERE minutes_attended > 0""").fetchone()
    table = pd.DataFrame({
        "what": [
            "People referred", "People accepted", "People who came at least once", "Sessions attended",
            "Hours attended",
        ],
        "number": [people, accepted, attending, attended, int(hours)],
    })  # fmt: skip
    roles = {"what": Role.KEY, "number": Role.COUNT}
    rule = rule_for(study, data, referrals, sessions)
    return release(table, name="delivery", title="Who was reached", rule=rule, roles=roles)
