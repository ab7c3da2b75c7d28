"""The study file: the analysis plan, fixed before the run, read once, frozen, unknown keys refused."""

from __future__ import annotations

from curv_eval.study.nouns import (
    STUDY,
    BeforeAfter,
    Claim,
    Delivery,
    Design,
    Dose,
    Linkage,
    MadeUp,
    Outcome,
    Persons,
    Place,
    Record,
    Running,
    Span,
    Study,
    Use,
    Words,
    Worth,
)
from curv_eval.study.reading import load_study

__all__ = [
    "STUDY",
    "BeforeAfter",
    "Claim",
    "Delivery",
    "Design",
    "Dose",
    "Linkage",
    "MadeUp",
    "Outcome",
    "Persons",
    "Place",
    "Record",
    "Running",
    "Span",
    "Study",
    "Use",
    "Words",
    "Worth",
    "load_study",
]
