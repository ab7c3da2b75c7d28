"""What a row gives before it is turned, corrected and converted."""

from __future__ import annotations

from dataclasses import dataclass

from curv_eval.evidence.sizes.nouns import Measure
from curv_eval.stats.meta_size_counts import Size


@dataclass(frozen=True)
class Made:
    """An effect size on the way: number, measure, the words said of it so far, and what was assumed."""

    size: Size
    measure: Measure
    how: str
    assumptions: tuple[str, ...] = ()

    def then(self, size: Size, how: str, *assumptions: str, measure: Measure | None = None) -> Made:
        """Return what follows from one more step."""
        said = (*self.assumptions, *(one for one in assumptions if one))
        return Made(size, measure or self.measure, f"{self.how}; {how}", said)
