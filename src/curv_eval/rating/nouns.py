"""Rating, Part and the checks they rest on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import pandas as pd

HIGHEST = 5
CRITICAL = ("design", "power", "attrition", "balance", "outcome measure")


class Answered(Protocol):
    """A check as `curv_eval.checks` returns it: its name, its verdict and the numbers behind it."""

    name: str
    verdict: Any
    table: pd.DataFrame


@dataclass(frozen=True)
class Checked:
    """The checks that were run, by name."""

    run: Mapping[str, Answered]

    @classmethod
    def of(cls, checks: Iterable[Answered]) -> Checked:
        """Return the checks by name."""
        return cls({check.name: check for check in checks})

    def verdict(self, name: str) -> str | None:
        """Return "holds", "fails" or "for information", None where the check was not run."""
        return self.run[name].verdict.value if name in self.run else None

    def number(self, name: str, term: str) -> float | None:
        """Return the number beside `term` in a check's table, None where there is none."""
        if name not in self.run:
            return None
        table = self.run[name].table
        found = table.loc[table["term"] == term, "estimate"]
        return float(found.iloc[0]) if len(found) else None

    def at_most(self, name: str) -> bool:
        """Return whether a number of the check is not the share itself but the most that it can be."""
        return name in self.run and bool(self.run[name].table.get("at_most", pd.Series(dtype=bool)).any())


@dataclass(frozen=True)
class Part:
    """One part of the security rating: its score of 0 to 5, why it has it, and the facts that it rests on."""

    name: str
    score: int
    reason: str
    evidence: tuple[str, ...] = ()

    @property
    def critical(self) -> bool:
        """Whether the whole rating can be no higher than this part."""
        return self.name in CRITICAL

    @property
    def lost(self) -> int:
        """The points lost."""
        return HIGHEST - self.score


@dataclass(frozen=True)
class Rating:
    """CURV's own rating of how secure a finding is, whatever the finding says.

    level: 1 to 5 on the Maryland Scientific Methods Scale, with its reason. security: 0 to 5. parts: what it is made
    of. capped_by: the critical parts that hold it where it is. confirmed_by: the reviewer who confirmed it, or None: it
    is only proposed.
    """

    level: int
    level_reason: str
    security: int
    parts: tuple[Part, ...]
    capped_by: tuple[str, ...]
    confirmed_by: str | None = None

    @property
    def status(self) -> str:
        """Proposed, or by whom it was confirmed."""
        return f"confirmed by {self.confirmed_by}" if self.confirmed_by else "proposed"

    @property
    def lost(self) -> tuple[str, ...]:
        """Every point lost, one sentence for each part that lost any."""
        return tuple(
            f"{part.name}: {part.lost} {'point' if part.lost == 1 else 'points'} lost, because {part.reason}"
            for part in self.parts if part.lost
        )  # fmt: skip

    @property
    def text(self) -> str:
        """The rating in plain words, and what it is not."""
        capped = f" It can be no higher than its weakest critical part: {_listed(self.capped_by)}."
        return (
            f"Security {self.security} of {HIGHEST}, {self.status}; Maryland level {self.level} of {HIGHEST} "
            f"({self.level_reason}). This is CURV's own rating, after the way the Youth Endowment Fund rates; it is "
            "not theirs, and it takes no account of what was found."
            + (capped if self.capped_by else "")
            + ("" if self.confirmed_by else " A named reviewer has still to confirm it.")
        )

    @property
    def table(self) -> pd.DataFrame:
        """One row per part: part, score, critical, reason and evidence."""
        return pd.DataFrame({
            "part": [part.name for part in self.parts], "score": [part.score for part in self.parts],
            "critical": [part.critical for part in self.parts], "reason": [part.reason for part in self.parts],
            "evidence": ["; ".join(part.evidence) for part in self.parts],
        })  # fmt: skip


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def not_examined(name: str, do: str) -> Part:
    """Return the part of something that nobody looked at: 0 points, and what would examine it."""
    return Part(name, 0, f"not examined ({do})")
