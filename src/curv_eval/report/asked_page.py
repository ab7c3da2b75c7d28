"""The section of the evidence record on exceptions: what was asked for, by whom and why, and what was decided."""

from __future__ import annotations

from html import escape
from pathlib import Path

from curv_eval import granted
from curv_eval.disclosure import Status
from curv_eval.granted import Grant
from curv_eval.report.asked import Standing, standings
from curv_eval.report.evidence import read_evidence
from curv_eval.study import Study

_HEADS = ("Number", "Table, row and column", "In this run", "Asked by", "Reason", "Review")


def asked_part(study: Study, folder: Path) -> str:
    """Return the section as HTML, "" where the study asks for no exception."""
    if not study.exceptions:
        return ""
    held = granted.standing(study)
    rows = "".join(_row(one, held[one.asked]) for one in standings(study.exceptions, read_evidence(folder)))
    heads = "".join(f"<th scope='col'>{head}</th>" for head in _HEADS)
    return (
        "<h2 id='exceptions'>Exceptions asked for</h2><p>A reviewer who did not ask for them may grant them: "
        "<code>curv-eval review RUN --reviewer NAME --decision revise --grant NUMBER</code>. What is granted is shown "
        "from the next run on, for as long as the numbers behind it stay what they are here.</p>"
        f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _row(one: Standing, grant: Grant | None) -> str:
    words = (one.cell, one.decision or "no such cell", one.asked.by, one.asked.reason, _review(one, grant))
    return f"<tr><td class='n'>{one.number}</td>{''.join(f'<td>{escape(word)}</td>' for word in words)}</tr>"


def _review(one: Standing, grant: Grant | None) -> str:
    if grant is None:
        return f"cannot be granted: {one.why}" if one.why else "not decided"
    said = f"granted by {grant.reviewer} on {grant.at[:10]}, after looking at run {grant.run}"
    if one.decision == Status.LET_OUT.value:
        return said
    return f"{said}; holds no longer, because what is behind it changed, or it would reveal another cell"
