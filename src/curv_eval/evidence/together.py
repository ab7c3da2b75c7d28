"""From effect sizes to one pooled effect, as judgements and words need it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from curv_eval.errors import StudyError
from curv_eval.evidence.judgement import Pooled
from curv_eval.evidence.sizes import Effect, Measure
from curv_eval.stats import meta_pooled

# what judgements call a measure; a difference in risk and a correlation have no words for readers
_CALLED = {
    Measure.LOG_ODDS_RATIO: "odds ratio", Measure.LOG_RISK_RATIO: "risk ratio", Measure.LOG_RATE_RATIO: "rate ratio",
    Measure.LOG_RELATIVE_RATE_RATIO: "rate ratio", Measure.LOG_HAZARD_RATIO: "hazard ratio",
    Measure.RAW_DIFFERENCE: "mean difference", Measure.STANDARDISED_DIFFERENCE: "standardised mean difference",
}  # fmt: skip


@dataclass(frozen=True)
class Numbers:
    """A pooled effect on the scale of analysis. ends: of the prediction interval, NaN without one. i2: a share."""

    estimate: float
    low: float
    high: float
    ends: tuple[float, float]
    studies: int
    i2: float | None


@dataclass(frozen=True, eq=False)
class Together:
    """Studies put together. found: on the scale of analysis. pooled: as readers know it, for judgements and words."""

    effects: tuple[Effect, ...]
    found: meta_pooled.Pooled
    pooled: Pooled


def together(effects: Sequence[Effect], *, outcome: str, smallest: float, **choices: str | float) -> Together:
    """Return the pooled effect of studies with one effect each.

    outcome: as a reader calls it, such as "reoffending". smallest: the smallest change worth having, relative for a
    ratio. choices: see `curv_eval.stats.meta_pooled.pooled`. Effects below 0 mean less violence, whichever way a paper
    counted, so lower is always the better here.
    Raises StudyError for effects on different measures, for measures without words, and for a study that stands twice:
    its effects are not independent, and the three-level model is for them. Raises DesignError as `pooled` does.
    """
    faults = list(_faults(effects))
    if faults:
        do = "convert them to one measure (effects_from(table, measure=...)); for several effects of one study use "
        raise StudyError("these effects cannot be put together", faults, f"{do}curv_eval.stats.meta_multilevel")
    y, v = (np.array([getattr(one, name) for one in effects], dtype=float) for name in ("value", "variance"))
    found = meta_pooled.pooled(y, v, **choices)
    numbers = Numbers(
        found.estimate, found.conf_low, found.conf_high, (found.prediction_low, found.prediction_high), found.studies,
        found.between.i2 / 100,
    )  # fmt: skip
    pooled = as_read(numbers, effects[0].measure, outcome, smallest=smallest)
    return Together(tuple(effects), found, pooled)


def _faults(effects: Sequence[Effect]) -> Iterator[str]:
    yield from faults_of_measures(effects)
    counts = Counter(one.study for one in effects)
    yield from (f"{study}: stands {n} times" for study, n in counts.items() if n > 1)


def faults_of_measures(effects: Sequence[Effect]) -> Iterator[str]:
    """Yield why effects cannot be put together by their measures."""
    if not effects:
        yield "there are none"
    measures = dict.fromkeys(one.measure for one in effects)
    if len(measures) > 1:
        yield f"they are on different measures: {', '.join(one.value for one in measures)}"
    yield from (f"{one.value}: has no words for readers" for one in measures if one not in _CALLED)


def as_read(numbers: Numbers, measure: Measure, outcome: str, *, smallest: float) -> Pooled:
    """Return a pooled effect as readers know it, from numbers on the scale of analysis."""
    turn = np.exp if measure.is_ratio else float
    prediction = None if np.isnan(numbers.ends).any() else tuple(float(turn(end)) for end in numbers.ends)
    estimate, low, high = (float(turn(x)) for x in (numbers.estimate, numbers.low, numbers.high))
    return Pooled(
        outcome, _CALLED[measure], estimate, low, high, numbers.studies, smallest, prediction, numbers.i2
    )  # fmt: skip
