"""Whether the plan was kept: the section of a brief, in plain words, and the table of what was changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from curv_eval.disclosure import Released, Role, release
from curv_eval.disclosure.rules import strictest
from curv_eval.registration import Record, Standing, Status
from curv_eval.report.bundle import Column, add_facts, add_part, add_table, markdown, plain
from curv_eval.report.words import day_name
from curv_eval.study import Difference, short

_COLUMNS = ["what", "before", "after", "why"]
# what a reader calls the parts of a plan; one that is not here is called by its key
_CALLED = {
    "study": "The study's name", "question": "The question", "registered": "The day the plan gives itself",
    "purpose": "The purpose", "contracts": "The data", "intervention": "Where and when it ran", "place": "The place",
    "design": "The design", "design.method": "The method", "design.window": "The months studied",
    "design.comparison": "Who is compared", "design.options": "A setting of the method",
    "design.leave_out": "Months left out", "outcomes": "What is counted", "checks": "A check",
    "seed": "The start of the random draws", "smallest_worthwhile": "The smallest effect worth having",
    "made_up": "The made-up data", "delivery": "Who was reached", "linkage": "How people were linked",
    "people": "Who is studied", "value": "What it is worth", "covariates": "What areas were like before",
    "subgroups": "A group looked at", "series_breaks": "A change in a series",
}  # fmt: skip
_WHY_A_PLAN = (
    "A plan says beforehand what is asked, of which data, by which method, and how the answer is checked. It keeps "
    "everybody from choosing afterwards, knowingly or not, what gives the answer they hope for."
)
NOT_EXPLAINED, _SAME = "Not explained", "For the same reason"


def write_registration(folder: Path, standing: Standing) -> None:
    """Write into the bundle whether the plan was kept: facts, release/parts/_registration.md, and what was changed."""
    first = standing.first
    add_facts(
        folder, registration=standing.status.value, registered_at=first.at if first else "",
        registered_plan=first.plan_sha256 if first else "", registered_after_a_look=standing.after_a_look,
        deviations=len(standing.deviations), deviations_not_explained=len(standing.unexplained),
    )  # fmt: skip
    text = registration_part(standing)
    rows = list(_rows(standing))
    if rows:
        changed = _changed(rows)
        add_table(folder, changed)
        text = f"{text}\n\n{_table(changed)}"
    add_part(folder, "registration", text)


def registration_part(standing: Standing) -> str:
    """Return the section in words, without its table."""
    first, own = standing.first, f"it was fixed on {day_name(standing.typed)}: {standing.note}"
    if first is None:
        said = f"This study's plan was not registered with this program; it says {own}"
        return f"{_WHY_A_PLAN}\n\n{plain(said)}"
    said = f"{_registered(first)} {_kept(standing)}"
    return f"{_WHY_A_PLAN}\n\n{plain(said)}\n\n{plain(f'The study itself says of its plan that {own} {_mark(first)}')}"


def _registered(first: Record) -> str:
    day, by = day_name(first.at[:10]), f"by {first.by}"
    if not first.seen:
        return f"This study's plan was registered on {day} {by}, before this program had made any result of it."
    return (
        f"This study's plan was registered on {day} {by}, after a first look: this program had made a result by then. "
        "The registration cannot show what the plan was before that day."
    )


def _kept(standing: Standing) -> str:
    if standing.status is Status.EXPLORATORY:
        count = sum(len(record.differences) for record in standing.deviations) + len(standing.unexplained)
        things = "one thing was" if count == 1 else f"{count} things were"
        said = f"It was not kept: {things} changed afterwards, as the table shows."
        if standing.unexplained:
            said += f' Where it says "{NOT_EXPLAINED}", nobody gave a reason before this result was made.'
        return f"{said} A result of a changed plan is a lead that needs a test of its own."
    if standing.deviations:
        return "It was changed and changed back, as the table shows. This result was made with the plan as registered."
    return "It has been kept: nothing in it was changed since."


def _mark(first: Record) -> str:
    return f"Fingerprint of the registered plan (SHA-256, first 16 characters): {first.plan_sha256[:16]}."


def _rows(standing: Standing) -> Iterator[dict[str, str]]:
    for record in standing.deviations:
        look = ", after a result had been seen" if record.seen else ", before any result"
        why = f"{record.reason} ({day_name(record.at[:10])}, {record.by}{look})"
        # a reason stands once, and the changes it is for below it
        yield from (_row(one, why if i == 0 else _SAME) for i, one in enumerate(record.differences))
    yield from (_row(one, NOT_EXPLAINED) for one in standing.unexplained)


def _row(one: Difference, why: str) -> dict[str, str]:
    before = "not in the plan" if one.before is None else short(one.before)
    after = "taken out" if one.after is None else short(one.after)
    return {"what": f"{called(one.path)} ({one.path})", "before": before, "after": after, "why": why}


def called(path: str) -> str:
    """Return what a reader calls a part of a plan, such as "The method" for design.method."""
    steps = path.split(".")
    known = [".".join(steps[:n]) for n in range(len(steps), 0, -1) if ".".join(steps[:n]) in _CALLED]
    return _CALLED[known[0]] if known else steps[0].replace("_", " ").capitalize()


def _changed(rows: list[dict[str, str]]) -> Released:
    """Release words of the study file; they say nothing about anybody."""
    table = pd.DataFrame(rows, columns=_COLUMNS).astype(object)
    title = "What was changed after the plan was registered"
    roles = dict.fromkeys(_COLUMNS, Role.KEY)
    return release(table, name="deviations", title=title, rule=strictest(["open"]), roles=roles)


def _table(changed: Released) -> str:
    columns = (
        Column("what", "What", lambda text: plain(text.replace(".", ", "))), Column("before", "In the plan", plain),
        Column("after", "Changed to", plain), Column("why", "Why, when and by whom", plain),
    )  # fmt: skip
    return markdown(changed, columns, label="deviations", widths="24,22,22,32")
