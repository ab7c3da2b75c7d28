"""The exceptions that a study asks for, and where each stands among the cells of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from curv_eval import granted
from curv_eval.disclosure import Status
from curv_eval.report.evidence import Table
from curv_eval.study import Asked
from curv_eval.visible import unrun

_OPEN = (Status.WITHHELD.value, Status.DOMINATED.value)
_BEHIND = "behind: "


@dataclass(frozen=True)
class Standing:
    """One request in a run. number: its place in the study, from 1. decision: of the cell, "" where there is none.

    seen: what is behind the cell. why: why it cannot be granted, "" where it can.
    """

    number: int
    asked: Asked
    decision: str
    seen: str
    why: str

    @property
    def cell(self) -> str:
        """Which cell it is, in words."""
        return f"{self.asked.table}, {self.asked.row}, {self.asked.column}"


def standings(asked: Sequence[Asked], tables: Sequence[Table]) -> list[Standing]:
    """Return where each request stands among the evidence of a run's tables."""
    held = {table.name: table for table in tables}
    return [_standing(number, one, held.get(one.table)) for number, one in enumerate(asked, 1)]


def _standing(number: int, asked: Asked, table: Table | None) -> Standing:
    if table is None:
        return Standing(number, asked, "", "", f"there is no table {asked.table}")
    held = table.records
    rows = held[(held["row"] == unrun(asked.row)) & (held["column"] == unrun(asked.column))]
    if len(rows) != 1:
        few = "no cell of this row and column" if rows.empty else "more than one cell of this row and column"
        return Standing(number, asked, "", "", f"{asked.table} has {few}")
    row = rows.iloc[0]
    decision = str(row["decision"])
    return Standing(number, asked, decision, _seen(row), _why_not(decision))


def _seen(row: pd.Series) -> str:
    names = [name for name in row.index if str(name).startswith(_BEHIND)]
    return granted.seen(row["count"], {str(name).removeprefix(_BEHIND): row[name] for name in names})


def _why_not(decision: str) -> str:
    if decision in _OPEN:
        return ""
    if decision == Status.COMPLEMENTARY.value:
        return "it is withheld because it would reveal another cell; ask for that one"
    return "it is shown already"
