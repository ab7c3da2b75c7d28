"""Who decided what about each reference, at which stage, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import pandas as pd

from curv_eval.errors import StudyError
from curv_eval.evidence.screening.tables import cells_of
from curv_eval.evidence.screening.text import read_text
from curv_eval.study.protocol import NOT_RETRIEVED

STAGES, DECISIONS, AGREED = ("title_abstract", "full_text"), ("include", "unsure", "exclude"), "agreed"
COLUMNS = ("reference", "stage", "screener", "decision", "reason")


@dataclass(frozen=True)
class Decision:
    """One line of a screening table. row: its place below the head, the first being 1."""

    reference: str
    stage: str
    screener: str
    decision: str
    reason: str
    row: int


@dataclass(frozen=True)
class Conflict:
    """A reference on which two screeners differ, or both are unsure, and nobody has written what they agreed."""

    reference: str
    stage: str
    decisions: tuple[tuple[str, str], ...]
    reasons: tuple[str, ...] = ()

    def __str__(self) -> str:
        said = ", ".join(f"{who}: {what}" for who, what in self.decisions)
        why = f" ({' or '.join(self.reasons)})" if self.reasons else ""
        return f"{self.reference}, {self.stage}: {said}{why}"


@dataclass(frozen=True, repr=False)
class Screening:
    """A screening table that keeps its rules: its decisions, and the conflicts still open.

    final: by stage and reference "include" or "exclude" with its reason, for those on which there is no conflict.
    """

    references: tuple[str, ...]
    decisions: tuple[Decision, ...]
    conflicts: tuple[Conflict, ...]
    final: Mapping[str, Mapping[str, tuple[str, str]]]

    def __repr__(self) -> str:
        return f"<Screening: {len(self.references):,} references, {len(self.conflicts)} conflicts open>"

    def included(self, stage: str) -> tuple[str, ...]:
        """Return the ids of the references that a stage let through."""
        held = self.final[stage]
        return tuple(name for name in self.references if held.get(name, ("", ""))[0] == "include")

    def excluded(self, stage: str) -> dict[str, int]:
        """Return how many references a stage excluded, by reason ("" where none was given)."""
        return dict(Counter(reason for said, reason in self.final[stage].values() if said == "exclude"))


def read_decisions(path: str | Path) -> pd.DataFrame:
    """Return a screening table from a CSV file (or with tabs or semicolons), every cell as text; `screen` judges it.

    Raises StudyError, with every line that is not as wide as the head, where the file is no such table.
    """
    file = Path(path)
    text = read_text(file)
    rows = list(cells_of(text, max(",\t;", key=text.split("\n", 1)[0].count)))
    head = next((cells for _, cells, _ in rows if cells), [])
    body = [(line, cells, fault) for line, cells, fault in rows if (cells or fault) and cells is not head]
    faults = [f"line {line:,}: {fault}" for line, _, fault in body if fault]
    faults += [
        f"line {line:,}: got {len(cells)} cells, expected {len(head)}"
        for line, cells, fault in body
        if not fault and len(cells) != len(head)
    ]
    if faults or not head or len({*head}) < len(head):
        do = f"save a CSV file with the columns {', '.join(COLUMNS)}"
        raise StudyError(f"{file.name} is no table of decisions", faults or [f"its heads: {', '.join(head)}"], do)
    return pd.DataFrame([cells for _, cells, _ in body], columns=head, dtype=object)


def screen(table: pd.DataFrame, references: Iterable[str], *, reasons: Iterable[str]) -> Screening:
    """Return a screening table that keeps its rules, with its open conflicts.

    table: columns reference, stage (title_abstract, full_text), screener, decision (include, exclude, unsure), reason.
    Two people decide on each reference without seeing each other's decision; where they differ, are unsure, or give
    different reasons at the full text, a row of the screener `agreed` says what they agreed. references: the ids after
    duplicates were taken out. reasons: those of the protocol for excluding; `not_retrieved` is always one, for a
    report that nobody could get. Every exclusion at the full text needs one. Raises StudyError with every fault.
    """
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        got = ", ".join(map(str, list(table.columns)[:20]))
        raise StudyError("the screening table lacks columns", [f"missing: {', '.join(missing)}; got: {got}"])
    ids, allowed = tuple(dict.fromkeys(references)), (*reasons, NOT_RETRIEVED)
    rows = _rows(table)
    faults = [f"row {row.row:,}: {what}" for row in rows for what in _wrong(row, set(ids), allowed)]
    faults += _repeated(rows)
    held = _by_stage(rows)
    faults += _unpaired(held, ids)
    found = {stage: _settled(held, stage) for stage in STAGES}
    faults += _skipped(held, found["title_abstract"][0])
    if faults:
        what = f"the screening table breaks its rules {len(faults):,} times"
        raise StudyError(what, faults, "mend those rows; nothing was counted")
    conflicts = [one for stage in STAGES for one in found[stage][1]]
    return Screening(ids, tuple(rows), tuple(conflicts), {stage: found[stage][0] for stage in STAGES})


def settled(screening: Screening) -> Screening:
    """Return a screening in which nothing is open. Raises StudyError with every conflict, and every included reference
    on which nobody has yet decided at the full text."""
    faults = [str(one) for one in screening.conflicts]
    decided = screening.final["full_text"]
    named = {one.reference for one in screening.conflicts}
    waiting = [n for n in screening.included("title_abstract") if n not in decided and n not in named]
    faults += [f"{name}: no decision at the full text" for name in waiting]
    if faults:
        do = f"let the two talk, and add a row with the screener `{AGREED}`; or one with `{NOT_RETRIEVED}`"
        raise StudyError(f"screening is not finished: {len(faults):,} left", faults, do)
    return screening


def _rows(table: pd.DataFrame) -> list[Decision]:
    held = table[list(COLUMNS)].astype(object)
    rows = held.where(held.notna(), "").itertuples(index=False, name=None)
    return [Decision(*(str(cell).strip() for cell in row), row=at) for at, row in enumerate(rows, start=1)]


def _wrong(row: Decision, ids: set[str], reasons: tuple[str, ...]) -> Iterable[str]:
    if row.reference not in ids:
        yield f"the reference {row.reference!r} is not among those to screen"
    if not row.screener:
        yield "no screener"
    for name, got, known in (("stage", row.stage, STAGES), ("decision", row.decision, DECISIONS)):
        if got not in known:
            yield f"{name}: got {got!r}, expected one of {', '.join(known)}{nearest(got, known)}"
    if row.reason and row.reason not in reasons:
        yield f"the reason {row.reason!r} is not one of the protocol's{nearest(row.reason, reasons)}"
    if row.reason and row.decision != "exclude":
        yield f"a reason belongs to an exclusion, not to {row.decision!r}"
    if row.decision == "exclude" and row.stage == "full_text" and not row.reason:
        yield "an exclusion at the full text needs a reason"
    if row.reason == NOT_RETRIEVED and row.stage == "title_abstract":
        yield f"{NOT_RETRIEVED} belongs to the full text"
    if row.screener == AGREED and row.decision == "unsure":
        yield f"the screener `{AGREED}` decides: include or exclude"


def nearest(got: str, known: Iterable[str]) -> str:
    """Return "; did you mean ...?" with the nearest of the known names, "" where none is near."""
    close = get_close_matches(got.strip().lower(), list(known), 1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else ""


def _repeated(rows: list[Decision]) -> list[str]:
    first: dict[tuple[str, str, str], int] = {}
    faults = []
    for row in rows:
        key = (row.reference, row.stage, row.screener.casefold())
        if key in first:
            faults.append(f"row {row.row:,}: {row.screener} decided on {row.reference} in row {first[key]:,} already")
        first.setdefault(key, row.row)
    return faults


def _by_stage(rows: list[Decision]) -> dict[str, dict[str, list[Decision]]]:
    held: dict[str, dict[str, list[Decision]]] = {stage: {} for stage in STAGES}
    for row in rows:
        if row.stage in held:
            held[row.stage].setdefault(row.reference, []).append(row)
    return held


def _unpaired(held: dict[str, dict[str, list[Decision]]], ids: tuple[str, ...]) -> list[str]:
    """Return what was not screened by exactly two people, and agreements on what nobody disputed."""
    faults = [f"{name}: nobody screened its title" for name in ids if name not in held["title_abstract"]]
    for stage in STAGES:
        for name, rows in held[stage].items():
            people = [row for row in rows if row.screener != AGREED]
            if len(people) != 2:
                who = ", ".join(row.screener for row in people) or "nobody"
                faults.append(f"{name}, {stage}: {len(people)} screened it ({who}), expected two people")
            elif len(rows) == 3 and not _differ(people, stage):
                faults.append(f"{name}, {stage}: a row `{AGREED}`, and the two did not differ")
    return faults


def _differ(people: list[Decision], stage: str) -> bool:
    said = {row.decision for row in people}
    return said not in ({"include"}, {"exclude"}) or (stage == "full_text" and len({row.reason for row in people}) > 1)


def _settled(
    held: dict[str, dict[str, list[Decision]]], stage: str
) -> tuple[dict[str, tuple[str, str]], list[Conflict]]:
    final, open_ones = {}, []
    for name, rows in held[stage].items():
        people = [row for row in rows if row.screener != AGREED]
        agreed = [row for row in rows if row.screener == AGREED]
        if agreed or not _differ(people, stage):
            row = (agreed or people)[0]
            reason = row.reason or next((one.reason for one in people if one.reason), "")
            final[name] = (row.decision, reason if row.decision == "exclude" else "")
        else:
            why = sorted({row.reason for row in people if row.reason})
            said = tuple((row.screener, row.decision) for row in people)
            open_ones.append(Conflict(name, stage, said, tuple(why)))
    return final, open_ones


def _skipped(held: dict[str, dict[str, list[Decision]]], titles: Mapping[str, tuple[str, str]]) -> list[str]:
    return [
        f"{name}: a decision at the full text, but its title was not included ({titles.get(name, ('undecided',))[0]})"
        for name in held["full_text"]
        if titles.get(name, ("", ""))[0] != "include" and name in held["title_abstract"]
    ]
