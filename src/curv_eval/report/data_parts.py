"""The parts of a brief that the data notebook can write: where, whom and what data."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from curv_eval.data import Data
from curv_eval.disclosure import Released
from curv_eval.panel import Panel, month_name, month_text
from curv_eval.panel.assemble import Assembled
from curv_eval.people.assemble import Followed
from curv_eval.report.bundle import Column, add_facts, add_part, add_table, add_values, markdown, plain
from curv_eval.report.figures import add_figure
from curv_eval.report.hidden_parts import hidden_part
from curv_eval.report.linked_parts import linked_part
from curv_eval.report.recording import recording_part
from curv_eval.report.words import day_name, percent
from curv_eval.study import Study


def write_data(
    study: Study, data: Data, *, assembled: Assembled | Followed, tables: dict[str, Released], folder: str | Path
) -> None:
    """Write the data notebook's share of the bundle into `folder`/release."""
    folder = Path(folder)
    for released in tables.values():
        add_table(folder, released)
    unit = study.design.unit
    add_facts(folder, study=study.study, title=study.title, made_up=data.made_up, unit=unit)
    add_values(folder, _values(study, data))
    if unit == "person":
        add_part(folder, "groups", _groups(study, tables["groups"]))
        add_part(folder, "data", _sources(tables["sources"]))
    else:
        add_facts(folder, periods=len(assembled.panel.periods))
        add_values(folder, {"months": _months(assembled.panel), "geography": _geography(assembled.panel)})
        add_part(folder, "map", _map(study, tables, folder=folder))
        add_part(folder, "data", _data(tables))
        add_part(folder, "recording", recording_part(tables))
    add_part(folder, "linked", linked_part(study, tables))
    add_part(folder, "hidden", hidden_part(study, tables))
    add_part(folder, "limits", "\n".join(f"- {plain(limit)}" for limit in study.brief.limits))
    add_part(folder, "disclosure", _disclosure(tables))
    add_part(folder, "before_after", _before_after(study, tables["before_after"]) if "before_after" in tables else "")
    add_part(folder, "delivery", _delivery(tables["delivery"]) if "delivery" in tables else "")


def _values(study: Study, data: Data) -> dict[str, str]:
    window = study.design.window
    return {
        "title": plain(study.title), "question": plain(study.question), "summary": plain(study.brief.summary),
        "study": study.study, "place": plain(study.place.name), "registered": day_name(study.registered),
        "registration_note": plain(study.registration_note), "authors": plain(study.brief.authors),
        "contact": plain(study.brief.contact), "first_month": month_name(window.first),
        "last_month": month_name(window.last), "made_up": str(data.made_up).lower(),
        "intervention": plain(study.words.intervention), "treated": plain(study.words.treated),
        "comparison": plain(study.words.comparison), "without": plain(study.words.without),
    }  # fmt: skip


def _months(panel: Panel) -> str:
    """Say which months of the window no source supplied."""
    missing = [month_text(m) for m in range(panel.periods[0], panel.periods[-1]) if m not in panel.periods]
    if not missing:
        return f"All {len(panel.periods)} months were supplied."
    span = f"{month_name(missing[0])} to {month_name(missing[-1])}" if len(missing) > 1 else month_name(missing[0])
    got = f"{len(panel.periods)} months were supplied"
    if len(missing) == 1:
        return f"{got}; {span} was not and is left out, not counted as 0."
    return f"{got}; {len(missing)} were not ({span}) and are left out, not counted as 0."


def _geography(panel: Panel) -> str:
    return (
        f"Incidents are counted in {len(panel.units):,} small areas (LSOAs, about 1,600 people each). Some small areas "
        "changed in 2021, and the police files mix old and new codes. Areas that were split or merged are kept "
        "together as one, so that every area means the same place throughout."
    )


