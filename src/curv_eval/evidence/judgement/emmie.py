"""EMMIE: what an approach does, how, for whom, what delivering it takes, what it costs. Five parts, never one number.

After the framework of Johnson, Tilley and Bowers (2015); the ratings are CURV's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from curv_eval.errors import StudyError
from curv_eval.evidence.judgement.asked import faults_of
from curv_eval.evidence.judgement.pooled import FEW, Pooled, both_ways

PARTS = ("effect", "mechanism", "moderators", "implementation", "economics")
HIGHEST = 4
# sign and certainty, from clear harm to clear benefit; the last two stand for no direction
STEPS = (
    "clear harm", "harm on average", "perhaps harm", "perhaps benefit", "benefit on average", "clear benefit",
    "little or no difference", "cannot tell",
)  # fmt: skip


@dataclass(frozen=True)
class Part:
    """One part: what was found, how good the evidence for it is (0: not examined, to 4), and why."""

    name: str
    finding: str
    quality: int
    reason: str


@dataclass(frozen=True)
class Emmie:
    """The five parts of one approach, as a named person judged them. There is no total, and none can be made."""

    approach: str
    parts: tuple[Part, ...]
    by: str

    @property
    def table(self) -> pd.DataFrame:
        """One row per part: part, finding, quality (of 4), reason."""
        rows = [(one.name, one.finding, one.quality, one.reason) for one in self.parts]
        return pd.DataFrame(rows, columns=["part", "finding", "quality", "reason"])

    @property
    def text(self) -> str:
        """The five parts in plain words."""
        said = " ".join(
            f"{one.name.capitalize()}: {one.finding} (quality of evidence {one.quality} of {HIGHEST}: {one.reason})."
            for one in self.parts
        )
        return f"{said} Judged by {self.by}; these are CURV's own ratings, and they are not added up."


def effect_step(pooled: Pooled) -> str:
    """Return the step of the eight-step scale of sign and certainty on which a pooled effect stands.

    clear: the interval excludes no effect, so does the prediction interval, and there are 3 studies or more. on
    average: the interval excludes no effect, but a new place could see the opposite, or nobody worked that out.
    perhaps: the interval excludes no effect with fewer than 3 studies; or it holds no effect, and a worthwhile change
    one way but none the other way. little or no difference: the interval lies within the smallest change worth having.
    cannot tell: any other.
    """
    if pooled.found == "little":
        return "little or no difference"
    if pooled.found == "unclear":
        return _leaning(pooled)
    sign = "benefit" if pooled.found == "better" else "harm"
    if pooled.studies < FEW:
        return f"perhaps {sign}"
    sure = pooled.new_place is not None and not _holds_none(pooled.new_place)
    return f"clear {sign}" if sure else f"{sign} on average"


def _holds_none(span: tuple[float, float]) -> bool:
    return span[0] <= 0 <= span[1]


def _leaning(pooled: Pooled) -> str:
    if both_ways(pooled.span, pooled.smallest):
        return "cannot tell"
    falls = pooled.span[0] < -pooled.smallest
    return "perhaps benefit" if falls == (pooled.better == "lower") else "perhaps harm"


def emmie(
    approach: str, pooled: Pooled | None, judged: Mapping[str, tuple[int, str]], *, findings: Mapping[str, str], by: str
) -> Emmie:
    """Return the five parts of an approach.

    pooled: what the synthesis found, from which the effect's step follows; None where nothing was pooled. judged: for
    each part its quality of 0 to 4 and why. findings: what was found of each part but the effect. A part that nobody
    examined has quality 0 and says so. Raises StudyError with every fault.
    """
    faults = list(faults_of(judged, PARTS, kind="part", levels=range(HIGHEST + 1)))
    for name in PARTS[1:]:
        if not findings.get(name, "").strip() and judged.get(name, (0,))[0]:
            faults.append(f"{name}: a quality above 0, and nothing found")
    if "effect" in findings:
        faults.append("effect: its finding follows from the pooled effect")
    if pooled is None and judged.get("effect", (0,))[0]:
        faults.append("effect: a quality above 0, and nothing pooled")
    if not by.strip() or not approach.strip():
        faults.append("by, approach: got a blank")
    if faults:
        raise StudyError(f"{approach}: the five parts are not complete", faults, "judge all five, and say why")
    held = {name: findings.get(name, "").strip() or "not examined" for name in PARTS[1:]}
    held["effect"] = effect_step(pooled) if pooled else "not examined"
    return Emmie(approach, tuple(Part(name, held[name], *judged[name]) for name in PARTS), by.strip())
