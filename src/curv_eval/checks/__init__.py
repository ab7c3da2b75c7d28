"""One credibility check per file; the file name is an entry of `checks:` in the study.

Each file has `TAKES` ("panel", "people" or "either": what it can look at) and `check(panel, study, estimate) -> Check`,
and tries to break the primary estimate.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pandas as pd

from curv_eval.errors import StudyError
from curv_eval.estimate.told import written


class Verdict(Enum):
    """What a check found: the assumption HOLDS, FAILS, or the check only INFORMS."""

    HOLDS = "holds"
    FAILS = "fails"
    INFORMS = "for information"


@dataclass(frozen=True)
class Check:
    """One check: its name, its question and answer in plain words, its verdict and the numbers behind it.

    table: rows with term, estimate, conf_low, conf_high (relative effects, or as `question` says) and the counts
    n_units and events behind each row. words: the answer, with marks for the numbers of the table (see
    `curv_eval.estimate.told`). concludes: what follows, in words without a number, for when a number is withheld.
    """

    name: str
    question: str
    verdict: Verdict
    words: str
    table: pd.DataFrame
    concludes: str = ""

    @property
    def text(self) -> str:
        """The answer with the numbers as they were estimated."""
        return written(self.words, self.table)


def names(takes: str | None = None) -> tuple[str, ...]:
    """Return the checks found on disk; those that can look at a "panel" or at "people" where `takes` says so."""
    found = tuple(sorted(p.stem for p in Path(__file__).parent.glob("[a-z]*.py")))
    return tuple(name for name in found if takes is None or load(name).TAKES in (takes, "either"))


def load(name: str) -> ModuleType:
    """Return the check's module. Only names found on disk can be reached; raises StudyError otherwise."""
    if name not in names():
        close = difflib.get_close_matches(name, names(), 1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise StudyError(f"checks: there is no check `{name}`{hint}", [f"there are {', '.join(names())}"])
    return import_module(f"{__name__}.{name}")
