"""From the table of studies of a review's contract to a coding table, and to effects."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from curv_eval.errors import StudyError
from curv_eval.evidence.sizes import Effect, effects_from
from curv_eval.study import Coded


def coded(asked: Coded, table: pd.DataFrame) -> pd.DataFrame:
    """Return the coding table that the review's file describes, one row per row of `table`.

    A label that stands twice is numbered from its second row on where it means another sample of people; it stays where
    it means another effect on the same people. Raises StudyError with every column that is not there, and for a label
    that stands twice where that is a fault.
    """
    faults = list(_lacking(asked, table))
    if faults:
        raise StudyError("the table of studies cannot be read", faults, f"its columns are {', '.join(table.columns)}")
    held = {name: _sum(table, parts_of(text)) for name, text in asked.columns.items()}
    made = pd.DataFrame({"study": _labels(asked, table[asked.study].astype(str)), "reports": asked.reports, **held})
    made["better"] = asked.better
    return made.assign(measure=asked.given) if asked.given else made


def effects_of(asked: Coded, table: pd.DataFrame) -> tuple[Effect, ...]:
    """Return one effect per row of a table of studies, on the review's measure. Raises StudyError with every fault."""
    return effects_from(coded(asked, table), measure=asked.measure)


def parts_of(text: str) -> list[str]:
    """Return the columns whose sum a text names, such as "reoffended + did_not"."""
    return [part.strip() for part in text.split("+")]


def columns_of(asked: Coded) -> Iterator[tuple[str, str]]:
    """Yield where a review names a column of its table of studies, and which."""
    yield "studies.study", asked.study
    yield from ((f"studies.columns.{name}", part) for name, text in asked.columns.items() for part in parts_of(text))
    yield from ((f"studies.moderators.{name}", name) for name in asked.moderators)
    if asked.designs:
        yield "studies.designs.column", asked.designs.column


def _lacking(asked: Coded, table: pd.DataFrame) -> Iterator[str]:
    yield from (f"{where}: there is no column {name}" for where, name in columns_of(asked) if name not in table)


def _sum(table: pd.DataFrame, names: list[str]) -> pd.Series:
    return table[names[0]] if len(names) == 1 else table[names].sum(axis=1, skipna=False)


def _labels(asked: Coded, given: pd.Series) -> pd.Series:
    given = given.map(lambda label: f"{asked.called} {label}".strip())
    before = given.groupby(given).cumcount()
    if asked.same_label == "refuse" and before.any():
        twice = sorted(given[before > 0].unique())
        do = "give each study its own label, or say under `same_label` whether these are samples or effects"
        raise StudyError(
            "a study stands twice in the table", [f"{one}: {(given == one).sum()} times" for one in twice], do
        )
    numbered = given + before.map(lambda n: f", sample {n + 1}" if n else "")
    return numbered if asked.same_label == "samples" else given
