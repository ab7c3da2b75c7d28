"""The words for an effect, fixed by rule from its interval and its registered place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curv_eval.panel import month_name


@dataclass(frozen=True)
class Effect:
    """An effect as released: counts (total and its interval) and the relative change with its interval.

    smallest: the smallest worthwhile relative effect. primary: whether it is the registered primary outcome.
    better: "lower" or "higher", the direction that was hoped for. of: "incidents" in areas, "people" to whom something
    happened, or a "score", of which `points`, `points_low` and `points_high` are the average change.
    """

    label: str
    total: float
    total_low: float
    total_high: float
    relative: float
    low: float
    high: float
    smallest: float
    primary: bool
    better: str = "lower"
    of: str = "incidents"
    points: float = np.nan
    points_low: float = np.nan
    points_high: float = np.nan

    @property
    def counted(self) -> str:
        """What can fall or rise: "the number of thefts", or the score itself."""
        return self.label if self.of == "score" else f"the number of {self.label}"

    @property
    def found(self) -> str:
        """Which row of the rule applies: "withheld", "change", "little" or "unclear"."""
        score = self.of == "score"
        numbers = (self.points_low, self.points_high) if score else (self.total_low, self.total_high)
        if np.isnan((*numbers, *(() if score else (self.low, self.high)))).any():
            return "withheld"
        low, high = numbers if score else (min(self.total_low, self.low), max(self.total_high, self.high))
        if low > 0 or high < 0:
            return "change"
        return "little" if max(abs(self.low), abs(self.high)) <= self.smallest else "unclear"


def sentence(effect: Effect, cause: str) -> str:
    """Return the sentence for an effect; `cause` is the phrase for the intervention ("the patrols")."""
    if effect.found == "withheld":
        return f"The result for {effect.label} is withheld because it rests on too few {_FEW[effect.of]}."
    if effect.found == "change":
        return _change(effect, cause)
    if effect.found == "little":
        return f"We found little or no difference in {effect.counted}: {_percent_span(effect)}."
    return (
        f"We cannot tell whether {cause} changed {effect.counted}: the true change could be anything from "
        f"{_end(effect, 'low')} to {_end(effect, 'high')}."
    )


def meaning(effect: Effect, cause: str, *, where: str) -> list[str]:
    """Return what the effect means, as sentences fixed by the same rule; `where` names the treated areas."""
    if effect.found == "withheld":
        return ["The result is withheld, so nothing can be concluded from it."]
    if effect.found == "change":
        fewer = "fewer" if effect.total < 0 else "more"
        hoped = (
            "what was hoped for"
            if (effect.total < 0) == (effect.better == "lower")
            else "the opposite of what was hoped for"
        )
        return [
            f"{_more_or_less(effect, where, fewer)} than we would have expected without {cause}. That is {hoped}.",
            f"If the comparison is fair, {cause} made that difference. The checks below tried to show that it is not.",
        ]
    if effect.found == "little":
        return [f"{_IN[effect.of]} {where}, {effect.counted} was close to what we would have expected without {cause}."]
    return [
        f"{_IN[effect.of]} {where}, {effect.counted} was within the range we would have expected without {cause}.",
        f"The figures fit {_end(effect, 'low')} as well as {_end(effect, 'high')}. They show neither that {cause} "
        "worked nor the opposite.",
    ]


_FEW = {"incidents": "incidents or areas", "people": "people", "score": "people"}
_IN = {"incidents": "In", "people": "Among", "score": "Among"}


def _more_or_less(effect: Effect, where: str, fewer: str) -> str:
    if effect.of == "score":
        return f"Among {where}, {effect.label} was {'lower' if effect.points < 0 else 'higher'}"
    return f"{_IN[effect.of]} {where}, {fewer} {effect.label} were recorded"


def _change(effect: Effect, cause: str) -> str:
    direction = "fell" if effect.total < 0 else "rose"
    if effect.of == "score":
        low, high = sorted((abs(effect.points_low), abs(effect.points_high)))
        size = f"by about {abs(effect.points):.1f} points on average (between {low:.1f} and {high:.1f})"
        share = f"compared with what was expected without {cause}"
    else:
        low, high = sorted((abs(effect.total_low), abs(effect.total_high)))
        size = f"by about {number(abs(effect.total))} (between {number(low)} and {number(high)})"
        share = f"{abs(effect.relative):.0%} {'fewer' if effect.total < 0 else 'more'} than expected without {cause}"
    said = f"{effect.label if effect.of == 'incidents' else effect.counted} {direction} {size}, {share}"
    if effect.primary:
        return f"{said[0].upper()}{said[1:]}."
    return f"There are signs that {said}; this was not the main test."


def _percent_span(effect: Effect) -> str:
    return f"the change is between {_end(effect, 'low')} and {_end(effect, 'high')}"


def _end(effect: Effect, which: str) -> str:
    """Return one end of the interval as people say it: in per cent, or in points of a score."""
    if effect.of != "score":
        return percent(getattr(effect, which))
    points = getattr(effect, f"points_{which}")
    if np.isinf(points):
        return percent(points)
    return (
        "no change"
        if round(abs(points), 1) == 0
        else f"a {'fall' if points < 0 else 'rise'} of {abs(points):.1f} points"
    )


def percent(share: float) -> str:
    """Return a relative change as people write it: "a fall of 12%", "a rise of 3%", "no change"."""
    if np.isinf(share):
        return f"a {'fall' if share < 0 else 'rise'} of any size"
    rounded = round(abs(share) * 100)
    if rounded == 0:
        return "no change"
    return f"a {'fall' if share < 0 else 'rise'} of {rounded}%"


def number(value: float) -> str:
    """Return a count rounded to what a reader can use: two significant figures from 100 on, whole below."""
    if np.isinf(value):
        return "any number"
    if abs(value) < 100:
        return f"{round(value):,}"
    magnitude = 10 ** (int(np.floor(np.log10(abs(value)))) - 1)
    return f"{round(value / magnitude) * magnitude:,}"


def day_name(day: str) -> str:
    """Return "2026-11-23" as "23 November 2026"."""
    return f"{int(day[8:])} {month_name(day[:7])}"
