"""How sure one can be of a pooled effect: from a start by design, reasons down and reasons up, each step named.

The steps are those of GRADE; the rating is CURV's own, and a named person gives it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from curv_eval.errors import StudyError
from curv_eval.evidence.judgement.asked import faults_of, unknown
from curv_eval.evidence.judgement.suggestions import DOWN, UP, Suggestion

LEVELS = ("very low", "low", "moderate", "high")
START = {"randomised": "high", "non-randomised": "low"}
_MOST_UP = {"large_effect": 2, "dose_response": 1, "opposing_confounding": 1}


@dataclass(frozen=True)
class Step:
    """One reason: how many levels it moves the rating (below 0: down), why, and what the numbers suggested."""

    reason: str
    steps: int
    why: str
    suggested: Suggestion | None = None

    @property
    def text(self) -> str:
        """The step in words, with the suggestion where the person judged otherwise."""
        moved = {0: "no change", 1: "up one level", 2: "up two levels", -1: "down one level", -2: "down two levels"}
        said = f"{self.reason.replace('_', ' ')}: {moved[self.steps]}, because {self.why}"
        return (
            f"{said} (the numbers suggested {moved[self.suggested.steps]}: {self.suggested.why})"
            if self.disputed
            else said
        )

    @property
    def disputed(self) -> bool:
        """Whether the person judged otherwise than the numbers suggested."""
        return self.suggested is not None and self.suggested.steps not in (None, self.steps)


@dataclass(frozen=True)
class Certainty:
    """How sure one can be of one outcome. beyond: steps down that a floor of "very low" swallowed."""

    outcome: str
    start: str
    level: str
    steps: tuple[Step, ...]
    by: str
    beyond: int = 0

    @property
    def text(self) -> str:
        """The rating in plain words, with what it is not."""
        moved = "; ".join(step.text for step in self.steps if step.steps or step.disputed) or "nothing moved it"
        return (
            f"How sure we are about {self.outcome}: {self.level}. It began at {self.start} because of the design of "
            f"the studies. {moved[0].upper()}{moved[1:]}. Given by {self.by}. This is CURV's own rating, made with the "
            "steps of GRADE; no other body has given or checked it."
        )

    @property
    def table(self) -> pd.DataFrame:
        """One row per reason: reason, steps, why, suggested steps (missing where numbers cannot say) and their why."""
        said = [step.suggested for step in self.steps]
        return pd.DataFrame({
            "reason": [step.reason for step in self.steps], "steps": [step.steps for step in self.steps],
            "why": [step.why for step in self.steps],
            "suggested": pd.array([one.steps if one else None for one in said], dtype="Int64"),
            "suggested_why": [one.why if one else "" for one in said],
        })  # fmt: skip


def certainty(
    outcome: str, design: str, judged: Mapping[str, tuple[int, str]], *, by: str, suggested: Sequence[Suggestion] = ()
) -> Certainty:
    """Return how sure one can be of an outcome, as a named person judges it.

    The level is the start (randomised: high; non-randomised: low) plus all steps, no lower than very low and no higher
    than high. judged: for each of five reasons down 0, -1 or -2 and why; for reasons up, where there are any, 1 or 2
    and why. Reasons up count only for non-randomised studies without any step down. suggested: what numbers say of each
    reason, as `suggest` gives it; where the person judges otherwise both are shown. Raises StudyError with every fault.
    Sources: Guyatt and others (2011); Balshem and others (2011).
    """
    ups = {name: held for name, held in judged.items() if name in UP}
    downs = {name: held for name, held in judged.items() if name not in UP}
    faults = list(faults_of(downs, DOWN, kind="reason", levels=(0, -1, -2)))
    for name, held in ups.items():
        faults += faults_of({name: held}, [name], kind="reason", levels=range(_MOST_UP[name] + 1))
    if design not in START:
        faults.append(unknown("design", design, START))
    if not by.strip() or not outcome.strip():
        faults.append("by, outcome: got a blank, expected who judges, and what")
    rising = any(held[0] for held in ups.values())
    if rising and (design == "randomised" or any(held[0] for held in downs.values())):
        faults.append("reasons up count only for non-randomised studies that no reason takes down")
    if faults:
        raise StudyError(f"{outcome}: certainty cannot be rated", faults, "judge every reason, and say why")
    return _rated(outcome, START[design], _steps(judged, suggested), by.strip())


def _steps(judged: Mapping[str, tuple[int, str]], suggested: Sequence[Suggestion]) -> tuple[Step, ...]:
    said = {one.reason: one for one in suggested}
    order = [name for name in (*DOWN, *UP) if name in judged]
    return tuple(Step(name, judged[name][0], judged[name][1].strip(), said.get(name)) for name in order)


def _rated(outcome: str, start: str, steps: tuple[Step, ...], by: str) -> Certainty:
    at = LEVELS.index(start) + sum(step.steps for step in steps)
    level = LEVELS[min(max(at, 0), len(LEVELS) - 1)]
    return Certainty(outcome, start, level, steps, by, beyond=max(-at, 0))
