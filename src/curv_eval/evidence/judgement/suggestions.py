"""What numbers suggest for each reason that moves a rating of certainty. A suggestion rates nothing: a person does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from curv_eval.errors import StudyError
from curv_eval.evidence.judgement.bias import Assessed, share_high
from curv_eval.evidence.judgement.pooled import FEW, Pooled, both_ways, within

DOWN = ("risk_of_bias", "inconsistency", "indirectness", "imprecision", "publication_bias")
UP = ("large_effect", "dose_response", "opposing_confounding")
# CURV's own cut-offs, but for the ratios of a large effect and the number of studies for a test of small ones
HALF, MOST, EGGER_STUDIES, EGGER_P = 0.5, 0.75, 10, 0.1


@dataclass(frozen=True)
class Suggestion:
    """What numbers say of one reason: steps (0, -1, -2, or above 0 up), None where they cannot say; and why."""

    reason: str
    steps: int | None
    why: str


def suggest(
    pooled: Pooled, *, assessed: Sequence[Assessed] = (), egger_p: float | None = None
) -> tuple[Suggestion, ...]:
    """Return what numbers suggest for each of the five reasons down and three up, in that order.

    risk of bias: -1 where any study is at high risk, -2 where more than half are. inconsistency: -1 for I2 of 50% or
    more, or a prediction interval with both benefit and harm; -2 for I2 of 75% or more with a prediction interval that
    holds both worthwhile benefit and worthwhile harm. imprecision: -1 where the interval holds no effect and a change
    worth having; -2 where it holds worthwhile changes both ways. publication bias: -1 for Egger's p below 0.1, with 10
    or more studies. large effect: 1 where a risk or rate ratio is above 2 or below 0.5, 2 above 5 or below 0.2, with an
    interval without no effect. What numbers cannot say is None. egger_p: two-sided p-value of Egger's test. Raises
    StudyError for a p-value that is none. Sources: Guyatt and others (2011); Sterne and others (2011).
    """
    if egger_p is not None and not 0 <= egger_p <= 1:
        raise StudyError("nothing can be suggested", [f"egger_p: got {egger_p!r}, expected a number of 0 to 1"])
    return (
        _risk_of_bias(assessed), _inconsistency(pooled),
        Suggestion("indirectness", None, "numbers cannot say how near the studies are to the question"),
        _imprecision(pooled), _publication(pooled, egger_p), _large(pooled),
        Suggestion("dose_response", None, "not worked out here"),
        Suggestion("opposing_confounding", None, "numbers cannot say what was not measured"),
    )  # fmt: skip


def _risk_of_bias(assessed: Sequence[Assessed]) -> Suggestion:
    if not assessed:
        return Suggestion("risk_of_bias", None, "no study was judged")
    share = share_high(assessed)
    why = f"{share:.0%} of {len(assessed)} studies are at high risk of bias"
    return Suggestion("risk_of_bias", 0 if share == 0 else -1 if share <= HALF else -2, why)


def _inconsistency(pooled: Pooled) -> Suggestion:
    if pooled.studies < FEW or (pooled.i2 is None and pooled.prediction is None):
        return Suggestion("inconsistency", None, f"{pooled.studies} studies do not show how far results differ")
    span, i2 = pooled.new_place, pooled.i2 or 0.0
    opposed = span is not None and both_ways(span)
    why = f"I2 is {i2:.0%}" if pooled.i2 is not None else "I2 was not worked out"
    why += "; in a new place both benefit and harm are possible" if opposed else ""
    worst = i2 >= MOST and span is not None and both_ways(span, pooled.smallest)
    return Suggestion("inconsistency", -2 if worst else -1 if i2 >= HALF or opposed else 0, why)


def _imprecision(pooled: Pooled) -> Suggestion:
    span = pooled.span
    if both_ways(span, pooled.smallest):
        return Suggestion("imprecision", -2, "the interval holds both worthwhile benefit and worthwhile harm")
    if pooled.found == "unclear":
        return Suggestion("imprecision", -1, "the interval holds no effect, and a change worth having")
    where = "lies within the smallest change worth having" if within(span, pooled.smallest) else "excludes no effect"
    return Suggestion("imprecision", 0, f"the interval {where}")


def _publication(pooled: Pooled, p: float | None) -> Suggestion:
    if pooled.studies < EGGER_STUDIES:
        why = f"{pooled.studies} studies are too few for a test of small ones, which needs {EGGER_STUDIES}"
        return Suggestion("publication_bias", None, why)
    if p is None:
        return Suggestion("publication_bias", None, "no test of small studies was made")
    said = "differ" if p < EGGER_P else "do not clearly differ"
    return Suggestion(
        "publication_bias", -1 if p < EGGER_P else 0, f"small studies {said} from large ones (p = {p:.2f})"
    )


def _large(pooled: Pooled) -> Suggestion:
    if pooled.measure not in ("risk ratio", "rate ratio"):
        return Suggestion("large_effect", None, f"the rule is for risk ratios, not for a {pooled.measure}")
    size = max(pooled.estimate, 1 / pooled.estimate)
    steps = 0 if pooled.found not in ("better", "worse") or size <= 2 else 1 if size <= 5 else 2
    return Suggestion("large_effect", steps, f"the {pooled.measure} is {pooled.estimate:.2f}")
