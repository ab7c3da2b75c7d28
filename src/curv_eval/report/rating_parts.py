"""How far a finding can be trusted, as a table of parts with every lost point named."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd

from curv_eval.checks import Check
from curv_eval.disclosure import Released, Role, release
from curv_eval.disclosure.rules import strictest
from curv_eval.estimate import Estimate
from curv_eval.rating import HIGHEST, Rating, rate
from curv_eval.report.bundle import Column, markdown, plain
from curv_eval.report.checked import as_shown
from curv_eval.study import Study

_COLUMNS = ["part", "score", "reason"]


def rating_table(
    study: Study, estimate: Estimate, *, checks: list[tuple[Check, Released]], folder: Path
) -> tuple[Rating, Released]:
    """Return the rating that the released facts give, and its table of parts.

    checks: no reason rests on a number that is withheld (see as_shown), so that none gives it away. The smallest
    visible effect is read from what the power notebook released into `folder`.
    """
    shown = [one for check, released in checks if (one := as_shown(check, released)) is not None]
    held = _held(folder)
    rating = rate(study, estimate, shown, power=_smallest(held), periods=held.get("periods"))
    table = rating.table[_COLUMNS].assign(score=[f"{score} of {HIGHEST}" for score in rating.table["score"]])
    roles = dict.fromkeys(_COLUMNS, Role.KEY)
    title = "Parts of the security rating, and why points were lost"
    return rating, release(table, name="rating", title=title, rule=strictest(["open"]), roles=roles)


def rating_part(rating: Rating, released: Released) -> str:
    """Return the section of the brief: the rating in words, and its parts."""
    columns = (
        Column("part", "Part", in_a_brief), Column("score", "Score", str), Column("reason", "Why", in_a_brief),
    )  # fmt: skip
    return f"{plain(rating.text)}\n\n{markdown(released, columns, label='rating', widths='24,14,62')}"


def in_a_brief(text: str) -> str:
    """Return a reason as a reader sees it: what to do about it is for the evaluator, and stands in the downloads."""
    said = re.sub(r" \((add|run|judge|say) [^)]*\)", "", text).replace("`", "")
    return plain(said[0].upper() + said[1:])


def _held(folder: Path) -> dict:
    path = Path(folder) / "release" / "results.json"
    return json.loads(path.read_text("utf-8")) if path.is_file() else {}


def _smallest(held: dict) -> float | None:
    tables = held.get("tables", {})
    value = tables["power"]["rows"][0]["smallest"] if "power" in tables else None
    return None if value is None or pd.isna(value) else float(value)
