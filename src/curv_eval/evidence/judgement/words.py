"""The words for a pooled effect, fixed by rule from its interval, its number of studies and its prediction interval."""

from __future__ import annotations

from dataclasses import dataclass

from curv_eval.evidence.judgement.pooled import FEW, RATIOS, Pooled, both_ways, within


@dataclass(frozen=True)
class Said:
    """What a reader is told: found ("better", "worse", "little", "unclear" or "too few"), and the sentences."""

    found: str
    sentences: tuple[str, ...]

    @property
    def text(self) -> str:
        """The sentences as one paragraph."""
        return " ".join(self.sentences)


def say(pooled: Pooled, approach: str) -> Said:
    """Return what a pooled effect says, in plain words; `approach` is a phrase such as "focused deterrence".

    With fewer than 3 studies nothing is said in general: too few to see how results differ from place to place. The
    interval excludes no effect: it fell or rose, and whether that was hoped for or is harm. All of it lies within the
    smallest change worth having: little or no difference. Else: we cannot tell. Then what it means in a new place: we
    cannot tell whether it would work there where the prediction interval holds both a fall and a rise, and at least one
    of them is worth having or worth fearing.
    """
    if pooled.studies < FEW:
        return Said("too few", tuple(_few(pooled, approach)))
    return Said(pooled.found, (*_average(pooled, approach), *_new_place(pooled)))


def in_short(said: Said, pooled: Pooled) -> str:
    """Return what was found in one line of a table, by the same rule as `say`."""
    if said.found == "too few":
        return "Too few studies to say"
    if said.found == "unclear":
        return f"We cannot tell: anything from {_ends(pooled, pooled.span)}"
    if said.found == "little":
        return "Little or no difference"
    low, high = sorted(map(abs, pooled.span))
    what, less = _what(pooled), pooled.change < 0
    line = f"{'Less' if less else 'More'}: {what} {'fell' if less else 'rose'} by {_size(pooled, pooled.change)} "
    line += f"(between {_size(pooled, low)} and {_size(pooled, high)})"
    return line if said.found == "better" else f"Harm. {line}"


def _few(pooled: Pooled, approach: str) -> list[str]:
    one = pooled.studies == 1
    count, there = ("is only one study", "In it") if one else ("are only two studies", "In these two")
    head = f"We cannot tell what {approach} does in general: there {count}, too few to see how results differ."
    if pooled.found in ("better", "worse"):
        return [head, f"{there}, {_what(pooled)} {_moved(pooled)}.", _meant(pooled)]
    if pooled.found == "little":
        return [head, f"{there}, there was little or no difference in {_what(pooled)}: {_between(pooled)}."]
    return [head, f"{there}, the true change in {_what(pooled)} could be anything from {_ends(pooled, pooled.span)}."]


def _average(pooled: Pooled, approach: str) -> list[str]:
    if pooled.found in ("better", "worse"):
        said = f"Across {pooled.studies} studies of {approach}, {_what(pooled)} {_moved(pooled)}."
        small = ["That is less than the smallest change worth having."] if within(pooled.span, pooled.smallest) else []
        return [said, _meant(pooled), *small]
    if pooled.found == "little":
        return [
            f"Across {pooled.studies} studies of {approach}, we found little or no difference in {_what(pooled)}: "
            f"{_between(pooled)}."
        ]
    return [
        f"We cannot tell whether {approach} changes {_what(pooled)}: across {pooled.studies} studies, the true change "
        f"could be anything from {_ends(pooled, pooled.span)}."
    ]


def _what(pooled: Pooled) -> str:
    return f"the odds of {pooled.outcome}" if pooled.measure == "odds ratio" else pooled.outcome


def _meant(pooled: Pooled) -> str:
    return (
        "That is what was hoped for."
        if pooled.found == "better"
        else "That is harm: the opposite of what was hoped for."
    )


def _new_place(pooled: Pooled) -> list[str]:
    span = pooled.new_place
    if span is None:
        return ["How far results differ from place to place was not worked out, so this is an average only."]
    if both_ways(span) and not within(span, pooled.smallest):
        return [
            "We cannot tell whether it would work here: in a new place the change could be anything from "
            f"{_ends(pooled, span)}."
        ]
    if pooled.found in ("better", "worse"):
        return [f"In a new place the change is likely to be between {_ends(pooled, span, join='and')}."]
    return []


def _moved(pooled: Pooled) -> str:
    low, high = sorted(map(abs, pooled.span))
    verb = "fell" if pooled.change < 0 else "rose"
    return f"{verb} by about {_size(pooled, pooled.change)} (between {_size(pooled, low)} and {_size(pooled, high)})"


def _between(pooled: Pooled) -> str:
    return f"the change is between {_ends(pooled, pooled.span, join='and')}"


def _ends(pooled: Pooled, span: tuple[float, float], *, join: str = "to") -> str:
    return f"{_end(pooled, span[0])} {join} {_end(pooled, span[1])}"


def _end(pooled: Pooled, change: float) -> str:
    if change == 0:
        return "no change"
    if float(f"{abs(change):.2f}") == 0 and pooled.measure not in RATIOS:
        return "next to no change"
    return f"a {'fall' if change < 0 else 'rise'} of {_size(pooled, change)}"


def _size(pooled: Pooled, change: float) -> str:
    size = abs(change)
    if pooled.measure in RATIOS:
        return "less than 1%" if 0 < size < 0.005 else f"{size:.0%}"
    unit = "points" if pooled.measure == "mean difference" else "standard deviations"
    return f"{size:.2f} {unit}"