def _map(study: Study, tables: dict[str, Released], *, folder: Path) -> str:
    title = f"Where and when {study.words.intervention} began, {study.place.name}"
    words = {"what": f"small areas by the month {study.words.intervention} began", "unit_label": "Month (small areas)"}
    tables["areas"].table.attrs["labels"] = _district_labels(tables["areas"]).to_dict("records")
    figure = add_figure(folder, "area_map", tables["areas"], words=words, caption=title)
    w = study.words
    columns = (
        Column("start", "Start", lambda s: f"Never ({plain(w.comparison)})" if s == "none" else month_name(s)),
        Column("wards", "Wards", "{:,}".format, right=True),
        Column("areas", "Areas counted", "{:,}".format, right=True),
    )
    return f"{figure}\n\n{markdown(tables['cohorts'], columns, label='cohorts')}"


def _district_labels(areas: Released) -> pd.DataFrame:
    """Return each district's name at the middle of its areas."""
    import json

    table = areas.table
    points = [[p for poly in _polygons(json.loads(g)) for p in poly[0]] for g in table["geometry"]]
    middle = [(sum(p[0] for p in ps) / len(ps), sum(p[1] for p in ps) / len(ps)) for ps in points]
    placed = table.assign(lon=[m[0] for m in middle], lat=[m[1] for m in middle])
    return placed.groupby("district", as_index=False)[["lon", "lat"]].mean().rename(columns={"district": "name"})


def _polygons(geometry: dict) -> list:
    return geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]


def _groups(study: Study, released: Released) -> str:
    count = "{:,.0f}".format
    known = [
        Column(f"known_{o.name}", f"{plain(o.label[0].upper() + o.label[1:])}: known", count, right=True)
        for o in study.outcomes
    ]
    columns = (
        Column("group", "Group", lambda name: plain(name[0].upper() + name[1:])),
        Column("followed", "Followed", count, right=True), Column("too_recent", "Too recent", count, right=True),
        *known,
    )  # fmt: skip
    return markdown(released, columns, label="groups") + _together(study, released.rule.events_below)


def _together(study: Study, fewest: int) -> str:
    if not study.people.covariates or fewest < 2:
        return ""
    return (
        f"\n\nA category with fewer than {fewest} people in either group, such as a rare answer about sex, is not told "
        "of by itself: it counts together with others, so that nobody can be picked out.\n"
    )


def _sources(released: Released) -> str:
    count = "{:,.0f}".format
    columns = (
        Column("dataset", "Data", plain), Column("owner", "Owner", plain),
        Column("basis", "Why we may use it", plain), Column("rows", "Rows read", count, right=True),
    )  # fmt: skip
    return markdown(released, columns, label="sources", widths="26,24,36,14")


def _data(tables: dict[str, Released]) -> str:
    count = "{:,.0f}".format
    placed = (
        Column("outcome", "Counted", plain), Column("placed", "In an area", count, right=True),
        Column("no_area_code", "No area given", count, right=True),
        Column("code_not_in_lookup", "Area not known", count, right=True),
        Column("outside_the_districts", "Elsewhere", count, right=True),
    )  # fmt: skip
    return f"{_sources(tables['sources'])}\n\n{markdown(tables['placed'], placed, label='placed')}"


def _disclosure(tables: dict[str, Released]) -> str:
    rules = sorted({t.rule.name: t.rule for t in tables.values()}.values(), key=lambda rule: rule.order)
    return "\n\n".join(plain(rule.says) for rule in rules if rule.order or len(rules) == 1)


def _before_after(study: Study, released: Released) -> str:
    spans = study.brief.before_after
    count = "{:,.0f}".format
    columns = (
        Column("where", "Where", lambda w: plain(w[0].upper() + w[1:])),
        Column("before", _span(spans.before.first, spans.before.last), count, right=True),
        Column("after", _span(spans.after.first, spans.after.last), count, right=True),
    )
    changes = [
        f"in {plain(row['where'])} {percent(row['after'] / row['before'] - 1)}"
        for row in released.table.to_dict("records")
        if row["before"] > 0 and row["after"] >= 0
    ]
    said = f"Before against after, the same months showed {' and '.join(changes)}." if changes else ""
    return f"{said}\n\n{markdown(released, columns, label='before-after')}"


def _span(first: str, last: str) -> str:
    return f"{month_name(first)} to {month_name(last)}"


def _delivery(released: Released) -> str:
    columns = (Column("what", "What", plain), Column("number", "Number", "{:,.0f}".format, right=True))
    return f"## Who was reached {{#sec-reached}}\n\n{markdown(released, columns, label='delivery')}"
