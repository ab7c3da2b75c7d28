"""Judgements on many studies: bias, certainty, security, transfer, and words. All ratings are CURV's own."""

from __future__ import annotations

from curv_eval.evidence.judgement.bias import Assessed, Judgement, assess, by_domain, traffic_lights
from curv_eval.evidence.judgement.emmie import Emmie, effect_step, emmie
from curv_eval.evidence.judgement.grade import Certainty, Step, certainty
from curv_eval.evidence.judgement.pooled import Pooled
from curv_eval.evidence.judgement.security import ReviewFacts, ReviewPart, Security, confirmed, secure
from curv_eval.evidence.judgement.suggestions import Suggestion, suggest
from curv_eval.evidence.judgement.transfer import Transfer, transfer
from curv_eval.evidence.judgement.words import Said, say
from curv_eval.evidence.judgement.worth import (
    Baseline,
    CostPerPrevented,
    CostRange,
    PerPeople,
    cost_per_prevented,
    per_people,
)

__all__ = [
    "Assessed",
    "Baseline",
    "Certainty",
    "CostPerPrevented",
    "CostRange",
    "Emmie",
    "Judgement",
    "PerPeople",
    "Pooled",
    "ReviewFacts",
    "ReviewPart",
    "Said",
    "Security",
    "Step",
    "Suggestion",
    "Transfer",
    "assess",
    "by_domain",
    "certainty",
    "confirmed",
    "cost_per_prevented",
    "effect_step",
    "emmie",
    "per_people",
    "say",
    "secure",
    "suggest",
    "traffic_lights",
    "transfer",
]
