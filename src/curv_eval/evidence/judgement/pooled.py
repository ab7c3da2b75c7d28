"""What a synthesis found, as far as judgements and words need it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

from curv_eval.errors import StudyError

RATIOS = ("rate ratio", "risk ratio", "odds ratio", "hazard ratio")
DIFFERENCES = ("mean difference", "standardised mean difference")
# with fewer studies nobody can see how far results differ between places
FEW = 3


@dataclass(frozen=True)
class Pooled:
    """The average effect over studies of one outcome.

    outcome: as a reader calls it, as "violent crime". measure: one of RATIOS (1 is no effect) or DIFFERENCES (0 is no
    effect). low, high: its 95% interval. studies: how many. smallest: the smallest change worth having, relative for a
    ratio (0.1 is a tenth), in the measure's units for a difference. prediction: the 95% interval for the effect in a
    new place, None where it was not worked out. i2: share of the spread that is not chance, 0 to 1, or None. better:
    whether "lower" or "higher" is hoped for. Raises StudyError with every fault.
    """

    outcome: str
    measure: str
    estimate: float
    low: float
    high: float
    studies: int
    smallest: float
    prediction: tuple[float, float] | None = None
    i2: float | None = None
    better: str = "lower"

    def __post_init__(self) -> None:
        if faults := list(_faults(self)):
            raise StudyError(f"{self.outcome or 'an outcome'}: this pooled effect cannot be used", faults)

    @property
    def none(self) -> float:
        """The value of no effect: 1 for a ratio, 0 for a difference."""
        return 1.0 if self.measure in RATIOS else 0.0

    @property
    def change(self) -> float:
        """The effect as a change: relative for a ratio."""
        return self.estimate - self.none

    @property
    def span(self) -> tuple[float, float]:
        """The ends of its interval, as changes."""
        return self.low - self.none, self.high - self.none

    @property
    def new_place(self) -> tuple[float, float] | None:
        """The ends of the prediction interval, as changes."""
        return None if self.prediction is None else (self.prediction[0] - self.none, self.prediction[1] - self.none)

    @property
    def found(self) -> str:
        """Which row of the rule applies: "better", "worse", "little" or "unclear".

        An interval without no effect is better or worse; one that lies within the smallest change worth having is
        little; any other is unclear.
        """
        low, high = self.span
        if low > 0 or high < 0:
            return "better" if (high < 0) == (self.better == "lower") else "worse"
        return "little" if within(self.span, self.smallest) else "unclear"


def within(span: tuple[float, float], smallest: float) -> bool:
    """Whether an interval of changes lies within the smallest change worth having."""
    return max(abs(span[0]), abs(span[1])) <= smallest + 1e-12


def both_ways(span: tuple[float, float], least: float = 0.0) -> bool:
    """Whether an interval of changes holds a fall and a rise of more than `least`."""
    return span[0] < -least and span[1] > least


def _faults(held: Pooled) -> Iterator[str]:
    if not held.outcome.strip():
        yield "outcome: got a blank, expected words such as violent crime"
    if held.measure not in (*RATIOS, *DIFFERENCES):
        yield f"measure: got {held.measure!r}, expected one of {', '.join((*RATIOS, *DIFFERENCES))}"
    ends = (held.low, held.estimate, held.high)
    if not all(map(isfinite, ends)) or not held.low <= held.estimate <= held.high:
        yield f"interval: got {held.low:g}, {held.estimate:g}, {held.high:g}; expected the estimate within its interval"
    spread = held.prediction or (held.low, held.high)
    if not (
        isfinite(spread[0]) and isfinite(spread[1]) and spread[0] <= held.low + 1e-9 and spread[1] >= held.high - 1e-9
    ):
        yield f"prediction: got {spread[0]:g} to {spread[1]:g}; expected an interval around that of the average"
    if held.measure in RATIOS and min(held.low, spread[0]) <= 0:
        yield "ratio: got an end of 0 or less; ratios are above 0 (was a logarithm given?)"
    if isinstance(held.studies, bool) or not isinstance(held.studies, int) or held.studies < 1:
        yield f"studies: got {held.studies!r}, expected a whole number of 1 or more"
    if not held.smallest > 0 or not isfinite(held.smallest):
        yield f"smallest: got {held.smallest!r}, expected the smallest change worth having, above 0"
    if held.i2 is not None and not 0 <= held.i2 <= 1:
        yield f"i2: got {held.i2!r}, expected a share between 0 and 1"
    if held.better not in ("lower", "higher"):
        yield f"better: got {held.better!r}, expected lower or higher"
